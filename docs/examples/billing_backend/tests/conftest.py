"""The service in the test's own process, on SQLite and on PostgreSQL, with a clock that the test sets.

PostgreSQL is a server of the tests' own where the repository's `tools` are at hand. In a copy of this folder, set
`TEST_POSTGRES_URL` to a database that may be filled with rubbish; without it, SQLite alone is tested.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from billing_backend import keys
from billing_backend.app import create_app
from billing_backend.engines import open_engine
from billing_backend.settings import Settings
from billing_backend.tables import prepare
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import create_engine, text

from mimo_credits import RateBook, load_card

try:
    from tools.postgres import Postgres
except ImportError:
    Postgres = None  # type: ignore[assignment, misc]

START = datetime(2026, 6, 2, 12, tzinfo=UTC)
HAS_POSTGRES = Postgres is not None or "TEST_POSTGRES_URL" in os.environ
DATABASES = ["sqlite", *(["postgresql"] if HAS_POSTGRES else [])]
_numbers = count()


class Client:
    """A tenant's client: sends its key, and an Idempotency-Key of its own where none is given."""

    def __init__(self, http: Any, key: str) -> None:
        self.http, self.key = http, key

    def get(self, path: str, **params: Any) -> Response:
        return self.http.get(path, params=params, headers=self.headers())

    def post(self, path: str, body: object = None, key: str | None = None) -> Response:
        headers = {**self.headers(), "Idempotency-Key": key or f"request-{next(_numbers)}"}
        return self.http.post(path, json=body, headers=headers)

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.key}"}

    def subscribed(self, account: str, tier: str = "lite") -> str:
        """The path of a new account with a plan."""
        assert self.post("/accounts", {"id": account, "name": account}).status_code == 201
        assert self.post(f"/accounts/{account}/subscribe", {"tier": tier}).status_code == 201
        return f"/accounts/{account}"


class Service:
    """The app, its database and its clock."""

    def __init__(self, url: str, book: RateBook | None = None) -> None:
        self.url, self.now, self.tick = url, START, timedelta(0)
        settings = Settings(database_url=url, max_body=20_000)
        self.app = create_app(settings, book or RateBook.fixed(load_card("2026-05-27.1")), self.clock)
        self.engine = self.app.state.backend.engine
        self.http = TestClient(self.app, raise_server_exceptions=False)

    def clock(self) -> datetime:
        """Stands still, unless the test gives it a tick."""
        self.now += self.tick
        return self.now

    def tenant(self, name: str) -> Client:
        with self.engine.begin() as connection:
            key, _ = keys.create_key(connection, name)
        return Client(self.http, key)

    def passes(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The address of a PostgreSQL server, for as long as the tests run."""
    if Postgres is None:
        yield os.environ["TEST_POSTGRES_URL"]
    else:
        with Postgres(fsync=False) as server:
            yield server.url()


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database of the test's own, its tables made."""
    if request.param == "sqlite":
        made = f"sqlite:///{tmp_path / 'billing.db'}"
        _prepare(made)
        yield made
        return
    server = create_engine(request.getfixturevalue("postgres_url"), isolation_level="AUTOCOMMIT")
    name = f"billing_{os.getpid()}_{next(_numbers)}"
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    made = server.url.set(database=name).render_as_string(hide_password=False)
    _prepare(made)
    yield made
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


def _prepare(url: str) -> None:
    engine = open_engine(url)
    with engine.begin() as connection:
        prepare(connection)
    engine.dispose()


@pytest.fixture
def service(database_url: str) -> Iterator[Service]:
    made = Service(database_url)
    yield made
    made.engine.dispose()


@pytest.fixture
def new_service() -> type[Service]:
    """Makes a service of its own on a database."""
    return Service


@pytest.fixture
def new_client() -> type[Client]:
    """Makes a client of an API key."""
    return Client


@pytest.fixture
def acme(service: Service) -> Client:
    return service.tenant("acme")


def openai(id: str | None = "chatcmpl-1", tokens: int = 1_000, **more: object) -> dict[str, Any]:
    """A provider's answer: 300 credits a token. Without an id where that is None."""
    usage = {"prompt_tokens": tokens, "completion_tokens": 0, "total_tokens": tokens}
    return {**({"id": id} if id else {}), "model": "mimo-v2.5-pro", "usage": usage, **more}


@pytest.fixture
def response():
    """Makes a provider's answer."""
    return openai
