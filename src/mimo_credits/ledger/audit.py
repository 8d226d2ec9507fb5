"""`audit`: whether an account's books are right, told from its entries alone and, where a book is given, its cards.

The sum of all pots being 0 proves little, so more is asked: that no bucket nor what is held is negative, that the state
is what replaying the entries gives, and that what was spent equals an independent re-pricing of the accepted usage.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mimo_credits.book import RateBook, check_book
from mimo_credits.errors import NoSuchCard, PricingError, Problem
from mimo_credits.ledger.account import Account, check_account
from mimo_credits.ledger.entries import SPENT, Entry, Posting, Rated, each_entry
from mimo_credits.ledger.evolution import replay
from mimo_credits.pricing import metered_charge, rates_for


def audit(account: Account, entries: Sequence[Entry], book: RateBook | None = None) -> tuple[Problem, ...]:
    """Everything that is wrong; empty where nothing is. Cards that the book does not have are a problem, too.

    Raises `InputError` for what is no account, no entries or no book.
    """
    check_account(account)
    if book is not None:
        check_book(book)
    entries = tuple(each_entry(entries))
    return (*_balances(account, entries), *_charges(entries), *(_prices(entries, book) if book is not None else ()))


def _balances(account: Account, entries: Sequence[Entry]) -> Iterator[Problem]:
    if replay(entries) != account:
        yield Problem("account", "is not what its entries add up to")
    pots = account.pots
    total = sum(pots) + account.remaining_millicredits
    if total:
        yield Problem("pots", f"add up to {total} millicredits, not to 0")
    for bucket in account.buckets:
        if bucket.millicredits < 0:
            yield Problem(bucket.pot, f"is negative: {bucket.millicredits}")
    held = sum(hold.millicredits for hold in account.holds.values())
    if pots.held != held:
        yield Problem("held", f"is {pots.held} millicredits, but the open holds have {held}")


def _charges(entries: Sequence[Entry]) -> Iterator[Problem]:
    """What was posted to `spent` is what was rated, usage by usage; a correction rates nothing and posts apart."""
    owed: dict[str, int] = {}
    for entry in entries:
        if isinstance(entry, Rated):
            owed[entry.id] = owed.get(entry.id, 0) + entry.millicredits
        elif isinstance(entry, Posting) and entry.target == SPENT and entry.reason != "correction":
            owed[entry.ref] = owed.get(entry.ref, 0) - entry.millicredits
    for ref, rest in owed.items():
        if rest:
            yield Problem(ref, f"was rated {rest} millicredits beyond what was spent for it")


def _prices(entries: Sequence[Entry], book: RateBook) -> Iterator[Problem]:
    """Each rated usage costs what its card says, and the card is still that one, byte for byte."""
    for entry in entries:
        if not isinstance(entry, Rated):
            continue
        try:
            table = book.card(entry.card).table
            expected = metered_charge(table, entry.usage, rates_for(table, entry.usage, entry.off_peak))
        except (NoSuchCard, PricingError) as error:
            yield Problem(entry.id, str(error))
            continue
        if table.digest != entry.digest:
            yield Problem(entry.id, f"was rated by card {entry.card} with sha256 {entry.digest}, not {table.digest}")
        elif expected != entry.millicredits:
            yield Problem(entry.id, f"was rated {entry.millicredits} millicredits, card {entry.card} says {expected}")
