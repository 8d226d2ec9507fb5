"""Logs of API responses: JSON Lines, plain or gzip, read one line at a time.

One rule: no line is dropped in silence. Each line that is not blank comes out as what it is: a `Logged` record, or a
`Malformed` line with the reason; `first_of_each` then tells a `Repeated` response from one whose id stands for two
different things (`Contradicting`). A file that cannot be read to its end is an error, since nobody knows what it held.
"""

from __future__ import annotations

import codecs
import gzip
import io
import json
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from mimo_credits.errors import Conflict, InputError, MimoCreditsError
from mimo_credits.ledger import Record

STANDARD_INPUT = "-"
_GZIP = b"\x1f\x8b"


class UnreadableLog(MimoCreditsError):
    """A log that cannot be opened, or not be read to its end; names the `file` and says `why`."""

    def __init__(self, file: str, why: str) -> None:
        self.file = file
        self.why = why
        super().__init__(f"{file}: {why}")


class Place(NamedTuple):
    """A line of a log, counted from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Logged(NamedTuple):
    """A line that is a response: the usage it reports, ready for the ledger."""

    place: Place
    record: Record


class Malformed(NamedTuple):
    """A line that is no response of the API, or one that says no usage."""

    place: Place
    why: str


class Repeated(NamedTuple):
    """A response that the log held before, with the same content: it counts once."""

    place: Place
    first: Place


class Contradicting(NamedTuple):
    """A response whose id the log gave to another one before."""

    place: Place
    first: Place
    why: str


def read_log(file: str, *, numbered: bool = False) -> Iterator[Logged | Malformed]:
    """Each line of a log that is not blank; `-` reads standard input, and gzip is recognised by its first bytes.

    A response without an id is malformed; with `numbered`, for where no ledger is kept, its place is its id.
    Raises `UnreadableLog`.
    """
    name = "standard input" if file == STANDARD_INPUT else file
    number = 0
    try:
        with _opened(file) as stream:
            for number, line in enumerate(stream, 1):
                # Some editors and shells begin a text file with a byte order mark.
                text = (line.removeprefix(codecs.BOM_UTF8) if number == 1 else line).strip()
                if text:
                    yield _read_line(Place(name, number), text, numbered)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UnreadableLog(name, f"the gzip data is damaged or cut off after line {number:,} ({error})") from None
    except OSError as error:
        raise UnreadableLog(name, f"cannot be read ({error.strerror or error})") from None


def first_of_each(
    lines: Iterable[Logged | Malformed],
) -> Iterator[Logged | Malformed | Repeated | Contradicting]:
    """Lets each response through once: an id that comes again is a repeat, or a contradiction."""
    seen: dict[str, Logged] = {}
    for line in lines:
        if isinstance(line, Malformed):
            yield line
            continue
        first = seen.setdefault(line.record.id, line)
        if first is line:
            yield line
        elif first.record == line.record:
            yield Repeated(line.place, first.place)
        else:
            error = Conflict(line.record.id, f"stands at {first.place} with other content")
            yield Contradicting(line.place, first.place, str(error))


@contextmanager
def _opened(file: str) -> Iterator[Iterable[bytes]]:
    if file == STANDARD_INPUT:
        buffered: io.BufferedReader[Any] = io.BufferedReader(sys.stdin.buffer)
        try:
            yield _unpacked(buffered)
        finally:
            buffered.detach()  # or closing it would close standard input
    elif "\0" in file:
        raise UnreadableLog(repr(file), "is no file name")
    else:
        with Path(file).open("rb") as stream:
            yield _unpacked(stream)


def _unpacked(stream: io.BufferedReader[Any]) -> Iterable[bytes]:
    return gzip.GzipFile(fileobj=stream) if stream.peek(len(_GZIP)).startswith(_GZIP) else stream


def _read_line(place: Place, text: bytes, numbered: bool) -> Logged | Malformed:
    try:
        response = json.loads(text.decode())
        unnamed = numbered and isinstance(response, dict) and response.get("id") is None
        return Logged(place, Record.from_response(response, id=str(place) if unnamed else None))
    except UnicodeDecodeError:
        return Malformed(place, "is not UTF-8 text")
    except json.JSONDecodeError as error:
        return Malformed(place, f"is not JSON: {error.msg} at column {error.colno:,}")
    except InputError as error:
        return Malformed(place, str(error))
    except (ValueError, RecursionError):
        return Malformed(place, "is JSON that cannot be read: too many digits in a number, or nested too deeply")
