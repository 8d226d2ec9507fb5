"""Rating and settling on Spark: how the cost grows with the rows, the accounts and the rate cards.

Each point is one run of the jobs in `docs/examples/spark`, from Parquet to Parquet, on two executors of one core each
(`local-cluster`), in a session that has done the first point once before. One thing is varied at a time.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.report import Section, environment, results, table
from benchmarks.settling import make
from mimo_credits.wire import to_data
from tests.packaging.building import ROOT, build_into
from tests.spark.environment import made, shipped, submit

RESULTS = Path(__file__).with_name("spark-results.md")
SESSION = Path(__file__).with_name("spark_session.py")


class Point(NamedTuple):
    """One size."""

    rows: int
    accounts: int
    cards: int


MIDDLE = Point(300_000, 10_000, 4)
VARIED = {
    "Rows": [MIDDLE._replace(rows=rows) for rows in (100_000, 300_000, 1_000_000)],
    "Accounts": [MIDDLE._replace(accounts=accounts) for accounts in (1_000, 10_000, 100_000)],
    "Rate cards": [MIDDLE._replace(cards=cards) for cards in (2, 4, 8)],
}


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.spark", description="Rating and settling on Spark.")
    parser.add_argument("--output", type=Path, default=RESULTS, help="where to write (benchmarks/spark-results.md)")
    options = parser.parse_args(arguments)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    points = list(dict.fromkeys(point for each in VARIED.values() for point in each))
    with tempfile.TemporaryDirectory(prefix="mimo-credits-bench-") as folder:
        seconds = dict(zip(points, _measured(points, Path(folder)), strict=True))
    policy = "Each point once, one after another, in one session that is warm."
    sections = [_section(name, each, seconds) for name, each in VARIED.items()]
    written = results(sections, environment(load), policy, title="Benchmarks on Spark", made_by="make bench-spark")
    print(written)
    options.output.write_text(written, "utf-8")
    return 0


def _measured(points: Sequence[Point], folder: Path) -> list[tuple[float, float]]:
    """The seconds that rating and settling took at each point."""
    made()
    build_into(folder / "dist", ROOT, "--wheel")
    archive = shipped(next((folder / "dist").glob("*.whl")), folder)
    plan = list(_plan([points[0], *points], folder))
    (folder / "plan.json").write_text(json.dumps(plan), "utf-8")
    done = submit(SESSION, folder / "plan.json", folder / "seconds.json", archive=archive)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    _, *seconds = json.loads((folder / "seconds.json").read_text("utf-8"))
    return seconds


def _plan(points: Sequence[Point], folder: Path) -> Iterator[tuple[str, str, int]]:
    for point in points:
        lake = folder / f"{point.rows}-{point.accounts}.parquet"
        lifecycle = lake.with_suffix(".jsonl")
        if not lake.exists():
            work = make(folder, point.rows, point.accounts)
            lines = ({"account": name, **to_data(each)} for name, own in work.lifecycle.items() for each in own)
            lifecycle.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
            work.ordered.unlink()
        yield str(lake), str(lifecycle), point.cards


def _section(name: str, points: Sequence[Point], seconds: dict[Point, tuple[float, float]]) -> Section:
    head = ("rows", "accounts", "cards", "rate", "a row", "settle", "a row")
    lines = []
    for point in points:
        rate, settle = seconds[point]
        per_row = [f"{taken / point.rows * 1e6:.2f} µs" for taken in (rate, settle)]
        sizes = (f"{number:,}" for number in point)
        lines.append((*sizes, f"{rate:.1f} s", per_row[0], f"{settle:.1f} s", per_row[1]))
    how = "Wall time from Parquet to Parquet on two cores; settling writes rows, statements, bills and accounts."
    return Section(title=name, how=how, table=table(head, lines), notes=[], aims=[])


if __name__ == "__main__":
    raise SystemExit(main())
