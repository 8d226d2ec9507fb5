"""The rate cards travel with the package: from a wheel, a zip, an sdist, an editable install and a checkout.

Each way of installing is tried in a fresh interpreter whose path has that copy first, and which says from where it
imported the package, so that no other copy can answer instead.
"""

from __future__ import annotations

import email
import hashlib
import json
import tarfile
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from tests.packaging.building import ROOT, Build, run

pytestmark = pytest.mark.beyond_core

CARDS = {
    f"{path.parent.name}/{path.stem}".removeprefix("mimo/"): hashlib.sha256(path.read_bytes()).hexdigest()
    for path in (ROOT / "rates").glob("*/*.toml")
}

ASK = """
import json, warnings
import mimo_credits
from mimo_credits.catalog import list_cards, list_providers
from mimo_credits.cli import main  # what the installed command calls

warnings.simplefilter("ignore", UserWarning)  # a withdrawn card says so, and is read all the same
names = [name for provider in list_providers() for name in list_cards(provider)]
cards = {name: mimo_credits.load_card(name).sha256 for name in names}
print(json.dumps({"origin": mimo_credits.__file__, "cards": cards}))
"""


def from_wheel(build: Build, folder: Path) -> tuple[Path, ...]:
    with zipfile.ZipFile(build.wheel) as archive:
        archive.extractall(folder)
    return (folder,)


def from_zip(build: Build, folder: Path) -> tuple[Path, ...]:
    return (build.wheel,)


def from_sdist(build: Build, folder: Path) -> tuple[Path, ...]:
    with tarfile.open(build.sdist) as archive:
        archive.extraction_filter = lambda member, _: member  # our own archive; 3.11.2 has no named filters yet
        archive.extractall(folder)
    (source,) = folder.glob("*/src")
    return (source,)


def from_editable_install(build: Build, folder: Path) -> tuple[Path, ...]:
    """As an installer leaves it: the editable wheel unpacked, and the folders that its .pth names on the path."""
    run("-c", f"from hatchling.build import build_editable; build_editable({str(folder)!r})", cwd=ROOT)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    (links,) = folder.glob("*.pth")
    return (folder, *map(Path, links.read_text(encoding="utf-8").splitlines()))


def from_checkout(build: Build, folder: Path) -> tuple[Path, ...]:
    return (ROOT / "src",)


@pytest.mark.parametrize("install", [from_wheel, from_zip, from_sdist, from_editable_install, from_checkout])
def test_every_card_is_found_unchanged(install, build, tmp_path):
    path = install(build, tmp_path)
    answer = json.loads(run("-W", "error", "-c", ASK, cwd=tmp_path, path=path))
    assert any(Path(answer["origin"]).is_relative_to(folder) for folder in path)
    assert CARDS
    assert answer["cards"] == CARDS


def test_the_wheel_holds_the_package_its_cards_the_plugins_and_nothing_else(build):
    with zipfile.ZipFile(build.wheel) as archive:
        names = archive.namelist()
    inside = {name for name in names if name.startswith("mimo_credits/")}
    assert {PurePosixPath(name).parts[0] for name in names} == {
        "_mimo_credits_hypothesis.py",
        "_mimo_credits_pytestplugin.py",
        "mimo_credits",
        "mimo_credits-0.1.0.dist-info",
    }
    assert {"mimo_credits/py.typed", "mimo_credits/testing/strategies/__init__.py"} <= inside
    assert any(name.startswith("mimo_credits/sql/migrations/versions/mimo_credits_0001") for name in inside)
    rates = {path.relative_to(ROOT) for path in (ROOT / "rates").rglob("*") if path.is_file()}
    assert {f"mimo_credits/{path.as_posix()}" for path in rates} <= inside
    assert not [name for name in inside if name.endswith((".pyc", ".orig"))]


def test_the_wheel_asks_for_four_libraries_and_no_more(build):
    with zipfile.ZipFile(build.wheel) as archive:
        (metadata,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        headers = email.message_from_bytes(archive.read(metadata))
    needed = [line for line in headers.get_all("Requires-Dist") if "extra ==" not in line]
    assert sorted(line.split(";")[0].rstrip("<>=,.0123456789") for line in needed) == [
        "pydantic",
        "python-dateutil",
        "tomli",
        "tzdata",
    ]
    assert headers["Requires-Python"] == ">=3.11"


def test_the_sdist_holds_all_that_its_own_tests_need(build):
    with tarfile.open(build.sdist) as archive:
        paths = [PurePosixPath(name).relative_to("mimo_credits-0.1.0") for name in archive.getnames()]
    assert {path.parts[0] for path in paths} >= {
        *("src", "rates", "tests", "docs", "benchmarks", "tools"),
        *("Makefile", "pyproject.toml", "conftest.py", "README.md", "LICENSE", "CHANGELOG.md"),
    }
    assert not [path for path in paths if {".venv", "__pycache__", "mutants", ".git"} & set(path.parts)]
