"""Rules on the numbers of one card: what a price list of this kind does not say, unless it is a misprint.

No rule here decides what is right, the sources do. What breaks one and is right all the same is named in
`rates/EXCEPTIONS.toml`, with the reason. `RULES` hold for every seller, `RULES_OF` for one seller's own price list; a
rule that holds only from some card on says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from mimo_credits.card import Band, PriceSet, RateCard, RateSet, Tier
from mimo_credits.card.checks import credit_rates, key
from mimo_credits.errors import Problem
from mimo_credits.exact import EXACT, times, to_credits
from mimo_credits.table import Prices, Rates

CardRule = Callable[[RateCard], Iterator[Problem]]

YUAN_TO_A_DOLLAR = (6, 8)
"""Between these lies what a dollar is worth wherever the cards price one thing in both."""

CREDITS_TO_A_YUAN = 100
"""Credits for one token, for each yuan that a million of them cost."""

_TOKEN_METERS = {"hit": "cache_hit", "miss": "cache_miss", "output": "output"}


class Offer(NamedTuple):
    """A tier as it is sold for an interval: where it stands on the card, its credits and its price by currency."""

    where: str
    credits: Decimal
    price: Mapping[str, Decimal]


def larger_tiers_hold_more(card: RateCard) -> Iterator[Problem]:
    """Each tier holds more credits than the one above it on the card, by the month and by the year."""
    for smaller, larger in _steps(card):
        if larger.credits <= smaller.credits:
            yield Problem(f"{larger.where}.credits", f"{larger.credits:,} are not more than {smaller.credits:,}")


def larger_tiers_cost_more(card: RateCard) -> Iterator[Problem]:
    """Each tier costs more than the one above it on the card, by the month and by the year, in each currency."""
    for smaller, larger in _steps(card):
        for currency, price in larger.price.items():
            if price <= smaller.price[currency]:
                yield Problem(f"{larger.where}.price.{currency}", f"{price} is not more than {smaller.price[currency]}")


def larger_tiers_are_cheaper_by_the_credit(card: RateCard) -> Iterator[Problem]:
    """A credit of a tier costs less than one of the tier above it on the card: by month and year, in each currency."""
    for smaller, larger in _steps(card):
        for currency, price in larger.price.items():
            if not _cheaper_by_the_credit(larger, smaller, currency):
                yield Problem(
                    f"{larger.where}.price.{currency}", f"{price} is not less by the credit than the tier above"
                )


def a_year_is_no_dearer_than_its_months(card: RateCard) -> Iterator[Problem]:
    """A year of a tier costs no more than twelve months of it, and a credit of it no more than a month's."""
    for name, tier in card.tiers.items():
        month = _month(name, tier)
        for year in _year(name, tier):
            for currency, price in year.price.items():
                if price > times(month.price[currency], 12):
                    yield Problem(f"{year.where}.price.{currency}", f"{price} is more than twelve months cost")
                elif _cheaper_by_the_credit(month, year, currency):
                    yield Problem(f"{year.where}.price.{currency}", f"{price} is more by the credit than a month")


def off_peak_is_cheaper(card: RateCard) -> Iterator[Problem]:
    """The off-peak factor lies between 0 and 1."""
    if card.off_peak is not None and card.off_peak.multiply_by >= 1:
        yield Problem("off_peak.multiply_by", f"{card.off_peak.multiply_by} does not make it cheaper")


def cached_input_is_no_dearer(card: RateCard) -> Iterator[Problem]:
    """A token found in the cache costs no more than one that was not, in credits and in money."""
    for where, rates in _rate_sets(card):
        if rates.hit is not None and rates.miss is not None and rates.hit > rates.miss:
            yield Problem(f"{where}.hit", f"{rates.hit} is more than the {rates.miss} of input that is not cached")


def output_is_no_cheaper_than_input(card: RateCard) -> Iterator[Problem]:
    """A token that the model writes costs no less than one that it reads, in credits and in money."""
    for where, rates in _rate_sets(card):
        if rates.output is not None and rates.miss is not None and rates.output < rates.miss:
            yield Problem(f"{where}.output", f"{rates.output} is less than the {rates.miss} of input")


