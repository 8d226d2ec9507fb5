"""What holds of all logs: neither the order of lines and files nor telling a thing twice changes what counts.

And a parser's promise: any bytes end in lines or in the documented error.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mimo_credits.logs import Contradicting, Line, Logged, Malformed, Skipped, UnreadableLog, each_once, read_log
from tests.cli.responses import openai
from tests.logs import test_claude_code, test_litellm, test_opencode
from tests.logs.reading_samples import SAMPLES, records, requests_of

small = st.integers(0, 3)


def a_response(n: int, tokens: int) -> dict[str, object]:
    return openai(f"response {n}", 1_780_000_000 + n, "mimo-v2.5", 100 + n)


def a_line_of_claude_code(n: int, tokens: int) -> dict[str, object]:
    told = test_claude_code.line(f"msg_{n}", tokens)
    return {**told, "timestamp": f"2026-06-02T02:00:0{tokens}Z"}


def a_message_of_opencode(n: int, tokens: int) -> dict[str, object]:
    return test_opencode.message(id=f"msg {n} {tokens}", time={"created": 1_780_000_000_000 + n})


def a_row_of_litellm(n: int, tokens: int) -> dict[str, object]:
    return test_litellm.row(request_id=f"row {n}")


makers = st.sampled_from([a_response, a_line_of_claude_code, a_message_of_opencode, a_row_of_litellm])
objects = st.builds(lambda make, n, tokens: make(n, tokens), makers, small, small)
files = st.lists(st.lists(objects, max_size=8), min_size=1, max_size=3)


@given(files, st.randoms(use_true_random=False))
def test_the_order_of_lines_and_files_does_not_matter(files, random):
    with tempfile.TemporaryDirectory() as folder:
        first = requests_of(*written(Path(folder), "first", files))
        shuffled = [random.sample(lines, len(lines)) for lines in random.sample(files, len(files))]
        assert requests_of(*written(Path(folder), "second", shuffled)) == first
        joined = [[line for lines in files for line in lines]]
        assert requests_of(*written(Path(folder), "third", joined)) == first


@given(files)
def test_logs_that_are_read_twice_count_once_and_nothing_contradicts_itself(files):
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(path) for path in written(Path(folder), "log", files)]
        once = list(each_once(line for path in paths for line in read_log(path)))
        twice = list(each_once(line for path in [*paths, *paths] for line in read_log(path)))
        assert set(records(twice)) == set(records(once))
        assert len(twice) == 2 * len(once)
        assert not any(isinstance(line, Contradicting | Malformed) for line in twice)


def written(folder: Path, name: str, files: list[list[dict[str, object]]]) -> list[Path]:
    paths = [folder / f"{name} {number}.jsonl" for number in range(len(files))]
    for path, lines in zip(paths, files, strict=True):
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return paths


TEXTS = [path for path in sorted(SAMPLES.rglob("*")) if path.is_file()]


@pytest.mark.parametrize("sample", TEXTS, ids=lambda path: path.name)
def test_a_sample_joined_to_itself_changes_nothing(tmp_path, sample):
    alone, joined = tmp_path / "alone", tmp_path / "joined"
    alone.write_bytes(sample.read_bytes())
    joined.write_bytes(sample.read_bytes() + b"\n" + sample.read_bytes())
    if sample.name.startswith(("ses_", "prt_")):
        with pytest.raises(UnreadableLog, match="of a known shape"):
            requests_of(joined)
    else:
        assert requests_of(joined) == requests_of(alone)


# --- any bytes --------------------------------------------------------------------------------------------------------


def outcome(content: bytes) -> None:
    """Reads it; anything but lines or `UnreadableLog` goes through."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "log")
        path.write_bytes(content)
        try:
            lines: list[Line] = list(read_log(str(path)))
        except UnreadableLog:
            return
        for line in lines:
            assert isinstance(line, Logged | Skipped | Malformed)
            assert line.place.line > 0
        list(each_once(lines))


beginnings = st.sampled_from(
    [
        b"",
        b"{",
        b"{\n",
        b"[",
        b"[{",
        b"\x1f\x8b",
        b"SQLite format 3\0",
        b"\xef\xbb\xbf",
        b"request_id,startTime\n",
        b'"',
    ]
)


@given(beginnings, st.binary(max_size=200))
@example(b"[", b"]" * 3)
@example(b"", b"\0")
@example(b"request_id,startTime\n", b"\0\r\n\r")
@example(b'{"type": 1}\n', b'{"sessionId": {}}')
def test_any_bytes_end_in_lines_or_in_the_documented_error(beginning, more):
    outcome(beginning + more)


@given(st.sampled_from(TEXTS), st.integers(0, 10**6), st.binary(max_size=4), st.integers(0, 30))
def test_a_damaged_sample_ends_in_lines_or_in_the_documented_error(sample, at, damage, length):
    content = sample.read_bytes()
    at %= len(content)
    outcome(content[:at] + damage + content[at + length :])


@given(st.integers(0, 10**6), st.binary(min_size=1, max_size=8))
def test_a_damaged_database_too(database, at, damage):
    at %= len(database)
    outcome(database[:at] + damage + database[at + len(damage) :])


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    path = tmp_path_factory.mktemp("database") / "opencode.db"
    test_opencode.migrated(path)
    return path.read_bytes()


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
)
NAMES = [
    *("type", "message", "id", "model", "usage", "timestamp", "isApiErrorMessage", "sessionId", "data", "metadata"),
    *("sessionID", "role", "tokens", "time", "created", "completed", "providerID", "modelID", "cache", "input"),
    *("request_id", "startTime", "prompt_tokens", "completion_tokens", "cache_hit", "usage_object", "total"),
]
roles = st.sampled_from(["assistant", "user", "progress"])
shaped = st.recursive(
    values | roles, lambda inner: st.dictionaries(st.sampled_from(NAMES), inner, max_size=5), max_leaves=10
)


@given(
    st.lists(st.dictionaries(st.sampled_from(NAMES), shaped, min_size=1, max_size=8), min_size=1, max_size=3),
    st.booleans(),
)
def test_any_json_with_the_right_keys_ends_in_lines_or_in_the_documented_error(documents, lines):
    text = "\n".join(map(json.dumps, documents)) if lines else json.dumps(documents, indent=1)
    outcome(text.encode())


@given(st.sampled_from(NAMES), values, st.sampled_from(["line", "message", "row"]), st.booleans())
def test_any_value_in_a_field_ends_in_a_line(name, value, kind, inside):
    document = {
        "line": test_claude_code.line(),
        "message": test_opencode.message(),
        "row": test_litellm.row(),
    }[kind]
    changed = {**document, name: value}
    if inside:
        inner = {"line": "message", "message": "tokens", "row": "metadata"}[kind]
        changed = {**document, inner: {**document[inner], name: value}}
    outcome(json.dumps(changed).encode())
