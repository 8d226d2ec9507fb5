"""Pricing one request: `charge` in plan credits, `price` in pay-as-you-go money, `quote` in both, with its lines.

One rule: a quote is the charge, shown. Everything here reads the card's compiled table, looks up, multiplies and adds;
only audio by the hour divides, once per request. A rate that the card does not have is an error, never zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple, TypeVar

from mimo_credits.card import RateCard
from mimo_credits.card.rate_card import check_card
from mimo_credits.errors import BeyondContext, InputError, NoRate, NotInPlan, PricingError, UnknownModel, shown
from mimo_credits.exact import per, plain, plus, ratio_price, round_ratio, times, to_credits
from mimo_credits.frozen import FrozenMap
from mimo_credits.instants import to_utc
from mimo_credits.seen import Tabular
from mimo_credits.table import (
    AUDIO_SECOND,
    CACHE_HIT,
    CACHE_MISS,
    IMAGE,
    OUTPUT,
    SECONDS_PER_HOUR,
    UNLIMITED,
    WEB_SEARCH,
    Prices,
    Rates,
    RateTable,
)
from mimo_credits.usage import MAX_COUNT, Usage, check_usage

Row = TypeVar("Row", Rates, Prices)


class CardRef(NamedTuple):
    """Which card, to the byte: its id and the SHA-256 of its content."""

    id: str
    sha256: str


class QuoteLine(NamedTuple):
    """What one meter of one model costs: `quantity` tokens, seconds or calls at `rate` credits per `unit`.

    `model` was asked for and `billed` is the card's id for it. `band` counts from 0, and `inputs` says in words which
    inputs it is for; nothing where the rate is for all. `rate` is None where a meter costs money only.
    """

    model: str
    billed: str
    band: int
    inputs: str
    meter: str
    quantity: int
    rate: Decimal | None
    unit: str
    millicredits: int

    @property
    def credits(self) -> Decimal:
        """The line's credits, exact."""
        return to_credits(self.millicredits)


@dataclass(frozen=True, slots=True, repr=False)
class Quote(Tabular):
    """What usage costs on a card: exact `millicredits`, by meter in `lines`, and the same by pay-as-you-go.

    `money` holds the price by currency, not rounded; where a currency has no price for the usage, `unpriced` says why.
    `off_peak` says which rates were used: the off-peak ones only when an instant was given and lies in those hours.
    `remarks` are for people: what is right, but may surprise.
    """

    card: CardRef
    off_peak: bool
    millicredits: int
    lines: tuple[QuoteLine, ...]
    money: FrozenMap[Decimal]
    unpriced: FrozenMap[str]
    remarks: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Quote {self.credits:,f} credits by card {self.card.id}, sha256 {self.card.sha256[:12]}…>"

    @property
    def credits(self) -> Decimal:
        """The total in credits, exact."""
        return to_credits(self.millicredits)


Usages = Usage | Iterable[Usage] | Mapping[Usage, int]
"""One usage, several, or how many of each. Each is priced by itself (its band depends on it), then summed."""


def charge(card: RateCard, usage: Usage, *, at: datetime | None = None) -> int:
    """Millicredits that one request draws from the plan, at the peak rate unless `at` lies in the off-peak hours.

    Raises `UnknownModel`, `NotInPlan`, `NoRate`, `BeyondContext`, and `InputError` for a naive instant or what is no
    `RateCard` and no `Usage`.
    """
    try:  # costs nothing, where asking for the types would slow every charge down
        table = card.table
        rows = table.peak if at is None else table.rows(table.is_off_peak(to_utc(at)))
        bands = None if usage.audio_seconds or usage.images else rows.tokens.get(usage.model)
    except AttributeError:
        check_card(card)
        check_usage(usage)
        raise
    if bands is None:
        return metered_charge(table, usage, rates_for(table, usage, rows is table.off_peak))
    input_tokens = usage.input_tokens
    for limit, hit, miss, output, _ in bands:
        if input_tokens <= limit:
            cached = usage.cached_tokens
            return hit * cached + miss * (input_tokens - cached) + output * usage.output_tokens
    raise _beyond(table.card_id, usage, bands[-1][0])


def rates_for(table: RateTable, usage: Usage, off_peak: bool) -> Rates:
    """The credit rates of the model and band that a request falls in. Raises as `charge` does."""
    bands = table.rows(off_peak).bands.get(usage.model)
    if bands is None:
        if usage.model in table.not_in_plan:
            raise NotInPlan(usage.model, table.card_id)
        raise UnknownModel(usage.model, table.card_id, table.known_models())
    return _band(table.card_id, usage, bands)


