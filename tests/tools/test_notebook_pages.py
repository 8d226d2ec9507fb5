"""A notebook becomes a page: its links lead to pages, its cells are run, and what they show is on it."""

from __future__ import annotations

import sys

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, writes

from tools.site import BrokenLink, assemble, places


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A repository with two pages, one of them a notebook; and a home for the kernel to write to."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "docs" / "notebooks").mkdir(parents=True)
    (tmp_path / "docs" / "ledger.md").write_text("# The ledger\n\nSee [the notebook](notebooks/first.ipynb).\n")
    return tmp_path


def write_notebook(root, prose):
    cells = [
        new_markdown_cell(prose),
        new_code_cell("import sys\nprint(sys.executable)"),
        new_code_cell("from matplotlib.figure import Figure\nfrom mimo_credits.plots.canvas import Picture\nPicture()"),
        new_code_cell("from mimo_credits import load_card, Usage, quote"),
        new_code_cell("quote(load_card('2026-05-27'), Usage('mimo-v2.5-pro', output_tokens=1))"),
        new_code_cell("'[no](link)'"),
    ]
    (root / "docs" / "notebooks" / "first.ipynb").write_text(writes(new_notebook(cells=cells)), encoding="utf-8")


@pytest.mark.beyond_core
def test_a_notebook_is_run_and_written_as_a_page(root):
    write_notebook(root, "# First\n\nMore in [the ledger](../ledger.md#rules).")
    assemble(root, root / "built")
    page = (root / "built" / "notebooks" / "first.md").read_text(encoding="utf-8")
    assert "[the ledger](../ledger.md#rules)" in page
    assert sys.executable in page
    assert '<div class="mimo-credits">' in page
    assert "'[no](link)'" in page
    (picture,) = (root / "built" / "notebooks" / "first_files").iterdir()
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert f"](first_files/{picture.name})](first_files/{picture.name})" in page
    assert "(notebooks/first.md)" in (root / "built" / "ledger.md").read_text(encoding="utf-8")


@pytest.mark.beyond_core
def test_a_broken_link_of_a_notebook_stops_the_build(root):
    write_notebook(root, "# First\n\nMore in [the ledger](../leger.md).")
    with pytest.raises(BrokenLink, match=r"docs/notebooks/first.ipynb: ../leger.md leads to nothing"):
        assemble(root, root / "built")


def test_a_notebook_has_its_place_in_the_site(root):
    write_notebook(root, "# First")
    assert places(root) == {"docs/ledger.md": "ledger.md", "docs/notebooks/first.ipynb": "notebooks/first.md"}
