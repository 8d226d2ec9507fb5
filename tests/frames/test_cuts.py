"""The request on which the pots run out: found on every engine, whatever stands at its instant, however it is joined."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mimo_credits import Command, Subscribe
from mimo_credits.frames import placing
from tests.frames.accounts import Row, World
from tests.frames.engines import ENGINES, rows_of_frame
from tests.frames.test_settle import FEW, check, settled
from tests.ledger.worlds import plain

DAY = datetime(2026, 1, 1, tzinfo=UTC)
LITE: list[Command] = [Subscribe("buy", DAY, "lite")]
"""Ten credits, for a day or two."""

every_engine = pytest.mark.parametrize("engine", ENGINES)


@st.composite
def crowds(draw: st.DrawFn) -> World:
    """Requests of few instants, so that many fall on one, in cycles of which most run out; ids in any order."""
    rows = []
    for name in ("ada", "bob"):
        ids = draw(st.lists(st.text("ab~é", min_size=1, max_size=3), unique=True, min_size=1, max_size=12))
        for id in ids:
            hour = draw(st.sampled_from((1, 2, 3, 30, 31, 60, 61, 90, 130)))
            rows.append(Row(name, DAY + timedelta(hours=hour), id, "weighted", draw(st.integers(0, 4)), 0, 0))
    return World(plain(), draw(st.permutations(rows)), {"ada": LITE, "bob": LITE}, {})


@every_engine
@FEW
@given(world=crowds())
def test_who_paid_is_what_the_ledger_says(engine: str, world: World) -> None:
    check(world, settled(world, engine))


@every_engine
@FEW
@given(world=crowds())
def test_what_raises_nothing_gives_the_same_rows(engine: str, world: World) -> None:
    kept, raised = (rows_of_frame(settled(world, engine, errors=errors).rows) for errors in ("column", "raise"))
    assert all(row.pop("reason") is None for row in kept)
    assert sorted(kept, key=_key) == sorted(raised, key=_key)


@every_engine
@pytest.mark.parametrize("few", [0, 1000], ids=["by the slot's number", "beside the account"])
@settings(FEW, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(world=crowds())
def test_how_slots_are_joined_makes_no_difference(
    engine: str, few: int, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_it_is = rows_of_frame(settled(world, engine).rows)
    with monkeypatch.context() as patched:
        patched.setattr(placing, "_FEW", few)
        assert sorted(rows_of_frame(settled(world, engine).rows), key=_key) == sorted(as_it_is, key=_key)


@every_engine
@pytest.mark.parametrize(
    ("tokens", "drawn"),
    [
        ((2, 2, 2), (4_000, 4_000, 2_000)),
        ((5, 1, 1), (10_000, 0, 0)),
        ((6, 0, 1), (10_000, 0, 0)),
        ((4, 2, 2), (8_000, 2_000, 0)),
    ],
)
@pytest.mark.parametrize("hours", [(2, 2, 2), (2, 2, 3), (2, 3, 3), (2, 3, 4)])
def test_the_cut_at_each_place_of_its_instant(engine: str, tokens: Any, drawn: Any, hours: Any) -> None:
    """Each token takes two credits, and the pot has ten."""
    requests = zip("abc", hours, tokens, strict=True)
    rows = [Row("ada", DAY + timedelta(hours=hour), id, "weighted", size, 0, 0) for id, hour, size in requests]
    made = rows_of_frame(settled(World(plain(), rows[::-1], {"ada": LITE}, {}), engine).rows)
    assert {row["id"]: row["drawn"] for row in made} == dict(zip("abc", drawn, strict=True))


def _key(row: dict[str, Any]) -> Any:
    return row["account"], row["id"]
