"""What `benchmarks.spark` runs inside Spark: lakes, rated and settled by the jobs of `docs/examples/spark`, timed.

Reads a plan (JSON: lake, lifecycle and number of cards, one after another) and writes the seconds of each.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from time import perf_counter

from mimo_credits import RateBook, load_book
from mimo_credits.frames import Columns, Lifecycles, rate

EXAMPLES = Path(__file__).resolve().parents[1] / "docs/examples/spark"


def main() -> None:
    from pyspark.sql import SparkSession

    plan, output = map(Path, sys.argv[1:])
    spark = SparkSession.builder.getOrCreate()
    spark.sparkContext.addPyFile(str(EXAMPLES / "settle_lake.py"))
    sys.path.insert(0, str(EXAMPLES))
    import settle_lake

    found = []
    for lake, lifecycle, cards in json.loads(plan.read_text("utf-8")):
        book = RateBook(list(load_book())[:cards])
        written = output.with_name("written")
        begun = perf_counter()
        rate(spark.read.parquet(lake), book, errors="column").write.parquet(str(written / "rated"))
        rated = perf_counter()
        known = Lifecycles(settle_lake.lifecycle(spark, lifecycle))
        settled = settle_lake.settle(spark.read.parquet(lake), (known, book, Columns(), "raise"), None)
        settle_lake.write(settled, str(written), [])
        found.append((rated - begun, perf_counter() - rated))
        spark.catalog.clearCache()
        shutil.rmtree(written)
        print(lake, cards, found[-1], file=sys.stderr)
    output.write_text(json.dumps(found), "utf-8")


if __name__ == "__main__":
    main()
