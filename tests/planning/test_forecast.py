"""How fast the pool burns, when it runs out, and which tier the cycle will need."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mimo_credits import (
    Account,
    Burn,
    Grant,
    InputError,
    Posting,
    RateBook,
    Record,
    Subscribe,
    Usage,
    apply,
    burns_of_entries,
    burns_of_records,
    difference,
    fold,
    forecast,
    forecast_account,
    load_book,
    load_card,
    replay,
    rerate,
)

APRIL, MAY = load_card("2026-04-03"), load_card("2026-05-27")
START = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
END = START + 30 * DAY


def days(*credits: int, first: datetime = START) -> list[Burn]:
    """One burn at noon of each day."""
    noon = first + DAY / 2
    return [Burn(noon + number * DAY, f"{number}", amount * 1_000) for number, amount in enumerate(credits)]


def test_the_heavy_loop_says_max_in_april_at_1x_too():
    """130M tokens in five days: 780M in thirty, which no tier below Max holds, whatever the paces of the days."""
    seen = forecast(
        days(26_000_000, 20_000_000, 32_000_000, 26_000_000, 26_000_000), APRIL, START + 5 * DAY, start=START, end=END
    )
    assert seen.mean.by_end == 780_000_000 * 1_000
    assert seen.mean.tier == "max"
    assert (seen.slowest.by_end, seen.slowest.tier) == (630_000_000_000, "pro")
    assert (seen.median.by_end, seen.median.tier) == (780_000_000_000, "max")
    assert (seen.fastest.by_end, seen.fastest.tier) == (930_000_000_000, "max")


def test_at_2x_even_the_slowest_day_says_max():
    seen = forecast(days(*[52_000_000] * 5), APRIL, START + 5 * DAY, start=START, end=END)
    assert {pace.tier for pace in seen.paces} == {"max"}
    assert seen.fastest.by_end == 1_560_000_000_000
    assert {
        pace.tier for pace in forecast(days(*[54_000_000] * 5), APRIL, START + 5 * DAY, start=START, end=END).paces
    } == {None}


def test_it_runs_out_when_stepping_through_the_days_says_so():
    burns, at = days(3, 5, 9, 4), START + 4 * DAY
    seen = forecast(burns, MAY, at, start=START, end=END, remaining=50_000)
    assert [str(pace.per_day) for pace in seen.paces] == ["3000", "5000", "5250", "9000"]
    assert [pace.runs_out_at for pace in seen.paces] == [
        at + 50 * DAY / 3,
        at + 10 * DAY,
        at + timedelta(microseconds=50_000 * 86_400_000_000 // 5_250),
        at + timedelta(microseconds=50_000 * 86_400_000_000 // 9_000),
    ]
    for pace in seen.paces:
        left, now = Fraction(50_000), at
        while left > pace.per_day:
            left, now = left - pace.per_day, now + DAY
        assert now <= pace.runs_out_at <= now + DAY


def test_it_lasts_where_the_cycle_ends_first():
    seen = forecast(days(2), MAY, START + DAY, start=START, end=END, remaining=58_000)
    assert seen.mean.runs_out_at is None  # exactly at the end
    assert forecast(days(2), MAY, START + DAY, start=START, end=END, remaining=57_999).mean.runs_out_at < END
    assert forecast(days(0), MAY, START + DAY, start=START, end=END, remaining=0).mean.runs_out_at is None
    assert forecast(days(1), MAY, START + DAY, start=START, end=END, remaining=0).mean.runs_out_at == START + DAY


def test_whole_days_are_counted_back_from_now_and_idle_ones_count():
    at = START + 3 * DAY + timedelta(hours=7)
    burns = [
        Burn(START, "in no whole day", 100_000),
        Burn(START + timedelta(hours=7), "first", 1_000),
        Burn(at - timedelta(microseconds=1), "last", 5_000),
        Burn(at, "not yet", 900_000),
        Burn(START - DAY, "the cycle before", 70_000),
    ]
    seen = forecast(burns, MAY, at, start=START, end=END)
    assert seen.days == (1_000, 0, 5_000)
    assert seen.observed_from == START + timedelta(hours=7)
    assert seen.used == 106_000
    assert seen.before == (1, 100_000)
    assert str(seen).splitlines()[1] == (
        "  before the first whole day: 1 request, 100 credits, which only the mean counts"
    )
    assert [pace.per_day for pace in seen.paces] == [0, 1_000, Fraction(106_000 * 24, 3 * 24 + 7), 5_000]


def test_the_observation_may_reach_back_before_the_cycle():
    at = START + timedelta(hours=1)
    seen = forecast(days(7, first=START - DAY), MAY, at, start=START, end=END, observed_since=START - DAY)
    assert (seen.days, seen.used) == ((7_000,), 0)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=29))
def test_the_range_is_ordered_and_holds_the_days(credits):
    seen = forecast(days(*credits), MAY, START + len(credits) * DAY, start=START, end=END)
    assert seen.days == tuple(amount * 1_000 for amount in credits)
    rates = sorted(pace.per_day for pace in seen.paces)
    assert (seen.slowest.per_day, seen.fastest.per_day) == (rates[0], rates[-1])
    assert sum(each <= seen.median.per_day for each in seen.days) * 2 >= len(credits)
    assert sum(each >= seen.median.per_day for each in seen.days) * 2 >= len(credits)
    assert seen.mean.per_day * len(credits) == sum(seen.days)
    for pace in seen.paces:
        exact = seen.used + pace.per_day * (30 - len(credits))
        assert exact <= pace.by_end < exact + 1
        holding = [name for name, tier in MAY.tiers.items() if tier.credits * 1_000 >= pace.by_end]
        assert pace.tier == (holding[0] if holding else None)


def test_a_tier_holds_a_cycle_that_is_exactly_its_allowance():
    exact = [Burn(START, "all", 4_100_000_000_000)]
    at = START + DAY + timedelta(hours=1)
    assert forecast(exact, MAY, at, start=START, end=END).slowest.tier == "lite"
    over = [*exact, Burn(START, "more", 1)]
    assert forecast(over, MAY, at, start=START, end=END).slowest.tier == "standard"


def test_an_accounts_segment_is_what_is_observed():
    """After a migration the old days were charged by other rates, so they are not looked at."""
    records = [
        Record(f"r{day}", datetime(2026, 5, day, 12, tzinfo=UTC), Usage("mimo-v2.5-pro", output_tokens=1_000 * day))
        for day in range(20, 31)
    ]
    account, entries = fold(
        Account(), [Subscribe("s", datetime(2026, 5, 20, tzinfo=UTC), "lite"), *records], load_book()
    )
    seen = forecast_account(account, entries, MAY, datetime(2026, 5, 30, 16, tzinfo=UTC))
    assert seen.start == datetime(2026, 5, 26, 16, tzinfo=UTC)
    assert seen.end == account.cycle.end
    assert seen.days == tuple(600 * 1_000 * 1_000 * day for day in (27, 28, 29, 30))
    assert seen.remaining == account.remaining_millicredits == 4_100_000_000_000 - seen.used
    assert seen.used == sum(seen.days)


def test_an_annual_plan_needs_an_annual_pool():
    at = datetime(2026, 6, 2, tzinfo=UTC)
    commands = [
        Subscribe("s", START, "max", interval="annual"),
        Record("r", START, Usage("mimo-v2.5-pro", output_tokens=1_000_000)),
    ]
    account, entries = fold(Account(), commands, load_book())
    seen = forecast_account(account, entries, load_card("2026-06-01"), at)
    assert seen.mean.tier == "pro"  # 600M a day are 219.6e9 a year and a day, above Standard's 132e9 and below Pro's
    assert forecast_account(account, entries, APRIL, at).mean.tier is None  # sold by the year only from May on


PRO = Usage("mimo-v2.5-pro", output_tokens=1_000)
"""600,000 credits."""


@given(
    st.lists(
        st.tuples(st.integers(1, 20), st.integers(2, 40), st.sampled_from([-1, 0, 1])),
        min_size=1,
        max_size=4,
        unique=True,
    ),
    st.integers(1, 30),
)
@settings(max_examples=30)
def test_a_pool_of_pots_that_expire_runs_out_when_the_ledger_says_so(grants, daily):
    """The same pace through the ledger, an hour's worth each hour: the first overage is in the hour that was foretold."""
    small = MAY.derive({"tiers": {"lite": {"credits": 50 * 600_000}}, "off_peak": None})
    book = RateBook.fixed(small)
    commands = [Subscribe("s", START, "lite")]
    for number, (amount, day, priority) in enumerate(grants):
        commands.append(Grant(f"g{number}", START, amount * 3_000_000, START + day * DAY, priority=priority))
    commands += [
        Record(f"r{hour}", START + hour * DAY / 24, replace(PRO, output_tokens=daily * 125)) for hour in range(24)
    ]
    account, entries = fold(Account(), commands, book)
    at = START + DAY
    account = account.as_of(at, book)
    seen = forecast_account(account, entries, small, at).mean
    spent, first = account, None
    hour = timedelta(hours=1)
    instant = at
    while instant < account.plan.cycle.end and first is None:
        spent, made = apply(spent, Record(f"{instant}", instant, replace(PRO, output_tokens=daily * 125)), book)
        if any(isinstance(entry, Posting) and entry.source == "overage" for entry in made):
            first = instant
        instant += hour
    if first is None:
        assert seen.runs_out_at is None or seen.runs_out_at >= account.plan.cycle.end - hour
    else:
        assert first <= seen.runs_out_at <= first + hour


