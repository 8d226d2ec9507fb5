"""`diff_cards`: what changed between two cards, in plain words. The May switch is held against the press' own claims."""

from __future__ import annotations

import warnings
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest

from mimo_credits import Change, diff_cards, list_cards, load_card

APRIL, MAY, JUNE = load_card("2026-04-22"), load_card("2026-05-27"), load_card("2026-06-01")
NINETY_NINE = "mimo-v2.5-pro, CNY per 1M, cache hit above 256,000 input tokens: 2.80 → 0.025 (-99.1 %)"


def said(before, after):
    return [str(change) for change in diff_cards(before, after).changes]


def test_the_may_switch():
    changes = said(APRIL, MAY)
    assert NINETY_NINE in changes
    assert "mimo-v2.5-pro, CNY per 1M, cache hit up to 256,000 input tokens: 1.40 → 0.025 (-98.2 %)" in changes
    assert "tier standard, credits a month: 200,000,000 → 11,000,000,000 (x 55.0)" in changes
    assert "mimo-v2.5-pro, credits, cache hit: 2 → 2.5 (+25.0 %)" in changes
    assert "policy, upgrade: price-difference → trade-in" in changes
    assert "cycle, length: 30 days → 1 calendar month" in changes
    assert "migration, running cycles: go on → reset to the new allowance" in changes
    assert "tier lite, credits a year: new, 49,200,000,000" in changes


def test_growth_is_exact():
    (change,) = [each for each in diff_cards(APRIL, MAY).changes if str(each) == NINETY_NINE]
    assert change.growth == Fraction(Decimal("0.025")) / Fraction(Decimal("2.80")) - 1


def test_models_that_come_go_and_are_forwarded():
    changes = said(MAY, JUNE)
    assert "model mimo-v2-pro: a model of its own → billed as mimo-v2.5-pro" in changes
    assert "model mimo-v2-omni, context window: 262,144 → 1,048,576 (x 4.0)" in changes
    assert "model mimo-v2.5-asr: new, a model of its own" in changes
    assert "mimo-v2.5-asr, credits: new, 30,000,000 an hour of audio, tokens free" in changes


def test_a_forwarding_is_compared_at_the_rates_that_the_name_is_billed_by():
    changes = said(MAY, JUNE)
    assert "mimo-v2-pro, credits, cache hit: 140 → 2.5 (-98.2 %)" in changes
    assert "mimo-v2-pro, CNY per 1M, output above 256,000 input tokens: 42 → 6 (-85.7 %)" in changes


def test_an_alias_that_follows_its_model_is_not_said_again():
    assert not [each for each in said(MAY, JUNE) if "xiaomi/" in each]
    assert not [each for each in said(load_card("2026-09-22"), load_card("2026-10-21")) if "xiaomi/" in each]


def test_aliases_that_fare_alike_and_for_themselves_stand_together():
    gone = said(load_card("2026-06-18"), load_card("2026-06-30"))
    assert "model mimo-v2-pro, xiaomi/mimo-v2-pro: gone, was billed as mimo-v2.5-pro" in gone
    renamed = MAY.derive(
        {"models": {"mimo-v2.5": {"aliases": ["xiaomi/mimo-v2.5", "a", "b"]}, "mimo-v2.5-pro": {"aliases": ["c"]}}}
    )
    assert said(MAY, renamed) == [
        "model xiaomi/mimo-v2.5-pro, mimo-v2.5-pro[1m]: gone, was billed as mimo-v2.5-pro",
        "model c: new, billed as mimo-v2.5-pro",
        "model a, b: new, billed as mimo-v2.5",
    ]
    moved = renamed.derive({"models": {"mimo-v2.5": {"aliases": ["b"]}, "mimo-v2.5-pro": {"aliases": ["c", "a"]}}})
    assert "model a: billed as mimo-v2.5 → billed as mimo-v2.5-pro" in said(renamed, moved)


def test_a_new_model_says_what_it_costs_and_whether_the_plan_covers_it():
    changes = said(load_card("2026-06-01"), load_card("2026-06-08"))
    assert changes == [
        "model mimo-v2.5-pro-ultraspeed: new, a model of its own, pay-as-you-go only",
        "mimo-v2.5-pro-ultraspeed, CNY per 1M: new, hit 0.075, miss 9, output 18",
        "mimo-v2.5-pro-ultraspeed, USD per 1M: new, hit 0.0108, miss 1.305, output 2.61",
    ]
    launched = said(load_card("2026-04-03.2"), APRIL)
    assert "mimo-v2.5-pro, credits: new, 2 for any token" in launched
    assert (
        "mimo-v2.5-pro, USD per 1M: new, up to 256,000 input tokens: hit 0.20, miss 1, output 3; "
        "above 256,000 input tokens: hit 0.40, miss 2, output 6"
    ) in launched
    assert launched[-2:] == [
        "off-peak, credits are multiplied by: new, 0.8",
        "off-peak, hours: new, 00:00:00 to 08:00:00 Asia/Shanghai",
    ]


def test_the_only_rate_of_a_model_is_no_rate_of_any_token():
    blind = {"credits": {"miss": 2}, "source": MAY.models["mimo-v2.5"].source["credits"]}
    changes = said(MAY, MAY.derive({"models": {"blind": blind}}))
    assert changes == ["model blind: new, a model of its own", "blind, credits: new, miss 2"]


def test_a_tier_that_goes_takes_all_it_held_along():
    assert said(MAY, MAY.derive({"tiers": {"lite": None}})) == [
        "tier lite, credits a month: gone, was 4,100,000,000",
        "tier lite, USD a month: gone, was 6",
        "tier lite, CNY a month: gone, was 39",
        "tier lite, credits a year: gone, was 49,200,000,000",
        "tier lite, USD a year: gone, was 63.36",
        "tier lite, CNY a year: gone, was 411.84",
    ]


