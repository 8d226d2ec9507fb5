"""Rows of usage out of Arrow record batches: whole accounts at a time, rated as columns, and their results as columns.

One rule: what orders the rows (account, instant, id) is right here or an `InputError`. What only prices a row is the
row's own matter: one that has no price, is no usage or owes money is not `plain`, and is decided by itself.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import accumulate, chain
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mimo_credits.book import RateBook
from mimo_credits.errors import FaultyRows, InputError, RowsRefused, wrong_type
from mimo_credits.frames.checks import Fault, examples
from mimo_credits.frames.clocks import moment
from mimo_credits.frames.columns import OWN, PAID, REASON, Columns, check_free, missing, present
from mimo_credits.frames.engines import opened
from mimo_credits.frames.rating import rate
from mimo_credits.frames.routing import INPUT_FAULTS
from mimo_credits.ledger import Advance, Record
from mimo_credits.ledger.commands import MAX_ID, check_id
from mimo_credits.usage import Usage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mimo_credits.frames.arrow_stream import Results
    from mimo_credits.frames.lifecycle import Lifecycles

_UTC = pa.timestamp("us", "UTC")
_RATED = ("millicredits", "card", "band", "off_peak")
_COUNTS = ("input_tokens", "cached_tokens", "output_tokens", "audio_seconds", "web_searches", "images")


class Rated(NamedTuple):
    """All rows by one book: what `rate` adds, the costs, the sum of those before each row, and the rows not plain."""

    columns: pa.Table
    costs: NDArray[np.int64]
    before: list[int]
    odd: list[int]

    def plain_until(self, first: int, end: int) -> int:
        """The first row in `[first, end)` that is not plain; `end` where all are."""
        place = bisect_left(self.odd, first)
        return min(end, self.odd[place]) if place < len(self.odd) else end


class Rows:
    """Rows of whole accounts: `accounts` has each with its first row and the row after its last.

    `at` is in microseconds since 1970.
    """

    def __init__(self, batch: pa.RecordBatch, columns: Columns, book: RateBook) -> None:
        self._batch = batch
        self._table = pa.Table.from_batches([batch])
        self._columns = columns
        self._book = book
        names, ids, instants = _texts(batch, columns.account), _texts(batch, columns.id), _instants(batch, columns.at)
        _check_order(names, instants, ids, columns)
        starts = _starts(names)
        self.accounts = [
            (str(names[first].as_py()), first, end)
            for first, end in zip(starts, [*starts[1:], len(names)], strict=True)
        ]
        self._ids = ids
        self.at: list[int] = instants.to_numpy(zero_copy_only=False).tolist()
        self._rated: dict[str | None, Rated] = {}

    def __len__(self) -> int:
        return len(self.at)

    def check_taken(self, known: Lifecycles) -> None:
        """Raises `InputError` where usage has the id of a command of its own account, as `timeline` would refuse it."""
        said = ((name, command) for name, _, _ in self.accounts for command in known.commands(name))
        taken = {(name, command.id) for name, command in said if not isinstance(command, Advance)}
        alike = pc.is_in(self._ids, pa.array([own for _, own in taken], pa.large_string()))
        for row in pc.indices_nonzero(alike).to_pylist():
            name, own = self._cell(self._columns.account, row), self.id(row)
            if (name, own) in taken:
                why = f"is the id of a command of the same account, such as {own!r} of {name!r}"
                raise InputError(str(self._columns.id), why)

    def rated(self, own_card: str | None) -> Rated:
        """The rows by the book's cards, or by the one card that an account stays on."""
        known = self._rated.get(own_card)
        if known is None:
            book = self._book if own_card is None else RateBook.fixed(self._book.card(own_card))
            known = self._rated[own_card] = self._rate(book)
        return known

    def _rate(self, book: RateBook) -> Rated:
        rated = rate(self._table, book, columns=self._columns, errors="column").combine_chunks()
        plain = rated["rated"]
        if self._columns.web_searches:
            plain = pc.and_(plain, pc.equal(rated[self._columns.web_searches], 0))
        odd = pc.indices_nonzero(pc.invert(pc.fill_null(plain, False))).to_pylist()
        costs = rated["millicredits"].to_numpy()
        return Rated(rated.select([*_RATED, REASON]), costs, list(accumulate(costs.tolist(), initial=0)), odd)

    def id(self, row: int) -> str:
        """The row's id."""
        return str(self._cell(self._columns.id, row))

    def fault(self, row: int) -> Fault | None:
        """Why a row is no usage at all; None where it is."""
        reason = self.rated(None).columns[REASON][row].as_py()
        return Fault(reason) if reason in INPUT_FAULTS else None

    def refusal(self, row: int, fault: Fault) -> RowsRefused:
        """The error for a row that is no usage."""
        found = opened(pa.Table.from_batches([self._batch.slice(row, 1)]))
        return RowsRefused([FaultyRows(fault.value, 1, examples(found, self._columns))])

    def record(self, row: int) -> Record:
        """The row as a command."""
        named = {name: getattr(self._columns, name) for name in _COUNTS}
        counts = {name: self._cell(column, row) for name, column in named.items() if column}
        return Record(self.id(row), moment(self.at[row]), Usage(self._cell(self._columns.model, row), **counts))

    def _cell(self, column: str | None, row: int) -> Any:
        return self._batch.column(column)[row].as_py()

    def with_results(self, made: Results) -> pa.RecordBatch:
        """The rows with what the fold made of them."""
        added = dict(zip(_RATED, self.rated(None).columns.select(_RATED).columns, strict=True))
        added["card"] = added["card"].cast(pa.string())
        for card in dict.fromkeys(card for card, _, _ in made.own_cards):
            rows = list(chain.from_iterable(range(*span) for name, *span in made.own_cards if name == card))
            theirs = self.rated(card).columns
            added = {name: _with(column, rows, theirs[name].take(pa.array(rows))) for name, column in added.items()}
        decided = made.decided
        rows = [each.row for each in decided]
        added = {name: _with(column, rows, [getattr(each, name) for each in decided]) for name, column in added.items()}
        nothing = pa.chunked_array([pa.nulls(len(self), pa.string())])
        reasons = _with(nothing, rows, [each.reason for each in decided])
        over = pa.chunked_array([pa.array(made.overage)])
        added |= {
            "rated": reasons.is_null(),
            "drawn": pc.subtract_checked(added["millicredits"], over),
            "overage": over,
            "segment_start": _spread(made.segments),
            REASON: reasons,
        }
        table = self._table
        for name, column in added.items():
            table = table.append_column(name, column)
        (batch,) = table.combine_chunks().to_batches()
        return batch


