"""Rows of usage out of Arrow record batches: whole accounts at a time, their columns as lists, checked once.

One rule: what orders the rows (account, instant, id) is right here or an `InputError`; what only prices a row (model,
tokens) is left to the row's own decision, where it is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from mimo_credits.book import RateBook
from mimo_credits.errors import FaultyRow, FaultyRows, InputError, RowsRefused, wrong_type
from mimo_credits.frames.checks import Fault
from mimo_credits.frames.clocks import micros
from mimo_credits.frames.columns import Columns
from mimo_credits.frames.relation import most_of, relation_of
from mimo_credits.instants import FIRST_INSTANT, LAST_INSTANT
from mimo_credits.ledger import Record
from mimo_credits.usage import Usage

if TYPE_CHECKING:
    from mimo_credits.frames.arrow_stream import Results

_COUNTS = ("input_tokens", "cached_tokens", "output_tokens", "audio_seconds", "web_searches", "images")


def instant(microseconds: int) -> datetime:
    """The instant so many microseconds after the beginning of 1970."""
    return FIRST_INSTANT + timedelta(microseconds=microseconds)


_LAST = micros(LAST_INSTANT)
_UTC = pa.timestamp("us", "UTC")


RowOfUsage: TypeAlias = tuple[int, str | None, int, int, int]
"""Instant, model, input, cached and output tokens."""


class Rows(NamedTuple):
    """Rows of whole accounts: `accounts` has each with its first row and the row after its last.

    `at` is in microseconds since 1970. `model` is None where a row is not plain: it is no usage (`fault` says why), or
    has more than tokens. `most` is the largest count that each column may have.
    """

    batch: pa.RecordBatch
    columns: Columns
    most: Mapping[str, int]
    accounts: list[tuple[str, int, int]]
    at: list[int]
    model: list[str | None]
    counts: list[list[int]]

    def usage(self, first: int, end: int) -> Iterator[RowOfUsage]:
        """Some rows, as the fold's loop takes them."""
        return zip(*(column[first:end] for column in (self.at, self.model, *self.counts)), strict=True)  # type: ignore[return-value]

    def id(self, row: int) -> str:
        """The row's id."""
        return str(self._cell(self.columns.id, row))

    def fault(self, row: int) -> Fault | None:
        """Why a row is no usage at all; None where it is."""
        model = self._cell(self.columns.model, row)
        counts = {name: self._cell(name, row) for name in self.columns.counts}
        if model is None or None in counts.values():
            return Fault.MISSING
        if any(count < 0 for count in counts.values()):
            return Fault.NEGATIVE
        if any(count > self.most[name] for name, count in counts.items()):
            return Fault.TOO_LARGE
        cached, whole = counts[self.columns.cached_tokens], counts[self.columns.input_tokens]
        return Fault.CACHED_BEYOND_INPUT if cached > whole else None

    def refusal(self, row: int, fault: Fault) -> RowsRefused:
        """The error for a row that is no usage."""
        names = (self.columns.id, *self.columns.rated_by)
        example = FaultyRow(None, {str(name): self._cell(name, row) for name in names})
        return RowsRefused([FaultyRows(fault.value, 1, (example,))])

    def record(self, row: int) -> Record:
        """The row as a command."""
        counts = {name: self._cell(getattr(self.columns, name), row) for name in _COUNTS if getattr(self.columns, name)}
        return Record(self.id(row), instant(self.at[row]), Usage(self._cell(self.columns.model, row), **counts))

    def _cell(self, column: str | None, row: int) -> Any:
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
            "rated": pa.array([row not in made.reasons for row in range(len(costs))]),
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


