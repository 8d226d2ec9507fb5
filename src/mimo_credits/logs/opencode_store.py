"""Where opencode keeps its messages: once files of JSON, today a database of SQLite, `opencode.db`.

The tables (opencode's `session.sql.ts`): `message` and `part` hold the JSON of the former files, less the ids, as
`data`; `session_message` is what newer versions move to. A session that is in both is read from `message`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mimo_credits.errors import InputError
from mimo_credits.logs import opencode
from mimo_credits.logs.documents import parse
from mimo_credits.logs.lines import Finder, Found, Line, NotJson, Place, UnknownLog, UnreadableLog, told

if TYPE_CHECKING:
    from sqlite3 import Connection

_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table'"
_MARK = f'"{opencode.STEP}"'.encode()
_MESSAGES = "SELECT id, data FROM message"
_PARTS = "SELECT data FROM part WHERE message_id = CAST(? AS TEXT) ORDER BY id"
_NEWER = "SELECT data FROM session_message WHERE type = 'assistant'"
_NEWER_ONLY = (
    "SELECT data FROM session_message WHERE type = 'assistant' AND session_id NOT IN (SELECT session_id FROM message)"
)


def read_file(file: str, message: Mapping[str, object]) -> Iterable[Found]:
    """The requests of a message's file, its steps from `storage/part/<message>/` where the file lies in such a store.

    Raises `InputError`, `NotJson`, `OSError`.
    """
    name = message.get("id")
    storage = Path(file).absolute().parents[2:3]
    if not storage or not isinstance(name, str) or not name.isidentifier():
        return opencode.read(message)
    parts = sorted((storage[0] / "part" / name).glob("prt_*.json"))
    return opencode.read(message, _steps(part.read_bytes() for part in parts))


def read_database(file: str) -> Iterator[Line]:
    """Each message of a database; its place counts the rows. Raises `UnreadableLog`."""
    import sqlite3  # slow to load, and seldom needed

    try:
        with closing(sqlite3.connect(f"{Path(file).absolute().as_uri()}?mode=ro", uri=True)) as database:
            database.text_factory = bytes
            for row, find in enumerate(_rows(file, database), 1):
                yield from told(Place(file, row), find)
    except sqlite3.Error as error:
        raise UnreadableLog(file, f"the database cannot be read ({error})") from None


def _rows(file: str, database: Connection) -> Iterator[Finder]:
    """For each row of the messages, what finds its requests."""
    tables = {bytes(name).decode(errors="replace") for (name,) in database.execute(_TABLES)}
    if not tables & {"message", "session_message"}:
        raise UnknownLog(file, f"a database with the tables {', '.join(sorted(tables)) or '(none)'}")
    if "message" in tables:
        for name, data in database.execute(_MESSAGES):
            yield partial(_message, database, name if "part" in tables else None, data)
    if "session_message" in tables:
        for (data,) in database.execute(_NEWER_ONLY if "message" in tables else _NEWER):
            yield partial(_newer_message, data)


def _message(database: Connection, name: object, data: object) -> Iterable[Found]:
    message = _object(data)
    if name is None or message.get("role") != "assistant":
        return opencode.read(message)
    return opencode.read(message, _steps(part for (part,) in database.execute(_PARTS, (name,))))


def _newer_message(data: object) -> Iterable[Found]:
    return [opencode.read_newer(_object(data))]


def _steps(parts: Iterable[object]) -> list[Mapping[str, object]]:
    """The parts that end a step, of all parts of a message."""
    objects = [_object(part) for part in parts if isinstance(part, bytes) and _MARK in part]
    return [part for part in objects if part.get("type") == opencode.STEP]


def _object(data: object) -> Mapping[str, object]:
    if not isinstance(data, bytes):
        raise NotJson("holds no text where a message would be right")
    value = parse(data)
    if not isinstance(value, dict):
        raise InputError("data", f"needs a JSON object, not {type(value).__name__}")
    return value
