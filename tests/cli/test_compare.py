"""`mimo-credits compare`: one workload on the cards of MiMo and of the other providers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mimo_credits import compare, load_card, load_workloads

JUNE = ("--at", "2026-06-05T00:00:00Z")


def rows_of(out: str) -> dict[str, list[str]]:
    table = out.split("\n\n", maxsplit=1)[0].splitlines()[1:]
    return {row.split()[0]: row.split() for row in table}


def test_each_providers_card_in_force_is_a_row(run):
    code, out, err = run("compare", "--workload", "article", "--times", "1000", *JUNE)
    assert code == 0
    assert rows_of(out) == {
        "xiaomi": ["xiaomi", "2026-06-01.1", "4", "d", "mimo-v2.5-pro", "900,000,000", "9.00", "1.305"],
        "anthropic": ["anthropic", "2024-06-20.1", "715", "d", "claude-3.5-sonnet", "no", "plan", "-", "-"],
        "deepseek": ["deepseek", "2026-05-22.1", "14", "d", "deepseek-v4-pro", "no", "plan", "9.00", "1.305"],
        "openai": ["openai", "2023-11-06.1", "941", "d", "gpt-4-turbo", "no", "plan", "-", "60.00"],
    }
    assert "TokenMix Research Lab, DeepSeek V4-Pro API Pricing 2026 (2026-05-23)" in out
    assert "has no rate for output of 'claude-3.5-sonnet' in USD" in " ".join(out.split())
    assert err.startswith("article is an estimate: AINews")


def test_the_same_as_json(run):
    document = run("compare", "--workload", "meeting-audio", *JUNE, "--json").json
    assert (document["times"], document["at"]) == (1, "2026-06-05T00:00:00+00:00")
    assert document["workload"]["assumes"] == load_workloads()["meeting-audio"].assumes
    offers = {offer["provider"]: offer for offer in document["offers"]}
    assert list(offers) == ["xiaomi", "anthropic", "deepseek", "openai"]
    assert offers["openai"]["money"] == {"USD": "0.12"}
    assert offers["openai"]["models"] == ["whisper-1", "gpt-4-turbo"]
    assert (offers["openai"]["credits"], offers["openai"]["age_in_days"]) == (None, 941)
    assert offers["openai"]["why_no_plan"] == "openai sells no plan on card 2023-11-06.1."
    assert offers["openai"]["cites"] == ["H openai-prices", "H openai-prices, models-dev"]
    assert offers["xiaomi"]["credits"] == "300000"
    assert "knows no model" in offers["deepseek"]["unpriced"]["CNY"]


def test_cards_and_models_can_be_chosen(run):
    asked = ("compare", "--workload", "coding-session", "--card", "2026-04-22", "--card", "deepseek/2026-04-26", *JUNE)
    out = run(*asked, "--model", "deepseek=deepseek-v4-flash", "--model", "xiaomi=mimo-v2.5").out
    assert [row[4:5] for row in rows_of(out).values()] == [["mimo-v2.5"], ["deepseek-v4-flash"]]
    assert [row[1] for row in rows_of(out).values()] == ["2026-04-22.1", "2026-04-26.1"]


def test_a_provider_without_a_card_then_is_left_out_and_said(run):
    code, out, err = run("compare", "--workload", "article", "--at", "2026-04-10T00:00:00Z")
    assert (code, list(rows_of(out))) == (0, ["xiaomi", "anthropic", "openai"])
    assert "warning: deepseek is left out: no rate card is in effect at 2026-04-10T00:00:00+00:00" in err


def test_without_an_instant_it_is_now(run):
    before = datetime.now(UTC)
    document = run("compare", "--workload", "article", "--json").json
    at = datetime.fromisoformat(document["at"])
    assert before <= at <= datetime.now(UTC)
    cards = [load_card("openai/2023-11-06")]
    (expected,) = compare(cards, load_workloads()["article"], at=at)
    assert document["offers"][-1]["age_in_days"] == expected.age


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--workload", "artikle"), "--workload: there is no workload 'artikle'. Nearest known: article."),
        (("--workload", "article", "--card", "deepsek/2026-05-22"), "Nearest known: deepseek/2026-05-22"),
        (("--workload", "article", "--model", "deepseek"), "'deepseek' is not PROVIDER=MODEL"),
        (("--workload", "article", "--at", "2026-04-01T00:00:00Z"), "no rate card is in effect"),
        ((), "--workload"),
    ],
)
def test_what_cannot_be_answered_is_one_message_and_code_2(run, arguments, said):
    code, out, err = run("compare", *arguments)
    assert (code, out) == (2, "")
    assert said in err
