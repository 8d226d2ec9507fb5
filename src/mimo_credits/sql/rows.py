"""Values as rows: what is written of an account, a command and an entry, and the limit of what fits.

One rule: everything about a command is known before the first row is written. An amount that does not fit BIGINT is
refused here, so that no database is ever asked to add it up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias

from mimo_credits.errors import InputError, TooLarge, is_unicode, shown
from mimo_credits.ledger import Account, Billed, Entry, Posting, Rated
from mimo_credits.ledger.commands import MAX_ID, MAX_MILLICREDITS, Command, Identified
from mimo_credits.wire import GENESIS, dumps, link_hash
from mimo_credits.wire.kinds import TAGS

Row: TypeAlias = dict[str, Any]


class Stored(NamedTuple):
    """An account as it is stored: its state, the number of its entries and the hash of the last one."""

    account: Account
    version: int
    head: str


NOTHING_STORED = Stored(Account(), 0, GENESIS)


class Change(NamedTuple):
    """What commands did to an account: the account after them, their entries, and how many of these each made."""

    account: Account
    entries: Sequence[Entry]
    commands: Sequence[tuple[Command, int]]


class Rows(NamedTuple):
    """All rows of one change; the account's without its id, which does not change."""

    account_id: str
    account: Row
    commands: list[Row]
    entries: list[Row]
    bills: list[Row]


def rows_of(account_id: str, before: Stored, change: Change) -> Rows:
    """The rows that turn what is stored into what the change says. Raises `TooLarge`."""
    entries = entry_rows(account_id, before, change.entries)
    head = entries[-1]["hash"] if entries else before.head
    return Rows(
        account_id,
        account_row(Stored(change.account, before.version + len(entries), head)),
        list(_command_rows(account_id, before.version, change.commands)),
        entries,
        bill_rows(account_id, before.version, change.entries),
    )


def account_row(stored: Stored) -> Row:
    """What an account's row says beside its id. Raises `TooLarge` for a balance or sum that does not fit."""
    account = stored.account
    balances = {"remaining": account.remaining_millicredits, **account.pots._asdict()}
    for pot, millicredits in balances.items():
        _check_fits(f"what is {pot}", millicredits)
    _check_fits("what was issued and overdrawn", -account.pots.issued - account.pots.overage)
    return {"version": stored.version, "head": stored.head, "state": dumps(account), **balances}


def _command_rows(account_id: str, first: int, commands: Iterable[tuple[Command, int]]) -> Iterable[Row]:
    for command, made in commands:
        if isinstance(command, Identified):
            yield {
                "account_id": account_id,
                "id": command.id,
                "first": first,
                "made": made,
                "content": dumps(command),
            }
        first += made


def entry_rows(account_id: str, before: Stored, entries: Iterable[Entry]) -> list[Row]:
    """The rows of entries, numbered and chained on from what is stored."""
    rows = []
    previous = before.head
    for number, entry in enumerate(entries, start=before.version):
        content = dumps(entry)
        rows.append(
            {
                "account_id": account_id,
                "number": number,
                **columns_of(entry),
                "content": content,
                "previous": previous,
                "hash": link_hash(previous, content),
            }
        )
        previous = rows[-1]["hash"]
    return rows


def columns_of(entry: Entry) -> Row:
    """What the columns of an entry's row repeat of its content."""
    millicredits = entry.millicredits if isinstance(entry, Posting | Rated) else None
    if millicredits is not None:
        _check_fits(f"a {TAGS[type(entry)]}", millicredits)
    return {"at": entry.at, "kind": TAGS[type(entry)], "millicredits": millicredits}


def bill_rows(account_id: str, first: int, entries: Iterable[Entry]) -> list[Row]:
    """The rows of the bills among entries, which are numbered from `first`."""
    return [
        {"account_id": account_id, "number": number, **entry._asdict()}
        for number, entry in enumerate(entries, start=first)
        if isinstance(entry, Billed)
    ]


def check_storable(account_id: object, commands: Iterable[Command] = ()) -> None:
    """Refuses ids that no database keeps as they are. Raises `InputError`."""
    if type(account_id) is not str or not 0 < len(account_id) <= MAX_ID:
        raise InputError("account_id", f"needs a text of 1 to {MAX_ID} characters, not {shown(account_id)}")
    _check_text("account_id", account_id)
    for command in commands:
        if isinstance(command, Identified):
            _check_text("id", command.id)


def _check_text(name: str, text: str) -> None:
    if "\0" in text or not is_unicode(text):
        raise InputError(name, f"{shown(text)} has a character that no database keeps")


def _check_fits(where: str, millicredits: int) -> None:
    if abs(millicredits) > MAX_MILLICREDITS:
        raise TooLarge(where, millicredits)
