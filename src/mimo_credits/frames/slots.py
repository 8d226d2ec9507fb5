"""Slots: every stretch of every account that has usage, numbered through, so that one number says where a row belongs.

An account's slots follow one another. A row's slot is the account's first one and as many more as begin at or before
the row's instant. In some nobody is subscribed, and usage is refused; of the others, the sums of their rows tell what
their pots hold, and which are `tight`: those that used more than that.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from mimo_credits.book import RateBook
from mimo_credits.frames.clocks import micros
from mimo_credits.frames.lifecycle import Lifecycles
from mimo_credits.frames.relation import INT64
from mimo_credits.frames.routing import MOST_STRETCHES, Folded, overage_owes_money, why_folded
from mimo_credits.frames.segments import Course, CourseDiffers, Total, course_of, pools_of, settle_account
from mimo_credits.ledger import Rejection

if TYPE_CHECKING:
    import pyarrow as pa

OWN = "__settle_"
FIRST, BEGINS, IS_FOLDED = f"{OWN}first", f"{OWN}begins_", f"{OWN}folded"
"""What stands beside an account's rows: its first slot, when each further one begins, and whether it is folded."""

SLOT, POOL, IS_REFUSED, SEGMENT = f"{OWN}slot", f"{OWN}pool", f"{OWN}refused", "segment_start"
"""What stands beside a slot's rows: what its pots hold where it is tight (else -1), and where its segment began."""

NOT_TIGHT = -1
_NEVER = 2**52
"""An instant after all others, in microseconds since 1970, which a float of 64 bits holds, too."""


class Span(NamedTuple):
    """The rows of one account: the instants of the first and of the last."""

    first: datetime
    last: datetime


class Sum(NamedTuple):
    """The rows of one slot that could be rated: how many, their millicredits in all, the dearest of them, the last.

    `owes` says that some owe money by themselves, for web searches.
    """

    rows: int
    millicredits: int
    dearest: int
    last: datetime
    owes: bool


@dataclass(slots=True)
class Slots:
    """All slots of a settlement. Accounts that are `folded` have one, of which nothing is asked."""

    known: Lifecycles
    book: RateBook
    courses: dict[str, Course] = field(default_factory=dict)
    totals: dict[str, dict[int, Total]] = field(default_factory=dict)
    folded: dict[str, Folded] = field(default_factory=dict)
    rejected: dict[str, list[Rejection]] = field(default_factory=dict)
    first: dict[str, int] = field(default_factory=dict)
    stretches: dict[str, range] = field(default_factory=dict)
    tight: dict[int, int] = field(default_factory=dict)
    count: int = 0

    def lay_out(self, spans: Mapping[str, Span]) -> None:
        """Gives every account that has rows its slots, and runs all lifecycles without usage."""
        for name, span in spans.items():
            self.stretches[name] = self._stretches(name, span)
            self.first[name] = self.count
            self.count += len(self.stretches[name])
        for name in self.known:
            if name not in spans and self.known.commands(name):
                self._run(name, None)

    def _stretches(self, name: str, span: Span) -> range:
        """The stretches that an account's rows span; -1 is the time before the first."""
        account, commands = self.known.account(name), self.known.commands(name)
        why = why_folded(account, commands, span.first)
        if why is None:
            starts = [stretch.start for stretch in self._run(name, span.last).stretches]
            found = range(bisect_right(starts, span.first) - 1, max(bisect_right(starts, span.last), 0))
            if len(found) <= MOST_STRETCHES:
                return found
            why = Folded.MANY_STRETCHES
        self.folded[name] = why
        return range(-1, 0)

    def _run(self, name: str, until: datetime | None) -> Course:
        course = course_of(self.known.account(name), self.known.commands(name), self.book, until)
        self.courses[name] = course
        if course.rejected:
            self.rejected[name] = list(course.rejected)
        return course

    def draw(self, sums: Mapping[int, Sum]) -> None:
        """Takes the sums of the slots, by their numbers, and finds those that are tight."""
        for name, stretches in self.stretches.items():
            if name not in self.folded:
                own = zip(range(self.first[name], self.first[name] + len(stretches)), stretches, strict=True)
                found = {stretch: sums[slot] for slot, stretch in own if slot in sums and self._is_open(name, stretch)}
                why = self._draw(name, found)
                if why is not None:
                    self.folded[name] = why

    def _draw(self, name: str, sums: Mapping[int, Sum]) -> Folded | None:
        if any(each.owes for each in sums.values()):
            return Folded.MONEY_FOR_USAGE
        if any(each.rows * each.dearest > INT64 for each in sums.values()):
            return Folded.LARGE_SUMS
        course = self.courses[name]
        totals = {stretch: Total(each.rows, each.millicredits, each.last) for stretch, each in sums.items()}
        if course.simple:
            pools = pools_of(course, totals)
        else:
            try:
                books, pools = settle_account(
                    self.known.account(name), self.known.commands(name), course, totals, self.book
                )
            except CourseDiffers:
                return Folded.HOLDS_AND_CARRIED_CREDITS
            self.rejected.pop(name, None)
            if books.rejected:
                self.rejected[name] = books.rejected
        tight = {stretch for stretch, total in totals.items() if total.millicredits > pools[stretch]}
        starts = course.stretches
        if any(overage_owes_money(self.book, starts[each].start, totals[each].last) for each in tight):
            return Folded.MONEY_FOR_USAGE
        for stretch in tight:
            self.tight[self.first[name] + stretch - self.stretches[name].start] = min(pools[stretch], INT64)
        self.totals[name] = totals
        return None

    def _is_open(self, name: str, stretch: int) -> bool:
        return stretch >= 0 and self.courses[name].stretches[stretch].segment is not None

    def accounts_table(self, account: str) -> pa.Table:
        """What stands beside the rows of each account; `account` is the name of its column."""
        import pyarrow as pa

        most = max((len(stretches) for stretches in self.stretches.values()), default=1)
        begins: list[list[int]] = [[] for _ in range(most - 1)]
        for name, stretches in self.stretches.items():
            course = self.courses.get(name)
            for column, number in zip(begins, range(most - 1), strict=True):
                further = stretches.start + 1 + number
                is_there = course is not None and further in stretches and name not in self.folded
                column.append(micros(course.stretches[further].start) if course and is_there else _NEVER)
        columns = {
            account: pa.array(self.stretches, pa.string()),
            FIRST: pa.array(self.first.values(), pa.int64()),
            IS_FOLDED: pa.array((name in self.folded for name in self.stretches), pa.bool_()),
        }
        return pa.table(
            columns | {f"{BEGINS}{number}": pa.array(each, pa.int64()) for number, each in enumerate(begins)}
        )

    def slots_table(self) -> pa.Table:
        """What stands beside the rows of each slot."""
        import pyarrow as pa

        segments: list[datetime | None] = []
        for name, stretches in self.stretches.items():
            course = self.courses.get(name)
            for stretch in stretches:
                is_there = course is not None and stretch >= 0
                segments.append(course.stretches[stretch].segment if course and is_there else None)
        return pa.table(
            {
                SLOT: pa.array(range(self.count), pa.int64()),
                POOL: pa.array((self.tight.get(slot, NOT_TIGHT) for slot in range(self.count)), pa.int64()),
                IS_REFUSED: pa.array((segment is None for segment in segments), pa.bool_()),
                SEGMENT: pa.array(segments, pa.timestamp("us", "UTC")),
            }
        )
