"""`Idempotency-Key`: a retry of a request gets the answer of the first one, and does nothing.

The convention is that of the IETF's draft *The Idempotency-Key HTTP Header Field*: no key where one is needed is 400,
the key of another request 422, one whose first request is still at work 409. The answer is kept in the transaction that
did the work, so there is never one without the other. A refusal by the ledger is an answer, too, and is kept: whoever
wants to try again takes a new key. What never came to the ledger (400, 401, 404 of the account, 5xx) is not kept.

This is about requests. That the same *usage* counts once, whatever the key, is the ledger's: see `writing`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from typing import NamedTuple

from fastapi import Response
from sqlalchemy import Connection, delete, insert, select, text

from billing_backend.problems import MEDIA_TYPE, ProblemError, invalid
from billing_backend.tables import answers


class Answer(NamedTuple):
    """What is kept of an answer."""

    status: int
    body: str

    @classmethod
    def of(cls, problem: ProblemError) -> Answer:
        """A refusal, as an answer that is kept."""
        return cls(problem.status, json.dumps(problem.body))

    def response(self, *, repeated: bool = False) -> Response:
        """The answer to be sent; a repeated one says so in a header, and nowhere else."""
        headers = {"Idempotent-Replayed": "true"} if repeated else None
        return Response(self.body, self.status, headers, "application/json" if self.status < 400 else MEDIA_TYPE)


class InProgress:
    """The keys that this process is at work on."""

    def __init__(self) -> None:
        self._keys: set[tuple[str, str]] = set()
        self._lock = threading.Lock()

    @contextmanager
    def claim(self, tenant_id: str, key: str) -> Iterator[None]:
        """Holds the key while a request works; raises the problem `in-progress` where another holds it."""
        with self._lock:
            if (tenant_id, key) in self._keys:
                raise _in_progress()
            self._keys.add((tenant_id, key))
        try:
            yield
        finally:
            with self._lock:
                self._keys.discard((tenant_id, key))


def content_of(method: str, path: str, body: object) -> str:
    """What tells a request from another: a digest of where it goes and of its JSON, however spaced or ordered."""
    try:
        written = json.dumps([method, path, body], sort_keys=True, default=str)
    except RecursionError:
        raise invalid([("body", "is nested too deeply")]) from None
    return sha256(written.encode()).hexdigest()


def first_answer(connection: Connection, tenant_id: str, key: str, content: str) -> Answer | None:
    """What the key's first request was answered; None where this is the first.

    Raises the problems `in-progress`, where another process works on it, and `key-reused`.
    """
    _claim_among_processes(connection, tenant_id, key)
    table = answers.c
    query = select(table.content, table.status, table.body).where(table.tenant_id == tenant_id, table.key == key)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    if row.content != content:
        raise ProblemError(422, "key-reused", "this Idempotency-Key was used for another request: take a new one")
    return Answer(row.status, row.body)


def keep(connection: Connection, tenant_id: str, key: str, content: str, answer: Answer, at: str) -> None:
    """Keeps the answer, for as long as nobody calls `forget`."""
    row = {"tenant_id": tenant_id, "key": key, "content": content, "created_at": at, **answer._asdict()}
    connection.execute(insert(answers).values(row))


def forget(connection: Connection, before: str) -> int:
    """Deletes answers given before an instant, and says how many.

    A request that is sent again after that still counts once, by the ledger's own ids.
    """
    return connection.execute(delete(answers).where(answers.c.created_at < before)).rowcount


def _claim_among_processes(connection: Connection, tenant_id: str, key: str) -> None:
    """In PostgreSQL a lock that ends with the transaction, also where its process is killed.

    SQLite has one writer at a time: whoever gets here is alone, and those who wait find the first one's answer.
    """
    if connection.dialect.name == "postgresql":
        number = int.from_bytes(sha256(f"{tenant_id}/{key}".encode()).digest()[:8], signed=True)
        if not connection.scalar(text("SELECT pg_try_advisory_xact_lock(:number)"), {"number": number}):
            raise _in_progress()


def _in_progress() -> ProblemError:
    detail = "a request with this Idempotency-Key is being worked on: send it again in a moment"
    return ProblemError(409, "in-progress", detail, headers={"Retry-After": "1"})
