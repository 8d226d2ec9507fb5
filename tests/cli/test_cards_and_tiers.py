"""`mimo-credits tiers` and `mimo-credits cards`."""

from __future__ import annotations

import hashlib
import re
from textwrap import dedent

import pytest

from mimo_credits import list_cards, list_providers, load_card
from mimo_credits.catalog import rates_folder
from tests.cli.test_quote import undigested
from tests.published_cards import listed


def test_tiers_read_like_this(run):
    code, out, err = run("tiers", "--card", "2026-04-22")
    assert (code, err) == (0, "")
    assert undigested(out) == dedent(
        """\
        Card 2026-04-22.1 (sha256 (digest))

          tier      for a        credits     CNY     USD  said to suffice for
          lite      month     60,000,000   39.00    6.00  120 complex tasks
          standard  month    200,000,000   99.00   16.00  400 complex tasks
          pro       month    700,000,000  329.00   50.00  1,400 complex tasks
          max       month  1,600,000,000  659.00  100.00  3,200 complex tasks

          first purchase  pays 88 % of the list price; once per account, monthly plans only
          upgrade         new list price minus old; the allowance grows, the cycle goes on
          downgrade       at the next renewal
          exhausted       service stops
          unused credits  expire with the cycle
          cycle           30 days from the purchase, to the end of the last day (UTC)
          off-peak        credits x 0.8, 00:00 to 08:00 Asia/Shanghai, every day
          web search      USD 5.00, CNY 16.00 per 1,000 calls: money, never credits
        """
    )


def test_tiers_of_an_instant_and_as_json(run):
    asked = run("tiers", "--at", "2026-05-27T00:00:00+08:00")
    assert "Card 2026-05-27.1 (" in asked.out
    assert "in force at 2026-05-26 16:00:00 UTC" in asked.out
    document = run("tiers", "--card", "2026-05-27", "--json").json
    assert document["card"]["id"] == "2026-05-27.1"
    assert document["tiers"]["standard"] == {
        "monthly": {"credits": "11000000000", "price": {"USD": "16", "CNY": "99"}},
        "annual": {"credits": "132000000000", "price": {"USD": "168.96", "CNY": "1045.44"}},
    }
    assert list(document["tiers"]) == ["lite", "standard", "pro", "max"]
    assert "annual" not in run("tiers", "--card", "2026-04-22", "--json").json["tiers"]["lite"]


def test_without_a_choice_the_newest_tiers_are_shown(run):
    assert f"Card {list_cards()[-1]} (" in run("tiers").out


@pytest.mark.parametrize("arguments", [(), ("list",)])
def test_cards_are_listed_in_order_of_effect(run, arguments):
    code, out, err = run("cards", *arguments)
    assert (code, err) == (0, "")
    rows = re.findall(r"^  (\d{4}-\d\d-\d\d\.\d+)  (\S+ \S+) +([0-9a-f]{12}) ", out, re.MULTILINE)
    assert [row[0] for row in rows] == list(list_cards())
    assert ("2026-05-27.1", "2026-05-26 16:00") in [row[:2] for row in rows]
    assert all(load_card(row[0]).sha256.startswith(row[2]) for row in rows[1:])
    assert "rate card 2026-04-03.1 was withdrawn" in out


@pytest.mark.parametrize("arguments", [("--json",), ("list", "--json"), ("--json", "list")])
def test_the_list_as_json(run, arguments):
    cards = run("cards", *arguments).json["cards"]
    assert [card["id"] for card in cards] == list(list_cards())
    assert cards[1]["effective_from"] == "2026-04-03T00:00:00+08:00"
    assert cards[0]["note"].startswith("rate card 2026-04-03.1 was withdrawn")
    assert {card["note"] for card in cards[1:]} == {""}


def test_a_card_is_shown_whole(run):
    code, out, err = run("cards", "show", "2026-06-01")
    assert (code, err) == (0, "")
    assert out.startswith("Card 2026-06-01.1 of xiaomi, in effect from 2026-05-31 16:00 UTC\nsha256 ")
    for line in (
        r"  mimo-v2\.5-pro +2\.5 +300 +600 +-  H \d+",
        r"  mimo-v2\.5-asr +0 +0 +0  30,000,000  H \d+, \d+",
        r"  mimo-v2-flash +not in the plan +M \d+",
        r"  mimo-v2\.5-pro +0\.0036  0\.435 +0\.87 +-  H \d+, \d+",
        r"  mimo-v2-pro +billed as mimo-v2\.5-pro",
        r"  off-peak +credits x 0\.8, 00:00 to 08:00 Asia/Shanghai, every day",
        r"  \d+  official-asr: MiMo docs, speech recognition \(.*\)",
    ):
        assert re.search(f"^{line}$", out, re.MULTILINE), line


