"""The sum of a column of millicredits, which one int64 does not hold: 112,481 full Max allowances are beyond it."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from mimo_credits.frames.checks import collected
from mimo_credits.frames.engines import opened

_HALF = 10**9


def total(frame: Any, column: str = "millicredits") -> int:
    """The exact sum of a column of millicredits of a rated frame, of any engine; a lazy frame is run.

    The parts above and below a thousand million are summed apart, so that no sum leaves the int64 in up to a thousand
    million rows. Raises `InputError` for what is no such frame.
    """
    low = nw.col(column) % _HALF
    # The difference is a multiple of 10**9 below 2**63: the quotient is exact in a double, too.
    high = ((nw.col(column) - low) / _HALF).cast(nw.Int64)
    wrapped = opened(frame)
    sums = collected(wrapped.select(high=high, low=low).select(nw.col("high", "low").sum()))
    return sum(int(sums[name].item() or 0) * worth for name, worth in (("high", _HALF), ("low", 1)))
