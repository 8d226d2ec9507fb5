"""Pricing one request, against a judge that reads the card's own TOML; the laws of charges; and every way it says no."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mimo_credits import (
    BeyondContext,
    InputError,
    NoRate,
    NotInPlan,
    PricingError,
    Quote,
    QuoteLine,
    RateCard,
    UnknownModel,
    Usage,
    charge,
    list_cards,
    load_card,
    price,
    quote,
)
from mimo_credits.catalog import rates_folder
from mimo_credits.frozen import FrozenMap
from mimo_credits.pricing import CardRef, metered_charge, rates_for
from mimo_credits.usage import MAX_COUNT
from tests import plain_pricing
from tests.made_cards import CARD, TEXT

DAY = datetime(2026, 5, 3, 4, tzinfo=UTC)
NIGHT = datetime(2026, 5, 3, 20, tzinfo=UTC)
NAIVE = datetime(2026, 5, 3, 4)


def published(card_id: str) -> tuple[RateCard, dict]:
    text = (rates_folder() / "mimo" / f"{card_id}.toml").read_text(encoding="utf-8")
    return RateCard.from_toml(text), plain_pricing.parsed(text)


MADE = "made for tests"
CARDS = {MADE: (CARD, plain_pricing.parsed(TEXT)), **{card_id: published(card_id) for card_id in list_cards()}}
HAS_AUDIO = {"speech", "sound", "mimo-v2.5-asr", "xiaomi/mimo-v2.5-asr"}

tokens = st.one_of(st.integers(0, 400), st.integers(0, 300_000), st.integers(0, 1_048_576))
instants = st.none() | st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))


@st.composite
def requests(draw, labels=tuple(CARDS), known=lambda card: card.table.known_models()) -> tuple[str, Usage]:
    """A card's label, and any request of one of its models, by id or alias."""
    label = draw(st.sampled_from(labels))
    name = draw(st.sampled_from(sorted(known(CARDS[label][0]))))
    total = draw(tokens)
    usage = Usage(
        name,
        input_tokens=total,
        cached_tokens=draw(st.integers(0, total)),
        output_tokens=draw(tokens),
        audio_seconds=draw(st.integers(0, 100_000) if name in HAS_AUDIO else st.sampled_from([0] * 9 + [5])),
        web_searches=draw(st.integers(0, 50)),
    )
    return label, usage


def judged(judge, *arguments) -> Fraction | None:
    try:
        return judge(*arguments)
    except plain_pricing.NoPrice:
        return None


# --- charge -----------------------------------------------------------------------------------------------------------


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


# --- laws -------------------------------------------------------------------------------------------------------------


@st.composite
def pairs(draw) -> tuple[str, Usage, Usage]:
    """Two requests of a model, without audio, which is rounded for each request."""
    label = draw(st.sampled_from(list(CARDS)))
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
    }[meter]
    fields = ("input_tokens", "cached_tokens", "output_tokens", "audio_seconds", "web_searches")
    return Usage(usage.model, **{name: getattr(usage, name) + more.get(name, 0) for name in fields})


@given(requests(), st.sampled_from(["miss", "hit", "output", "audio", "search"]), instants)
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
        if not usage.audio_seconds:
            counted[usage] = counted.get(usage, 0) + count
    listed = [usage for usage, count in counted.items() for _ in range(count)]
    total = sum(charge(card, usage, at=at) for usage in listed)
    mapped, iterated = quote(card, counted, at=at), quote(card, iter(listed), at=at)
    assert mapped.millicredits == iterated.millicredits == total
    assert mapped.millicredits == sum(line.millicredits for line in mapped.lines)
    for currency in card.currencies:
        assert mapped.money[currency] == sum(price(card, usage, currency) for usage in listed)
        assert iterated.money[currency] == mapped.money[currency]


# --- price ------------------------------------------------------------------------------------------------------------


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


# --- quote ------------------------------------------------------------------------------------------------------------


def test_a_quote_shows_the_rate_that_each_meter_paid():
    usage = Usage("banded", input_tokens=150, cached_tokens=50, output_tokens=7, web_searches=2)
    assert quote(CARD, usage) == Quote(
        card=CardRef(CARD.id, CARD.sha256),
        off_peak=False,
        millicredits=1_219_000,
        lines=(
            QuoteLine("banded", "banded", 1, "cache_hit", 50, Decimal(2), "token", 100_000),
            QuoteLine("banded", "banded", 1, "cache_miss", 100, Decimal(10), "token", 1_000_000),
            QuoteLine("banded", "banded", 1, "output", 7, Decimal(17), "token", 119_000),
            QuoteLine("banded", "banded", 1, "web_search", 2, None, "call", 0),
        ),
        money=FrozenMap({"USD": Decimal("0.010238")}),
        unpriced=FrozenMap({"CNY": f"rate card {CARD.id} has no rate for any meter of 'banded' in CNY."}),
    )


def test_a_quote_keeps_the_name_that_was_asked_for_beside_the_one_that_is_billed():
    (line,) = quote(CARD, Usage("acme/flat", output_tokens=1)).lines
    assert (line.model, line.billed) == ("acme/flat", "flat")


def test_a_quote_of_audio_shows_the_rate_of_an_hour():
    shown = quote(CARD, Usage("speech", audio_seconds=9), at=NIGHT)
    assert shown.lines == (QuoteLine("speech", "speech", 0, "audio_second", 9, Decimal("5.6"), "hour", 14),)
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


# --- refusals ---------------------------------------------------------------------------------------------------------

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


def test_a_request_beyond_the_last_band_says_how_several_are_priced():
    with pytest.raises(BeyondContext) as caught:
        charge(CARD, Usage("banded", input_tokens=1_301))
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
        ({"flat": 1}, "needs Usage values, not 'flat'"),
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
