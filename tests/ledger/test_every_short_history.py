"""Every short history of a tiny world, each step of it compared with the oracle.

The walk is a tree: from a root, each command that could come next is applied once, at instants that seek the
boundaries: the account's own clock, just before and exactly at what falls due next, the cycle's end, the edges of the
night, and late ones in the running segment, in the one before and before that. A refused command changes nothing, so
nothing grows from it. What a hand-written example forgets (a hold that lapses with the cycle in which the account
was upgraded after a late usage) is in here.

`MIMO_CREDITS_DEPTH` says how many commands follow the root: 3 by default.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from mimo_credits import (
    Account,
    Advance,
    Cancel,
    ChangeTier,
    Command,
    Grant,
    Hold,
    RateBook,
    Record,
    Release,
    Settle,
    Subscribe,
)
from tests.ledger import worlds
from tests.ledger.agreement import check
from tests.ledger.oracle import Reading
from tests.ledger.reckoning import TICK, night_edges
from tests.ledger.worlds import LARGE, SMALL, tokens

DEPTH = int(os.environ.get("MIMO_CREDITS_DEPTH", "3"))
PARTS = 3
"""A walk is done in parts, by its first command, so that they can be done side by side."""

HOUR = timedelta(hours=1)
DAWN = datetime(2026, 1, 1, 5, tzinfo=UTC)
"""An hour before the plain card's off-peak hours begin."""

TINY = tokens(1)
"""Half a credit at the plain card's peak."""


def next_commands(reading: Reading) -> Iterator[Command]:
    """Every command that could come next, at every instant that matters."""
    now = reading.clock() or DAWN
    name = f"c{len(reading.history)}"
    upward = list(list(reading.book)[-1].tiers)[1]
    running, closed, due = reading.segment(), reading.closed(), reading.due()
    yield from _at_once(reading, name, now, upward)
    if due:
        yield from _at_a_boundary(reading, name, due[0][0], upward)
        yield Record(name, due[0][0] - TICK, SMALL)
        yield ChangeTier(name, due[0][0] - TICK, upward)
    if running is None:
        yield Subscribe(name, now, "standard", interval="annual")
        yield Subscribe(name, now, "lite", first_purchase=True)
    else:
        yield Record(name, running.cycle_end, LARGE)
        yield Record(name, running.start, LARGE)
        yield Record(name, running.start - TICK, LARGE)
        yield from (Record(name, edge, SMALL) for edge in night_edges(reading.book.at(now), now))
    if closed is not None:
        yield Record(name, closed[1].start - TICK, SMALL)


def _at_once(reading: Reading, name: str, now: datetime, upward: str) -> Iterator[Command]:
    yield Record(name, now, SMALL)
    yield Record(name, now, LARGE)
    yield Grant(name, now, 4, expires_at=now + HOUR)
    yield Grant(name, now, 2, priority=-1)
    yield Hold(name, now, credits=4, expires_at=now + HOUR)
    yield Hold(name, now, SMALL, expires_at=now + 30 * HOUR)
    yield ChangeTier(name, now, upward)
    yield ChangeTier(name, now, "lite")
    yield ChangeTier(name, now, upward, when="renewal")
    yield ChangeTier(name, now, "lite", when="renewal")
    yield Cancel(name, now)
    for reserve in reading.reserves[-2:]:
        yield Settle(name, now, reserve.id, TINY)
        yield Settle(name, now, reserve.id, LARGE)
        yield Release(name, now, reserve.id)


def _at_a_boundary(reading: Reading, name: str, boundary: datetime, upward: str) -> Iterator[Command]:
    yield Advance(boundary)
    yield Record(name, boundary, SMALL)
    yield Grant(name, boundary, 1)
    yield Hold(name, boundary, credits=4, expires_at=boundary + TICK)
    yield ChangeTier(name, boundary, upward)
    yield Cancel(name, boundary)
    yield Subscribe(name, boundary, "standard")
    for reserve in reading.reserves[-1:]:
        yield Settle(name, boundary, reserve.id, SMALL)
        yield Release(name, boundary, reserve.id)


def walk(account: Account, before: Reading, book: RateBook, depth: int, part: slice = slice(None)) -> None:
    """Compares every history of up to `depth` further commands; `part` says which of the first ones to begin with."""
    for command in list(next_commands(before))[part]:
        agreed = check(account, before, command, book)
        if agreed is not None and depth > 1:
            walk(*agreed, book, depth - 1)


