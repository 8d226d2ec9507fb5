"""Billing cycles: counted from the anchor, on the card's clock, in every zone and over many years."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimo_credits.cycle import Cycle, CycleRule, first_cycle, next_cycle

ZONES = (
    "UTC",
    "Asia/Shanghai",
    "Asia/Kathmandu",  # 5:45 ahead
    "Europe/Berlin",
    "America/New_York",
    "Africa/Cairo",  # puts its clock forward at midnight, so that some midnights do not exist
    "Australia/Lord_Howe",  # puts it forward by half an hour
    "Pacific/Apia",  # had no 30 December 2011
)
MONTHLY = CycleRule(0, 1, "day-end", "UTC")
THIRTY_DAYS = CycleRule(30, 0, "day-end", "UTC")
YEARLY = CycleRule(0, 12, "day-end", "UTC")

zones = st.sampled_from(ZONES)
boundaries = st.sampled_from(["instant", "day-end"])
anchors = st.datetimes(datetime(2000, 1, 1), datetime(2080, 1, 1), timezones=st.just(UTC))
rules = st.builds(
    lambda period, boundary, zone: CycleRule(*period, boundary, zone),
    st.sampled_from([(30, 0), (7, 0), (2, 0), (0, 1), (0, 3), (0, 12)]),
    boundaries,
    zones,
)


def utc(year, month, day, hour=0, minute=0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def months_after(day: date, count: int) -> date:
    """By hand: the same day of the month, or that month's last."""
    years, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(years, month + 1, min(day.day, monthrange(years, month + 1)[1]))


def ends(rule: CycleRule, anchor: datetime, count: int) -> list[datetime]:
    return [rule.end_of(anchor, number) for number in range(1, count + 1)]


# --- to the day -------------------------------------------------------------------------------------------------------


def test_bought_on_28_march_a_calendar_month_ends_with_28_april():
    cycle = first_cycle(MONTHLY, utc(2027, 3, 28, 15, 30))
    assert cycle == Cycle(utc(2027, 3, 28, 15, 30), utc(2027, 4, 29), utc(2027, 3, 28, 15, 30), 1, MONTHLY)


def test_thirty_days_are_whole_days_after_the_day_of_purchase():
    assert first_cycle(THIRTY_DAYS, utc(2026, 4, 10, 1)).end == utc(2026, 5, 11)
    assert first_cycle(THIRTY_DAYS, utc(2026, 4, 10, 23, 59)).end == utc(2026, 5, 11)
    assert first_cycle(THIRTY_DAYS, utc(2026, 4, 11)).end == utc(2026, 5, 12)


def test_the_31st_clamps_to_short_months_and_comes_back():
    """Over two years, one of them a leap year; each cycle ends with the day named here."""
    last_days = [
        *("02-28", "03-31", "04-30", "05-31", "06-30", "07-31", "08-31", "09-30", "10-31", "11-30", "12-31", "01-31"),
        *("02-29", "03-31", "04-30", "05-31", "06-30", "07-31", "08-31", "09-30", "10-31", "11-30", "12-31", "01-31"),
    ]
    found = ends(MONTHLY, utc(2027, 1, 31, 9), 24)
    assert [f"{end - timedelta(days=1):%m-%d}" for end in found] == last_days


def test_29_february_comes_back_in_leap_years():
    found = ends(YEARLY, utc(2028, 2, 29, 9), 5)
    assert [end - timedelta(days=1) for end in found] == [
        *(utc(2029, 2, 28), utc(2030, 2, 28), utc(2031, 2, 28), utc(2032, 2, 29), utc(2033, 2, 28)),
    ]


def test_an_instant_boundary_keeps_the_time_of_day():
    rule = CycleRule(0, 1, "instant", "UTC")
    assert ends(rule, utc(2027, 1, 31, 9, 30), 3) == [
        utc(2027, 2, 28, 9, 30),
        utc(2027, 3, 31, 9, 30),
        utc(2027, 4, 30, 9, 30),
    ]


def test_an_instant_boundary_keeps_the_time_of_day_of_its_zone():
    """Bought at 9:30 in Berlin in winter, it ends at 9:30 in Berlin in summer, an hour earlier in UTC."""
    rule = CycleRule(0, 1, "instant", "Europe/Berlin")
    assert ends(rule, utc(2027, 3, 1, 8, 30), 2) == [utc(2027, 4, 1, 7, 30), utc(2027, 5, 1, 7, 30)]


def test_the_day_is_the_zones_day():
    """27 May 20:00 UTC is 28 May in Beijing: the cycle ends with 28 June there, at 16:00 UTC."""
    rule = CycleRule(0, 1, "day-end", "Asia/Shanghai")
    assert rule.end_of(utc(2026, 5, 27, 20), 1) == utc(2026, 6, 28, 16)
    assert rule.end_of(utc(2026, 5, 27, 15), 1) == utc(2026, 6, 27, 16)


def test_a_midnight_that_does_not_exist_ends_the_day_when_the_clock_is_put_forward():
    rule = CycleRule(1, 0, "day-end", "Africa/Cairo")
    end = rule.end_of(utc(2026, 4, 22, 12), 1)
    assert end == utc(2026, 4, 23, 22)
    assert end.astimezone(ZoneInfo("Africa/Cairo")).time() == time(1)


# --- laws -------------------------------------------------------------------------------------------------------------

