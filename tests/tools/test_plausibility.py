"""Each rule of plausibility goes red with the misprint that it is there for, at the place where that stands."""

from __future__ import annotations

import pytest

from mimo_credits.card import RateCard
from tests.published_cards import ALL, CARDS, FILES, MAY, PRESS, V25_JOINS, V26_JOINS
from tests.small_card import CARD, edited
from tools import plausibility
from tools.plausibility import (
    RULES,
    RULES_OF,
    a_first_purchase_pays_at_least_half,
    a_year_is_no_dearer_than_its_months,
    cached_input_is_no_dearer,
    credits_and_prices_have_the_same_meters,
    credits_are_the_price_in_yuan,
    currencies_keep_their_distance,
    every_model_has_its_prefixed_name,
    larger_tiers_are_cheaper_by_the_credit,
    larger_tiers_cost_more,
    larger_tiers_hold_more,
    longer_input_is_no_cheaper,
    off_peak_is_cheaper,
    output_fits_the_context,
    output_is_no_cheaper_than_input,
)

YEAR = "large.annual  = { credits = 60_000, price = { USD = 211.20, CNY = 1499.52 } }"
SMALL_YEAR = "small.annual = { credits = 12_000, price = { USD = 52.80, CNY = 374.88 } }\nlarge.credits"


def broken(rule: plausibility.CardRule, *changes: tuple[str, str]) -> list[str]:
    return [problem.where for problem in rule(RateCard.from_toml(edited(*changes)))]


def found(card: RateCard) -> list[tuple[str, str]]:
    rules = (*RULES, *RULES_OF.get(card.provider, ()))
    return [(rule.__name__, problem.where) for rule in rules for problem in rule(card)]


def test_a_good_card_breaks_no_rule():
    assert found(RateCard.from_toml(CARD)) == []


@pytest.mark.parametrize("card_id", ALL)
def test_the_published_cards_break_just_the_rules_that_are_known(card_id):
    known = {
        PRESS: [("a_first_purchase_pays_at_least_half", "policy.first_purchase_pays")],
        MAY: [
            ("credits_are_the_price_in_yuan", f"models.mimo-v2-pro.bands[1].{meter}")
            for meter in ("hit", "miss", "output")
        ],
    }
    assert found(CARDS[card_id]) == known.get(card_id, [])


