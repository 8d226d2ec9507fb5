"""Zones' clocks as integers: how far ahead of UTC they are, and when that changes.

`OffPeakHours.covers` asks a zone for its clock at each instant, which columns cannot. They add to an instant what its
zone is ahead of UTC, which stays the same between the changes listed here. Where a clock is put forward and back every
year there is no last change; such a zone is followed up to `FOLLOWED_UNTIL`, and later instants are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from mimo_credits.exact import ticks
from mimo_credits.instants import FIRST_INSTANT

DAY = 86_400_000_000
"""Microseconds in a day."""

FOLLOWED_UNTIL = datetime(2051, 1, 1, tzinfo=UTC)
"""Up to here a clock that is put forward and back for ever is followed."""

_REGULAR_FROM = datetime(2101, 1, 1, tzinfo=UTC)
"""From here on each year of a zone is like the next one: all that its database lists singly ends before."""

_STEP = timedelta(days=1)


def micros(instant: datetime) -> int:
    """Microseconds since 1970."""
    return ticks(instant - FIRST_INSTANT)


def moment(microseconds: int) -> datetime:
    """The instant so many microseconds after the beginning of 1970."""
    return FIRST_INSTANT + timedelta(microseconds=microseconds)


def ahead(zone: ZoneInfo, since: datetime, until: datetime) -> Iterator[tuple[datetime, int]]:
    """By how many microseconds the zone is ahead of UTC from `since` on, and again from each change before `until`."""
    yield since, _ahead(zone, since)
    for at in _changes(zone):
        if since < at < until:
            yield at, _ahead(zone, at)


def steady(zone: ZoneInfo, since: datetime, until: datetime) -> int | None:
    """By how many microseconds the zone is ahead of UTC from `since` to `until`; None where its clock is changed."""
    if until >= _REGULAR_FROM and not is_settled(zone):
        return None
    (_, offset), *changes = ahead(zone, since, until)
    return None if changes else offset


def of_day(clock: time) -> int:
    """Microseconds since midnight."""
    return ticks(
        timedelta(hours=clock.hour, minutes=clock.minute, seconds=clock.second, microseconds=clock.microsecond)
    )


@cache
def is_settled(zone: ZoneInfo) -> bool:
    """Whether the zone's clock is some day changed for the last time: its regular years have no change."""
    year = (_REGULAR_FROM + number * _STEP for number in range(367))
    return len({_ahead(zone, day) for day in year}) == 1


@cache
def _changes(zone: ZoneInfo) -> tuple[datetime, ...]:
    """The instants since 1970 at which the zone's distance from UTC changes."""
    found = []
    day, offset = FIRST_INSTANT, _ahead(zone, FIRST_INSTANT)
    while day < _REGULAR_FROM:
        if (after := _ahead(zone, day + _STEP)) != offset:
            found.append(_change(zone, day, day + _STEP))
            offset = after
        day += _STEP
    return tuple(found)


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first second at which the distance is no longer that of `before`."""
    start, low, high = _ahead(zone, before), 0, int((after - before).total_seconds())
    while high - low > 1:
        middle = (low + high) // 2
        if _ahead(zone, before + timedelta(seconds=middle)) == start:
            low = middle
        else:
            high = middle
    return before + timedelta(seconds=high)


def _ahead(zone: ZoneInfo, at: datetime) -> int:
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None, "a zone knows its clock"
    return ticks(offset)
