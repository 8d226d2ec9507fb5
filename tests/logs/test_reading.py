"""Reading logs: every line that is not blank comes out as what it is, with its number."""

from __future__ import annotations

import gzip
import io
import json
from datetime import UTC, datetime

import pytest

from mimo_credits import MimoCreditsError, Record, Usage
from mimo_credits.logs import (
    Contradicting,
    Logged,
    Malformed,
    Place,
    Repeated,
    Skipped,
    UnknownLog,
    UnreadableLog,
    each_once,
    read_log,
)
from mimo_credits.logs.opening import logs_in
from tests.cli.responses import anthropic, openai
from tests.logs.reading_samples import SAMPLES, requests_of

FIRST = openai("a", 1_780_000_000, "mimo-v2.5", 100, 20, 60)
SECOND = anthropic("b", "2026-05-29T05:00:00+08:00", "mimo-v2.5-pro", 40, 20, 60)
RECORDS = [
    Record(
        "a",
        datetime(2026, 5, 28, 20, 26, 40, tzinfo=UTC),
        Usage("mimo-v2.5", input_tokens=100, cached_tokens=60, output_tokens=20),
    ),
    Record(
        "b",
        datetime(2026, 5, 28, 21, tzinfo=UTC),
        Usage("mimo-v2.5-pro", input_tokens=100, cached_tokens=60, output_tokens=20),
    ),
]


def reasons(path) -> list[tuple[int, str]]:
    return [(line.place.line, line.why) for line in read_log(str(path)) if isinstance(line, Malformed)]


def test_both_shapes_become_records_with_their_lines(log):
    path = log(FIRST, SECOND)
    assert list(read_log(str(path))) == [
        Logged(Place(str(path), line), record) for line, record in enumerate(RECORDS, 1)
    ]


def test_blank_lines_are_counted_but_are_no_lines_of_the_log(log):
    path = log("", FIRST, " \t", SECOND, "")
    assert [(line.place.line, line.record) for line in read_log(str(path))] == [(2, RECORDS[0]), (4, RECORDS[1])]


def test_windows_line_ends_a_byte_order_mark_and_a_missing_last_line_end_do_no_harm(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(FIRST).encode() + b"\r\n" + json.dumps(SECOND).encode())
    assert [line.record for line in read_log(str(path))] == RECORDS


def test_gzip_is_recognised_by_content_not_by_name(tmp_path, log):
    plain = log(FIRST, SECOND)
    packed = tmp_path / "packed.jsonl"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    misnamed = plain.rename(tmp_path / "not-packed.gz")
    assert [line.record for line in read_log(str(packed))] == RECORDS
    assert [line.record for line in read_log(str(misnamed))] == RECORDS


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_standard_input_may_be_packed_too_and_stays_open(monkeypatch, log, pack):
    stream = io.TextIOWrapper(io.BytesIO(pack(log(FIRST, SECOND).read_bytes())))
    monkeypatch.setattr("sys.stdin", stream)
    lines = list(read_log("-"))
    assert [line.record for line in lines] == RECORDS
    assert str(lines[1].place) == "standard input:2"
    assert not stream.buffer.closed


def without(field: str) -> dict[str, object]:
    return {name: value for name, value in FIRST.items() if name != field}


MALFORMED = {
    '{"id": ': "is not JSON: Expecting value at column 7",
    "no json": "is not JSON: Expecting value at column 1",
    "[1, 2]": "payload: needs a JSON object, not list",
    "null": "payload: needs a JSON object, not NoneType",
    '{"error": {"code": "429"}}': "usage: has neither prompt_tokens (OpenAI) nor input_tokens (Anthropic)",
    json.dumps({**FIRST, "usage": None}): "usage: needs a JSON object, not None",
    json.dumps(without("id")): "id: is missing: the payload names none, and none was given",
    json.dumps(without("model")): "model: is missing: the payload names none, and none was given",
    json.dumps(without("created")): "created: is missing: a response needs created (seconds since 1970) or timestamp "
    "(ISO 8601)",
    json.dumps({**SECOND, "timestamp": "2026-05-29T05:00:00"}): "timestamp: 2026-05-29T05:00:00 is naive, "
    "it has no time zone: write 2026-05-29T05:00:00+08:00, or what its zone is",
    json.dumps(openai("a", 1_780_000_000, "mimo-v2.5", -1)): "usage.prompt_tokens: is negative: -1",
    json.dumps(openai("a", 1_780_000_000, "mimo-v2.5", 10.0)): "usage.prompt_tokens: needs a whole number, not 10.0",
    "9" * 5000: "is JSON that cannot be read: too many digits in a number, or nested too deeply",
    "[" * 200_000: "is JSON that cannot be read: too many digits in a number, or nested too deeply",
}


