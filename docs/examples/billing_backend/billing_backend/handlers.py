"""What is answered where something was raised: always a problem, whoever raised it."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from starlette.exceptions import HTTPException
from starlette.routing import Match

from billing_backend.problems import ProblemError, invalid, problem_of
from mimo_credits.errors import MimoCreditsError, SchemaMismatch

_log = logging.getLogger(__name__)
_METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
_COME_AGAIN = "the database did not answer; send the same request again, with the same Idempotency-Key: it counts once"


def add_handlers(app: FastAPI) -> None:
    """Makes every error of the app a problem."""
    app.add_exception_handler(ProblemError, _raised)
    app.add_exception_handler(MimoCreditsError, _by_the_library)
    app.add_exception_handler(RequestValidationError, _by_fastapi)
    app.add_exception_handler(HTTPException, _by_starlette)
    app.add_exception_handler(DBAPIError, _by_the_database)
    app.add_exception_handler(NoConnection, _by_the_database)
    app.add_exception_handler(Exception, _unforeseen)


def _raised(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)
    return error.response()


def _by_the_library(request: Request, error: Exception) -> Response:
    assert isinstance(error, MimoCreditsError)
    if isinstance(error, SchemaMismatch):
        return _unforeseen(request, error)
    return problem_of(error).response()


def _by_fastapi(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    if any(each["loc"][:2] == ("header", "idempotency-key") and each["type"] == "missing" for each in found):
        detail = (
            "a request that changes something needs an Idempotency-Key: any text, new for each, kept for its retries"
        )
        return ProblemError(400, "idempotency-key-missing", detail).response()
    return invalid([(".".join(map(_step, each["loc"])), _words(each)) for each in found]).response()


_WORDS = {
    "dict_type": "needs a JSON object, and the header Content-Type: application/json",
    "model_attributes_type": "needs a JSON object, and the header Content-Type: application/json",
    "missing": "is missing",
    "extra_forbidden": "is no field of this",
    "string_type": "needs a text",
    "int_type": "needs a whole number",
    "json_invalid": "is no JSON from here on: {error}",
    "timezone_aware": "needs an instant with its time zone, such as 2027-01-01T00:00:00Z",
    "string_pattern_mismatch": "needs the form {pattern}",
    "value_error": "{error}",
}
"""What is said for pydantic's kinds of error; those not here speak for themselves."""


def _words(error: dict[str, Any]) -> str:
    words = _WORDS.get(error["type"])
    return words.format(**error.get("ctx", {})) if words else str(error["msg"])


def _step(part: object) -> str:
    text = str(part)
    return text if text.isprintable() and len(text) <= 80 else ascii(text)[:80]


def _by_starlette(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == HTTPStatus.BAD_REQUEST:
        return invalid([("body", error.detail)]).response()
    code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    headers = {"Allow": _allowed(request)} if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED else error.headers
    return ProblemError(error.status_code, code, error.detail, headers=headers).response()


def _allowed(request: Request) -> str:
    """The methods of the path. Starlette names those of one of its routes."""
    asked = [(route, {**request.scope, "method": method}) for route in request.app.routes for method in _METHODS]
    return ", ".join(sorted({scope["method"] for route, scope in asked if route.matches(scope)[0] is Match.FULL}))


def _by_the_database(request: Request, error: Exception) -> Response:
    passing = isinstance(error, OperationalError | NoConnection) or getattr(error, "connection_invalidated", False)
    if isinstance(error, IntegrityError) or not passing:
        return _unforeseen(request, error)
    _log.warning(
        "database",
        extra={"fields": {"path": request.url.path, "error": type(error).__name__, "message": said_by(error)}},
    )
    return ProblemError(503, "database-busy", _COME_AGAIN, headers={"Retry-After": "1"}).response()


def said_by(error: Exception) -> str:
    """What the database's driver said, in one line."""
    return " ".join(str(getattr(error, "orig", None) or error).split())


def _unforeseen(request: Request, error: Exception) -> Response:
    number = uuid4().urn
    _log.error("unforeseen", exc_info=error, extra={"fields": {"path": request.url.path, "instance": number}})
    detail = "this should not have happened; say the number under `instance` to those who run this service"
    return ProblemError(500, "internal-error", detail, instance=number).response()
