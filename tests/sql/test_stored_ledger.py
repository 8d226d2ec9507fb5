"""The stored ledger on the caller's connection: what is committed together, what is refused, and what never fits."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest
from sqlalchemy import Column, Engine, MetaData, Table, Text, create_engine, func, insert, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import create_async_engine

from mimo_credits import (
    Account,
    Advance,
    Cancel,
    Conflict,
    Grant,
    InputError,
    Record,
    Refused,
    Release,
    Subscribe,
    UnknownModel,
    Usage,
    load_book,
    rerate,
)
from mimo_credits.errors import TooLarge
from mimo_credits.sql import configure_sqlite, migrate, open_ledger, schema
from mimo_credits.sql.ledger import BATCH

pytestmark = pytest.mark.beyond_core

BOOK = load_book()
MINE = Table("mine", MetaData(), Column("note", Text))


def june(day, hour=12):
    return datetime(2026, 6, day, hour, tzinfo=UTC)


BOUGHT = Subscribe("s", june(1), "lite")
USED = Record("r", june(2), Usage("mimo-v2.5", input_tokens=1_000))


@pytest.fixture
def connection(engine: Engine):
    """A connection in a transaction that is undone at the end."""
    with engine.connect() as connection:
        yield connection


@pytest.fixture
def ledger(connection):
    ledger = open_ledger(connection, BOOK)
    ledger.apply("ada", BOUGHT)
    return ledger


def rows(connection) -> dict[str, int]:
    return {name: connection.scalar(select(func.count()).select_from(table)) for name, table in TABLES.items()}


TABLES = schema.metadata.tables


# --- together with the caller's rows ---------------------------------------------------------------------


@pytest.fixture
def as_python_begins(tmp_path):
    """A SQLite engine that nobody configured: Python's driver begins a transaction at the first write."""
    engine = create_engine(f"sqlite:///{tmp_path / 'plain.db'}")
    with engine.begin() as connection:
        migrate(connection)
    yield engine
    engine.dispose()


@pytest.fixture(params=["configured", "as Python begins"])
def any_engine(request, engine):
    return engine if request.param == "configured" else request.getfixturevalue("as_python_begins")


@pytest.mark.parametrize("way", ["apply", "fold"])
@pytest.mark.parametrize("commits", [True, False])
def test_a_charge_and_the_callers_rows_commit_together_or_not_at_all(any_engine, commits, way):
    with any_engine.begin() as connection:
        MINE.metadata.create_all(connection)
    with any_engine.connect() as connection:
        ledger = open_ledger(connection, BOOK)
        ledger.apply("ada", BOUGHT) if way == "apply" else ledger.fold("ada", [BOUGHT, USED])
        connection.execute(insert(MINE), {"note": "answered"})
        connection.commit() if commits else connection.rollback()
    with any_engine.connect() as connection:
        assert connection.scalars(select(MINE.c.note)).all() == ["answered"] * commits
        assert len(open_ledger(connection, BOOK).commands("ada")) == (0 if not commits else 1 if way == "apply" else 2)
        assert rows(connection)["mimo_accounts"] == commits


def test_a_refusal_leaves_the_callers_transaction_as_it_was(connection, ledger):
    before = rows(connection)
    for command, error in (
        (Subscribe("x", june(2), "max"), Refused),
        (Record("x", june(2), Usage("no-such-model")), UnknownModel),
        (Cancel("s", june(3)), Conflict),
    ):
        with pytest.raises(error):
            ledger.apply("ada", command)
        with pytest.raises(error):
            ledger.fold("ada", [USED, command])
    assert rows(connection) == before
    assert not ledger.apply("ada", Record("x", june(2), USED.usage)).repeat


def test_a_refusal_does_not_bring_an_account_into_being(connection, ledger):
    for command in (USED, Release("x", june(1), "nothing")):
        with pytest.raises(Refused):
            ledger.apply("nobody", command)
    assert list(ledger) == ["ada"]
    assert ledger.account("nobody") == Account()
    assert ledger.entries("nobody") == ledger.verify("nobody") == ()
    assert ledger.commands("nobody") == []


# --- ids -------------------------------------------------------------------------------------------------


def test_a_repeat_gives_the_first_receipt_and_stores_nothing(connection, ledger):
    first = ledger.apply("ada", USED)
    ledger.apply("ada", Record("later", june(3), USED.usage))
    before = rows(connection)
    assert ledger.apply("ada", USED) == replace(first, repeat=True)
    assert rows(connection) == before


