"""The tables: what the revisions make, what the database forbids, and what is said where a migration is missing."""

from __future__ import annotations

import runpy
import sys
from datetime import UTC, datetime

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from mimo_credits import Advance, Record, Subscribe, Usage, load_book
from mimo_credits.errors import SchemaMismatch
from mimo_credits.sql import check_schema, ledger, metadata, migrate, open_ledger, schema
from mimo_credits.sql.migrating import VERSION_TABLE

pytestmark = pytest.mark.beyond_core

BOOK = load_book()
AT = datetime(2026, 6, 1, tzinfo=UTC)
BOUGHT = Subscribe("s", AT, "lite")
USED = Record("r", AT, Usage("mimo-v2.5", input_tokens=1_000))
APPEND_ONLY = [schema.commands, schema.entries, schema.bills]


def described(connection) -> set[str]:
    """All that the database says of our tables and triggers: in SQLite their very text, word by word."""
    if connection.dialect.name == "sqlite":
        found = connection.scalars(text("SELECT sql FROM sqlite_master WHERE name LIKE 'mimo%' AND sql IS NOT NULL"))
        return {" ".join(each.split()) for each in found if VERSION_TABLE not in each}
    queries = (
        "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
        "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname LIKE 'mimo%'",
        "SELECT conname || pg_get_constraintdef(oid) FROM pg_constraint WHERE conname LIKE 'mimo%'",
        """SELECT table_name || column_name || data_type || is_nullable || coalesce(character_maximum_length, 0)
           FROM information_schema.columns WHERE table_name LIKE 'mimo%'""",
    )
    found = {" ".join(each.split()) for query in queries for each in connection.scalars(text(query))}
    return {each for each in found if VERSION_TABLE not in each}


# --- revisions -------------------------------------------------------------------------------------------


def test_the_revisions_make_what_the_metadata_says(empty):
    with empty.connect() as connection:
        metadata.create_all(connection)
        created = described(connection)
        connection.rollback()
    with empty.connect() as connection:
        assert not described(connection)
        migrate(connection)
        assert described(connection) == created
        assert len(created) > 8
        ours = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE, "compare_type": True})
        assert compare_metadata(ours, metadata) == []
        assert check_schema(connection) == ()


def test_migrating_twice_changes_nothing_and_is_the_callers_to_commit(empty):
    with empty.connect() as connection:
        migrate(connection)
        first = described(connection)
        migrate(connection)
        assert described(connection) == first
        connection.rollback()
        assert not described(connection)


def test_an_alembic_of_ones_own_takes_the_shipped_revision_along(empty, tmp_path):
    (tmp_path / "versions").mkdir()
    (tmp_path / "env.py").write_text(
        "from alembic import context\n"
        "context.configure(connection=context.config.attributes['connection'])\n"
        "context.run_migrations()\n"
    )
    (tmp_path / "versions" / "mine.py").write_text(
        "from alembic import op\nrevision = 'mine'\ndown_revision = None\ndepends_on = 'mimo_credits_0001'\n"
        "def upgrade():\n    op.execute('CREATE TABLE mine (account VARCHAR(256) REFERENCES mimo_accounts (id))')\n"
    )
    config = Config()
    config.set_main_option("script_location", str(tmp_path))
    config.set_main_option("version_locations", f"{tmp_path}/versions mimo_credits.sql:migrations/versions")
    config.set_main_option("path_separator", "space")
    with empty.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "heads")
        assert check_schema(connection) == ()
        connection.execute(text("SELECT account FROM mine"))


def test_downgrading_drops_everything(empty):
    config = Config()
    config.set_main_option("script_location", "mimo_credits.sql:migrations")
    with empty.connect() as connection:
        migrate(connection)
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        assert not described(connection)


