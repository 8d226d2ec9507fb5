"""Instants: aware, in UTC from the moment they enter, and inside the calendar that cycles are counted in.

Time is an input: nothing here, nor anywhere in the core, asks a clock what time it is.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mimo_credits.errors import InputError, shown

FIRST_INSTANT = datetime(1970, 1, 1, tzinfo=UTC)
LAST_INSTANT = datetime(9000, 1, 1, tzinfo=UTC)


def to_utc(instant: object, field: str = "at") -> datetime:
    """The same instant in UTC. Raises `InputError` for anything but an aware datetime from 1970 up to 9000."""
    if not isinstance(instant, datetime):
        raise InputError(field, f"needs an aware datetime, not {shown(instant)}")
    if instant.tzinfo is not UTC:
        if instant.utcoffset() is None:
            raise InputError(field, f"{instant.isoformat()} is naive: say its time zone")
        try:
            instant = instant.astimezone(UTC)
        except OverflowError:
            raise InputError(field, f"{instant.isoformat()} lies outside the years 1970 to 8999") from None
    if not FIRST_INSTANT <= instant < LAST_INSTANT:
        raise InputError(field, f"{instant.isoformat()} lies outside the years 1970 to 8999")
    return instant


def parse_instant(text: str, field: str = "at") -> datetime:
    """Reads ISO 8601 with an offset, such as `2026-05-27T00:00:00+08:00` or `…Z`. Raises `InputError`."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(field, f"{shown(text)} is not an ISO 8601 instant such as 2026-05-27T00:00:00+08:00") from None
    if instant.tzinfo is None:
        raise InputError(
            field, f"{text} is naive, it has no time zone: write {instant.isoformat()}+08:00, or what its zone is"
        )
    return to_utc(instant, field)


def from_unix(seconds: int, field: str = "created") -> datetime:
    """Reads whole seconds since 1970 in UTC, as the OpenAI-style API writes `created`. Raises `InputError`."""
    try:
        return to_utc(datetime.fromtimestamp(seconds, UTC), field)
    except (ValueError, OverflowError, OSError):
        raise InputError(field, f"{shown(seconds)} is not an instant in seconds since 1970") from None


def from_unix_ms(milliseconds: int, field: str = "created") -> datetime:
    """Reads whole milliseconds since 1970 in UTC, as JavaScript writes instants. Raises `InputError`."""
    try:
        return to_utc(FIRST_INSTANT + timedelta(milliseconds=milliseconds), field)
    except OverflowError:
        raise InputError(field, f"{shown(milliseconds)} is not an instant in milliseconds since 1970") from None
