"""A project that depends on this one: the sample is installed beside the wheel, and its own tests are run there.

It has an environment of its own, into which the two wheels are installed and nothing else. What they need (pytest,
pydantic, …) is lent by the environment that runs these tests, so that nothing is downloaded; a lent folder is searched
last and its `.pth` files are not read, so neither this checkout nor an editable install of it can answer instead.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple
from venv import EnvBuilder

import pytest

from mimo_credits import load_card
from tests.packaging.building import ROOT, Build, build_into, once, run, start

pytestmark = pytest.mark.beyond_core

SAMPLE = ROOT / "docs" / "examples" / "downstream"
PINNED = load_card("2026-05-27.1")
LENT = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]


class Downstream(NamedTuple):
    """The Python of the sample's environment, and a folder that holds its tests and settings, but not its code."""

    python: Path
    folder: Path

    def pytest(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return start("-m", "pytest", *arguments, cwd=self.folder, python=self.python)


@pytest.fixture(scope="session")
def python(build: Build, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a new environment in which the sample is installed."""
    folder = once(tmp_path_factory, "environment", lambda folder: install(build.wheel, folder))
    return python_of(folder)


def install(wheel: Path, folder: Path) -> None:
    EnvBuilder(symlinks=sys.platform != "win32").create(folder)
    python = python_of(folder)
    build_into(folder / "wheels", SAMPLE, "--wheel")
    wheels = (str(each) for each in (wheel, *(folder / "wheels").glob("*.whl")))
    pip = ("-m", "pip", "--python", str(python), "install", "--quiet", "--no-index", "--no-deps")
    run(*pip, *wheels, cwd=folder)
    own = run("-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder, python=python).strip()
    (Path(own) / "lent.pth").write_text("\n".join(LENT), encoding="utf-8")


def python_of(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


@pytest.fixture
def sample(python: Path, tmp_path: Path) -> Downstream:
    shutil.copytree(SAMPLE / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(SAMPLE / "pyproject.toml", tmp_path)
    return Downstream(python, tmp_path)


def test_the_sample_runs_on_what_was_installed(sample):
    ask = "import mimo_credits, _mimo_credits_pytestplugin as plugin, teamchat as own\nfor each in (mimo_credits, plugin, own): print(each.__file__)"
    for file in run("-c", ask, cwd=sample.folder, python=sample.python).splitlines():
        assert Path(file).is_relative_to(sample.python.parents[1])


def test_its_tests_pass_on_the_pinned_card_and_the_header_says_so(sample):
    done = sample.pytest()
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"rate card: {PINNED.id} (sha256 {PINNED.sha256[:12]})" in done.stdout
    assert " passed" in done.stdout
    assert not {"failed", "skipped", "error", "warning"} & set(done.stdout.split())


def test_another_digest_than_the_pinned_one_stops_the_run(sample):
    settings = sample.folder / "pyproject.toml"
    text = settings.read_text(encoding="utf-8")
    assert text.count(PINNED.sha256) == 1
    wrong = "0" + PINNED.sha256[1:]
    settings.write_text(text.replace(PINNED.sha256, wrong), encoding="utf-8")
    done = sample.pytest()
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert wrong in done.stderr
    assert PINNED.sha256 in done.stderr
    assert "passed" not in done.stdout


def test_its_coverage_is_whole_with_workers_too(sample):
    """The plugin loads the pinned card before the first test, and loses no line of the sample by that."""
    done = sample.pytest("-n", "2", "--cov=teamchat", "--cov-report=term")
    assert done.returncode == 0, done.stdout + done.stderr
    (total,) = (line for line in done.stdout.splitlines() if line.startswith("TOTAL"))
    assert total.split()[-1] == "100%"
