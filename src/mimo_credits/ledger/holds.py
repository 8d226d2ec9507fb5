"""Holds: credits reserved before the work, so that concurrent calls cannot pass the limit together.

A hold takes its credits from the buckets in burn order, or is refused. It outlives cycle boundaries. What it gives back
goes to the bucket it came from: to the successor after a trade-in, and to `expired` where the bucket's time is over.
A settlement is priced at the hold's instant.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from mimo_credits.errors import Reason, Refused
from mimo_credits.exact import to_credits, to_millicredits
from mimo_credits.ledger.account import OpenHold
from mimo_credits.ledger.commands import Hold, Release, Settle
from mimo_credits.ledger.draft import Draft, subscribed
from mimo_credits.ledger.drawing import decide_record, draw, overrun, rate, shares
from mimo_credits.ledger.entries import EXPIRED, HELD, SPENT, HoldClosed, HoldOpened
from mimo_credits.pricing import charge


def decide_hold(draft: Draft, command: Hold) -> None:
    """Reserves the credits, all or none."""
    plan = subscribed(draft, command)
    if command.id in draft.account.holds:
        raise Refused(Reason.DUPLICATE_HOLD, command, f"hold {command.id!r} is open already")
    if command.usage is not None:
        asked = charge(draft.card_at(command.at, plan.pinned), command.usage, at=command.at)
    else:
        assert command.credits is not None, "a hold has usage or credits"
        asked = to_millicredits(command.credits)
    parts = list(shares(draft.account, asked, command.at))
    missing = asked - sum(part for _, part in parts)
    if missing:
        raise Refused(
            Reason.INSUFFICIENT_CREDITS,
            command,
            f"the hold needs {to_credits(asked):,} credits, {to_credits(missing):,} more than are free",
            missing_millicredits=missing,
        )
    draft.add(HoldOpened(command.at, command.id, command.expires_at, plan.pinned))
    for pot, part in parts:
        draft.post(command.at, pot, HELD, part, "hold", command.id)


def decide_settle(draft: Draft, command: Settle) -> None:
    """Spends what was used, first from the hold and then from the buckets, and gives the rest of the hold back.

    On a hold that lapsed or was released before, the usage is charged as a record of its own.
    """
    hold = draft.account.holds.get(command.hold_id)
    if hold is None:
        _require_ended(draft, command, command.hold_id)
        decide_record(draft, command)
        return
    card = draft.card_at(hold.at, hold.card)
    rated = rate(draft, command.at, command.id, command.usage, card, priced_at=hold.at)
    from_hold, rest = _split(hold.parts, rated.millicredits)
    draft.post(command.at, HELD, SPENT, from_hold, "usage", command.id)
    uncovered = rated.millicredits - from_hold
    _give_back(draft, command.at, rest, hold.id)
    draft.add(HoldClosed(command.at, hold.id, "settled"))
    account = draft.account
    owner = account.plan or account.closed
    assert owner is not None, "a hold is opened under a plan"
    if account.plan is not None:
        uncovered = draw(draft, command.at, uncovered, command.id)
    overrun(draft, rated, uncovered, card, owner.currency)


def decide_release(draft: Draft, command: Release) -> None:
    """Gives all of the hold back."""
    hold = draft.account.holds.get(command.hold_id)
    if hold is None:
        how = _require_ended(draft, command, command.hold_id)
        raise Refused(Reason.HOLD_ENDED, command, f"hold {command.hold_id!r} is {how} already")
    _end(draft, command.at, hold, "released")


def lapse_hold(draft: Draft, hold: OpenHold) -> None:
    """An unsettled hold ends at its expiry."""
    _end(draft, hold.expires_at, hold, "lapsed")


def _end(draft: Draft, at: datetime, hold: OpenHold, how: Literal["released", "lapsed"]) -> None:
    _give_back(draft, at, hold.parts, hold.id)
    draft.add(HoldClosed(at, hold.id, how))


def _give_back(draft: Draft, at: datetime, parts: Iterable[tuple[str, int]], ref: str) -> None:
    for pot, part in parts:
        target = pot if draft.account.bucket(pot) is not None else EXPIRED
        draft.post(at, HELD, target, part, "hold-returned", ref)


def _split(parts: Iterable[tuple[str, int]], cost: int) -> tuple[int, list[tuple[str, int]]]:
    """How much of the cost the held parts pay, in burn order, and what of them is left."""
    spent, rest = 0, []
    for pot, part in parts:
        used = min(part, cost - spent)
        spent += used
        rest.append((pot, part - used))
    return spent, rest


def _require_ended(draft: Draft, command: Settle | Release, hold_id: str) -> str:
    """How a hold ended that lapsed or was released. Refused as `UNKNOWN_HOLD` if none such is remembered."""
    for ended in draft.account.ended_holds:
        if ended.id == hold_id:
            return ended.how
    raise Refused(Reason.UNKNOWN_HOLD, command, f"there is no hold {hold_id!r}, or it was settled")
