"""Tables that stand beside a frame of usage: made from columns, on the frame's own engine and connection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

import narwhals.stable.v2 as nw
from narwhals.stable.v2 import Implementation

from mimo_credits.frames.checks import collected
from mimo_credits.frames.engines import Frame, with_micros
from mimo_credits.frames.sql_text import quoted

if TYPE_CHECKING:
    import pyarrow as pa

BATCH = 65_536
"""Rows that a stream gives at a time."""


def table_beside(frame: Frame, table: pa.Table) -> Frame:
    """An Arrow table as a frame of the same kind, which can be joined to it."""
    beside: Frame = nw.from_native(_native(frame, table))
    return beside


def _native(frame: Frame, table_: pa.Table) -> Any:
    native: Any = frame.to_native()
    engine: Implementation = frame.implementation
    if engine is Implementation.DUCKDB:
        return native.query("usage", "SELECT * FROM table_")
    if engine is Implementation.POLARS:
        import polars as pl

        made = pl.DataFrame(table_)
        return made if isinstance(frame, nw.DataFrame) else made.lazy()
    if engine is Implementation.PANDAS:
        return _as_pandas(native, table_)
    return native.sparkSession.createDataFrame(table_.to_pandas()) if engine is Implementation.PYSPARK else table_


def _as_pandas(native: Any, table: pa.Table) -> Any:
    """Columns of NumPy or of Arrow, as the frame has them."""
    import pandas as pd

    if any(isinstance(kind, pd.ArrowDtype) for kind in native.dtypes):
        return table.to_pandas(types_mapper=pd.ArrowDtype)
    return table.to_pandas()


def joined(frame: Frame, table: pa.Table, keys: Sequence[str], how: Literal["left", "semi"] = "left") -> Frame:
    """The frame joined with a table where the keys agree."""
    rows: Any = frame
    found: Frame = rows.join(table_beside(frame, table), on=list(keys), how=how)
    return found


def timed(frame: Frame, at: str, name: str) -> Frame:
    """The frame with the column `at` as whole microseconds since 1970 in UTC, whatever zone the session is in."""
    engine: Implementation = frame.implementation
    if engine is not Implementation.DUCKDB:
        return with_micros(frame, at, name)
    native: Any = frame.to_native()
    placed: Frame = nw.from_native(native.project(f"*, epoch_us({quoted(at)}) AS {quoted(name)}"))
    return placed


def sorted_batches(frame: Frame, by: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The rows in the order of some columns, as Arrow record batches."""
    engine: Implementation = frame.implementation
    if engine is Implementation.DUCKDB:
        ordered: Any = frame.sort(*by).to_native()
        return iter(ordered.to_arrow_reader(BATCH))
    return iter(collected(frame.sort(*by)).to_arrow().to_batches(max_chunksize=BATCH))
