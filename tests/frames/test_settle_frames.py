"""Settling takes frames as users have them: gaps, far instants, odd accounts, pandas' index and zones."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from mimo_credits import (
    Account,
    Command,
    Grant,
    InputError,
    Record,
    Refused,
    RowsRefused,
    Settle,
    Subscribe,
    Usage,
    fold,
    load_book,
    timeline,
)
from mimo_credits.frames import Columns, Lifecycles, settle, settle_arrow
from tests.frames.accounts import SCHEMA, Row, World, table
from tests.frames.engines import ENGINES, rows_of_frame
from tests.frames.test_settle import check, settled

JUNE = datetime(2026, 6, 2, tzinfo=UTC)
PRO = "mimo-v2.5-pro"
every_engine = pytest.mark.parametrize("engine", ENGINES)


def used(name: str, at: datetime, id: str, tokens: int = 1_000) -> Row:
    return Row(name, at, id, PRO, tokens, 0, 0)


def bought(name: str) -> Subscribe:
    return Subscribe(f"plan-{name}", JUNE, "lite")


@every_engine
def test_rows_of_a_far_future_stay_with_their_accounts(engine: str) -> None:
    """Whatever more happens to others, and where pots run out, too: every row comes back, in a slot of its own."""
    far = datetime(2113, 1, 1, tzinfo=UTC)
    rows = [
        *(used("ada", JUNE + timedelta(hours=hour), f"a{hour}", 10**12) for hour in range(3)),
        used("bob", JUNE + timedelta(days=40), "b"),
        used("nobody", far, "n"),
        used("nobody", far.replace(year=8998), "later still"),
    ]
    lifecycle = {"ada": [bought("ada"), Grant("gift", JUNE + timedelta(hours=1), 5)], "bob": [bought("bob")]}
    check(World(load_book(), rows, lifecycle, {}), settled(World(load_book(), rows, lifecycle, {}), engine))


@every_engine
def test_a_row_outside_the_calendar_comes_back_refused(engine: str) -> None:
    rows = [*(used("ada", JUNE, f"a{number}", 10**12) for number in range(3)), used("bob", JUNE, "b")]
    given = table([*rows, used("bob", datetime(9500, 1, 1, tzinfo=UTC), "far")])
    made = settle(
        ENGINES[engine](given), {"ada": [bought("ada")], "bob": [bought("bob")]}, load_book(), errors="column"
    )
    assert {row["id"]: row["reason"] for row in rows_of_frame(made.rows)} == {
        **dict.fromkeys(("a0", "a1", "a2", "b")),
        "far": "outside-calendar",
    }


@every_engine
@pytest.mark.parametrize(("gap", "said"), [("account", "account"), ("id", "id")])
def test_a_row_of_nobody_or_without_an_id_is_refused(engine: str, gap: str, said: str) -> None:
    row = table([used("ada", JUNE, "a")]).to_pylist()[0]
    given = pa.Table.from_pylist([row, {**row, "id": "b", gap: None}], SCHEMA)
    with pytest.raises(InputError, match=f"^{said}: is null in some rows"):
        settle(ENGINES[engine](given), {"ada": [bought("ada")]}, load_book(), errors="column")


@every_engine
def test_an_account_may_have_no_instant_at_all(engine: str) -> None:
    row = table([used("ada", JUNE, "a")]).to_pylist()[0]
    given = pa.Table.from_pylist([row, {**row, "account": "bob", "at": None}], SCHEMA)
    made = settle(ENGINES[engine](given), {"ada": [bought("ada")]}, load_book(), errors="column")
    assert {row["account"]: row["reason"] for row in rows_of_frame(made.rows)} == {"ada": None, "bob": "missing"}


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Shanghai"])
def test_a_frame_of_pandas_keeps_its_index_and_its_zone(zone: str) -> None:
    frame = table([used("ada", JUNE, "a"), used("ada", JUNE, "a"), used("bob", JUNE, "b")]).to_pandas()
    frame["at"] = frame["at"].dt.tz_convert(zone)
    frame.index = pd.Index([7, 8, 3], name="account")
    made = settle(frame, {"ada": [bought("ada")], "bob": [bought("bob")]}, load_book()).rows
    assert made.index.name == "account"
    assert sorted(made.index) in ([3, 7], [3, 8])
    assert made.at[3, "id"] == "b"
    assert made.dtypes["at"] == frame.dtypes["at"]
    assert list(made.columns[:7]) == list(frame.columns)


def test_text_of_any_width_names_accounts() -> None:
    given = table([used("ada", JUNE, "a"), used("ada", JUNE, "a")])
    wide = given.cast(
        pa.schema([(each.name, pa.large_string() if each.type == pa.string() else each.type) for each in SCHEMA])
    )
    assert settle(wide, {"ada": [bought("ada")]}, load_book()).rows["drawn"].to_pylist() == [300_000_000]


def test_a_table_of_a_users_own_is_not_taken_for_ours() -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE table_ AS SELECT 1 AS one")
        frame = connection.from_arrow(table([used("ada", JUNE, "a")]))
        made = settle(frame, {"ada": [bought("ada")]}, load_book())
        assert made.rows.project("drawn").fetchall() == [(300_000_000,)]


@pytest.mark.parametrize("errors", ["raise", "column"])
def test_a_command_of_an_account_without_usage_is_not_refused_in_silence(errors: Any) -> None:
    """Also where it is no plain account, and nothing is drawn from it."""
    lost = Settle("lost", JUNE + timedelta(hours=1), "no hold", Usage(PRO))
    lifecycle = {"ada": [bought("ada")], "quiet": [replace(bought("quiet"), first_purchase=None), lost]}
    given = table([used("ada", JUNE, "a")])
    if errors == "raise":
        with pytest.raises(Refused) as refused:
            settle(given, lifecycle, load_book())
        assert str(refused.value).startswith("account 'quiet'")
    else:
        made = settle(given, lifecycle, load_book(), errors="column")
        assert [each.command for each in made.rejected["quiet"]] == [lost]


def test_a_tier_that_is_not_sold_is_refused_of_whoever_has_no_usage() -> None:
    with pytest.raises(Refused, match="has no tier"):
        settle(table([]), {"quiet": [Subscribe("buy", JUNE, "platinum")]}, load_book())


def test_numbers_of_a_column_with_gaps_are_read_as_they_are() -> None:
    import narwhals.stable.v2 as nw

    from mimo_credits.frames.beside import integers

    for column in (pd.Series([1.0, None]), pd.array([1, None], "Int64"), pd.array([1, None], "int64[pyarrow]")):
        assert integers(nw.from_native(pd.Series(column), series_only=True)).tolist() == [1, 0]
    decimals = pa.chunked_array([pa.array([2**80, 5, None], pa.decimal128(38, 0))])
    assert integers(nw.from_native(decimals, series_only=True)).tolist() == [2**63 - 1, 5, 0]
    assert integers(nw.from_native(pd.Series([2**53 + 1]), series_only=True)).dtype == np.int64


@every_engine
@pytest.mark.parametrize("id", ["", "x" * 257])
@pytest.mark.parametrize("field", ["id", "account"])
def test_what_the_ledger_takes_for_no_id_is_none_here(engine: str, id: str, field: str) -> None:
    row = table([used("ada", JUNE, "a")]).to_pylist()[0]
    given = pa.Table.from_pylist([row, {**row, "id": "b", field: id}], SCHEMA)
    with pytest.raises(InputError, match=rf"^{field}: needs"):
        settle(ENGINES[engine](given), {"ada": [bought("ada")]}, load_book(), errors="column")
    with pytest.raises(InputError, match=rf"^{field}: needs"):
        list(settle_arrow(given.sort_by("account").to_batches(), {}, load_book(), errors="column"))


def test_an_id_of_many_bytes_is_one() -> None:
    long = "字" * 256
    for engine in ENGINES.values():
        made = settle(engine(table([used(long, JUNE, long)])), {long: [bought("ada")]}, load_book())
        assert [row["drawn"] for row in rows_of_frame(made.rows)] == [300_000_000]


@every_engine
@pytest.mark.parametrize("name", ["Card", "REASON", "Drawn", "__MIMO_us", "__settle_slot"])
def test_a_column_in_the_way_is_refused_in_any_capitals(engine: str, name: str) -> None:
    """To DuckDB and Spark they are the same name, and the frame's would be taken for ours."""
    given = table([used("ada", JUNE, "a")]).append_column(name, [[5]])
    with pytest.raises(InputError, match=f"column '{name}' already"):
        settle(ENGINES[engine](given), {"ada": [bought("ada")]}, load_book())


