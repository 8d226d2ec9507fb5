"""What a job ships, made once for all workers of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.packaging.building import ROOT, build_into, once
from tests.spark.environment import made, shipped


def _make(folder: Path) -> None:
    made()
    build_into(folder / "dist", ROOT, "--wheel")
    (wheel,) = (folder / "dist").glob("*.whl")
    shipped(wheel, folder)


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return once(tmp_path_factory, "spark-archive", _make) / "libraries.zip"
