"""A statement as a sheet, cycle by cycle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from mimo_credits.book import RateBook
from mimo_credits.display.sheet import Block, Paragraph, Row, Section, Sheet, Table, note, table, total, untitled
from mimo_credits.display.writing import (
    AUDIO_WORDS,
    DIGEST,
    METER_WORDS,
    SEARCH_WORDS,
    credit,
    in_percent,
    instant,
    money,
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


def statement_sheet(statement: Statement, book: RateBook | None = None) -> Sheet:
    """Every cycle with its segments: balance, usage by model and meter, money due; then the cards.

    `book`, which holds the cards that the statement names, adds since when they held.
    """
    if not statement.cycles and not statement.unbilled:
        return Sheet("A statement of no entries: nothing was ever bought or used on this account.", ())
    blocks: list[Block] = []
    for place, cycle in enumerate(statement.cycles, 1):
        blocks += _cycle(place, cycle)
    due = [["billed", currency, money(amount, currency)] for currency, amount in statement.money_due.items()]
    due += [["not billed yet", currency, money(amount, currency)] for currency, amount in statement.unbilled.items()]
    if due:
        blocks.append(untitled("lll", due, "Money due in all"))
    cards = [_card_row(card, book) for card in statement.cards]
    if cards:
        blocks.append(untitled("l" * len(cards[0]), cards, "Rate cards"))
    return Sheet("Credits by billing cycle. All instants are in UTC.", tuple(blocks))


def _cycle(place: int, cycle: CycleStatement) -> Iterator[Block]:
    state = "" if cycle.complete else ", running"
    period = f"{instant(cycle.start)} to {instant(cycle.end)}"
    yield Section(f"Cycle {place}: {period}, {cycle.tier}, {cycle.interval}{state}")
    for segment in cycle.segments:
        upgrades = [bill.at for bill in segment.bills if bill.reason == "upgrade"]
        tier = f"  {'in the end ' if upgrades else ''}{segment.tier}, by {_counted_cards(segment.cards)}"
        opened = f"{instant(segment.start)}  {_OPENINGS[segment.reason]}"
        yield Paragraph((opened, *(f"{instant(at)}  upgraded, paying the price difference" for at in upgrades), tier))
        titles, cells = zip(*_balance(segment), strict=True)
        yield table(titles, "r" * len(titles), [cells])
        if segment.lines:
            yield usage_table(segment.lines)
    if cycle.bills:
        yield untitled("lllrl", [_bill_row(bill) for bill in cycle.bills])


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
    if segment.corrected:
        yield "corrected", credit(segment.corrected)
    yield "used", credit(segment.used)
    yield "share", in_percent(percent(share(segment.used, whole)), segment.used)
    yield "overage", credit(segment.overage)
    yield "expired", credit(segment.expired)
    if segment.held:
        yield "held", credit(segment.held)
    yield "remaining", credit(segment.closing)
    yield "requests", f"{segment.usages:,}"


def usage_table(lines: Sequence[StatementLine]) -> Table:
    """A table with one row for each model at one rate, and a column for each meter of tokens.

    Cards that charge the same for a model share its row. What is not tokens stands below the row.
    """
    groups: dict[tuple[str, str, int, bool, str, str], list[StatementLine]] = {}
    for line in lines:
        rates = _each(line.rates)
        groups.setdefault((line.model, line.billed, line.band, line.off_peak, line.inputs, rates), []).append(line)
    rows: list[Row] = []
    for (model, billed_as, _, off_peak, inputs, each), members in sorted(groups.items()):
        label = " ".join(part for part in (model, inputs, "off-peak" if off_peak else "") if part)
        sums = _sums(members, "quantity")
        cells = [f"{sums[meter]:,}" if sums[meter] else "" for meter in _TOKENS]
        rows.append(Row((label, each, *cells, credit(sum(line.millicredits for line in members)))))
        rows += [note(f"billed as {billed_as}")] if model != billed_as else []
        rows += [note(words.format(sums[meter])) for meter, words in _APART.items() if sums[meter]]
        if members[0].rates.audio_hour and not sums[AUDIO_SECOND]:
            rows.append(note("priced by the hour of audio; these requests have no audio seconds"))
    sums = _sums(lines, "millicredits")
    by_meter = (credit(sums[meter]) for meter in _TOKENS)
    rows.append(total(["credits by meter", "", *by_meter, credit(sum(sums.values()))]))
    if sums[AUDIO_SECOND]:
        rows.append(note(f"and for audio {credit(sums[AUDIO_SECOND])}"))
    apart = any(each.count("/") > 1 for *_, each in groups)
    titles = [
        "model",
        "hit/miss/output" if apart else "credits each",
        *(METER_WORDS[meter] for meter in _TOKENS),
        "credits",
    ]
    return table(titles, "lrrrrr", rows)


def _sums(lines: Iterable[StatementLine], field: Literal["quantity", "millicredits"]) -> dict[str, int]:
    """A field's sum by meter; 0 for meters without lines."""
    sums = dict.fromkeys(METERS, 0)
    for line in lines:
        sums[line.meter] += getattr(line, field)
    return sums


def _each(rates: Rates) -> str:
    """Credits of hit/miss/output, one number where they are the same; and those of an hour of audio."""
    by_token = (rates.cache_hit, rates.cache_miss, rates.output)
    written = ["-" if rate is None else credit(rate) for rate in by_token]
    tokens = written[0] if len(set(written)) == 1 else "/".join(written)
    if rates.audio_hour is None:
        return tokens
    by_hour = f"{credit(rates.audio_hour)}/h"
    return f"{tokens} + {by_hour}" if any(by_token) else by_hour


def _bill_row(bill: Billed) -> list[str]:
    return ["money due", instant(bill.at), bill.currency, money(bill.amount, bill.currency), _BILLS[bill.reason]]


def _card_row(ref: CardRef, book: RateBook | None) -> list[str]:
    since = [f"in effect from {instant(book.card(ref.id).effective_from)}"] if book is not None else []
    return [ref.id, *since, f"sha256 {ref.sha256[:DIGEST]}"]
