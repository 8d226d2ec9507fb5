"""The core's answers depend on what it is given, and on nothing else.

No module of the core reads a clock, a file, an environment variable or a random number; `catalog` alone reads files,
the published cards. The source is read, not run, so that a rare branch counts as much as a common one. The test at the
end shows that each of these is seen where it occurs.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "mimo_credits"
ABOVE_THE_CORE = {"cli", "display", "frames", "logs", "plots", "sql", "testing", "__main__.py"}
CORE = sorted(path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).parts[0] not in ABOVE_THE_CORE)

CLOCKS_AND_CHANCE = {
    "locale",
    "os",
    "platform",
    "random",
    "secrets",
    "socket",
    "subprocess",
    "sys",
    "time",
    "uuid",
}
FILES = {
    *("fileinput", "glob", "gzip", "io", "pathlib", "shutil", "tempfile", "urllib"),
    *("importlib.metadata", "importlib.resources"),
}

AMBIENT_ATTRIBUTES = {"environ", "getenv", "tzlocal", "utcnow"}
DATES = {"date", "datetime"}
CLOCK_METHODS = {"now", "today"}  # of a date; anything else may have a field of that name
FILE_ATTRIBUTES = {"open", "read_bytes", "read_text", "write_bytes", "write_text"}
FILE_FUNCTIONS = {"open", "input", "print"}


def impurities(source: str, *, may_read_files: bool = False) -> Iterator[str]:
    """What the source reaches for outside its arguments, one message each."""
    modules = CLOCKS_AND_CHANCE | (set() if may_read_files else FILES)
    attributes = AMBIENT_ATTRIBUTES | (set() if may_read_files else FILE_ATTRIBUTES)
    functions = set() if may_read_files else FILE_FUNCTIONS
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found = {name for alias in names for name in prefixes(alias.name)} & modules
                found |= {alias.asname for alias in names if alias.name == "datetime" and alias.asname}
            case ast.ImportFrom(module="datetime", names=names):
                found = {alias.asname for alias in names if alias.asname}  # a date that this test would not know
            case ast.ImportFrom(module=str(module), names=names):
                submodules = {name for alias in names for name in prefixes(f"{module}.{alias.name}")}
                found = submodules & modules | {alias.name for alias in names} & attributes
            case ast.Attribute(attr=attribute, value=ast.Name(id=owner) | ast.Attribute(attr=owner)) if owner in DATES:
                found = {attribute} & (attributes | CLOCK_METHODS)
            case ast.Attribute(attr=attribute):
                found = {attribute} & attributes
            case ast.Call(func=ast.Name(id=function)) if function in functions:
                found = {function}
            case ast.Call(func=ast.Attribute(attr="astimezone"), args=[], keywords=[]):
                found = {"astimezone() in the machine's own zone"}
            case ast.Call(func=ast.Attribute(attr="fromtimestamp"), args=[_], keywords=[]):
                found = {"fromtimestamp() in the machine's own zone"}
            case _:
                continue
        yield from (f"line {node.lineno}: {name}" for name in sorted(found))


def prefixes(name: str) -> Iterator[str]:
    """`a.b.c` -> `a`, `a.b`, `a.b.c`."""
    parts = name.split(".")
    return (".".join(parts[:end]) for end in range(1, len(parts) + 1))


def test_there_is_a_core_to_look_at():
    assert {"pricing.py", "catalog.py", "cycle.py"} <= {path.name for path in CORE}


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_the_core_reads_no_clock_file_environment_or_chance(path):
    found = list(impurities(path.read_text(encoding="utf-8"), may_read_files=path.stem == "catalog"))
    assert found == []


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_the_core_imports_its_parts_not_the_whole(path):
    """`from mimo_credits import charge` would reach every layer behind the back of the import contract."""
    imported = {
        alias.name if isinstance(node, ast.Import) else node.module
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert "mimo_credits" not in imported


@pytest.mark.parametrize(
    "source",
    [
        "import random",
        "import os.path",
        "from time import time",
        "from secrets import token_hex",
        "from uuid import uuid4",
        "from dateutil.tz import tzlocal",
        "datetime.now(UTC)",
        "datetime.datetime.utcnow()",
        "date.today()",
        "read_clock = datetime.now",
        "from datetime import datetime as dt",
        "import datetime as dt",
        "at.astimezone()",
        "datetime.fromtimestamp(seconds)",
        "os.environ['TZ']",
    ],
)
def test_what_no_core_module_may_do_is_seen(source):
    assert list(impurities(source))
    assert list(impurities(source, may_read_files=True))


@pytest.mark.parametrize(
    "source",
    [
        "import pathlib",
        "from importlib.resources import files",
        "from importlib import metadata",
        "import importlib.metadata",
        "open('rates')",
        "path.open()",
        "(folder / 'card.toml').read_text()",
        "print(total)",
    ],
)
def test_what_only_the_catalog_may_do_is_seen(source):
    assert list(impurities(source))
    assert not list(impurities(source, may_read_files=True))


@pytest.mark.parametrize(
    "source",
    [
        "at.astimezone(UTC)",
        "datetime.fromtimestamp(seconds, UTC)",
        "from datetime import datetime",
        "book.at(instant)",
        "account.now",
        "import importlib",
    ],
)
def test_what_is_pure_is_left_alone(source):
    assert not list(impurities(source))
