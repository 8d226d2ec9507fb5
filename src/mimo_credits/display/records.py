"""Values as flat records, for dataframes and CSV: the same columns for every value of a kind, exact.

A quote has `lines`; a statement has `lines` (what was used, in credits) and `bills` (what is due, in money), which are
two tables because they are two kinds of row. Credits and money stay `Decimal`, instants aware, counts `int`. A band is
named by its inputs. What a row does not have is None, never zero.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

from mimo_credits.errors import InputError, shown
from mimo_credits.pricing import Quote
from mimo_credits.statements import CycleStatement, SegmentStatement, Statement

BACKENDS = ("polars", "pandas", "pyarrow")
"""The dataframe libraries that are looked for, in this order."""


class Records(NamedTuple):
    """Rows of equal length under their columns' names."""

    columns: tuple[str, ...]
    rows: list[tuple[object, ...]]


def records_of(value: object, of: str = "lines") -> Records:
    """The records of a value, its `lines` or its `bills`. Raises `InputError` for a value that has none of these."""
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
        raise InputError("backend", f"none of {', '.join(wanted)} is installed")
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


def _place(cycle: CycleStatement, segment: SegmentStatement) -> tuple[object, ...]:
    return cycle.start, cycle.end, segment.start, segment.reason, segment.tier


def _fields(row: object, names: Iterable[str]) -> Iterator[object]:
    return (getattr(row, name) for name in names)


_LINE = ("model", "billed", "inputs", "meter", "quantity", "rate", "unit", "millicredits", "credits")
_STATED = ("model", "billed", "card", "inputs", "off_peak", *_LINE[3:-1], "source", "credits")
_BILLED = ("at", "amount", "currency", "reason", "ref")
_PLACE = ("cycle_start", "cycle_end", "segment_start", "segment_reason", "tier")

_RECORDS: dict[tuple[type, str], tuple[tuple[str, ...], Callable[[Any], Iterable[tuple[object, ...]]]]] = {
    (Quote, "lines"): (("card", "sha256", "off_peak", *_LINE), _quote_lines),
    (Statement, "lines"): ((*_PLACE, "sha256", *_STATED), _statement_lines),
    (Statement, "bills"): ((*_PLACE, *_BILLED), _statement_bills),
}
