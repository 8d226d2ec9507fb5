"""Slots: every stretch of every account that may have usage, numbered, so that one number says where a row belongs.

An account's slots follow one another. A row's slot is the account's first one and as many more as begin at or before
the row's instant. In some nobody is subscribed, and usage is refused; of the others, the sums of their rows tell what
their pots hold, and which are `tight`: those that used more than that.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np

from mimo_credits.book import RateBook
from mimo_credits.frames.clocks import micros, moment
from mimo_credits.frames.lifecycle import Lifecycles
from mimo_credits.frames.lookup import Bools, Ints
from mimo_credits.frames.plain_plans import Stretches, is_plain, plain_stretches
from mimo_credits.frames.relation import INT64
from mimo_credits.frames.routing import MOST_STRETCHES, Folded, overage_owes_money, why_folded
from mimo_credits.frames.segments import (
    Books,
    Course,
    CourseDiffers,
    Stretch,
    Total,
    course_of,
    pools_of,
    settle_account,
)
from mimo_credits.ledger import Account, Command, Rejection

NOT_TIGHT = -1
NEVER = INT64
"""An instant after all others, in microseconds since 1970."""
_NO_SEGMENT = -1


class Spans(NamedTuple):
    """Accounts, and for each the instants between which its rows lie, in microseconds since 1970."""

    names: Sequence[str]
    first: Ints
    last: Ints

    @classmethod
    def alike(cls, names: Sequence[str], first: int, last: int) -> Spans:
        """The same span for each of the names."""
        return cls(names, np.full(len(names), first, np.int64), np.full(len(names), last, np.int64))


class Sums(NamedTuple):
    """The rows of each slot: how many could be rated, what they cost in all, the dearest of them, the last's instant.

    `owes` says that some owe money by themselves, for web searches; `faulty` counts the rows that could not be rated.
    `millicredits` have wrapped or are cut off where they would leave 64 bits: `dearest` tells.
    """

    rows: Ints
    millicredits: Ints
    dearest: Ints
    last: Ints
    owes: Bools
    faulty: Ints

    @property
    def all_rows(self) -> int:
        """How many rows have a slot."""
        return int(self.rows.sum() + self.faulty.sum())


class Slots:
    """All slots of a settlement. Accounts that are `folded` have one, of which nothing is asked.

    `first` has each account's first slot, and at the end how many slots there are. Of each slot, `whose` has the place
    of its account, `start` and `segment` when it and its segment begin, and `tight`, once sums are drawn, what its pots
    held where they ran out, else `NOT_TIGHT`. `courses` has the accounts whose lifecycles were run one by one; of the
    others, which are plain, a course is made when it is asked for.
    """

    def __init__(self, known: Lifecycles, book: RateBook, spans: Spans) -> None:
        self.known, self.book, self.spans = known, book, spans
        self.courses: dict[str, Course] = {}
        self.folded: dict[str, Folded] = {}
        self.rejected: dict[str, list[Rejection]] = {}
        self._drawn: set[str] = set()
        self._number = {name: number for number, name in enumerate(spans.names)}
        self._lay_out()
        self._run_others()
        self.tight = np.full(self.count, NOT_TIGHT, np.int64)

    @property
    def count(self) -> int:
        """How many slots there are."""
        return int(self.first[-1])

    @property
    def refused(self) -> Bools:
        """Of each slot whether nobody is subscribed."""
        nobody: Bools = self.segment == _NO_SEGMENT
        return nobody

    @property
    def is_tight(self) -> Bools:
        """Of each slot whether its rows used more than its pots held."""
        ran_out: Bools = self.tight != NOT_TIGHT
        return ran_out

    @property
    def lengths(self) -> Ints:
        """How many slots each account has."""
        return np.diff(self.first)

    @property
    def is_folded(self) -> Bools:
        """Of each account whether it is folded."""
        return np.array([name in self.folded for name in self.spans.names], np.bool_)

    def __contains__(self, name: object) -> bool:
        return name in self._number

    def __iter__(self) -> Iterator[str]:
        """Every account that has slots."""
        return iter(self.spans.names)

    # --- laying out -------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        """Gives every account of the spans its slots: plain ones all at once, the others one by one."""
        numbers = np.arange(len(self.spans.names))
        plain = _of_few(self._with_rows(self._plain(self.spans)))
        rest = np.setdiff1d(numbers, plain[0]).tolist()
        single = [(number, *row) for number in rest for row in self._one_by_one(number)]
        columns = np.array(single, np.int64).reshape(-1, 5).T
        whose, *others = (np.concatenate(pair) for pair in zip(plain, columns, strict=True))
        order = np.argsort(whose, kind="stable")
        self._stretch, self.start, self._pool, self.segment = (column[order] for column in others)
        self.whose = whose[order]
        self.first = np.searchsorted(self.whose, np.append(numbers, len(numbers)))

    def _run_others(self) -> None:
        """Runs the lifecycles of accounts without slots, for what is refused; a plain one has nothing that is."""
        names = [name for name in self.known if name not in self and self.known.commands(name)]
        plain = {names[place] for place in self._plain(Spans.alike(names, NEVER, -1)).whose.tolist()}
        for name in names:
            if name not in plain:
                self._run(name, None)

    def _plain(self, spans: Spans) -> Stretches:
        """The stretches up to their last rows of those accounts that are plain; `whose` are places in the spans."""
        accounts = [self.known.account(name) for name in spans.names]
        commands = [self.known.commands(name) for name in spans.names]
        plain = [
            place
            for place, (account, own, first) in enumerate(zip(accounts, commands, spans.first.tolist(), strict=True))
            if is_plain(account, own) and (account.now is None or micros(account.now) <= first)
        ]
        given = ((accounts[place], commands[place]) for place in plain)
        found, _ = plain_stretches(given, spans.last[plain], self.book)
        return found._replace(whose=np.array(plain, np.int64)[found.whose])

    def _with_rows(self, plain: Stretches) -> tuple[Ints, ...]:
        """Of plain stretches those that have rows: whose, the number in its course, start, pool, segment."""
        first, last = self.spans.first[plain.whose], self.spans.last[plain.whose]
        begins = np.flatnonzero(np.diff(plain.whose, prepend=-1))
        number = np.arange(len(plain.whose)) - np.repeat(begins, np.diff(np.append(begins, len(plain.whose))))
        ends = np.append(plain.start[1:], NEVER)
        ends[begins[1:] - 1] = NEVER
        kept = (ends > first) & (plain.start <= last)
        early = begins[first[begins] < plain.start[begins]]
        nobody = np.full(len(early), -1, np.int64)
        before = (plain.whose[early], nobody, nobody, np.zeros_like(early), nobody)
        columns = (plain.whose, number, plain.start, plain.pool, plain.segment)
        return tuple(np.concatenate([own, column[kept]]) for own, column in zip(before, columns, strict=True))

    def _one_by_one(self, number: int) -> list[tuple[int, int, int, int]]:
        """The stretches that an account's rows span, by its course: the number, start, pool and segment of each."""
        name, first, last = self.spans.names[number], *(moment(int(each[number])) for each in self.spans[1:])
        why = why_folded(self.known.account(name), self.known.commands(name), first)
        if why is None:
            stretches = self._run(name, last).stretches
            starts = [stretch.start for stretch in stretches]
            found = range(bisect_right(starts, first) - 1, max(bisect_right(starts, last), 0))
            if len(found) <= MOST_STRETCHES:
                return [_as_row(each, stretches[each]) if each >= 0 else _NOBODY for each in found]
            why = Folded.MANY_STRETCHES
        self.folded[name] = why
        return [_NOBODY]

    def _run(self, name: str, until: datetime | None) -> Course:
        course = course_of(self.known.account(name), self.known.commands(name), self.book, until)
        self.courses[name] = course
        if course.rejected:
            self.rejected[name] = list(course.rejected)
        return course

    def certainly_rejected(self) -> Iterator[tuple[str, Rejection]]:
        """What is rejected whatever the usage not yet drawn: an account, and the first of its rejected commands."""
        for name, rejected in self.rejected.items():
            if name not in self or name in self._drawn or self.courses[name].simple:
                yield name, rejected[0]

    # --- drawing ----------------------------------------------------------------------------------------------------

    def draw(self, sums: Sums) -> None:
        """Takes the sums of the slots, and finds those that are tight."""
        self._sums = sums
        used = (sums.rows > 0) & ~self.refused
        owes, large = used & sums.owes, used & (sums.dearest > INT64 // np.maximum(sums.rows, 1))
        self._fold(owes, Folded.MONEY_FOR_USAGE)
        self._fold(large, Folded.LARGE_SUMS)
        pools = self._pool.copy()
        for name in self.courses.keys() & self._number.keys() - self.folded.keys():
            self._draw_one(name, pools)
        tight = used & (sums.millicredits > pools) & ~self.is_folded[self.whose]
        for slot in np.flatnonzero(tight).tolist():
            if overage_owes_money(self.book, moment(int(self.start[slot])), moment(int(sums.last[slot]))):
                self.folded[self.spans.names[self.whose[slot]]] = Folded.MONEY_FOR_USAGE
        self.tight = np.where(tight & ~self.is_folded[self.whose], pools, NOT_TIGHT)

    def _fold(self, slots: Bools, why: Folded) -> None:
        for number in np.unique(self.whose[slots]).tolist():
            self.folded.setdefault(self.spans.names[number], why)

    def _draw_one(self, name: str, pools: Ints) -> None:
        """Draws the sums of an account whose course was run by itself, and notes in `pools` what its pots then held."""
        course, totals = self.courses[name], self._totals(name)
        if course.simple:
            held = pools_of(course, totals)
        else:
            try:
                books, held = settle_account(*self._given(name), course, totals, self.book)
            except CourseDiffers:
                self.folded[name] = Folded.HOLDS_AND_CARRIED_CREDITS
                return
            self._drawn.add(name)
            self.rejected.pop(name, None)
            if books.rejected:
                self.rejected[name] = books.rejected
        for slot in self._own(name):
            if self._stretch[slot] in totals:
                pools[slot] = min(held[int(self._stretch[slot])], INT64)

    def _own(self, name: str) -> range:
        number = self._number[name]
        return range(int(self.first[number]), int(self.first[number + 1]))

    def _totals(self, name: str) -> dict[int, Total]:
        """The sums of an account's slots, by the numbers of their stretches."""
        sums = self._sums
        return {
            int(self._stretch[slot]): Total(
                int(sums.rows[slot]), int(sums.millicredits[slot]), moment(int(sums.last[slot]))
            )
            for slot in (self._own(name) if name in self else ())
            if sums.rows[slot] and self.segment[slot] != _NO_SEGMENT
        }

    def _given(self, name: str) -> tuple[Account, Sequence[Command]]:
        return self.known.account(name), self.known.commands(name)

    def books(self, name: str) -> Books:
        """The books of an account that is not folded: usage stands in them as a sum for each stretch."""
        account, commands = self._given(name)
        course = self.courses.get(name)
        if course is None:
            last = moment(int(self.spans.last[self._number[name]])) if name in self else None
            course = course_of(account, commands, self.book, last)
        books, _ = settle_account(account, commands, course, self._totals(name), self.book)
        books.bring_to(self.known.until, self.book)
        return books


def _of_few(stretches: tuple[Ints, ...]) -> tuple[Ints, ...]:
    """The stretches of accounts that have no more than `MOST_STRETCHES`."""
    whose = stretches[0]
    few = np.bincount(whose, minlength=1)[whose] <= MOST_STRETCHES
    return tuple(column[few] for column in stretches)


_NOBODY = (-1, -1, 0, _NO_SEGMENT)


def _as_row(number: int, stretch: Stretch) -> tuple[int, int, int, int]:
    segment = _NO_SEGMENT if stretch.segment is None else micros(stretch.segment)
    return number, micros(stretch.start), min(stretch.pool, INT64), segment
