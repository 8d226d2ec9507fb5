"""`statement`: from a ledger's entries to what a customer is shown, cycle by cycle, segment by segment.

A cycle has one segment, or several where a migration reset it; a trade-in begins a new cycle. The rules kept here:

- Everything comes from the entries, so a statement never disagrees with the ledger; a rate book, if given, only adds
  the source that the card cites for each rate.
- Late usage stands in the segment it belongs to, not in the one in which it arrived.
- Each segment balances: opening + issued + granted + corrected = used - overage + expired + held + closing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from itertools import zip_longest
from typing import NamedTuple

from mimo_credits.book import RateBook
from mimo_credits.card import Interval
from mimo_credits.exact import plus, ratio_price, to_credits
from mimo_credits.frozen import FrozenMap
from mimo_credits.instants import to_utc
from mimo_credits.ledger.entries import (
    ALLOWANCE,
    EXPIRED,
    HELD,
    ISSUED,
    NOT_BUCKETS,
    OVERAGE,
    Accrued,
    Billed,
    CycleOpened,
    CycleReason,
    Entry,
    Lapsed,
    Posting,
    Rated,
    TierChanged,
)
from mimo_credits.pricing import CardRef
from mimo_credits.seen import Tabular
from mimo_credits.table import AUDIO_SECOND, CACHE_HIT, CACHE_MISS, OUTPUT, WEB_SEARCH


class StatementLine(NamedTuple):
    """What one meter of one model used under one card, band and time of day: `quantity` at `rate` credits per `unit`.

    `rate` is None where the meter costs money only. `source` is what the card cites for the rate, if a book was given.
    """

    model: str
    billed: str
    card: str
    band: int
    off_peak: bool
    meter: str
    quantity: int
    rate: Decimal | None
    unit: str
    millicredits: int
    source: str

    @property
    def credits(self) -> Decimal:
        """The line's credits, exact."""
        return to_credits(self.millicredits)


@dataclass(frozen=True, slots=True)
class SegmentStatement:
    """One stretch of a cycle between openings; all amounts in millicredits.

    `opening` is what grants brought along, `issued` the allowance (upgrades included), `held` what went into open holds
    (less what came out), `corrected` what corrections put into the pots (less what they took out, and counted nowhere
    else), `closing` what can be spent at the end. `usages` counts requests.
    """

    start: datetime
    end: datetime
    reason: CycleReason
    tier: str
    interval: Interval
    currency: str
    cycle_start: datetime
    cards: tuple[CardRef, ...]
    opening: int
    issued: int
    granted: int
    corrected: int
    used: int
    overage: int
    expired: int
    held: int
    closing: int
    usages: int
    lines: tuple[StatementLine, ...]
    bills: tuple[Billed, ...]


@dataclass(frozen=True, slots=True)
class CycleStatement:
    """One billing cycle `[start, end)`. `complete` says that it is over; sums are in millicredits."""

    start: datetime
    end: datetime
    tier: str
    interval: Interval
    currency: str
    complete: bool
    segments: tuple[SegmentStatement, ...]

    @property
    def used(self) -> int:
        """All that was used, overage included."""
        return sum(segment.used for segment in self.segments)

    @property
    def overage(self) -> int:
        """What no pot covered."""
        return sum(segment.overage for segment in self.segments)

    @property
    def expired(self) -> int:
        """What ended unused."""
        return sum(segment.expired for segment in self.segments)

    @property
    def remaining(self) -> int:
        """What could be spent at the end, or can be now."""
        return self.segments[-1].closing

    @property
    def bills(self) -> tuple[Billed, ...]:
        """Money due, in order."""
        return tuple(bill for segment in self.segments for bill in segment.bills)


@dataclass(frozen=True, slots=True, repr=False)
class Statement(Tabular):
    """An account's cycles in order, what was billed by currency, and what usage owes that no bill has summed up yet."""

    cycles: tuple[CycleStatement, ...]
    money_due: FrozenMap[Decimal]
    unbilled: FrozenMap[Decimal]

    def __repr__(self) -> str:
        if not self.cycles:
            return "<Statement of no cycles>"
        period = f"{self.cycles[0].start.isoformat()} to {self.cycles[-1].end.isoformat()}"
        return f"<Statement of {len(self.cycles)} cycles, {period}>"

    @property
    def cards(self) -> tuple[CardRef, ...]:
        """Every card that opened a segment or rated a usage, in order of first use."""
        return tuple(dict.fromkeys(card for cycle in self.cycles for part in cycle.segments for card in part.cards))

    def at(self, instant: datetime) -> CycleStatement | None:
        """The cycle that an instant lies in; None outside all of them."""
        moment = to_utc(instant)
        return next((cycle for cycle in self.cycles if cycle.start <= moment < cycle.end), None)


