"""Checks every rate card against `rates/schema.json`, with a validator that knows nothing of the models.

The rule: a reader in another language, who has only the schema, must accept every published card. A TOML date
or time becomes its ISO 8601 string, as it would in JSON; a number keeps its decimals.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

import tomli
from jsonschema import Draft202012Validator, FormatChecker

from tools.published import RATES, TO_SAY

DIRECTIVE = "#:schema ../schema.json"

FORMATS = FormatChecker(formats=())


@FORMATS.checks("date-time", raises=ValueError)
def _is_instant(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@FORMATS.checks("date", raises=ValueError)
def _is_date(value: object) -> bool:
    return not isinstance(value, str) or bool(date.fromisoformat(value))


@FORMATS.checks("time", raises=ValueError)
def _is_time_of_day(value: object) -> bool:
    return not isinstance(value, str) or bool(time.fromisoformat(value))


def as_json(value: object) -> object:
    """What the TOML value would be in JSON. Raises `ValueError` for `inf` and `nan`, which JSON lacks."""
    match value:
        case dict():
            return {key: as_json(inner) for key, inner in value.items()}
        case list():
            return [as_json(inner) for inner in value]
        case datetime() | date() | time():
            return value.isoformat()
        case Decimal() if not value.is_finite():
            raise ValueError(f"{value} is not a number in JSON")
        case _:
            return value


def read_schema(path: Path) -> dict[str, object]:
    """The schema, itself checked, with exact numbers; a format that nothing here checks is a `ValueError`."""
    schema: dict[str, object] = json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    Draft202012Validator.check_schema(schema)
    unknown = sorted(set(_formats(schema)) - set(FORMATS.checkers))
    if unknown:
        raise ValueError(f"{path.name} uses formats that are not checked here: {', '.join(unknown)}")
    return schema


def _formats(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("format"), str):
            yield schema["format"]
        for inner in schema.values():
            yield from _formats(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _formats(inner)


def problems(card: Path, schema: dict[str, object], directive: str = DIRECTIVE) -> Iterator[str]:
    """What a validator holds against one card's file, which names its schema for editors by the `directive`."""
    text = card.read_bytes().decode("utf-8")
    if directive not in text.splitlines():
        yield f"does not name its schema: {directive}"
    if TO_SAY in text:
        yield f"still has {TO_SAY!r} at its head"
    content = as_json(tomli.loads(text, parse_float=Decimal))
    validator = Draft202012Validator(schema, format_checker=FORMATS)
    for error in sorted(validator.iter_errors(content), key=lambda error: error.json_path):
        yield f"{error.json_path}: {error.message}"


def main() -> int:
    schema = read_schema(RATES / "schema.json")
    cards = sorted(RATES.glob("*/*.toml"))
    found = [f"{card.relative_to(RATES)}: {problem}" for card in cards for problem in problems(card, schema)]
    if not cards:
        found.append("no rate card to check")
    for line in found:
        print(line, file=sys.stderr)
    if not found:
        print(f"{len(cards)} cards agree with schema.json")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
