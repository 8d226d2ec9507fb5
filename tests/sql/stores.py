"""A stored ledger that can take the in-memory one's place: each call is a transaction of its own, and is committed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

from sqlalchemy import Engine

from mimo_credits import Account, Command, Entry, Problem, RateBook, Receipt, Statement
from mimo_credits.sql import open_ledger

_numbers = count()


class Books:
    """A ledger of its own in a database that others use, too: its accounts' names are not theirs."""

    def __init__(self, engine: Engine, book: RateBook) -> None:
        self.engine, self.book = engine, book
        self._name = f"books {next(_numbers)}"

    def named(self, account_id: str) -> str:
        """What an account of these books is called in the database."""
        return f"{self._name}: {account_id}"

    def apply(self, account_id: str, command: Command) -> Receipt:
        with self.engine.begin() as connection:
            return open_ledger(connection, self.book).apply(self.named(account_id), command)

    def fold(self, account_id: str, commands: Sequence[Command]) -> list[Entry]:
        with self.engine.begin() as connection:
            return open_ledger(connection, self.book).fold(self.named(account_id), commands)

    def account(self, account_id: str) -> Account:
        with self.engine.connect() as connection:
            return open_ledger(connection, self.book).account(self.named(account_id))

    def entries(self, account_id: str) -> tuple[Entry, ...]:
        with self.engine.connect() as connection:
            return open_ledger(connection, self.book).entries(self.named(account_id))

    def statement(self, account_id: str) -> Statement:
        with self.engine.connect() as connection:
            return open_ledger(connection, self.book).statement(self.named(account_id))

    def verify(self, account_id: str) -> tuple[Problem, ...]:
        with self.engine.connect() as connection:
            return open_ledger(connection, self.book).verify(self.named(account_id))
