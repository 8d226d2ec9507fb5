"""A quote as text, and what its credits are of each tier."""

from __future__ import annotations

from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from mimo_credits.card import RateCard
from mimo_credits.display.writing import METER_WORDS, band_text, card_name, credit, in_percent, joined, number, table
from mimo_credits.exact import percent, round_ratio, share, to_millicredits
from mimo_credits.pricing import Quote, QuoteLine
from mimo_credits.table import AUDIO_SECOND, CACHE_HIT, CACHE_MISS, OUTPUT, WEB_SEARCH

_UNITS = {CACHE_HIT: "tokens", CACHE_MISS: "tokens", OUTPUT: "tokens", AUDIO_SECOND: "seconds", WEB_SEARCH: "calls"}


class TierShare(NamedTuple):
    """What some usage is of a tier's monthly allowance; `fits` is how many times, None for usage that costs nothing."""

    tier: str
    allowance: Decimal
    percent: Decimal
    fits: int | None


def tier_shares(card: RateCard, millicredits: int) -> tuple[TierShare, ...]:
    """The share of each tier's monthly allowance that so many millicredits are."""
    shares = []
    for name, tier in card.tiers.items():
        allowance = to_millicredits(tier.credits)
        fits = round_ratio(allowance, millicredits, "down") if millicredits else None
        shares.append(TierShare(name, tier.credits, percent(share(millicredits, allowance)), fits))
    return tuple(shares)


def quote_text(quote: Quote, card: RateCard, chosen: str = "") -> str:
    """A quote by model and meter, its share of each tier, and its pay-as-you-go price.

    `card` is the one that the quote was made on; `chosen` says how it came to be that one.
    """
    rates = "off-peak rates" if quote.off_peak else "peak rates"
    lines = [f"Card {card_name(quote.card)}{f', {chosen}' if chosen else ''}; {rates}", ""]
    rows = [["meter", "quantity", "", "credits each", "credits"]]
    for heading, group in groupby(quote.lines, key=lambda line: _quoted_model(line, card)):
        rows += [[heading], *(_quote_row(line) for line in group)]
    rows.append(["total", "", "", "", credit(quote.millicredits)])
    lines += [*table(rows, "lrlrr"), ""]
    fits = [["tier", "monthly allowance", "share", "fits"]]
    for one in tier_shares(card, quote.millicredits):
        times = "no limit" if one.fits is None else f"{one.fits:,} times"
        fits.append([one.tier, number(one.allowance), in_percent(one.percent, quote.millicredits), times])
    money = [["pay-as-you-go", currency, number(amount)] for currency, amount in quote.money.items()]
    money += [["pay-as-you-go", currency, why] for currency, why in quote.unpriced.items()]
    return joined([*lines, *table(fits, "lrrr"), "", *table(money, "lll")])


def _quoted_model(line: QuoteLine, card: RateCard) -> str:
    asked = line.model if line.model == line.billed else f"{line.model}, billed as {line.billed}"
    band = band_text(card.models[line.billed], line.band)
    return f"{asked}, {band} input tokens" if band else asked


def _quote_row(line: QuoteLine) -> list[str]:
    quantity = [f"  {METER_WORDS[line.meter]}", f"{line.quantity:,}", _UNITS[line.meter]]
    if line.rate is None:
        return [*quantity, "", "money only"]
    unit = " an hour" if line.unit == "hour" else ""
    return [*quantity, f"{number(line.rate)}{unit}", credit(line.millicredits)]
