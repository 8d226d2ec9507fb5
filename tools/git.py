"""What earlier commits had: the memory of the guards whose rule is that something never changes.

A guard walks the whole way to a commit, its base. Without git, or before the first commit, there is nothing to walk,
and a guard that was asked for no base passes. A shallow clone has lost the way: a guard that was asked for a base then
fails, and any other walks as far as it can and says so.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

UNSHALLOW = "git fetch --unshallow"


class NoHistory(Exception):
    """Why a guard cannot look back as it was asked to."""


def base_of(root: Path, asked: str | None) -> str | None:
    """The commit up to which the history is walked: the one asked for, else `HEAD`; None where there is none.

    Raises `NoHistory` where the one asked for is absent, or the way to it. Of a shallow clone of which nothing was
    asked, it says on standard error what cannot be seen.
    """
    base = asked or "HEAD"
    if not has_commit(root, base):
        if asked:
            raise NoHistory(f"there is no commit {base} to compare with")
        return None
    if _git(root, "rev-parse", "--is-shallow-repository") == "true\n":
        if asked:
            raise NoHistory(f"a comparison with {base} needs the whole history: {UNSHALLOW}")
        print(
            "WARNING: this clone is shallow, so what was changed before its first commit is NOT seen here. "
            f"For the whole check: {UNSHALLOW}",
            file=sys.stderr,
        )
    return base


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


def commits_of(root: Path, revision: str, path: str) -> list[str]:
    """The commits up to one that changed a file, oldest first; of a branch that was merged, the merge."""
    return (_git(root, "log", "--first-parent", "-m", "--reverse", "--format=%H", revision, "--", path) or "").split()


def files_at(root: Path, revision: str, folder: str) -> list[str]:
    """The files that a commit has in a folder; both are paths that count from `root`."""
    return (_git(root, "ls-tree", "-r", "-z", "--name-only", revision, f"./{folder}/") or "").split("\0")[:-1]


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=root, check=True, capture_output=True, text=True, encoding="utf-8"
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout
