"""Settling a frame is the ledger's own fold of each account, on every engine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mimo_credits import Account, Advance, Command, Subscribe, fold, load_book
from mimo_credits.frames import settling
from mimo_credits.frames.settlement import Settlement
from mimo_credits.frames.settling import settle
from tests.frames.accounts import Row, World, amounts, reference, statement_rows, table, worlds
from tests.frames.engines import ENGINES, rows_of_frame


def settled(world: World, engine: str, **options: Any) -> Settlement:
    frame = ENGINES[engine](table(world.rows))
    return settle(frame, world.lifecycle, world.book, accounts=world.before, **{"errors": "column", **options})


def check(world: World, made: Settlement) -> None:
    """Everything that a settlement says is what the reference says."""
    rows = rows_of_frame(made.rows)
    statements = rows_of_frame(made.statements)
    assert sorted(made.accounts) == world.names()
    assert len(rows) == len(world.rows) - made.repeats
    for name in world.names():
        expected = reference(world, name)
        assert made.accounts[name] == expected.account
        own = [row for row in statements if row["account"] == name]
        if name not in world.before:
            assert [amounts(row) for row in own] == statement_rows(name, expected.statement)
        check_continued(world.before.get(name, Account()), own)
        check_rows(name, world, [row for row in rows if row["account"] == name])
        commands = {getattr(command, "id", "") for command in world.lifecycle.get(name, ())}
        refused = [each.command for each in made.rejected.get(name, ())]
        assert [getattr(each, "id", "") for each in refused] == [id for id in expected.rejected if id in commands]


def check_continued(before: Account, rows: list[dict[str, Any]]) -> None:
    """Only the segment that ran before is continued, from what the pots held; and every row's sums agree."""
    continued = [row for row in rows if row["reason"] == "continued"]
    assert continued == rows[: len(continued)]
    assert len(continued) == (before.plan is not None)
    for row in continued:
        assert before.plan is not None
        assert row["segment_start"] == before.plan.segment_start
        assert row["opening"] == before.remaining_millicredits
    for row in rows:
        came = row["opening"] + row["issued"] + row["granted"]
        assert came == row["used"] - row["overage"] + row["expired"] + row["held"] + row["closing"]


def check_rows(name: str, world: World, rows: list[dict[str, Any]]) -> None:
    expected = reference(world, name)
    paid = {
        row["id"]: (row["millicredits"], row["overage"], row["card"], row["off_peak"], row["band"])
        for row in rows
        if row["rated"]
    }
    assert paid == expected.paid
    assert all(row["drawn"] == row["millicredits"] - row["overage"] for row in rows)
    ids = {row.id for row in world.rows if row.account == name}
    assert {row["id"]: row["reason"] for row in rows if not row["rated"]} == {
        id: why for id, why in expected.rejected.items() if id in ids
    }


FEW = settings(max_examples=max(15, settings.default.max_examples // 5))
"""Each example is settled by an engine that takes longer to start than a ledger to decide."""


@pytest.mark.parametrize("engine", ENGINES)
@FEW
@given(world=worlds())
def test_it_is_the_fold_of_every_account(engine: str, world: World) -> None:
    check(world, settled(world, engine))


@pytest.mark.parametrize("engine", ENGINES)
@FEW
@given(world=worlds(hostile=True))
def test_it_is_the_fold_whatever_is_asked(engine: str, world: World) -> None:
    check(world, settled(world, engine))


@pytest.fixture(params=[0, 10**9], ids=["laid out over all the time", "over each account's own"])
def many_rows(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the number of rows: slots for all known accounts at once, or for each account that has rows."""
    monkeypatch.setattr(settling, "_MANY_ROWS", request.param)


@pytest.mark.usefixtures("many_rows")
@settings(FEW, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(world=st.one_of(worlds(), worlds(hostile=True)))
def test_how_slots_are_laid_out_makes_no_difference(world: World) -> None:
    check(world, settled(world, "polars lazy"))


@pytest.mark.usefixtures("many_rows")
@pytest.mark.parametrize("engine", ENGINES)
def test_accounts_of_which_nothing_is_known_are_not_left_out(engine: str) -> None:
    """Nor those to be folded, nor rows further apart than plans are laid out for."""
    may = datetime(2026, 5, 28, tzinfo=UTC)
    bought: list[Command] = [Subscribe("buy", may, "lite")]
    rows = [
        *(Row("ada", may + timedelta(hours=hour), f"a{hour}", "mimo-v2.5-pro", 10**6, 0, 0) for hour in range(60)),
        Row("nobody", may, "n", "mimo-v2.5-pro", 1, 0, 0),
        Row("late", may + timedelta(hours=1), "l", "mimo-v2.5-pro", 10**6, 0, 0),
        Row("bob", may + timedelta(days=1), "b", "mimo-v2.5-pro", 10**6, 0, 0),
    ]
    before, _ = fold(Account(), [*bought, Advance(may + timedelta(days=35))], load_book())
    lifecycle = {"ada": bought, "bob": bought}
    for others in ({"nobody", "late", "bob"}, {"nobody", "bob"}, {"late"}, set[str]()):
        own = [row for row in rows if row.account in others | {"ada"}]
        world = World(load_book(), own, lifecycle, {"late": before} if "late" in others else {})
        made = settled(world, engine)
        check(world, made)
        assert set(made.folded) == others & {"late"}
    far = [*rows, Row("bob", may + timedelta(days=500), "far", "mimo-v2.5-pro", 1, 0, 0)]
    check(World(load_book(), far, lifecycle, {}), settled(World(load_book(), far, lifecycle, {}), engine))
