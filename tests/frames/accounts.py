"""Many accounts for the settling of frames: their lives, drawn; what the reference says of each; and their rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import pyarrow as pa
from hypothesis import strategies as st

from mimo_credits import (
    Account,
    Command,
    Posting,
    RateBook,
    Rated,
    Record,
    Statement,
    fold,
    statement,
    timeline,
)
from mimo_credits.frames.arrow_stream import fault_of
from mimo_credits.frames.statement_rows import StatementRow
from mimo_credits.ledger.entries import OVERAGE
from mimo_credits.testing import strategies

SCHEMA = pa.schema(
    {
        "account": pa.string(),
        "at": pa.timestamp("us", "UTC"),
        "id": pa.string(),
        "model": pa.string(),
        "input_tokens": pa.int64(),
        "cached_tokens": pa.int64(),
        "output_tokens": pa.int64(),
    }
)


class Row(NamedTuple):
    """A usage as a row; the columns of a frame of usage."""

    account: str
    at: datetime
    id: str
    model: str
    input_tokens: int
    cached_tokens: int
    output_tokens: int


class World(NamedTuple):
    """Accounts under one book: the usage of all as rows, everything else as lifecycles, and how they stood before."""

    book: RateBook
    rows: list[Row]
    lifecycle: dict[str, list[Command]]
    before: dict[str, Account]

    def commands(self, name: str) -> list[Command]:
        """All that is said to an account."""
        return [*self.lifecycle.get(name, ()), *(_record(row) for row in self.rows if row.account == name)]

    def names(self) -> list[str]:
        """Every account."""
        return sorted({*self.lifecycle, *self.before, *(row.account for row in self.rows)})


class Expected(NamedTuple):
    """What the reference says: the account, who paid how much for each row, its statement, and the rejected rows."""

    account: Account
    paid: dict[str, tuple[int, int, str, bool, int]]
    statement: Statement
    rejected: dict[str, str]


def reference(world: World, name: str) -> Expected:
    """The plain fold of an account's timeline."""
    rejected: list[Any] = []
    before = world.before.get(name, Account())
    account, entries = fold(before, timeline(world.commands(name)), world.book, rejected=rejected)
    rows = {row.id for row in world.rows if row.account == name}
    paid: dict[str, tuple[int, int, str, bool, int]] = {}
    for entry in entries:
        if isinstance(entry, Rated) and entry.id in rows:
            paid[entry.id] = (entry.millicredits, 0, entry.card, entry.off_peak, entry.rates.band)
        elif isinstance(entry, Posting) and entry.source == OVERAGE and entry.ref in rows:
            cost, _, *rest = paid[entry.ref]
            paid[entry.ref] = (cost, entry.millicredits, *rest)  # type: ignore[assignment]
    return Expected(
        account,
        paid,
        statement(entries),
        {getattr(each.command, "id", ""): fault_of(each.error) for each in rejected},
    )


def _record(row: Row) -> Record:
    from mimo_credits import Usage

    counts = {"input_tokens": row.input_tokens, "cached_tokens": row.cached_tokens, "output_tokens": row.output_tokens}
    return Record(row.id, row.at, Usage(row.model, **counts))


def is_row(command: Command) -> bool:
    """Whether a command can stand in a frame of usage: tokens are all that its columns have."""
    if not isinstance(command, Record):
        return False
    usage = command.usage
    return not (usage.audio_seconds or usage.web_searches or usage.images)


def split(name: str, commands: Iterable[Command]) -> tuple[list[Row], list[Command]]:
    """An account's commands as rows of usage, and all others."""
    rows, others = [], []
    for command in commands:
        if is_row(command):
            assert isinstance(command, Record)
            usage = command.usage
            counts = (usage.input_tokens, usage.cached_tokens, usage.output_tokens)
            rows.append(Row(name, command.at, command.id, usage.model, *counts))
        else:
            others.append(command)
    return rows, others


@st.composite
def worlds(draw: st.DrawFn, *, hostile: bool = False) -> World:
    """A few accounts, each with a life of its own, under one drawn book."""
    book = draw(strategies.books())
    lives = strategies.hostile_timelines(book) if hostile else strategies.timelines(book)
    world = World(book, [], {}, {})
    for number in range(draw(st.integers(1, 3))):
        name = f"account-{number}"
        rows, others = split(name, timeline(draw(lives)))
        world.rows.extend(rows)
        world.lifecycle[name] = others
    return world


def table(rows: Sequence[Row]) -> pa.Table:
    """Rows as an Arrow table."""
    return pa.table([list(column) for column in zip(*rows, strict=True)] or [[]] * len(SCHEMA), SCHEMA)


def in_order(rows: Iterable[Row]) -> list[Row]:
    """As a stream for the fold is sorted."""
    return sorted(rows, key=lambda row: (row.account, row.at, row.id))


def statement_rows(name: str, made: Statement) -> list[tuple[object, ...]]:
    """The amounts that a frame of statements has, taken from a statement itself."""
    return [
        (
            *(name, part.start, part.end, cycle.start, part.reason, part.tier, part.opening, part.issued, part.granted),
            *(part.used, part.overage, part.expired, part.held, part.closing, part.usages),
        )
        for cycle in made.cycles
        for part in cycle.segments
    ]


def amounts(row: StatementRow | Mapping[str, Any]) -> tuple[object, ...]:
    """The same of a row."""
    found = row._asdict() if isinstance(row, tuple) else row
    names = ("account", "segment_start", "segment_end", "cycle_start", "reason", "tier", "opening", "issued", "granted")
    sums = ("used", "overage", "expired", "held", "closing", "requests")
    return tuple(found[name] for name in (*names, *sums))
