"""Usage and grants: what a usage costs and which pots pay for it.

Usage is a fact. Burn order decides which bucket pays; what no bucket covers comes from `overage` and is never repaid.
Where the card's policy is pay-as-you-go, the uncovered share of the request owes the same share of its whole
pay-as-you-go price, kept as an exact ratio until the cycle's bill; a card that sells nothing in the plan's currency has
no such price, so that it owes nothing. Web searches owe money in any case: the plan has no credits for them. Money is
owed in the currency of the plan that the usage belongs to, and never added up across currencies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from fractions import Fraction

from mimo_credits.card import RateCard
from mimo_credits.errors import Reason, Refused
from mimo_credits.exact import billed, share
from mimo_credits.ledger.account import Account, ClosedSegment
from mimo_credits.ledger.commands import Grant, Record, Settle
from mimo_credits.ledger.draft import Draft
from mimo_credits.ledger.entries import (
    EXPIRED,
    ISSUED,
    OVERAGE,
    SPENT,
    Accrued,
    Billed,
    BucketOpened,
    Rated,
)
from mimo_credits.pricing import metered_charge, price, rates_for, web_search_price
from mimo_credits.usage import Usage


def decide_grant(draft: Draft, command: Grant) -> None:
    """A grant opens a pot of its own. It needs no plan, but is spent only under one."""
    pot = f"grant:{command.id}"
    if draft.account.bucket(pot) is not None:
        raise Refused(Reason.DUPLICATE_GRANT, command, f"grant {command.id!r} is there already")
    draft.add(BucketOpened(command.at, pot, command.expires_at, command.priority, command.label))
    draft.post(command.at, ISSUED, pot, command.millicredits, "grant", command.id)


def decide_record(draft: Draft, command: Record | Settle) -> None:
    """Usage of the running segment is drawn from its buckets; late usage from what the segment before let expire.

    A settlement of a hold that ended before is such usage, too.
    """
    plan = draft.account.plan
    if plan is not None and command.at >= plan.segment_start:
        card = draft.card_at(command.at, plan.pinned)
        rated = rate(draft, command.at, command.id, command.usage, card, priced_at=command.at)
        uncovered = draw(draft, command.at, rated.millicredits, command.id)
        overrun(draft, rated, uncovered, card, plan.currency)
        return
    segment = _segment_of(draft.account, command)
    card = draft.card_at(command.at, segment.card)
    rated = rate(draft, command.at, command.id, command.usage, card, priced_at=command.at)
    covered = min(rated.millicredits, segment.millicredits)
    draft.post(command.at, EXPIRED, SPENT, covered, "late-usage", command.id)
    overrun(draft, rated, rated.millicredits - covered, card, segment.currency)


def _segment_of(account: Account, command: Record | Settle) -> ClosedSegment:
    """The segment that late usage belongs to, if it is the one just closed. Refused otherwise."""
    closed = account.closed
    if account.since is None or command.at < account.since:
        raise Refused(Reason.NOT_SUBSCRIBED, command, f"the account had no plan at {command.at.isoformat()}")
    assert closed is not None, "an account that was subscribed has a plan or a closed segment"
    if command.at < closed.start:
        raise Refused(
            Reason.CLOSED_CYCLE,
            command,
            f"{command.at.isoformat()} lies before the segment just closed, which began {closed.start.isoformat()}",
        )
    if command.at >= closed.end:
        raise Refused(Reason.NOT_SUBSCRIBED, command, f"the account had no plan at {command.at.isoformat()}")
    return closed


def rate(draft: Draft, at: datetime, id: str, usage: Usage, card: RateCard, *, priced_at: datetime) -> Rated:
    """Decides the `Rated` entry of a usage, priced as at `priced_at`. Raises as `charge` does."""
    table = card.table
    off_peak = table.is_off_peak(priced_at)
    rates = rates_for(table, usage, off_peak)
    rated = Rated(
        at=at,
        id=id,
        usage=usage,
        rates=rates,
        card=table.card_id,
        digest=table.digest,
        off_peak=off_peak,
        millicredits=metered_charge(table, usage, rates),
    )
    draft.add(rated)
    return rated


def shares(account: Account, millicredits: int, at: datetime) -> Iterator[tuple[str, int]]:
    """Which of the pots open at the instant pay how much, in burn order; less than asked where they run dry."""
    for bucket in account.buckets:
        if not millicredits:
            return
        if bucket.millicredits and bucket.opened_at <= at:
            part = min(bucket.millicredits, millicredits)
            millicredits -= part
            yield bucket.pot, part


def draw(draft: Draft, at: datetime, millicredits: int, ref: str) -> int:
    """Spends from the buckets in burn order, and gives back what they do not cover."""
    for pot, part in list(shares(draft.account, millicredits, at)):
        draft.post(at, pot, SPENT, part, "usage", ref)
        millicredits -= part
    return millicredits


def overrun(draft: Draft, rated: Rated, uncovered: int, card: RateCard, currency: str) -> None:
    """What no bucket covers, and what usage owes in money: with the cycle's bill, or at once where the plan is over."""
    at, ref = rated.at, rated.id
    pays_money = card.plan_policy.exhausted == "pay-as-you-go" and card.sells_in(currency)
    draft.post(at, OVERAGE, SPENT, uncovered, "pay-as-you-go" if pays_money else "overage", ref)
    before = draft.account.accrued
    if uncovered and pays_money:
        whole = Fraction(price(card, replace(rated.usage, web_searches=0), currency))
        owed = whole * share(uncovered, rated.millicredits)
        draft.add(Accrued(at, owed, currency, "pay-as-you-go", ref, card.id, card.sha256))
    if rated.usage.web_searches:
        owed = Fraction(web_search_price(card, rated.usage, currency))
        draft.add(Accrued(at, owed, currency, "web-search", ref, card.id, card.sha256))
    if draft.account.plan is None and draft.account.accrued != before:
        _bill_owed(draft, at, currency, card, ref)


def bill_usage(draft: Draft, at: datetime, card: RateCard) -> None:
    """The bills of a cycle that ends: what its usage owes in money, summed exactly by currency, each rounded once."""
    for currency in sorted(draft.account.accrued):
        _bill_owed(draft, at, currency, card)


def _bill_owed(draft: Draft, at: datetime, currency: str, card: RateCard, ref: str = "") -> None:
    """Where bills were rounded up by more than is owed since, nothing is due: the plan is over, no bill is negative."""
    owed = max(Fraction(0), draft.account.accrued.get(currency, Fraction(0)))
    due = billed(owed, currency, card.plan_policy.money_rounding)
    draft.add(Billed(at, due, currency, "usage", ref, card.id, card.sha256))
