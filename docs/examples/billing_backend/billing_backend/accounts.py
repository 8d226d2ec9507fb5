"""A tenant's accounts. Every query names the tenant: another's account is not found, like one that does not exist."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from billing_backend.problems import ProblemError
from billing_backend.tables import accounts


def insert_missing(connection: Connection, table: Table, row: dict[str, Any]) -> bool:
    """Inserts a row; False where one with its key was there."""
    make = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = make(table).values(row).on_conflict_do_nothing().returning(*table.primary_key)
    return connection.execute(statement).first() is not None


def find_account(connection: Connection, tenant_id: str, account_id: str, *, lock: bool = False) -> Row[Any]:
    """The account's row; with `lock`, nobody else changes the account until this transaction ends.

    Raises the problem `no-such-account`.
    """
    query = select(accounts).where(accounts.c.tenant_id == tenant_id, accounts.c.id == account_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise ProblemError(404, "no-such-account", f"you have no account {account_id!r}")
    return row


def list_accounts(connection: Connection, tenant_id: str, after: str, limit: int) -> list[Row[Any]]:
    """The tenant's accounts, by id, from the one after `after` on."""
    query = select(accounts).where(accounts.c.tenant_id == tenant_id, accounts.c.id > after)
    return list(connection.execute(query.order_by(accounts.c.id).limit(limit)))
