"""The lake that the examples for Spark are tried on is one that they can settle."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from pyarrow import parquet

from mimo_credits import from_data, load_book
from mimo_credits.frames import settle
from tests.packaging.building import ROOT


def test_the_small_lake_settles_without_a_refusal(tmp_path: Path) -> None:
    program = ROOT / "docs/examples/spark/small_lake.py"
    subprocess.run([sys.executable, program, tmp_path / "small"], check=True)
    documents = map(json.loads, (tmp_path / "small/lifecycle.jsonl").read_text("utf-8").splitlines())
    lifecycle = [(document.pop("account"), from_data(document)) for document in documents]
    settled = settle(parquet.read_table(tmp_path / "small/lake"), lifecycle, load_book())
    assert sorted(settled.accounts) == ["ada", "bob"]
    assert settled.rows.num_rows == 1_000