def test_equal_commands_that_are_written_differently_are_repeats(ledger):
    ledger.apply("ada", Grant("g", june(2), Decimal("1.50")))
    assert ledger.apply("ada", Grant("g", june(2), Decimal("1.5"))).repeat
    with pytest.raises(Conflict):
        ledger.apply("ada", Grant("g", june(2), Decimal("1.51")))


def test_time_passing_is_stored_and_no_command(connection, ledger):
    assert ledger.apply("ada", Advance(june(30))).entries == ()
    assert len(ledger.apply("ada", Advance(datetime(2026, 7, 2, tzinfo=UTC))).entries) == 4
    assert ledger.commands("ada") == [BOUGHT]
    assert ledger.verify("ada") == ()


def test_all_accounts_are_listed_page_by_page(connection, ledger):
    names = [f"account {number:05}" for number in range(BATCH + 1)]
    connection.execute(insert(schema.accounts), [{"id": name, **schema_row(connection)} for name in names])
    assert list(ledger) == ["account " + name[8:] for name in names] + ["ada"]


def schema_row(connection):
    row = connection.execute(select(schema.accounts)).first()._asdict()
    return {name: value for name, value in row.items() if name != "id"}


def test_its_commands_are_what_rerate_takes(ledger):
    ledger.apply("ada", USED)
    assert rerate(ledger.commands("ada"), BOOK).account == ledger.account("ada")


# --- what does not fit, and what is no input -------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["'; DROP TABLE mimo_entries; --", '"quoted"', "%s %(id)s :id ? $1", "\\", "ä" * 256, "line\nfeed", "🙂"]
)
def test_text_is_data_never_sql(ledger, text):
    ledger.apply(text, Subscribe(text, june(1), "lite"))
    ledger.apply(text, Grant("g", june(1), 1, label=text))
    assert ledger.account(text).tier == "lite"
    assert ledger.apply(text, Subscribe(text, june(1), "lite")).repeat
    assert ledger.verify(text) == ()
    assert text in list(ledger)


@pytest.mark.parametrize("account_id", ["", None, 7, "x" * 257, "nul\0", "half \ud800"])
@pytest.mark.parametrize("ask", ["apply", "fold", "account", "entries", "commands", "statement", "verify"])
def test_what_is_no_account_id_is_refused(ledger, ask, account_id):
    arguments = {"apply": [USED], "fold": [[USED]]}.get(ask, [])
    with pytest.raises(InputError) as caught:
        getattr(ledger, ask)(account_id, *arguments)
    assert caught.value.field == "account_id"


@pytest.mark.parametrize("command", ["charge it", Record("nul\0", june(2), USED.usage)])
def test_what_is_no_command_is_refused(connection, ledger, command):
    before = rows(connection)
    for ask in (ledger.apply, lambda name, one: ledger.fold(name, [USED, one])):
        with pytest.raises(InputError):
            ask("ada", command)
    assert rows(connection) == before


def test_a_sum_that_does_not_fit_is_refused_and_nothing_is_stored(connection, ledger):
    most = Decimal(2**63 - 1) / 1000
    huge = Record("r", june(3), Usage("mimo-v2.5-pro", input_tokens=10**15))
    ledger.apply("ben", Grant("g", june(1), most))
    before = rows(connection)
    for name, command in (
        ("ada", Grant("g", june(2), most)),  # with the allowance it is too much
        ("ben", Grant("h", june(2), Decimal("0.001"))),
        ("ada", huge),
    ):
        for ask in (ledger.apply, lambda name, one: ledger.fold(name, [one])):
            with pytest.raises(TooLarge, match="9,223,372,036,854,775,807"):
                ask(name, command)
    assert rows(connection) == before
    assert ledger.account("ben").remaining == most
    assert ledger.verify("ben") == ()


def test_what_is_issued_and_what_is_overdrawn_must_fit_together(ledger):
    for number in range(4):  # 2e15 credits each, almost all of them overdrawn
        ledger.apply(
            "ada", Record(f"r{number}", june(2), Usage("mimo-v2.5", input_tokens=10**15, cached_tokens=10**15))
        )
    with pytest.raises(TooLarge, match="issued and overdrawn"):
        ledger.apply("ada", Grant("g", june(2), 2 * 10**15))
    assert ledger.verify("ada") == ()


