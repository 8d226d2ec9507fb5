"""`mimo-credits quote`: text, JSON, and what is typed by mistake."""

from __future__ import annotations

import re
from textwrap import dedent

import pytest

WORKED = (
    "quote",
    "mimo-v2.5-pro",
    "--input",
    "86_790",
    "--cached",
    "86,000",
    "--output",
    "305",
    "--card",
    "2026-05-27",
)


def undigested(text: str) -> str:
    """Without the digests of cards."""
    return re.sub(r"sha256 [0-9a-f]{12}", "sha256 (digest)", text)


def test_a_quote_reads_like_this(run):
    code, out, err = run(*WORKED)
    assert (code, err) == (0, "")
    assert undigested(out) == dedent(
        """\
        Card 2026-05-27.1 (sha256 (digest)); peak rates

          meter         quantity          credits each  credits
          mimo-v2.5-pro
            cache hit     86,000  tokens           2.5  215,000
            cache miss       790  tokens           300  237,000
            output           305  tokens           600  183,000
          total                                         635,000

          tier      monthly allowance    share           fits
          lite          4,100,000,000  < 0.1 %    6,456 times
          standard     11,000,000,000  < 0.1 %   17,322 times
          pro          38,000,000,000  < 0.1 %   59,842 times
          max          82,000,000,000  < 0.1 %  129,133 times

          pay-as-you-go  CNY  0.00635
          pay-as-you-go  USD  0.0009186
        """
    )


def test_bands_other_names_night_audio_and_searches_are_shown(run):
    _, banded, _ = run("quote", "mimo-v2-pro", "--input", 256_001, "--card", "2026-04-03.2", "--web-searches", 3)
    assert "mimo-v2-pro, above 256,000 input tokens" in banded
    assert re.search(r"web search +3  calls +money only", banded)
    assert re.search(r"total +1,024,004", banded)
    _, lower, _ = run("quote", "mimo-v2-pro", "--input", 256_000, "--card", "2026-04-03.2")
    assert "mimo-v2-pro, up to 256,000 input tokens" in lower
    _, named, _ = run("quote", "mimo-v2-pro", "--input", 10, "--card", "2026-06-01")
    assert "mimo-v2-pro, billed as mimo-v2.5-pro" in named
    _, heard, _ = run("quote", "mimo-v2.5-asr", "--audio-seconds", 4, "--card", "2026-06-01")
    assert re.search(r"audio +4  seconds  30,000,000 an hour  33,333\.333", heard)
    _, free, _ = run("quote", "mimo-v2.5-tts", "--input", 4, "--card", "2026-06-01")
    assert re.search(r"lite +4,100,000,000  0\.0 %  no limit", free)


def test_an_instant_picks_the_card_and_the_time_of_day(run):
    night, day = "2026-05-27T07:59:59+08:00", "2026-05-27T08:00:00+08:00"
    asked = run("quote", "mimo-v2.5", "--input", 1000, "--at", night)
    assert "in force at 2026-05-26 23:59:59 UTC; off-peak rates" in asked.out
    by_night = run("quote", "mimo-v2.5", "--input", 1000, "--at", night, "--json").json
    by_day = run("quote", "mimo-v2.5", "--input", 1000, "--at", day, "--json").json
    before = run("quote", "mimo-v2.5", "--input", 1000, "--at", "2026-05-26T15:59:59Z", "--json").json
    assert [(one["card"]["id"], one["off_peak"], one["credits"]) for one in (by_night, by_day, before)] == [
        ("2026-05-27.1", True, "80000"),
        ("2026-05-27.1", False, "100000"),
        ("2026-04-22.1", False, "1000"),
    ]
    assert by_night["at"] == "2026-05-26T23:59:59+00:00"


def test_without_a_choice_the_newest_card_is_taken_and_named(run):
    listed = run("cards", "--json").json["cards"]
    asked = run("quote", "mimo-v2.6-pro", "--input", 10)
    assert f"Card {listed[-1]['id']} (" in asked.out
    assert "the newest published" in asked.out


def test_json_writes_amounts_as_texts(run):
    code, _, err = ran = run(*WORKED, "--json")
    assert (code, err) == (0, "")
    document = ran.json
    assert document["credits"] == "635000"
    assert document["lines"][0] == {
        "model": "mimo-v2.5-pro",
        "billed": "mimo-v2.5-pro",
        "band": 0,
        "inputs": "",
        "meter": "cache_hit",
        "quantity": "86000",
        "rate": "2.5",
        "unit": "token",
        "credits": "215000",
    }
    assert document["tiers"][0] == {"tier": "lite", "allowance": "4100000000", "percent": "0.0", "fits": "6456"}
    assert document["pay_as_you_go"]["CNY"] == "0.00635"
    assert (document["at"], document["unpriced"]) == (None, {})
    assert len(document["card"]["sha256"]) == 64