def test_a_grant_that_expires_is_not_spendable_to_the_end():
    commands = [
        Subscribe("s", START, "lite"),
        Grant("g", START, 10**12, START + 2 * DAY),
        Record("r", START, Usage("mimo-v2.5-pro", output_tokens=1_000_000)),
    ]
    account, entries = fold(Account(), commands, load_book())
    seen = forecast_account(account, entries, MAY, START + DAY)
    assert seen.mean.lasts is False
    assert seen.mean.runs_out_at == START + 2 * DAY + DAY * 41 / 6  # 4.1e9 credits at 0.6e9 a day, from then on


def test_a_corrected_segment_is_to_be_rerated_first():
    book, later = RateBook.fixed(MAY), START + 2 * DAY
    commands = [Subscribe("s", START, "lite"), *(Record(f"r{n}", START + n * DAY, PRO) for n in range(3))]
    _, entries = fold(Account(), commands, book)
    told = rerate(commands[:-1], book)
    mended = (*entries, *difference(entries, told.entries))
    with pytest.raises(InputError, match="entries: correct the running segment"):
        forecast_account(replay(mended), mended, MAY, later)
    assert forecast_account(told.account, told.entries, MAY, later).used == 2 * 600_000_000
    renewed = replay(mended).as_of(START + 40 * DAY, book)
    assert forecast_account(renewed, mended, MAY, START + 40 * DAY).used == 0


