"""Every fact has a source and every source is for a fact: what the model refuses, and what the rules add to it."""

from __future__ import annotations

import pytest

from mimo_credits.card import RateCard
from mimo_credits.errors import RateCardError
from tests.published_cards import CARDS, each_card
from tests.small_card import CARD, edited
from tools import card_sources
from tools.card_sources import (
    RULES,
    assumptions_rest_on_sources,
    every_fact_has_a_source,
    every_source_is_cited,
    every_source_is_of_a_fact,
)

POLICY = 'money_rounding      = "half-up"\nsource              = "H list"'
KEYED = ["first_purchase_pays", "upgrade", "downgrade", "exhausted", "rollover", "money_rounding"]


def policy_citing(*keys: str) -> tuple[str, str]:
    table = ", ".join(f'{key} = "H list"' for key in keys)
    return POLICY, f'money_rounding = "half-up"\nsource = {{ {table} }}'


def broken(rule, *changes: tuple[str, str]) -> list[str]:
    return [str(problem) for problem in rule(RateCard.from_toml(edited(*changes)))]


@each_card
def test_every_published_card_keeps_the_rules(card_id):
    assert [problem for rule in RULES for problem in rule(CARDS[card_id])] == []


def test_a_good_card_keeps_the_rules():
    assert [problem for rule in RULES for problem in rule(RateCard.from_toml(CARD))] == []
    assert broken(every_fact_has_a_source, policy_citing(*KEYED)) == []


@pytest.mark.parametrize("left_out", KEYED)
def test_a_policy_without_a_source_breaks_a_rule(left_out):
    changes = policy_citing(*(key for key in KEYED if key != left_out))
    assert broken(every_fact_has_a_source, changes) == [f"policy.source: says nothing of {left_out}"]


def test_a_tier_whose_price_has_no_source_breaks_a_rule():
    change = ('large.source  = "H list"', 'large.source = { credits = "H list", annual = "H list" }')
    assert broken(every_fact_has_a_source, change) == ["tiers.large.source: says nothing of price"]


def test_a_default_that_nobody_wrote_needs_no_source():
    assert "credit_rounding" not in CARD
    assert broken(every_fact_has_a_source, policy_citing(*KEYED)) == []
    written = (POLICY, policy_citing(*KEYED)[1] + '\ncredit_rounding = "half-up"')
    assert broken(every_fact_has_a_source, written) == ["policy.source: says nothing of credit_rounding"]


@pytest.mark.parametrize(
    "changes",
    [
        [('{ credits = "M list", USD = "M list", CNY = "assumed yuan" }', '{ credits = "M list", USD = "M list" }')],
        [('{ credits = "M list", USD = "M list", CNY = "assumed yuan" }', '{ USD = "M list", CNY = "M list" }')],
        [('price   = { USD = 9, CNY = 63 }\nsource  = "H list"', "price   = { USD = 9, CNY = 63 }")],
        [('small.source  = "H list"\n', "")],
        [('small.source  = "H list"', 'small.source = "H lsit"')],
        [('small.source  = "H list"', 'small.source = "assumed list"')],
        [('small.source  = "H list"', 'small.source = "surely list"')],
    ],
    ids=["a currency", "credits", "a model", "a tier", "not listed", "not assumed", "no certainty"],
)
def test_the_model_itself_refuses_a_rate_without_a_source(changes):
    with pytest.raises(RateCardError, match="source"):
        RateCard.from_toml(edited(*changes))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (policy_citing(*KEYED, "upgrades"), "policy.source.upgrades"),
        (policy_citing(*KEYED, "credit_rounding"), "policy.source.credit_rounding"),
        (('CNY = "assumed yuan" }', 'CNY = "assumed yuan", EUR = "H list" }'), "models.long.source.EUR"),
        (('CNY = "assumed yuan" }', 'CNY = "assumed yuan", tokens = "H list" }'), "models.long.source.tokens"),
    ],
)
def test_a_source_of_nothing_breaks_a_rule(changes, said):
    assert broken(every_source_is_of_a_fact, changes) == [f"{said}: is the source of nothing that stands here"]


def test_a_source_that_nothing_cites_breaks_a_rule():
    change = ("[sources]\n", '[sources]\nrumour = { title = "A rumour", date = "2026" }\n')
    assert broken(every_source_is_cited, change) == ["sources.rumour: is cited by nothing on this card"]
    cited = ('says = "Seven yuan to the dollar."', 'says = "Seven yuan to the dollar."\nsource = "L rumour"')
    assert broken(every_source_is_cited, change, cited) == []


def test_an_assumption_that_rests_on_another_breaks_a_rule():
    cited = ('says = "Seven yuan to the dollar."', 'says = "Seven yuan to the dollar."\nsource = "assumed yuan"')
    assert broken(assumptions_rest_on_sources, cited) == ["assumptions[0].source: is another assumption"]


def test_what_is_cited_is_told_apart_from_what_is_assumed():
    assert card_sources.sources_of("M-H one, two") == ("one", "two")
    assert card_sources.sources_of("assumed one") == ()


def test_a_card_lists_every_place_that_cites():
    card = RateCard.from_toml(edited(('says = "Seven yuan to the dollar."', 'says = "7:1."\nsource = "L list"')))
    assert dict(card.citations()) == {
        "tiers.small.source": "H list",
        "tiers.large.source": "H list",
        "tiers.large.tasks.source": "L list",
        "models.free.source": "H list",
        'models."fast-1.5".source': "H list",
        "models.long.source.credits": "M list",
        "models.long.source.USD": "M list",
        "models.long.source.CNY": "assumed yuan",
        "models.cash.source": "H list",
        "cycle.source": "H list",
        "policy.source": "H list",
        "off_peak.source": "H list",
        "assumptions[0].source": "L list",
    }
