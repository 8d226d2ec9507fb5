"""Files of requests as streams of Arrow tables: Parquet, CSV and JSON Lines, the texts plain or gzip.

Nothing is held but the batch at hand. What rating does not need passes through; in CSV that is text, as it stands.
All files have the same columns, of the same kinds, or the first that has others is refused: one that only some have
would be lost in silence, and it may have a price; and what is no instant or count in its own file is none in another's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
from pyarrow import parquet

from mimo_credits.cli import comma_separated, json_lines
from mimo_credits.cli.file_kinds import UnreadableFile, instants, kind_of, naming
from mimo_credits.errors import InputError
from mimo_credits.frames.columns import Columns, present
from mimo_credits.frames.engines import opened

_BATCH = 131_072


class Part(NamedTuple):
    """Some rows of a file, the place of the first among the file's rows, and how much of the file has been read."""

    file: Path
    start: int
    rows: pa.Table
    share: float


def schema_of(files: Sequence[Path], columns: Columns) -> pa.Schema:
    """The columns of all files, in the order of the first, whether they have rows or not.

    Raises `UnreadableFile` for a file that has others than the first, or of other kinds; `InputError`, naming the file,
    for a column that is missing or in the way; `OSError`.
    """
    schemas = {file: schema for file in files if (schema := _schema_of(file, columns)) is not None}
    if not schemas:
        return _needed(columns)
    first, *_ = schemas
    joint = schemas[first]
    for file, schema in schemas.items():
        joint = _joint(joint, schema, f"{file}: its columns are", f"those of {first}")
    for file, schema in schemas.items():
        try:
            present(columns, opened(schema.empty_table()).collect_schema())
        except InputError as error:
            raise InputError(str(file), str(error)) from None
    return joint


def _needed(columns: Columns) -> pa.Schema:
    """The columns that settling needs."""
    texts = dict.fromkeys((columns.account, str(columns.id), columns.model), pa.string())
    return pa.schema({**texts, columns.at: instants(), **dict.fromkeys(columns.counts[:3], pa.int64())})


def _schema_of(file: Path, columns: Columns) -> pa.Schema | None:
    with _told(file):
        schema = _KINDS[kind_of(file)].schema_of(file, columns)
    names = [] if schema is None else schema.names
    for name in names:
        if names.count(name) > 1:
            raise UnreadableFile(f"{file}: has more than one column {name!r}")
    return schema


def _joint(one: pa.Schema, other: pa.Schema, its: str, those: str) -> pa.Schema:
    """Columns that hold both: Arrow says which kinds may be one, and text and a number, for example, may not."""
    if set(one.names) != set(other.names):
        more = ", ".join(sorted(set(one.names) ^ set(other.names)))
        raise UnreadableFile(f"{its} not {those}: only one of the two has {more}")
    try:
        return pa.schema([_promoted(field, other.field(field.name)) for field in one], one.metadata)
    except pa.ArrowException as error:
        why = str(error).removeprefix("Unable to merge: ")
        raise UnreadableFile(f"{its} of other kinds than {those}: {why}") from None


def _promoted(one: pa.Field, other: pa.Field) -> pa.Field:
    if one.equals(other):
        return one
    both = [pa.schema([(field.name, _plain(field.type))]) for field in (one, other)]
    return pa.unify_schemas(both, promote_options="permissive").field(0)


def _plain(kind: pa.DataType) -> pa.DataType:
    """What values of a kind are, however Arrow keeps them."""
    if pa.types.is_dictionary(kind):
        return _plain(kind.value_type)
    if pa.types.is_string_view(kind):
        return pa.large_string()
    return pa.timestamp(kind.unit, "UTC") if pa.types.is_timestamp(kind) and kind.tz else kind


def read_all(files: Sequence[Path], columns: Columns, schema: pa.Schema) -> Iterator[tuple[Part, int, float]]:
    """The rows of all files in a schema, each part with how many rows it has and how much of all files has been read.

    Where there are no rows, one part without any. Raises `UnreadableFile`, and `OSError`, naming the file.
    """
    rows = 0
    for number, file in enumerate(files):
        for part in _read(file, columns, schema):
            rows += len(part.rows)
            yield part, len(part.rows), (number + part.share) / len(files)
    if not rows:
        yield Part(files[0], 0, schema.empty_table(), 1.0), 0, 1.0


def _read(file: Path, columns: Columns, schema: pa.Schema) -> Iterator[Part]:
    start = 0
    with _told(file):
        for rows, share in _KINDS[kind_of(file)].read(file, columns, schema):
            if len(rows):
                yield Part(file, start, rows.select(schema.names).cast(schema), share)
            start += len(rows)


@contextmanager
def _told(file: Path) -> Iterator[None]:
    """What Arrow says is wrong with a file, with the file's name."""
    try:
        with naming(file):
            yield
    except pa.ArrowException as error:
        raise UnreadableFile(f"{file}: {str(error).partition(chr(10))[0]}") from None


def _parquet_schema(file: Path, _columns: Columns) -> pa.Schema:
    return parquet.read_schema(file)


def _parquet(file: Path, _columns: Columns, _schema: pa.Schema) -> Iterator[tuple[pa.Table, float]]:
    done = 0
    with parquet.ParquetFile(file, pre_buffer=False) as whole:
        for batch in whole.iter_batches(_BATCH):
            done += len(batch)
            yield pa.Table.from_batches([batch]), done / whole.metadata.num_rows


class _Kind(NamedTuple):
    """How files of a kind are read: what their columns are, None where not even that stands there, and their rows."""

    schema_of: Callable[[Path, Columns], pa.Schema | None]
    read: Callable[[Path, Columns, pa.Schema], Iterator[tuple[pa.Table, float]]]


_KINDS = {
    "parquet": _Kind(_parquet_schema, _parquet),
    "csv": _Kind(comma_separated.schema_of, comma_separated.read),
    "jsonl": _Kind(json_lines.schema_of, json_lines.read),
}
