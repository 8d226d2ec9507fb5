"""`mimo-credits statement` of the logs that other tools keep: without a plan, with other vendors' models, of folders."""

from __future__ import annotations

from textwrap import dedent

import pytest

from mimo_credits.cli.gathering import Wanted
from tests.cli.responses import anthropic, openai
from tests.logs.reading_samples import SAMPLES
from tests.logs.test_claude_code import line

PROJECTS = SAMPLES / "claude" / "projects"
STORE = SAMPLES / "opencode"
SPEND = SAMPLES / "litellm" / "spend-logs.csv"
JUNE = 1_780_372_800  # 2026-06-02T04:00:00Z
PLAN = ("--tier", "lite", "--since", "2026-06-01T00:00:00Z")


def test_without_a_plan_it_is_credits_by_month(run, log):
    asr = {"id": "asr", "created": JUNE + 20 * 86_400, "model": "mimo-v2.5-asr"}
    searched = openai("web", JUNE - 10 * 86_400, "mimo-v2.5", 100)
    searched["usage"]["web_search_usage"] = {"tool_usage": 2}
    path = log({**asr, "usage": {"prompt_tokens": 5, "completion_tokens": 0, "seconds": 36}}, searched)
    code, out, err = run("statement", path, PROJECTS, "--alias", "claude-sonnet-4-5-20250929=mimo-v2.5")
    assert code == 0
    assert "claude" not in err
    assert out == dedent(
        """\
        Credits by month, each request at the rates in force. Months and instants are in UTC.

        2026-05
        -------
          model      requests  cache hit  cache miss  output  credits
          mimo-v2.5         1                    100              100
            web searches: 2, which cost money

        2026-06
        -------
          model              requests  cache hit  cache miss  output    credits
          mimo-v2.5                 2      5,000         710     210    123,000
          mimo-v2.5-asr             1                      5            300,000
            audio: 36 seconds
          mimo-v2.5-pro[1m]         3     66,000       2,390   1,550  1,812,000
          all                       6                                 2,235,000

        Credits in all  2,235,100
        No plan is accounted for: with --tier and --since, a statement has cycles, allowances and money due.
        """
    )


def test_what_was_skipped_is_counted_on_standard_error_and_in_the_json(run):
    code, _, err = ran = run("statement", PROJECTS, STORE, SPEND, "--json")
    assert code == 0
    warnings = [line.removeprefix("mimo-credits: warning: ") for line in err.splitlines()]
    assert warnings == [
        "5 of 33 lines repeat a response; each response counts once",
        "skipped 10 of 33 lines: no answer of a model, such as prompts and tool results",
        "skipped 1 of 33 lines: a message that Claude Code wrote itself, such as API errors",
        "skipped 2 of 33 lines: an answer without tokens, such as requests that failed or were stopped",
        "skipped 1 of 33 lines: an answer from LiteLLM's own cache, for which no provider was asked",
        "skipped 1 request of 'openrouter/xiaomi/mimo-v2-flash': not on any rate card",
        "skipped 1 request of 'gpt-5.2': not on any rate card",
        "skipped 1 request of 'openrouter/xiaomi/mimo-v2.5-pro': not on any rate card",
        "skipped 1 request of 'claude-sonnet-4-5-20250929': not on any rate card",
    ]
    document = ran.json
    assert document["log"]["skipped"] == {
        "no answer of a model, such as prompts and tool results": 10,
        "a message that Claude Code wrote itself, such as API errors": 1,
        "an answer without tokens, such as requests that failed or were stopped": 2,
        "an answer from LiteLLM's own cache, for which no provider was asked": 1,
    }
    assert document["log"]["other_models"] == dict.fromkeys(
        (
            *("openrouter/xiaomi/mimo-v2-flash", "gpt-5.2", "openrouter/xiaomi/mimo-v2.5-pro"),
            "claude-sonnet-4-5-20250929",
        ),
        1,
    )
    assert document["log"]["problems"] == []
    assert document["credits"] == "5770500"
    assert document["months"][0] == {
        "month": "2026-06",
        "model": "mimo-v2.5",
        "requests": 2,
        "cached_tokens": "0",
        "missed_tokens": "1700",
        "output_tokens": "190",
        "audio_seconds": "0",
        "web_searches": "0",
        "credits": "208000",
    }
    assert sum(month["requests"] for month in document["months"]) == 10


