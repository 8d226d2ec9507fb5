"""`dumps` and `loads`: the library's values as JSON, in a format with a version.

A value is one object with the version, its type and its fields in a fixed order, under their names in Python:

    {"v":1,"type":"posting","at":"2026-05-26T16:00:00Z","source":"allowance","target":"spent","millicredits":"250000",…}

- What is summed, priced or money is a text, exact whatever reads it: millicredits and their rates `"250000"`, credits
  and money `"46.00"`, exact ratios `"7/3"`. The counts of a `Usage` and small ordinals are integers.
- Instants are ISO 8601 in UTC with `Z`; any offset is read, but no naive instant. What is absent is `null`, and a field
  is never left out.
- A value inside another has no type of its own: its field says it. A list or tuple of values is
  `{"v":1,"type":"list","items":[{"type":"posting",…},…]}`.
- The same value always gives the same bytes, so that they can be hashed (the names in a mapping are sorted), and what
  is written is read back as the same value of the same type. What version 1 wrote once stays readable.

Bad input ends in `InputError`, which names the field, in time and memory in proportion to its length.
"""

from __future__ import annotations

from json import JSONDecoder, JSONEncoder
from typing import Any, NoReturn

from mimo_credits.errors import InputError
from mimo_credits.ledger import (
    Account,
    Accrued,
    Advance,
    Billed,
    BucketClosed,
    BucketOpened,
    Cancel,
    ChangeTier,
    CycleOpened,
    Grant,
    Hold,
    HoldClosed,
    HoldOpened,
    Lapsed,
    Posting,
    Rated,
    Record,
    Release,
    Restated,
    Scheduled,
    Settle,
    Subscribe,
    TierChanged,
)
from mimo_credits.pricing import Quote
from mimo_credits.statements import Statement
from mimo_credits.usage import Usage
from mimo_credits.wire.reading import read
from mimo_credits.wire.writing import within, writer

VERSION = 1

KINDS: dict[str, type] = {
    "usage": Usage,
    "subscribe": Subscribe,
    "record": Record,
    "change-tier": ChangeTier,
    "cancel": Cancel,
    "grant": Grant,
    "hold": Hold,
    "settle": Settle,
    "release": Release,
    "advance": Advance,
    "rated": Rated,
    "posting": Posting,
    "cycle-opened": CycleOpened,
    "tier-changed": TierChanged,
    "scheduled": Scheduled,
    "lapsed": Lapsed,
    "bucket-opened": BucketOpened,
    "bucket-closed": BucketClosed,
    "hold-opened": HoldOpened,
    "hold-closed": HoldClosed,
    "accrued": Accrued,
    "billed": Billed,
    "restated": Restated,
    "account": Account,
    "quote": Quote,
    "statement": Statement,
}
"""Every type that has a JSON of its own, by its tag. Types that only occur inside these need no line here."""

_TAGS = {kind: tag for tag, kind in KINDS.items()}
_SEQUENCES: dict[str, type[list[Any]] | type[tuple[Any, ...]]] = {"list": list, "tuple": tuple}
_LONGEST_INTEGER = 17
"""Characters of an integer in JSON: sign and digits of 2**53."""


def dumps(value: object) -> str:
    """The value, or the list or tuple of values, as one line of JSON, always the same for the same value.

    Raises `InputError` for another type, and for a field whose value is not of the field's type.
    """
    return _ENCODER.encode(to_data(value))


def loads(text: str | bytes) -> Any:
    """The value that `dumps` wrote, from a text or UTF-8. Raises `InputError` for anything else."""
    return from_data(_parsed(text))


def to_data(value: object) -> dict[str, Any]:
    """What `dumps` writes, as plain objects that any JSON writer takes. Raises as `dumps` does."""
    if type(value) is not list and type(value) is not tuple:
        return {"v": VERSION, **_tagged(value)}
    items = []
    for item in value:
        try:
            items.append(_tagged(item))
        except InputError as error:
            raise within(f"items[{len(items)}]", error) from None
    return {"v": VERSION, "type": type(value).__name__, "items": items}


def from_data(data: object) -> Any:
    """The value that `to_data` wrote, from plain objects as any JSON reader makes them. Raises `InputError`."""
    fields = _fields(data, "")
    version = fields.pop("v", None)
    if type(version) is not int or version != VERSION:
        raise InputError("v", f"needs version {VERSION} of this format")
    sequence = _SEQUENCES.get(_tag(fields, ""))
    if sequence is None:
        return _value(fields, "")
    items = fields.pop("items", None)
    if not isinstance(items, list):
        raise InputError("items", "needs an array")
    if len(fields) > 1:
        raise InputError("items", "are the only field that a list or tuple has")
    return sequence(_value(_fields(item, f"items[{index}]"), f"items[{index}]") for index, item in enumerate(items))


def _tagged(value: object) -> dict[str, Any]:
    kind: type = type(value)
    tag = _TAGS.get(kind)
    if tag is None:
        raise InputError("value", f"a {kind.__name__} has no JSON here")
    return {"type": tag, **writer(kind)(value)}


def _fields(data: object, path: str) -> dict[str, Any]:
    if not isinstance(data, dict):
        raise InputError(path or "json", "needs an object with a type")
    return dict(data)


def _tag(fields: dict[str, Any], path: str) -> str:
    tag = fields.get("type")
    if not isinstance(tag, str):
        raise InputError(f"{path}.type".lstrip("."), "needs the name of a type")
    return tag


def _value(fields: dict[str, Any], path: str) -> Any:
    tag = _tag(fields, path)
    kind = KINDS.get(tag)
    if kind is None:
        raise InputError(f"{path}.type".lstrip("."), f"there is no type {tag!r:.40}")
    del fields["type"]
    return read(kind, fields, path)


def _parsed(text: object) -> object:
    if not isinstance(text, str | bytes):
        raise InputError("json", f"needs a text or bytes, not a value of type {type(text).__name__}")
    try:
        return _DECODER.decode(text if isinstance(text, str) else text.decode())
    except UnicodeDecodeError as error:
        raise InputError("json", f"is not UTF-8 at byte {error.start}") from None
    except ValueError as error:
        raise InputError("json", f"is not JSON: {error}") from None
    except RecursionError:
        raise InputError("json", "is nested too deeply") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise InputError("json", f"has the key {twice!r:.80} twice in one object")
    return found


def _integer(digits: str) -> int:
    if len(digits) > _LONGEST_INTEGER:
        raise InputError("json", "has an integer beyond 2**53: numbers that large are written as a text")
    return int(digits)


def _constant(name: str) -> NoReturn:
    raise InputError("json", f"has {name}, which is no JSON")


_ENCODER = JSONEncoder(ensure_ascii=False, check_circular=False, allow_nan=False, separators=(",", ":"))
_DECODER = JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_constant=_constant)
