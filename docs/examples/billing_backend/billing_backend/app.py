"""The app: what a server runs. `create_app` makes it of settings, a rate book and a clock; tests give it their own."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from billing_backend import clock
from billing_backend.backend import make_backend
from billing_backend.handlers import add_handlers
from billing_backend.limits import BodyLimit
from billing_backend.log import start_log
from billing_backend.problems import Problem
from billing_backend.routes import accounts, holds, looking, plans, usage
from billing_backend.settings import Settings, from_environment
from mimo_credits import RateBook, load_book

TITLE = "Billing backend"
ABOUT = """Bills usage of an API to accounts: plans with credits, holds, usage as the provider sent it, statements.

Every request needs an API key, and one that changes something an `Idempotency-Key`: new for each, the same for its
retries. Credits and money are texts of digits. A refusal is a problem of RFC 9457; its `code` is for programs.
Of a JSON object that names a field twice, the last one counts."""


def create_app(settings: Settings | None = None, book: RateBook | None = None, now: clock.Clock = clock.now) -> FastAPI:
    """The app on the database of the settings, whose tables must be there: `billing-backend prepare` makes them."""
    settings = settings or from_environment()
    # FastAPI's own pages of documentation load scripts from elsewhere: /openapi.json is all there is.
    app = FastAPI(title=TITLE, version="1.0", docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.backend = make_backend(settings, book or load_book(), now)
    app.add_middleware(BodyLimit, most=settings.max_body)
    add_handlers(app)
    for routes in (accounts, plans, usage, holds, looking):
        app.include_router(routes.router)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def served() -> FastAPI:
    """The app as a server's process runs it, by the environment, with its log."""
    start_log()
    return create_app()


def _openapi(app: FastAPI) -> dict[str, Any]:
    """FastAPI's description, with problems where it would describe errors of its own."""
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, version=app.version, description=ABOUT, routes=app.routes)
        schemas = schema["components"]["schemas"]
        schemas["Problem"] = Problem.model_json_schema()
        for operations in schema["paths"].values():
            for operation in operations.values():
                if "HTTPValidationError" in str(operation["responses"].get("422", "")):
                    del operation["responses"]["422"]
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        app.openapi_schema = schema
    return app.openapi_schema
