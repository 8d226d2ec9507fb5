"""Pricing one request to the last digit: bands, off-peak hours, audio and money."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from mimo_credits import BeyondContext, Usage, charge, price, quote
from mimo_credits.usage import MAX_COUNT
from tests.made_cards import CARD
from tests.priced_requests import NIGHT, published


@pytest.mark.parametrize(
    ("usage", "millicredits"),
    [
        (Usage("flat", input_tokens=10, cached_tokens=4, output_tokens=5), 45_000),
        (Usage("acme/flat", input_tokens=10, cached_tokens=4, output_tokens=5), 45_000),
        (Usage("triple", input_tokens=10, cached_tokens=4, output_tokens=5), 1_000 + 42_000 + 57_500),
        (Usage("free", input_tokens=10, cached_tokens=4, output_tokens=5), 0),
        (Usage("banded", input_tokens=100, cached_tokens=100), 100_000),
        (Usage("banded", input_tokens=101, cached_tokens=100), 210_000),
        (Usage("banded", input_tokens=300, cached_tokens=300, output_tokens=1_000_000), 29_001_200_000),
        (Usage("triple", web_searches=9), 0),
        (Usage("triple"), 0),
        (Usage("flat", input_tokens=MAX_COUNT), 3 * MAX_COUNT * 1000),
    ],
)
def test_charges_to_the_millicredit(usage, millicredits):
    assert charge(CARD, usage) == millicredits


@pytest.mark.parametrize(
    ("input_tokens", "rate"), [(0, 5), (1, 5), (99, 5), (100, 5), (101, 10), (200, 10), (201, 20), (299, 20), (300, 20)]
)
def test_a_band_is_a_cliff_with_an_inclusive_edge(input_tokens, rate):
    """The whole input chooses it, whether cached or not; output does not count, and it prices the whole request."""
    assert charge(CARD, Usage("banded", input_tokens=input_tokens)) == input_tokens * rate * 1000
    beside = Usage("banded", input_tokens=input_tokens, cached_tokens=input_tokens, output_tokens=500)
    hit, output = {5: (1, 13), 10: (2, 17), 20: (4, 29)}[rate]
    assert charge(CARD, beside) == (input_tokens * hit + 500 * output) * 1000


APRIL = ["2026-04-03.1", "2026-04-03.2", "2026-04-22.1"]


@pytest.mark.parametrize("card_id", APRIL)
@pytest.mark.parametrize("model", ["mimo-v2-pro", "xiaomi/mimo-v2-pro"])
@pytest.mark.parametrize(("input_tokens", "rate"), [(255_999, 2), (256_000, 2), (256_001, 4), (1_048_576, 4)])
def test_aprils_band_edge_is_256_000_and_inclusive(card_id, model, input_tokens, rate):
    card, _ = published(card_id)
    assert charge(card, Usage(model, input_tokens=input_tokens, output_tokens=3)) == (input_tokens + 3) * rate * 1000
    cached = Usage(model, input_tokens=input_tokens, cached_tokens=input_tokens)
    assert charge(card, cached) == input_tokens * rate * 1000


@pytest.mark.parametrize("card_id", APRIL)
def test_nothing_is_priced_beyond_the_last_band(card_id):
    card, _ = published(card_id)
    usage = Usage("mimo-v2-pro", input_tokens=1_048_577)
    for pricing in (lambda: charge(card, usage), lambda: quote(card, usage), lambda: price(card, usage, "USD")):
        with pytest.raises(BeyondContext) as caught:
            pricing()
        assert (caught.value.limit, caught.value.input_tokens) == (1_048_576, 1_048_577)


@pytest.mark.parametrize(
    ("model", "below", "above"),
    [("mimo-v2.5", ("0.40", "2"), ("0.80", "4")), ("mimo-v2.5-pro", ("1", "3"), ("2", "6"))],
)
def test_a_plan_without_bands_may_have_banded_prices(model, below, above):
    """On the card of 22 April the V2.5 models cost the plan the same at any length, and more money above 256K."""
    card, _ = published("2026-04-22.1")
    rate = {"mimo-v2.5": 1, "mimo-v2.5-pro": 2}[model]
    for input_tokens, (miss, output) in ((256_000, below), (256_001, above), (1_048_576, above)):
        usage = Usage(model, input_tokens=input_tokens, output_tokens=1_000)
        assert charge(card, usage) == rate * (input_tokens + 1_000) * 1000
        assert price(card, usage, "USD") == (Decimal(miss) * input_tokens + Decimal(output) * 1_000) / 1_000_000
    longer = Usage(model, input_tokens=1_048_577)
    assert charge(card, longer) == rate * 1_048_577 * 1000
    with pytest.raises(BeyondContext):
        price(card, longer, "USD")
    assert set(quote(card, longer).unpriced) == {"USD", "CNY"}


@pytest.mark.parametrize(
    ("at", "millicredits"),
    [
        (None, 700_000),
        (datetime(2026, 5, 3, 15, 59, 59, 999_999, tzinfo=UTC), 700_000),
        (datetime(2026, 5, 3, 16, tzinfo=UTC), 560_000),
        (datetime(2026, 5, 3, 23, 59, 59, 999_999, tzinfo=UTC), 560_000),
        (datetime(2026, 5, 4, tzinfo=UTC), 700_000),
    ],
)
def test_the_start_of_a_request_decides_whether_it_is_off_peak(at, millicredits):
    usage = Usage("triple", input_tokens=100)
    assert charge(CARD, usage, at=at) == millicredits
    assert quote(CARD, usage, at=at).millicredits == millicredits
    assert quote(CARD, usage, at=at).off_peak is (millicredits == 560_000)
    assert price(CARD, Usage("flat", input_tokens=100), "USD") == Decimal("0.00007")


@pytest.mark.parametrize(
    ("seconds", "at", "millicredits"),
    [
        (0, None, 0),
        (1, None, 2),  # 7000/3600 = 1.94
        (9, None, 18),  # 17.5: half up
        (45, None, 88),  # 87.5: half up, where half even would agree
        (27, None, 53),  # 52.5: half up, where half even would say 52
        (3_600, None, 7_000),
        (1, NIGHT, 2),  # 5600/3600 = 1.56
        (45, NIGHT, 70),
        (3_600, NIGHT, 5_600),
    ],
)
def test_audio_is_rounded_once_for_each_request(seconds, at, millicredits):
    usage = Usage("speech", input_tokens=46, cached_tokens=45, output_tokens=20, audio_seconds=seconds)
    assert charge(CARD, usage, at=at) == millicredits
    assert quote(CARD, usage, at=at).millicredits == millicredits


@pytest.mark.parametrize(("rounding", "millicredits"), [("half-up", 53), ("half-even", 52), ("up", 53), ("down", 52)])
def test_a_card_may_round_audio_another_way(rounding, millicredits):
    card = CARD.derive({"policy": {"credit_rounding": rounding}})
    usage = Usage("speech", audio_seconds=27)
    assert charge(card, usage) == millicredits
    assert quote(card, {usage: 10}).millicredits == 10 * millicredits


@pytest.mark.parametrize(
    ("usage", "dollars"),
    [
        (Usage("flat", input_tokens=1_000_000, cached_tokens=3, output_tokens=500_000), "1.05"),
        (Usage("cash", input_tokens=1, output_tokens=1), "0.000026"),
        (Usage("acme/cash", input_tokens=1, output_tokens=1), "0.000026"),
        (Usage("banded", input_tokens=200, cached_tokens=100, output_tokens=1), "0.000224"),
        (Usage("free", input_tokens=MAX_COUNT), "0"),
        (Usage("flat"), "0"),
        (Usage("free", web_searches=3), "0.015"),
        (Usage("speech", input_tokens=9, audio_seconds=4), "0.000555555556"),
        (Usage("speech", audio_seconds=3_600), "0.5"),
        (Usage("speech", audio_seconds=9, web_searches=1), "0.00625"),
    ],
)
def test_prices_to_the_digit(usage, dollars):
    assert f"{price(CARD, usage, 'USD'):f}" == dollars
