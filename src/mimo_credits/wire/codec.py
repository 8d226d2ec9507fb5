"""`dumps` and `loads`: the library's values as JSON, in a format with a version.

A value is one object with the version, its type and its fields in a fixed order, under their names in Python:

    {"v":1,"type":"posting","at":"2026-05-26T16:00:00Z","source":"allowance","target":"spent","millicredits":"250000",…}

- What is summed, priced or money is a text, exact whatever reads it: millicredits and their rates `"250000"`, credits
  and money `"46.00"`, exact ratios `"7/3"`. The counts of a `Usage` and small ordinals are integers.
- Instants are ISO 8601 in UTC with `Z`; any offset is read, but no naive instant. What is absent is `null`, and no
  field is left out but a count that came after version 1 and is 0: the `images` of a usage.
- A value inside another has no version, and a type only where its field may hold several: a list or tuple of values
  is `{"v":1,"type":"list","items":[{"type":"posting",…},…]}`.
- The same value always gives the same bytes, so that they can be hashed (the names in a mapping are sorted), and what
  is written is read back as the same value of the same type. What version 1 wrote once stays readable.

Bad input ends in `InputError`, which names the field, in time and memory in proportion to its length.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from json import JSONDecoder, JSONEncoder
from typing import Any, NoReturn

from mimo_credits.errors import InputError, shown
from mimo_credits.wire.reading import read_tagged
from mimo_credits.wire.shapes import within
from mimo_credits.wire.writing import write_tagged

VERSION = 1

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
        return {"v": VERSION, **write_tagged(value)}
    items = [_named(write_tagged, item, f"items[{index}]") for index, item in enumerate(value)]
    return {"v": VERSION, "type": type(value).__name__, "items": items}


def from_data(data: object) -> Any:
    """The value that `to_data` wrote, from plain objects as any JSON reader makes them. Raises `InputError`."""
    if not isinstance(data, dict):
        raise InputError("json", "needs an object with a version and a type")
    version = data.get("v")
    if type(version) is not int or version != VERSION:
        raise InputError("v", f"needs version {VERSION} of this format")
    fields = {name: value for name, value in data.items() if name != "v"}
    tag = fields.get("type")
    sequence = _SEQUENCES.get(tag) if isinstance(tag, str) else None
    if sequence is None:
        return read_tagged(fields)
    items = fields.get("items")
    if not isinstance(items, list):
        raise InputError("items", "needs an array")
    if len(fields) > 2:
        raise InputError("items", "is the only field of a list or tuple")
    return sequence(_named(read_tagged, item, f"items[{index}]") for index, item in enumerate(items))


def _named(convert: Callable[[Any], Any], item: object, place: str) -> Any:
    """What `convert` makes of the item; its errors say where that stands."""
    try:
        return convert(item)
    except InputError as error:
        raise within(place, error) from None


def _parsed(text: object) -> object:
    if not isinstance(text, str | bytes):
        raise InputError("json", f"needs a text or bytes, not {shown(text)}")
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
        [(twice, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise InputError("json", f"has the key {shown(twice)} twice in one object")
    return found


def _integer(digits: str) -> int:
    if len(digits) > _LONGEST_INTEGER:
        raise InputError("json", "has an integer beyond 2**53: numbers that large are written as a text")
    return int(digits)


def _constant(name: str) -> NoReturn:
    raise InputError("json", f"has {name}, which is no JSON")


_ENCODER = JSONEncoder(ensure_ascii=False, check_circular=False, allow_nan=False, separators=(",", ":"))
_DECODER = JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_constant=_constant)
