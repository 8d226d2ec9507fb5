"""Rates a lake of usage on Spark: every request with what it costs. Nothing but Spark's own operators touches the rows.

With `--sql` the same is done by the text of `rate_sql`, which can as well be kept, read and pasted elsewhere. The
executors need nothing of this library in either way.
"""

from __future__ import annotations

import argparse

from pyspark.sql import DataFrame, SparkSession

from mimo_credits import RateBook, load_book
from mimo_credits.frames import Columns, rate, rate_sql

AWARE = ("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
"""Other readers take Spark's old format of instants for naive ones."""

MAY_LACK = ("audio_seconds", "web_searches", "images")


def main() -> None:
    parser = argparse.ArgumentParser(description="Rates a lake of usage on Spark.", allow_abbrev=False)
    parser.add_argument("lake", help="Parquet: at, model, input_tokens, cached_tokens, output_tokens and what else")
    parser.add_argument("output", help="the folder to write")
    parser.add_argument("--sql", action="store_true", help="by the text of rate_sql")
    parser.add_argument("--column", action="append", default=[], type=pair, metavar="FIELD=COLUMN", help="other names")
    options = parser.parse_args()
    spark = SparkSession.builder.appName("rate_lake").config(*AWARE).getOrCreate()
    lake, columns = spark.read.parquet(options.lake), Columns(**dict(options.column))
    by = by_sql if options.sql else by_operators
    by(lake, load_book(), columns).write.parquet(options.output)


def pair(text: str) -> tuple[str, str]:
    """What stands on each side of `=`."""
    left, _, right = text.partition("=")
    return left, right


def by_operators(lake: DataFrame, book: RateBook, columns: Columns) -> DataFrame:
    return rate(lake, book, columns=columns, errors="column")


def by_sql(lake: DataFrame, book: RateBook, columns: Columns) -> DataFrame:
    """The text must be told which of audio, searches and images the lake does not have; of what was named all is."""
    lake.createOrReplaceTempView("lake")
    without = {name: None for name in MAY_LACK if getattr(columns, name) == name and name not in lake.columns}
    return lake.sparkSession.sql(rate_sql(book, "lake", "spark", columns=columns._replace(**without)))


if __name__ == "__main__":
    main()
