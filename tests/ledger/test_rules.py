"""The ledger's worked cases on the published cards, to the digit, as someone in billing would check them.

Instants are Beijing's unless a name says otherwise; cycles on these cards end with the day in UTC.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from itertools import pairwise

import pytest

from mimo_credits import (
    Account,
    Accrued,
    Advance,
    Billed,
    BucketClosed,
    ChangeTier,
    Command,
    CycleOpened,
    Entry,
    Grant,
    Hold,
    Posting,
    RateBook,
    Rated,
    Record,
    Subscribe,
    TierChanged,
    Usage,
    apply,
    fold,
    load_book,
    load_card,
)
from mimo_credits.ledger import engine
from tests.ledger.worlds import PLAIN, card

BOOK = load_book()
BEIJING = timezone(timedelta(hours=8))
SWITCH = datetime(2026, 5, 27, tzinfo=BEIJING)
TICK = timedelta(microseconds=1)


def beijing(month: int, day: int, hour: int = 12, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BEIJING)


def midnight_utc(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


def used(credits: int) -> Usage:
    """By day a token of mimo-v2.5 is one credit on the cards of April, and an output token 200 from 27 May on."""
    return Usage("mimo-v2.5", input_tokens=credits)


def run(*commands: Command, book: RateBook = BOOK) -> tuple[Account, list[Entry]]:
    return fold(Account(), commands, book)


def bills(entries: Sequence[Entry]) -> list[tuple[str, Decimal, str]]:
    return [(entry.reason, entry.amount, entry.currency) for entry in entries if isinstance(entry, Billed)]


def cycles(entries: Sequence[Entry]) -> list[tuple[str, datetime, datetime]]:
    return [(entry.reason, entry.cycle.start, entry.cycle.end) for entry in entries if isinstance(entry, CycleOpened)]


def moved(entries: Sequence[Entry], *reasons: str) -> list[tuple[str, str, int]]:
    """Source, target and whole credits of the postings for these reasons."""
    found = [entry for entry in entries if isinstance(entry, Posting) and entry.reason in reasons]
    return [(entry.source, entry.target, entry.millicredits // 1000) for entry in found]


# --- upgrades --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("currency", "difference"), [("USD", "34.00"), ("CNY", "230.00")])
def test_standard_to_pro_in_april_costs_the_price_difference_and_adds_500_million_credits(
    currency: str, difference: str
) -> None:
    account, entries = run(
        Subscribe("s", beijing(4, 23), "standard", currency),
        Record("r", beijing(4, 24), used(80_000_000)),
        ChangeTier("c", beijing(4, 25), "pro"),
    )
    assert bills(entries)[-1] == ("upgrade", Decimal(difference), currency)
    assert moved(entries, "upgrade") == [("issued", "allowance", 500_000_000)]
    assert account.tier == "pro"
    assert account.remaining == 620_000_000
    assert [reason for reason, _, _ in cycles(entries)] == ["subscribe"], "the cycle stays"


def test_an_upgrade_never_repays_what_ran_over() -> None:
    account, entries = run(
        Subscribe("s", beijing(4, 23), "standard"),
        Record("r", beijing(4, 24), used(201_000_000)),
        ChangeTier("c", beijing(4, 25), "pro"),
    )
    assert moved(entries, "overage") == [("overage", "spent", 1_000_000)]
    assert account.remaining == 500_000_000


@pytest.mark.parametrize(("currency", "due"), [("USD", "46.00"), ("CNY", "304.25")])
def test_a_quarter_of_standard_is_traded_in_for_pro_in_june(currency: str, due: str) -> None:
    upgraded = beijing(6, 15, 14, 30)
    account, entries = run(
        Subscribe("s", beijing(6, 10), "standard", currency),
        Record("r", beijing(6, 11), Usage("mimo-v2.5", output_tokens=41_250_000)),
        ChangeTier("c", upgraded, "pro"),
    )
    assert bills(entries)[-1] == ("trade-in", Decimal(due), currency)
    assert moved(entries, "trade-in") == [("allowance", "expired", 2_750_000_000)]
    assert account.remaining == 38_000_000_000, "the new allowance is issued whole"
    assert account.cycle is not None
    assert (account.cycle.start, account.cycle.end) == (upgraded, midnight_utc(2026, 7, 16))


# --- cycles ----------------------------------------------------------------------------------------------

LAST_DAYS = """
    2027-02-28 2027-03-31 2027-04-30 2027-05-31 2027-06-30 2027-07-31 2027-08-31 2027-09-30 2027-10-31 2027-11-30
    2027-12-31 2028-01-31 2028-02-29 2028-03-31 2028-04-30 2028-05-31 2028-06-30 2028-07-31 2028-08-31 2028-09-30
    2028-10-31 2028-11-30 2028-12-31 2029-01-31
