"""`diff_cards`: what changed between two cards, in plain words. The May switch is held against the press' own claims."""

from __future__ import annotations

import warnings
from decimal import Decimal
from fractions import Fraction

from mimo_credits import diff_cards, load_card

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
    assert "cycle, days: gone, was 30" in changes
    assert "tier lite, credits a year: new, 49,200,000,000" in changes


def test_growth_is_exact():
    (change,) = [each for each in diff_cards(APRIL, MAY).changes if str(each) == NINETY_NINE]
    assert change.growth == Fraction(Decimal("0.025")) / Fraction(Decimal("2.80")) - 1


def test_models_that_come_go_and_are_forwarded():
    changes = said(MAY, JUNE)
    assert "model mimo-v2-pro: a model of its own → billed as mimo-v2.5-pro" in changes
    assert "name xiaomi/mimo-v2-pro: billed as mimo-v2-pro → billed as mimo-v2.5-pro" in changes
    assert "mimo-v2.5-asr, credits: new, 30,000,000 an hour of audio, 0 a token" in changes
    assert "mimo-v2-pro, credits: gone, was 140 / 700 / 2,100" in changes


def test_other_changes_of_a_model():
    changed = MAY.derive({"models": {"mimo-v2.5": {"context": 2_000_000}, "mimo-v2-tts": {"credits": "not in plan"}}})
    changes = said(MAY, changed)
    assert "model mimo-v2.5, context window: 1,048,576 → 2,000,000 (+90.7 %)" in changes
    assert "model mimo-v2-tts, in the plan: yes → no" in changes
    assert "mimo-v2-tts, credits: gone, was 0 a token" in changes


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