def test_an_account_without_a_plan_has_no_cycle():
    with pytest.raises(InputError, match="has no plan"):
        forecast_account(Account(), [], MAY, START)


def test_an_account_is_not_looked_at_from_before_its_own_clock():
    account, entries = fold(Account(), [Subscribe("s", START, "lite")], load_book())
    with pytest.raises(InputError, match="lies before the account's last entry"):
        forecast_account(account, entries, MAY, START - DAY)


@pytest.mark.parametrize(
    ("at", "why"),
    [
        (START - DAY, "lies outside the cycle"),
        (END, "lies outside the cycle"),
        (START + DAY - timedelta(microseconds=1), "less than a whole day after"),
        (START.replace(tzinfo=None), "naive"),
    ],
)
def test_what_cannot_be_seen_ahead_is_refused(at, why):
    with pytest.raises(InputError, match=why):
        forecast([], MAY, at, start=START, end=END)


def test_an_observation_that_has_not_begun_is_refused():
    with pytest.raises(InputError, match="less than a whole day"):
        forecast([], MAY, START + DAY, start=START, end=END, observed_since=START + 3 * DAY)


def test_a_forecast_reads_like_this():
    seen = forecast(days(3, 5), MAY, START + 2 * DAY, start=START, end=END, remaining=50_000)
    assert str(seen).splitlines() == [
        "From 2 whole days, on card 2026-05-27.1, until 2026-07-01 00:00 UTC:",
        "  slowest day: 92 credits in the cycle, needs lite, the pool runs out 2026-06-19 16:00 UTC",
        "  median day: 148 credits in the cycle, needs lite, the pool runs out 2026-06-13 00:00 UTC",
        "  mean: 120 credits in the cycle, needs lite, the pool runs out 2026-06-15 12:00 UTC",
        "  fastest day: 148 credits in the cycle, needs lite, the pool runs out 2026-06-13 00:00 UTC",
    ]
    unsaid = forecast(days(10**12), MAY, START + DAY, start=START, end=END)
    assert str(unsaid).startswith("From 1 whole day, on")
    assert str(unsaid.mean) == "mean: 30,000,000,000,000 credits in the cycle, no tier holds it"
    lasting = forecast(days(1), MAY, START + DAY, start=START, end=END, remaining=29_000).mean
    assert str(lasting) == "mean: 30 credits in the cycle, needs lite, the pool lasts"
    assert (unsaid.mean.lasts, lasting.lasts, seen.mean.lasts) == (None, True, False)


# --- where burns come from --------------------------------------------------------------------------------------------


def test_records_and_the_ledger_agree_on_what_was_drawn():
    records = [
        Record("b", START + timedelta(hours=17), Usage("mimo-v2.5-pro", output_tokens=10)),
        Record("a", START, Usage("mimo-v2.5", input_tokens=1_000)),
    ]
    _, entries = fold(Account(), [Subscribe("s", START, "lite"), *records], load_book())
    burns, unpriced = burns_of_records(records, load_book())
    assert burns == burns_of_entries(entries) == (Burn(START, "a", 100_000_000), Burn(records[0].at, "b", 4_800_000))
    assert unpriced == ()


def test_records_without_a_price_are_listed():
    records = [
        Record("a", START, Usage("mimo-v9", input_tokens=1)),
        Record("b", START, Usage("mimo-v2.5", input_tokens=1)),
    ]
    burns, unpriced = burns_of_records(records, RateBook.fixed(MAY))
    assert [burn.id for burn in burns] == ["b"]
    assert [(each.command.id, type(each.error).__name__) for each in unpriced] == [("a", "UnknownModel")]