def metered_charge(table: RateTable, usage: Usage, rates: Rates) -> int:
    """Millicredits of one request, meter by meter: the plain way that every faster one must equal."""
    return sum(millicredits for _, _, millicredits in by_meter(usage, rates, table))


def by_meter(usage: Usage, rates: Rates, table: RateTable) -> Iterator[tuple[str, int, int]]:
    """Meter, quantity and millicredits of each credit meter that the request used. Raises `NoRate`.

    The plan has no credits for images, on any card.
    """
    for meter, quantity, rate in (
        (CACHE_HIT, usage.cached_tokens, rates.cache_hit),
        (CACHE_MISS, usage.missed_tokens, rates.cache_miss),
        (OUTPUT, usage.output_tokens, rates.output),
        (AUDIO_SECOND, usage.audio_seconds, rates.audio_hour),
        (IMAGE, usage.images, None),
    ):
        if not quantity:
            continue
        if rate is None:
            raise NoRate(usage.model, table.card_id, meter, "credits")
        if meter == AUDIO_SECOND:
            yield meter, quantity, round_ratio(rate * quantity, SECONDS_PER_HOUR, table.rounding)
        else:
            yield meter, quantity, rate * quantity


def price(card: RateCard, usage: Usage, currency: str) -> Decimal:
    """What one request costs by pay-as-you-go, exact and not rounded (audio that has no finite decimal to 1e-12).

    Any model that the card lists has a price, in the plan or not; off-peak hours do not matter. Raises `UnknownModel`,
    `NoRate` (also for a currency that the card does not know), `BeyondContext`, and `InputError` for what is no
    `RateCard` and no `Usage`.
    """
    check_card(card)
    check_usage(usage)
    table = card.table
    bands = table.prices.get(currency, {}).get(usage.model)
    if bands is None:
        if usage.model not in table.known_models():
            raise UnknownModel(usage.model, table.card_id, table.known_models())
        raise NoRate(usage.model, table.card_id, "any meter", currency)
    prices = _band(table.card_id, usage, bands)

    def known(rate: Decimal | None, meter: str) -> Decimal:
        if rate is None:
            raise NoRate(usage.model, table.card_id, meter, currency)
        return rate

    total = Decimal(0)
    for meter, tokens, rate in (
        (CACHE_HIT, usage.cached_tokens, prices.cache_hit),
        (CACHE_MISS, usage.missed_tokens, prices.cache_miss),
        (OUTPUT, usage.output_tokens, prices.output),
    ):
        if tokens:
            total = plus(total, times(known(rate, meter), tokens))
    total = per(total, 6)
    if usage.audio_seconds:
        hourly = Fraction(known(prices.audio_hour, AUDIO_SECOND))
        total = plus(total, ratio_price(hourly * usage.audio_seconds / SECONDS_PER_HOUR))
    if usage.images:
        total = plus(total, times(known(prices.image, IMAGE), usage.images))
    if usage.web_searches:
        total = plus(total, web_search_price(card, usage, currency))
    return plain(total)


def web_search_price(card: RateCard, usage: Usage, currency: str) -> Decimal:
    """What a request's web searches cost: money under the plan too, as it has no credits for them. Raises `NoRate`."""
    thousand = card.web_search.price.get(currency) if card.web_search else None
    if thousand is None:
        raise NoRate(usage.model, card.id, WEB_SEARCH, currency)
    return per(times(thousand, usage.web_searches), 3)


def quote(card: RateCard, usage: Usages, *, at: datetime | None = None) -> Quote:
    """What usage costs on a card: one `Usage`, an iterable of them, or a mapping `{Usage: how many}`.

    Raises as `charge` does; a pay-as-you-go price that does not exist is no error but a reason in `.unpriced`.
    """
    check_card(card)
    table = card.table
    counted = _counted(usage)
    off_peak = at is not None and table.is_off_peak(to_utc(at))
    lines: dict[tuple[str, str, int, str, str], QuoteLine] = {}
    for one, count in counted.items():
        for line in _lines(card, one, count, off_peak):
            key = line[:5]
            seen = lines.get(key)
            lines[key] = line if seen is None else _added(seen, line)
    money, unpriced = _money(card, counted)
    return Quote(
        card=CardRef(table.card_id, table.digest),
        off_peak=off_peak,
        millicredits=sum(line.millicredits for line in lines.values()),
        lines=tuple(lines.values()),
        money=money,
        unpriced=unpriced,
        remarks=tuple(_silent(table, counted)),
    )


