"""Words and numbers: what every cell is made of."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

from mimo_credits.exact import in_currency, to_credits
from mimo_credits.pricing import CardRef
from mimo_credits.table import AUDIO_SECOND, CACHE_HIT, CACHE_MISS, OUTPUT, WEB_SEARCH

METER_WORDS = {
    CACHE_HIT: "cache hit",
    CACHE_MISS: "cache miss",
    OUTPUT: "output",
    AUDIO_SECOND: "audio",
    WEB_SEARCH: "web search",
}

AUDIO_WORDS = "audio: {:,} seconds"
SEARCH_WORDS = "web searches: {:,}, which cost money"
"""What is said below a row of tokens."""

DIGEST = 12
"""How much of a SHA-256 is shown."""


def card_name(card: CardRef) -> str:
    """A card's id and the beginning of its digest."""
    return f"{card.id} (sha256 {card.sha256[:DIGEST]})"


def instant(at: datetime) -> str:
    """In UTC, to the second where the minute is not enough."""
    utc = at.astimezone(UTC)
    return f"{utc:%Y-%m-%d %H:%M}" if not (utc.second or utc.microsecond) else f"{utc:%Y-%m-%d %H:%M:%S}"


def credit(millicredits: int) -> str:
    """Millicredits as credits, exact."""
    return number(to_credits(millicredits))


def number(amount: Decimal) -> str:
    """An exact number, with separators between thousands."""
    return f"{amount:,f}"


def money(amount: Decimal, currency: str) -> str:
    """An exact amount of money with the currency's digits after the point, and more where it is finer than these."""
    return number(in_currency(amount, currency))


def in_percent(value: Decimal, part: int | Fraction) -> str:
    """A rounded percentage; one that is rounded to nothing, though the `part` is something, says so."""
    return "< 0.1 %" if part and not value else f"{value} %"
