"""Changing the tier, entry by entry: what is written of each kind of change, and what is compared where cards differ."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from mimo_credits import (
    Account,
    Billed,
    Cancel,
    ChangeTier,
    Command,
    CycleOpened,
    Entry,
    Hold,
    Posting,
    RateBook,
    Record,
    Release,
    Scheduled,
    Subscribe,
    TierChanged,
    apply,
    fold,
)
from mimo_credits.cycle import first_cycle
from tests.ledger import worlds
from tests.ledger.worlds import PLAIN, SMALL, TRADING, card

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
LITE = Subscribe("s", START, "lite")
LATER_CARD = card(
    replace(
        PLAIN,
        day="2026-01-02",
        tiers={
            "lite": "{ credits = 5, price = { USD = 4 } }",
            "standard": "{ credits = 8, price = { USD = 9 } }",
        },
    )
)
"""A day later both tiers hold less than Lite did, and cost less; running cycles stay as they are."""


def changed(book: RateBook, command: Command, *before: Command) -> tuple[Account, Account, tuple[Entry, ...]]:
    """The account before and after the command, and what was decided."""
    account, _ = fold(Account(), [LITE, *before], book)
    return account, *apply(account, command, book)


def test_a_price_difference_changes_the_tier_adds_the_credits_and_is_billed() -> None:
    (by,) = worlds.plain()
    at = START + HOUR
    before, after, entries = changed(worlds.plain(), ChangeTier("c", at, "standard"))
    assert entries == (
        TierChanged(at, "standard", by.id, by.sha256, Decimal(16), "c"),
        Posting(at, "issued", "allowance", 20_000, "upgrade", "c"),
        Billed(at, Decimal("10.00"), "USD", "upgrade", "c", by.id, by.sha256),
    )
    assert after.plan == before.plan._replace(tier="standard", list_price=Decimal(16))


def test_by_a_smaller_card_an_upgrade_is_measured_on_that_card_and_takes_no_credits_away() -> None:
    """Standard of 8 credits is above Lite of 5, though 10 were issued: none are added, and none are lost."""
    book, at = RateBook([card(PLAIN), LATER_CARD]), datetime(2026, 1, 2, 1, tzinfo=UTC)
    before, after, entries = changed(book, ChangeTier("c", at, "standard"))
    assert entries == (
        TierChanged(at, "standard", LATER_CARD.id, LATER_CARD.sha256, Decimal(9), "c"),
        Billed(at, Decimal("3.00"), "USD", "upgrade", "c", LATER_CARD.id, LATER_CARD.sha256),
    )
    assert after.remaining == before.remaining == 10
    assert after.plan == before.plan._replace(tier="standard", card=LATER_CARD.id, list_price=Decimal(9))


def test_a_trade_in_opens_a_cycle_expires_the_rest_issues_anew_and_bills_what_is_not_traded() -> None:
    """4.5 of Lite's 10 credits are left, so 2.70 of its 6 dollars go towards Standard's 16."""
    (by,) = worlds.trading()
    at = START + 2 * HOUR
    cycle = first_cycle(by.cycle.rule("monthly"), at)
    _, after, entries = changed(worlds.trading(), ChangeTier("c", at, "standard"), Record("r", START + HOUR, SMALL))
    assert entries == (
        CycleOpened(at, "trade-in", "standard", "monthly", "USD", cycle, by.id, by.sha256, Decimal(16), pinned=False),
        Posting(at, "allowance", "expired", 4_500, "trade-in", ""),
        Posting(at, "issued", "allowance", 30_000, "allowance", "c"),
        Billed(at, Decimal("13.30"), "USD", "trade-in", "c", by.id, by.sha256),
    )
    assert after.cycle == cycle
    assert cycle.end == datetime(2026, 1, 2, 16, tzinfo=UTC)


def test_what_a_hold_of_lite_gave_back_to_standard_makes_it_no_more_than_the_whole() -> None:
    """34 credits are in the allowance of 30, and all of Standard's 16 dollars go towards Pro's 50."""
    before, _, entries = changed(
        worlds.trading(),
        ChangeTier("c", START + 3 * HOUR, "pro"),
        Hold("h", START, credits=4, expires_at=START + 9 * HOUR),
        ChangeTier("b", START + HOUR, "standard"),
        Release("r", START + 2 * HOUR, "h"),
    )
    assert before.remaining == 34
    assert [(entry.amount, entry.reason) for entry in entries if isinstance(entry, Billed)] == [
        (Decimal("34.00"), "trade-in")
    ]


def test_what_is_traded_in_for_something_cheaper_is_not_paid_back() -> None:
    cheaper = card(TRADING).derive({"tiers": {"standard": {"price": {"USD": 5}}}})
    _, _, entries = changed(RateBook([cheaper]), ChangeTier("c", START + HOUR, "standard"))
    assert [(entry.amount, entry.reason) for entry in entries if isinstance(entry, Billed)] == [(0, "trade-in")]


@pytest.mark.parametrize(
    ("command", "tier", "cancel"),
    [
        (ChangeTier("c", START + HOUR, "standard", when="renewal"), "standard", False),
        (ChangeTier("c", START + HOUR, "lite", when="renewal"), None, False),
        (Cancel("c", START + HOUR), None, True),
    ],
)
def test_what_is_said_of_the_renewal_is_written_down_and_kept(command: Command, tier: str | None, cancel: bool) -> None:
    before, after, entries = changed(worlds.plain(), command)
    assert entries == (Scheduled(START + HOUR, tier, cancel, "c"),)
    assert after.plan == before.plan._replace(pending_tier=tier, pending_cancel=cancel)


@pytest.mark.parametrize("book", [worlds.plain(), worlds.trading()], ids=["price difference", "trade-in"])
def test_a_change_now_takes_back_one_at_the_renewal_and_leaves_a_cancellation(book: RateBook) -> None:
    now = ChangeTier("c", START + HOUR, "standard")
    _, after, _ = changed(book, now, ChangeTier("p", START, "pro", when="renewal"))
    assert (after.plan.pending_tier, after.plan.pending_cancel) == (None, False)
    _, after, _ = changed(book, now, Cancel("x", START))
    assert (after.plan.pending_tier, after.plan.pending_cancel) == (None, True)
