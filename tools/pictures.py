"""`docs/images/`: the pictures of the README, drawn from the example log and from what the command prints.

    python -m tools.pictures

They are drawn by the library itself, so they show what it does: the notebook's cell is the README's own, run by Jupyter
and photographed in Chromium. Their bytes depend on the versions and fonts of others, so no check compares them: draw
them anew when what they show has changed.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

import nbformat
from matplotlib.figure import Figure
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from PIL import Image, ImageChops

from mimo_credits import Account, Entry, Record, Subscribe, fold, load_book, timeline
from mimo_credits.cli import main as command
from mimo_credits.plots import burn_down

ROOT = Path(__file__).resolve().parent.parent
FOLDER = "docs/images"

_BEIJING = timezone(timedelta(hours=8), "Beijing")
_BOUGHT = datetime(2026, 4, 10, 9, tzinfo=_BEIJING)
_MIGRATION = datetime(2026, 5, 27, tzinfo=_BEIJING)
_PLAN = ["plan", "--workload", "coding-session", "--times", "300", "--card", "2026-05-27"]

_CELL = re.compile(r"```python\n(?P<source>(?:(?!```).)*compare_tiers\((?:(?!```).)*)```", re.DOTALL)
_BROWSER = ["chromium", "--headless", "--no-sandbox", "--disable-background-networking", "--hide-scrollbars"]
_PAGE = (1040, 1400)
"""Width and height of the browser's window, in pixels; what is blank at its end is cut off."""

_NIGHT, _TEXT, _PROMPT = "#1e1e2e", "#e6e6ef", "#8ad4a5"
_SIZE, _LINE, _LETTER, _MARGIN = 11, 0.215, 0.0925, 0.3
"""Points of the text; inches of a line, of a letter and of the margin."""


def entries_of_the_example(root: Path) -> list[Entry]:
    """What the example's account did, on a Standard plan from 10 April on."""
    log = (root / "docs" / "examples" / "april-to-june.jsonl").read_text(encoding="utf-8")
    records = [Record.from_response(json.loads(line)) for line in log.splitlines()]
    _, entries = fold(Account(), timeline([Subscribe("first", _BOUGHT, "standard"), *records]), load_book())
    return list(entries)


def terminal(arguments: list[str]) -> Figure:
    """A command of the program and what it prints, as a terminal shows it."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        command(arguments)
    lines = [f"$ mimo-credits {' '.join(arguments)}", "", *printed.getvalue().rstrip().splitlines()]
    width = max(map(len, lines)) * _LETTER + 2 * _MARGIN
    height = len(lines) * _LINE + 2 * _MARGIN
    figure = Figure(figsize=(width, height), dpi=110, facecolor=_NIGHT)
    for place, line in enumerate(lines):
        figure.text(
            _MARGIN / width,
            1 - (_MARGIN + place * _LINE) / height,
            line.replace("$", r"\$"),
            family="DejaVu Sans Mono",
            size=_SIZE,
            color=_TEXT if place else _PROMPT,
            va="top",
        )
    return figure


def cell_of_the_readme(root: Path) -> str:
    """The code that the README shows as one cell of a notebook."""
    found = _CELL.search((root / "README.md").read_text(encoding="utf-8"))
    assert found is not None, "README.md shows no cell with compare_tiers"
    return found["source"].strip()


def notebook_cell(source: str) -> Image.Image:
    """A cell and what it shows, as Jupyter lays it out. Needs the program `chromium`."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])  # type: ignore[no-untyped-call]
    NotebookClient(notebook, kernel_name="python3").execute()
    page, _ = HTMLExporter().from_notebook_node(notebook)  # type: ignore[no-untyped-call]
    with tempfile.TemporaryDirectory() as folder:
        written, taken = Path(folder, "cell.html"), Path(folder, "cell.png")
        written.write_text(page, encoding="utf-8")
        window = f"--window-size={_PAGE[0]},{_PAGE[1]}"
        options = [f"--user-data-dir={folder}/profile", f"--screenshot={taken}", window, written.as_uri()]
        subprocess.run([shutil.which(_BROWSER[0]) or _BROWSER[0], *_BROWSER[1:], *options], check=True)
        with Image.open(taken) as picture:
            return without_blank_end(picture.convert("RGB"))


def without_blank_end(picture: Image.Image) -> Image.Image:
    """The picture down to its last line that differs from the corner at its end, and a margin."""
    blank = Image.new("RGB", picture.size, picture.getpixel((picture.width - 1, picture.height - 1)))
    drawn = ImageChops.difference(picture, blank).getbbox()
    assert drawn is not None, "the browser showed a blank page"
    return picture.crop((0, 0, picture.width, min(picture.height, drawn[3] + 16)))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.pictures", description="Draws the README's pictures.")
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout (default: this one)")
    folder: Path = parser.parse_args(arguments).root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    pool = burn_down(entries_of_the_example(folder.parents[1]), at=_MIGRATION, zone=_BEIJING)
    for name, figure in (("burn-down", pool), ("plan", terminal(_PLAN))):
        figure.savefig(folder / f"{name}.png", metadata={"Software": None})
        print(f"wrote {FOLDER}/{name}.png")
    notebook_cell(cell_of_the_readme(folder.parents[1])).save(folder / "which-tier.png", optimize=True)
    print(f"wrote {FOLDER}/which-tier.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
