"""`rate`: what every row of a frame costs, on the frame's own engine.

A row is priced as `book.quote` would price it: by the card in force at its instant, off-peak or not, by the band of its
whole input. Lazy engines get the book as a small table beside the frame and do the rest themselves; frames in memory
are looked up (`lookup`).
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, reduce
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import narwhals.stable.v2 as nw

from mimo_credits.book import RateBook
from mimo_credits.frames.checks import Fault, check_errors, refuse
from mimo_credits.frames.clocks import DAY
from mimo_credits.frames.columns import ADDED, OWN, REASON, Columns, present
from mimo_credits.frames.engines import Frame, FrameT, joined, opened, schema_of, with_micros
from mimo_credits.frames.extremes import extremes_of
from mimo_credits.frames.plainly import all_in_order
from mimo_credits.frames.relation import RateRow, Relation, most_of, relation_of
from mimo_credits.frames.sql_text import duckdb_query
from mimo_credits.table import SECONDS_PER_HOUR

if TYPE_CHECKING:
    from narwhals.stable.v2.dtypes import DType

Errors: TypeAlias = Literal["raise", "column"]

US, CELL, FAULT = f"{OWN}us", f"{OWN}cell", f"{OWN}fault"
HIT, MISS, OUTPUT = f"{OWN}hit", f"{OWN}miss", f"{OWN}output"
AUDIO_SECOND, AUDIO_REST = f"{OWN}audio_second", f"{OWN}audio_rest"
GROWS_AT, TO_EVEN = f"{OWN}grows_at", f"{OWN}to_even"
CARD, BAND, OFF_PEAK = f"{OWN}card", f"{OWN}band", f"{OWN}off_peak"

_FAULTS, _NO_FAULT = tuple(Fault), -1
"""A fault stands in the joined table as its place among all of them."""


def rate(frame: FrameT, book: RateBook, *, columns: Columns = Columns(), errors: Errors = "raise") -> FrameT:
    """The frame with what every row costs: `millicredits`, `card`, `band`, `off_peak` and `rated`.

    A frame of Polars (eager or lazy), DuckDB, PySpark, pandas or PyArrow goes in, the same kind comes out; an eager one
    keeps its rows in their order, a lazy one stays lazy. `columns` names the columns that hold the requests.
    `millicredits` is an int64, `band` counts from 0, `card` is the card's id.

    With `errors="raise"` every row is checked before this returns, and `RowsRefused` counts each `Fault`. On a lazy
    frame that is a pass over its rows, run here and now, which finds the least and greatest values of each model; only
    where these leave room for a fault, further passes look at the rows one by one. With `errors="column"` nothing runs,
    and a column `reason` names the fault of each row that cannot be rated, whose `millicredits` are 0, `band` -1 and
    `rated` false.

    Raises `InputError` for naive instants, a column that is missing or of the wrong kind, or in the way.
    """
    check_errors(errors)
    relation = relation_of(book)
    wrapped = opened(frame)
    there = present(columns, schema_of(wrapped))
    if isinstance(wrapped, nw.DataFrame):
        from mimo_credits.frames.arrays import rate_eager

        looked_up: FrameT = rate_eager(wrapped, book, there, errors)
        return looked_up
    rated = (
        _queried(wrapped, relation, there) if wrapped.implementation.is_duckdb() else _rated(wrapped, relation, there)
    )
    if errors == "raise":
        if not all_in_order(extremes_of(wrapped, there), relation, there):
            refuse(rated, there)
        rated = rated.drop(REASON)
    native: FrameT = rated.to_native()
    return native


def _queried(frame: Frame, relation: Relation, columns: Columns) -> Frame:
    """A relation of DuckDB, rated by SQL: nothing in between plans it as well."""
    native: Any = frame.to_native()
    rated: Frame = nw.from_native(native.query("__mimo_frame", duckdb_query(relation, "__mimo_frame", columns)))
    return rated


def _rated(frame: Frame, relation: Relation, columns: Columns) -> Frame:
    schema = frame.collect_schema()
    placed = with_micros(frame, columns.at, US).with_columns(_cell(relation, columns.input_tokens).alias(CELL))
    table = _table(relation, columns.model, columns.audio_seconds is not None)
    priced = joined(placed, table, [CELL, columns.model], columns.model)
    faults = [*_faults(relation, columns, schema)]
    return (
        priced.with_columns((~_any(condition for _, condition in faults)).alias("rated"))
        .with_columns(
            _first(faults).alias(REASON),
            _where_rated(_millicredits(relation, columns, schema), 0).cast(nw.Int64).alias("millicredits"),
            nw.when(nw.col("rated")).then(nw.col(CARD)).alias("card"),
            _where_rated(nw.col(BAND), -1).cast(nw.Int64).alias("band"),
            _where_rated(nw.col(OFF_PEAK), False).alias("off_peak"),
        )
        .select(*schema, *ADDED, REASON)
    )


def _where_rated(value: nw.Expr, otherwise: int) -> nw.Expr:
    return nw.when(nw.col("rated")).then(value).otherwise(nw.lit(otherwise))


def _cell(relation: Relation, input_tokens: str) -> nw.Expr:
    """The row's cell: three counts of what lies at or below its instant, its time of the day and its input."""
    card = _count([nw.col(US) >= start for start in relation.starts])
    clock = nw.sum_horizontal(nw.col(US), *((nw.col(US) >= at).cast(nw.Int64) * more for at, more in relation.shifts))
    edge = _count([clock % DAY >= edge for edge in relation.edges])
    limit = _count([nw.col(input_tokens) > limit for limit in relation.limits])
    return (card * (len(relation.edges) + 1) + edge) * (len(relation.limits) + 1) + limit


