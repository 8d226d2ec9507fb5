"""Files of requests by their names, and what their texts need: which kind each is, plain or gzip, and its instants."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EIO, ENOENT
from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mimo_credits.cli.arguments import UsageError
from mimo_credits.errors import MimoCreditsError

if TYPE_CHECKING:
    import pyarrow as pa

    from mimo_credits.frames.columns import Columns

FORMATS = ".parquet, .csv or .jsonl, the last two also with .gz"

INSTANT = (
    "an instant in ISO 8601 with its offset from UTC, such as 2026-05-27T00:00:00+08:00 or 2026-05-26 16:00:00.123456Z "
    "(at most six digits of a second)"
)

BLOCK = 8 * 1024 * 1024
"""Bytes of a text that are read at a time."""

_KINDS = {".parquet": "parquet", ".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}


class UnreadableFile(MimoCreditsError):
    """A file of requests that is not what its name says."""


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


@contextmanager
def bytes_and_text(file: Path) -> Iterator[tuple[Any, Any]]:
    """The file's bytes, of which `tell` says how many were read, and its text."""
    import pyarrow as pa

    with pa.OSFile(str(file)) as raw:
        if is_packed(file):
            with pa.CompressedInputStream(raw, "gzip") as text:
                yield raw, text
        else:
            yield raw, raw


def types_in_texts(columns: Columns) -> dict[str, pa.DataType]:
    """What the columns of a text must hold: an instant without its offset from UTC is an error there."""
    import pyarrow as pa

    counts = dict.fromkeys(columns.counts, pa.int64())
    return {columns.at: instants(), columns.model: pa.string(), **counts}


def instants() -> pa.DataType:
    import pyarrow as pa

    return pa.timestamp("us", "UTC")
