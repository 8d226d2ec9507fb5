"""Worked examples, to the digit, on the published cards: what a bill must say, whatever the code looks like."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from mimo_credits import (
    Account,
    Record,
    Subscribe,
    Usage,
    charge,
    fold,
    load_book,
    load_card,
    price,
    quote,
)

BOOK = load_book()
APRIL = load_card("2026-04-03")
MAY = load_card("2026-05-27")
JUNE = load_card("2026-06-01")
SEPTEMBER = load_card("2026-09-22")

DAY = datetime(2026, 5, 28, 4, tzinfo=UTC)
NIGHT = datetime(2026, 5, 28, 20, tzinfo=UTC)


def allowance(card, tier: str) -> int:
    """A month's credits in millicredits."""
    return int(card.tiers[tier].credits * 1000)


def folded(tier: str, at: datetime, *usages: Usage) -> Account:
    """An account that subscribed at an instant and used all of this at once."""
    records = [Record(f"r-{number}", at, usage) for number, usage in enumerate(usages)]
    return fold(Account(), [Subscribe("s", at, tier), *records], BOOK)[0]


# --- April: multiples of one credit -----------------------------------------------------------------------------------

SESSION = {
    Usage("mimo-v2-pro", input_tokens=120_000, cached_tokens=90_000, output_tokens=5_000): 3,
    Usage("mimo-v2-pro", input_tokens=120_000, output_tokens=5_000): 1,
}
"""A coding session of 500,000 tokens in requests of up to 256K."""

LONG_SESSION = Usage("mimo-v2-pro", input_tokens=450_000, output_tokens=50_000)
"""The same number of tokens in one request above 256K."""


def test_500_000_v2_pro_tokens_up_to_256k_cost_1_000_000_credits():
    assert sum((usage.input_tokens + usage.output_tokens) * count for usage, count in SESSION.items()) == 500_000
    assert quote(APRIL, SESSION).credits == 1_000_000


def test_standard_holds_200_such_sessions():
    sessions = {usage: count * 200 for usage, count in SESSION.items()}
    assert quote(APRIL, sessions).credits == 200_000_000 == APRIL.tiers["standard"].credits
    account = folded("standard", datetime(2026, 4, 10, tzinfo=UTC), *(u for u, n in sessions.items() for _ in range(n)))
    assert (account.remaining, account.pots.overage) == (0, 0)


def test_the_same_above_256k_costs_2_000_000_and_standard_holds_100():
    assert quote(APRIL, LONG_SESSION).credits == 2_000_000
    account = folded("standard", datetime(2026, 4, 10, tzinfo=UTC), *[LONG_SESSION] * 100)
    assert (account.remaining, account.pots.overage) == (0, 0)


def test_lite_at_2x_is_30_000_000_tokens():
    request = Usage("mimo-v2-pro", input_tokens=250_000, output_tokens=50_000)
    assert quote(APRIL, {request: 100}).millicredits == allowance(APRIL, "lite")
    assert 100 * (request.input_tokens + request.output_tokens) == 30_000_000


def test_standard_at_4x_is_50_000_000_tokens():
    request = Usage("mimo-v2-pro", input_tokens=950_000, output_tokens=50_000)
    assert quote(APRIL, {request: 50}).millicredits == allowance(APRIL, "standard")
    assert 50 * (request.input_tokens + request.output_tokens) == 50_000_000


def test_130m_tokens_in_5_days_are_780m_in_30_above_pro_even_at_1x():
    """The heavy agent loop of the press: projected on a month it needs Max."""
    in_a_month = 130_000_000 * 30 // 5
    assert in_a_month == 780_000_000
    needed = charge(APRIL, Usage("mimo-v2-omni", input_tokens=in_a_month))
    assert needed == 780_000_000 * 1000
    assert [tier for tier in APRIL.tiers if allowance(APRIL, tier) >= needed] == ["max"]
    assert allowance(APRIL, "pro") == 700_000_000 * 1000 < needed


@pytest.mark.parametrize(("tier", "tasks"), [("lite", 120), ("standard", 400), ("pro", 1_400), ("max", 3_200)])
def test_aprils_complex_task_is_500_000_credits(tier, tasks):
    assert APRIL.tiers[tier].tasks.count == tasks
    assert tasks * 500_000 == APRIL.tiers[tier].credits


def test_april_needs_no_cached_count_since_one_rate_covers_every_token():
    for cached in (0, 1, 100_000):
        usage = Usage("mimo-v2-pro", input_tokens=100_000, cached_tokens=cached, output_tokens=2_000)
        assert quote(APRIL, usage).credits == 204_000


