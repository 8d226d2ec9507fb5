"""Rows of usage out of Arrow record batches: whole accounts at a time, their columns as lists, checked once.

One rule: what orders the rows (account, instant, id) is right here or an `InputError`; what only prices a row (model,
tokens) is left to the row's own decision, where it is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from mimo_credits.errors import InputError, wrong_type
from mimo_credits.exact import ticks
from mimo_credits.frames.columns import Columns
from mimo_credits.instants import FIRST_INSTANT, LAST_INSTANT
from mimo_credits.ledger import Record
from mimo_credits.usage import MAX_COUNT, Usage

if TYPE_CHECKING:
    from mimo_credits.frames.arrow_stream import Results

_FIRST, _LAST = 0, ticks(LAST_INSTANT - FIRST_INSTANT)
_UTC = pa.timestamp("us", "UTC")


class Rows(NamedTuple):
    """Rows of whole accounts: `accounts` has each with its first row and the row after its last.

    `at` is in microseconds since 1970. `model` is None where the row is no usage: `record` says why.
    """

    batch: pa.RecordBatch
    columns: Columns
    accounts: list[tuple[str, int, int]]
    at: list[int]
    model: list[str | None]
    counts: tuple[list[int], list[int], list[int]]

    def usage(self, first: int, end: int) -> Iterator[tuple[int, str | None, int, int, int]]:
        """Instant, model, input, cached and output tokens of some rows."""
        columns = (self.at, self.model, *self.counts)
        if end - first == len(self.at):
            return zip(*columns, strict=True)  # type: ignore[return-value]
        return zip(*(islice(column, first, end) for column in columns), strict=True)  # type: ignore[return-value]

    def id(self, row: int) -> str:
        """The row's id."""
        return str(self._cell(self.columns.id, row))

    def record(self, row: int) -> Record:
        """The row as a command. Raises `InputError` for what is no usage."""
        names = ("input_tokens", "cached_tokens", "output_tokens")
        counts = {name: self._cell(getattr(self.columns, name), row) for name in names}
        at = self._cell(self.columns.at, row)
        return Record(self.id(row), at, Usage(self._cell(self.columns.model, row), **counts))

    def _cell(self, column: str, row: int) -> Any:
        return self.batch.column(column)[row].as_py()

    def with_results(self, made: Results) -> pa.RecordBatch:
        """The rows with what the fold made of them, and with the reason of those that it did not take."""
        columns = dict(zip(self.batch.schema.names, self.batch.columns, strict=True))
        costs = pa.array(made.millicredits, pa.int64())
        over = pa.array(made.overage, pa.int64())
        counts = [count for count, *_ in made.rates]
        starts = [count for count, _ in made.segments]
        columns |= {
            "millicredits": costs,
            "card": _spread([card for _, card, _ in made.rates], counts, pa.string()),
            "band": pa.array(made.bands, pa.int64()),
            "off_peak": _spread([off for _, _, off in made.rates], counts, pa.bool_()),
            "drawn": pc.subtract_checked(costs, over),
            "overage": over,
            "segment_start": _spread([start for _, start in made.segments], starts, _UTC),
            "reason": pa.array([made.reasons.get(row) for row in range(len(costs))], pa.string())
            if made.reasons
            else pa.nulls(len(costs), pa.string()),
        }
        return pa.RecordBatch.from_pydict(columns)


def _spread(values: list[Any], counts: list[int], kind: pa.DataType) -> pa.Array:
    """Each value as often as its count says."""
    import numpy as np

    places = pa.array(np.repeat(np.arange(len(counts)), counts))
    return pa.array(values, kind).take(places)


def whole_accounts(batches: Iterable[pa.RecordBatch], columns: Columns) -> Iterator[Rows]:
    """The stream's rows, cut where accounts end. Raises `InputError` for rows out of order, and for an id twice."""
    held: pa.RecordBatch | None = None
    for batch in batches:
        if not isinstance(batch, pa.RecordBatch):
            raise wrong_type("batches", "Arrow record batches", batch)
        if held is not None and held.num_rows:
            batch = pa.concat_batches([held, batch])  # noqa: PLW2901
        if not batch.num_rows:
            continue
        names = _texts(batch, columns.account)
        last = _starts(names)[-1]
        if last:
            yield _rows(batch.slice(0, last), columns)
        held = batch.slice(last)
    if held is not None and held.num_rows:
        yield _rows(held, columns)


