"""`compare_usage`: what a change of rate card means for given usage, in plan credits and in pay-as-you-go money.

Each request is priced on both cards, by itself, and the sums are exact. One rule: a request that one of the cards
cannot price is left out of both sums and listed with the reason. So two sums are always of the same requests, and
nothing that has no price counts as free.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple, TypeAlias

from mimo_credits.card import RateCard
from mimo_credits.card.rate_card import check_card
from mimo_credits.errors import PricingError, several, wrong_type
from mimo_credits.exact import minus, plain, plus, ratio, to_credits
from mimo_credits.frozen import FrozenMap
from mimo_credits.ledger import Record
from mimo_credits.pricing import CardRef, charge, price
from mimo_credits.seen import Tabular
from mimo_credits.usage import Usage

Timed: TypeAlias = tuple[Usage, datetime | None]
Costing: TypeAlias = Callable[[Usage, datetime | None], Decimal]


class Costs(NamedTuple):
    """What so many `requests` cost on the one card and on the other: credits, or money that is not rounded."""

    requests: int
    before: Decimal
    after: Decimal

    @property
    def change(self) -> Decimal:
        """`after - before`, exact."""
        return plain(minus(self.after, self.before))

    @property
    def growth(self) -> Fraction | None:
        """`after / before - 1`, exact; None where it cost nothing before."""
        return ratio(self.after, self.before) - 1 if self.before else None


_NOTHING = Costs(0, Decimal(0), Decimal(0))


class LeftOut(NamedTuple):
    """Requests for a `model` that a card cannot price for one kind of reason; `why` is the first one's."""

    model: str
    card: CardRef
    requests: int
    why: str


class Comparison(NamedTuple):
    """Costs in one unit: in all, by the model that was asked for, and what is `left_out` of both."""

    total: Costs
    models: FrozenMap[Costs]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True)
class UsageComparison(Tabular):
    """Usage on two cards, in plan `credits` and in pay-as-you-go `money` by currency."""

    before: CardRef
    after: CardRef
    credits: Comparison
    money: FrozenMap[Comparison]


def compare_usage(before: RateCard, after: RateCard, usages: Iterable[Usage | Record]) -> UsageComparison:
    """What requests cost on one card and on the other, in credits and in every currency that either card knows.

    A `Record` is priced at its instant, off-peak where that lies in the card's own hours; a `Usage` has no instant and
    costs the peak rate. Money is what the same requests cost by pay-as-you-go. Raises `InputError` for anything else.
    """
    if isinstance(usages, Mapping):
        raise wrong_type("usages", "several Usage or Record values, such as a list", usages)
    check_card(before, "before")
    check_card(after, "after")
    timed = [_timed(one) for one in several(usages, "usages", "Usage or Record values")]
    return UsageComparison(
        CardRef(before.id, before.sha256),
        CardRef(after.id, after.sha256),
        _compared(timed, (before, _credits(before)), (after, _credits(after))),
        FrozenMap(
            {
                currency: _compared(timed, (before, _money(before, currency)), (after, _money(after, currency)))
                for currency in sorted({*before.currencies, *after.currencies})
            }
        ),
    )


def _timed(one: object) -> Timed:
    if isinstance(one, Record):
        return one.usage, one.at
    if not isinstance(one, Usage):
        raise wrong_type("usages", "Usage or Record values", one)
    return one, None


def _credits(card: RateCard) -> Costing:
    return lambda usage, at: to_credits(charge(card, usage, at=at))


def _money(card: RateCard, currency: str) -> Costing:
    return lambda usage, _: price(card, usage, currency)


def _compared(timed: Iterable[Timed], before: tuple[RateCard, Costing], after: tuple[RateCard, Costing]) -> Comparison:
    total, models, left_out = _NOTHING, dict[str, Costs](), dict[tuple[str, str, str], LeftOut]()
    for usage, at in timed:
        costs: list[Decimal] = []
        for card, cost in (before, after):
            try:
                costs.append(cost(usage, at))
            except PricingError as error:
                key = usage.model, card.sha256, type(error).__name__
                first = left_out.get(key) or LeftOut(usage.model, CardRef(card.id, card.sha256), 0, str(error))
                left_out[key] = first._replace(requests=first.requests + 1)
                break
        else:
            total = _with(total, *costs)
            models[usage.model] = _with(models.get(usage.model, _NOTHING), *costs)
    return Comparison(total, FrozenMap(models), tuple(left_out.values()))


def _with(costs: Costs, before: Decimal, after: Decimal) -> Costs:
    """The costs with those of one request more."""
    return Costs(costs.requests + 1, plain(plus(costs.before, before)), plain(plus(costs.after, after)))
