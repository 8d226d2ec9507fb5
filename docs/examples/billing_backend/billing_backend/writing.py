"""A request that changes something: one transaction, in which all of it is stored, or nothing.

    the key's first answer?  →  lock the account  →  the ledger decides and writes  →  thresholds  →  keep the answer

It is committed before anything is answered. (FastAPI ends a dependency with `yield` after the answer was sent: a commit
there would acknowledge what may yet be lost.) A crash before the commit leaves nothing, one after it leaves the answer
for the retry.

How a command is called in the ledger follows from what it is about, so that it counts once whatever its requests' keys:

    usage                usage/<the response's own id>, or key/<Idempotency-Key> where it has none
    a settlement         usage/<the response's own id>, or settle/<hold> where it has none
    a hold, its release  <hold>, release/<hold>
    all others           key/<Idempotency-Key>

So a response that has settled a hold is a conflict where it comes as usage, and the other way round: one response, one
charge. And a command that the ledger knows already is taken to be of its first instant, or it would seem to be another.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, NamedTuple, TypeAlias

from fastapi import Depends, Header, Request, Response
from sqlalchemy import Connection, select

from billing_backend import thresholds
from billing_backend.accounts import begin_account, find_account
from billing_backend.answers import receipt_answer
from billing_backend.backend import Backend, Tenant, TheBackend
from billing_backend.clock import stamp, written
from billing_backend.idempotency import Answer, content_of, first_answer, keep
from billing_backend.names import KEY, ledger_id
from billing_backend.problems import ProblemError, problem_of
from mimo_credits import Command, Conflict, PricingError, Refused, loads
from mimo_credits.errors import TooLarge
from mimo_credits.sql import metadata, open_ledger

Make: TypeAlias = Callable[[str, datetime], Command]
"""Makes a command of its id and of the instant that it has if it names none."""
_commands = metadata.tables["mimo_commands"]


class Done(NamedTuple):
    """What a request did: its answer, and what is logged once that is committed."""

    answer: Answer
    log: Callable[[], None] = lambda: None


class Writer:
    """One such request: whose it is, and under which key."""

    def __init__(
        self,
        backend: TheBackend,
        tenant_id: Tenant,
        request: Request,
        idempotency_key: Annotated[
            str, Header(pattern=KEY, description="new for each request, the same for its retries", examples=["r-1"])
        ],
    ) -> None:
        self.backend: Backend = backend
        self.tenant_id: str = tenant_id
        self.key = idempotency_key
        self._method, self._path = request.method, request.url.path

    def once(self, body: object, work: Callable[[Connection], Done]) -> Response:
        """Does the work and keeps its answer, or gives the answer that was kept."""
        content = content_of(self._method, self._path, body)
        claim = self.backend.in_progress.claim(self.tenant_id, self.key)
        with claim, self.backend.transaction() as connection:
            kept = first_answer(connection, self.tenant_id, self.key, content)
            if kept is not None:
                return kept.response(repeated=True)
            done = work(connection)
            keep(connection, self.tenant_id, self.key, content, done.answer, written(self.backend.clock()))
        done.log()
        return done.answer.response()

    def apply(self, account_id: str, body: object, make: Make, *, id: str | None = None) -> Response:
        """Applies a command to the account, and answers with its receipt or with the ledger's refusal."""
        return self.once(body, lambda connection: self._apply(connection, account_id, id or f"key/{self.key}", make))

    def _apply(self, connection: Connection, account_id: str, command_id: str, make: Make) -> Done:
        row = find_account(connection, self.tenant_id, account_id, lock=True)
        ledger, name = open_ledger(connection, self.backend.book), ledger_id(self.tenant_id, account_id)
        before, clock = ledger.account(name), self.backend.clock()
        command = make(command_id, _first_instant(connection, name, command_id) or stamp(before, clock))
        if command.at > max(clock + self.backend.settings.ahead, stamp(before, clock)):
            raise ProblemError(
                422, "in-the-future", f"{written(command.at)} is later than the service's {written(clock)}"
            )
        try:
            receipt = ledger.apply(name, command)
        except (Refused, Conflict, PricingError, TooLarge) as error:
            return Done(Answer.of(problem_of(error)))
        after = ledger.account(name)
        place = self.tenant_id, account_id
        if before.now is None and after.now is not None:
            begin_account(connection, *place)
        found = thresholds.cross(connection, *place, thresholds.pool_of(before), thresholds.pool_of(after))
        answer = receipt_answer(connection, self.backend.book, clock, row, command_id, receipt, after, found)
        return Done(Answer(201, answer.model_dump_json()), lambda: thresholds.log_crossings(*place, found))


def _first_instant(connection: Connection, name: str, command_id: str) -> datetime | None:
    """When the ledger first saw a command of this id; None where it never did."""
    query = select(_commands.c.content).where(_commands.c.account_id == name, _commands.c.id == command_id)
    content = connection.scalar(query)
    at: datetime | None = None if content is None else loads(content).at
    return at


Writing: TypeAlias = Annotated[Writer, Depends(Writer)]
