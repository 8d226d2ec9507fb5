"""What all requests share: the database, the rate book, the clock, and the keys that are being worked on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from threading import Lock
from typing import Annotated, NamedTuple, TypeAlias

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBasic, HTTPBasicCredentials, HTTPBearer
from sqlalchemy import Connection, Engine

from billing_backend.clock import Clock
from billing_backend.engines import open_engine, reading
from billing_backend.idempotency import InProgress
from billing_backend.keys import tenant_of
from billing_backend.problems import ProblemError, invalid
from billing_backend.settings import Settings
from mimo_credits import RateBook


class Backend(NamedTuple):
    """Made once by `create_app`; every request finds it in the app's state."""

    engine: Engine
    book: RateBook
    clock: Clock
    settings: Settings
    in_progress: InProgress
    turn: AbstractContextManager[object]
    """Whose turn it is to write. SQLite has one writer at a time and lets the others ask again and again, so that some
    would wait for seconds while others pass: they queue here. PostgreSQL has a queue of its own for each account."""

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A connection, committed at its end; rolled back where something was raised."""
        with self.turn, self.engine.begin() as connection:
            yield connection


def make_backend(settings: Settings, book: RateBook, clock: Clock) -> Backend:
    """A backend on the database of the settings. No connection is made yet."""
    engine = open_engine(settings.database_url)
    turn = Lock() if engine.dialect.name == "sqlite" else nullcontext()
    return Backend(engine, book, clock, settings, InProgress(), turn)


def _backend(request: Request) -> Backend:
    found: Backend = request.app.state.backend
    return found


TheBackend: TypeAlias = Annotated[Backend, Depends(_backend)]

_bearer = HTTPBearer(auto_error=False, scheme_name="API key", description="`Authorization: Bearer mck_...`")
_REALM = "API key as the password"
_basic = HTTPBasic(
    auto_error=False,
    scheme_name="API key as a password",
    realm=_REALM,
    description="for a browser, which asks for it",
)
_Bearer: TypeAlias = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
_Basic: TypeAlias = Annotated[HTTPBasicCredentials | None, Depends(_basic)]


def _tenant(backend: TheBackend, presented: _Bearer) -> str:
    return _owner(backend, presented.credentials if presented else None, "Bearer")


def _tenant_in_a_browser(backend: TheBackend, presented: _Bearer, typed: _Basic) -> str:
    key = presented.credentials if presented else typed.password if typed else None
    return _owner(backend, key, f'Basic realm="{_REALM}"')


def _owner(backend: Backend, key: str | None, scheme: str) -> str:
    """Whose key it is. Asked before anything else of the request is looked at, and holding up no writer."""
    tenant_id = None
    if key is not None:
        with reading(backend.engine) as connection:
            tenant_id = tenant_of(connection, key)
    if tenant_id is None:
        detail = (
            "this needs an API key that is in use" if key else "this needs an API key: `Authorization: Bearer mck_...`"
        )
        raise ProblemError(401, "unauthorized", detail, headers={"WWW-Authenticate": scheme})
    return tenant_id


async def _nothing(request: Request) -> None:
    """Refuses a body where none is looked at: somebody took it to change what is done."""
    if (await request.body()).strip() not in {b"", b"{}"}:
        raise invalid([("body", "must be empty: this takes no choices")])


WithoutBody = Depends(_nothing)

Tenant: TypeAlias = Annotated[str, Depends(_tenant)]
"""The id of the tenant whose key was presented; 401 without one."""

BrowsingTenant: TypeAlias = Annotated[str, Depends(_tenant_in_a_browser)]
"""The same for a page, to which a browser sends the key as a password, of any name.

Only what reads takes it so: a browser would send it along with another site's form.
"""
