"""Stretches: the times between which nothing but usage happens to an account, and what usage draws in each.

The ledger's rules look at usage in only two ways: at what the pots hold when something else happens, and at the
account's clock. So all usage of a stretch may be drawn at once, as one sum, in burn order: the pots, the clock and all
that is decided later are the same (a law of the tests). That is what makes a ledger of many accounts a matter of sums:

1. `course_of` runs an account's lifecycle (subscribing, changes, grants, …) through the engine without any usage. The
   instants at which anything happens begin its stretches.
2. An engine for tables sums the usage of each stretch.
3. `settle_account` runs the lifecycle once more, now with those sums; the account it ends with is the ledger's own.

What no sum can stand for is told in `routing`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from mimo_credits.book import RateBook
from mimo_credits.errors import NoSuchCard, PricingError, Refused
from mimo_credits.ledger import Account, Advance, Command, CycleOpened, Entry, Hold, Rated, Rejection, Release, Settle
from mimo_credits.ledger.account import ALLOWANCE
from mimo_credits.ledger.draft import Draft
from mimo_credits.ledger.drawing import draw
from mimo_credits.ledger.due import next_due
from mimo_credits.ledger.engine import apply
from mimo_credits.ledger.entries import OVERAGE, SPENT
from mimo_credits.table import UNLIMITED, Rates
from mimo_credits.usage import Usage


class Stretch(NamedTuple):
    """The time from `start` up to the next stretch of the account.

    `pool` is what all its pots would hold at the start if nothing had been used, in millicredits; `segment` is where
    the running segment began, None without a plan; `renewed`: this stretch begins with an allowance of its own.
    """

    start: datetime
    pool: int
    segment: datetime | None
    renewed: bool


class Course(NamedTuple):
    """An account's stretches in order, and what of its commands was rejected without usage.

    `simple`: the allowance is all that it ever has, so that sums alone tell its pools, and usage changes no refusal.
    """

    stretches: tuple[Stretch, ...]
    simple: bool
    rejected: tuple[Rejection, ...]


class Total(NamedTuple):
    """All usage of one stretch: how many requests, their millicredits, and the instant of the last."""

    rows: int
    millicredits: int
    last: datetime


@dataclass(slots=True)
class Books:
    """One account's books in the making: usage stands in them as a sum for each stretch, all else entry by entry.

    `opened` has the starts of the segments in order, and `requests` how many requests each of them has.
    """

    account: Account
    entries: list[Entry] = field(default_factory=list)
    opened: list[datetime] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.account.plan is not None:
            self.opened.append(self.account.plan.segment_start)
            self.requests.append(0)

    def keep(self, account: Account, entries: Iterable[Entry], *, requests: int = 1) -> None:
        """Takes what was decided into the books. A rated usage among it stands for so many requests."""
        self.account = account
        for entry in entries:
            self.entries.append(entry)
            if type(entry) is CycleOpened:
                self.opened.append(entry.at)
                self.requests.append(0)
            elif type(entry) is Rated and self.requests:
                late = entry.at < self.opened[-1] and len(self.requests) > 1
                self.requests[-2 if late else -1] += requests

    def say(self, command: Command, book: RateBook) -> None:
        """Applies a command; one that is refused, or has no price, is kept as such and changes nothing."""
        try:
            self.keep(*apply(self.account, command, book))
        except (Refused, PricingError, NoSuchCard) as error:
            self.rejected.append(Rejection(command, error))

    def bring_to(self, until: datetime | None, book: RateBook) -> None:
        """Lets happen what falls due by an instant; nothing without one, or where the account is further already."""
        if until is not None and (self.account.now is None or self.account.now < until):
            self.say(Advance(until), book)


def course_of(account: Account, commands: Sequence[Command], book: RateBook, until: datetime | None) -> Course:
    """The course of an account from where it stands, without usage, up to `until` and through all its commands.

    `commands` are in the order of `timeline`. What is refused is passed over: with usage it may be refused or not.
    """
    ahead = deque(commands)
    draft, rejected = Draft(account, book), list[Rejection]()
    stretches: list[Stretch] = []
    simple = not any(isinstance(command, (Hold, Settle, Release)) for command in commands)
    at = account.now
    while True:
        due = next_due(draft)
        soon = due.at if due is not None else None
        if ahead and (soon is None or ahead[0].at < soon):
            soon = ahead[0].at
        if at is not None and (soon is None or soon > at):
            account = draft.account
            stretches.append(_stretch(account, at, stretches))
            simple = simple and all(bucket.pot == ALLOWANCE for bucket in account.buckets) and not account.holds
        if soon is None or (not ahead and (until is None or soon > until)):
            return Course(tuple(stretches), simple, tuple(rejected))
        at = soon if at is None or soon > at else at
        if due is not None and due.at == soon:
            due.happens(draft)
        else:
            draft = _said(draft, ahead.popleft(), rejected)


def _said(draft: Draft, command: Command, rejected: list[Rejection]) -> Draft:
    """The draft after a command; one that is refused is kept as such and changes nothing."""
    try:
        return Draft(apply(draft.account, command, draft.book)[0], draft.book)
    except (Refused, PricingError, NoSuchCard) as error:
        rejected.append(Rejection(command, error))
        return draft


def _stretch(account: Account, at: datetime, before: Sequence[Stretch]) -> Stretch:
    segment = account.plan.segment_start if account.plan is not None else None
    renewed = not before or segment != before[-1].segment
    return Stretch(at, account.remaining_millicredits, segment, renewed)


def pools_of(course: Course, totals: Mapping[int, Total]) -> dict[int, int]:
    """What the pots of a simple course hold as each stretch begins, in millicredits, after the usage before it.

    Usage that the allowance does not cover takes nothing from what is issued later.
    """
    pools: list[int] = []
    for number, stretch in enumerate(course.stretches):
        if stretch.renewed:
            pools.append(stretch.pool)
            continue
        total = totals.get(number - 1)
        used = min(total.millicredits, pools[-1]) if total is not None else 0
        pools.append(pools[-1] - used + stretch.pool - course.stretches[number - 1].pool)
    return dict(enumerate(pools))


class CourseDiffers(Exception):
    """With usage, something happens to the account inside a stretch of its course without usage."""


def settle_account(
    account: Account, commands: Sequence[Command], course: Course, totals: Mapping[int, Total], book: RateBook
) -> tuple[Books, dict[int, int]]:
    """The books after the commands and all usage, which stands in them as one sum for each stretch.

    And what the pots hold as each stretch with usage begins, in millicredits. The account's clock stops at its last
    command or request. Raises `CourseDiffers` where holds or carried credits make something fall due at an instant that
    begins no stretch: sums do not tell such an account.
    """
    ahead = deque(commands)
    books, pools = Books(account), {}
    for number, stretch in enumerate(course.stretches):
        while ahead and ahead[0].at <= stretch.start:
            books.say(ahead.popleft(), book)
        if number in totals:
            books.say(Advance(stretch.start), book)
            due = next_due(Draft(books.account, book))
            if due is not None and due.at <= totals[number].last:
                raise CourseDiffers
            pools[number] = books.account.remaining_millicredits
            draw_total(books, totals[number], book)
    return books, pools


def draw_total(books: Books, total: Total, book: RateBook) -> None:
    """Draws the usage of a stretch from the pots in burn order, and the rest from overage."""
    draft = Draft(books.account, book)
    draft.add(summed_usage(total.last, total.millicredits))
    uncovered = draw(draft, total.last, total.millicredits, "")
    draft.post(total.last, OVERAGE, SPENT, uncovered, "overage", "")
    books.keep(draft.account, draft.entries, requests=total.rows)


def summed_usage(at: datetime, millicredits: int) -> Rated:
    """An entry that stands for many rated requests: their sum, at the instant of the last."""
    return Rated(at, "", _MANY, _NO_RATES, "", "", False, millicredits)


_MANY = Usage("many requests")
_NO_RATES = Rates("many requests", 0, UNLIMITED, None, None, None, None)
