"""`diff_cards`: what changed from one rate card to another, in plain words.

Both cards are read as a flat list of facts (a tier's credits, a model's price of one meter in one band, a policy), and
the facts are compared. The rules kept here:

- A model's rates are those that its name is billed by, so that a forwarding shows what it does to the price.
- Where bands differ, rates are compared over each range of input that both cards price, so that "2.80 above 256,000
  tokens, 0.025 now" is said as such.
- What follows from another change is not said again: an alias comes, goes and is forwarded with its model.

What a card cites, assumes and quotes of others (tasks) is not compared. Changes are exact; only their text is rounded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal, NamedTuple

from mimo_credits.card import CycleTerms, Migration, ModelRates, OffPeak, Policy, RateCard, Rollover
from mimo_credits.card.rate_card import check_card
from mimo_credits.exact import percent, plain, ratio, rounded, to_credits
from mimo_credits.pricing import CardRef
from mimo_credits.seen import Tabular
from mimo_credits.table import Prices, Rates

Section = Literal["tier", "model", "rate", "price", "policy"]
Value = Decimal | str
Facts = Mapping[str, Value | None]
Row = Rates | Prices

_METERS = {
    "cache_hit": "cache hit",
    "cache_miss": "cache miss",
    "output": "output",
    "audio_hour": "an hour of audio",
    "image": "an image",
}
_NOT_TOKENS = ("audio_hour", "image")


class Change(NamedTuple):
    """One fact that is not the same: `what` of a `subject` (a tier, a model, a policy), and its value before and after.

    Numbers are exact, anything else is text; None is a fact that the card does not have.
    """

    section: Section
    subject: str
    what: str
    before: Value | None
    after: Value | None

    @property
    def growth(self) -> Fraction | None:
        """`after / before - 1`, exact; None where these are not two numbers, or the first is 0."""
        if isinstance(self.before, Decimal) and isinstance(self.after, Decimal) and self.before:
            return ratio(self.after, self.before) - 1
        return None

    def __str__(self) -> str:
        kind = f"{self.section} " if self.section in ("tier", "model") else ""
        label = f"{kind}{self.subject}, {self.what}" if self.what else f"{kind}{self.subject}"
        if self.before is None:
            return f"{label}: new, {value_text(self.after)}"
        if self.after is None:
            return f"{label}: gone, was {value_text(self.before)}"
        growth = growth_text(self.growth)
        return f"{label}: {value_text(self.before)} → {value_text(self.after)}{f' ({growth})' if growth else ''}"


@dataclass(frozen=True, slots=True)
class CardDifference(Tabular):
    """All that changed from card `before` to card `after`, in the order of a card's sections."""

    before: CardRef
    after: CardRef
    changes: tuple[Change, ...]

    def __str__(self) -> str:
        head = f"{self.before.id} → {self.after.id}"
        return "\n".join([head, *(f"  {change}" for change in self.changes)]) if self.changes else f"{head}: the same"


def value_text(value: Value | None) -> str:
    """A value for people: a number with separators between thousands, no value as nothing."""
    return f"{value:,f}" if isinstance(value, Decimal) else value or ""


def growth_text(growth: Fraction | None) -> str:
    """A growth for people, rounded: in percent, or as a factor from doubling on; nothing where there is none."""
    if not growth:
        return ""
    if growth >= 1:
        return f"x {rounded(growth + 1):,}"
    return f"{percent(growth):+} %" if percent(growth) else "< 0.1 %"


def diff_cards(before: RateCard, after: RateCard) -> CardDifference:
    """What changed from one card to the other: tiers, models that came and went, rates, bands, prices, policies.

    Raises `InputError` for what is no card.
    """
    check_card(before, "before")
    check_card(after, "after")
    return CardDifference(
        CardRef(before.id, before.sha256),
        CardRef(after.id, after.sha256),
        (*_tiers(before, after), *_models(before, after), *_rates(before, after), *_terms(before, after)),
    )


def _compare(section: Section, subject: str, before: Facts, after: Facts) -> Iterator[Change]:
    for what in dict.fromkeys([*before, *after]):
        old, new = before.get(what), after.get(what)
        if old != new:
            yield Change(section, subject, what, old, new)


