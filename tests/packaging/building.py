"""Building this project, and running programs with it, as another project's tools would."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from filelock import FileLock

ROOT = Path(__file__).resolve().parents[2]


class Build(NamedTuple):
    """What a release publishes."""

    sdist: Path
    wheel: Path


def run(*arguments: str, cwd: Path, path: tuple[Path, ...] = (), python: Path = Path(sys.executable)) -> str:
    """What a Python program prints; it has to succeed. `path` is searched for imports first."""
    done = start(*arguments, cwd=cwd, path=path, python=python)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def start(
    *arguments: str, cwd: Path, path: tuple[Path, ...] = (), python: Path = Path(sys.executable)
) -> subprocess.CompletedProcess[str]:
    """The same for a program that may fail. How these tests are run is none of its concern."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    environment["PYTHONPATH"] = os.pathsep.join(map(str, path))
    return subprocess.run(
        [python, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, encoding="utf-8", check=False
    )


def once(factory: pytest.TempPathFactory, name: str, fill: Callable[[Path], object]) -> Path:
    """A folder that is filled once for all workers of a run: by the first that asks, while the others wait."""
    own = factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / name
    with FileLock(f"{folder}.lock"):
        if not (folder / "filled").exists():
            folder.mkdir(exist_ok=True)
            fill(folder)
            (folder / "filled").touch()
    return folder


def build_into(folder: Path, source: Path, *options: str) -> None:
    """Builds a project without asking any package registry: its sdist and the wheel made of that, or as `options` say."""
    folder.mkdir(exist_ok=True)
    run("-m", "build", "--no-isolation", *options, "--outdir", str(folder), str(source), cwd=folder)