def _rows(batch: pa.RecordBatch, columns: Columns) -> Rows:
    names = _texts(batch, columns.account)
    starts = _starts(names)
    at = _instants(batch, columns.at)
    _check_order(names, at, _texts(batch, columns.id), columns)
    accounts = [
        (names[first].as_py(), first, end) for first, end in zip(starts, [*starts[1:], len(names)], strict=True)
    ]
    counts = [_counts(batch, getattr(columns, name)) for name in ("input_tokens", "cached_tokens", "output_tokens")]
    right = pc.and_(_between(counts[0], counts[1]), pc.and_(_between(counts[1], 0), _between(counts[2], 0)))
    within = pc.and_(*(pc.less_equal(count, MAX_COUNT) for count in counts[::2]))
    models = pc.if_else(pc.fill_null(pc.and_(right, within), False), _texts(batch, columns.model, nulls=True), None)
    lists = tuple(pc.fill_null(count, 0).to_numpy(zero_copy_only=False).tolist() for count in counts)
    return Rows(batch, columns, accounts, at.to_numpy().tolist(), _few(models), lists)  # type: ignore[arg-type]


def _between(count: pa.Array, least: Any) -> pa.Array:
    return pc.greater_equal(count, least)


def _few(texts: pa.Array) -> list[str | None]:
    """Texts of which there are few: one object for each, however often it stands."""
    import numpy as np

    known = texts.dictionary_encode()
    names = np.array([*known.dictionary.to_pylist(), None], dtype=object)
    return names[pc.fill_null(known.indices, -1).to_numpy(zero_copy_only=False)].tolist()  # type: ignore[no-any-return]


def _column(batch: pa.RecordBatch, name: str) -> pa.Array:
    if name not in batch.schema.names:
        raise InputError(name, f"is missing: the columns are {', '.join(batch.schema.names)}")
    column = batch.column(name)
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _texts(batch: pa.RecordBatch, name: str, *, nulls: bool = False) -> pa.Array:
    column = _column(batch, name)
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type) or pa.types.is_null(column.type)):
        raise InputError(name, f"needs text, not {column.type}")
    if not nulls:
        _check_no_nulls(column, name)
    return column


def _counts(batch: pa.RecordBatch, name: str) -> pa.Array:
    column = _column(batch, name)
    if not pa.types.is_integer(column.type):
        raise InputError(name, f"needs whole numbers, not {column.type}")
    try:
        return column.cast(pa.int64())
    except pa.ArrowInvalid:
        raise InputError(name, f"is beyond {MAX_COUNT:,}, more than one usage can hold") from None


def _instants(batch: pa.RecordBatch, name: str) -> pa.Array:
    column = _column(batch, name)
    if not pa.types.is_timestamp(column.type):
        raise InputError(name, f"needs instants, not {column.type}")
    if column.type.tz is None:
        raise InputError(name, "is naive: say its time zone")
    _check_no_nulls(column, name)
    try:
        instants = column.cast(_UTC).cast(pa.int64())
    except pa.ArrowInvalid:
        raise InputError(name, "has instants finer than a microsecond") from None
    bounds = pc.min_max(instants).as_py()
    if bounds["min"] < _FIRST or bounds["max"] >= _LAST:
        raise InputError(name, "has instants outside the years 1970 to 8999")
    return instants


def _check_no_nulls(column: pa.Array, name: str) -> None:
    if column.null_count:
        raise InputError(name, f"is null in {column.null_count:,} row{'s' if column.null_count > 1 else ''}")


def _starts(names: pa.Array) -> list[int]:
    """The first row of each account."""
    changes = pc.indices_nonzero(pc.not_equal(names[1:], names[:-1]))
    return [0, *(place + 1 for place in changes.to_pylist())]


def _check_order(names: pa.Array, at: pa.Array, ids: pa.Array, columns: Columns) -> None:
    same = pc.equal(names[1:], names[:-1])
    tied = pc.equal(at[1:], at[:-1])
    earlier = pc.or_(pc.less(at[1:], at[:-1]), pc.and_(tied, pc.less(ids[1:], ids[:-1])))
    wrong = pc.indices_nonzero(pc.and_(same, earlier))
    if len(wrong):
        place = wrong[0].as_py()
        raise InputError(
            columns.at,
            f"the rows of {names[place].as_py()!r} are out of order at {ids[place + 1].as_py()!r}: "
            "sort by account, then instant, then id",
        )
    if pc.count_distinct(ids).as_py() < len(ids):
        _check_ids(names, ids, columns)


def _check_ids(names: pa.Array, ids: pa.Array, columns: Columns) -> None:
    """Another account may have the same id."""
    counts = pa.table({"account": names, "id": ids}).group_by(["account", "id"]).aggregate([([], "count_all")])
    twice = counts.filter(pc.greater(counts["count_all"], 1))
    if len(twice):
        account, id = twice["account"][0].as_py(), twice["id"][0].as_py()
        raise InputError(columns.id, f"stands more than once: {len(twice):,} ids, such as {id!r} of {account!r}")
