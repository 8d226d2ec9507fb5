"""Placing: every row rated, and beside it the slot that it lies in and values of that slot.

An account is joined by its name. Which of its slots a row lies in is counted, without a branch, by the instants at
which the further ones begin. Where accounts have few slots, the values of all of them stand beside the account, too,
and the same instants choose; where one has more, they are joined by the slot's number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw
import numpy as np

from mimo_credits.frames.beside import joined, timed
from mimo_credits.frames.columns import SETTLING, Columns
from mimo_credits.frames.engines import Frame
from mimo_credits.frames.lookup import Bools, Ints
from mimo_credits.frames.rating import rate
from mimo_credits.frames.slots import NEVER, Slots

if TYPE_CHECKING:
    import pyarrow as pa

SLOT, US = f"{SETTLING}slot", f"{SETTLING}us"
"""What every placed row has: its slot, and its instant in microseconds since 1970."""

_FIRST, _BEGINS = f"{SETTLING}first", f"{SETTLING}begins"
_FEW = 3
"""So many slots to an account are few: a month's renewal makes two, and a card that migrates three."""


def placed(
    frame: Frame, slots: Slots, columns: Columns, values: Mapping[str, pa.Array], only: Bools | None = None
) -> Frame:
    """The rated rows of the accounts that have slots and are not folded, each with the `values` of its slot.

    An array of `values` has one for every slot, and becomes a column. `only` says of each account whether its rows
    are wanted, if not all such accounts' are.
    """
    numbers = np.flatnonzero(~slots.is_folded if only is None else only)
    widest = int(slots.lengths[numbers].max(initial=1))
    is_near = widest <= _FEW
    accounts = _accounts(slots, columns.account, numbers, widest, values if is_near else {})
    beside = timed(joined(frame, accounts, [columns.account], "inner"), columns.at, US)
    begun = [(nw.col(US) >= nw.col(f"{_BEGINS}{further}")).cast(nw.Int64) for further in range(1, widest)]
    chosen = {SLOT: nw.sum_horizontal(nw.col(_FIRST).cast(nw.Int64), *begun)}
    if is_near:
        chosen |= {name: _chosen(name, widest) for name in values}
    # Placed before it is rated, a row has fewer columns to take along.
    rows = beside.with_columns(**chosen).select(*frame.collect_schema(), US, *chosen)
    if values and not is_near:
        rows = joined(rows, _by_number(slots, values), [SLOT])
    rated: Frame = nw.from_native(rate(rows.to_native(), slots.book, columns=columns, errors="column"))
    return rated


def _accounts(slots: Slots, account: str, numbers: Ints, widest: int, values: Mapping[str, pa.Array]) -> pa.Table:
    """What stands beside the rows of each account: its first slot, when the others begin, the values of each."""
    import pyarrow as pa

    first, lengths = slots.first[numbers], slots.lengths[numbers]
    table = {account: pa.array([slots.spans.names[number] for number in numbers.tolist()], pa.string())}
    table[_FIRST] = pa.array(first)
    for further in range(widest):
        is_there = lengths > further
        own = np.where(is_there, first + further, first)
        if further:
            table[f"{_BEGINS}{further}"] = pa.array(np.where(is_there, slots.start[own], NEVER))
        table |= {f"{name}{further}": each.take(pa.array(own)) for name, each in values.items()}
    return pa.table(table)


def _chosen(name: str, widest: int) -> nw.Expr:
    """The value of the row's own slot, which is the last one that has begun."""
    chosen = nw.col(f"{name}0")
    for further in range(1, widest):
        is_begun = nw.col(US) >= nw.col(f"{_BEGINS}{further}")
        chosen = nw.when(is_begun).then(nw.col(f"{name}{further}")).otherwise(chosen)
    return chosen


def _by_number(slots: Slots, values: Mapping[str, pa.Array]) -> pa.Table:
    import pyarrow as pa

    return pa.table({SLOT: pa.array(np.arange(slots.count)), **values})