@pytest.mark.parametrize(("line", "why"), MALFORMED.items(), ids=range(len(MALFORMED)))
def test_a_malformed_line_has_its_number_and_a_reason_and_the_others_are_read(log, line, why):
    path = log(FIRST, line, SECOND)
    first, malformed, second = read_log(str(path))
    assert malformed == Malformed(Place(str(path), 2), why)
    assert [first.record, second.record] == RECORDS


def test_a_line_that_is_no_text_is_malformed(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_bytes(b'{"id": "\xff"}\n')
    assert reasons(path) == [(1, "is not UTF-8 text")]


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda packed: packed[: len(packed) // 2], "cut off"),
        (lambda packed: packed[:20] + bytes(20) + packed[40:], "damaged"),
        (lambda packed: packed + b"more", "damaged"),
    ],
    ids=["cut off", "overwritten", "followed by something else"],
)
def test_a_damaged_gzip_is_an_error_since_nobody_knows_what_it_held(tmp_path, damage, why):
    lines = "".join(json.dumps(openai(f"id {n}", 1_780_000_000 + n * n, "mimo-v2.5", n)) + "\n" for n in range(200))
    path = tmp_path / "log.gz"
    path.write_bytes(damage(gzip.compress(lines.encode())))
    with pytest.raises(UnreadableLog, match=why) as caught:
        list(read_log(str(path)))
    assert caught.value.file == str(path)


def test_a_file_that_cannot_be_opened_is_an_error_with_its_name(tmp_path):
    for name in (tmp_path / "missing.jsonl", tmp_path, "nul\0name", "long" * 5_000):
        with pytest.raises(UnreadableLog) as caught:
            list(read_log(str(name)))
        assert isinstance(caught.value, MimoCreditsError)
        assert caught.value.why
    with pytest.raises(UnreadableLog, match=r"missing\.jsonl: cannot be read \(No such file or directory\)"):
        list(read_log(str(tmp_path / "missing.jsonl")))


def test_a_repeat_counts_once_and_a_contradiction_names_both_lines(log):
    other = openai("a", 1_780_000_000, "mimo-v2.5", 101, 20, 60)
    reworded = {**FIRST, "choices": []}
    path = str(log(FIRST, SECOND, reworded, "broken", other, FIRST))
    lines = list(each_once(read_log(path)))
    first = Place(path, 1)
    assert lines[2] == Repeated(Place(path, 3), first)
    assert lines[3] == Malformed(Place(path, 4), "is not JSON: Expecting value at column 1")
    assert lines[4] == Contradicting(Place(path, 5), first, f"id 'a': stands at {path}:1 with other content.")
    assert lines[5] == Repeated(Place(path, 6), first)
    assert len(lines) == 6


@pytest.mark.parametrize(("later", "kind"), [(0, Repeated), (1, Repeated), (-1, Repeated), (2, Contradicting)])
def test_the_same_usage_hardly_apart_is_one_request(log, later, kind):
    """One tool writes whole seconds, another does not."""
    again = openai("a", 1_780_000_000 + later, "mimo-v2.5", 1)
    first, second = each_once(read_log(log(openai("a", 1_780_000_000, "mimo-v2.5", 1), again)))
    assert (type(first), type(second)) == (Logged, kind)


def test_an_array_may_begin_with_a_byte_order_mark(tmp_path):
    (tmp_path / "spend.json").write_bytes(b"\xef\xbb\xbf[" + json.dumps(FIRST).encode() + b"]")
    (line,) = read_log(tmp_path / "spend.json")
    assert line.record == RECORDS[0]


def test_the_name_of_a_file_steers_no_screen():
    assert str(Place("a\x1b[31m.jsonl", 3)) == "a\\x1b[31m.jsonl:3"


def test_a_log_is_read_line_by_line(tmp_path, log):
    path = log(FIRST, SECOND)
    lines = read_log(str(path))
    assert next(lines).record == RECORDS[0]
    with path.open("a", encoding="utf-8") as more:
        more.write("late\n" * 5_000)  # more than any buffer that was filled before
    assert sum(1 for _ in lines) == 1 + 5_000


# --- which format a file is of ----------------------------------------------------------------------------------------

CLAUDE = {"type": "user", "sessionId": "s", "message": {"role": "user", "content": "…"}}


def test_one_response_over_several_lines_is_a_log(tmp_path):
    path = tmp_path / "response.json"
    first = json.dumps(FIRST, indent=2) + "\n"
    path.write_text(first + json.dumps(SECOND, indent=2))
    second_begins = first.count("\n") + 1
    assert [(line.place.line, line.record) for line in read_log(str(path))] == [
        (1, RECORDS[0]),
        (second_begins, RECORDS[1]),
    ]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_other_formats_may_be_packed_or_come_from_standard_input_too(monkeypatch, tmp_path, pack):
    for sample in sorted((SAMPLES / "litellm").iterdir()):
        path = tmp_path / "no ending"
        path.write_bytes(pack(sample.read_bytes()))
        assert requests_of(path) == requests_of(sample)
        stream = io.TextIOWrapper(io.BytesIO(path.read_bytes()))
        monkeypatch.setattr("sys.stdin", stream)
        assert requests_of("-") == requests_of(sample)
        assert not stream.buffer.closed


