"""`mimo-credits statement`: from logs to cycles, with every line that could not be used named."""

from __future__ import annotations

import gzip
import io
import json
from datetime import UTC, datetime, timedelta
from textwrap import dedent

import pytest

from tests.cli.responses import anthropic, openai
from tests.cli.test_quote import undigested

SINCE = "2026-05-25T10:00:00+08:00"
PLAN = ("--tier", "lite", "--since", SINCE)


def created(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


BEFORE_SINCE = openai("early", created("2026-05-25T09:59:59+08:00"), "mimo-v2.5", 10)
APRIL_RATES = openai("one", created("2026-05-26T12:00:00+08:00"), "mimo-v2.5-pro", 1_000_000, 500_000, 800_000)
AT_NIGHT = anthropic("two", "2026-05-27T03:00:00+08:00", "mimo-v2.5", 1_000_000)
AUDIO = {
    "id": "three",
    "created": created("2026-06-20T12:00:00+08:00"),
    "model": "mimo-v2.5-asr",
    "usage": {"prompt_tokens": 46, "completion_tokens": 20, "total_tokens": 66, "seconds": 4},
}
SEARCHED = openai("four", created("2026-06-20T13:00:00+08:00"), "mimo-v2-pro", 1000)
SEARCHED["usage"]["web_search_usage"] = {"tool_usage": 3, "page_usage": 3}
GOOD = [APRIL_RATES, AT_NIGHT, AUDIO, SEARCHED]


def test_a_statement_reads_like_this(run, log):
    code, out, err = run("statement", log(*GOOD), *PLAN)
    assert (code, err) == (0, "")
    assert undigested(out) == dedent(
        """\
        Credits by billing cycle. All instants are in UTC.

        Cycle 1: 2026-05-25 02:00 to 2026-06-25 00:00, lite, monthly, running
        ---------------------------------------------------------------------
        2026-05-25 02:00  subscribed
          lite, by card 2026-04-22.1

           allowance       used  share  overage     expired  remaining  requests
          60,000,000  3,000,000  5.0 %        0  57,000,000          0         1

          model             credits each  cache hit  cache miss     output    credits
          mimo-v2.5-pro                2    800,000     200,000    500,000  3,000,000
          credits by meter                1,600,000     400,000  1,000,000  3,000,000

        2026-05-26 16:00  migrated: what was used starts again from zero, with a new allowance
          lite, by cards 2026-05-27.1, 2026-06-18.1

              allowance            used  share  overage  expired          remaining  requests
          4,100,000,000  80,333,333.333  2.0 %        0        0  4,019,666,666.667         3

          model               hit/miss/output  cache hit  cache miss  output         credits
          mimo-v2-pro             2.5/300/600                  1,000                 300,000
            billed as mimo-v2.5-pro
            web searches: 3, which cost money
          mimo-v2.5 off-peak       1.6/80/160              1,000,000              80,000,000
          mimo-v2.5-asr          30,000,000/h                     46      20      33,333.333
            audio: 4 seconds
          credits by meter                             0  80,300,000       0  80,333,333.333
            and for audio 33,333.333

          money due  2026-05-25 02:00  USD  5.28  first purchase

        Money due in all
          billed          USD  5.28
          not billed yet  USD  0.015

        Rate cards
          2026-04-22.1  in effect from 2026-04-21 16:00  sha256 (digest)
          2026-05-27.1  in effect from 2026-05-26 16:00  sha256 (digest)
          2026-06-18.1  in effect from 2026-06-17 16:00  sha256 (digest)
        """
    )


def test_the_order_of_the_lines_and_of_the_files_does_not_matter(run, log, tmp_path):
    packed = tmp_path / "packed"
    packed.write_bytes(gzip.compress(f"{json.dumps(AUDIO)}\n{json.dumps(APRIL_RATES)}\n".encode()))
    expected = run("statement", log(*GOOD), *PLAN)
    assert run("statement", log(SEARCHED, AT_NIGHT), packed, *PLAN) == expected


def test_standard_input_is_a_log(run, log, monkeypatch):
    expected = run("statement", log(*GOOD), *PLAN)
    text = "".join(f"{json.dumps(one)}\n" for one in GOOD)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert run("statement", "-", *PLAN) == expected


def test_json_holds_the_same_with_amounts_as_texts(run, log):
    document = run("statement", log(*GOOD), *PLAN, "--json").json
    (cycle,) = document["cycles"]
    assert (cycle["start"], cycle["end"]) == ("2026-05-25T02:00:00+00:00", "2026-06-25T00:00:00+00:00")
    assert (cycle["used"], cycle["expired"], cycle["complete"]) == ("83333333.333", "57000000", False)
    before, after = cycle["segments"]
    assert (before["issued"], after["issued"], after["reason"]) == ("60000000", "4100000000", "migration")
    assert [card["id"] for card in after["cards"]] == ["2026-05-27.1", "2026-06-18.1"]
    assert after["requests"] == 3
    line = next(line for line in after["lines"] if line["meter"] == "audio_second")
    source = line.pop("source")
    assert line == {
        "model": "mimo-v2.5-asr",
        "billed": "mimo-v2.5-asr",
        "card": "2026-06-18.1",
        "band": 0,
        "inputs": "",
        "off_peak": False,
        "meter": "audio_second",
        "quantity": "4",
        "rate": "30000000",
        "unit": "hour",
        "credits": "33333.333",
    }
    assert "official-asr" in source
    assert before["bills"] == [
        {"at": "2026-05-25T02:00:00+00:00", "amount": "5.28", "currency": "USD", "reason": "first-purchase"}
    ]
    assert (document["money_due"], document["unbilled"]) == ({"USD": "5.28"}, {"USD": "0.015"})
    assert document["log"] == {
        "lines": 4,
        "repeated": 0,
        "earlier_than_since": 0,
        "later_than_until": 0,
        "skipped": {},
        "other_models": {},
        "problems": [],
    }


def test_no_amount_of_the_json_is_a_number(run, log):
    document = run("statement", log(*GOOD), *PLAN, "--json").json

    def numbers(value, name=""):
        if isinstance(value, dict):
            for key, inner in value.items():
                yield from numbers(inner, key)
        elif isinstance(value, list):
            for inner in value:
                yield from numbers(inner, name)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield name

    assert set(numbers(document)) == {"band", "requests", "lines", "repeated", "earlier_than_since", "later_than_until"}


def test_currency_interval_and_changes(run, log):
    path = log(openai("one", created("2026-06-02T12:00:00+08:00"), "mimo-v2.5", 100))
    since = ("--tier", "lite", "--since", "2026-06-01T00:00:00Z")
    yearly = run("statement", path, *since, "--interval", "annual", "--currency", "cny", "--json").json
    (cycle,) = yearly["cycles"]
    assert (cycle["interval"], cycle["end"]) == ("annual", "2027-06-02T00:00:00+00:00")
    assert (cycle["segments"][0]["issued"], yearly["money_due"]) == ("49200000000", {"CNY": "411.84"})
    changed = run(
        "statement",
        path,
        *since,
        "--change",
        "2026-06-01T06:00:00Z=standard",
        "--change",
        "2026-06-01T12:00:00Z=pro",
        "--json",
    ).json
    assert [cycle["tier"] for cycle in changed["cycles"]] == ["lite", "standard", "pro"]
    assert changed["money_due"] == {"USD": "49.28"}  # 5.28, then 16 - 6 and 50 - 16: nothing was used yet


def test_a_price_difference_upgrade_is_shown_inside_its_cycle(run, log):
    path = log(openai("one", created("2026-04-20T12:00:00Z"), "mimo-v2-pro", 100))
    asked = ("--tier", "standard", "--since", "2026-04-10T01:00:00Z", "--change", "2026-04-12T00:00:00Z=pro")
    code, out, _ = run("statement", path, *asked)
    assert code == 0
    assert "2026-04-12 00:00  upgraded, paying the price difference\n  in the end pro, by card 2026-04-03.2" in out
    assert "700,000,000" in out
    assert "money due  2026-04-12 00:00  USD  34.00  upgrade, the price difference" in out


def test_until_states_at_an_instant_and_counts_what_is_later(run, log):
    until = "2026-07-01T00:00:00Z"
    code, out, err = run("statement", log(APRIL_RATES, AT_NIGHT), *PLAN, "--until", until)
    assert (code, err) == (0, "")
    assert "Cycle 2: 2026-06-25 00:00 to 2026-07-25 00:00, lite, monthly, running" in out
    code, out, err = run("statement", log(*GOOD), *PLAN, "--until", "2026-05-26T19:00:00Z")
    assert "2026-05-26 16:00  migrated" in out
    assert err == "mimo-credits: warning: 2 of 4 lines lie beyond --until\n"
    at_the_record = run("statement", log(*GOOD), *PLAN, "--until", "2026-05-27T03:00:00+08:00", "--json").json
    assert at_the_record["log"]["later_than_until"] == 2


# --- what a statement does not contain --------------------------------------------------------------------------------

NOT_IN_PLAN = openai("flash", created("2026-05-26T12:00:01+08:00"), "mimo-v2-flash", 10)
UNKNOWN = openai("typo", created("2026-05-26T12:00:02+08:00"), "mimo-v2.5-prp", 10)
TOO_SOON = openai("asr", created("2026-05-28T12:00:00+08:00"), "mimo-v2.5-asr", 10)
OTHER = openai("one", created("2026-05-26T12:00:00+08:00"), "mimo-v2.5-pro", 1)


def test_what_cannot_be_used_is_named_with_its_line_and_the_rest_is_stated(run, log):
    good = run("statement", log(*GOOD, name="good"), *PLAN, "--json").json
    path = log(
        BEFORE_SINCE,
        UNKNOWN,
        APRIL_RATES,
        "{",
        "",
        AT_NIGHT,
        APRIL_RATES,
        NOT_IN_PLAN,
        AUDIO,
        OTHER,
        TOO_SOON,
        SEARCHED,
    )
    code, _, err = ran = run("statement", path, *PLAN, "--json")
    document = ran.json
    assert code == 0
    assert {**document, "log": None} == {**good, "log": None}
    *lines, counts, repeats = err.splitlines()
    assert [line.removeprefix(f"{path}:").partition(" Nearest")[0] for line in lines] == [
        "1: before-since: 2026-05-25T01:59:59+00:00 lies before --since, 2026-05-25T02:00:00+00:00",
        "4: malformed: is not JSON: Expecting property name enclosed in double quotes at column 2",
        f"10: conflict: id 'one': stands at {path}:3 with other content.",
        "2: unknown-model: rate card 2026-04-22.1 knows no model 'mimo-v2.5-prp'.",
        "8: not-in-plan: rate card 2026-04-22.1 sells 'mimo-v2-flash' by pay-as-you-go only: the plan does not cover it.",
        "11: unknown-model: rate card 2026-05-27.1 knows no model 'mimo-v2.5-asr'.",
    ]
    assert counts == (
        "mimo-credits: warning: 6 of 11 lines are not in this statement: 1 before-since, 1 malformed, 1 conflict, "
        "2 unknown-model, 1 not-in-plan"
    )
    assert repeats == "mimo-credits: warning: 1 of 11 lines repeat a response; each response counts once"
    assert document["log"]["repeated"] == 1
    assert [(one["line"], one["kind"]) for one in document["log"]["problems"]] == [
        (1, "before-since"),
        (4, "malformed"),
        (10, "conflict"),
        (2, "unknown-model"),
        (8, "not-in-plan"),
        (11, "unknown-model"),
    ]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ("{", ":2: malformed: is not JSON"),
        (OTHER, ":2: conflict: id 'one'"),
        (BEFORE_SINCE, ":2: before-since: "),
        (UNKNOWN, ":2: unknown-model: "),
        (NOT_IN_PLAN, ":2: not-in-plan: "),
    ],
    ids=["malformed", "conflict", "before-since", "unknown-model", "not-in-plan"],
)
def test_strict_stops_at_the_first_problem_with_code_1(run, log, bad, said):
    path = log(APRIL_RATES, bad, AT_NIGHT, bad if bad == "{" else NOT_IN_PLAN)
    code, out, err = run("statement", path, *PLAN, "--strict")
    assert (code, out) == (1, "")
    assert err.startswith(f"mimo-credits: error: {path}{said}")
    assert err.endswith("; stopped there, as --strict asks\n")
    assert err.count("\n") == 1


