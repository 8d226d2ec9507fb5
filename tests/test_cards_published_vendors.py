"""The cards of other vendors say what their sources say: the second typing, from the sources and not from the cards.

DeepSeek's prices in yuan are those of its price page, as its dollars are; OpenAI's are written as the press compares
them: by the thousand tokens and by the minute.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from mimo_credits import InputError, NoRate, NotInPlan, Usage, charge, list_cards, list_providers, load_card, price
from tests.published_cards import RATES

MILLION = 1_000_000

CARDS = {
    "deepseek/2026-04-26.1": ("2026-04-26T12:15", None),
    "deepseek/2026-05-22.1": ("2026-05-21T16:00", "2026-04-26.1"),
    "openai/2023-11-06.1": ("2023-11-06T21:00", None),
    "anthropic/2024-06-20.1": ("2024-06-20T00:00", None),
}


def test_these_vendors_cards_are_published_and_no_other():
    assert list_providers() == ("mimo", "anthropic", "deepseek", "openai")
    named = [name for provider in list_providers() if provider != "mimo" for name in list_cards(provider)]
    assert sorted(named) == sorted(CARDS)
    assert sorted(path.parent.name for path in RATES.glob("*/*.toml") if path.parent.name != "mimo") == sorted(
        name.partition("/")[0] for name in CARDS
    )


@pytest.mark.parametrize("name", CARDS)
def test_a_card_is_its_vendors_and_takes_effect_at_its_instant(name):
    card = load_card(name)
    since, before = CARDS[name]
    assert f"{card.provider}/{card.id}" == name
    assert card.effective_from.astimezone(UTC) == datetime.fromisoformat(since).replace(tzinfo=UTC)
    assert card.supersedes == before


@pytest.mark.parametrize("name", CARDS)
def test_no_vendor_sells_a_plan(name):
    card = load_card(name)
    assert (card.tiers, card.cycle, card.policy, card.off_peak, card.web_search) == ({}, None, None, None, None)
    for model in card.models:
        with pytest.raises(NotInPlan):
            charge(card, Usage(model, input_tokens=1))


# For a million tokens: found in the cache, not found, written.
TOKENS = {
    ("deepseek/2026-04-26", "deepseek-v4-pro", "CNY"): ("0.1", "12", "24"),
    ("deepseek/2026-04-26", "deepseek-v4-flash", "CNY"): ("0.02", "1", "2"),
    ("deepseek/2026-05-22", "deepseek-v4-pro", "CNY"): ("0.025", "3", "6"),
    ("deepseek/2026-05-22", "deepseek-v4-flash", "CNY"): ("0.02", "1", "2"),
    ("deepseek/2026-05-22", "deepseek-v4-pro", "USD"): ("0.003625", "0.435", "0.87"),
    ("deepseek/2026-05-22", "deepseek-v4-flash", "USD"): ("0.0028", "0.14", "0.28"),
    ("openai/2023-11-06", "gpt-4-turbo", "USD"): ("10", "10", "30"),
}


@pytest.mark.parametrize(("card", "model", "currency"), TOKENS)
def test_what_a_million_tokens_cost(card, model, currency):
    requests = (
        Usage(model, input_tokens=MILLION, cached_tokens=MILLION),
        Usage(model, input_tokens=MILLION),
        Usage(model, output_tokens=MILLION),
    )
    assert [price(load_card(card), usage, currency) for usage in requests] == [
        Decimal(each) for each in TOKENS[card, model, currency]
    ]


def test_each_card_prices_these_models_in_these_currencies_and_no_other():
    found = {
        (name.rpartition(".")[0], model, currency)
        for name in CARDS
        for model, rates in load_card(name).models.items()
        for currency in rates.currencies
    }
    others = {(card, model, "USD") for card, model in ONE_METER}
    assert found == {*TOKENS, *others}


ONE_METER = {
    ("openai/2023-11-06", "dall-e-3"): (Usage("dall-e-3", images=100), "4"),
    ("openai/2023-11-06", "whisper-1"): (Usage("whisper-1", audio_seconds=60), "0.006"),
    ("anthropic/2024-06-20", "claude-3.5-sonnet"): (Usage("claude-3.5-sonnet", input_tokens=MILLION), "3"),
}


@pytest.mark.parametrize(("card", "model"), ONE_METER)
def test_what_is_sold_by_one_meter_has_a_price_for_no_other(card, model):
    usage, dollars = ONE_METER[card, model]
    assert price(load_card(card), usage, "USD") == Decimal(dollars)
    others = {
        "input": Usage(model, input_tokens=1),
        "cached": Usage(model, input_tokens=1, cached_tokens=1),
        "output": Usage(model, output_tokens=1),
        "audio": Usage(model, audio_seconds=1),
        "image": Usage(model, images=1),
    }
    refused = set()
    for meter, other in others.items():
        try:
            price(load_card(card), other, "USD")
        except NoRate:
            refused.add(meter)
    assert len(refused) == len(others) - 1


def test_five_minutes_of_whisper_and_an_article_of_gpt_4_turbo_cost_what_the_press_says():
    openai = load_card("openai/2023-11-06")
    assert price(openai, Usage("whisper-1", audio_seconds=5 * 60), "USD") == Decimal("0.03")
    assert price(openai, Usage("gpt-4-turbo", input_tokens=1_500, output_tokens=1_500), "USD") == Decimal("0.06")
    assert price(openai, Usage("gpt-4-turbo", output_tokens=3_000), "USD") == Decimal("0.12") - Decimal("0.03")
    assert price(openai, Usage("dall-e-3", images=1), "USD") == Decimal("0.04")


def test_deepseeks_offer_was_a_quarter_of_the_list_price_and_became_the_price():
    before, after = load_card("deepseek/2026-04-26"), load_card("deepseek/2026-05-22")
    usage = Usage("deepseek-v4-pro", input_tokens=3_000, cached_tokens=1_000, output_tokens=500)
    assert price(before, usage, "CNY") == 4 * price(after, usage, "CNY")
    assert "CNY 0.025 / 3 / 6" in next(each.says for each in before.assumptions if each.id == "limited-offer")


@pytest.mark.parametrize(
    ("card", "assumed"),
    [
        ("deepseek/2026-04-26", ["limited-offer", "since-when"]),
        ("deepseek/2026-05-22", ["until-when", "hour"]),
        ("openai/2023-11-06", ["no-cached-price", "since-when", "image-size"]),
        ("anthropic/2024-06-20", ["input-only", "since-when"]),
    ],
)
def test_what_nobody_says_is_an_assumption(card, assumed):
    assert [each.id for each in load_card(card).assumptions] == assumed


def test_until_when_deepseeks_prices_held_is_said():
    until = next(each for each in load_card("deepseek/2026-05-22").assumptions if each.id == "until-when")
    assert "17 August 2026" in until.says


def test_a_misspelt_provider_is_named_with_the_nearest():
    with pytest.raises(InputError, match="nearest: anthropic"):
        list_cards("antropic")
