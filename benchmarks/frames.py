"""Rating many rows: `rate` on each engine beside what nobody can do without, and beside the same by hand.

The bound is a multiply-add of the same three columns with constants, in blocks: no look-up, no check, no card. By hand
means the engine's own words for the same cards, with their rates typed into the query by this module: no check, no
reason, nothing but the credits. The naive loop is what a first script does: a dictionary of `Decimal` rates, and a
comparison of instants, for each row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from time import perf_counter_ns
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa

from benchmarks.report import Aim, Section, duration, middle, table, times
from benchmarks.timing import Contender, Samples, interleave, ratio, spread
from mimo_credits import RateBook, load_book
from mimo_credits.frames import Columns, rate, rate_sql
from mimo_credits.frames.lookup import Requests, rate_arrays

ROWS = 1_000_000
NAIVE_ROWS = 20_000
BLOCK = 16_384
MODELS = ("mimo-v2.5-pro", "mimo-v2.5", "xiaomi/mimo-v2.5", "mimo-v2.5-tts")
TOKENS = ("input_tokens", "cached_tokens", "output_tokens")
BEIJING = ZoneInfo("Asia/Shanghai")

BOUND = "the bound: multiply-add with constants, in blocks"
ARRAYS = "`rate_arrays`, checks included"
ARROW = "`rate` of a PyArrow table, checks included"
PANDAS = "`rate` of a pandas frame, checks included"
POLARS = "`rate` of a Polars frame, checks included"
POLARS_HAND = "Polars by hand, when and then"
POLARS_JOIN = "Polars by hand, a join"
DUCKDB = "`rate` of a DuckDB relation, its check and its total"
DUCKDB_KEPT = '`rate` of a DuckDB relation, `errors="column"`, total'
DUCKDB_SQL = "`rate_sql` on DuckDB, total"
DUCKDB_HAND = "DuckDB by hand, CASE, total"
NAIVE = "a loop over `Decimal`"


def book() -> RateBook:
    """Two cards, each with bands or off-peak hours: those of April and May."""
    return RateBook(card for card in load_book() if card.id in ("2026-04-22.1", "2026-05-27.1"))


def requests(rows: int, seed: int = 20260701) -> dict[str, Any]:
    """Columns of made-up requests: two months, four models, most of the input found in the cache."""
    chance = np.random.default_rng(seed)
    start = np.datetime64("2026-04-25", "us")
    at = start + np.sort(chance.integers(0, 60 * 86_400_000_000, rows)).astype("timedelta64[us]")
    cached = np.where(chance.random(rows) < 0.9, chance.lognormal(9, 1.2, rows), 0).astype(np.int64) % 500_000
    missed = chance.lognormal(6, 1, rows).astype(np.int64) % 500_000
    return {
        "account": chance.integers(0, 100_000, rows),
        "at": at,
        "model": chance.choice(4, rows, p=[0.5, 0.35, 0.05, 0.1]).astype(np.int8),
        "input_tokens": cached + missed,
        "cached_tokens": cached,
        "output_tokens": chance.lognormal(5, 1, rows).astype(np.int64),
    }


def as_arrow(columns: dict[str, Any]) -> pa.Table:
    """The same as a table, models as text."""
    at = pa.array(columns["at"].view(np.int64)).cast(pa.timestamp("us", "UTC"))
    model = pa.DictionaryArray.from_arrays(pa.array(columns["model"]), list(MODELS)).cast(pa.string())
    return pa.table({**columns, "at": at, "model": model})


# --- by hand --------------------------------------------------------------------------------------------------------


def bound(columns: dict[str, Any]) -> int:
    """The least work that gives numbers like these."""
    total = np.empty(len(columns["at"]), np.int64)
    for low in range(0, len(total), BLOCK):
        part = slice(low, low + BLOCK)
        cached, out = columns["cached_tokens"][part], total[part]
        np.subtract(columns["input_tokens"][part], cached, out=out)
        out *= 300_000
        out += cached * 2_500
        out += columns["output_tokens"][part] * 600_000
    return int(total[0])


def rules() -> Iterator[tuple[int, bool, str, int, int, int, int, int]]:
    """Card, off-peak, model, least and most input, hit, miss, output: what somebody would type off the price lists."""
    for number, card in enumerate(book()):
        for off_peak in (False, True):
            for name in MODELS:
                low = 0
                for rates in card.table.rows(off_peak).bands.get(name, ()):
                    yield number, off_peak, name, low, rates.limit, rates.cache_hit, rates.cache_miss, rates.output
                    low = rates.limit + 1


MAY = datetime(2026, 5, 26, 16, tzinfo=UTC)


def polars_by_hand(frame: pl.DataFrame) -> pl.DataFrame:
    """A chain of when and then for each of the three rates."""
    card = (pl.col("at") >= MAY).cast(pl.Int8)
    night = pl.col("at").dt.hour() >= 16
    rates = [pl.lit(None, pl.Int64)] * 3
    for number, off_peak, name, low, most, *three in reversed(list(rules())):
        here = (pl.col("card") == number) & (pl.col("night") == off_peak) & (pl.col("model") == name)
        if low or most < 2**62:
            here &= pl.col("input_tokens").is_between(low, most)
        rates = [
            pl.when(here).then(pl.lit(value, pl.Int64)).otherwise(rest)
            for value, rest in zip(three, rates, strict=True)
        ]
    cached = pl.col("cached_tokens")
    hit, miss, output = rates
    total = hit * cached + miss * (pl.col("input_tokens") - cached) + output * pl.col("output_tokens")
    return frame.lazy().with_columns(card=card, night=night).with_columns(millicredits=total).collect()


def polars_by_hand_join(frame: pl.DataFrame) -> pl.DataFrame:
    """The same by a join on card, night and model: no rates in credits depend on the input."""
    names = ("card", "night", "model", "hit", "miss", "output")
    rows = [(number, off_peak, name, *three) for number, off_peak, name, _, _, *three in rules()]
    beside = pl.DataFrame(rows, schema=names, orient="row").lazy().with_columns(pl.col("card").cast(pl.Int8))
    cached = pl.col("cached_tokens")
    return (
        frame.lazy()
        .with_columns(card=(pl.col("at") >= MAY).cast(pl.Int8), night=pl.col("at").dt.hour() >= 16)
        .join(beside, on=["card", "night", "model"], how="left", maintain_order="left")
        .with_columns(
            millicredits=pl.col("hit") * cached
            + pl.col("miss") * (pl.col("input_tokens") - cached)
            + pl.col("output") * pl.col("output_tokens")
        )
        .collect()
    )


def sql_by_hand(source: str) -> str:
    """One CASE for each of the three rates."""
    cases = []
    for place in (5, 6, 7):
        lines = [
            f"WHEN card = {rule[0]} AND night = {rule[1]} AND model = '{rule[2]}' "
            f"AND input_tokens BETWEEN {rule[3]} AND {rule[4] if rule[4] < 2**62 else 2**62} THEN {rule[place]}"
            for rule in rules()
        ]
        cases.append("CASE " + " ".join(lines) + " END")
    hit, miss, output = cases
    return (
        f"SELECT *, {hit} * cached_tokens + {miss} * (input_tokens - cached_tokens) + {output} * output_tokens "
        f'AS millicredits FROM (SELECT *, CAST(epoch_us("at") >= {int(MAY.timestamp())}000000 AS INTEGER) AS card, '
        f'epoch_us("at") % 86400000000 >= 57600000000 AS night FROM {source})'
    )


def naive(rows: list[dict[str, Any]]) -> Decimal:
    """A first script."""
    rates: dict[tuple[object, ...], list[tuple[Any, ...]]] = {rule[:3]: [] for rule in rules()}
    for rule in rules():
        rates[rule[:3]].append((rule[4], *(Decimal(value) / 1000 for value in rule[5:])))
    total = Decimal(0)
    for row in rows:
        inputs, cached = row["input_tokens"], row["cached_tokens"]
        night = row["at"].astimezone(BEIJING).hour < 8
        for most, hit, miss, out in rates[int(row["at"] >= MAY), night, row["model"]]:
            if inputs <= most:
                total += hit * cached + miss * (inputs - cached) + out * row["output_tokens"]
                break
    return total


# --- what is measured -----------------------------------------------------------------------------------------------


def measure(rounds: int, size: int = ROWS) -> Section:
    """All of it, in `rounds` interleaved rounds."""
    columns, cards = requests(size), book()
    arrow = as_arrow(columns)
    polars, pandas = pl.from_arrow(arrow), arrow.to_pandas()
    assert isinstance(polars, pl.DataFrame), "a table is a frame"
    arrays = Requests(columns["at"], columns["model"], MODELS, *(columns[name] for name in TOKENS))
    few = arrow.slice(0, NAIVE_ROWS).to_pylist()
    plain = Columns(audio_seconds=None, web_searches=None, images=None)
    with duckdb.connect() as connection:
        connection.register("given", arrow)
        connection.execute("CREATE TABLE requests AS SELECT * FROM given")
        relation = connection.sql("SELECT * FROM requests")
        text = rate_sql(cards, "requests", "duckdb", columns=plain)

        def total(query: str) -> int:
            return int(connection.sql(f"SELECT sum(millicredits) FROM ({query})").fetchall()[0][0])

        def total_of(errors: str) -> int:
            return int(rate(relation, cards, errors=errors).aggregate("sum(millicredits)").fetchall()[0][0])

        work: dict[str, Callable[[], Any]] = {
            BOUND: lambda: bound(columns),
            ARRAYS: lambda: sum_of(rate_arrays(cards, arrays).millicredits),
            ARROW: lambda: sum_of(rate(arrow, cards)["millicredits"]),
            PANDAS: lambda: sum_of(rate(pandas, cards)["millicredits"]),
            POLARS: lambda: sum_of(rate(polars, cards)["millicredits"]),
            POLARS_HAND: lambda: sum_of(polars_by_hand(polars)["millicredits"]),
            POLARS_JOIN: lambda: sum_of(polars_by_hand_join(polars)["millicredits"]),
            DUCKDB: lambda: total_of("raise"),
            DUCKDB_KEPT: lambda: total_of("column"),
            DUCKDB_SQL: lambda: total(text),
            DUCKDB_HAND: lambda: total(sql_by_hand("requests")),
        }
        totals = {name: int(run()) for name, run in work.items() if name != BOUND}
        assert len(set(totals.values())) == 1, f"all must come to the same: {totals}"
        contenders = [Contender(name, _timed(run, size)) for name, run in work.items()]
        contenders.append(Contender(NAIVE, _timed(lambda: naive(few), NAIVE_ROWS)))
        samples = interleave(contenders, rounds, "rating many rows")
    return Section(
        title=f"Rating {size:,} rows",
        how=(
            "Two months of made-up requests in order of time, four models, cards "
            f"{', '.join(card.id for card in cards)} with off-peak hours. {rounds} rounds. `rate` adds five columns "
            "and checks every row; by hand is one column without a check. The naive loop does "
            f"{NAIVE_ROWS:,} rows. All come to the same total."
        ),
        table=_table(samples),
        notes=[],
        aims=list(_aims(samples, size)),
    )


def sum_of(column: Any) -> int:
    """The sum of a column of any kind."""
    return int(np.sum(np.asarray(column)))


def _timed(run: Callable[[], Any], rows: int) -> Callable[[], float]:
    def once() -> float:
        start = perf_counter_ns()
        run()
        return (perf_counter_ns() - start) / rows

    return once


def _table(samples: Samples) -> str:
    rows = []
    for name, sample in samples.items():
        took, to_bound = spread(sample), ratio(samples, name, BOUND)
        rows.append((name, duration(took.median), middle(took), times(to_bound), times(ratio(samples, NAIVE, name))))
    return table(("", "a row", "middle half", "times the bound", "faster than the loop"), rows)


def _aims(samples: Samples, size: int) -> Iterator[Aim]:
    rows = f"of {size:,} rows"
    for name, most in ((ARRAYS, 6), (POLARS, 20), (DUCKDB, 20), (DUCKDB_KEPT, 20)):
        found = ratio(samples, name, BOUND)
        yield Aim(f"{name}, {rows}: at most {most} × the bound", times(found), found.median <= most)
    for name in (POLARS, DUCKDB, DUCKDB_KEPT):
        found = ratio(samples, NAIVE, name)
        yield Aim(f"{name}, {rows}: at least 20 × faster than the loop", times(found), found.median >= 20)
    for name, hand in ((POLARS, POLARS_HAND), (POLARS, POLARS_JOIN), (DUCKDB_KEPT, DUCKDB_HAND)):
        found = ratio(samples, name, hand)
        yield Aim(f"{name}, {rows}: at most 1.15 × {hand}", times(found), found.median <= 1.15)
