"""`make bench-sql`: the stored ledger's speed, beside the same statements without a ledger. Writes `sql-results.md`.

The floor issues the very statements that the ledger issues for a record (the run fails if not), through SQLAlchemy,
with rows made beforehand: what is above it is reading the state, deciding, writing JSON and hashing. Each record is a
transaction of its own. Both databases run with their safe settings, and once more without waiting for the disk, where
the difference shows most.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, nullcontext
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from random import Random
from time import perf_counter_ns
from typing import NamedTuple

from sqlalchemy import Connection, Engine, create_engine, event, insert, null, select, text, update

from benchmarks.report import Aim, Section, duration, environment, middle, per_second, results, table, times
from benchmarks.timing import Contender, Samples, interleave, ratio, spread
from mimo_credits import Record, Subscribe, Usage, load_book
from mimo_credits.sql import migrate, open_ledger, schema, sqlite_engine
from mimo_credits.sql.rows import Change, Rows, Stored, rows_of
from tools.postgres import Postgres

RESULTS = Path(__file__).with_name("sql-results.md")
ACCOUNTS = 10_000
MOST = 3
TEMPLATE, HOT, FLOOR_HOT = "template", "hot", "floor: hot"
START = datetime(2026, 7, 2, tzinfo=UTC)
USAGE = Usage("mimo-v2.5-pro", input_tokens=2_000, cached_tokens=1_500, output_tokens=200)
BOOK = load_book()

ONE = "`apply`, one hot account"
MANY = f"`apply`, {ACCOUNTS:,} accounts"
BULK = "`fold`, a backlog of one account in one transaction"

_numbers = count()
Work = Callable[[Connection, str, str], None]
"""Charges an account for one record, named by its id."""


class Place(NamedTuple):
    """A database with accounts in it."""

    said: str
    engine: Engine


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sql", description="How fast the stored ledger is.")
    parser.add_argument("--quick", action="store_true", help="few rounds of less work; prints, writes nothing")
    quick = parser.parse_args(arguments).quick
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    rounds, size = (3, 30) if quick else (9, 100)
    with ExitStack() as stack:
        sections = [_measure(place, rounds, size) for place in _places(stack)]
    written = results(
        sections, environment(load), _policy(), title="Benchmarks of the database", made_by="make bench-sql"
    )
    print(written)
    if not quick:
        RESULTS.write_text(written, "utf-8")
    return 0


def _policy() -> str:
    return (
        "One client on the same machine, over loopback; each record is a transaction of its own and is committed. "
        "Every contender charges so many records in every round; a ratio is taken within each round, and what is shown "
        "is the median. Percentiles are over all records of all rounds."
    )


def _places(stack: ExitStack) -> Iterator[Place]:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    yield _filled(stack, "SQLite, synchronous = FULL", sqlite_engine(folder / "full.db"))
    hasty = sqlite_engine(folder / "off.db")
    event.listen(hasty, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF").close())
    yield _filled(stack, "SQLite, without waiting for the disk", hasty)
    server = stack.enter_context(Postgres())
    yield _filled(stack, "PostgreSQL, fsync = on", create_engine(server.url()))
    hasty_server = stack.enter_context(Postgres(fsync=False))
    yield _filled(stack, "PostgreSQL, without waiting for the disk", create_engine(hasty_server.url()))


def _filled(stack: ExitStack, said: str, engine: Engine) -> Place:
    """The accounts, all with a plan: copies of one that subscribed."""
    stack.callback(engine.dispose)
    with engine.begin() as connection:
        migrate(connection)
        open_ledger(connection, BOOK).apply(TEMPLATE, Subscribe("s", START, "max"))
        names = [HOT, FLOOR_HOT, *(_name(number) for number in range(ACCOUNTS))]
        connection.execute(text("CREATE TABLE copies (id VARCHAR(256))"))
        connection.execute(text("INSERT INTO copies VALUES (:id)"), [{"id": name} for name in names])
        for name in ("mimo_accounts", "mimo_commands", "mimo_entries", "mimo_bills"):
            columns = [column.name for column in schema.metadata.tables[name].c]
            mine = "id" if name == "mimo_accounts" else "account_id"
            chosen = ", ".join("copies.id" if column == mine else f"{name}.{column}" for column in columns)
            connection.execute(
                text(f"INSERT INTO {name} SELECT {chosen} FROM {name}, copies WHERE {name}.{mine} = '{TEMPLATE}'")
            )
        connection.execute(text("DROP TABLE copies"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    return Place(said, engine)


def _name(number: int) -> str:
    return f"account {number}"


# --- what is measured ------------------------------------------------------------------------------------


def _charge(connection: Connection, account: str, id: str) -> None:
    open_ledger(connection, BOOK).apply(account, Record(id, START, USAGE))


class _Floor:
    """The statements of a charge, with rows made beforehand."""

    def __init__(self, engine: Engine) -> None:
        self._rows = _rows_of_one_record(engine)
        self._sqlite = engine.dialect.name == "sqlite"

    def __call__(self, connection: Connection, account: str, id: str) -> None:
        accounts, commands, entries = schema.accounts, schema.commands, schema.entries
        if self._sqlite:
            connection.execute(update(accounts).where(accounts.c.id == null()).values(version=0))
        query = select(accounts.c.state, accounts.c.version, accounts.c.head).where(accounts.c.id == account)
        version = connection.execute(query.with_for_update(key_share=True)).one().version
        connection.execute(select(commands).where(commands.c.account_id == account, commands.c.id == id)).all()
        written = [
            {**row, "account_id": account, "number": version + place} for place, row in enumerate(self._rows.entries)
        ]
        state = {**self._rows.account, "version": version + len(written)}
        with connection.begin_nested() if self._sqlite else nullcontext():
            connection.execute(update(accounts).where(accounts.c.id == account).values(state))
            command = {**self._rows.commands[0], "account_id": account, "id": id, "first": version}
            connection.execute(insert(commands), [command])
            connection.execute(insert(entries), written)


def _rows_of_one_record(engine: Engine) -> Rows:
    with engine.connect() as connection:
        ledger = open_ledger(connection, BOOK)
        account = ledger.account(TEMPLATE)
        command = Record("r", START, USAGE)
        entries = ledger.apply(TEMPLATE, command).entries
        after = ledger.account(TEMPLATE)
        stored = Stored(account, 3, "0" * 64)
        connection.rollback()
    return rows_of(TEMPLATE, stored, Change(after, entries, [(command, len(entries))]))


def _statements(engine: Engine, work: Work, account: str) -> list[str]:
    """The SQL of one charge, which is then undone."""
    seen: list[str] = []

    def see(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(" ".join(statement.split()))

    with engine.connect() as connection:
        event.listen(connection, "before_cursor_execute", see)
        work(connection, account, "seen")
        connection.rollback()
    return seen


def _check(engine: Engine, floor: _Floor) -> None:
    ours, theirs = _statements(engine, _charge, HOT), _statements(engine, floor, FLOOR_HOT)
    assert ours == theirs, f"the floor must issue the ledger's statements:\n{ours}\n{theirs}"


def _one_by_one(
    engine: Engine, work: Work, size: int, chosen: Callable[[], str], taken: list[int]
) -> Callable[[], float]:
    """Charges so many records, each in a transaction of its own; the nanoseconds of each also go to `taken`."""

    def once() -> float:
        total = 0
        for _ in range(size):
            account, name = chosen(), f"r{next(_numbers)}"
            start = perf_counter_ns()
            with engine.begin() as connection:
                work(connection, account, name)
            spent = perf_counter_ns() - start
            taken.append(spent)
            total += spent
        return total / size

    return once


def _in_bulk(engine: Engine, size: int) -> Callable[[], float]:
    def once() -> float:
        records = [Record(f"r{next(_numbers)}", START, USAGE) for _ in range(size)]
        start = perf_counter_ns()
        with engine.begin() as connection:
            open_ledger(connection, BOOK).fold(_name(next(_numbers) % ACCOUNTS), records)
        return (perf_counter_ns() - start) / size

    return once


def _measure(place: Place, rounds: int, size: int) -> Section:
    floor = _Floor(place.engine)
    _check(place.engine, floor)
    chance = Random(20260702)
    taken: dict[str, list[int]] = {}
    contenders = []
    for said, account, lower in ((ONE, HOT, FLOOR_HOT), (MANY, None, None)):
        for name, work, hot in ((said, _charge, account), (_floor_of(said), floor, lower)):
            chosen = _always(hot) if hot else lambda: _name(chance.randrange(ACCOUNTS))
            taken[name] = []
            contenders.append(Contender(name, _one_by_one(place.engine, work, size, chosen, taken[name])))
    contenders.append(Contender(BULK, _in_bulk(place.engine, 10 * size)))
    samples = interleave(contenders, rounds, place.said)
    return Section(
        title=place.said,
        how=f"{rounds} rounds of {size} records ({10 * size:,} of one account where they are folded).",
        table=_table(samples, taken),
        notes=[],
        aims=[*(_aim(place, samples, said) for said in (ONE, MANY)), _aim_of_bulk(place, samples)],
    )


def _floor_of(said: str) -> str:
    return said.replace("`apply`", "the same statements without rules")


def _always(account: str) -> Callable[[], str]:
    return lambda: account


# --- in words --------------------------------------------------------------------------------------------


def _table(samples: Samples, taken: dict[str, list[int]]) -> str:
    rows = []
    for name, sample in samples.items():
        took = spread(sample)
        to = _floor_of(name) if name in (ONE, MANY) else None
        parts = statistics.quantiles(taken[name], n=100) if name in taken else None
        rows.append(
            (
                name,
                per_second(took.median),
                duration(parts[49]) if parts else "",
                duration(parts[98]) if parts else "",
                times(ratio(samples, name, to)) if to else "",
                middle(ratio(samples, name, to), "×") if to else "",
            )
        )
    return table(("", "records a second", "p50", "p99", "times the floor", "middle half"), rows)


def _aim(place: Place, samples: Samples, name: str) -> Aim:
    found = ratio(samples, name, _floor_of(name))
    return Aim(f"{place.said}, {name}: at most {MOST} × the floor", times(found), found.median <= MOST)


def _aim_of_bulk(place: Place, samples: Samples) -> Aim:
    found = ratio(samples, ONE, BULK)
    return Aim(f"{place.said}: `fold` at least 10 × faster than `apply` one by one", times(found), found.median >= 10)


if __name__ == "__main__":
    raise SystemExit(main())