def _count(conditions: Sequence[nw.Expr]) -> nw.Expr:
    counted = [condition.cast(nw.Int64) for condition in conditions]
    return nw.sum_horizontal(*counted) if counted else nw.lit(0)


@lru_cache(maxsize=16)
def _table(relation: Relation, model: str, with_audio: bool) -> Mapping[str, Sequence[object]]:
    """What is joined: the relation by cell and model, with the columns that a frame needs."""
    cells = [*relation.cells()] or [(-1, RateRow(1, False, "", 0, 0, -1))]
    rows = [row for _, row in cells]
    table: dict[str, list[object]] = {
        CELL: [cell for cell, _ in cells],
        model: [row.model for row in rows],
        HIT: [row.hit for row in rows],
        MISS: [row.miss for row in rows],
        OUTPUT: [row.output for row in rows],
        CARD: [relation.card_id(row) for row in rows],
        BAND: [row.band for row in rows],
        OFF_PEAK: [row.off_peak for row in rows],
        FAULT: [_NO_FAULT if row.fault is None else _FAULTS.index(row.fault) for row in rows],
    }
    if with_audio:
        roundings = [relation.rounding(row) for row in rows]
        table[AUDIO_SECOND] = [row.audio_hour // SECONDS_PER_HOUR for row in rows]
        table[AUDIO_REST] = [row.audio_hour % SECONDS_PER_HOUR for row in rows]
        table[GROWS_AT] = [rounding.grows_at for rounding in roundings]
        table[TO_EVEN] = [rounding.to_even for rounding in roundings]
    return table


def _first(faults: Sequence[tuple[Fault, nw.Expr]]) -> nw.Expr:
    """The name of the row's first fault, or null."""
    *others, (last, is_last) = faults
    first: nw.Expr = nw.when(is_last).then(nw.lit(last.value))
    for fault, condition in reversed(others):
        first = nw.when(condition).then(nw.lit(fault.value)).otherwise(first)
    return first


def _faults(relation: Relation, columns: Columns, schema: Mapping[str, DType]) -> Iterator[tuple[Fault, nw.Expr]]:
    """What can be wrong with a row, in order of precedence. Where one is null, since something is, another holds."""
    at = schema[columns.at]
    assert isinstance(at, nw.Datetime), "the columns are checked"
    yield Fault.MISSING, _any(nw.col(name).is_null() for name in columns.rated_by)
    yield Fault.NEGATIVE, _any(nw.col(name) < 0 for name in columns.counts)
    yield Fault.TOO_LARGE, _any(nw.col(name) > most for name, most in most_of(columns, relation).items())
    yield Fault.CACHED_BEYOND_INPUT, nw.col(columns.cached_tokens) > nw.col(columns.input_tokens)
    yield Fault.OUTSIDE_CALENDAR, (nw.col(US) < 0) | (nw.col(US) >= relation.end) | _wraps(columns.at, at, relation)
    first = relation.starts[0] if relation.starts else relation.end
    yield Fault.NO_CARD_IN_EFFECT, nw.col(US) < first
    yield Fault.UNKNOWN_MODEL, nw.col(FAULT).is_null()
    for fault in sorted({row.fault for row in relation.rows if row.fault is not None}, key=_FAULTS.index):
        yield fault, nw.col(FAULT) == _FAULTS.index(fault)
    yield Fault.NO_RATE, _no_rate(columns)


def _wraps(at: str, kind: nw.Datetime, relation: Relation) -> nw.Expr:
    """Whether an instant counted in milliseconds is so far away that its microseconds leave the int64."""
    if kind.time_unit != "ms":
        return nw.lit(False)
    milliseconds = nw.col(at).dt.timestamp("ms")
    return (milliseconds < 0) | (milliseconds >= relation.end // 1000)


def _no_rate(columns: Columns) -> nw.Expr:
    """Whether the row used what its card has no rate for: tokens of a kind, audio, images (no plan has any)."""
    cached = nw.col(columns.cached_tokens)
    used = [
        (cached > 0) & (nw.col(HIT) < 0),
        (nw.col(columns.input_tokens) > cached) & (nw.col(MISS) < 0),
        (nw.col(columns.output_tokens) > 0) & (nw.col(OUTPUT) < 0),
    ]
    if columns.audio_seconds:
        used.append((nw.col(columns.audio_seconds) > 0) & (nw.col(AUDIO_SECOND) < 0))
    if columns.images:
        used.append(nw.col(columns.images) > 0)
    return _any(used)


def _any(conditions: Iterable[nw.Expr]) -> nw.Expr:
    return reduce(operator.or_, conditions)


def _millicredits(relation: Relation, columns: Columns, schema: Mapping[str, DType]) -> nw.Expr:
    whole = {name: _whole(name, schema[name], most) for name, most in most_of(columns, relation).items()}
    cached, output = whole[columns.cached_tokens], whole[columns.output_tokens]
    missed = whole[columns.input_tokens] - cached
    total = nw.col(HIT) * cached + nw.col(MISS) * missed + nw.col(OUTPUT) * output
    return total + _audio(whole[columns.audio_seconds]) if columns.audio_seconds else total


def _whole(name: str, kind: DType, most: int) -> nw.Expr:
    """A count as an int64; one that is too large for it is a fault, and 0 here."""
    if kind in (nw.UInt64, nw.Int128, nw.UInt128):
        return nw.when(nw.col(name) <= most).then(nw.col(name)).otherwise(nw.lit(0)).cast(nw.Int64)
    return nw.col(name).cast(nw.Int64)


def _audio(seconds: nw.Expr) -> nw.Expr:
    """`round_ratio(rate x seconds, 3600)` in columns, by the rounding of the row's card.

    The rate is split into what a whole second costs and a rest below 3,600. The rest times the seconds stays below
    2**53 (`Most.audio`), so that the quotient of what 3,600 divides is exact in a double, too.
    """
    product = nw.col(AUDIO_REST) * seconds
    left = product % SECONDS_PER_HOUR
    size = nw.col(AUDIO_SECOND) * seconds + ((product - left) / SECONDS_PER_HOUR).cast(nw.Int64)
    return size + (left + nw.col(TO_EVEN) * (size % 2) >= nw.col(GROWS_AT)).cast(nw.Int64)
