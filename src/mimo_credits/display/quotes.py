"""A quote as a sheet, and what its credits are of each tier."""

from __future__ import annotations

from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from mimo_credits.card import RateCard
from mimo_credits.display.sheet import Block, Listing, Row, Sheet, Table, group, table, total, untitled
from mimo_credits.display.writing import METER_WORDS, card_name, credit, in_percent, money, number
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


def quote_sheet(quote: Quote, card: RateCard | None = None, chosen: str = "") -> Sheet:
    """A quote by model and meter, its share of each tier, and its pay-as-you-go price.

    `card`, the one that the quote was made on, adds the tiers; `chosen` says how it came to be that one.
    """
    rates = "off-peak rates" if quote.off_peak else "peak rates"
    rows: list[Row] = []
    for heading, lines in groupby(quote.lines, key=_quoted_model):
        rows += [group(heading), *(_quote_row(line) for line in lines)]
    rows.append(total(["total", "", "", "", credit(quote.millicredits)]))
    blocks: list[Block] = [table(["meter", "quantity", "", "credits each", "credits"], "lrlrr", rows)]
    if quote.remarks:
        blocks.append(Listing("", quote.remarks))
    if card is not None:
        blocks.append(_tiers(quote, card))
    costs = [["pay-as-you-go", currency, money(amount, currency)] for currency, amount in quote.money.items()]
    costs += [["pay-as-you-go", currency, why] for currency, why in quote.unpriced.items()]
    if costs:
        blocks.append(untitled("lll", costs))
    return Sheet(f"Card {card_name(quote.card)}{f', {chosen}' if chosen else ''}; {rates}", tuple(blocks))


def _tiers(quote: Quote, card: RateCard) -> Table:
    rows = []
    for one in tier_shares(card, quote.millicredits):
        times = "no limit" if one.fits is None else f"{one.fits:,} times"
        rows.append([one.tier, number(one.allowance), in_percent(one.percent, quote.millicredits), times])
    return table(["tier", "monthly allowance", "share", "fits"], "lrrr", rows)


def _quoted_model(line: QuoteLine) -> str:
    asked = line.model if line.model == line.billed else f"{line.model}, billed as {line.billed}"
    return f"{asked}, {line.inputs} input tokens" if line.inputs else asked


def _quote_row(line: QuoteLine) -> Row:
    quantity = (METER_WORDS[line.meter], f"{line.quantity:,}", _UNITS[line.meter])
    if line.rate is None:
        return Row((*quantity, "", "money only"))
    unit = " an hour" if line.unit == "hour" else ""
    return Row((*quantity, f"{number(line.rate)}{unit}", credit(line.millicredits)))
