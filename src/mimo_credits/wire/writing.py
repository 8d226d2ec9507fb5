"""Writing: a value becomes plain JSON data, by the type hints of its fields.

The rule: what cannot be read back as the same value is not written. A value of another type than its hint says, which a
NamedTuple does not forbid, is an `InputError` that names the field.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cache
from types import UnionType
from typing import Any, Literal, TypeAlias, Union, get_args, get_origin

from mimo_credits.errors import InputError, shown
from mimo_credits.frozen import FrozenMap
from mimo_credits.wire.kinds import TAGS
from mimo_credits.wire.shapes import COUNTS, LATER_COUNTS, MAX_DIGITS, MAX_SAFE_INTEGER, alternatives, fields_of, within

Writer: TypeAlias = Callable[[Any], Any]

_TOO_LARGE = 10**MAX_DIGITS


def write_tagged(value: object) -> dict[str, Any]:
    """The fields of a value, after its type's tag. Raises `InputError` for a type that has none."""
    kind: type = type(value)
    tag = TAGS.get(kind)
    if tag is None:
        raise InputError("type", f"a {kind.__name__} has no JSON here")
    return {"type": tag, **_fields_writer(kind)(value)}


@cache
def _fields_writer(kind: type) -> Writer:
    """The function that writes values of a NamedTuple or dataclass as a `dict` of their fields, in order."""
    writers = [(name, _writer(hint, name), name in LATER_COUNTS) for name, hint in fields_of(kind).items()]

    def write(value: object) -> dict[str, Any]:
        if type(value) is not kind:
            raise _needs(f"a {kind.__name__}", value)
        data = {}
        for name, write_field, came_later in writers:
            try:
                data[name] = write_field(getattr(value, name))
            except InputError as error:
                raise within(name, error) from None
            if came_later and not data[name]:
                del data[name]
        return data

    return write


def _writer(hint: Any, field: str) -> Writer:
    if hint is int:
        return _write_count if field in COUNTS else _write_whole
    if hint in _LEAVES:
        return _LEAVES[hint]
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return _choice(args)
    if origin in (Union, UnionType):
        members, optional = alternatives(hint)
        write = _writer(members[0], field) if len(members) == 1 else _one_of(members)
        return _optional(write) if optional else write
    if origin is tuple and args[-1] is Ellipsis:
        return _list(_writer(args[0], field))
    if origin is tuple:
        return _row(tuple(_writer(arg, field) for arg in args))
    if origin is FrozenMap:
        return _map(_writer(args[0], field))
    return _fields_writer(hint)


def _needs(what: str, value: object) -> InputError:
    return InputError("", f"needs {what}, not {shown(value)}")


def _write_text(value: object) -> str:
    if type(value) is not str:
        raise _needs("a text", value)
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise _needs("a text in Unicode without lone surrogates", value) from None
    return value


def _write_bool(value: object) -> bool:
    if type(value) is not bool:
        raise _needs("True or False", value)
    return value


def _write_count(value: object) -> int:
    if type(value) is not int or not -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
        raise _needs("a whole number of less than 2**53", value)
    return value


def _write_whole(value: object) -> str:
    if type(value) is int and -_TOO_LARGE < value < _TOO_LARGE:
        try:
            return str(value)
        except ValueError:  # the interpreter was told to convert fewer digits
            pass
    raise _needs(f"a whole number of at most {MAX_DIGITS} digits", value)


def _write_decimal(value: object) -> str:
    # The exponent first: written out in full, a small value can be a text of any length.
    if type(value) is Decimal and value.is_finite() and abs(value.adjusted()) < MAX_DIGITS:
        text = f"{value:f}"
        if len(text) <= MAX_DIGITS:
            return text
    raise _needs(f"a finite Decimal of at most {MAX_DIGITS} digits", value)


def _write_fraction(value: object) -> str:
    if type(value) is not Fraction:
        raise _needs("a Fraction", value)
    return f"{_write_whole(value.numerator)}/{_write_whole(value.denominator)}"


def _write_instant(value: object) -> str:
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise _needs("an aware datetime", value)
    if value.tzinfo is not UTC:
        try:
            value = value.astimezone(UTC)
        except OverflowError:
            raise InputError("", f"{value.isoformat()} lies outside the calendar in UTC") from None
    return value.isoformat().removesuffix("+00:00") + "Z"


_LEAVES: dict[Any, Writer] = {
    str: _write_text,
    bool: _write_bool,
    Decimal: _write_decimal,
    Fraction: _write_fraction,
    datetime: _write_instant,
}


def _choice(choices: tuple[str, ...]) -> Writer:
    def write(value: object) -> object:
        if type(value) is not str or value not in choices:
            raise _needs(f"one of {', '.join(choices)}", value)
        return value

    return write


def _optional(write_value: Writer) -> Writer:
    def write(value: object) -> Any:
        return None if value is None else write_value(value)

    return write


def _one_of(kinds: list[type]) -> Writer:
    def write(value: object) -> dict[str, Any]:
        if type(value) not in kinds:
            raise _needs(f"one of {', '.join(kind.__name__ for kind in kinds)}", value)
        return write_tagged(value)

    return write


def _list(write_item: Writer) -> Writer:
    def write(value: object) -> list[Any]:
        if type(value) is not tuple:
            raise _needs("a tuple", value)
        return _items(value, (write_item,) * len(value))

    return write


def _row(writers: tuple[Writer, ...]) -> Writer:
    def write(value: object) -> list[Any]:
        if type(value) is not tuple or len(value) != len(writers):
            raise _needs(f"a tuple of {len(writers)}", value)
        return _items(value, writers)

    return write


def _items(items: tuple[Any, ...], writers: tuple[Writer, ...]) -> list[Any]:
    written = []
    for write_item, item in zip(writers, items, strict=True):
        try:
            written.append(write_item(item))
        except InputError as error:
            raise within(f"[{len(written)}]", error) from None
    return written


def _map(write_item: Writer) -> Writer:
    def write(value: object) -> dict[str, Any]:
        if type(value) is not FrozenMap:
            raise _needs("a FrozenMap", value)
        written = {}
        for name, item in value.items():
            try:
                written[_write_text(name)] = write_item(item)
            except InputError as error:
                raise within(f"[{shown(name)}]", error) from None
        # Equal maps may differ in their order: sorted, they have the same bytes.
        return dict(sorted(written.items()))

    return write