def test_a_database_is_read_only_from_its_file(monkeypatch, tmp_path):
    path = tmp_path / "packed"
    path.write_bytes(gzip.compress(b"SQLite format 3\0" + bytes(100)))
    with pytest.raises(UnreadableLog, match="only from its file, and not packed"):
        list(read_log(str(path)))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"SQLite format 3\0" + bytes(100))))
    with pytest.raises(UnreadableLog, match="standard input: is a database"):
        list(read_log("-"))


@pytest.mark.parametrize(
    ("content", "seen"),
    [
        (b"To do: buy milk\nand bread\n", "it begins with 'To do: buy milk"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "it begins with '\ufffdPNG"),
        (b'{"type":"event","payload":{}}\n{"type":"event","payload":{}}\n', "an object with the keys 'type, payload'"),
        (b'{\n  "name": "a page"\n}\n', "an object with the keys 'name'"),
        (b'[{"name": "a page"}]', "an object with the keys 'name'"),
        (b"id,model,tokens\n1,mimo-v2.5,3\n", "it begins with 'id,model,tokens"),
    ],
)
def test_a_file_of_an_unknown_shape_is_an_error_that_says_what_was_seen_and_what_is_known(tmp_path, content, seen):
    path = tmp_path / "unknown"
    path.write_bytes(content)
    with pytest.raises(UnknownLog) as caught:
        list(read_log(str(path)))
    assert str(caught.value).startswith(f"{path}: is no log of a known shape: ")
    assert seen in str(caught.value)
    assert str(caught.value).endswith("LiteLLM's spend logs (JSON, JSON Lines, CSV)")


def test_a_log_whose_beginning_was_cut_off_is_still_a_log(log):
    path = log('…"completion_tokens": 3}}', FIRST)
    assert [line.why.partition(":")[0] for line in read_log(str(path)) if isinstance(line, Malformed)] == [
        "is not JSON"
    ]
    assert [line.record for line in read_log(str(path)) if isinstance(line, Logged)] == [RECORDS[0]]


def test_a_first_line_longer_than_what_is_looked_at_is_still_a_log(log):
    path = log({**FIRST, "choices": ["x" * 100_000]}, SECOND)
    assert [line.record for line in read_log(str(path))] == RECORDS


def test_a_log_that_is_only_a_brace_is_one_damaged_line(log):
    assert [number for number, _ in reasons(log("{"))] == [1]


def test_formats_may_be_mixed_line_by_line(log):
    kinds = [type(line) for line in read_log(str(log(FIRST, CLAUDE, SECOND)))]
    assert kinds == [Logged, Skipped, Logged]


# --- folders ----------------------------------------------------------------------------------------------------------


def test_a_folder_is_read_before_the_folders_in_it_names_in_order(tmp_path, log):
    for name in ("b/2.jsonl", "b/1.jsonl", "a/deep/er/3.jsonl", "c.jsonl"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        log({**FIRST, "id": name}, name=name)
    packed = tmp_path / "b" / "4.jsonl.gz"
    packed.write_bytes(gzip.compress(json.dumps({**FIRST, "id": "b/4.jsonl.gz"}).encode()))
    log("no log", name="notes.txt")
    found = [line.record.id for line in read_log(str(tmp_path))]
    assert found == ["c.jsonl", "a/deep/er/3.jsonl", "b/1.jsonl", "b/2.jsonl", "b/4.jsonl.gz"]


def test_in_a_folder_a_file_of_an_unknown_shape_is_skipped_by_name(tmp_path, log):
    log({"display": "hello", "project": "/srv"}, name="history.jsonl")
    log(FIRST, name="log.jsonl")
    told = list(read_log(str(tmp_path)))
    assert told[0] == Skipped(Place(str(tmp_path / "history.jsonl"), 1), "a file of an unknown shape in a folder")
    assert told[1].record == RECORDS[0]


def test_a_folder_without_logs_is_an_error(tmp_path, log):
    log("no log", name="notes.txt")
    with pytest.raises(UnreadableLog, match=r"is a folder without logs \(\*\.jsonl, "):
        list(read_log(str(tmp_path)))


def test_a_folder_that_leads_back_to_itself_is_read_once(tmp_path, log):
    log(FIRST, name="log.jsonl")
    try:
        (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    except OSError:
        pytest.skip("no symbolic links here")
    assert len(list(read_log(str(tmp_path)))) == 1


def test_a_path_is_a_name_too(tmp_path):
    (tmp_path / "log.jsonl").write_text("{}\n")
    assert list(read_log(tmp_path)) == list(read_log(str(tmp_path)))


def test_a_folder_that_cannot_be_listed_is_an_error_and_not_an_empty_one(tmp_path):
    with pytest.raises(UnreadableLog, match=r"gone: cannot be read \("):
        list(logs_in(str(tmp_path / "gone")))
