"""Which accounts sums can tell, and why each other goes through the ledger's own fold, row by row.

Whatever is not proved to depend on nothing but sums is folded, and the reason is reported:

- `late usage`: rows before the clock of an account that was given; what they draw from depends on their order.
- `usage in the lifecycle`: a Record stands among the commands.
- `own card`: the account stays on a card of its own, and the frame was rated by the book's.
- `money for usage`: web searches, or overage that a card charges at pay-as-you-go prices; each request owes by itself.
- `many stretches`: more happens to the account than columns have room for.
- `large sums`: the sum of a stretch may leave 64 bits.
- `holds and carried credits`: with usage, something falls due at an instant that without usage has nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from enum import StrEnum

from mimo_credits.book import RateBook
from mimo_credits.card import RateCard
from mimo_credits.frames.checks import Fault
from mimo_credits.instants import to_utc
from mimo_credits.ledger import Account, Command, Record, Subscribe

MOST_STRETCHES = 40
"""So many things may happen to an account between its first row and its last; each is one comparison for every row."""


class Folded(StrEnum):
    """Why an account is folded row by row."""

    LATE_USAGE = "late usage"
    USAGE_IN_THE_LIFECYCLE = "usage in the lifecycle"
    OWN_CARD = "own card"
    MONEY_FOR_USAGE = "money for usage"
    MANY_STRETCHES = "many stretches"
    LARGE_SUMS = "large sums"
    HOLDS_AND_CARRIED_CREDITS = "holds and carried credits"


INPUT_FAULTS = frozenset(list(Fault)[: list(Fault).index(Fault.NO_CARD_IN_EFFECT)])
"""Faults of rows that are no usage at all, whatever the book and the plan."""


def why_folded(account: Account, commands: Sequence[Command], first: datetime) -> Folded | None:
    """Why an account whose first row is at `first` is folded, as far as its lifecycle says; None where it does not."""
    if account.now is not None and first < account.now:
        return Folded.LATE_USAGE
    if any(isinstance(command, Record) for command in commands):
        return Folded.USAGE_IN_THE_LIFECYCLE
    pinned = account.plan is not None and account.plan.pinned is not None
    if pinned or any(isinstance(command, Subscribe) and command.card is not None for command in commands):
        return Folded.OWN_CARD
    return None


def overage_owes_money(book: RateBook, since: datetime, until: datetime) -> bool:
    """Whether a card in force between two instants charges overage at pay-as-you-go prices."""
    return any(card.policy is not None and card.policy.exhausted != "stop" for card in _in_force(book, since, until))


def _in_force(book: RateBook, since: datetime, until: datetime) -> Iterator[RateCard]:
    yield book.at(since)
    yield from (card for card in book if since < to_utc(card.effective_from) <= until)
