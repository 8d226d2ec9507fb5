"""`settle`: the ledger of many accounts at once, on the engine that holds their usage.

Lifecycles are few, so the ledger's engine decides them; usage is much, so it is summed where it lies:

1. every row is placed in the stretch of its account that it lies in (`slots`), and rated (`placing`);
2. the engine for tables sums each stretch, and the ledger draws the sums from the pots;
3. only where a stretch used more than its pots hold does the order of rows matter: there a running sum, in the order of
   instant and id, finds the request on which the pots run out (`cuts`);
4. who paid for a row is then told by the row itself, its slot and that slot's cut.

Accounts that sums cannot tell are folded row by row (`routing`, `arrow_stream`). The result is the ledger's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import narwhals.stable.v2 as nw
import numpy as np

from mimo_credits.book import RateBook, check_book
from mimo_credits.errors import FaultyRows, InputError, Reason, RowsRefused, shown
from mimo_credits.frames.arrow_stream import settle_arrow, told, without_usage
from mimo_credits.frames.beside import (
    integers,
    joined,
    plain,
    sorted_batches,
    surely_distinct,
    table_beside,
    timed,
)
from mimo_credits.frames.checks import EXAMPLES, check_errors, collected, examples
from mimo_credits.frames.clocks import DAY, micros
from mimo_credits.frames.columns import ADDED, PAID, REASON, SETTLING, Columns, check_free, missing, present
from mimo_credits.frames.cuts import COST, Cuts, cuts_of, paid_by_pots
from mimo_credits.frames.engines import Frame, FrameT, check_pyarrow, opened, schema_of
from mimo_credits.frames.lifecycle import Lifecycle, Lifecycles, lifecycles_of
from mimo_credits.frames.lookup import Bools
from mimo_credits.frames.placing import SLOT, US, placed
from mimo_credits.frames.routing import INPUT_FAULTS
from mimo_credits.frames.segments import Books
from mimo_credits.frames.settlement import Settlement
from mimo_credits.frames.slots import Slots, Spans, Sums
from mimo_credits.instants import LAST_INSTANT
from mimo_credits.ledger import Account
from mimo_credits.ledger.commands import MAX_ID, check_id

if TYPE_CHECKING:
    import pyarrow as pa

ROW = f"{SETTLING}row"
RESULTS = (*ADDED, *PAID)
"""What settling adds to a frame's columns."""

_SEGMENT, _IS_REFUSED = f"{SETTLING}segment", f"{SETTLING}refused"
_NO_USAGE = [fault.value for fault in INPUT_FAULTS]
_LAST = micros(LAST_INSTANT) - 1
_LONG = 366 * DAY
_MANY_ROWS = 20
"""So many rows to an account make it worth while to lay out slots also for accounts that may have no rows."""
_NO_INTS = np.zeros(0, np.int64)


def settle(
    usage: FrameT,
    lifecycle: Lifecycle | Lifecycles,
    book: RateBook,
    *,
    columns: Columns = Columns(),
    accounts: Mapping[str, Account] | None = None,
    until: datetime | None = None,
    errors: Literal["raise", "column"] = "raise",
) -> Settlement[FrameT]:
    """The ledger of every account: usage from a frame, and between it the commands of a lifecycle.

    The frame (Polars, DuckDB, PySpark, pandas or PyArrow) needs an account and an id for each request, unique in its
    account, beside what `rate` needs. `accounts` says how accounts stood before, so that one month goes on where the
    last one ended. Each account ends as `fold(account, timeline([*commands, *records]), book)` does. As `timeline`
    does, a row that is there twice counts once; one id with two contents is refused.

    An account stands where its last command or request left it. `until`, such as the end of the month, brings each up
    to that instant: as if `Advance(until)` were its last command, what falls due by then, such as renewals and their
    bills, has happened.

    With `errors="raise"`, usage that has no price or whose account has no plan at its instant raises `RowsRefused` with
    counts and examples, and a command that is refused raises `Refused`, which says its account and id. With
    `errors="column"` they change nothing: a row names its fault in the column `reason` (`not-subscribed` is one) and
    costs 0, and `rejected` has the commands.

    An eager frame's rows come back in their order, a lazy one stays lazy, though its sums are taken here and now.
    Raises `InputError` for a frame, a lifecycle or accounts that are wrong in themselves, `Conflict` for one id of an
    account's commands with two contents, and `ImportError` without PyArrow.
    """
    check_pyarrow()
    check_book(book)
    check_errors(errors)
    known = lifecycles_of(lifecycle, accounts, until)
    given = opened(usage)
    there = _columns(columns, given)
    assert there.id is not None, "the columns are checked"
    frame = plain(given, there.at, [there.account, there.id])
    if isinstance(frame, nw.DataFrame):
        frame = frame.with_row_index(ROW)
    once, repeats = _each_once(frame, there, known)
    slots, sums = _summed(once, there, known, book, errors)
    slots.draw(sums)
    if errors == "raise":
        _raise_rejected(slots)
        _refuse_rows(once, slots, there, sums)
    rows, books = _rows(once, slots, there, errors)
    rejected = {**slots.rejected, **{name: each.rejected for name, each in books.items() if each.rejected}}
    return Settlement(_in_order(rows, given, there.at), frame, slots, books, rejected, repeats)


