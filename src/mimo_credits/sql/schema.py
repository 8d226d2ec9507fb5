"""The tables: what is stored of a ledger, and what the database itself forbids.

- `mimo_accounts`: each account's state (the JSON of `Account`), its balances as integers, and the head of its chain.
  `version` is the number of its entries.
- `mimo_commands`: every command that was accepted, under its account and id, and which entries it made.
- `mimo_entries`: the ledger. Numbered from 0 in each account, each row chained to the hash before it.
- `mimo_bills`: the money due, one row for each `Billed` entry, for the accountants.

All but the first are append-only by trigger. Credits are BIGINT millicredits. Balances that are negative or do not add
up to 0 break a constraint of the table, whoever writes them. What stands in a column of `mimo_entries` or `mimo_bills`
beside `content` repeats it, so that SQL can sum and search; `verify` compares the two.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    DDL,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    event,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

from mimo_credits.ledger.commands import MAX_ID

HASH_LENGTH = 64
APPEND_ONLY = ("mimo_commands", "mimo_entries", "mimo_bills")


class Instant(TypeDecorator[datetime]):
    """An aware instant in UTC. SQLite, which knows no time zones, keeps it without one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database."""
        return value.replace(tzinfo=None) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class Money(TypeDecorator[Decimal]):
    """An exact amount of money. SQLite, which would make it a float, keeps it as a text."""

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """NUMERIC without limits, or a text."""
        return dialect.type_descriptor(Text() if dialect.name == "sqlite" else Numeric())

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        """To the database."""
        return str(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:  # noqa: ARG002
        """From the database."""
        return None if value is None else Decimal(value)


metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "ck": "%(table_name)s_%(constraint_name)s",
    }
)
"""The tables of this library, for `create_all` and as a `target_metadata` of your own migrations."""


def _millicredits(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


accounts = Table(
    "mimo_accounts",
    metadata,
    Column("id", String(MAX_ID), primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("head", String(HASH_LENGTH), nullable=False),
    Column("state", Text, nullable=False),
    _millicredits("remaining"),
    _millicredits("issued"),
    _millicredits("held"),
    _millicredits("spent"),
    _millicredits("expired"),
    _millicredits("overage"),
    CheckConstraint("remaining >= 0 AND held >= 0 AND spent >= 0", name="not_negative"),
    CheckConstraint("remaining + issued + held + spent + expired + overage = 0", name="adds_up"),
)

commands = Table(
    "mimo_commands",
    metadata,
    Column("account_id", ForeignKey(accounts.c.id), primary_key=True),
    Column("id", String(MAX_ID), primary_key=True),
    Column("first", BigInteger, nullable=False),
    Column("made", BigInteger, nullable=False),
    Column("content", Text, nullable=False),
)

entries = Table(
    "mimo_entries",
    metadata,
    Column("account_id", ForeignKey(accounts.c.id), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("millicredits", BigInteger),
    Column("content", Text, nullable=False),
    Column("previous", String(HASH_LENGTH), nullable=False),
    Column("hash", String(HASH_LENGTH), nullable=False),
)

bills = Table(
    "mimo_bills",
    metadata,
    Column("account_id", String(MAX_ID), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("amount", Money, nullable=False),
    Column("currency", String(MAX_ID), nullable=False),
    Column("reason", String(40), nullable=False),
    Column("ref", String(MAX_ID), nullable=False),
    Column("card", String(MAX_ID)),
    Column("digest", String(64)),
    ForeignKeyConstraint(["account_id", "number"], [entries.c.account_id, entries.c.number]),
)

_POSTGRESQL_FUNCTION = """
CREATE OR REPLACE FUNCTION mimo_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '%% is append-only', TG_TABLE_NAME; END $$
"""
_POSTGRESQL_TRIGGER = """
CREATE TRIGGER %(table)s_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON %(table)s
FOR EACH STATEMENT EXECUTE FUNCTION mimo_append_only()
"""
_SQLITE_TRIGGERS = tuple(
    f"CREATE TRIGGER %(table)s_no_{action.lower()} BEFORE {action} ON %(table)s "
    "BEGIN SELECT RAISE(ABORT, '%(table)s is append-only'); END"
    for action in ("UPDATE", "DELETE")
)


def trigger_names(dialect: Dialect) -> set[str]:
    """The triggers that keep the tables append-only."""
    endings = ("no_update", "no_delete") if dialect.name == "sqlite" else ("append_only",)
    return {f"{table}_{ending}" for table in APPEND_ONLY for ending in endings}


def _create_triggers_with_their_tables() -> None:
    event.listen(metadata, "before_create", _ddl(_POSTGRESQL_FUNCTION, "postgresql"))
    for name in APPEND_ONLY:
        table = metadata.tables[name]
        event.listen(table, "after_create", _ddl(_POSTGRESQL_TRIGGER, "postgresql", table=name))
        for statement in _SQLITE_TRIGGERS:
            event.listen(table, "after_create", _ddl(statement, "sqlite", table=name))


def _ddl(statement: str, dialect: str, **names: str) -> DDL:
    return DDL(statement, context=names).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]


_create_triggers_with_their_tables()
