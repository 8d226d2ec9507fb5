"""The ledger that the callback writes to: in memory for one process, in a database for any number of them.

One rule: a command is applied at its instant or, where the account's own clock is already past that, at the account's.
Concurrent calls read their clocks in one order and reach the account in another, which is nobody's mistake.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING, Protocol, TypeAlias

from mimo_credits.book import RateBook
from mimo_credits.errors import Reason, Refused
from mimo_credits.ledger import Account, Command
from mimo_credits.memory import Ledger, Receipt

if TYPE_CHECKING:
    from sqlalchemy import Engine

CommandAt: TypeAlias = Callable[[datetime], Command]
"""A command that still lacks its instant."""


class Books(Protocol):
    """A ledger that threads may share; `book` is its rate book."""

    @property
    def book(self) -> RateBook: ...

    def apply(self, account_id: str, at: datetime, command: CommandAt) -> Receipt:
        """Applies a command at the instant, or at the account's own if that is later. Raises as `Ledger.apply` does."""


class _Ledger(Protocol):
    def apply(self, account_id: str, command: Command) -> Receipt: ...

    def account(self, account_id: str) -> Account: ...


class InMemory:
    """A `Ledger` in memory, one command at a time. It is gone with the process, and other processes do not see it."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._turn = Lock()

    @property
    def book(self) -> RateBook:
        """The ledger's rate book."""
        return self.ledger.book

    def apply(self, account_id: str, at: datetime, command: CommandAt) -> Receipt:
        """Applies a command, in its turn."""
        with self._turn:
            return _apply_in_order(self.ledger, account_id, at, command)


class InDatabase:
    """The ledger in SQLite or PostgreSQL, a transaction for each command. Workers and machines may share it."""

    def __init__(self, engine: Engine, book: RateBook) -> None:
        from mimo_credits.sql import open_ledger  # an extra of its own

        self._engine = engine
        self._open = open_ledger
        self.book = book

    def apply(self, account_id: str, at: datetime, command: CommandAt) -> Receipt:
        """Applies a command and commits it."""
        with self._engine.begin() as connection:
            return _apply_in_order(self._open(connection, self.book), account_id, at, command)


def _apply_in_order(ledger: _Ledger, account_id: str, at: datetime, command: CommandAt) -> Receipt:
    """A refusal leaves the account locked for the rest of the transaction, so that its clock stands still meanwhile."""
    try:
        return ledger.apply(account_id, command(at))
    except Refused as refusal:
        now = ledger.account(account_id).now
        if refusal.reason is not Reason.OUT_OF_ORDER or now is None:
            raise
        return ledger.apply(account_id, command(now))
