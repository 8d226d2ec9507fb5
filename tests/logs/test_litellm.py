"""LiteLLM's spend log in its three exports."""

from __future__ import annotations

import csv
import json

import pytest

from mimo_credits.logs import UnreadableLog, read_log
from mimo_credits.logs.documents import _Text
from tests.logs.reading_samples import SAMPLES, malformed, record, records, requests_of, skipped

EXPORTS = [SAMPLES / "litellm" / f"spend-logs.{ending}" for ending in ("json", "jsonl", "csv")]
CSV = EXPORTS[2]

REQUESTS = {
    # prompt_tokens are all input; reasoning is inside completion_tokens
    record("chatcmpl-1", "2026-06-02T06:00:00.250", "mimo-v2.5-pro", 90_000, 86_000, 500),
    # an Anthropic-style provider: LiteLLM has added both kinds of cached tokens to prompt_tokens
    record("msg_7", "2026-06-02T06:10:00", "mimo-v2.5-pro", 5_000, 4_000, 60),
    record("chatcmpl-2", "2026-06-02T06:20:00", "mimo-v2.5", 1_000, 0, 40),
    record("chatcmpl-3", "2026-06-02T06:50:00", "gpt-5.2", 700, 0, 30),
    record("gen-4", "2026-06-02T06:55:00", "openrouter/xiaomi/mimo-v2.5-pro", 800, 0, 20),
}


def row(**other: object) -> dict[str, object]:
    known = {"request_id": "r-1", "startTime": "2026-06-02T06:00:00Z", "model": "mimo-v2.5", "cache_hit": "False"}
    return {**known, "prompt_tokens": 100, "completion_tokens": 5, "metadata": {"usage_object": {}}, **other}


def values(**usage: object) -> dict[str, object]:
    return row(metadata={"additional_usage_values": usage})


@pytest.mark.parametrize("export", EXPORTS, ids=lambda path: path.suffix)
def test_each_export_holds_the_same_requests(export):
    assert requests_of(export) == REQUESTS
    assert skipped(read_log(str(export))) == [
        "an answer from LiteLLM's own cache, for which no provider was asked",
        "an answer without tokens, such as requests that failed or were stopped",
    ]


def test_the_exports_together_count_once():
    assert requests_of(*EXPORTS) == REQUESTS


def test_a_row_is_placed_where_it_begins():
    by_export = [[line.place.line for line in read_log(str(export))] for export in EXPORTS]
    assert by_export[1] == [1, 2, 3, 4, 5, 6, 7]
    assert by_export[2] == [2, 3, 4, 5, 6, 7, 8]
    text = EXPORTS[0].read_text().splitlines()
    assert [text[number - 1] for number in by_export[0]] == ["  {"] * 7


@pytest.mark.parametrize(
    ("usage", "cached"),
    [
        ({}, 0),
        ({"prompt_tokens_details": None}, 0),
        ({"prompt_tokens_details": {"cached_tokens": 60}}, 60),
        ({"cache_read_input_tokens": 60}, 60),
        ({"prompt_tokens_details": {"cached_tokens": 0}, "cache_read_input_tokens": 60}, 60),
        ({"prompt_tokens_details": {"cached_tokens": 60}, "cache_read_input_tokens": 0}, 60),
        ({"prompt_tokens_details": {"cached_tokens": 60}, "cache_read_input_tokens": 60}, 60),
    ],
)
def test_cached_tokens_have_two_names(log, usage, cached):
    assert [one.usage.cached_tokens for one in requests_of(log(values(**usage)))] == [cached]


@pytest.mark.parametrize(
    "metadata",
    [
        {"additional_usage_values": {"cache_read_input_tokens": 60}, "usage_object": None},
        {"additional_usage_values": {}, "usage_object": {"cache_read_input_tokens": 60}},
        {"additional_usage_values": {"cache_read_input_tokens": None}, "usage_object": {"cache_read_input_tokens": 60}},
        {"additional_usage_values": {"seconds": 0}, "usage_object": {"cache_read_input_tokens": 60}},
        {"usage_object": {"cache_read_input_tokens": 60}},
        json.dumps({"usage_object": {"cache_read_input_tokens": 60}}),
    ],
)
def test_usage_values_stand_under_either_name_also_as_a_text(log, metadata):
    assert [one.usage.cached_tokens for one in requests_of(log(row(metadata=metadata)))] == [60]


def test_audio_and_web_searches_are_usage_too(log):
    (one,) = requests_of(log(values(seconds=7, web_search_usage={"tool_usage": 2})))
    assert (one.usage.audio_seconds, one.usage.web_searches) == (7, 2)
    (one,) = requests_of(log(values(server_tool_use={"web_search_requests": 3})))
    assert one.usage.web_searches == 3


