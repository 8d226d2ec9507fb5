"""Settles a lake of usage on Spark: what every request cost and who paid, every cycle's statement, every account.

Usage is repartitioned by account and sorted by account, instant and id; each partition then goes through
`settle_arrow`, the ledger's own fold. The book of rate cards and the lifecycles (few commands for each account) are
broadcast. Any partitioning of the lake and any order of its rows give the same results.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Literal

import pyarrow as pa
from pyspark import Broadcast, StorageLevel
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from mimo_credits import RateBook, load_book
from mimo_credits.frames import Columns, Lifecycles, Settled, rate, settle_arrow
from mimo_credits.wire import dumps, from_data, loads

AWARE = ("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
"""Other readers take Spark's old format of instants for naive ones."""

PAID = "drawn long, overage long, segment_start timestamp, reason string"
"""What settling adds to the columns of `rate`."""

ACCOUNTS = pa.schema(
    {
        "account": pa.string(),
        "remaining": pa.int64(),
        "overage": pa.int64(),
        "state": pa.string(),
        "rejected": pa.list_(pa.string()),
    }
)
"""Of each account its millicredits, how it stands as JSON (the next month begins with it), and its refused commands."""

Batches = Iterable[pa.RecordBatch]
Fold = tuple[Lifecycles, RateBook, Columns, Literal["raise", "column"]]
"""What every executor gets. A class of this file's own would not be known there."""


def main() -> None:
    options = arguments()
    spark = SparkSession.builder.appName("settle_lake").config(*AWARE).getOrCreate()
    book = load_book(directory=options.cards, pins=dict(options.pin))
    known = Lifecycles(lifecycle(spark, options.lifecycle), accounts(spark, options.accounts), options.until)
    fold = (known, book, Columns(**dict(options.column)), "column" if options.keep_going else "raise")
    settled = settle(spark.read.parquet(options.lake), fold, options.partitions)
    write(settled, options.output, options.partition_by)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Settles a lake of usage on Spark.", allow_abbrev=False)
    parser.add_argument("lake", help="Parquet: account, at, id, model, input_tokens, cached_tokens, output_tokens")
    parser.add_argument("lifecycle", help="JSON Lines: commands, each with its account")
    parser.add_argument("output", help="where the folders rows, statements, bills and accounts are written")
    parser.add_argument("--accounts", help="how accounts stood before: the folder accounts of the month before")
    parser.add_argument("--until", type=datetime.fromisoformat, metavar="INSTANT", help="brings every account up to it")
    parser.add_argument("--column", action="append", default=[], type=pair, metavar="FIELD=COLUMN", help="other names")
    parser.add_argument("--cards", help="a folder of rate cards, instead of the published ones")
    parser.add_argument("--pin", action="append", default=[], type=pair, metavar="VERSION=ID", help="pins a revision")
    parser.add_argument("--partitions", type=int, help="of the shuffle; without it as Spark is set")
    parser.add_argument("--partition-by", nargs="*", default=[], metavar="COLUMN", help="columns that divide the rows")
    parser.add_argument("--keep-going", action="store_true", help="refused rows keep their reason and change nothing")
    return parser.parse_args()


def pair(text: str) -> tuple[str, str]:
    """What stands on each side of `=`."""
    left, _, right = text.partition("=")
    return left, right


def lifecycle(spark: SparkSession, path: str) -> list[tuple[str, object]]:
    """The commands of a file, each with its account: `{"account": "ada", "v": 1, "type": "subscribe", …}`."""
    documents = [json.loads(line.value) for line in spark.read.text(path).collect() if line.value.strip()]
    return [(document.pop("account"), from_data(document)) for document in documents]


def accounts(spark: SparkSession, path: str | None) -> dict[str, object]:
    """How accounts stood, out of what this job wrote."""
    return {} if path is None else {row.account: loads(row.state) for row in spark.read.parquet(path).collect()}


