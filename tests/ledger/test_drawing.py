"""What is written of usage and of grants, entry by entry: who pays, what is owed, and on which card it rests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from mimo_credits import (
    Account,
    Accrued,
    Advance,
    Billed,
    BucketOpened,
    Cancel,
    Command,
    Entry,
    Grant,
    Posting,
    RateBook,
    Rated,
    Record,
    Subscribe,
    apply,
    fold,
)
from mimo_credits.ledger.account import Bucket
from tests.ledger.worlds import DEARER_MODELS, LARGE, PLAIN, card, tokens

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LITE: Command = Subscribe("s", START, "lite")
STOPS = card(PLAIN)
GOES_ON = card(replace(PLAIN, exhausted="pay-as-you-go"))
DEARER = card(replace(PLAIN, day="2026-01-02", models=DEARER_MODELS))


def asked(command: Command, *before: Command, book: RateBook) -> tuple[Account, tuple[Entry, ...]]:
    return apply(fold(Account(), before, book)[0], command, book)


def test_a_grant_opens_its_pot_and_fills_it() -> None:
    account, entries = asked(Grant("g", START, 2, START + DAY, 7, "sorry"), LITE, book=RateBook([STOPS]))
    assert entries == (
        BucketOpened(START, "grant:g", START + DAY, 7, "sorry"),
        Posting(START, "issued", "grant:g", 2_000, "grant", "g"),
    )
    assert account.bucket("grant:g") == Bucket("grant:g", 2_000, 2_000, 7, START, START + DAY)


def test_usage_is_drawn_in_burn_order_and_what_no_pot_covers_is_overage() -> None:
    """15.5 credits: one of the grant, ten of the allowance, 4.5 of nobody."""
    at = START + HOUR
    usage = replace(LARGE, web_searches=0)
    rates = STOPS.table.peak.bands["weighted"][0]
    account, entries = asked(Record("r", at, usage), LITE, Grant("g", START, 1, priority=-1), book=RateBook([STOPS]))
    assert entries == (
        Rated(at, "r", usage, rates, STOPS.id, STOPS.sha256, off_peak=False, millicredits=15_500),
        Posting(at, "grant:g", "spent", 1_000, "usage", "r"),
        Posting(at, "allowance", "spent", 10_000, "usage", "r"),
        Posting(at, "overage", "spent", 4_500, "overage", "r"),
    )
    assert account.plan.overage == 4_500


def test_where_service_goes_on_the_uncovered_share_is_owed_and_web_searches_are_in_any_case() -> None:
    """5.5 of 15.5 credits are not covered, so 5.5/15.5 of the tokens' 0.0847 dollars are owed, and half a cent."""
    at = START + HOUR
    _, entries = asked(Record("r", at, LARGE), LITE, book=RateBook([GOES_ON]))
    by = (GOES_ON.id, GOES_ON.sha256)
    assert entries[1:] == (
        Posting(at, "allowance", "spent", 10_000, "usage", "r"),
        Posting(at, "overage", "spent", 5_500, "pay-as-you-go", "r"),
        Accrued(at, Fraction("0.0847") * 55 / 155, "USD", "pay-as-you-go", "r", *by),
        Accrued(at, Fraction("0.005"), "USD", "web-search", "r", *by),
    )


def test_late_usage_after_the_plan_is_drawn_from_what_expired_and_billed_at_once() -> None:
    """Four credits were spent in time; the late 15.5 find six, and three searches cost 1.5 cents."""
    late = START + 2 * HOUR
    in_time, usage = Record("r", START + HOUR, tokens(8)), replace(LARGE, web_searches=3)
    account, entries = asked(
        Record("late", late, usage),
        LITE,
        in_time,
        Cancel("c", START + HOUR),
        Advance(START + DAY),
        book=RateBook([STOPS]),
    )
    by = (STOPS.id, STOPS.sha256)
    assert entries[1:] == (
        Posting(late, "expired", "spent", 6_000, "late-usage", "late"),
        Posting(late, "overage", "spent", 9_500, "overage", "late"),
        Accrued(late, Fraction("0.015"), "USD", "web-search", "late", *by),
        Billed(late, Decimal("0.02"), "USD", "usage", "late", *by),
    )
    assert account.now == START + DAY


def test_a_plan_counts_what_its_running_segment_overdraws_from_its_first_instant_on() -> None:
    """Each usage is 15.5 credits; the allowance of 10 is used up by a usage at the very start of the segment."""
    book, start, usage = RateBook([STOPS]), START + DAY, replace(LARGE, web_searches=0)
    first = [LITE, Advance(start), Record("first", start, usage)]
    account, _ = fold(Account(), first, book)
    assert account.plan.overage == 5_500
    account, _ = fold(account, [Record("late", START + HOUR, usage), Record("next", start + HOUR, usage)], book)
    assert account.plan.overage == 5_500 + 15_500, "late usage overdraws the segment before"
    assert account.pots.overage == -(5_500 + 5_500 + 15_500)
    assert account.as_of(start + DAY, book).plan.overage == 0


def test_late_usage_of_a_pinned_plan_is_priced_by_its_card() -> None:
    """On 2 January three tokens cost 8 credits, for an account that stays on the card of the 1st 5.5."""
    book, late = RateBook([STOPS, DEARER]), START + 18 * HOUR
    pinned = Subscribe("s", START, "lite", card=STOPS.id)
    usage = tokens(1, 1, 1)
    _, entries = asked(Record("late", late, usage), pinned, Advance(START + DAY), book=book)
    assert [(entry.card, entry.off_peak, entry.millicredits) for entry in entries if isinstance(entry, Rated)] == [
        (STOPS.id, True, 2_750)
    ]
