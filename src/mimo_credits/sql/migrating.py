"""Bringing a database's tables to this version, and asking whether they are.

The revisions stand beside this file and are Alembic's. `migrate` runs them with a table of their own for what was run,
`mimo_credits_version`. With an Alembic of your own, name their folder in its `version_locations` instead:

    version_locations = %(here)s/versions mimo_credits.sql:migrations/versions

Autogenerating from `metadata` alone would leave the triggers out; `check_schema` says so.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, Inspector, inspect, text

from mimo_credits.errors import Problem
from mimo_credits.sql.schema import metadata, trigger_names

VERSION_TABLE = "mimo_credits_version"


def migrate(connection: Connection, revision: str = "head") -> None:
    """Makes or changes the tables, as far as the revision; in the connection's transaction, which is yours to commit.

    Does nothing where all is done. Run it once when you deploy, not from many programs at the same time.
    """
    from alembic import command  # slow to import, and needed once
    from alembic.config import Config

    if not connection.in_transaction():
        connection.begin()  # or Alembic would begin one, and commit it
    config = Config()
    config.set_main_option("script_location", "mimo_credits.sql:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def check_schema(connection: Connection) -> tuple[Problem, ...]:
    """What is missing from the tables that this version works with, triggers included; empty where nothing is."""
    inspector = inspect(connection)
    return (*_missing_columns(inspector), *_missing_triggers(connection))


def _missing_columns(inspector: Inspector) -> Iterator[Problem]:
    for table in metadata.sorted_tables:
        if not inspector.has_table(table.name):
            yield Problem(table.name, "is missing")
            continue
        found = {column["name"] for column in inspector.get_columns(table.name)}
        yield from (
            Problem(f"{table.name}.{column.name}", "is missing") for column in table.c if column.name not in found
        )


def _missing_triggers(connection: Connection) -> Iterator[Problem]:
    if connection.dialect.name == "sqlite":
        query = text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    else:
        query = text("SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D' AND pg_table_is_visible(tgrelid)")
    found = set(connection.scalars(query))
    for name in sorted(trigger_names(connection.dialect) - found):
        yield Problem(name, "is missing, so that what is stored can be changed")
