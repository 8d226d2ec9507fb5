"""One workload on several cards, also of vendors without a plan."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from mimo_credits import (
    Call,
    InputError,
    RateCard,
    Step,
    Usage,
    Workload,
    compare,
    list_cards,
    list_providers,
    load_card,
    load_workloads,
)
from tests.made_cards import TEXT

AT = datetime(2026, 6, 1, tzinfo=UTC)
APRIL, MAY = load_card("2026-04-03"), load_card("2026-05-27")

VENDOR = RateCard.from_toml(
    """
provider       = "vendor"
version        = "2026-05-22"
revision       = 1
effective_from = 2026-05-22T00:00:00+08:00

[sources]
page  = { title = "The vendor's price page", date = "2026-05" }
press = { title = "A newspaper", date = "2026-05-24" }

[models.large]
aliases        = ["vendor/large"]
credits        = "not in plan"
price.CNY      = { hit = 0.025, miss = 3, output = 6 }
price.USD      = { hit = 0.0035, miss = 0.43, output = 0.87 }
source.credits = "H page"
source.CNY     = "H page"
source.USD     = "M press, page"

[models.small]
price.CNY = { hit = 0.02, miss = 1 }
source    = "assumed guess"

[models.picture]
price.USD = { image = 0.05 }
source    = "H page"

