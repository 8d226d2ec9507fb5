"""`mimo-credits rate`: every format in and out, refusals, and that nothing half-written stays."""

from __future__ import annotations

import gzip
import json
import sys
from datetime import timedelta

import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from mimo_credits import load_book
from mimo_credits.cli import comma_separated, json_lines, request_files
from mimo_credits.exact import to_credits
from tests.frames.rows import NOON, Row, by_core, table_of

BOOK = load_book()
GOOD = [Row(NOON + timedelta(hours=hour), "mimo-v2.5-pro", 1_000 + hour, hour, 7) for hour in range(30)]
COSTS = [by_core(BOOK, row).millicredits for row in GOOD]
BAD = GOOD[0]._replace(model="mimo-v9")


def written(table: pa.Table, path) -> None:
    if ".parquet" in path.name:
        parquet.write_table(table, path)
        return
    if ".csv" in path.name:
        out = pa.BufferOutputStream()
        csv.write_csv(table, out)
        text = out.getvalue().to_pybytes()
    else:
        rows = (json.dumps(row, default=lambda at: at.isoformat()) for row in table.to_pylist())
        text = "".join(f"{row}\n" for row in rows).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)


def read(path) -> list[dict]:
    if ".parquet" in path.name:
        return parquet.read_table(path).to_pylist()
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if ".csv" in path.name:
        return csv.read_csv(pa.BufferReader(text)).to_pylist()
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(request_files, "_BATCH", 7)
    monkeypatch.setattr(json_lines, "BLOCK", 1_000)
    monkeypatch.setattr(comma_separated, "BLOCK", 1_000)


FORMATS = [".parquet", ".csv", ".csv.gz", ".jsonl", ".jsonl.gz", ".ndjson"]


@pytest.mark.parametrize("source", FORMATS)
@pytest.mark.parametrize("target", FORMATS)
def test_every_format_goes_in_and_comes_out(run, tmp_path, source, target):
    given, result = tmp_path / f"in{source}", tmp_path / f"out{target}"
    written(table_of(GOOD), given)
    code, out, err = run("rate", given, "-o", result)
    assert (code, err) == (0, "")
    assert out == f"30 rows, 30 of them rated: {to_credits(sum(COSTS)):,f} credits\n"
    found = read(result)
    assert [row["millicredits"] for row in found] == COSTS
    assert [int(row["n"]) for row in found] == list(range(30))
    assert list(found[0])[-5:] == ["millicredits", "card", "band", "off_peak", "rated"]


def test_a_glob_takes_all_files_in_order(run, tmp_path):
    for number in range(3):
        written(table_of(GOOD[number * 10 : number * 10 + 10]), tmp_path / f"part-{number}.parquet")
    assert run("rate", tmp_path / "part-*.parquet", "-o", tmp_path / "out.parquet").code == 0
    assert [row["millicredits"] for row in read(tmp_path / "out.parquet")] == COSTS


def test_faulty_rows_are_counted_over_all_files_and_nothing_is_written(run, tmp_path):
    written(table_of([*GOOD, BAD]), tmp_path / "a.parquet")
    written(table_of([BAD, GOOD[0]._replace(output_tokens=-1)]), tmp_path / "b.parquet")
    (tmp_path / "out.parquet").write_bytes(b"what was there before")
    code, out, err = run("rate", tmp_path / "a.parquet", tmp_path / "b.parquet", "-o", tmp_path / "out.parquet")
    assert (code, out) == (1, "")
    assert "error: 3 rows cannot be rated:\n  negative: 1, such as\n    row 1 of " in err
    assert "unknown-model: 2, such as\n    row 30 of " in err
    assert (tmp_path / "out.parquet").read_bytes() == b"what was there before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.parquet", "b.parquet", "out.parquet"]


def test_faulty_rows_are_kept_with_their_reason_on_request(run, tmp_path):
    written(table_of([BAD, *GOOD]), tmp_path / "in.csv")
    ran = run("rate", tmp_path / "in.csv", "-o", tmp_path / "out.jsonl", "--errors", "column", "--json")
    assert ran.json == {
        "rows": "31",
        "rated": "30",
        "credits": f"{to_credits(sum(COSTS)):f}",
        "faults": {"unknown-model": "1"},
    }
    assert [(row["millicredits"], row["reason"]) for row in read(tmp_path / "out.jsonl")[:2]] == [
        (0, "unknown-model"),
        (COSTS[0], None),
    ]