"""


def test_a_plan_bought_on_31_january_ends_with_each_months_last_day_over_two_years() -> None:
    bought = datetime(2027, 1, 31, 9, tzinfo=UTC)
    ends = [datetime.fromisoformat(f"{day}T00:00:00Z") + timedelta(days=1) for day in LAST_DAYS.split()]
    _, entries = run(Subscribe("s", bought, "lite"), Advance(ends[-1] - TICK))
    assert cycles(entries) == [
        ("subscribe", bought, ends[0]),
        *(("renewal", start, end) for start, end in pairwise(ends)),
    ]
    assert bills(entries) == [("first-purchase", Decimal("5.28"), "USD"), *[("renewal", Decimal("6.00"), "USD")] * 23]


def test_a_plan_of_10_may_lives_through_27_may_1_june_and_a_rollover() -> None:
    bought, first_end = beijing(5, 10), midnight_utc(2026, 6, 10)
    v2_pro = Usage("mimo-v2-pro", input_tokens=1_000_000, output_tokens=1_000)
    account, entries = run(
        Subscribe("s", bought, "standard"),
        Record("april-rates", beijing(5, 20), v2_pro),
        Record("v2-rates", beijing(5, 28), v2_pro),
        Record("as-v2.5-pro", beijing(6, 2), v2_pro),
        Advance(first_end),
    )
    assert cycles(entries) == [
        ("subscribe", bought, first_end),
        ("migration", bought, first_end),
        ("renewal", first_end, midnight_utc(2026, 7, 10)),
    ]
    rated = [entry for entry in entries if isinstance(entry, Rated)]
    assert [(entry.rates.model, entry.card, entry.millicredits) for entry in rated] == [
        ("mimo-v2-pro", "2026-04-22.1", 4_004_000_000),
        ("mimo-v2-pro", "2026-05-27.1", 702_100_000_000),
        ("mimo-v2.5-pro", "2026-06-01.1", 300_600_000_000),
    ]
    assert moved(entries, "migration", "renewal") == [
        ("allowance", "expired", 200_000_000 - 4_004_000),
        ("allowance", "expired", 11_000_000_000 - 702_100_000 - 300_600_000),
    ]
    assert bills(entries) == [("first-purchase", Decimal("14.08"), "USD"), ("renewal", Decimal("16.00"), "USD")]
    assert account.remaining == 11_000_000_000


def test_a_cycle_that_ends_as_the_new_card_begins_is_renewed_by_it_and_not_migrated() -> None:
    april = load_card("2026-04-22").derive({"cycle": {"boundary": "instant"}})
    book = RateBook([april, load_card("2026-05-27")])
    account, entries = run(Subscribe("s", beijing(4, 27, 0), "standard"), Advance(SWITCH), book=book)
    assert cycles(entries) == [
        ("subscribe", beijing(4, 27, 0), SWITCH),
        ("renewal", SWITCH, midnight_utc(2026, 6, 27)),
    ]
    assert moved(entries, "renewal", "migration") == [("allowance", "expired", 200_000_000)]
    assert bills(entries)[1:] == [("renewal", Decimal("16.00"), "USD")]
    assert account.remaining == 11_000_000_000


def test_usage_exactly_at_a_cycles_end_belongs_to_the_next_cycle() -> None:
    """At that instant, 08:00 in Beijing, the off-peak hours end too: just before it a token costs 0.8."""
    bought, end = beijing(4, 23), midnight_utc(2026, 5, 24)
    subscribe = Subscribe("s", bought, "standard")
    before, _ = run(subscribe, Record("r", end - TICK, used(1_000)))
    at, entries = run(subscribe, Record("r", end, used(1_000)))
    assert before.cycle is not None
    assert at.cycle is not None
    assert (before.cycle.end, at.cycle.start) == (end, end)
    assert before.remaining == 200_000_000 - 800
    assert at.remaining == 200_000_000 - 1_000
    assert moved(entries, "renewal") == [("allowance", "expired", 200_000_000)]


def test_usage_of_26_may_that_arrives_on_27_may_is_priced_and_paid_as_of_26_may() -> None:
    late = SWITCH - timedelta(hours=2)
    account, entries = run(
        Subscribe("s", beijing(5, 10), "standard"),
        Record("on-time", beijing(5, 20), used(150_000_000)),
        Record("new", beijing(5, 27), used(10)),
        Record("late", late, used(70_000_000)),
    )
    rated = [entry for entry in entries if isinstance(entry, Rated)][-1]
    assert (rated.at, rated.card, rated.millicredits) == (late, "2026-04-22.1", 70_000_000_000)
    assert moved(entries, "late-usage") == [("expired", "spent", 50_000_000)]
    assert moved(entries, "overage") == [("overage", "spent", 20_000_000)]
    assert account.remaining == 11_000_000_000 - 1_000
    assert account.now == beijing(5, 27), "late usage does not turn the clock back"


# --- grants ----------------------------------------------------------------------------------------------


def test_a_grant_that_is_used_up_is_forgotten_at_the_next_renewal_unless_credits_of_it_are_held() -> None:
    bought, end = beijing(4, 23), midnight_utc(2026, 5, 24)
    expiry = end + timedelta(hours=9)
    grants = [Grant(id, bought, 100, expires_at=expiry, priority=-1) for id in ("kept", "used-up")]
    _, entries = run(
        Subscribe("s", bought, "lite"),
        *grants,
        Hold("h", bought, credits=100, expires_at=expiry + timedelta(hours=1)),
        Record("r", bought, used(100)),
        Advance(expiry),
    )
    assert moved(entries, "hold", "usage") == [("grant:kept", "held", 100), ("grant:used-up", "spent", 100)]
    assert [entry.pot for entry in entries if isinstance(entry, BucketClosed)] == ["grant:kept"]


def test_credits_are_carried_for_a_hundred_years_without_counting_cycle_by_cycle_even_at_the_calendars_end() -> None:
    book = RateBook.fixed(card(replace(PLAIN, period="months = 12", rollover="{ up_to = 3, cycles = 100 }")))
    bought = datetime(8990, 2, 1, tzinfo=UTC)
    account, _ = run(Subscribe("s", bought, "lite"), Advance(bought + timedelta(days=366)), book=book)
    assert [(bucket.millicredits, bucket.expires_at) for bucket in account.buckets if bucket.pot != "allowance"] == [
        (3_000, datetime(9091, 2, 1, tzinfo=UTC))
    ]


def test_what_never_expires_burns_after_an_allowance_that_ends_beyond_the_last_known_instant() -> None:
    book = RateBook.fixed(card(replace(PLAIN, period="months = 12")))
    bought = datetime(8999, 6, 1, tzinfo=UTC)
    account, _ = run(Grant("older", bought - timedelta(days=1), 5), Subscribe("s", bought, "lite"), book=book)
    assert [bucket.pot for bucket in account.buckets] == ["allowance", "grant:older"]


class Asked:
    """Counts how often the fold decides a command by the rules, one at a time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.times = 0
        monkeypatch.setattr(engine, "apply", self)

    def __call__(self, account: Account, command: Command, book: RateBook) -> tuple[Account, tuple[Entry, ...]]:
        self.times += 1
        return apply(account, command, book)