def test_a_negative_balance_breaks_a_constraint_whoever_writes_it(connection, ledger):
    for broken in ("remaining = -1, issued = issued + remaining + 1", "spent = spent + 1"):
        with pytest.raises(IntegrityError), connection.begin_nested():
            connection.execute(text(f"UPDATE mimo_accounts SET {broken}"))


def test_another_database_is_refused():
    other = SimpleNamespace(dialect=SimpleNamespace(name="mysql"))
    with pytest.raises(InputError, match="SQLite or PostgreSQL, not mysql"):
        open_ledger(other, BOOK)


@pytest.mark.parametrize("way", ["of the engine", "of the connection"])
def test_a_connection_that_commits_by_itself_is_refused(engine, way):
    options = {"isolation_level": "AUTOCOMMIT"}
    hasty = create_engine(engine.url, **options) if way == "of the engine" else create_engine(engine.url)
    with hasty.connect().execution_options(**options) if way == "of the connection" else hasty.connect() as connection:
        ledger = open_ledger(connection, BOOK)
        for ask in (lambda: ledger.apply("ada", BOUGHT), lambda: ledger.fold("ada", [BOUGHT])):
            with pytest.raises(InputError, match="AUTOCOMMIT"):
                ask()
        assert ledger.entries("ada") == ()
        assert rows(connection)["mimo_accounts"] == 0
    hasty.dispose()


# --- asyncio ---------------------------------------------------------------------------------------------


def test_it_runs_under_asyncio(engine):
    url = engine.url.set(drivername="sqlite+aiosqlite") if engine.dialect.name == "sqlite" else engine.url

    async def charge():
        asynchronous = create_async_engine(url)
        if engine.dialect.name == "sqlite":
            configure_sqlite(asynchronous.sync_engine)
        async with asynchronous.begin() as connection:
            receipts = await connection.run_sync(apply_both)
        await asynchronous.dispose()
        return receipts

    def apply_both(connection):
        ledger = open_ledger(connection, BOOK)
        return ledger.apply("ada", BOUGHT), ledger.fold("ada", [BOUGHT, USED])

    first, folded = asyncio.run(charge())
    with engine.connect() as connection:
        assert open_ledger(connection, BOOK).entries("ada") == (*first.entries, *folded)


# --- bulk ------------------------------------------------------------------------------------------------


def test_a_backlog_of_many_batches_is_whole_or_not_at_all(connection, ledger):
    records = [Record(f"r{number}", june(2), USED.usage) for number in range(2 * BATCH + 1)]
    before = rows(connection)
    with pytest.raises(UnknownModel):
        ledger.fold("ada", [*records, Record("x", june(3), Usage("no-such-model"))])
    assert rows(connection) == before
    rejected = []
    entries = ledger.fold("ada", [*records, Record("x", june(3), Usage("no-such-model")), *records], rejected=rejected)
    assert [one.command.id for one in rejected] == ["x"]
    assert len(entries) == 2 * len(records)
    assert rows(connection)["mimo_commands"] == before["mimo_commands"] + len(records)
    assert ledger.verify("ada") == ()
    assert ledger.apply("ada", records[-1]).repeat


def test_a_command_twice_in_a_backlog_counts_once(ledger):
    assert len(ledger.fold("ada", [USED, USED, Record("r", june(2), USED.usage)])) == 2
    assert ledger.verify("ada") == ()


def test_what_a_backlog_passes_over_leaves_no_trace(ledger):
    rejected = []
    assert ledger.fold("nobody", [USED], rejected=rejected) == []
    assert list(ledger) == ["ada"]
    renewal = Advance(datetime(2026, 7, 2, tzinfo=UTC))
    late = Record("late", june(30), USED.usage)
    later = Advance(june(30))
    used = Record("u", renewal.at, USED.usage)
    ledger.fold("ada", [later, renewal, later, late, used], rejected=rejected)
    assert [one.command for one in rejected] == [USED, later]
    assert len(ledger.apply("ada", used).entries) == 2
    assert ledger.apply("ada", used).entries[0].id == "u"
    assert ledger.verify("ada") == ()


def test_an_id_twice_in_a_backlog_with_other_content_is_a_conflict(connection, ledger):
    before = rows(connection)
    with pytest.raises(Conflict):
        ledger.fold("ada", [USED, Record("r", june(2), Usage("mimo-v2.5", input_tokens=1))], rejected=[])
    with pytest.raises(Conflict):
        ledger.fold("ada", [Record("s", june(2), USED.usage)], rejected=[])
    assert rows(connection) == before
