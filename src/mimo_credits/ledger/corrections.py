"""Corrections: deciding a whole timeline anew, and the entries that turn one history into another.

History is never rewritten. `rerate` decides the same commands again, on the same or another book or tier, and
`difference` gives what has to be posted, restated and billed so that the books that were kept become the books that
should have been kept: balances by postings, money by a bill or a credit note, and what the balances belong to by one
restatement.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from mimo_credits.book import RateBook, check_book
from mimo_credits.exact import minus, plus
from mimo_credits.ledger.account import Account
from mimo_credits.ledger.commands import ChangeTier, Command, Subscribe, timeline
from mimo_credits.ledger.engine import Rejection, fold
from mimo_credits.ledger.entries import Accrued, Billed, BucketOpened, Entry, Posting, Restated, each_entry
from mimo_credits.ledger.evolution import replay


class Rerating(NamedTuple):
    """A timeline decided anew. `rejected` lists what has no price on these cards, or is refused under them, and why."""

    account: Account
    entries: tuple[Entry, ...]
    rejected: tuple[Rejection, ...]


def rerate(commands: Iterable[Command], book: RateBook, *, tier: str | None = None) -> Rerating:
    """Decides a whole timeline anew, in any order of arrival; with `tier` as if that tier had been bought and kept.

    `rerate(commands, RateBook.fixed(load_card("2026-04-22")))` says what May would have cost on the April card, also to
    an account that stays on a card which this book does not have: it follows the book's. Usage that has no price there
    is listed, not raised. Raises `Conflict`, and `InputError` for what is no command or book.
    """
    check_book(book)
    known = {name for card in book for name in (card.id, card.version)}
    ordered: Iterable[Command] = (
        replace(command, card=None) if isinstance(command, Subscribe) and command.card not in known else command
        for command in timeline(commands)
    )
    if tier is not None:
        ordered = (
            replace(command, tier=tier) if isinstance(command, Subscribe) else command
            for command in ordered
            if not isinstance(command, ChangeTier)
        )
    rejected: list[Rejection] = []
    account, entries = fold(Account(), ordered, book, rejected=rejected)
    return Rerating(account, tuple(entries), tuple(rejected))


def difference(before: Sequence[Entry], after: Sequence[Entry]) -> tuple[Entry, ...]:
    """The entries that turn the first history into the second: replayed on top of `before` they give `after`'s account.

    Empty where the two come to the same account and the same money. Where the balances of either do not add up to 0,
    which `audit` says, what has no counterpart stays. Raises `InputError` for anything but entries.
    """
    before, after = tuple(each_entry(before, "before")), tuple(each_entry(after, "after"))
    old, new = replay(before), replay(after)
    at = max((moment for moment in (old.now, new.now) if moment is not None), default=None)
    if at is None:
        return ()
    entries = [*_openings(old, new, at), *_postings(old, new, at), *_money(old, new, before, after, at)]
    if replay(entries, old) != new:
        entries.append(_restatement(new, at))
    return tuple(entries)


def _openings(old: Account, new: Account, at: datetime) -> Iterator[Entry]:
    """Pots that only the second history has are opened, so that postings can fill them."""
    known = {bucket.pot for bucket in old.buckets}
    for bucket in new.buckets:
        if bucket.pot not in known:
            yield BucketOpened(at, bucket.pot, bucket.expires_at, bucket.priority, "")


def _balances(account: Account) -> dict[str, int]:
    return {**account.pots._asdict(), **{bucket.pot: bucket.millicredits for bucket in account.buckets}}


def _postings(old: Account, new: Account, at: datetime) -> Iterator[Entry]:
    """Moves what is too much in some pots to those that have too little; in right books both sum up alike."""
    before, after = _balances(old), _balances(new)
    gaps = {pot: after.get(pot, 0) - before.get(pot, 0) for pot in sorted(before.keys() | after.keys())}
    surplus = [(pot, -gap) for pot, gap in gaps.items() if gap < 0]
    wanted = [(pot, gap) for pot, gap in gaps.items() if gap > 0]
    while surplus and wanted:
        (source, has), (target, lacks) = surplus.pop(), wanted.pop()
        moved = min(has, lacks)
        yield Posting(at, source, target, moved, "correction", "")
        if has > moved:
            surplus.append((source, has - moved))
        if lacks > moved:
            wanted.append((target, lacks - moved))


def _money(
    old: Account, new: Account, before: Iterable[Entry], after: Iterable[Entry], at: datetime
) -> Iterator[Entry]:
    """What was billed too little or too much, by currency, and what usage owes that no bill has summed up yet."""
    paid, due = _billed(before), _billed(after)
    for currency in sorted(paid.keys() | due.keys()):
        amount = minus(due.get(currency, Decimal(0)), paid.get(currency, Decimal(0)))
        if amount:
            yield Billed(at, amount, currency, "correction", "", None, None)
    for currency in sorted({*old.accrued, *new.accrued}):
        owed = new.accrued.get(currency, Fraction(0)) - old.accrued.get(currency, Fraction(0))
        if owed:
            yield Accrued(at, owed, currency, "correction", "", None, None)


def _billed(entries: Iterable[Entry]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for entry in entries:
        if isinstance(entry, Billed):
            sums[entry.currency] = plus(sums.get(entry.currency, Decimal(0)), entry.amount)
    return sums


def _restatement(new: Account, at: datetime) -> Restated:
    return Restated(
        at=at,
        now=new.now,
        since=new.since,
        plan=new.plan,
        closed=new.closed,
        buckets=new.buckets,
        holds=new.holds,
        ended_holds=new.ended_holds,
    )
