"""Which tier holds a month of work, what it costs, and why."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimo_credits import (
    InputError,
    MonthOfUse,
    Step,
    Usage,
    Workload,
    compare_tiers,
    compare_use,
    load_card,
    load_workloads,
)
from mimo_credits.frozen import FrozenMap
from tests.made_cards import CARD

APRIL, MAY = load_card("2026-04-03"), load_card("2026-05-27")


def sessions(input_tokens: int, model: str = "mimo-v2-pro", count: int = 1) -> Workload:
    return Workload("session", (Step("code", Usage(model, input_tokens=input_tokens), count),))


@pytest.mark.parametrize(("tokens", "holds"), [(250_000, 200), (500_000, 100)])
def test_standard_holds_the_sessions_that_the_guide_counts(tokens, holds):
    """500,000 tokens at up to 256K are a million credits; above, two million (a session of one request here)."""
    work = sessions(tokens, count=500_000 // tokens)
    assert compare_tiers(APRIL, work, times=holds).choice == "standard"
    assert compare_tiers(APRIL, work, times=holds)["standard"].headroom == 0
    assert compare_tiers(APRIL, work, times=holds + 1).choice == "pro"


def test_the_heavy_loop_needs_max_in_april_at_1x_too():
    """130M tokens in five days are 780M in thirty, above Pro's 700M at a credit a token."""
    loop = load_workloads()["heavy-agent-loop"]
    at_1x = compare_tiers(APRIL, loop.on("mimo-v2-omni"), times=6)
    assert at_1x.use.millicredits == 780_000_000_000
    assert (at_1x.choice, at_1x["pro"].fits) == ("max", False)
    assert at_1x["pro"].why == "too small: 111.4 % of its allowance, 80,000,000 credits short"
    assert compare_tiers(APRIL, loop, times=6).choice == "max"


def test_each_tier_is_told_in_full():
    comparison = compare_tiers(MAY, load_workloads()["coding-session"], times=300)
    # 48,000 tokens in, of them 43,200 cached, and 2,000 out: 2.5 x 43,200 + 300 x 4,800 + 600 x 2,000 = 2,748,000
    assert comparison.use.millicredits == 300 * 10 * 2_748_000 * 1_000
    standard = comparison["standard"]
    assert standard.share == Fraction(8_244, 11_000)
    assert standard.headroom == 2_756_000_000_000
    assert standard.cost == {"USD": 16, "CNY": 99}
    assert standard.first_purchase == {"USD": Decimal("14.08"), "CNY": Decimal("87.12")}
    assert standard.annual == {"USD": Decimal("168.96"), "CNY": Decimal("1045.44")}
    assert standard.per_million == {"USD": Decimal("0.106666666667"), "CNY": Decimal("0.66")}
    assert standard.per_task == {"USD": Decimal("0.053333333333"), "CNY": Decimal("0.33")}
    assert comparison["lite"].annual == {}
    assert comparison.use.money == {"USD": Decimal("11.95056"), "CNY": Decimal("82.44")}
    assert comparison.why == (
        "No tier pays off: pay-as-you-go costs USD 11.95056; the cheapest tier that holds it is standard, for USD 16.00. "
        "It is coding-session, 300 times a month: 8,244,000,000 credits, 150,000,000 tokens."
    )
    assert str(comparison).splitlines()[1:] == [
        "  lite: too small: 201.1 % of its allowance, 4,144,000,000 credits short",
        "  standard: the cheapest that fits: 74.9 % of its allowance, 2,756,000,000 credits to spare",
        "  pro: fits with 21.7 % of its allowance, but USD 50.00 where USD 16.00 suffices",
        "  max: fits with 10.1 % of its allowance, but USD 100.00 where USD 16.00 suffices",
    ]
    with pytest.raises(KeyError):
        comparison["gold"]


def test_the_currency_that_decides_is_the_one_that_speaks():
    comparison = compare_tiers(MAY, load_workloads()["coding-session"], times=300, currency="CNY")
    assert "CNY 99" in comparison.why
    assert "CNY 82.44" in comparison.why
    assert comparison["pro"].why.endswith("but CNY 329.00 where CNY 99.00 suffices")


def test_where_no_tier_suffices_it_is_said():
    comparison = compare_tiers(MAY, sessions(10**9, "mimo-v2.5-pro"), times=1)
    assert comparison.choice is None
    assert comparison.why.startswith("No tier holds session, 1 time a month: 300,000,000,000 credits")
    assert comparison.why.endswith("pay-as-you-go would cost USD 435.00.")


@given(st.integers(0, 10**12))
def test_the_choice_is_the_cheapest_of_those_that_hold_it(millicredits):
    use = MonthOfUse("use", millicredits * 100, 0, None, FrozenMap(), FrozenMap())
    fitting = [name for name, tier in MAY.tiers.items() if tier.credits * 1_000 >= use.millicredits]
    comparison = compare_use(MAY, use)
    assert comparison.choice == min(fitting, key=lambda name: MAY.tiers[name].price["USD"], default=None)
    assert {fit.tier for fit in comparison.tiers if fit.fits} == set(fitting)
    for fit in comparison.tiers:
        yearly = 12 * use.millicredits <= MAY.tiers[fit.tier].annual.credits * 1_000
        assert bool(fit.annual) == yearly


