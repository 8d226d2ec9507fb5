"""A rate book as one small relation of integers: what engines join, arrays look up and SQL lists.

`RateRow` is one line of it, readable by itself: on this card, off-peak or not, this model with an input of so many
tokens costs so much. Engines that join want one key instead of ranges, so all ranges are cut at the same places: the
instants at which a card takes effect (`starts`), the times of the day at which an off-peak window begins or ends
(`edges`, on the clock that the card in force goes by), the limits of bands (`limits`). How many of these lie at or
below a row's own instant, time and input are three counts, without a branch, and together they number the row's `cell`.

No product or sum of a row may leave the int64, so the book says beforehand how large a count may be (`Most`): a third
of the int64 for each of input, output and audio at the highest rates it knows.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from mimo_credits.book import RateBook, check_book
from mimo_credits.card import RateCard
from mimo_credits.errors import InputError
from mimo_credits.exact import Rounding
from mimo_credits.frames.checks import Fault
from mimo_credits.frames.clocks import FOLLOWED_UNTIL, ahead, is_settled, micros, of_day
from mimo_credits.frames.columns import Columns
from mimo_credits.instants import LAST_INSTANT
from mimo_credits.table import SECONDS_PER_HOUR, UNLIMITED, Rates, RateTable
from mimo_credits.usage import MAX_COUNT

INT64 = 2**63 - 1
NO_RATE = -1
"""Stands for a rate that the card does not have."""

_EXACT_IN_DOUBLES = 2**53


class RateRow(NamedTuple):
    """What an input of `input_from` up to `input_to` tokens costs a model: millicredits per token, and per audio hour.

    `card` counts the book's cards from 1. A row with a `fault` says why there is no rate.
    """

    card: int
    off_peak: bool
    model: str
    input_from: int
    input_to: int
    band: int
    hit: int = NO_RATE
    miss: int = NO_RATE
    output: int = NO_RATE
    audio_hour: int = NO_RATE
    fault: Fault | None = None


class Shift(NamedTuple):
    """From `start` on (microseconds since 1970) the clock of off-peak hours is ahead of UTC by so much `more`."""

    start: int
    more: int


class Most(NamedTuple):
    """The largest counts of one row with which its millicredits cannot leave the int64."""

    input: int
    output: int
    audio: int


class Audio(NamedTuple):
    """How a card rounds audio: the rest of an hour counts as one more from `grows_at` on, or one less if `to_even`.

    The rest is what a division by 3,600 leaves; `to_even` lets an odd result grow one earlier.
    """

    grows_at: int
    to_even: int


AUDIO: Mapping[Rounding, Audio] = {
    "half-up": Audio(SECONDS_PER_HOUR // 2, 0),
    "half-even": Audio(SECONDS_PER_HOUR // 2 + 1, 1),
    "up": Audio(1, 0),
    "down": Audio(SECONDS_PER_HOUR, 0),
}


@dataclass(frozen=True, slots=True, eq=False)
class Relation:
    """A book, compiled. `cards` are in order of effect; `end` is the first instant that is refused, in microseconds."""

    cards: tuple[RateCard, ...]
    starts: tuple[int, ...]
    shifts: tuple[Shift, ...]
    rows: tuple[RateRow, ...]
    edges: tuple[int, ...]
    limits: tuple[int, ...]
    most: Most
    end: int

    def card_id(self, row: RateRow) -> str:
        """The id of the row's card."""
        return self.cards[row.card - 1].id if self.cards else ""

    def rounding(self, row: RateRow) -> Audio:
        """How the row's card rounds audio."""
        return AUDIO[self.cards[row.card - 1].table.rounding] if self.cards else AUDIO["down"]

    @property
    def names(self) -> tuple[str, ...]:
        """Every model's name that a card of the book lists."""
        return tuple(dict.fromkeys(row.model for row in self.rows))

    @property
    def lacks_rates(self) -> bool:
        """Whether some model has no rate for some kind of token."""
        return any(NO_RATE in (row.hit, row.miss, row.output) for row in self.rows if row.fault is None)

    @property
    def cell_count(self) -> int:
        """How many cells there are, those before the first card too."""
        return self.cell(len(self.cards), len(self.edges), len(self.limits)) + 1

    def cell(self, card: int, edge: int, limit: int) -> int:
        """The number of a cell by the three counts."""
        return (card * (len(self.edges) + 1) + edge) * (len(self.limits) + 1) + limit

    def cells(self) -> Iterator[tuple[int, RateRow]]:
        """Each cell with each row that holds there, of different models."""
        by_card: dict[tuple[int, bool], list[RateRow]] = {}
        for row in self.rows:
            by_card.setdefault((row.card, row.off_peak), []).append(row)
        for number, card in enumerate(self.cards, 1):
            for edge, start in enumerate((0, *self.edges)):
                for row in by_card.get((number, _is_off_peak(card.table, start)), ()):
                    low, high = bisect_left(self.limits, row.input_from), bisect_left(self.limits, row.input_to)
                    yield from ((self.cell(number, edge, limit), row) for limit in range(low, high + 1))


