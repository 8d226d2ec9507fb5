"""Writes a small lake to try the jobs on: a month of two accounts, as Parquet, and their lifecycle, as JSON Lines.

python small_lake.py FOLDER
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from mimo_credits import Grant, Subscribe, to_data

JUNE = datetime(2026, 6, 1, 4, tzinfo=UTC)
REQUESTS = 1_000


def main() -> None:
    folder = Path(sys.argv[1])
    (folder / "lake").mkdir(parents=True)
    parquet.write_table(usage(), folder / "lake/2026-06.parquet")
    lines = [json.dumps({"account": name, **to_data(command)}) for name, command in lifecycle()]
    (folder / "lifecycle.jsonl").write_text("\n".join(lines) + "\n", "utf-8")


def usage() -> pa.Table:
    """The accounts take turns, every forty minutes."""
    numbers = range(REQUESTS)
    return pa.table(
        {
            "account": ["ada" if number % 2 else "bob" for number in numbers],
            "at": pa.array([JUNE + timedelta(minutes=40 * number) for number in numbers], pa.timestamp("us", "UTC")),
            "id": [f"request-{number}" for number in numbers],
            "model": ["mimo-v2.5-pro" if number % 3 else "mimo-v2.5" for number in numbers],
            "input_tokens": [20_000 + 13 * number for number in numbers],
            "cached_tokens": [18_000 + 11 * number for number in numbers],
            "output_tokens": [300 + number % 500 for number in numbers],
        }
    )


def lifecycle() -> list[tuple[str, Subscribe | Grant]]:
    """Ada buys a plan and is granted a million credits; Bob buys a larger plan."""
    return [
        ("ada", Subscribe("buy", JUNE, "lite")),
        ("ada", Grant("gift", JUNE + timedelta(days=3), 1_000_000)),
        ("bob", Subscribe("buy", JUNE, "standard")),
    ]


if __name__ == "__main__":
    main()
