"""The compiled table: bands, off-peak rows and hours, names, and rates that are absent."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimo_credits.table import (
    AUDIO_SECOND,
    CACHE_HIT,
    CACHE_MISS,
    IMAGE,
    METERS,
    OUTPUT,
    SECONDS_PER_HOUR,
    UNLIMITED,
    WEB_SEARCH,
    OffPeakHours,
    RateRows,
    Rates,
)
from tests.made_cards import CARD, card_of

TICK = timedelta(microseconds=1)
MINUTE = timedelta(minutes=1)

BEIJING_NIGHT = OffPeakHours(time(0), time(8), ZoneInfo("Asia/Shanghai"))


def utc(*numbers: int) -> datetime:
    return datetime(*numbers, tzinfo=UTC)


# --- rates ------------------------------------------------------------------------------------------------------------


def test_the_meters_in_the_order_of_a_quotes_lines():
    assert METERS == (CACHE_HIT, CACHE_MISS, OUTPUT, AUDIO_SECOND, WEB_SEARCH, IMAGE)
    assert METERS == ("cache_hit", "cache_miss", "output", "audio_second", "web_search", "image")
    assert SECONDS_PER_HOUR == 3600


def test_a_rate_is_given_with_its_unit():
    rates = Rates("m", 0, UNLIMITED, 1, 2, 3, 4)
    assert [rates.of(meter) for meter in (CACHE_HIT, CACHE_MISS, OUTPUT)] == [(1, "token"), (2, "token"), (3, "token")]
    assert rates.of(AUDIO_SECOND) == (4, "hour")


def test_asking_for_a_rate_that_is_absent_is_our_own_bug():
    with pytest.raises(AssertionError, match="m has no rate for output"):
        Rates("m", 0, UNLIMITED, 1, 2, None, None).of(OUTPUT)


@pytest.mark.parametrize("absent", ["cache_hit", "cache_miss", "output"])
def test_only_models_all_of_whose_token_rates_are_known_are_charged_without_a_second_look(absent):
    whole = Rates("m", 0, 100, 1, 2, 3, None)
    partial = Rates("m", 1, 200, 4, 5, 6, None)._replace(**{absent: None})
    rows = RateRows({"whole": (whole,), "partial": (whole, partial)})
    assert rows.bands == {"whole": (whole,), "partial": (whole, partial)}
    assert rows.tokens == {"whole": ((100, 1, 2, 3, whole),)}


def test_a_rate_of_zero_is_known():
    free = Rates("m", 0, UNLIMITED, 0, 0, 0, None)
    assert RateRows({"m": (free,)}).tokens["m"] == ((UNLIMITED, 0, 0, 0, free),)


# --- a compiled card --------------------------------------------------------------------------------------------------


def test_rates_are_compiled_to_millicredits_by_band():
    table = CARD.table
    assert table.peak.bands["flat"] == (Rates("flat", 0, UNLIMITED, 3_000, 3_000, 3_000, None),)
    assert table.peak.bands["triple"] == (Rates("triple", 0, UNLIMITED, 250, 7_000, 11_500, None),)
    assert table.peak.bands["speech"] == (Rates("speech", 0, UNLIMITED, 0, 0, 0, 7_000),)
    assert table.peak.bands["deaf"] == (Rates("deaf", 0, UNLIMITED, 1_000, 2_000, None, None),)
    assert table.peak.bands["banded"] == (
        Rates("banded", 0, 100, 1_000, 5_000, 13_000, None),
        Rates("banded", 1, 200, 2_000, 10_000, 17_000, None),
        Rates("banded", 2, 300, 4_000, 20_000, 29_000, None),
    )


def test_off_peak_rates_are_the_peak_rates_times_the_factor():
    assert CARD.table.off_peak.bands["triple"] == (Rates("triple", 0, UNLIMITED, 200, 5_600, 9_200, None),)
    assert CARD.table.off_peak.bands["banded"][2] == Rates("banded", 2, 300, 3_200, 16_000, 23_200, None)
    assert CARD.table.off_peak.bands["sound"][0].audio_hour == 2_880_000
    assert CARD.table.rows(off_peak=True) is CARD.table.off_peak
    assert CARD.table.rows(off_peak=False) is CARD.table.peak


def test_prices_are_compiled_by_currency_and_know_no_off_peak():
    prices = CARD.table.prices
    assert set(prices) == {"USD", "CNY"}
    assert set(prices["CNY"]) == {"free"}
    assert [row.output for row in prices["USD"]["banded"]] == [3, 4, 5]
    assert [row.limit for row in prices["USD"]["banded"]] == [100, 200, 300]
    assert prices["USD"]["cash"][0].cache_hit == Decimal(13)


def test_an_alias_is_the_model_that_it_stands_for():
    assert CARD.table.peak.bands["acme/flat"] is CARD.table.peak.bands["flat"]
    assert CARD.table.peak.bands["acme/flat"][0].model == "flat"
    assert CARD.table.prices["USD"]["acme/cash"] == CARD.table.prices["USD"]["cash"]


def test_what_is_not_in_the_plan_is_known_but_has_no_credit_rates():
    table = CARD.table
    assert table.not_in_plan == {"cash", "acme/cash"}
    assert not table.not_in_plan & set(table.peak.bands)
    plan = {"flat", "acme/flat", "triple", "free", "speech", "sound", "deaf", "banded"}
    assert table.known_models() == plan | {"cash", "acme/cash"}


def test_the_table_says_whose_it_is():
    assert (CARD.table.card_id, CARD.table.digest) == (CARD.id, CARD.sha256)
    assert CARD.table.rounding == "half-up"
    assert CARD.table.hours == BEIJING_NIGHT


def test_a_card_without_off_peak_hours_is_never_off_peak():
    table = CARD.derive({"off_peak": None}).table
    assert table.hours is None
    assert not table.is_off_peak(utc(2026, 1, 2, 18))
    assert table.off_peak is table.peak


def test_without_an_instant_the_peak_holds():
    assert CARD.table.is_off_peak(None) is False
    assert CARD.table.is_off_peak(utc(2026, 1, 2, 18)) is True
    assert CARD.table.is_off_peak(utc(2026, 1, 2, 6)) is False


def test_every_card_compiles_its_own_table():
    assert card_of("2026-02-01").table.card_id == "2026-02-01.1"


# --- off-peak hours ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instant", "off_peak"),
    [
        (utc(2026, 5, 3, 15, 59, 59, 999_999), False),
        (utc(2026, 5, 3, 16), True),
        (utc(2026, 5, 3, 23, 59, 59, 999_999), True),
        (utc(2026, 5, 4), False),
    ],
)
def test_the_night_is_half_open_to_the_microsecond(instant, off_peak):
    assert BEIJING_NIGHT.covers(instant) is off_peak
    assert BEIJING_NIGHT.covers(instant.astimezone(ZoneInfo("America/New_York"))) is off_peak


@pytest.mark.parametrize(
    ("clock", "off_peak"),
    [
        (time(21, 59), False),
        (time(22), True),
        (time(23, 59), True),
        (time(0), True),
        (time(5, 59), True),
        (time(6), False),
        (time(12), False),
    ],
)
def test_a_window_may_run_over_midnight(clock, off_peak):
    hours = OffPeakHours(time(22), time(6), ZoneInfo("UTC"))
    assert hours.covers(datetime.combine(utc(2026, 5, 3), clock, UTC)) is off_peak


def test_a_window_that_ends_at_midnight_reaches_the_days_end():
    hours = OffPeakHours(time(20), time(0), ZoneInfo("UTC"))
    assert hours.covers(utc(2026, 5, 3, 23, 59, 59))
    assert not hours.covers(utc(2026, 5, 4))


def test_steady_times_reach_to_the_next_edge_where_no_clock_is_changed():
    """One promise for sixteen hours, not one for each microsecond: that is what makes runs of usage fast."""
    assert BEIJING_NIGHT.steady_until(utc(2026, 5, 4)) == utc(2026, 5, 4, 16)
    assert BEIJING_NIGHT.steady_until(utc(2026, 5, 4, 15, 59)) == utc(2026, 5, 4, 16)
    assert BEIJING_NIGHT.steady_until(utc(2026, 5, 4, 16)) == utc(2026, 5, 5)
    berlin = OffPeakHours(time(22), time(6), ZoneInfo("Europe/Berlin"))
    assert berlin.steady_until(utc(2026, 7, 1, 12)) == utc(2026, 7, 1, 20)
    assert berlin.steady_until(utc(2026, 7, 1, 20)) == utc(2026, 7, 2, 4)


ZONES = ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Africa/Cairo", "America/Havana", "Australia/Lord_Howe")
"""Cairo's and Havana's clocks change at midnight, Lord Howe's by half an hour."""


