"""The oracle's own arithmetic: what a usage costs by a card's parsed numbers, and when a billing cycle ends.

Everything is done the long way, with fractions and by counting days on a calendar, and nothing of the library's
pricing, rounding, rate table or cycles is used.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache
from math import floor
from zoneinfo import ZoneInfo

from mimo_credits import RateCard, Usage
from mimo_credits.card import AnnualPlan, Interval, ModelRates, RateSet, Tier

TICK = timedelta(microseconds=1)
"""The smallest step of time."""


class No(Exception):
    """The command is refused: the reason, or the name of the documented error; and what a hold lacks."""

    def __init__(self, reason: str, missing: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.missing = missing


class Unpriced(Exception):
    """A usage that the card cannot price; `kind` is the name of the documented error."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def rounded(amount: Fraction, rounding: str) -> int:
    """An amount that is not negative, rounded to a whole number."""
    whole = floor(amount)
    rest = amount - whole
    if rounding == "half-up":
        return whole + (rest >= Fraction(1, 2))
    if rounding == "half-even":
        return whole + (rest > Fraction(1, 2) or (rest == Fraction(1, 2) and whole % 2 == 1))
    return whole + (rounding == "up" and rest > 0)


@lru_cache(maxsize=100_000)
def to_the_cent(amount: Fraction, rounding: str) -> Fraction:
    """Money in whole cents or fen, as it is billed."""
    return Fraction(rounded(amount * 100, rounding), 100)


def is_night(card: RateCard, at: datetime) -> bool:
    """Whether the card's off-peak hours cover an instant."""
    if card.off_peak is None:
        return False
    hours = card.off_peak
    clock = at.astimezone(ZoneInfo(hours.timezone)).time()
    if hours.start < hours.end:
        return hours.start <= clock < hours.end
    return not hours.end <= clock < hours.start


def cost_of(card: RateCard, usage: Usage, at: datetime) -> int:
    """Millicredits of a usage at an instant. Raises `Unpriced`."""
    return _cost_of(card, usage, is_night(card, at))


@lru_cache(maxsize=100_000)
def _cost_of(card: RateCard, usage: Usage, night: bool) -> int:
    model = _model(card, usage)
    if model.credits == "not in plan":
        raise Unpriced("NotInPlan")
    rates = model.credits if isinstance(model.credits, RateSet) else model.bands[_band(model, usage)].credits
    assert rates is not None, "a model of the plan has rates, or each of its bands has"
    factor = Fraction(card.off_peak.multiply_by) if night and card.off_peak else Fraction(1)
    tokens, audio = _amounts(rates, usage)
    millicredits = tokens * factor * 1000
    assert millicredits.denominator == 1, "a token never costs a fraction of a millicredit"
    return int(millicredits) + rounded(audio * factor * 1000, card.policy.credit_rounding)


@lru_cache(maxsize=100_000)
def money(card: RateCard, usage: Usage, currency: str) -> Fraction:
    """What a usage costs by pay-as-you-go, its web searches apart. Raises `Unpriced`."""
    model = _model(card, usage)
    if currency in model.price:
        prices = model.price[currency]
    elif any(currency in band.price for band in model.bands):
        prices = model.bands[_band(model, usage)].price[currency]
    else:
        raise Unpriced("NoRate")
    tokens, audio = _amounts(prices, usage)
    has_finite_decimal = 10**30 % audio.denominator == 0
    return tokens / 10**6 + (audio if has_finite_decimal else Fraction(rounded(audio * 10**12, "half-up"), 10**12))


def search_money(card: RateCard, usage: Usage, currency: str) -> Fraction:
    """What a usage's web searches cost. Raises `Unpriced`."""
    if card.web_search is None or currency not in card.web_search.price:
        raise Unpriced("NoRate")
    return Fraction(card.web_search.price[currency]) * usage.web_searches / 1000


def _model(card: RateCard, usage: Usage) -> ModelRates:
    for name, model in card.models.items():
        if usage.model == name or usage.model in model.aliases:
            return model
    raise Unpriced("UnknownModel")


