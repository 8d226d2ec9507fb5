"""`SqlLedger`: the ledger in SQLite or PostgreSQL, on a connection that the caller gives it.

    with engine.begin() as connection:
        receipt = open_ledger(connection, book).apply("ada", Record(…))
        connection.execute(…)                       # your own rows: committed together, or not at all

It never commits, rolls back or opens a connection. The rules it keeps:

- **An account's writers stand in a queue.** A command first locks its account's row (in SQLite: the database), then
  reads the state, decides in memory and writes. In PostgreSQL, writers of different accounts never wait for each other.
- **A command is written whole or not at all**, also where the caller catches its error and commits.
- **Each id once.** A repeat gives the first receipt, also when both arrive together: the second waits for the lock, and
  then finds the first.
- An error of the database itself passes as SQLAlchemy raised it: roll back, and send the command again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from itertools import islice
from typing import Any

try:
    from sqlalchemy import Connection, Row, insert, null, select, update
    from sqlalchemy.dialects import postgresql, sqlite
    from sqlalchemy.exc import DBAPIError
except ModuleNotFoundError as error:
    raise ImportError("the stored ledger needs SQLAlchemy: pip install 'mimo_credits[sql]'") from error

from mimo_credits.book import RateBook
from mimo_credits.errors import Conflict, InputError, Problem, SchemaMismatch
from mimo_credits.ledger import Account, Command, Entry, Rejection, apply, fold, timeline
from mimo_credits.ledger.commands import Identified
from mimo_credits.memory import Receipt
from mimo_credits.sql import schema
from mimo_credits.sql.checking import problems_of
from mimo_credits.sql.rows import NOTHING_STORED, Change, Rows, Stored, check_storable, rows_of
from mimo_credits.statements import Statement, statement
from mimo_credits.wire import loads

BATCH = 1_000
"""Commands that a fold decides and writes at a time, and account ids that are read at a time."""

_OPEN_ACCOUNT = {
    "postgresql": postgresql.insert(schema.accounts).on_conflict_do_nothing().returning(schema.accounts.c.id),
    "sqlite": sqlite.insert(schema.accounts).on_conflict_do_nothing().returning(schema.accounts.c.id),
}
_MISSING_IN_POSTGRESQL = {"42P01", "42703"}  # undefined_table, undefined_column
_MISSING_IN_SQLITE = ("no such table", "no such column", "has no column named")


def open_ledger(connection: Connection, book: RateBook) -> SqlLedger:
    """The ledger in the connection's database, under the rate book. Nothing is read yet.

    Raises `InputError` for a database other than SQLite and PostgreSQL. So does writing on a connection in AUTOCOMMIT.
    """
    if connection.dialect.name not in _OPEN_ACCOUNT:
        raise InputError("connection", f"needs SQLite or PostgreSQL, not {connection.dialect.name}")
    return SqlLedger(connection, book)


class SqlLedger:
    """Accounts by id in a database, with the methods of the in-memory `Ledger`. Made by `open_ledger`.

    Every method may raise `SchemaMismatch`, and what SQLAlchemy raises of the database.
    """

    def __init__(self, connection: Connection, book: RateBook) -> None:
        self.connection = connection
        self.book = book

    def apply(self, account_id: str, command: Command) -> Receipt:
        """Applies a command once. Raises `Conflict`, `Refused`, `PricingError`, `InputError` or `TooLarge`.

        Then nothing has changed.
        """
        check_storable(account_id, [command])

        def decide(stored: Stored) -> Receipt | Change:
            known = self._known(account_id, [command])
            if known:
                return self._first_receipt(account_id, known[0])
            account, entries = apply(stored.account, command, self.book)
            return Change(account, entries, [(command, len(entries))])

        with _explained():
            done = self._change(account_id, decide)
        return done if isinstance(done, Receipt) else Receipt(tuple(done.entries))

    def fold(
        self, account_id: str, commands: Iterable[Command], *, rejected: list[Rejection] | None = None
    ) -> list[Entry]:
        """Applies many commands of one account in the order given: the same entries as one by one, far sooner.

        Repeats are passed over. Raises as `apply` does, and then nothing has changed; where a list `rejected` is given,
        a command that is refused or has no price is appended to it instead.
        """
        check_storable(account_id)
        entries: list[Entry] = []
        passed_over: list[Rejection] = []
        left = iter(commands)
        with _explained():
            self._locked(account_id)  # before the savepoint: in SQLite, the transaction must have begun
            with self.connection.begin_nested():
                while batch := list(islice(left, BATCH)):
                    check_storable(account_id, batch)
                    entries += self._fold(account_id, batch, passed_over if rejected is not None else None)
        if rejected is not None:
            rejected += passed_over
        return entries

    def account(self, account_id: str) -> Account:
        """The account's state at its own last entry; `.as_of(instant, book)` tells it for later."""
        check_storable(account_id)
        with _explained():
            state = self.connection.scalar(select(schema.accounts.c.state).where(schema.accounts.c.id == account_id))
        return Account() if state is None else loads(state)

    def entries(self, account_id: str) -> tuple[Entry, ...]:
        """All entries of the account, in order."""
        check_storable(account_id)
        with _explained():
            return self._entries(account_id, 0, None)

    def commands(self, account_id: str) -> list[Command]:
        """The commands that were accepted, in the order of `timeline`, as `rerate` takes them."""
        check_storable(account_id)
        table = schema.commands.c
        with _explained():
            texts = self.connection.scalars(select(table.content).where(table.account_id == account_id)).all()
        return timeline(map(loads, texts))

    def statement(self, account_id: str) -> Statement:
        """The account's statement, with the sources that its cards cite."""
        return statement(self.entries(account_id), book=self.book)

    def verify(self, account_id: str) -> tuple[Problem, ...]:
        """Everything that is wrong with what is stored of the account; empty where all is right.

        That the snapshot is what replaying the entries gives, that their chain is whole, that what stands in columns of
        its own is what the entries say, and what `ledger.audit` asks. Right also while others write.
        """
        check_storable(account_id)
        with _explained():
            return tuple(problems_of(self.connection, account_id, self.book))

    def __iter__(self) -> Iterator[str]:
        """The ids of all accounts, sorted as the database does."""
        column = schema.accounts.c.id
        page = select(column).order_by(column).limit(BATCH)
        with _explained():
            found = self.connection.scalars(page).all()
            while found:
                yield from found
                found = self.connection.scalars(page.where(column > found[-1])).all()

    def _change(self, account_id: str, decide: Callable[[Stored], Receipt | Change]) -> Receipt | Change:
        """Locks the account, decides and writes.

        Where another writer opened the account meanwhile, there was no row to lock: then once more, with it.
        """
        while True:
            stored = self._locked(account_id)
            done = decide(stored or NOTHING_STORED)
            if isinstance(done, Receipt) or not done.commands:
                return done
            with self._whole():
                if self._write(rows_of(account_id, stored or NOTHING_STORED, done), is_new=stored is None):
                    return done

    def _fold(self, account_id: str, batch: Sequence[Command], rejected: list[Rejection] | None) -> Sequence[Entry]:
        passed_over: list[Rejection] = []

        def decide(stored: Stored) -> Receipt | Change:
            passed_over.clear()
            fresh = self._fresh(account_id, batch)
            made: list[int | None] = []
            account, entries = fold(
                stored.account, fresh, self.book, rejected=None if rejected is None else passed_over, made=made
            )
            accepted = [(command, count) for command, count in zip(fresh, made, strict=True) if count is not None]
            return Change(account, entries, accepted)

        done = self._change(account_id, decide)
        if rejected is not None:
            rejected += passed_over
        return done.entries

    def _locked(self, account_id: str) -> Stored | None:
        """What is stored of the account, which nobody else changes until this transaction ends."""
        table = schema.accounts
        if self.connection.dialect.name == "sqlite":
            # It has no locks on rows: a write, here of no row at all, takes the one lock that it has.
            self.connection.execute(update(table).where(table.c.id == null()).values(version=0))
        _check_in_transaction(self.connection)
        query = select(table.c.state, table.c.version, table.c.head).where(table.c.id == account_id)
        row = self.connection.execute(query.with_for_update(key_share=True)).one_or_none()
        return None if row is None else Stored(loads(row.state), row.version, row.head)

    def _known(self, account_id: str, batch: Sequence[Command]) -> Sequence[Row[Any]]:
        """The rows of those commands of the batch that were accepted before; raises `Conflict` for another content."""
        asked = {command.id: command for command in batch if isinstance(command, Identified)}
        if not asked:
            return []
        table = schema.commands
        by_id = table.c.id == next(iter(asked)) if len(asked) == 1 else table.c.id.in_(asked)
        rows = self.connection.execute(select(table).where(table.c.account_id == account_id, by_id)).all()
        for row in rows:
            if loads(row.content) != asked[row.id]:
                raise Conflict(row.id)
        return rows

    def _first_receipt(self, account_id: str, known: Row[Any]) -> Receipt:
        return Receipt(self._entries(account_id, known.first, known.first + known.made), repeat=True)

    def _fresh(self, account_id: str, batch: Sequence[Command]) -> list[Command]:
        """The commands of a batch that were not accepted before, each once. Raises `Conflict`."""
        seen: dict[str, Command] = {}
        fresh: list[Command] = []
        for command in batch:
            if isinstance(command, Identified):
                if command.id in seen:
                    if seen[command.id] != command:
                        raise Conflict(command.id)
                    continue
                seen[command.id] = command
            fresh.append(command)
        known = {row.id for row in self._known(account_id, fresh)}
        return [command for command in fresh if getattr(command, "id", None) not in known]

    def _entries(self, account_id: str, first: int, end: int | None) -> tuple[Entry, ...]:
        table = schema.entries
        query = select(table.c.content).where(table.c.account_id == account_id, table.c.number >= first)
        if end is not None:
            query = query.where(table.c.number < end)
        return tuple(loads(text) for text in self.connection.scalars(query.order_by(table.c.number)))

    def _whole(self) -> AbstractContextManager[object]:
        """Where a statement fails, those before it go, too.

        PostgreSQL gives the whole transaction up by itself; SQLite keeps what was written before.
        """
        return self.connection.begin_nested() if self.connection.dialect.name == "sqlite" else nullcontext()

    def _write(self, rows: Rows, *, is_new: bool) -> bool:
        """Writes all rows of a change; False, and none, where the account is new and another has just opened it."""
        table = schema.accounts
        if is_new:
            opening = _OPEN_ACCOUNT[self.connection.dialect.name]
            if self.connection.scalar(opening, {"id": rows.account_id, **rows.account}) is None:
                return False
        elif rows.entries:
            self.connection.execute(update(table).where(table.c.id == rows.account_id).values(rows.account))
        for other, others in (
            (schema.commands, rows.commands),
            (schema.entries, rows.entries),
            (schema.bills, rows.bills),
        ):
            if others:
                self.connection.execute(insert(other), others)
        return True


def _check_in_transaction(connection: Connection) -> None:
    """Refuses a connection that commits every statement by itself: no lock would last, and nothing would be whole."""
    driver: Any = connection.connection.driver_connection
    alone = not driver.in_transaction if connection.dialect.name == "sqlite" else getattr(driver, "autocommit", False)
    if alone:
        raise InputError("connection", "commits every statement by itself: needs a transaction, so no AUTOCOMMIT")


@contextmanager
def _explained() -> Iterator[None]:
    """A table or column that is not there is a matter of migration, and is said so."""
    try:
        yield
    except DBAPIError as error:
        message = str(error.orig)
        missing = getattr(error.orig, "sqlstate", None) in _MISSING_IN_POSTGRESQL
        if missing or any(words in message for words in _MISSING_IN_SQLITE):
            raise SchemaMismatch(message.splitlines()[0]) from error
        raise