def test_lifecycles_made_beforehand_serve_both_ways_of_settling() -> None:
    end = JUNE + timedelta(days=60)
    before, _ = fold(Account(), [bought("ada")], load_book())
    known = Lifecycles({"bob": [bought("bob")]}, {"ada": before}, end)
    given = table([used("ada", JUNE + timedelta(days=1), "a")])
    made = settle(given, known, load_book()).accounts
    (part, rest) = settle_arrow(given.to_batches(), known, load_book())
    assert dict(made) == {**part.accounts, **rest.accounts}
    assert all(account.now is not None and account.now > JUNE + timedelta(days=20) for account in made.values())
    for options in ({"accounts": {"ada": before}}, {"until": end}):
        with pytest.raises(InputError, match="stands in the Lifecycles already"):
            settle(given, known, load_book(), **options)
        with pytest.raises(InputError, match="stands in the Lifecycles already"):
            list(settle_arrow(given.to_batches(), known, load_book(), **options))


def test_errors_is_one_of_two() -> None:
    odd: Any = "nope"
    with pytest.raises(InputError, match=r"errors: needs"):
        settle(table([]), {}, load_book(), errors=odd)
    with pytest.raises(InputError, match=r"errors: needs"):
        list(settle_arrow([], {}, load_book(), errors=odd))