def test_strict_minds_neither_repeats_nor_later_lines(run, log):
    until = ("--until", "2026-06-01T00:00:00Z")
    assert run("statement", log(*GOOD, *GOOD), *PLAN, *until, "--strict").code == 0


def test_many_bad_records_are_each_reported_and_cost_no_more_than_their_number(run, log):
    start = created("2026-05-28T12:00:00+08:00")
    bad = [openai(f"bad {n}", start + n, "mimo-v2-flash", 10) for n in range(1_000)]
    good = [openai(f"good {n}", start + n, "mimo-v2.5", 10) for n in range(1_000)]
    both = [one for pair in zip(bad, good, strict=True) for one in pair]
    code, _, err = ran = run("statement", log(*both), *PLAN, "--json")
    assert code == 0
    assert err.count("not-in-plan: rate card") == 1
    assert "(1,000 lines, the last is " in err
    assert [problem["line"] for problem in ran.json["log"]["problems"]] == list(range(1, 2_000, 2))
    assert ran.json["cycles"][0]["segments"][1]["requests"] == 1_000
    assert ran.json["cycles"][0]["used"] == str(1_000 * 10 * 100)


def test_a_log_may_use_the_ids_that_the_command_would_choose(run, log):
    at = created("2026-05-25T12:00:00Z")
    path = log(openai("--since", at, "mimo-v2.5", 10), openai("--since'", at, "mimo-v2.5", 10))
    assert run("statement", path, *PLAN, "--json").json["cycles"][0]["used"] == "20"


