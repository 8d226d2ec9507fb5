"""Tables that stand beside a frame of usage: made from columns, on the frame's own engine and connection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

import narwhals.stable.v2 as nw
import numpy as np
from narwhals.stable.v2 import Implementation

from mimo_credits.frames.checks import collected
from mimo_credits.frames.engines import Frame, with_micros
from mimo_credits.frames.relation import INT64
from mimo_credits.frames.sql_text import BYTEWISE, quoted
from mimo_credits.ledger.commands import MAX_ID

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa
    from numpy.typing import NDArray

BATCH = 65_536
"""Rows that a stream gives at a time."""


def table_beside(frame: Frame, table: pa.Table) -> Frame:
    """An Arrow table as a frame of the same kind, which can be joined to it."""
    beside: Frame = nw.from_native(_native(frame, table))
    return beside


def _native(frame: Frame, __mimo_table: pa.Table) -> Any:
    native: Any = frame.to_native()
    engine: Implementation = frame.implementation
    if engine is Implementation.DUCKDB:
        return native.query("usage", "SELECT * FROM __mimo_table")
    if engine is Implementation.POLARS:
        import polars as pl

        made = pl.DataFrame(__mimo_table)
        return made if isinstance(frame, nw.DataFrame) else made.lazy()
    if engine is Implementation.PANDAS:
        return _as_pandas(native, __mimo_table)
    return (
        native.sparkSession.createDataFrame(__mimo_table.to_pandas())
        if engine is Implementation.PYSPARK
        else __mimo_table
    )


def _as_pandas(native: Any, table: pa.Table) -> Any:
    """Columns of NumPy or of Arrow, as the frame has them."""
    import pandas as pd

    if any(isinstance(kind, pd.ArrowDtype) for kind in native.dtypes):
        return table.to_pandas(types_mapper=pd.ArrowDtype)
    return table.to_pandas()


def joined(frame: Frame, table: pa.Table, keys: Sequence[str], how: Literal["left", "inner", "semi"] = "left") -> Frame:
    """The frame joined with a table where the keys agree."""
    rows: Any = frame
    found: Frame = rows.join(table_beside(frame, _keyed_as(frame, table, keys)), on=list(keys), how=how)
    return found


def _keyed_as(frame: Frame, table: pa.Table, keys: Sequence[str]) -> pa.Table:
    """The table with keys of the frame's own types, which PyArrow demands: there are several of text."""
    engine: Implementation = frame.implementation
    if engine is not Implementation.PYARROW:
        return table
    schema = frame.to_native().schema
    for key in keys:
        place = table.schema.get_field_index(key)
        table = table.set_column(place, key, table[key].cast(schema.field(key).type))
    return table


def plain(frame: Frame, at: str, texts: Sequence[str]) -> Frame:
    """A frame whose instants, texts and rows are plain ones.

    One of pandas loses its index, whose names may be those of columns, and its zone: Narwhals knows not all of them. On
    DuckDB texts are compared byte by byte, as the ledger does.
    """
    native: Any = frame.to_native()
    if frame.implementation.is_pandas():
        native = native.assign(**{at: native[at].dt.tz_convert("UTC")}).reset_index(drop=True)
    elif frame.implementation.is_duckdb():
        bytewise = (f"{quoted(name)} {BYTEWISE} AS {quoted(name)}" for name in texts)
        native = native.project(f"* REPLACE ({', '.join(bytewise)})")
    made: Frame = nw.from_native(native)
    return made


def surely_distinct(frame: Frame, keys: Sequence[str], others: pa.Table) -> bool:
    """Whether all keys of a frame and a table are proved to differ, and their last parts to be ids.

    One pass over them: keys with different hashes differ; where two hashes are equal nothing is proved, nor on other
    engines than Polars and DuckDB.
    """
    distinct = _DISTINCT.get(frame.implementation)
    return distinct is not None and distinct(frame.to_native(), _native(frame, others), keys)


def _distinct_in_polars(own: pl.LazyFrame | pl.DataFrame, others: pl.LazyFrame, keys: Sequence[str]) -> bool:
    import polars as pl

    hashes = pl.sum_horizontal(pl.col(key).hash(seed) for seed, key in enumerate(keys))
    is_id = pl.col(keys[-1]).str.len_bytes().is_between(1, MAX_ID)
    # Counted once they are there: within the query the engine counts what differs three times as slowly.
    asked = [one.lazy().select(pl.when(is_id).then(hashes)) for one in (own, others)]
    each = pl.concat(asked).collect().to_series()
    return not each.null_count() and each.n_unique() == len(each)


def _distinct_in_duckdb(own: Any, others: Any, keys: Sequence[str]) -> bool:
    names = [*map(quoted, keys)]
    each = f"CASE WHEN strlen({names[-1]}) BETWEEN 1 AND {MAX_ID} THEN hash({', '.join(names)}) END AS hash"
    both = own.project(each).union(others.project(each))
    ((rows, ids, distinct),) = both.aggregate("count(*), count(hash), count(DISTINCT hash)").fetchall()
    return bool(rows == ids == distinct)


_DISTINCT = {Implementation.POLARS: _distinct_in_polars, Implementation.DUCKDB: _distinct_in_duckdb}


def timed(frame: Frame, at: str, name: str) -> Frame:
    """The frame with the column `at` as whole microseconds since 1970 in UTC, whatever zone the session is in."""
    engine: Implementation = frame.implementation
    if engine is not Implementation.DUCKDB:
        return with_micros(frame, at, name)
    native: Any = frame.to_native()
    placed: Frame = nw.from_native(native.project(f"*, epoch_us({quoted(at)}) AS {quoted(name)}"))
    return placed


def integers(column: nw.Series[Any]) -> NDArray[np.int64]:
    """Whole numbers as an array: 0 for gaps. A sum beyond 64 bits, which DuckDB has in 128, is cut off."""
    filled = column.fill_null(0) if column.null_count() else column
    if filled.dtype.is_decimal():
        return np.fromiter((min(int(one), INT64) for one in filled.to_list()), np.int64, len(filled))
    return filled.cast(nw.Int64).to_numpy().astype(np.int64, copy=False)


def sorted_batches(frame: Frame, by: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The rows in the order of some columns, as Arrow record batches."""
    engine: Implementation = frame.implementation
    if engine is Implementation.DUCKDB:
        ordered: Any = frame.sort(*by).to_native()
        return iter(ordered.to_arrow_reader(BATCH))
    return iter(collected(frame.sort(*by)).to_arrow().to_batches(max_chunksize=BATCH))
