"""The job for a cluster gives what the plain fold gives, whatever the lake's shape and the session's settings are."""

from __future__ import annotations

import hashlib
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pytest

from mimo_credits import Advance
from mimo_credits.frames import settle
from mimo_credits.wire import loads
from tests.frames.accounts import Row, World, amounts, reference, statement_rows, table
from tests.frames.engines import ENGINES, rows_of_frame
from tests.packaging.building import ROOT, once
from tests.spark import lakes
from tests.spark.environment import CLUSTER, made, submit

pytestmark = pytest.mark.beyond_core

JOB = ROOT / "docs/examples/spark/settle_lake.py"
WORLD = lakes.world()
END = lakes.START + timedelta(days=95)
"""After all usage: everybody with a plan has renewed three times."""
TOLD = WORLD._replace(lifecycle={name: [*WORLD.lifecycle.get(name, ()), Advance(END)] for name in WORLD.names()})
OTHER_NAMES = [part for ours, theirs in lakes.THEIR_NAMES.items() for part in ("--column", f"{ours}={theirs}")]
RUNS = {
    "in order, ANSI": (lakes.in_order_of_accounts, ["--partitions", 2], "true", "Asia/Shanghai"),
    "by day, wrapping": (
        lakes.by_day_in_no_order,
        ["--partitions", 5, "--partition-by", "day", *OTHER_NAMES],
        "false",
        "America/New_York",
    ),
}
RESULT = ("millicredits", "drawn", "overage", "card", "band", "off_peak", "rated", "segment_start", "reason")


@pytest.fixture(scope="session", params=RUNS)
def output(request, archive: Path, tmp_path_factory) -> Path:
    shape, options, ansi, zone = RUNS[request.param]

    def run(folder: Path) -> None:
        shape(WORLD, folder / "lake")
        lifecycle, before = lakes.write_lifecycle(WORLD, folder)
        paths = (folder / "lake", lifecycle, folder / "output", "--accounts", before, "--keep-going")
        paths = (*paths, "--until", END.isoformat())
        settings = {"spark__sql__ansi__enabled": ansi, "spark__sql__session__timeZone": zone}
        done = submit(JOB, *paths, *options, archive=archive, **settings)
        assert done.returncode == 0, done.stdout + done.stderr

    return once(tmp_path_factory, f"spark-{shape.__name__}", run) / "output"


def read(folder: Path) -> list[dict[str, Any]]:
    found = ds.dataset(folder, partitioning="hive").to_table()
    ours = {theirs: name for name, theirs in lakes.THEIR_NAMES.items()}
    return found.rename_columns([ours.get(name, name) for name in found.column_names]).to_pylist()


def test_every_row_statement_and_account_is_the_folds(output: Path) -> None:
    rows, statements = read(output / "rows"), read(output / "statements")
    accounts = {line["account"]: line for line in read(output / "accounts")}
    assert len(rows) == len(WORLD.rows)
    assert sorted(accounts) == WORLD.names()
    for name in WORLD.names():
        expected = reference(TOLD, name)
        assert loads(accounts[name]["state"]) == expected.account
        assert accounts[name]["remaining"] == expected.account.remaining_millicredits
        own = [row for row in rows if row["account"] == name]
        paid = {
            row["id"]: (row["millicredits"], row["overage"], row["card"], row["off_peak"], row["band"])
            for row in own
            if row["rated"]
        }
        assert paid == expected.paid
        assert {row["id"]: row["reason"] for row in own if not row["rated"]} == expected.rejected
        if name not in WORLD.before:
            made = sorted((amounts(row) for row in statements if row["account"] == name), key=lambda row: row[1])
            assert made == statement_rows(name, expected.statement)


def test_every_bill_is_there(output: Path) -> None:
    bills = read(output / "bills")
    for name in WORLD.names():
        made = reference(TOLD, name).statement
        due = [(bill.at, bill.amount) for cycle in made.cycles for part in cycle.segments for bill in part.bills]
        assert sorted((bill["at"], bill["amount"]) for bill in bills if bill["account"] == name) == sorted(due)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_digest_is_that_of_every_engine(output: Path, engine: str) -> None:
    made = settle(
        ENGINES[engine](table(WORLD.rows)), WORLD.lifecycle, WORLD.book, accounts=WORLD.before, errors="column"
    )
    assert digest(read(output / "rows")) == digest(rows_of_frame(made.rows))


def digest(rows: list[dict[str, Any]]) -> str:
    """One number for all rows and for the totals of the accounts, in a form that no engine has a say in."""
    names = (*Row._fields, *RESULT)
    lines = sorted(tuple(_plain(row[name]) for name in names) for row in rows)
    totals = {name: sum(row["millicredits"] for row in rows if row["account"] == name) for name in WORLD.names()}
    return hashlib.sha256("\n".join(map(repr, [*lines, totals])).encode()).hexdigest()


def _plain(value: Any) -> str:
    """Instants in UTC, whichever class of instants an engine has."""
    if hasattr(value, "astimezone") and value == value:
        return repr(round(value.timestamp() * 1_000_000))
    return "None" if value is None or value != value else repr(value)


def test_a_fault_ends_the_job_with_its_name(archive: Path, tmp_path: Path) -> None:
    made = World(WORLD.book, [row for row in WORLD.rows if row.account == "ada"], {"ada": WORLD.lifecycle["ada"]}, {})
    lakes.in_order_of_accounts(made, tmp_path / "lake")
    lifecycle, _ = lakes.write_lifecycle(made, tmp_path)
    done = submit(JOB, tmp_path / "lake", lifecycle, tmp_path / "output", archive=archive)
    assert done.returncode != 0
    assert "knows no model 'no-such-model'" in done.stdout + done.stderr
    assert not (tmp_path / "output/rows/_SUCCESS").exists()


def test_the_cluster_knows_this_library_from_the_archive_alone(archive: Path) -> None:
    found = subprocess.run([CLUSTER, "-c", "import pydantic"], capture_output=True, text=True, check=False, cwd="/")
    assert "No module named 'pydantic'" in found.stderr


def test_without_java_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(RuntimeError, match="apt-get install openjdk-17-jre-headless"):
        made()
