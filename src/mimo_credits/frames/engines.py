"""What each engine must be asked for in its own words: instants as integers, and a small table beside a frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
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
    given: Any = frame
    with suppress(TypeError):
        wrapped: Frame = nw.from_native(given)
        if wrapped.implementation in RATED_BY_JOIN + RATED_BY_LOOKUP:
            return wrapped
    kind = f"{type(frame).__module__}.{type(frame).__name__}"
    raise InputError("frame", f"needs a frame of Polars, DuckDB, PyArrow, pandas or PySpark, not a {kind}")


def with_micros(frame: Frame, at: str, name: str) -> Frame:
    """The frame with the column `at` as whole microseconds since 1970 in UTC, whatever zone the session is in."""
    native: Any = frame.to_native()
    if frame.implementation.is_duckdb():
        native = native.project(f"*, epoch_us({_quoted(at)}) AS {_quoted(name)}")
    elif frame.implementation.is_pyspark():
        from pyspark.sql import functions

        native = native.withColumn(name, functions.unix_micros(native[at]))
    else:
        return frame.with_columns(nw.col(at).dt.timestamp("us").alias(name))
    with_micros: Frame = nw.from_native(native)
    return with_micros


def joined(frame: Frame, table: Mapping[str, Sequence[object]], keys: Sequence[str], model: str) -> Frame:
    """The frame with the columns of a small table, row by row where the keys agree; an eager frame keeps its order.

    `model` is the key that is text: the table's takes the type of the frame's.
    """
    native: Any = frame.to_native()
    if frame.implementation.is_polars():
        return nw.from_native(_polars_joined(native, table, keys, model))
    beside: Any
    if frame.implementation.is_duckdb():
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
    columns = ",\n  ".join(f"{_split(column)} AS {_quoted(name)}" for name, column in table.items())
    return f"SELECT {columns}"


def _split(column: Sequence[object]) -> str:
    kind = {bool: "BOOLEAN", int: "BIGINT"}.get(type(column[0]), "VARCHAR")
    return f"CAST(unnest(string_split({_literal(_BETWEEN.join(map(str, column)))}, chr(31))) AS {kind})"


def _literal(text: str) -> str:
    """A text in SQL."""
    return "'" + text.replace("'", "''") + "'"


def _quoted(name: str) -> str:
    """A name in SQL."""
    return '"' + name.replace('"', '""') + '"'
