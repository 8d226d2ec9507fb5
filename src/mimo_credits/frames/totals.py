"""The sum of a column of millicredits, which one int64 does not hold: 112,481 full Max allowances are beyond it."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from mimo_credits.frames.checks import collected
from mimo_credits.frames.engines import opened

_HALF = 2**32


def total(frame: Any, column: str = "millicredits") -> int:
    """The exact sum of a column of millicredits of a rated frame, of any engine; a lazy frame is run.

    The upper and the lower half of each number are summed apart, so that no sum leaves the int64 in up to two thousand
    million rows. Raises `InputError` for what is no such frame.
    """
    wrapped = opened(frame)
    if isinstance(wrapped, nw.DataFrame):
        numbers = wrapped[column].to_numpy()
        high, low = (numbers >> 32).sum(dtype="int64"), (numbers & (_HALF - 1)).sum(dtype="int64")
    else:
        rest = nw.col(column) % _HALF
        # The difference is a multiple of 2**32 below 2**63: the quotient is exact in a double, too.
        whole = ((nw.col(column) - rest) / _HALF).cast(nw.Int64)
        sums = collected(wrapped.select(high=whole, low=rest).select(nw.col("high", "low").sum()))
        high, low = (sums[name].item() or 0 for name in ("high", "low"))
    return int(high) * _HALF + int(low)
