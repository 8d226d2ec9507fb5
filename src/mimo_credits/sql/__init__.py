"""The durable ledger, in SQLite or PostgreSQL: `open_ledger(connection, book)`. Needs the extra `sql` or `postgres`."""

from mimo_credits.sql.ledger import SqlLedger, open_ledger
from mimo_credits.sql.migrating import check_schema, migrate
from mimo_credits.sql.schema import metadata
from mimo_credits.sql.sqlite import configure_sqlite, sqlite_engine

__all__ = ["SqlLedger", "check_schema", "configure_sqlite", "metadata", "migrate", "open_ledger", "sqlite_engine"]
