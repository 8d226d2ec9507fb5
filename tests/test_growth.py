"""What an allowance buys in tokens, and how that grows: against whole requests that are charged, and by algebra."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mimo_credits import (
    BeyondContext,
    InputError,
    NoRate,
    NotInPlan,
    UnknownModel,
    Usage,
    charge,
    growth_in_tokens,
    hit_rate_for_growth,
    load_card,
    tokens_of_allowance,
)
from tests.made_cards import CARD

APRIL, MAY = load_card("2026-04-22"), load_card("2026-05-27")
TIERS, MODELS = ("lite", "standard", "pro", "max"), ("mimo-v2.5", "mimo-v2.5-pro")

shares = st.builds(Fraction, st.integers(0, 40), st.just(40))


def charged_for_a_million(card, model, hit_rate, output_share) -> int:
    """Millicredits of a million tokens of the mix, charged as requests are."""
    output = output_share * 10**6
    cached = (10**6 - output) * hit_rate
    assert output.denominator == cached.denominator == 1
    counts = {"input_tokens": 10**6 - int(output), "cached_tokens": int(cached), "output_tokens": int(output)}
    return charge(card, Usage(model, **counts))


@given(st.sampled_from(TIERS), st.sampled_from(MODELS), shares, shares)
def test_an_allowance_buys_what_charging_says(tier, model, hit_rate, output_share):
    bought = {}
    for card in (APRIL, MAY):
        each = Fraction(charged_for_a_million(card, model, hit_rate, output_share), 10**6)
        bought[card] = Fraction(card.tiers[tier].credits) * 1000 / each
        mix = {"hit_rate": hit_rate, "output_share": output_share}
        assert tokens_of_allowance(card, tier, model, **mix) == bought[card]
    assert growth_in_tokens(APRIL, MAY, tier, model, **mix) == bought[MAY] / bought[APRIL]


def test_the_launch_cards_own_examples():
    launch = load_card("2026-04-03")
    assert tokens_of_allowance(launch, "lite", "mimo-v2-pro", hit_rate=0) == 30_000_000
    assert tokens_of_allowance(launch, "standard", "mimo-v2-pro", hit_rate=1, input_tokens=256_001) == 50_000_000


def test_growth_of_standard_on_v2_5_pro_is_the_formula_of_its_rates():
    for part in range(101):
        h = Fraction(part, 100)
        assert growth_in_tokens(APRIL, MAY, "standard", "mimo-v2.5-pro", hit_rate=h) == 110 / (
            Fraction(5, 2) * h + 300 * (1 - h)
        )


@pytest.mark.parametrize(
    ("tier", "model", "factor", "hit_rate"),
    [
        ("standard", "mimo-v2.5-pro", 5, Fraction(556, 595)),  # 110 / 5 = 22 = 300 - 297.5 h
        ("standard", "mimo-v2.5-pro", 8, Fraction(229, 238)),  # 110 / 8 = 13.75 = 300 - 297.5 h
        ("standard", "mimo-v2.5", 5, Fraction(89, 98)),  # 55 / 5 = 11 = 100 - 98 h
        ("standard", "mimo-v2.5", 8, Fraction(745, 784)),  # 55 / 8 = 6.875 = 100 - 98 h
        ("standard", "mimo-v2.5-pro", 1, Fraction(76, 119)),  # 110 = 300 - 297.5 h
    ],
)
def test_the_hit_rates_of_five_and_eight_times(tier, model, factor, hit_rate):
    assert hit_rate_for_growth(APRIL, MAY, tier, model, factor) == hit_rate
    assert hit_rate_for_growth(APRIL, MAY, tier, model, Decimal(factor)) == hit_rate


@given(st.sampled_from(TIERS), st.sampled_from(MODELS), shares, shares)
def test_the_hit_rate_is_the_inverse_of_the_growth(tier, model, hit_rate, output_share):
    assume(output_share < 1)  # a mix without input has one growth at every hit rate
    factor = growth_in_tokens(APRIL, MAY, tier, model, hit_rate=hit_rate, output_share=output_share)
    assert hit_rate_for_growth(APRIL, MAY, tier, model, factor, output_share=output_share) == hit_rate


@given(st.sampled_from(TIERS), st.sampled_from(MODELS), shares, shares, shares)
def test_growth_rises_with_the_hit_rate_and_falls_with_the_output(tier, model, low, high, output_share):
    assume(low < high)

    def growth(hit_rate, share):
        return growth_in_tokens(APRIL, MAY, tier, model, hit_rate=hit_rate, output_share=share)

    if output_share < 1:
        assert growth(low, output_share) < growth(high, output_share)
    assert growth(output_share, low) > growth(output_share, high)


def test_a_growth_that_no_hit_rate_gives_has_none():
    for factor in (Decimal("0.36"), 45, 0, -1, Decimal("1e30")):
        assert hit_rate_for_growth(APRIL, MAY, "standard", "mimo-v2.5-pro", factor) is None
    assert hit_rate_for_growth(APRIL, MAY, "standard", "mimo-v2.5-pro", 44) == 1
    assert hit_rate_for_growth(APRIL, MAY, "standard", "mimo-v2.5-pro", Fraction(11, 30)) == 0
    assert hit_rate_for_growth(APRIL, MAY, "standard", "mimo-v2.5-pro", 5, output_share=Fraction(1, 20)) is None


def test_a_growth_that_is_the_same_at_every_hit_rate():
    assert hit_rate_for_growth(APRIL, APRIL, "lite", "mimo-v2.5", 1) == 0
    assert hit_rate_for_growth(APRIL, APRIL, "lite", "mimo-v2.5", 2) is None
    assert hit_rate_for_growth(CARD, CARD, "small", "free", 1) is None


def test_the_length_of_the_input_chooses_the_band():
    short, long = (
        growth_in_tokens(APRIL, MAY, "lite", "mimo-v2-pro", hit_rate=0, input_tokens=tokens)
        for tokens in (256_000, 256_001)
    )
    assert long == 2 * short
    at = hit_rate_for_growth(APRIL, MAY, "lite", "mimo-v2-pro", 1, input_tokens=256_001)
    assert growth_in_tokens(APRIL, MAY, "lite", "mimo-v2-pro", hit_rate=at, input_tokens=300_000) == 1


def test_input_found_in_the_cache_may_be_free():
    gift = CARD.derive({"models": {"triple": {"credits": {"hit": 0}}}})
    assert tokens_of_allowance(gift, "small", "triple", hit_rate=Fraction(1, 2)) == Fraction(2_000, 7)
    assert hit_rate_for_growth(gift, gift, "small", "triple", 1) == 0
    with pytest.raises(InputError, match=r"^model: 'triple' costs nothing on card .* any number of tokens$"):
        tokens_of_allowance(gift, "small", "triple", hit_rate=1)
    # 7 (1 - h) on both, so the growth is 2 at every hit rate but 1, where there is none
    assert hit_rate_for_growth(gift, gift.derive({"tiers": {"small": {"credits": 2_000}}}), "small", "triple", 2) == 0


@pytest.mark.parametrize(
    ("changed", "field", "why"),
    [
        ({"hit_rate": 0.5}, "hit_rate", "needs an exact number (Fraction, Decimal or int), not 0.5"),
        ({"hit_rate": True}, "hit_rate", "needs an exact number (Fraction, Decimal or int), not True"),
        ({"hit_rate": "0.5"}, "hit_rate", "needs an exact number (Fraction, Decimal or int), not '0.5'"),
        ({"hit_rate": Decimal("NaN")}, "hit_rate", "needs a finite number, not NaN"),
        ({"hit_rate": Decimal("1.1")}, "hit_rate", "is a share from 0 to 1, not Decimal('1.1')"),
        ({"output_share": -1}, "output_share", "is a share from 0 to 1, not -1"),
        ({"tier": "smal"}, "tier", "card 2026-01-01.1 sells no tier 'smal'; nearest known: small"),
        ({"tier": "xyz"}, "tier", "card 2026-01-01.1 sells no tier 'xyz'"),
        ({"tier": ["small"]}, "tier", "card 2026-01-01.1 sells no tier ['small']"),
        (
            {"model": "free"},
            "model",
            "'free' costs nothing on card 2026-01-01.1: an allowance buys any number of tokens",
        ),
        ({"input_tokens": -1}, "input_tokens", "is negative: -1"),
    ],
)
def test_what_cannot_be_asked_is_an_input_error(changed, field, why):
    with pytest.raises(InputError) as caught:
        tokens_of_allowance(CARD, **{"tier": "small", "model": "flat", "hit_rate": 0, **changed})
    assert (caught.value.field, caught.value.why) == (field, why)


def test_a_factor_is_exact_too():
    with pytest.raises(InputError, match=r"^factor: needs an exact number"):
        hit_rate_for_growth(CARD, CARD, "small", "flat", 1.5)


def test_a_tier_that_holds_nothing_buys_nothing_and_cannot_grow():
    empty = CARD.derive({"tiers": {"small": {"credits": 0}}})
    for ask in (
        lambda: growth_in_tokens(empty, CARD, "small", "flat", hit_rate=0),
        lambda: hit_rate_for_growth(empty, CARD, "small", "flat", 1),
    ):
        with pytest.raises(InputError, match=r"^tier: small holds no credits on card "):
            ask()


@pytest.mark.parametrize(
    ("model", "mix", "error"),
    [
        ("nobody", {}, UnknownModel),
        ("cash", {}, NotInPlan),
        ("sound", {}, NoRate),
        ("deaf", {"output_share": Fraction(1, 10)}, NoRate),
        ("banded", {"input_tokens": 301}, BeyondContext),
    ],
)
def test_what_has_no_rate_is_an_error_and_never_free(model, mix, error):
    with pytest.raises(error):
        tokens_of_allowance(CARD, "small", model, hit_rate=0, **mix)


def test_a_rate_that_the_mix_does_not_need_may_be_missing():
    assert tokens_of_allowance(CARD, "small", "deaf", hit_rate=0) == 500
