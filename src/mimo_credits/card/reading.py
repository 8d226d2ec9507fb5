"""Reading TOML with exact numbers, and saying in our own words what a file's schema does not allow.

One rule: every problem names its place as TOML writes it, a key path or a line.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import tomli
from pydantic import ValidationError

from mimo_credits.card.checks import key
from mimo_credits.errors import Problem


def parse(raw: bytes) -> dict[str, Any] | Problem:
    """TOML with exact decimals, or what is wrong with it; a syntax error names its line."""
    try:
        return tomli.loads(raw.decode(), parse_float=Decimal)
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
    "missing": "is missing",
    "extra_forbidden": "is not a key that {files} know",
    "string_type": "needs a text",
    "int_type": "needs a whole number",
    "datetime_type": "needs an instant with its offset, such as 2026-05-27T00:00:00+08:00",
    "time_type": "needs a time of day, such as 08:00:00",
    "tuple_type": "needs a list",
    "dict_type": "needs a table",
    "mapping_type": "needs a table",
    "model_type": "needs a table",
}


def schema_problems(error: ValidationError, files: str) -> Iterator[Problem]:
    """What pydantic found, by key path, in our words where its own speak of Python; `files` is what is being read."""
    for found in error.errors(include_url=False, include_context=False):
        path = [step for step in found["loc"] if step not in _NO_KEYS]
        said = _WORDS.get(found["type"], found["msg"].removeprefix("Value error, "))
        yield Problem(key(*path), said.replace("{files}", files))
