"""Rating on Spark, by its operators and by SQL: each row costs what the core says, under any setting of the session."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from pyarrow import parquet

from mimo_credits.frames import rate
from mimo_credits.wire import to_data
from tests.frames.accounts import amounts, reference, statement_rows, table
from tests.frames.books import BOOKS
from tests.frames.rows import Row, digest, priced, table_of
from tests.frames.strategies import rows
from tests.frames.test_same_everywhere import expected
from tests.packaging.building import once
from tests.spark import lakes
from tests.spark.environment import submit
from tests.spark.session import SETTINGS

pytestmark = pytest.mark.beyond_core

WORLD = lakes.world()


def hostile() -> list[Row]:
    """Rows near every edge of every book."""
    made: list[Row] = []
    for book in BOOKS.values():

        @settings(max_examples=150, derandomize=True, database=None)
        @given(rows(book))
        def draw(row: Row) -> None:
            made.append(row)

        draw()
    return made


@pytest.fixture(scope="session")
def folder(archive: Path, tmp_path_factory) -> Path:
    def run(folder: Path) -> None:
        parquet.write_table(table_of(hostile()), folder / "requests.parquet")
        naive = table(WORLD.rows[:3])
        naive = naive.set_column(1, "at", naive["at"].cast("timestamp[us]"))
        parquet.write_table(naive, folder / "naive.parquet")
        parquet.write_table(table(WORLD.rows), folder / "usage.parquet")
        lines = [{"account": name, **to_data(each)} for name, said in WORLD.lifecycle.items() for each in said]
        (folder / "lifecycle.json").write_text(json.dumps(lines), "utf-8")
        done = submit(Path(__file__).with_name("session.py"), folder, archive=archive)
        assert done.returncode == 0, done.stdout + done.stderr

    return once(tmp_path_factory, "spark-session", run)


each_setting = pytest.mark.parametrize("number", range(len(SETTINGS)))
each_book = pytest.mark.parametrize("label", BOOKS)


@pytest.fixture(scope="session")
def drawn(folder: Path) -> list[Row]:
    """The rows that were rated."""
    lines = parquet.read_table(folder / "requests.parquet").to_pylist()
    return [Row(*(line[name] for name in Row._fields)) for line in lines]


@pytest.mark.parametrize("way", ["frame", "sql"])
@each_setting
@each_book
def test_a_row_costs_what_the_core_says(folder: Path, drawn: list[Row], number: int, label: str, way: str) -> None:
    found = priced(parquet.read_table(folder / f"{number} {label} {way}.parquet").to_pylist())
    theirs = list(expected(label, drawn))
    assert list(zip(drawn, found, strict=True)) == list(zip(drawn, theirs, strict=True))
    in_arrow = rate(table_of(drawn), BOOKS[label], errors="column").to_pylist()
    assert digest(found) == digest(priced(in_arrow))


@each_setting
@each_book
def test_the_total_is_exact(folder: Path, drawn: list[Row], number: int, label: str) -> None:
    totals = json.loads((folder / "totals.json").read_text())
    assert totals[f"{number} {label}"] == sum(row.millicredits for row in expected(label, drawn))


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("naive", "InputError: columns: 'at' holds naive timestamps: say their time zone"),
        ("naive settle", "InputError: columns: 'at' holds naive timestamps: say their time zone"),
        ("naive sql", "Spark: [USER_RAISED_EXCEPTION] the instants need a time zone"),
        ("naive sql, ANSI", "Spark: [USER_RAISED_EXCEPTION] the instants need a time zone"),
        ("faults", "RowsRefused: "),
    ],
)
def test_what_is_wrong_is_refused(folder: Path, what: str, why: str) -> None:
    assert json.loads((folder / "refusals.json").read_text())[what].startswith(why)


def test_settle_of_a_spark_frame_is_the_fold(folder: Path) -> None:
    world = WORLD._replace(before={})
    found = parquet.read_table(folder / "settled.parquet").to_pylist()
    statements = parquet.read_table(folder / "statements.parquet").to_pylist()
    assert len(found) == len(world.rows)
    for name in world.names():
        theirs = reference(world, name)
        own = [row for row in found if row["account"] == name]
        paid = {
            row["id"]: (row["millicredits"], row["overage"], row["card"], row["off_peak"], row["band"])
            for row in own
            if row["rated"]
        }
        assert paid == theirs.paid
        made = sorted((amounts(row) for row in statements if row["account"] == name), key=lambda row: row[1])
        assert made == statement_rows(name, theirs.statement)
