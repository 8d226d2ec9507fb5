"""Many writers on one account and on many: nothing is spent twice, nobody waits for a stranger, each id counts once."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from threading import Thread

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from mimo_credits import Record, Refused, Subscribe, charge
from mimo_credits.sql import migrate, open_ledger, sqlite_engine
from tests.sql.conftest import new_database
from tests.sql.writers import BOOK, FEW_HOLD, HELD, START, USAGE, USED, deliver, processes

pytestmark = pytest.mark.beyond_core

WRITERS = 8
ROOM = 20
BOUGHT = Subscribe("s", START, "lite")


def test_eight_writers_deliver_everything_eight_times_and_each_id_counts_once(engine):
    url = engine.url.render_as_string(hide_password=False)
    let_loose = partial(deliver, url, holds=3 * ROOM, records=30, accounts=20)
    with ProcessPoolExecutor(WRITERS, processes) as pool:
        told = [each for outcomes in pool.map(let_loose, range(WRITERS)) for each in outcomes]
    with engine.connect() as connection:
        ledger = open_ledger(connection, BOOK)
        assert_each_id_counts_once(ledger, told)
        assert [problem for account in ledger for problem in ledger.verify(account)] == []
        assert_never_overspent(ledger, [each for each in told if each.account == HELD])
        cost = charge(BOOK.at(START), USAGE, at=START)
        assert ledger.account(USED).pots.spent == 30 * cost
        others = [account for account in ledger if account.startswith("other")]
        assert len(others) == 20
        assert {ledger.account(account).pots.spent for account in others} == {2 * cost}


def assert_each_id_counts_once(ledger, told):
    by_id = defaultdict(list)
    for each in told:
        by_id[each.account, each.id].append(each)
    stored = {(account, command.id) for account in ledger for command in ledger.commands(account)}
    for key, outcomes in by_id.items():
        receipts = [each for each in outcomes if not each.refused]
        assert len([each for each in receipts if not each.repeat]) == (key in stored)
        assert len({each.entries for each in receipts}) <= 1, "a repeat gives the first receipt"
    assert stored <= by_id.keys()


def assert_never_overspent(ledger, told):
    """Of the sixty holds there is room for twenty at a time, and for what the settled ones gave back."""
    refused = {each.refused.split(":")[0] for each in told if each.refused}
    assert {"insufficient-credits"} <= refused <= {"insufficient-credits", "unknown-hold"}
    account = ledger.account(HELD)
    pots, one = account.pots, charge(BOOK.at(START), FEW_HOLD, at=START)
    assert pots.overage == 0
    assert pots.held == one * len(account.holds)
    assert pots.held + pots.spent + account.remaining_millicredits == -pots.issued
    assert len(account.holds) == ROOM


def test_writers_of_different_accounts_do_not_wait_for_each_other(postgres):
    engine = create_engine(new_database(postgres), connect_args={"options": "-c lock_timeout=500"})
    with engine.begin() as connection:
        migrate(connection)
        open_ledger(connection, BOOK).apply("old", BOUGHT)
        open_ledger(connection, BOOK).apply("older", BOUGHT)
    with engine.connect() as first, engine.connect() as second:
        for mine, theirs in (("old", "older"), ("new", "newer")):
            command = Record("r", START, USAGE) if mine == "old" else BOUGHT
            open_ledger(first, BOOK).apply(mine, command)
            open_ledger(second, BOOK).apply(theirs, command)
            with pytest.raises(OperationalError, match="lock timeout"), second.begin_nested():
                open_ledger(second, BOOK).apply(mine, command)
        second.commit()
    engine.dispose()


def test_in_sqlite_a_transaction_that_has_read_may_still_write(tmp_path):
    """The other writer waits from the moment the first transaction begins, not from when it writes."""
    engine = sqlite_engine(tmp_path / "ledger.db")
    with engine.begin() as connection:
        migrate(connection)
        open_ledger(connection, BOOK).apply("ada", BOUGHT)

    def write_as_well():
        with engine.begin() as connection:
            open_ledger(connection, BOOK).apply("ben", BOUGHT)

    other = Thread(target=write_as_well)
    with engine.begin() as connection:
        ledger = open_ledger(connection, BOOK)
        assert ledger.account("ada").tier == "lite"
        other.start()
        other.join(timeout=0.5)
        assert other.is_alive()
        ledger.apply("ada", Record("r", START, USAGE))
    other.join()
    with engine.connect() as connection:
        assert list(open_ledger(connection, BOOK)) == ["ada", "ben"]
    engine.dispose()


def test_who_comes_second_to_a_new_account_decides_anew(postgres):
    """Both find no account. The second waits for the first to commit, and then sees what that one did."""
    engine = create_engine(new_database(postgres))
    with engine.begin() as connection:
        migrate(connection)
    with engine.connect() as first, engine.connect() as second:
        ledger = open_ledger(second, BOOK)
        locked = ledger._locked

        def overtaken(account_id):
            stored = locked(account_id)
            if not first.closed:
                open_ledger(first, BOOK).apply("ada", BOUGHT)
                first.commit()
                first.close()
            return stored

        ledger._locked = overtaken
        with pytest.raises(Refused, match="already"):
            ledger.apply("ada", Subscribe("t", START, "max"))
        assert [command.id for command in ledger.commands("ada")] == ["s"]
        assert ledger.apply("ada", BOUGHT).repeat
    engine.dispose()


def test_a_connection_lost_in_mid_transaction_leaves_nothing(postgres):
    engine = create_engine(new_database(postgres))
    with engine.begin() as connection:
        migrate(connection)
        open_ledger(connection, BOOK).apply("ada", BOUGHT)
    command = Record("r", START, USAGE)
    for moment in ("before", "after"):
        with engine.connect() as lost, engine.connect() as other:
            ledger = open_ledger(lost, BOOK)
            if moment == "after":
                ledger.apply("ada", command)
            pid = lost.scalar(text("SELECT pg_backend_pid()"))
            other.execute(text("SELECT pg_terminate_backend(:pid, 10000)"), {"pid": pid})
            with pytest.raises(OperationalError):
                lost.commit() if moment == "after" else ledger.apply("ada", command)
        with engine.connect() as connection:
            assert len(open_ledger(connection, BOOK).commands("ada")) == 1
            assert open_ledger(connection, BOOK).verify("ada") == ()
    with engine.begin() as connection:
        assert not open_ledger(connection, BOOK).apply("ada", command).repeat
    engine.dispose()
