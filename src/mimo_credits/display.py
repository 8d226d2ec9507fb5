"""Plain text for people: quotes, statements, tiers and rate cards, as aligned tables.

Pure functions from values to text; nothing is printed and nothing is decided here. One rule: credits and money are
shown exactly, to their last digit, and only percentages are rounded. All instants are shown in UTC. Only ASCII is
added, so that any terminal can show it, and tables are made for 100 columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby
from textwrap import wrap
from typing import Literal, NamedTuple

from mimo_credits.book import RateBook
from mimo_credits.card import Interval, ModelRates, RateCard, Rollover
from mimo_credits.exact import billed, percent, round_ratio, share, to_credits, to_millicredits
from mimo_credits.ledger import Billed
from mimo_credits.pricing import CardRef, Quote, QuoteLine
from mimo_credits.statements import CycleStatement, SegmentStatement, Statement, StatementLine
from mimo_credits.table import AUDIO_SECOND, CACHE_HIT, CACHE_MISS, METERS, OUTPUT, WEB_SEARCH, Prices, Rates

METER_WORDS = {
    CACHE_HIT: "cache hit",
    CACHE_MISS: "cache miss",
    OUTPUT: "output",
    AUDIO_SECOND: "audio",
    WEB_SEARCH: "web search",
}
_UNITS = {CACHE_HIT: "tokens", CACHE_MISS: "tokens", OUTPUT: "tokens", AUDIO_SECOND: "seconds", WEB_SEARCH: "calls"}

_TOKENS = (CACHE_HIT, CACHE_MISS, OUTPUT)
_APART = {AUDIO_SECOND: "audio: {:,} seconds", WEB_SEARCH: "web searches: {:,}, which cost money"}

_OPENINGS = {
    "subscribe": "subscribed",
    "renewal": "renewed",
    "migration": "migrated: what was used starts again from zero, with a new allowance",
    "trade-in": "upgraded, the old plan traded in",
}
_BILLS = {
    "subscribe": "subscription",
    "first-purchase": "first purchase",
    "renewal": "renewal",
    "upgrade": "upgrade, the price difference",
    "trade-in": "upgrade, the old plan traded in",
    "usage": "usage that owes money (web search, pay-as-you-go)",
}

WIDTH = 100
"""Columns that tables are made for."""

DIGEST = 12
"""How much of a SHA-256 is shown."""


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


# --- quotes -----------------------------------------------------------------------------------------------------------


def quote_text(quote: Quote, card: RateCard, chosen: str = "") -> str:
    """A quote by model and meter, its share of each tier, and its pay-as-you-go price.

    `card` is the one that the quote was made on; `chosen` says how it came to be that one.
    """
    rates = "off-peak rates" if quote.off_peak else "peak rates"
    lines = [f"Card {_card(quote.card)}{f', {chosen}' if chosen else ''}; {rates}", ""]
    rows = [["meter", "quantity", "", "credits each", "credits"]]
    for heading, group in groupby(quote.lines, key=lambda line: _quoted_model(line, card)):
        rows += [[heading], *(_quote_row(line) for line in group)]
    rows.append(["total", "", "", "", _credits(quote.millicredits)])
    lines += [*_table(rows, "lrlrr"), ""]
    fits = [["tier", "monthly allowance", "share", "fits"]]
    for one in tier_shares(card, quote.millicredits):
        times = "no limit" if one.fits is None else f"{one.fits:,} times"
        fits.append([one.tier, _number(one.allowance), _percent(one.percent, quote.millicredits), times])
    money = [["pay-as-you-go", currency, _number(amount)] for currency, amount in quote.money.items()]
    money += [["pay-as-you-go", currency, why] for currency, why in quote.unpriced.items()]
    return _text([*lines, *_table(fits, "lrrr"), "", *_table(money, "lll")])


def _quoted_model(line: QuoteLine, card: RateCard) -> str:
    asked = line.model if line.model == line.billed else f"{line.model}, billed as {line.billed}"
    band = band_text(card.models[line.billed], line.band)
    return f"{asked}, {band} input tokens" if band else asked


def _quote_row(line: QuoteLine) -> list[str]:
    quantity = [f"  {METER_WORDS[line.meter]}", f"{line.quantity:,}", _UNITS[line.meter]]
    if line.rate is None:
        return [*quantity, "", "money only"]
    unit = " an hour" if line.unit == "hour" else ""
    return [*quantity, f"{_number(line.rate)}{unit}", _credits(line.millicredits)]


def band_text(model: ModelRates, band: int) -> str:
    """Which inputs a band of the plan's rates is for; nothing where the plan has one rate for all."""
    if model.credits is not None or len(model.bands) < 2:
        return ""
    return _band_limits(model, band)


