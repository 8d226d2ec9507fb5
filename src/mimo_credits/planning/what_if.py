"""`what_if`: the same history on every card and every tier, in one table.

Each row decides the whole history anew (`rerate`): as if that tier had been bought and kept, and, for a card, as if it
alone had ruled at every instant. A book stands for what really happened, cards one after another. Usage that has no
price there is listed, not raised, and its credits are in no sum: a row with such usage is not the whole history.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from mimo_credits.book import RateBook
from mimo_credits.card import RateCard
from mimo_credits.errors import InputError, PricingError, several, shown, wrong_type
from mimo_credits.exact import in_currency, plus, to_credits
from mimo_credits.frozen import FrozenMap
from mimo_credits.ledger import Command, Record, Rejection, Settle, rerate
from mimo_credits.planning.checks import hint_at
from mimo_credits.seen import Seen, Tabular
from mimo_credits.statements import statement


@dataclass(frozen=True, slots=True)
class WhatIf(Seen):
    """A history on one card (or book) and tier: millicredits used, and of these beyond all pots (`overage`).

    `money` is what is due by currency, billed and not billed yet. `unpriced` is usage that the card cannot price,
    `refused` everything else that the ledger did not accept (a tier that the card does not sell, first of all).
    """

    card: str
    tier: str
    used: int
    overage: int
    cycles: int
    money: FrozenMap[Decimal]
    unpriced: tuple[Rejection, ...]
    refused: tuple[Rejection, ...]

    def __str__(self) -> str:
        money = (
            ", ".join(f"{currency} {in_currency(amount, currency):,f}" for currency, amount in self.money.items())
            or "no money"
        )
        left_out = f", {len(self.unpriced):,} without a price" if self.unpriced else ""
        refused = f", {len(self.refused):,} refused" if self.refused else ""
        over = f", {to_credits(self.overage):,f} of them beyond the allowance" if self.overage else ""
        return f"{self.tier} on {self.card}: {to_credits(self.used):,f} credits{over}; {money}{left_out}{refused}"


class WhatIfs(Tabular, tuple[WhatIf, ...]):
    """The rows of `what_if`: a tuple that shows itself as one table."""

    __slots__ = ()


def what_if(commands: Iterable[Command], on: Iterable[RateCard | RateBook], tiers: Iterable[str]) -> WhatIfs:
    """A row for each card or book, and on it for each tier, in the order given.

    Raises `Conflict`, and `InputError` also for a tier that none of the cards sells.
    """
    history = tuple(several(commands, "commands", "commands"))
    kept = tuple(several(tiers, "tiers", "names of tiers"))
    cards = _each_on(on)
    sold = [name for one in cards for card in (one if isinstance(one, RateBook) else [one]) for name in card.tiers]
    for tier in kept:
        if tier not in sold:
            raise InputError("tiers", f"none of the cards sells a tier {shown(tier)}. {hint_at(tier, sold)}")
    return WhatIfs(_row(history, one, tier) for one in cards for tier in kept)


def _each_on(on: object) -> tuple[RateCard | RateBook, ...]:
    needed = "several RateCard or RateBook values, such as a list"
    if isinstance(on, RateCard | RateBook | str) or not isinstance(on, Iterable):
        raise wrong_type("on", needed, on)
    cards = tuple(on)
    for one in cards:
        if not isinstance(one, RateCard | RateBook):
            raise wrong_type("on", needed, one)
    return cards


def _row(history: tuple[Command, ...], on: RateCard | RateBook, tier: str) -> WhatIf:
    book = on if isinstance(on, RateBook) else RateBook.fixed(on)
    decided = rerate(history, book, tier=tier)
    made = statement(decided.entries)
    return WhatIf(
        card=on.id if isinstance(on, RateCard) else "the cards in force",
        tier=tier,
        used=sum(cycle.used for cycle in made.cycles),
        overage=sum(cycle.overage for cycle in made.cycles),
        cycles=len(made.cycles),
        money=_due(made.money_due, made.unbilled),
        unpriced=tuple(each for each in decided.rejected if _is_unpriced(each)),
        refused=tuple(each for each in decided.rejected if not _is_unpriced(each)),
    )


def _is_unpriced(rejection: Rejection) -> bool:
    return isinstance(rejection.command, Record | Settle) and isinstance(rejection.error, PricingError)


def _due(billed: FrozenMap[Decimal], unbilled: FrozenMap[Decimal]) -> FrozenMap[Decimal]:
    sums = dict(billed)
    for currency, amount in unbilled.items():
        sums[currency] = plus(sums.get(currency, Decimal(0)), amount)
    return FrozenMap(sums)
