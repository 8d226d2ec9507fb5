"""This service's own tables, beside those of the ledger in the same database.

No credits stand here: those are the ledger's alone. `create_all` suffices for as long as the tables stay as they are;
once you change them, let Alembic do it, with this `metadata` and the ledger's.
"""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Connection,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    inspect,
)

from billing_backend.names import MAX_ACCOUNT, MAX_KEY, MAX_NAME, MAX_TENANT
from mimo_credits.sql import check_schema, migrate

metadata = MetaData()
_INSTANT = String(32)
"""Instants of these tables are ISO 8601 in UTC, for people and for deleting what is old."""

tenants = Table("tenants", metadata, Column("id", String(MAX_TENANT), primary_key=True))

api_keys = Table(
    "api_keys",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("name", String(16), nullable=False, unique=True),
    Column("tenant_id", ForeignKey(tenants.c.id), nullable=False),
    Column("created_at", _INSTANT, nullable=False),
    Column("revoked_at", _INSTANT),
)

accounts = Table(
    "accounts",
    metadata,
    Column("tenant_id", ForeignKey(tenants.c.id), primary_key=True),
    Column("id", String(MAX_ACCOUNT), primary_key=True),
    Column("name", String(MAX_NAME), nullable=False),
    Column("created_at", _INSTANT, nullable=False),
)

answers = Table(
    "answers",
    metadata,
    Column("tenant_id", ForeignKey(tenants.c.id), primary_key=True),
    Column("key", String(MAX_KEY), primary_key=True),
    Column("content", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", _INSTANT, nullable=False, index=True),
)

begun = Table(
    "begun",
    metadata,
    Column("tenant_id", String(MAX_TENANT), primary_key=True),
    Column("account_id", String(MAX_ACCOUNT), primary_key=True),
    ForeignKeyConstraint(["tenant_id", "account_id"], [accounts.c.tenant_id, accounts.c.id]),
)
"""Accounts that something was done to: the ledger has them, or has lost them."""

crossings = Table(
    "crossings",
    metadata,
    Column("tenant_id", String(MAX_TENANT), primary_key=True),
    Column("account_id", String(MAX_ACCOUNT), primary_key=True),
    Column("segment", _INSTANT, primary_key=True),
    Column("percent", Integer, primary_key=True, autoincrement=False),
    ForeignKeyConstraint(["tenant_id", "account_id"], [accounts.c.tenant_id, accounts.c.id]),
)


def prepare(connection: Connection) -> None:
    """Makes all tables that are missing, the ledger's by its own migrations."""
    migrate(connection)
    metadata.create_all(connection)


def missing(connection: Connection) -> list[str]:
    """What `prepare` would make; nothing where the database is ready."""
    inspector = inspect(connection)
    own = [f"{table.name}: is missing" for table in metadata.sorted_tables if not inspector.has_table(table.name)]
    return [*map(str, check_schema(connection)), *own]
