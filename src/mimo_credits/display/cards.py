"""Tiers and rate cards as sheets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mimo_credits.card import CycleTerms, Interval, Policy, RateCard, Rollover
from mimo_credits.display.sheet import Block, Listing, Sheet, Table, table, untitled
from mimo_credits.display.writing import DIGEST, card_name, credit, instant, money, number
from mimo_credits.exact import percent, share
from mimo_credits.pricing import CardRef, inputs_of
from mimo_credits.table import Prices


def tiers_sheet(card: RateCard, chosen: str = "") -> Sheet:
    """What a card's tiers hold and cost, by month and by year, and how they may be bought."""
    title = f"Card {card_name(CardRef(card.id, card.sha256))}{f', {chosen}' if chosen else ''}"
    return Sheet(title, (_tiers(card), untitled("ll", _terms(card))))


def _tiers(card: RateCard, caption: str = "") -> Table:
    currencies = [currency for currency in card.currencies if any(currency in t.price for t in card.tiers.values())]
    claims = any(tier.tasks for tier in card.tiers.values())
    rows = []
    intervals: tuple[tuple[Interval, str], ...] = (("monthly", "month"), ("annual", "year"))
    for interval, word in intervals:
        for name, tier in card.tiers.items():
            plan = tier.plan(interval)
            if plan is not None:
                prices = [money(plan.price[currency], currency) for currency in currencies]
                tasks = f"{tier.tasks.count:,} {tier.tasks.kind}" if tier.tasks and interval == "monthly" else ""
                rows.append([name, word, number(plan.credits), *prices, *([tasks] if claims else [])])
    titles = ["tier", "for a", "credits", *currencies, *(["said to suffice for"] if claims else [])]
    return table(titles, ("llr" + "r" * len(currencies) + "l")[: len(titles)], rows, caption)


def _terms(card: RateCard) -> Iterator[list[str]]:
    """The plan's terms in words, one row each."""
    if card.policy is not None:
        yield from _policy(card.policy)
    if card.cycle is not None:
        yield from _cycle(card.cycle)
    if card.off_peak is not None:
        hours = f"{card.off_peak.start:%H:%M} to {card.off_peak.end:%H:%M} {card.off_peak.timezone}"
        yield ["off-peak", f"credits x {card.off_peak.multiply_by}, {hours}, every day"]
    if card.migration is not None:
        yield ["running cycles", f"{card.migration.running_cycles} when this card takes effect"]
    if card.web_search is not None:
        prices = ", ".join(f"{currency} {money(price, currency)}" for currency, price in card.web_search.price.items())
        yield ["web search", f"{prices} per 1,000 calls: money, never credits"]


def _policy(policy: Policy) -> Iterator[list[str]]:
    if policy.first_purchase_pays is not None:
        pays = percent(share(*policy.first_purchase_pays.as_integer_ratio()), 0)
        yield ["first purchase", f"pays {pays} % of the list price; once per account, monthly plans only"]
    ways = {
        "price-difference": "new list price minus old; the allowance grows, the cycle goes on",
        "trade-in": "new list price minus the unused share of the old one; a new cycle begins",
    }
    yield ["upgrade", ways[policy.upgrade]]
    yield ["downgrade", "at the next renewal"]
    endings = {"stop": "service stops", "pay-as-you-go": "further usage is billed in money"}
    yield ["exhausted", endings[policy.exhausted]]
    left = policy.rollover
    if isinstance(left, Rollover):
        yield ["unused credits", f"up to {number(left.up_to)} are kept for {left.cycles} more cycles"]
    else:
        yield ["unused credits", "expire with the cycle"]


def _cycle(cycle: CycleTerms) -> Iterator[list[str]]:
    period = f"{cycle.days} days" if cycle.days else f"{cycle.months} calendar month{'s' if cycle.months != 1 else ''}"
    ends = "to the end of the last day" if cycle.boundary == "day-end" else "to the time of day of the purchase"
    yield ["cycle", f"{period} from the purchase, {ends} ({cycle.timezone})"]


