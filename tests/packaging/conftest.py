"""What this project publishes, built once for all tests of packaging."""

from __future__ import annotations

import pytest

from tests.packaging.building import ROOT, Build, build_into, once


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The sdist of this checkout, and the wheel that was built from that sdist."""
    folder = once(tmp_path_factory, "dist", lambda folder: build_into(folder, ROOT))
    (sdist,) = folder.glob("*.tar.gz")
    (wheel,) = folder.glob("*.whl")
    return Build(sdist, wheel)
