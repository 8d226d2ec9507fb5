"""Reading TOML with exact numbers, and saying in our own words what a file's schema does not allow.

One rule: every problem names its place as TOML writes it, a key path or a line.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import tomli
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from mimo_credits.card.checks import key
from mimo_credits.card.parts import PATTERN_WORDS, ROLLOVER, Part
from mimo_credits.errors import Problem, nearest, shown


def parse(raw: bytes) -> dict[str, Any] | Problem:
    """TOML with exact decimals, or what is wrong with it; a syntax error names its line."""
    try:
        # Some editors begin a text file with a byte order mark.
        return tomli.loads(raw.removeprefix(BOM_UTF8).decode(), parse_float=Decimal)
    except tomli.TOMLDecodeError as error:
        return Problem(f"line {error.lineno}", error.msg)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        return Problem(f"line {line}", "is not UTF-8 text")
    except (ValueError, ArithmeticError, RecursionError) as error:
        return Problem("TOML", f"cannot be read: {error}")


_NO_KEYS = ("<text>", "<table>", "<rates>", "[key]")
"""Steps of pydantic's paths that no file has: which member of a union was meant, and that a key itself is wrong."""

_WORDS = {
    "string_type": "needs a text",
    "int_type": "needs a whole number",
    "datetime_type": "needs an instant with its offset, such as 2026-05-27T00:00:00+08:00",
    "time_type": "needs a time of day, such as 08:00:00",
    "tuple_type": "needs a list",
    "dict_type": "needs a table",
    "mapping_type": "needs a table",
    "model_type": "needs a table",
    "literal_error": "needs {expected}",
    "greater_than": "needs more than {gt:,}",
    "greater_than_equal": "needs at least {ge:,}",
    "less_than": "needs less than {lt:,}",
    "less_than_equal": "needs at most {le:,}",
    "neither": "{message}",
}
"""What is said for pydantic's kinds of error, before the value itself; those not here speak for themselves."""


def schema_problems(error: ValidationError, model: type[Part], files: str) -> Iterator[Problem]:
    """What pydantic found, by key path and in our words; `files` is what is being read, as the `model` says it."""
    for found in error.errors(include_url=False):
        path = [step for step in found["loc"] if step not in _NO_KEYS]
        yield Problem(key(*path), _said(found, path, model, files))


def _said(found: ErrorDetails, path: Sequence[int | str], model: type[Part], files: str) -> str:
    kind, context = found["type"], found.get("ctx", {})
    if kind == "missing":
        return f"is missing: {ROLLOVER}" if path[-1] == "rollover" else "is missing"
    if kind == "extra_forbidden":
        alike = nearest(str(path[-1]), _keys(model, path[:-1]))
        hint = f"; nearest: {', '.join(alike)}" if alike else ""
        return f"is not a key that {files} know{hint}"
    if kind == "string_pattern_mismatch":
        return f"needs {PATTERN_WORDS[context['pattern']]}, not {shown(found['input'])}"
    if kind in _WORDS:
        return f"{_WORDS[kind].format(**{'message': found['msg'], **context})}, not {shown(found['input'])}"
    return found["msg"].removeprefix("Value error, ")


def _keys(model: type[Part], path: Sequence[int | str]) -> set[str]:
    """The keys that a table at that path of a file may have."""
    schema = model.model_json_schema()
    tables = list(_members(schema, schema))
    for step in path:
        tables = [inner for table in tables for inside in _inside(table, step) for inner in _members(inside, schema)]
    return {name for table in tables for name in table.get("properties", ())}


def _members(part: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A part of a JSON Schema without detours: what it refers to, or each of the parts that it may be."""
    if "$ref" in part:
        part = schema["$defs"][part["$ref"].rpartition("/")[2]]
    alternatives = part.get("anyOf") or part.get("oneOf")
    if alternatives is None:
        yield part
    else:
        for one in alternatives:
            yield from _members(one, schema)


def _inside(table: Mapping[str, Any], step: int | str) -> Iterator[Mapping[str, Any]]:
    """What stands under a key of a table, or in a list."""
    if isinstance(step, int):
        yield table.get("items", {})
    elif step in table.get("properties", {}):
        yield table["properties"][step]
    else:
        yield from table.get("patternProperties", {}).values()