def card_sheet(card: RateCard, note: str = "") -> Sheet:
    """All that a card says, as a price list: tiers, models, terms, what is assumed, and who says so.

    What a card without a plan has none of (tiers, credits, terms) is left out. `note` is what is known of the card from
    elsewhere (that it was withdrawn).
    """
    titles = ["model", "input tokens", "hit", "miss", "output", "audio hour", "source"]
    names = [[alias, f"billed as {name}"] for name, model in card.models.items() for alias in model.aliases]
    blocks: list[Block] = []
    if card.tiers:
        blocks.append(_tiers(card, "Tiers"))
        blocks.append(table(titles, "llrrrrl", _credit_rows(card), "Models, in plan credits"))
    for currency in card.table.prices:
        blocks.append(_prices(card, currency))
    if names:
        blocks.append(untitled("ll", names, "Other names"))
    terms = list(_terms(card))
    if terms:
        blocks.append(untitled("ll", terms, "Terms"))
    if card.assumptions:
        blocks.append(Listing("Assumed", tuple(f"{each.id}: {each.says}" for each in card.assumptions)))
    sources = (
        f"{place}  {name}: {source.title} ({source.date})"
        for place, (name, source) in enumerate(card.sources.items(), 1)
    )
    blocks.append(Listing("Sources (H: official or several, M: one good, L: weak)", tuple(sources)))
    title = f"Card {card.id} of {card.provider}, in effect from {instant(card.effective_from)} UTC"
    return Sheet(title, tuple(blocks), (f"sha256 {card.sha256}", *([note] if note else [])))


def _credit_rows(card: RateCard) -> Iterator[list[str]]:
    for name, model in card.models.items():
        source = _cited(card, card.source_of(name, "credits"))
        for rates in card.table.peak.bands.get(name, ()):
            numbers = [rates.cache_hit, rates.cache_miss, rates.output, rates.audio_hour]
            cells = ["-" if rate is None else credit(rate) for rate in numbers]
            yield [name, inputs_of(card, rates), *cells, source]
        if not model.in_plan:
            yield [name, "not in the plan", "", "", "", "", source]


def _prices(card: RateCard, currency: str) -> Table:
    """The models' prices in a currency; with a column for images where one is sold."""
    images = any(row.image is not None for rows in card.table.prices[currency].values() for row in rows)
    titles = ["model", "input tokens", "hit", "miss", "output", "audio hour", *(["image"] if images else []), "source"]
    caption = f"Models, pay-as-you-go in {currency} per 1,000,000 tokens"
    return table(titles, f"ll{'r' * (len(titles) - 3)}l", _price_rows(card, currency, images), caption)


def _price_rows(card: RateCard, currency: str, images: bool) -> Iterator[list[str]]:
    prices: Mapping[str, tuple[Prices, ...]] = card.table.prices[currency]
    for name in card.models:
        for row in prices.get(name, ()):
            numbers = [row.cache_hit, row.cache_miss, row.output, row.audio_hour, *([row.image] if images else [])]
            cells = ["-" if price is None else number(price) for price in numbers]
            yield [name, inputs_of(card, row), *cells, _cited(card, card.source_of(name, currency))]


def _cited(card: RateCard, citation: str) -> str:
    """A citation by the numbers of its sources: `H official-faq, models-dev` is `H 1, 5`."""
    sure, _, ids = citation.partition(" ")
    places = {name: str(place) for place, name in enumerate(card.sources, 1)}
    return f"{sure} {', '.join(places.get(cited, cited) for cited in ids.split(', '))}"


def cards_sheet(cards: Sequence[RateCard], notes: Mapping[str, str]) -> Sheet:
    """A list of cards; `notes` by card id (that one was withdrawn) stand below it."""
    rows = []
    for card in cards:
        counts = [f"{len(card.tiers)}", f"{len(card.models)}"]
        rows.append([card.id, instant(card.effective_from), card.sha256[:DIGEST], *counts])
    listed = table(["card", "in effect from (UTC)", "sha256", "tiers", "models"], "lllrr", rows)
    return Sheet("", (listed, *(Listing("", (note,)) for note in notes.values())))
