"""`Ledger`: many accounts in memory, with the ids that `decide` does not know. Still no I/O.

The rules of repetition: the same id with the same content changes nothing and gives the first receipt again, marked as
a repeat, so that nobody stores its entries twice; the same id with other content is a `Conflict`; a refused command
leaves no trace and does not use up its id.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from mimo_credits.book import RateBook, check_book
from mimo_credits.errors import Conflict, InputError, Problem, shown, wrong_type
from mimo_credits.ledger.account import Account
from mimo_credits.ledger.audit import audit
from mimo_credits.ledger.commands import Command, Identified, check_id
from mimo_credits.ledger.engine import apply
from mimo_credits.ledger.entries import Billed, Entry, HoldOpened, Posting, Rated, Scheduled, TierChanged
from mimo_credits.seen import Seen
from mimo_credits.statements import Statement, statement


@dataclass(frozen=True, slots=True)
class Receipt(Seen):
    """What a command did: its entries. `repeat` says that it had been applied before, and nothing was done now."""

    entries: tuple[Entry, ...]
    repeat: bool = False


class AppliedCommand(NamedTuple):
    """A command, and which of its account's entries it made: `made` of them from number `first` on."""

    command: Identified
    first: int
    made: int


class AccountSnapshot(NamedTuple):
    """All that a ledger keeps of one account."""

    account_id: str
    account: Account
    entries: tuple[Entry, ...]
    commands: tuple[AppliedCommand, ...]


class Snapshot(NamedTuple):
    """All that a ledger keeps, as one value that `wire` can write and read."""

    accounts: tuple[AccountSnapshot, ...]


class _Record:
    """One account in memory."""

    __slots__ = ("account", "commands", "entries")

    def __init__(self, kept: AccountSnapshot | None = None) -> None:
        self.account = kept.account if kept else Account()
        self.entries: list[Entry] = list(kept.entries) if kept else []
        self.commands: dict[str, AppliedCommand] = {one.command.id: one for one in (kept.commands if kept else ())}


class Ledger:
    """Accounts by id, each the sum of the entries that its commands made under the rate book.

    One writer at a time: it is plain memory. An account id that was never used is an account without a plan. Raises
    `InputError` for what is no book.
    """

    def __init__(self, book: RateBook) -> None:
        check_book(book)
        self.book = book
        self._records: dict[str, _Record] = {}

    def __repr__(self) -> str:
        return f"<Ledger of {len(self._records)} accounts, {shown(self.book)}>"

    def apply(self, account_id: str, command: Command) -> Receipt:
        """Applies a command once. Raises `Conflict`, `Refused`, `PricingError` or `InputError`: nothing has changed."""
        check_id(account_id, "account_id")
        record = self._records.get(account_id) or _Record()
        if isinstance(command, Identified):
            known = record.commands.get(command.id)
            if known is not None:
                if known.command != command:
                    raise Conflict(command.id)
                return Receipt(tuple(record.entries[known.first : known.first + known.made]), repeat=True)
        account, entries = apply(record.account, command, self.book)
        if isinstance(command, Identified):
            record.commands[command.id] = AppliedCommand(command, len(record.entries), len(entries))
        record.account = account
        record.entries.extend(entries)
        self._records[account_id] = record
        return Receipt(entries)

    def __iter__(self) -> Iterator[str]:
        """The ids of all accounts, in the order in which they were first used."""
        return iter(self._records)

    def account(self, account_id: str) -> Account:
        """The account's state at its own last entry; `.as_of(instant, book)` tells it for later."""
        record = self._records.get(account_id)
        return record.account if record else Account()

    def entries(self, account_id: str) -> tuple[Entry, ...]:
        """All entries of the account, in order."""
        record = self._records.get(account_id)
        return tuple(record.entries) if record else ()

    def statement(self, account_id: str) -> Statement:
        """The account's statement, with the sources that its cards cite."""
        return statement(self.entries(account_id), book=self.book)

    def verify(self, account_id: str) -> tuple[Problem, ...]:
        """Everything that is wrong with the account's books; empty where they are right (see `ledger.audit`)."""
        return audit(self.account(account_id), self.entries(account_id), self.book)

    def snapshot(self) -> Snapshot:
        """All accounts as one frozen value."""
        return Snapshot(
            tuple(
                AccountSnapshot(name, record.account, tuple(record.entries), tuple(record.commands.values()))
                for name, record in self._records.items()
            )
        )

    @classmethod
    def restore(cls, snapshot: Snapshot, book: RateBook) -> Ledger:
        """The ledger that a snapshot was taken of.

        Raises `InputError` where the books of an account are wrong by its entries alone (`ledger.audit` without a
        book), or its commands are not those that made its entries.
        """
        if not isinstance(snapshot, Snapshot):
            raise wrong_type("snapshot", "a Snapshot", snapshot)
        ledger = cls(book)
        for kept in snapshot.accounts:
            check_id(kept.account_id, "account_id")
            if kept.account_id in ledger._records:
                raise InputError("snapshot", f"account {shown(kept.account_id)} stands in it twice")
            for problem in (*audit(kept.account, kept.entries), *_wrong_commands(kept)):
                raise InputError("snapshot", f"account {shown(kept.account_id)}: {problem}")
            ledger._records[kept.account_id] = _Record(kept)
        return ledger


def _wrong_commands(kept: AccountSnapshot) -> Iterator[Problem]:
    """Each id stands once, the commands in order, each with entries of its own, and none is missing that made some.

    What no command made is what time brought.
    """
    made: dict[str, range] = {}
    end = 0
    for number, one in enumerate(kept.commands):
        where = f"commands[{number}]"
        if one.command.id in made:
            yield Problem(where, f"has the id {shown(one.command.id)} again")
        if one.made < 0 or not end <= one.first <= len(kept.entries) - one.made:
            yield Problem(
                where, f"claims {one.made} entries from {one.first} on, where {end} is the first that is free"
            )
            return
        end = one.first + one.made
        made[one.command.id] = range(one.first, end)
    for number, entry in enumerate(kept.entries):
        command = _asked_by(entry)
        if command and number not in made.get(command, ()):
            yield Problem(f"entries[{number}]", f"is of the command {shown(command)}, which did not make it")


def _asked_by(entry: Entry) -> str:
    """The id of the command that must have made an entry; empty where time or a correction may have made it, too."""
    match entry:
        case Rated() | HoldOpened():
            return entry.id
        case TierChanged() | Scheduled() | Billed():
            return entry.ref
        case Posting(reason="grant"):
            return entry.ref
    return ""