def test_a_response_at_the_very_purchase_counts(run, log):
    first = openai("first", created(SINCE), "mimo-v2.5", 10)
    code, _, err = ran = run("statement", log(first), *PLAN, "--json")
    assert (code, err, ran.json["cycles"][0]["used"]) == (0, "", "10")


def test_a_reason_that_quotes_a_long_name_is_told_in_short(run, log):
    path = log({**APRIL_RATES, "id": "x" * 256}, {**APRIL_RATES, "id": "x" * 256, "model": "mimo-v2-omni"})
    code, _, err = run("statement", path, *PLAN)
    assert code == 0
    assert len(err.splitlines()[0].removeprefix(f"{path}:2: conflict: ")) == 300


def test_a_change_to_a_lower_tier_is_refused_in_the_commands_own_words(run, log):
    plan = ("--tier", "pro", "--since", SINCE)
    code, _, err = run("statement", log(*GOOD), *plan, "--change", "2026-05-27T00:00:00Z=lite")
    assert (code, err.count("renewal")) == (2, 0)
    assert "downgrade-inside-cycle: a statement can change only to a higher tier" in err


def test_an_empty_log_without_a_plan_is_no_answer(run, log):
    code, _, err = run("statement", log())
    assert (code, err) == (1, "mimo-credits: warning: the log holds no responses\n")


