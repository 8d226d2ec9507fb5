"""Opening a log: standard input, a file, the files of a folder; plain or packed."""

from __future__ import annotations

import gzip
import io
import os
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, TypeAlias

from mimo_credits.logs.lines import UnreadableLog

STANDARD_INPUT = "-"

HEAD = 1 << 16
"""How much of a file is looked at to tell its format, in bytes."""

DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile)
"""What reading gzip raises where its data is damaged or cut off."""

Stream: TypeAlias = "io.BufferedReader[Any]"

_GZIP = b"\x1f\x8b"
_LOGS_OF_A_FOLDER = ("*.jsonl", "*.jsonl.gz", "msg_*.json", "opencode.db", "opencode-*.db")


def is_folder(file: str) -> bool:
    """Whether a name is that of a folder."""
    try:
        return file != STANDARD_INPUT and Path(file).is_dir()
    except OSError:  # a name that no file can have
        return False


def logs_in(folder: str) -> Iterator[str]:
    """The logs of a folder, then those of the folders in it, names in order. Which files are logs their names say.

    Raises `UnreadableLog` for a folder that cannot be listed.
    """
    for inside, folders, files in os.walk(folder, onerror=_not_listed):
        folders.sort()
        for name in sorted(files):
            if any(fnmatch(name, pattern) for pattern in _LOGS_OF_A_FOLDER):
                yield str(Path(inside, name))


def _not_listed(error: OSError) -> None:
    raise UnreadableLog(str(error.filename), f"cannot be read ({error.strerror})") from None


@contextmanager
def opened(file: str) -> Iterator[Stream]:
    """A log's bytes, unpacked. Raises `UnreadableLog`, `OSError`, and while they are read also one of `DAMAGED`."""
    if file == STANDARD_INPUT:
        buffered: Stream = io.BufferedReader(sys.stdin.buffer, HEAD)
        try:
            yield _unpacked(buffered)
        finally:
            buffered.detach()  # or closing it would close standard input
    elif "\0" in file:
        raise UnreadableLog(repr(file), "is no file name")
    else:
        with io.BufferedReader(io.FileIO(file), HEAD) as stream:
            yield _unpacked(stream)


def _unpacked(stream: Stream) -> Stream:
    if stream.peek(len(_GZIP)).startswith(_GZIP):
        return io.BufferedReader(gzip.GzipFile(fileobj=stream), HEAD)
    return stream