def test_speech_is_free_and_listed():
    assert quote(APRIL, Usage("mimo-v2-tts", input_tokens=5_000, output_tokens=9_000)).credits == 0


def test_10m_by_day_are_8m_at_night():
    usage = Usage("mimo-v2.5", input_tokens=9_000_000, output_tokens=1_000_000)
    for card in (load_card("2026-04-22"), load_card("2026-04-22.1")):
        assert quote(card, usage).credits == 10_000_000
        assert quote(card, usage, at=DAY).credits == 10_000_000
        assert quote(card, usage, at=NIGHT).credits == 8_000_000
    assert charge(APRIL, Usage("mimo-v2-omni", input_tokens=10), at=NIGHT) == 10_000


# --- from 27 May: hit, miss and output --------------------------------------------------------------------------------

AGENT_STEP = Usage("mimo-v2.5-pro", input_tokens=86_790, cached_tokens=86_000, output_tokens=305)


def test_86_000_hit_790_miss_305_out_cost_635_000():
    assert (AGENT_STEP.cached_tokens, AGENT_STEP.missed_tokens, AGENT_STEP.output_tokens) == (86_000, 790, 305)
    shown = quote(MAY, AGENT_STEP)
    assert shown.credits == 635_000
    assert [(line.meter, line.rate, line.credits) for line in shown.lines] == [
        ("cache_hit", Decimal("2.5"), 215_000),
        ("cache_miss", Decimal(300), 237_000),
        ("output", Decimal(600), 183_000),
    ]


def test_lite_holds_6_456_whole_requests():
    at = datetime(2026, 5, 28, 4, tzinfo=UTC)
    account = folded("lite", at, *[AGENT_STEP] * 6_456)
    assert (account.remaining, account.pots.overage) == (440_000, 0)
    one_more = folded("lite", at, *[AGENT_STEP] * 6_457)
    assert (one_more.remaining, one_more.pots.overage) == (0, -195_000_000)


@pytest.mark.parametrize(("model", "credits"), [("mimo-v2.5-pro", 24_375_000), ("mimo-v2.5", 8_300_000)])
def test_150_000_hit_50_000_miss_15_000_out(model, credits):
    usage = Usage(model, input_tokens=200_000, cached_tokens=150_000, output_tokens=15_000)
    assert quote(MAY, usage).credits == credits


MONTH = {"input_tokens": 870_505_662 + 87_558_858, "cached_tokens": 870_505_662, "output_tokens": 5_046_000}


def test_a_month_of_v2_5_by_day_and_at_night():
    usage = Usage("mimo-v2.5", **MONTH)
    assert usage.missed_tokens == 87_558_858
    assert quote(MAY, usage).credits == 11_506_097_124
    assert quote(MAY, usage, at=DAY).credits == 11_506_097_124
    assert quote(MAY, usage, at=NIGHT).credits == Decimal("9204877699.2")
    assert str(quote(MAY, usage, at=NIGHT).credits) == "9204877699.2"


def test_the_same_month_of_v2_5_pro():
    assert quote(MAY, Usage("mimo-v2.5-pro", **MONTH)).credits == 31_471_521_555


def test_10_000_000_misses_leave_lite_1_100_000_000():
    account = folded("lite", DAY, Usage("mimo-v2.5-pro", input_tokens=10_000_000))
    assert account.pots.spent == 3_000_000_000_000
    assert account.remaining == 1_100_000_000
    assert account.tier == "lite"


def test_v2_pro_is_billed_as_v2_5_pro_from_june():
    usage = Usage("mimo-v2-pro", input_tokens=1_000, cached_tokens=400, output_tokens=10)
    assert BOOK.quote(usage, datetime(2026, 5, 31, 15, tzinfo=UTC)).credits == 140 * 400 + 700 * 600 + 2100 * 10
    (hit, miss, output) = BOOK.quote(usage, datetime(2026, 6, 1, 4, tzinfo=UTC)).lines
    assert {line.billed for line in (hit, miss, output)} == {"mimo-v2.5-pro"}
    assert {line.model for line in (hit, miss, output)} == {"mimo-v2-pro"}
    assert [line.credits for line in (hit, miss, output)] == [1_000, 180_000, 6_000]


# --- audio ------------------------------------------------------------------------------------------------------------


