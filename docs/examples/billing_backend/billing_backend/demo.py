"""Sample data for a first look: a tenant, an account with a plan and some usage, and what to try."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from sqlalchemy import Engine

from billing_backend import clock
from billing_backend.accounts import begin_account, insert_missing
from billing_backend.keys import create_key, list_keys, revoke_key
from billing_backend.names import ledger_id
from billing_backend.tables import accounts
from mimo_credits import Grant, PricingError, RateCard, Record, Subscribe, Usage, charge, load_book
from mimo_credits.sql import open_ledger

TENANT, ACCOUNT = "demo", "ada"


def demonstrate(engine: Engine, host: str, port: int) -> None:
    """Fills an empty database, makes a new key in place of the last start's, and says what to try with it."""
    now, book = clock.now().replace(microsecond=0), load_book()
    with engine.begin() as connection:
        for old in list_keys(connection):
            if old.tenant_id == TENANT:
                revoke_key(connection, old.name)
        key, _ = create_key(connection, TENANT)
        row = {"tenant_id": TENANT, "id": ACCOUNT, "name": "Ada's team", "created_at": clock.written(now)}
        if insert_missing(connection, accounts, row):
            begin_account(connection, TENANT, ACCOUNT)
            ledger, name = open_ledger(connection, book), ledger_id(TENANT, ACCOUNT)
            ledger.apply(name, Subscribe("demo/s", now - timedelta(days=9), "lite"))
            ledger.apply(name, Grant("demo/g", now - timedelta(days=8), 250_000_000, label="welcome"))
            for day in range(8):
                at = now - timedelta(days=8 - day)
                model, tokens = _some_model(book.at(at)), 40_000 * day
                usage = Usage(model, input_tokens=1_200_000, cached_tokens=900_000, output_tokens=tokens)
                ledger.apply(name, Record(f"demo/r{day}", at, usage))
    address, model = f"http://{host}:{port}", _some_model(book.at(now))
    print(_TRY.format(address=address, account=f"{address}/accounts/{ACCOUNT}", key=key, model=model))


def _some_model(card: RateCard) -> str:
    """A model of the plan that takes tokens and gives tokens: which these are changes from card to card."""
    for model in card.models:
        with suppress(PricingError):
            if charge(card, Usage(model, input_tokens=1, output_tokens=1)):
                return model
    raise LookupError(f"card {card.id} has no model for the sample data")


_TRY = """
Serving on {address} (its endpoints: {address}/openapi.json)
API key of the tenant `demo`: {key}

  curl -s {account} -H 'Authorization: Bearer {key}'

  curl -s {account}/usage -H 'Authorization: Bearer {key}' -H 'Idempotency-Key: try-1' \\
    --json '{{"id": "chatcmpl-1", "model": "{model}", "usage": {{"prompt_tokens": 86790, "completion_tokens": 305}}}}'

In a browser, the key is the password: {account}/statement.html
Ctrl-C stops it.
"""