def test_with_a_plan_the_same_credits_are_accounted_for(run):
    document = run("statement", PROJECTS, STORE, SPEND, *PLAN, "--json").json
    assert [cycle["used"] for cycle in document["cycles"]] == ["5770500"]
    assert sum(document["log"]["other_models"].values()) == 4


def test_models_of_other_vendors_are_counted_together_and_are_no_problem_even_with_strict(run, log):
    others = [openai(f"{n}", JUNE + n, "gpt-5.2", 1) for n in range(1_000)]
    path = log(*others, anthropic("a", "2020-01-01T00:00:00Z", "claude-opus-4", 1))
    code, _, err = run("statement", path, *PLAN, "--strict")
    assert code == 0
    assert err.splitlines() == [
        "mimo-credits: warning: skipped 1,000 requests of 'gpt-5.2': not on any rate card",
        "mimo-credits: warning: skipped 1 request of 'claude-opus-4': not on any rate card",
    ]


def test_many_other_models_are_counted_in_the_end_together(run, log):
    path = log(*(openai(f"{n} {m}", JUNE, f"model {n}", 1) for n in range(25) for m in range(n + 1)))
    warnings = run("statement", path).err.splitlines()
    assert len(warnings) == 21
    assert "skipped 25 requests of 'model 24'" in warnings[0]
    assert warnings[-1].endswith("skipped 15 requests of 5 more models: not on any rate card")


def test_a_name_that_would_write_to_the_terminal_is_escaped(run, log):
    assert "\x1b" not in run("statement", log(openai("a", JUNE, "\x1b[2Jx", 1))).err


@pytest.mark.parametrize("model", ["mimo-v9", "MiMo-V2.5-Pro", "xiaomi/mimo-v9"])
def test_a_model_that_claims_to_be_mimos_stays_a_problem_where_no_card_knows_it(run, log, model):
    path = log(openai("a", JUNE, model, 1))
    code, _, err = run("statement", path)
    assert code == 1
    assert err.startswith(f"{path}:1: unknown-model: rate card 2026-06-01.1 knows no model '{model}'.")
    assert run("statement", path, "--strict").code == 1


def test_an_instant_before_all_cards_is_a_problem_of_its_line(run, log):
    code, _, err = run("statement", log(openai("a", 1_700_000_000, "mimo-v2.5", 1)))
    assert code == 1
    assert ":1: no-card-in-effect: no rate card is in effect at 2023-11-14" in err


def test_without_a_plan_until_leaves_out_what_is_later(run, log):
    path = log(openai("a", JUNE, "mimo-v2.5", 10), openai("b", JUNE + 1, "mimo-v2.5", 10))
    code, out, err = run("statement", path, "--until", "2026-06-02T04:00:00Z")
    assert (code, err) == (0, "mimo-credits: warning: 1 of 2 lines lie beyond --until\n")
    assert "Credits in all  1,000\n" in out


def test_an_alias_names_a_model_as_it_stands_in_the_log(run, log):
    path = log(openai("a", JUNE, "work/big=er", 10))
    assert "Credits in all  0" in run("statement", path).out
    assert "Credits in all  3,000" in run("statement", path, "--alias", "work/big=er=mimo-v2.5-pro").out


def test_a_message_that_grows_is_placed_at_its_first_line_where_it_is_a_problem(run, log):
    path = log(line(output=1, model="mimo-v9"), line(output=2, model="mimo-v9"))
    assert run("statement", path).err.startswith(f"{path}:1: unknown-model: ")


def test_a_file_of_an_unknown_shape_is_code_1(run, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("To do")
    code, out, err = run("statement", path)
    assert (code, out) == (1, "")
    assert err.startswith(
        f"mimo-credits: error: {path}: is no log of a known shape: it begins with 'To do'. Known are "
    )


def test_a_model_is_mimos_if_a_card_lists_it_or_its_name_claims_so():
    wanted = Wanted(None, None, frozenset({"listed"}), {})
    assert [wanted.is_asked_for(model) for model in ("listed", "mimo-x", "Xiaomi/x", "xiaomi", "gpt-mimo")] == [
        *(True, True, True),
        *(False, False),
    ]
