"""Files of usage and of lifecycles for `mimo-credits settle`, and what the ledger's fold makes of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from mimo_credits import Account, Grant, Record, Subscribe, Usage, fold, load_book, timeline
from mimo_credits.wire import from_data, to_data

START = datetime(2026, 5, 20, 9, tzinfo=UTC)
COMMANDS = {
    "ada": [Subscribe("buy", START, "lite"), Grant("gift", START, 1_000)],
    "bob": [Subscribe("buy", START + timedelta(hours=3), "max", "CNY")],
    "idle": [Subscribe("buy", START, "pro")],
}


def records(name: str) -> list[Record]:
    """Requests over two months, the May migration among them; those of ada outgrow her plan."""
    tokens = 900_000 if name == "ada" else 50_000
    model = "mimo-v2.5-pro"
    return [
        Record(
            f"request-{number:03}",
            START + timedelta(hours=4 + 9 * number),
            Usage(model, input_tokens=tokens, cached_tokens=tokens // 3, output_tokens=tokens // 90),
        )
        for number in range(150)
    ]


def usage() -> list[dict[str, object]]:
    rows: list[dict[str, object]] = [
        {
            "account": name,
            "at": record.at.isoformat(),
            "id": record.id,
            "model": record.usage.model,
            "input_tokens": record.usage.input_tokens,
            "cached_tokens": record.usage.cached_tokens,
            "output_tokens": record.usage.output_tokens,
        }
        for name in ("bob", "ada")
        for record in records(name)
    ]
    return rows[::-1]


def parquet(path: Path) -> Path:
    table = pa.Table.from_pylist(usage())
    at = pa.array([datetime.fromisoformat(text) for text in table["at"].to_pylist()], pa.timestamp("us", "UTC"))
    half = len(table) // 2
    table = table.set_column(1, "at", at)
    pa.parquet.write_table(table.slice(0, half), path / "usage-1.parquet")
    pa.parquet.write_table(table.slice(half), path / "usage-2.parquet")
    return path / "usage-*.parquet"


def comma_separated(path: Path) -> Path:
    pa.csv.write_csv(pa.Table.from_pylist(usage()), path / "usage.csv")
    return path / "usage.csv"


def json_lines(path: Path) -> Path:
    (path / "usage.jsonl").write_text("".join(json.dumps(row) + "\n" for row in usage()))
    return path / "usage.jsonl"


def lifecycle(path: Path) -> Path:
    lines = [{"account": name, **to_data(command)} for name, commands in COMMANDS.items() for command in commands]
    (path / "lifecycle.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path / "lifecycle.jsonl"


def reference() -> dict[str, Account]:
    book = load_book()
    usage = {"ada": records("ada"), "bob": records("bob")}
    return {
        name: fold(Account(), timeline([*commands, *usage.get(name, ())]), book)[0]
        for name, commands in COMMANDS.items()
    }


def accounts_in(path: Path) -> dict[str, Account]:
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return {line.pop("account"): from_data(line) for line in lines}
