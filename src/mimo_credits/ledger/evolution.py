"""`evolve`: how one entry changes an account. Total, and without rules: it adds up what was decided.

Each kind of entry has one function here. Only a posting changes balances; the other entries change what the balances
belong to. An entry that speaks of what is not there (a hold or a plan that entries left out would have opened) changes
nothing but the clock; that such books are wrong is `audit`'s to say.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from fractions import Fraction
from typing import Any, NoReturn

from mimo_credits.errors import several, wrong_type
from mimo_credits.frozen import FrozenMap
from mimo_credits.ledger.account import (
    ALLOWANCE,
    Account,
    Bucket,
    ClosedSegment,
    EndedHold,
    OpenHold,
    Plan,
    check_account,
)
from mimo_credits.ledger.entries import (
    EXPIRED,
    HELD,
    ISSUED,
    NOT_BUCKETS,
    OVERAGE,
    SPENT,
    Accrued,
    Billed,
    BucketClosed,
    BucketOpened,
    CycleOpened,
    Entry,
    HoldClosed,
    HoldOpened,
    Lapsed,
    Posting,
    Rated,
    Restated,
    Scheduled,
    TierChanged,
)

_NOTHING_OWED: FrozenMap[Fraction] = FrozenMap()


def evolve(account: Account, entry: Entry) -> Account:
    """The account after the entry. Raises `InputError` for what is no account and no entry."""
    check_account(account)
    rule = _EVOLVE.get(type(entry))
    if rule is None:
        raise wrong_type("entry", "an entry of the ledger", entry)
    return rule(account, entry)


def replay(entries: Iterable[Entry], account: Account | None = None) -> Account:
    """The account that entries add up to, from the beginning or from the given account on.

    Raises `InputError` for anything but entries.
    """
    account = Account() if account is None else account
    check_account(account)
    for entry in several(entries, "entries", "entries of the ledger"):
        account = _EVOLVE.get(type(entry), _no_entry)(account, entry)
    return account


def _no_entry(_: Account, value: object) -> NoReturn:
    raise wrong_type("entries", "entries of the ledger", value)


def _clock(account: Account, at: datetime) -> datetime:
    """The account's only clock is its last entry; late usage does not turn it back."""
    return at if account.now is None or at > account.now else account.now


def _posted(account: Account, entry: Posting) -> Account:
    amount, source, target = entry.millicredits, entry.source, entry.target
    pots = account.pots
    if source in NOT_BUCKETS:
        pots = pots._replace(**{source: getattr(pots, source) - amount})
    if target in NOT_BUCKETS:
        pots = pots._replace(**{target: getattr(pots, target) + amount})
    moved = account._replace(
        now=_clock(account, entry.at),
        pots=pots,
        buckets=tuple([_moved(bucket, entry) for bucket in account.buckets]),
    )
    if source == OVERAGE or target == HELD or account.closed is not None:
        return _with_memory(moved, entry)
    return moved


def _with_memory(account: Account, entry: Posting) -> Account:
    """What a posting is remembered for beyond the balances. Where it corrects them, a restatement says that instead."""
    if entry.reason == "correction":
        return account
    return account._replace(
        plan=_overrun(account.plan, entry),
        holds=_reserved(account.holds, entry) if entry.target == HELD else account.holds,
        closed=_let_expire(account.closed, entry),
    )


def _overrun(plan: Plan | None, entry: Posting) -> Plan | None:
    """What the running segment has drawn beyond its pots; late usage of the segment before does not count."""
    if plan is None or entry.source != OVERAGE or entry.at < plan.segment_start:
        return plan
    return plan._replace(overage=plan.overage + entry.millicredits)


def _moved(bucket: Bucket, entry: Posting) -> Bucket:
    if bucket.pot == entry.source:
        return bucket._replace(millicredits=bucket.millicredits - entry.millicredits)
    if bucket.pot == entry.target:
        issued = entry.millicredits if entry.source == ISSUED and entry.reason != "correction" else 0
        return bucket._replace(millicredits=bucket.millicredits + entry.millicredits, issued=bucket.issued + issued)
    return bucket


def _reserved(holds: FrozenMap[OpenHold], entry: Posting) -> FrozenMap[OpenHold]:
    hold = holds.get(entry.ref)
    if hold is None:
        return holds
    return holds.having(entry.ref, hold._replace(parts=(*hold.parts, (entry.source, entry.millicredits))))


def _let_expire(closed: ClosedSegment | None, entry: Posting) -> ClosedSegment | None:
    """What the closed segment let expire grows as its allowance is emptied, and shrinks by late usage."""
    if closed is None:
        return None
    if entry.source == ALLOWANCE and entry.target == EXPIRED:
        return closed._replace(millicredits=closed.millicredits + entry.millicredits)
    if entry.source == EXPIRED and entry.target == SPENT:
        return closed._replace(millicredits=closed.millicredits - entry.millicredits)
    return closed


def _cycle_opened(account: Account, entry: CycleOpened) -> Account:
    old = account.plan
    plan = Plan(
        tier=entry.tier,
        interval=entry.interval,
        currency=entry.currency,
        cycle=entry.cycle,
        segment_start=entry.at,
        card=entry.card,
        pinned=entry.card if entry.pinned else None,
        list_price=entry.list_price,
        pending_tier=old.pending_tier if old and entry.reason == "migration" else None,
        pending_cancel=old.pending_cancel if old else False,
    )
    allowance = account.bucket(ALLOWANCE)
    left = allowance.millicredits if allowance else 0
    renewed = Bucket(ALLOWANCE, left, 0, 0, entry.at, entry.cycle.end)
    # Trading in moves what is held along to the new allowance; every other opening leaves it with the old segment.
    holds = account.holds if entry.reason == "trade-in" else _detached(account.holds)
    return _segment_closed(account, entry.at)._replace(
        since=account.since or entry.at,
        # What rounding has left of the bills of a plan that is over is no new plan's to pay.
        accrued=account.accrued if old else _NOTHING_OWED,
        plan=plan,
        buckets=_in_burn_order([renewed, *(bucket for bucket in _worth_keeping(account) if bucket.pot != ALLOWANCE)]),
        holds=holds,
    )


