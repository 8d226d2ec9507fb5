"""Cuts: the request on which the pots of a tight slot run out.

Usage is never refused because credits ran out: pots pay every request before the cut, of the cut's own what is left,
and nothing after it. So who paid for a row is told by the row and its slot's cut alone. Finding the cuts takes a
running sum, in the order of instant and id, over the rows of those accounts that have tight slots, and of no others.
The sum cannot leave 64 bits: a slot's whole sum does not (`slots`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import narwhals.stable.v2 as nw
import numpy as np
from narwhals.stable.v2 import Implementation

from mimo_credits.frames.beside import integers
from mimo_credits.frames.checks import collected
from mimo_credits.frames.columns import SETTLING, Columns
from mimo_credits.frames.engines import Frame
from mimo_credits.frames.lookup import Ints
from mimo_credits.frames.placing import SLOT, US, placed
from mimo_credits.frames.slots import NEVER, NOT_TIGHT, Slots

if TYPE_CHECKING:
    import pyarrow as pa

COST = "millicredits"
_POOL, _BEFORE, _IS_TIED = (f"{SETTLING}{name}" for name in ("pool", "before", "tied"))
_CUT_AT, _CUT_ID, _CUT_DRAWN = (f"{SETTLING}cut_{name}" for name in ("at", "id", "drawn"))


class Cuts(NamedTuple):
    """Of each slot the instant, the id and what the pots paid of the request on which they ran out, if they did.

    Instants are microseconds since 1970, and `NEVER` where there is no cut. Ids are needed only where some other row
    has a cut's instant, too: else `ids` is None.
    """

    at: Ints
    drawn: Ints
    ids: pa.Array | None

    def values(self) -> Mapping[str, pa.Array]:
        """What `paid_by_pots` needs beside each row."""
        import pyarrow as pa

        told = {_CUT_AT: pa.array(self.at), _CUT_DRAWN: pa.array(self.drawn)}
        return told if self.ids is None else {**told, _CUT_ID: self.ids}


def cuts_of(frame: Frame, slots: Slots, columns: Columns) -> Cuts:
    """The cuts of all tight slots."""
    import pyarrow as pa

    at, drawn = np.full(slots.count, NEVER, np.int64), np.zeros(slots.count, np.int64)
    if not slots.is_tight.any():
        return Cuts(at, drawn, None)
    assert columns.id is not None, "the columns are checked"
    only = np.isin(np.arange(len(slots.lengths)), slots.whose[slots.is_tight])
    rows = placed(frame, slots, columns, {_POOL: pa.array(slots.tight)}, only)
    summed = _running(rows.filter(nw.col(_POOL) != NOT_TIGHT), [US, columns.id])
    before, pool = nw.col(_BEFORE), nw.col(_POOL)
    found = collected(summed.filter((before <= pool) & (before + nw.col(COST) > pool)))
    own = integers(found[SLOT])
    at[own] = integers(found[US])
    drawn[own] = integers(found[_POOL]) - integers(found[_BEFORE])
    if not found[_IS_TIED].any():
        return Cuts(at, drawn, None)
    ids = np.full(slots.count, None, object)
    ids[own] = found[columns.id].to_list()
    return Cuts(at, drawn, pa.array(ids, pa.string()))


def paid_by_pots(columns: Columns, cuts: Cuts) -> nw.Expr:
    """What the pots paid of a row that is placed beside its slot's cut."""
    cost, nothing, at_cut = nw.col(COST), nw.lit(0), nw.col(_CUT_DRAWN)
    if cuts.ids is not None:
        assert columns.id is not None, "the columns are checked"
        own, cut = nw.col(columns.id), nw.col(_CUT_ID)
        at_cut = nw.when(own == cut).then(at_cut).otherwise(nw.when(own < cut).then(cost).otherwise(nothing))
    up_to_cut = nw.when(nw.col(US) == nw.col(_CUT_AT)).then(at_cut).otherwise(cost)
    return nw.when(nw.col(US) <= nw.col(_CUT_AT)).then(up_to_cut).otherwise(nothing).cast(nw.Int64)


def _running(rows: Frame, order: Sequence[str]) -> Frame:
    """The rows with the sum of those before them in their slots, and whether a row next to them has their instant."""
    engine: Implementation = rows.implementation
    needed = rows.select(SLOT, *order, _POOL, COST)
    if engine is Implementation.PYARROW:
        return _running_in_arrow(needed, order)
    cost, us = nw.col(COST), nw.col(US)
    summed = needed.with_columns(
        (cost.cum_sum().over(SLOT, order_by=list(order)).cast(nw.Int64) - cost).alias(_BEFORE),
        *(us.shift(by).over(SLOT, order_by=list(order)).alias(f"{_IS_TIED}{by}") for by in (-1, 1)),
    )
    is_tied = (nw.col(f"{_IS_TIED}{by}") == us for by in (-1, 1))
    return summed.with_columns(nw.any_horizontal(*is_tied, ignore_nulls=True).alias(_IS_TIED))


def _running_in_arrow(rows: Frame, order: Sequence[str]) -> Frame:
    """PyArrow knows no running sums of groups: one runs over all rows, less where the row's own slot began.

    It may wrap around; the difference of two such sums is right all the same, as a slot's own sum fits.
    """
    import pyarrow as pa

    native: Any = rows.to_native()
    ordered = native.sort_by([(name, "ascending") for name in (SLOT, *order)])
    costs, slots, us = (ordered[name].to_numpy() for name in (COST, SLOT, US))
    before = np.cumsum(costs) - costs
    begins = np.flatnonzero(np.diff(slots, prepend=-1))
    lengths = np.diff(np.append(begins, len(slots)))
    is_next = (np.diff(slots) == 0) & (np.diff(us) == 0)
    is_tied = np.append(is_next, False) | np.insert(is_next, 0, False)
    columns = {_BEFORE: before - np.repeat(before[begins], lengths), _IS_TIED: is_tied}
    for name, column in columns.items():
        ordered = ordered.append_column(name, pa.array(column))
    summed: Frame = nw.from_native(ordered)
    return summed
