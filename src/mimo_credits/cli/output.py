"""Writing: results to standard output, messages and progress to standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from time import monotonic
from typing import TypeVar

from mimo_credits.exact import to_credits
from mimo_credits.pricing import CardRef

PROGRAM = "mimo-credits"

T = TypeVar("T")

_FIRST_AFTER = 0.5
_EVERY = 0.2
_ITEMS_BETWEEN_LOOKS_AT_THE_CLOCK = 500


def show(text: str) -> None:
    """Writes a result. A character that the terminal's encoding lacks is written as an escape, rather than failing."""
    encoding = sys.stdout.encoding or "utf-8"
    sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))


def show_json(document: Mapping[str, object]) -> None:
    """Writes a result as one JSON object."""
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


def tell(message: str) -> None:
    """Writes a message for people."""
    sys.stderr.write(f"{message}\n")


def warn(message: object) -> None:
    """Writes a warning."""
    tell(f"{PROGRAM}: warning: {message}")


def with_progress(items: Iterable[T], what: str) -> Iterator[T]:
    """The same items. Meanwhile, if they take a while, a terminal shows how many there were and how fast they come."""
    if not sys.stderr.isatty():
        yield from items
        return
    start = monotonic()
    due, shown = start + _FIRST_AFTER, False
    for number, item in enumerate(items, 1):
        yield item
        if number % _ITEMS_BETWEEN_LOOKS_AT_THE_CLOCK == 0 and (now := monotonic()) >= due:
            due, shown = now + _EVERY, True
            sys.stderr.write(f"\r{number:,} {what}, {number / (now - start):,.0f} a second ")
            sys.stderr.flush()
    if shown:
        sys.stderr.write("\r\x1b[K")


def with_time_left(parts: Iterable[tuple[T, int, float]], what: str) -> Iterator[T]:
    """The parts. A terminal shows meanwhile how many items they had, how fast they come, and how long the rest takes.

    Each part comes with how many items it has, and which share of all is done with it.
    """
    start = monotonic()
    due, items, shown = start + _FIRST_AFTER, 0, False
    for part, count, share in parts:
        yield part
        items += count
        if sys.stderr.isatty() and (now := monotonic()) >= due:
            due, shown, taken = now + _EVERY, True, now - start
            left = taken / share - taken if share else 0
            pace = f"{items:,} {what}, {items / taken:,.0f} a second"
            sys.stderr.write(f"\r{share:4.0%} {pace}, {left:,.0f} s left \x1b[K")
            sys.stderr.flush()
    if shown:
        sys.stderr.write("\r\x1b[K")


# Amounts are strings in JSON: a reader that turns numbers into floats would lose digits.


def amount(value: Decimal) -> str:
    """An exact decimal without exponent."""
    return f"{value:f}"


def amounts(by_currency: Mapping[str, Decimal]) -> dict[str, str]:
    """Exact decimals by currency."""
    return {currency: amount(value) for currency, value in by_currency.items()}


def in_credits(millicredits: int) -> str:
    """Credits, exactly."""
    return amount(to_credits(millicredits))


def card_ref(card: CardRef) -> dict[str, str]:
    """Which card, to the byte."""
    return {"id": card.id, "sha256": card.sha256}


def iso(at: datetime) -> str:
    """An instant in ISO 8601."""
    return at.isoformat()