def changes_of(zone: str) -> list[datetime]:
    """The instants of 2026, to the half hour, at which the zone's clock is put forward or back."""
    home, halves = ZoneInfo(zone), [utc(2026, 1, 1) + timedelta(minutes=30 * half) for half in range(48 * 365)]
    offsets = [half.astimezone(home).utcoffset() for half in halves]
    return [halves[i] for i in range(1, len(halves)) if offsets[i] != offsets[i - 1]]


CHANGES = {zone: changes_of(zone) for zone in ZONES}

clocks = st.builds(time, st.integers(0, 23), st.sampled_from([0, 0, 15, 30, 59]))
windows = st.tuples(clocks, clocks).filter(lambda edges: edges[0] != edges[1])


@st.composite
def hours_and_instants(draw) -> tuple[OffPeakHours, datetime]:
    """Any window, and an instant of 2026, often within a day of a change of the clock."""
    zone = draw(st.sampled_from(ZONES))
    start, end = draw(windows)
    anywhere = st.datetimes(datetime(2026, 1, 2), datetime(2026, 12, 30), timezones=st.just(UTC))
    if CHANGES[zone]:
        near = st.integers(-26 * 60, 120).map(lambda minutes: minutes * MINUTE)
        anywhere |= st.builds(lambda change, away: change + away, st.sampled_from(CHANGES[zone]), near)
    return OffPeakHours(start, end, ZoneInfo(zone)), draw(anywhere)


