"""Files that are written: what a kind of file cannot hold is refused, and who stops a run finds nothing half-written."""

from __future__ import annotations

import json
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from mimo_credits.cli import sorted_usage
from mimo_credits.cli.settled_totals import Totals
from tests.cli.usage_files import json_lines, lifecycle, usage


def with_column(path: Path, values: pa.Array) -> Path:
    rows = pa.Table.from_pylist(usage()).slice(0, 2)
    rows = rows.set_column(1, "at", rows["at"].cast(pa.timestamp("us", "UTC"))).append_column("more", values)
    parquet.write_table(rows, path / "usage.parquet")
    return path / "usage.parquet"


def left(path: Path) -> set[str]:
    """What a run left there, besides what it was given."""
    return {each.name for each in path.iterdir()} - {"usage.parquet", "usage.jsonl", "lifecycle.jsonl"}


@pytest.mark.parametrize(
    ("name", "values", "says"),
    [
        ("out.csv", pa.array([[1], []]), "a text has no form for column 'more', which holds list<"),
        ("out.csv", pa.array([{"a": 1}, None]), "a text has no form for column 'more', which holds struct<"),
        ("out.csv.gz", pa.array([b"\xff", b"a"]), "a text has no form for column 'more', which holds binary"),
        ("out.jsonl", pa.array([b"\xff", b"a"]), "a text has no form for column 'more', which holds binary"),
        ("out.jsonl", pa.array([[b"a"], []]), "a text has no form for column 'more', which holds list<"),
        ("out.jsonl", pa.array([1.5, float("nan")]), "JSON has no word for NaN and infinity"),
        ("out.jsonl", pa.array([[float("inf")], []]), "JSON has no word for NaN and infinity"),
    ],
)
@pytest.mark.parametrize("command", ["rate", "settle"])
def test_what_a_text_cannot_hold_is_refused(
    run: Callable, tmp_path: Path, command: str, name: str, values: pa.Array, says: str
) -> None:
    usage, more = with_column(tmp_path, values), ("--lifecycle", lifecycle(tmp_path)) if command == "settle" else ()
    ran = run(command, usage, "-o", tmp_path / name, *more)
    assert (ran.code, f"{name}: needs a name that ends in .parquet" in ran.err, says in ran.err) == (2, True, True)
    assert not left(tmp_path)
    assert run(command, usage, "-o", tmp_path / "out.parquet", *more).code == 0
    assert parquet.read_table(tmp_path / "out.parquet")["more"].type == values.type


def test_lists_and_structures_are_json(run: Callable, tmp_path: Path) -> None:
    given = [{"a": [1, None]}, {"a": []}]
    assert run("rate", with_column(tmp_path, pa.array(given)), "-o", tmp_path / "out.jsonl").code == 0
    assert [json.loads(line)["more"] for line in (tmp_path / "out.jsonl").read_text().splitlines()] == given


def test_texts_that_arrow_keeps_as_views_are_texts(run: Callable, tmp_path: Path) -> None:
    given = with_column(tmp_path, pa.array(["a", None], pa.string_view()))
    assert run("rate", given, "-o", tmp_path / "out.csv").code == 0
    assert '"a"' in (tmp_path / "out.csv").read_text()


def test_the_folder_for_sorting_may_have_any_name(
    run: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "ada's"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    ran = run("settle", json_lines(tmp_path), "--lifecycle", lifecycle(tmp_path))
    assert ran.code == 0, ran.err
    assert not list(folder.iterdir())


def by_key() -> None:
    raise KeyboardInterrupt


def by_engine() -> None:
    raise RuntimeError("Query interrupted")


def by_signal() -> None:
    signal.raise_signal(signal.SIGTERM)


@pytest.mark.parametrize("stop", [by_key, by_engine, by_signal])
@pytest.mark.parametrize("while_it", ["reads", "settles"])
def test_who_stops_it_finds_nothing_half_written(
    run: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: Callable[[], None], while_it: str
) -> None:
    sorting = tmp_path / "sorting"
    sorting.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(sorting))
    if while_it == "reads":
        checked = sorted_usage._Reading._check_keys
        monkeypatch.setattr(sorted_usage._Reading, "_check_keys", lambda *each: (stop(), checked(*each)))
    else:
        monkeypatch.setattr(Totals, "take", lambda *_: stop())
    before = signal.getsignal(signal.SIGTERM)
    ran = run("settle", json_lines(tmp_path), "--lifecycle", lifecycle(tmp_path), "-o", tmp_path / "out.parquet")
    assert (ran.code, ran.out, ran.err) == (130, "", "")
    assert left(tmp_path) == {"sorting"}
    assert not list(sorting.iterdir())
    assert signal.getsignal(signal.SIGTERM) is before
