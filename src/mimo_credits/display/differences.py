"""Differences between cards, and what they mean for usage, as a sheet. Only percentages and multiples are rounded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import NamedTuple

from mimo_credits.card import RateCard
from mimo_credits.comparison import Comparison, Costs, UsageComparison
from mimo_credits.differences import (
    CardDifference,
    Change,
    Section,
    diff_cards,
    growth_text,
    range_text,
    shared_limits,
    value_text,
)
from mimo_credits.display.sheet import Block, Listing, Row, Sheet, Table, table, total
from mimo_credits.display.writing import card_name, in_percent, instant, money, number
from mimo_credits.exact import percent, ratio, rounded
from mimo_credits.growth import growth_in_tokens
from mimo_credits.pricing import CardRef
from mimo_credits.table import Rates

HIT_RATES = tuple(Fraction(rate, 100) for rate in (0, 50, 90, 95, 100))
"""The shares of input found in the cache for which the growth of allowances is shown."""

_TITLES: dict[Section, str] = {
    "tier": "Tiers",
    "model": "Models",
    "rate": "Plan credits for a token, at the peak",
    "price": "Pay-as-you-go prices",
    "policy": "Terms",
}


class TokenGrowth(NamedTuple):
    """How many times as many input tokens of a model a month of some `tiers` buys, by hit rate as in `HIT_RATES`.

    `inputs` says how long the requests' input is, where that matters.
    """

    tiers: tuple[str, ...]
    model: str
    inputs: str
    growth: tuple[Fraction, ...]


def difference_sheet(before: RateCard, after: RateCard, usage: UsageComparison | None = None) -> Sheet:
    """What changed between two cards; with `usage` compared on both, also what that means for it."""
    blocks = tuple(_blocks(before, after, usage))
    return Sheet(f"From card {_named(before)}", blocks, (f"to card   {_named(after)}",))


def changes_sheet(difference: CardDifference) -> Sheet:
    """What changed between two cards, as it is known without the cards themselves."""
    blocks = tuple(_changes(difference.changes))
    return Sheet(f"From card {card_name(difference.before)}", blocks, (f"to card   {card_name(difference.after)}",))


def comparison_sheet(usage: UsageComparison) -> Sheet:
    """What usage costs on two cards."""
    blocks: list[Block] = [
        _costs("Credits", usage.credits),
        *_in_money(usage),
        *_left_out(usage),
    ]
    return Sheet(f"From card {card_name(usage.before)}", tuple(blocks), (f"to card   {card_name(usage.after)}",))


def token_growth(before: RateCard, after: RateCard) -> tuple[TokenGrowth, ...]:
    """The growth of each tier's allowance in input tokens, of every model that the plan covers on both cards.

    Tiers that grow alike stand together. What does not change, and tokens that are free, are left out.
    """
    found = []
    for model in dict.fromkeys([*before.models, *after.models]):
        for inputs, shortest in _inputs(before, after, model):
            alike: dict[tuple[Fraction, ...], list[str]] = {}
            for tier in _allowances(before, after):
                growth = tuple(
                    growth_in_tokens(before, after, tier, model, hit_rate=hit_rate, input_tokens=shortest)
                    for hit_rate in HIT_RATES
                )
                alike.setdefault(growth, []).append(tier)
            found += [
                TokenGrowth(tuple(tiers), model, inputs, growth)
                for growth, tiers in alike.items()
                if any(times != 1 for times in growth)
            ]
    return tuple(found)


def shares_of_allowance(before: RateCard, after: RateCard, costs: Costs) -> dict[str, tuple[Fraction, Fraction]]:
    """What credits on the one card and on the other are of a month's allowance there, exact, for each tier of both."""
    return {
        tier: (ratio(costs.before, old), ratio(costs.after, new))
        for tier, (old, new) in _allowances(before, after).items()
    }


def _allowances(before: RateCard, after: RateCard) -> dict[str, tuple[Decimal, Decimal]]:
    """The monthly credits of each tier that holds some on both cards."""
    both = {
        name: (tier.credits, after.tiers[name].credits) for name, tier in before.tiers.items() if name in after.tiers
    }
    return {name: pair for name, pair in both.items() if all(pair)}


def _inputs(before: RateCard, after: RateCard, model: str) -> Iterator[tuple[str, int]]:
    """The lengths of input that both cards price: in words, and the shortest of each."""
    old, new = (card.table.peak.bands.get(model, ()) for card in (before, after))
    if not (old and new) or any(_has_free_input(rates) for rates in (*old, *new)):
        return
    limits = shared_limits(old, new)
    for place in range(len(limits)):
        yield range_text(limits, place), limits[place - 1] + 1 if place else 0


def _has_free_input(rates: Rates) -> bool:
    """Whether some input has no price above nothing, so that an allowance buys any amount of it."""
    return not (rates.cache_hit and rates.cache_miss)


