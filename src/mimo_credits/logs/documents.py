"""JSON in files: a text that is one value, and files of values, one after another or in arrays."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import IO, NamedTuple

from mimo_credits.logs.lines import NotJson, UnreadableLog

_CHUNK = 1 << 16
_LONGEST = 1 << 26
"""Characters of one value in a file of many: what is longer is taken for damage."""

_SPACE = " \t\r\n"


class Value(NamedTuple):
    """A JSON value and the line that it begins in."""

    line: int
    value: object


def parse(text: bytes) -> object:
    """One JSON value. Raises `NotJson`."""
    try:
        return json.loads(text.decode())
    except UnicodeDecodeError:
        raise NotJson("is not UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise NotJson(f"is not JSON: {error.msg} at column {error.colno:,}") from None
    except (ValueError, RecursionError):
        raise NotJson("is JSON that cannot be read: too many digits in a number, or nested too deeply") from None


def values(stream: IO[bytes], file: str) -> Iterator[Value]:
    """The objects of a file, by themselves or in arrays, one in memory at a time. Raises `UnreadableLog`."""
    text = _Text(stream, file)
    in_array = False
    while (sign := text.sign()) != "":
        if sign == "{":
            yield text.value()
        elif sign == ("]" if in_array else "["):
            in_array = not in_array
            text.take(1)
        elif sign == "," and in_array:
            text.take(1)
        else:
            raise text.damaged(f"holds {sign!r} where an object would be right")
    if in_array:
        raise text.damaged("is cut off: its array does not end")


class _Text:
    """A text read in pieces: `pending` from `start` on is yet to be used."""

    def __init__(self, stream: IO[bytes], file: str) -> None:
        self._file = file
        self._stream = stream
        self._text = codecs.getincrementaldecoder("utf-8-sig")()
        self._json = json.JSONDecoder()
        self._pending = ""
        self._start = 0
        self._line = 1

    def sign(self) -> str:
        """The next character that is no space; nothing at the end."""
        while True:
            while self._start < len(self._pending):
                if self._pending[self._start] not in _SPACE:
                    return self._pending[self._start]
                self.take(1)
            if not self._read_on():
                return ""

    def take(self, length: int) -> None:
        """Moves on by some characters, and counts the lines."""
        self._line += self._pending.count("\n", self._start, self._start + length)
        self._start += length

    def value(self) -> Value:
        """The value that begins here; as much is read as it needs."""
        while True:
            try:
                value, end = self._json.raw_decode(self._pending, self._start)
            except json.JSONDecodeError as error:
                if len(self._pending) - self._start > _LONGEST or not self._read_on():
                    raise self.damaged(f"is not JSON ({error.msg})") from None
            except (ValueError, RecursionError):
                raise self.damaged("has too many digits in a number, or is nested too deeply") from None
            else:
                line = self._line
                self.take(end - self._start)
                return Value(line, value)

    def damaged(self, what: str) -> UnreadableLog:
        return UnreadableLog(self._file, f"the JSON from line {self._line:,} on {what}")

    def _read_on(self) -> bool:
        """Reads as much again as is pending, so that a long value is tried only a few times."""
        kept = self._pending[self._start :]
        more = self._stream.read(max(_CHUNK, len(kept)))
        try:
            self._pending, self._start = kept + self._text.decode(more, final=not more), 0
        except UnicodeDecodeError:
            raise self.damaged("is not UTF-8 text") from None
        return bool(more)
