"""Files of rows that are written: Parquet, CSV and JSON Lines, the texts plain or gzip.

One rule: each is written under another name, and all get their own only when all are whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date, time
from errno import ENOENT
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mimo_credits.cli.arguments import UsageError
from mimo_credits.cli.request_files import is_packed, kind_of, naming

if TYPE_CHECKING:
    import pyarrow as pa


def check_written(written: Iterable[Path], read: Iterable[Path]) -> None:
    """Every file has one purpose. Raises `UsageError` for one that is read, too, or written twice, or is a folder.

    Also for a name of no known kind; and `FileNotFoundError` where there is no folder for it.
    """
    taken = {file.resolve(): "is read and cannot be written" for file in read}
    for file in written:
        kind_of(file)
        if file.is_dir():
            raise UsageError(f"{file}: is a folder, and cannot be written")
        if not file.parent.is_dir():
            raise FileNotFoundError(ENOENT, f"there is no folder {str(file.parent)!r}", str(file))
        if file.resolve() in taken:
            raise UsageError(f"{file}: {taken[file.resolve()]}")
        taken[file.resolve()] = "cannot hold two results: give each a file"


@contextmanager
def whole(sinks: Sequence[Sink]) -> Iterator[None]:
    """Afterwards the files have their names, or, where something fails, none of them has."""
    try:
        yield
        for sink in sinks:
            sink.close()
        for sink in sinks:
            sink.name()
    finally:
        for sink in sinks:
            sink.drop()


class Sink:
    """A file while it is written; it exists from the first rows on. Use it in `whole`."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.unfinished = file.with_name(f".{file.name}.unfinished")
        self._kind = kind_of(file)
        self._writer: Any = None
        self._out: Any = None

    def write(self, rows: pa.Table) -> None:
        """Appends rows, whose columns are those of the rows before. Raises `OSError`, naming the file."""
        with naming(self.file):
            if self._kind == "jsonl":
                self._write_objects(_plain(rows).to_pylist())
                return
            if self._writer is None:
                self._writer = self._writer_of(rows.schema)
            self._writer.write_table(rows if self._kind == "parquet" else _plain(rows))

    def write_objects(self, objects: Iterable[Mapping[str, object]]) -> None:
        """Appends lines of JSON to a file of them. Raises `OSError`, naming the file."""
        with naming(self.file):
            self._write_objects(objects)

    def _write_objects(self, objects: Iterable[Mapping[str, object]]) -> None:
        lines = (json.dumps(each, default=_written, ensure_ascii=False) for each in objects)
        self._opened().write("".join(f"{line}\n" for line in lines).encode())

    def _opened(self) -> Any:
        import pyarrow as pa

        if self._out is None:
            self._out = pa.output_stream(str(self.unfinished), compression="gzip" if is_packed(self.file) else None)
        return self._out

    def _writer_of(self, schema: pa.Schema) -> Any:
        import pyarrow as pa
        from pyarrow import csv, parquet

        if self._kind == "csv":
            return csv.CSVWriter(self._opened(), _plain(schema.empty_table()).schema)
        # Text repeats itself; numbers hardly do, and to look for repetitions among them takes half of the time.
        texts = [field.name for field in schema if not pa.types.is_primitive(field.type)]
        return parquet.ParquetWriter(self._opened(), schema, use_dictionary=texts)

    def close(self) -> None:
        """Makes the file whole. Raises `OSError`, naming it."""
        with naming(self.file):
            self._close()

    def _close(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
        if self._out is not None:
            self._out.close()

    def name(self) -> None:
        """Gives the file its name."""
        if self._out is not None:
            self.unfinished.replace(self.file)

    def drop(self) -> None:
        """Leaves nothing of a file that has not got its name."""
        with suppress(OSError):  # why it was left stands already
            self._close()
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
