"""The job that rates a lake, by operators and by SQL: also where the lake has audio, and under names of its own."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pytest
from pyarrow import parquet

from tests.frames.books import BOOKS
from tests.frames.rows import NOON, Row, by_core, priced, table_of
from tests.packaging.building import ROOT
from tests.spark.environment import submit

pytestmark = pytest.mark.beyond_core

JOB = ROOT / "docs/examples/spark/rate_lake.py"
ROWS = [
    *(Row(NOON + timedelta(hours=hour), "mimo-v2.5-pro", 1_000, hour, 7) for hour in range(20)),
    Row(NOON + timedelta(days=6), "mimo-v2.5-asr", audio_seconds=3_600),
    Row(NOON, "no-such-model", 1),
]


@pytest.mark.parametrize("options", [[], ["--sql"]], ids=["operators", "sql"])
def test_a_row_of_the_lake_costs_what_the_core_says(options: list[str], archive: Path, tmp_path: Path) -> None:
    lake = table_of(ROWS).rename_columns({"audio_seconds": "seconds"}).drop_columns(["web_searches", "images"])
    (tmp_path / "lake").mkdir()
    parquet.write_table(lake, tmp_path / "lake/0.parquet")
    named = ["--column", "audio_seconds=seconds", *options]
    done = submit(JOB, tmp_path / "lake", tmp_path / "rated", *named, archive=archive)
    assert done.returncode == 0, done.stdout + done.stderr
    found: pa.Table = ds.dataset(tmp_path / "rated").to_table()
    assert priced(found.to_pylist()) == [by_core(BOOKS["published"], row) for row in ROWS]
    assert priced(found.to_pylist())[20].millicredits > 0