def settle(lake: DataFrame, fold: Fold, partitions: int | None) -> DataFrame:
    """One row for each request, statement, bill and account: each in a column of its own, the other three null."""
    known, book, columns, _ = fold
    spark = lake.sparkSession
    # Not run: it checks the columns, naive instants above all.
    rated = rate(lake, book, columns=columns, errors="column").drop("reason")
    statements, bills = (spark.createDataFrame(table).schema for table in Settled(None, {}).statements(known))
    others = StructType().add("statement", statements).add("bill", bills)
    others = others.add("account", spark.createDataFrame(ACCOUNTS.empty_table()).schema)
    every = StructType([*StructType().add("row", StructType([*rated.schema, *StructType.fromDDL(PAID)])), *others])
    broadcast = spark.sparkContext.broadcast(fold)
    divided = lake.repartition(*([] if partitions is None else [partitions]), columns.account)
    settled = divided.sortWithinPartitions(columns.account, columns.at, columns.id).mapInArrow(used(broadcast), every)
    settled = settled.persist(StorageLevel.DISK_ONLY)
    names = spark.createDataFrame([(name,) for name in known], "account string")
    without_usage = names.join(settled.select("account.account"), "account", "left_anti")
    return settled.unionByName(without_usage.mapInArrow(unused(broadcast), others), allowMissingColumns=True)


def used(broadcast: Broadcast[Fold]) -> Callable[[Batches], Iterator[pa.RecordBatch]]:
    """The fold of a partition, whose rows are sorted."""

    def folded(batches: Batches) -> Iterator[pa.RecordBatch]:
        known, book, columns, errors = broadcast.value
        for part in settle_arrow(batches, known, book, columns=columns, errors=errors, others=False):
            yield from side_by_side({"row": pa.Table.from_batches([part.rows]), **tables(part, known)})

    return folded


def unused(broadcast: Broadcast[Fold]) -> Callable[[Batches], Iterator[pa.RecordBatch]]:
    """The lifecycles of accounts without usage, by their names."""

    def folded(batches: Batches) -> Iterator[pa.RecordBatch]:
        known, book, _, errors = broadcast.value
        for batch in batches:
            names = batch.column("account").to_pylist()
            own = {name: known.commands(name) for name in names}
            before = {name: known.account(name) for name in names}
            for part in settle_arrow([], Lifecycles(own, before, known.until), book, errors=errors):
                yield from side_by_side(tables(part, known))

    return folded


def tables(part: Settled, known: Lifecycles) -> dict[str, pa.Table]:
    """What a part says of its accounts."""
    statements, bills = part.statements(known)
    lines = [
        {
            "account": name,
            "remaining": books.account.remaining_millicredits,
            "overage": -books.account.pots.overage,
            "state": dumps(books.account),
            "rejected": [f"{each.command.id}: {each.error}" for each in books.rejected],
        }
        for name, books in part.books.items()
    ]
    return {"statement": statements, "bill": bills, "account": pa.Table.from_pylist(lines, ACCOUNTS)}


def side_by_side(parts: Mapping[str, pa.Table]) -> Iterator[pa.RecordBatch]:
    """Each table as one column of structs, with nulls in those of the others."""
    kinds = {name: pa.struct(table.schema) for name, table in parts.items()}
    for name, table in parts.items():
        for batch in table.combine_chunks().to_batches():
            columns = {each: pa.nulls(len(batch), kind) for each, kind in kinds.items()}
            yield pa.record_batch({**columns, name: batch.to_struct_array()})


def write(settled: DataFrame, output: str, partition_by: list[str]) -> None:
    """Four folders of Parquet. The rows are divided by columns of their own, such as the day that the lake has."""
    rows = settled.where("row IS NOT NULL").select("row.*")
    rows.write.partitionBy(*partition_by).parquet(f"{output}/rows")
    for name in ("statement", "bill", "account"):
        settled.where(f"{name} IS NOT NULL").select(f"{name}.*").write.parquet(f"{output}/{name}s")


if __name__ == "__main__":
    main()