def test_a_card_without_a_plan_has_no_terms_and_no_model_outside_the_plan():
    openai, deepseek = load_card("openai/2023-11-06"), load_card("deepseek/2026-05-22")
    changes = said(deepseek, openai)
    assert "model dall-e-3: new, a model of its own" in changes
    assert "dall-e-3, USD per 1M: new, 0.04 an image" in changes
    assert "whisper-1, USD per 1M: new, 0.36 an hour of audio" in changes
    assert not [change for change in changes if change.startswith(("policy", "cycle"))]
    dearer = {"models": {"dall-e-3": {"price": {"USD": {"image": Decimal("0.08")}}}}}
    assert said(openai, openai.derive(dearer)) == ["dall-e-3, USD per 1M, an image: 0.04 → 0.08 (x 2.0)"]


def test_terms_are_said_in_words():
    kept = {"policy": {"rollover": {"up_to": Decimal("1000.5"), "cycles": 2}}, "web_search": {"price": {"USD": 7}}}
    assert said(MAY, MAY.derive(kept)) == [
        "policy, rollover: none → up to 1,000.5 credits, 2 cycles",
        "web search, USD per 1,000 calls: 5 → 7 (+40.0 %)",
    ]
    assert said(MAY, MAY.derive({"web_search": None, "off_peak": None})) == [
        "off-peak, credits are multiplied by: gone, was 0.8",
        "off-peak, hours: gone, was 00:00:00 to 08:00:00 Asia/Shanghai",
        "web search, USD per 1,000 calls: gone, was 5",
        "web search, CNY per 1,000 calls: gone, was 16",
    ]


def test_three_ranges_are_told_apart_and_only_what_both_price_is_compared():
    bands = [{"input_up_to": 100, "credits": 1}, {"input_up_to": 200, "credits": 2}, {"credits": 4}]
    short = {"models": {"mimo-v2.5": {"credits": None, "price": None, "bands": bands, "context": 300}}}
    long = {"models": {"mimo-v2.5": {"bands": [{**band, "credits": 5} for band in bands], "context": 400}}}
    before = MAY.derive(short)
    rates = [change for change in said(before, before.derive(long)) if "cache hit" in change]
    assert rates == [
        "mimo-v2.5, credits, cache hit up to 100 input tokens: 1 → 5 (x 5.0)",
        "mimo-v2.5, credits, cache hit above 100 up to 200 input tokens: 2 → 5 (x 2.5)",
        "mimo-v2.5, credits, cache hit above 200 input tokens: 4 → 5 (+25.0 %)",
    ]


def test_growth_is_only_of_numbers_and_from_something():
    def change(before, after):
        return Change("tier", "lite", "credits a month", before, after)

    assert change(Decimal(0), Decimal(5)).growth is None
    assert change("trade-in", "none").growth is None
    assert change(Decimal(4), "none").growth is None
    assert change(None, Decimal(4)).growth is None
    assert change(Decimal(4), Decimal(1)).growth == Fraction(-3, 4)
    assert str(change(Decimal(2), Decimal(4))).endswith("4 (x 2.0)")
    assert str(change(Decimal(200), Decimal(399))).endswith("399 (+99.5 %)")
    assert str(change(Decimal(0), Decimal(5))) == "tier lite, credits a month: 0 → 5"
    assert str(change(Decimal(10**6), Decimal(10**6 + 1))).endswith("1,000,001 (< 0.1 %)")
    assert str(change(Decimal(10**6), Decimal(10**6 - 1))).endswith("999,999 (< 0.1 %)")


@pytest.mark.parametrize(("before", "after"), list(pairwise(list_cards())))
def test_every_fact_that_changed_is_said_once_and_back_again(before, after):
    """The difference back is the same facts, the other way round."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cards = load_card(before), load_card(after)
    there, back = (diff_cards(*pair).changes for pair in (cards, reversed(cards)))
    assert there
    assert len({change[:3] for change in there}) == len(there)
    assert {(*each[:3], each.after, each.before) for each in back} == {tuple(each) for each in there}


def test_other_changes_of_a_model():
    changed = MAY.derive({"models": {"mimo-v2.5": {"context": 2_000_000}, "mimo-v2-tts": {"credits": "not in plan"}}})
    changes = said(MAY, changed)
    assert "model mimo-v2.5, context window: 1,048,576 → 2,000,000 (+90.7 %)" in changes
    assert "model mimo-v2-tts, in the plan: yes → no" in changes
    assert "mimo-v2-tts, credits: gone, was tokens free" in changes


def test_beyond_the_context_of_one_card_nothing_is_compared():
    shorter = {"context": 500_000}
    changes = said(APRIL, APRIL.derive({"models": {"mimo-v2-pro": shorter}}))
    assert changes == ["model mimo-v2-pro, context window: 1,048,576 → 500,000 (-52.3 %)"]


def test_a_correction_of_the_launch_card():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reported = load_card("2026-04-03.1")
    found = diff_cards(reported, load_card("2026-04-03.2"))
    assert (found.before.id, found.after.id) == ("2026-04-03.1", "2026-04-03.2")
    assert str(found).startswith("2026-04-03.1 → 2026-04-03.2\n  ")
    assert "policy, first purchase pays: 0.12 → 0.88 (x 7.3)" in str(found)


def test_a_card_does_not_differ_from_itself():
    assert diff_cards(MAY, MAY).changes == ()
    assert str(diff_cards(MAY, MAY)) == "2026-05-27.1 → 2026-05-27.1: the same"
