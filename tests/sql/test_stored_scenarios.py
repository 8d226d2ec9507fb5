"""The golden scenarios, in SQLite and PostgreSQL: told by the same runner that tells them of the in-memory ledger."""

from __future__ import annotations

from functools import partial

import pytest

from tests.scenarios.reading import read_all
from tests.scenarios.runner import run
from tests.sql.stores import Books

pytestmark = pytest.mark.beyond_core

SCENARIOS = {scenario.name: scenario for _, topic in read_all() for scenario in topic.scenario}


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name, shared_engine):
    assert run(SCENARIOS[name], partial(Books, shared_engine)) == []