def _with(column: pa.ChunkedArray, rows: Sequence[int], values: Any) -> pa.ChunkedArray:
    """The column with other values in some rows, which are in order."""
    if not rows:
        return column
    mask = np.zeros(len(column), np.bool_)
    mask[rows] = True
    others = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else pa.array(values, column.type)
    return pa.chunked_array(
        [pc.replace_with_mask(column.combine_chunks(), pa.array(mask), others.cast(column.type))], column.type
    )


def _spread(spans: Sequence[tuple[int, datetime | None]]) -> pa.Array:
    """Each instant as often as its count says."""
    places = np.repeat(np.arange(len(spans)), [count for count, _ in spans])
    return pa.array([start for _, start in spans], _UTC).take(pa.array(places))


def whole_accounts(batches: Iterable[pa.RecordBatch], columns: Columns, book: RateBook) -> Iterator[Rows]:
    """The stream's rows, cut where accounts end. Raises `InputError` for rows out of order, and for an id twice."""
    held: pa.RecordBatch | None = None
    there: Columns | None = None
    for batch in batches:
        if not isinstance(batch, pa.RecordBatch):
            raise wrong_type("batches", "Arrow record batches", batch)
        there = there or _there(batch, columns)
        joined = pa.concat_batches([held, batch]) if held is not None else batch
        if not joined.num_rows:
            continue
        last = _starts(_texts(joined, there.account))[-1]
        if last:
            yield Rows(joined.slice(0, last), there, book)
        held = joined.slice(last)
    if held is not None and there is not None:
        yield Rows(held, there, book)


def _there(batch: pa.RecordBatch, columns: Columns) -> Columns:
    """The columns that the batches have. Raises `InputError` for one that is missing or of a wrong type."""
    there = present(columns, opened(pa.Table.from_batches([batch])).collect_schema())
    for field in ("account", "id"):
        name = getattr(columns, field)
        if name not in batch.schema.names:
            raise missing(field, name, batch.schema.names)
    check_free(batch.schema.names, PAID, OWN, "settling")
    return there._replace(id=columns.id)


def _texts(batch: pa.RecordBatch, name: str | None) -> pa.Array:
    column = batch.column(name)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)):
        raise InputError(str(name), f"needs text, not {kind}")
    _check_no_nulls(column, name)
    texts = column.cast(pa.large_string())
    odd = pc.indices_nonzero(pc.invert(_are_ids(texts)))
    if len(odd):
        check_id(texts[odd[0].as_py()].as_py(), str(name))
    return texts


def _are_ids(texts: pa.Array) -> pa.Array:
    lengths = pc.utf8_length(texts)
    return pc.and_(pc.greater(lengths, 0), pc.less_equal(lengths, MAX_ID))


def _instants(batch: pa.RecordBatch, name: str) -> pa.Array:
    column = batch.column(name)
    _check_no_nulls(column, name)
    return column.cast(_UTC, safe=False).cast(pa.int64())


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
        name, such = twice["account"][0].as_py(), twice["id"][0].as_py()
        raise InputError(str(columns.id), f"stands more than once, such as {such!r} of {name!r}")