CASES = [
    (larger_tiers_hold_more, [("large.credits = 5_000.005", "large.credits = 1_000")], ["tiers.large.credits"]),
    (
        larger_tiers_hold_more,
        [("large.credits", SMALL_YEAR), (YEAR, YEAR.replace("60_000", "11_999"))],
        ["tiers.large.annual.credits"],
    ),
    (
        larger_tiers_cost_more,
        [("large.price   = { USD = 20, CNY = 142 }", "large.price = { USD = 5, CNY = 142 }")],
        ["tiers.large.price.USD"],
    ),
    (
        larger_tiers_are_cheaper_by_the_credit,
        [("large.price   = { USD = 20, CNY = 142 }", "large.price = { USD = 20, CNY = 177.51 }")],
        ["tiers.large.price.CNY"],
    ),
    (
        larger_tiers_are_cheaper_by_the_credit,
        [
            ("large.credits = 5_000.005", "large.credits = 5_000"),
            ("large.price   = { USD = 20, CNY = 142 }", "large.price = { USD = 25, CNY = 142 }"),
        ],
        ["tiers.large.price.USD"],
    ),
    (
        larger_tiers_are_cheaper_by_the_credit,
        [("large.credits", SMALL_YEAR), (YEAR, YEAR.replace("211.20", "264.01"))],
        ["tiers.large.annual.price.USD"],
    ),
    (a_year_is_no_dearer_than_its_months, [("211.20", "240.01")], ["tiers.large.annual.price.USD"]),
    (a_year_is_no_dearer_than_its_months, [("60_000", "52_000")], [f"tiers.large.annual.price.{each}" for each in ("USD", "CNY")]),
    (off_peak_is_cheaper, [("multiply_by = 0.8", "multiply_by = 1")], ["off_peak.multiply_by"]),
    (off_peak_is_cheaper, [("multiply_by = 0.8", "multiply_by = 8")], ["off_peak.multiply_by"]),
    (cached_input_is_no_dearer, [("hit = 0.005,", "hit = 5,")], ['models."fast-1.5".credits.hit']),
    (cached_input_is_no_dearer, [("hit = 0.01,", "hit = 0.11,")], ['models."fast-1.5".price.USD.hit']),
    (
        cached_input_is_no_dearer,
        [("price       = { USD = 4, CNY = 28 }", "price = { USD = { hit = 5, miss = 4, output = 4 }, CNY = 28 }")],
        ["models.long.bands[2].price.USD.hit"],
    ),
    (output_is_no_cheaper_than_input, [("output = 2.5", "output = 0.25")], ['models."fast-1.5".credits.output']),
    (output_is_no_cheaper_than_input, [("output = 0.30", "output = 0.03")], ['models."fast-1.5".price.USD.output']),
    (longer_input_is_no_cheaper, [("credits     = 2\n", "credits = 0.5\n")], ["models.long.bands[1].credits"]),
    (longer_input_is_no_cheaper, [("{ USD = 4, CNY = 28 }", "{ USD = 4, CNY = 2.8 }")], ["models.long.bands[2].price.CNY"]),
    (
        credits_and_prices_have_the_same_meters,
        [("miss = 1, output = 2.5", "miss = 1")],
        ['models."fast-1.5".price.CNY.output', 'models."fast-1.5".price.USD.output'],
    ),
    (credits_and_prices_have_the_same_meters, [("hit = 0.07, ", "")], ['models."fast-1.5".price.CNY.hit']),
    (
        a_first_purchase_pays_at_least_half,
        [("first_purchase_pays = 0.88", "first_purchase_pays = 0.499")],
        ["policy.first_purchase_pays"],
    ),
    (currencies_keep_their_distance, [("CNY = 35.50", "CNY = 355")], ["tiers.small.price"]),
    (currencies_keep_their_distance, [("1499.52", "149.95")], ["tiers.large.annual.price"]),
    (currencies_keep_their_distance, [("{ USD = 9, CNY = 63 }", "{ USD = 9, CNY = 6.3 }")], ["models.cash.price.token"]),
    (currencies_keep_their_distance, [("miss = 0.70", "miss = 0.07")], ['models."fast-1.5".price.miss']),
    (currencies_keep_their_distance, [("{ USD = 4, CNY = 28 }", "{ USD = 4, CNY = 33 }")], ["models.long.bands[2].price.token"]),
    (output_fits_the_context, [("context = 4_000", "context = 4_000\nmax_output = 4_001")], ["models.long.max_output"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "changes", "where"), CASES, ids=[f"{case[0].__name__}-{case[2][0]}" for case in CASES]
)
def test_a_misprint_breaks_the_rule(rule, changes, where):
    assert broken(rule, *changes) == where


def test_each_rule_is_among_those_that_are_asked():
    assert {case[0] for case in CASES} == set(RULES)


@pytest.mark.parametrize(
    ("rule", "changes"),
    [
        (a_year_is_no_dearer_than_its_months, [("211.20", "240"), ("60_000", "60_000.06")]),
        (a_first_purchase_pays_at_least_half, [("first_purchase_pays = 0.88", "first_purchase_pays = 0.5")]),
        (currencies_keep_their_distance, [("{ USD = 9, CNY = 63 }", "{ USD = 9, CNY = 54 }")]),
        (currencies_keep_their_distance, [("{ USD = 9, CNY = 63 }", "{ USD = 9, CNY = 72 }")]),
        (currencies_keep_their_distance, [("{ USD = 9, CNY = 63 }", "{ EUR = 9, CNY = 63 }")]),
        (output_fits_the_context, [("context = 4_000", "context = 4_000\nmax_output = 4_000")]),
        (longer_input_is_no_cheaper, [("credits     = 2\n", "credits = 1\n")]),
        (cached_input_is_no_dearer, [("hit = 0.01,", "hit = 0.10,")]),
        (output_is_no_cheaper_than_input, [("output = 0.30", "output = 0.10")]),
    ],
)
def test_what_lies_just_inside_a_limit_is_plausible(rule, changes):
    assert broken(rule, *changes) == []


PRO = "credits        = { hit = 2.5,    miss = 300,   output = 600  }\nprice.USD      = { hit = 0.0036, miss = 0.435, output = 0.87 }"


def xiaomi(card_id: str, old: str, new: str) -> RateCard:
    text = FILES[card_id].read_text("utf-8")
    assert old in text
    return RateCard.from_toml(text.replace(old, new, 1))


def test_xiaomis_credits_are_a_hundred_times_the_price_in_yuan():
    card = xiaomi(V26_JOINS, PRO, PRO.replace("output = 600", "output = 60 "))
    assert [problem.where for problem in credits_are_the_price_in_yuan(card)] == ['models."mimo-v2.6-pro".output']


def test_xiaomis_credits_need_a_price_in_yuan_to_be_held_against():
    old = "price.CNY      = { hit = 0.025,  miss = 3,     output = 6    }\n"
    card = xiaomi(V26_JOINS, old, "")
    assert [problem.where for problem in credits_are_the_price_in_yuan(card)] == ['models."mimo-v2.6-pro".price']


def test_xiaomis_credits_were_counted_otherwise_before_may():
    assert list(credits_are_the_price_in_yuan(CARDS[V25_JOINS])) == []
    assert CARDS[V25_JOINS].version < "2026-05-27"


def test_xiaomis_models_all_have_their_prefixed_name():
    card = xiaomi(V26_JOINS, '"xiaomi/mimo-v2.6-flash"', '"xiaomi/mimo-v2.6-fash"')
    assert [problem.where for problem in every_model_has_its_prefixed_name(card)] == [
        'models."mimo-v2.6-flash".aliases'
    ]


def test_a_seller_without_tiers_is_held_against_the_rules_for_models():
    start, end = CARD.index("[tiers]"), CARD.index("[models]")
    card = RateCard.from_toml(CARD[:start] + CARD[end:].replace("hit = 0.01,", "hit = 0.11,"))
    assert found(card) == [
        ("cached_input_is_no_dearer", 'models."fast-1.5".price.USD.hit'),
        ("currencies_keep_their_distance", 'models."fast-1.5".price.hit'),
    ]