def test_an_empty_log_gives_the_bare_plan_and_a_warning(run, log):
    code, out, err = run("statement", log(""), *PLAN)
    assert code == 0
    assert "60,000,000" in out
    assert err == "mimo-credits: warning: the log holds no responses\n"


def test_a_log_that_cannot_be_read_is_code_1_and_no_statement(run, log, tmp_path):
    code, out, err = run("statement", log(*GOOD), tmp_path / "missing.jsonl", *PLAN)
    assert (code, out) == (1, "")
    assert err == f"mimo-credits: error: {tmp_path}/missing.jsonl: cannot be read (No such file or directory)\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--tier", "lite"), "--tier is about a plan: add --since, to say which tier was bought, and when"),
        (("--since", SINCE), "--since is about a plan: add --tier, to say which tier was bought, and when"),
        (("--currency", "CNY"), "--currency is about a plan: add --tier and --since, to"),
        (("--interval", "annual"), "--interval is about a plan"),
        (("--change", "2026-05-26T00:00:00Z=pro"), "--change is about a plan"),
        (("--alias", "work/big"), "'work/big' is not NAME=MODEL, such as work/big=mimo-v2.5-pro"),
        (("--alias", "=mimo-v2.5"), "'=mimo-v2.5' is not NAME=MODEL"),
        (("--alias", "big=mimo-v2.5-prp"), "--alias big=mimo-v2.5-prp: no rate card knows 'mimo-v2.5-prp'. Nearest"),
        (("--tier", "standart", "--since", SINCE), "--tier: there is no tier 'standart'. Nearest known: standard."),
        (("--tier", "gold", "--since", SINCE), "--tier: there is no tier 'gold'. Known: lite, standard, pro, max."),
        (
            ("--tier", "lite", "--since", "2026-05-25"),
            "T00:00:00+08:00, or what its zone is (an instant looks like 2026-05-27T00:00:00+08:00)",
        ),
        (("--tier", "lite", "--since", "2026-03-01T00:00:00Z"), "no rate card is in effect at 2026-03-01"),
        ((*PLAN, "--currency", "EUR"), "currency-not-sold: card 2026-04-22.1 sells 'lite' in USD and CNY, not in EUR"),
        ((*PLAN, "--interval", "annual"), "interval-not-sold"),
        ((*PLAN, "--interval", "daily"), "invalid choice"),
        ((*PLAN, "--change", "2026-05-26T00:00:00Z"), "is not INSTANT=TIER, such as 2026-05-27T00:00:00+08:00=pro"),
        ((*PLAN, "--change", "2026-05-26=pro"), "naive"),
        ((*PLAN, "--change", "2026-05-26T00:00:00Z=pr0"), "there is no tier 'pr0'. Nearest known: pro."),
        ((*PLAN, "--change", "2026-05-26T00:00:00Z=lite"), "--change 2026-05-26T00:00:00Z=lite: same-tier"),
        ((*PLAN, "--change", "2026-05-01T00:00:00Z=pro"), "--change 2026-05-01T00:00:00Z=pro: not-subscribed"),
        ((*PLAN, "--until", "2026-05-01T00:00:00Z"), "lies before --since"),
        ((*PLAN, "--until", "2026-05-26T00:00:00Z", "--change", "2026-05-27T00:00:00Z=pro"), "lies after --until"),
    ],
)
def test_a_wrong_command_line_is_one_message_and_code_2(run, log, arguments, said):
    code, out, err = run("statement", log(*GOOD), *arguments)
    assert (code, out) == (2, "")
    assert said in err


