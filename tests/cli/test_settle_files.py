"""`mimo-credits settle`: which files it takes and writes, and that none is lost, overwritten or left half."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from mimo_credits import Account, RateBook, fold, load_card, timeline
from mimo_credits.cli.written_files import Sink
from mimo_credits.exact import to_credits
from tests.cli.usage_files import COMMANDS, accounts_in, json_lines, lifecycle, records, reference, usage

HEADINGS = "account,at,id,model,input_tokens,cached_tokens,output_tokens"
ROW = "ada,2026-06-20T09:00:00Z,a,mimo-v2.5-pro,1,0,0"


def table() -> pa.Table:
    rows = pa.Table.from_pylist(usage())
    return rows.set_column(1, "at", rows["at"].cast(pa.timestamp("us", "UTC")))


def test_a_column_that_only_some_files_have_is_refused_in_either_order(run: Callable, tmp_path: Path) -> None:
    (tmp_path / "plain.csv").write_text(f"{HEADINGS}\n{ROW}\n")
    (tmp_path / "audio.csv").write_text(f"{HEADINGS},audio_seconds\n{ROW},3600\n")
    files = [tmp_path / "plain.csv", tmp_path / "audio.csv"]
    for given in (files, files[::-1]):
        ran = run("settle", *given, "--lifecycle", lifecycle(tmp_path), "-o", tmp_path / "rows.csv")
        says = f"{given[1]}: its columns are not those of {given[0]}: only one of the two has audio_seconds"
        assert (ran.code, says in ran.err) == (1, True)
        assert not list(tmp_path.glob("*rows*"))


def test_files_in_another_order_of_columns_are_one(run: Callable, tmp_path: Path) -> None:
    rows = table()
    parquet.write_table(rows[:100], tmp_path / "1.parquet")
    parquet.write_table(rows[100:].select(rows.schema.names[::-1]), tmp_path / "2.parquet")
    after = tmp_path / "after.jsonl"
    ran = run("settle", tmp_path / "*.parquet", "--lifecycle", lifecycle(tmp_path), "--accounts-out", after)
    assert ran.code == 0, ran.err
    assert accounts_in(after) == reference()


def test_columns_of_other_kinds_are_told_with_their_file(run: Callable, tmp_path: Path) -> None:
    rows = table()
    parquet.write_table(rows[:100], tmp_path / "1.parquet")
    parquet.write_table(rows[100:].set_column(3, "model", [[[1]] * 200]), tmp_path / "2.parquet")
    ran = run("settle", tmp_path / "*.parquet")
    assert (ran.code, f"{tmp_path / '2.parquet'}: its columns are of other kinds than those of" in ran.err) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("-o", "usage.jsonl"), 2, "usage.jsonl: is read and cannot be written"),
        (("-o", "../{folder}/usage.jsonl"), 2, "usage.jsonl: is read and cannot be written"),
        (("--accounts-out", "lifecycle.jsonl"), 2, "lifecycle.jsonl: is read and cannot be written"),
        (("--accounts", "state.jsonl", "--accounts-out", "state.jsonl"), 2, "is read and cannot be written"),
        (("-o", "new.csv", "--statements", "new.csv"), 2, "new.csv: cannot hold two results: give each a file"),
        (("--bills", "folder.csv"), 2, "folder.csv: is a folder, and cannot be written"),
        (("-o", "nowhere/new.parquet"), 1, "nowhere/new.parquet: there is no folder 'nowhere'"),
        (("--accounts-out", "new.parquet"), 2, "accounts are JSON Lines: needs a name that ends in .jsonl"),
        (("--accounts-out", "new.csv"), 2, "accounts are JSON Lines: needs a name that ends in .jsonl"),
    ],
)
def test_every_file_has_one_purpose(
    run: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    json_lines(tmp_path)
    lifecycle(tmp_path)
    (tmp_path / "state.jsonl").write_text("")
    (tmp_path / "folder.csv").mkdir()
    before = {path.name: path.is_file() and path.read_bytes() for path in tmp_path.iterdir()}
    filled = (argument.format(folder=tmp_path.name) for argument in arguments)
    ran = run("settle", "usage.jsonl", "--lifecycle", "lifecycle.jsonl", *filled)
    assert ran.code == code
    assert says in ran.err
    assert {path.name: path.is_file() and path.read_bytes() for path in tmp_path.iterdir()} == before


def test_no_file_has_its_name_unless_all_are_whole(
    run: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = Sink.close

    def full(sink: Sink) -> None:
        closed(sink)
        if sink.file.suffix == ".parquet":
            raise OSError(28, "No space left on device", str(sink.file))

    monkeypatch.setattr(Sink, "close", full)
    out = [tmp_path / name for name in ("statements.csv", "rows.parquet", "accounts.jsonl")]
    ran = run(
        *("settle", json_lines(tmp_path), "--lifecycle", lifecycle(tmp_path)),
        *("--statements", out[0], "-o", out[1], "--accounts-out", out[2]),
    )
    assert (ran.code, "rows.parquet: No space left on device" in ran.err) == (1, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lifecycle.jsonl", "usage.jsonl"]


def test_accounts_may_be_packed(run: Callable, tmp_path: Path) -> None:
    state = tmp_path / "state.jsonl.gz"
    assert run("settle", json_lines(tmp_path), "--lifecycle", lifecycle(tmp_path), "--accounts-out", state).code == 0
    lines = gzip.decompress(state.read_bytes())
    (tmp_path / "plain.jsonl").write_bytes(lines)
    assert accounts_in(tmp_path / "plain.jsonl") == reference()
    (tmp_path / "later.csv").write_text(f"{HEADINGS}\nada,2026-08-20T09:00:00Z,z,mimo-v2.5-pro,1,0,0\n")
    ran = run("settle", tmp_path / "later.csv", "--accounts", state)
    assert ran.out.splitlines() == [
        "3 accounts, 1 row, 0 of them refused",
        "300,000 millicredits spent, 0 of them overage",
    ]


def test_a_column_that_settling_adds_is_told(run: Callable, tmp_path: Path) -> None:
    (tmp_path / "usage.csv").write_text(f"{HEADINGS},drawn\n{ROW},1\n")
    ran = run("settle", tmp_path / "usage.csv", "--lifecycle", lifecycle(tmp_path))
    assert (ran.code, "usage.csv: has a column 'drawn' already, which settling would add" in ran.err) == (2, True)


def test_a_column_that_is_there_twice_is_told(run: Callable, tmp_path: Path) -> None:
    (tmp_path / "usage.csv").write_text(f"{HEADINGS},id\n{ROW},1\n")
    for command in (("settle",), ("rate", "-o", tmp_path / "out.csv")):
        ran = run(*command, tmp_path / "usage.csv")
        assert (ran.code, "usage.csv: has more than one column 'id'" in ran.err) == (1, True)


@pytest.mark.parametrize("name", ["account", "id", "at"])
def test_a_row_without_account_instant_or_id_is_told_with_its_place(run: Callable, tmp_path: Path, name: str) -> None:
    cells = dict(zip(HEADINGS.split(","), ROW.split(","), strict=True)) | {name: ""}
    (tmp_path / "usage.csv").write_text(f"{HEADINGS}\n{ROW}\n{','.join(cells.values())}\n")
    ran = run("settle", tmp_path / "usage.csv", "--lifecycle", lifecycle(tmp_path))
    assert (ran.code, f"usage.csv: row 1: the column {name!r} is empty" in ran.err) == (1, True)


def test_columns_may_have_other_names(run: Callable, tmp_path: Path) -> None:
    names = {"account": 'user "id"', "at": "created_at", "id": "request", "model": "engine"}
    csv.write_csv(table().rename_columns(names), tmp_path / "usage.csv")
    after = tmp_path / "after.jsonl"
    named = [f"--column={field}={name}" for field, name in names.items()]
    ran = run("settle", tmp_path / "usage.csv", *named, "--lifecycle", lifecycle(tmp_path), "--accounts-out", after)
    assert ran.code == 0, ran.err
    assert accounts_in(after) == reference()
    ran = run("settle", tmp_path / "usage.csv", *named[1:])
    assert "has no column 'account'; --column says how a column is called" in ran.err


def test_ids_from_a_dictionary_are_texts(run: Callable, tmp_path: Path) -> None:
    def settled(last_id: str, last_model: str = "mimo-v2.5") -> tuple[int, str]:
        rows = usage()[:150]
        rows[140] |= {"id": last_id, "model": last_model}
        made = pa.Table.from_pylist([row | {"at": "2026-06-20T09:00:00Z"} for row in rows])
        at = made["at"].cast(pa.timestamp("us", "UTC"))
        ids = pa.chunked_array([made["id"].combine_chunks().dictionary_encode()])
        parquet.write_table(made.set_column(1, "at", at).set_column(2, "id", ids), tmp_path / "usage.parquet")
        ran = run("settle", tmp_path / "usage.parquet", "--lifecycle", lifecycle(tmp_path))
        return ran.code, ran.out or ran.err

    assert settled("a")[1].startswith("3 accounts, 150 rows, 0 of them refused")
    assert "usage.parquet: row 140: the column 'id' is empty" in settled("")[1]
    assert "unknown-model: 1, such as\n    row 140 of " in settled("a", "mimo-v9")[1]


def test_one_card_may_settle_all(run: Callable, tmp_path: Path) -> None:
    after, card = tmp_path / "after.jsonl", "2026-06-01"
    ran = run(
        *("settle", json_lines(tmp_path), "--lifecycle", lifecycle(tmp_path), "--card", card, "--accounts-out", after),
    )
    assert ran.code == 0, ran.err
    book = RateBook.fixed(load_card(card))
    used = {"ada": records("ada"), "bob": records("bob")}
    assert accounts_in(after) == {
        name: fold(Account(), timeline([*commands, *used.get(name, ())]), book)[0]
        for name, commands in COMMANDS.items()
    }


@pytest.mark.parametrize("command", ["settle", "rate"])
def test_a_folder_is_pointed_to_its_files(run: Callable, tmp_path: Path, command: str) -> None:
    lake = tmp_path / "lake.parquet"
    lake.mkdir()
    ran = run(command, lake, "-o", tmp_path / "out.parquet")
    assert (ran.code, f"name its files, such as '{lake}/**/*.parquet'" in ran.err) == (2, True)


def test_capitals_in_a_file_name_say_the_same(run: Callable, tmp_path: Path) -> None:
    parquet.write_table(table(), tmp_path / "USAGE.PARQUET")
    (tmp_path / "more.CSV.GZ").write_bytes(gzip.compress(f"{HEADINGS}\n{ROW}\n".encode()))
    for name in ("USAGE.PARQUET", "more.CSV.GZ"):
        ran = run("settle", tmp_path / name, "--lifecycle", lifecycle(tmp_path))
        assert ran.code == 0, ran.err


def test_the_json_of_a_run(run: Callable, tmp_path: Path) -> None:
    expected = reference().values()
    ran = run("settle", json_lines(tmp_path), "--lifecycle", lifecycle(tmp_path), "--json")
    assert json.loads(ran.out) == {
        "accounts": "3",
        "rows": "300",
        "refused": "0",
        "credits": f"{to_credits(sum(each.pots.spent for each in expected)):f}",
        "overage": f"{to_credits(-sum(each.pots.overage for each in expected)):f}",
        "faults": {},
        "rejected": [],
    }
