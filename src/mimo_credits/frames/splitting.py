"""Who paid for each row of a tight slot: its pots up to the row on which they run out, overage from there on.

Usage is never refused because credits ran out, so what the rows before have used is a running sum, and the pots pay a
row as far as that leaves them anything. The sum cannot leave 64 bits: a slot's whole sum does not (`slots`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals.stable.v2 as nw
from narwhals.stable.v2 import Implementation

from mimo_credits.frames.columns import SETTLING
from mimo_credits.frames.engines import Frame
from mimo_credits.frames.slots import POOL, SLOT

COST = "millicredits"
_BEFORE = f"{SETTLING}before"


def split_rows(rows: Frame, order: Sequence[str]) -> Frame:
    """The rows of tight slots with `drawn` and `overage`, in millicredits, in the `order` of some columns."""
    engine: Implementation = rows.implementation
    if engine is Implementation.PYARROW:
        summed = _summed_in_arrow(rows, order)
    else:
        upto = nw.col(COST).cum_sum().over(SLOT, order_by=list(order)).cast(nw.Int64)
        summed = rows.with_columns((upto - nw.col(COST)).alias(_BEFORE))
    left = nw.col(POOL) - nw.col(_BEFORE)
    covered = nw.when(left < nw.col(COST)).then(left).otherwise(nw.col(COST))
    drawn = nw.when(left > 0).then(covered).otherwise(nw.lit(0)).cast(nw.Int64)
    split = summed.with_columns(drawn.alias("drawn"))
    return split.with_columns((nw.col(COST) - nw.col("drawn")).alias("overage"))


def _summed_in_arrow(rows: Frame, order: Sequence[str]) -> Frame:
    """PyArrow knows no running sums of groups: one runs over all rows, less where the row's own slot began.

    It may wrap around; the difference of two such sums is right all the same, as a slot's own sum fits.
    """
    import numpy as np
    import pyarrow as pa

    assert isinstance(rows, nw.DataFrame), "a table is never lazy"
    native: Any = rows.to_native()
    ordered = native.sort_by([(name, "ascending") for name in (SLOT, *order)])
    costs, slots = (ordered[name].to_numpy() for name in (COST, SLOT))
    before = np.cumsum(costs) - costs
    begins = np.flatnonzero(np.diff(slots, prepend=-1))
    lengths = np.diff(np.append(begins, len(slots)))
    summed: Frame = nw.from_native(
        ordered.append_column(_BEFORE, pa.array(before - np.repeat(before[begins], lengths)))
    )
    return summed
