"""What must hold between the parts of a rate card. Each function states one rule and yields the places that break it.

The checks take whichever parts could be read, so that a card with a typing mistake in one model still has everything
else that is wrong with it listed in the same error.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from mimo_credits.card.parts import (
    Assumption,
    Band,
    CycleTerms,
    ModelRates,
    OffPeak,
    Part,
    Policy,
    RateSet,
    Rollover,
    Tier,
)
from mimo_credits.errors import InputError, Problem, nearest
from mimo_credits.exact import EXACT, fits_currency, to_millicredits
from mimo_credits.instants import to_utc


class Parts(NamedTuple):
    """The parts of a card that could be read.

    `sources`, `assumption_ids` and `names` (all model ids with their aliases) also have those that could not be read
    whole. `assumptions` are by their place in the list; `others` are the single sections that cite sources, by name,
    and `sections` the names of all that are there, readable or not. `sells_plan`: the card has tiers.
    """

    version: str | None
    effective_from: datetime | None
    sources: Collection[str]
    assumption_ids: Sequence[object]
    assumptions: Mapping[int, Assumption]
    tiers: Mapping[str, Tier]
    names: Mapping[str, tuple[str, ...]]
    models: Mapping[str, ModelRates]
    off_peak: OffPeak | None
    sections: Collection[str]
    sells_plan: bool
    others: Mapping[str, Part]


def key(*path: object) -> str:
    """A key path as TOML writes it: `models."mimo-v2.5".credits`, list items as `[1]`."""
    written = ""
    for step in path:
        if isinstance(step, int):
            written += f"[{step}]"
            continue
        name = str(step)
        bare = name.replace("-", "").replace("_", "").isalnum() and name.isascii()
        written += ("." if written else "") + (name if bare else json.dumps(name, ensure_ascii=False))
    return written


def problems(parts: Parts) -> Iterator[Problem]:
    """Everything that is wrong between the parts."""
    yield from _validity(parts)
    yield from _terms_of_plan(parts)
    yield from _currencies(parts.tiers)
    yield from _overflow_prices(parts)
    yield from _carried_lifetime(parts)
    yield from _names(parts.names)
    yield from _assumption_ids(parts.assumption_ids)
    for name, model in parts.models.items():
        yield from _bands(name, model)
        yield from _rate_sets(name, model)
        if parts.sells_plan:
            yield from _some_credits(name, model)
        yield from _exact_credits(name, model, parts.off_peak)
        yield from _model_sources(name, model)
    yield from _citations(parts)


def _validity(parts: Parts) -> Iterator[Problem]:
    """A card takes effect at an aware instant, on the day (in that instant's own zone) that its version names."""
    if parts.effective_from is None:
        return
    try:
        to_utc(parts.effective_from, "effective_from")
    except InputError as error:
        yield Problem("effective_from", error.why)
    else:
        day = parts.effective_from.date().isoformat()
        if parts.version is not None and parts.version != day:
            yield Problem("version", f"{parts.version!r} is not the day on which effective_from lies: {day!r}")


def _terms_of_plan(parts: Parts) -> Iterator[Problem]:
    """A card that sells a plan says how its cycles are counted, and on what terms."""
    for name in ("cycle", "policy"):
        if parts.sells_plan and name not in parts.sections:
            yield Problem(name, "is missing, though the card has tiers")


def _currencies(tiers: Mapping[str, Tier]) -> Iterator[Problem]:
    """Every tier has a price, payable to the smallest coin, in each currency in which any tier has one."""
    prices = {key("tiers", name, "price"): tier.price for name, tier in tiers.items()}
    prices |= {key("tiers", name, "annual", "price"): tier.annual.price for name, tier in tiers.items() if tier.annual}
    known = {currency for by_currency in prices.values() for currency in by_currency}
    for where, by_currency in prices.items():
        for currency in sorted(known - set(by_currency)):
            yield Problem(where, f"has no {currency} price, though other tiers have one")
        for currency, price in by_currency.items():
            if not fits_currency(price, currency):
                yield Problem(f"{where}.{currency}", f"{price} cannot be paid: finer than the smallest coin")


def _overflow_prices(parts: Parts) -> Iterator[Problem]:
    """Where exhausted plans go on by pay-as-you-go, all that plan credits pay for has a price in the tiers' currencies.

    Every meter of every model of the plan, and up to as long an input: otherwise usage would be refused just because
    credits ran out.
    """
    policy = parts.others.get("policy")
    if not isinstance(policy, Policy) or policy.exhausted != "pay-as-you-go":
        return
    wanted = {currency for tier in parts.tiers.values() for currency in tier.price}
    for name, model in parts.models.items():
        for currency in sorted(wanted) if model.in_plan else ():
            for missing in _not_priced(model, currency):
                yield Problem(key("models", name), f"has no {missing}, though exhausted plans go on by pay-as-you-go")


def _not_priced(model: ModelRates, currency: str) -> Iterator[str]:
    """What plan credits pay for and the currency has no price for."""
    if currency not in model.currencies:
        yield f"{currency} price"
        return
    if isinstance(model.credits, RateSet) and currency not in model.price:
        yield f"{currency} price beyond its bands, which end at the context window while its credits have no end"
    missing: set[str] = set()
    for band in model.bands or (Band(),):
        rates = model.credits if isinstance(model.credits, RateSet) else band.credits
        prices = model.price.get(currency) or band.price.get(currency)
        if rates is not None and prices is not None:
            missing |= prices.lacks(rates)
    yield from (f"{currency} price of {meter}" for meter in sorted(missing))


def _carried_lifetime(parts: Parts) -> Iterator[Problem]:
    """Carried credits live a hundred years at most, as long as the longest cycle: their end must be in the calendar."""
    policy, cycle = parts.others.get("policy"), parts.others.get("cycle")
    if not (isinstance(policy, Policy) and isinstance(policy.rollover, Rollover) and isinstance(cycle, CycleTerms)):
        return
    cycles = policy.rollover.cycles
    if cycles * (cycle.days or 0) > 36_500 or cycles * (cycle.months or 0) > 1_200:
        yield Problem("policy.rollover.cycles", f"{cycles} cycles are more than a hundred years")


def _names(names: Mapping[str, tuple[str, ...]]) -> Iterator[Problem]:
    """A name means one model: an alias is claimed once, and is no other model's id."""
    claimed: dict[str, str] = {}
    for name, aliases in names.items():
        for number, alias in enumerate(aliases):
            where = key("models", name, "aliases", number)
            if alias in names:
                yield Problem(where, f"{alias!r} is the id of a model of this card")
            elif alias in claimed:
                yield Problem(where, f"{alias!r} is claimed by {claimed[alias]!r} already")
            claimed.setdefault(alias, name)


def _assumption_ids(ids: Sequence[object]) -> Iterator[Problem]:
    """An assumption is cited by its id, so no two have the same."""
    for number, name in enumerate(ids):
        if isinstance(name, str) and name in ids[:number]:
            yield Problem(key("assumptions", number, "id"), f"{name!r} is an assumption of this card already")


def _bands(name: str, model: ModelRates) -> Iterator[Problem]:
    """Bands rise, do not overlap, and end at the context window: each but the last has a limit, the last has none."""
    below = 0
    for number, band in enumerate(model.bands):
        where = key("models", name, "bands", number)
        last = number == len(model.bands) - 1
        if last and band.input_up_to is not None:
            yield Problem(where, "the last band ends at the model's context window, so it has no input_up_to")
        elif last and model.context is None:
            yield Problem(key("models", name), "a model with bands needs its context window, where the last one ends")
        elif not last and band.input_up_to is None:
            yield Problem(where, "only the last band may leave out input_up_to")
        else:
            limit = model.limit(number) or 0
            if limit <= below:
                yield Problem(
                    where, f"ends at {limit:,} input tokens, not above the band before, which ends at {below:,}"
                )
            below = limit


def _rate_sets(name: str, model: ModelRates) -> Iterator[Problem]:
    """A rate set stands once: on the model, or in each of its bands."""
    in_bands = [band.credits is not None for band in model.bands]
    yield from _once(key("models", name), "credits", model.credits is not None, in_bands)
    for number, band in enumerate(model.bands):
        if band.credits is None and not band.price:
            yield Problem(key("models", name, "bands", number), "has no rates")
    if all(in_bands):
        yield from _same_meters(key("models", name), "credits", [band.credits for band in model.bands])
    for currency in sorted(model.currencies):
        in_bands = [currency in band.price for band in model.bands]
        if all(in_bands):
            rates = [band.price[currency] for band in model.bands]
            yield from _same_meters(key("models", name), f"price.{currency}", rates)
        yield from _once(key("models", name), f"price.{currency}", currency in model.price, in_bands)


def _some_credits(name: str, model: ModelRates) -> Iterator[Problem]:
    """Where a card sells a plan, every model says what it costs the plan."""
    if model.credits is None and not model.in_plan:
        yield Problem(key("models", name), 'has no credits: write its rates, or credits = "not in plan"')


def _same_meters(where: str, what: str, rates: Sequence[RateSet | None]) -> Iterator[Problem]:
    """A rate set in bands has the same meters in each: a request must not lose its price by its length."""
    known = [_meters(each) for each in rates if each]
    for number, meters in enumerate(known[1:], 1):
        if meters != known[0]:
            yield Problem(
                f"{where}.bands[{number}].{what}",
                f"has rates for {', '.join(meters)}, but the first band for {', '.join(known[0])}",
            )


def _meters(rates: RateSet) -> list[str]:
    """The meters that have a rate; `token` is that of three."""
    named = {**dict(rates), **dict(zip(("hit", "miss", "output", "audio_hour"), rates.by_meter(), strict=True))}
    return [name for name, rate in named.items() if rate is not None and name != "token"]


def _once(where: str, what: str, on_model: bool, in_bands: list[bool]) -> Iterator[Problem]:
    if on_model and any(in_bands):
        yield Problem(where, f"{what} stands both on the model and in a band")
    elif any(in_bands) and not all(in_bands):
        yield Problem(where, f"{what} stands in a band, but not in each of them")


def credit_rates(name: str, model: ModelRates) -> Iterator[tuple[str, RateSet]]:
    """The plan's rate sets of a model with their key paths: one, or one for each band; none where it is not in plan."""
    if isinstance(model.credits, RateSet):
        yield key("models", name, "credits"), model.credits
    for number, band in enumerate(model.bands):
        if band.credits is not None:
            yield key("models", name, "bands", number, "credits"), band.credits


def _exact_credits(name: str, model: ModelRates, off_peak: OffPeak | None) -> Iterator[Problem]:
    """Credit rates are multiples of 0.001 credit, at the peak and after the off-peak factor."""
    for where, rates in credit_rates(name, model):
        for meter, rate in rates:
            if rate is None:
                continue
            try:
                to_millicredits(rate)
            except ValueError as error:
                yield Problem(f"{where}.{meter}", str(error))
                continue
            if off_peak is not None and not _is_exact(EXACT.multiply(rate, off_peak.multiply_by)):
                reduced = EXACT.multiply(rate, off_peak.multiply_by)
                yield Problem(f"{where}.{meter}", f"off-peak it would be {reduced}, which is finer than 0.001 credit")


def _is_exact(credits: Decimal) -> bool:
    try:
        to_millicredits(credits)
    except ValueError:
        return False
    return True


def _model_sources(name: str, model: ModelRates) -> Iterator[Problem]:
    """Each rate set of a model has a source: one for all of them, or one for the credits and each currency."""
    if isinstance(model.source, str):
        return
    said = {"credits"} if model.credits is not None or model.in_plan else set()
    for what in sorted((said | model.currencies) - set(model.source)):
        yield Problem(key("models", name, "source"), f"says nothing of {what}")


def _citations(parts: Parts) -> Iterator[Problem]:
    """Whatever is cited is listed: a source under [sources], what is assumed under [[assumptions]]."""
    assumed = {name for name in parts.assumption_ids if isinstance(name, str)}
    for where, citation in citations(parts):
        sure, _, ids = citation.partition(" ")
        known = assumed if sure == "assumed" else set(parts.sources)
        table = "[[assumptions]]" if sure == "assumed" else "[sources]"
        for cited in ids.split(", "):
            if cited not in known:
                alike = nearest(cited, known)
                hint = f"; nearest: {', '.join(alike)}" if alike else ""
                yield Problem(where, f"{cited!r} is not in {table}{hint}")


def citations(parts: Parts) -> Iterator[tuple[str, str]]:
    """Each key path that cites, and what it says: how sure, then the ids."""
    sections: list[tuple[str, object]] = [
        *((key("tiers", name), tier) for name, tier in parts.tiers.items()),
        *((key("tiers", name, "tasks"), tier.tasks) for name, tier in parts.tiers.items()),
        *((key("models", name), model) for name, model in parts.models.items()),
        *((key("assumptions", number), assumption) for number, assumption in parts.assumptions.items()),
        *parts.others.items(),
    ]
    for where, section in sections:
        source = getattr(section, "source", None)
        if isinstance(source, str):
            yield f"{where}.source", source
        elif source is not None:
            yield from ((f"{where}.source.{what}", citation) for what, citation in source.items())