def records(number: int, at: datetime, usage: Usage) -> list[Command]:
    return [Record(f"{at.isoformat()} {place}", at + timedelta(seconds=place), usage) for place in range(number)]


def test_runs_of_plain_usage_are_not_decided_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked(monkeypatch)
    paid = [Subscribe("s", beijing(6, 2), "lite"), *records(100, beijing(6, 3), used(41_000))]
    account, _ = run(*paid)
    assert account.remaining == 4_100_000_000 - 100 * 100 * 41_000
    assert asked.times == 2, "the subscription, and the first record after the night"
    half = account.remaining_millicredits // 100_000 // 2
    assert fold(account, records(2, beijing(6, 3, 13), used(half)), BOOK)[0].remaining == 0
    assert asked.times == 3, "the first of a fold; a run that takes exactly what is left is still a run"


def test_usage_at_one_instant_is_a_run_too(monkeypatch: pytest.MonkeyPatch) -> None:
    account, _ = run(Subscribe("s", beijing(6, 2), "lite"))
    asked = Asked(monkeypatch)
    at_once: list[Command] = [Record(str(number), beijing(6, 3), used(10)) for number in range(9)]
    assert fold(account, at_once, BOOK)[0].pots.spent == 9 * 10 * 100_000
    assert asked.times == 1, "the first of a fold"


