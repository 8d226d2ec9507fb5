"""The SQL text: executed, it says what the core says, whatever the names, the types and the session's time zone are."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mimo_credits import InputError
from mimo_credits.frames import Columns, rate_sql
from mimo_credits.frames.columns import ADDED
from tests.frames.books import BOOKS
from tests.frames.rows import NOON, Row, by_core, priced, table_of
from tests.frames.strategies import rows
from tests.frames.test_same_everywhere import each_book, expected

PUBLISHED = BOOKS["published"]


def executed(sql: str, table, *settings: str) -> list:
    duckdb = pytest.importorskip("duckdb")
    with duckdb.connect() as connection:
        for each in settings:
            connection.execute(each)
        connection.register("a table", table)
        return connection.sql(sql).to_arrow_table().to_pylist()


@pytest.mark.beyond_core
@each_book
@settings(max_examples=10)
@given(data=st.data())
def test_a_row_costs_the_same_in_sql(label, data):
    drawn = data.draw(st.lists(rows(BOOKS[label]), min_size=40, max_size=120))
    found = priced(executed(rate_sql(BOOKS[label], "a table", "duckdb"), table_of(drawn)))
    assert list(zip(drawn, found, strict=True)) == list(zip(drawn, expected(label, drawn), strict=True))


@pytest.mark.beyond_core
@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/New_York"])
def test_the_sessions_time_zone_has_no_say(zone):
    drawn = [Row(NOON.replace(hour=hour), "mimo-v2.5-pro", 100, 50, 7) for hour in range(24)]
    found = executed(rate_sql(PUBLISHED, "a table", "duckdb"), table_of(drawn), f"SET timezone = '{zone}'")
    assert priced(found) == [by_core(PUBLISHED, row) for row in drawn]


@pytest.mark.beyond_core
def test_naive_instants_end_the_query():
    table = table_of([Row(NOON, "mimo-v2.5-pro", 1)])
    naive = table.set_column(2, "at", table["at"].cast("timestamp[us]"))
    with pytest.raises(Exception, match="the instants need a time zone"):
        executed(rate_sql(PUBLISHED, "a table", "duckdb"), naive)


@pytest.mark.beyond_core
def test_names_are_names_whatever_is_in_them():
    names = Columns('a "cct"', 'a"t', "SELECT", "in; --", "out'put", "ünd", None, None, None, None)
    table = table_of([Row(NOON, "mimo-v2.5-pro", 100, 50, 7)]).select([0, 1, 2, 3, 4, 5, 6])
    table = table.rename_columns(["n", *names[:6]])
    (found,) = executed(rate_sql(PUBLISHED, "a table", "duckdb", columns=names), table)
    assert list(found) == ["n", *names[:6], *ADDED, "reason"]
    assert found["millicredits"] == by_core(PUBLISHED, Row(NOON, "mimo-v2.5-pro", 100, 50, 7)).millicredits


@pytest.mark.beyond_core
def test_narrow_counts_are_widened_before_they_are_multiplied():
    table = table_of([Row(NOON, "mimo-v2.5-pro", 1_000_000, 0, 7)])
    schema = table.schema
    for place, name in enumerate(schema.names):
        if name.endswith("_tokens"):
            schema = schema.set(place, schema.field(place).with_type(pa.int32()))
    (found,) = executed(rate_sql(PUBLISHED, "a table", "duckdb"), table.cast(schema))
    assert found["millicredits"] == 300_000 * 1_000_000 + 600_000 * 7


def test_the_text_names_each_card_with_its_digest():
    text = rate_sql(PUBLISHED, "lake.usage", "spark")
    for card in PUBLISHED:
        assert f"{card.id}, in force from {card.effective_from.isoformat()}, sha256 {card.sha256}" in text
    assert "FROM `lake`.`usage`" in text


def test_a_quote_in_a_models_name_is_escaped_as_the_dialect_does():
    made = BOOKS["made cards"]
    assert r"'it\'s'" in rate_sql(made, "t", "spark")
    assert "'it''s'" in rate_sql(made, "t", "duckdb")


def test_another_dialect_is_refused():
    with pytest.raises(InputError, match="dialect: needs one of duckdb, spark, not 'oracle'"):
        rate_sql(PUBLISHED, "t", "oracle")


@pytest.mark.parametrize("source", ["", "lake.", ".requests", "lake..requests", "read_parquet('x.parquet')", 5])
@pytest.mark.parametrize("dialect", ["duckdb", "spark"])
def test_a_source_is_the_name_of_a_table(source, dialect):
    with pytest.raises(InputError, match="source: needs the name of a table or view"):
        rate_sql(PUBLISHED, source, dialect)