def test_a_years_pool_holds_twelve_months_that_are_exactly_full():
    full = MonthOfUse("use", 4_100_000_000_000, 0, None, FrozenMap(), FrozenMap())
    assert compare_use(MAY, full)["lite"].annual == {"USD": Decimal("63.36"), "CNY": Decimal("411.84")}
    assert compare_use(MAY, full._replace(millicredits=full.millicredits + 1))["lite"].annual == {}


def test_the_cheapest_is_decided_by_price_and_not_by_place():
    dear = CARD.derive({"tiers": {"big": {"credits": 2_000, "price": {"USD": 4, "CNY": 60}, "source": "H list"}}})
    work = Workload("w", (Step("s", Usage("flat", input_tokens=1)),))
    assert compare_tiers(dear, work).choice == "big"
    assert compare_tiers(dear, work, currency="CNY").choice == "small"


def test_web_searches_are_part_of_every_cost():
    work = Workload("w", (Step("s", Usage("flat", input_tokens=1, web_searches=200)),))
    comparison = compare_tiers(CARD, work)
    fit = comparison["small"]
    assert fit.cost == {"USD": 6}
    assert fit.per_task == {"USD": 6}
    with pytest.raises(InputError, match="no price for web searches in 'CNY'"):
        compare_tiers(CARD, work, currency="CNY")


def test_a_year_has_twelve_months_of_web_searches():
    searches = FrozenMap({"USD": Decimal("0.07"), "CNY": Decimal("0.5")})
    use = MonthOfUse("use", 0, 0, None, FrozenMap({"USD": Decimal(90)}), FrozenMap(), web_searches=searches)
    fit, without = compare_use(MAY, use)["lite"], compare_use(MAY, use._replace(web_searches=FrozenMap()))["lite"]
    assert fit.annual == {"USD": without.annual["USD"] + Decimal("0.84"), "CNY": without.annual["CNY"] + 6}
    assert compare_use(MAY, use).why.startswith("lite, for USD 6.07 (of which web searches USD 0.07), holds use: ")


def test_of_tiers_that_cost_the_same_the_smaller_one_is_taken():
    tiers = {"aaa": {"credits": 3_000, "price": {"USD": 5, "CNY": 40}, "source": "H list"}}
    card = CARD.derive({"tiers": tiers})
    assert card.tiers["aaa"].price == card.tiers["small"].price
    larger = card.derive({"tiers": {"small": {"credits": 4_000}}})
    use = MonthOfUse("use", 0, 0, None, FrozenMap(), FrozenMap())
    assert (compare_use(card, use).choice, compare_use(larger, use).choice) == ("small", "aaa")


def test_one_is_no_plural():
    once = compare_tiers(MAY, sessions(1, "mimo-v2.5"))
    assert once.use.what.endswith(", 1 time a month")
    assert str(once.use).endswith(" credits, 1 token")


def test_pay_as_you_go_may_cost_the_same_or_have_no_price():
    work = Workload("w", (Step("s", Usage("triple", input_tokens=1)),))
    assert "pay-as-you-go has no price (rate card 2026-01-01.1 has no rate for" in compare_tiers(CARD, work).why
    use = MonthOfUse("use", 1_000, 0, None, FrozenMap({"USD": Decimal(5)}), FrozenMap())
    assert compare_use(CARD, use).why.endswith("pay-as-you-go would cost USD 5.00, which is the same.")
    use = use._replace(money=FrozenMap({"USD": Decimal("5.01")}))
    assert compare_use(CARD, use).why.endswith("USD 5.01, which is more.")
    assert "no price (none was said)" in compare_use(CARD, use._replace(money=FrozenMap())).why


def test_nothing_to_divide_by_gives_no_effective_price():
    comparison = compare_use(CARD, MonthOfUse("use", 0, 0, None, FrozenMap(), FrozenMap()))
    assert comparison["small"].per_million == comparison["small"].per_task == {}
    assert comparison["small"].share == 0


def test_a_share_that_rounds_to_nothing_is_not_told_as_nothing():
    comparison = compare_tiers(MAY, sessions(10, "mimo-v2.5"))
    assert comparison["max"].why.startswith("fits with less than 0.1 % of its allowance")


def test_a_card_without_tiers_in_that_currency_is_refused():
    with pytest.raises(InputError, match=r"card 2026-05-27.1 sells no tier in 'EUR'"):
        compare_tiers(MAY, sessions(1, "mimo-v2.5"), currency="EUR")


def test_a_comparison_is_a_sentence_where_it_is_printed_and_a_table_in_a_notebook():
    comparison = compare_tiers(load_card("2026-05-27"), load_workloads()["coding-session"], times=300)
    assert str(comparison).startswith("No tier pays off: pay-as-you-go costs USD")
    assert "<table>" in comparison._repr_html_()
    assert "| standard |" in comparison.to_markdown()
