"""`mimo-credits cards diff`: for a terminal, for a pull request and for programs, with a log and without."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from textwrap import dedent

import pytest

from mimo_credits import diff_cards, list_cards, load_card
from mimo_credits.catalog import rates_folder
from tests.cli.responses import openai
from tests.cli.test_quote import undigested

NIGHT, DAY = 1_779_811_200, 1_779_782_400  # 2026-05-26 16:00 and 08:00 UTC: 00:00 and 16:00 in Beijing


@pytest.fixture
def used(log):
    """Two requests that both cards price, one by night, one that April does not know, and one that nobody does."""
    pro = ("mimo-v2.5-pro", 300_000, 1_000, 250_000)
    return log(
        openai("a", DAY, *pro),
        openai("b", NIGHT, *pro),
        openai("b", NIGHT, *pro),
        openai("c", DAY, "mimo-v2.5-asr", 10),
        "not JSON",
    )


def test_a_small_difference_reads_like_this(run):
    code, out, err = run("cards", "diff", "2026-06-30", "2026-09-22")
    assert (code, err) == (0, "")
    assert undigested(out) == dedent(
        """\
        From card 2026-06-30.1 (sha256 (digest)), in effect from 2026-06-29 16:00 UTC
        to card   2026-09-22.1 (sha256 (digest)), in effect from 2026-09-21 16:00 UTC

        Models
          mimo-v2.5-pro-ultraspeed: gone, was a model of its own, pay-as-you-go only
          mimo-v2.6-pro: new, a model of its own
          mimo-v2.6-flash: new, a model of its own
          mimo-v2.6-pro-ultraspeed: new, a model of its own, pay-as-you-go only

        Plan credits for a token, at the peak
          mimo-v2.6-pro, credits: new, hit 2.5, miss 300, output 600
          mimo-v2.6-flash, credits: new, hit 2, miss 100, output 200

        Pay-as-you-go prices
          mimo-v2.5-pro-ultraspeed, CNY per 1M: gone, was hit 0.075, miss 9, output 18
          mimo-v2.6-pro, CNY per 1M: new, hit 0.025, miss 3, output 6
          mimo-v2.6-flash, CNY per 1M: new, hit 0.02, miss 1, output 2
          mimo-v2.6-pro-ultraspeed, CNY per 1M: new, hit 0.25, miss 30, output 60
          mimo-v2.5-pro-ultraspeed, USD per 1M: gone, was hit 0.0108, miss 1.305, output 2.61
          mimo-v2.6-pro, USD per 1M: new, hit 0.0036, miss 0.435, output 0.87
          mimo-v2.6-flash, USD per 1M: new, hit 0.0028, miss 0.14, output 0.28
          mimo-v2.6-pro-ultraspeed, USD per 1M: new, hit 0.036, miss 4.35, output 8.70
        """
    )


def test_the_may_switch_shows_what_an_allowance_buys(run):
    out = run("cards", "diff", "2026-04-22", "2026-05-27").out
    for line in (
        "  standard  credits a month    200,000,000   11,000,000,000  x 55.0",
        "  lite      credits a year               -   49,200,000,000     new",
        "  mimo-v2.5-pro  CNY per 1M, cache hit above 256,000 input tokens     2.80   0.025  -99.1 %",
        "  cycle      length                   30 days            1 calendar month",
        "  mimo-v2.5-pro                           standard  x 0.37  x 0.73  x 3.41  x 6.33  x 44.00",
        "  mimo-v2-pro above 256,000 input tokens  standard  x 0.31  x 0.52  x 1.12  x 1.31   x 1.57",
    ):
        assert f"{line}\n" in out
    assert "mimo-v2.5-tts" not in out  # free on both: an allowance buys any number of its tokens


def test_tiers_that_grow_alike_stand_together(run):
    out = run("cards", "diff", "2026-05-27", "2026-06-01").out
    assert "\n  mimo-v2-omni  every tier  x 2.80  x 3.29  x 6.64  x 9.74  x 28.00\n" in out


@pytest.mark.parametrize(("before", "after"), list(pairwise(list_cards())))
def test_every_step_fits_a_terminal_and_says_all_changes(run, before, after):
    code, out, err = run("cards", "diff", before, after)
    assert code == 0
    assert err.count("\n") == err.count("was withdrawn") == (before == "2026-04-03.1")
    assert out.isascii()
    assert [line for line in out.splitlines() if len(line) > 100] == []
    changes = run("cards", "diff", before, after, "--json").json["changes"]
    shown = [line for line in out.partition("What a month")[0].splitlines() if line.startswith("  ")]
    headings = sum("before" in line for line in shown)
    wrapped_on = sum(line.startswith("    ") and "before" not in line for line in shown)
    assert len(shown) - headings - wrapped_on == len(changes)


def test_a_card_does_not_differ_from_itself(run):
    out = run("cards", "diff", "2026-05-27", "2026-05-27.1").out
    assert out.endswith("\n\nNothing that these cards price or promise is different.\n")
    marked = run("cards", "diff", "2026-05-27", "2026-05-27.1", "--markdown").out
    assert marked.endswith("\n\n**Nothing that these cards price or promise is different.**\n")


def test_a_card_file_of_ones_own_is_compared_by_its_path(run, tmp_path):
    own = tmp_path / "own.toml"
    text = (rates_folder() / "mimo" / "2026-05-27.1.toml").read_text("utf-8")
    own.write_text(text.replace("lite.credits     =  4_100_000_000", "lite.credits     =  5_000_000_000"), "utf-8")
    document = run("cards", "diff", "2026-05-27", own, "--json").json
    assert document["before"] != document["after"]
    assert document["before"]["id"] == document["after"]["id"] == "2026-05-27.1"
    assert document["changes"] == [
        {
            "section": "tier",
            "subject": "lite",
            "what": "credits a month",
            "before": "4100000000",
            "after": "5000000000",
            "growth": "9/41",
        }
    ]
    assert document["usage"] is None
    assert (
        "\n  lite  credits a month  4,100,000,000  5,000,000,000  +22.0 %\n"
        in run("cards", "diff", "2026-05-27", own).out
    )
    assert "  lite  x 1.22  x 1.22" in run("cards", "diff", "2026-05-27", own).out


@pytest.mark.parametrize("arguments", [("--json", "diff"), ("diff", "--json")])
def test_json_is_exact(run, arguments):
    document = run("cards", *arguments, "2026-04-22", "2026-05-27").json
    cards = load_card("2026-04-22"), load_card("2026-05-27")
    assert [document[side] for side in ("before", "after")] == [
        {"id": card.id, "sha256": card.sha256} for card in cards
    ]
    changes = diff_cards(*cards).changes
    assert len(document["changes"]) == len(changes)
    for said, change in zip(document["changes"], changes, strict=True):
        assert [said[name] for name in ("section", "subject", "what")] == list(change[:3])
        for side in ("before", "after"):
            value = getattr(change, side)
            assert said[side] == (f"{value:f}" if isinstance(value, Decimal) else value)
        assert (said["growth"] and Fraction(said["growth"])) == change.growth
    grown = document["allowance_in_input_tokens"]
    (pro,) = [one for one in grown if one["model"] == "mimo-v2.5-pro" and "standard" in one["tiers"]]
    assert pro["inputs"] == ""
    assert pro["times"] == {"0": "11/30", "1/2": "8/11", "9/10": "440/129", "19/20": "880/139", "1": "44"}


def test_markdown_is_tables_to_paste(run):
    out = run("cards", "diff", "2026-04-03.2", "2026-04-22", "--markdown").out
    assert "**Terms**\n\n|  |  | before | after | change |\n|---|---|---:|---:|---:|\n" in out
    assert "| off-peak | credits are multiplied by | - | 0.8 | new |\n" in out
    assert "\n- mimo-v2.5: new, a model of its own\n" in out
    for block in out.split("\n\n"):
        rows = [line for line in block.splitlines() if line.startswith("|")]
        assert len({line.count("|") for line in rows}) <= 1
        assert rows in ([], block.splitlines())  # a table needs a paragraph of its own


def test_names_mean_nothing_in_markdown(run, log):
    path = log(openai("a", DAY, "a|b <i>*x*</i> [1m]", 10))
    out = run("cards", "diff", "2026-04-22", "2026-05-27", "--markdown", "--usage", path).out
    assert r"1 request of a\|b \<i\>\*x\*\</i\> \[1m\], in credits, CNY, USD: rate card" in out


def test_a_log_is_priced_on_both_cards(run, used):
    code, out, err = run("cards", "diff", "2026-04-22", "2026-05-27", "--usage", used)
    assert code == 0
    # April: 301,000 tokens at 2, the second at 1.6. May: 250,000 at 2.5, 50,000 at 300, 1,000 at 600, then x 0.8.
    assert "\n  in all                2  1,083,600  29,205,000  +28,121,400  x 27.0\n" in out
    assert "\n  standard   0.5 %    0.3 %\n  pro        0.2 %    0.1 %\n  max        0.1 %  < 0.1 %\n" in out
    # 250,000 x 2.80 + 50,000 x 14 + 1,000 x 42, in millionths and twice; 250,000 x 0.025 + 50,000 x 3 + 1,000 x 6
    assert "\n  in all                2   2.884  0.3245     -2.5595  -88.7 %\n" in out
    assert "\n  1 request of mimo-v2.5-asr, in credits, CNY, USD: rate card 2026-04-22.1 knows no model\n" in out
    assert err.splitlines() == [
        f"{used}:5: malformed: is not JSON: Expecting value at column 1",
        "mimo-credits: warning: 1 of 5 lines are not in this comparison: 1 malformed",
        "mimo-credits: warning: 1 of 5 lines repeat a response; each response counts once",
    ]


def test_a_log_as_json(run, used):
    usage = run("cards", "diff", "2026-04-22", "2026-05-27", "--usage", used, "--json").json["usage"]
    costs = {"requests": 2, "before": "1083600", "after": "29205000", "difference": "28121400", "growth": "15623/602"}
    assert usage["credits"]["total"] == costs
    assert usage["credits"]["models"] == {"mimo-v2.5-pro": costs}
    assert usage["share_of_allowance"]["standard"] == {"before": "2709/500000", "after": "531/200000"}
    assert usage["money"]["CNY"]["total"]["difference"] == "-2.5595"
    (left,) = usage["money"]["USD"]["left_out"]
    assert (left["model"], left["requests"], left["card"]["id"]) == ("mimo-v2.5-asr", 1, "2026-04-22.1")
    assert left["why"].startswith("rate card 2026-04-22.1 knows no model 'mimo-v2.5-asr'.")
    assert (usage["log"]["lines"], usage["log"]["repeated"], len(usage["log"]["problems"])) == (5, 1, 1)


def test_several_logs_are_one(run, log):
    logs = [log(openai(name, DAY, "mimo-v2.5", 10), name=name) for name in ("x", "y")]
    asked = ("cards", "diff", "2026-04-22", "2026-05-27", "--usage", logs[0], "--usage", logs[1], "--json")
    assert run(*asked).json["usage"]["credits"]["total"]["before"] == "20"


def test_an_empty_log_is_said(run, log):
    code, out, err = run("cards", "diff", "2026-04-22", "2026-05-27", "--usage", log())
    assert (code, err) == (0, "mimo-credits: warning: the log holds no responses\n")
    assert out.endswith("\n\nNo request of this usage has a price on both cards in credits, CNY, USD.\n")
    assert "in all" not in out


def test_what_has_a_price_in_one_unit_alone_is_said(run, log):
    path = log(openai("a", DAY, "mimo-v2.5-pro-ultraspeed", 10))
    out = run("cards", "diff", "2026-06-18", "2026-06-30", "--usage", path).out
    assert "\n\nNo request of this usage has a price on both cards in credits.\n" in out
    assert "CNY by pay-as-you-go for this usage" in out
    assert "a month's allowance" not in out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("2026-04-22",), 2, "the following arguments are required: B"),
        (("2026-04-22", "2026-05-28"), 2, "there is no rate card '2026-05-28'. Nearest known: 2026-05-27"),
        (("2026-04-22", "mine.toml"), 2, "error: B: mine.toml cannot be read: No such file or directory"),
        (("2026-04-22", "2026-05-27", "--json", "--markdown"), 2, "--json and --markdown exclude each other"),
        (("2026-04-22", "2026-05-27", "--usage", "-", "--usage", "-"), 2, "standard input (-) can be read only once"),
        (("2026-04-22", "2026-05-27", "--usage", "missing.jsonl"), 1, "missing.jsonl: cannot be read"),
    ],
)
def test_what_cannot_be_answered_is_one_message(run, arguments, code, said):
    ran = run("cards", "diff", *arguments)
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err


def test_a_broken_card_file_is_code_1(run, tmp_path):
    (tmp_path / "broken.toml").write_text("provider = ")
    ran = run("cards", "diff", "2026-04-22", tmp_path / "broken.toml")
    assert (ran.code, ran.out) == (1, "")
    assert "broken.toml has 1 problem" in ran.err