MORNING, LATER = DAWN + timedelta(hours=4), DAWN + timedelta(hours=5)
NEXT_DAY = MORNING + timedelta(days=1)


class Root(NamedTuple):
    """Where a walk begins. The further along it is, the shorter the walk: `commands` beyond the first are steps too."""

    book: Callable[[], RateBook]
    commands: list[Command]
    shorter: int = 0


ROOTS = {
    "a new account": Root(worlds.plain, []),
    "price difference": Root(worlds.plain, [Subscribe("s", DAWN, "lite")]),
    "trade-in": Root(worlds.trading, [Subscribe("s", MORNING, "lite", currency="CNY")]),
    "before a migration": Root(worlds.migrating, [Subscribe("s", MORNING, "lite")]),
    "holds into the next cycle": Root(
        worlds.trading,
        [
            Subscribe("s", MORNING, "lite"),
            Grant("g", MORNING, 3, expires_at=NEXT_DAY + HOUR, priority=-1),
            Hold("h", LATER, credits=6, expires_at=NEXT_DAY + 12 * HOUR),
            Hold("i", LATER, TINY, expires_at=NEXT_DAY + 20 * HOUR),
        ],
        shorter=1,
    ),
    "a hold from before the upgrade": Root(
        worlds.trading,
        [
            Subscribe("s", MORNING, "lite"),
            Record("r", MORNING, LARGE),
            Grant("g", MORNING, 5, priority=1),
            Hold("h", LATER, credits=5, expires_at=NEXT_DAY),
            ChangeTier("c", LATER + HOUR, "standard"),
        ],
        shorter=1,
    ),
    "holds before a migration": Root(
        worlds.migrating,
        [
            Subscribe("s", MORNING, "lite", interval="annual", currency="CNY"),
            Hold("h", LATER, LARGE, expires_at=NEXT_DAY + HOUR),
            Grant("g", LATER, 2, expires_at=NEXT_DAY - 3 * HOUR),
            ChangeTier("c", LATER, "standard", when="renewal"),
        ],
        shorter=1,
    ),
    "pinned to a card": Root(
        worlds.migrating,
        [
            Subscribe("s", MORNING, "lite", card="2026-01-01.1"),
            Hold("h", LATER, tokens(output=9, model="free"), expires_at=NEXT_DAY + HOUR),
            Record("r", NEXT_DAY - 2 * HOUR, TINY),
        ],
        shorter=1,
    ),
    "a new card changes the rules": Root(
        worlds.repriced,
        [Subscribe("s", MORNING, "standard"), Record("r", NEXT_DAY - 2 * HOUR, LARGE)],
        shorter=1,
    ),
    "a migration passes the tier by": Root(
        worlds.skipping,
        [Subscribe("s", MORNING + 16 * HOUR, "standard"), Record("r", NEXT_DAY - 2 * HOUR, TINY)],
        shorter=1,
    ),
    "lapsed and back": Root(
        worlds.trading,
        [
            Subscribe("s", MORNING, "lite"),
            Hold("h", LATER, credits=5, expires_at=NEXT_DAY + 12 * HOUR),
            Cancel("c", LATER),
            Advance(NEXT_DAY + 8 * HOUR),
            Subscribe("t", NEXT_DAY + 9 * HOUR, "lite"),
        ],
        shorter=1,
    ),
}


def start(book: RateBook, commands: list[Command]) -> tuple[Account, Reading]:
    """The root: both sides agree on the way there too."""
    account, reading = Account(), Reading([], book)
    for command in commands:
        agreed = check(account, reading, command, book)
        assert agreed is not None, f"the root's {command} is refused"
        account, reading = agreed
    return account, reading


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("root", ROOTS)
def test_every_short_history_is_as_the_oracle_reads_it(root: str, part: int) -> None:
    make_book, commands, shorter = ROOTS[root]
    book = make_book()
    walk(*start(book, commands), book, DEPTH - shorter, slice(part, None, PARTS))


@pytest.mark.parametrize("root", ROOTS)
def test_there_is_much_to_walk_through(root: str) -> None:
    make_book, commands, _ = ROOTS[root]
    book = make_book()
    account, reading = start(book, commands)
    agreed = [check(account, reading, command, book) for command in next_commands(reading)]
    assert len(agreed) >= 12
    assert sum(one is not None for one in agreed) >= 2
