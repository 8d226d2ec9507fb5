"""Why a row cannot be rated: each fault once, in order of precedence, with the error that the core raises for it.

A row that cannot be rated never becomes a zero that nobody sees: `rate` refuses the whole frame with every fault
counted (`RowsRefused`), or keeps the row with the fault's name in a `reason` column.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from mimo_credits.errors import FaultyRow, FaultyRows, InputError, RowsRefused, shown
from mimo_credits.frames.columns import REASON, Columns

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw

    from mimo_credits.frames.engines import Frame

EXAMPLES = 3

_YEAR_1, _YEAR_10000 = -62_135_596_800_000, 253_402_300_800_000
"""Milliseconds since 1970."""


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


def check_errors(errors: object) -> None:
    """Raises `InputError` for anything but "raise" and "column"."""
    if errors not in ("raise", "column"):
        raise InputError("errors", f'needs "raise" or "column", not {shown(errors)}')


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
    return tuple(FaultyRow(None, row) for row in readable(collected(faulty.head(EXAMPLES)), columns))


def readable(rows: nw.DataFrame[Any], columns: Columns) -> Iterator[dict[str, Any]]:
    """The rows by their columns. Instants that Python does not have, such as after 9999, are told in milliseconds."""
    shown = rows.select(*columns.shown)
    milliseconds = _milliseconds(rows, columns.at)
    if all(number is None or _YEAR_1 <= number < _YEAR_10000 for number in milliseconds):
        return shown.iter_rows(named=True)
    others = shown.drop(columns.at).iter_rows(named=True)
    return (
        {name: f"{number} ms since 1970" if name == columns.at else row[name] for name in shown.columns}
        for number, row in zip(milliseconds, others, strict=True)
    )


def _milliseconds(rows: nw.DataFrame[Any], at: str) -> list[int | None]:
    if not rows.implementation.is_pandas():
        return list(rows[at].dt.timestamp("ms").to_list())
    instants: Any = rows.to_native()[at].dt.tz_convert("UTC").dt.tz_localize(None)
    numbers = instants.to_numpy("datetime64[ms]").astype("int64").tolist()
    return [None if gap else number for number, gap in zip(numbers, instants.isna(), strict=True)]


def collected(frame: Frame) -> nw.DataFrame[Any]:
    """The frame's rows, here and now."""
    return frame if not hasattr(frame, "collect") else frame.collect()
