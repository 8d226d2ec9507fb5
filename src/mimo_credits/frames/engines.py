"""The few things that each engine must be asked for in its own words: instants as integers, and a small table beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import narwhals.stable.v2 as nw
from narwhals.stable.v2 import Implementation

from mimo_credits.errors import InputError

if TYPE_CHECKING:
    import polars as pl

Frame: TypeAlias = "nw.DataFrame[Any] | nw.LazyFrame[Any]"

_BETWEEN = chr(31)
"""Between the values of a column; a model's name has no such character, as it has no spaces."""

RATED_BY_JOIN = (Implementation.POLARS, Implementation.DUCKDB, Implementation.PYSPARK)
RATED_BY_LOOKUP = (Implementation.PANDAS, Implementation.PYARROW)


def opened(frame: object) -> Frame:
    """A native frame, wrapped. Raises `InputError` for one that cannot be rated."""
    try:
        wrapped: Frame = nw.from_native(frame)  # type: ignore[call-overload]
    except TypeError:
        wrapped_or_none = None
    else:
        wrapped_or_none = wrapped
    if wrapped_or_none is None or wrapped_or_none.implementation not in RATED_BY_JOIN + RATED_BY_LOOKUP:
        kind = f"{type(frame).__module__}.{type(frame).__name__}"
        raise InputError("frame", f"needs a frame of Polars, DuckDB, PyArrow, pandas or PySpark, not a {kind}")
    return wrapped_or_none


def with_micros(frame: Frame, at: str, name: str) -> Frame:
    """The frame with the column `at` as whole microseconds since 1970 in UTC, whatever zone the session is in."""
    native: Any = frame.to_native()
    if frame.implementation is Implementation.DUCKDB:
        return nw.from_native(native.project(f"*, epoch_us({quoted(at)}) AS {quoted(name)}"))
    if frame.implementation is Implementation.PYSPARK:
        from pyspark.sql import functions

        return nw.from_native(native.withColumn(name, functions.unix_micros(native[at])))
    return frame.with_columns(nw.col(at).dt.timestamp("us").alias(name))


def joined(frame: Frame, table: Mapping[str, Sequence[object]], keys: Sequence[str], model: str) -> Frame:
    """The frame with the columns of a small table, row by row where the keys agree; an eager frame keeps its order.

    `model` is the key that is text: the table's takes the type of the frame's.
    """
    native: Any = frame.to_native()
    if frame.implementation is Implementation.POLARS:
        return nw.from_native(_polars_joined(native, table, keys, model))
    beside: Any
    if frame.implementation is Implementation.DUCKDB:
        beside = native.query("__mimo_frame", _listed(table)).materialize()
    else:
        from pyspark.sql import functions

        rows = list(zip(*table.values(), strict=True))
        beside = functions.broadcast(native.sparkSession.createDataFrame(rows, list(table)))
    return frame.join(nw.from_native(beside), on=list(keys), how="left")


def _polars_joined(
    native: pl.DataFrame | pl.LazyFrame, table: Mapping[str, Sequence[object]], keys: Sequence[str], model: str
) -> pl.DataFrame | pl.LazyFrame:
    import polars as pl

    beside = pl.DataFrame(dict(table))
    kind = native.collect_schema()[model]
    if isinstance(kind, pl.Enum):
        beside = beside.filter(pl.col(model).is_in(kind.categories))
    beside = beside.with_columns(pl.col(model).cast(kind))
    if isinstance(native, pl.DataFrame):
        return native.join(beside, on=keys, how="left", maintain_order="left")
    return native.join(beside.lazy(), on=keys, how="left")


def _listed(table: Mapping[str, Sequence[object]]) -> str:
    """A small table as SQL, each column one text that is split: lists of literals take DuckDB seconds to read."""
    columns = ",\n  ".join(f"{_split(column)} AS {quoted(name)}" for name, column in table.items())
    return f"SELECT {columns}"


def _split(column: Sequence[object]) -> str:
    kind = {bool: "BOOLEAN", int: "BIGINT"}.get(type(column[0]), "VARCHAR")
    return f"CAST(unnest(string_split({literal(_BETWEEN.join(map(str, column)))}, chr(31))) AS {kind})"


def literal(text: str) -> str:
    """A text in SQL."""
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """A name in SQL."""
    return '"' + name.replace('"', '""') + '"'
