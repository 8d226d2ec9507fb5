"""`mimo-credits settle`: what is refused is counted, named with its place, and part of no total."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mimo_credits import Account, Advance, ChangeTier, Subscribe, fold, load_book, timeline
from mimo_credits.wire import to_data
from tests.cli.usage_files import COMMANDS, START, accounts_in, json_lines, lifecycle, reference, usage

LATER = START + timedelta(hours=1)


def written(path: Path, *lines: object) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def with_downgrade(path: Path) -> Path:
    """The lifecycle with a command in line 5 that the ledger refuses."""
    refused = {"account": "idle", **to_data(ChangeTier("less", LATER, "lite"))}
    lines = [json.loads(line) for line in lifecycle(path).read_text().splitlines()]
    return written(path / "downgrade.jsonl", *lines, refused)


def test_a_refused_command_stops_it_and_says_where_it_stands(run: Callable, tmp_path: Path) -> None:
    out = tmp_path / "rows.csv"
    ran = run("settle", json_lines(tmp_path), "--lifecycle", with_downgrade(tmp_path), "-o", out)
    assert (ran.code, ran.out) == (1, "")
    assert "error: refused: 1 command; nothing is written:\n" in ran.err
    assert "downgrade.jsonl, line 5: account 'idle': change-tier 'less' is refused: downgrade-inside-cycle" in ran.err
    assert not out.exists()


def test_a_refused_command_that_is_passed_over_is_counted_and_told(run: Callable, tmp_path: Path) -> None:
    given = ("settle", json_lines(tmp_path), "--lifecycle", with_downgrade(tmp_path), "--keep-going")
    after = tmp_path / "after.jsonl"
    ran = run(*given, "--accounts-out", after)
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "1 command refused")
    assert "warning: " in ran.err
    assert "downgrade.jsonl, line 5: account 'idle': change-tier 'less' is refused: downgrade-inside-cycle" in ran.err
    assert accounts_in(after) == reference()
    (rejected,) = run(*given, "--json").json["rejected"]
    assert rejected.pop("why").startswith("downgrade-inside-cycle")
    assert rejected == {
        "file": str(tmp_path / "downgrade.jsonl"),
        "line": "5",
        "account": "idle",
        "type": "change-tier",
        "id": "less",
    }


def test_of_many_refused_commands_some_are_named_and_all_counted(run: Callable, tmp_path: Path) -> None:
    refused = [{"account": f"{number}", **to_data(ChangeTier("more", START, "pro"))} for number in range(23)]
    given = ("settle", json_lines(tmp_path), "--lifecycle", written(tmp_path / "none.jsonl", *refused), "--keep-going")
    ran = run(*given)
    assert ran.err.count("change-tier 'more' is refused: not-subscribed") == 20
    assert "and 3 more commands are refused (--json names them all)" in ran.err
    assert len(run(*given, "--json").json["rejected"]) == 23


def test_refused_rows_are_counted_over_all_files_and_some_shown_with_their_place(run: Callable, tmp_path: Path) -> None:
    rows = usage()
    rows[7] |= {"model": "mimo-v9"}
    rows[11] |= {"account": "zoe"}
    written(tmp_path / "usage-1.jsonl", *rows[:10])
    written(tmp_path / "usage-2.jsonl", *rows[10:])
    ran = run("settle", tmp_path / "usage-*.jsonl", "--lifecycle", lifecycle(tmp_path), "-o", tmp_path / "out.csv")
    assert (ran.code, ran.out) == (1, "")
    assert "error: refused: 2 rows; nothing is written:\n" in ran.err
    assert (
        f"unknown-model: 1, such as\n    row 7 of {tmp_path}/usage-1.jsonl: account '{rows[7]['account']}'" in ran.err
    )
    assert f"not-subscribed: 1, such as\n    row 1 of {tmp_path}/usage-2.jsonl: account 'zoe', id" in ran.err
    assert not (tmp_path / "out.csv").exists()


@pytest.mark.parametrize("spelling", [("--keep-going",), ("--errors", "column")])
def test_refused_rows_are_kept_by_either_spelling(run: Callable, tmp_path: Path, spelling: tuple[str, ...]) -> None:
    out = tmp_path / "rows.jsonl"
    ran = run("settle", json_lines(tmp_path), "-o", out, *spelling)
    assert ran.out.splitlines()[:2] == ["2 accounts, 300 rows, 300 of them refused", "  not-subscribed: 300"]
    assert {json.loads(line)["reason"] for line in out.read_text().splitlines()} == {"not-subscribed"}


def test_accounts_that_were_forgotten_are_pointed_to(run: Callable, tmp_path: Path) -> None:
    hint = "need --accounts, which takes what --accounts-out wrote"
    for errors in ("raise", "column"):
        assert hint in run("settle", json_lines(tmp_path), "--errors", errors).err
    state = written(tmp_path / "state.jsonl", {"account": "ada", **to_data(Account())})
    assert hint not in run("settle", tmp_path / "usage.jsonl", "--accounts", state, "--keep-going").err


def test_the_totals_are_those_of_the_run_alone(run: Callable, tmp_path: Path) -> None:
    rows = sorted(usage(), key=lambda row: str(row["at"]))
    state, out = tmp_path / "state.jsonl", tmp_path / "rows.jsonl"
    written(tmp_path / "1.jsonl", *rows[:140])
    written(tmp_path / "2.jsonl", *rows[140:])
    run("settle", tmp_path / "1.jsonl", "--lifecycle", lifecycle(tmp_path), "--accounts-out", state)
    ran = run("settle", tmp_path / "2.jsonl", "--accounts", state, "-o", out)
    settled = [json.loads(line) for line in out.read_text().splitlines()]
    spent, overage = (sum(row[name] for row in settled) for name in ("millicredits", "overage"))
    assert overage > 0
    assert ran.out.splitlines()[1] == f"{spent:,} millicredits spent, {overage:,} of them overage"


def test_a_month_is_closed_at_an_instant(run: Callable, tmp_path: Path) -> None:
    until = datetime(2026, 9, 1, tzinfo=UTC)
    after = tmp_path / "after.jsonl"
    given = ("settle", json_lines(tmp_path), "--lifecycle", lifecycle(tmp_path), "--accounts-out", after)
    ran = run(*given, "--until", until.isoformat())
    assert ran.code == 0, ran.err
    commands, book = COMMANDS["idle"], load_book()
    expected = fold(Account(), timeline([*commands, Advance(until)]), book)[0]
    assert accounts_in(after)["idle"] == expected
    assert expected != fold(Account(), commands, book)[0]
    assert run(*given, "--until", "2026-09-01").code == 2


@pytest.mark.parametrize(
    ("at", "row"),
    [("2026-06-20 09:00:00", 1), ("2026-06-20T09:00:00.123456789Z", 1), ("2026-06-20T09:00:00 UTC", 1), ("noon", 1)],
)
@pytest.mark.parametrize("command", ["settle", "rate"])
def test_an_instant_of_a_csv_in_another_form_is_told(
    run: Callable, tmp_path: Path, command: str, at: str, row: int
) -> None:
    good = "ada,2026-06-20 09:00:00.123456+08:00,a,mimo-v2.5-pro,1,0,0"
    (tmp_path / "usage.csv").write_text(
        "account,at,id,model,input_tokens,cached_tokens,output_tokens\n" + good + f"\nada,{at},b,mimo-v2.5-pro,1,0,0\n"
    )
    ran = run(command, tmp_path / "usage.csv", "-o", tmp_path / "out.csv")
    assert ran.code == 1
    assert f"usage.csv: row {row}: column 'at': needs an instant in ISO 8601 with its offset from UTC" in ran.err
    assert f"not '{at}'" in ran.err
    assert "assume_timezone" not in ran.err


@pytest.mark.parametrize("at", ["2026-06-20 09:00:00", "2026-06-20T09:00:00 UTC", "noon"])
@pytest.mark.parametrize("command", ["settle", "rate"])
def test_an_instant_of_json_lines_in_another_form_is_told(
    run: Callable, tmp_path: Path, command: str, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mimo_credits.cli.json_lines.BLOCK", 1_000)
    rows = usage()
    rows[290] |= {"at": at}
    ran = run(command, written(tmp_path / "usage.jsonl", *rows), "-o", tmp_path / "out.csv")
    assert ran.code == 1
    assert "usage.jsonl: row 290: column 'at': needs an instant in ISO 8601 with its offset from UTC" in ran.err
    assert f"not '{at}'" in ran.err


def test_a_count_of_a_csv_that_is_none_is_told(run: Callable, tmp_path: Path) -> None:
    (tmp_path / "usage.csv").write_text(
        "at,model,input_tokens,cached_tokens,output_tokens\n2026-06-20T09:00:00Z,mimo-v2.5-pro,1.5,0,0\n"
    )
    ran = run("rate", tmp_path / "usage.csv", "-o", tmp_path / "out.csv")
    assert "usage.csv: row 0: column 'input_tokens': needs a whole number, not '1.5'" in ran.err


def test_an_unknown_field_has_only_the_names_that_resemble_it_as_nearest(run: Callable) -> None:
    for command in ("settle", "rate"):
        assert "there is no field 'foo'; the fields are" in run(command, "x.csv", "--column", "foo=bar").err
        assert "there is no field 'modell'; nearest: model\n" in run(command, "x.csv", "--column", "modell=bar").err


def test_a_command_of_the_ledgers_own_has_no_line(run: Callable, tmp_path: Path) -> None:
    """An account cannot be brought to an instant when its plan is on a card that the book does not have."""
    pinned = Subscribe("buy", START, "lite", card="2026-05-19.1")
    path = written(tmp_path / "pinned.jsonl", {"account": "eve", **to_data(pinned)})
    ran = run("settle", json_lines(tmp_path), "--lifecycle", path, "--keep-going", "--until", "2026-09-01T00:00:00Z")
    assert "pinned.jsonl, line 1: account 'eve': subscribe 'buy' is refused" in ran.err