def test_standard_input_can_be_given_once(run):
    code, out, err = run("statement", "-", "-", *PLAN)
    assert (code, out, err) == (2, "", "mimo-credits: error: standard input (-) can be read only once\n")


def test_a_downgrade_inside_a_cycle_is_refused_with_the_option_that_asked_for_it(run, log):
    asked = ("--tier", "pro", "--since", SINCE, "--change", "2026-05-26T00:00:00Z=lite")
    code, out, err = run("statement", log(*GOOD), *asked)
    assert (code, out) == (2, "")
    assert err.startswith("mimo-credits: error: --change 2026-05-26T00:00:00Z=lite: downgrade-inside-cycle: ")


# --- progress ---------------------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def slow_clock(monkeypatch):
    """A second passes from one look at the clock to the next."""
    clock = iter(range(1_000_000))
    monkeypatch.setattr("mimo_credits.cli.output.monotonic", lambda: next(clock))


def test_a_terminal_sees_progress_and_its_line_is_cleared_again(run, log, monkeypatch, slow_clock):
    start = datetime(2026, 5, 28, tzinfo=UTC)
    path = log(*(openai(f"{n}", int((start + timedelta(seconds=n)).timestamp()), "mimo-v2.5", 1) for n in range(1_200)))
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    assert run("statement", path, *PLAN).code == 0
    assert terminal.getvalue() == "\r500 lines read, 500 a second \r1,000 lines read, 500 a second \r\x1b[K"


def test_no_progress_is_shown_where_nobody_watches(run, log, slow_clock):
    start = created("2026-05-28T12:00:00+08:00")
    path = log(*(openai(f"{n}", start + n, "mimo-v2.5", 1) for n in range(1_200)))
    assert run("statement", path, *PLAN).err == ""
