"""The sum of a column of millicredits, which one int64 does not hold: 112,481 full Max allowances are beyond it."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from mimo_credits.errors import InputError
from mimo_credits.frames.checks import collected
from mimo_credits.frames.columns import alike
from mimo_credits.frames.engines import Frame, opened

_HALF = 2**32


def total(frame: Any, column: str = "millicredits") -> int:
    """The exact sum of a column of millicredits of a rated frame, of any engine; a lazy frame is run.

    The upper and the lower half of each number are summed apart, so that no sum leaves the int64 in up to two thousand
    million rows. Raises `InputError` for what is no frame, and for a column that is not there, holds no whole numbers
    of at most 64 bits, or is null in some rows.
    """
    wrapped = opened(frame)
    _check(wrapped, column)
    if isinstance(wrapped, nw.DataFrame):
        _check_no_gaps(column, wrapped[column].null_count())
        numbers = wrapped[column].to_numpy()
        numbers = numbers.astype("uint64" if numbers.dtype == "uint64" else "int64", copy=False)
        high, low = (numbers >> 32).sum(dtype="int64"), (numbers & (_HALF - 1)).sum(dtype="int64")
    else:
        rest = nw.col(column) % _HALF
        # The difference is a multiple of 2**32 below 2**63: the quotient is exact in a double, too.
        whole = ((nw.col(column) - rest) / _HALF).cast(nw.Int64)
        gap = nw.col(column).is_null().cast(nw.Int64)
        sums = collected(wrapped.select(high=whole, low=rest, gaps=gap).select(nw.col("high", "low", "gaps").sum()))
        high, low, gaps = (sums[name].item() or 0 for name in ("high", "low", "gaps"))
        _check_no_gaps(column, int(gaps))
    return int(high) * _HALF + int(low)


def _check(frame: Frame, column: str) -> None:
    schema = frame.collect_schema()
    if column not in schema:
        raise InputError("column", f"the frame has no column {column!r}{alike(column, schema)}")
    kind = schema[column]
    if not kind.is_integer() or kind in (nw.Int128, nw.UInt128):
        raise InputError("column", f"{column!r} needs whole numbers of at most 64 bits, not {kind}")


def _check_no_gaps(column: str, gaps: int) -> None:
    if gaps:
        raise InputError("column", f"{column!r} is null in {gaps:,} row{'s' if gaps > 1 else ''}")
