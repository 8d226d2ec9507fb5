"""Claude Code's session files: which of their lines are requests, and that each request counts once, as its last line."""

from __future__ import annotations

import json

import pytest

from mimo_credits.logs import Contradicting, Place, Repeated, each_once, read_log
from tests.cli.responses import anthropic
from tests.logs.reading_samples import SAMPLES, lines_of, malformed, record, records, requests_of, skipped

PROJECTS = SAMPLES / "claude" / "projects"
PRO = "mimo-v2.5-pro[1m]"

REQUESTS = {
    # input_tokens leave the cache out: 1,200 new, 800 written, 20,000 read; the line with the most output counts,
    # at the instant of the first line.
    record("msg_a1", "2026-06-02T02:00:04.120", PRO, 22_000, 20_000, 240),
    record("msg_a2", "2026-06-02T02:00:12", PRO, 22_090, 22_000, 410),
    record("msg_a3", "2026-06-03T09:00:09", PRO, 24_300, 24_000, 900),
    # of a subagent: also inside a line of progress in its parent's file, there not yet complete
    record("msg_s1", "2026-06-02T02:03:05", "mimo-v2.5", 700, 0, 150),
    record("msg_c1", "2026-06-02T02:02:00", "claude-sonnet-4-5-20250929", 5_010, 5_000, 60),
}


def line(id: str = "msg_1", output: int = 5, **other: object) -> dict[str, object]:
    message = {**anthropic(id, "", "mimo-v2.5", 100, output), **other}
    return {"type": "assistant", "sessionId": "s", "timestamp": "2026-06-02T02:00:00.000Z", "message": message}


def test_a_folder_of_projects_holds_these_requests():
    assert requests_of(PROJECTS) == REQUESTS


def test_what_is_no_answer_of_a_model_is_skipped_and_says_so():
    (session,) = PROJECTS.glob("-srv-shop/5f*.jsonl")
    no_answer, own = "no answer of a model, such as prompts and tool results", "a message that Claude Code wrote itself"
    reasons = skipped(read_log(str(session)))
    assert reasons.count(no_answer) == 5  # a snapshot of files, a summary, two prompts and a tool's result
    assert [why.partition(",")[0] for why in reasons if why != no_answer] == [own]


def test_a_message_on_several_lines_counts_as_the_fullest_whatever_their_order(log):
    growing = [line(output=output) for output in (1, 90, 40)]
    at = [{**one, "timestamp": f"2026-06-02T02:00:0{n}Z"} for n, one in enumerate(growing, 3)]
    expected = {record("msg_1", "2026-06-02T02:00:03", "mimo-v2.5", 100, 0, 90)}
    assert requests_of(log(*at)) == expected
    assert requests_of(log(*reversed(at))) == expected


def test_with_the_same_output_the_line_with_more_input_counts(log):
    early = line(usage={"input_tokens": 0, "output_tokens": 5})
    assert [one.usage.input_tokens for one in requests_of(log(early, line()))] == [100]
    assert [one.usage.input_tokens for one in requests_of(log(line(), early))] == [100]


def test_the_lines_that_do_not_count_are_repeats_of_the_first(log):
    path = str(log(line(output=1), line(output=2), line(output=2)))
    repeated = [one for one in each_once(read_log(path)) if isinstance(one, Repeated)]
    assert repeated == [Repeated(Place(path, n), Place(path, 1)) for n in (2, 3)]


def test_one_id_for_two_models_is_a_contradiction(log):
    path = str(log(line(), line(model="mimo-v2.5-pro")))
    told = list(each_once(read_log(path)))
    assert [type(one) for one in told[:1]] == [Contradicting]
    assert [one.usage.model for one in records(told)] == ["mimo-v2.5"]


def test_a_response_that_the_log_of_a_proxy_holds_too_counts_once(log):
    response = anthropic("msg_1", "2026-06-02T02:00:01Z", "mimo-v2.5", 100, 5)
    for order in ([response, line(output=1), line()], [line(output=1), line(), response]):
        assert [one.usage.output_tokens for one in requests_of(log(*order))] == [5]
    path = str(log(response, line(output=6)))
    assert [type(one) for one in each_once(read_log(path))][1:] == [Contradicting]


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (line(id=None), "id: is missing"),
        (line(id=7), "id: needs a text, not 7"),
        ({**line(), "timestamp": None}, "timestamp: is missing"),
        (
            {**line(), "timestamp": "2026-06-02T02:00:00"},
            "timestamp: 2026-06-02T02:00:00 is naive, it has no time zone: write 2026-06-02T02:00:00+08:00, or what its zone is",
        ),
        (line(usage={"input_tokens": 1}), "usage.output_tokens: is missing"),
        ({**line(), "message": {"id": "msg_1", "model": "m"}}, "usage.input_tokens: is missing"),
        (line(usage=None), "usage: needs a JSON object, not None"),
        (line(usage={"input_tokens": -1, "output_tokens": 1}), "usage.input_tokens: is negative: -1"),
        ({**line(), "type": "progress", "data": []}, "data: needs a JSON object, not []"),
    ],
)
def test_a_damaged_line_is_named_and_the_others_count(log, bad, why):
    path = log(line(), bad, line("msg_2"))
    told = list(read_log(str(path)))
    assert malformed(told) == [(2, why)]
    assert len(records(told)) == 2


def test_a_cut_off_last_line_is_named(tmp_path):
    path = tmp_path / "cut.jsonl"
    path.write_text(json.dumps(line()) + "\n" + json.dumps(line("msg_2"))[:100])
    assert [number for number, _ in malformed(read_log(str(path)))] == [2]


def test_lines_of_old_versions_have_no_type(log):
    old = {name: value for name, value in line().items() if name != "type"}
    assert requests_of(log(old)) == {record("msg_1", "2026-06-02T02:00:00", "mimo-v2.5", 100, 0, 5)}


def test_a_line_of_progress_without_a_message_is_no_answer(log):
    hook = {"type": "progress", "sessionId": "s", "data": {"type": "hook_progress"}}
    assert skipped(lines_of(log(hook))) == ["no answer of a model, such as prompts and tool results"]


@pytest.mark.parametrize("own", [{**line(), "isApiErrorMessage": True}, line(model="<synthetic>")])
def test_what_claude_code_wrote_itself_is_no_answer(log, own):
    assert skipped(lines_of(log(own))) == ["a message that Claude Code wrote itself, such as API errors"]


def test_a_response_with_the_session_noted_beside_is_a_response(log):
    response = anthropic("msg_1", "2026-06-02T02:00:00Z", "mimo-v2.5", 100, 5)
    assert len(requests_of(log({**response, "sessionId": "s"}))) == 1
