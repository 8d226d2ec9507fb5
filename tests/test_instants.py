"""Instants enter aware and become UTC, or are refused by name."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimo_credits import InputError
from mimo_credits.instants import FIRST_INSTANT, LAST_INSTANT, from_unix, from_unix_ms, parse_instant, to_utc

BEIJING = ZoneInfo("Asia/Shanghai")


def refused(function, *arguments) -> InputError:
    with pytest.raises(InputError) as caught:
        function(*arguments)
    return caught.value


@given(st.datetimes(datetime(1970, 1, 2), datetime(8999, 12, 30), timezones=st.timezones()))
def test_any_aware_instant_becomes_the_same_one_in_utc(instant):
    found = to_utc(instant)
    assert found.tzinfo is UTC
    assert found - instant.astimezone(UTC) == timedelta(0)
    assert to_utc(found) is found


def test_the_same_wall_clock_in_two_zones_is_two_instants():
    assert to_utc(datetime(2026, 5, 27, tzinfo=BEIJING)) == datetime(2026, 5, 26, 16, tzinfo=UTC)
    assert to_utc(datetime(2026, 5, 27, tzinfo=UTC)) == datetime(2026, 5, 27, tzinfo=UTC)


class Nowhere(tzinfo):
    """A zone that does not know its offset: Python calls such a datetime naive too."""

    def utcoffset(self, when):
        return None

    def tzname(self, when):
        return None

    def dst(self, when):
        return None


@pytest.mark.parametrize("zone", [None, Nowhere()], ids=["no zone", "a zone without an offset"])
def test_a_naive_instant_is_refused_with_its_field(zone):
    error = refused(to_utc, datetime(2026, 5, 27, 8, 30, tzinfo=zone), "expires_at")
    assert error.field == "expires_at"
    assert str(error) == "expires_at: 2026-05-27T08:30:00 is naive: say its time zone"


@pytest.mark.parametrize("thing", [None, "2026-05-27T00:00:00Z", 1_779_840_000, date(2026, 5, 27)])
def test_what_is_no_datetime_is_refused(thing):
    error = refused(to_utc, thing)
    assert (error.field, error.why) == ("at", f"needs an aware datetime, not {thing!r}")


@pytest.mark.parametrize(
    "instant",
    [
        datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(1970, 1, 1, 7, 59, 59, tzinfo=BEIJING),
        datetime(9000, 1, 1, tzinfo=UTC),
        datetime(9000, 1, 1, 8, tzinfo=BEIJING),
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1))),
        datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-2))),
    ],
)
def test_instants_outside_the_calendar_are_refused(instant):
    assert "outside the years 1970 to 8999" in refused(to_utc, instant).why


def test_the_calendar_is_half_open():
    assert to_utc(FIRST_INSTANT) == datetime(1970, 1, 1, tzinfo=UTC)
    assert to_utc(LAST_INSTANT - timedelta(microseconds=1)).year == 8999


@pytest.mark.parametrize(
    "text",
    ["2026-05-27T00:00:00+08:00", "2026-05-26T16:00:00Z", "2026-05-26 16:00:00+00:00", "20260526T120000-0400"],
)
def test_iso_8601_with_an_offset_is_read(text):
    assert parse_instant(text) == datetime(2026, 5, 26, 16, tzinfo=UTC)
    assert parse_instant(text).tzinfo is UTC


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01T00:00:00Z", "27.05.2026 00:00", "2026-05-27T25:00:00Z"])
def test_other_text_is_refused_with_an_example(text):
    error = refused(parse_instant, text, "timestamp")
    assert error.field == "timestamp"
    assert error.why == f"{text!r} is not an ISO 8601 instant such as 2026-05-27T00:00:00+08:00"


@pytest.mark.parametrize("text", ["2026-05-27", "2026-05-27T00:00:00"])
def test_text_without_an_offset_is_naive(text):
    assert "is naive" in refused(parse_instant, text).why


def test_unix_seconds_are_read_in_utc():
    assert from_unix(0) == FIRST_INSTANT
    assert from_unix(1_779_811_200) == datetime(2026, 5, 26, 16, tzinfo=UTC)


@pytest.mark.parametrize("seconds", [-1, 10**11 * 3, 1_779_811_200_000, 10**30])
def test_seconds_outside_the_calendar_are_refused(seconds):
    """A thousand times too many is milliseconds, the usual mistake."""
    assert refused(from_unix, seconds).field == "created"


def test_what_python_cannot_count_from_1970_is_named():
    assert refused(from_unix, 10**30).why == f"{10**30} is not an instant in seconds since 1970"


def test_unix_milliseconds_are_read_exactly():
    assert from_unix_ms(0) == FIRST_INSTANT
    assert from_unix_ms(1_779_811_200_123) == datetime(2026, 5, 26, 16, 0, 0, 123_000, tzinfo=UTC)


def test_milliseconds_outside_the_calendar_are_refused():
    assert refused(from_unix_ms, -1).why.endswith("lies outside the years 1970 to 8999")
    assert refused(from_unix_ms, 10**15).why == f"{10**15} is not an instant in milliseconds since 1970"