def test_the_zones_do_change_their_clocks():
    assert [len(CHANGES[zone]) for zone in ZONES] == [0, 2, 2, 2, 2, 2]


@given(hours_and_instants())
def test_steady_times_never_promise_too_much(case):
    """Edges and changes of the clock fall on whole minutes, so to look at each minute is to look at every instant."""
    hours, instant = case
    until = hours.steady_until(instant)
    assert instant < until <= instant + timedelta(days=1, hours=1)
    minute = instant.replace(second=0, microsecond=0) + MINUTE
    moments = [until - TICK]
    while minute < until:
        moments.append(minute)
        minute += MINUTE
    assert {hours.covers(moment) for moment in moments} == {hours.covers(instant)}


@pytest.mark.parametrize("start", [time(2), time(2, 30), time(3)])
def test_an_edge_that_the_clock_jumps_over_comes_with_the_jump(start):
    """Berlin's clock goes from 2:00 to 3:00 at 01:00 UTC: a window from 2:30 begins then, not at the 2:30 that is not."""
    hours = OffPeakHours(start, time(5), ZoneInfo("Europe/Berlin"))
    before, jump = utc(2026, 3, 29, 0, 30), utc(2026, 3, 29, 1)
    assert [hours.covers(instant) for instant in (before, jump - TICK, jump)] == [False, False, True]
    assert hours.steady_until(before) <= jump


def test_an_edge_that_comes_twice_is_kept_both_times():
    """On 25 October Berlin's clock shows 2:30 twice; a night from 2:30 begins, is interrupted at 3:00, and begins again."""
    hours = OffPeakHours(time(2, 30), time(5), ZoneInfo("Europe/Berlin"))
    moments = [
        utc(2026, 10, 25, hour, minute) for hour, minute in ((0, 29), (0, 30), (0, 59), (1, 0), (1, 29), (1, 30))
    ]
    assert [hours.covers(moment) for moment in moments] == [False, True, True, False, False, True]
    instant = utc(2026, 10, 25, 0, 45)
    assert hours.steady_until(instant) <= utc(2026, 10, 25, 1)
