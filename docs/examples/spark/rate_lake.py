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


def main() -> None:
    parser = argparse.ArgumentParser(description="Rates a lake of usage on Spark.", allow_abbrev=False)
    parser.add_argument("lake", help="Parquet: at, model, input_tokens, cached_tokens, output_tokens and what else")
    parser.add_argument("output", help="the folder to write")
    parser.add_argument("--sql", action="store_true", help="by the text of rate_sql")
    options = parser.parse_args()
    spark = SparkSession.builder.appName("rate_lake").config(*AWARE).getOrCreate()
    lake = spark.read.parquet(options.lake)
    rated = by_sql(lake, load_book()) if options.sql else rate(lake, load_book(), errors="column")
    rated.write.parquet(options.output)


def by_sql(lake: DataFrame, book: RateBook) -> DataFrame:
    lake.createOrReplaceTempView("lake")
    tokens_only = Columns(audio_seconds=None, web_searches=None, images=None)
    return lake.sparkSession.sql(rate_sql(book, "lake", "spark", columns=tokens_only))


if __name__ == "__main__":
    main()
