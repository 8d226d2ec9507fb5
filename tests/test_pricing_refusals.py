"""Every way in which pricing says no: with the fields, the words and the nearest names, and never a silent zero."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace

import pytest

from mimo_credits import (
    BeyondContext,
    InputError,
    NoRate,
    NotInPlan,
    UnknownModel,
    Usage,
    charge,
    load_card,
    price,
    quote,
)
from mimo_credits.usage import MAX_COUNT
from tests.made_cards import CARD
from tests.priced_requests import NIGHT

NAIVE = datetime(2026, 5, 3, 4)

PRICINGS = [
    pytest.param(charge, id="charge"),
    pytest.param(quote, id="quote"),
    pytest.param(lambda card, usage: charge(card, usage, at=NIGHT), id="charge at night"),
]


@pytest.mark.parametrize(
    "pricing", [*PRICINGS, pytest.param(lambda card, usage: price(card, usage, "USD"), id="price")]
)
def test_an_unknown_model_is_named_with_those_like_it(pricing):
    with pytest.raises(UnknownModel) as caught:
        pricing(CARD, Usage("bandit", input_tokens=1))
    error = caught.value
    assert (error.model, error.card_id, error.nearest) == ("bandit", CARD.id, ("banded",))
    assert str(error) == f"rate card {CARD.id} knows no model 'bandit'. Nearest known: banded."


def test_an_unknown_model_unlike_any_other_has_no_hint():
    with pytest.raises(UnknownModel) as caught:
        charge(CARD, Usage("zzzzzz"))
    assert caught.value.nearest == ()
    assert str(caught.value) == f"rate card {CARD.id} knows no model 'zzzzzz'."


def test_models_and_aliases_of_the_published_cards_are_hinted():
    with pytest.raises(UnknownModel) as caught:
        charge(load_card("2026-05-27"), Usage("mimo-v2.5-flash", input_tokens=1))
    assert "mimo-v2-flash" in caught.value.nearest
    with pytest.raises(UnknownModel):
        charge(load_card("2026-04-03"), Usage("mimo-v2.5", input_tokens=1))


@pytest.mark.parametrize(
    "pricing",
    [charge, lambda card, usage: charge(card, usage, at=NIGHT), lambda card, usage: price(card, usage, "USD")],
    ids=["charge", "charge at night", "price"],
)
@pytest.mark.parametrize("other", [{}, None, "flat", 5, SimpleNamespace(model="flat", usage={})], ids=repr)
def test_one_request_is_a_usage_and_nothing_like_it(pricing, other):
    with pytest.raises(InputError) as caught:
        pricing(CARD, other)
    assert (caught.value.field, caught.value.why) == ("usage", f"needs a Usage, not {other!r}")


@pytest.mark.parametrize("pricing", PRICINGS)
@pytest.mark.parametrize("name", ["cash", "acme/cash"])
def test_a_model_outside_the_plan_draws_no_credits_even_unused(pricing, name):
    with pytest.raises(NotInPlan) as caught:
        pricing(CARD, Usage(name))
    assert (caught.value.model, caught.value.card_id) == (name, CARD.id)
    assert str(caught.value) == f"rate card {CARD.id} sells '{name}' by pay-as-you-go only: the plan does not cover it."


@pytest.mark.parametrize("pricing", PRICINGS)
@pytest.mark.parametrize(
    ("usage", "meter"),
    [
        (Usage("deaf", output_tokens=1), "output"),
        (Usage("deaf", audio_seconds=1), "audio_second"),
        (Usage("flat", audio_seconds=1), "audio_second"),
        (Usage("sound", input_tokens=1), "cache_miss"),
        (Usage("sound", input_tokens=1, cached_tokens=1), "cache_hit"),
        (Usage("flat", images=1), "image"),
        (Usage("free", input_tokens=1, images=1), "image"),
    ],
)
def test_a_missing_rate_is_an_error_and_never_zero(pricing, usage, meter):
    with pytest.raises(NoRate) as caught:
        pricing(CARD, usage)
    error = caught.value
    assert (error.model, error.card_id, error.meter, error.unit) == (usage.model, CARD.id, meter, "credits")
    assert str(error) == f"rate card {CARD.id} has no rate for {meter} of {usage.model!r} in credits."


def test_a_missing_rate_is_no_matter_while_it_is_not_needed():
    assert charge(CARD, Usage("deaf", input_tokens=3, cached_tokens=1)) == 5_000
    assert charge(CARD, Usage("sound", audio_seconds=10)) == 10_000
    assert charge(CARD, Usage("sound")) == 0


@pytest.mark.parametrize(
    ("usage", "currency", "meter"),
    [
        (Usage("deaf", input_tokens=1), "USD", "cache_miss"),
        (Usage("sound", output_tokens=1), "USD", "output"),
        (Usage("sound", input_tokens=1, cached_tokens=1), "USD", "cache_hit"),
        (Usage("flat", audio_seconds=1), "USD", "audio_second"),
        (Usage("free", web_searches=1), "CNY", "web_search"),
        (Usage("flat", images=1), "USD", "image"),
        (Usage("flat"), "CNY", "any meter"),
        (Usage("triple"), "USD", "any meter"),
        (Usage("flat"), "EUR", "any meter"),
        (Usage("cash"), "usd", "any meter"),
    ],
)
def test_a_missing_price_is_an_error_and_never_zero(usage, currency, meter):
    with pytest.raises(NoRate) as caught:
        price(CARD, usage, currency)
    error = caught.value
    assert (error.model, error.card_id, error.meter, error.unit) == (usage.model, CARD.id, meter, currency)


def test_a_card_without_web_search_has_no_price_for_it():
    card = CARD.derive({"web_search": None})
    with pytest.raises(NoRate, match=r"web_search of 'flat' in USD"):
        price(card, Usage("flat", web_searches=1), "USD")


@pytest.mark.parametrize(
    "pricing", [*PRICINGS, pytest.param(lambda card, usage: price(card, usage, "USD"), id="price")]
)
def test_a_request_beyond_the_last_band_says_how_several_are_priced(pricing):
    with pytest.raises(BeyondContext) as caught:
        pricing(CARD, Usage("banded", input_tokens=1_301))
    error = caught.value
    assert (error.model, error.card_id, error.input_tokens, error.limit) == ("banded", CARD.id, 1_301, 300)
    assert str(error) == (
        f"rate card {CARD.id} prices 'banded' up to 300 input tokens, this request has 1,301. "
        "A usage of a model with bands is one request: price several as an iterable or a mapping of usages."
    )
    with pytest.raises(BeyondContext):
        quote(CARD, Usage("banded", input_tokens=301, output_tokens=1))
    with pytest.raises(BeyondContext):
        charge(CARD, Usage("banded", input_tokens=301, audio_seconds=1))


@pytest.mark.parametrize("pricing", [charge, quote])
def test_a_naive_instant_prices_nothing(pricing):
    with pytest.raises(InputError) as caught:
        pricing(CARD, Usage("flat", input_tokens=1), at=NAIVE)
    assert caught.value.field == "at"


@pytest.mark.parametrize(
    ("usages", "why"),
    [
        (5, "needs a Usage, several, or a mapping from Usage to how many, not 5"),
        (None, "needs a Usage, several, or a mapping from Usage to how many, not None"),
        ("flat", "needs Usage values, not 'f'"),
        ([Usage("flat"), "flat"], "needs Usage values, not 'flat'"),
        ({"flat": 1}, "needs Usage values, not 'flat'; Usage.from_response reads an API's answer"),
        ({Usage("flat"): 1.5}, "needs a whole count of each usage, 0 to 1,000,000,000,000,000, not 1.5"),
        ({Usage("flat"): True}, "needs a whole count of each usage, 0 to 1,000,000,000,000,000, not True"),
        ({Usage("flat"): -1}, "needs a whole count of each usage, 0 to 1,000,000,000,000,000, not -1"),
        ({Usage("flat"): None}, "needs a whole count of each usage, 0 to 1,000,000,000,000,000, not None"),
    ],
)
def test_what_is_no_usage_is_refused(usages, why):
    with pytest.raises(InputError) as caught:
        quote(CARD, usages)
    assert (caught.value.field, caught.value.why) == ("usage", why)


@pytest.mark.parametrize(
    "count",
    [MAX_COUNT + 1, 3**700, 10**5_000, -(10**5_000)],
    ids=["one too many", "more digits than money has", "too long to print", "too long to print, below zero"],
)
def test_a_count_beyond_all_measure_is_an_input_error(count):
    with pytest.raises(InputError) as caught:
        quote(CARD, {Usage("flat", input_tokens=1): count})
    assert caught.value.field == "usage"
    assert quote(CARD, {Usage("flat", input_tokens=1): MAX_COUNT}).credits == 3 * MAX_COUNT
