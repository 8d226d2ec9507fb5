"""Looking: entries, statements, and whether the service is well."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection, select

from billing_backend.accounts import find_account
from billing_backend.answers import EntriesAnswer, EntryAnswer, Health
from billing_backend.backend import Backend, BrowsingTenant, Tenant, TheBackend
from billing_backend.bodies import AccountId
from billing_backend.clock import not_before
from billing_backend.engines import reading
from billing_backend.names import ledger_id
from billing_backend.page import HEADERS, page
from billing_backend.problems import ProblemError, documented
from billing_backend.tables import missing
from mimo_credits import Account, Advance, Entry, apply, statement, to_data
from mimo_credits.sql import metadata, open_ledger

router = APIRouter(tags=["looking"])
_entries = metadata.tables["mimo_entries"].c


@router.get("/accounts/{account_id}/entries", responses=documented(404))
def entries(
    backend: TheBackend,
    tenant_id: Tenant,
    account_id: AccountId,
    after: Annotated[int, Query(ge=-1, le=2**62, description="the number of the last entry seen")] = -1,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> EntriesAnswer:
    """The ledger's entries of the account, a page at a time, each with its link in the chain of hashes."""
    mine = (_entries.account_id == ledger_id(tenant_id, account_id), _entries.number > after)
    query = select(_entries.number, _entries.hash, _entries.content).where(*mine).order_by(_entries.number)
    with reading(backend.engine) as connection:
        find_account(connection, tenant_id, account_id)
        rows = connection.execute(query.limit(limit + 1)).all()
    items = [EntryAnswer(number=row.number, hash=row.hash, entry=json.loads(row.content)) for row in rows[:limit]]
    return EntriesAnswer(items=items, next=items[-1].number if len(rows) > limit else None)


@router.get("/accounts/{account_id}/statement", responses=documented(404))
def statement_as_data(backend: TheBackend, tenant_id: Tenant, account_id: AccountId) -> dict[str, Any]:
    """The statement now, cycle by cycle, in the library's JSON."""
    with reading(backend.engine) as connection:
        find_account(connection, tenant_id, account_id)
        _, seen = _now(connection, backend, ledger_id(tenant_id, account_id))
    return to_data(statement(seen, book=backend.book))


@router.get(
    "/accounts/{account_id}/statement.html",
    response_class=HTMLResponse,
    responses=documented(404),
)
def statement_as_page(backend: TheBackend, tenant_id: BrowsingTenant, account_id: AccountId) -> HTMLResponse:
    """The account and its statement as a page. A browser asks for the API key: it is the password, of any user name."""
    with reading(backend.engine) as connection:
        row = find_account(connection, tenant_id, account_id)
        account, seen = _now(connection, backend, ledger_id(tenant_id, account_id))
    return HTMLResponse(page(row.name, account, statement(seen, book=backend.book)), headers=HEADERS)


def _now(connection: Connection, backend: Backend, name: str) -> tuple[Account, list[Entry]]:
    """The account at this instant and its entries, with those of what is due but not written yet."""
    ledger = open_ledger(connection, backend.book)
    account = ledger.account(name)
    now, due = apply(account, Advance(not_before(account, backend.clock())), backend.book)
    return now, [*ledger.entries(name), *due]


@router.get("/health", responses=documented())
def health(backend: TheBackend) -> Health:
    """Whether the database answers, and has its tables. Needs no key."""
    with reading(backend.engine) as connection:
        if missing(connection):
            raise ProblemError(503, "not-prepared", "the database lacks tables: run `billing-backend prepare`")
    return Health(status="ok", card=backend.book.at(backend.clock()).id)