OVER_FIFTY_YEARS = [
    utc(2024, 2, 29, 12),
    utc(2026, 1, 31, 23, 30),
    utc(2026, 3, 31, 1, 5),
    utc(2026, 4, 30),
    utc(2026, 5, 10, 3, 59),
    utc(2027, 12, 31, 17),
]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("anchor", OVER_FIFTY_YEARS, ids=lambda anchor: f"{anchor:%m-%d}")
def test_fifty_years_of_months_never_drift(zone, anchor):
    """Each end is the midnight, on the zone's clock, after the anchor's day of that month, or after the month's last."""
    rule = CycleRule(0, 1, "day-end", zone)
    home = ZoneInfo(zone)
    bought = anchor.astimezone(home).date()
    found = ends(rule, anchor, 600)
    for number, end in enumerate(found, start=1):
        midnight = datetime.combine(months_after(bought, number) + timedelta(days=1), time(), home)
        assert end == midnight.astimezone(UTC)
    assert all(earlier < later for earlier, later in pairwise([anchor, *found]))


@given(anchors, rules, st.integers(1, 300))
def test_ends_rise_strictly_and_lie_in_utc(anchor, rule, number):
    end, after = rule.end_of(anchor, number), rule.end_of(anchor, number + 1)
    assert anchor < end < after
    assert end.tzinfo is UTC


@given(anchors, boundaries, zones, st.integers(1, 300))
def test_ends_of_one_day_cycles_never_fall(anchor, boundary, zone, number):
    rule = CycleRule(1, 0, boundary, zone)
    assert anchor < rule.end_of(anchor, 1) <= rule.end_of(anchor, number) <= rule.end_of(anchor, number + 1)


@pytest.mark.parametrize(("boundary", "end"), [("instant", utc(2011, 12, 30, 12)), ("day-end", utc(2011, 12, 30, 10))])
def test_a_cycle_of_a_day_that_the_zone_skipped_has_no_length(boundary, end):
    """It begins where the one before it ends, and ends there, too."""
    rule = CycleRule(1, 0, boundary, "Pacific/Apia")
    one_day = timedelta(days=1)
    found = ends(rule, utc(2011, 12, 27, 12), 5)
    first = found.index(end)
    assert found[first - 1 : first + 3] == [end - one_day, end, end, end + one_day]


@given(anchors, st.sampled_from([7, 30, 365]), zones, st.integers(1, 300))
def test_cycles_of_days_are_that_many_days_on_the_zones_clock(anchor, days, zone, number):
    home = ZoneInfo(zone)
    bought = anchor.astimezone(home).date()
    end = CycleRule(days, 0, "day-end", zone).end_of(anchor, number)
    last_moment = (end - timedelta(microseconds=1)).astimezone(home)
    assert last_moment.date() == bought + timedelta(days=days * number)


@given(anchors, rules, st.integers(1, 60))
def test_rolling_is_counting_from_the_anchor(anchor, rule, count):
    """Half-open and without a gap: each cycle starts where the one before it ends, however many have passed."""
    cycle = first_cycle(rule, anchor)
    assert (cycle.start, cycle.anchor, cycle.number) == (anchor, anchor, 1)
    for number in range(2, count + 2):
        rolled = next_cycle(cycle, rule)
        assert rolled == Cycle(cycle.end, rule.end_of(anchor, number), anchor, number, rule)
        cycle = rolled


# --- another rule -----------------------------------------------------------------------------------------------------


def test_a_new_rule_counts_from_the_last_day_of_the_old_cycle():
    """30 days bought on 10 May end at 00:00 UTC on 10 June; the calendar month after it ends with 9 July, then 9 August."""
    old = first_cycle(THIRTY_DAYS, utc(2026, 5, 10, 9))
    assert old.end == utc(2026, 6, 10)
    new = next_cycle(old, MONTHLY)
    assert (new.start, new.end, new.number) == (utc(2026, 6, 10), utc(2026, 7, 10), 1)
    assert next_cycle(new, MONTHLY).end == utc(2026, 8, 10)


def test_a_new_rule_on_a_months_last_day_keeps_that_day():
    old = first_cycle(CycleRule(7, 0, "day-end", "UTC"), utc(2027, 1, 24, 12))
    assert old.end == utc(2027, 2, 1)
    cycles = [next_cycle(old, MONTHLY)]
    for _ in range(3):
        cycles.append(next_cycle(cycles[-1], MONTHLY))
    assert [cycle.end for cycle in cycles] == [utc(2027, 3, 1), utc(2027, 4, 1), utc(2027, 5, 1), utc(2027, 6, 1)]


def test_a_new_rule_that_ends_at_the_instant_counts_from_the_boundary():
    old = first_cycle(THIRTY_DAYS, utc(2026, 5, 10, 9))
    new = next_cycle(old, CycleRule(0, 1, "instant", "UTC"))
    assert (new.start, new.end, new.anchor) == (utc(2026, 6, 10), utc(2026, 7, 10), utc(2026, 6, 10))


@pytest.mark.parametrize(
    "other",
    [
        CycleRule(31, 0, "day-end", "UTC"),
        CycleRule(0, 1, "day-end", "UTC"),
        CycleRule(30, 0, "instant", "UTC"),
        CycleRule(30, 0, "day-end", "Asia/Shanghai"),
    ],
    ids=["days", "months", "boundary", "zone"],
)
def test_each_part_of_a_rule_makes_it_another(other):
    third = next_cycle(next_cycle(first_cycle(THIRTY_DAYS, utc(2026, 4, 10)), THIRTY_DAYS), THIRTY_DAYS)
    assert third.number == 3
    changed = next_cycle(third, other)
    assert (changed.start, changed.number, changed.rule) == (third.end, 1, other)
    assert next_cycle(changed, other).anchor == changed.anchor


@given(anchors, rules, rules)
def test_whatever_the_new_rule_the_next_cycle_follows_without_a_gap(anchor, old, new):
    cycle = next_cycle(first_cycle(old, anchor), old)
    follower = next_cycle(cycle, new)
    assert follower.start == cycle.end < follower.end
    assert follower.rule == new
