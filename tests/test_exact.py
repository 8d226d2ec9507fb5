"""The arithmetic, against `fractions` and `decimal` as independent judges: exact, or refused, or rounded as named."""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, ROUND_UP, Context, Decimal, Inexact, localcontext
from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mimo_credits.exact import (
    MILLI,
    PER_MILLION,
    ROUNDINGS,
    billed,
    fits_currency,
    in_currency,
    minus,
    per,
    percent,
    plain,
    plus,
    ratio,
    ratio_price,
    round_ratio,
    rounded,
    share,
    ticks,
    times,
    to_credits,
    to_millicredits,
    whole,
)

IN_DECIMAL = {"half-up": ROUND_HALF_UP, "half-even": ROUND_HALF_EVEN, "up": ROUND_UP, "down": ROUND_DOWN}
BY_FRACTION = {
    "half-up": lambda size: floor(size + Fraction(1, 2)),
    "half-even": round,
    "up": ceil,
    "down": floor,
}

numerators = st.integers(-(10**30), 10**30)
denominators = st.one_of(st.integers(1, 12), st.integers(1, 10**12))
roundings = st.sampled_from(ROUNDINGS)
amounts = st.decimals(0, 10**9, places=12, allow_nan=False, allow_infinity=False)


def test_every_rounding_that_a_card_may_name_has_a_judge():
    assert set(ROUNDINGS) == set(IN_DECIMAL) == set(BY_FRACTION)
    assert (MILLI, PER_MILLION) == (1_000, 1_000_000)


@given(numerators, denominators, roundings)
@example(5, 2, "half-even").via("a tie over an even number")
@example(-5, 2, "half-up").via("a tie below zero")
def test_round_ratio_is_the_named_rounding_of_the_fraction(numerator, denominator, rounding):
    size = BY_FRACTION[rounding](Fraction(abs(numerator), denominator))
    assert round_ratio(numerator, denominator, rounding) == (size if numerator >= 0 else -size)


@given(st.integers(-(10**20), 10**20), st.integers(0, 6), roundings)
@example(25, 1, "half-even").via("2.5")
@example(35, 1, "half-even").via("3.5")
@example(-25, 1, "half-up").via("-2.5")
@example(-1, 1, "up").via("-0.1")
def test_round_ratio_agrees_with_decimal_where_decimal_is_exact(numerator, digits, rounding):
    exact = Decimal(numerator).scaleb(-digits)
    assert round_ratio(numerator, 10**digits, rounding) == exact.to_integral_value(IN_DECIMAL[rounding])


@given(st.integers(-(10**6), 10**6), st.integers(1, 10**6))
def test_ties_go_where_the_name_says(odd_half, half):
    """(2n + 1) / 2 lies exactly between n and n + 1."""
    numerator, denominator = (2 * odd_half + 1) * half, 2 * half
    lower, upper = odd_half, odd_half + 1
    away, towards = (upper, lower) if numerator > 0 else (lower, upper)
    assert round_ratio(numerator, denominator) == away
    assert round_ratio(numerator, denominator, "up") == away
    assert round_ratio(numerator, denominator, "down") == towards
    assert round_ratio(numerator, denominator, "half-even") == (lower if lower % 2 == 0 else upper)


@given(st.integers(-(10**30), 10**30))
@example(1_000_000)
@example(-1)
def test_credits_and_millicredits_are_inverse(millicredits):
    amount = to_credits(millicredits)
    assert type(amount) is Decimal
    assert Fraction(amount) == Fraction(millicredits, 1000)
    assert to_millicredits(amount) == millicredits


@given(st.integers(-(10**18), 10**18))
def test_credits_are_written_plainly(millicredits):
    """No exponent and no zeros at the end of a fraction: 1000000, 0.5, 9204877699.2."""
    written = str(to_credits(millicredits))
    assert "E" not in written
    assert "." not in written or not written.endswith("0")


@pytest.mark.parametrize(
    ("amount", "written"),
    [("635.000", "635"), ("0.00635000", "0.00635"), ("1E+1", "10"), ("0E-6", "0"), ("100", "100"), ("0.0", "0")],
)
def test_amounts_are_written_plainly(amount, written):
    assert str(plain(Decimal(amount))) == written


@given(amounts, st.integers(0, 10**15))
def test_writing_an_amount_plainly_does_not_change_it(amount, count):
    assert plain(times(amount, count)) == times(amount, count)


@pytest.mark.parametrize(
    ("credits", "millicredits"),
    [(0, 0), (7, 7_000), (Decimal("0.001"), 1), (Decimal("2.5"), 2_500), (Decimal("1E+3"), 1_000_000), (-1, -1_000)],
)
def test_credits_come_as_int_or_decimal(credits, millicredits):
    assert to_millicredits(credits) == millicredits


