"""Each engine that settles, as a function from an Arrow table to its own frame, and back to rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa

CONNECTION = duckdb.connect()
CONNECTION.execute("SET TimeZone = 'Asia/Shanghai'")


def _duckdb(table: pa.Table) -> duckdb.DuckDBPyRelation:
    return CONNECTION.from_arrow(table)


def _of_large_texts(table: pa.Table) -> pa.Table:
    """As Polars writes them."""
    kinds = {field.name: field.type for field in table.schema}
    large = {name: pa.large_string() if pa.types.is_string(kind) else kind for name, kind in kinds.items()}
    return table.cast(pa.schema(large))


ENGINES: dict[str, Callable[[pa.Table], Any]] = {
    "polars": pl.DataFrame,
    "polars lazy": lambda table: pl.DataFrame(table).lazy(),
    "duckdb": _duckdb,
    "pandas": lambda table: table.to_pandas(),
    "pandas of arrow": lambda table: table.to_pandas(types_mapper=pd.ArrowDtype),
    "pyarrow": lambda table: table,
    "pyarrow of large texts": _of_large_texts,
}


def rows_of_frame(frame: Any) -> list[dict[str, Any]]:
    """A native frame's rows, whatever its engine, with None for what is missing."""
    if isinstance(frame, pl.LazyFrame):
        frame = frame.collect()
    if isinstance(frame, pl.DataFrame):
        return frame.to_dicts()
    if isinstance(frame, duckdb.DuckDBPyRelation):
        return frame.to_arrow_table().to_pylist()
    if isinstance(frame, pd.DataFrame):
        return pa.Table.from_pandas(frame, preserve_index=False).to_pylist()
    return frame.to_pylist()