def longer_input_is_no_cheaper(card: RateCard) -> Iterator[Problem]:
    """A band of longer inputs costs no less than the band before, by each meter, in credits and in money."""
    for name, model in card.models.items():
        for number, (shorter, longer) in enumerate(pairwise(model.bands), start=1):
            before = dict(_sets_of(shorter))
            for what, rates in _sets_of(longer):
                pairs = zip(before[what].by_meter(), rates.by_meter(), strict=True) if what in before else ()
                if any(less is not None and more is not None and more < less for less, more in pairs):
                    yield Problem(f"{key('models', name, 'bands', number)}.{what}", "is less than in the band before")


def credits_and_prices_have_the_same_meters(card: RateCard) -> Iterator[Problem]:
    """A model in the plan has credits for the very meters of tokens that it has a price for, in each of its currencies.

    Asked of each band: a rate that was forgotten shows in the first request that needs it, and not before.
    """
    for name, model in card.models.items():
        for currency, prices in card.table.prices.items():
            for rates, price in _together(card.table.peak.bands.get(name, ()), prices.get(name, ())):
                place = () if currency in model.price else ("bands", price.band)
                for meter, field in _TOKEN_METERS.items():
                    has_credits, has_price = getattr(rates, field) is not None, getattr(price, field) is not None
                    if has_credits != has_price:
                        problem = "is missing, though it has credits" if has_credits else "has no credits"
                        yield Problem(key("models", name, *place, "price", currency, meter), problem)


def a_first_purchase_pays_at_least_half(card: RateCard) -> Iterator[Problem]:
    """A first purchase pays half the list price or more: a share to pay is easily misread as a share off."""
    share = card.policy.first_purchase_pays if card.policy else None
    if share is not None and times(share, 2) < 1:
        yield Problem("policy.first_purchase_pays", f"{share} of the list price: is it what is paid, or what is off?")


def currencies_keep_their_distance(card: RateCard) -> Iterator[Problem]:
    """A price in yuan is 6 to 8 times the same price in dollars, for tiers and models: else a point is misplaced."""
    for where, prices in _prices_by_currency(card):
        dollars, yuan = prices.get("USD"), prices.get("CNY")
        if not dollars or not yuan:
            continue
        low, high = (times(dollars, rate) for rate in YUAN_TO_A_DOLLAR)
        if not low <= yuan <= high:
            yield Problem(where, f"CNY {yuan} is not 6 to 8 times USD {dollars}")


def output_fits_the_context(card: RateCard) -> Iterator[Problem]:
    """The longest output of a model is no longer than its context window."""
    for name, model in card.models.items():
        if model.max_output and model.context and model.max_output > model.context:
            yield Problem(key("models", name, "max_output"), f"{model.max_output:,} does not fit {model.context:,}")


def credits_are_the_price_in_yuan(card: RateCard) -> Iterator[Problem]:
    """Xiaomi, from the card of 2026-05-27 on: a token's credits are the yuan that a million of them cost, x 100.

    Asked of each model in the plan, each meter of tokens, each band. It does not hold for audio.
    """
    if card.version < "2026-05-27":
        return
    for name, model in card.models.items():
        if model.in_plan and "CNY" not in model.currencies:
            yield Problem(key("models", name, "price"), "has no CNY to hold the credits against")
        prices = card.table.prices.get("CNY", {}).get(name, ())
        for rates, price in _together(card.table.peak.bands.get(name, ()), prices):
            where = key("models", name, *(() if "CNY" in model.price else ("bands", price.band)))
            for meter, field in _TOKEN_METERS.items():
                rate, yuan = getattr(rates, field), getattr(price, field)
                if rate is not None and yuan is not None and to_credits(rate) != times(yuan, CREDITS_TO_A_YUAN):
                    problem = f"{to_credits(rate):,} credits are not CNY {yuan} x {CREDITS_TO_A_YUAN}"
                    yield Problem(f"{where}.{meter}", problem)


