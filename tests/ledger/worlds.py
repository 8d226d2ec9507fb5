"""Tiny worlds: rate cards whose numbers fit in the head, made from TOML text, and books of them.

A world is small so that every short history in it can be walked: allowances of a few credits, cycles of a day or two,
and weighted meters, so that each rule is met within three commands.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from mimo_credits import RateBook, Usage
from mimo_credits.testing.terms import Terms, card

TIERS = {
    "lite": "{ credits = 10, price = { USD = 6, CNY = 39 }, annual = { credits = 120, price = { USD = 63.36, CNY = 411.84 } } }",
    "standard": "{ credits = 30, price = { USD = 16, CNY = 99 }, annual = { credits = 360, price = { USD = 168.96, CNY = 1045.44 } } }",
    "pro": "{ credits = 70.5, price = { USD = 50, CNY = 329 } }",
}
"""Three tiers, of which the third is not sold by the year."""

RICHER_TIERS = {
    "lite": "{ credits = 14, price = { USD = 7, CNY = 45 }, annual = { credits = 150, price = { USD = 70, CNY = 450 } } }",
    "standard": "{ credits = 40, price = { USD = 17.5, CNY = 110 } }",
    "pro": "{ credits = 90, price = { USD = 45, CNY = 300 } }",
}
"""What a later card sells: more for other prices, and Standard no longer by the year."""

MODELS = {
    "weighted": """{ aliases = ["also-weighted"], credits = { hit = 0.5, miss = 2, output = 3 },
        price.USD = { hit = 700, miss = 7000, output = 21000 }, price.CNY = { hit = 5000, miss = 50000, output = 150000 } }""",
    "banded": """{ context = 8, bands = [
            { input_up_to = 4, credits = 1, price.USD = 3000, price.CNY = 20000 },
            { credits = { hit = 2, miss = 2, output = 5 }, price.USD = 9000, price.CNY = 60000 } ] }""",
    "free": "{ credits = 0, price = { USD = 0, CNY = 0 } }",
    "speech": "{ credits = { audio_hour = 1000 }, price.USD = { audio_hour = 74 }, price.CNY = { audio_hour = 500 } }",
    "cash": '{ credits = "not in plan", price.USD = 10000 }',
}
"""Weighted meters, bands that are cliffs, an explicit zero, audio by the hour, and one that the plan does not cover."""

DEARER_MODELS = {
    **MODELS,
    "weighted": """{ aliases = ["also-weighted"], credits = { hit = 1, miss = 3, output = 4 },
        price.USD = { hit = 900, miss = 9000, output = 31000 }, price.CNY = { hit = 6000, miss = 60000, output = 160000 } }""",
}
"""The same models at other rates."""


PLAIN = Terms(tiers=TIERS, models=MODELS)
"""Cycles of one day that end at the instant; upgrades pay the price difference; an exhausted plan stops."""

TRADING = replace(
    PLAIN,
    boundary="day-end",
    timezone="Asia/Shanghai",
    upgrade="trade-in",
    exhausted="pay-as-you-go",
    rollover="{ up_to = 3, cycles = 1 }",
)
"""Cycles that end with the Shanghai day after; upgrades trade in; overflow is paid for; up to 3 credits are kept."""

MOVED = Terms(
    day="2026-01-02",
    start="06:00:00Z",
    tiers=RICHER_TIERS,
    models=DEARER_MODELS,
    period="days = 2",
    upgrade="trade-in",
    exhausted="pay-as-you-go",
    rollover="{ up_to = 2.5, cycles = 2 }",
    money_rounding="half-even",
    off_peak='{ multiply_by = 0.1, start = 22:00:00, end = 04:00:00, timezone = "Asia/Shanghai" }',
    migrates=True,
)
"""A second card, of 2 January at 06:00: other allowances, rates, cycles and night hours; it migrates running cycles."""


@cache
def plain() -> RateBook:
    """One card."""
    return RateBook([card(PLAIN)])


@cache
def trading() -> RateBook:
    """One card with the other policies."""
    return RateBook([card(TRADING)])


@cache
def migrating() -> RateBook:
    """A card whose overflow is paid for, then one that resets running cycles and has the other policies."""
    return RateBook([card(replace(PLAIN, exhausted="pay-as-you-go")), card(MOVED)])


REPRICED = replace(
    MOVED,
    tiers={name: tier for name, tier in RICHER_TIERS.items() if name != "standard"},
    migrates=False,
    upgrade="price-difference",
    exhausted="stop",
)
"""The second card, but it leaves running cycles alone, and sells Standard no more."""


@cache
def repriced() -> RateBook:
    """The trading card, then the one that leaves running cycles alone."""
    return RateBook([card(TRADING), card(REPRICED)])


@cache
def skipping() -> RateBook:
    """The plain card, a migration without Standard, and half a day later one with it."""
    without = replace(REPRICED, migrates=True)
    return RateBook([card(PLAIN), card(without), card(replace(MOVED, day="2026-01-03", start="00:30:00Z"))])


def tokens(hit: int = 0, miss: int = 0, output: int = 0, *, model: str = "weighted", searches: int = 0) -> Usage:
    """A usage by its three token meters."""
    return Usage(model, input_tokens=hit + miss, cached_tokens=hit, output_tokens=output, web_searches=searches)


SMALL = tokens(1, 1, 1)
"""5.5 credits at the plain card's peak, 2.75 off-peak."""

LARGE = tokens(1, 3, 3, searches=1)
"""15.5 credits, more than Lite has and less than Standard, and a web search, which costs money."""
