"""Small rate cards and books of them: whatever a card's terms can be, with numbers that fit in the head.

A card is drawn as one string of bytes, from which its terms are picked one by one: this is far faster than to draw
each by itself, and each still shrinks by itself, to the first choice and to the smallest number.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import TypeVar

from hypothesis import strategies as st

from mimo_credits.book import RateBook
from mimo_credits.card import RateCard
from mimo_credits.testing.terms import Terms, text

T = TypeVar("T")

TIERS = ("lite", "standard", "pro")
ZONES = ("UTC", "Asia/Shanghai", "America/New_York", "Asia/Kathmandu")
ROUNDINGS = ("half-up", "half-even", "up", "down")

_FIRST_DAY = "2026-01-30"
_LATER_DAYS: tuple[tuple[str, ...], ...] = ((), ("2026-02-01",), ("2026-02-03",), ("2026-02-01", "2026-03-01"))


@cache
def cards() -> st.SearchStrategy[RateCard]:
    """Small valid rate cards, read and checked as a published one is.

    Each sells three tiers, each larger than the one before, in USD and CNY, by the month and by the year; and the same
    models: `weighted` (with an alias), `banded`, `free`, `speech` (by the hour) and `cash` (not in the plan). Rates,
    prices, bands, cycles, roundings, off-peak hours, migration and every policy vary. A failing example shows its TOML.

        @given(cards(), st.data())
        def test_our_invoice_shows_what_is_charged(card, data):
            usage = data.draw(usages(card))
    """
    return _card(_FIRST_DAY)


@cache
def books() -> st.SearchStrategy[RateBook]:
    """One to three such cards, one after another: the first takes effect on 30 January 2026, the last by 1 March.

    @given(books(), st.data())
    def test_our_store_is_the_replay(book, data):
        commands = data.draw(timelines(book))
    """
    return st.one_of(
        *(st.builds(RateBook, st.tuples(*(_card(day) for day in (_FIRST_DAY, *later)))) for later in _LATER_DAYS)
    )


def _card(day: str) -> st.SearchStrategy[RateCard]:
    return st.builds(RateCard.from_toml, _texts(day))


@st.composite
def _texts(draw: st.DrawFn, day: str) -> str:
    return _toml(day, draw(st.binary(min_size=_BYTES, max_size=_BYTES)))


_BYTES = 112
"""More than any card asks for."""


class _Picked:
    """What is picked from a string of bytes, in the order of asking; zero bytes pick first choices and zeros."""

    def __init__(self, drawn: bytes) -> None:
        self._left = iter(drawn)

    def below(self, end: int) -> int:
        return next(self._left) % end

    def one_of(self, *choices: T) -> T:
        return choices[self.below(len(choices))]

    def rate(self) -> Decimal:
        """0 to 2 with two decimals, a quarter of them 0; exact also after any off-peak factor drawn here."""
        return Decimal(max(0, next(self._left) - 55)) / 100

    def number(self) -> int:
        return 256 * next(self._left) + next(self._left)

    def amount(self) -> Decimal:
        """0 to 655.35."""
        return Decimal(self.number()) / 100


def _toml(day: str, drawn: bytes) -> str:
    picked = _Picked(drawn)
    return text(
        Terms(
            day=day,
            start=picked.one_of("00:00:00Z", "00:00:00+08:00", "13:00:00Z"),
            period=picked.one_of("months = 1", "days = 1", "days = 2", "days = 30", "months = 2"),
            boundary=picked.one_of("instant", "day-end"),
            timezone=picked.one_of(*ZONES),
            upgrade=picked.one_of("price-difference", "trade-in"),
            exhausted=picked.one_of("stop", "pay-as-you-go"),
            rollover=picked.one_of('"none"', "{ up_to = 1.5, cycles = 1 }", "{ up_to = 20, cycles = 2 }"),
            money_rounding=picked.one_of(*ROUNDINGS),
            credit_rounding=picked.one_of(*ROUNDINGS),
            first_purchase_pays=picked.one_of(None, "0.88", "0.333"),
            off_peak=picked.one_of(None, _night(picked)),
            migrates=picked.one_of(False, True),
            tiers=_tiers(picked),
            models=_models(picked),
        )
    )


def _night(picked: _Picked) -> str:
    factor, start, zone = picked.one_of("0.5", "0.8", "0.1", "1.2"), picked.below(24), picked.one_of(*ZONES)
    end = (start + 1 + picked.below(23)) % 24
    return f'{{ multiply_by = {factor}, start = {start:02}:30:00, end = {end:02}:30:00, timezone = "{zone}" }}'


def _tiers(picked: _Picked) -> Mapping[str, str]:
    """Allowances of 1 to 21 credits more than the one before; a year costs eleven months and gives ten."""
    allowance, tiers = Decimal(0), {}
    for name in TIERS:
        allowance += 1 + Decimal(picked.number() % 20_000) / 1000
        usd, cny = picked.amount(), picked.amount()
        tiers[name] = (
            f"{{ credits = {allowance}, price = {{ USD = {usd}, CNY = {cny} }}, "
            f"annual = {{ credits = {allowance * 10}, price = {{ USD = {usd * 11}, CNY = {cny * 11} }} }} }}"
        )
    return tiers


def _models(picked: _Picked) -> Mapping[str, str]:
    limits = sorted({1 + picked.below(15) for _ in range(picked.below(3))})
    bands = [*(f"{{ input_up_to = {limit}, {_rates(picked)} }}" for limit in limits), f"{{ {_rates(picked)} }}"]
    hour = f"credits = {{ audio_hour = {picked.amount() * 10} }}"
    hour_price = f"price = {{ USD.audio_hour = {picked.amount()}, CNY.audio_hour = 7 }}"
    return {
        "weighted": f'{{ aliases = ["also-weighted"], {_rates(picked)} }}',
        "banded": f"{{ context = 16, bands = [ {', '.join(bands)} ] }}",
        "free": "{ credits = 0, price = { USD = 0, CNY = 0 } }",
        "speech": f"{{ {hour}, {hour_price} }}",
        "cash": '{ credits = "not in plan", price.USD = 10000 }',
    }


def _rates(picked: _Picked) -> str:
    plan = _by_meter(picked.rate(), picked.rate(), picked.rate())
    usd = _by_meter(picked.amount() * 10, picked.amount() * 10, picked.amount() * 10)
    cny = _by_meter(picked.amount() * 100, picked.amount() * 100, picked.amount() * 100)
    return f"credits = {plan}, price = {{ USD = {usd}, CNY = {cny} }}"


def _by_meter(hit: Decimal, miss: Decimal, output: Decimal) -> str:
    return f"{{ hit = {hit}, miss = {miss}, output = {output} }}"
