"""`diff_cards`: what changed from one rate card to another, in plain words.

Both cards are read as a flat list of facts (a tier's credits, a model's price of one meter in one band, a policy), and
the facts are compared. Where bands differ, rates are compared over each range of input that both cards price, so that
"2.80 above 256,000 tokens, 0.025 now" is said as such. Changes are exact; a percentage is rounded for reading.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Literal, NamedTuple

from mimo_credits.card import RateCard
from mimo_credits.card.parts import ModelRates, Part
from mimo_credits.exact import percent, to_credits
from mimo_credits.pricing import CardRef
from mimo_credits.table import Prices, Rates

Section = Literal["tier", "model", "rate", "price", "policy"]
Row = Rates | Prices

_METERS = {"cache_hit": "cache hit", "cache_miss": "cache miss", "output": "output", "audio_hour": "an hour of audio"}


class Change(NamedTuple):
    """One fact that is not the same: `what` it is about, its value `before` and `after` as text ("" where absent).

    `growth` is after / before - 1 where both are numbers and the first is not 0.
    """

    section: Section
    what: str
    before: str
    after: str
    growth: Fraction | None = None

    def __str__(self) -> str:
        if not self.before:
            return f"{self.what}: new, {self.after}" if self.after else f"{self.what}: new"
        if not self.after:
            return f"{self.what}: gone, was {self.before}"
        return f"{self.what}: {self.before} → {self.after}{_growth(self.growth)}"


class CardDifference(NamedTuple):
    """All that changed from card `before` to card `after`, in the order of a card's sections."""

    before: CardRef
    after: CardRef
    changes: tuple[Change, ...]

    def __str__(self) -> str:
        head = f"{self.before.id} → {self.after.id}"
        return "\n".join([head, *(f"  {change}" for change in self.changes)]) if self.changes else f"{head}: the same"


def diff_cards(before: RateCard, after: RateCard) -> CardDifference:
    """What changed from one card to the other: tiers, models that came and went, rates, bands, prices, policies."""
    return CardDifference(
        CardRef(before.id, before.sha256),
        CardRef(after.id, after.sha256),
        (
            *_compare("tier", _tiers(before), _tiers(after)),
            *_models(before, after),
            *_rates(before, after),
            *_compare("policy", _terms(before), _terms(after)),
        ),
    )


def _compare(section: Section, before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[Change]:
    for what in dict.fromkeys([*before, *after]):
        old, new = before.get(what), after.get(what)
        if old != new:
            yield Change(section, what, _text(old), _text(new), _grown(old, new))


def _text(value: object) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, (int, Decimal)) and not isinstance(value, bool) else str(value)


def _grown(old: object, new: object) -> Fraction | None:
    if isinstance(old, (int, Decimal)) and isinstance(new, (int, Decimal)) and old:
        return Fraction(new) / Fraction(old) - 1
    return None


def _growth(growth: Fraction | None) -> str:
    if growth is None:
        return ""
    if growth >= 1:
        return f" (x {percent((growth + 1) / 100, 1):,})"
    return f" ({percent(growth, 1):+} %)"


def _tiers(card: RateCard) -> dict[str, object]:
    facts: dict[str, object] = {}
    for name, tier in card.tiers.items():
        facts[f"tier {name}, credits a month"] = tier.credits
        for currency, price in tier.price.items():
            facts[f"tier {name}, {currency} a month"] = price
        if tier.annual is not None:
            facts[f"tier {name}, credits a year"] = tier.annual.credits
            for currency, price in tier.annual.price.items():
                facts[f"tier {name}, {currency} a year"] = price
    return facts


def _models(before: RateCard, after: RateCard) -> Iterator[Change]:
    """Models that came and went, and names that are billed as another model now: a forwarding."""
    old, new = _billed_as(before), _billed_as(after)
    for name in dict.fromkeys([*old, *new]):
        was, now = old.get(name), new.get(name)
        if was == now:
            continue
        if name in (was, now) or was is None or now is None:
            yield Change("model", f"model {name}", _as(name, was), _as(name, now))
        else:
            yield Change("model", f"name {name}", _as(name, was), _as(name, now))
    for name in before.models.keys() & after.models.keys():
        yield from _compare("model", _model_facts(name, before.models[name]), _model_facts(name, after.models[name]))


