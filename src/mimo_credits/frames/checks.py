"""Why a row cannot be rated: each fault once, in order of precedence, with the error that the core raises for it.

A row that cannot be rated never becomes a zero that nobody sees: `rate` refuses the whole frame with every fault
counted (`RowsRefused`), or keeps the row with the fault's name in a `reason` column.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from mimo_credits.errors import FaultyRow, FaultyRows, RowsRefused
from mimo_credits.frames.columns import REASON, Columns

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw

    from mimo_credits.frames.engines import Frame

EXAMPLES = 3


class Fault(StrEnum):
    """Why a row cannot be rated. Where several hold, the first in this order is given.

    The first five are an `InputError` of the core, the others the `PricingError` of the same name. `too-large` is also
    a count that could bring a row's millicredits beyond an int64, with the highest rates of the book.
    """

    MISSING = "missing"
    NEGATIVE = "negative"
    TOO_LARGE = "too-large"
    CACHED_BEYOND_INPUT = "cached-beyond-input"
    OUTSIDE_CALENDAR = "outside-calendar"
    NO_CARD_IN_EFFECT = "no-card-in-effect"
    UNKNOWN_MODEL = "unknown-model"
    NOT_IN_PLAN = "not-in-plan"
    BEYOND_CONTEXT = "beyond-context"
    NO_RATE = "no-rate"


def refuse(rated: Frame, columns: Columns) -> None:
    """Raises `RowsRefused` where rows of a rated lazy frame have a reason: for frames that are not `plainly` in order.

    One pass over the rows counts the faults; only where there are some are their rows looked for.
    """
    import narwhals.stable.v2 as nw

    counted = collected(rated.group_by(REASON).agg(nw.len().alias("rows")))
    counts = {reason: rows for reason, rows in counted.select(REASON, "rows").iter_rows() if reason is not None}
    faults = [fault.value for fault in Fault if fault in counts]
    if faults:
        raise RowsRefused(
            FaultyRows(fault, counts[fault], examples(rated.filter(nw.col(REASON) == fault), columns))
            for fault in faults
        )


def examples(faulty: Frame, columns: Columns) -> tuple[FaultyRow, ...]:
    """Any few of the rows: those of a lazy frame have no order."""
    rows = collected(faulty.head(EXAMPLES)).select(*columns.shown).iter_rows(named=True)
    return tuple(FaultyRow(None, row) for row in rows)


def collected(frame: Frame) -> nw.DataFrame[Any]:
    """The frame's rows, here and now."""
    return frame if not hasattr(frame, "collect") else frame.collect()