def test_lite_on_speech_recognition_alone_holds_136_hours_and_40_minutes():
    seconds = (136 * 60 + 40) * 60
    assert seconds == 492_000
    assert charge(JUNE, Usage("mimo-v2.5-asr", audio_seconds=seconds)) == allowance(JUNE, "lite")
    assert charge(JUNE, Usage("mimo-v2.5-asr", audio_seconds=seconds + 1)) > allowance(JUNE, "lite")
    by_day = datetime(2026, 6, 2, 4, tzinfo=UTC)
    account = folded("lite", by_day, Usage("mimo-v2.5-asr", audio_seconds=seconds))
    assert (account.remaining, account.pots.overage) == (0, 0)


# --- pay-as-you-go ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("usage", "dollars"),
    [
        (Usage("mimo-v2.6-pro", input_tokens=40_911), "0.017796285"),
        (Usage("mimo-v2.6-pro", output_tokens=673), "0.00058551"),
        (Usage("mimo-v2.6-pro", input_tokens=40_911, output_tokens=673), "0.018381795"),
    ],
)
def test_v2_6_pro_by_pay_as_you_go(usage, dollars):
    assert price(SEPTEMBER, usage, "USD") == Decimal(dollars)
    assert quote(SEPTEMBER, usage).money["USD"] == Decimal(dollars)


# --- the API's own usage objects --------------------------------------------------------------------------------------

CHAT = {
    "prompt_tokens": 2106,
    "completion_tokens": 204,
    "total_tokens": 2310,
    "prompt_tokens_details": {"cached_tokens": 192},
    "completion_tokens_details": {"reasoning_tokens": 0},
    "web_search_usage": {"tool_usage": 3, "page_usage": 3},
}
SPEECH = {
    "prompt_tokens": 46,
    "completion_tokens": 20,
    "total_tokens": 66,
    "seconds": 4,
    "prompt_tokens_details": {"audio_tokens": 25, "cached_tokens": 45},
    "completion_tokens_details": {"reasoning_tokens": 0},
}


def test_a_chat_with_web_searches_costs_credits_for_its_tokens_and_money_for_its_searches():
    usage = Usage.from_openai(CHAT, model="mimo-v2.5-pro")
    assert usage == Usage("mimo-v2.5-pro", input_tokens=2_106, cached_tokens=192, output_tokens=204, web_searches=3)
    shown = quote(MAY, usage)
    assert shown.credits == Decimal("2.5") * 192 + 300 * 1_914 + 600 * 204 == 697_080
    tokens = Decimal("0.0036") * 192 + Decimal("0.435") * 1_914 + Decimal("0.87") * 204
    assert shown.money["USD"] == tokens / 1_000_000 + Decimal("0.015")
    assert shown.money["CNY"] == Decimal("0.0069708") + Decimal("0.048")


def test_four_seconds_of_speech_are_charged_by_the_second_whatever_its_tokens():
    usage = Usage.from_openai({"model": "mimo-v2.5-asr", "usage": SPEECH})
    assert usage.audio_seconds == 4
    shown = quote(JUNE, usage)
    assert shown.credits == Decimal("33333.333")
    assert shown.money == {"USD": Decimal("0.000082222222"), "CNY": Decimal("0.000555555556")}


def test_an_anthropic_answer_costs_what_the_same_openai_answer_costs():
    answer = {
        "model": "mimo-v2.5-pro",
        "usage": {
            "input_tokens": 90,
            "cache_creation_input_tokens": 700,
            "cache_read_input_tokens": 86_000,
            "output_tokens": 305,
        },
    }
    assert Usage.from_anthropic(answer) == AGENT_STEP
    assert quote(MAY, Usage.from_response(answer)).credits == 635_000


# --- one quote, many requests -----------------------------------------------------------------------------------------


def test_two_requests_of_200k_are_not_one_of_400k():
    request = Usage("mimo-v2-pro", input_tokens=200_000)
    assert quote(APRIL, [request, request]).credits == quote(APRIL, {request: 2}).credits == 800_000
    assert quote(APRIL, Usage("mimo-v2-pro", input_tokens=400_000)).credits == 1_600_000


def test_an_instant_chooses_the_time_of_day_and_only_a_book_chooses_the_card():
    usage = Usage("mimo-v2.5-pro", input_tokens=1_000)
    in_may, in_june = datetime(2026, 5, 20, 4, tzinfo=UTC), datetime(2026, 6, 20, 4, tzinfo=UTC)
    assert quote(MAY, usage, at=in_may) == quote(MAY, usage, at=in_june)
    assert BOOK.quote(usage, in_may).card.id == "2026-04-22.1"
    assert BOOK.quote(usage, in_may).credits == 2_000
    assert BOOK.quote(usage, in_june).credits == 300_000
