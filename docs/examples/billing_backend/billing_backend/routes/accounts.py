"""Accounts: open one, look at it, list them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from sqlalchemy import Connection

from billing_backend.accounts import find_account, insert_missing, list_accounts
from billing_backend.answers import AccountAnswer, AccountsAnswer, account_answer
from billing_backend.backend import Tenant, TheBackend
from billing_backend.bodies import AccountId, NewAccount
from billing_backend.clock import written
from billing_backend.engines import reading
from billing_backend.idempotency import Answer
from billing_backend.names import ledger_id
from billing_backend.problems import ProblemError, documented
from billing_backend.tables import accounts
from billing_backend.writing import Done, Writing
from mimo_credits import Account
from mimo_credits.sql import open_ledger

router = APIRouter(tags=["accounts"])


@router.post("/accounts", status_code=201, response_model=AccountAnswer, responses=documented(409, 413, 422))
def open_account(writing: Writing, body: NewAccount) -> Response:
    """Opens an account; it has no plan yet."""
    backend = writing.backend

    def work(connection: Connection) -> Done:
        row = {"tenant_id": writing.tenant_id, "created_at": written(backend.clock()), **body.model_dump()}
        if not insert_missing(connection, accounts, row):
            raise ProblemError(409, "account-exists", f"you have an account {body.id!r} already")
        found = find_account(connection, writing.tenant_id, body.id)
        answer = account_answer(connection, backend.book, backend.clock(), found, Account())
        return Done(Answer(201, answer.model_dump_json()))

    return writing.once(body.model_dump(), work)


@router.get("/accounts", responses=documented())
def all_accounts(
    backend: TheBackend,
    tenant_id: Tenant,
    after: Annotated[str, Query(max_length=100, pattern=r"^[\x20-\x7e]*$")] = "",
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> AccountsAnswer:
    """Your accounts' ids, a page at a time."""
    with reading(backend.engine) as connection:
        found = [row.id for row in list_accounts(connection, tenant_id, after, limit + 1)]
    return AccountsAnswer(items=found[:limit], next=found[limit - 1] if len(found) > limit else None)


@router.get("/accounts/{account_id}", responses=documented(404))
def one_account(backend: TheBackend, tenant_id: Tenant, account_id: AccountId) -> AccountAnswer:
    """An account now: its plan, its pool, what is held."""
    with reading(backend.engine) as connection:
        row = find_account(connection, tenant_id, account_id)
        account = open_ledger(connection, backend.book).account(ledger_id(tenant_id, account_id))
        return account_answer(connection, backend.book, backend.clock(), row, account)
