"""Why a row cannot be rated: each fault once, in order of precedence, with the error that the core raises for it.

A row that cannot be rated never becomes a zero that nobody sees: `rate` refuses the whole frame with every fault
counted (`RowsRefused`), or keeps the row with the fault's name in a `reason` column.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from mimo_credits.errors import FaultyRow, FaultyRows, RowsRefused
from mimo_credits.frames.columns import OWN, REASON, Columns

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw

    from mimo_credits.frames.engines import Frame

ROW = f"{OWN}row"
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


def refuse(given: Frame, rated: Frame, columns: Columns, again: Callable[[Frame], Frame]) -> None:
    """Raises `RowsRefused` where rows of a `rated` frame have a reason; `again` rates a frame anew.

    One pass over the rows counts the faults. Only where there are some are the rows numbered and looked for.
    """
    import narwhals.stable.v2 as nw

    if isinstance(rated, nw.DataFrame) and rated["rated"].all():
        return
    counted = collected(rated.group_by(REASON).agg(nw.len().alias("rows")))
    counts = {reason: rows for reason, rows in counted.select(REASON, "rows").iter_rows() if reason is not None}
    if not counts:
        return
    numbered = given.with_row_index(ROW) if isinstance(given, nw.DataFrame) else given
    faulty = again(numbered).filter(~nw.col("rated"))
    raise RowsRefused(
        [
            FaultyRows(fault.value, counts[fault], examples(faulty.filter(nw.col(REASON) == fault.value), columns))
            for fault in Fault
            if fault in counts
        ]
    )


def examples(faulty: Frame, columns: Columns) -> tuple[FaultyRow, ...]:
    """The first few rows, or any few of an engine whose rows have no order."""
    names = [name for name in (columns.id, *columns.rated_by) if name]
    few = collected(faulty.head(EXAMPLES))
    places = few[ROW].to_list() if ROW in few.columns else [None] * len(few)
    rows = few.select(*names).iter_rows(named=True)
    return tuple(FaultyRow(place, row) for place, row in zip(places, rows, strict=True))


def collected(frame: Frame) -> nw.DataFrame[Any]:
    """The frame's rows, here and now."""
    return frame if not hasattr(frame, "collect") else frame.collect()