def _band(model: ModelRates, usage: Usage) -> int:
    limits = [band.input_up_to or model.context or 0 for band in model.bands]
    passed = sum(limit < usage.input_tokens for limit in limits)
    if passed == len(limits):
        raise Unpriced("BeyondContext")
    return passed


def _amounts(rates: RateSet, usage: Usage) -> tuple[Fraction, Fraction]:
    """What tokens and what audio cost at the rates, without any rounding."""
    one_rate = (rates.token, rates.token, rates.token)
    hit, miss, output = (rates.hit, rates.miss, rates.output) if rates.token is None else one_rate
    quantities = (usage.cached_tokens, usage.input_tokens - usage.cached_tokens, usage.output_tokens)
    tokens = Fraction(0)
    for rate, quantity in zip((hit, miss, output), quantities, strict=True):
        tokens += _cost(rate, quantity)
    return tokens, _cost(rates.audio_hour, usage.audio_seconds) / 3600


def _cost(rate: Decimal | None, quantity: int) -> Fraction:
    if not quantity:
        return Fraction(0)
    if rate is None:
        raise Unpriced("NoRate")
    return Fraction(rate) * quantity


# --- what is for sale -------------------------------------------------------------------------------------


@cache
def exactly(number: Decimal) -> Fraction:
    """A card's number as a fraction."""
    return Fraction(number)


@cache
def milli(credits: Decimal) -> int:
    """Credits as millicredits."""
    millicredits = Fraction(credits) * 1000
    assert millicredits.denominator == 1
    return int(millicredits)


def sold_by(card: RateCard, tier: str, interval: Interval, currency: str) -> Tier | AnnualPlan | None:
    """What the card sells under the name, for the interval and in the currency."""
    try:
        return for_sale(card, tier, interval, currency)
    except No:
        return None


def for_sale(card: RateCard, tier: str, interval: Interval, currency: str) -> Tier | AnnualPlan:
    """The same. Raises `No` where it is not sold."""
    if tier not in card.tiers:
        raise No("unknown-tier")
    sold = card.tiers[tier] if interval == "monthly" else card.tiers[tier].annual
    if sold is None:
        raise No("interval-not-sold")
    if currency not in sold.price:
        raise No("currency-not-sold")
    return sold


# --- the calendar ----------------------------------------------------------------------------------------


def period(card: RateCard, interval: Interval) -> tuple[int, int, str, str]:
    """Days, months, how a cycle ends, and on which zone's clock: what has to stay for a count to go on."""
    terms = card.cycle
    days, months = (0, 12) if interval == "annual" else (terms.days or 0, terms.months or 0)
    return days, months, terms.boundary, terms.timezone


@cache
def cycle_end(rule: tuple[int, int, str, str], anchor: datetime, number: int) -> datetime:
    """The end of the cycle `number` (from 1) of those that a rule counts from an anchor."""
    days, months, boundary, timezone = rule
    zone = ZoneInfo(timezone)
    clock = anchor.astimezone(zone)
    day = _days_later(clock.date(), days * number) if days else _months_later(clock.date(), months * number)
    at_the_clock = clock.time()
    if boundary == "day-end":
        day, at_the_clock = _days_later(day, 1), time()
    return datetime.combine(day, at_the_clock, zone).astimezone(UTC)


def _days_later(day: date, days: int) -> date:
    """Counts days, one after another."""
    for _ in range(days):
        day += timedelta(days=1)
    return day


def _months_later(day: date, months: int) -> date:
    """Turns the calendar's pages, then looks for the same day; a month that is too short gives its last one."""
    year, month = day.year, day.month
    for _ in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def night_edges(card: RateCard, after: datetime) -> Iterator[datetime]:
    """The next instants at which the card's off-peak hours begin and end."""
    if card.off_peak is None:
        return
    zone = ZoneInfo(card.off_peak.timezone)
    today = after.astimezone(zone).date()
    for edge in (card.off_peak.start, card.off_peak.end):
        instants = (datetime.combine(_days_later(today, days), edge, zone).astimezone(UTC) for days in (0, 1))
        yield next(instant for instant in instants if instant > after)
