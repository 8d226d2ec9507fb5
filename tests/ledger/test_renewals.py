"""What time brings, entry by entry: renewals, what is carried over, bills, migrations, and grants that expire."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from mimo_credits import (
    Account,
    Advance,
    Billed,
    BucketClosed,
    BucketOpened,
    Command,
    CycleOpened,
    Entry,
    Grant,
    Posting,
    RateBook,
    Record,
    Subscribe,
    apply,
    fold,
)
from mimo_credits.cycle import next_cycle
from tests.ledger import worlds
from tests.ledger.worlds import PLAIN, card, tokens

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LITE: Command = Subscribe("s", START, "lite")
CARRYING = RateBook([card(replace(PLAIN, rollover="{ up_to = 3, cycles = 2 }"))])
"""Cycles of one day; up to 3 credits live on for two more."""


def in_time(until: datetime, *before: Command, book: RateBook) -> tuple[Account, Account, tuple[Entry, ...]]:
    """The account before and after all that is due by then, and what was decided."""
    account, _ = fold(Account(), [LITE, *before], book)
    return account, *apply(account, Advance(until), book)


def test_a_renewal_carries_over_expires_the_rest_bills_usage_issues_anew_and_bills_the_price() -> None:
    """6.5 credits are left of 10, and 3 web searches have cost 1.5 cents."""
    (by,) = CARRYING
    at, pot = START + DAY, "carried:2026-01-02T12:00:00+00:00"
    used = Record("r", START + HOUR, tokens(1, output=1, searches=3))
    before, after, entries = in_time(at, used, book=CARRYING)
    cycle = next_cycle(before.cycle, before.cycle.rule)
    assert entries == (
        CycleOpened(at, "renewal", "lite", "monthly", "USD", cycle, by.id, by.sha256, Decimal(6), pinned=False),
        BucketOpened(at, pot, START + 3 * DAY, 0, "carried over"),
        Posting(at, "allowance", pot, 3_000, "carried", ""),
        Posting(at, "allowance", "expired", 3_500, "renewal", ""),
        Billed(at, Decimal("0.02"), "USD", "usage", "", by.id, by.sha256),
        Posting(at, "issued", "allowance", 10_000, "allowance", ""),
        Billed(at, Decimal("6.00"), "USD", "renewal", "", by.id, by.sha256),
    )
    assert [(bucket.pot, bucket.millicredits) for bucket in after.buckets] == [("allowance", 10_000), (pot, 3_000)]
    assert after.accrued == {}


def test_where_nothing_is_left_nothing_is_carried_over() -> None:
    _, after, entries = in_time(START + DAY, Record("r", START, tokens(20)), book=CARRYING)
    assert not [entry for entry in entries if isinstance(entry, BucketOpened)]
    assert [bucket.pot for bucket in after.buckets] == ["allowance"]


def test_less_than_the_cap_is_carried_over_whole() -> None:
    _, after, _ = in_time(START + DAY, Record("r", START, tokens(19)), book=CARRYING)
    assert [bucket.millicredits for bucket in after.buckets] == [10_000, 500]


def test_a_grant_expires_at_its_own_instant() -> None:
    expiry = START + 2 * HOUR
    used = Record("r", START + HOUR, tokens(1))
    _, after, entries = in_time(
        START + 3 * HOUR, Grant("g", START, 2, expires_at=expiry, priority=-1), used, book=worlds.plain()
    )
    assert entries == (
        Posting(expiry, "grant:g", "expired", 1_500, "expiry", "grant:g"),
        BucketClosed(expiry, "grant:g"),
    )
    assert after.now == expiry


def test_a_migration_expires_the_rest_issues_anew_and_keeps_the_cycle() -> None:
    at, book = datetime(2026, 1, 2, 6, tzinfo=UTC), worlds.migrating()
    by = book.at(at)
    before, after, entries = in_time(at, book=book)
    assert entries == (
        CycleOpened(
            at, "migration", "lite", "monthly", "USD", before.cycle, by.id, by.sha256, Decimal(7), pinned=False
        ),
        Posting(at, "allowance", "expired", 10_000, "migration", ""),
        Posting(at, "issued", "allowance", 14_000, "allowance", ""),
    )
    assert after.plan == before.plan._replace(segment_start=at, card=by.id, list_price=Decimal(7))


def test_a_migration_that_became_known_after_its_instant_is_not_made_up_for() -> None:
    """What the books should have been is a question for `rerate`; the next renewal is by the new card all the same."""
    known_late, since = worlds.migrating(), datetime(2026, 1, 2, 6, tzinfo=UTC)
    _, account, _ = in_time(since + HOUR, Grant("g", since + HOUR, 1), book=worlds.plain())
    assert account.now == since + HOUR
    assert apply(account, Advance(since + 2 * HOUR), known_late)[1] == ()
    assert account.as_of(START + DAY, known_late).plan.card == known_late.at(since).id


def test_bills_are_written_in_the_smallest_coin_of_their_own_currency() -> None:
    """The yen has no smaller coin: three searches at 700 yen a thousand are 2.1, so 2 yen are due."""
    tiers = {"lite": "{ credits = 10, price = { JPY = 950 } }"}
    yen = card(replace(PLAIN, tiers=tiers)).derive({"web_search": {"price": {"JPY": 700}}})
    _, entries = fold(
        Account(),
        [
            Subscribe("s", START, "lite", currency="JPY", first_purchase=False),
            Record("r", START, tokens(1, searches=3)),
            Advance(START + DAY),
        ],
        RateBook([yen]),
    )
    assert [(entry.reason, str(entry.amount)) for entry in entries if isinstance(entry, Billed)] == [
        ("subscribe", "950"),
        ("usage", "2"),
        ("renewal", "950"),
    ]
