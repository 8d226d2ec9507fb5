"""CSV of requests as Arrow tables. What rating does not need is text, as it stands, with line breaks in quotes, too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import csv

from mimo_credits.cli.file_kinds import BLOCK, INSTANT, UnreadableFile, bytes_and_text, types_in_texts
from mimo_credits.errors import visible
from mimo_credits.frames.columns import Columns

_PARSE = csv.ParseOptions(newlines_in_values=True)


def schema_of(file: Path, columns: Columns) -> pa.Schema:
    """The columns of the heading: all text, but those that rating needs."""
    with bytes_and_text(file) as (_, text):
        header = csv.open_csv(text, csv.ReadOptions(block_size=BLOCK), _PARSE).schema.names
    known = types_in_texts(columns)
    return pa.schema([(name, known.get(name, pa.string())) for name in header])


def read(file: Path, columns: Columns, _schema: pa.Schema) -> Iterator[tuple[pa.Table, float]]:
    """The rows, with how much of the file has been read. Raises `UnreadableFile`."""
    own = schema_of(file, columns)
    size = max(1, file.stat().st_size)
    try:
        with bytes_and_text(file) as (raw, text):
            for batch in _opened(text, own, use_threads=True):
                yield pa.Table.from_batches([batch]), raw.tell() / size
    except pa.ArrowInvalid as error:
        raise UnreadableFile(f"{file}: {_in_words(_with_row(error, file, own), own.names)}") from None


def _opened(text: Any, schema: pa.Schema, *, use_threads: bool) -> csv.CSVStreamingReader:
    options = csv.ReadOptions(use_threads=use_threads, block_size=BLOCK)
    return csv.open_csv(text, options, _PARSE, csv.ConvertOptions(column_types=schema))


def _with_row(error: Exception, file: Path, schema: pa.Schema) -> str:
    """What is wrong with a CSV. Only a reader without threads knows in which row: it reads the file once more."""
    try:
        with bytes_and_text(file) as (_, text):
            for _ in _opened(text, schema, use_threads=False):
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
    needed = INSTANT if kind == "timestamp" else "a whole number"
    return f"{place}column {header[int(column)]!r}: needs {needed}, not {visible(value)}"
