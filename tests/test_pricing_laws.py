"""The laws of prices, over every card: a judge that reads its TOML agrees, a quote is the charge, more never costs less."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mimo_credits import PricingError, RateCard, Usage, charge, list_cards, price, pricing, quote
from mimo_credits.pricing import metered_charge, rates_for
from tests import plain_pricing
from tests.priced_requests import CARDS, DAY, NIGHT, instants, requests, tokens


def judged(judge, *arguments) -> Fraction | None:
    try:
        return judge(*arguments)
    except plain_pricing.NoPrice:
        return None


@settings(max_examples=200)
@given(requests(), instants)
def test_a_charge_is_what_the_cards_own_toml_says(request, at):
    label, usage = request
    card, toml = CARDS[label]
    expected = judged(plain_pricing.credits_of, toml, usage, at)
    if expected is None:
        with pytest.raises(PricingError):
            charge(card, usage, at=at)
    else:
        assert Fraction(charge(card, usage, at=at), 1000) == expected


@given(requests(), instants)
def test_the_fast_way_is_the_plain_way(request, at):
    label, usage = request
    card = CARDS[label][0]
    table = card.table

    def plainly() -> int:
        return metered_charge(table, usage, rates_for(table, usage, table.is_off_peak(at)))

    assert outcome(lambda: charge(card, usage, at=at)) == outcome(plainly)


def outcome(pricing) -> tuple[type, object]:
    """What it gives, or how it refuses."""
    try:
        return int, pricing()
    except PricingError as error:
        return type(error), str(error)


@settings(max_examples=200)
@given(requests(), st.sampled_from(["USD", "CNY"]))
def test_a_price_is_what_the_cards_own_toml_says(request, currency):
    label, usage = request
    card, toml = CARDS[label]
    expected = judged(plain_pricing.money_of, toml, usage, currency)
    if expected is None:
        with pytest.raises(PricingError):
            price(card, usage, currency)
        return
    found = price(card, usage, currency)
    assert type(found) is Decimal
    if usage.audio_seconds:
        assert abs(Fraction(found) - expected) <= Fraction(1, 2 * 10**12)
    else:
        assert Fraction(found) == expected


@st.composite
def pairs(draw) -> tuple[str, Usage, Usage]:
    """Two requests of a model, without audio, which is rounded for each request."""
    label = draw(st.sampled_from([label for label, (card, _) in CARDS.items() if card.table.peak.tokens]))
    name = draw(st.sampled_from(sorted(CARDS[label][0].table.peak.tokens)))
    first, second = [
        Usage(name, input_tokens=total, cached_tokens=draw(st.integers(0, total)), output_tokens=draw(tokens))
        for total in draw(st.tuples(tokens, tokens))
    ]
    return label, first, second


def together(first: Usage, second: Usage) -> Usage:
    return Usage(
        first.model,
        input_tokens=first.input_tokens + second.input_tokens,
        cached_tokens=first.cached_tokens + second.cached_tokens,
        output_tokens=first.output_tokens + second.output_tokens,
    )


def band_of(card: RateCard, usage: Usage) -> int | None:
    return next((row.band for row in card.table.peak.bands[usage.model] if usage.input_tokens <= row.limit), None)


@given(pairs(), instants)
def test_charges_add_up_within_a_band(case, at):
    label, first, second = case
    card = CARDS[label][0]
    both = together(first, second)
    bands = {band_of(card, usage) for usage in (first, second, both)}
    if len(bands) == 1 and None not in bands:
        assert charge(card, both, at=at) == charge(card, first, at=at) + charge(card, second, at=at)


def more_of(meter: str, usage: Usage) -> Usage:
    more = {
        "miss": {"input_tokens": 1},
        "hit": {"input_tokens": 1, "cached_tokens": 1},
        "output": {"output_tokens": 1},
        "audio": {"audio_seconds": 1},
        "search": {"web_searches": 1},
        "image": {"images": 1},
    }[meter]
    fields = ("input_tokens", "cached_tokens", "output_tokens", "audio_seconds", "web_searches", "images")
    return Usage(usage.model, **{name: getattr(usage, name) + more.get(name, 0) for name in fields})


@given(requests(), st.sampled_from(["miss", "hit", "output", "audio", "search", "image"]), instants)
def test_more_never_costs_less(request, meter, at):
    label, usage = request
    card = CARDS[label][0]
    try:
        before, after = charge(card, usage, at=at), charge(card, more_of(meter, usage), at=at)
    except PricingError:
        return
    assert 0 <= before <= after


@given(requests(labels=list_cards()), instants)
def test_a_cached_token_never_costs_more_than_a_missed_one(request, at):
    label, usage = request
    card = CARDS[label][0]
    try:
        cold = charge(card, Usage(usage.model, input_tokens=usage.input_tokens), at=at)
        warm = charge(
            card, Usage(usage.model, input_tokens=usage.input_tokens, cached_tokens=usage.cached_tokens), at=at
        )
    except PricingError:
        return
    assert warm <= cold


@given(requests())
def test_the_night_is_never_dearer_than_the_day(request):
    label, usage = request
    card = CARDS[label][0]
    try:
        assert charge(card, usage, at=NIGHT) <= charge(card, usage, at=DAY) == charge(card, usage)
    except PricingError:
        return


@given(requests(), instants)
def test_a_quote_is_the_charge_shown(request, at):
    label, usage = request
    card = CARDS[label][0]
    try:
        expected = charge(card, usage, at=at)
    except PricingError as error:
        with pytest.raises(type(error)):
            quote(card, usage, at=at)
        return
    shown = quote(card, usage, at=at)
    assert shown.millicredits == expected == sum(line.millicredits for line in shown.lines)
    assert shown.credits * 1000 == expected
    assert all(line.credits * 1000 == line.millicredits for line in shown.lines)
    quantities = {line.meter: line.quantity for line in shown.lines}
    assert quantities.get("cache_hit", 0) == usage.cached_tokens
    assert quantities.get("cache_miss", 0) == usage.missed_tokens
    assert quantities.get("output", 0) == usage.output_tokens
    assert quantities.get("audio_second", 0) == usage.audio_seconds
    assert quantities.get("web_search", 0) == usage.web_searches
    for line in shown.lines:
        if line.unit == "token":
            assert line.rate * line.quantity * 1000 == line.millicredits
    assert set(shown.money) | set(shown.unpriced) == set(card.currencies)
    assert not set(shown.money) & set(shown.unpriced)
    assert all(price(card, usage, currency) == amount for currency, amount in shown.money.items())


def test_a_charge_of_tokens_does_not_go_the_plain_way(monkeypatch):
    """It would come to the same, many times slower."""
    monkeypatch.setattr(pricing, "metered_charge", None)
    card = CARDS[list_cards()[0]][0]
    assert all(charge(card, Usage(model, input_tokens=3, cached_tokens=1)) >= 0 for model in card.table.peak.tokens)


several = st.lists(
    st.tuples(requests(labels=list_cards()[:1], known=lambda card: card.table.peak.tokens), st.integers(0, 5)),
    max_size=6,
)


@given(several, instants)
def test_a_quote_of_many_is_the_sum_of_the_charges(picked, at):
    """Whether given one after another or as how many of each, each is priced in its own band and rounded by itself."""
    card = CARDS[list_cards()[0]][0]
    counted: dict[Usage, int] = {}
    for (_, usage), count in picked:
        if not usage.audio_seconds and not usage.images:
            counted[usage] = counted.get(usage, 0) + count
    listed = [usage for usage, count in counted.items() for _ in range(count)]
    total = sum(charge(card, usage, at=at) for usage in listed)
    mapped, iterated = quote(card, counted, at=at), quote(card, iter(listed), at=at)
    assert mapped.millicredits == iterated.millicredits == total
    assert mapped.millicredits == sum(line.millicredits for line in mapped.lines)
    for currency in card.currencies:
        assert mapped.money[currency] == sum(price(card, usage, currency) for usage in listed)
        assert iterated.money[currency] == mapped.money[currency]
