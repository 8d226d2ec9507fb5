"""A made-up lake: accounts with lives of every kind, their usage as Parquet, and the lake in several shapes."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from mimo_credits import (
    Account,
    ChangeTier,
    Command,
    Grant,
    Hold,
    Record,
    Subscribe,
    Usage,
    fold,
    load_book,
    timeline,
)
from mimo_credits.wire import dumps, to_data
from tests.frames.accounts import Row, World, in_order, table

START = datetime(2026, 5, 20, 9, tzinfo=UTC)
"""A week before prices change, so that every account lives under two cards."""


def world() -> World:
    """Eight accounts; three of them are folded row by row, one has no plan, one no usage, one comes from before."""
    buy, day = Subscribe("buy", START, "lite"), timedelta(days=1)
    lifecycle: dict[str, list[Command]] = {
        "ada": [buy],
        "bob": [Subscribe("buy", START + timedelta(hours=3), "max", "CNY"), Grant("gift", START + 9 * day, 1_000)],
        "cyd": [buy, ChangeTier("more", START + 12 * day, "pro")],
        "dot": [buy, Hold("hold", START + 4 * day, credits=10_000, expires_at=START + 50 * day)],
        "eve": [Subscribe("buy", START, "lite", card="2026-04-22.1")],
        "idle": [Subscribe("buy", START, "pro")],
        "nobody": [],
    }
    book = load_book()
    first = [buy, Record("before", START + day, Usage("mimo-v2.5-pro", input_tokens=90_000, output_tokens=400))]
    before = {"old": fold(Account(), timeline(first), book)[0]}
    chance = random.Random(20260520)
    rows = [
        Row(name, START + timedelta(hours=30, seconds=chance.randrange(60 * 86_400)), f"r{number:03}", *_usage(chance))
        for name in ("ada", "bob", "cyd", "dot", "eve", "nobody", "old")
        for number in range(120)
    ]
    return World(book, rows, lifecycle, before)


def _usage(chance: random.Random) -> tuple[str, int, int, int]:
    models = ["mimo-v2.5-pro", "mimo-v2.5", "xiaomi/mimo-v2.5", "mimo-v2.5-tts", "no-such-model"]
    cached = chance.randrange(400_000)
    model = chance.choices(models, [40, 30, 20, 10, 1])[0]
    return model, cached + chance.randrange(200_000), cached, chance.randrange(8_000)


def write_lifecycle(made: World, folder: Path) -> tuple[Path, Path]:
    """The commands as JSON Lines, and the accounts from before as the job itself writes them."""
    lines = [{"account": name, **to_data(each)} for name, commands in made.lifecycle.items() for each in commands]
    (folder / "lifecycle.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    states = {"account": list(made.before), "state": [dumps(account) for account in made.before.values()]}
    parquet.write_table(pa.table(states), folder / "before.parquet")
    return folder / "lifecycle.jsonl", folder / "before.parquet"


def in_order_of_accounts(made: World, lake: Path) -> None:
    """Two files, as a warehouse would export them."""
    rows = in_order(made.rows)
    lake.mkdir()
    for number, part in enumerate((rows[:500], rows[500:])):
        parquet.write_table(table(part), lake / f"{number}.parquet")


THEIR_NAMES = {"account": "user_id", "at": "created_at", "id": "request"}
"""What the columns are called in a lake that was not made for this library."""


def by_day_in_no_order(made: World, lake: Path) -> None:
    """A folder for each day, in each the rows as they came, under other names."""
    rows = random.Random(1).sample(made.rows, len(made.rows))
    days = {row.at.date() for row in rows}
    for day in days:
        (lake / f"day={day}").mkdir(parents=True)
        written = table([row for row in rows if row.at.date() == day]).rename_columns(THEIR_NAMES)
        parquet.write_table(written, lake / f"day={day}/0.parquet")
