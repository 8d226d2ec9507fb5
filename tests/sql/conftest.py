"""Databases for the tests of the stored ledger: a SQLite file each, and a PostgreSQL of each test process's own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from sqlalchemy import Engine, create_engine, text

from mimo_credits.sql import migrate, sqlite_engine
from tools.postgres import Postgres

DATABASES = ("sqlite", "postgresql")
_numbers = count()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The server, for as long as the tests run. It loses nothing when a process is killed; no power is cut here."""
    with Postgres(fsync=False) as server:
        yield server


@pytest.fixture(params=DATABASES)
def empty(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A database with nothing in it."""
    yield from engine_of(request, request.param, tmp_path_factory)


@pytest.fixture
def engine(empty: Engine) -> Engine:
    """A database with the ledger's tables."""
    with empty.begin() as connection:
        migrate(connection)
    return empty


@pytest.fixture(scope="module", params=DATABASES)
def shared_engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The same, for a whole module: its tests name their accounts apart."""
    for engine in engine_of(request, request.param, tmp_path_factory):
        with engine.begin() as connection:
            migrate(connection)
        yield engine


def engine_of(request: pytest.FixtureRequest, database: str, folders: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine of one of the `DATABASES`, with nothing in it."""
    if database == "sqlite":
        engine = sqlite_engine(folders.mktemp("sqlite") / "ledger.db")
        yield engine
        engine.dispose()
    else:
        server: Postgres = request.getfixturevalue("postgres")
        engine = create_engine(new_database(server))
        yield engine
        engine.dispose()
        _maintain(server, f"DROP DATABASE {engine.url.database} WITH (FORCE)")


def new_database(server: Postgres) -> str:
    """The address of a database made just now."""
    name = f"ledger_{next(_numbers)}"
    _maintain(server, f"CREATE DATABASE {name}")
    return server.url(name)


def _maintain(server: Postgres, statement: str) -> None:
    maintenance = create_engine(server.url(), isolation_level="AUTOCOMMIT")
    with maintenance.connect() as connection:
        connection.execute(text(statement))
    maintenance.dispose()
