"""Files of requests as streams of Arrow batches: Parquet, CSV and JSON Lines, the texts plain or gzip.

Nothing is held but the batch at hand. What rating does not need passes through; in CSV that is text, as it stands.
All files have the same columns, or the first that has others is refused: one that only some have would be lost in
silence, and it may have a price.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from errno import EIO, ENOENT
from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mimo_credits.cli.arguments import UsageError
from mimo_credits.errors import MimoCreditsError, visible
from mimo_credits.frames.columns import Columns

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS = ".parquet, .csv or .jsonl, the last two also with .gz"

_INSTANT = (
    "an instant in ISO 8601 with its offset from UTC, such as 2026-05-27T00:00:00+08:00 or 2026-05-26 16:00:00.123456Z "
    "(at most six digits of a second)"
)

_BATCH = 131_072
_BLOCK = 8 * 1024 * 1024
_KINDS = {".parquet": "parquet", ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}


class UnreadableFile(MimoCreditsError):
    """A file of requests that is not what its name says."""


class Part(NamedTuple):
    """Some rows of a file, the place of the first among the file's rows, and how much of the file has been read."""

    file: Path
    start: int
    rows: pa.Table
    share: float


def found(patterns: list[str]) -> list[Path]:
    """The files that names and globs mean. Raises `UsageError` where a glob means none, or a name's kind is unknown."""
    files: list[Path] = []
    for pattern in patterns:
        matches = sorted(glob(pattern, recursive=True)) if has_magic(pattern) else [pattern]  # noqa: PTH207 - absolute, too
        if not matches:
            raise UsageError(f"{pattern}: no file is named like this")
        files += map(Path, matches)
    for file in files:
        if file.is_dir():
            raise UsageError(f"{file}: is a folder: name its files, such as '{file}/**/*.parquet'")
        kind_of(file)
        if not file.is_file():
            raise FileNotFoundError(ENOENT, "no such file", str(file))
    return files


def kind_of(file: Path) -> str:
    """The kind of a file by its name. Raises `UsageError`."""
    suffix = Path(file.stem).suffix if is_packed(file) else file.suffix
    kind = _KINDS.get(suffix.lower())
    if kind is None or (kind == "parquet" and is_packed(file)):
        raise UsageError(f"{file}: needs a name that ends in {FORMATS}")
    return kind


def is_packed(file: Path) -> bool:
    """Whether a file is gzip, by its name."""
    return file.suffix.lower() == ".gz"


@contextmanager
def naming(file: Path) -> Iterator[None]:
    """An `OSError` names the file, which Arrow's do not."""
    try:
        yield
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error).partition("\n")[0]
        raise OSError(error.errno or EIO, why, str(file)) from None


def read_all(files: Sequence[Path], columns: Columns) -> Iterator[tuple[Part, int, float]]:
    """The rows of all files, each part with how many rows it has and how much of all files has been read.

    Raises what `read` does, and `UnreadableFile` for a file that has other columns than the first.
    """
    numbers = {file: number for number, file in enumerate(files)}
    for part in _alike(part for file in files for part in read(file, columns)):
        yield part, len(part.rows), (numbers[part.file] + part.share) / len(files)


def _alike(parts: Iterable[Part]) -> Iterator[Part]:
    """The parts, all with the columns of the first. Raises `UnreadableFile`, naming the file that has others."""
    schema: pa.Schema | None = None
    for part in parts:
        if schema is None:
            schema, first = part.rows.schema, part.file
        yield part._replace(rows=_with_schema(part, schema, first))


def _with_schema(part: Part, schema: pa.Schema, first: Path) -> pa.Table:
    import pyarrow as pa

    names = part.rows.schema.names
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UnreadableFile(f"{part.file}: has more than one column {twice!r}")
    if set(names) != set(schema.names):
        more = ", ".join(sorted(set(names) ^ set(schema.names)))
        raise UnreadableFile(f"{part.file}: its columns are not those of {first}: only one of the two has {more}")
    try:
        return part.rows.select(schema.names).cast(schema)
    except pa.ArrowException as error:
        raise UnreadableFile(f"{part.file}: its columns are of other kinds than those of {first}: {error}") from None


def read(file: Path, columns: Columns) -> Iterator[Part]:
    """The rows of a file, part by part. Raises `UnreadableFile`, and `OSError`, naming the file."""
    import pyarrow as pa

    start = 0
    try:
        with naming(file):
            for rows, share in _READERS[kind_of(file)](file, columns):
                if len(rows):
                    yield Part(file, start, rows, share)
                start += len(rows)
    except pa.ArrowInvalid as error:
        raise UnreadableFile(f"{file}: {str(error).partition(chr(10))[0]}") from None


def _parquet(file: Path, _columns: Columns) -> Iterator[tuple[pa.Table, float]]:
    import pyarrow as pa
    from pyarrow import parquet

    done = 0
    with parquet.ParquetFile(file, pre_buffer=False) as opened:
        for batch in opened.iter_batches(_BATCH):
            done += len(batch)
            yield pa.Table.from_batches([batch]), done / opened.metadata.num_rows


