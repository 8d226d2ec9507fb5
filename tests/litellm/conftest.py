"""Ledgers for the callback, in memory and in both databases, with one team that has a plan; and LiteLLM kept quiet."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from mimo_credits import Account, Entry, Ledger, Problem, RateBook, Rated, Record, Subscribe, Usage, load_card
from mimo_credits.sql import migrate, open_ledger
from tests.litellm.upstream import Upstream
from tests.sql.conftest import DATABASES, engine_of, postgres  # noqa: F401 - a fixture

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # before its first import, which asks the network otherwise

CARD = load_card("2026-05-27.1")
BOOK = RateBook.fixed(CARD)
START = datetime(2026, 6, 3, 4, tzinfo=UTC)
ALLOWANCE = CARD.tiers["lite"].credits
TEAM = "reds"


class World:
    """A ledger, the books that the callback writes to, and a clock that goes on by a millisecond when it is read."""

    def __init__(self, books, ledger_of) -> None:
        self.books = books
        self._ledger_of = ledger_of
        self._ticks = count()

    def clock(self) -> datetime:
        return START + timedelta(milliseconds=next(self._ticks))

    def account(self, name: str = TEAM) -> Account:
        return self._ledger_of(lambda ledger: ledger.account(name))

    def entries(self, name: str = TEAM) -> tuple[Entry, ...]:
        return self._ledger_of(lambda ledger: ledger.entries(name))

    def problems(self, name: str = TEAM) -> tuple[Problem, ...]:
        return self._ledger_of(lambda ledger: ledger.verify(name))

    def charged(self, name: str = TEAM) -> list[Usage]:
        """What was charged since the plan was made fit, in order."""
        return [entry.usage for entry in self.entries(name) if isinstance(entry, Rated) and entry.id != "before"]

    def subscribe(self, name: str, *, leave: int) -> None:
        """Buys the team a plan, and uses it up but for so many credits."""
        spare = Usage("mimo-v2.5", input_tokens=(int(ALLOWANCE) - leave) // 100)
        self.books.apply(name, START, lambda at: Subscribe("buy", at - timedelta(days=1), "lite"))
        self.books.apply(name, START, lambda at: Record("before", at - timedelta(hours=1), spare))


@pytest.fixture(params=["memory", *DATABASES])
def world(request, tmp_path_factory) -> Iterator[World]:
    from mimo_credits.litellm import InDatabase, InMemory

    if request.param == "memory":
        ledger = Ledger(BOOK)
        yield World(InMemory(ledger), lambda ask: ask(ledger))
        return
    for engine in engine_of(request, request.param, tmp_path_factory):
        with engine.begin() as connection:
            migrate(connection)

        def ask(question, engine=engine):
            with engine.connect() as connection:
                return question(open_ledger(connection, BOOK))

        yield World(InDatabase(engine, BOOK), ask)


@pytest.fixture
def team(world: World) -> World:
    """A team with ten million credits left."""
    world.subscribe(TEAM, leave=10_000_000)
    return world


@pytest.fixture(scope="session")
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server
