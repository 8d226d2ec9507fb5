"""`settle_arrow`: the ledger's own fold over a sorted stream of Arrow record batches, account by account.

It settles any account, also those that no sum can stand for, and needs memory for one batch and one account, whatever
the stream's length. The rows of an account stand together, in the order of the instant and, at one instant, of the id;
another order is an error. A run of plain usage (nothing falls due, one pot pays) is a loop over columns; every other
row, and each command of the lifecycle, is decided by the engine, `apply`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Literal, NamedTuple

from mimo_credits.book import RateBook, check_book
from mimo_credits.errors import InputError, MimoCreditsError, NoSuchCard, PricingError, Refused
from mimo_credits.frames.arrow_rows import RowOfUsage, Rows, instant, whole_accounts
from mimo_credits.frames.clocks import micros
from mimo_credits.frames.columns import Columns
from mimo_credits.frames.lifecycle import Lifecycle, Lifecycles
from mimo_credits.frames.segments import Books, summed_usage
from mimo_credits.frames.statement_rows import tables_of
from mimo_credits.ledger import Account, Command, Posting, Rated, Record, apply
from mimo_credits.ledger.draft import Draft
from mimo_credits.ledger.due import next_due
from mimo_credits.ledger.entries import OVERAGE, SPENT
from mimo_credits.table import TokenRow

if TYPE_CHECKING:
    import pyarrow as pa

_ENDLESS = 2**200
"""More than any usage can cost: overage has no end."""

_NEVER = 2**62
"""An instant after all others, in microseconds since 1970."""


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
    columns: Columns = Columns(),  # noqa: B008
    accounts: Mapping[str, Account] | None = None,
    errors: Literal["raise", "column"] = "raise",
    others: bool = True,
) -> Iterator[Settled]:
    """Settles usage that comes sorted by account, then instant, then id; yields whole accounts, a batch at a time.

    Equal to `fold(account, timeline([*commands, *records]), book)` for each account: `accounts` says how accounts stood
    before. Accounts of the lifecycle without usage come last; `others=False` leaves them out, for streams that share one
    lifecycle, such as the partitions of a cluster. Usage or a command that is refused or has no price raises; with
    `errors="column"` a row keeps the error's text in the column `reason` instead, and changes nothing.

    Raises `InputError` for rows out of order or of a wrong type, for an id that an account has twice, and for what
    cannot be read as usage; `Refused`, `PricingError`.
    """
    check_book(book)
    known = lifecycle if isinstance(lifecycle, Lifecycles) else Lifecycles(lifecycle, accounts)
    rates = _RatesByCard(book)
    seen: set[str] = set()
    for rows in whole_accounts(batches, columns, book):
        made = Results()
        books = {}
        for name, first, end in rows.accounts:
            if name in seen:
                raise InputError(columns.account, f"the rows of {name!r} do not stand together")
            seen.add(name)
            books[name] = _Fold(name, rows, known, book, rates, made, errors).all(first, end)
        yield Settled(rows.with_results(made), books)
    if others:
        left = [name for name in known if name not in seen]
        if left:
            yield Settled(None, {name: _without_usage(name, known, book, errors) for name in left})


def _without_usage(name: str, known: Lifecycles, book: RateBook, errors: str) -> Books:
    books = Books(known.account(name))
    for command in known.commands(name):
        _say(name, books, command, book, errors)
    return books


def _say(name: str, books: Books, command: Command, book: RateBook, errors: str) -> None:
    books.say(command, book)
    if books.rejected and errors == "raise":
        raise told(books.rejected[-1].error, name)


def told(error: MimoCreditsError, account: str) -> MimoCreditsError:
    """The error with a note of whose it is."""
    error.add_note(f"account {account!r}")
    return error


def fault_of(error: MimoCreditsError) -> str:
    """The name of what is wrong with a row, as `rate` names it: a refusal's reason, or that of the pricing error."""
    if isinstance(error, Refused):
        return error.reason.value
    return re.sub(r"(?<!^)(?=[A-Z])", "-", type(error).__name__).lower()


@dataclass(slots=True)
class Results:
    """What the fold says of each row, in their order: spans of rows that have something in common stand once."""

    millicredits: list[int] = field(default_factory=list)
    overage: list[int] = field(default_factory=list)
    bands: list[int] = field(default_factory=list)
    rates: list[tuple[int, str | None, bool]] = field(default_factory=list)
    segments: list[tuple[int, datetime | None]] = field(default_factory=list)
    reasons: dict[int, str] = field(default_factory=dict)


class _Rates(NamedTuple):
    """What a card charges over `[since, until)`, in microseconds since 1970; `stops`: overage owes no money."""

    until: int
    since: int
    tokens: dict[str, tuple[TokenRow, ...]]
    card: str
    off_peak: bool
    stops: bool


class _RatesByCard:
    """The rates in force by instant, for the book's own course and for each card that accounts are pinned to."""

    def __init__(self, book: RateBook) -> None:
        self._book = book
        self._known: dict[str | None, list[_Rates]] = {}

    def at(self, at: int, pinned: str | None) -> _Rates:
        """The rates at an instant. Raises `NoCardInEffect`, `NoSuchCard`."""
        known = self._known.setdefault(pinned, [])
        place = bisect_right(known, (at + 1,))  # type: ignore[type-var]
        if place < len(known) and known[place].since <= at:
            return known[place]
        card = self._book.card(pinned) if pinned is not None else None
        regime = self._book.regime(instant(at), card)
        until = micros(regime.until)
        stops = regime.card.policy is not None and regime.card.policy.exhausted == "stop"
        found = _Rates(until, at, regime.rows.tokens, regime.card.id, regime.off_peak, stops)
        if place < len(known) and known[place].until == until:
            known[place] = found
        else:
            known.insert(place, found)
        return found


