"""Quotes: what each meter costs, of one request or of many, in credits and in money."""

from __future__ import annotations

import pickle
from dataclasses import replace
from decimal import Decimal

import pytest

from mimo_credits import Quote, QuoteLine, Usage, charge, load_card, price, quote
from mimo_credits.frozen import FrozenMap
from mimo_credits.pricing import CardRef, prices
from tests.made_cards import CARD
from tests.priced_requests import NIGHT


def test_a_quote_shows_the_rate_that_each_meter_paid():
    usage = Usage("banded", input_tokens=150, cached_tokens=50, output_tokens=7, web_searches=2)
    assert quote(CARD, usage) == Quote(
        card=CardRef(CARD.id, CARD.sha256),
        off_peak=False,
        millicredits=1_219_000,
        lines=(
            QuoteLine("banded", "banded", 1, "above 100 up to 200", "cache_hit", 50, Decimal(2), "token", 100_000),
            QuoteLine("banded", "banded", 1, "above 100 up to 200", "cache_miss", 100, Decimal(10), "token", 1_000_000),
            QuoteLine("banded", "banded", 1, "above 100 up to 200", "output", 7, Decimal(17), "token", 119_000),
            QuoteLine("banded", "banded", 1, "above 100 up to 200", "web_search", 2, None, "call", 0),
        ),
        money=FrozenMap({"USD": Decimal("0.010238")}),
        unpriced=FrozenMap({"CNY": f"rate card {CARD.id} has no rate for any meter of 'banded' in CNY."}),
    )


def test_a_quote_keeps_the_name_that_was_asked_for_beside_the_one_that_is_billed():
    (line,) = quote(CARD, Usage("acme/flat", output_tokens=1)).lines
    assert (line.model, line.billed) == ("acme/flat", "flat")


def test_a_quote_in_one_line():
    shown = quote(load_card("2026-05-27"), Usage("mimo-v2.5-pro", output_tokens=1_000))
    assert repr(shown) == "<Quote 600,000 credits by card 2026-05-27.1, sha256 947d3916b02c…>"


@pytest.mark.parametrize(
    ("input_tokens", "band", "inputs"), [(30, 0, "up to 100"), (150, 1, "above 100 up to 200"), (250, 2, "above 200")]
)
def test_a_band_says_which_inputs_it_is_for(input_tokens, band, inputs):
    (line,) = quote(CARD, Usage("banded", input_tokens=input_tokens)).lines
    assert (line.band, line.inputs) == (band, inputs)


def test_a_remark_names_each_model_priced_by_the_hour_of_which_there_is_no_audio():
    silent, heard, text = (
        Usage("speech", input_tokens=5),
        Usage("speech", audio_seconds=1),
        Usage("flat", input_tokens=5),
    )
    remark = "speech is priced by the hour of audio; this usage has no audio seconds"
    assert quote(CARD, silent).remarks == quote(CARD, [text, silent, text]).remarks == (remark,)
    assert quote(CARD, [silent, replace(silent, output_tokens=1)]).remarks == (remark,)
    assert quote(CARD, [heard, silent]).remarks == quote(CARD, [silent, heard]).remarks == ()
    assert quote(CARD, heard).remarks == quote(CARD, text).remarks == ()


def test_prices_are_the_money_of_the_quote_and_reach_beyond_the_plan():
    usages = {Usage("flat", input_tokens=1_000): 3, Usage("speech", audio_seconds=60): 1}
    shown = quote(CARD, usages)
    assert prices(CARD, usages) == (shown.money, shown.unpriced)
    assert prices(CARD, Usage("cash", input_tokens=1_000)) == (
        {"USD": Decimal("0.013")},
        {"CNY": f"rate card {CARD.id} has no rate for any meter of 'cash' in CNY."},
    )


def test_a_quote_of_audio_shows_the_rate_of_an_hour():
    shown = quote(CARD, Usage("speech", audio_seconds=9), at=NIGHT)
    assert shown.lines == (QuoteLine("speech", "speech", 0, "", "audio_second", 9, Decimal("5.6"), "hour", 14),)
    assert shown.off_peak
    assert shown.credits == Decimal("0.014")


def test_lines_are_apart_by_name_band_and_meter_and_together_otherwise():
    usages = [
        Usage("banded", input_tokens=10),
        Usage("banded", input_tokens=30, output_tokens=1),
        Usage("banded", input_tokens=150),
        Usage("flat", input_tokens=4),
        Usage("acme/flat", input_tokens=4),
    ]
    lines = [
        (line.model, line.band, line.meter, line.quantity, line.millicredits) for line in quote(CARD, usages).lines
    ]
    assert lines == [
        ("banded", 0, "cache_miss", 40, 200_000),
        ("banded", 0, "output", 1, 13_000),
        ("banded", 1, "cache_miss", 150, 1_500_000),
        ("flat", 0, "cache_miss", 4, 12_000),
        ("acme/flat", 0, "cache_miss", 4, 12_000),
    ]


def test_usages_of_a_banded_model_are_priced_each_and_never_summed_first():
    one = Usage("banded", input_tokens=100)
    assert quote(CARD, [one, one, one]) == quote(CARD, {one: 3})
    assert quote(CARD, {one: 3}).millicredits == 3 * charge(CARD, one)
    assert charge(CARD, Usage("banded", input_tokens=300)) == 4 * 3 * charge(CARD, one)


def test_lines_count_how_many_of_each():
    lines = quote(CARD, {Usage("flat", input_tokens=4, web_searches=2): 3, Usage("flat", input_tokens=1): 5}).lines
    assert [(line.meter, line.quantity, line.millicredits) for line in lines] == [
        ("cache_miss", 17, 51_000),
        ("web_search", 6, 0),
    ]


def test_what_was_recorded_many_times_is_audio_rounded_each_time():
    one = Usage("speech", audio_seconds=1)
    assert quote(CARD, {one: 1_000}).millicredits == 2_000
    assert quote(CARD, [one] * 1_000).millicredits == 2_000
    assert quote(CARD, {one: 1_000}).money["USD"] == Decimal("0.138888889")


@pytest.mark.parametrize("nothing", [[], {}, (), iter(())])
def test_a_quote_of_nothing_costs_nothing(nothing):
    shown = quote(CARD, nothing)
    assert (shown.millicredits, shown.lines, shown.credits) == (0, (), 0)
    assert shown.money == {"USD": 0, "CNY": 0}


def test_money_is_written_plainly():
    assert str(quote(CARD, {Usage("flat", input_tokens=1_000_000): 10}).money["USD"]) == "7"
    assert str(price(CARD, Usage("flat", input_tokens=10_000_000), "USD")) == "7"


def test_money_is_absent_with_the_reason_where_any_usage_has_no_price():
    shown = quote(CARD, [Usage("free", input_tokens=5), Usage("triple", input_tokens=5)])
    assert shown.money == {}
    assert shown.unpriced["USD"] == f"rate card {CARD.id} has no rate for any meter of 'triple' in USD."
    assert quote(CARD, Usage("free", web_searches=1)).unpriced == {
        "CNY": f"rate card {CARD.id} has no rate for web_search of 'free' in CNY."
    }


def test_quotes_are_values():
    shown = quote(CARD, Usage("flat", input_tokens=5), at=NIGHT)
    assert shown == quote(CARD, Usage("flat", input_tokens=5), at=NIGHT)
    assert hash(shown) == hash(quote(CARD, Usage("flat", input_tokens=5), at=NIGHT))
    assert pickle.loads(pickle.dumps(shown)) == shown
    with pytest.raises(AttributeError):
        shown.millicredits = 0
