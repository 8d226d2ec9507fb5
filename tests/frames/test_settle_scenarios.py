"""The golden scenarios, settled: each account of each is what the ledger makes of the same commands in their order."""

from __future__ import annotations

import pytest

from mimo_credits import Conflict, timeline
from tests.frames.accounts import World, split
from tests.frames.test_settle import check, settled
from tests.scenarios.reading import book_of, read_all
from tests.scenarios.vocabulary import Scenario, ThenRow

SCENARIOS = [(stem, scenario) for stem, topic in read_all() for scenario in topic.scenario]


def world_of(scenario: Scenario) -> World | None:
    """Every account of the scenario; None where one says two things under one id, which no batch may."""
    world = World(book_of(scenario.cards), [], {}, {})
    steps = [step for step in scenario.steps if not isinstance(step, ThenRow)]
    commands = [
        (step.account, step.command(number))
        for number, step in enumerate(scenario.steps, 1)
        if not isinstance(step, ThenRow)
    ]
    for name in dict.fromkeys(step.account for step in steps):
        try:
            ordered = timeline(command for account, command in commands if account == name)
        except Conflict:
            return None
        rows, world.lifecycle[name] = split(name, ordered)
        world.rows.extend(rows)
    return world


WORLDS = [(f"{stem}: {scenario.name}", world) for stem, scenario in SCENARIOS if (world := world_of(scenario))]


def test_there_are_scenarios_to_settle() -> None:
    assert len(WORLDS) > 0.9 * len(SCENARIOS)
    assert any(world.rows for _, world in WORLDS)


@pytest.mark.parametrize(("name", "world"), WORLDS, ids=[name for name, _ in WORLDS])
def test_a_scenario_settled_is_the_fold_of_its_commands(name: str, world: World) -> None:
    check(world, settled(world, "polars"))
    check(world, settled(world, "pyarrow"))
