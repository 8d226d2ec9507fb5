"""`docs/images/`: the pictures of the README, drawn from the example log and from what the command prints.

    python -m tools.pictures

They are drawn by the library itself, so they show what it does. Their bytes depend on matplotlib's version and fonts,
so no check compares them: draw them anew when what they show has changed.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

from matplotlib.figure import Figure

from mimo_credits import Account, Entry, Record, Subscribe, fold, load_book, timeline
from mimo_credits.cli import main as command
from mimo_credits.plots import burn_down

ROOT = Path(__file__).resolve().parent.parent
FOLDER = "docs/images"

_BEIJING = timezone(timedelta(hours=8), "Beijing")
_BOUGHT = datetime(2026, 4, 10, 9, tzinfo=_BEIJING)
_MIGRATION = datetime(2026, 5, 27, tzinfo=_BEIJING)
_PLAN = ["plan", "--workload", "coding-session", "--times", "300", "--card", "2026-05-27"]

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


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.pictures", description="Draws the README's pictures.")
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout (default: this one)")
    folder: Path = parser.parse_args(arguments).root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    pool = burn_down(entries_of_the_example(folder.parents[1]), at=_MIGRATION, zone=_BEIJING)
    for name, figure in (("burn-down", pool), ("plan", terminal(_PLAN))):
        figure.savefig(folder / f"{name}.png", metadata={"Software": None})
        print(f"wrote {FOLDER}/{name}.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