@pytest.mark.parametrize(
    ("model", "provider", "name"),
    [
        ("mimo-v2.5", None, "mimo-v2.5"),
        ("mimo-v2.5", "", "mimo-v2.5"),
        ("mimo-v2.5", "openai", "mimo-v2.5"),
        ("openai/mimo-v2.5", "openai", "mimo-v2.5"),
        ("anthropic/mimo-v2.5", None, "mimo-v2.5"),
        ("custom_openai/mimo-v2.5", None, "mimo-v2.5"),
        ("xiaomi_mimo/mimo-v2.5", "xiaomi_mimo", "mimo-v2.5"),
        ("openai/xiaomi/mimo-v2.5", "openai", "xiaomi/mimo-v2.5"),
        ("xiaomi/mimo-v2.5", "openai", "xiaomi/mimo-v2.5"),
        ("openrouter/xiaomi/mimo-v2.5", None, "openrouter/xiaomi/mimo-v2.5"),
        ("openrouter/xiaomi/mimo-v2.5", "openrouter", "openrouter/xiaomi/mimo-v2.5"),
        ("xiaomi/mimo-v2.5", "openrouter", "openrouter/xiaomi/mimo-v2.5"),
        ("mimo-v2.5", "hosted_vllm", "hosted_vllm/mimo-v2.5"),
        ("/mimo-v2.5", None, "mimo-v2.5"),
    ],
)
def test_only_prefixes_that_mean_xiaomi_or_a_protocol_are_taken_off(log, model, provider, name):
    assert [one.usage.model for one in requests_of(log(row(model=model, custom_llm_provider=provider)))] == [name]


@pytest.mark.parametrize("hit", ["True", "true", True])
def test_a_hit_in_litellms_own_cache_is_no_request(log, hit):
    assert requests_of(log(row(cache_hit=hit))) == set()


@pytest.mark.parametrize("hit", ["False", False, None, "", "None", "miss"])
def test_anything_else_is_one(log, hit):
    assert len(requests_of(log(row(cache_hit=hit)))) == 1


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("2026-06-02T06:00:00.123Z", "2026-06-02T06:00:00.123"),
        ("2026-06-02 06:00:00.123", "2026-06-02T06:00:00.123"),
        ("2026-06-02 14:00:00+08", "2026-06-02T06:00:00"),
    ],
)
def test_instants_without_an_offset_are_in_utc(log, written, at):
    assert requests_of(log(row(startTime=written))) == {record("r-1", at, "mimo-v2.5", 100, 0, 5)}


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (row(metadata={}), "metadata: has no usage values, so nobody knows how much of the input was cached"),
        (row(metadata=None), "metadata: has no usage values, so nobody knows how much of the input was cached"),
        (row(metadata=""), "metadata: has no usage values, so nobody knows how much of the input was cached"),
        (row(metadata="{"), "metadata: needs a JSON object, not '{'"),
        (row(metadata="[" * 100_000), f"metadata: needs a JSON object, not '{'[' * 78}…"),
        (row(metadata="[]"), "metadata: needs a JSON object, not []"),
        (row(startTime="yesterday"), "startTime: 'yesterday' is not an ISO 8601 instant"),
        (row(startTime=5), "startTime: needs a text, not 5"),
        (row(request_id=None), "request_id: is missing"),
        (row(model=None), "model: is missing"),
        (row(model=""), "model: needs a model id, not ''"),
        (row(prompt_tokens="1e3"), "prompt_tokens: needs a whole number, not '1e3'"),
        (row(prompt_tokens="٣"), "prompt_tokens: needs a whole number, not '٣'"),
        (row(prompt_tokens="9" * 5_000), f"prompt_tokens: needs a whole number, not '{'9' * 78}…"),
        (row(completion_tokens=None), "completion_tokens: is missing"),
        (
            values(cache_read_input_tokens=101),
            "cached_tokens: 101 exceeds input_tokens 100, which include the cached ones",
        ),
        (values(seconds=1.5), "seconds: needs a whole number, not 1.5"),
    ],
)
def test_a_row_that_cannot_be_right_is_named(log, bad, why):
    assert malformed(read_log(str(log(row(request_id="r-0"), bad)))) == [(2, why)]


# --- CSV --------------------------------------------------------------------------------------------------------------


def test_a_csv_may_begin_with_a_byte_order_mark_and_end_its_lines_as_windows_does(tmp_path):
    path = tmp_path / "spend.csv"
    path.write_bytes(b"\xef\xbb\xbf" + CSV.read_bytes().replace(b"\n", b"\r\n"))
    assert requests_of(path) == REQUESTS


def test_joined_csvs_are_one(tmp_path):
    path = tmp_path / "spend.csv"
    path.write_bytes(CSV.read_bytes() + b"\n" + CSV.read_bytes())
    assert requests_of(path) == REQUESTS
    assert malformed(read_log(str(path))) == []


def write(path, *rows):
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return path


HEADER = ["request_id", "startTime", "model", "prompt_tokens", "completion_tokens", "metadata", "messages"]
GOOD = ["r-1", "2026-06-02 06:00:00", "mimo-v2.5", "100", "5", '{"usage_object": {}}', "two\nlines"]


