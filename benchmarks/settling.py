"""Settling many accounts: `settle` on each engine beside that engine's own sort and window over the same rows.

Sort and window is what nobody can do without who wants a running balance of each account: the rows of an account in
order, and a running sum of one column, without rates, plans or checks. The lifecycle pass, in which the ledger runs
each account's commands without usage, is measured by itself, too: it costs by account and not by row.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter_ns
from typing import Any, NamedTuple

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
from pyarrow import parquet

from benchmarks.report import Aim, Section, duration, environment, middle, results, table, times
from benchmarks.timing import Contender, Samples, interleave, ratio, spread
from mimo_credits import Account, Command, Subscribe, load_book
from mimo_credits.frames import settle, settle_arrow
from mimo_credits.frames.segments import course_of

RESULTS = Path(__file__).with_name("settling-results.md")
START = datetime(2026, 7, 1, tzinfo=UTC)
DAYS = 30
MODELS = ("mimo-v2.5-pro", "mimo-v2.5", "xiaomi/mimo-v2.5", "mimo-v2.5-tts")
MOST = 2
AIMED_AT = 10_000_000
"""So many rows the aim is for: a million are one group of rows of a Parquet file, which DuckDB reads in one thread."""
BATCH = 65_536

POLARS, POLARS_BOUND = "`settle` of a lazy Polars frame", "Polars: sort and window"
DUCKDB, DUCKDB_BOUND = "`settle` of a DuckDB relation", "DuckDB: sort and window"
ARROW = "`settle_arrow` of sorted batches"
LIFECYCLES = "the lifecycle pass alone"


class Work(NamedTuple):
    """A file of usage in a random order, the same sorted, and the lifecycles of its accounts."""

    rows: int
    file: Path
    ordered: Path
    lifecycle: dict[str, list[Command]]


def make(folder: Path, rows: int, accounts: int, seed: int = 20260701) -> Work:
    """A month of requests. Every account bought Lite some day of the month before; the busiest outgrow it."""
    chance = np.random.default_rng(seed)
    start = int(START.timestamp()) * 1_000_000
    at = start + chance.integers(0, DAYS * 86_400_000_000, rows)
    whose = (accounts * chance.random(rows) ** 2).astype(np.int64)
    cached = chance.integers(0, 200_000, rows)
    usage = pa.table(
        {
            "account": pa.array(np.char.mod("account-%07d", whose)),
            "at": pa.array(at, pa.timestamp("us", "UTC")),
            "id": pa.array(np.char.mod("request-%09d", np.arange(rows))),
            "model": pa.array(np.array(MODELS)[chance.integers(0, 4, rows)]),
            "input_tokens": cached + chance.integers(0, 20_000, rows),
            "cached_tokens": cached,
            "output_tokens": chance.integers(1, 2_000, rows),
        }
    )
    work = Work(rows, folder / f"{rows}-{accounts}.parquet", folder / f"{rows}-{accounts}-sorted.parquet", {})
    parquet.write_table(usage, work.file)
    keys = [("account", "ascending"), ("at", "ascending"), ("id", "ascending")]
    parquet.write_table(usage.sort_by(keys), work.ordered)
    for number in range(accounts):
        bought = START - timedelta(seconds=int(chance.integers(1, 28 * 86_400)))
        work.lifecycle[f"account-{number:07d}"] = [Subscribe(f"plan-{number}", bought, "lite")]
    return work


def with_polars(work: Work) -> int:
    """Every row, settled."""
    return settle(pl.scan_parquet(work.file), work.lifecycle, load_book()).rows.select("drawn").collect().height


def polars_bound(work: Work) -> int:
    """Every row with a running sum."""
    total = pl.col("output_tokens").cum_sum().over("account", order_by=["at", "id"])
    return pl.scan_parquet(work.file).select(total).collect().height


def with_duckdb(work: Work) -> Any:
    """Every row, settled."""
    with duckdb.connect() as connection:
        made = settle(connection.read_parquet(str(work.file)), work.lifecycle, load_book())
        return made.rows.aggregate("sum(drawn), sum(overage)").fetchall()


def duckdb_bound(work: Work) -> Any:
    """Every row with a running sum."""
    with duckdb.connect() as connection:
        rows = f"SELECT sum(output_tokens) OVER (PARTITION BY account ORDER BY \"at\", id) s FROM '{work.file}'"
        return connection.sql(f"SELECT sum(s) FROM ({rows})").fetchall()


def with_arrow(work: Work) -> int:
    """Every row, folded account by account."""
    batches = parquet.ParquetFile(work.ordered).iter_batches(BATCH)
    parts = settle_arrow(batches, work.lifecycle, load_book())
    return sum(part.rows.num_rows for part in parts if part.rows is not None)


def lifecycles(work: Work) -> int:
    """The course of every account."""
    book, until = load_book(), START + timedelta(days=DAYS)
    return sum(len(course_of(Account(), each, book, until).stretches) for each in work.lifecycle.values())


CONTENDERS: dict[str, Callable[[Work], Any]] = {
    POLARS: with_polars,
    POLARS_BOUND: polars_bound,
    DUCKDB: with_duckdb,
    DUCKDB_BOUND: duckdb_bound,
    ARROW: with_arrow,
    LIFECYCLES: lifecycles,
}


def measure_engines(rounds: int, rows: int = AIMED_AT, accounts: int = 100_000) -> Section:
    """`settle` on the engines that read files, and their own sort and window, in `rounds` interleaved rounds."""
    with tempfile.TemporaryDirectory() as folder:
        work = make(Path(folder), rows, accounts)
        engines = (POLARS, POLARS_BOUND, DUCKDB, DUCKDB_BOUND)
        contenders = [Contender(name, _timed(CONTENDERS[name], work)) for name in engines]
        samples = interleave(contenders, rounds, "settling")
    return Section(
        title=f"Settling {accounts:,} accounts",
        how=f"{rows:,} requests in a month, as above. {rounds} rounds.",
        table=_table(samples, rows, accounts),
        notes=[],
        aims=_aims(samples, rows),
    )


def measure(rounds: int, rows: int = 1_000_000, accounts: int = 10_000) -> Section:
    """All of it, in `rounds` interleaved rounds; and how the cost grows with rows, accounts and cards."""
    with tempfile.TemporaryDirectory() as folder:
        work = make(Path(folder), rows, accounts)
        contenders = [Contender(name, _timed(run, work)) for name, run in CONTENDERS.items()]
        samples = interleave(contenders, rounds, "settling")
        curve = _curve(Path(folder), rows, accounts)
    return Section(
        title="Settling many accounts",
        how=(
            f"{rows:,} requests of {accounts:,} accounts in a month, from Parquet in a random order ({ARROW} reads a "
            f"sorted file). Every account renews within the month, and the busiest run out. {rounds} rounds."
        ),
        table=_table(samples, rows, accounts),
        notes=[f"How it grows (one run each, {POLARS} and {ARROW}):\n\n{curve}"],
        aims=_aims(samples, rows),
    )


def _timed(run: Callable[[Work], Any], work: Work) -> Callable[[], float]:
    def once() -> float:
        start = perf_counter_ns()
        assert run(work), "a run gives something"
        return (perf_counter_ns() - start) / work.rows

    return once


def _table(samples: Samples, rows: int, accounts: int) -> str:
    lines = []
    for name, sample in samples.items():
        took = spread(sample)
        bound = {POLARS: POLARS_BOUND, DUCKDB: DUCKDB_BOUND}.get(name)
        account = duration(took.median * rows / accounts)
        lines.append(
            (name, duration(took.median), middle(took), account, times(ratio(samples, name, bound)) if bound else "")
        )
    return table(("", "a request", "middle half", "an account", "times sort and window"), lines)


def _curve(folder: Path, rows: int, accounts: int) -> str:
    lines = []
    for size, people in ((rows // 4, accounts), (rows // 2, accounts), (rows, accounts), (rows, accounts // 4)):
        work = make(folder, size, people)
        lines.append(
            (f"{size:,}", f"{people:,}", *(duration(_timed(run, work)() * size) for run in (with_polars, with_arrow)))
        )
    return table(("requests", "accounts", "`settle`, Polars", "`settle_arrow`"), lines)


def _aims(samples: Samples, rows: int) -> list[Aim]:
    if rows < AIMED_AT:
        return []
    found = {name: ratio(samples, name, bound) for name, bound in ((POLARS, POLARS_BOUND), (DUCKDB, DUCKDB_BOUND))}
    return [
        Aim(f"{name}, {rows:,} rows: at most {MOST} × the engine's sort and window", times(each), each.median <= MOST)
        for name, each in found.items()
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """`make bench-large`, its settling half: ten million requests of a hundred thousand accounts."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.settling", description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=AIMED_AT)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    if options.rounds < 2:
        parser.error("--rounds needs 2 or more: quartiles are of several")
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    section = measure(options.rounds, options.rows, options.accounts)
    policy = f"{options.rounds} interleaved rounds; a ratio is taken within each."
    text = results([section], environment(load), policy, title="Benchmarks of settling", made_by="make bench-large")
    print(text)
    options.output.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