def _columns(columns: Columns, frame: Frame) -> Columns:
    """The columns that the frame has. Raises `InputError` where those of account and id are missing, or no text."""
    schema = schema_of(frame)
    there = present(columns, schema)
    for field in ("account", "id"):
        name = getattr(columns, field)
        if name not in schema:
            raise missing(field, name, schema)
        if not isinstance(schema[name], nw.String):
            raise InputError("columns", f"{name!r} needs text, not {schema[name]}")
    check_free(schema, PAID, SETTLING, "settling")
    return there._replace(id=columns.id)


def _summed(frame: Frame, columns: Columns, known: Lifecycles, book: RateBook, errors: str) -> tuple[Slots, Sums]:
    """The slots of all rows, and their sums.

    Where the rows are many, and of no long time, the slots are first laid out for all known accounts over the whole of
    it, without asking for each account's own span. If rows of others are left over, or an account is to be folded, for
    which its own span counts, all is laid out anew.
    """
    rows, first, last = _extent(frame, columns)
    if len(known) * _MANY_ROWS <= rows and last - first <= _LONG:
        names = list(known)
        slots, sums = _slotted(frame, columns, Slots(known, book, Spans.alike(names, first, last)), errors)
        if not slots.folded and sums.all_rows == rows:
            return slots, sums
    return _slotted(frame, columns, Slots(known, book, _spans(frame, columns)), errors)


def _slotted(frame: Frame, columns: Columns, slots: Slots, errors: str) -> tuple[Slots, Sums]:
    if errors == "raise":
        _raise_rejected(slots)
    return slots, _sums(frame, slots, columns)


# --- what is there --------------------------------------------------------------------------------------------------


def _each_once(frame: Frame, columns: Columns, known: Lifecycles) -> tuple[Frame, int]:
    """The frame without repeats, and how many it had.

    Raises `InputError` for rows without an id, and for one id with two contents, or with that of a command of its own
    account.
    """
    assert columns.id is not None, "the columns are checked"
    key = [columns.account, columns.id]
    taken = _taken(known, key)
    # Most ids differ whatever the account, which takes one text less for each row to prove.
    ids = taken.select(key[1:]).group_by(key[1:]).aggregate([])
    if surely_distinct(frame, key[1:], ids) or surely_distinct(frame, key, taken):
        return frame, 0
    _check_ids(frame, key)
    _check_taken(frame, key, taken)
    content = frame.select(*dict.fromkeys([*key, *columns.rated_by])).unique()
    conflicts = collected(content.group_by(key).agg(nw.len().alias(ROW)).filter(nw.col(ROW) > 1).head(EXAMPLES))
    if len(conflicts):
        which = ", ".join(f"{such!r} of {name!r}" for name, such in conflicts.select(key).iter_rows())
        raise InputError(columns.id, f"stands with two contents, such as {which}")
    once = frame.unique(subset=key, keep="any")
    rows, left = (int(collected(each.select(nw.len())).item()) for each in (frame, once))
    return (once, rows - left) if left < rows else (frame, 0)


def _check_ids(frame: Frame, key: Sequence[str]) -> None:
    """Raises `InputError` for rows without an id, or with what the ledger takes for none."""
    such = nw.col(key[1])
    if len(collected(frame.filter(such.is_null()).select(*key).head(1))):
        raise InputError(key[1], "is null in some rows")
    odd = collected(frame.filter(~such.str.len_chars().is_between(1, MAX_ID)).select(*key).head(1))
    for name, found in odd.iter_rows():
        raise InputError(
            key[1], f"needs texts of 1 to {MAX_ID} characters, not {shown(found)}, of account {shown(name)}"
        )


def _taken(known: Lifecycles, key: Sequence[str]) -> pa.Table:
    """The ids that commands have, each with its account."""
    import pyarrow as pa

    return pa.table([pa.array(column, pa.string()) for column in known.ids()], list(key))


def _check_taken(frame: Frame, key: Sequence[str], taken: pa.Table) -> None:
    """Raises `InputError` where usage has the id of a command of its own account."""
    found = collected(joined(frame, taken, key, "semi").select(*key).head(EXAMPLES))
    if len(found):
        which = ", ".join(f"{such!r} of {name!r}" for name, such in found.iter_rows())
        raise InputError(key[1], f"is the id of a command of the same account, such as {which}")


