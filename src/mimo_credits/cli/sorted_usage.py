"""Usage from files in the order in which the ledger takes it: by account, instant and id, sorted by DuckDB on disk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from mimo_credits.cli.arguments import UsageError
from mimo_credits.cli.file_kinds import UnreadableFile
from mimo_credits.cli.output import with_time_left
from mimo_credits.cli.request_files import Part, read_all, schema_of
from mimo_credits.errors import MimoCreditsError, nearest
from mimo_credits.frames import Columns
from mimo_credits.frames.settling import RESULTS

_BATCH = 65_536
"""Rows that are settled at a time."""


class Place(NamedTuple):
    """Where a row stands: its file, and its place counted from 0."""

    file: Path
    row: int


@contextmanager
def in_order(usage: Sequence[Path], columns: Columns) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
    """The columns, and all rows by account, instant and id.

    What memory does not hold is sorted in a folder that is gone afterwards.
    Raises `UsageError` for a column that is missing or in the way, and what `read_all` does; also for a row without
    account, instant or id.
    """
    reading = _Reading(usage, columns)
    by = ", ".join('"{}"'.format(name.replace('"', '""')) for name in reading.keys)
    with TemporaryDirectory(prefix="mimo-credits-") as folder, duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET preserve_insertion_order = false")
        connection.execute("SET temp_directory = '{}'".format(folder.replace("'", "''")))
        rows = pa.RecordBatchReader.from_batches(reading.schema, reading.batches())
        try:
            ordered = connection.from_arrow(rows).order(by).to_arrow_reader(_BATCH)
            yield ordered.schema, with_time_left(_shares(ordered, reading), "rows settled")
        except (duckdb.Error, RuntimeError) as error:
            if "Query interrupted" in str(error):  # DuckDB has its own words for Ctrl-C
                raise KeyboardInterrupt from None
            raise reading.failure or UsageError(str(error).splitlines()[0]) from None


class _Reading:
    """Files while they are read: how many rows there were, and why it stopped, which DuckDB tells in other words."""

    def __init__(self, usage: Sequence[Path], columns: Columns) -> None:
        self._usage, self._columns = usage, columns
        self.keys = (columns.account, columns.at, str(columns.id))
        self.schema = _schema(usage, columns)
        self._check_names()
        self.rows = 0
        self.failure: MimoCreditsError | OSError | KeyboardInterrupt | None = None

    def _check_names(self) -> None:
        """Raises `UsageError` for a column that is missing or in the way."""
        names, first = self.schema.names, self._usage[0]
        for key in self.keys:
            if key not in names:
                alike = nearest(key, names)
                hint = f", nearest: {', '.join(alike)}" if alike else ""
                raise UsageError(f"{first}: has no column {key!r}{hint}; --column says how a column is called")
        for name in RESULTS:
            if name in names:
                raise UsageError(f"{first}: has a column {name!r} already, which settling would add: rename it")

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All rows."""
        try:
            for part in with_time_left(read_all(self._usage, self._columns, self.schema), "rows read"):
                self._check_keys(part)
                self.rows += len(part.rows)
                yield from part.rows.to_batches()
        except (MimoCreditsError, OSError, KeyboardInterrupt) as error:
            self.failure = error
            raise

    def _check_keys(self, part: Part) -> None:
        """Raises `UnreadableFile` for a row without account, instant or id."""
        for key in self.keys:
            column = part.rows.column(key)
            empty = column.is_null()
            if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
                empty = pc.or_(empty, pc.fill_null(pc.equal(column, ""), True))
            place = pc.index(empty, True).as_py()
            if place >= 0:
                raise UnreadableFile(f"{part.file}: row {part.start + place:,}: the column {key!r} is empty")


def _schema(usage: Sequence[Path], columns: Columns) -> pa.Schema:
    """What `schema_of` gives, with accounts and ids as plain texts, where they come from a dictionary."""
    schema = schema_of(usage, columns)
    for place, field in enumerate(schema):
        if field.name in (columns.account, columns.id) and pa.types.is_dictionary(field.type):
            schema = schema.set(place, field.with_type(field.type.value_type))
    return schema


def _shares(batches: Iterator[pa.RecordBatch], reading: _Reading) -> Iterator[tuple[pa.RecordBatch, int, float]]:
    """The batches with how many rows each has and how much of all there is up to it."""
    done = 0
    for batch in batches:
        done += batch.num_rows
        yield batch, batch.num_rows, done / max(1, reading.rows)


def places_of(
    wanted: Iterable[tuple[str, str]], usage: Sequence[Path], columns: Columns
) -> dict[tuple[str, str], Place]:
    """Where rows stand, by account and id. Sorting has lost it: the files are read once more, until all are found."""
    left, places = set(wanted), dict[tuple[str, str], Place]()
    for part, _, _ in read_all(usage, columns, _schema(usage, columns)):
        if not left:
            break
        ids = part.rows.column(columns.id)
        among = pc.is_in(ids, pa.array([name for _, name in left], ids.type))
        for row in pc.indices_nonzero(among).to_pylist():
            key = (part.rows.column(columns.account)[row].as_py(), ids[row].as_py())
            if key in left:
                left.remove(key)
                places[key] = Place(part.file, part.start + row)
    return places
