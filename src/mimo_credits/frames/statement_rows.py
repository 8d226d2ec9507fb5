"""Statements of many accounts as rows: one for each segment of each account's cycles, and one for each bill.

The amounts are those of `statement`, in millicredits, from the same entries: a row's sums never disagree with it. An
account that was given as it stood begins with the segment that ran then, whose `reason` is `continued`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from mimo_credits.card import Interval
from mimo_credits.errors import TooLarge
from mimo_credits.exact import plus
from mimo_credits.frames.relation import INT64
from mimo_credits.frames.segments import Books
from mimo_credits.ledger import Account, CycleOpened, Entry, Posting
from mimo_credits.ledger.entries import ISSUED
from mimo_credits.statements import CycleStatement, SegmentStatement, statement

if TYPE_CHECKING:
    import pyarrow as pa


class StatementRow(NamedTuple):
    """One segment of a cycle of an account: `[segment_start, segment_end)`, in UTC.

    `opening` + `issued` + `granted` = `used` - `overage` + `expired` + `held` + `closing`, all in millicredits:
    `opening` is what the pots brought along, `issued` the allowance (upgrades included), `granted` what grants added;
    `used` is all usage, `overage` the part that no pot covered, `expired` what ended unused, `held` what went into
    holds less what came out, `closing` what can be spent at the end.

    `reason` is why the segment began: `subscribe`, `renewal`, `migration`, `trade-in`, or `continued` for the one in
    which an account stood that was given. `card` is the id of the card by which it began. `requests` counts usage.
    `due` is what its bills ask for in `currency`; bills in another currency stand among the bills alone.
    """

    account: str
    segment_start: datetime
    segment_end: datetime
    cycle_start: datetime
    cycle_end: datetime
    reason: str
    tier: str
    interval: Interval
    currency: str
    opening: int
    issued: int
    granted: int
    used: int
    overage: int
    expired: int
    held: int
    closing: int
    requests: int
    due: Decimal
    card: str


class BillRow(NamedTuple):
    """Money due: `amount` in `currency`, at which instant, for which segment, and why."""

    account: str
    segment_start: datetime
    at: datetime
    amount: Decimal
    currency: str
    reason: str
    card: str | None


def rows_of(name: str, before: Account, books: Books) -> tuple[list[StatementRow], list[BillRow]]:
    """The rows of an account that stood as `before`, and has these books since."""
    entries = [*_continued(before), *books.entries]
    made = statement(entries)
    cards = (entry.card for entry in entries if type(entry) is CycleOpened)
    rows: list[StatementRow] = []
    bills: list[BillRow] = []
    segments = ((cycle, segment) for cycle in made.cycles for segment in cycle.segments)
    for requests, card, (cycle, segment) in zip(books.requests, cards, segments, strict=True):
        reason = "continued" if not rows and before.plan is not None else segment.reason
        rows.append(_row(name, cycle, segment, requests, reason, card))
        bills += [
            BillRow(name, segment.start, bill.at, bill.amount, bill.currency, bill.reason, bill.card)
            for bill in segment.bills
        ]
    return rows, bills


def _row(
    name: str, cycle: CycleStatement, segment: SegmentStatement, requests: int, reason: str, card: str
) -> StatementRow:
    due = Decimal(0)
    for bill in segment.bills:
        if bill.currency == segment.currency:
            due = plus(due, bill.amount)
    return StatementRow(
        account=name,
        segment_start=segment.start,
        segment_end=segment.end,
        cycle_start=cycle.start,
        cycle_end=cycle.end,
        reason=reason,
        tier=segment.tier,
        interval=segment.interval,
        currency=segment.currency,
        opening=segment.opening,
        issued=segment.issued,
        granted=segment.granted,
        used=segment.used,
        overage=segment.overage,
        expired=segment.expired,
        held=segment.held,
        closing=segment.closing,
        requests=requests,
        due=due,
        card=card,
    )


def _continued(before: Account) -> Iterator[Entry]:
    """The segment that ran before the entries began, opened with what its pots held."""
    plan = before.plan
    if before.remaining_millicredits:
        assert before.now is not None, "an account with credits has a clock"
        yield Posting(before.now, ISSUED, "before", before.remaining_millicredits, "grant", "")
    if plan is not None:
        yield CycleOpened(
            at=plan.segment_start,
            reason="renewal",
            tier=plan.tier,
            interval=plan.interval,
            currency=plan.currency,
            cycle=plan.cycle,
            card=plan.card,
            digest="",
            list_price=plan.list_price,
            pinned=plan.pinned is not None,
        )


_INSTANTS = ("segment_start", "segment_end", "cycle_start", "cycle_end", "at")
_MONEY = ("due", "amount")
_SUMS = ("opening", "issued", "granted", "used", "overage", "expired", "held", "closing", "requests")


def tables_of(accounts: Iterable[tuple[str, Account, Books]]) -> tuple[pa.Table, pa.Table]:
    """Statements and bills as Arrow tables: of each account its name, how it stood before, and its books since.

    Raises `TooLarge` for sums beyond an int64.
    """
    rows: list[StatementRow] = []
    bills: list[BillRow] = []
    for name, before, books in accounts:
        own, due = rows_of(name, before, books)
        rows += own
        bills += due
    return _table(StatementRow._fields, rows), _table(BillRow._fields, bills)


def _table(names: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> pa.Table:
    import pyarrow as pa

    def kind(name: str) -> pa.DataType:
        if name in _INSTANTS:
            return pa.timestamp("us", "UTC")
        if name in _MONEY:
            return pa.decimal128(38, 3)
        return pa.int64() if name in _SUMS else pa.string()

    rows = list(rows)
    for row in rows:
        most = max((value for value in row if type(value) is int), default=0)
        if most > INT64:
            raise TooLarge(f"the statement of account {row[0]!r}", most)
    columns: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in names]
    return pa.table([pa.array(column, kind(name)) for name, column in zip(names, columns, strict=True)], list(names))
