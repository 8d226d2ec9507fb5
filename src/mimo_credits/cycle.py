"""Billing cycles, counted from their anchor and never from the cycle before.

A cycle is half-open, `[start, end)`, in UTC. Its end is `anchor + number x period` on the clock of the card's cycle
zone, with dateutil's month arithmetic, so that the 31st clamps to a short month's last day and comes back after it:
31 January, 28 February, 31 March. Two kinds of boundary are known: `instant` (the time of day of the anchor) and
`day-end` (a cycle runs to the end of that day: bought on 28 March, it ends with 28 April).

Ends never fall, and rise from cycle to cycle but for one case: a cycle of one day that falls on a day which the zone's
clock skipped (Pacific/Apia had no 30 December 2011) starts and ends at the same instant. It counts as any other.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

Boundary = Literal["instant", "day-end"]

_ONE_DAY = timedelta(days=1)
_TICK = timedelta(microseconds=1)


class CycleRule(NamedTuple):
    """How long a cycle is (`days` or `months`, the other 0), how it ends, and on which zone's clock."""

    days: int
    months: int
    boundary: Boundary
    timezone: str

    def end_of(self, anchor: datetime, number: int) -> datetime:
        """The end of cycle `number` (counted from 1) of those anchored at `anchor`."""
        zone = ZoneInfo(self.timezone)
        clock = anchor.astimezone(zone).replace(tzinfo=None)
        clock += relativedelta(days=self.days * number, months=self.months * number)
        if self.boundary == "day-end":
            clock = datetime.combine(clock.date() + _ONE_DAY, time())
        return clock.replace(tzinfo=zone).astimezone(UTC)


class Cycle(NamedTuple):
    """One billing cycle `[start, end)`: the `number`-th (from 1) of those that `rule` counts from `anchor`."""

    start: datetime
    end: datetime
    anchor: datetime
    number: int
    rule: CycleRule


def first_cycle(rule: CycleRule, at: datetime) -> Cycle:
    """The cycle that starts at `at` and makes that instant the anchor."""
    return Cycle(at, rule.end_of(at, 1), at, 1, rule)


def next_cycle(cycle: Cycle, rule: CycleRule) -> Cycle:
    """The cycle that starts where `cycle` ends.

    While the rule stays, it is counted from the same anchor. A new rule (another period, boundary or zone) starts a
    count of its own, anchored on the last instant of the old cycle for day-ends, else on the boundary itself.
    """
    if rule == cycle.rule:
        number = cycle.number + 1
        return cycle._replace(start=cycle.end, end=rule.end_of(cycle.anchor, number), number=number)
    anchor = cycle.end - _TICK if rule.boundary == "day-end" else cycle.end
    return Cycle(cycle.end, rule.end_of(anchor, 1), anchor, 1, rule)
