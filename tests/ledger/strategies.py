"""What the laws of the ledger are tried on, drawn by the strategies that the library has for its users.

A `Life` is an account's commands and the book under which they are said. What follows a life is drawn beside it, so it
is usage that every drawn card prices: they all list the same models.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from hypothesis import strategies as st

from mimo_credits import Command, RateBook
from mimo_credits.testing import strategies
from mimo_credits.testing.strategies.commands import GAPS
from mimo_credits.testing.terms import card
from tests.ledger.worlds import PLAIN

START = datetime(2026, 1, 30, 21, 30, tzinfo=UTC)


class Life(NamedTuple):
    """An account's commands, and the cards under which they are said."""

    book: RateBook
    commands: list[Command]


@st.composite
def _lives(draw: st.DrawFn, timelines: Callable[[RateBook], st.SearchStrategy[list[Command]]]) -> Life:
    book = draw(strategies.books())
    return Life(book, draw(timelines(book)))


valid_lives = _lives(strategies.timelines)
"""A life that is never refused."""

lasting_lives = _lives(lambda book: strategies.timelines(book, cancels=False))
"""The same, and the plan goes on."""

hostile_lives = _lives(strategies.hostile_timelines)
"""Anything at all that may be said to an account."""

usages = strategies.usages(card(PLAIN))
"""What every card drawn here can price."""

plain_runs = st.lists(
    st.tuples(st.sampled_from([*GAPS[:2], timedelta(seconds=50), timedelta(hours=3)]), usages), max_size=12
)
"""Records one after another, for the ledger's fast way: gaps, and what was used."""