def _named(card: RateCard) -> str:
    return f"{card_name(CardRef(card.id, card.sha256))}, in effect from {instant(card.effective_from)} UTC"


def _blocks(before: RateCard, after: RateCard, usage: UsageComparison | None) -> Iterator[Block]:
    yield from _changes(diff_cards(before, after).changes)
    growth = token_growth(before, after)
    if growth:
        yield _growth(growth, len(before.tiers))
    if usage is not None:
        if usage.credits.total.requests:
            yield _costs("Credits", usage.credits)
            yield from _shares(shares_of_allowance(before, after, usage.credits.total))
        yield from _in_money(usage)
        yield from _unpriced(usage)
        yield from _left_out(usage)


def _changes(changes: Sequence[Change]) -> Iterator[Block]:
    if not changes:
        yield Listing("Nothing that these cards price or promise is different.", ())
    for section, title in _TITLES.items():
        yield from _changed(title, [change for change in changes if change.section == section])


def _changed(title: str, changes: Sequence[Change]) -> Iterator[Block]:
    """A row for what is on both cards, and for numbers; a text that is new or gone as a remark."""
    rows: list[list[str]] = []
    remarks: list[str] = []
    for change in changes:
        about = [change.subject, change.what] if change.what else [change.subject]
        if change.before is None and isinstance(change.after, str):
            remarks.append(f"{', '.join(about)}: new, {change.after}")
        elif change.after is None and isinstance(change.before, str):
            remarks.append(f"{', '.join(about)}: gone, was {change.before}")
        else:
            state = "new" if change.before is None else "gone" if change.after is None else growth_text(change.growth)
            values = [value_text(value) or "-" for value in (change.before, change.after)]
            rows.append([change.subject, change.what, *values, state])
    if rows:
        yield table(["", "", "before", "after", "change"], "llrrr", rows, title)
    if remarks:
        yield Listing("" if rows else title, tuple(remarks))


def _growth(growth: Sequence[TokenGrowth], tiers: int) -> Table:
    rows = []
    for one in growth:
        named = "every tier" if len(one.tiers) == tiers > 1 else ", ".join(one.tiers)
        rows.append([f"{one.model}{one.inputs}", named, *(f"x {rounded(times, 2):,}" for times in one.growth)])
    caption = "What a month's allowance buys in input tokens, against before, by how much the cache holds of them"
    return table(["model", "tier", *(f"{percent(rate, 0)} %" for rate in HIT_RATES)], "llrrrrr", rows, caption)


def _unpriced(usage: UsageComparison) -> Iterator[Listing]:
    """In which units nothing was compared, instead of a table of zeros."""
    units = [unit for unit, one in {"credits": usage.credits, **usage.money}.items() if not one.total.requests]
    if units:
        yield Listing(f"No request of this usage has a price on both cards in {', '.join(units)}.", ())


def _left_out(usage: UsageComparison) -> Iterator[Listing]:
    reasons: dict[tuple[str, int, str], list[str]] = {}
    for unit, one in {"credits": usage.credits, **usage.money}.items():
        for left in one.left_out:
            reasons.setdefault((left.model, left.requests, left.why), []).append(unit)
    if reasons:
        remarks = (
            f"{requests:,} request{'s' if requests != 1 else ''} of {model}, in {', '.join(units)}: {why}"
            for (model, requests, why), units in reasons.items()
        )
        yield Listing("Requests that a card cannot price, left out of both sums", tuple(remarks))


def _shares(shares: Mapping[str, tuple[Fraction, Fraction]]) -> Iterator[Table]:
    rows = [[tier, *(in_percent(percent(share), share) for share in pair)] for tier, pair in shares.items()]
    if shares:
        yield table(["tier", "before", "after"], "lrr", rows, "These credits, as a share of a month's allowance")


def _in_money(usage: UsageComparison) -> Iterator[Table]:
    priced = {currency: one for currency, one in usage.money.items() if one.total.requests}
    for currency, one in priced.items():
        yield _costs(f"{currency} by pay-as-you-go", one, partial(money, currency=currency))


def _costs(unit: str, comparison: Comparison, written: Callable[[Decimal], str] = number) -> Table:
    rows: list[Row] = [Row((name, *_cells(costs, written))) for name, costs in sorted(comparison.models.items())]
    rows.append(total(["in all", *_cells(comparison.total, written)]))
    titles = ["model", "requests", "before", "after", "difference", "change"]
    return table(titles, "lrrrrr", rows, f"{unit} for this usage")


def _cells(costs: Costs, written: Callable[[Decimal], str]) -> list[str]:
    difference = f"{'+' if costs.change > 0 else ''}{written(costs.change)}"
    growth = growth_text(costs.growth) or "-"
    return [f"{costs.requests:,}", written(costs.before), written(costs.after), difference, growth]
