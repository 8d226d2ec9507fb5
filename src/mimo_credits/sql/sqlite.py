"""SQLite, set up so that what was acknowledged is on the disk and writers wait for one another.

- `journal_mode = WAL`: readers go on while one writer writes. It needs a local disk, not a network one.
- `synchronous = FULL`: a commit is on the disk before it is acknowledged. NORMAL, the usual advice for WAL, may lose
  the last commits when the power fails.
- `busy_timeout`: a writer waits for the one before it, up to 30 seconds, rather than fail at once.
- `foreign_keys = ON`: SQLite leaves them off.
- `BEGIN IMMEDIATE`: a transaction takes its place in the queue of writers before it reads. One that reads first and
  then writes would fail if another had written in between. Transactions that only read spare others the wait with the
  execution option `reads_only=True`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event

BUSY_TIMEOUT_MS = 30_000

_SETTINGS = (
    f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
)


def sqlite_engine(path: str | Path, **options: Any) -> Engine:
    """An engine for the SQLite file at `path`, set up as above; `options` go to `sqlalchemy.create_engine`."""
    return configure_sqlite(create_engine(URL.create("sqlite", database=str(path)), **options))


def configure_sqlite(engine: Engine) -> Engine:
    """Sets up an engine of your own before its first connection; of an async engine, its `.sync_engine`."""
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(dbapi_connection: Any, _record: object) -> None:
    dbapi_connection.isolation_level = None  # or Python's driver begins and ends transactions by itself
    cursor = dbapi_connection.cursor()
    for setting in _SETTINGS:
        cursor.execute(setting)
    cursor.close()


def _on_begin(connection: Connection) -> None:
    reads_only = connection.get_execution_options().get("reads_only", False)
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")
