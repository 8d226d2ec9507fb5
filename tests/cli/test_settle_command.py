"""`mimo-credits settle`: files of usage and a lifecycle in, rows, statements, bills and accounts out."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet
import pytest

from tests.cli.usage_files import (
    START,
    accounts_in,
    comma_separated,
    json_lines,
    lifecycle,
    parquet,
    reference,
    usage,
)


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
    rows = pyarrow.parquet.read_table(tmp_path / "rows.parquet")
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
        "account,at,id,model,input_tokens,cached_tokens,output_tokens\nada,2026-05-20T09:00:00,a,mimo-v2.5-pro,1,0,0\n"
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
