"""Values as flat records, for dataframes and CSV: the same columns for every value of a kind, exact.

Every such value has `lines`; where there is a second kind of row, that is a table of its own: a statement has `bills`
(what is due, in money) beside what was used, a comparison of usage what was `left_out` of it. What costs money has a
line in each currency. Credits and money stay `Decimal`, instants aware, counts `int`. A band is named by its inputs.
What a row does not have is None, never zero.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

from mimo_credits.comparison import Comparison, UsageComparison
from mimo_credits.differences import CardDifference
from mimo_credits.errors import InputError, shown
from mimo_credits.exact import to_credits
from mimo_credits.planning import Offer, Offers, TierComparison, WhatIf, WhatIfs
from mimo_credits.pricing import Quote
from mimo_credits.statements import CycleStatement, SegmentStatement, Statement

BACKENDS = ("polars", "pandas", "pyarrow")
"""The dataframe libraries that are looked for, in this order."""


class Records(NamedTuple):
    """Rows of equal length under their columns' names."""

    columns: tuple[str, ...]
    rows: list[tuple[object, ...]]


def records_of(value: object, of: str = "lines") -> Records:
    """The records of a value, by default its `lines`. Raises `InputError` for a value that has no such rows."""
    made = _RECORDS.get((type(value), of))
    if made is None:
        has = [table for kind, table in _RECORDS if kind is type(value)]
        raise InputError("of", f"{shown(value)} has {' and '.join(has) or 'no lines'}, not {shown(of)}")
    columns, rows = made
    return Records(columns, list(rows(value)))


def to_csv(value: object, of: str = "lines") -> str:
    """The records as CSV with a header: instants in ISO 8601, decimals in full, nothing where a row has nothing."""
    columns, rows = records_of(value, of)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_written(cell) for cell in row] for row in rows)
    return text.getvalue()


def to_frame(value: object, backend: str | None = None, of: str = "lines") -> Any:
    """The records as a dataframe of the backend, or of the first library that is imported already or installed.

    Raises `InputError` where there is none.
    """
    columns, rows = records_of(value, of)
    chosen = _backend(backend)
    import narwhals

    table = {name: [row[place] for row in rows] for place, name in enumerate(columns)}
    return narwhals.from_dict(table, backend=import_module(chosen)).to_native()


def _backend(asked: str | None) -> str:
    if find_spec("narwhals") is None:
        raise InputError("backend", "dataframes need narwhals: pip install 'mimo_credits[frames]'")
    if asked is not None and asked not in BACKENDS:
        raise InputError("backend", f"needs one of {', '.join(BACKENDS)}, not {shown(asked)}")
    wanted = BACKENDS if asked is None else (asked,)
    found = [name for name in wanted if name in sys.modules] + [name for name in wanted if find_spec(name)]
    if not found:
        missing = f"{asked} is not installed: pip install {asked}"
        raise InputError("backend", missing if asked else f"none of {', '.join(wanted)} is installed")
    return found[0]


def _written(cell: object) -> object:
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    return cell.isoformat() if isinstance(cell, datetime) else cell


def _quote_lines(quote: Quote) -> Iterator[tuple[object, ...]]:
    for line in quote.lines:
        yield (quote.card.id, quote.card.sha256, quote.off_peak, *_fields(line, _LINE))


def _statement_lines(statement: Statement) -> Iterator[tuple[object, ...]]:
    digests = {card.id: card.sha256 for card in statement.cards}
    for cycle in statement.cycles:
        for segment in cycle.segments:
            for line in segment.lines:
                yield (*_place(cycle, segment), digests[line.card], *_fields(line, _STATED))


def _statement_bills(statement: Statement) -> Iterator[tuple[object, ...]]:
    for cycle in statement.cycles:
        for segment in cycle.segments:
            for bill in segment.bills:
                yield (*_place(cycle, segment), *_fields(bill, _BILLED))


def _tier_lines(comparison: TierComparison) -> Iterator[tuple[object, ...]]:
    for fit in comparison.tiers:
        whole = (fit.tier, *map(to_credits, (fit.allowance, fit.used, fit.headroom)), fit.fits)
        for prices in _by_currency(fit.cost, fit.first_purchase, fit.annual):
            yield (*comparison.card, *whole, *prices)