# --- append-only -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", APPEND_ONLY, ids=lambda table: table.name)
@pytest.mark.parametrize("change", ["UPDATE {} SET account_id = account_id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_what_is_stored_is_never_changed(engine, table, change):
    if change.startswith("TRUNCATE") and engine.dialect.name == "sqlite":
        change = "DELETE FROM {} WHERE true"  # SQLite knows no other
    with engine.begin() as connection:
        open_ledger(connection, BOOK).fold("ada", [BOUGHT, USED])
    forbidden = pytest.raises(DBAPIError, match=f"{table.name} is append-only")
    with engine.begin() as connection, forbidden, connection.begin_nested():
        connection.execute(text(change.format(table.name)))
    with engine.connect() as connection:
        assert connection.execute(select(table)).first()


@pytest.mark.parametrize("table", APPEND_ONLY, ids=lambda table: table.name)
def test_a_missing_trigger_is_a_problem(engine, table):
    names = sorted(name for name in schema.trigger_names(engine.dialect) if name.startswith(table.name))
    with engine.connect() as connection:
        for name in names:
            on = "" if engine.dialect.name == "sqlite" else f" ON {table.name}"
            connection.execute(text(f"DROP TRIGGER {name}{on}"))
        assert [problem.where for problem in check_schema(connection)] == names


def test_an_account_that_has_entries_cannot_be_deleted(engine):
    with engine.begin() as connection:
        open_ledger(connection, BOOK).apply("ada", BOUGHT)
    with engine.connect() as connection, pytest.raises(DBAPIError, match=r"(?i)foreign key"):
        connection.execute(text("DELETE FROM mimo_accounts"))


# --- a database that was not migrated --------------------------------------------------------------------


ASKING = {
    "apply": lambda ledger: ledger.apply("ada", USED),
    "advance": lambda ledger: ledger.apply("ada", Advance(AT)),
    "fold": lambda ledger: ledger.fold("ada", [USED]),
    "account": lambda ledger: ledger.account("ada"),
    "entries": lambda ledger: ledger.entries("ada"),
    "commands": lambda ledger: ledger.commands("ada"),
    "statement": lambda ledger: ledger.statement("ada"),
    "verify": lambda ledger: ledger.verify("ada"),
    "iter": list,
}


@pytest.mark.parametrize("ask", ASKING)
def test_a_database_without_the_tables_is_a_matter_of_migration(empty, ask):
    with empty.connect() as connection:
        with pytest.raises(SchemaMismatch, match=r"mimo_accounts|mimo_entries|mimo_commands"):
            ASKING[ask](open_ledger(connection, BOOK))
        connection.rollback()
        assert {problem.where for problem in check_schema(connection)} >= set(metadata.tables)


@pytest.mark.parametrize("missing", ["mimo_bills.ref", "mimo_bills", "mimo_entries.hash", "mimo_accounts.overage"])
@pytest.mark.parametrize("way", ["apply", "fold"])
def test_a_database_one_migration_behind_stores_nothing_half(engine, missing, way):
    """Even where the caller catches the error and commits."""
    table, _, column = missing.partition(".")
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.execute(text("DROP TABLE mimo_bills"))
        if column and table == "mimo_bills" and engine.dialect.name == "sqlite":
            connection.execute(text("CREATE TABLE mimo_bills (account_id, number, at, amount, currency, reason)"))
        elif column:
            connection.execute(text(f"ALTER TABLE {table} RENAME COLUMN {column} TO was_{column}"))
        elif engine.dialect.name != "sqlite":
            connection.execute(text("DROP TABLE mimo_bills"))
    with engine.connect() as connection:
        ledger = open_ledger(connection, BOOK)
        with pytest.raises(SchemaMismatch, match=column or table):
            ledger.apply("ada", BOUGHT) if way == "apply" else ledger.fold("ada", [BOUGHT, USED])
        connection.commit()
        assert missing in [problem.where for problem in check_schema(connection)]
    with engine.connect() as connection:
        for name in ("mimo_accounts", "mimo_commands", "mimo_entries"):
            assert connection.execute(text(f"SELECT * FROM {name}")).all() == []


def test_without_sqlalchemy_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    with pytest.raises(ImportError, match=r"needs SQLAlchemy: pip install 'mimo_credits\[sql\]'"):
        runpy.run_path(ledger.__file__)