def _within(frame: Frame, columns: Columns) -> Frame:
    """The frame with its instants in microseconds, null where a row has none or one outside the calendar.

    Such rows are refused by their rating.
    """
    us = nw.col(US)
    return timed(frame, columns.at, US).with_columns(nw.when((us >= 0) & (us <= _LAST)).then(us).alias(US))


def _extent(frame: Frame, columns: Columns) -> tuple[int, int, int]:
    """How many rows there are, and the first and the last instant of all."""
    if isinstance(frame, nw.DataFrame) and not len(frame):
        return 0, 0, 0
    us = nw.col(US)
    found = collected(_within(frame, columns).select(rows=nw.len(), first=us.min(), last=us.max()))
    rows, first, last = (int(integers(found[name])[0]) for name in ("rows", "first", "last"))
    return rows, first, last


def _spans(frame: Frame, columns: Columns) -> Spans:
    """The first and last instant of each account's rows. Raises `InputError` for rows without an account."""
    if isinstance(frame, nw.DataFrame):
        if not len(frame):
            return Spans([], _NO_INTS, _NO_INTS)
        if frame[columns.account].null_count():
            raise InputError(columns.account, "is null in some rows")
    us = nw.col(US)
    first, last = f"{SETTLING}first", f"{SETTLING}last"
    spans = _within(frame, columns).group_by(columns.account).agg(us.min().alias(first), us.max().alias(last))
    found = collected(spans)
    names = found[columns.account].to_list()
    for name in names:
        if name is None:
            raise InputError(columns.account, "is null in some rows")
        check_id(name, columns.account)
    return Spans(names, integers(found[first]), integers(found[last]))


# --- sums -----------------------------------------------------------------------------------------------------------


def _sums(frame: Frame, slots: Slots, columns: Columns) -> Sums:
    """The sums of the rows of each slot."""
    sums = Sums(*(np.zeros(slots.count, kind) for kind in (*[np.int64] * 4, np.bool_, np.int64)))
    rows = placed(frame, slots, columns, {})
    if isinstance(rows, nw.DataFrame) and not len(rows):
        return sums
    is_rated, cost = nw.col("rated"), nw.col(COST)
    noted = rows.with_columns(
        nw.when(is_rated).then(nw.col(US)).otherwise(nw.lit(0)).cast(nw.Int64).alias(f"{SETTLING}at"),
        is_rated.cast(nw.Int64).alias(f"{SETTLING}one"),
    )
    owes = [nw.col(columns.web_searches).max().alias("owes")] if columns.web_searches is not None else []
    found = collected(
        noted.group_by(SLOT).agg(
            nw.col(f"{SETTLING}one").sum().alias("rows"),
            cost.sum().alias("millicredits"),
            cost.max().alias("dearest"),
            nw.col(f"{SETTLING}at").max().alias("last"),
            nw.len().alias("all"),
            *owes,
        )
    )
    own = integers(found[SLOT])
    for name in ("rows", "millicredits", "dearest", "last"):
        getattr(sums, name)[own] = integers(found[name])
    if owes:
        sums.owes[own] = integers(found["owes"]) > 0
    sums.faulty[own] = integers(found["all"]) - sums.rows[own]
    return sums


def _raise_rejected(slots: Slots) -> None:
    for name, rejected in slots.certainly_rejected():
        raise told(rejected.error, name, rejected.command)


# --- rows -----------------------------------------------------------------------------------------------------------


def _judged(rows: Frame) -> Frame:
    """Placed rows with the ledger's `reason`: what is no usage, then that nobody is subscribed, then what has no price.

    Those that have one cost nothing, and are in no statement.
    """
    fault = nw.col(REASON).cast(nw.String)
    is_usage = fault.is_null() | ~fault.is_in(_NO_USAGE)
    reason = nw.when(nw.col(_IS_REFUSED) & is_usage).then(nw.lit(Reason.NOT_SUBSCRIBED.value)).otherwise(fault)
    judged = rows.with_columns(reason.alias(REASON))
    good = nw.col(REASON).is_null()
    return judged.with_columns(
        nw.when(good).then(nw.col(COST)).otherwise(nw.lit(0)).cast(nw.Int64).alias(COST),
        nw.when(good).then(nw.col("card")).alias("card"),
        nw.when(good).then(nw.col("band")).otherwise(nw.lit(-1)).cast(nw.Int64).alias("band"),
        (nw.col("off_peak") & good).alias("off_peak"),
        (nw.col("rated") & good).alias("rated"),
        nw.when(good).then(nw.col(_SEGMENT)).alias(_SEGMENT),
    )