class _Fold:
    """The fold of one account over its rows `[first, end)`."""

    def __init__(
        self,
        name: str,
        rows: Rows,
        known: Lifecycles,
        book: RateBook,
        rates: _RatesByCard,
        made: Results,
        errors: str,
    ) -> None:
        self._name, self._rows, self._book, self._rates = name, rows, book, rates
        self._made, self._errors = made, errors
        self._books = Books(known.account(name))
        self._ahead = deque(known.commands(name))
        self._left: Iterator[RowOfUsage] = iter(())
        self._held: tuple[RowOfUsage, ...] = ()

    def all(self, first: int, end: int) -> Books:
        """The account's books after all its commands and rows."""
        ahead, books = self._ahead, self._books
        self._left = self._rows.usage(first, end)
        while first < end or ahead:
            if ahead and (first == end or self._comes_before(ahead[0], first)):
                _say(self._name, books, ahead.popleft(), self._book, self._errors)
                continue
            after = self._plain_run(first)
            if after == first:
                self._decide(first)
                after += 1
            first = after
        return books

    def _comes_before(self, command: Command, row: int) -> bool:
        """Of one instant, usage comes after every other command; ties by id."""
        at, of_row = micros(command.at), self._rows.at[row]
        if at != of_row:
            return at < of_row
        return type(command) is not Record or command.id < self._rows.id(row)

    def _plain_run(self, first: int) -> int:
        """Takes rows from `first` on for as long as they are plain usage; gives the first that is not."""
        books, rows, made = self._books, self._rows, self._made
        account = books.account
        plan, now = account.plan, account.now
        if plan is None or now is None or rows.at[first] < micros(now):
            return first
        due = next_due(Draft(account, self._book))
        stop = micros(due.at) if due is not None else _NEVER
        if self._ahead:
            stop = min(stop, micros(self._ahead[0].at))
        pot, left = next(((each.pot, each.millicredits) for each in account.buckets if each.millicredits), (OVERAGE, 0))
        if pot == OVERAGE:
            left = _ENDLESS
        available, pinned, known = left, plan.pinned, self._rates
        since = until = steady = 0
        tokens: dict[str, tuple[TokenRow, ...]] = {}
        rated = None
        costs, bands = made.millicredits.append, made.bands.append
        row = first
        for usage in chain(self._held, self._left):
            at, model, input_tokens, cached, output_tokens = usage
            if at >= stop:
                break
            if not since <= at < until:
                try:
                    changed = known.at(at, pinned)
                except (PricingError, NoSuchCard):
                    break
                if pot == OVERAGE and not changed.stops:
                    break
                if rated is not None:
                    made.rates.append((row - steady, rated.card, rated.off_peak))
                until, since, tokens, _, _, _ = rated = changed
                steady = row
            of_model = tokens.get(model)  # type: ignore[arg-type]
            if of_model is None:
                break
            for band in of_model:
                if input_tokens <= band[0]:
                    break
            else:
                break
            cost = band[1] * cached + band[2] * (input_tokens - cached) + band[3] * output_tokens
            if cost > left:
                break
            left -= cost
            costs(cost)
            bands(band[4].band)
            row += 1
        else:
            usage = None
        self._held = () if usage is None else (usage,)
        if row == first:
            return first
        assert rated is not None, "a row of the run was rated"
        made.rates.append((row - steady, rated.card, rated.off_peak))
        made.segments.append((row - first, plan.segment_start))
        made.overage.extend(made.millicredits[-(row - first) :] if pot == OVERAGE else [0] * (row - first))
        self._draw(instant(rows.at[row - 1]), pot, available - left, row - first)
        return row

    def _draw(self, at: datetime, pot: str, millicredits: int, requests: int) -> None:
        """One posting for all of a run, as the many would have spent it."""
        draft = Draft(self._books.account, self._book)
        draft.add(summed_usage(at, millicredits))
        draft.post(at, pot, SPENT, millicredits, "overage" if pot == OVERAGE else "usage", "")
        self._books.keep(draft.account, draft.entries, requests=requests)

    def _decide(self, row: int) -> None:
        """One row that is not plain, as the engine decides it."""
        made, books = self._made, self._books
        if not self._held:
            next(self._left)
        self._held = ()
        fault = self._rows.fault(row)
        if fault is not None:
            self._refuse(fault.value, self._rows.refusal(row, fault))
            return
        try:
            account, entries = apply(books.account, self._rows.record(row), self._book)
        except (Refused, PricingError, NoSuchCard) as error:
            self._refuse(fault_of(error), error)
            return
        books.keep(account, entries)
        rated = next(entry for entry in reversed(entries) if type(entry) is Rated)
        over = sum(entry.millicredits for entry in entries if type(entry) is Posting and entry.source == OVERAGE)
        late = account.plan is None or rated.at < account.plan.segment_start
        owner = account.closed if late else account.plan
        made.millicredits.append(rated.millicredits)
        made.overage.append(over)
        made.bands.append(rated.rates.band)
        made.rates.append((1, rated.card, rated.off_peak))
        made.segments.append((1, _segment_start(owner)))

    def _refuse(self, fault: str, error: MimoCreditsError) -> None:
        """A row that is refused costs nothing and changes nothing."""
        if self._errors == "raise":
            raise told(error, self._name)
        made = self._made
        made.reasons[len(made.millicredits)] = fault
        made.millicredits.append(0)
        made.overage.append(0)
        made.bands.append(-1)
        made.rates.append((1, None, False))
        made.segments.append((1, None))


def _segment_start(owner: object) -> datetime:
    start = getattr(owner, "segment_start", None) or getattr(owner, "start", None)
    assert isinstance(start, datetime), "usage belongs to a segment"
    return start
