"""The terms of a small made-up rate card, and the card that says them, written and read as a published one is.

`Terms` are the knobs; `text` writes the TOML, and `card` reads it through every check that a published card passes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mimo_credits.card import RateCard


@dataclass(frozen=True)
class Terms:
    """What one card says, in TOML where it is a table. `start` is the clock time on `day` at which it takes effect."""

    tiers: Mapping[str, str] = field(hash=False)
    models: Mapping[str, str] = field(hash=False)
    day: str = "2026-01-01"
    start: str = "00:00:00Z"
    period: str = "days = 1"
    boundary: str = "instant"
    timezone: str = "UTC"
    upgrade: str = "price-difference"
    exhausted: str = "stop"
    rollover: str = '"none"'
    money_rounding: str = "half-up"
    credit_rounding: str = "half-up"
    first_purchase_pays: str | None = "0.88"
    off_peak: str | None = '{ multiply_by = 0.5, start = 06:00:00, end = 12:00:00, timezone = "UTC" }'
    migrates: bool = False


def text(terms: Terms) -> str:
    """The card's TOML."""
    sourced = 'source = "H price-list"'
    lines = [
        'provider = "tiny"',
        f'version = "{terms.day}"',
        "revision = 1",
        f"effective_from = {terms.day}T{terms.start}",
        "" if terms.off_peak is None else _inline("off_peak", terms.off_peak),
        '[sources]\nprice-list = { title = "The tiny price list", date = "2026" }',
        "[tiers]",
        *(_inline(name, tier) for name, tier in terms.tiers.items()),
        "[models]",
        *(_inline(name, model) for name, model in terms.models.items()),
        "[web_search]",
        f"price = {{ USD = 5, CNY = 16 }}\n{sourced}",
        "[cycle]",
        f'{terms.period}\nboundary = "{terms.boundary}"\ntimezone = "{terms.timezone}"\n{sourced}',
        "[policy]",
        f'upgrade = "{terms.upgrade}"\ndowngrade = "at-renewal"\nexhausted = "{terms.exhausted}"',
        f'rollover = {terms.rollover}\nmoney_rounding = "{terms.money_rounding}"',
        f'credit_rounding = "{terms.credit_rounding}"\n{sourced}',
    ]
    if terms.first_purchase_pays is not None:
        lines.append(f"first_purchase_pays = {terms.first_purchase_pays}")
    if terms.migrates:
        lines.append(f'[migration]\nrunning_cycles = "reset to the new allowance"\n{sourced}')
    return "\n".join(lines) + "\n"


def _inline(name: str, table: str) -> str:
    """`name = { … }` with the source that every section needs. TOML 1.0 has inline tables on one line."""
    body = " ".join(table.split()).removesuffix("}")
    return f'{name} = {body}, source = "H price-list" }}'


def card(terms: Terms) -> RateCard:
    """The card that the terms describe."""
    return RateCard.from_toml(text(terms), file=f"{terms.day}.toml")
