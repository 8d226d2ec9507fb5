"""The laws of the ledger, asked of the databases: the tests of `tests/ledger/test_laws.py`, run as they are.

Wherever a law applies or folds commands, the account is put into the database, the stored ledger is asked, and what it
stored is read back. At the end the stored ledger and the one in memory are led through the same lives, side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, insert

from mimo_credits import (
    Account,
    Command,
    Entry,
    Ledger,
    MimoCreditsError,
    RateBook,
    Receipt,
    Rejection,
    timeline,
)
from mimo_credits.sql import SqlLedger, open_ledger, schema
from mimo_credits.sql.rows import NOTHING_STORED, account_row
from tests.ledger import agreement, test_laws
from tests.ledger.strategies import Life, hostile_lives

pytestmark = pytest.mark.beyond_core

OF_THE_ENGINE_ALONE = {
    "test_fold_equals_apply_also_after_late_usage_and_refusals",  # says one id twice: the engine knows no ids
    "test_a_fold_says_how_many_entries_each_command_made",
}
LAWS = {
    name.removeprefix("test_"): law
    for name, law in vars(test_laws).items()
    if name.startswith("test_") and name not in OF_THE_ENGINE_ALONE
}
FEWER = settings(max_examples=settings.default.max_examples // 12)
"""A law is proved of the engine with many examples; here it is asked whether storing keeps it."""

_numbers = count()


@pytest.fixture
def connection(shared_engine: Engine) -> Iterator[Connection]:
    """A connection whose work is undone at the end."""
    with shared_engine.connect() as connection:
        yield connection


class StoredEngine:
    """The engine's functions of accounts, with a database between the question and the answer."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.asked = 0

    def apply(self, account: Account, command: Command, book: RateBook) -> tuple[Account, tuple[Entry, ...]]:
        name, ledger = self._stored(account, book)
        receipt = ledger.apply(name, command)
        return self._read_back(name, ledger, receipt.entries), receipt.entries

    def fold(self, account: Account, commands: Iterable[Command], book: RateBook) -> tuple[Account, list[Entry]]:
        name, ledger = self._stored(account, book)
        entries = ledger.fold(name, commands)
        return self._read_back(name, ledger, entries), entries

    def _stored(self, account: Account, book: RateBook) -> tuple[str, SqlLedger]:
        self.asked += 1
        name = f"asked {next(_numbers)}"
        row = {"id": name, **account_row(NOTHING_STORED._replace(account=account))}
        self.connection.execute(insert(schema.accounts), row)
        return name, open_ledger(self.connection, book)

    def _read_back(self, name: str, ledger: SqlLedger, entries: Sequence[Entry]) -> Account:
        assert ledger.entries(name) == tuple(entries)
        return ledger.account(name)


OF_PURE_FUNCTIONS = ("the_same_id_with_other_content", "an_entry_that_speaks_of_what_is_not_there")
"""Laws of `timeline` and of `evolve` alone, for which no ledger is asked."""


@pytest.mark.parametrize("law", LAWS)
def test_law(law: str, connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = StoredEngine(connection)
    monkeypatch.setattr(agreement, "apply", engine.apply)
    for name in ("apply", "fold"):
        monkeypatch.setattr(test_laws, name, getattr(engine, name))
    monkeypatch.setattr(LAWS[law], "_hypothesis_internal_use_settings", FEWER, raising=False)
    LAWS[law]()
    assert engine.asked or law.startswith(OF_PURE_FUNCTIONS)


# --- side by side with the ledger in memory --------------------------------------------------------------


def said(ask: Callable[[str, Command], Receipt], name: str, command: Command) -> object:
    """The receipt, or the error in words."""
    try:
        return ask(name, command)
    except MimoCreditsError as error:
        return repr(error)


@given(hostile_lives, st.randoms(use_true_random=False))
@FEWER
def lead_both_through(connection: Connection, life: Life, chance: object) -> None:
    book, commands = life
    name = f"side by side {next(_numbers)}"
    memory, stored = Ledger(book), open_ledger(connection, book)
    for command in commands:
        delivered = [command, command, chance.choice(commands)]
        for each in delivered:
            assert said(stored.apply, name, each) == said(memory.apply, name, each)
    assert stored.account(name) == memory.account(name)
    assert stored.entries(name) == memory.entries(name)
    assert stored.statement(name) == memory.statement(name)
    assert stored.verify(name) == memory.verify(name) == ()
    assert stored.commands(name) == timeline(
        one.command for kept in memory.snapshot().accounts for one in kept.commands
    )


def test_the_stored_ledger_says_what_the_one_in_memory_says(connection: Connection) -> None:
    lead_both_through(connection)


@given(hostile_lives, st.randoms(use_true_random=False))
@FEWER
def load_in_bulk(connection: Connection, life: Life, chance: object) -> None:
    book, commands = life
    one_by_one, bulk = f"one by one {next(_numbers)}", f"bulk {next(_numbers)}"
    stored = open_ledger(connection, book)
    known = chance.randrange(len(commands))
    for command in commands[:known]:
        for name in (one_by_one, bulk):
            said(stored.apply, name, command)
    errors = []
    for command in commands[known:]:
        try:
            stored.apply(one_by_one, command)
        except MimoCreditsError as error:
            errors.append(repr(error))
    rejected: list[Rejection] = []
    stored.fold(bulk, [*commands[known:], *stored.commands(bulk)], rejected=rejected)
    assert [repr(one.error) for one in rejected] == errors
    assert stored.account(bulk) == stored.account(one_by_one)
    assert stored.entries(bulk) == stored.entries(one_by_one)
    assert stored.commands(bulk) == stored.commands(one_by_one)
    for command in stored.commands(bulk):
        assert stored.apply(bulk, command) == stored.apply(one_by_one, command)
    assert stored.verify(bulk) == ()


def test_a_bulk_load_stores_what_one_by_one_does(connection: Connection) -> None:
    load_in_bulk(connection)
