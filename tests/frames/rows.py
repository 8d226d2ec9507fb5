"""Rows of requests as plain values, what the core says of each, and the same rows as a frame of every engine."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pyarrow as pa

from mimo_credits import (
    BeyondContext,
    InputError,
    NoCardInEffect,
    NoRate,
    NotInPlan,
    RateBook,
    UnknownModel,
    Usage,
    charge,
)
from mimo_credits.pricing import rates_for

COUNTS = ("input_tokens", "cached_tokens", "output_tokens", "audio_seconds", "web_searches", "images")


class Row(NamedTuple):
    """A request as a frame has it: anything may be missing or wrong."""

    at: datetime | None
    model: str | None
    input_tokens: int | None = 0
    cached_tokens: int | None = 0
    output_tokens: int | None = 0
    audio_seconds: int | None = 0
    web_searches: int | None = 0
    images: int | None = 0


class Priced(NamedTuple):
    """What a row costs, or the reason why not."""

    millicredits: int
    card: str | None
    band: int
    off_peak: bool
    rated: bool
    reason: str | None


def unrated(reason: str) -> Priced:
    return Priced(0, None, -1, False, False, reason)


PRICING_ERRORS = {
    UnknownModel: "unknown-model",
    NotInPlan: "not-in-plan",
    BeyondContext: "beyond-context",
    NoRate: "no-rate",
    NoCardInEffect: "no-card-in-effect",
}


def by_core(book: RateBook, row: Row) -> Priced:
    """What the core says. Of bad counts it names the first field; here the first kind of fault counts."""
    counts = [getattr(row, name) for name in COUNTS]
    if any(value is None for value in row):
        return unrated("missing")
    try:
        usage = Usage(row.model or "no name", **dict(zip(COUNTS, counts, strict=True)))
    except InputError:
        if any(count < 0 for count in counts):
            return unrated("negative")
        return unrated("too-large" if max(counts) > 10**15 else "cached-beyond-input")
    try:
        card = book.at(row.at)
        millicredits = charge(card, usage, at=row.at)
    except InputError:
        return unrated("outside-calendar")
    except tuple(PRICING_ERRORS) as error:
        return unrated(PRICING_ERRORS[type(error)])
    off_peak = card.table.is_off_peak(row.at)
    return Priced(millicredits, card.id, rates_for(card.table, usage, off_peak).band, off_peak, True, None)


SCHEMA = pa.schema(
    [
        ("n", pa.int64()),
        ("account", pa.string()),
        ("at", pa.timestamp("us", "UTC")),
        ("model", pa.string()),
        *((name, pa.int64()) for name in COUNTS),
    ]
)


def table_of(rows: Iterable[Row]) -> pa.Table:
    """The rows as PyArrow has them, numbered; three accounts take turns."""
    numbered = [{"n": n, "account": f"account {n % 3}", **row._asdict()} for n, row in enumerate(rows)]
    return pa.Table.from_pylist(numbered, schema=SCHEMA)


def priced(rows: Iterable[dict[str, Any]]) -> list[Priced]:
    """What rated rows say, in the order of their numbers."""
    ordered = sorted(rows, key=lambda row: row["n"])
    return [Priced(*(row.get(name) for name in Priced._fields)) for row in ordered]


def digest(rows: Sequence[Priced]) -> str:
    """One number for all rows and for the totals of the accounts, in a form that no engine has a say in."""
    totals: dict[int, int] = {}
    for n, row in enumerate(rows):
        totals[n % 3] = totals.get(n % 3, 0) + row.millicredits
    text = "\n".join(repr(tuple(row)) for row in rows) + repr(sorted(totals.items()))
    return hashlib.sha256(text.encode()).hexdigest()


Engine = Callable[[pa.Table, Callable[[Any], Any]], list[dict[str, Any]]]


def _polars(table: pa.Table, work: Callable[[Any], Any]) -> list[dict[str, Any]]:
    import polars as pl

    return work(pl.from_arrow(table)).to_dicts()


def _polars_lazy(table: pa.Table, work: Callable[[Any], Any]) -> list[dict[str, Any]]:
    import polars as pl

    return work(pl.from_arrow(table).lazy()).collect().to_dicts()


def _polars_streaming(table: pa.Table, work: Callable[[Any], Any]) -> list[dict[str, Any]]:
    import polars as pl

    return work(pl.from_arrow(table).lazy()).collect(engine="streaming").to_dicts()


def _pyarrow(table: pa.Table, work: Callable[[Any], Any]) -> list[dict[str, Any]]:
    return work(table).to_pylist()


def _pandas(table: pa.Table, work: Callable[[Any], Any]) -> list[dict[str, Any]]:
    import pandas as pd

    nullable = {pa.int64(): pd.Int64Dtype()}
    gaps = any(column.null_count for column in table.columns)
    rated = work(table.to_pandas(types_mapper=nullable.get if gaps else None))
    return pa.Table.from_pandas(rated, preserve_index=False).to_pylist()


def _pandas_pyarrow(table: pa.Table, work: Callable[[Any], Any]) -> list[dict[str, Any]]:
    import pandas as pd

    rated = work(table.to_pandas(types_mapper=pd.ArrowDtype))
    return pa.Table.from_pandas(rated, preserve_index=False).to_pylist()


def _duckdb(table: pa.Table, work: Callable[[Any], Any]) -> list[dict[str, Any]]:
    import duckdb

    with duckdb.connect() as connection:
        return work(connection.from_arrow(table)).to_arrow_table().to_pylist()


ENGINES: dict[str, Engine] = {
    "polars": _polars,
    "polars lazy": _polars_lazy,
    "polars streaming": _polars_streaming,
    "pyarrow": _pyarrow,
    "pandas": _pandas,
    "pandas of pyarrow": _pandas_pyarrow,
    "duckdb": _duckdb,
}
BEYOND_TEST = {"duckdb"}
"""Engines that the extra `test` does not install."""

NOON = datetime(2026, 5, 28, 4, tzinfo=UTC)
