"""Usage: what the provider's API answered, recorded as it is; and what a request would cost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Response

from billing_backend.accounts import find_account
from billing_backend.answers import QuoteAnswer, ReceiptAnswer, quote_answer
from billing_backend.backend import Tenant, TheBackend
from billing_backend.bodies import AccountId, EstimatedUsage, ProviderResponse, usage_id
from billing_backend.clock import not_before, written
from billing_backend.engines import reading
from billing_backend.names import ledger_id
from billing_backend.problems import documented
from billing_backend.writing import Writing
from mimo_credits import Record
from mimo_credits.sql import open_ledger

router = APIRouter(prefix="/accounts/{account_id}", tags=["usage"])


@router.post("/usage", status_code=201, response_model=ReceiptAnswer, responses=documented(402, 404, 409, 413, 422))
def record_usage(writing: Writing, account_id: AccountId, body: ProviderResponse) -> Response:
    """Records what a request used. It is a fact: never refused because credits ran out."""
    return writing.apply(
        account_id, body, lambda name, at: Record.from_response(_dated(body, at), name), id=usage_id(body)
    )


def _dated(response: Mapping[str, Any], at: datetime) -> Mapping[str, Any]:
    """The response with an instant: its own, or this one. Anthropic's shape has none."""
    dated = any(response.get(name) is not None for name in ("created", "created_at", "timestamp"))
    return response if dated else {**response, "timestamp": written(at)}


@router.post("/quote", responses=documented(404, 413, 422))
def quote(backend: TheBackend, tenant_id: Tenant, account_id: AccountId, body: EstimatedUsage) -> QuoteAnswer:
    """What a request would cost now, and whether the account could pay. Changes nothing, so it needs no key."""
    with reading(backend.engine) as connection:
        find_account(connection, tenant_id, account_id)
        account = open_ledger(connection, backend.book).account(ledger_id(tenant_id, account_id))
    at = not_before(account, backend.clock())
    return quote_answer(backend.book.quote(body.usage(), at), account.as_of(at, backend.book))
