"""`statement`: every credit and every coin of the entries stands in one segment, and in the right one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mimo_credits import (
    Account,
    Advance,
    Billed,
    Cancel,
    ChangeTier,
    Grant,
    Hold,
    InputError,
    NoSuchCard,
    RateBook,
    Rated,
    Record,
    Release,
    Settle,
    Statement,
    Subscribe,
    Usage,
    difference,
    fold,
    rerate,
    statement,
)
from mimo_credits.exact import ratio_price
from tests.ledger import worlds
from tests.ledger.worlds import SMALL, tokens

START = datetime(2026, 1, 1, tzinfo=UTC)
CREDIT = 1000
LITE, STANDARD = 10 * CREDIT, 30 * CREDIT


def at(hours: float) -> datetime:
    """So many hours after the start of the first card."""
    return START + timedelta(hours=hours)


def use(hours: float, usage: Usage = SMALL, id: str | None = None) -> Record:
    return Record(id or f"use {hours}", at(hours), usage)


def stated(book: RateBook, *commands, known: RateBook | None = None) -> Statement:
    """The statement of an account that applied the commands in the order given."""
    _, entries = fold(Account(), commands, book)
    made = statement(entries, book=known)
    assert_balanced(made)
    return made


def assert_balanced(made: Statement) -> None:
    for cycle in made.cycles:
        for segment in cycle.segments:
            came = segment.opening + segment.issued + segment.granted + segment.corrected
            went = segment.used - segment.overage + segment.expired + segment.held + segment.closing
            assert came == went
            assert sum(line.millicredits for line in segment.lines) == segment.used


SUBSCRIBE = Subscribe("buy", START, "standard")


# --- one cycle --------------------------------------------------------------------------------------------------------


def test_an_account_without_a_plan_has_an_empty_statement():
    made = statement([])
    assert (made.cycles, made.cards, dict(made.money_due), dict(made.unbilled)) == ((), (), {}, {})
    assert made.at(START) is None


def test_a_running_cycle_says_what_was_issued_used_and_is_left():
    made = stated(worlds.plain(), SUBSCRIBE, use(1), use(2))
    (cycle,) = made.cycles
    assert (cycle.start, cycle.end, cycle.tier, cycle.interval) == (START, at(24), "standard", "monthly")
    assert not cycle.complete
    assert (cycle.used, cycle.overage, cycle.expired, cycle.remaining) == (11_000, 0, 0, 19_000)
    (segment,) = cycle.segments
    assert (segment.opening, segment.issued, segment.granted, segment.held) == (0, STANDARD, 0, 0)
    assert (segment.reason, segment.usages, segment.currency) == ("subscribe", 2, "USD")


def test_overage_is_used_but_came_from_no_pot():
    made = stated(worlds.plain(), Subscribe("buy", START, "lite"), use(1, worlds.LARGE))
    (cycle,) = made.cycles
    assert (cycle.used, cycle.overage, cycle.remaining) == (15_500, 5_500, 0)


def test_lines_are_summed_by_name_band_and_time_of_day_and_kept_apart_by_meter():
    made = stated(
        worlds.plain(),
        SUBSCRIBE,
        use(1),
        use(2, tokens(2, 3, 0)),
        use(3, tokens(1, model="also-weighted")),
        use(4, Usage("banded", input_tokens=2)),
        use(5, Usage("banded", input_tokens=6)),
        use(7, tokens(4)),
    )
    lines = [
        (line.model, line.billed, line.band, line.off_peak, line.meter, line.quantity, line.rate, line.credits)
        for line in made.cycles[0].segments[0].lines
    ]
    assert lines == [
        ("weighted", "weighted", 0, False, "cache_hit", 3, Decimal("0.5"), Decimal("1.5")),
        ("weighted", "weighted", 0, False, "cache_miss", 4, Decimal(2), Decimal(8)),
        ("weighted", "weighted", 0, False, "output", 1, Decimal(3), Decimal(3)),
        ("also-weighted", "weighted", 0, False, "cache_hit", 1, Decimal("0.5"), Decimal("0.5")),
        ("banded", "banded", 0, False, "cache_miss", 2, Decimal(1), Decimal(2)),
        ("banded", "banded", 1, False, "cache_miss", 6, Decimal(2), Decimal(12)),
        ("weighted", "weighted", 0, True, "cache_hit", 4, Decimal("0.25"), Decimal(1)),
    ]


def test_audio_that_is_rounded_for_each_request_still_sums_up():
    # 1,000 credits an hour: one second is 277.777… millicredits, rounded to 278 each time.
    second = Usage("speech", audio_seconds=1)
    made = stated(worlds.plain(), SUBSCRIBE, use(1, second), use(2, second), use(3, second))
    (line,) = made.cycles[0].segments[0].lines
    assert (line.meter, line.quantity, line.unit, line.rate) == ("audio_second", 3, "hour", Decimal(1000))
    assert line.millicredits == 3 * 278


def test_audio_is_what_the_tokens_of_the_same_request_leave():
    card = worlds.card(worlds.PLAIN).derive({"models": {"speech": {"credits": {"miss": 2, "audio_hour": 1000}}}})
    heard = Usage("speech", input_tokens=3, audio_seconds=1)
    tokens_line, audio_line = stated(RateBook([card]), SUBSCRIBE, use(1, heard)).cycles[0].segments[0].lines
    assert (tokens_line.meter, tokens_line.millicredits) == ("cache_miss", 6_000)
    assert (audio_line.meter, audio_line.millicredits) == ("audio_second", 278)


def test_a_free_request_and_a_web_search_have_lines_without_credits():
    made = stated(worlds.plain(), SUBSCRIBE, use(1, tokens(miss=7, model="free", searches=2)))
    free, search = made.cycles[0].segments[0].lines
    assert (free.meter, free.quantity, free.rate, free.millicredits) == ("cache_miss", 7, Decimal(0), 0)
    assert (search.meter, search.quantity, search.rate, search.unit) == ("web_search", 2, None, "call")


def test_a_price_difference_upgrade_stays_in_its_segment():
    made = stated(worlds.plain(), SUBSCRIBE, use(1), ChangeTier("up", at(2), "pro"))
    (cycle,) = made.cycles
    (segment,) = cycle.segments
    assert (cycle.tier, segment.issued, cycle.remaining) == ("pro", 70_500, 65_000)
    assert [(bill.amount, bill.reason) for bill in cycle.bills] == [
        (Decimal("14.08"), "first-purchase"),
        (Decimal("34.00"), "upgrade"),
    ]


# --- from one segment to the next -------------------------------------------------------------------------------------


def test_a_rollover_begins_a_new_cycle_and_the_rest_expires_in_the_old_one():
    made = stated(worlds.plain(), SUBSCRIBE, use(1), use(25))
    first, second = made.cycles
    assert (first.complete, first.end, first.expired, first.remaining) == (True, at(24), 24_500, 0)
    assert (second.complete, second.start, second.end, second.remaining) == (False, at(24), at(48), 24_500)
    assert [bill.reason for bill in second.bills] == ["renewal"]


def test_cycles_that_pass_without_usage_are_there_too():
    made = stated(worlds.plain(), SUBSCRIBE, Advance(at(80)))
    assert [(cycle.start, cycle.expired, cycle.complete) for cycle in made.cycles] == [
        (at(0), STANDARD, True),
        (at(24), STANDARD, True),
        (at(48), STANDARD, True),
        (at(72), 0, False),
    ]


def test_late_usage_stands_in_the_segment_it_belongs_to():
    made = stated(worlds.plain(), SUBSCRIBE, use(25), use(1))
    first, second = made.cycles
    assert (first.used, first.expired, first.segments[0].usages) == (5_500, 24_500, 1)
    assert (second.used, second.remaining, second.segments[0].usages) == (5_500, 24_500, 1)


def test_a_usage_at_the_boundary_belongs_to_the_new_cycle():
    made = stated(worlds.plain(), SUBSCRIBE, use(24))
    assert [cycle.used for cycle in made.cycles] == [0, 5_500]


def test_a_migration_is_another_segment_of_the_same_cycle():
    # The second card takes effect at 06:00 of the second day and resets what runs then.
    made = stated(worlds.migrating(), SUBSCRIBE, use(25), use(31))
    _, cycle = made.cycles
    before, after = cycle.segments
    assert (before.start, before.end, before.reason, before.expired) == (at(24), at(30), "renewal", 24_500)
    assert (after.start, after.end, after.reason, after.issued) == (at(30), at(48), "migration", 40_000)
    assert (cycle.start, cycle.end, cycle.used) == (at(24), at(48), before.used + after.used)
    assert [card.id for card in before.cards] == ["2026-01-01.1"]
    assert [card.id for card in after.cards] == ["2026-01-02.1"]
    assert [card.id for card in made.cards] == ["2026-01-01.1", "2026-01-02.1"]


def test_late_usage_before_a_migration_stands_before_it():
    made = stated(worlds.migrating(), SUBSCRIBE, use(31), use(25))
    before, after = made.cycles[1].segments
    assert (before.used, before.expired, before.usages) == (5_500, 24_500, 1)
    assert after.usages == 1


def test_a_trade_in_ends_its_cycle_and_begins_a_new_one():
    made = stated(worlds.trading(), Subscribe("buy", at(1), "lite"), ChangeTier("up", at(3), "standard"), use(3))
    old, new = made.cycles
    assert (old.start, old.end, old.tier, old.complete, old.expired) == (at(1), at(3), "lite", True, LITE)
    assert (new.start, new.tier, new.complete, new.remaining) == (at(3), "standard", False, STANDARD - 5_500)
    assert [bill.reason for bill in old.bills] == ["first-purchase"]
    assert [bill.reason for bill in new.bills] == ["trade-in"]


def test_a_trade_in_at_the_very_purchase_is_a_cycle_of_its_own():
    made = stated(worlds.trading(), Subscribe("buy", at(1), "lite"), ChangeTier("up", at(1), "standard"), use(2))
    old, new = made.cycles
    assert (old.tier, old.complete, old.expired, old.used) == ("lite", True, LITE, 0)
    assert (new.tier, new.complete, new.used) == ("standard", False, 5_500)


def test_a_plan_that_lapsed_is_complete_and_ends_then():
    made = stated(worlds.plain(), SUBSCRIBE, Cancel("end", at(1)), use(2), Advance(at(100)))
    (cycle,) = made.cycles
    assert (cycle.complete, cycle.end, cycle.expired, cycle.remaining) == (True, at(24), 24_500, 0)
    assert made.at(at(25)) is None


def test_usage_late_for_a_lapsed_plan_stands_in_its_last_cycle_also_after_a_new_purchase():
    commands = [SUBSCRIBE, Cancel("end", at(1)), Advance(at(30)), use(3), Subscribe("again", at(40), "lite"), use(4)]
    made = stated(worlds.plain(), *commands)
    first, second = made.cycles
    assert (first.end, first.segments[0].usages, first.used, first.expired) == (at(24), 2, 11_000, 19_000)
    assert (second.start, second.used, second.remaining) == (at(40), 0, LITE)


def test_what_a_renewal_carries_over_opens_the_next_segment():
    made = stated(worlds.trading(), SUBSCRIBE, Advance(at(60)))
    first, second = (cycle.segments[0] for cycle in made.cycles[:2])
    assert (first.expired, first.closing) == (27_000, 3_000)
    assert (second.opening, second.issued) == (3_000, STANDARD)


def test_grants_before_the_first_purchase_are_brought_along():
    commands = [Grant("early", START, 4), Grant("short", START, 2, expires_at=at(1)), Subscribe("buy", at(2), "lite")]
    (cycle,) = stated(worlds.plain(), *commands, Grant("more", at(3), 1)).cycles
    (segment,) = cycle.segments
    assert (segment.opening, segment.issued, segment.granted, segment.closing) == (4_000, LITE, 1_000, 15_000)


def test_a_hold_takes_from_its_segment_and_gives_back_where_it_ends():
    hold = Hold("hold", at(1), credits=6, expires_at=at(30))
    made = stated(worlds.plain(), SUBSCRIBE, hold, Settle("done", at(25), "hold", SMALL))
    first, second = (cycle.segments[0] for cycle in made.cycles)
    assert (first.held, first.expired, first.used) == (6_000, 24_000, 0)
    assert (second.held, second.expired, second.used, second.closing) == (-6_000, 500, 5_500, STANDARD)


# --- money ------------------------------------------------------------------------------------------------------------


def test_money_due_is_the_sum_of_the_bills_and_searches_wait_for_theirs():
    searched = tokens(searches=3, model="free")  # 3 x USD 0.005
    before = stated(worlds.plain(), SUBSCRIBE, use(1, searched))
    assert (dict(before.money_due), dict(before.unbilled)) == ({"USD": Decimal("14.08")}, {"USD": Decimal("0.015")})
    after = stated(worlds.plain(), SUBSCRIBE, use(1, searched), Advance(at(24)))
    assert dict(after.money_due) == {"USD": Decimal("14.08") + Decimal("0.02") + Decimal("16.00")}
    assert dict(after.unbilled) == {}
    assert [[bill.reason for bill in cycle.bills] for cycle in after.cycles] == [
        ["first-purchase", "usage"],
        ["renewal"],
    ]


def test_money_is_kept_apart_by_currency():
    commands = [SUBSCRIBE, Cancel("end", at(1)), Subscribe("again", at(30), "lite", currency="CNY")]
    assert dict(stated(worlds.plain(), *commands).money_due) == {"USD": Decimal("14.08"), "CNY": Decimal("39.00")}


# --- cards, sources, instants -----------------------------------------------------------------------------------------


def test_a_book_adds_what_the_card_cites():
    commands = [SUBSCRIBE, use(1)]
    without, cited = stated(worlds.plain(), *commands), stated(worlds.plain(), *commands, known=worlds.plain())
    assert {line.source for line in without.cycles[0].segments[0].lines} == {""}
    assert {line.source for line in cited.cycles[0].segments[0].lines} == {"H price-list"}


def test_a_book_must_know_the_cards_of_the_entries():
    with pytest.raises(NoSuchCard):
        stated(worlds.plain(), SUBSCRIBE, use(1), known=RateBook([worlds.card(worlds.MOVED)]))


def test_a_card_without_migration_rates_inside_a_segment_and_is_named_there():
    made = stated(worlds.repriced(), SUBSCRIBE, Advance(at(20)), use(20), use(30.5))
    (segment,) = made.cycles[0].segments
    assert [card.id for card in segment.cards] == ["2026-01-01.1", "2026-01-02.1"]
    assert {line.card for line in segment.lines} == {"2026-01-01.1", "2026-01-02.1"}


def test_the_card_of_an_upgrade_is_named_in_its_segment():
    made = stated(worlds.repriced(), SUBSCRIBE, ChangeTier("up", at(30.5), "pro"))
    (segment,) = made.cycles[0].segments
    assert [card.id for card in segment.cards] == ["2026-01-01.1", "2026-01-02.1"]


def test_the_cycle_of_an_instant_is_half_open():
    made = stated(worlds.plain(), SUBSCRIBE, Advance(at(30)))
    first, second = made.cycles
    assert made.at(at(0)) is first
    assert made.at(at(24) - timedelta(microseconds=1)) is first
    assert made.at(at(24)) is second
    assert made.at(at(-1)) is None
    assert made.at(at(48)) is None
    with pytest.raises(InputError, match="naive"):
        made.at(datetime(2026, 1, 1))


# --- whatever happens -------------------------------------------------------------------------------------------------

USAGES = [SMALL, tokens(0, 1, 1, model="banded"), Usage("speech", audio_seconds=11), tokens(1, 2, 0, searches=1)]
MAKERS = {
    "use": lambda number, now, choice: Record(str(number), at(now), USAGES[choice]),
    "late": lambda number, now, choice: Record(str(number), at(max(0, now - 20)), USAGES[choice]),
    "grant": lambda number, now, choice: Grant(
        str(number), at(now), 2 + choice, expires_at=at(now + 9) if choice else None
    ),
    "hold": lambda number, now, choice: Hold(str(number), at(now), credits=1 + choice, expires_at=at(now + 30)),
    "settle": lambda number, now, choice: Settle(str(number), at(now), str(number - 1 - choice // 2), USAGES[choice]),
    "release": lambda number, now, choice: Release(str(number), at(now), str(number - 1 - choice // 2)),
    "up": lambda number, now, choice: ChangeTier(str(number), at(now), "standard" if choice else "pro"),
    "later": lambda number, now, choice: ChangeTier(str(number), at(now), "lite", when="renewal"),
    "cancel": lambda number, now, choice: Cancel(str(number), at(now)),
    "buy": lambda number, now, choice: Subscribe(str(number), at(now), "standard", currency="CNY" if choice else "USD"),
}
STEPS = st.lists(
    st.tuples(st.sampled_from(["use", "use", *MAKERS]), st.sampled_from([0, 1, 5, 13, 24]), st.integers(0, 3)),
    max_size=14,
)


def commands_of(steps: Iterable[tuple[str, int, int]]):
    """A history that starts with a purchase; each step comes some hours after the one before."""
    now = 0
    yield Subscribe("0", START, "lite")
    for number, (kind, hours, choice) in enumerate(steps, 1):
        # Decided after a usage of the same instant, an upgrade would leave that usage in the segment it closes.
        now += max(hours, kind == "up")
        yield MAKERS[kind](number, now, choice)


@pytest.mark.parametrize("world", [worlds.plain, worlds.trading, worlds.migrating, worlds.repriced])
@settings(max_examples=settings.default.max_examples // 2)
@given(STEPS)
def test_a_statement_accounts_for_all_that_the_ledger_did(world, steps):
    account, entries = fold(Account(), commands_of(steps), world(), rejected=[])
    made = statement(entries, book=world())
    assert_balanced(made)
    segments = [segment for cycle in made.cycles for segment in cycle.segments]
    pots = account.pots
    assert sum(segment.issued + segment.granted for segment in segments) == -pots.issued
    assert sum(segment.overage for segment in segments) == -pots.overage
    assert sum(segment.expired for segment in segments) == pots.expired
    assert sum(segment.held for segment in segments) == pots.held
    assert segments[-1].closing == account.remaining_millicredits
    rated = [entry for entry in entries if isinstance(entry, Rated)]
    assert sum(segment.usages for segment in segments) == len(rated)
    assert sum(segment.used for segment in segments) == sum(entry.millicredits for entry in rated)
    bills = [entry for entry in entries if isinstance(entry, Billed)]
    assert sorted(bill for cycle in made.cycles for bill in cycle.bills) == sorted(bills)
    for currency, amount in made.money_due.items():
        assert amount == sum(bill.amount for bill in bills if bill.currency == currency)
    awaiting = account.accrued if account.plan is not None else {}  # after the plan, only what rounding has left
    assert {name: owed for name, owed in made.unbilled.items() if owed} == {
        name: ratio_price(owed) for name, owed in awaiting.items()
    }
    assert [cycle.complete for cycle in made.cycles] == [True] * (len(made.cycles) - 1) + [account.plan is None]
    if not any(kind == "settle" for kind, _, _ in steps):  # a settlement may come after the plan has lapsed
        for segment in segments:
            inside = [entry for entry in rated if segment.start <= entry.at < segment.end]
            assert (segment.usages, segment.used) == (len(inside), sum(entry.millicredits for entry in inside))
    for earlier, later in zip(made.cycles, made.cycles[1:], strict=False):
        assert earlier.start <= earlier.end <= later.start


@pytest.mark.parametrize("world", [worlds.plain, worlds.trading, worlds.migrating, worlds.repriced])
@settings(max_examples=settings.default.max_examples // 4)
@given(before=STEPS, after=STEPS, later=STEPS)
def test_a_corrected_history_balances_and_goes_on_to_balance(world, before, after, later):
    kept, wanted = rerate(commands_of(before), world()), rerate(commands_of(after), world())
    entries = [*kept.entries, *difference(kept.entries, wanted.entries)]
    segments = [segment for cycle in statement(entries).cycles for segment in cycle.segments]
    assert_balanced(statement(entries))
    assert segments[-1].closing == wanted.account.remaining_millicredits
    more = fold(wanted.account, list(commands_of(later))[1:], world(), rejected=[])[1]
    assert_balanced(statement([*entries, *more]))


def test_what_a_correction_gives_back_stands_in_a_column_of_its_own():
    """It was charged twice: the usage stands in the statement as it was rated, and what it cost comes back."""
    twice, once = (rerate([SUBSCRIBE, use(1), *more], worlds.plain()).entries for more in ([use(2)], []))
    ((segment,),) = (cycle.segments for cycle in statement([*twice, *difference(twice, once)]).cycles)
    assert (segment.issued, segment.granted, segment.corrected) == (30 * CREDIT, 0, 5_500)
    assert (segment.used, segment.closing) == (11_000, 24_500)
