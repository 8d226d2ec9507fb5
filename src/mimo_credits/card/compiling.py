"""From a checked card to its flat rate table: names resolved, bands numbered, credits as integer millicredits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TypeVar

from mimo_credits.card.parts import ModelRates, OffPeak, RateSet
from mimo_credits.exact import EXACT, Rounding, to_millicredits
from mimo_credits.table import UNLIMITED, Prices, RateRows, Rates, RateTable

Row = TypeVar("Row")


def compile_table(
    card_id: str, digest: str, models: Mapping[str, ModelRates], off_peak: OffPeak | None, rounding: Rounding
) -> RateTable:
    """The rate table of models that passed the card's checks."""
    peak = RateRows(_by_name(models, {name: _rates(name, model, Decimal(1)) for name, model in models.items()}))
    reduced = peak
    if off_peak is not None:
        factor = off_peak.multiply_by
        reduced = RateRows(_by_name(models, {name: _rates(name, model, factor) for name, model in models.items()}))
    return RateTable(
        card_id=card_id,
        digest=digest,
        peak=peak,
        off_peak=reduced,
        hours=off_peak.hours() if off_peak else None,
        prices={
            currency: _by_name(models, {name: _prices(name, model, currency) for name, model in models.items()})
            for currency in sorted({each for model in models.values() for each in model.currencies})
        },
        not_in_plan=frozenset(
            alias for name, model in models.items() if not model.in_plan for alias in (name, *model.aliases)
        ),
        rounding=rounding,
    )


def _by_name(models: Mapping[str, ModelRates], rows: Mapping[str, tuple[Row, ...]]) -> dict[str, tuple[Row, ...]]:
    """The rows of each model under its id and all of its aliases; a model without rows is left out."""
    return {known_as: rows[name] for name, model in models.items() if rows[name] for known_as in (name, *model.aliases)}


def _rates(name: str, model: ModelRates, factor: Decimal) -> tuple[Rates, ...]:
    if isinstance(model.credits, RateSet):
        return (Rates(name, 0, UNLIMITED, *_millicredits(model.credits, factor)),)
    return tuple(
        Rates(name, number, model.limit(number) or UNLIMITED, *_millicredits(band.credits, factor))
        for number, band in enumerate(model.bands)
        if band.credits is not None
    )


def _millicredits(rates: RateSet, factor: Decimal) -> Iterator[int | None]:
    for rate in rates.by_meter():
        yield None if rate is None else to_millicredits(EXACT.multiply(rate, factor))


def _prices(name: str, model: ModelRates, currency: str) -> tuple[Prices, ...]:
    flat = model.price.get(currency)
    if flat is not None:
        return (Prices(name, 0, UNLIMITED, *flat.by_meter(), flat.image),)
    return tuple(
        Prices(name, number, model.limit(number) or UNLIMITED, *prices.by_meter(), prices.image)
        for number, band in enumerate(model.bands)
        if (prices := band.price.get(currency)) is not None
    )
