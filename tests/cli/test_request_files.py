"""Files of requests, for `rate` and `settle`: what stands there stays as it is, and no file bends what another says."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pyarrow import csv, parquet

from mimo_credits import Account, Advance, fold, load_book, timeline
from tests.cli.usage_files import COMMANDS, accounts_in, lifecycle, reference, usage

HEADINGS = "account,at,id,model,input_tokens,cached_tokens,output_tokens"
ROW = "ada,2026-06-20T09:00:00Z,a,mimo-v2.5-pro,1,0,0"
COMMAND = pytest.mark.parametrize("command", ["rate", "settle"])


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("json_lines", "comma_separated"):
        monkeypatch.setattr(f"mimo_credits.cli.{module}.BLOCK", 1_000)


@pytest.fixture
def result(run: Callable, tmp_path: Path) -> Callable[..., Any]:
    """Rates or settles files into a file of that name; its path, or what was said where it was refused."""

    def gives(command: str, *files: Path, name: str = "result.jsonl") -> Any:
        more = ("--lifecycle", lifecycle(tmp_path)) if command == "settle" else ()
        ran = run(command, *files, "-o", tmp_path / name, *more)
        assert (ran.code == 0) == (tmp_path / name).exists()
        return tmp_path / name if ran.code == 0 else ran.err

    return gives


def table(rows: list[dict[str, object]] | None = None) -> pa.Table:
    made = pa.Table.from_pylist(rows or usage()[:20])
    return made.set_column(1, "at", made["at"].cast(pa.timestamp("us", "UTC")))


def lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@COMMAND
@pytest.mark.parametrize(
    ("name", "spoilt", "says"),
    [
        ("at", pc.local_timestamp, "its columns are of other kinds than those of"),
        ("input_tokens", lambda column: column.cast(pa.float64()), "'input_tokens' needs whole numbers"),
        ("input_tokens", lambda column: column.cast(pa.string()), "its columns are of other kinds than those of"),
        ("account", lambda column: pa.array([7] * len(column)), "its columns are of other kinds than those of"),
    ],
)
def test_a_later_file_is_held_to_what_the_first_one_is(
    result: Callable, tmp_path: Path, command: str, name: str, spoilt: Callable, says: str
) -> None:
    rows = table()
    other = rows.set_column(rows.schema.names.index(name), name, spoilt(rows[name]))
    parquet.write_table(rows[:10], tmp_path / "1.parquet")
    parquet.write_table(other[10:], tmp_path / "2.parquet")
    said = result(command, tmp_path / "1.parquet", tmp_path / "2.parquet")
    assert f"{tmp_path / '2.parquet'}: " in said
    assert says in said


@COMMAND
def test_kinds_that_hold_the_same_are_one(result: Callable, tmp_path: Path, command: str) -> None:
    rows = table()
    texts = rows["id"].combine_chunks()
    wide, places = rows["input_tokens"].cast(pa.int32()), rows.schema.names.index
    for number, (ids, zone) in enumerate(
        [(texts, "UTC"), (texts.dictionary_encode(), "+08:00"), (texts.cast(pa.string_view()), "Asia/Shanghai")]
    ):
        made = rows.set_column(places("id"), "id", ids).set_column(places("input_tokens"), "input_tokens", wide)
        made = made.set_column(places("at"), "at", rows["at"].cast(pa.timestamp("ms", zone)))
        parquet.write_table(made.slice(number * 5, 5), tmp_path / f"{number}.parquet")
        wide = rows["input_tokens"]
    found = read(result(command, *(tmp_path / f"{number}.parquet" for number in range(3))))
    key = "id" if command == "settle" else "account"
    assert sorted((row[key], row["input_tokens"]) for row in found) == sorted(
        (row[key], row["input_tokens"]) for row in rows.to_pylist()[:15]
    )


@COMMAND
def test_what_rating_does_not_need_stays_what_it_is_in_json(result: Callable, tmp_path: Path, command: str) -> None:
    more: list[dict[str, Any]] = [
        {"day": "2026-06-01", "when": "2026-06-01 12:00:00", "deep": {"day": ["2026-06-01", None]}, "late": None},
        {"day": "noon", "when": "2026-06-01T12:00:00Z", "deep": {"day": []}, "late": None},
    ]
    rows = [{**row, **more[number % 2]} for number, row in enumerate(usage()[:40])]
    rows[-1] |= {"late": [{"a": 1.5}, {"a": None}], "later": "x"}
    rows[0]["id"] = "2026-06-02"
    found = {row["id"]: row for row in read(result(command, lines(tmp_path / "usage.jsonl", rows)))}
    for row in rows:
        kept = {name: found[row["id"]][name] for name in ("day", "when", "deep", "late", "later")}
        assert kept == {"late": None, "later": None} | {name: row[name] for name in kept if name in row}


@COMMAND
def test_a_field_that_is_always_null_is_kept(result: Callable, tmp_path: Path, command: str) -> None:
    given = lines(tmp_path / "usage.jsonl", [{**row, "team": None} for row in usage()[:20]])
    assert {row["team"] for row in read(result(command, given))} == {None}
    assert parquet.read_table(result(command, given, name="result.parquet"))["team"].null_count == 20


@COMMAND
@pytest.mark.parametrize(
    ("spoilt", "says"),
    [
        ({"more": "x"}, "row 17: JSON parse error: Column(/more) changed from number to string"),
        ({"at": 1_780_000_000}, "row 17: JSON parse error: Column(/at) changed from"),
        ({"input_tokens": "7"}, "input_tokens"),
        ({"input_tokens": 1.5}, "couldn't parse:1.5"),
    ],
)
def test_a_line_that_holds_another_kind_is_told(
    result: Callable, tmp_path: Path, command: str, spoilt: dict[str, object], says: str
) -> None:
    rows = [{**row, "more": number} for number, row in enumerate(usage()[:20])]
    rows[17] |= spoilt
    said = result(command, lines(tmp_path / "usage.jsonl", rows))
    assert f"{tmp_path / 'usage.jsonl'}: " in said
    assert says in said


@COMMAND
def test_lines_that_hold_another_kind_from_somewhere_on_are_told(
    result: Callable, tmp_path: Path, command: str
) -> None:
    rows = [{**row, "more": number if number < 100 else "x"} for number, row in enumerate(usage())]
    rows[99]["note"] = "so long that a block ends here " * 40
    said = result(command, lines(tmp_path / "usage.jsonl", rows))
    assert "usage.jsonl: from row 100 on: Field more has incompatible types: int64 vs string" in said


@COMMAND
def test_a_text_that_is_no_text_is_told(result: Callable, tmp_path: Path, command: str) -> None:
    given = lines(tmp_path / "usage.jsonl", [{**usage()[0], "team": "x?y"}])
    given.write_bytes(given.read_bytes().replace(b"?", b"\xff"))
    assert "usage.jsonl: " in result(command, given)


@COMMAND
def test_a_line_may_be_longer_than_a_block_and_the_last_one_open(
    result: Callable, tmp_path: Path, command: str
) -> None:
    rows = [{**row, "note": "long " * 1_000} for row in usage()[:3]]
    given = tmp_path / "usage.jsonl.gz"
    given.write_bytes(gzip.compress("\r\n\r\n".join(json.dumps(row) for row in rows).encode()))
    assert [row["note"] for row in read(result(command, given))] == [row["note"] for row in rows]


@COMMAND
def test_a_note_of_a_csv_may_have_line_breaks(result: Callable, tmp_path: Path, command: str) -> None:
    notes = [f'{number}\n"two"\n\nlines, {"more " * 90}' for number in range(20)]
    csv.write_csv(table().append_column("note", [notes]), tmp_path / "usage.csv")
    assert sorted(row["note"] for row in read(result(command, tmp_path / "usage.csv"))) == sorted(notes)


def write_empty(path: Path) -> None:
    if path.suffix == ".parquet":
        parquet.write_table(table()[:0], path)
    else:
        path.write_text(f"{HEADINGS}\n" if path.suffix == ".csv" else "")


QUIET = pytest.mark.parametrize("quiet", ["quiet.parquet", "quiet.csv", "quiet.jsonl"])


@COMMAND
@QUIET
@pytest.mark.parametrize("name", ["result.parquet", "result.csv", "result.jsonl"])
def test_no_rows_are_written_with_the_columns_of_some(
    result: Callable, tmp_path: Path, command: str, quiet: str, name: str
) -> None:
    (tmp_path / "usage.csv").write_text(f"{HEADINGS}\n{ROW}\n")
    schema = parquet.read_schema(result(command, tmp_path / "usage.csv", name="some.parquet"))
    write_empty(tmp_path / quiet)
    (tmp_path / name).write_text("what an earlier run wrote")
    path = result(command, tmp_path / quiet, name=name)
    if name.endswith(".jsonl"):
        assert path.read_text() == ""
    elif name.endswith(".csv"):
        assert set(path.read_text().strip().replace('"', "").split(",")) == set(schema.names)
    else:
        written = parquet.read_table(path)
        assert len(written) == 0
        assert {field.name: field.type for field in written.schema} == {field.name: field.type for field in schema}


@QUIET
def test_a_file_without_rows_beside_others_changes_nothing(run: Callable, tmp_path: Path, quiet: str) -> None:
    write_empty(tmp_path / quiet)
    csv.write_csv(table(usage()), tmp_path / "usage.csv")
    after = tmp_path / "after.jsonl"
    for files in (("usage.csv", quiet), (quiet, "usage.csv")):
        given = [tmp_path / file for file in files]
        ran = run("settle", *given, "--lifecycle", lifecycle(tmp_path), "--accounts-out", after)
        assert ran.code == 0, ran.err
        assert accounts_in(after) == reference()


def test_an_hour_without_lines_stands_beside_lines_with_more_fields(run: Callable, tmp_path: Path) -> None:
    (tmp_path / "quiet.jsonl").write_text("\n\n")
    given = lines(tmp_path / "usage.jsonl", [{**row, "audio_seconds": 0} for row in usage()])
    assert run("rate", tmp_path / "quiet.jsonl", given, "-o", tmp_path / "result.csv").code == 0
    lines(tmp_path / "quiet.jsonl", [{}])
    ran = run("rate", tmp_path / "quiet.jsonl", given, "-o", tmp_path / "result.csv")
    assert (ran.code, "its columns are not those of" in ran.err) == (1, True)


@QUIET
def test_a_quiet_month_has_its_renewals(run: Callable, tmp_path: Path, quiet: str) -> None:
    write_empty(tmp_path / quiet)
    until, after, bills = datetime(2026, 9, 1, tzinfo=UTC), tmp_path / "after.jsonl", tmp_path / "bills.jsonl"
    ran = run(
        *("settle", tmp_path / quiet, "--lifecycle", lifecycle(tmp_path), "--until", until.isoformat()),
        *("--accounts-out", after, "--bills", bills, "--statements", tmp_path / "statements.csv"),
    )
    assert ran.out.splitlines() == ["3 accounts, 0 rows, 0 of them refused", "0 millicredits spent, 0 of them overage"]
    book = load_book()
    expected = {
        name: fold(Account(), timeline([*commands, Advance(until)]), book)[0] for name, commands in COMMANDS.items()
    }
    assert accounts_in(after) == expected
    assert [bill["reason"] for bill in read(bills)].count("renewal") >= 3


def test_nothing_at_all_is_settled_into_files_without_rows(run: Callable, tmp_path: Path) -> None:
    write_empty(tmp_path / "quiet.csv")
    names = (
        ("-o", "rows.csv"),
        ("--statements", "statements.csv"),
        ("--bills", "bills.csv"),
        ("--accounts-out", "a.jsonl"),
    )
    ran = run("settle", tmp_path / "quiet.csv", *(part for flag, name in names for part in (flag, tmp_path / name)))
    assert (ran.code, ran.out.splitlines()[0]) == (0, "0 accounts, 0 rows, 0 of them refused")
    assert [len((tmp_path / name).read_text().splitlines()) for _, name in names] == [1, 1, 1, 0]


@COMMAND
@pytest.mark.parametrize("name", ["usage.csv.gz", "usage.jsonl.gz"])
@pytest.mark.parametrize("spoilt", [lambda packed: packed[:-12], lambda _: b"no gzip"])
def test_a_packed_file_that_is_damaged_is_named(
    result: Callable, tmp_path: Path, command: str, name: str, spoilt: Callable[[bytes], bytes]
) -> None:
    (tmp_path / name).write_bytes(spoilt(gzip.compress(f"{HEADINGS}\n{ROW}\n".encode())))
    assert f"error: {tmp_path / name}: " in result(command, tmp_path / name)


def test_what_a_parquet_file_says_of_itself_is_kept(result: Callable, tmp_path: Path) -> None:
    parquet.write_table(table().replace_schema_metadata({"origin": "a lake"}), tmp_path / "usage.parquet")
    schema = parquet.read_schema(result("rate", tmp_path / "usage.parquet", name="result.parquet"))
    assert schema.metadata == {b"origin": b"a lake"}