def test_a_fraction_of_a_credit_stays_whole_in_json(run):
    night = run("quote", "mimo-v2.5", "--input", 1, "--cached", 1, "--at", "2026-06-15T00:00:00+08:00", "--json").json
    assert (night["credits"], night["lines"][0]["rate"]) == ("1.6", "1.6")


# --- typed by mistake -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("mimo-v2.5-prp", "--input", "1", "--card", "2026-05-27"), "Nearest known: mimo-v2.5-pro"),
        (("mimo-v2.5", "--input", "-5"), "'-5' is not a whole number from 0 on, such as 86000, 86_000 or 86,000"),
        (("mimo-v2.5", "--input", "1.5"), "not a whole number"),
        (("mimo-v2.5", "--input", "1,00"), "not a whole number"),
        (("mimo-v2.5", "--input", "9" * 5000), "not a whole number"),
        (("mimo-v2.5", "--input", "9" * 20), "input_tokens: is beyond"),
        (("mimo-v2.5", "--input", "5", "--cached", "6"), "cached_tokens: 6 exceeds input_tokens 5"),
        (("mimo-v2.5",), "say what was used: --input"),
        (
            ("mimo-v2.5", "--input", "5", "--card", "2026-05-28"),
            "there is no rate card '2026-05-28'. Nearest known: 2026-05-27",
        ),
        (
            ("mimo-v2.5", "--input", "5", "--at", "2026-05-28"),
            "T00:00:00+08:00, or what its zone is (an instant looks like 2026-05-27T00:00:00+08:00)",
        ),
        (("mimo-v2.5", "--input", "5", "--at", "yesterday"), "'yesterday' is not an ISO 8601 instant"),
        (
            ("mimo-v2.5", "--input", "5", "--at", "2026-01-01T00:00:00Z"),
            "no rate card is in effect at 2026-01-01T00:00:00+00:00",
        ),
        (("mimo-v2.5", "--input", "5", "--at", "2026-05-28T00:00:00Z", "--card", "2026-05-27"), "not allowed with"),
        (("mimo-v2.5", "--inptu", "5"), "unrecognized arguments: --inptu 5"),
        (("mimo-v2.5", "--in", "5"), "unrecognized arguments: --in 5"),
        ((), "the following arguments are required: MODEL"),
    ],
)
def test_a_wrong_command_line_is_one_message_and_code_2(run, arguments, said):
    code, out, err = run("quote", *arguments)
    assert (code, out) == (2, "")
    assert said in err


def test_a_model_that_left_the_newest_card_is_found_on_an_older_one(run):
    code, out, err = run("quote", "mimo-v2.5", "--input", 5)
    assert (code, out) == (2, "")
    hint = "mimo-credits: note: the last card that lists mimo-v2.5 is 2026-09-22.1: ask with --card 2026-09-22.1\n"
    assert err.startswith("mimo-credits: error: ")
    assert err.endswith(hint)
    asked = run("quote", "mimo-v2.5", "--input", 5, "--card", "2026-10-21")
    assert "the last card that lists" not in asked.err


def test_what_the_plan_does_not_cover_is_code_1_and_still_has_a_price(run):
    code, out, err = run("quote", "mimo-v2-flash", "--input", 1_000_000, "--card", "2026-05-27")
    assert (code, out) == (1, "")
    assert "mimo-credits: note: by pay-as-you-go this costs CNY 0.70, USD 0.10\n" in err
    assert "the plan does not cover it" in err


def test_a_request_beyond_the_context_is_code_1(run):
    code, out, err = run("quote", "mimo-v2-pro", "--input", 1_048_577, "--card", "2026-04-03")
    assert (code, out) == (1, "")
    assert "up to 1,048,576 input tokens, this request has 1,048,577" in err


def test_a_withdrawn_card_is_used_with_a_warning(run):
    code, out, err = run("quote", "mimo-v2-pro", "--input", 1, "--card", "2026-04-03.1")
    assert code == 0
    assert "total" in out
    assert err.startswith("mimo-credits: warning: rate card 2026-04-03.1 was withdrawn")
