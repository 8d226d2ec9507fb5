"""Writing: results to standard output, messages and progress to standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
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


class Meter:
    """Shows a terminal how many of `total` items are done, how fast they come and how long the rest will take."""

    def __init__(self, total: int, what: str, now: float) -> None:
        self._total, self._what, self._start = total, what, now
        self._done, self._due, self._shown = 0, now + _FIRST_AFTER, False

    def add(self, items: int, now: float) -> None:
        """So many more are done."""
        self._done += items
        if now < self._due or not sys.stderr.isatty():
            return
        self._due, self._shown = now + _EVERY, True
        sys.stderr.write(f"\r{self.text(now)}\x1b[K")
        sys.stderr.flush()

    def text(self, now: float) -> str:
        """Where it stands, in one line."""
        rate = self._done / max(now - self._start, 1e-9)
        left = timedelta(seconds=round((self._total - self._done) / rate)) if rate else timedelta()
        part = f"{100 * self._done // self._total} %" if self._total else "100 %"
        return f"{part}: {self._done:,} of {self._total:,} {self._what}, {rate:,.0f} a second, {left} left"

    def end(self) -> None:
        """Takes the line away."""
        if self._shown:
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
