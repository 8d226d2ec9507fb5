"""What runs inside Spark: a lake of hostile rows, rated under each setting, and what is refused.

    spark-submit session.py FOLDER

FOLDER has `requests.parquet`, `naive.parquet`, `usage.parquet` and `lifecycle.json`; the results are written beside.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from pyarrow import parquet

from mimo_credits import MimoCreditsError, load_book
from mimo_credits.frames import Columns, rate, rate_sql, settle, total
from mimo_credits.wire import from_data
from tests.frames.books import BOOKS

SETTINGS = [("true", "UTC"), ("true", "Asia/Shanghai"), ("false", "America/New_York")]


def main() -> None:
    from pyspark.sql import SparkSession

    folder = Path(sys.argv[1])
    spark = SparkSession.builder.config("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS").getOrCreate()
    requests = spark.read.parquet(str(folder / "requests.parquet")).repartition(3)
    requests.createOrReplaceTempView("requests")
    totals = {}
    for number, (ansi, zone) in enumerate(SETTINGS):
        spark.conf.set("spark.sql.ansi.enabled", ansi)
        spark.conf.set("spark.sql.session.timeZone", zone)
        for label, book in BOOKS.items():
            name = f"{number} {label}"
            rated = rate(requests, book, errors="column")
            keep(rated, folder / f"{name} frame.parquet")
            keep(spark.sql(rate_sql(book, "requests", "spark")), folder / f"{name} sql.parquet")
            totals[name] = total(rated)
    (folder / "totals.json").write_text(json.dumps(totals))
    naive = spark.read.parquet(str(folder / "naive.parquet"))
    naive.createOrReplaceTempView("naive")
    tokens_only = Columns(audio_seconds=None, web_searches=None, images=None)
    naive_sql = rate_sql(load_book(), "naive", "spark", columns=tokens_only)
    refusals = {
        "naive": refusal(lambda: rate(naive, load_book())),
        "naive sql": refusal(lambda: spark.sql(naive_sql).collect()),
        "naive sql, ANSI": under_ansi(spark, lambda: refusal(lambda: spark.sql(naive_sql).collect())),
        "naive settle": refusal(lambda: settle(naive, {}, load_book())),
        "faults": refusal(lambda: rate(requests, load_book())),
    }
    (folder / "refusals.json").write_text(json.dumps(refusals))
    documents = json.loads((folder / "lifecycle.json").read_text())
    lifecycle = [(document.pop("account"), from_data(document)) for document in documents]
    settled = settle(spark.read.parquet(str(folder / "usage.parquet")), lifecycle, load_book(), errors="column")
    keep(settled.rows, folder / "settled.parquet")
    keep(settled.statements, folder / "statements.parquet")


def keep(frame: Any, path: Path) -> None:
    """Writes a frame as Arrow has it."""
    parquet.write_table(frame.toArrow(), path)


def under_ansi(spark: Any, work: Callable[[], str]) -> str:
    """What comes of work where Spark is stricter."""
    spark.conf.set("spark.sql.ansi.enabled", "true")
    return work()


def refusal(work: Callable[[], object]) -> str:
    """What a refusal says."""
    try:
        work()
    except MimoCreditsError as error:
        return f"{type(error).__name__}: {error}"
    except Exception as error:
        return f"Spark: {error}"
    return "not refused"


if __name__ == "__main__":
    main()
