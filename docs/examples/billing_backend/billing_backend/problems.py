"""Problems: every answer that says no, as RFC 9457 has it, and what the library's errors become over HTTP.

`code` is for programs: the ledger's reason, or one of this service's own. Nothing of the program is told: an error that
nobody foresaw is logged under a number, and the client is given the number.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import Response
from pydantic import BaseModel, Field

from mimo_credits import Conflict, InputError, PricingError, Reason, Refused
from mimo_credits.errors import MimoCreditsError, TooLarge

MEDIA_TYPE = "application/problem+json"
_TYPE = "tag:billing-backend,2026:problem/"
"""A name, not an address: RFC 9457 allows it. Put your own domain here, and a page where each is explained."""

_STATUS = {
    Reason.NOT_SUBSCRIBED: HTTPStatus.PAYMENT_REQUIRED,
    Reason.INSUFFICIENT_CREDITS: HTTPStatus.PAYMENT_REQUIRED,
    Reason.UNKNOWN_TIER: HTTPStatus.UNPROCESSABLE_ENTITY,
    Reason.INTERVAL_NOT_SOLD: HTTPStatus.UNPROCESSABLE_ENTITY,
    Reason.CURRENCY_NOT_SOLD: HTTPStatus.UNPROCESSABLE_ENTITY,
    Reason.UNKNOWN_HOLD: HTTPStatus.NOT_FOUND,
}
"""All other reasons are conflicts with the state of the account."""


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = Field(examples=[f"{_TYPE}insufficient-credits"])
    title: str = Field(examples=["Insufficient credits"])
    status: int = Field(examples=[402])
    detail: str = Field(examples=["the hold needs 330,000,000 credits, 190,524,000 more than are free"])
    code: str = Field(examples=["insufficient-credits"])
    missing_millicredits: str | None = Field(None, description="by how much a hold did not fit")
    errors: list[dict[str, str]] | None = Field(None, description="what is wrong with the request, place by place")
    instance: str | None = Field(None, description="the number under which an unforeseen error was logged")


class ProblemError(Exception):
    """Raised anywhere to answer a request with a problem; the transaction it is raised in is rolled back."""

    def __init__(
        self, status: int, code: str, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> None:
        self.status = status
        self.headers = headers
        self.body = {
            "type": _TYPE + code,
            "title": _title(code),
            "status": status,
            "detail": detail,
            "code": code,
            **more,
        }
        super().__init__(detail)

    def response(self) -> Response:
        """The problem as an answer."""
        return Response(json.dumps(self.body), self.status, self.headers, MEDIA_TYPE)


def problem_of(error: MimoCreditsError) -> ProblemError:
    """What an error of the library is over HTTP."""
    match error:
        case Refused():
            more: dict[str, Any] = {}
            if error.missing_millicredits is not None:
                more["missing_millicredits"] = str(error.missing_millicredits)
            return ProblemError(
                _STATUS.get(error.reason, HTTPStatus.CONFLICT), error.reason.value, error.detail, **more
            )
        case Conflict():
            return ProblemError(409, "conflict", str(error))
        case PricingError():
            return ProblemError(422, _kebab(type(error).__name__), str(error))
        case TooLarge():
            return ProblemError(422, "too-large", str(error))
        case InputError():
            return invalid([(error.field, error.why)])
    raise error


def invalid(errors: list[tuple[str, str]]) -> ProblemError:
    """A request that cannot be right, wherever it is wrong."""
    detail = "; ".join(f"{where}: {what}" for where, what in errors)
    return ProblemError(
        400, "invalid-request", detail, errors=[{"where": where, "what": what} for where, what in errors]
    )


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """These statuses, and those that any request may meet, for OpenAPI."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content}
        for status in sorted({400, 401, 405, 500, 503, *statuses})
    }


def _kebab(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name).lower()


def _title(code: str) -> str:
    return code.replace("-", " ").capitalize()