def _band_limits(model: ModelRates, band: int) -> str:
    above = f"above {model.limit(band - 1):,}" if band else ""
    up_to = f"up to {model.limit(band):,}" if band < len(model.bands) - 1 else ""
    return " ".join(part for part in (above, up_to) if part)


# --- statements -------------------------------------------------------------------------------------------------------


def statement_text(statement: Statement, book: RateBook) -> str:
    """Every cycle with its segments: balance, usage by model and meter, money due; then the cards.

    `book` holds the cards that the statement names.
    """
    lines = ["Credits by billing cycle. All instants are in UTC."]
    for number, cycle in enumerate(statement.cycles, 1):
        lines += ["", *_cycle(number, cycle, book)]
    money = [["billed", currency, _number(amount)] for currency, amount in statement.money_due.items()]
    money += [["not billed yet", currency, _number(amount)] for currency, amount in statement.unbilled.items()]
    lines += ["", "Money due in all", *_table(money, "lll")]
    lines += ["", "Rate cards", *_table([_card_row(card, book) for card in statement.cards], "lll")]
    return _text(lines)


def _cycle(number: int, cycle: CycleStatement, book: RateBook) -> Iterator[str]:
    state = "" if cycle.complete else ", running"
    title = f"Cycle {number}: {_instant(cycle.start)} to {_instant(cycle.end)}, {cycle.tier}, {cycle.interval}{state}"
    yield title
    yield "-" * len(title)
    for segment in cycle.segments:
        yield f"{_instant(segment.start)}  {_OPENINGS[segment.reason]}"
        upgrades = [bill.at for bill in segment.bills if bill.reason == "upgrade"]
        yield from (f"{_instant(at)}  upgraded, paying the price difference" for at in upgrades)
        yield f"  {'in the end ' if upgrades else ''}{segment.tier}, by {_counted_cards(segment.cards)}"
        yield ""
        yield from _table(list(zip(*_balance(segment), strict=True)), "r" * 10)
        yield ""
        if segment.lines:
            yield from _usage(segment.lines, book)
            yield ""
    yield from _table([_bill_row(bill) for bill in cycle.bills], "lllrl")


def _counted_cards(cards: Sequence[CardRef]) -> str:
    return f"card{'s' if len(cards) > 1 else ''} {', '.join(card.id for card in cards)}"


def _balance(segment: SegmentStatement) -> Iterator[tuple[str, str]]:
    """The columns of a segment's balance; what is rare and nothing is left out."""
    whole = segment.opening + segment.issued + segment.granted
    if segment.opening:
        yield "brought along", _credits(segment.opening)
    yield "allowance", _credits(segment.issued)
    if segment.granted:
        yield "granted", _credits(segment.granted)
    yield "used", _credits(segment.used)
    yield "share", _percent(percent(share(segment.used, whole)), segment.used)
    yield "overage", _credits(segment.overage)
    yield "expired", _credits(segment.expired)
    if segment.held:
        yield "held", _credits(segment.held)
    yield "remaining", _credits(segment.closing)
    yield "requests", f"{segment.usages:,}"


def _usage(lines: Sequence[StatementLine], book: RateBook) -> Iterator[str]:
    """A table with one row for each model at one rate, and a column for each meter of tokens.

    Cards that charge the same for a model share its row. What is not tokens stands below the row.
    """
    groups: dict[tuple[str, str, int, bool, str, str], list[StatementLine]] = {}
    for line in lines:
        card = book.card(line.card)
        rates = card.table.rows(line.off_peak).bands[line.billed][line.band]
        band = band_text(card.models[line.billed], line.band)
        key = (line.model, line.billed, line.band, line.off_peak, band, _rates(rates))
        groups.setdefault(key, []).append(line)
    rows: list[Sequence[str]] = [["model", "credits each", *(METER_WORDS[meter] for meter in _TOKENS), "credits"]]
    for (model, billed_as, _, off_peak, band, each), group in sorted(groups.items()):
        label = " ".join(part for part in (model, band, "off-peak" if off_peak else "") if part)
        sums = _sums(group, "quantity")
        cells = [f"{sums[meter]:,}" if sums[meter] else "" for meter in _TOKENS]
        rows.append([label, each, *cells, _credits(sum(line.millicredits for line in group))])
        notes = [f"billed as {billed_as}"] if model != billed_as else []
        notes += [words.format(sums[meter]) for meter, words in _APART.items() if sums[meter]]
        rows += [[f"  {note}"] for note in notes]
    sums = _sums(lines, "millicredits")
    rows.append(["credits by meter", "", *(_credits(sums[meter]) for meter in _TOKENS), _credits(sum(sums.values()))])
    if sums[AUDIO_SECOND]:
        rows.append([f"  and for audio {_credits(sums[AUDIO_SECOND])}"])
    yield from _table(rows, "lrrrrr")