def whole_accounts(batches: Iterable[pa.RecordBatch], columns: Columns, book: RateBook) -> Iterator[Rows]:
    """The stream's rows, cut where accounts end. Raises `InputError` for rows out of order, and for an id twice."""
    held: pa.RecordBatch | None = None
    for batch in batches:
        if not isinstance(batch, pa.RecordBatch):
            raise wrong_type("batches", "Arrow record batches", batch)
        if held is not None and held.num_rows:
            batch = pa.concat_batches([held, batch])  # noqa: PLW2901
        if not batch.num_rows:
            continue
        columns = _there(batch, columns)
        last = _starts(_texts(batch, columns.account))[-1]
        if last:
            yield _rows(batch.slice(0, last), columns, book)
        held = batch.slice(last)
    if held is not None and held.num_rows:
        yield _rows(held, columns, book)


def _there(batch: pa.RecordBatch, columns: Columns) -> Columns:
    """The columns that the batch has. Raises `InputError` for one that is missing."""
    names = batch.schema.names
    for name in (columns.account, columns.id, columns.at, columns.model, *columns.counts[:3]):
        if name not in names:
            raise InputError("columns", f"the rows have no column {name!r}: they have {', '.join(names)}")
    absent = [name for name in _COUNTS[3:] if getattr(columns, name) not in names]
    return columns._replace(**dict.fromkeys(absent, None))


def _rows(batch: pa.RecordBatch, columns: Columns, book: RateBook) -> Rows:
    names = _texts(batch, columns.account)
    starts = _starts(names)
    at = _instants(batch, columns.at)
    _check_order(names, at, _texts(batch, columns.id), columns)
    accounts = [
        (names[first].as_py(), first, end) for first, end in zip(starts, [*starts[1:], len(names)], strict=True)
    ]
    most = most_of(columns, relation_of(book))
    counts = {name: _counts(batch, name) for name in columns.counts}
    plain = pc.less_equal(counts[columns.cached_tokens], counts[columns.input_tokens])
    for name, count in counts.items():
        tokens = name in (columns.input_tokens, columns.cached_tokens, columns.output_tokens)
        plain = pc.and_(plain, pc.less_equal(count, most[name] if tokens else 0))
        plain = pc.and_(plain, pc.greater_equal(count, 0))
    models = pc.if_else(pc.fill_null(plain, False), _texts(batch, columns.model, nulls=True), None)
    tokens = (columns.input_tokens, columns.cached_tokens, columns.output_tokens)
    lists = [pc.fill_null(counts[name], 0).to_numpy(zero_copy_only=False).tolist() for name in tokens]
    return Rows(batch, columns, most, accounts, at.to_numpy(zero_copy_only=False).tolist(), _few(models), lists)


def _few(texts: pa.Array) -> list[str | None]:
    """Texts of which there are few: one object for each, however often it stands."""
    import numpy as np

    known = texts.dictionary_encode()
    names = np.array([*known.dictionary.to_pylist(), None], dtype=object)
    return names[pc.fill_null(known.indices, -1).to_numpy(zero_copy_only=False)].tolist()  # type: ignore[no-any-return]


def _texts(batch: pa.RecordBatch, name: str | None, *, nulls: bool = False) -> pa.Array:
    column = batch.column(name)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if not pa.types.is_string(column.type):
        if not (pa.types.is_large_string(column.type) or pa.types.is_string_view(column.type)):
            raise InputError(str(name), f"needs text, not {column.type}")
        column = column.cast(pa.string())
    if not nulls:
        _check_no_nulls(column, name)
    return column


def _counts(batch: pa.RecordBatch, name: str) -> pa.Array:
    column = batch.column(name)
    if not pa.types.is_integer(column.type):
        raise InputError(name, f"needs whole numbers, not {column.type}")
    return column


def _instants(batch: pa.RecordBatch, name: str) -> pa.Array:
    column = batch.column(name)
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
    if bounds["min"] < 0 or bounds["max"] >= _LAST:
        raise InputError(name, "has instants outside the years 1970 to 8999")
    return instants


def _check_no_nulls(column: pa.Array, name: str | None) -> None:
    if column.null_count:
        raise InputError(str(name), f"is null in {column.null_count:,} row{'s' if column.null_count > 1 else ''}")


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
        raise InputError(str(columns.id), f"stands more than once: {len(twice):,} ids, such as {id!r} of {account!r}")