def prices(card: RateCard, usage: Usages) -> tuple[FrozenMap[Decimal], FrozenMap[str]]:
    """What usage costs by pay-as-you-go in each currency of the card, exact; and for the others, why it has no price.

    Models outside the plan have prices, too. Raises `InputError` for what is no usage.
    """
    return _money(card, _counted(usage))


def inputs_of(card: RateCard, row: Rates | Prices) -> str:
    """Which inputs the rates of a band are for, in words: `above 256,000`; nothing where they are for all inputs.

    That the last band ends at the context window goes without saying.
    """
    if row.limit == UNLIMITED:
        return ""
    model = card.models[row.model]
    above = f"above {model.limit(row.band - 1):,}" if row.band else ""
    up_to = f"up to {row.limit:,}" if row.band < len(model.bands) - 1 else ""
    return " ".join(part for part in (above, up_to) if part)


def _silent(table: RateTable, counted: Mapping[Usage, int]) -> Iterator[str]:
    """A remark for each model with a rate by the hour whose usage has no audio: only its tokens have been priced."""
    heard = {usage.model for usage in counted if usage.audio_seconds}
    for model in dict.fromkeys(usage.model for usage in counted):
        if model not in heard and any(rates.audio_hour for rates in table.peak.bands[model]):
            yield f"{model} is priced by the hour of audio; this usage has no audio seconds"


def _lines(card: RateCard, usage: Usage, count: int, off_peak: bool) -> Iterator[QuoteLine]:
    table = card.table
    rates = rates_for(table, usage, off_peak)
    inputs = inputs_of(card, rates)
    for meter, quantity, millicredits in by_meter(usage, rates, table):
        rate, unit = rates.of(meter)
        yield QuoteLine(
            usage.model,
            rates.model,
            rates.band,
            inputs,
            meter,
            quantity * count,
            to_credits(rate),
            unit,
            millicredits * count,
        )
    if usage.web_searches:
        searches = usage.web_searches * count
        yield QuoteLine(usage.model, rates.model, rates.band, inputs, WEB_SEARCH, searches, None, "call", 0)


def _added(line: QuoteLine, more: QuoteLine) -> QuoteLine:
    return line._replace(quantity=line.quantity + more.quantity, millicredits=line.millicredits + more.millicredits)


def _money(card: RateCard, counted: Mapping[Usage, int]) -> tuple[FrozenMap[Decimal], FrozenMap[str]]:
    money: dict[str, Decimal] = {}
    unpriced: dict[str, str] = {}
    for currency in card.currencies:
        total = Decimal(0)
        try:
            for one, count in counted.items():
                total = plus(total, times(price(card, one, currency), count))
        except PricingError as error:
            unpriced[currency] = str(error)
        else:
            money[currency] = plain(total)
    return FrozenMap(money), FrozenMap(unpriced)


def _counted(usage: object) -> dict[Usage, int]:
    if isinstance(usage, Usage):
        return {usage: 1}
    if not isinstance(usage, Iterable):
        raise InputError("usage", f"needs a Usage, several, or a mapping from Usage to how many, not {shown(usage)}")
    pairs = usage.items() if isinstance(usage, Mapping) else ((one, 1) for one in usage)
    counted: dict[Usage, int] = {}
    for one, count in pairs:
        if not isinstance(one, Usage):
            hint = "; Usage.from_response reads an API's answer" if isinstance(usage, Mapping) else ""
            raise InputError("usage", f"needs Usage values, not {shown(one)}{hint}")
        if type(count) is not int or not 0 <= count <= MAX_COUNT:
            raise InputError("usage", f"needs a whole count of each usage, 0 to {MAX_COUNT:,}, not {shown(count)}")
        counted[one] = counted.get(one, 0) + count
    return counted


def _band(card_id: str, usage: Usage, bands: tuple[Row, ...]) -> Row:
    for row in bands:
        if usage.input_tokens <= row.limit:
            return row
    raise _beyond(card_id, usage, bands[-1].limit)


def _beyond(card_id: str, usage: Usage, limit: int) -> BeyondContext:
    return BeyondContext(usage.model, card_id, usage.input_tokens, limit)