@pytest.mark.parametrize(
    ("credits", "why"),
    [
        (Decimal("0.0001"), r"0\.0001 is finer than 0\.001 credit"),
        (Decimal("2.0155"), "finer"),
        (Decimal("1E-30"), "finer"),
        (2.5, r"an int or a Decimal, not 2\.5"),
        (True, "an int or a Decimal, not True"),
        ("5", "an int or a Decimal, not '5'"),
        (None, "an int or a Decimal, not None"),
        (Decimal("Infinity"), "finite, not Infinity"),
        (Decimal("NaN"), "finite, not NaN"),
        (Decimal("sNaN"), "finite, not sNaN"),
    ],
)
def test_what_is_no_exact_number_of_millicredits_is_refused(credits, why):
    with pytest.raises(ValueError, match=why):
        to_millicredits(credits)


@pytest.mark.parametrize("credits", [Decimal("1E+100000"), Decimal("1E-100000"), Decimal("9E+40")])
def test_credits_beyond_any_account_are_refused_before_they_are_written_out(credits):
    """With some more zeros in the exponent, the integer would take minutes to compute, or all memory."""
    with pytest.raises(ValueError, match="credit"):
        to_millicredits(credits)


@given(amounts, amounts, st.integers(0, 10**15), st.integers(0, 12))
def test_money_is_added_multiplied_and_shifted_exactly(left, right, count, power):
    assert Fraction(plus(left, right)) == Fraction(left) + Fraction(right)
    assert Fraction(times(left, count)) == Fraction(left) * count
    assert Fraction(per(left, power)) == Fraction(left) / 10**power


def test_decimal_arithmetic_raises_rather_than_lose_a_digit():
    with pytest.raises(Inexact):
        plus(Decimal("1E+150"), Decimal("1E-100"))
    with pytest.raises(Inexact):
        times(Decimal(10**150 + 1), 10**150 + 1)


@given(st.integers(0, 10**20), st.integers(0, 40), st.integers(0, 40))
def test_a_price_with_a_finite_decimal_is_that_decimal(numerator, twos, fives):
    exact = Fraction(numerator, 2**twos * 5**fives)
    assert Fraction(ratio_price(exact)) == exact


@given(st.integers(0, 10**20), st.sampled_from([3, 7, 9, 11, 3600, 86_400]), st.integers(1, 10**6))
def test_any_other_price_is_the_nearest_at_twelve_digits(numerator, factor, more):
    exact = Fraction(numerator, factor * more)
    found = Fraction(ratio_price(exact))
    if found != exact:
        assert (found * 10**12).denominator == 1
        assert abs(found - exact) < Fraction(1, 2 * 10**12)


def test_no_digit_is_lost_to_the_callers_own_decimal_context():
    with localcontext(Context(prec=3)):
        assert ratio_price(Fraction(123_457, 8)).as_tuple() == Decimal("15432.125").as_tuple()
        assert ratio_price(Fraction(10_000, 3)).as_tuple() == Decimal("3333.333333333333").as_tuple()
        assert rounded(Fraction(10_000, 3), 2).as_tuple() == Decimal("3333.33").as_tuple()
        assert per(Decimal(123_457), 2).as_tuple() == Decimal("1234.57").as_tuple()
        assert to_credits(123_457).as_tuple() == Decimal("123.457").as_tuple()
        assert plain(Decimal("123.4570")).as_tuple() == Decimal("123.457").as_tuple()
        assert plain(Decimal("1.23457E+7")).as_tuple() == Decimal(12_345_700).as_tuple()


def test_whole_numbers_are_rounded_half_up_unless_said_otherwise():
    assert [whole(Fraction(half, 2)) for half in (-3, -1, 1, 3)] == [-2, -1, 1, 2]
    assert [whole(Fraction(half, 2), "down") for half in (-3, -1, 1, 3)] == [-1, 0, 0, 1]


@pytest.mark.parametrize(
    ("exact", "written"),
    [
        (Fraction(1, 3), "0.333333333333"),
        (Fraction(2, 3), "0.666666666667"),
        (Fraction(1, 3600), "0.000277777778"),
        (Fraction(1, 2**20), "0.00000095367431640625"),
        (Fraction(1, 8), "0.125"),
        (Fraction(37, 500), "0.074"),
        (Fraction(1, 40), "0.025"),
        (Fraction(30), "30"),
    ],
)
def test_ratio_prices_to_the_digit(exact, written):
    assert f"{ratio_price(exact):f}" == written


@pytest.mark.parametrize(
    ("amount", "rounding", "written"),
    [
        (Decimal("46"), "half-up", "46.00"),
        (Decimal("0.005"), "half-up", "0.01"),
        (Decimal("0.005"), "half-even", "0.00"),
        (Decimal("0.015"), "half-even", "0.02"),
        (Decimal("0.001"), "up", "0.01"),
        (Decimal("0.009"), "down", "0.00"),
        (Fraction(1, 3), "half-up", "0.33"),
        (Fraction(-1, 200), "half-up", "-0.01"),
    ],
)
def test_what_is_due_is_rounded_once_as_the_card_says(amount, rounding, written):
    assert str(billed(amount, "USD", rounding)) == written


