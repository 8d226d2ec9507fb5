"""Reading: plain JSON data becomes a value again, by the type hints of its fields.

The rule: nothing is guessed. Every field is there and no other (but for a count that came later, absent where it is
0); a float is no count, `true` is no number, a naive instant is no instant; and what a type checks when it is made is
checked here too. Whatever is wrong is an `InputError` that names the path of the field. Whether a ledger could have
reached an account is not seen here: replay shows it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cache
from types import GenericAlias, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    FailFast,
    Field,
    PlainValidator,
    Strict,
    TypeAdapter,
    ValidationError,
    create_model,
)
from pydantic_core import PydanticCustomError

from mimo_credits.cycle import Cycle, CycleRule
from mimo_credits.errors import InputError, shown
from mimo_credits.frozen import FrozenMap
from mimo_credits.ledger.entries import Posting
from mimo_credits.wire.kinds import KINDS, TAGS
from mimo_credits.wire.shapes import (
    COUNTS,
    LATER_COUNTS,
    MAX_DIGITS,
    MAX_SAFE_INTEGER,
    alternatives,
    fields_of,
    joined,
    step,
    within,
)

_WHOLE = re.compile(rf"0|-?[1-9][0-9]{{0,{MAX_DIGITS - 1}}}")
_DECIMAL = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-5][0-9])"
)
"""Whole seconds or microseconds: finer digits would be lost."""
_LONGEST_PERIOD = {"days": 36_500, "months": 1_200}
"""As in a rate card."""


def read_tagged(data: object, kinds: Mapping[str, type] = KINDS) -> Any:
    """The value of one of the `kinds`, by tag, from a `dict` of its `type` and its fields. Raises `InputError`."""
    if not isinstance(data, dict):
        raise InputError("", "needs an object with a type")
    tag = data.get("type")
    kind = kinds.get(tag) if isinstance(tag, str) else None
    if kind is None:
        raise InputError("type", f"needs one of {', '.join(kinds)}, not {shown(tag)}")
    try:
        return _adapter(kind).validate_python({name: value for name, value in data.items() if name != "type"})
    except ValidationError as error:
        raise _first(error) from None


@cache
def _adapter(kind: type) -> TypeAdapter[Any]:
    return TypeAdapter(_structure(kind))


@cache
def _structure(kind: type) -> Any:
    """An annotation with which pydantic reads the fields first and then makes the value of them."""
    hints = fields_of(kind)
    annotations: dict[str, Any] = {
        name: (_annotation(hint, name), 0 if name in LATER_COUNTS else ...) for name, hint in hints.items()
    }
    model = create_model(kind.__name__, **annotations)
    check = _CHECKS.get(kind, _nothing_more)

    def only_fields(data: object) -> dict[str, Any]:
        # Not left to pydantic, which would collect an error for each of a million unknown fields.
        if not isinstance(data, dict):
            raise _refused("needs an object")
        for name in data:
            if name not in hints:
                raise _refused("is no field of this", step(name))
        return data

    def make(read_fields: BaseModel) -> Any:
        try:
            value = kind(**read_fields.__dict__)
            check(value)
        except InputError as error:
            raise _refused(error.why, error.field) from None
        return value

    return Annotated[model, BeforeValidator(only_fields), AfterValidator(make)]


def _annotation(hint: Any, field: str) -> Any:
    if hint is int:
        return _COUNT if field in COUNTS else _AMOUNT
    if hint in _LEAVES:
        return _LEAVES[hint]
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return hint
    if origin in (Union, UnionType):
        members, optional = alternatives(hint)
        annotation = _annotation(members[0], field) if len(members) == 1 else _one_of(members)
        return annotation | None if optional else annotation
    if origin is tuple and args[-1] is Ellipsis:
        return Annotated[GenericAlias(tuple, (_annotation(args[0], field), ...)), FailFast()]
    if origin is tuple:
        return GenericAlias(tuple, tuple(_annotation(arg, field) for arg in args))
    if origin is FrozenMap:
        return _map(_annotation(args[0], field))
    return _structure(hint)


def _one_of(kinds: list[type]) -> Any:
    """Reads a value of one of several types, told by its tag."""
    tagged = {TAGS[kind]: kind for kind in kinds}

    def read_one(data: object) -> Any:
        try:
            return read_tagged(data, tagged)
        except InputError as error:
            raise _refused(error.why, error.field) from None

    return Annotated[Any, PlainValidator(read_one)]


def _map(annotation: Any) -> Any:
    """Reads a mapping from names, and stops at the first value that is wrong."""
    names, values = TypeAdapter(_TEXT), TypeAdapter(annotation)

    def read_map(data: object) -> FrozenMap[Any]:
        if not isinstance(data, dict):
            raise _refused("needs an object")
        entries = {}
        for name, value in data.items():
            try:
                entries[names.validate_python(name)] = values.validate_python(value)
            except ValidationError as error:
                inner = within(f"[{shown(name)}]", _first(error))
                raise _refused(inner.why, inner.field) from None
        return FrozenMap(entries)

    return Annotated[FrozenMap, PlainValidator(read_map)]


def _refused(why: str, inner: str = "") -> PydanticCustomError:
    """The error of a validator, which pydantic collects; `inner` is a path that leads on from where it stands."""
    return PydanticCustomError("refused", "{why}", {"why": why, "inner": inner})


def _first(error: ValidationError) -> InputError:
    """The first of the errors, as this library says it."""
    first = error.errors(include_url=False, include_input=False)[0]
    context = first.get("ctx", {})
    words = _WORDS.get(first["type"])
    path = ""
    for key in first["loc"]:
        path = joined(path, step(key))
    return InputError(joined(path, context.get("inner", "")), words.format(**context) if words else first["msg"])


def _read_whole(value: object) -> int:
    if type(value) is str and _WHOLE.fullmatch(value):
        try:
            return int(value)
        except ValueError:  # the interpreter was told to convert fewer digits
            pass
    raise _refused(f"needs a whole number written as a text of at most {MAX_DIGITS} digits")


def _read_decimal(value: object) -> Decimal:
    if type(value) is str and len(value) <= MAX_DIGITS and _DECIMAL.fullmatch(value):
        return Decimal(value)
    raise _refused(f"needs a decimal number written as a text of at most {MAX_DIGITS} digits")


def _read_fraction(value: object) -> Fraction:
    if type(value) is str:
        numerator, _, denominator = value.partition("/")
        if (divisor := _read_whole(denominator)) > 0:
            return Fraction(_read_whole(numerator), divisor)
    raise _refused("needs an exact ratio written as a text, such as 7/3")


def _read_instant(value: object) -> datetime:
    if type(value) is str and _INSTANT.fullmatch(value):
        try:
            return datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise _refused("needs an ISO 8601 instant with its time zone, such as 2026-05-26T16:00:00Z")


_TEXT = Annotated[str, Strict(), Field(min_length=0)]
"""With a limit, though it forbids no length, pydantic looks inside and refuses lone surrogates."""
_COUNT = Annotated[int, Strict(), Field(ge=-MAX_SAFE_INTEGER, le=MAX_SAFE_INTEGER)]
_AMOUNT = Annotated[int, PlainValidator(_read_whole)]
_LEAVES: dict[Any, Any] = {
    str: _TEXT,
    bool: Annotated[bool, Strict()],
    Decimal: Annotated[Decimal, PlainValidator(_read_decimal)],
    Fraction: Annotated[Fraction, PlainValidator(_read_fraction)],
    datetime: Annotated[datetime, PlainValidator(_read_instant)],
}

_WORDS = {
    "missing": "is missing",
    "tuple_type": "needs an array",
    "too_long": "has more than {max_length} items",
    "string_type": "needs a text",
    "string_unicode": "needs a text in Unicode without lone surrogates",
    "bool_type": "needs true or false",
    "int_type": "needs a whole number",
    "greater_than_equal": "needs a whole number of less than 2**53",
    "less_than_equal": "needs a whole number of less than 2**53",
    "literal_error": "needs {expected}",
}
"""What is said for pydantic's kinds of error; those not here speak for themselves."""