def _lapsed(account: Account, entry: Lapsed) -> Account:
    return _segment_closed(account, entry.at)._replace(plan=None, holds=_detached(account.holds))


def _segment_closed(account: Account, at: datetime) -> Account:
    plan = account.plan
    if plan is None:
        return account._replace(now=_clock(account, at))
    return account._replace(
        now=_clock(account, at),
        closed=ClosedSegment(plan.segment_start, at, plan.pinned, plan.currency, 0),
        ended_holds=tuple(
            hold._replace(segments=hold.segments + 1) for hold in account.ended_holds if hold.segments < 1
        ),
    )


def _detached(holds: FrozenMap[OpenHold]) -> FrozenMap[OpenHold]:
    """Holds whose part of the allowance will not go back to any allowance, because its segment has closed."""
    return FrozenMap(
        {
            name: hold._replace(parts=tuple((EXPIRED if pot == ALLOWANCE else pot, part) for pot, part in hold.parts))
            for name, hold in holds.items()
        }
    )


def _worth_keeping(account: Account) -> Iterable[Bucket]:
    """Forgets grants that are used up, unless a hold may still give back to them."""
    held_from = {pot for hold in account.holds.values() for pot, _ in hold.parts}
    return (bucket for bucket in account.buckets if bucket.millicredits or bucket.pot in held_from)


def _in_burn_order(buckets: Iterable[Bucket]) -> tuple[Bucket, ...]:
    return tuple(sorted(buckets, key=Bucket.burn_key))


def _tier_changed(account: Account, entry: TierChanged) -> Account:
    plan = account.plan
    if plan is not None:
        plan = plan._replace(tier=entry.tier, card=entry.card, list_price=entry.list_price, pending_tier=None)
    return account._replace(now=_clock(account, entry.at), plan=plan)


def _scheduled(account: Account, entry: Scheduled) -> Account:
    plan = account.plan
    if plan is not None:
        plan = plan._replace(pending_tier=entry.tier, pending_cancel=entry.cancel)
    return account._replace(now=_clock(account, entry.at), plan=plan)


def _bucket_opened(account: Account, entry: BucketOpened) -> Account:
    bucket = Bucket(entry.pot, 0, 0, entry.priority, entry.at, entry.expires_at)
    return account._replace(now=_clock(account, entry.at), buckets=_in_burn_order([*account.buckets, bucket]))


def _bucket_closed(account: Account, entry: BucketClosed) -> Account:
    left = tuple(bucket for bucket in account.buckets if bucket.pot != entry.pot)
    return account._replace(now=_clock(account, entry.at), buckets=left)


def _hold_opened(account: Account, entry: HoldOpened) -> Account:
    hold = OpenHold(entry.id, entry.at, entry.expires_at, entry.card, ())
    return account._replace(now=_clock(account, entry.at), holds=account.holds.having(entry.id, hold))


def _hold_closed(account: Account, entry: HoldClosed) -> Account:
    ended = account.ended_holds
    if entry.how != "settled":
        ended = (*ended, EndedHold(entry.id, entry.how, 0))
    return account._replace(now=_clock(account, entry.at), holds=account.holds.without(entry.id), ended_holds=ended)


def _accrued(account: Account, entry: Accrued) -> Account:
    return account._replace(now=_clock(account, entry.at), accrued=_owed(account, entry.currency, entry.amount))


def _billed(account: Account, entry: Billed) -> Account:
    return account._replace(now=_clock(account, entry.at), accrued=_still_owed(account, entry))


def _still_owed(account: Account, entry: Billed) -> FrozenMap[Fraction]:
    """A cycle's bill settles all that was owed; one after the plan is over settles its amount, and the rest stays."""
    if entry.reason != "usage":
        return account.accrued
    if account.plan is not None:
        return account.accrued.without(entry.currency)
    return _owed(account, entry.currency, -Fraction(entry.amount))


def _owed(account: Account, currency: str, more: Fraction) -> FrozenMap[Fraction]:
    owed = {**account.accrued, currency: account.accrued.get(currency, Fraction(0)) + more}
    return FrozenMap({name: amount for name, amount in owed.items() if amount})


def _rated(account: Account, entry: Rated) -> Account:
    return account._replace(now=_clock(account, entry.at))


def _restated(account: Account, entry: Restated) -> Account:
    balances = {bucket.pot: bucket.millicredits for bucket in account.buckets}
    return account._replace(
        now=entry.now,
        since=entry.since,
        plan=entry.plan,
        closed=entry.closed,
        buckets=tuple(bucket._replace(millicredits=balances.get(bucket.pot, 0)) for bucket in entry.buckets),
        holds=entry.holds,
        ended_holds=entry.ended_holds,
    )


_EVOLVE: dict[type, Callable[[Account, Any], Account]] = {
    Rated: _rated,
    Posting: _posted,
    CycleOpened: _cycle_opened,
    TierChanged: _tier_changed,
    Scheduled: _scheduled,
    Lapsed: _lapsed,
    BucketOpened: _bucket_opened,
    BucketClosed: _bucket_closed,
    HoldOpened: _hold_opened,
    HoldClosed: _hold_closed,
    Accrued: _accrued,
    Billed: _billed,
    Restated: _restated,
}