def _csv(file: Path, columns: Columns) -> Iterator[tuple[pa.Table, float]]:
    import pyarrow as pa
    from pyarrow import csv

    with _stream(file) as (_, text):
        header = csv.open_csv(text, csv.ReadOptions(block_size=_BLOCK)).schema.names
    convert = csv.ConvertOptions(column_types=dict.fromkeys(header, pa.string()) | _types(columns))

    def opened(text: Any, *, use_threads: bool) -> Any:
        options = csv.ReadOptions(use_threads=use_threads, block_size=_BLOCK)
        return csv.open_csv(text, options, convert_options=convert)

    try:
        with _stream(file) as (raw, text):
            for batch in opened(text, use_threads=True):
                yield pa.Table.from_batches([batch]), raw.tell() / max(1, file.stat().st_size)
    except pa.ArrowInvalid as error:
        raise UnreadableFile(f"{file}: {_in_words(_with_row(error, file, opened), header)}") from None


def _with_row(error: Exception, file: Path, opened: Callable[..., Any]) -> str:
    """What is wrong with a CSV. Only a reader without threads knows in which row: it reads the file once more."""
    import pyarrow as pa

    try:
        with _stream(file) as (_, text):
            for _ in opened(text, use_threads=False):
                pass
    except pa.ArrowInvalid as found:
        return str(found)
    return str(error)


_CSV_ERROR = re.compile(r"In CSV column #(\d+): (?:Row #(\d+): )?CSV conversion error to (\w+).*?('.*')", re.DOTALL)


def _in_words(error: str, header: Sequence[str]) -> str:
    """Arrow's error about a value of a CSV with the column's name, and what would be right; others as they stand."""
    found = _CSV_ERROR.match(error)
    if found is None:
        return error.partition("\n")[0]
    column, row, kind, value = found.groups()
    place = f"row {int(row) - 2:,}: " if row else ""  # Arrow counts from 1, the heading too
    needed = _INSTANT if kind == "timestamp" else "a whole number"
    return f"{place}column {header[int(column)]!r}: needs {needed}, not {visible(value)}"


def _jsonl(file: Path, columns: Columns) -> Iterator[tuple[pa.Table, float]]:
    import pyarrow as pa
    from pyarrow import json as arrow_json

    with _stream(file) as (_, text):
        names = arrow_json.open_json(text, arrow_json.ReadOptions(block_size=_BLOCK)).schema.names
    # Instants are read as texts first: the reader of JSON takes one without an offset to be in UTC.
    types = _types(columns) | {columns.at: pa.string()}
    schema = pa.schema([(name, kind) for name, kind in types.items() if name in names])
    parse, start = arrow_json.ParseOptions(explicit_schema=schema), 0
    with _stream(file) as (raw, text):
        for batch in arrow_json.open_json(text, arrow_json.ReadOptions(block_size=_BLOCK), parse):
            rows = pa.Table.from_batches([batch])
            if columns.at in names:
                rows = _with_instants(rows, columns.at, file, start)
            start += len(rows)
            yield rows, raw.tell() / max(1, file.stat().st_size)


def _with_instants(rows: pa.Table, name: str, file: Path, start: int) -> pa.Table:
    """The rows with the texts of a column as instants. Raises `UnreadableFile` for one that is none."""
    import pyarrow as pa

    column = rows.column(name)
    try:
        return rows.set_column(rows.schema.names.index(name), name, column.cast(_instants()))
    except pa.ArrowInvalid:
        row = next(row for row, text in enumerate(column) if not _is_instant(text))
    value = visible(repr(column[row].as_py()))
    raise UnreadableFile(f"{file}: row {start + row:,}: column {name!r}: needs {_INSTANT}, not {value}")


def _is_instant(text: pa.Scalar) -> bool:
    import pyarrow as pa

    try:
        text.cast(_instants())
    except pa.ArrowInvalid:
        return False
    return True


_READERS = {"parquet": _parquet, "csv": _csv, "jsonl": _jsonl}


def _types(columns: Columns) -> dict[str, pa.DataType]:
    """What the columns of a text must hold: an instant without its offset from UTC is an error there."""
    import pyarrow as pa

    counts = dict.fromkeys(columns.counts, pa.int64())
    return {columns.at: _instants(), columns.model: pa.string(), **counts}


def _instants() -> pa.DataType:
    import pyarrow as pa

    return pa.timestamp("us", "UTC")


@contextmanager
def _stream(file: Path) -> Iterator[tuple[Any, Any]]:
    """The file's bytes, of which `tell` says how many were read, and its text."""
    import pyarrow as pa

    with pa.OSFile(str(file)) as raw:
        if is_packed(file):
            with pa.CompressedInputStream(raw, "gzip") as text:
                yield raw, text
        else:
            yield raw, raw
