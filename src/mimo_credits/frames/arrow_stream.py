"""`settle_arrow`: the ledger's own fold over a sorted stream of Arrow record batches, account by account.

It settles any account, also those that no sum can stand for, and needs memory for one batch and one account, whatever
the stream's length. The rows of an account stand together, in the order of the instant and, at one instant, of the id;
another order is an error. Rows are rated as columns. A run of plain usage (nothing falls due, one pot pays) is then
found by its running sum and posted at once; every other row, and each command of the lifecycle, is decided by the
engine, `apply`.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from mimo_credits.book import RateBook, check_book
from mimo_credits.errors import InputError, MimoCreditsError, NoSuchCard, PricingError, Refused, shown
from mimo_credits.frames.checks import check_errors
from mimo_credits.frames.clocks import micros, moment
from mimo_credits.frames.columns import Columns
from mimo_credits.frames.lifecycle import Lifecycle, Lifecycles, lifecycles_of
from mimo_credits.frames.segments import Books, summed_usage
from mimo_credits.frames.statement_rows import tables_of
from mimo_credits.ledger import Account, Advance, Command, Posting, Rated, Record, apply
from mimo_credits.ledger.draft import Draft
from mimo_credits.ledger.due import next_due
from mimo_credits.ledger.entries import OVERAGE, SPENT

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from mimo_credits.frames.arrow_rows import Rows

_NEVER = 2**62
"""An instant after all others, in microseconds since 1970."""


class Decided(NamedTuple):
    """A row that the ledger decided by itself: what `rate` would add, and why it was refused, if it was."""

    row: int
    millicredits: int
    card: str | None
    band: int
    off_peak: bool
    reason: str | None


@dataclass(slots=True)
class Results:
    """What the fold makes of the rows, in their order.

    `overage` in millicredits by row; `segments` say how many rows have a segment in common; `own_cards` name rows of
    accounts that stay on a card.
    """

    overage: NDArray[np.int64]
    segments: list[tuple[int, datetime | None]] = field(default_factory=list)
    decided: list[Decided] = field(default_factory=list)
    own_cards: list[tuple[str, int, int]] = field(default_factory=list)


class Settled(NamedTuple):
    """Some whole accounts, settled: their rows with what each cost and who paid, and their books.

    `rows` has the columns of the batches and those of `RESULTS`; it is None where accounts had no usage at all.
    """

    rows: pa.RecordBatch | None
    books: Mapping[str, Books]

    @property
    def accounts(self) -> dict[str, Account]:
        """The accounts after all commands and usage."""
        return {name: books.account for name, books in self.books.items()}

    def statements(self, known: Lifecycles) -> tuple[pa.Table, pa.Table]:
        """Their statements and their bills as Arrow tables; see `StatementRow` and `BillRow`."""
        return tables_of((name, known.account(name), books) for name, books in self.books.items())


def settle_arrow(
    batches: Iterable[pa.RecordBatch],
    lifecycle: Lifecycle | Lifecycles,
    book: RateBook,
    *,
    columns: Columns = Columns(),
    accounts: Mapping[str, Account] | None = None,
    until: datetime | None = None,
    errors: Literal["raise", "column"] = "raise",
    others: bool = True,
) -> Iterator[Settled]:
    """Settles usage that comes sorted by account, then instant, then id; yields whole accounts, a batch at a time.

    Equal to `fold(account, timeline([*commands, *records]), book)` for each account: `accounts` says how accounts
    stood before, and with `until` each is brought up to that instant (`Lifecycles`). Accounts of the lifecycle without
    usage come last; `others=False` leaves them out, for streams that share one lifecycle, such as the partitions of a
    cluster. Usage or a command that is refused or has no price raises; with `errors="column"` a row names its fault in
    the column `reason` instead, and changes nothing.

    Raises `InputError` for rows out of order or of a wrong type, and for an id that an account has twice, be it that of
    a command; `RowsRefused` for what is no usage; `Refused` and `PricingError`, which say the account and the id.
    """
    from mimo_credits.frames.arrow_rows import whole_accounts

    check_book(book)
    check_errors(errors)
    known = lifecycles_of(lifecycle, accounts, until)
    owes_from = _owes_from(book)
    seen: set[str] = set()
    for rows in whole_accounts(batches, columns, book):
        rows.check_taken(known)
        made = Results(np.zeros(len(rows), np.int64))
        books = {}
        for name, first, end in rows.accounts:
            if name in seen:
                raise InputError(columns.account, f"the rows of {name!r} do not stand together")
            seen.add(name)
            books[name] = _Fold(name, rows, known, book, owes_from, made, errors).all(first, end)
        yield Settled(rows.with_results(made), books)
    if others:
        left = [name for name in known if name not in seen]
        if left:
            yield Settled(None, {name: without_usage(name, known, book, errors) for name in left})


def without_usage(name: str, known: Lifecycles, book: RateBook, errors: str) -> Books:
    """The books of an account that has no rows."""
    books = Books(known.account(name))
    for command in known.commands(name):
        _say(name, books, command, book, errors)
    books.bring_to(known.until, book)
    return books


def _say(name: str, books: Books, command: Command, book: RateBook, errors: str) -> None:
    books.say(command, book)
    if books.rejected and errors == "raise":
        raise told(books.rejected[-1].error, name, command)


def told(error: MimoCreditsError, account: str, command: Command) -> MimoCreditsError:
    """The error of a command, which now says first whose it is, and its id."""
    whose = f"account {shown(account)}"
    error.args = (f"{whose}: {error}" if isinstance(command, Advance) else f"{whose}, id {shown(command.id)}: {error}",)
    return error


def fault_of(error: MimoCreditsError) -> str:
    """The name of what is wrong with a row, as `rate` names it: a refusal's reason, or that of the pricing error."""
    if isinstance(error, Refused):
        return error.reason.value
    return re.sub(r"(?<!^)(?=[A-Z])", "-", type(error).__name__).lower()


