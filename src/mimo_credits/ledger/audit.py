"""`audit`: whether an account's books are right, told from its entries alone and, where a book is given, its cards.

The entries are walked one by one, and nothing that they say of themselves is believed:

- each entry can follow those before it, and after each the pots sum up to 0 and none has the wrong sign;
- the state is what the entries add up to, and what is held is what the open holds have;
- each usage is rated once, and what was spent for it is what was rated;
- with a book, each usage is priced anew: the card, the time of day, the rates and the charge follow from the instant,
  the plan or the hold, and the book.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from mimo_credits.book import RateBook, check_book
from mimo_credits.errors import NoSuchCard, PricingError, Problem, shown
from mimo_credits.ledger.account import Account, check_account
from mimo_credits.ledger.entries import (
    HELD,
    NOT_BUCKETS,
    SPENT,
    BucketClosed,
    BucketOpened,
    Entry,
    HoldClosed,
    Lapsed,
    Posting,
    Rated,
    Scheduled,
    TierChanged,
    each_entry,
)
from mimo_credits.ledger.evolution import evolve
from mimo_credits.pricing import metered_charge, rates_for


def audit(account: Account, entries: Sequence[Entry], book: RateBook | None = None) -> tuple[Problem, ...]:
    """Everything that is wrong; empty where nothing is. Cards that the book does not have are a problem, too.

    Only the first entry that cannot stand where it does is named: what follows it has no state to be held against.
    Raises `InputError` for what is no account, no entries or no book.
    """
    check_account(account)
    if book is not None:
        check_book(book)
    entries = tuple(each_entry(entries))
    return (*_balances(account, entries), *_charges(entries), *(_prices(entries, book) if book is not None else ()))


def _cannot_follow(account: Account, entry: Entry) -> str | None:
    """Why an entry speaks of what is not there, or begins what has begun; None if it does neither."""
    match entry:
        case Posting():
            for pot in (entry.source, entry.target):
                if pot not in NOT_BUCKETS and account.bucket(pot) is None:
                    return f"moves credits from or to {shown(pot)}, which is no open pot"
            if entry.target == HELD and entry.reason != "correction" and entry.ref not in account.holds:
                return f"reserves credits for hold {shown(entry.ref)}, which is not open"
        case BucketOpened() if account.bucket(entry.pot) is not None:
            return f"opens pot {shown(entry.pot)}, which is open already"
        case BucketClosed() if account.bucket(entry.pot) is None:
            return f"closes pot {shown(entry.pot)}, which is not open"
        case HoldClosed() if entry.id not in account.holds:
            return f"closes hold {shown(entry.id)}, which is not open"
        case TierChanged() | Scheduled() | Lapsed() if account.plan is None:
            return "changes a plan, where there is none"
    return None


def _balances(account: Account, entries: Sequence[Entry]) -> Iterator[Problem]:
    """The first entry that cannot follow, or after which the balances are wrong; then whether the end is `account`."""
    replayed = Account()
    for number, entry in enumerate(entries):
        if wrong := _cannot_follow(replayed, entry):
            yield Problem(f"entries[{number}]", wrong)
            return
        replayed = evolve(replayed, entry)
        if pots := tuple(_wrong_pots(replayed)):
            yield from (Problem(f"entries[{number}]", f"after it {problem.where} {problem.what}") for problem in pots)
            return
    held = sum(hold.millicredits for hold in replayed.holds.values())
    if replayed.pots.held != held:
        yield Problem(HELD, f"is {replayed.pots.held} millicredits, but the open holds have {held}")
    if replayed != account:
        yield Problem("account", "is not what its entries add up to")


def _wrong_pots(account: Account) -> Iterator[Problem]:
    """Pots that do not sum up to 0, or that have the wrong sign: `issued` and `overage` only ever give credits."""
    pots = account.pots
    total = sum(pots) + account.remaining_millicredits
    if total:
        yield Problem("pots", f"add up to {total} millicredits, not to 0")
    for name, given in (("issued", pots.issued), ("overage", pots.overage)):
        if given > 0:
            yield Problem(name, f"is positive: {given}")
    kept = [(bucket.pot, bucket.millicredits) for bucket in account.buckets]
    for name, amount in [*kept, ("held", pots.held), ("spent", pots.spent), ("expired", pots.expired)]:
        if amount < 0:
            yield Problem(name, f"is negative: {amount}")


def _charges(entries: Sequence[Entry]) -> Iterator[Problem]:
    """What was posted to `spent` is what was rated, usage by usage; a correction rates nothing and posts apart."""
    rated: set[str] = set()
    owed: dict[str, int] = {}
    for entry in entries:
        if isinstance(entry, Rated):
            if entry.id in rated:
                yield Problem(entry.id, "was rated more than once")
            rated.add(entry.id)
            owed[entry.id] = owed.get(entry.id, 0) + entry.millicredits
        elif isinstance(entry, Posting) and entry.target == SPENT and entry.reason != "correction":
            owed[entry.ref] = owed.get(entry.ref, 0) - entry.millicredits
    for ref, rest in owed.items():
        if rest:
            yield Problem(ref, f"was rated {rest} millicredits beyond what was spent for it")


def _prices(entries: Sequence[Entry], book: RateBook) -> Iterator[Problem]:
    """Each rated usage says what the book says: the same card, byte for byte, time of day, rates and charge."""
    account = Account()
    for number, entry in enumerate(entries):
        if _cannot_follow(account, entry):
            return
        if isinstance(entry, Rated):
            wrong = _mispriced(entry, account, _settled(entries, number), book)
            if wrong is not None:
                yield Problem(entry.id, wrong)
        account = evolve(account, entry)


def _settled(entries: Sequence[Entry], number: int) -> str | None:
    """The hold that the usage rated by this entry settles: between the two stand only postings."""
    following = (entries[index] for index in range(number + 1, len(entries)))
    after = next((entry for entry in following if not isinstance(entry, Posting)), None)
    return after.id if isinstance(after, HoldClosed) and after.how == "settled" else None


def _mispriced(rated: Rated, account: Account, hold_id: str | None, book: RateBook) -> str | None:
    """What is wrong with how a usage was rated, if anything."""
    terms = _terms(rated.at, account, hold_id)
    if terms is None:
        return f"is of {rated.at.isoformat()}, when the account had no plan that could be charged"
    at, pinned = terms
    try:
        card = book.card(pinned) if pinned is not None else book.at(at)
        table = card.table
        off_peak = table.is_off_peak(at)
        rates = rates_for(table, rated.usage, off_peak)
        charged = metered_charge(table, rated.usage, rates)
    except (NoSuchCard, PricingError) as error:
        return str(error)
    if rated.card != table.card_id:
        return f"was rated by card {rated.card}, where {table.card_id} holds"
    if rated.digest != table.digest:
        return f"was rated by card {rated.card} with sha256 {rated.digest}, not {table.digest}"
    if rated.off_peak != off_peak:
        return f"was rated {_hours(rated.off_peak)}, but {at.isoformat()} lies {_hours(off_peak)}"
    if rated.rates != rates:
        return f"was rated at {rated.rates}, card {rated.card} says {rates}"
    if rated.millicredits != charged:
        return f"was rated {rated.millicredits} millicredits, card {rated.card} says {charged}"
    return None


def _terms(at: datetime, account: Account, hold_id: str | None) -> tuple[datetime, str | None] | None:
    """The instant by which usage is priced, and the card that the account is pinned to: of the hold that it settles,
    of the running segment, or of the one just closed. None where it belongs to none of them."""
    if hold_id is not None and hold_id in account.holds:
        hold = account.holds[hold_id]
        return hold.at, hold.card
    plan, closed = account.plan, account.closed
    if plan is not None and plan.segment_start <= at < plan.cycle.end:
        return at, plan.pinned
    if closed is not None and closed.start <= at < closed.end:
        return at, closed.card
    return None


def _hours(off_peak: bool) -> str:
    return "off-peak" if off_peak else "at peak"