@pytest.mark.parametrize(
    ("currency", "written"),
    [
        ("USD", "1234.57"),
        ("CNY", "1234.57"),
        ("JPY", "1235"),
        ("KRW", "1235"),
        ("KWD", "1234.568"),
        ("TND", "1234.568"),
    ],
)
def test_each_currency_has_its_own_smallest_coin(currency, written):
    assert str(billed(Decimal("1234.5678"), currency, "half-up")) == written


@given(st.fractions(0, 10**9), roundings, st.sampled_from(["USD", "JPY", "BHD"]))
def test_a_bill_is_payable_and_less_than_one_coin_away(amount, rounding, currency):
    due = billed(amount, currency, rounding)
    coin = {"USD": Fraction(1, 100), "JPY": Fraction(1), "BHD": Fraction(1, 1000)}[currency]
    assert fits_currency(due, currency)
    assert abs(Fraction(due) - amount) < coin
    assert billed(due, currency, rounding) == due


@pytest.mark.parametrize(
    ("amount", "currency", "fits"),
    [
        ("63.36", "USD", True),
        ("63.360", "USD", True),
        ("63.365", "USD", False),
        ("63.365", "KWD", True),
        ("63.3655", "KWD", False),
        ("63.5", "JPY", False),
        ("63", "JPY", True),
    ],
)
def test_whether_an_amount_can_be_paid(amount, currency, fits):
    assert fits_currency(Decimal(amount), currency) is fits


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        ("5", "USD", "5.00"),
        ("34.3", "CNY", "34.30"),
        ("5.280", "USD", "5.28"),
        ("5", "JPY", "5"),
        ("5.3", "KWD", "5.300"),
        ("0.0045", "USD", "0.0045"),
        ("0.5", "JPY", "0.5"),
    ],
)
def test_money_is_written_to_the_smallest_coin_or_finer_but_never_rounded(amount, currency, written):
    assert str(in_currency(Decimal(amount), currency)) == written


def test_shares_are_exact_ratios_and_nothing_of_nothing_is_nothing():
    assert share(1, 3) == Fraction(1, 3)
    assert share(0, 5) == 0
    assert share(0, 0) == 0


@pytest.mark.parametrize(
    ("part", "whole", "exact"),
    [
        (1, 3, Fraction(1, 3)),
        (Decimal("0.025"), Decimal("2.80"), Fraction(1, 112)),
        (Fraction(1, 7), 2, Fraction(1, 14)),
    ],
)
def test_ratios_of_any_exact_numbers_are_exact(part, whole, exact):
    assert ratio(part, whole) == exact


@pytest.mark.parametrize(
    ("exact", "digits", "written"),
    [
        (Fraction(1, 3), 1, "0.3"),
        (Fraction(5, 4), 1, "1.3"),
        (Fraction(-5, 4), 1, "-1.3"),
        (Fraction(49, 100), 0, "0"),
        (Fraction(110, 3), 2, "36.67"),
    ],
)
def test_multiples_are_rounded_half_up_for_people(exact, digits, written):
    assert str(rounded(exact, digits)) == written
    assert rounded(exact) == rounded(exact, 1)


def test_differences_of_money_lose_no_digit():
    assert minus(Decimal(10**40), Decimal("0.000000000001")) == Decimal("9" * 40 + "." + "9" * 12)


@pytest.mark.parametrize(
    ("ratio", "digits", "written"),
    [
        (Fraction(1, 3), 1, "33.3"),
        (Fraction(2, 3), 1, "66.7"),
        (Fraction(1), 1, "100.0"),
        (Fraction(1, 2000), 1, "0.1"),
        (Fraction(1, 2001), 1, "0.0"),
        (Fraction(1, 16), 2, "6.25"),
        (Fraction(1, 2), 0, "50"),
    ],
)
def test_percentages_are_rounded_half_up_for_people(ratio, digits, written):
    assert str(percent(ratio, digits)) == written
    assert percent(ratio) == percent(ratio, 1)


@given(st.fractions(), st.integers(0, 6), st.sampled_from(ROUNDINGS))
def test_a_number_is_rounded_once_to_so_many_digits(ratio, digits, rounding):
    written = rounded(ratio, digits, rounding)
    assert written.as_tuple().exponent == -digits
    size = BY_FRACTION[rounding](abs(ratio) * 10**digits)
    assert Fraction(written) * 10**digits == (size if ratio >= 0 else -size)
    assert whole(ratio, rounding) == rounded(ratio, 0, rounding)


@given(st.timedeltas(timedelta(-(10**6)), timedelta(10**6)))
def test_a_span_is_so_many_microseconds(span):
    assert timedelta(microseconds=ticks(span)) == span
