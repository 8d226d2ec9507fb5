"""Workloads: one task, many steps, one quote."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimo_credits import (
    Burn,
    Call,
    InputError,
    NotInPlan,
    Step,
    UnknownModel,
    Usage,
    Wait,
    Workload,
    break_even,
    cache_lever,
    charge,
    compare,
    compare_tiers,
    load_card,
    load_workloads,
    price,
)
from tests.made_cards import CARD

NIGHT = datetime(2026, 1, 1, 20, tzinfo=UTC)
FLAT = Usage("flat", input_tokens=10)
WORK = Workload(
    "work",
    (
        Step("read", Usage("banded", input_tokens=150, cached_tokens=50, output_tokens=7), 3),
        Step("write", Usage("triple", input_tokens=9, output_tokens=40), 2, off_peak_share=Fraction(1, 2)),
        Step("hear", Usage("speech", audio_seconds=30)),
    ),
)


def test_a_workload_costs_what_its_requests_cost_one_by_one():
    whole_day = WORK.off_peak(0)
    expected = sum(charge(CARD, step.usage) * step.count for step in WORK.steps)
    quote = whole_day.quote(CARD, times=4)
    assert quote.millicredits == 4 * expected
    assert [step.millicredits for step in quote.steps] == [4 * charge(CARD, s.usage) * s.count for s in WORK.steps]
    assert "no rate" in quote.unpriced["USD"]  # triple has no price
    priced = Workload("priced", (WORK.steps[0], WORK.steps[2])).quote(CARD, times=4)
    assert priced.money == {
        "USD": 4 * (3 * price(CARD, WORK.steps[0].usage, "USD") + price(CARD, WORK.steps[2].usage, "USD"))
    }


@given(st.integers(0, 12), st.integers(0, 9))
def test_a_share_off_peak_is_that_share_of_the_requests(off_peak, peak):
    """Twelve requests at night and some by day, priced one by one, are one step with that share."""
    count = off_peak + peak
    if not count:
        return
    usage = Usage("triple", input_tokens=9, cached_tokens=3, output_tokens=41)
    one_by_one = off_peak * charge(CARD, usage, at=NIGHT) + peak * charge(CARD, usage)
    step = Step("s", usage, count, off_peak_share=Fraction(off_peak, count))
    assert Workload("w", (step,)).quote(CARD).millicredits == one_by_one


def test_the_total_is_rounded_up_once_and_the_steps_not_at_all():
    third = Workload(
        "w",
        tuple(Step(n, Usage("triple", cached_tokens=1, input_tokens=1), off_peak_share=Fraction(1, 7)) for n in "ab"),
    )
    quote = third.quote(CARD)
    each = Fraction(6, 7) * 250 + Fraction(1, 7) * 200
    assert [step.millicredits for step in quote.steps] == [each, each]
    assert quote.millicredits == -(-2 * each // 1) == 486
    assert quote.credits == Decimal("0.486")
    assert [str(step) for step in quote.steps] == [
        "a: triple, 1 token, 0.243 credits",
        "b: triple, 1 token, 0.243 credits",
    ]


def test_off_peak_changes_nothing_on_a_card_without_such_hours():
    card = load_card("2026-04-03")
    work = Workload("w", (Step("s", Usage("mimo-v2-pro", input_tokens=1_000)),))
    assert work.off_peak(Decimal("0.75")).quote(card) == work.quote(card)


def test_money_knows_no_off_peak_hours():
    work = Workload("w", (Step("s", FLAT),))
    assert work.off_peak(1).quote(CARD).money == work.quote(CARD).money


def test_a_step_takes_what_did_the_work_before_and_a_chosen_model_is_meant():
    step = Step("s", Usage("newest", input_tokens=10), instead=("newer", "acme/flat", "triple"))
    work = Workload("w", (step,))
    assert work.quote(CARD).steps[0].model == "acme/flat"
    assert work.quote(CARD).millicredits == 30_000
    assert work.on("triple").quote(CARD).millicredits == 70_000
    assert work.on({"newest": "free"}).quote(CARD).millicredits == 0
    assert work.on({"other": "free"}).quote(CARD).millicredits == 30_000
    with pytest.raises(UnknownModel, match="'gone'"):
        work.on("gone").quote(CARD)
    with pytest.raises(UnknownModel, match="'newest'"):
        Workload("w", (Step("s", Usage("newest", input_tokens=1)),)).quote(CARD)


def test_what_the_plan_does_not_cover_is_an_error():
    with pytest.raises(NotInPlan):
        Workload("w", (Step("s", Usage("cash", input_tokens=1)),)).quote(CARD)


def test_web_searches_are_money_under_the_plan_too():
    work = Workload("w", (Step("s", Usage("flat", input_tokens=1, web_searches=3), 2), Step("t", FLAT)))
    quote = work.quote(CARD, times=10)
    assert quote.web_searches == {"USD": Decimal("0.3")}
    assert Workload("w", (Step("t", FLAT),)).quote(CARD).web_searches == {}


def test_separately_priced_calls_are_summed_where_every_step_names_them():
    openai, deepseek = load_card("openai/2023-11-06"), load_card("deepseek/2026-05-22")
    pictures = Call(openai, Usage("dall-e-3", images=3))
    tokens = Call(openai, Usage("gpt-4-turbo", output_tokens=1_500))
    steps = (Step("draw", FLAT, 2, calls=(pictures,)), Step("write", FLAT, calls=(tokens,)))
    assert Workload("w", steps).quote(CARD, times=10).separately == {"USD": Decimal("2.85")}  # 60 x 0.04 and 10 x 0.045
    assert Workload("w", (*steps, Step("think", FLAT))).quote(CARD).separately == {}
    million = Call(deepseek, Usage("deepseek-v4-flash", output_tokens=1_000_000))
    assert Workload("w", (Step("think", FLAT, calls=(million,)),)).quote(CARD).separately == {
        "CNY": Decimal(2),
        "USD": Decimal("0.28"),
    }
    mixed = Workload("w", (*steps, Step("think", FLAT, calls=(million,)))).quote(CARD).separately
    assert mixed == {"USD": Decimal("0.565")}  # in yuan the others have no price


def test_values_read_well_and_cannot_change():
    work = Workload("job", [Step("s", FLAT, 2)], estimate="a magazine")
    assert str(work) == "job: 1 step, 20 tokens (estimate: a magazine)"
    assert str(WORK) == "work: 3 steps, 569 tokens"
    quote = work.quote(CARD, times=3)
    assert str(quote) == "job, 3 times on card 2026-01-01.1: 180 credits; pay-as-you-go USD 0.000042"
    assert quote.tokens == 60
    hush = Workload("hush", (Step("s", Usage("triple", input_tokens=1)),)).quote(CARD)
    assert str(hush).endswith("pay-as-you-go without a price")
    with pytest.raises(FrozenInstanceError):
        work.name = "other"


@pytest.mark.parametrize(
    ("made", "field", "why"),
    [
        (lambda: Step("", FLAT), "name", "needs a text"),
        (lambda: Step(5, FLAT), "name", "needs a text"),
        (lambda: Step("s", "flat"), "usage", "needs a Usage"),
        (lambda: Step("s", FLAT, -1), "count", "needs a whole number"),
        (lambda: Step("s", FLAT, True), "count", "needs a whole number"),
        (lambda: Step("s", FLAT, 10**15 + 1), "count", "needs a whole number"),
        (lambda: Step("s", FLAT, off_peak_share=0.5), "off_peak_share", "needs an exact share"),
        (lambda: Step("s", FLAT, off_peak_share=True), "off_peak_share", "needs an exact share"),
        (lambda: Step("s", FLAT, off_peak_share=Decimal("NaN")), "off_peak_share", "from 0 to 1, not NaN"),
        (lambda: Step("s", FLAT, off_peak_share=Decimal("1.1")), "off_peak_share", "from 0 to 1"),
        (lambda: Step("s", FLAT, off_peak_share=-1), "off_peak_share", "from 0 to 1"),
        (lambda: Workload("w", ()), "steps", "needs one Step or more"),
        (lambda: Workload("w", 5), "steps", "needs one Step or more"),
        (lambda: Workload("w", ["s"]), "steps", "needs one Step or more"),
        (lambda: Workload("w", [Step("s", FLAT)]).quote(CARD, times=1.5), "times", "needs a whole number"),
    ],
)
def test_bad_input_is_named(made, field, why):
    with pytest.raises(InputError, match=why) as caught:
        made()
    assert caught.value.field == field


# --- the published workloads ------------------------------------------------------------------------------------------


def test_the_estimates_are_those_of_the_press():
    tokens = {name: work.tokens for name, work in load_workloads().items()}
    assert tokens == {
        "article": 1_500,
        "product-image": 1_000,
        "image-input": 500,
        "meeting-audio": 3_000,
        "video-post": 4_000,
        "coding-session": 500_000,
        "heavy-agent-loop": 130_000_000,
    }
    assert all(work.estimate and work.assumes for work in load_workloads().values())


@pytest.mark.parametrize(
    ("name", "elsewhere"),
    [("article", "0.06"), ("product-image", "0.04"), ("meeting-audio", "0.12"), ("video-post", "0.13")],
)
def test_separately_priced_calls_cost_what_the_press_says(name, elsewhere):
    quote = load_workloads()[name].quote(load_card("2026-04-03"))
    assert quote.separately == {"USD": Decimal(elsewhere)}


@pytest.mark.parametrize("card", ["2026-04-03", "2026-04-22", "2026-05-27", "2026-06-30", "2026-09-22", "2026-10-21"])
def test_every_published_workload_has_a_price_on_every_card(card):
    for work in load_workloads().values():
        quote = work.quote(load_card(card))
        assert quote.millicredits > 0
        assert not quote.unpriced


def test_a_coding_session_is_the_guides_million_credits():
    quote = load_workloads()["coding-session"].quote(load_card("2026-04-03"))
    assert quote.credits == 1_000_000
    assert quote.steps[0].model == "mimo-v2-pro"


def test_a_name_steers_no_screen():
    red = "\x1b[31m"
    work = Workload(red, (Step(red, Usage("mimo-v2.5", input_tokens=1)),))
    may = load_card("2026-05-27")
    quote = work.quote(may)
    values = [work, quote, *quote.steps, compare_tiers(may, work), break_even(may, "lite", work)]
    values += [cache_lever(may, "lite", work), Wait(Burn(datetime(2026, 6, 1), red, 1), datetime(2026, 6, 2))]
    values += compare([may], work.on(red), at=datetime(2026, 6, 1, tzinfo=UTC))
    for value in values:
        assert "\x1b" not in str(value)
        assert "\\x1b[31m" in str(value)
