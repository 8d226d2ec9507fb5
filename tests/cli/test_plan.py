"""`mimo-credits plan`: which tier, why, and what it will cost, from a named workload or from logs."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from textwrap import dedent

import pytest

from mimo_credits import compare_tiers, load_card, load_workloads
from tests.cli.responses import openai
from tests.cli.test_quote import undigested

MAY = ("--card", "2026-05-27")
SESSIONS = ("plan", "--workload", "coding-session", "--times", "300")


def response(name: str, day: int, hour: int, model: str, prompt: int, completion: int = 0, **more):
    created = int(datetime(2026, 6, day, hour, tzinfo=UTC).timestamp())
    return openai(name, created, model, prompt, completion, **more)


def days(*millions: int, model: str = "mimo-v2.5-pro"):
    """A response on noon of each day, of so many millions of tokens."""
    return [response(f"r{day}", day, 12, model, amount * 1_000_000) for day, amount in enumerate(millions, 1)]


def test_a_workload_reads_like_this(run):
    code, out, err = run(*SESSIONS, *MAY)
    assert code == 0
    assert undigested(out) == dedent(
        """\
        Card 2026-05-27.1 (sha256 (digest))

          No tier pays off: pay-as-you-go costs USD 11.95056; the cheapest tier that holds it is standard,
            for USD 16.00. It is coding-session, 300 times a month: 8,244,000,000 credits, 150,000,000
            tokens.

          for a month         allowance    share        to spare     CNY       USD  USD per 1M  USD per task
          lite            4,100,000,000  201.1 %    does not fit   39.00      6.00
          standard       11,000,000,000   74.9 %   2,756,000,000   99.00     16.00      0.1067        0.0533
          pro            38,000,000,000   21.7 %  29,756,000,000  329.00     50.00      0.3333        0.1667
          max            82,000,000,000   10.1 %  73,756,000,000  659.00    100.00      0.6667        0.3333
          pay-as-you-go                                            82.44  11.95056      0.0797        0.0398

          lite      too small: 201.1 % of its allowance, 4,144,000,000 credits short
          standard  the cheapest that fits: 74.9 % of its allowance, 2,756,000,000 credits to spare
          pro       fits with 21.7 % of its allowance, but USD 50.00 where USD 16.00 suffices
          max       fits with 10.1 % of its allowance, but USD 100.00 where USD 16.00 suffices

          standard  first purchase  USD 14.08, CNY 87.12
          standard  for a year      USD 168.96, CNY 1,045.44
        """
    )
    assert err.startswith("coding-session is an estimate: Xiaomi MiMo AI API Pricing")


def test_a_workload_as_json(run):
    document = run(*SESSIONS, *MAY, "--currency", "cny", "--off-peak-share", "0.5", "--json").json
    work = load_workloads()["coding-session"]
    half = compare_tiers(load_card("2026-05-27"), work.off_peak(1), times=150, currency="CNY").use.millicredits
    assert document["credits"] == f"{(half + 150 * 27_480_000_000) // 1000}"
    assert (document["choice"], document["currency"]) == ("standard", "CNY")
    assert document["tiers"]["pro"]["cost"] == {"USD": "50", "CNY": "329"}
    assert document["tiers"]["lite"]["fits"] is False
    assert document["tiers"]["lite"]["headroom"].startswith("-")
    assert document["workload"]["estimate"] == work.estimate
    assert document["workload"]["assumes"] == work.assumes


def test_one_pool_against_separately_priced_calls(run):
    out = run("plan", "--workload", "video-post", "--times", "300", "--card", "2026-04-03").out
    assert out.splitlines()[11].split() == ["calls", "elsewhere", "-", "39.00", "32.5000", "0.1300"]
    assert run("plan", "--workload", "video-post", *MAY, "--json").json["separately"] == {"USD": "0.13"}


def test_a_model_can_be_chosen_for_all_of_it_or_by_name(run):
    asked = ("plan", "--workload", "video-post", "--card", "2026-04-03", "--json")
    assert run(*asked).json["credits"] == "5500"
    assert run(*asked, "--model", "mimo-v2-pro").json["credits"] == "8000"
    assert run(*asked, "--model", "mimo-v2.6-flash=mimo-v2-pro").json["credits"] == "8000"
    assert run(*asked, "--model", "mimo-v2-pro", "--model", "mimo-v2-pro=mimo-v2-omni").json["credits"] == "4000"


def test_where_no_tier_fits_no_first_purchase_is_told(run):
    code, out, _ = run("plan", "--workload", "heavy-agent-loop", "--times", "100", *MAY)
    assert code == 0
    assert "No tier holds heavy-agent-loop, 100 times a month" in out
    assert "first purchase" not in out
    assert "too small" in out.rstrip().splitlines()[-1]


def test_a_log_reads_like_this(run, log):
    code, out, err = run("plan", "--usage", log(*days(1, 3, 2, 0)), *MAY)
    assert (code, err) == (0, "")
    assert undigested(out) == dedent(
        """\
        Card 2026-05-27.1 (sha256 (digest))

          No tier pays off: pay-as-you-go costs USD 26.10; the cheapest tier that holds it is pro, for USD
            50.00. It is 30 days like the 3 days that were observed: 17,999,999,999.931 credits, 60,000,000
            tokens.

          for a month         allowance    share            to spare     CNY     USD  USD per 1M
          lite            4,100,000,000  439.0 %        does not fit   39.00    6.00
          standard       11,000,000,000  163.6 %        does not fit   99.00   16.00
          pro            38,000,000,000   47.4 %  20,000,000,000.069  329.00   50.00      0.8333
          max            82,000,000,000   22.0 %  64,000,000,000.069  659.00  100.00      1.6667
          pay-as-you-go                                               180.00   26.10      0.4350

          lite      too small: 439.0 % of its allowance, 13,899,999,999.931 credits short
          standard  too small: 163.6 % of its allowance, 6,999,999,999.931 credits short
          pro       the cheapest that fits: 47.4 % of its allowance, 20,000,000,000.069 credits to spare
          max       fits with 22.0 % of its allowance, but USD 100.00 where USD 50.00 suffices

          pro  first purchase  USD 44.00, CNY 289.52
          pro  for a year      USD 528.00, CNY 3,474.24

        Seen from 2026-06-04 12:00:00, after 3 whole days from 2026-06-01 12:00:00 on
        Cycle from 2026-06-04 12:00:00 to 2026-07-04 12:00:00, 0 used so far
        Before the first whole day: 1 request, 300,000,000 credits, which only the mean counts

          if it goes on as on    credits a day        in the cycle  tier
          the slowest day                    0                   0  lite
          the median day           600,000,000      18,000,000,000  pro
          the mean             599,999,999.998  17,999,999,999.931  pro
          the fastest day          900,000,000      27,000,000,000  pro
        """
    )


def test_a_log_is_seen_from_its_slowest_to_its_fastest_day(run, log):
    """Whole days before the last response: the first of all lies a moment before them, and counts in the mean only."""
    document = run("plan", "--usage", log(*days(9, 3, 2, 1)), *MAY, "--json").json
    assert document["forecast"]["days"] == ["900000000", "600000000", "300000000"]
    assert document["forecast"]["paces"] == {
        "slowest day": {"credits": "9000000000", "tier": "standard"},
        "median day": {"credits": "18000000000", "tier": "pro"},
        "mean": {"credits": "44999999999.827", "tier": "max"},
        "fastest day": {"credits": "27000000000", "tier": "pro"},
    }
    assert (document["choice"], document["credits"]) == ("max", "44999999999.827")
    assert (document["window"], document["log"]["lines"]) == (None, 4)


def test_a_span_of_the_log_can_be_asked_for(run, log):
    spans = ("--since", "2026-06-02T00:00:00Z", "--until", "2026-06-04T00:00:00Z")
    code, out, err = run("plan", "--usage", log(*days(9, 3, 2, 1)), *MAY, *spans, "--json")
    assert code == 0
    assert '"600000000"' in out
    assert "1 of 4 lines are earlier than --since" in err
    assert "1 of 4 lines lie beyond --until" in err


def test_what_has_no_price_comes_before_the_answer(run, log):
    file = log(*days(1, 2, 3), response("old", 2, 13, "mimo-v9", 5), "not json")
    code, out, err = run("plan", "--usage", file, *MAY)
    assert code == 0
    assert out.replace("\n    ", " ").startswith(
        "  Left out: 1 of 4 requests, which card 2026-05-27.1 does not price in the plan: mimo-v9 (1). --model OLD=NEW"
    )
    assert ":4: unknown-model:" in err
    assert "2 of 5 lines are not in this plan: 1 malformed, 1 unknown-model" in err
    renamed = run("plan", "--usage", file, *MAY, "--model", "mimo-v9=mimo-v2.5")
    assert renamed.out.startswith("Card ")


def test_a_moving_window_is_shown_beside_the_plan(run, log):
    lines = [response(f"r{hour}", 1 + hour // 24, hour % 24, "mimo-v2.5-pro", 1_000_000) for hour in range(30)]
    out = run("plan", "--usage", log(*lines), *MAY, "--window-limit", "600000000").out
    assert "The Token Plan has no such window: none of them waited." in out.replace("\n    ", " ")
    document = run("plan", "--usage", log(*lines), *MAY, "--window-limit", "600000000", "--json").json["window"]
    assert (document["limit"], document["window"], document["requests"]) == ("600000000", "5:00:00", 30)
    assert document["waited"][0] == {
        "id": "r2",
        "sent": "2026-06-01T02:00:00+00:00",
        "started": "2026-06-01T05:00:00+00:00",
    }
    tiny = run("plan", "--usage", log(*lines), *MAY, "--window-limit", "1", "--json").json["window"]
    assert len(tiny["never"]) == 30


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "one of the arguments --workload --usage is required"),
        (("--workload", "coding-sesion"), "no workload 'coding-sesion'. Nearest known: coding-session"),
        (("--workload", "?"), "no workload '?'. Known: article, product-image"),
        (("--workload", "article", "--times", "-1"), "'-1'"),
        (("--workload", "article", "--off-peak-share", "x"), "'x' is not a number"),
        (("--workload", "article", "--off-peak-share", "2"), "off_peak_share: needs a share from 0 to 1"),
        (("--workload", "article", "--model", "=x"), "'=x' is neither a model nor OLD=NEW"),
        (("--workload", "article", "--model", "x="), "'x=' is neither a model nor OLD=NEW"),
        (("--workload", "article", "--model", "mimo-v2.6"), "knows no model 'mimo-v2.6'"),
        (("--workload", "article", "--currency", "eur"), "sells no tier in 'EUR'"),
        (("--workload", "article", "--since", "2026-06-01T00:00:00Z"), "--since goes with --usage only"),
        (("--workload", "article", "--window-limit", "5"), "--window-limit goes with --usage only"),
        (("--usage", "x", "--times", "3"), "--times goes with --workload only"),
        (("--usage", "x", "--workload", "article"), "not allowed with argument"),
    ],
)
def test_a_wrong_command_line_is_one_message_and_code_2(run, arguments, said):
    code, out, err = run("plan", *arguments)
    assert (code, out) == (2, "")
    assert said in err


def test_a_log_with_nothing_to_see_is_refused(run, log):
    code, out, err = run("plan", "--usage", log({"usage": {"prompt_tokens": 1}}), *MAY)
    assert (code, out) == (2, "")
    assert "hold no response that card 2026-05-27.1 can price" in err
    code, out, err = run("plan", "--usage", log(*days(1)), *MAY)
    assert (code, out) == (2, "")
    assert "is less than a whole day: give more logs, or a named workload\n" in err
    assert run("plan", "--usage", "missing.jsonl").code == 1


def test_the_beginning_of_a_short_log_counts_in_the_mean(run, log):
    """47 hours, of which only the last 24 are a whole day: the month is at the pace of all of them."""
    lines = [response(f"r{hour}", 1 + hour // 24, hour % 24, "mimo-v2.5-pro", 1) for hour in range(47)]
    lines[3] = response("much", 1, 3, "mimo-v2.5-pro", 1_000_000_000)
    spans = ("--since", "2026-06-01T00:00:00Z", "--until", "2026-06-02T23:00:00Z")
    code, out, _ = run("plan", "--usage", log(*lines), *MAY, *spans)
    assert code == 0
    assert (
        "Before the first whole day: 23 requests, 300,000,006,180 credits, which only the mean counts"
        in out.replace("\n  ", " ")
    )
    document = run("plan", "--usage", log(*lines), *MAY, *spans, "--json").json
    month = -(-(300_000_006_180 + 6_720) * 1_000 * 30 * 24 // 47)
    assert document["credits"] == document["forecast"]["paces"]["mean"]["credits"]
    assert Decimal(document["credits"]) * 1_000 == month
    assert document["forecast"]["before_the_first_day"] == {"requests": 23, "credits": "300000006180"}
    assert document["choice"] is None


def test_a_span_is_half_open_and_loses_no_request_uncounted(run, log):
    """The request at the very end is not in the span, and said not to be."""
    spans = ("--since", "2026-06-01T12:00:00Z", "--until", "2026-06-03T12:00:00Z")
    shown = run("plan", "--usage", log(*days(1, 2, 4, 8)), *MAY, *spans, "--json")
    assert (shown.json["forecast"]["days"], shown.json["log"]["later_than_until"]) == (["300000000", "600000000"], 2)
    assert "2 of 4 lines lie beyond --until" in shown.err
    later = run("plan", "--usage", log(*days(1, 2, 4, 8)), *MAY, "--since", "2026-06-02T00:00:00Z", "--json").json
    assert (later["log"]["earlier_than_since"], later["log"]["problems"]) == (1, [])
    assert later["forecast"]["before_the_first_day"]["requests"] == 1


def test_the_log_is_seen_from_since_on_and_not_from_its_first_request(run, log):
    asked = ("plan", "--usage", log(*days(0, 0, 4, 8)), *MAY, "--until", "2026-06-05T00:00:00Z", "--json")
    early, late = (run(*asked, "--since", f"2026-06-0{day}T00:00:00Z").json for day in (1, 3))
    assert len(early["forecast"]["days"]) == 4
    assert Decimal(early["credits"]) * 2 == Decimal(late["credits"])


def test_what_many_requests_share_is_said_once_and_how_to_price_them(run, log):
    old = [response(f"r{n}", 1 + n, 12, "mimo-v2-pro", 1) for n in range(25)]
    newest = ("--card", "2026-10-21")
    code, out, err = run("plan", "--usage", log(*old), *newest)
    assert (code, out) == (2, "")
    assert err.count("mimo-v2-pro") == 2
    assert "(25 lines, the last is " in err
    assert "can price. --model OLD=NEW prices them by another model, --card by another card; last priced: " in err
    assert "mimo-v2-pro by 2026-0" in err
    odd = [response(f"odd{n}", 2, 13, f"mimo-odd-{n}", 1) for n in range(25)]
    shown = run("plan", "--usage", log(*days(1, 2, 3), *odd), *MAY)
    assert shown.err.count(": unknown-model: ") == 20
    assert "and 5 more lines: unknown-model (--json names them all)" in shown.err
    assert len(run("plan", "--usage", log(*days(1, 2, 3), *odd), *MAY, "--json").json["log"]["problems"]) == 25


def test_a_renaming_holds_for_the_models_aliases_too(run, log):
    lines = [response(f"r{day}", day, 12, "mimo-v2.5-pro[1m]", 1_000_000) for day in (1, 2, 3)]
    spans = ("--usage", log(*lines), *MAY, "--json")
    renamed = run("plan", *spans, "--model", "mimo-v2.5-pro=mimo-v2.5").json
    assert Decimal(renamed["forecast"]["days"][0]) * 3 == Decimal(run("plan", *spans).json["forecast"]["days"][0])
    assert run("plan", *spans, "--model", "mimo-v9=mimo-v2.5").json["credits"] == run("plan", *spans).json["credits"]


def test_a_log_under_a_day_says_what_to_do(run, log):
    asked = ("plan", "--usage", log(*days(1, 2)), *MAY, "--since", "2026-06-02T06:00:00Z")
    assert (
        "less than a whole day: give more logs, or a named workload, or another --since and --until" in run(*asked).err
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--workload", "article", "--off-peak-share", "25"), "needs a share from 0 to 1, not 25\n"),
        (("--workload", "article", "--currency", "eur"), "sells no tier in 'EUR'; it sells USD, CNY\n"),
        (("--usage", "x", "--window-limit", "5M"), "'5M' is no number of credits, such as 5000000 or 5,000,000"),
        (("--usage", "x", "--since", "2026-06-01"), "no time zone: write 2026-06-01T00:00:00+08:00"),
    ],
)
def test_a_message_says_what_would_be_right(run, arguments, said):
    code, out, err = run("plan", *arguments)
    assert (code, out) == (2, "")
    assert said in err
