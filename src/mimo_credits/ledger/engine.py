"""The engine: commands in, entries out. Pure; it reads no clock and keeps nothing.

    decide(account, command, book) -> entries     the rules; may raise, and then nothing has changed
    evolve(account, entry)         -> account     total; see `evolution`
    apply = decide, then evolve;  fold = apply, over many commands;  replay(entries) -> account

Before a command at `at`, everything that is due by then is decided at its own instant. A command may not lie before the
account's own clock (its last entry), except usage, which may arrive late. `decide` knows no ids: repeats are recognised
by `timeline`, by the in-memory `Ledger` and by a database.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, pairwise
from typing import Any, NamedTuple

from mimo_credits.book import RateBook, check_book
from mimo_credits.errors import NoSuchCard, PricingError, Reason, Refused, several, wrong_type
from mimo_credits.ledger.account import Account, check_account
from mimo_credits.ledger.commands import (
    Advance,
    Cancel,
    ChangeTier,
    Command,
    Grant,
    Hold,
    Record,
    Release,
    Settle,
    Subscribe,
)
from mimo_credits.ledger.draft import Draft
from mimo_credits.ledger.drawing import decide_grant, decide_record
from mimo_credits.ledger.due import advance
from mimo_credits.ledger.entries import Entry, Rated
from mimo_credits.ledger.holds import decide_hold, decide_release, decide_settle
from mimo_credits.ledger.plain_usage import plain_usage
from mimo_credits.ledger.plans import decide_cancel, decide_change, decide_subscribe


def apply(account: Account, command: Command, book: RateBook) -> tuple[Account, tuple[Entry, ...]]:
    """The account after the command, and the entries that say what happened.

    Raises `Refused`, a `PricingError` for usage that the card cannot price, or `InputError` for what is no account, no
    command or no book; then nothing has changed.
    """
    check_account(account)
    check_book(book)
    rule = _RULES.get(type(command))
    if rule is None:
        raise wrong_type("command", "a command of the ledger", command)
    draft = Draft(account, book)
    if account.now is not None and command.at < account.now and not isinstance(command, Record):
        raise Refused(
            Reason.OUT_OF_ORDER,
            command,
            f"{command.at.isoformat()} lies before the account's last entry, {account.now.isoformat()}",
        )
    advance(draft, command.at)
    rule(draft, command)
    return draft.account, tuple(draft.entries)


def decide(account: Account, command: Command, book: RateBook) -> tuple[Entry, ...]:
    """What happens because of the command, as entries; the account is not touched. Raises as `apply` does."""
    return apply(account, command, book)[1]


class Rejection(NamedTuple):
    """A command that a fold passed over, and why."""

    command: Command
    error: Refused | PricingError | NoSuchCard


def fold(
    account: Account,
    commands: Iterable[Command],
    book: RateBook,
    *,
    rejected: list[Rejection] | None = None,
    made: list[int | None] | None = None,
) -> tuple[Account, list[Entry]]:
    """Applies commands in the order given: the account after them, and all their entries.

    Equal to applying them one by one; runs of plain usage take a faster way (`plain_usage`). Raises as `apply` does,
    unless a list `rejected` is given: then a command that is refused or has no price is appended to it instead.
    To a list `made` is appended, command by command, how many of the entries are its own; None for a rejected one.
    """
    check_account(account)
    check_book(book)
    entries: list[Entry] = []
    remaining = iter(several(commands, "commands", "commands of the ledger"))
    command = next(remaining, None)
    while command is not None:
        count = None
        try:
            account, decided = apply(account, command, book)
            entries.extend(decided)
            count = len(decided)
        except (Refused, PricingError, NoSuchCard) as error:
            if rejected is None:
                raise
            rejected.append(Rejection(command, error))
        if made is not None:
            made.append(count)
        command = next(remaining, None)
        if type(command) is Record:
            known = len(entries)
            account, command = plain_usage(account, chain((command,), remaining), book, entries)
            if made is not None:
                made.extend(_made_by_plain_usage(entries[known:]))
    return account, entries


def _made_by_plain_usage(entries: Sequence[Entry]) -> Iterator[int]:
    """How many entries each record of a run made: that it was rated, and a posting unless it cost nothing."""
    starts = [index for index, entry in enumerate(entries) if type(entry) is Rated]
    return (after - start for start, after in pairwise([*starts, len(entries)]))


def _nothing_more(draft: Draft, command: Advance) -> None:
    """Time passing is all that was asked."""


_RULES: dict[type, Callable[[Draft, Any], None]] = {
    Subscribe: decide_subscribe,
    Record: decide_record,
    ChangeTier: decide_change,
    Cancel: decide_cancel,
    Grant: decide_grant,
    Hold: decide_hold,
    Settle: decide_settle,
    Release: decide_release,
    Advance: _nothing_more,
}
