"""A hold's life, entry by entry: taken from two pots, settled, released or lapsed, and priced by the card it began on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from mimo_credits import (
    Account,
    Advance,
    Billed,
    Cancel,
    Command,
    Entry,
    Grant,
    Hold,
    HoldClosed,
    HoldOpened,
    Posting,
    RateBook,
    Rated,
    Release,
    Settle,
    Subscribe,
    apply,
    evolve,
    fold,
)
from mimo_credits.ledger.account import EndedHold, OpenHold
from tests.ledger import worlds
from tests.ledger.worlds import DEARER_MODELS, PLAIN, card, tokens

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SOON = START + 3 * HOUR
BOOK = worlds.plain()
LITE: Command = Subscribe("s", START, "lite")
GRANT: Command = Grant("g", START, 1, priority=-1)
HOLD = Hold("h", START, credits=4, expires_at=SOON)
PLAIN_CARD = card(PLAIN)
DEARER_CARD = card(replace(PLAIN, day="2026-01-02", models=DEARER_MODELS))
DEARER = RateBook([PLAIN_CARD, DEARER_CARD])
"""From 2 January on, every token of `weighted` costs more; running cycles go on."""


def asked(command: Command, *before: Command, book: RateBook = BOOK) -> tuple[Account, tuple[Entry, ...]]:
    return apply(fold(Account(), [LITE, GRANT, *before], book)[0], command, book)


def test_a_hold_takes_from_the_pots_in_burn_order() -> None:
    account, entries = asked(HOLD)
    assert entries == (
        HoldOpened(START, "h", SOON, None),
        Posting(START, "grant:g", "held", 1_000, "hold", "h"),
        Posting(START, "allowance", "held", 3_000, "hold", "h"),
    )
    assert account.holds == {"h": OpenHold("h", START, SOON, None, (("grant:g", 1_000), ("allowance", 3_000)))}


def test_a_settlement_spends_what_was_used_and_returns_the_rest_to_where_it_came_from() -> None:
    """A cached token and an output token are 3.5 of the 4 credits."""
    at, usage = START + HOUR, tokens(1, output=1)
    account, entries = asked(Settle("e", at, "h", usage), HOLD)
    rates = PLAIN_CARD.table.peak.bands["weighted"][0]
    assert entries == (
        Rated(at, "e", usage, rates, PLAIN_CARD.id, PLAIN_CARD.sha256, off_peak=False, millicredits=3_500),
        Posting(at, "held", "spent", 3_500, "usage", "e"),
        Posting(at, "held", "allowance", 500, "hold-returned", "h"),
        HoldClosed(at, "h", "settled"),
    )
    assert (account.holds, account.ended_holds) == ({}, ())


def test_a_release_returns_everything_and_is_remembered() -> None:
    at = START + HOUR
    account, entries = asked(Release("r", at, "h"), HOLD)
    assert entries == (
        Posting(at, "held", "grant:g", 1_000, "hold-returned", "h"),
        Posting(at, "held", "allowance", 3_000, "hold-returned", "h"),
        HoldClosed(at, "h", "released"),
    )
    assert (account.holds, account.ended_holds) == ({}, (EndedHold("h", "released", 0),))


def test_a_hold_that_nobody_ends_lapses_at_its_own_instant() -> None:
    account, entries = asked(Advance(SOON + HOUR), HOLD)
    assert entries == (
        Posting(SOON, "held", "grant:g", 1_000, "hold-returned", "h"),
        Posting(SOON, "held", "allowance", 3_000, "hold-returned", "h"),
        HoldClosed(SOON, "h", "lapsed"),
    )
    assert (account.now, account.ended_holds) == (SOON, (EndedHold("h", "lapsed", 0),))
    assert account.as_of(START + DAY, BOOK).ended_holds == (EndedHold("h", "lapsed", 1),)
    assert account.as_of(START + 2 * DAY, BOOK).ended_holds == ()


def test_holds_lapse_in_the_order_of_their_expiry_whatever_their_ids() -> None:
    late = Hold("a", START, credits=1, expires_at=SOON + HOUR)
    early = Hold("b", START, credits=1, expires_at=SOON)
    account, _ = asked(Advance(SOON), late, early)
    assert list(account.holds) == ["a"]
    _, entries = asked(Advance(SOON + HOUR), late, early)
    assert [(entry.at, entry.id) for entry in entries if isinstance(entry, HoldClosed)] == [
        (SOON, "b"),
        (SOON + HOUR, "a"),
    ]


def test_only_credits_that_go_to_a_hold_are_its_parts() -> None:
    """Also after a renewal, and of a request that happens to have the hold's id."""
    hold = replace(HOLD, expires_at=START + 9 * DAY)
    held, _ = asked(Advance(START + DAY), hold)
    for source, target, reason in (("allowance", "spent", "usage"), ("held", "grant:g", "hold-returned")):
        assert evolve(held, Posting(START + DAY, source, target, 1_000, reason, "h")).holds == held.holds


def test_a_hold_of_a_pinned_account_is_priced_by_its_card_also_after_the_plan() -> None:
    """On the plain card the three tokens are 5.5 credits, on the dearer one that is in force by then 8."""
    pinned, at, usage = PLAIN_CARD.id, START + 14 * HOUR, tokens(1, 1, 1)
    account, entries = fold(
        Account(),
        [
            Subscribe("s", START, "lite", card=pinned),
            Hold("h", at, usage, expires_at=START + 9 * DAY),
            Cancel("c", at),
            Advance(START + DAY),
        ],
        DEARER,
    )
    assert [entry for entry in entries if isinstance(entry, HoldOpened)] == [
        HoldOpened(at, "h", START + 9 * DAY, pinned)
    ]
    assert account.plan is None
    settled, entries = apply(account, Settle("e", START + 2 * DAY, "h", usage), DEARER)
    assert [(entry.card, entry.millicredits) for entry in entries if isinstance(entry, Rated)] == [(pinned, 5_500)]
    assert (settled.pots.spent, settled.pots.overage) == (5_500, 0)


def test_usage_that_is_settled_after_the_plan_is_billed_at_once_for_the_settlement() -> None:
    """Web searches cost money in any case: three of them 1.5 cents."""
    hold = Hold("h", START, credits=4, expires_at=START + 9 * DAY)
    at = START + 2 * DAY
    settle = Settle("e", at, "h", tokens(1, output=1, searches=3))
    _, entries = asked(settle, hold, Cancel("c", START), Advance(START + DAY))
    assert entries[-1] == Billed(at, Decimal("0.02"), "USD", "usage", "e", PLAIN_CARD.id, PLAIN_CARD.sha256)
