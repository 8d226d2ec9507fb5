"""A statement as text, cycle by cycle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from mimo_credits.book import RateBook
from mimo_credits.display.writing import (
    AUDIO_WORDS,
    DIGEST,
    METER_WORDS,
    SEARCH_WORDS,
    band_text,
    credit,
    in_percent,
    instant,
    joined,
    number,
    table,
)
from mimo_credits.exact import percent, share
from mimo_credits.ledger import Billed
from mimo_credits.pricing import CardRef
from mimo_credits.statements import CycleStatement, SegmentStatement, Statement, StatementLine
from mimo_credits.table import AUDIO_SECOND, CACHE_HIT, CACHE_MISS, METERS, OUTPUT, WEB_SEARCH, Rates

_TOKENS = (CACHE_HIT, CACHE_MISS, OUTPUT)
_APART = {AUDIO_SECOND: AUDIO_WORDS, WEB_SEARCH: SEARCH_WORDS}

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


def statement_text(statement: Statement, book: RateBook) -> str:
    """Every cycle with its segments: balance, usage by model and meter, money due; then the cards.

    `book` holds the cards that the statement names.
    """
    lines = ["Credits by billing cycle. All instants are in UTC."]
    for place, cycle in enumerate(statement.cycles, 1):
        lines += ["", *_cycle(place, cycle, book)]
    money = [["billed", currency, number(amount)] for currency, amount in statement.money_due.items()]
    money += [["not billed yet", currency, number(amount)] for currency, amount in statement.unbilled.items()]
    lines += ["", "Money due in all", *table(money, "lll")]
    lines += ["", "Rate cards", *table([_card_row(card, book) for card in statement.cards], "lll")]
    return joined(lines)


def _cycle(place: int, cycle: CycleStatement, book: RateBook) -> Iterator[str]:
    state = "" if cycle.complete else ", running"
    title = f"Cycle {place}: {instant(cycle.start)} to {instant(cycle.end)}, {cycle.tier}, {cycle.interval}{state}"
    yield title
    yield "-" * len(title)
    for segment in cycle.segments:
        yield f"{instant(segment.start)}  {_OPENINGS[segment.reason]}"
        upgrades = [bill.at for bill in segment.bills if bill.reason == "upgrade"]
        yield from (f"{instant(at)}  upgraded, paying the price difference" for at in upgrades)
        yield f"  {'in the end ' if upgrades else ''}{segment.tier}, by {_counted_cards(segment.cards)}"
        yield ""
        yield from table(list(zip(*_balance(segment), strict=True)), "r" * 10)
        yield ""
        if segment.lines:
            yield from _usage(segment.lines, book)
            yield ""
    yield from table([_bill_row(bill) for bill in cycle.bills], "lllrl")


def _counted_cards(cards: Sequence[CardRef]) -> str:
    return f"card{'s' if len(cards) > 1 else ''} {', '.join(card.id for card in cards)}"


def _balance(segment: SegmentStatement) -> Iterator[tuple[str, str]]:
    """The columns of a segment's balance; what is rare and nothing is left out."""
    whole = segment.opening + segment.issued + segment.granted
    if segment.opening:
        yield "brought along", credit(segment.opening)
    yield "allowance", credit(segment.issued)
    if segment.granted:
        yield "granted", credit(segment.granted)
    yield "used", credit(segment.used)
    yield "share", in_percent(percent(share(segment.used, whole)), segment.used)
    yield "overage", credit(segment.overage)
    yield "expired", credit(segment.expired)
    if segment.held:
        yield "held", credit(segment.held)
    yield "remaining", credit(segment.closing)
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
        rows.append([label, each, *cells, credit(sum(line.millicredits for line in group))])
        notes = [f"billed as {billed_as}"] if model != billed_as else []
        notes += [words.format(sums[meter]) for meter, words in _APART.items() if sums[meter]]
        rows += [[f"  {note}"] for note in notes]
    sums = _sums(lines, "millicredits")
    rows.append(["credits by meter", "", *(credit(sums[meter]) for meter in _TOKENS), credit(sum(sums.values()))])
    if sums[AUDIO_SECOND]:
        rows.append([f"  and for audio {credit(sums[AUDIO_SECOND])}"])
    yield from table(rows, "lrrrrr")


def _sums(lines: Iterable[StatementLine], field: Literal["quantity", "millicredits"]) -> dict[str, int]:
    """A field's sum by meter; 0 for meters without lines."""
    sums = dict.fromkeys(METERS, 0)
    for line in lines:
        sums[line.meter] += getattr(line, field)
    return sums


def _rates(rates: Rates) -> str:
    """Credits of hit/miss/output, one number where they are the same; and those of an hour of audio."""
    tokens = [rates.cache_hit, rates.cache_miss, rates.output]
    written = ["-" if rate is None else credit(rate) for rate in tokens]
    by_token = written[0] if len(set(written)) == 1 else "/".join(written)
    if rates.audio_hour is None:
        return by_token
    by_hour = f"{credit(rates.audio_hour)}/h"
    return f"{by_token} + {by_hour}" if any(tokens) else by_hour


def _bill_row(bill: Billed) -> list[str]:
    return ["money due", instant(bill.at), bill.currency, number(bill.amount), _BILLS[bill.reason]]


def _card_row(ref: CardRef, book: RateBook) -> list[str]:
    return [ref.id, f"in effect from {instant(book.card(ref.id).effective_from)}", f"sha256 {ref.sha256[:DIGEST]}"]
