"""`read_log`: which format a file is of, told by its first bytes, and all its lines.

A file is one of four kinds, whatever its name and whichever tool wrote it: JSON Lines, other JSON (objects over several
lines, or arrays of them), the CSV of LiteLLM's spend log, or opencode's database. In JSON each object says by itself
which tool it is from (`formats`).
"""

from __future__ import annotations

import codecs
import csv
import io
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TypeAlias

from mimo_credits.errors import InputError, shown, wrong_type
from mimo_credits.logs import litellm, opencode_store
from mimo_credits.logs.documents import parse, values
from mimo_credits.logs.formats import found_in, is_known
from mimo_credits.logs.lines import Found, Line, NotJson, Place, Skipped, UnknownLog, UnreadableLog, told
from mimo_credits.logs.opening import DAMAGED, HEAD, STANDARD_INPUT, Stream, is_folder, logs_in, opened

Reader: TypeAlias = Callable[[Stream, str], Iterator[Line]]

_DATABASE = b"SQLite format 3\0"
_LONGEST_FIELD = 1 << 26
"""Characters of one field of a CSV, which may hold a conversation."""

_KEYS_SHOWN = 8

UNKNOWN = "a file of an unknown shape in a folder"


def read_log(file: str | os.PathLike[str]) -> Iterator[Line]:
    """Each line of a log that is not blank; `-` reads standard input, and a folder all logs in it.

    Raises `UnreadableLog`; `UnknownLog`, which is one, for a file that is of no known shape. In a folder such a file is
    skipped. `InputError` for what is no name of a file.
    """
    given: object = os.fspath(file) if isinstance(file, os.PathLike) else file
    if not isinstance(given, str):
        raise wrong_type("file", "the name of a file, as text or a Path", given)
    yield from _read(given)


def _read(file: str) -> Iterator[Line]:
    if not is_folder(file):
        yield from _read_file(file)
        return
    empty = True
    for inside in logs_in(file):
        empty = False
        try:
            yield from _read_file(inside)
        except UnknownLog:
            yield Skipped(Place(inside, 1), UNKNOWN)
    if empty:
        raise UnreadableLog(file, "is a folder without logs (*.jsonl, *.jsonl.gz, msg_*.json, opencode*.db)")


def _read_file(file: str) -> Iterator[Line]:
    name = "standard input" if file == STANDARD_INPUT else file
    line = 0
    try:
        with opened(file) as stream:
            for read in _reader(stream.peek(HEAD)[:HEAD], name)(stream, name):
                line = read.place.line
                yield read
    except DAMAGED as error:
        raise UnreadableLog(name, f"the gzip data is damaged or cut off after line {line:,} ({error})") from None
    except OSError as error:
        raise UnreadableLog(name, f"cannot be read ({error.strerror or error})") from None


def _reader(head: bytes, name: str) -> Reader:
    """What reads a file that begins like this. Raises `UnknownLog`."""
    text = head.removeprefix(codecs.BOM_UTF8).lstrip()
    first, _, more = text.partition(b"\n")
    if head.startswith(_DATABASE):
        return _database
    if text.startswith(b"[") or (first.strip() == b"{" and more):
        return _json
    if set(litellm.COLUMNS) <= {cell.strip(b'" \r').decode(errors="replace") for cell in first.split(b",")}:
        return _csv
    if text:
        _check_lines(text, name)
    return _json_lines


def _check_lines(head: bytes, name: str) -> None:
    """Raises `UnknownLog` where no line begins an object, or none of the objects is of a known shape."""
    lines = [line for line in map(bytes.strip, head.splitlines()) if line.startswith(b"{")]
    if not lines:
        raise UnknownLog(name, f"it begins with {shown(head[:40].decode(errors='replace'))}")
    objects = [value for value in map(_parsed, lines) if value is not None]
    if objects and not any(map(is_known, objects)):
        raise UnknownLog(name, _keys(objects[0]))


def _parsed(line: bytes) -> object:
    """A line's value; None where it has none, as a line of which the head holds only a part."""
    try:
        return parse(line)
    except NotJson:
        return None


def _keys(value: object) -> str:
    keys = ", ".join(list(value)[:_KEYS_SHOWN]) if isinstance(value, dict) else "(none)"
    return f"it begins with an object with the keys {shown(keys)}"


def _json_lines(stream: Stream, name: str) -> Iterator[Line]:
    for number, line in enumerate(stream, 1):
        # Some editors and shells begin a text file with a byte order mark.
        text = (line.removeprefix(codecs.BOM_UTF8) if number == 1 else line).strip()
        if text:
            yield from told(Place(name, number), partial(_found_in_line, name, text))


def _found_in_line(name: str, text: bytes) -> Iterable[Found]:
    return found_in(name, parse(text))


def _json(stream: Stream, name: str) -> Iterator[Line]:
    known = False
    for line, value in values(stream, name):
        known = known or is_known(value)
        if not known:
            raise UnknownLog(name, _keys(value))
        yield from told(Place(name, line), partial(found_in, name, value))


def _csv(stream: Stream, name: str) -> Iterator[Line]:
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_FIELD))
    rows = csv.reader(codecs.iterdecode(stream, "utf-8-sig"), strict=True)
    line = 1
    try:
        header = next(rows)
        while True:
            line = rows.line_num + 1
            row = next(rows, None)
            if row is None:
                return
            if row and row != header:  # a header comes again where files were joined
                yield from told(Place(name, line), partial(_found_in_row, header, row))
    except (csv.Error, UnicodeDecodeError) as error:
        raise UnreadableLog(name, f"the CSV from line {line:,} on is damaged ({error})") from None


def _found_in_row(header: Sequence[str], row: Sequence[str]) -> Iterable[Found]:
    if len(row) != len(header):
        raise InputError("row", f"has {len(row):,} fields where the header has {len(header):,}")
    return [litellm.read(dict(zip(header, row, strict=True)))]


def _database(stream: Stream, name: str) -> Iterator[Line]:
    if not isinstance(stream.raw, io.FileIO):
        raise UnreadableLog(name, "is a database: it can be read only from its file, and not packed")
    return opencode_store.read_database(name)
