"""A git repository of its own for a test; whatever the git of this machine is set to stays outside."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest


def commit_all(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts everything below the folder into one commit, the first one of a new repository or the next one."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    author = ["-c", "user.name=t", "-c", "user.email=t@localhost"]
    for command in (["init", "--quiet"], ["add", "."], [*author, "commit", "--quiet", "--no-verify", "-m", "all"]):
        subprocess.run(["git", *command], cwd=folder, check=True)


def shallow_clone(of: Path, to: Path) -> Path:
    """A clone that has the last commit of a repository and nothing before it."""
    subprocess.run(["git", "clone", "--quiet", "--depth", "1", of.as_uri(), str(to)], check=True)
    return to
