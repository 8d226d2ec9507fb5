"""The notebooks run from their first cell to their last, and are committed without what they showed.

They run by nbmake, in a pytest of their own whose home is a temporary folder: a kernel writes settings and history.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from mimo_credits import Usage, charge
from tests.cli.responses import openai

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))


def cells(notebook):
    return json.loads(notebook.read_text(encoding="utf-8"))["cells"]


def test_there_are_notebooks():
    assert [notebook.stem for notebook in NOTEBOOKS] == ["explain-statement", "may-change", "which-tier"]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_committed_without_outputs(notebook):
    for cell in cells(notebook):
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_prose_with_short_cells(notebook):
    """Each cell of code is introduced by prose, and does one thing."""
    kinds = [cell["cell_type"] for cell in cells(notebook)]
    assert kinds[0] == "markdown"
    assert ("code", "code") not in pairwise(kinds)
    assert all(len(cell["source"]) <= 12 for cell in cells(notebook))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(notebook, tmp_path):
    home = {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path), "JUPYTER_PREFER_ENV_PATH": "1"}
    elsewhere = ("IPYTHON", "JUPYTER", "MPL", "PYTEST", "COV_", "XDG_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(elsewhere)} | home
    command = [sys.executable, "-m", "pytest", "--nbmake", "--nbmake-timeout=120", "-q", "-p", "no:cacheprovider"]
    found = subprocess.run(
        [*command, str(notebook)], cwd=ROOT, env=environment, check=False, capture_output=True, text=True
    )
    assert found.returncode == 0, found.stdout + found.stderr
    assert "1 passed" in found.stdout


def test_the_tier_is_found_from_any_log_not_only_from_the_example(tmp_path, monkeypatch):
    """Twenty days of August, with a line twice: the same amount every day."""
    august = int(datetime(2026, 8, 1, 12, tzinfo=UTC).timestamp())
    lines = [json.dumps(openai(f"r-{day}", august + day * 86_400, "mimo-v2.5-pro", 1_000_000)) for day in range(22)]
    log = tmp_path / "august.jsonl"
    log.write_text("\n".join([*lines, lines[0]]), encoding="utf-8")
    notebook = next(path for path in NOTEBOOKS if path.stem == "which-tier")
    monkeypatch.chdir(notebook.parent)
    names: dict[str, object] = {}
    for cell in cells(notebook):
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]).replace("../examples/april-to-june.jsonl", str(log)), names)
    assert (names["since"], names["until"]) == (datetime(2026, 8, 2, tzinfo=UTC), datetime(2026, 8, 22, tzinfo=UTC))
    daily = charge(names["card"], Usage.from_openai(json.loads(lines[0])))
    assert names["answer"].use.millicredits == 30 * daily
    assert len(names["records"]) == 22
