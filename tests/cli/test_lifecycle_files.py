"""The files that say what happens to accounts: every kind of command, and what is wrong with its line."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import get_args

import pytest

from mimo_credits import Account, Subscribe
from mimo_credits.ledger import Command
from mimo_credits.wire import from_data, to_data
from tests.cli.usage_files import START, accounts_in, json_lines, lifecycle, reference

PAGE = Path(__file__).parents[2] / "docs" / "scale.md"
BUY = f"ada,{START.isoformat()},lite\n"


def settle(run: Callable, path: Path, *more: object) -> tuple[int, str]:
    ran = run("settle", json_lines(path.parent), "--lifecycle", path, *more)
    return ran.code, ran.err


def test_the_lines_of_the_page_are_commands_of_every_kind(run: Callable, tmp_path: Path) -> None:
    page = PAGE.read_text().partition("### Files of accounts")[2].partition("\n### ")[0]
    (lines,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    (tmp_path / "page.jsonl").write_text(lines)
    documents = [json.loads(line) for line in lines.splitlines()]
    assert all(document.pop("account") for document in documents)
    assert {type(from_data(document)) for document in documents} == set(get_args(Command))
    usage = "account,at,id,model,input_tokens,cached_tokens,output_tokens"
    (tmp_path / "usage.csv").write_text(f"{usage}\nada,2026-06-02T12:00:00Z,request-0,mimo-v2.5-pro,100,0,10\n")
    ran = run("settle", tmp_path / "usage.csv", "--lifecycle", tmp_path / "page.jsonl")
    assert ran.code == 0, ran.err


@pytest.mark.parametrize("name", ["lifecycle.jsonl.gz", "lifecycle.jsonl"])
def test_a_lifecycle_may_be_packed(run: Callable, tmp_path: Path, name: str) -> None:
    packed = gzip.compress(lifecycle(tmp_path).read_bytes())
    (tmp_path / name).write_bytes(packed)
    code, err = settle(run, tmp_path / name, "--accounts-out", tmp_path / "after.jsonl")
    assert code == 0, err
    assert accounts_in(tmp_path / "after.jsonl") == reference()


def test_empty_lines_say_nothing_and_capitals_the_same(run: Callable, tmp_path: Path) -> None:
    (tmp_path / "BOUGHT.JSONL").write_text("\n" + lifecycle(tmp_path).read_text().replace("\n", "\n \r\n"))
    state, after = tmp_path / "STATE.JSONL", tmp_path / "after.jsonl"
    assert settle(run, tmp_path / "BOUGHT.JSONL", "--accounts-out", state) == (0, "")
    assert accounts_in(state) == reference()
    state.write_text(state.read_text().replace("\n", "\n\n"))
    (tmp_path / "PLANS.CSV").write_text(f"account,at,tier\n\neve,{START.isoformat()},lite\n\n")
    (tmp_path / "none.csv").write_text("account,at,id,model,input_tokens,cached_tokens,output_tokens\n")
    given = ("--lifecycle", tmp_path / "PLANS.CSV", "--accounts", state, "--accounts-out", after)
    ran = run("settle", tmp_path / "none.csv", *given)
    assert ran.code == 0, ran.err
    assert accounts_in(after).keys() == {*reference(), "eve"}


def test_plans_may_be_packed_and_come_from_a_spreadsheet(run: Callable, tmp_path: Path) -> None:
    text = f"\ufeffcurrency,account,at,tier,id\nCNY,ada,{START.isoformat()},lite,\n,bob,{START.isoformat()},max,own\n"
    path = tmp_path / "plans.csv.gz"
    path.write_bytes(gzip.compress(text.encode()))
    code, err = settle(run, path, "--accounts-out", tmp_path / "after.jsonl")
    assert code == 0, err
    plans = {name: account.plan for name, account in accounts_in(tmp_path / "after.jsonl").items()}
    assert {name: (plan.tier, plan.currency) for name, plan in plans.items() if plan} == {
        "ada": ("lite", "CNY"),
        "bob": ("max", "USD"),
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            f"account,at,tier,curency\n{BUY}",
            "line 1: headings: a plan bought has no column 'curency'; nearest: currency",
        ),
        (
            f"account,at,tier,card\n{BUY}",
            "line 1: headings: a plan bought has no column 'card'; its columns are account,",
        ),
        (f"account,at\n{BUY}", "line 1: headings: there is no column 'tier'"),
        (f"account,at,tier,tier\n{BUY}", "line 1: headings: 'tier' stands there twice"),
        (f"account,at,tier\n{BUY}bob,2026-05-20T09:00:00Z\n", "line 3: row: has more or fewer values than"),
        (f"account,at,tier\n{BUY[:-1]},USD\n", "line 2: row: has more or fewer values than"),
        (f"account,at,tier\n,{BUY[4:]}", "line 2: account: is missing"),
        ("", "line 1: headings: there is no column 'account'"),
        ("account,at,tier\n\udcff", "is no CSV in UTF-8"),
    ],
)
def test_what_is_wrong_with_plans_is_told_with_the_line(run: Callable, tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "plans.csv"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    code, err = settle(run, path)
    assert code == 2
    assert "plans.csv, " in err
    assert says in err


def line(account: str, value: object) -> str:
    return json.dumps({"account": account, **to_data(value)}) + "\n"


OTHER = Subscribe("buy", START, "max")
SUBSCRIBE = line("ada", Subscribe("buy", START, "lite"))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (SUBSCRIBE.encode() + b"\xff\n", "odd.jsonl, line 2: is no JSON"),
        (b"[" * 100_000, "odd.jsonl, line 1: is no JSON"),
        (gzip.compress(SUBSCRIBE.encode())[:-9], "odd.jsonl: is damaged or cut off: it cannot be unpacked"),
        (
            line("ada", Account()).encode(),
            "odd.jsonl, line 1: needs a command of the ledger, not what --accounts takes",
        ),
        (b"PAR1\x00\xe5\n", "odd.jsonl, line 1: is no JSON"),
        (
            (line("bob", OTHER) + SUBSCRIBE + SUBSCRIBE + line("ada", OTHER)).encode(),
            "odd.jsonl, line 4: account 'ada' used the id 'buy' before, in line 2, with other content",
        ),
    ],
)
def test_what_is_wrong_with_a_line_is_told(run: Callable, tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "odd.jsonl").write_bytes(content)
    code, err = settle(run, tmp_path / "odd.jsonl")
    assert (code, says in err) == (2, True), err


def test_a_lifecycle_in_parquet_is_told_what_it_should_be(run: Callable, tmp_path: Path) -> None:
    (tmp_path / "lifecycle.parquet").write_bytes(b"PAR1\xe5")
    code, err = settle(run, tmp_path / "lifecycle.parquet")
    assert (code, "lifecycle.parquet: a lifecycle is JSON Lines, or CSV of plans bought, and not Parquet" in err) == (
        2,
        True,
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (line("ada", Account()) * 2, "state.jsonl, line 2: account 'ada' stands in an earlier line, too"),
        (SUBSCRIBE, "state.jsonl, line 1: needs how an account stood, not Subscribe("),
    ],
)
def test_what_is_wrong_with_accounts_is_told_with_the_line(run: Callable, tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "state.jsonl").write_text(text)
    ran = run("settle", json_lines(tmp_path), "--accounts", tmp_path / "state.jsonl")
    assert (ran.code, says in ran.err) == (2, True), ran.err
