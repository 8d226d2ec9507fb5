"""Shapes: what writing and reading have to agree on, so that each can follow a type's hints by itself.

The rule for numbers: what is summed, priced or money (`int`, `Decimal`, `Fraction`) is a text of digits, exact whatever
reads it; only the counts named in `COUNTS`, which stay far below 2**53, are JSON integers. An `int` field is a text
unless it is named there, so that a field added later is safe by default.
"""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal
from types import NoneType
from typing import Any, get_args, get_type_hints

from mimo_credits.errors import InputError, shown
from mimo_credits.wire.kinds import TAGS

COUNTS = frozenset(
    {
        "input_tokens",
        "cached_tokens",
        "output_tokens",
        "audio_seconds",
        "web_searches",
        "images",
        "band",
        "number",
        "days",
        "months",
        "priority",
        "segments",
        "usages",
        "first",
        "made",
    }
)
"""Fields whose integers are JSON integers: what one request used, and ordinals and counts of a few."""

LATER_COUNTS = frozenset({"images"})
"""Counts that came after a format's first JSON. Where one is 0 it is left out, so that what was written before is read,
and is written again in the very same bytes."""

_LONGEST_NAME = 80
MAX_SAFE_INTEGER = 2**53 - 1
"""The largest integer that every JSON reader keeps exact (RFC 8259)."""

MAX_DIGITS = 4000
"""Digits of the longest number written as a text; Python converts up to 4,300 of them unless told otherwise."""


def fields_of(kind: type) -> dict[str, Any]:
    """The fields of a NamedTuple or dataclass, in order, with their type hints."""
    hints = get_type_hints(kind)
    names = kind._fields if hasattr(kind, "_fields") else [field.name for field in fields(kind)]
    return {name: hints[name] for name in names}


def alternatives(union: object) -> tuple[list[Any], bool]:
    """The hints of a union that are not None, and whether None is allowed. `Decimal | int` is kept as a Decimal."""
    members = [member for member in get_args(union) if member is not NoneType]
    if Decimal in members:
        members = [member for member in members if member is not int]
    assert len(members) == 1 or all(member in TAGS for member in members), f"no JSON shape for {union!r}"
    return members, NoneType in get_args(union)


def within(outer: str, error: InputError) -> InputError:
    """The same error, its field seen from one level further out."""
    return InputError(joined(outer, error.field), error.why)


def joined(outer: str, inner: str) -> str:
    """The path of a field, as it is written in Python: `holds['h'].parts[0]`."""
    return f"{outer}.{inner}" if outer and inner and not inner.startswith("[") else outer + inner


def step(key: object) -> str:
    """One key or index on a path."""
    return key if isinstance(key, str) and key.isidentifier() and len(key) <= _LONGEST_NAME else f"[{shown(key)}]"
