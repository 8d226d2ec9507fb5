"""What the oracle notes while it reads a history, and the questions that these facts answer.

Facts are only ever added: which credits moved from where to where, which segments, lots and holds there were, what was
billed, owed and wished for. Nothing here is a running total: a balance is added up from the moves when it is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from typing import NamedTuple

from mimo_credits.card import Interval

NEVER = datetime(9999, 1, 1, tzinfo=UTC)


class Move(NamedTuple):
    """Millicredits that went from one pot to another; `late_for` numbers the segment whose late usage it was."""

    source: str
    target: str
    amount: int
    late_for: int | None = None


@dataclass
class Segment:
    """A stretch of a plan: a cycle, or the part of one before or after a migration, or up to a trade-in."""

    start: datetime
    tier: str
    interval: Interval
    currency: str
    price: Fraction
    pinned: str | None
    anchor: datetime
    number: int
    rule: tuple[int, int, str, str]
    cycle_start: datetime
    cycle_end: datetime
    end: datetime | None = None
    ended_by: str = ""


@dataclass
class Lot:
    """Credits beside the allowance: a grant, or what a renewal carried over."""

    pot: str
    since: datetime
    until: datetime | None
    priority: int
    gone: bool = False


@dataclass
class Reserve:
    """A hold, and what it took from which pot; `closings` counts the segments that had closed when it ended."""

    id: str
    at: datetime
    until: datetime
    pinned: str | None
    parts: list[tuple[str, int]] = field(default_factory=list)
    ended: str = ""
    closings: int = 0


class Bill(NamedTuple):
    """Money due."""

    at: datetime
    amount: Fraction
    currency: str
    reason: str


class Wish(NamedTuple):
    """What was said of the next renewal; "settled" where a renewal or a new plan has answered all that was said."""

    tier: str | None
    cancel: bool
    kind: str


class Facts:
    """All that is noted, in the order in which it came to pass."""

    def __init__(self) -> None:
        self.moves: list[Move] = []
        self.segments: list[Segment] = []
        self.lots: list[Lot] = []
        self.reserves: list[Reserve] = []
        self.bills: list[Bill] = []
        self.owed: list[tuple[str, Fraction]] = []
        self.wishes: list[Wish] = []
        self.happened: list[datetime] = []

    def balance(self, pot: str) -> int:
        """What a pot has received less what it has given, in millicredits."""
        received = sum(move.amount for move in self.moves if move.target == pot)
        return received - sum(move.amount for move in self.moves if move.source == pot)

    def clock(self) -> datetime | None:
        """The latest instant at which anything happened."""
        return max(self.happened, default=None)

    def segment(self) -> Segment | None:
        """The running segment."""
        return self.segments[-1] if self.segments and self.segments[-1].end is None else None

    def allowance(self) -> str:
        """The pot of the running, or else of the last, segment's allowance: each segment has one of its own."""
        return f"allowance {len(self.segments) - 1}"

    def pending(self) -> tuple[str | None, bool]:
        """The tier that the next renewal changes to, if any, and whether the plan is cancelled."""
        tier, cancel = None, False
        for wish in self.wishes:
            if wish.kind == "settled":
                tier, cancel = None, False
            elif wish.kind == "changed now":
                tier = None
            else:
                tier, cancel = wish.tier, wish.cancel
        return tier, cancel

    def closed(self) -> tuple[int, Segment] | None:
        """The segment just closed, and its number."""
        ended = [(number, segment) for number, segment in enumerate(self.segments) if segment.end is not None]
        return ended[-1] if ended else None

    def let_expire(self, number: int) -> int:
        """What a closed segment let expire of its allowance, less the late usage that was drawn from it since."""
        given_up = sum(
            move.amount for move in self.moves if move.source == f"allowance {number}" and move.target == "expired"
        )
        return given_up - sum(move.amount for move in self.moves if move.late_for == number)

    def open_reserves(self) -> list[Reserve]:
        """The holds that are open."""
        return [reserve for reserve in self.reserves if not reserve.ended]

    def home(self, pot: str) -> str:
        """Where a held part goes back to: its own pot, the successor after a trade-in, or `expired`."""
        if pot.startswith("allowance "):
            number = int(pot.removeprefix("allowance "))
            while self.segments[number].ended_by == "trade-in":
                number += 1
            return "expired" if self.segments[number].end else f"allowance {number}"
        return pot if any(lot.pot == pot and not lot.gone for lot in self.lots) else "expired"

    def in_burn_order(self) -> list[tuple[str, datetime]]:
        """The pots that can be spent from, and since when each is open."""
        found = [(lot.priority, lot.until or NEVER, lot.since, 0, lot.pot) for lot in self.lots if not lot.gone]
        running = self.segment()
        if running is not None:
            found.append((0, running.cycle_end, running.start, 1, self.allowance()))
        return [(pot, since) for _, _, since, _, pot in sorted(found)]

    def money_owed(self) -> dict[str, Fraction]:
        """What usage owes in money that no bill has asked for yet, by currency."""
        sums = {name: sum((owed for each, owed in self.owed if each == name), Fraction(0)) for name, _ in self.owed}
        return {currency: owed for currency, owed in sums.items() if owed}
