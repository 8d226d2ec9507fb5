"""Whether what is stored of an account is right, told from its rows alone and from the rate book.

Others may write meanwhile: the account's row is read first, and then only what it speaks of, which never changes again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, func, select

from mimo_credits.book import RateBook
from mimo_credits.errors import InputError, Problem
from mimo_credits.ledger import Entry
from mimo_credits.ledger.audit import audit
from mimo_credits.sql import schema
from mimo_credits.sql.rows import Stored, account_row, bill_rows, columns_of
from mimo_credits.wire import Link, loads, verify_chain


class _Read(NamedTuple):
    """The rows of an account's entries, and what they hold."""

    rows: Sequence[Row[Any]]
    entries: Sequence[Entry]


def problems_of(connection: Connection, account_id: str, book: RateBook) -> Iterator[Problem]:
    """Everything that is wrong with what is stored of the account."""
    account = _account_row(connection, account_id)
    if account is None:
        return
    rows = _entry_rows(connection, account_id, account.version)
    try:
        state, entries = loads(account.state), tuple(loads(row.content) for row in rows)
    except InputError as error:
        yield Problem("content", f"cannot be read: {error}")
        return
    if account.entries != account.version:
        yield Problem("entries", f"are {account.entries}, where the account counts {account.version}")
    yield from _misnumbered(rows)
    yield from _broken_chain(_Read(rows, entries), account.head, account.version)
    yield from _wrong_columns(_Read(rows, entries))
    yield from _wrong_balances(account, Stored(state, account.version, account.head))
    yield from _wrong_bills(connection, account_id, account.version, entries)
    yield from _wrong_commands(connection, account_id, account.version)
    yield from audit(state, entries, book)


def _account_row(connection: Connection, account_id: str) -> Row[Any] | None:
    """The account's row, and in the same instant how many entries there are."""
    table, entries = schema.accounts, schema.entries.c
    count = select(func.count()).where(entries.account_id == account_id).scalar_subquery().label("entries")
    return connection.execute(select(table, count).where(table.c.id == account_id)).one_or_none()


def _entry_rows(connection: Connection, account_id: str, end: int) -> Sequence[Row[Any]]:
    table = schema.entries
    query = select(table).where(table.c.account_id == account_id, table.c.number < end)
    return connection.execute(query.order_by(table.c.number)).all()


def _misnumbered(rows: Sequence[Row[Any]]) -> Iterator[Problem]:
    for expected, row in enumerate(rows):
        if row.number != expected:
            yield Problem(f"entries[{expected}]", f"is missing: {row.number} comes next")
            return


def _broken_chain(read: _Read, head: str, length: int) -> Iterator[Problem]:
    links = [Link(row.previous, entry, row.hash) for row, entry in zip(read.rows, read.entries, strict=True)]
    broken = verify_chain(links, head=head, length=length)
    if broken:
        yield Problem(f"entries[{broken.position}]", f"{broken.kind}: {broken.detail}")


def _wrong_columns(read: _Read) -> Iterator[Problem]:
    for row, entry in zip(read.rows, read.entries, strict=True):
        yield from _differences(f"entries[{row.number}]", row, columns_of(entry))


def _wrong_balances(row: Row[Any], stored: Stored) -> Iterator[Problem]:
    yield from _differences("accounts", row, account_row(stored))


def _wrong_bills(connection: Connection, account_id: str, end: int, entries: Sequence[Entry]) -> Iterator[Problem]:
    table = schema.bills
    query = select(table).where(table.c.account_id == account_id, table.c.number < end)
    kept = {row.number: row for row in connection.execute(query)}
    due = {bill["number"]: bill for bill in bill_rows(account_id, 0, entries)}
    for number in sorted(kept.keys() | due.keys()):
        if number not in kept or number not in due:
            yield Problem(f"bills[{number}]", "is missing" if number in due else "is no bill of the ledger")
        else:
            yield from _differences(f"bills[{number}]", kept[number], due[number])


def _wrong_commands(connection: Connection, account_id: str, end: int) -> Iterator[Problem]:
    """No two commands claim the same entry, and each stands under its own id."""
    table = schema.commands
    query = select(table).where(table.c.account_id == account_id, table.c.first + table.c.made <= end)
    claimed = 0
    for row in connection.execute(query.order_by(table.c.first, table.c.made)):
        if row.first < claimed:
            yield Problem(f"commands[{row.id!r}]", f"claims entry {row.first}, which another made")
        claimed = max(claimed, row.first + row.made)
        if loads(row.content).id != row.id:
            yield Problem(f"commands[{row.id!r}]", "is a command of another id")


def _differences(where: str, row: Row[Any], expected: dict[str, Any]) -> Iterator[Problem]:
    for name, value in expected.items():
        found = row._mapping[name]
        if found != value:
            yield Problem(f"{where}.{name}", f"is {found!r}, where the ledger says {value!r}")