def test_bands_and_migrations_are_shown(run):
    april = run("cards", "show", "2026-04-03.2").out
    assert re.search(r"^  mimo-v2-pro +up to 256,000 +2 +2 +2 ", april, re.MULTILINE)
    assert re.search(r"^  mimo-v2-pro +above 256,000 +4 +4 +4 ", april, re.MULTILINE)
    assert re.search(r"^  mimo-v2-pro +above 256,000  2\.80 +14 +42 ", april, re.MULTILINE)
    assert "reset to the new allowance when this card takes effect" in run("cards", "show", "2026-05-27").out
    assert "rate card 2026-04-03.1 was withdrawn" in run("cards", "show", "2026-04-03.1").out


@pytest.mark.parametrize("card_id", list_cards())
def test_every_card_can_be_shown_within_100_columns(run, card_id):
    code, out, err = run("cards", "show", card_id)
    assert (code, err) == (0, "")
    assert [line for line in out.splitlines() if len(line) > 100] == []
    document = run("cards", "show", card_id, "--json").json
    assert document["id"] == card_id
    assert set(document["models"]) == listed(card_id)


def test_a_card_as_json(run):
    document = run("cards", "show", "2026-04-03.2", "--json").json
    pro = document["models"]["mimo-v2-pro"]
    assert [(band["input_up_to"], band["cache_hit"]) for band in pro["credits"]] == [(256000, "2"), (1048576, "4")]
    assert [band["output"] for band in pro["pay_as_you_go"]["CNY"]] == ["21", "42"]
    assert document["models"]["mimo-v2-flash"]["in_plan"] is False
    assert document["policy"]["first_purchase_pays"] == "0.88"
    assert (document["off_peak"], document["web_search"]) == (None, {"USD": "5", "CNY": "16"})
    assert "official-faq" in document["sources"]
    assert "band-limit" in document["assumptions"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("tiers", "--card", "2026-05-2"), "there is no rate card '2026-05-2'. Nearest known: 2026-05-27"),
        (("tiers", "--at", "2026"), "is not an ISO 8601 instant"),
        (("cards", "show"), "the following arguments are required: V"),
        (
            ("cards", "show", "../../etc/passwd.toml"),
            "V: ../../etc/passwd.toml cannot be read: No such file or directory",
        ),
        (("tiers", "--card", "./cards/own"), "--card: cards/own cannot be read: No such file or directory"),
        (
            ("tiers", "--card", "cards/2026-05-27"),
            "there is no rate card 'cards/2026-05-27'. Nearest known: 2026-05-27",
        ),
        (("cards", "shwo"), "invalid choice: 'shwo'"),
    ],
)
def test_a_wrong_command_line_is_one_message_and_code_2(run, arguments, said):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert said in err


@pytest.mark.parametrize("name", ["own.toml", "./own"])
def test_a_card_of_ones_own_is_named_by_its_path(run, monkeypatch, tmp_path, name):
    monkeypatch.chdir(tmp_path)
    text = (rates_folder() / "mimo" / "2026-05-27.1.toml").read_text("utf-8")
    (tmp_path / name).write_text(re.sub(r"(revision *= )1", r"\g<1>9", text), "utf-8")
    assert run("cards", "show", name, "--json").json["id"] == "2026-05-27.9"
    assert run("tiers", "--card", name, "--json").json["card"]["id"] == "2026-05-27.9"
    asked = ("quote", "mimo-v2.5", "--input", "1", "--card", name, "--json")
    assert run(*asked).json["card"]["id"] == "2026-05-27.9"


def test_published_cards_verify(run):
    code, out, err = run("cards", "verify")
    assert (code, err) == (0, "")
    every = [name for provider in list_providers() for name in list_cards(provider)]
    assert out == "".join(f"{name}  ok\n" for name in every)
    assert run("cards", "verify", "--json").json == {"ok": True, "cards": dict.fromkeys(every, "ok")}


