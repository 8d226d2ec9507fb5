"""A writer is killed in the middle of its work, and PostgreSQL stopped as by a power cut: nothing acknowledged is lost.

What is stored afterwards must be a beginning of what the writer set out to do, entry by entry what the ledger in memory
makes of it, and no shorter than what was acknowledged.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Engine, select, text

from mimo_credits import Ledger
from mimo_credits.sql import migrate, open_ledger
from tests.sql.conftest import DATABASES, new_database
from tests.sql.writers import BOOK, MINE, accounts_of, life, open_engine, own_rows, processes, write_until_killed
from tools.postgres import Postgres

pytestmark = pytest.mark.beyond_core

ROUNDS = int(os.environ.get("MIMO_CREDITS_CRASHES", "40"))
MOST_STEPS = 25


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[Postgres | None]:
    """A server of the test's own, with all its safe settings; none for SQLite."""
    if request.param == "sqlite":
        yield None
    else:
        with Postgres() as server:
            yield server


@pytest.mark.parametrize("server", DATABASES, indirect=True)
def test_no_acknowledged_command_is_lost_and_none_is_applied_twice(server: Postgres | None, tmp_path: Path) -> None:
    url = new_database(server) if server else f"sqlite:///{tmp_path / 'ledger.db'}"
    engine = open_engine(url)
    with engine.begin() as connection:
        migrate(connection)
        MINE.metadata.create_all(connection)
    for number in range(ROUNDS):
        file = tmp_path / f"{number}"
        file.touch()
        kill_a_writer(url, f"round {number}", file, Random(number), server)
        check(engine, f"round {number}", file.stat().st_size)
    with engine.connect() as connection:
        ledger = open_ledger(connection, BOOK)
        assert [problem for account in ledger for problem in ledger.verify(account)] == []
    engine.dispose()


def kill_a_writer(url: str, name: str, file: Path, chance: Random, server: Postgres | None) -> None:
    """Kills it a moment after so many steps were acknowledged; now and then PostgreSQL has gone down before."""
    writer = processes.Process(target=write_until_killed, args=(url, name, str(file)))
    writer.start()
    wait_for(file, chance.randrange(MOST_STEPS), chance)
    if server is not None and chance.random() < 0.2:
        server.crash()
        wait_for(file, file.stat().st_size + chance.randrange(3), chance)
    assert writer.is_alive(), "the writer ended by itself"
    writer.kill()
    writer.join()


def wait_for(file: Path, steps: int, chance: Random) -> None:
    """Waits for so many acknowledgements, and then for some part of a step."""
    deadline = time.monotonic() + 60
    while file.stat().st_size < steps:
        assert time.monotonic() < deadline, "the writer is stuck"
        time.sleep(0.001)
    time.sleep(chance.random() * 0.02)


def check(engine: Engine, name: str, acknowledged: int) -> None:
    """What is stored is a beginning of that life: all that was acknowledged, and at most the step under way."""
    wait_until_alone(engine)
    with engine.connect() as connection:
        ledger = open_ledger(connection, BOOK)
        stored = {account: ledger.commands(account) for account in accounts_of(name)}
        done = list(takewhile(lambda step: set(step.commands) <= set(stored.get(step.account, [])), life(name)))
        assert acknowledged <= len(done) <= acknowledged + 1
        memory = Ledger(BOOK)
        for step in done:
            for command in step.commands:
                memory.apply(step.account, command)
        for account in accounts_of(name):
            assert ledger.entries(account) == memory.entries(account)
            assert len(ledger.commands(account)) == sum(len(step.commands) for step in done if step.account == account)
            assert ledger.verify(account) == ()
        own = connection.scalars(select(MINE.c.id).where(MINE.c.id.startswith(f"{name},"))).all()
    assert sorted(own) == sorted(each for step in done for each in own_rows(step))


def wait_until_alone(engine: Engine) -> None:
    """PostgreSQL may still be busy with the last words of a client that is dead."""
    if engine.dialect.name == "sqlite":
        return
    others = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    deadline = time.monotonic() + 60
    with engine.connect() as connection:
        while connection.scalar(others) and time.monotonic() < deadline:
            time.sleep(0.005)
            connection.rollback()
