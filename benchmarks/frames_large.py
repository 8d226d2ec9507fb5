"""`make bench-large`: 10 and 100 million rows from Parquet, each way in a process; writes `large-results.md`.

The files lie in a temporary folder, some four gigabytes, and are deleted at the end. Peak memory is the process's own,
as Linux counts it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from pyarrow import parquet

from benchmarks.frames import as_arrow, requests
from benchmarks.report import Aim, Section, environment, results, table

RESULTS = Path(__file__).with_name("large-results.md")
MILLION = 1_000_000
CHUNK = MILLION
FLAT = 1.15
TIMEOUT = 1_800

COMMAND = "`mimo-credits rate IN.parquet -o OUT.parquet`"

_TOTALS = {
    "Polars, streaming: `rate` of a lazy frame, total": """
import polars as pl
from mimo_credits.frames import rate
rated = rate(pl.scan_parquet(file), book, errors="column")
print(rated.select(pl.col("millicredits").cast(pl.Int128).sum()).collect(engine="streaming").item())
""",
    "DuckDB: `rate` of a relation, total": """
import duckdb
from mimo_credits.frames import rate
rated = rate(duckdb.read_parquet(file), book, errors="column")
print(rated.aggregate("sum(millicredits)").fetchall()[0][0])
""",
    "Arrow batches: `rate`, total": """
from pyarrow import Table, parquet
from mimo_credits.frames import rate, total
batches = parquet.ParquetFile(file, pre_buffer=False).iter_batches(131072)
print(sum(total(rate(Table.from_batches([batch]), book)) for batch in batches))
""",
}
_PROLOGUE = "import sys\nfile = sys.argv[1]\nfrom mimo_credits import load_book\nbook = load_book()\n"
_EPILOGUE = """
import sys
from pathlib import Path
status = Path("/proc/self/status").read_text()  # the program's own: getrusage also counts what started it
print(status.partition("VmHWM:")[2].split()[0], file=sys.stderr)
"""


class Run(NamedTuple):
    """One process: its wall seconds and its peak of resident memory in megabytes."""

    name: str
    rows: int
    seconds: float
    peak: float


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.frames_large", description="Rating many rows.")
    parser.add_argument("--most", type=int, default=100, metavar="MILLIONS", help="rows of the larger file (100)")
    parser.add_argument("--output", type=Path, default=RESULTS, help="where to write (benchmarks/large-results.md)")
    options = parser.parse_args(arguments)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    with tempfile.TemporaryDirectory(prefix="mimo-credits-bench-") as folder:
        runs = [run for size in (10, options.most) for run in _runs(Path(folder), size * MILLION)]
    written = results(
        [_section(runs)],
        environment(load),
        "Each way once, one after another.",
        title="Benchmarks of many rows",
        made_by="make bench-large",
    )
    print(written)
    options.output.write_text(written, "utf-8")
    return 0


def _runs(folder: Path, rows: int) -> Iterator[Run]:
    file = folder / f"{rows}.parquet"
    _write(file, rows)
    command = f"from mimo_credits.cli import main\nmain(['rate', file, '-o', {str(folder / 'rated.parquet')!r}])\n"
    for name, code in {COMMAND: command, **_TOTALS}.items():
        yield _run(name, rows, file, code)
    (folder / "rated.parquet").unlink(missing_ok=True)
    file.unlink()


def _write(file: Path, rows: int) -> None:
    """Made-up requests, a million at a time."""
    writer = None
    for number in range(rows // CHUNK):
        chunk = as_arrow(requests(CHUNK, seed=number))
        writer = writer or parquet.ParquetWriter(file, chunk.schema)
        writer.write_table(chunk)
    assert writer is not None, "there are rows"
    writer.close()


def _run(name: str, rows: int, file: Path, code: str) -> Run:
    start = perf_counter()
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys\nfile = sys.argv[1]\n{code if name == COMMAND else _PROLOGUE + code}{_EPILOGUE}",
            str(file),
        ],
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=True,
    )
    seconds = perf_counter() - start
    print(f"{name}, {rows:,} rows: {seconds:.1f} s; {done.stdout.strip()}", file=sys.stderr)
    return Run(name, rows, seconds, int(done.stderr.split()[-1]) / 1024)


def _section(runs: Sequence[Run]) -> Section:
    head = ("", "rows", "wall", "a row", "peak memory")
    lines = [
        (
            run.name,
            f"{run.rows:,}",
            f"{run.seconds:.1f} s",
            f"{run.seconds / run.rows * 1e9:.0f} ns",
            f"{run.peak:,.0f} MB",
        )
        for run in runs
    ]
    first, last = [run for run in runs if run.name == COMMAND]
    growth = last.peak / first.peak
    aim = f"{COMMAND}: peak memory flat from {first.rows:,} to {last.rows:,} rows (at most {FLAT} ×)"
    return Section(
        title="From Parquet",
        how="Wall time of the whole process, its start and the reading included; the command also writes all rows.",
        table=table(head, lines),
        notes=[],
        aims=[Aim(aim, f"{growth:.2f} ×: {first.peak:,.0f} MB, then {last.peak:,.0f} MB", growth <= FLAT)],
    )


if __name__ == "__main__":
    raise SystemExit(main())