def test_a_card_can_be_chosen_and_columns_named(run, tmp_path):
    table = table_of(GOOD).rename_columns({"at": "created_at", "model": "engine"})
    written(table, tmp_path / "in.parquet")
    named = ("--column", "at=created_at", "--column", "model=engine", "--card", "2026-05-27")
    assert run("rate", tmp_path / "in.parquet", "-o", tmp_path / "out.parquet", *named).code == 0
    assert {row["card"] for row in read(tmp_path / "out.parquet")} == {"2026-05-27.1"}


def test_a_naive_instant_in_a_text_is_refused(run, tmp_path):
    (tmp_path / "in.csv").write_text(
        "at,model,input_tokens,cached_tokens,output_tokens\n2026-05-28 04:00:00,mimo-v2.5-pro,1,0,1\n"
    )
    code, _, err = run("rate", tmp_path / "in.csv", "-o", tmp_path / "out.csv")
    assert code == 1
    assert "in.csv: " in err
    assert "in.csv: row 0: column 'at': needs an instant in ISO 8601 with its offset from UTC" in err
    assert not (tmp_path / "out.csv").exists()


def test_what_rating_does_not_need_passes_through_a_csv_as_it_stands(run, tmp_path):
    (tmp_path / "in.csv").write_text(
        "account,at,model,input_tokens,cached_tokens,output_tokens\n007,2026-05-28T12:00:00+0800,mimo-v2.5-pro,9,5,1\n"
    )
    assert run("rate", tmp_path / "in.csv", "-o", tmp_path / "out.csv").code == 0
    assert '"007"' in (tmp_path / "out.csv").read_text()


def test_files_of_different_columns_do_not_mix(run, tmp_path):
    written(table_of(GOOD), tmp_path / "a.parquet")
    written(table_of(GOOD).append_column("team", pa.array(["x"] * 30)), tmp_path / "b.parquet")
    code, _, err = run("rate", tmp_path / "*.parquet", "-o", tmp_path / "out.csv")
    assert (
        code,
        f"b.parquet: its columns are not those of {tmp_path}/a.parquet: only one of the two has team" in err,
    ) == (1, True)
    assert not list(tmp_path.glob("*out*"))


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("nothing-*.csv", "-o", "out.csv"), 2, "nothing-*.csv: no file is named like this"),
        (("in.xlsx", "-o", "out.csv"), 2, "in.xlsx: needs a name that ends in .parquet, .csv or .jsonl"),
        (("in.parquet", "-o", "out.txt"), 2, "out.txt: needs a name that ends in .parquet"),
        (("in.parquet", "-o", "in.parquet"), 2, "in.parquet: is read and cannot be written"),
        (("gone.parquet", "-o", "out.csv"), 1, "gone.parquet: no such file"),
        (("broken.parquet", "-o", "out.csv"), 1, "broken.parquet: "),
        (("in.parquet", "-o", "out.csv", "--column", "at"), 2, "'at' is not FIELD=NAME, such as at=created_at"),
        (("in.parquet", "-o", "out.csv", "--column", "att=x"), 2, "there is no field 'att'; nearest: at"),
        (("in.parquet", "-o", "out.csv", "--column", "at=x"), 2, "columns: the frame has no column 'x'"),
    ],
)
def test_what_is_typed_by_mistake_is_said_in_one_line(run, tmp_path, monkeypatch, arguments, code, said):
    monkeypatch.chdir(tmp_path)
    written(table_of(GOOD), tmp_path / "in.parquet")
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 is not enough")
    ran = run("rate", *arguments)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.parquet", "in.parquet"]


def test_a_missing_extra_is_named(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    code, _, err = run("rate", "in.parquet", "-o", "out.parquet")
    assert (code, "pip install 'mimo_credits[arrow]'" in err) == (2, True)


def test_a_terminal_shows_the_pace_and_the_time_left(capsys, monkeypatch):
    from mimo_credits.cli import output

    clock = iter([0.0, 1.0, 1.1, 2.0])
    monkeypatch.setattr(output, "monotonic", lambda: next(clock))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert list(output.with_time_left([("a", 1_000, 0.25), ("b", 100, 0.3), ("c", 900, 1.0)], "rows")) == [
        "a",
        "b",
        "c",
    ]
    shown = capsys.readouterr().err
    assert " 25% 1,000 rows, 1,000 a second, 3 s left" in shown
    assert "100% 2,000 rows, 1,000 a second, 0 s left" in shown
    assert shown.count("left") == 2
    assert shown.endswith("\r\x1b[K")