def test_a_conversation_may_take_many_lines_and_be_long(tmp_path):
    long = [*GOOD[:-1], "x" * 200_000]
    path = write(tmp_path / "spend.csv", HEADER, GOOD, ["r-2", *long[1:]], ["r-3", *GOOD[1:]])
    told = list(read_log(str(path)))
    assert [(line.place.line, line.record.id) for line in told] == [(2, "r-1"), (4, "r-2"), (5, "r-3")]


def test_a_row_of_another_length_is_named(tmp_path):
    path = write(tmp_path / "spend.csv", HEADER, GOOD, GOOD[:3], [*GOOD, "more"])
    assert malformed(read_log(str(path))) == [
        (4, "row: has 3 fields where the header has 7"),
        (5, "row: has 8 fields where the header has 7"),
    ]


@pytest.mark.parametrize("damage", [b'"cut off in the mid', b"\xff,1\n", b'"a"b,c\n'])
def test_a_damaged_csv_is_an_error_with_the_line(tmp_path, damage):
    path = write(tmp_path / "spend.csv", HEADER, GOOD)
    path.write_bytes(path.read_bytes() + damage)
    with pytest.raises(UnreadableLog, match="the CSV from line 4 on is damaged"):
        list(read_log(str(path)))


# --- JSON arrays ------------------------------------------------------------------------------------------------------


def test_arrays_may_be_joined_and_written_on_one_line(tmp_path):
    path = tmp_path / "spend.json"
    path.write_text(json.dumps([row(), row(request_id="r-2")]) + json.dumps([row(request_id="é")], ensure_ascii=False))
    assert {one.id for one in requests_of(path)} == {"r-1", "r-2", "é"}


def test_a_row_longer_than_what_is_read_at_once_is_whole(tmp_path):
    path = tmp_path / "spend.json"
    rows = [row(request_id=f"r-{number}", messages="é" * 150_000) for number in range(3)]
    path.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
    assert len(requests_of(path)) == 3


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[ROW,\nROW", r"from line 2 on is cut off: its array does not end"),
        ("[ROW,\nROW]]", r"from line 2 on holds '\]' where an object would be right"),
        ("[[ROW]]", r"from line 1 on holds '\[' where an object would be right"),
        ("[ROW] ,", r"holds ',' where an object would be right"),
        ("[ROW,\n\n7]", r"from line 3 on holds '7' where an object would be right"),
        ('[ROW,\n{"request_id": ', r"from line 2 on is not JSON \(Expecting value\)"),
        ('[ROW,\n{"a": ' + "9" * 5_000 + "}]", "from line 2 on has too many digits in a number"),
        ('[ROW,\n{"a": ' + "[" * 200_000, "from line 2 on has too many digits in a number, or is nested too deeply"),
    ],
)
def test_a_damaged_array_is_an_error_after_what_could_be_read(tmp_path, text, why):
    path = tmp_path / "spend.json"
    path.write_text(text.replace("ROW", json.dumps(row())))
    told = read_log(str(path))
    if not text.startswith("[["):
        assert records([next(told)])
    with pytest.raises(UnreadableLog, match=why):
        list(told)


def test_an_array_that_is_no_utf_8_is_an_error(tmp_path):
    path = tmp_path / "spend.json"
    path.write_bytes(b"[" + json.dumps(row()).encode() + b',\n{"a": "\xff"}]')
    with pytest.raises(UnreadableLog, match="is not UTF-8 text"):
        list(read_log(str(path)))


@pytest.fixture
def reads(monkeypatch):
    """Counts how often a piece of a file is read."""
    counted = []
    read_on = _Text._read_on
    monkeypatch.setattr(_Text, "_read_on", lambda text: counted.append(1) or read_on(text))
    return counted


def test_a_value_without_end_is_not_read_without_end(tmp_path, monkeypatch, reads):
    monkeypatch.setattr("mimo_credits.logs.documents._LONGEST", 100_000)
    path = tmp_path / "spend.json"
    path.write_text("[" + json.dumps(row()) + ',\n{"a": "' + "x" * 3_000_000)
    with pytest.raises(UnreadableLog, match="line 2"):
        list(read_log(str(path)))
    assert len(reads) < 6


def test_a_long_value_is_tried_only_a_few_times(tmp_path, reads):
    path = tmp_path / "spend.json"
    path.write_text(json.dumps([row(messages="x" * 3_000_000)]))
    assert len(requests_of(path)) == 1
    assert len(reads) < 10


def test_an_element_of_another_shape_is_named_and_the_others_are_read(tmp_path):
    path = tmp_path / "spend.json"
    path.write_text(json.dumps([row(), {"name": "a page"}, row(request_id="r-2")], indent=1))
    told = list(read_log(str(path)))
    assert [one.id for one in records(told)] == ["r-1", "r-2"]
    assert [why for _, why in malformed(told)] == [
        "usage: has neither prompt_tokens (OpenAI) nor input_tokens (Anthropic)"
    ]