def _change_lines(difference: CardDifference) -> Iterator[tuple[object, ...]]:
    for change in difference.changes:
        values = (None if value is None else _plain(value) for value in (change.before, change.after))
        yield (difference.before.id, difference.after.id, change.section, change.subject, change.what, *values)


def _plain(value: Decimal | str) -> str:
    """A column holds one type: what changed is a number in one row and a word in the next, so it is text in all."""
    return f"{value:f}" if isinstance(value, Decimal) else value


def _usage_lines(usage: UsageComparison) -> Iterator[tuple[object, ...]]:
    for unit, compared in _units(usage):
        for model, costs in compared.models.items():
            yield (usage.before.id, usage.after.id, unit, model, *costs, costs.change)


def _usage_left_out(usage: UsageComparison) -> Iterator[tuple[object, ...]]:
    for unit, compared in _units(usage):
        for left_out in compared.left_out:
            yield (unit, left_out.model, left_out.card.id, left_out.requests, left_out.why)


def _units(usage: UsageComparison) -> Iterator[tuple[str, Comparison]]:
    yield "credits", usage.credits
    yield from usage.money.items()


def _offer_lines(offers: Iterable[Offer]) -> Iterator[tuple[object, ...]]:
    for offer in offers:
        drawn = None if offer.millicredits is None else to_credits(offer.millicredits)
        for price in _by_currency(offer.money):
            yield (offer.provider, *offer.card, offer.effective_from, ", ".join(offer.models), drawn, *price)


def _what_if_lines(rows: Iterable[WhatIf]) -> Iterator[tuple[object, ...]]:
    for row in rows:
        drawn = to_credits(row.used), to_credits(row.overage)
        left_out = len(row.unpriced), len(row.refused)
        for due in _by_currency(row.money):
            yield (row.card, row.tier, *drawn, row.cycles, *left_out, *due)


def _by_currency(*costs: Mapping[str, Decimal]) -> Iterator[tuple[object, ...]]:
    """Each currency of the first costs, with its amount in all of them; where there is none, one row of None."""
    for currency in costs[0]:
        yield (currency, *(amounts.get(currency) for amounts in costs))
    if not costs[0]:
        yield (None,) * (len(costs) + 1)


def _place(cycle: CycleStatement, segment: SegmentStatement) -> tuple[object, ...]:
    return cycle.start, cycle.end, segment.start, segment.reason, segment.tier


def _fields(row: object, names: Iterable[str]) -> Iterator[object]:
    return (getattr(row, name) for name in names)


_LINE = ("model", "billed", "inputs", "meter", "quantity", "rate", "unit", "millicredits", "credits")
_STATED = ("model", "billed", "card", "inputs", "off_peak", *_LINE[3:-1], "source", "credits")
_BILLED = ("at", "amount", "currency", "reason", "ref")
_PLACE = ("cycle_start", "cycle_end", "segment_start", "segment_reason", "tier")

_TIER = ("card", "sha256", "tier", "allowance", "used", "headroom", "fits")
_CHANGE = ("from_card", "to_card", "section", "subject", "what", "before", "after")
_USAGE = ("from_card", "to_card", "unit", "model", "requests", "before", "after", "change")
_LEFT_OUT = ("unit", "model", "card", "requests", "why")
_OFFER = ("provider", "card", "sha256", "effective_from", "models", "credits", "currency", "amount")
_WHAT_IF = ("card", "tier", "used", "overage", "cycles", "unpriced", "refused", "currency", "amount")

_RECORDS: dict[tuple[type, str], tuple[tuple[str, ...], Callable[[Any], Iterable[tuple[object, ...]]]]] = {
    (CardDifference, "lines"): (_CHANGE, _change_lines),
    (Offers, "lines"): (_OFFER, _offer_lines),
    (Quote, "lines"): (("card", "sha256", "off_peak", *_LINE), _quote_lines),
    (Statement, "lines"): ((*_PLACE, "sha256", *_STATED), _statement_lines),
    (Statement, "bills"): ((*_PLACE, *_BILLED), _statement_bills),
    (TierComparison, "lines"): ((*_TIER, "currency", "cost", "first_purchase", "annual"), _tier_lines),
    (UsageComparison, "lines"): (_USAGE, _usage_lines),
    (UsageComparison, "left_out"): (_LEFT_OUT, _usage_left_out),
    (WhatIfs, "lines"): (_WHAT_IF, _what_if_lines),
}
