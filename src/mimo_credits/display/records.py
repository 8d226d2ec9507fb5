"""The lines of a value as flat records, for dataframes and CSV: the same columns for every value of a kind, exact.

Credits and money stay `Decimal`, instants aware, counts `int`. What a line does not have is None, never zero.
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
from mimo_credits.statements import Statement

BACKENDS = ("polars", "pandas", "pyarrow")
"""The dataframe libraries that are looked for, in this order."""


class Records(NamedTuple):
    """Rows of equal length under their columns' names."""

    columns: tuple[str, ...]
    rows: list[tuple[object, ...]]


def records_of(value: object) -> Records:
    """The records of a value that has lines. Raises `InputError` for any other."""
    made = _RECORDS.get(type(value))
    if made is None:
        raise InputError("value", f"{shown(value)} has no lines")
    columns, rows = made
    return Records(columns, list(rows(value)))


def to_csv(value: object) -> str:
    """The records as CSV with a header: instants in ISO 8601, decimals in full, nothing where a line has nothing."""
    columns, rows = records_of(value)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_written(cell) for cell in row] for row in rows)
    return text.getvalue()


def to_frame(value: object, backend: str | None = None) -> Any:
    """The records as a dataframe of the backend, or of the first library that is imported already or installed.

    Raises `InputError` where there is none.
    """
    columns, rows = records_of(value)
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


def _quote(quote: Quote) -> Iterator[tuple[object, ...]]:
    for line in quote.lines:
        yield (quote.card.id, quote.card.sha256, quote.off_peak, *line, line.credits)


def _statement(statement: Statement) -> Iterator[tuple[object, ...]]:
    digests = {card.id: card.sha256 for card in statement.cards}
    for cycle in statement.cycles:
        for segment in cycle.segments:
            for line in segment.lines:
                place = (cycle.start, cycle.end, segment.start, segment.reason, segment.tier)
                yield (*place, digests[line.card], *line, line.credits)


_LINE = ("model", "billed", "band", "meter", "quantity", "rate", "unit", "millicredits", "credits")
_STATED = ("model", "billed", "card", "band", "off_peak", "meter", "quantity", "rate", "unit", "millicredits", "source")

_RECORDS: dict[type, tuple[tuple[str, ...], Callable[[Any], Iterable[tuple[object, ...]]]]] = {
    Quote: (("card", "sha256", "off_peak", *_LINE), _quote),
    Statement: (
        ("cycle_start", "cycle_end", "segment_start", "reason", "tier", "sha256", *_STATED, "credits"),
        _statement,
    ),
}
