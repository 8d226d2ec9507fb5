"""Programs that write to a ledger, to be run as processes of their own: killed, or let loose on one account together.

What they do follows from numbers, so that whoever started them knows every command without having been told.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import NamedTuple

from sqlalchemy import Column, Engine, MetaData, String, Table, create_engine, insert
from sqlalchemy.exc import OperationalError

from mimo_credits import (
    Command,
    Conflict,
    Grant,
    Hold,
    Record,
    Refused,
    Release,
    Settle,
    Subscribe,
    Usage,
    load_book,
)
from mimo_credits.sql import configure_sqlite, open_ledger

BOOK = load_book()
START = datetime(2026, 6, 1, tzinfo=UTC)
USAGE = Usage("mimo-v2.5", input_tokens=1_000)
MINE = Table("mine", MetaData(), Column("id", String(80), primary_key=True))
"""The caller's own rows: one for each command, written in its transaction."""

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload([__name__])


def open_engine(url: str) -> Engine:
    """An engine as a backend would make it; a lost connection is noticed when it is taken from the pool."""
    engine = create_engine(url, pool_pre_ping=True)
    return configure_sqlite(engine) if engine.dialect.name == "sqlite" else engine


# --- one writer, until it is killed ----------------------------------------------------------------------


class Step(NamedTuple):
    """What is written in one transaction: one command, or many in bulk, of one account."""

    account: str
    commands: list[Command]


def accounts_of(name: str) -> list[str]:
    """The accounts of one writer."""
    return [f"{name}, account {number}" for number in range(3)]


def life(name: str) -> Iterator[Step]:
    """Without end: three accounts that subscribe, use, hold, settle and release, and now and then a backlog."""
    accounts = accounts_of(name)
    for account in accounts:
        yield Step(account, [Subscribe("s", START, "lite")])
    at = START
    for turn in range(10**6):
        at += timedelta(seconds=1)
        until = at + timedelta(seconds=20)
        account = accounts[turn % 3]
        if turn % 10 == 9:
            yield Step(account, [Record(f"{turn}.{part}", at, USAGE) for part in range(30)])
        elif turn % 4 == 0:
            yield Step(account, [Hold(f"{turn}", at, USAGE, expires_at=until)])
            end = Settle if turn % 8 else Release
            yield Step(account, [end(f"{turn} ends", at, f"{turn}", *([USAGE] if end is Settle else []))])
        elif turn % 7 == 0:
            yield Step(account, [Grant(f"{turn}", at, 5, until)])
        else:
            yield Step(account, [Record(f"{turn}", at, USAGE)])


def write_until_killed(url: str, name: str, acknowledgements: str) -> None:
    """Lives that life, and after each commit appends a byte to a file. A lost connection: the same step again."""
    engine = open_engine(url)
    with Path(acknowledgements).open("ab", buffering=0) as acknowledged:
        for step in life(name):
            while not write(engine, step):
                time.sleep(0.01)
            acknowledged.write(b".")


def write(engine: Engine, step: Step) -> bool:
    """One step and the caller's rows, in one transaction; False where the connection was lost."""
    try:
        with engine.begin() as connection:
            ledger = open_ledger(connection, BOOK)
            if len(step.commands) > 1:
                new = bool(ledger.fold(step.account, step.commands))
            else:
                new = not ledger.apply(step.account, step.commands[0]).repeat
            if new:
                connection.execute(insert(MINE), [{"id": name} for name in own_rows(step)])
    except OperationalError:
        return False
    return True


def own_rows(step: Step) -> list[str]:
    """The caller's rows of a step."""
    return [f"{step.account}: {command.id}" for command in step.commands]


# --- many writers at once --------------------------------------------------------------------------------

HELD, USED = "all hold on it", "all use it"
FEW_HOLD = Usage("mimo-v2.5", input_tokens=2_000_000)
"""200,000,000 credits: of these, an account of 4,100,000,000 has room for twenty."""


def at_once(holds: int, records: int, accounts: int) -> tuple[list[tuple[str, Command]], list[tuple[str, Command]]]:
    """Commands for two hot accounts and many others: what opens them, and what may then come in any order.

    Every third hold is settled, the rest stay open.
    """
    until = START + timedelta(days=1)
    names = [HELD, USED, *(f"other {number}" for number in range(accounts))]
    rest: list[tuple[str, Command]] = [(USED, Record(f"r{number}", START, USAGE)) for number in range(records)]
    rest += [(name, Record(f"r{part}", START, USAGE)) for name in names[2:] for part in "ab"]
    for number in range(holds):
        rest.append((HELD, Hold(f"h{number}", START, FEW_HOLD, expires_at=until)))
        if number % 3 == 0:
            rest.append((HELD, Settle(f"e{number}", START, f"h{number}", USAGE)))
    return [(name, Subscribe("s", START, "lite")) for name in names], rest


class Outcome(NamedTuple):
    """What one writer was told: the entries of a receipt, in words, and whether it was a repeat; or a refusal."""

    account: str
    id: str
    entries: str
    repeat: bool
    refused: str


def deliver(url: str, seed: int, holds: int, records: int, accounts: int) -> list[Outcome]:
    """Sends all of that, in an order of its own, each in a transaction; what was refused once more at the end."""
    engine, chance = open_engine(url), Random(seed)
    order = [one for part in at_once(holds, records, accounts) for one in chance.sample(part, len(part))]
    first = [_deliver(engine, *one) for one in order]
    again = [_deliver(engine, *one) for one, outcome in zip(order, first, strict=True) if outcome.refused]
    engine.dispose()
    return first + again


def _deliver(engine: Engine, account: str, command: Command) -> Outcome:
    try:
        with engine.begin() as connection:
            receipt = open_ledger(connection, BOOK).apply(account, command)
    except (Refused, Conflict) as error:
        return Outcome(account, command.id, "", False, str(error))
    return Outcome(account, command.id, repr(receipt.entries), receipt.repeat, "")
