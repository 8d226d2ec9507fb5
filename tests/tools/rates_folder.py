"""A folder of rates for the tests: the published one copied, or small cards written into it."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.published_cards import RATES


def copied(to: Path) -> Path:
    """A copy of the published cards, their status and their exceptions."""
    return Path(shutil.copytree(RATES, to / "rates"))


def changed(path: Path, old: str, new: str) -> None:
    """Replaces a text that must stand in the file exactly once."""
    text = path.read_text("utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path.name}"
    path.write_text(text.replace(old, new), "utf-8")
