"""The database: SQLite or PostgreSQL, by its URL, with as many connections as there are threads to use them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine, make_url

from mimo_credits.sql import configure_sqlite

THREADS = 40
"""Requests that a worker works on at a time: Starlette's own number of threads."""
_LOCK_TIMEOUT = "-c lock_timeout=10s"
"""A writer waits so long behind others of its account, and is then told to come again."""


def open_engine(url: str) -> Engine:
    """An engine for `sqlite:///path` or `postgresql+psycopg://…`. No connection is made yet."""
    if make_url(url).get_backend_name() == "sqlite":
        return configure_sqlite(create_engine(url, pool_size=THREADS))
    return create_engine(
        url,
        pool_size=THREADS // 2,
        max_overflow=THREADS // 2,
        pool_pre_ping=True,
        connect_args={"options": _LOCK_TIMEOUT},
    )


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that only reads, all of it at one instant of the database, and waits for no writer."""
    isolation = {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    with engine.connect().execution_options(reads_only=True, **isolation) as connection:
        yield connection
