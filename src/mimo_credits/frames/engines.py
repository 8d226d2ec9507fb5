"""What each engine must be asked for in its own words: instants as integers, and a small table beside a frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import narwhals.stable.v2 as nw
from narwhals.stable.v2 import Implementation

from mimo_credits.errors import InputError

if TYPE_CHECKING:
    import polars as pl
    from narwhals.stable.v2.dtypes import DType

Frame: TypeAlias = "nw.DataFrame[Any] | nw.LazyFrame[Any]"
FrameT = TypeVar("FrameT")
"""A native frame's own type."""

RATED = (
    *(Implementation.POLARS, Implementation.PANDAS, Implementation.PYARROW),
    *(Implementation.DUCKDB, Implementation.PYSPARK),
)


def opened(frame: object) -> Frame:
    """A native frame, wrapped. Raises `InputError` for one that cannot be rated."""
    given: Any = frame
    with suppress(TypeError):
        wrapped: Frame = nw.from_native(given)
        if wrapped.implementation in RATED:
            return wrapped
    kind = f"{type(frame).__module__}.{type(frame).__name__}"
    raise InputError("frame", f"needs a frame of Polars, DuckDB, PyArrow, pandas or PySpark, not a {kind}")


def check_pyarrow() -> None:
    """Raises `ImportError`, which says what to install, where PyArrow is missing: all engines settle with it."""
    try:
        import pyarrow  # noqa: F401 - whether it is there is the question
    except ImportError as error:
        raise ImportError("settling needs PyArrow: pip install 'mimo_credits[arrow]'", name="pyarrow") from error


def schema_of(frame: Frame) -> Mapping[str, DType]:
    """The frame's columns and their kinds. Narwhals knows no zone of pandas whose name has an underscore: New_York."""
    schema = dict(frame.collect_schema())
    if frame.implementation.is_pandas():
        import pandas as pd

        kinds = frame.to_native().dtypes.items()
        zoned = {name: kind for name, kind in kinds if isinstance(kind, pd.DatetimeTZDtype)}
        schema |= {name: nw.Datetime(kind.unit, str(kind.tz)) for name, kind in zoned.items()}
    return schema


def with_micros(frame: Frame, at: str, name: str) -> Frame:
    """The frame with the column `at` as whole microseconds since 1970 in UTC, whatever zone the session is in."""
    if not frame.implementation.is_pyspark():
        if frame.implementation.is_pandas():
            frame, at = _in_utc(frame, at, name), name
        return frame.with_columns(nw.col(at).dt.timestamp("us").alias(name))
    from pyspark.sql import functions

    native: Any = frame.to_native()
    counted: Frame = nw.from_native(native.withColumn(name, functions.unix_micros(native[at])))
    return counted


def _in_utc(frame: Frame, at: str, name: str) -> Frame:
    """A frame of pandas with its instants in UTC beside them, as narwhals does not know the zone of each of its own."""
    native: Any = frame.to_native()
    placed: Frame = nw.from_native(native.assign(**{name: native[at].dt.tz_convert("UTC")}))
    return placed


def joined(frame: Frame, table: Mapping[str, Sequence[object]], keys: Sequence[str], model: str) -> Frame:
    """The frame with the columns of a small table, row by row where the keys agree.

    `model` is the key that is text: the table's takes the type of the frame's.
    """
    native: Any = frame.to_native()
    if frame.implementation.is_polars():
        together: Frame = nw.from_native(_polars_joined(native, table, keys, model))
        return together
    from pyspark.sql import functions

    rows = list(zip(*table.values(), strict=True))
    beside = functions.broadcast(native.sparkSession.createDataFrame(rows, list(table)))
    return frame.join(nw.from_native(beside), on=list(keys), how="left")


def _polars_joined(
    native: pl.LazyFrame, table: Mapping[str, Sequence[object]], keys: Sequence[str], model: str
) -> pl.LazyFrame:
    import polars as pl

    beside = pl.DataFrame(dict(table))
    kind = native.collect_schema()[model]
    if isinstance(kind, pl.Enum):
        beside = beside.filter(pl.col(model).is_in(kind.categories))
    return native.join(beside.with_columns(pl.col(model).cast(kind)).lazy(), on=keys, how="left")
