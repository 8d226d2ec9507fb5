"""Files of rows: read with DuckDB, sorted on disk where they must be, and written batch by batch.

Parquet, CSV and JSON Lines, told by the suffix; CSV and JSON Lines also gzipped when read. Nothing is held in memory as a
whole. In text an instant must say its offset: a naive one would be read in some time zone or other, so it is refused. A
file is written under another name and gets its own only when it is complete.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from glob import glob
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import TYPE_CHECKING, Protocol

from mimo_credits.cli.arguments import UsageError
from mimo_credits.cli.output import Meter

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

KINDS = {".parquet": "parquet", ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
BATCH = 65_536
"""Rows at a time."""


def kind_of(path: str) -> str:
    """`parquet`, `csv` or `jsonl`. Raises `UsageError` for a file of another suffix."""
    name = path.removesuffix(".gz")
    kind = KINDS.get(Path(name).suffix.lower())
    if kind is None or (kind == "parquet" and name != path):
        raise UsageError(f"{path}: is neither .parquet, .csv nor .jsonl")
    return kind


def files_of(patterns: Sequence[str]) -> list[str]:
    """The files that paths and globs name, each once. Raises `UsageError` where there is none."""
    found: list[str] = []
    for pattern in patterns:
        files = [pattern] if Path(pattern).is_file() else sorted(glob(pattern, recursive=True))
        if not files:
            raise UsageError(f"{pattern}: there is no such file")
        found += files
    return list(dict.fromkeys(found))


@contextmanager
def opened_rows(patterns: Sequence[str], columns: Mapping[str, str]) -> Iterator[duckdb.DuckDBPyRelation]:
    """The rows of all files as one relation, whose connection spills to a folder that is gone afterwards.

    `columns` says which SQL type each column has that text files may hold. Raises `UsageError`.
    """
    try:
        import duckdb
        import pyarrow  # noqa: F401 - what the relation is streamed as
    except ModuleNotFoundError as error:
        raise UsageError(f"needs {error.name}: pip install 'mimo_credits[frames,duckdb]' pyarrow") from None
    files = files_of(patterns)
    kinds = {kind_of(file) for file in files}
    if len(kinds) > 1:
        raise UsageError(f"the files are of several kinds ({', '.join(sorted(kinds))}): give those of one at a time")
    with TemporaryDirectory(prefix="mimo-credits-") as folder, duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET preserve_insertion_order = false")
        connection.execute(f"SET temp_directory = '{folder}'")
        try:
            yield _relation(connection, kinds.pop(), files, columns)
        except duckdb.Error as error:
            raise UsageError(str(error).splitlines()[0]) from None


def _relation(
    connection: duckdb.DuckDBPyConnection, kind: str, files: list[str], columns: Mapping[str, str]
) -> duckdb.DuckDBPyRelation:
    names = ", ".join(_quoted(file) for file in files)
    if kind == "parquet":
        return connection.sql(f"SELECT * FROM read_parquet([{names}])")
    if kind == "csv":
        read = connection.sql(f"SELECT * FROM read_csv([{names}], all_varchar = true, header = true)")
    else:
        there = ", ".join(f"'{name}': 'VARCHAR'" for name in columns)
        read = connection.sql(f"SELECT * FROM read_json([{names}], format = 'newline_delimited', columns = {{{there}}})")
    typed = [_typed(name, columns.get(name, "VARCHAR")) for name in read.columns]
    return read.project(", ".join(typed))


def _typed(name: str, kind: str) -> str:
    if kind != "TIMESTAMPTZ":
        return f'CAST("{name}" AS {kind}) AS "{name}"'
    says_zone = f"regexp_matches(\"{name}\", '(Z|[+-][0-9]{{2}}(:?[0-9]{{2}})?)$')"
    naive = f"error('{name} ' || \"{name}\" || ' is naive: say its time zone')"
    return f'CASE WHEN {says_zone} THEN CAST("{name}" AS TIMESTAMPTZ) WHEN "{name}" IS NOT NULL THEN {naive} END AS "{name}"'


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


class Sink(Protocol):
    """What rows are written to."""

    def write(self, rows: pa.RecordBatch | pa.Table) -> None: ...
    def close(self) -> None: ...


@contextmanager
def written(path: str | None) -> Iterator[RowFile | None]:
    """A file to write rows to, which has its name only once it is complete; None for no path. Raises `UsageError`."""
    if path is None:
        yield None
        return
    made = RowFile(path)
    try:
        yield made
    except BaseException:
        made.drop()
        raise
    made.finish()


class RowFile:
    """A file of rows in the making; its kind is told by its suffix. Its columns are those of the first rows."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._kind = kind_of(path)
        self._unfinished = self._path.with_name(f".{self._path.name}.unfinished")
        self._sink: Sink | None = None

    def write(self, rows: pa.RecordBatch | pa.Table) -> None:
        """Adds rows."""
        if self._sink is None:
            self._sink = _sink(self._kind, self._unfinished, rows.schema)
        self._sink.write(rows)

    def finish(self) -> None:
        """Gives the file its name."""
        if self._sink is None:
            self._unfinished.touch()
        else:
            self._sink.close()
        self._unfinished.replace(self._path)

    def drop(self) -> None:
        """Leaves nothing behind."""
        if self._sink is not None:
            self._sink.close()
        self._unfinished.unlink(missing_ok=True)


def _sink(kind: str, path: Path, schema: pa.Schema) -> Sink:
    import pyarrow.csv
    import pyarrow.parquet

    if kind == "parquet":
        return pyarrow.parquet.ParquetWriter(path, schema)  # type: ignore[no-any-return]
    if kind == "csv":
        return pyarrow.csv.CSVWriter(str(path), schema)  # type: ignore[no-any-return]
    return _JsonLines(path)


class _JsonLines:
    """One JSON object a row; instants in ISO 8601, decimals as strings, so that no reader loses a digit."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8")

    def write(self, rows: pa.RecordBatch | pa.Table) -> None:
        for row in rows.to_pylist():
            self._file.write(json.dumps(row, default=_plain) + "\n")

    def close(self) -> None:
        self._file.close()


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def metered(batches: Iterable[pa.RecordBatch], total: int, what: str) -> Iterator[pa.RecordBatch]:
    """The same batches; a terminal meanwhile shows how many rows there were, how fast they come and what is left."""
    meter = Meter(total, what, monotonic())
    for batch in batches:
        yield batch
        meter.add(batch.num_rows, monotonic())
    meter.end()