def _values(slots: Slots) -> dict[str, pa.Array]:
    """Of each slot, without its cut, where its segment began, and whether nobody is subscribed."""
    import pyarrow as pa

    segments = pa.array(slots.segment, mask=slots.refused).cast(pa.timestamp("us", "UTC"))
    return {_SEGMENT: segments, _IS_REFUSED: pa.array(slots.refused)}


def _refuse_rows(frame: Frame, slots: Slots, columns: Columns, sums: Sums) -> None:
    """Raises `RowsRefused` where rows have no price or nobody is subscribed."""
    if not (sums.faulty.any() or sums.rows[slots.refused].any()):
        return
    rows = _judged(placed(frame, slots, columns, _values(slots))).filter(~nw.col(REASON).is_null())
    counts = collected(rows.group_by(REASON).agg(nw.len().alias("rows")))
    raise RowsRefused(
        [
            FaultyRows(str(reason), int(count), examples(rows.filter(nw.col(REASON) == reason), columns))
            for reason, count in sorted(counts.select(REASON, "rows").iter_rows())
        ]
    )


def _rows(frame: Frame, slots: Slots, columns: Columns, errors: str) -> tuple[Frame, dict[str, Books]]:
    """All rows with who paid for them, and the books of the accounts that were folded."""
    cuts = cuts_of(frame, slots, columns)
    parts: list[Any] = [_paid(frame, slots, columns, cuts, errors)]
    if not slots.folded:
        return parts[0], {}
    rows = timed(frame, columns.at, US)
    if errors == "column":
        has_instant = nw.col(US).is_between(0, _LAST) & ~nw.col(US).is_null()
        parts.append(_paid(rows.filter(~has_instant).drop(US), slots, columns, cuts, errors, slots.is_folded))
        rows = rows.filter(has_instant)
    folded, books = _folded(rows, slots, columns, errors)
    parts += [_like(part.select(parts[0].collect_schema().names()), parts[0]) for part in folded]
    there = [part for part in parts if not isinstance(part, nw.DataFrame) or len(part)] or parts[:1]
    together: Frame = nw.concat(there, how="vertical")
    return together, books


def _paid(frame: Frame, slots: Slots, columns: Columns, cuts: Cuts, errors: str, only: Bools | None = None) -> Frame:
    """The rows of accounts that are not folded (or of `only` those) with who paid for them."""
    rows = placed(frame, slots, columns, {**_values(slots), **cuts.values()}, only)
    if errors == "column":
        rows = _judged(rows)
    kept = [*frame.collect_schema(), *RESULTS, *([REASON] if errors == "column" else [])]
    paid = rows.with_columns(
        paid_by_pots(columns, cuts).alias("drawn"),
        nw.col("card").cast(nw.String),
        nw.col(_SEGMENT).alias("segment_start"),
    )
    return paid.with_columns((nw.col(COST) - nw.col("drawn")).alias("overage")).select(kept)


def _in_order(rows: Frame, given: Frame, at: str) -> Any:
    """The native frame: an eager one has the order of rows that was given, one of pandas its index and zone, too."""
    if not isinstance(rows, nw.DataFrame):
        return rows.to_native()
    ordered = rows.sort(ROW)
    native: Any = ordered.drop(ROW).to_native()
    if rows.implementation.is_pandas():
        before: Any = given.to_native()
        native[at] = native[at].astype(before[at].dtype)
        native.index = before.index.take(ordered[ROW].to_numpy())
    return native


def _folded(frame: Frame, slots: Slots, columns: Columns, errors: str) -> tuple[list[Frame], dict[str, Books]]:
    """The rows, if there are any, and the books of the accounts that are folded row by row."""
    import pyarrow as pa

    names = pa.table({columns.account: pa.array(slots.folded, pa.string())})
    rows_of_them = joined(frame, names, [columns.account], "semi")
    assert columns.id is not None, "the columns are checked"
    batches = sorted_batches(rows_of_them, [columns.account, US, columns.id])
    books: dict[str, Books] = {}
    rows = []
    for part in settle_arrow(batches, slots.known, slots.book, columns=columns, errors=errors, others=False):  # type: ignore[arg-type]
        books.update(part.books)
        rows.append(part.rows)
    for name in slots.folded.keys() - books.keys():
        books[name] = without_usage(name, slots.known, slots.book, errors)
    return [table_beside(frame, pa.Table.from_batches(rows))] if rows else [], books


def _like(rows: Frame, others: Frame) -> Frame:
    """The rows with the types of the others; PyArrow has several of text."""
    if isinstance(others, nw.DataFrame) and others.implementation.is_pyarrow():
        cast: Frame = nw.from_native(rows.to_native().cast(others.to_native().schema))
        return cast
    return rows.select(*(nw.col(name).cast(kind) for name, kind in others.collect_schema().items()))
