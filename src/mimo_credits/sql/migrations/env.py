"""What Alembic runs for `mimo_credits.sql.migrate`: the revisions, on the connection that it was given."""

from alembic import context

from mimo_credits.sql.migrating import VERSION_TABLE
from mimo_credits.sql.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    transactional_ddl=False,  # the transaction is the caller's
)
context.run_migrations()
