"""A tenant's accounts. Every query names the tenant: another's account is not found, like one that does not exist."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Table, select
from sqlalchemy.dialects import postgresql, sqlite

from billing_backend.names import ledger_id
from billing_backend.problems import ProblemError
from billing_backend.tables import accounts, begun
from mimo_credits.sql import metadata

_in_ledger = metadata.tables["mimo_accounts"].c.id


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


def begin_account(connection: Connection, tenant_id: str, account_id: str) -> None:
    """Notes that the ledger has the account from now on; to be called with its first entry.

    Raises `LookupError` where that was noted before: then the ledger has lost what it had.
    """
    if not insert_missing(connection, begun, {"tenant_id": tenant_id, "account_id": account_id}):
        raise LookupError(f"the ledger had {ledger_id(tenant_id, account_id)!r}, and has lost it")


def lost_accounts(connection: Connection) -> list[str]:
    """What the ledger called the accounts that it had and has no more."""
    called = begun.c.tenant_id + "/" + begun.c.account_id
    return list(connection.scalars(select(called).where(called.not_in(select(_in_ledger))).order_by(called)))