def _is_off_peak(table: RateTable, time_of_day: int) -> bool:
    """Whether a time of the day, in microseconds on the clock of the card's off-peak hours, lies in them."""
    if table.hours is None:
        return False
    start, end = of_day(table.hours.start), of_day(table.hours.end)
    if start < end:
        return start <= time_of_day < end
    return time_of_day >= start or time_of_day < end


@lru_cache(maxsize=16)
def relation_of(book: RateBook) -> Relation:
    """The book's relation. Raises `InputError` for what is no book, and for rates beyond an int64."""
    check_book(book)
    reigns = list(book.reigns())
    rows = [row for number, (_, card) in enumerate(reigns, 1) for row in _rows(number, card.table)]
    hours = [card.table.hours for _, card in reigns if card.table.hours]
    end = LAST_INSTANT if all(is_settled(each.zone) for each in hours) else FOLLOWED_UNTIL
    return Relation(
        cards=tuple(card for _, card in reigns),
        starts=tuple(micros(since) for since, _ in reigns),
        shifts=tuple(_shifts(reigns, end)),
        rows=tuple(rows),
        edges=tuple(sorted({of_day(edge) for each in hours for edge in (each.start, each.end)} - {0})),
        limits=tuple(sorted({row.input_to for row in rows} - {UNLIMITED})),
        most=_most(rows),
        end=micros(end),
    )


def _shifts(reigns: Sequence[tuple[datetime, RateCard]], end: datetime) -> Iterator[Shift]:
    """The clock goes by each card's own zone in turn; a card without off-peak hours leaves it as it is."""
    now = 0
    ends = [*(since for since, _ in reigns[1:]), end]
    for (since, card), until in zip(reigns, ends, strict=False):
        if card.table.hours is not None:
            for at, distance in ahead(card.table.hours.zone, since, until):
                if distance != now:
                    yield Shift(micros(at), distance - now)
                    now = distance


def _rows(card: int, table: RateTable) -> Iterator[RateRow]:
    for off_peak in (False, True) if table.hours else (False,):
        for name, bands in table.rows(off_peak).bands.items():
            above = -1
            for rates in bands:
                yield RateRow(card, off_peak, name, above + 1, rates.limit, rates.band, *_known(rates))
                above = rates.limit
            if above < UNLIMITED:
                yield RateRow(card, off_peak, name, above + 1, UNLIMITED, -1, fault=Fault.BEYOND_CONTEXT)
        for name in sorted(table.not_in_plan.difference(table.peak.bands)):
            yield RateRow(card, off_peak, name, 0, UNLIMITED, -1, fault=Fault.NOT_IN_PLAN)


def _known(rates: Rates) -> tuple[int, int, int, int]:
    hit, miss, output, audio = (
        NO_RATE if rate is None else rate
        for rate in (rates.cache_hit, rates.cache_miss, rates.output, rates.audio_hour)
    )
    return hit, miss, output, audio


def _most(rows: Sequence[RateRow]) -> Most:
    """Each of the three parts of a charge gets a third of the int64; audio's intermediate must be exact in doubles."""
    third = INT64 // 3
    highest = {name: max((getattr(row, name) for row in rows), default=0) for name in ("hit", "miss", "output")}
    audio_hour = max((row.audio_hour for row in rows), default=0)
    if max(*highest.values(), audio_hour) > third:
        raise InputError("book", "has a rate so high that columns of 64-bit integers cannot hold what it gives")
    return Most(
        input=min(MAX_COUNT, third // max(1, highest["hit"], highest["miss"])),
        output=min(MAX_COUNT, third // max(1, highest["output"])),
        audio=min(MAX_COUNT, third // max(1, audio_hour), _EXACT_IN_DOUBLES // SECONDS_PER_HOUR - 1),
    )


def most_of(columns: Columns, relation: Relation) -> dict[str, int]:
    """The largest count that each column may have."""
    most = dict.fromkeys(columns.counts, MAX_COUNT)
    most |= dict.fromkeys((columns.input_tokens, columns.cached_tokens), relation.most.input)
    most[columns.output_tokens] = relation.most.output
    if columns.audio_seconds:
        most[columns.audio_seconds] = relation.most.audio
    return most