def _owes_from(book: RateBook) -> list[tuple[int, bool]]:
    """From which instants on, in microseconds since 1970, overage owes money, or no longer does."""
    return [
        (micros(since), card.policy is not None and card.policy.exhausted != "stop") for since, card in book.reigns()
    ]


class _Run(NamedTuple):
    """Plain usage before `stop` (microseconds since 1970) is paid by `pot`, up to `left` millicredits, None for any."""

    stop: int
    pot: str
    left: int | None
    own_card: str | None
    segment: datetime


class _Fold:
    """The fold of one account over its rows `[first, end)`."""

    def __init__(
        self,
        name: str,
        rows: Rows,
        known: Lifecycles,
        book: RateBook,
        owes_from: list[tuple[int, bool]],
        made: Results,
        errors: str,
    ) -> None:
        self._name, self._rows, self._book, self._owes_from = name, rows, book, owes_from
        self._made, self._errors = made, errors
        self._books = Books(known.account(name))
        self._ahead, self._until = deque(known.commands(name)), known.until

    def all(self, first: int, end: int) -> Books:
        """The account's books after all its commands and rows."""
        ahead, books = self._ahead, self._books
        while first < end or ahead:
            if ahead and (first == end or self._comes_before(ahead[0], first)):
                _say(self._name, books, ahead.popleft(), self._book, self._errors)
                continue
            run = self._run(first)
            after = first if run is None else self._take(run, first, end)
            if after == first:
                self._decide(first)
                after += 1
            first = after
        books.bring_to(self._until, self._book)
        return books

    def _comes_before(self, command: Command, row: int) -> bool:
        """Of one instant, usage comes after every other command; ties by id."""
        at, of_row = micros(command.at), self._rows.at[row]
        if at != of_row:
            return at < of_row
        return type(command) is not Record or command.id < self._rows.id(row)

    def _run(self, row: int) -> _Run | None:
        """How plain usage is paid from a row on; None where the row is none, or owes money."""
        account, at = self._books.account, self._rows.at[row]
        plan, now = account.plan, account.now
        if plan is None or now is None or at < micros(now):
            return None
        due = next_due(Draft(account, self._book))
        stop = micros(due.at) if due is not None else _NEVER
        if self._ahead:
            stop = min(stop, micros(self._ahead[0].at))
        for bucket in account.buckets:
            if bucket.millicredits:
                return _Run(stop, bucket.pot, bucket.millicredits, plan.pinned, plan.segment_start)
        stop = min(stop, self._owes_at(at, plan.pinned))
        return _Run(stop, OVERAGE, None, plan.pinned, plan.segment_start)

    def _owes_at(self, at: int, own_card: str | None) -> int:
        """The next instant at which overage owes money, `at` itself included."""
        if own_card is not None:
            policy = self._book.card(own_card).policy
            return _NEVER if policy is None or policy.exhausted == "stop" else at
        place = max(0, bisect_right(self._owes_from, (at, True)) - 1)
        return next((max(at, since) for since, owes in self._owes_from[place:] if owes), _NEVER)

    def _take(self, run: _Run, first: int, end: int) -> int:
        """Takes plain rows from `first` on, for as long as the run's pot pays; gives the first that it does not."""
        rows, made = self._rows, self._made
        rated = rows.rated(run.own_card)
        after = bisect_left(rows.at, run.stop, first, rated.plain_until(first, end))
        before = rated.before
        if run.left is not None:
            after = bisect_right(before, before[first] + run.left, first, after + 1) - 1
        if after == first:
            return first
        made.segments.append((after - first, run.segment))
        if run.own_card is not None:
            made.own_cards.append((run.own_card, first, after))
        if run.pot == OVERAGE:
            made.overage[first:after] = rated.costs[first:after]
        self._draw(moment(rows.at[after - 1]), run.pot, before[after] - before[first], after - first)
        return after

    def _draw(self, at: datetime, pot: str, millicredits: int, requests: int) -> None:
        """One posting for all of a run, as the many would have spent it."""
        draft = Draft(self._books.account, self._book)
        draft.add(summed_usage(at, millicredits))
        draft.post(at, pot, SPENT, millicredits, "overage" if pot == OVERAGE else "usage", "")
        self._books.keep(draft.account, draft.entries, requests=requests)

    def _decide(self, row: int) -> None:
        """One row that is not plain, as the engine decides it."""
        made, books = self._made, self._books
        fault = self._rows.fault(row)
        if fault is not None:
            if self._errors == "raise":
                raise self._rows.refusal(row, fault)
            self._note(row, fault.value)
            return
        record = self._rows.record(row)
        try:
            account, entries = apply(books.account, record, self._book)
        except (Refused, PricingError, NoSuchCard) as error:
            if self._errors == "raise":
                raise told(error, self._name, record) from error
            self._note(row, fault_of(error))
            return
        books.keep(account, entries)
        rated = next(entry for entry in reversed(entries) if type(entry) is Rated)
        posted = [entry.millicredits for entry in entries if type(entry) is Posting and entry.source == OVERAGE]
        made.overage[row] = sum(posted)
        made.decided.append(Decided(row, rated.millicredits, rated.card, rated.rates.band, rated.off_peak, None))
        made.segments.append((1, _segment_of(account, rated.at)))

    def _note(self, row: int, fault: str) -> None:
        """A row that is refused costs nothing and changes nothing."""
        self._made.decided.append(Decided(row, 0, None, -1, False, fault))
        self._made.segments.append((1, None))


def _segment_of(account: Account, at: datetime) -> datetime:
    """Where the segment began that usage of an instant was just drawn in."""
    if account.plan is not None and at >= account.plan.segment_start:
        return account.plan.segment_start
    assert account.closed is not None, "late usage belongs to the segment just closed"
    return account.closed.start