def test_a_changed_card_is_seen_and_is_code_1(run, monkeypatch, tmp_path):
    (tmp_path / "mimo").mkdir()
    text = (rates_folder() / "mimo" / "2026-05-27.1.toml").read_bytes()
    digest = hashlib.sha256(text).hexdigest()
    (tmp_path / "mimo" / "2026-05-27.1.toml").write_bytes(text + b"\n")
    (tmp_path / "SHA256SUMS").write_text(f"{digest}  mimo/2026-05-27.1.toml\n", "utf-8")
    monkeypatch.setattr("mimo_credits.catalog.rates_folder", lambda: tmp_path)
    monkeypatch.setattr("mimo_credits.catalog.list_cards", lambda provider: ("2026-05-27.1",))
    monkeypatch.setattr("mimo_credits.catalog.list_providers", lambda: ("mimo",))
    code, out, _ = run("cards", "verify")
    assert code == 1
    assert re.fullmatch(rf"2026-05-27\.1  has sha256 [0-9a-f]{{64}}, SHA256SUMS says {digest}\n", out)
    assert run("cards", "verify", "--json").json["ok"] is False


def test_a_card_without_a_file_is_seen_and_is_code_1(run, monkeypatch, tmp_path):
    (tmp_path / "mimo").mkdir()
    (tmp_path / "SHA256SUMS").write_text(f"{'0' * 64}  mimo/2026-05-27.1.toml\n", "utf-8")
    monkeypatch.setattr("mimo_credits.catalog.rates_folder", lambda: tmp_path)
    monkeypatch.setattr("mimo_credits.catalog.list_cards", lambda provider: ())
    said = "has no file, though SHA256SUMS lists it"
    assert run("cards", "verify")[:2] == (1, f"2026-05-27.1  {said}\n")
    assert run("cards", "verify", "--json").json == {"ok": False, "cards": {"2026-05-27.1": said}}


def test_a_missing_file_of_the_rates_is_one_message_and_code_1(run, monkeypatch, tmp_path):
    monkeypatch.setattr("mimo_credits.catalog.rates_folder", lambda: tmp_path)
    code, out, err = run("cards", "verify")
    assert (code, out) == (1, "")
    assert err == f"mimo-credits: error: {tmp_path}/SHA256SUMS: No such file or directory\n"


# --- other providers --------------------------------------------------------------------------------------------------


def test_another_providers_cards_are_listed(run):
    for asked in (("cards", "list", "--provider", "deepseek"), ("cards", "--provider", "deepseek", "list")):
        rows = [line.split() for line in run(*asked).out.splitlines()[1:]]
        assert [(row[0], row[-2:]) for row in rows] == [("2026-04-26.1", ["0", "2"]), ("2026-05-22.1", ["0", "2"])]
    listed = run("cards", "list", "--provider", "deepseek", "--json").json["cards"]
    assert {card["provider"] for card in listed} == {"deepseek"}
    assert run("cards", "list", "--provider", "deepsek")[0::2] == (
        2,
        "mimo-credits: error: provider: there are no cards of 'deepsek'; nearest: deepseek\n",
    )


def test_a_card_without_a_plan_shows_prices_and_no_empty_sections(run):
    out = run("cards", "show", "openai/2023-11-06").out
    captions = [line for line in out.splitlines() if line and not line.startswith(" ")]
    assert [line.split(",")[0].split(" (")[0] for line in captions] == [
        "Card 2023-11-06.1 of openai",
        "sha256 " + load_card("openai/2023-11-06").sha256,
        "Models",
        "Assumed",
        "Sources",
    ]
    assert re.search(r"model +input tokens +hit +miss +output +audio hour +image +source", out)
    assert re.search(r"dall-e-3 +- +- +- +- +0\.04 +H 2\n", out)
    assert " image " not in run("cards", "show", "deepseek/2026-05-22").out
    document = run("cards", "show", "openai/2023-11-06", "--json").json
    assert (document["tiers"], document["cycle"], document["policy"]) == ({}, None, None)
    (price,) = document["models"]["dall-e-3"]["pay_as_you_go"]["USD"]
    assert (price["image"], price["output"]) == ("0.04", None)
    assert document["models"]["dall-e-3"]["in_plan"] is False


def test_cards_of_other_providers_are_compared(run):
    out = run("cards", "diff", "deepseek/2026-04-26", "deepseek/2026-05-22").out
    assert re.search(r"deepseek-v4-pro +CNY per 1M, cache miss +12 +3 +-75\.0 %\n", out)
    assert "Terms" not in out
    out = run("cards", "diff", "2026-05-27", "openai/2023-11-06").out
    assert "dall-e-3: new, a model of its own\n" in out
    assert "dall-e-3, USD per 1M: new, 0.04 an image\n" in out
    assert "policy, upgrade: gone, was trade-in\n" in out


def test_a_card_that_sells_no_plan_has_no_tiers_to_show(run):
    code, out, err = run("tiers", "--card", "deepseek/2026-05-22")
    assert (code, out) == (1, "")
    assert err == "mimo-credits: error: rate card 2026-05-22.1 of deepseek sells no plan.\n"
