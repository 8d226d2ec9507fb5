"""JSON Lines of requests as Arrow tables, a block of lines at a time.

A file is read twice, first for what its lines hold, since a field may be null or missing until late. What rating does
not need is kept: text stays text, though it looks like an instant. The limits are Arrow's: a number has 64 bits, a
missing field is null, and text in one line and a number in another is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
from pyarrow import json as arrow_json

from mimo_credits.cli.file_kinds import BLOCK, INSTANT, UnreadableFile, bytes_and_text, instants, types_in_texts
from mimo_credits.errors import visible
from mimo_credits.frames.columns import Columns


def schema_of(file: Path, columns: Columns) -> pa.Schema | None:
    """What the lines hold; None where there are none. Raises `UnreadableFile`."""
    schema, start = pa.schema([]), 0
    for block, _ in _blocks(file):
        rows = _read(block, None, file, start)
        found = pa.schema([(field.name, _as_text(field.type)) for field in rows.schema])
        try:
            schema = pa.unify_schemas([schema, found], promote_options="permissive")
        except pa.ArrowException as error:
            why = str(error).removeprefix("Unable to merge: ")
            raise UnreadableFile(f"{file}: from row {start:,} on: {why}") from None
        start += len(rows)
    if not start:
        return None
    known = types_in_texts(columns)
    return pa.schema([(field.name, known.get(field.name, field.type)) for field in schema])


def read(file: Path, columns: Columns, schema: pa.Schema) -> Iterator[tuple[pa.Table, float]]:
    """The rows, with how much of the file has been read. Raises `UnreadableFile`."""
    # Instants are read as texts first: the reader of JSON takes one without an offset to be in UTC.
    texts = schema.set(schema.get_field_index(columns.at), pa.field(columns.at, pa.string()))
    start = 0
    for block, share in _blocks(file):
        rows = _read(block, texts, file, start)
        yield _with_instants(rows, columns.at, file, start), share
        start += len(rows)


def _blocks(file: Path) -> Iterator[tuple[bytes, float]]:
    """Whole lines, and how much of the file has been read."""
    size = max(1, file.stat().st_size)
    with bytes_and_text(file) as (raw, text):
        rest = b""
        while block := text.read(BLOCK):
            lines, end, begun = block.rpartition(b"\n")
            if end:
                yield rest + lines + end, raw.tell() / size
                rest = begun
            else:
                rest += block
        if rest:
            yield rest, 1.0


def _read(block: bytes, schema: pa.Schema | None, file: Path, start: int) -> pa.Table:
    options = arrow_json.ReadOptions(use_threads=False, block_size=len(block))
    try:
        rows = arrow_json.read_json(pa.BufferReader(block), options, arrow_json.ParseOptions(explicit_schema=schema))
        rows.validate(full=True)
    except pa.ArrowInvalid as error:
        raise UnreadableFile(f"{file}: {_in_words(str(error), start)}") from None
    return rows


def _in_words(error: str, start: int) -> str:
    """Arrow's error, with the row counted from the file's beginning."""
    what, _, row = error.partition("\n")[0].rpartition(" in row ")
    return f"row {start + int(row):,}: {what}" if re.fullmatch(r"\d+", row) and what else error.partition("\n")[0]


def _as_text(kind: pa.DataType) -> pa.DataType:
    """A kind that Arrow found, with text where it took text for instants."""
    if pa.types.is_timestamp(kind):
        return pa.string()
    if pa.types.is_list(kind):
        return pa.list_(_as_text(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([(field.name, _as_text(field.type)) for field in kind.fields])
    return kind


def _with_instants(rows: pa.Table, name: str, file: Path, start: int) -> pa.Table:
    """The rows with the texts of a column as instants. Raises `UnreadableFile` for one that is none."""
    column = rows.column(name)
    try:
        return rows.set_column(rows.schema.names.index(name), name, column.cast(instants()))
    except pa.ArrowInvalid:
        row = next(row for row, text in enumerate(column) if not _is_instant(text))
    value = visible(repr(column[row].as_py()))
    raise UnreadableFile(f"{file}: row {start + row:,}: column {name!r}: needs {INSTANT}, not {value}")


def _is_instant(text: pa.Scalar) -> bool:
    try:
        text.cast(instants())
    except pa.ArrowInvalid:
        return False
    return True
