"""`mimo-credits settle`: files of usage and a lifecycle in, rows, statements, bills and accounts out."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

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


@pytest.mark.parametrize("written", [parquet, comma_separated, json_lines])
def test_every_account_ends_as_the_fold_has_it(run: Callable, tmp_path: Path, written: Callable) -> None:
    ran = run(
        "settle", written(tmp_path), "--lifecycle", lifecycle(tmp_path), "--accounts-out", tmp_path / "after.jsonl"
    )
    assert ran.code == 0, ran.err
    expected = reference()
    assert accounts_in(tmp_path / "after.jsonl") == expected
    spent = sum(account.pots.spent for account in expected.values())
    assert ran.out.splitlines() == [
        "3 accounts, 300 rows, 0 of them refused",
        f"{spent:,} millicredits spent, {-sum(each.pots.overage for each in expected.values()):,} of them overage",
    ]
    assert expected["ada"].pots.overage < 0


def test_rows_statements_and_bills_agree(run: Callable, tmp_path: Path) -> None:
    ran = run(
        *("settle", parquet(tmp_path), "--lifecycle", lifecycle(tmp_path), "-o", tmp_path / "rows.parquet"),
        *("--statements", tmp_path / "statements.csv", "--bills", tmp_path / "bills.jsonl"),
    )
    assert ran.code == 0, ran.err
    rows = pa.parquet.read_table(tmp_path / "rows.parquet")
    with (tmp_path / "statements.csv").open() as lines:
        statements = list(csv.DictReader(lines))
    bills = [json.loads(line) for line in (tmp_path / "bills.jsonl").read_text().splitlines()]
    assert len(rows) == sum(int(each["requests"]) for each in statements) == 300
    for column, name in (("millicredits", "used"), ("overage", "overage")):
        assert sum(rows[column].to_pylist()) == sum(int(each[name]) for each in statements)
    assert {bill["reason"] for bill in bills} >= {"first-purchase", "renewal"}
    assert not list(tmp_path.glob(".*"))


def test_a_month_goes_on_where_the_last_one_ended(run: Callable, tmp_path: Path) -> None:
    rows = sorted(usage(), key=lambda row: str(row["at"]))
    state = tmp_path / "state.jsonl"
    for number, part in enumerate((rows[:140], rows[140:])):
        (tmp_path / f"{number}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in part))
    begun = ("--lifecycle", lifecycle(tmp_path), "--accounts-out", state)
    assert run("settle", tmp_path / "0.jsonl", *begun).code == 0
    after = tmp_path / "after.jsonl"
    assert run("settle", tmp_path / "1.jsonl", "--accounts", state, "--accounts-out", after).code == 0
    assert accounts_in(after) == reference()


def test_plans_may_be_bought_in_a_csv(run: Callable, tmp_path: Path) -> None:
    (tmp_path / "plans.csv").write_text(
        f"account,at,tier,currency\nada,{START.isoformat()},lite,\nbob,{START.isoformat()},max,CNY\n"
    )
    ran = run("settle", json_lines(tmp_path), "--lifecycle", tmp_path / "plans.csv")
    assert (ran.code, ran.out.splitlines()[0]) == (0, "2 accounts, 300 rows, 0 of them refused")


def test_usage_without_a_plan_stops_it_or_is_kept_with_its_fault(run: Callable, tmp_path: Path) -> None:
    out = tmp_path / "rows.jsonl"
    stopped = run("settle", json_lines(tmp_path), "-o", out)
    assert stopped.code == 1
    assert "not-subscribed" in stopped.err or "had no plan" in stopped.err
    assert not out.exists()
    assert not list(tmp_path.glob(".*"))
    kept = run("settle", json_lines(tmp_path), "-o", out, "--keep-going")
    assert (kept.code, kept.out.splitlines()[0]) == (0, "2 accounts, 300 rows, 300 of them refused")
    assert {json.loads(line)["reason"] for line in out.read_text().splitlines()} == {"not-subscribed"}


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("nothing-*.parquet",), 2, "no file is named like this"),
        (("{usage}", "--lifecycle", "{plans}"), 2, "plans.csv, line 2: at: 2026-05-20T09:00:00 is naive"),
        (("{naive}",), 1, "naive.csv: row 0: column 'at': needs an instant in ISO 8601 with its offset from UTC"),
        (
            ("{usage}", "{naive}"),
            1,
            "naive.csv: row 0: column 'at': needs an instant in ISO 8601 with its offset from UTC",
        ),
        (("{usage}", "{other}"), 1, "only one of the two has id"),
        (("{other}",), 2, "has no column 'id'"),
        (("{usage}", "-o", "rows.xlsx"), 2, "needs a name that ends in"),
        (("{usage}", "--lifecycle", "{broken}"), 2, "broken.jsonl, line 2: is no JSON"),
        (("{usage}", "--lifecycle", "{usage}"), 2, "usage.jsonl, line 1:"),
    ],
)
def test_what_cannot_be_right_is_said_in_a_line(
    run: Callable, tmp_path: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    naive = tmp_path / "naive.csv"
    naive.write_text(
        "account,at,id,model,input_tokens,cached_tokens,output_tokens,tier\nada,2026-05-20T09:00:00,a,mimo-v2.5-pro,1,0,0,lite\n"
    )
    broken = tmp_path / "broken.jsonl"
    broken.write_text(lifecycle(tmp_path).read_text().splitlines()[0] + "\n{\n")
    other = tmp_path / "other.csv"
    other.write_text(
        "account,at,model,input_tokens,cached_tokens,output_tokens\nada,2026-05-20T09:00:00Z,mimo-v2.5-pro,1,0,0\n"
    )
    plans = tmp_path / "plans.csv"
    plans.write_text("account,at,tier\nada,2026-05-20T09:00:00,lite\n")
    names = {"plans": plans, "usage": json_lines(tmp_path), "naive": naive, "broken": broken, "other": other}
    ran = run("settle", *(argument.format(**names) for argument in arguments))
    assert ran.code == code
    assert says in ran.err
