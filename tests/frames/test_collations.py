"""Texts are compared byte by byte on DuckDB, too, whatever collation a column or the connection has."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from mimo_credits import Command, RowsRefused, Subscribe, load_book
from mimo_credits.frames import Columns, rate, rate_sql
from mimo_credits.frames.settling import settle
from tests.frames.accounts import Row, World, table
from tests.frames.engines import rows_of_frame
from tests.frames.test_settle import check
from tests.ledger.worlds import plain

DAY = datetime(2026, 1, 1, tzinfo=UTC)
LITE: list[Command] = [Subscribe("buy", DAY, "lite")]


@pytest.fixture(params=["the connection's", "the columns' own"])
def connection(request: pytest.FixtureRequest) -> Iterator[duckdb.DuckDBPyConnection]:
    """One with a table `usage` of no rows, which takes a and A for the same, or é and e."""
    with duckdb.connect() as connected:
        own = "COLLATE NOCASE" if request.param == "the columns' own" else ""
        if not own:
            connected.execute("SET default_collation = 'NOCASE.NOACCENT'")
        columns = [
            *(f"{name} VARCHAR {own}" for name in ("account", "id", "model")),
            '"at" TIMESTAMPTZ',
            *(f"{name} BIGINT" for name in ("input_tokens", "cached_tokens", "output_tokens")),
        ]
        connected.execute(f"CREATE TABLE usage ({', '.join(columns)})")
        yield connected


def filled(connection: duckdb.DuckDBPyConnection, rows: list[Row]) -> duckdb.DuckDBPyRelation:
    given = table(rows)
    connection.register("given", given)
    connection.execute("INSERT INTO usage BY NAME SELECT * FROM given")
    return connection.table("usage")


def test_accounts_and_ids_are_settled_by_their_bytes(connection: duckdb.DuckDBPyConnection) -> None:
    sizes = {"A": 3, "a": 4, "B": 1, "b": 2, "é": 1, "z": 1}
    rows = [
        Row(name, DAY + timedelta(hours=2), id, "weighted", size, 0, 0)
        for name in ("ada", "ADA", "adá")
        for id, size in sizes.items()
    ]
    world = World(plain(), rows, {"ada": LITE, "ADA": LITE, "adá": LITE}, {})
    made = settle(filled(connection, rows), world.lifecycle, world.book, errors="column")
    check(world, made)


def test_models_are_rated_by_their_bytes(connection: duckdb.DuckDBPyConnection) -> None:
    at = datetime(2026, 7, 1, tzinfo=UTC)
    names = ("mimo-v2.5-pro", "MIMO-v2.5-pro")
    usage = filled(connection, [Row("ada", at, name, name, 1, 0, 0) for name in names])
    kept = rows_of_frame(rate(usage, load_book(), errors="column"))
    assert {row["model"]: row["reason"] for row in kept} == dict(zip(names, (None, "unknown-model"), strict=True))
    with pytest.raises(RowsRefused, match="unknown-model: 1, such as"):
        rate(usage, load_book())
    columns = Columns(audio_seconds=None, web_searches=None, images=None)
    query = rate_sql(load_book(), "usage", "duckdb", columns=columns)
    rated = connection.sql(query).project("model, rated").fetchall()
    assert dict(rated) == dict(zip(names, (True, False), strict=True))
