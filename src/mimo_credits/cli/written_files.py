"""Files of rows that are written: Parquet, CSV and JSON Lines, the texts plain or gzip.

One rule: each is written under another name, and all get their own only when all are whole. What a kind of file has no
form for is refused, never spelled in some other way.
"""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import date, time
from errno import ENOENT
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mimo_credits.cli.arguments import UsageError
from mimo_credits.cli.file_kinds import is_packed, kind_of, naming

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
    """Afterwards the files have their names, or, where something fails, none of them has.

    To be terminated is to be interrupted here, or what is unfinished would stay.
    """
    try:
        with _terminated_like_interrupted():
            yield
            for sink in sinks:
                sink.close()
            for sink in sinks:
                sink.name()
    finally:
        for sink in sinks:
            sink.drop()


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():  # no other one may say what signals do
        yield
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


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
            if self._kind == "parquet":
                self._write_table(rows)
                return
            rows = _plain(rows)
            self._check_has_forms(rows.schema)
            if self._kind == "jsonl":
                self._write_objects(rows.to_pylist())
            else:
                self._write_table(rows)

    def _check_has_forms(self, schema: pa.Schema) -> None:
        """Raises `UsageError` for a column whose kind a text has no form for."""
        for field in schema:
            if not _has_form(field.type, nested=self._kind == "jsonl"):
                what = f"column {field.name!r}, which holds {field.type}"
                raise UsageError(f"{self.file}: needs a name that ends in .parquet: a text has no form for {what}")

    def _write_table(self, rows: pa.Table) -> None:
        if self._writer is None:
            self._writer = self._writer_of(rows.schema)
        self._writer.write_table(rows)

    def write_objects(self, objects: Iterable[Mapping[str, object]]) -> None:
        """Appends lines of JSON to a file of them. Raises `OSError`, naming the file."""
        with naming(self.file):
            self._write_objects(objects)

    def _write_objects(self, objects: Iterable[Mapping[str, object]]) -> None:
        try:
            lines = [json.dumps(each, default=_written, ensure_ascii=False, allow_nan=False) for each in objects]
        except ValueError:
            why = "JSON has no word for NaN and infinity"
            raise UsageError(f"{self.file}: needs a name that ends in .parquet or .csv: {why}") from None
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
            return csv.CSVWriter(self._opened(), schema)
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


def _has_form(kind: pa.DataType, *, nested: bool) -> bool:
    """Whether a text can hold values of a kind: bytes never, lists and structures where it is `nested`."""
    import pyarrow as pa

    if kind.num_fields:
        return nested and all(_has_form(kind.field(place).type, nested=True) for place in range(kind.num_fields))
    return not (pa.types.is_interval(kind) or any(is_one(kind) for is_one in _bytes()))


def _bytes() -> tuple[Callable[[pa.DataType], bool], ...]:
    import pyarrow as pa

    return (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view, pa.types.is_fixed_size_binary)


def _plain(rows: pa.Table) -> pa.Table:
    """The same with texts spelled out that Arrow keeps as numbers or as views."""
    import pyarrow as pa

    for place, field in enumerate(rows.schema):
        if pa.types.is_dictionary(field.type):
            rows = rows.set_column(place, field.name, rows.column(place).cast(field.type.value_type))
        elif pa.types.is_string_view(field.type):
            rows = rows.set_column(place, field.name, rows.column(place).cast(pa.string()))
    return rows