def _sums(lines: Iterable[StatementLine], field: Literal["quantity", "millicredits"]) -> dict[str, int]:
    """A field's sum by meter; 0 for meters without lines."""
    sums = dict.fromkeys(METERS, 0)
    for line in lines:
        sums[line.meter] += getattr(line, field)
    return sums


def _rates(rates: Rates) -> str:
    """Credits of hit/miss/output, one number where they are the same; for audio those of an hour."""
    tokens = [rates.cache_hit, rates.cache_miss, rates.output]
    if rates.audio_hour is not None and not any(tokens):
        return f"{_credits(rates.audio_hour)}/h"
    written = ["-" if rate is None else _credits(rate) for rate in tokens]
    return written[0] if len(set(written)) == 1 else "/".join(written)


def _bill_row(bill: Billed) -> list[str]:
    return ["money due", _instant(bill.at), bill.currency, _number(bill.amount), _BILLS[bill.reason]]


def _card_row(ref: CardRef, book: RateBook) -> list[str]:
    return [ref.id, f"in effect from {_instant(book.card(ref.id).effective_from)}", f"sha256 {ref.sha256[:DIGEST]}"]


# --- tiers and cards --------------------------------------------------------------------------------------------------


def tiers_text(card: RateCard, chosen: str = "") -> str:
    """What a card's tiers hold and cost, by month and by year, and how they may be bought."""
    lines = [f"Card {_card(CardRef(card.id, card.sha256))}{f', {chosen}' if chosen else ''}", ""]
    return _text([*lines, *_tiers(card), "", *_table(_terms(card), "ll")])


def _tiers(card: RateCard) -> list[str]:
    currencies = [currency for currency in card.currencies if any(currency in t.price for t in card.tiers.values())]
    rows = [["tier", "for a", "credits", *currencies, "said to suffice for"]]
    intervals: tuple[tuple[Interval, str], ...] = (("monthly", "month"), ("annual", "year"))
    for interval, word in intervals:
        for name, tier in card.tiers.items():
            plan = tier.plan(interval)
            if plan is not None:
                prices = [_number(billed(plan.price[currency], currency, "half-up")) for currency in currencies]
                tasks = f"{tier.tasks.count:,} {tier.tasks.kind}" if tier.tasks and interval == "monthly" else ""
                rows.append([name, word, _number(plan.credits), *prices, tasks])
    return _table(rows, "llr" + "r" * len(currencies) + "l")


def _terms(card: RateCard) -> Iterator[list[str]]:
    """The plan's terms in words, one row each."""
    policy, cycle = card.policy, card.cycle
    if policy.first_purchase_pays is not None:
        pays = percent(share(*policy.first_purchase_pays.as_integer_ratio()), 0)
        yield ["first purchase", f"pays {pays} % of the list price; once per account, monthly plans only"]
    ways = {
        "price-difference": "new list price minus old; the allowance grows, the cycle goes on",
        "trade-in": "new list price minus the unused share of the old one; a new cycle begins",
    }
    yield ["upgrade", ways[policy.upgrade]]
    yield ["downgrade", "at the next renewal"]
    endings = {"stop": "service stops", "pay-as-you-go": "further usage is billed in money"}
    yield ["exhausted", endings[policy.exhausted]]
    left = policy.rollover
    if isinstance(left, Rollover):
        yield ["unused credits", f"up to {_number(left.up_to)} are kept for {left.cycles} more cycles"]
    else:
        yield ["unused credits", "expire with the cycle"]
    period = f"{cycle.days} days" if cycle.days else f"{cycle.months} calendar month{'s' if cycle.months != 1 else ''}"
    ends = "to the end of the last day" if cycle.boundary == "day-end" else "to the time of day of the purchase"
    yield ["cycle", f"{period} from the purchase, {ends} ({cycle.timezone})"]
    if card.off_peak is not None:
        hours = f"{card.off_peak.start:%H:%M} to {card.off_peak.end:%H:%M} {card.off_peak.timezone}"
        yield ["off-peak", f"credits x {card.off_peak.multiply_by}, {hours}, every day"]
    if card.migration is not None:
        yield ["running cycles", f"{card.migration.running_cycles} when this card takes effect"]
    if card.web_search is not None:
        prices = ", ".join(f"{currency} {_number(price)}" for currency, price in card.web_search.price.items())
        yield ["web search", f"{prices} per 1,000 calls: money, never credits"]


