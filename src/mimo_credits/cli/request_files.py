"""Files of requests as streams of Arrow batches: Parquet, CSV and JSON Lines, the texts plain or gzip.

Nothing is held but the batch at hand. What rating does not need passes through; in CSV that is text, as it stands.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, time
from errno import ENOENT
from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mimo_credits.cli.arguments import UsageError
from mimo_credits.errors import MimoCreditsError
from mimo_credits.frames.columns import Columns

if TYPE_CHECKING:
    import pyarrow as pa

FORMATS = ".parquet, .csv or .jsonl, the last two also with .gz"

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
        kind_of(file)
        if not file.is_file():
            raise FileNotFoundError(ENOENT, "no such file", str(file))
    return files


def kind_of(file: Path) -> str:
    """The kind of a file by its name. Raises `UsageError`."""
    suffix = Path(file.stem).suffix if file.suffix == ".gz" else file.suffix
    kind = _KINDS.get(suffix)
    if kind is None or (kind == "parquet" and file.suffix == ".gz"):
        raise UsageError(f"{file}: needs a name that ends in {FORMATS}")
    return kind


def read(file: Path, columns: Columns) -> Iterator[Part]:
    """The rows of a file, part by part. Raises `UnreadableFile`, and `OSError`."""
    import pyarrow as pa

    start = 0
    try:
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
    types = dict.fromkeys(header, pa.string()) | _types(columns)
    convert = csv.ConvertOptions(column_types=types)
    with _stream(file) as (raw, text):
        for batch in csv.open_csv(text, csv.ReadOptions(block_size=_BLOCK), convert_options=convert):
            yield pa.Table.from_batches([batch]), raw.tell() / max(1, file.stat().st_size)


def _jsonl(file: Path, columns: Columns) -> Iterator[tuple[pa.Table, float]]:
    import pyarrow as pa
    from pyarrow import json as arrow_json

    with _stream(file) as (_, text):
        names = arrow_json.open_json(text, arrow_json.ReadOptions(block_size=_BLOCK)).schema.names
    schema = pa.schema([(name, kind) for name, kind in _types(columns).items() if name in names])
    parse = arrow_json.ParseOptions(explicit_schema=schema)
    with _stream(file) as (raw, text):
        for batch in arrow_json.open_json(text, arrow_json.ReadOptions(block_size=_BLOCK), parse):
            yield pa.Table.from_batches([batch]), raw.tell() / max(1, file.stat().st_size)


_READERS = {"parquet": _parquet, "csv": _csv, "jsonl": _jsonl}


def _types(columns: Columns) -> dict[str, pa.DataType]:
    """What the columns of a text must hold: an instant without its offset from UTC is an error there."""
    import pyarrow as pa

    counts = dict.fromkeys(columns.counts, pa.int64())
    return {columns.at: pa.timestamp("us", "UTC"), columns.model: pa.string(), **counts}


@contextmanager
def _stream(file: Path) -> Iterator[tuple[Any, Any]]:
    """The file's bytes, of which `tell` says how many were read, and its text."""
    import pyarrow as pa

    with pa.OSFile(str(file)) as raw:
        if file.suffix == ".gz":
            with pa.CompressedInputStream(raw, "gzip") as text:
                yield raw, text
        else:
            yield raw, raw


class Sink:
    """A file that is written under another name, and gets its own only when it is whole."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.unfinished = file.with_name(f".{file.name}.unfinished")
        self._kind = kind_of(file)
        self._schema: pa.Schema | None = None
        self._writer: Any = None
        self._out: Any = None

    def __enter__(self) -> Sink:
        return self

    def write(self, rows: pa.Table) -> None:
        """Appends rows. Raises `UnreadableFile` where their columns are not those of the rows before."""
        if self._schema is None:
            self._schema = rows.schema
            self._open(rows.schema)
        rows = self._alike(rows, self._schema)
        if self._kind == "jsonl":
            lines = (json.dumps(row, default=_written, ensure_ascii=False) for row in _plain(rows).to_pylist())
            self._out.write("".join(f"{line}\n" for line in lines).encode())
        else:
            self._writer.write_table(rows if self._kind == "parquet" else _plain(rows))

    def _alike(self, rows: pa.Table, schema: pa.Schema) -> pa.Table:
        import pyarrow as pa

        if sorted(rows.schema.names) != sorted(schema.names):
            other = ", ".join(sorted(set(rows.schema.names) ^ set(schema.names)))
            raise UnreadableFile(f"{self.file}: not all files have the same columns: only some have {other}")
        try:
            return rows.select(schema.names).cast(schema)
        except pa.ArrowInvalid as error:
            raise UnreadableFile(f"{self.file}: the files' columns are of different kinds: {error}") from None

    def _open(self, schema: pa.Schema) -> None:
        import pyarrow as pa
        from pyarrow import csv, parquet

        compression = "gzip" if self.file.suffix == ".gz" else None
        self._out = pa.output_stream(str(self.unfinished), compression=compression)
        if self._kind == "parquet":
            # Text repeats itself; numbers hardly do, and to look for repetitions among them takes half of the time.
            texts = [field.name for field in schema if not pa.types.is_primitive(field.type)]
            self._writer = parquet.ParquetWriter(self._out, schema, use_dictionary=texts)
        elif self._kind == "csv":
            self._writer = csv.CSVWriter(self._out, _plain(schema.empty_table()).schema)
        else:
            self._writer = self._out

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()
            self._out.close()
        if kind is None and self._writer is not None:
            self.unfinished.replace(self.file)
        else:
            self.unfinished.unlink(missing_ok=True)


def _written(value: object) -> str:
    """What JSON has no word for: instants in ISO 8601, other things as they say themselves."""
    return value.isoformat() if isinstance(value, (date, time)) else str(value)


def _plain(rows: pa.Table) -> pa.Table:
    """The same with texts spelled out that Arrow keeps as numbers."""
    import pyarrow as pa

    for place, field in enumerate(rows.schema):
        if pa.types.is_dictionary(field.type):
            rows = rows.set_column(place, field.name, rows.column(place).cast(field.type.value_type))
    return rows