def statement(entries: Iterable[Entry], *, book: RateBook | None = None) -> Statement:
    """What the entries of one account amount to. Raises `NoSuchCard` where the `book` lacks a card they name."""
    collected, balance, unbilled = _segments(entries)
    parts: list[SegmentStatement] = []
    for segment, following in zip_longest(collected, collected[1:]):
        end = segment.lapsed or (following.opened.at if following else segment.opened.cycle.end)
        part = _segment_statement(segment, end, balance, book)
        balance = part.closing
        parts.append(part)
    running = len(collected) > 0 and collected[-1].lapsed is None
    grouped = _by_cycle(parts)
    cycles = tuple(_cycle(group, running=running and group is grouped[-1]) for group in grouped)
    due: dict[str, Decimal] = {}
    for cycle in cycles:
        for bill in cycle.bills:
            due[bill.currency] = plus(due.get(bill.currency, Decimal(0)), bill.amount)
    awaiting = {currency: ratio_price(amount) for currency, amount in unbilled.items()}
    return Statement(cycles, FrozenMap(due), FrozenMap(awaiting))


@dataclass(slots=True)
class _Segment:
    """A segment while its entries are collected."""

    opened: CycleOpened
    tier: str
    cards: list[CardRef]
    rated: list[Rated] = field(default_factory=list)
    postings: list[Posting] = field(default_factory=list)
    corrections: list[Posting] = field(default_factory=list)
    bills: list[Billed] = field(default_factory=list)
    lapsed: datetime | None = None

    @property
    def start(self) -> datetime:
        """Where the segment's cycle began: the same for all segments of a cycle."""
        return self.opened.cycle.start

    def moved(self, *, source: str | None = None, target: str | None = None) -> int:
        """The sum of the postings out of one pot, or into one."""
        return sum(
            posting.millicredits
            for posting in self.postings
            if source in (None, posting.source) and target in (None, posting.target)
        )


_CLOSING = frozenset({"carried", "renewal", "migration", "trade-in"})
"""Reasons of postings that empty the segment before, decided right after the next one has opened."""


def _segments(entries: Iterable[Entry]) -> tuple[list[_Segment], int, dict[str, Fraction]]:
    """The segments with their entries, what was granted before the first, and the money that awaits a bill."""
    segments: list[_Segment] = []
    granted_before = 0
    unbilled: dict[str, Fraction] = {}
    for entry in entries:
        if isinstance(entry, CycleOpened):
            segments.append(_Segment(entry, entry.tier, [CardRef(entry.card, entry.digest)]))
        elif isinstance(entry, Accrued):
            unbilled[entry.currency] = unbilled.get(entry.currency, Fraction(0)) + entry.amount
        elif not segments:
            granted_before += _into_buckets(entry) if isinstance(entry, Posting) else 0
        else:
            _collect(segments, entry)
        if isinstance(entry, Billed) and entry.reason == "usage":
            unbilled.pop(entry.currency, None)
    return segments, granted_before, unbilled


def _collect(segments: list[_Segment], entry: Entry) -> None:
    last = segments[-1]
    earlier = segments[-2] if len(segments) > 1 else last
    late = entry.at < last.opened.at
    if isinstance(entry, Rated):
        (earlier if late else last).rated.append(entry)
    elif isinstance(entry, Posting) and entry.reason == "correction":
        last.corrections.append(entry)
    elif isinstance(entry, Posting):
        (earlier if late or entry.reason in _CLOSING else last).postings.append(entry)
    elif isinstance(entry, Billed):
        closes = entry.reason == "usage" and entry.at <= last.opened.at
        (earlier if closes else last).bills.append(entry)
    elif isinstance(entry, TierChanged):
        last.tier = entry.tier
        last.cards.append(CardRef(entry.card, entry.digest))
    elif isinstance(entry, Lapsed):
        last.lapsed = entry.at


