"""Plans: subscribe, change the tier, cancel; and credits that are granted beside."""

from __future__ import annotations

from decimal import Decimal

from fastapi import APIRouter, Response

from billing_backend.answers import ReceiptAnswer
from billing_backend.backend import WithoutBody
from billing_backend.bodies import AccountId, NewGrant, Subscription, TierChange
from billing_backend.problems import documented
from billing_backend.writing import Writing
from mimo_credits import Cancel, ChangeTier, Grant, Subscribe

router = APIRouter(prefix="/accounts/{account_id}", tags=["plans"])
_refused = documented(402, 404, 409, 413, 422)


@router.post("/subscribe", status_code=201, response_model=ReceiptAnswer, responses=_refused)
def subscribe(writing: Writing, account_id: AccountId, body: Subscription) -> Response:
    """Buys a tier: the first cycle begins, and its allowance can be used."""
    asked = body.model_dump()
    return writing.apply(
        account_id, asked, lambda name, at: Subscribe(name, at, body.tier, body.currency, body.interval)
    )


@router.post("/tier", status_code=201, response_model=ReceiptAnswer, responses=_refused)
def change_tier(writing: Writing, account_id: AccountId, body: TierChange) -> Response:
    """Changes to another tier, now or with the next cycle."""
    return writing.apply(account_id, body.model_dump(), lambda name, at: ChangeTier(name, at, body.tier, body.when))


@router.post("/cancel", status_code=201, response_model=ReceiptAnswer, responses=_refused, dependencies=[WithoutBody])
def cancel(writing: Writing, account_id: AccountId) -> Response:
    """Ends the plan with its running cycle."""
    return writing.apply(account_id, None, Cancel)


@router.post("/grants", status_code=201, response_model=ReceiptAnswer, responses=_refused)
def grant(writing: Writing, account_id: AccountId, body: NewGrant) -> Response:
    """Gives credits beside the allowance: a top-up, a compensation."""
    return writing.apply(
        account_id,
        body.model_dump(),
        lambda name, at: Grant(name, at, Decimal(body.credits), body.expires_at, body.priority, body.label),
    )
