"""Asks the engine and the oracle the same question and compares the answers, to the last millicredit and cent."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from mimo_credits import (
    Account,
    Billed,
    Command,
    Entry,
    NoSuchCard,
    PricingError,
    RateBook,
    Refused,
    apply,
    evolve,
)
from tests.ledger.facts import Bill
from tests.ledger.oracle import Reading
from tests.ledger.reckoning import No


class Refusal(NamedTuple):
    """Why a command is refused, and what a hold lacks."""

    reason: str
    missing: int | None


def ask(account: Account, command: Command, book: RateBook) -> tuple[Account, tuple[Entry, ...]] | Refusal:
    """The engine's answer; an error that is not documented for a command passes through."""
    try:
        return apply(account, command, book)
    except Refused as refused:
        return Refusal(refused.reason.value, refused.missing_millicredits)
    except (PricingError, NoSuchCard) as error:
        return Refusal(type(error).__name__, None)


def read(history: Iterable[Command], book: RateBook) -> Reading | Refusal:
    """The oracle's answer."""
    try:
        return Reading(history, book)
    except No as no:
        return Refusal(no.reason, no.missing)


def check(account: Account, before: Reading, command: Command, book: RateBook) -> tuple[Account, Reading] | None:
    """One more command on an account and its history so far: both must say the same. None where it is refused."""
    history = [*before.history, command]
    said, expected = ask(account, command, book), read(history, book)
    if isinstance(said, Refusal) or isinstance(expected, Refusal):
        assert said == expected, told(history, "refusal", said, expected)
        return None
    after, entries = said
    assert check_entries(account, entries) == after, told(history, "entries and account", entries, after)
    mine, theirs = state_read(expected), state(after)
    for what, value in mine.items():
        assert theirs[what] == value, told(history, what, theirs[what], value)
    bills = [_bill(entry) for entry in entries if isinstance(entry, Billed)]
    assert bills == expected.bills[len(before.bills) :], told(history, "bills", bills, expected.bills)
    return after, expected


def told(history: Iterable[Command], what: str, said: object, expected: object) -> str:
    """A disagreement, with all that led to it."""
    return "\n".join([*map(str, history), f"{what}: the ledger says {said}", f"{what}: the oracle says {expected}"])


def check_entries(account: Account, entries: Iterable[Entry]) -> Account:
    """Credits are moved, never made, and no pot that holds credits is ever below zero: after every single entry."""
    for entry in entries:
        account = evolve(account, entry)
        pots, in_buckets = account.pots, [bucket.millicredits for bucket in account.buckets]
        assert sum(pots) + sum(in_buckets) == 0, entry
        assert min(pots.held, pots.spent, pots.expired, *in_buckets, 0) == 0, entry
        assert max(pots.issued, pots.overage) <= 0, entry
    return account


def state(account: Account) -> dict[str, object]:
    """An account in the oracle's words."""
    plan, closed = account.plan, account.closed
    pots = {bucket.pot: bucket.millicredits for bucket in account.buckets}
    return {
        "clock": account.now,
        "plan": plan and (plan.tier, plan.interval, plan.currency, Fraction(plan.list_price)),
        "segment": plan and (plan.segment_start, plan.cycle.start, plan.cycle.end),
        "pending": (plan.pending_tier, plan.pending_cancel) if plan else (None, False),
        "closed": closed and (closed.start, closed.end, closed.millicredits),
        "pots": account.pots,
        "to spend": [(pot, left) for pot, left in pots.items() if left],
        "holds": {
            hold.id: [(pot if pot in pots else "expired", part) for pot, part in hold.parts]
            for hold in account.holds.values()
        },
        "owed": account.accrued,
    }


def state_read(reading: Reading) -> dict[str, object]:
    """What the oracle read, in the same words."""
    running, closed = reading.segment(), reading.closed()
    balances = {pot: reading.balance(pot) for pot in ("issued", "held", "spent", "expired", "overage")}
    to_spend = [(_known_as(pot), reading.balance(pot)) for pot, _ in reading.in_burn_order()]
    return {
        "clock": reading.clock(),
        "plan": running and (running.tier, running.interval, running.currency, running.price),
        "segment": running and (running.start, running.cycle_start, running.cycle_end),
        "pending": reading.pending() if running else (None, False),
        "closed": closed and (closed[1].start, closed[1].end, reading.let_expire(closed[0])),
        "pots": tuple(balances.values()),
        "to spend": [(pot, left) for pot, left in to_spend if left],
        "holds": {
            reserve.id: [(_known_as(reading.home(pot)), part) for pot, part in reserve.parts]
            for reserve in reading.open_reserves()
        },
        "owed": reading.money_owed(),
    }


def _known_as(pot: str) -> str:
    """The oracle gives each segment's allowance a pot of its own."""
    return "allowance" if pot.startswith("allowance ") else pot


def _bill(entry: Billed) -> Bill:
    return Bill(entry.at, Fraction(entry.amount), entry.currency, entry.reason)