def _nothing_more(value: Any) -> None:
    """Its fields are all there is to check."""


def _check_posting(posting: Posting) -> None:
    if posting.millicredits <= 0:
        raise InputError("millicredits", "a posting moves more than 0")


def _check_cycle(cycle: Cycle) -> None:
    if cycle.end <= cycle.start:
        raise InputError("end", "is not later than start")
    if cycle.number < 1:
        raise InputError("number", "cycles are counted from 1")


def _check_rule(rule: CycleRule) -> None:
    """A rule that no card can have would keep the ledger rolling over for ever, or end it in another exception."""
    for name, longest in _LONGEST_PERIOD.items():
        if not 0 <= getattr(rule, name) <= longest:
            raise InputError(name, f"needs 0 to {longest:,}")
    if (rule.days == 0) == (rule.months == 0):
        raise InputError("days", "a cycle has either days or months")
    try:
        ZoneInfo(rule.timezone)
    except (LookupError, ValueError, OSError):
        # OSError: the name of one of the database's folders, such as "Asia", or one too long for any file.
        raise InputError("timezone", "needs a time zone of the IANA database, such as Asia/Shanghai") from None


_CHECKS: dict[type, Callable[[Any], None]] = {Posting: _check_posting, Cycle: _check_cycle, CycleRule: _check_rule}
"""Checks of NamedTuples, which cannot check themselves, where a wrong value would end in worse than a wrong sum."""
