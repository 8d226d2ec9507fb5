"""The notebooks run from their first cell to their last, and are committed without what they showed.

They run by nbmake, in a pytest of their own whose home is a temporary folder: a kernel writes settings and history.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

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