[[assumptions]]
id   = "guess"
says = "Nobody says what the small one costs."
"""
)
WORK = Workload(
    "work",
    (
        Step("read", Usage("mimo-v2.5-pro", input_tokens=1_000_000, cached_tokens=400_000), instead=("mimo-v2-pro",)),
        Step("write", Usage("mimo-v2.5-pro", output_tokens=100_000), 2, instead=("mimo-v2-pro",)),
    ),
)


def test_one_workload_on_cards_of_several_vendors():
    vendor, april, may = compare([VENDOR, APRIL, MAY], WORK, at=AT, models={"vendor": "vendor/large"})
    assert vendor.money == {"CNY": Decimal("3.01"), "USD": Decimal("0.4334")}
    assert may.money["CNY"] == Decimal("3.01")
    assert april.money["CNY"] == Decimal("0.4") * Decimal("2.8") + Decimal("0.6") * 14 + Decimal("0.2") * 21
    assert [offer.models for offer in (vendor, april, may)] == [("vendor/large",), ("mimo-v2-pro",), ("mimo-v2.5-pro",)]
    assert (vendor.millicredits, may.millicredits) == (None, 301_000_000_000)
    assert vendor.why_no_plan == "vendor sells no plan on card 2026-05-22.1."
    assert april.why_no_plan == may.why_no_plan == ""


def test_a_row_says_who_says_so_and_how_old_it_is():
    (vendor,) = compare([VENDOR], WORK, at=AT, models={"vendor": "large"})
    assert vendor.cites == ("H page", "M press, page")
    assert vendor.sources == (("The vendor's price page", "2026-05"), ("A newspaper", "2026-05-24"))
    assert (vendor.effective_from, vendor.age) == (datetime(2026, 5, 21, 16, tzinfo=UTC), 10)
    assert compare([VENDOR], WORK, at=datetime(2026, 5, 20, tzinfo=UTC))[0].age == -2
    assert str(vendor) == "vendor 2026-05-22.1, large: CNY 3.01, USD 0.4334; no plan; 10 days old"


def test_a_model_may_be_chosen_by_card_and_by_name():
    work = Workload("w", (*WORK.steps, Step("hear", Usage("ear", input_tokens=1_000_000))))
    by_name = {"mimo-v2.5-pro": "large", "ear": "small"}
    (offer,) = compare([VENDOR], work, at=AT, models={"2026-05-22.1": by_name, "vendor": "small"})
    assert offer.models == ("large", "small")
    assert offer.money == {"CNY": Decimal("4.01")}
    assert offer.unpriced["USD"] == "rate card 2026-05-22.1 has no rate for any meter of 'small' in USD."
    assert offer.cites == ("H page", "assumed guess")
    assert offer.sources == (("The vendor's price page", "2026-05"),)


def test_a_choice_that_no_card_takes_up_is_refused():
    with pytest.raises(InputError, match=r"models: 'vendr' is no card's id or provider. Nearest known: vendor"):
        compare([VENDOR, MAY], WORK, at=AT, models={"vendr": "large"})
    with pytest.raises(InputError, match=r"models: 7 is no card's id or provider. Known: 2026-05-22.1, vendor"):
        compare([VENDOR], WORK, at=AT, models={7: "large"})
    with pytest.raises(InputError, match="Known: none"):
        compare([], WORK, at=AT, models={"x": "large"})


@pytest.mark.parametrize("folder", list_providers())
def test_a_providers_cards_go_by_the_name_of_their_folder_too(folder):
    card = load_card(list_cards(folder)[-1])
    model = next(iter(card.models))
    (offer,) = compare([card], WORK, at=datetime(2027, 1, 1, tzinfo=UTC), models={folder: model})
    assert offer.models == (model,)


def test_what_a_card_does_not_list_is_a_reason_and_no_error():
    (offer,) = compare([VENDOR], WORK, at=AT)
    assert (offer.money, offer.millicredits) == ({}, None)
    assert "knows no model 'mimo-v2.5-pro'" in offer.unpriced["CNY"]
    assert (offer.cites, offer.sources) == ((), ())
    assert str(offer).endswith("mimo-v2.5-pro: no price; no plan; 10 days old")


def test_a_model_outside_a_plan_is_a_reason_too():
    flash = Workload("w", (Step("s", Usage("mimo-v2-flash", input_tokens=1)),))
    (offer,) = compare([MAY], flash, at=AT)
    assert offer.why_no_plan.startswith("rate card 2026-05-27.1 sells 'mimo-v2-flash' by pay-as-you-go only")
    assert offer.money


CALLS = (Call(VENDOR, Usage("picture", images=2)), Call(VENDOR, Usage("large", output_tokens=1_000)))


def test_on_the_card_of_the_vendor_they_are_to_the_calls_do_the_step():
    work = Workload("w", (Step("draw", Usage("mimo-v2.5", output_tokens=9), 3, instead=("large",), calls=CALLS),))
    vendor, may = compare([VENDOR, MAY], work, at=AT, times=10)
    assert vendor.models == ("picture", "large")
    assert vendor.money == {"USD": 30 * (Decimal("0.10") + Decimal("0.00087"))}
    assert vendor.unpriced["CNY"] == "rate card 2026-05-22.1 has no rate for any meter of 'picture' in CNY."
    assert may.models == ("mimo-v2.5",)
    assert work.usages_on(VENDOR, 10) == {CALLS[0].usage: 30, CALLS[1].usage: 30}


def test_calls_to_several_vendors_are_not_the_step_of_one_of_them():
    other = Call(MAY, Usage("mimo-v2-flash", input_tokens=1))
    work = Workload("w", (Step("s", Usage("ear", output_tokens=9), instead=("large",), calls=(*CALLS, other)),))
    assert compare([VENDOR], work, at=AT)[0].models == ("large",)


def test_a_models_own_name_and_what_is_chosen_go_before_the_calls():
    listed = Workload("w", (Step("s", Usage("vendor/large", output_tokens=9), calls=CALLS),))
    assert compare([VENDOR], listed, at=AT)[0].models == ("vendor/large",)
    work = Workload("w", (Step("s", Usage("ear", output_tokens=9), calls=CALLS), Step("t", Usage("eye"), calls=CALLS)))
    assert compare([VENDOR], work, at=AT, models={"vendor": {"ear": "large"}})[0].models == ("large", "picture")
    (wrong,) = compare([VENDOR], work, at=AT, models={"vendor": "larger"})
    assert (wrong.models, wrong.money) == (("larger",), {})


# --- the published cards ----------------------------------------------------------------------------------------------

OPENAI = load_card("openai/2023-11-06")
DEEPSEEK = load_card("deepseek/2026-05-22")
ANTHROPIC = load_card("anthropic/2024-06-20")


@pytest.mark.parametrize(
    ("name", "dollars", "models"),
    [
        ("article", "0.06", ("gpt-4-turbo",)),
        ("product-image", "0.04", ("dall-e-3",)),
        ("meeting-audio", "0.12", ("whisper-1", "gpt-4-turbo")),
        ("video-post", "0.13", ("whisper-1", "gpt-4-turbo", "dall-e-3")),
        ("coding-session", "5.4", ("gpt-4-turbo",)),  # 480,000 in at 10 and 20,000 out at 30, the cache no cheaper
    ],
)
def test_the_press_estimates_cost_on_openais_card_what_the_press_says(name, dollars, models):
    (offer,) = compare([OPENAI], load_workloads()[name], at=AT)
    assert (offer.money, offer.models) == ({"USD": Decimal(dollars)}, models)
    assert offer.age == 937
    assert any("as the press compares them" in title for title, _ in offer.sources)


def test_one_workload_on_the_cards_of_every_provider():
    session = load_workloads()["coding-session"]
    may, deepseek, openai, anthropic = compare([MAY, DEEPSEEK, OPENAI, ANTHROPIC], session, at=AT, times=10)
    assert may.money["CNY"] == deepseek.money["CNY"] == Decimal("2.748")
    assert (deepseek.models, openai.models) == (("deepseek-v4-pro",), ("gpt-4-turbo",))
    assert [offer.millicredits is None for offer in (may, deepseek, openai, anthropic)] == [False, True, True, True]
    assert (anthropic.money, anthropic.models) == ({}, ("claude-3.5-sonnet",))
    assert "no rate for cache_hit" in anthropic.unpriced["USD"]


def test_a_missing_rate_is_a_reason_in_its_currency():
    (offer,) = compare([VENDOR], WORK, at=AT, models={"vendor": "small"})
    assert set(offer.unpriced) == {"CNY", "USD"}
    assert "no rate for output of 'small' in CNY" in offer.unpriced["CNY"]


def test_times_multiply_everything():
    session = load_workloads()["coding-session"]
    (once,), (often,) = compare([MAY], session, at=AT), compare([MAY], session, at=AT, times=300)
    assert often.money == {currency: 300 * amount for currency, amount in once.money.items()}
    assert often.millicredits == 300 * once.millicredits
    assert str(often).split("; ")[1] == "8,244,000,000 credits"


@pytest.mark.parametrize(("at", "times"), [(datetime(2026, 6, 1), 1), (AT, -1)])
def test_wrong_questions_are_refused(at, times):
    with pytest.raises(InputError):
        compare([MAY], WORK, at=at, times=times)


def test_a_card_of_ones_own_is_compared_too():
    (offer,) = compare([RateCard.from_toml(TEXT)], WORK, at=AT, models={"acme": "acme/cash"})
    assert offer.money == {"USD": Decimal("15.6")}
    assert offer.cites == ("H list",)
