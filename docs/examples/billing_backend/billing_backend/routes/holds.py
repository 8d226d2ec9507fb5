"""Holds: credits kept aside before the work, then settled with what was really used, or released."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from fastapi import APIRouter, Response

from billing_backend.answers import ReceiptAnswer
from billing_backend.backend import WithoutBody
from billing_backend.bodies import AccountId, HoldId, NewHold, ProviderResponse, usage_id
from billing_backend.problems import documented, invalid
from billing_backend.writing import Writing
from mimo_credits import Hold, Release, Settle, Usage

router = APIRouter(prefix="/accounts/{account_id}/holds", tags=["holds"])
_refused = documented(402, 404, 409, 413, 422)


@router.post("", status_code=201, response_model=ReceiptAnswer, responses=_refused)
def hold(writing: Writing, account_id: AccountId, body: NewHold) -> Response:
    """Holds credits, or refuses with how many are missing. Needs `usage` or `credits`."""
    if (body.usage is None) == (body.credits is None):
        raise invalid([("body", "needs either usage or credits")])
    usage = body.usage.usage() if body.usage else None
    amount = Decimal(body.credits) if body.credits else None
    patience = timedelta(seconds=body.expires_in)
    return writing.apply(
        account_id,
        body.model_dump(),
        lambda name, at: Hold(name, at, usage, amount, expires_at=at + patience),
        id=body.id,
    )


@router.post("/{hold_id}/settle", status_code=201, response_model=ReceiptAnswer, responses=_refused)
def settle(writing: Writing, account_id: AccountId, hold_id: HoldId, body: ProviderResponse) -> Response:
    """Charges what the provider says was used, at the rates of the hold's instant, and gives the rest back.

    A response that was recorded as usage, or has settled another hold, is a conflict: it is charged once.
    """
    usage, named = Usage.from_response(body), usage_id(body) or f"settle/{hold_id}"
    return writing.apply(account_id, body, lambda name, at: Settle(name, at, hold_id, usage), id=named)


@router.post(
    "/{hold_id}/release",
    status_code=201,
    response_model=ReceiptAnswer,
    responses=_refused,
    dependencies=[WithoutBody],
)
def release(writing: Writing, account_id: AccountId, hold_id: HoldId) -> Response:
    """Gives a hold back unused."""
    return writing.apply(account_id, None, lambda name, at: Release(name, at, hold_id), id=f"release/{hold_id}")
