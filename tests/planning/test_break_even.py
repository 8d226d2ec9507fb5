"""From which volume a tier beats pay-as-you-go, held against counting up token by token."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimo_credits import InputError, Step, Usage, Workload, break_even, charge, load_card, load_workloads, price
from tests.made_cards import CARD

MAY = load_card("2026-05-27")


def single(model: str, **counts: int) -> Workload:
    return Workload("one", (Step("s", Usage(model, **counts)),))


def priced(credits: int, usd: str):
    return CARD.derive({"models": {"flat": {"credits": credits, "price": {"USD": Decimal(usd)}}}})


@given(st.integers(1, 200), st.integers(1, 300))
def test_counting_token_by_token_finds_the_same(credits, cents):
    """A token costs so many credits and so many cents of a cent; small costs 5 dollars and holds 1,000 credits."""
    card = priced(credits, f"{cents * 100}")  # per million, so cents / 10,000 dollars each
    found = None
    for tokens in range(1, 1_000 // credits + 1):
        usage = Usage("flat", input_tokens=tokens)
        if price(card, usage, "USD") >= 5 and charge(card, usage) <= 1_000_000:
            found = tokens
            break
    made = break_even(card, "small", single("flat", input_tokens=1))
    assert (made.times, made.tokens) == (found, found)
    assert made.meets_at == Fraction(50_000, cents)
    assert made.holds == 1_000 // credits


def test_in_dollars_the_small_tiers_never_beat_pay_as_you_go_from_may_on():
    """4.1e9 credits are CNY 41 for CNY 39, but at 0.435 dollars per 3 yuan they are 5.95 dollars for 6."""
    misses = single("mimo-v2.5-pro", input_tokens=1_000_000)
    dollars = break_even(MAY, "lite", misses)
    assert dollars.meets_at == Fraction(6_000, 435)
    assert (dollars.times, dollars.holds) == (None, 13)
    assert str(dollars) == (
        "lite, one: never: it would take 14 times a month to pay as much as USD 6.00, and its allowance holds 13"
    )
    yuan = break_even(MAY, "lite", misses, currency="CNY")
    assert (yuan.times, yuan.tokens) == (13, 13_000_000)
    assert yuan.why == "from 13 times a month on (13,000,000 tokens) it costs no more than pay-as-you-go"


def test_off_peak_work_can_make_a_tier_worth_it():
    misses = single("mimo-v2.5-pro", input_tokens=1_000_000)
    night = break_even(MAY, "lite", misses.off_peak(1))
    assert (night.times, night.holds, night.each) == (14, 17, Decimal("0.435"))


def test_money_owed_on_both_sides_cancels_out():
    searching = Workload("one", (Step("s", Usage("flat", input_tokens=1, web_searches=1)),))
    card = priced(3, "100000")
    found = (break_even(card, "small", work) for work in (searching, single("flat", input_tokens=1)))
    one, other = (replace(each, workload="") for each in found)
    assert one == other


def test_free_work_never_needs_a_tier_and_free_credits_hold_any_number():
    free = break_even(CARD, "small", single("free", input_tokens=5))
    assert (free.meets_at, free.times, free.holds) == (None, None, None)
    assert free.why == "pay-as-you-go asks nothing for this work, so no tier is ever cheaper"
    searching = break_even(CARD, "small", single("free", web_searches=5))
    assert "asks nothing for this work beside its web searches, which a tier owes as well" in searching.why
    card = CARD.derive({"models": {"free": {"price": {"USD": 1, "CNY": 1}}}})
    assert break_even(card, "small", single("free", input_tokens=1_000_000)).times == 5


def test_work_without_tokens_is_told_in_times():
    sound = Workload("one", (Step("s", Usage("sound", audio_seconds=50)),))  # 50 credits and 0.50 dollars
    assert break_even(CARD, "small", sound).why == "from 10 times a month on it costs no more than pay-as-you-go"


def test_a_published_workload_meets_the_larger_tiers():
    session = load_workloads()["coding-session"]
    times = {tier: break_even(MAY, tier, session).times for tier in MAY.tiers}
    assert times == {"lite": None, "standard": None, "pro": 1_256, "max": 2_511}


@pytest.mark.parametrize(
    ("tier", "work", "currency", "why"),
    [
        ("gold", single("flat", input_tokens=1), "USD", "sells no tier 'gold'; it sells small"),
        ("small", single("flat", input_tokens=1), "EUR", "does not sell 'small' in 'EUR'"),
        ("small", single("triple", input_tokens=1), "USD", "pay-as-you-go has no price in 'USD': rate card"),
    ],
)
def test_what_is_not_sold_is_refused(tier, work, currency, why):
    with pytest.raises(InputError, match=why):
        break_even(CARD, tier, work, currency=currency)


def test_a_card_that_sells_no_tier_says_so():
    with pytest.raises(InputError, match="it sells none"):
        break_even(CARD.derive({"tiers": None}), "small", single("flat", input_tokens=1))