def every_model_has_its_prefixed_name(card: RateCard) -> Iterator[Problem]:
    """Xiaomi: every model is also known as xiaomi/ and its id, as OpenRouter and models.dev call it."""
    for name, model in card.models.items():
        if f"xiaomi/{name}" not in model.aliases:
            yield Problem(key("models", name, "aliases"), f"lacks 'xiaomi/{name}'")


RULES: tuple[CardRule, ...] = (
    larger_tiers_hold_more,
    larger_tiers_cost_more,
    larger_tiers_are_cheaper_by_the_credit,
    a_year_is_no_dearer_than_its_months,
    off_peak_is_cheaper,
    cached_input_is_no_dearer,
    output_is_no_cheaper_than_input,
    longer_input_is_no_cheaper,
    credits_and_prices_have_the_same_meters,
    a_first_purchase_pays_at_least_half,
    currencies_keep_their_distance,
    output_fits_the_context,
)

RULES_OF: Mapping[str, tuple[CardRule, ...]] = {
    "xiaomi": (credits_are_the_price_in_yuan, every_model_has_its_prefixed_name),
}


def _month(name: str, tier: Tier) -> Offer:
    return Offer(key("tiers", name), tier.credits, tier.price)


def _year(name: str, tier: Tier) -> list[Offer]:
    """The tier by the year, where it is sold so."""
    return [Offer(key("tiers", name, "annual"), tier.annual.credits, tier.annual.price)] if tier.annual else []


def _steps(card: RateCard) -> Iterator[tuple[Offer, Offer]]:
    """Each tier with the one above it on the card: by the month, then by the year."""
    yield from pairwise(_month(name, tier) for name, tier in card.tiers.items())
    yield from pairwise(year for name, tier in card.tiers.items() for year in _year(name, tier))


def _cheaper_by_the_credit(one: Offer, other: Offer, currency: str) -> bool:
    """Whether a credit costs less in `one`: compared crosswise, so that nothing is divided."""
    return EXACT.multiply(one.price[currency], other.credits) < EXACT.multiply(other.price[currency], one.credits)


def _rate_sets(card: RateCard) -> Iterator[tuple[str, RateSet]]:
    """Every set of rates with its key path: credits and prices, of models and of bands."""
    for name, model in card.models.items():
        yield from credit_rates(name, model)
        yield from ((key("models", name, "price", currency), rates) for currency, rates in model.price.items())
        for number, band in enumerate(model.bands):
            where = key("models", name, "bands", number)
            yield from ((f"{where}.{what}", rates) for what, rates in _sets_of(band) if what != "credits")


def _sets_of(band: Band) -> Iterator[tuple[str, RateSet]]:
    if band.credits is not None:
        yield "credits", band.credits
    yield from ((f"price.{currency}", rates) for currency, rates in band.price.items())


def _prices_by_currency(card: RateCard) -> Iterator[tuple[str, Mapping[str, Decimal | None]]]:
    """Every price of tiers and models with its key path, in each currency that has it."""
    for name, tier in card.tiers.items():
        yield from ((f"{offer.where}.price", offer.price) for offer in (_month(name, tier), *_year(name, tier)))
    for name, model in card.models.items():
        places = [(key("models", name, "price"), model.price)]
        places += [
            (key("models", name, "bands", number, "price"), band.price) for number, band in enumerate(model.bands)
        ]
        for where, price in places:
            for meter in PriceSet.model_fields:
                yield f"{where}.{meter}", {currency: getattr(rates, meter) for currency, rates in price.items()}


def _together(credits: Sequence[Rates], prices: Sequence[Prices]) -> Iterator[tuple[Rates, Prices]]:
    """The credits and the price that hold together, for each range of input that has both."""
    for limit in sorted({row.limit for row in credits} | {row.limit for row in prices}):
        rates = next((row for row in credits if limit <= row.limit), None)
        price = next((row for row in prices if limit <= row.limit), None)
        if rates is not None and price is not None:
            yield rates, price