def test_a_run_ends_before_the_instant_at_which_anything_falls_due() -> None:
    book, start = RateBook([card(PLAIN)]), midnight_utc(2026, 1, 1)
    usage = Usage("weighted", output_tokens=1)
    used_at = [start + timedelta(hours=hour) for hour in (13, 14, 24)]
    account, _ = run(Subscribe("s", start, "lite"), *(Record(at.isoformat(), at, usage) for at in used_at), book=book)
    assert account.cycle is not None
    assert (account.cycle.number, account.remaining) == (2, 7)


def test_runs_of_overage_are_not_decided_one_by_one_where_service_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    account, _ = run(Subscribe("s", beijing(6, 2), "lite"), Record("all", beijing(6, 3), used(50_000_000)))
    asked = Asked(monkeypatch)
    after, entries = fold(account, records(100, beijing(6, 4), used(10)), BOOK)
    assert asked.times == 1, "the first of a fold"
    assert after.pots.overage - account.pots.overage == -100 * 10 * 100_000
    assert {entry.reason for entry in entries if isinstance(entry, Posting)} == {"overage"}


def test_a_pinned_account_is_folded_by_its_card_also_where_the_book_has_moved_on() -> None:
    commands = [
        Subscribe("s", beijing(5, 20), "lite", card="2026-04-22.1"),
        *records(3, beijing(5, 28), used(1_000)),
        *records(3, beijing(6, 2, 3), used(1_000)),
    ]
    account, entries = run(*commands)
    rated = [entry for entry in entries if isinstance(entry, Rated)]
    assert [(each.card, each.millicredits) for each in rated] == [
        *[("2026-04-22.1", 1_000_000)] * 3,
        *[("2026-04-22.1", 800_000)] * 3,
    ]
    assert account.remaining == 60_000_000 - 5_400


def test_whatever_rests_on_a_card_names_it_by_id_and_digest() -> None:
    over = Usage("mimo-v2.5", input_tokens=900, web_searches=3)
    _, entries = run(
        Subscribe("s", beijing(5, 10), "lite"),
        ChangeTier("up", beijing(5, 12), "standard"),
        Record("r", beijing(5, 28), over),
        ChangeTier("trade", beijing(6, 3), "pro"),
        Advance(beijing(7, 20)),
    )
    found = {}
    for entry in entries:
        if isinstance(entry, (Rated, CycleOpened, TierChanged, Billed, Accrued)):
            card = next(card for card in BOOK if card.id == entry.card)
            assert entry.digest == card.sha256
            found.setdefault((type(entry).__name__, getattr(entry, "reason", "")), []).append(entry.card)
    assert found == {
        ("CycleOpened", "subscribe"): ["2026-04-22.1"],
        ("Billed", "first-purchase"): ["2026-04-22.1"],
        ("TierChanged", ""): ["2026-04-22.1"],
        ("Billed", "upgrade"): ["2026-04-22.1"],
        ("CycleOpened", "migration"): ["2026-05-27.1"],
        ("Rated", ""): ["2026-05-27.1"],
        ("Accrued", "web-search"): ["2026-05-27.1"],
        ("CycleOpened", "trade-in"): ["2026-06-01.1"],
        ("Billed", "usage"): ["2026-06-01.1"],
        ("Billed", "trade-in"): ["2026-06-01.1"],
        ("CycleOpened", "renewal"): ["2026-06-30.1"],
        ("Billed", "renewal"): ["2026-06-30.1"],
    }
