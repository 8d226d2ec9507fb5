"""An account as a sheet: its plan, what can be spent and in which order, what is held, and where credits went."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from mimo_credits.display.sheet import Block, Sheet, table, total, untitled
from mimo_credits.display.writing import credit, instant, money, number
from mimo_credits.ledger import Account
from mimo_credits.ledger.account import Plan


def account_sheet(account: Account) -> Sheet:
    """The account at its own last entry."""
    if account.now is None:
        return Sheet("An account that has no entries yet", ())
    blocks: list[Block] = []
    if account.plan is not None:
        blocks.append(untitled("ll", _plan(account.plan)))
    if account.buckets:
        rows = [
            [bucket.pot, credit(bucket.issued), credit(bucket.millicredits), _until(bucket.expires_at)]
            for bucket in account.buckets
        ]
        sums = ["can be spent", "", credit(account.remaining_millicredits), ""]
        titles = ["bucket, first to burn first", "issued", "left", "expires"]
        blocks.append(table(titles, "lrrl", [*rows, total(sums)]))
    if account.holds:
        held = [[hold.id, credit(hold.millicredits), instant(hold.expires_at)] for hold in account.holds.values()]
        blocks.append(table(["hold", "credits", "lapses"], "lrl", held))
    blocks.append(untitled("lr", _flows(account)))
    tier = account.tier or "no plan"
    return Sheet(
        f"Account at {instant(account.now)} UTC: {tier}, {number(account.remaining)} credits left", tuple(blocks)
    )


def _plan(plan: Plan) -> Iterator[list[str]]:
    price = money(plan.list_price, plan.currency)
    yield ["plan", f"{plan.tier}, {plan.interval}, {plan.currency} {price}"]
    yield ["cycle", f"{instant(plan.cycle.start)} to {instant(plan.cycle.end)}"]
    yield ["card", f"{plan.pinned}, pinned" if plan.pinned else plan.card]
    if plan.pending_cancel:
        yield ["at its end", "lapses: it was cancelled"]
    elif plan.pending_tier:
        yield ["at its end", f"changes to {plan.pending_tier}"]


def _until(expires_at: datetime | None) -> str:
    return "never" if expires_at is None else instant(expires_at)


def _flows(account: Account) -> Iterator[list[str]]:
    pots = account.pots
    yield ["issued in all", credit(-pots.issued)]
    yield ["used", credit(pots.spent)]
    yield ["of which overage", credit(-pots.overage)]
    yield ["expired", credit(pots.expired)]
