"""The command line, run inside the test's own process, and logs to give it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mimo_credits.cli import main


class Ran(NamedTuple):
    """What one run left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output, which must be one JSON object and nothing else."""
        document = json.loads(self.out)
        assert isinstance(document, dict)
        return document


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    def runs(*arguments: object) -> Ran:
        code = main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return Ran(code, out, err)

    return runs


@pytest.fixture
def log(tmp_path: Path) -> Callable[..., Path]:
    """Writes lines (texts as they are, objects as JSON) to a file and gives its path."""

    def writes(*lines: object, name: str = "log.jsonl") -> Path:
        path = tmp_path / name
        path.write_text("".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in lines), "utf-8")
        return path

    return writes