def _tiers(before: RateCard, after: RateCard) -> Iterator[Change]:
    for name in dict.fromkeys([*before.tiers, *after.tiers]):
        yield from _compare("tier", name, _tier(before, name), _tier(after, name))


def _tier(card: RateCard, name: str) -> Facts:
    tier = card.tiers.get(name)
    plans = {"month": tier, "year": tier.annual} if tier else {}
    return {
        f"{what} a {period}": value
        for period, plan in plans.items()
        if plan is not None
        for what, value in {"credits": plan.credits, **plan.price}.items()
    }


def _models(before: RateCard, after: RateCard) -> Iterator[Change]:
    """Models that came and went or are billed as another one now, then what each can do, then other names."""
    models = dict.fromkeys([*before.models, *after.models])
    old, new = _billed_as(before), _billed_as(after)
    for name in models:
        if old.get(name) != new.get(name):
            yield Change("model", name, "", _listing(before, old, name), _listing(after, new, name))
    for name in models:
        if name in old and name in new:
            facts = _abilities(before.models[old[name]]), _abilities(after.models[new[name]])
            yield from _compare("model", name, *facts)
    yield from _aliases(models, old, new)


def _billed_as(card: RateCard) -> dict[str, str]:
    """Every name that the card knows, and the model that it is billed as."""
    ids = {name: name for name in card.models}
    return ids | {alias: name for name, model in card.models.items() for alias in model.aliases}


def _listing(card: RateCard, billed: Mapping[str, str], name: str) -> str | None:
    """What a card says a name is. Where there is no plan, no model is outside it."""
    if name not in billed:
        return None
    if billed[name] != name:
        return f"billed as {billed[name]}"
    model = card.models[name]
    outside = bool(card.tiers) and not model.in_plan
    return "a model of its own, pay-as-you-go only" if outside else "a model of its own"


def _abilities(model: ModelRates) -> Facts:
    return {
        "in the plan": "yes" if model.in_plan else "no",
        "context window": None if model.context is None else Decimal(model.context),
        "longest output": None if model.max_output is None else Decimal(model.max_output),
    }


def _aliases(models: Mapping[str, None], old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Change]:
    """Names that are billed otherwise though their model is not, those that fare alike together."""
    alike: dict[tuple[str | None, str | None], list[str]] = {}
    for name in dict.fromkeys([*old, *new]):
        was, now = old.get(name), new.get(name)
        follows = (was is not None and new.get(was) == now) or (now is not None and old.get(now) == was)
        if name not in models and not follows:
            alike.setdefault((was, now), []).append(name)
    for (was, now), names in alike.items():
        yield Change("model", ", ".join(names), "", was and f"billed as {was}", now and f"billed as {now}")


def _rates(before: RateCard, after: RateCard) -> Iterator[Change]:
    """Credits at the peak, then prices by currency, of every model that either card lists."""
    models = dict.fromkeys([*before.models, *after.models])
    for name in models:
        old, new = before.table.peak.bands.get(name, ()), after.table.peak.bands.get(name, ())
        yield from _compare_bands("rate", name, "credits", old, new)
    for currency in dict.fromkeys([*before.table.prices, *after.table.prices]):
        old_prices, new_prices = before.table.prices.get(currency, {}), after.table.prices.get(currency, {})
        for name in models:
            listed = old_prices.get(name, ()), new_prices.get(name, ())
            yield from _compare_bands("price", name, f"{currency} per 1M", *listed)


def _compare_bands(
    section: Section, subject: str, unit: str, old: Sequence[Row], new: Sequence[Row]
) -> Iterator[Change]:
    if not (old and new):
        if old or new:
            yield Change(section, subject, unit, _summary(old), _summary(new))
        return
    limits = shared_limits(old, new)
    for number, limit in enumerate(limits):
        was, now = (next(row for row in bands if limit <= row.limit) for bands in (old, new))
        label = range_text(limits, number)
        yield from _compare(section, subject, _by_meter(was, f"{unit}, ", label), _by_meter(now, f"{unit}, ", label))


