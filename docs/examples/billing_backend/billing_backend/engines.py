"""The database: SQLite or PostgreSQL, by its URL, with as many connections as there are threads to use them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from billing_backend.settings import SettingError
from mimo_credits.sql import configure_sqlite

THREADS = 40
"""Requests that a worker works on at a time: Starlette's own number of threads."""
_LOCK_TIMEOUT = "-c lock_timeout=10s"
"""A writer waits so long behind others of its account, and is then told to come again."""


def open_engine(url: str) -> Engine:
    """An engine for `sqlite:///path` or `postgresql+psycopg://…`. No connection is made yet.

    Raises `SettingError` for any other.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise SettingError(unusable(url)) from error
    try:
        match parsed.get_backend_name():
            case "sqlite" if parsed.database in {None, "", ":memory:"}:
                raise SettingError(f"{unusable(url)} (in memory, nothing would be kept)")
            case "sqlite":
                return configure_sqlite(create_engine(url, pool_size=THREADS))
            case "postgresql":
                return create_engine(
                    url,
                    pool_size=THREADS // 2,
                    max_overflow=THREADS // 2,
                    pool_pre_ping=True,
                    connect_args={"options": _LOCK_TIMEOUT},
                )
    except (NoSuchModuleError, ImportError) as error:
        raise SettingError(f"{unusable(url)} (its driver cannot be loaded: {error})") from error
    raise SettingError(unusable(url))


def unusable(url: str) -> str:
    """A sentence about `DATABASE_URL` where it cannot be used, and what would be right."""
    right = "sqlite:///billing.db or postgresql+psycopg://user:password@host/database"
    return f"DATABASE_URL={masked(url)} cannot be used: it needs the form {right}"


def masked(url: str) -> str:
    """The URL to be shown, also one that cannot be parsed: without its password."""
    without = re.sub(r"(?<=://)([^/?]*?):.*(?=@)", r"\1:***", url)
    return re.sub(r"(?<=password=)[^&]*", "***", without)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection that only reads, all of it at one instant of the database, and waits for no writer."""
    isolation = {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    with engine.connect().execution_options(reads_only=True, **isolation) as connection:
        yield connection