def _billed_as(card: RateCard) -> dict[str, str]:
    ids = {name: name for name in card.models}
    return ids | {alias: name for name, model in card.models.items() for alias in model.aliases}


def _as(name: str, billed: str | None) -> str:
    if billed is None:
        return ""
    return "a model of its own" if billed == name else f"billed as {billed}"


def _model_facts(name: str, model: ModelRates) -> dict[str, object]:
    return {
        f"model {name}, in the plan": "yes" if model.in_plan else "no",
        f"model {name}, context window": model.context,
        f"model {name}, longest output": model.max_output,
    }


def _rates(before: RateCard, after: RateCard) -> Iterator[Change]:
    """Credits at the peak and prices, of the models that both cards have or that one of them brings or drops."""
    for name in dict.fromkeys([*before.models, *after.models]):
        old, new = before.table.peak.bands.get(name, ()), after.table.peak.bands.get(name, ())
        yield from _compare_bands("rate", f"{name}, credits", _own(name, old), _own(name, new))
        for currency in dict.fromkeys([*before.table.prices, *after.table.prices]):
            listed = [_own(name, card.table.prices.get(currency, {}).get(name, ())) for card in (before, after)]
            yield from _compare_bands("price", f"{name}, {currency} per 1M", *listed)


def _own(name: str, bands: Sequence[Row]) -> Sequence[Row]:
    """The bands, if the name is a model of its own on that card; what is billed as another model is said elsewhere."""
    return bands if bands and bands[0].model == name else ()


def _compare_bands(section: Section, what: str, old: Sequence[Row], new: Sequence[Row]) -> Iterator[Change]:
    if not (old and new):
        if old or new:
            yield Change(section, what, _summary(old), _summary(new))
        return
    limits = sorted({row.limit for row in (*old, *new)})
    before: dict[str, object] = {}
    after: dict[str, object] = {}
    for number, limit in enumerate(limits):
        was, now = _covering(old, limit), _covering(new, limit)
        if was is None or now is None:
            break  # beyond the context of one of them: nothing to compare
        label = _range(limits, number)
        before.update({f"{what}, {meter}{label}": rate for meter, rate in _by_meter(was)})
        after.update({f"{what}, {meter}{label}": rate for meter, rate in _by_meter(now)})
    yield from _compare(section, before, after)


def _covering(bands: Sequence[Row], limit: int) -> Row | None:
    """The band that prices an input of just that length."""
    return next((row for row in bands if limit <= row.limit), None)


def _range(limits: Sequence[int], number: int) -> str:
    if len(limits) == 1:
        return ""
    if number == 0:
        return f" up to {limits[0]:,} input tokens"
    return f" above {limits[number - 1]:,} input tokens"


def _by_meter(row: Row) -> Iterator[tuple[str, Decimal]]:
    for field, words in _METERS.items():
        rate = getattr(row, field)
        if rate is not None:
            yield words, to_credits(rate) if isinstance(row, Rates) else rate


def _summary(bands: Sequence[Row]) -> str:
    """All rates of a model in one line: `0.2 / 1 / 3` for hit, miss and output, `1` where every token costs that."""
    return "; ".join(
        f"{_rates_text(row)}{_range([each.limit for each in bands], number)}" for number, row in enumerate(bands)
    )


def _rates_text(row: Row) -> str:
    rates = dict(_by_meter(row))
    hourly = rates.pop(_METERS["audio_hour"], None)
    tokens = " / ".join(f"{rate:,}" for rate in rates.values())
    if len(set(rates.values())) == 1:
        tokens = f"{next(iter(rates.values())):,} a token" if isinstance(row, Rates) else tokens
    return tokens if hourly is None else f"{hourly:,} an hour of audio, {tokens or 'tokens not priced'}"


def _terms(card: RateCard) -> dict[str, object]:
    """Policy, cycle, off-peak hours, migration and web search, one fact for each key."""
    facts: dict[str, object] = {}
    for name in ("policy", "cycle", "off_peak", "migration", "web_search"):
        section = getattr(card, name)
        for key, value in _keys(section) if section is not None else ():
            facts[f"{name.replace('_', '-')}, {key}"] = value
    return facts


def _keys(section: Part) -> Iterator[tuple[str, object]]:
    for key, value in section:
        if key == "source" or value is None:
            continue
        if isinstance(value, Mapping):
            yield from ((str(inner), each) for inner, each in value.items())
        else:
            yield key.replace("_", " "), value