def shared_limits(old: Sequence[Row], new: Sequence[Row]) -> list[int]:
    """Where a band of either ends, as far as both price an input: beyond that there is nothing to compare."""
    furthest = min(old[-1].limit, new[-1].limit)
    return sorted({row.limit for row in (*old, *new) if row.limit <= furthest})


def range_text(limits: Sequence[int], number: int) -> str:
    """Which inputs the range of that number is for, of those that end at the `limits`; nothing for an only one."""
    above = f" above {limits[number - 1]:,}" if number else ""
    up_to = f" up to {limits[number]:,}" if number < len(limits) - 1 else ""
    return f"{above}{up_to} input tokens" if above or up_to else ""


def _by_meter(row: Row, before: str = "", after: str = "") -> dict[str, Decimal]:
    """A band's rates by meter in words, with `before` and `after` around each."""
    rates = {words: getattr(row, field, None) for field, words in _METERS.items()}
    return {
        f"{before}{words}{after}": to_credits(rate) if isinstance(row, Rates) else rate
        for words, rate in rates.items()
        if rate is not None
    }


def _summary(bands: Sequence[Row]) -> str | None:
    """All rates of a model in one line."""
    ranges = [range_text([row.limit for row in bands], number).lstrip() for number in range(len(bands))]
    rates = [_rates_text(row) for row in bands]
    return "; ".join(f"{each}: {said}" if each else said for each, said in zip(ranges, rates, strict=True)) or None


def _rates_text(row: Row) -> str:
    rates = _by_meter(row)
    apart = {_METERS[meter]: rates.pop(_METERS[meter], None) for meter in _NOT_TOKENS}
    by_price = {plain(rate) for rate in rates.values()}
    if len(by_price) == 1 and len(rates) > 1:
        (rate,) = by_price
        said = [f"{value_text(rate)} for any token" if rate else "tokens free"]
    else:
        said = [f"{meter.removeprefix('cache ')} {value_text(rate)}" for meter, rate in rates.items()]
    return ", ".join([*(f"{value_text(rate)} {words}" for words, rate in apart.items() if rate is not None), *said])


def _terms(before: RateCard, after: RateCard) -> Iterator[Change]:
    """Policy, cycle, off-peak hours, migration and web search."""
    yield from _compare("policy", "policy", _policy(before.policy), _policy(after.policy))
    yield from _compare("policy", "cycle", _cycle(before.cycle), _cycle(after.cycle))
    yield from _compare("policy", "off-peak", _off_peak(before.off_peak), _off_peak(after.off_peak))
    yield from _compare("policy", "migration", _migration(before.migration), _migration(after.migration))
    yield from _compare("policy", "web search", _web_search(before), _web_search(after))


def _policy(policy: Policy | None) -> Facts:
    if policy is None:
        return {}
    kept = policy.rollover
    return {
        "first purchase pays": policy.first_purchase_pays,
        "upgrade": policy.upgrade,
        "downgrade": policy.downgrade,
        "exhausted": policy.exhausted,
        "rollover": f"up to {value_text(kept.up_to)} credits, {kept.cycles} cycles"
        if isinstance(kept, Rollover)
        else kept,
        "rounding of money": policy.money_rounding,
        "rounding of credits": policy.credit_rounding,
    }


def _cycle(cycle: CycleTerms | None) -> Facts:
    if cycle is None:
        return {}
    count, unit = (cycle.days, "day") if cycle.days else (cycle.months, "calendar month")
    return {
        "length": f"{count} {unit}{'' if count == 1 else 's'}",
        "boundary": cycle.boundary,
        "timezone": cycle.timezone,
    }


def _off_peak(terms: OffPeak | None) -> Facts:
    if terms is None:
        return {}
    hours = f"{terms.start:%H:%M:%S} to {terms.end:%H:%M:%S} {terms.timezone}"
    return {"credits are multiplied by": terms.multiply_by, "hours": hours}


def _migration(terms: Migration | None) -> Facts:
    return {"running cycles": "go on" if terms is None else terms.running_cycles}


def _web_search(card: RateCard) -> Facts:
    prices = card.web_search.price if card.web_search else {}
    return {f"{currency} per 1,000 calls": price for currency, price in prices.items()}
