"""What an earlier commit had: the memory of the guards whose rule is that something never changes."""

from __future__ import annotations

import subprocess
from pathlib import Path


def has_commit(root: Path, revision: str) -> bool:
    """Whether there is git, and this commit."""
    return _git(root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}") is not None


def text_at(root: Path, revision: str, path: str) -> str | None:
    """A file as a commit has it; None where it has none. `path` counts from `root`."""
    return _git(root, "show", f"{revision}:./{path}")


def lines_ever_added(root: Path, revision: str, path: str) -> list[str]:
    """Every line that a file got in any commit up to one, oldest first; of a merge, what it brought to its branch."""
    shown = ["--first-parent", "-m", "--patch", "--unified=0", "--format=", "--no-color", "--no-ext-diff"]
    text = _git(root, "log", *shown, "--no-textconv", revision, "--", path) or ""
    added = [line[1:] for line in text.splitlines() if line.startswith("+") and not line.startswith("+++ ")]
    return list(dict.fromkeys(reversed(added)))


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=root, check=True, capture_output=True, text=True, encoding="utf-8"
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout
