"""What time brings: everything that falls due by an instant is decided at its own instant, before any command there.

At one instant the order is: grants expire, holds lapse, the cycle rolls over (by the card in force at that instant,
which then needs no migration), a card's migration takes place; ties by id. Rolling over k cycles late is therefore the
same as rolling over k times.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import NamedTuple, Protocol

from mimo_credits.card import RateCard, Rollover
from mimo_credits.cycle import Cycle, next_cycle
from mimo_credits.exact import billed, to_millicredits
from mimo_credits.ledger.account import ALLOWANCE, Bucket, Plan
from mimo_credits.ledger.draft import Draft, running_allowance
from mimo_credits.ledger.drawing import bill_usage
from mimo_credits.ledger.entries import (
    EXPIRED,
    ISSUED,
    Billed,
    BucketClosed,
    BucketOpened,
    CycleOpened,
    CycleReason,
    Lapsed,
    PostingReason,
)
from mimo_credits.ledger.holds import lapse_hold

_EXPIRY, _HOLD_LAPSE, _ROLLOVER, _MIGRATION = range(4)


class _Happens(Protocol):
    def __call__(self, draft: Draft) -> None: ...


class Due(NamedTuple):
    """Something that will happen at `at`; `rank` and `ref` order what happens at one instant."""

    at: datetime
    rank: int
    ref: str
    happens: _Happens


def advance(draft: Draft, until: datetime) -> None:
    """Decides everything that is due by `until`, inclusive."""
    while (due := next_due(draft)) is not None and due.at <= until:
        due.happens(draft)


def next_due(draft: Draft) -> Due | None:
    """The next thing to happen to the account if no command comes; None if nothing ever will."""
    account, found = draft.account, []
    for bucket in account.buckets:
        if bucket.expires_at is not None and bucket.pot != ALLOWANCE:
            found.append(Due(bucket.expires_at, _EXPIRY, bucket.pot, partial(_expire, bucket=bucket)))
    if account.holds:
        hold = min(account.holds.values(), key=attrgetter("expires_at", "id"))
        found.append(Due(hold.expires_at, _HOLD_LAPSE, hold.id, partial(lapse_hold, hold=hold)))
    plan = account.plan
    if plan is not None:
        found.append(Due(plan.cycle.end, _ROLLOVER, "", partial(_roll_over, plan=plan)))
        migration = _next_migration(draft, plan)
        if migration is not None:
            found.append(migration)
    return min(found, key=lambda due: due[:3], default=None)


def _expire(draft: Draft, bucket: Bucket) -> None:
    """A grant's rest expires at its own instant."""
    at = bucket.expires_at
    assert at is not None, "only a bucket with an expiry expires"
    draft.post(at, bucket.pot, EXPIRED, bucket.millicredits, "expiry", bucket.pot)
    draft.add(BucketClosed(at, bucket.pot))


def _roll_over(draft: Draft, plan: Plan) -> None:
    """The cycle ends: a cancelled plan lapses, another is renewed at the list price of the card in force.

    A tier that this card no longer sells for the plan's interval and currency cannot be renewed, so it lapses too.
    """
    at = plan.cycle.end
    card = draft.card_at(at, plan.pinned)
    tier = card.tiers.get(plan.pending_tier or plan.tier)
    sold = tier.plan(plan.interval) if tier else None
    if plan.pending_cancel or sold is None or plan.currency not in sold.price:
        draft.add(Lapsed(at, "cancelled" if plan.pending_cancel else "not-sold"))
        _let_expire(draft, at, "lapse")
        bill_usage(draft, at, card)
        return
    renewed = plan._replace(tier=plan.pending_tier or plan.tier, list_price=sold.price[plan.currency])
    cycle = next_cycle(plan.cycle, card.plan_cycle.rule(plan.interval))
    open_segment(draft, at, "renewal", renewed, cycle, card, "renewal", ref="")
    price = billed(renewed.list_price, plan.currency, card.plan_policy.money_rounding)
    draft.add(Billed(at, price, plan.currency, "renewal", "", card.id, card.sha256))


def _next_migration(draft: Draft, plan: Plan) -> Due | None:
    """The next card that migrates running cycles and sells the account's tier; a pinned account never migrates.

    One that took effect before the account's own clock is not made up for: correcting history is `rerate`'s.
    """
    found = draft.book.next_migration(plan.segment_start) if plan.pinned is None else None
    while found is not None:
        at, card = found
        tier = card.tiers.get(plan.tier)
        sold = tier.plan(plan.interval) if tier else None
        ahead = draft.account.now is None or at >= draft.account.now
        if ahead and sold is not None and plan.currency in sold.price:
            moved = plan._replace(list_price=sold.price[plan.currency])
            return Due(at, _MIGRATION, "", partial(_migrate, at=at, plan=moved, card=card))
        found = draft.book.next_migration(at)
    return None


def _migrate(draft: Draft, at: datetime, plan: Plan, card: RateCard) -> None:
    """A new card resets the running cycle: what is left expires, the new allowance is issued, the end stays."""
    open_segment(draft, at, "migration", plan, plan.cycle, card, "migration", ref="")


def open_segment(
    draft: Draft,
    at: datetime,
    why: CycleReason,
    plan: Plan,
    cycle: Cycle,
    card: RateCard,
    closing: PostingReason,
    ref: str,
) -> None:
    """Closes the running segment, if there is one, and opens the next with the whole allowance of `plan.tier`."""
    old = draft.account.plan
    draft.add(
        CycleOpened(
            at=at,
            reason=why,
            tier=plan.tier,
            interval=plan.interval,
            currency=plan.currency,
            cycle=cycle,
            card=card.id,
            digest=card.sha256,
            list_price=plan.list_price,
            pinned=plan.pinned is not None,
        )
    )
    if old is not None:
        if why == "renewal":
            _carry_over(draft, at, card, cycle)
        _let_expire(draft, at, closing)
        if why != "migration":
            bill_usage(draft, at, card)
    sold = card.tiers[plan.tier].plan(plan.interval)
    assert sold is not None, "a segment is opened only for what the card sells"
    draft.post(at, ISSUED, ALLOWANCE, to_millicredits(sold.credits), "allowance", ref)


def _let_expire(draft: Draft, at: datetime, reason: PostingReason) -> None:
    draft.post(at, ALLOWANCE, EXPIRED, running_allowance(draft).millicredits, reason, "")


def _carry_over(draft: Draft, at: datetime, card: RateCard, cycle: Cycle) -> None:
    """Where the card's policy has a rollover, the old allowance's rest up to its cap lives on for so many cycles."""
    rollover, left = card.plan_policy.rollover, running_allowance(draft).millicredits
    if not isinstance(rollover, Rollover) or not left:
        return
    expires_at = cycle.rule.end_of(cycle.anchor, cycle.number + rollover.cycles - 1)
    pot = f"carried:{at.isoformat()}"
    draft.add(BucketOpened(at, pot, expires_at, 0, "carried over"))
    draft.post(at, ALLOWANCE, pot, min(left, to_millicredits(rollover.up_to)), "carried", "")