def card_text(card: RateCard, notes: Iterable[str] = ()) -> str:
    """All that a card says, as a price list: tiers, models, terms, what is assumed, and who says so."""
    lines = [f"Card {card.id} of {card.provider}, in effect from {_instant(card.effective_from)} UTC"]
    lines += [f"sha256 {card.sha256}", *notes, "", "Tiers", *_tiers(card), "", "Models, in plan credits"]
    lines += _table(
        [["model", "input tokens", "hit", "miss", "output", "audio hour", "sure"], *_credit_rows(card)], "llrrrrl"
    )
    for currency in card.table.prices:
        lines += ["", f"Models, pay-as-you-go in {currency} per 1,000,000 tokens"]
        heading = ["model", "input tokens", "hit", "miss", "output", "audio hour", "sure"]
        lines += _table([heading, *_price_rows(card, currency)], "llrrrrl")
    names = [[alias, f"billed as {name}"] for name, model in card.models.items() for alias in model.aliases]
    lines += ["", "Other names", *_table(names, "ll"), "", "Terms", *_table(_terms(card), "ll")]
    lines += ["", "Assumed", *(line for one in card.assumptions for line in _wrapped(f"{one.id}: {one.says}"))]
    sources = [[name, source.title, source.date] for name, source in card.sources.items()]
    return _text([*lines, "", "Sources", *_table(sources, "lll")])


def _credit_rows(card: RateCard) -> Iterator[list[str]]:
    for name, model in card.models.items():
        for rates in card.table.peak.bands.get(name, ()):
            numbers = [rates.cache_hit, rates.cache_miss, rates.output, rates.audio_hour]
            cells = ["-" if number is None else _credits(number) for number in numbers]
            yield [name, band_text(model, rates.band), *cells, card.source_of(name, "credits")]
        if not model.in_plan:
            yield [name, "not in the plan", "", "", "", "", card.source_of(name, "credits")]


def _price_rows(card: RateCard, currency: str) -> Iterator[list[str]]:
    prices: Mapping[str, tuple[Prices, ...]] = card.table.prices[currency]
    for name, model in card.models.items():
        for row in prices.get(name, ()):
            numbers = [row.cache_hit, row.cache_miss, row.output, row.audio_hour]
            cells = ["-" if number is None else _number(number) for number in numbers]
            band = "" if currency in model.price or len(model.bands) < 2 else _band_limits(model, row.band)
            yield [name, band, *cells, card.source_of(name, currency)]


def cards_text(cards: Sequence[RateCard], notes: Mapping[str, str]) -> str:
    """A list of cards; `notes` by card id stand beside them."""
    rows = [["card", "in effect from (UTC)", "sha256", "tiers", "models", ""]]
    for card in cards:
        counts = [f"{len(card.tiers)}", f"{len(card.models)}"]
        rows.append([card.id, _instant(card.effective_from), card.sha256[:DIGEST], *counts, notes.get(card.id, "")])
    return _text(_table(rows, "lllrrl"))


# --- words and numbers ------------------------------------------------------------------------------------------------


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"


def _table(rows: Iterable[Sequence[str]], align: str) -> list[str]:
    """Rows as lines, their columns padded to the widest cell on the side that `align` names (`l`, `r`) for each.

    A row of one cell is a heading, and as wide as it is.
    """
    listed = list(rows)
    columns = zip(*(row for row in listed if len(row) > 1), strict=True)
    widths = [max(map(len, column)) for column in columns]
    return [("  " + "  ".join(_padded(row, widths, align) if len(row) > 1 else row)).rstrip() for row in listed]


def _wrapped(paragraph: str) -> list[str]:
    return wrap(paragraph, WIDTH, initial_indent="  ", subsequent_indent="    ", break_long_words=False)


def _padded(row: Sequence[str], widths: Sequence[int], align: str) -> Iterator[str]:
    for cell, width, side in zip(row, widths, align, strict=False):
        yield cell.rjust(width) if side == "r" else cell.ljust(width)


def _card(card: CardRef) -> str:
    return f"{card.id} (sha256 {card.sha256[:DIGEST]})"


def _instant(at: datetime) -> str:
    """To the minute where that is exact."""
    utc = at.astimezone(UTC)
    return f"{utc:%Y-%m-%d %H:%M}" if not (utc.second or utc.microsecond) else f"{utc:%Y-%m-%d %H:%M:%S}"


def _credits(millicredits: int) -> str:
    return _number(to_credits(millicredits))


def _number(amount: Decimal) -> str:
    """Exactly, with separators between thousands and without zeros that a longer computation left behind."""
    text = f"{amount:,f}"
    if "." not in text or len(text.partition(".")[2]) <= 2:
        return text
    whole, _, decimals = text.partition(".")
    decimals = decimals.rstrip("0")
    return f"{whole}.{decimals}" if decimals else whole


def _percent(value: Decimal, part: int) -> str:
    return "< 0.1 %" if part and not value else f"{value} %"
