"""`rolling_window`: the same log under a plan that caps usage in a moving window, such as five hours.

The Token Plan has no such window: only the pool. To show the difference, this replays a log under one, by this model:

- Requests queue in the order in which they were sent, and none overtakes another.
- A request starts at the first instant at which it is sent and the one before it has started, and at which the window's
  sum plus its own does not exceed the limit. It counts in full from its start, and leaves the window exactly one window
  later.
- A request larger than the limit never fits. It is listed, and holds nobody up.
- What a request draws is what it drew: waiting changes no rate.

Each request enters and leaves the window once, so after sorting the replay is linear.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from mimo_credits.errors import InputError, visible
from mimo_credits.exact import ticks, to_credits, to_millicredits
from mimo_credits.instants import LAST_INSTANT
from mimo_credits.planning.burns import Burn, in_order
from mimo_credits.planning.checks import check_span
from mimo_credits.planning.words import counted
from mimo_credits.seen import Seen

FIVE_HOURS = timedelta(hours=5)


class Wait(NamedTuple):
    """A request that would have waited: when it was sent, and when it would have started."""

    burn: Burn
    started: datetime

    @property
    def waited(self) -> timedelta:
        """How long."""
        return self.started - self.burn.at

    def __str__(self) -> str:
        return f"{visible(self.burn.id)}: sent {self.burn.at:%Y-%m-%d %H:%M:%S} UTC, waits {self.waited}"


@dataclass(frozen=True, slots=True)
class WindowReport(Seen):
    """A log under a moving window of `limit` millicredits: how many `requests`, who `waited`, and who `never` fits."""

    limit: int
    window: timedelta
    requests: int
    waited: tuple[Wait, ...]
    never: tuple[Burn, ...]

    @property
    def total_wait(self) -> int:
        """All waits together, in microseconds: more than a `timedelta` holds, where many wait long."""
        return sum(ticks(wait.waited) for wait in self.waited)

    @property
    def longest(self) -> Wait | None:
        """The longest wait, the first of several; None where nobody waited."""
        return max(self.waited, key=lambda wait: wait.waited, default=None)

    def __str__(self) -> str:
        cap = f"With at most {to_credits(self.limit):,f} credits in any {self.window}"
        longest = f", {self.longest.waited} at the longest" if self.longest else ""
        never = f"; {len(self.never):,} never fit" if self.never else ""
        return (
            f"{cap}, {len(self.waited):,} of {self.requests:,} requests would have waited, {_words(self.total_wait)} "
            f"in all{longest}{never}. The Token Plan has no such window: none of them waited."
        )


def rolling_window(burns: Iterable[Burn], limit: Decimal | int, *, window: timedelta = FIVE_HOURS) -> WindowReport:
    """Which requests would have waited under a cap of `limit` credits in any `window`, and how long.

    Raises `InputError` for a limit or a window that cannot be, for a naive instant, and where a request would wait
    beyond the last instant of the calendar.
    """
    cap = _cap(limit)
    check_span(window, "window", "timedelta(hours=5)")
    ordered = in_order(burns)
    inside: deque[tuple[datetime, int]] = deque()
    used, clock = 0, None
    waited: list[Wait] = []
    never: list[Burn] = []
    for burn in ordered:
        if burn.millicredits > cap:
            never.append(burn)
            continue
        start = burn.at if clock is None else max(burn.at, clock)
        while inside and (inside[0][0] <= start or used + burn.millicredits > cap):
            leaves, millicredits = inside.popleft()
            start = max(start, leaves)
            used -= millicredits
        if start > burn.at:
            waited.append(Wait(burn, start))
        inside.append((_end(start, window), burn.millicredits))
        used += burn.millicredits
        clock = start
    return WindowReport(cap, window, len(ordered), tuple(waited), tuple(never))


def _end(start: datetime, window: timedelta) -> datetime:
    if window > LAST_INSTANT - start:
        raise InputError("window", f"{window} after {start.isoformat()} is beyond the year 8999: take a larger limit")
    return start + window


def _words(microseconds: int) -> str:
    """As a `timedelta` reads, of any length."""
    days, rest = divmod(microseconds, ticks(timedelta(days=1)))
    within = timedelta(microseconds=rest)
    return f"{counted(days, 'day')}, {within}" if days else str(within)


def _cap(limit: Decimal | int) -> int:
    try:
        cap = to_millicredits(limit)
    except ValueError as error:
        raise InputError("limit", str(error)) from None
    if cap < 0:
        raise InputError("limit", f"is negative: {limit}")
    return cap
