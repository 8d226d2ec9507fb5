"""`compare_usage`: the same requests on two cards, each priced by itself, and nothing without a price counted."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimo_credits import InputError, Record, Usage, compare_usage, load_card, quote
from tests.made_cards import CARD

APRIL, MAY = load_card("2026-04-22"), load_card("2026-05-27")
DEAR = CARD.derive({"models": {"flat": {"credits": 6, "price": {"USD": Decimal("0.35")}}}})
NIGHT, DAY = datetime(2026, 1, 1, 16, tzinfo=UTC), datetime(2026, 1, 1, 15, 59, tzinfo=UTC)  # 00:00 and 23:59 Beijing


def flat(tokens: int) -> Usage:
    return Usage("flat", input_tokens=tokens)


def test_a_request_of_the_official_example_on_both_cards():
    usage = Usage("mimo-v2.5-pro", input_tokens=86_790, cached_tokens=86_000, output_tokens=305)
    found = compare_usage(APRIL, MAY, [usage])
    assert (found.before.id, found.after.id) == ("2026-04-22.1", "2026-05-27.1")
    assert (found.before.sha256, found.after.sha256) == (APRIL.sha256, MAY.sha256)
    assert found.credits.total == (1, Decimal(174_190), Decimal(635_000))  # 2 credits for each of 87,095 tokens
    # 86,000 x 1.40 + 790 x 7 + 305 x 21 millionths of a yuan; 86,000 x 0.025 + 790 x 3 + 305 x 6
    assert found.money["CNY"].total == (1, Decimal("0.132335"), Decimal("0.00635"))
    assert found.money["CNY"].total.change == Decimal("-0.125985")
    assert found.money["CNY"].total.growth == Fraction(6_350, 132_335) - 1
    assert list(found.money) == ["CNY", "USD"]


def test_sums_are_by_the_model_that_was_asked_for_and_in_all():
    found = compare_usage(CARD, DEAR, [flat(1), Usage("acme/flat", input_tokens=10), flat(100)]).credits
    assert found.models == {"flat": (2, Decimal(303), Decimal(606)), "acme/flat": (1, Decimal(30), Decimal(60))}
    assert found.total == (3, Decimal(333), Decimal(666))
    assert (found.total.change, found.total.growth, found.left_out) == (Decimal(333), Fraction(1), ())


def test_a_record_is_priced_at_its_instant_and_a_usage_at_the_peak():
    usages = [Record("night", NIGHT, flat(10)), Record("day", DAY, flat(10)), flat(10)]
    found = compare_usage(CARD, DEAR.derive({"off_peak": None}), usages)
    assert found.credits.total == (3, Decimal(24 + 30 + 30), Decimal(60 + 60 + 60))  # x 0.8 at night, on one card only
    assert found.money["USD"].total == (3, Decimal("0.000021"), Decimal("0.0000105"))


def test_what_one_card_cannot_price_is_left_out_of_both_sums_with_the_reason():
    without = CARD.derive({"models": {"triple": None}})
    usages = [flat(1), Usage("triple", input_tokens=4), Usage("triple", output_tokens=2), Usage("cash", input_tokens=5)]
    for before, after in ((CARD, without), (without, CARD)):
        found = compare_usage(before, after, usages)
        assert found.credits.total == (1, Decimal(3), Decimal(3))
        unknown, unsold = found.credits.left_out
        assert (unknown.model, unknown.card.id, unknown.requests) == ("triple", without.id, 2)
        assert unknown.why.startswith(f"rate card {without.id} knows no model 'triple'.")
        assert (unsold.model, unsold.card.id, unsold.requests) == ("cash", before.id, 1)  # on both: the first says why
        assert "triple" not in found.credits.models
        assert found.money["USD"].models["cash"] == (1, Decimal("0.000065"), Decimal("0.000065"))


def test_reasons_are_by_model_card_and_kind_however_they_read():
    long = [Usage("banded", input_tokens=301), Usage("banded", input_tokens=302), Usage("deaf", output_tokens=1)]
    beyond, dumb = compare_usage(CARD, DEAR, long).credits.left_out
    assert (beyond.requests, dumb.requests) == (2, 1)
    assert "this request has 301" in beyond.why
    assert "has no rate for output of 'deaf' in credits" in dumb.why
    kinds = [Usage("banded", input_tokens=301), Usage("banded", input_tokens=1, audio_seconds=1)]
    assert [left.requests for left in compare_usage(CARD, DEAR, kinds).credits.left_out] == [1, 1]


def test_a_currency_that_one_card_lacks_has_no_sum():
    yuan = CARD.derive({"models": {"free": {"price": {"CNY": None}}}, "tiers": {"small": {"price": {"CNY": None}}}})
    for before, after in ((CARD, yuan), (yuan, CARD)):
        found = compare_usage(before, after, [Usage("free", input_tokens=1)]).money["CNY"]
        assert found.total == (0, Decimal(0), Decimal(0))
        assert [(left.card.id, left.requests) for left in found.left_out] == [(yuan.id, 1)]


def test_nothing_is_nothing():
    found = compare_usage(CARD, DEAR, [])
    assert found.credits.total == (0, Decimal(0), Decimal(0))
    assert found.credits.total.growth is None
    assert (found.credits.total.change, dict(found.credits.models)) == (Decimal(0), {})


@pytest.mark.parametrize("usages", [flat(1), {flat(1): 2}, 5, None, "flat", [5], [flat(1), ("flat", 1)]], ids=repr)
def test_what_is_no_list_of_usages_is_an_input_error(usages):
    with pytest.raises(InputError) as caught:
        compare_usage(CARD, DEAR, usages)
    assert caught.value.field == "usages"


counts = st.integers(0, 300)
usages = st.builds(
    lambda model, missed, cached, output: Usage(
        model, input_tokens=missed + cached, cached_tokens=cached, output_tokens=output
    ),
    st.sampled_from(["flat", "triple", "banded"]),
    st.integers(0, 150),
    st.integers(0, 150),
    counts,
)


PRICED = {"models": {"triple": {"price": {"USD": {"hit": Decimal("0.01"), "miss": 3, "output": Decimal("7.7")}}}}}


@given(st.lists(usages, max_size=6))
def test_each_side_is_what_a_quote_on_that_card_says(requests):
    cheap, dear = CARD.derive(PRICED), DEAR.derive(PRICED)
    found = compare_usage(cheap, dear, requests)
    for at, card in ((1, cheap), (2, dear)):
        said = quote(card, requests)
        assert (found.credits.total[at], found.money["USD"].total[at]) == (said.credits, said.money["USD"])
    assert compare_usage(dear, cheap, requests).credits.total.change == -found.credits.total.change
    assert sum(costs.requests for costs in found.credits.models.values()) == len(requests)
