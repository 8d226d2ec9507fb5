"""`verify` sees whatever somebody changed behind the ledger's back, past triggers and constraints."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from mimo_credits import Account, Ledger, Record, Subscribe, Usage, chain, dumps, load_book
from mimo_credits.sql import open_ledger, schema
from mimo_credits.wire import GENESIS, link_hash

pytestmark = pytest.mark.beyond_core

BOOK = load_book()
AT = datetime(2026, 6, 1, tzinfo=UTC)
USAGE = Usage("mimo-v2.5", input_tokens=1_000)
COMMANDS = [Subscribe("s", AT, "lite"), Record("r", AT, USAGE), Record("q", AT, USAGE)]


def in_memory():
    ledger = Ledger(BOOK)
    for command in COMMANDS:
        ledger.apply("ada", command)
    return ledger


ENTRIES = in_memory().entries("ada")
LAST = len(ENTRIES) - 1
CHEAPER = ENTRIES[-1]._replace(millicredits=ENTRIES[-1].millicredits - 1)
CHEAPER_HASH = link_hash(chain(ENTRIES)[-1].previous, dumps(CHEAPER))
SWAP = """
    UPDATE mimo_entries SET number = 100 - number WHERE number IN (3, 4);
    UPDATE mimo_entries SET number = number - 93 WHERE number IN (96, 97)"""
ONE_MORE = f"""
    INSERT INTO mimo_entries SELECT account_id, number + 1, at, kind, millicredits, content, hash, hash
    FROM mimo_entries WHERE number = {LAST}"""

TAMPERING = {
    "an amount": (
        f"UPDATE mimo_entries SET content = '{dumps(CHEAPER)}' WHERE number = {LAST}",
        f"entries[{LAST}]: changed",
    ),
    "an amount and its hash": (
        f"UPDATE mimo_entries SET content = '{dumps(CHEAPER)}', hash = '{CHEAPER_HASH}' WHERE number = {LAST}",
        f"entries[{LAST}]: changed",
    ),
    "a column beside the content": (
        "UPDATE mimo_entries SET millicredits = millicredits - 1 WHERE number = 1",
        "entries[1].millicredits: is",
    ),
    "an instant": ("UPDATE mimo_entries SET at = '2026-06-02 00:00:00' WHERE number = 1", "entries[1].at: is"),
    "an entry gone": ("DELETE FROM mimo_entries WHERE number = 3", "entries[3]: is missing"),
    "the last entry gone": (f"DELETE FROM mimo_entries WHERE number = {LAST}", f"entries[{LAST}]: dropped"),
    "two entries swapped": (SWAP, "entries[3]: reordered"),
    "an entry too many": (ONE_MORE, "entries: are"),
    "the state": (f"UPDATE mimo_accounts SET state = '{dumps(Account())}'", "account: is not what its entries add up"),
    "what is no state": ("UPDATE mimo_accounts SET state = '{}'", "content: cannot be read"),
    "a balance": ("UPDATE mimo_accounts SET remaining = remaining + 1, issued = issued - 1", "accounts.remaining: is"),
    "the head": (f"UPDATE mimo_accounts SET head = '{GENESIS}'", "entries[0]: inserted"),
    "a bill": ("UPDATE mimo_bills SET amount = '0.01'", "bills[2].amount: is"),
    "a bill gone": ("DELETE FROM mimo_bills", "bills[2]: is missing"),
    "a bill too many": (
        "INSERT INTO mimo_bills SELECT account_id, 1, at, amount, currency, reason, ref, card, digest FROM mimo_bills",
        "bills[1]: is no bill",
    ),
    "a command's entries": ("UPDATE mimo_commands SET first = 0 WHERE id = 'r'", "commands['s']: claims entry 0"),
    "a command's id": ("UPDATE mimo_commands SET id = 'p' WHERE id = 'r'", "commands['p']: is a command of another id"),
}


@pytest.fixture
def connection(engine):
    """A connection to a database in which nothing is forbidden, and what is done to it is undone."""
    with engine.connect() as connection:
        open_ledger(connection, BOOK).fold("ada", COMMANDS)
        open_ledger(connection, BOOK).fold("ben", COMMANDS[:2])
        for name in sorted(schema.trigger_names(engine.dialect)):
            on = "" if engine.dialect.name == "sqlite" else " ON " + name.removesuffix("_append_only")
            connection.execute(text(f"DROP TRIGGER {name}{on}"))
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET session_replication_role = replica"))  # foreign keys off
        else:
            connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        yield connection


def test_what_nobody_touched_is_right(connection):
    ledger = open_ledger(connection, BOOK)
    assert ledger.verify("ada") == ledger.verify("ben") == ()
    assert ledger.entries("ada") == ENTRIES


@pytest.mark.parametrize("what", TAMPERING)
def test_tampering_is_seen(connection, what):
    change, problem = TAMPERING[what]
    for statement in change.split(";"):
        place = " AND account_id = 'ada'" if "WHERE" in statement else " WHERE account_id = 'ada'"
        place = place.replace("account_id", "id") if "mimo_accounts" in statement else place
        connection.exec_driver_sql(statement + place)
    ledger = open_ledger(connection, BOOK)
    found = [str(each) for each in ledger.verify("ada")]
    assert any(problem in each for each in found), found
    assert ledger.verify("ben") == ()


def test_what_others_write_meanwhile_is_no_problem(engine, monkeypatch):
    """Between reading the account and its entries another transaction adds more, and commits."""
    with engine.begin() as connection:
        open_ledger(connection, BOOK).fold("ada", COMMANDS[:2])
    from mimo_credits.sql import checking

    read = checking._account_row

    def read_and_be_overtaken(connection, account_id):
        row = read(connection, account_id)
        with engine.begin() as other:
            open_ledger(other, BOOK).apply("ada", COMMANDS[2])
        return row

    monkeypatch.setattr(checking, "_account_row", read_and_be_overtaken)
    with engine.connect().execution_options(reads_only=True) as connection:
        assert open_ledger(connection, BOOK).verify("ada") == ()