def _into_buckets(posting: Posting) -> int:
    """What a posting adds to all buckets together."""
    gained = posting.millicredits if posting.target not in NOT_BUCKETS else 0
    return gained - (posting.millicredits if posting.source not in NOT_BUCKETS else 0)


def _segment_statement(segment: _Segment, end: datetime, opening: int, book: RateBook | None) -> SegmentStatement:
    issued = segment.moved(source=ISSUED, target=ALLOWANCE)
    corrected = sum(map(_into_buckets, segment.corrections))
    return SegmentStatement(
        start=segment.opened.at,
        end=end,
        reason=segment.opened.reason,
        tier=segment.tier,
        interval=segment.opened.interval,
        currency=segment.opened.currency,
        cycle_start=segment.start,
        cards=tuple(dict.fromkeys([*segment.cards, *(CardRef(rated.card, rated.digest) for rated in segment.rated)])),
        opening=opening,
        issued=issued,
        granted=segment.moved(source=ISSUED) - issued,
        corrected=corrected,
        used=sum(rated.millicredits for rated in segment.rated),
        overage=segment.moved(source=OVERAGE),
        expired=segment.moved(target=EXPIRED) - segment.moved(source=EXPIRED),
        held=segment.moved(target=HELD) - segment.moved(source=HELD),
        closing=opening + corrected + sum(map(_into_buckets, segment.postings)),
        usages=len(segment.rated),
        lines=rated_lines(segment.rated, book),
        bills=tuple(segment.bills),
    )


def _by_cycle(segments: Iterable[SegmentStatement]) -> list[list[SegmentStatement]]:
    """The segments of each cycle: only a migration goes on with the cycle before."""
    cycles: list[list[SegmentStatement]] = []
    for segment in segments:
        if segment.reason == "migration" and cycles:
            cycles[-1].append(segment)
        else:
            cycles.append([segment])
    return cycles


def _cycle(segments: list[SegmentStatement], *, running: bool) -> CycleStatement:
    last = segments[-1]
    return CycleStatement(
        start=segments[0].cycle_start,
        end=last.end,
        tier=last.tier,
        interval=last.interval,
        currency=last.currency,
        complete=not running,
        segments=tuple(segments),
    )


def rated_lines(rated: Iterable[Rated], book: RateBook | None = None) -> tuple[StatementLine, ...]:
    """The lines of rated usages, summed by model, card, band, time of day and meter."""
    lines: dict[tuple[object, ...], StatementLine] = {}
    for one in rated:
        for meter, quantity, millicredits in _by_meter(one):
            key = (one.usage.model, one.rates.model, one.card, one.rates.band, one.off_peak, meter)
            seen = lines.get(key)
            if seen is None:
                lines[key] = _line(one, meter, quantity, millicredits, book)
            else:
                lines[key] = seen._replace(
                    quantity=seen.quantity + quantity, millicredits=seen.millicredits + millicredits
                )
    return tuple(lines.values())


def _by_meter(rated: Rated) -> Iterator[tuple[str, int, int]]:
    """Meter, quantity and millicredits of what was used; audio, rounded when it was rated, is what tokens leave."""
    usage, rates, rest = rated.usage, rated.rates, rated.millicredits
    for meter, tokens, rate in (
        (CACHE_HIT, usage.cached_tokens, rates.cache_hit),
        (CACHE_MISS, usage.missed_tokens, rates.cache_miss),
        (OUTPUT, usage.output_tokens, rates.output),
    ):
        if tokens:
            assert rate is not None, "a rated usage has a rate for each of its meters"
            rest -= rate * tokens
            yield meter, tokens, rate * tokens
    if usage.audio_seconds:
        yield AUDIO_SECOND, usage.audio_seconds, rest
    if usage.web_searches:
        yield WEB_SEARCH, usage.web_searches, 0


def _line(rated: Rated, meter: str, quantity: int, millicredits: int, book: RateBook | None) -> StatementLine:
    rate, unit = (None, "call") if meter == WEB_SEARCH else rated.rates.of(meter)
    return StatementLine(
        model=rated.usage.model,
        billed=rated.rates.model,
        card=rated.card,
        band=rated.rates.band,
        off_peak=rated.off_peak,
        meter=meter,
        quantity=quantity,
        rate=None if rate is None else to_credits(rate),
        unit=unit,
        millicredits=millicredits,
        source=book.card(rated.card).source_of(rated.rates.model, "credits") if book is not None else "",
    )