@pytest.mark.parametrize("at", [2**58, -(2**58)])
def test_a_stream_refuses_an_instant_that_python_does_not_have(at: int) -> None:
    row = table([used("ada", JUNE, "a")])
    far = row.set_column(row.schema.get_field_index("at"), "at", [pa.array([at], pa.timestamp("us", "UTC"))])
    with pytest.raises(RowsRefused, match=f"outside-calendar: 1, such as[^$]*at '{at // 1000} ms since 1970'"):
        list(settle_arrow(far.to_batches(), {"ada": [bought("ada")]}, load_book()))
    (part,) = settle_arrow(far.to_batches(), {"ada": [bought("ada")]}, load_book(), errors="column")
    assert part.rows["reason"].to_pylist() == ["outside-calendar"]


@every_engine
@pytest.mark.parametrize("more", [True, False], ids=["with other rows", "with no other row"])
def test_a_row_without_an_instant_has_its_reason_in_a_folded_account_too(engine: str, more: bool) -> None:
    """Such is one with a Record in its lifecycle; and bob's usage would be late."""
    at = datetime(2026, 7, 1, tzinfo=UTC)
    told: list[Command] = [Subscribe("buy", at, "lite"), Record("r", at, Usage("mimo-v2.5", input_tokens=5))]
    before, _ = fold(Account(), told, load_book())
    rows = [Row(name, at + timedelta(hours=1), "good", "mimo-v2.5", 7, 0, 0) for name in ("ada", "bob") if more]
    whole = table([*rows, *(Row(name, at, "none", "mimo-v2.5", 7, 0, 0) for name in ("ada", "bob"))])
    given = zip(*(whole[name].to_pylist() for name in ("id", "at")), strict=True)
    instants = [None if id == "none" else instant for id, instant in given]
    place = whole.schema.get_field_index("at")
    whole = whole.set_column(place, whole.schema.field("at"), pa.array(instants, whole.schema.field("at").type))
    made = settle(ENGINES[engine](whole), {"ada": told}, load_book(), accounts={"bob": before}, errors="column")
    assert set(made.folded) >= {"ada"}
    found = {(row["account"], row["id"]): (row["reason"], row["drawn"]) for row in rows_of_frame(made.rows)}
    paid = {(row.account, row.id): (None, 7 * 100_000) for row in rows}
    assert found == {**paid, ("ada", "none"): ("missing", 0), ("bob", "none"): ("missing", 0)}
    for name, commands in (("ada", [*told]), ("bob", [])):
        own = [Record(row.id, row.at, Usage(row.model, input_tokens=7)) for row in rows if row.account == name]
        expected, _ = fold(before if name == "bob" else Account(), timeline([*commands, *own]), load_book())
        assert made.accounts[name] == expected


@every_engine
def test_columns_may_have_any_names(engine: str) -> None:
    at = datetime(2026, 7, 1, tzinfo=UTC)
    rows = [Row("ada", at, "a", "mimo-v2.5", 7, 0, 0), Row("ada", at, "a", "mimo-v2.5", 7, 0, 0)]
    names = {"account": "first", "id": "rows", "at": "last", "model": "all", "input_tokens": "one"}
    renamed = table(rows).rename_columns([names.get(name, name) for name in table(rows).column_names])
    made = settle(
        ENGINES[engine](renamed), {"ada": [Subscribe("buy", at, "lite")]}, load_book(), columns=Columns(**names)
    )
    assert [(row["first"], row["rows"], row["overage"]) for row in rows_of_frame(made.rows)] == [("ada", "a", 0)]
    assert made.repeats == 1
