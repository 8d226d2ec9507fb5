"""`compare`: one workload on several rate cards, also those of vendors that sell no plan.

Each row says what the work costs there by pay-as-you-go, what it draws from a plan where there is one, who says so, and
how old that is at the instant `at` that is passed. A model that a card does not list is a reason in the row, no error:
a comparison with a gap is still a comparison, as long as the gap is seen.

On a card of the vendor that a step's separately priced calls are to, those calls do the step: what is one request to
one model here may be three to three models there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from mimo_credits.card import RateCard
from mimo_credits.errors import InputError, PricingError, shown, visible, wrong_type
from mimo_credits.exact import in_currency, to_credits, whole
from mimo_credits.frozen import FrozenMap
from mimo_credits.instants import to_utc
from mimo_credits.planning.checks import each_card, hint_at
from mimo_credits.planning.workload import Workload, check_count, check_workload
from mimo_credits.pricing import CardRef, prices
from mimo_credits.seen import Seen, Tabular

Models = Mapping[str, str | Mapping[str, str]]
"""By a card's id or provider (also as `list_providers` names it): the model for every step there, or models by the name
of the one that they replace."""

_FOLDERS = {"xiaomi": "mimo"}
"""The folders of cards that have another name than the provider."""


@dataclass(frozen=True, slots=True)
class Offer(Seen):
    """A workload on one card. `millicredits` is None where no plan covers it; `money` is pay-as-you-go by currency.

    `models` did the work; `cites` are the citations of their prices, `sources` what those name, as `(title, date)`.
    `age` is in whole days from when the card took effect to `at`, negative for a card that is still to come.
    """

    card: CardRef
    provider: str
    models: tuple[str, ...]
    millicredits: int | None
    money: FrozenMap[Decimal]
    unpriced: FrozenMap[str]
    why_no_plan: str
    cites: tuple[str, ...]
    sources: tuple[tuple[str, str], ...]
    effective_from: datetime
    age: int

    def __str__(self) -> str:
        money = (
            ", ".join(f"{currency} {in_currency(amount, currency):,f}" for currency, amount in self.money.items())
            or "no price"
        )
        plan = "no plan" if self.millicredits is None else f"{to_credits(self.millicredits):,f} credits"
        return (
            f"{self.provider} {self.card.id}, {visible(', '.join(self.models))}: {money}; {plan}; {self.age:,} days old"
        )


class Offers(Tabular, tuple[Offer, ...]):
    """The rows of `compare`: a tuple that shows itself as one table."""

    __slots__ = ()


def compare(
    cards: Iterable[RateCard], workload: Workload, *, at: datetime, times: int = 1, models: Models | None = None
) -> Offers:
    """One row for each card, in the order given, for the workload done so many `times`.

    `models` says by which model a card does the work: `{"deepseek": "deepseek-v4-pro"}`. Without it a step's own model
    holds, else its `calls` to that vendor, else the first model that the card lists `instead`. Raises `InputError`.
    """
    listed = each_card(cards)
    check_workload(workload)
    check_count(times, "times")
    chosen: Models = {} if models is None else models
    _check_models(chosen, listed)
    now = to_utc(at)
    return Offers(_offer(card, _on(card, workload, chosen), now, times) for card in listed)


def _names(card: RateCard) -> tuple[str, ...]:
    """What a card goes by in `models`, the closest first."""
    folder = _FOLDERS.get(card.provider)
    return (card.id, card.provider, *([folder] if folder else []))


def _check_models(models: object, cards: Iterable[RateCard]) -> None:
    """A choice that no card takes up would be one that nobody sees."""
    if not isinstance(models, Mapping):
        raise wrong_type("models", "a mapping such as {'deepseek': 'deepseek-v4-pro'}", models)
    known = [name for card in cards for name in _names(card)]
    for name in models:
        if name not in known:
            raise InputError("models", f"{shown(name)} is no card's id or provider. {hint_at(name, known)}")


def _on(card: RateCard, workload: Workload, models: Models) -> Workload:
    chosen = next((models[name] for name in _names(card) if name in models), None)
    if chosen is None:
        return workload
    # What was chosen does the work, or the row says why not: never the step's calls in its place.
    steps = zip(workload.on(chosen).steps, workload.steps, strict=True)
    return replace(workload, steps=tuple(new if new is old else replace(new, calls=()) for new, old in steps))


def _offer(card: RateCard, workload: Workload, at: datetime, times: int) -> Offer:
    usages = workload.usages_on(card, times)
    money, unpriced = prices(card, usages)
    millicredits, why = _drawn(card, workload, times)
    names = tuple(dict.fromkeys(usage.model for usage in usages))
    cites = tuple(dict.fromkeys(_citations(card, names, money)))
    effective_from = to_utc(card.effective_from)
    return Offer(
        card=CardRef(card.id, card.sha256),
        provider=card.provider,
        models=names,
        millicredits=millicredits,
        money=money,
        unpriced=unpriced,
        why_no_plan=why,
        cites=cites,
        sources=tuple(_sources(card, cites)),
        effective_from=effective_from,
        age=(at - effective_from).days,
    )


def _drawn(card: RateCard, workload: Workload, times: int) -> tuple[int | None, str]:
    """The millicredits that it draws from the card's plan, or why it draws none."""
    try:
        return whole(workload.millicredits(card, times), "up"), ""
    except PricingError as error:
        return None, str(error) if card.tiers else f"{card.provider} sells no plan on card {card.id}."


def _citations(card: RateCard, names: Iterable[str], currencies: Iterable[str]) -> Iterator[str]:
    """What the card cites for the prices of the models that these names are billed as."""
    for currency in currencies:
        for name in names:
            yield card.source_of(card.table.prices[currency][name][0].model, currency)


def _sources(card: RateCard, cites: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The sources that citations name, once each."""
    for source in dict(named for cite in cites for named in card.cited_sources(cite)).values():
        yield source.title, source.date
