"""The first tables of the stored ledger: accounts, commands, entries and bills, and what the database forbids.

A revision that was released never changes: it repeats what `mimo_credits.sql.schema` said then, and a test holds the
two equal for the latest.
"""

import sqlalchemy as sa
from alembic import op

revision = "mimo_credits_0001"
down_revision = None
branch_labels = ("mimo_credits",)
depends_on = None

APPEND_ONLY = ("mimo_commands", "mimo_entries", "mimo_bills")


def upgrade() -> None:
    """Makes the tables and their triggers."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "mimo_accounts",
        sa.Column("id", sa.String(256), nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("head", sa.String(64), nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        *(
            sa.Column(pot, sa.BigInteger, nullable=False)
            for pot in ("remaining", "issued", "held", "spent", "expired", "overage")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("mimo_accounts_pkey")),
        sa.CheckConstraint("remaining >= 0 AND held >= 0 AND spent >= 0", name=op.f("mimo_accounts_not_negative")),
        sa.CheckConstraint(
            "remaining + issued + held + spent + expired + overage = 0", name=op.f("mimo_accounts_adds_up")
        ),
    )
    op.create_table(
        "mimo_commands",
        sa.Column("account_id", sa.String(256), nullable=False),
        sa.Column("id", sa.String(256), nullable=False),
        sa.Column("first", sa.BigInteger, nullable=False),
        sa.Column("made", sa.BigInteger, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("account_id", "id", name=op.f("mimo_commands_pkey")),
        sa.ForeignKeyConstraint(["account_id"], ["mimo_accounts.id"], name=op.f("mimo_commands_account_id_fkey")),
    )
    op.create_table(
        "mimo_entries",
        sa.Column("account_id", sa.String(256), nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("millicredits", sa.BigInteger),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "number", name=op.f("mimo_entries_pkey")),
        sa.ForeignKeyConstraint(["account_id"], ["mimo_accounts.id"], name=op.f("mimo_entries_account_id_fkey")),
    )
    op.create_table(
        "mimo_bills",
        sa.Column("account_id", sa.String(256), nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.Column("amount", sa.Text if sqlite else sa.Numeric, nullable=False),
        sa.Column("currency", sa.String(256), nullable=False),
        sa.Column("reason", sa.String(40), nullable=False),
        sa.Column("ref", sa.String(256), nullable=False),
        sa.Column("card", sa.String(256), nullable=True),
        sa.Column("digest", sa.String(64), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "number", name=op.f("mimo_bills_pkey")),
        sa.ForeignKeyConstraint(
            ["account_id", "number"],
            ["mimo_entries.account_id", "mimo_entries.number"],
            name=op.f("mimo_bills_account_id_fkey"),
        ),
    )
    for statement in _triggers_of_sqlite() if sqlite else _triggers_of_postgresql():
        op.execute(statement)


def downgrade() -> None:
    """Drops the tables, and with them everything that is in them."""
    for table in ("mimo_bills", "mimo_entries", "mimo_commands", "mimo_accounts"):
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION mimo_append_only()")


def _triggers_of_sqlite() -> list[str]:
    return [
        f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for table in APPEND_ONLY
        for action in ("UPDATE", "DELETE")
    ]


def _triggers_of_postgresql() -> list[str]:
    function = (
        "CREATE FUNCTION mimo_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    return [
        function,
        *(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION mimo_append_only()"
            for table in APPEND_ONLY
        ),
    ]
