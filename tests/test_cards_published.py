"""The published rate cards say what their sources say: which cards there are, their tiers, terms and sources.

This file is the second typing: every number below was typed from the sources, not from the cards, and in another
arrangement (by fact and by the card since which it holds), so that a misprint on a card has nothing to agree with.
What their models cost stands in `test_cards_published_models`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
import tomli

from tests.published_cards import (
    ALL,
    APRIL,
    CARDS,
    EFFECT,
    FILES,
    FLASH_FORWARDED,
    FORWARDED,
    LAUNCH,
    MAY,
    PRESS,
    RATES,
    RAW,
    SINCE_MAY,
    ULTRASPEED,
    V2_OFFLINE,
    V25_JOINS,
    V25_RETIRES,
    V26_JOINS,
    each_card,
)

# --- which cards there are -----------------------------------------------------------------------------------


def test_these_ten_cards_are_published_and_no_other() -> None:
    assert sorted(FILES) == sorted(ALL)


@each_card
def test_a_cards_file_is_named_after_it(card_id: str) -> None:
    assert CARDS[card_id].id == card_id
    assert CARDS[card_id].provider == "xiaomi"
    assert CARDS[card_id].published


@each_card
def test_a_card_takes_effect_at_its_instant_written_in_beijing_time(card_id: str) -> None:
    card = CARDS[card_id]
    since, before = EFFECT[card_id]
    assert card.effective_from.astimezone(UTC) == datetime.fromisoformat(since).replace(tzinfo=UTC)
    assert card.effective_from.utcoffset() == timedelta(hours=8)
    assert card.supersedes == before


def test_only_the_card_with_the_press_misprints_is_withdrawn_and_its_successor_is_the_next_revision() -> None:
    status = tomli.loads((RATES / "STATUS.toml").read_text("utf-8"))
    assert list(status) == ["withdrawn"]
    assert list(status["withdrawn"]) == [PRESS]
    entry = status["withdrawn"][PRESS]
    assert sorted(entry) == ["date", "successor", "why"]
    assert entry["successor"] == LAUNCH
    assert CARDS[LAUNCH].supersedes == PRESS
    assert CARDS[LAUNCH].effective_from == CARDS[PRESS].effective_from
    assert entry["why"].endswith(".")


# --- tiers ---------------------------------------------------------------------------------------------------

TIERS = ["lite", "standard", "pro", "max"]
LIST_PRICE = {"USD": [6, 16, 50, 100], "CNY": [39, 99, 329, 659]}
APRIL_CREDITS = [60_000_000, 200_000_000, 700_000_000, 1_600_000_000]
MAY_CREDITS = [4_100_000_000, 11_000_000_000, 38_000_000_000, 82_000_000_000]
ANNUAL_CREDITS = [49_200_000_000, 132_000_000_000, 456_000_000_000, 984_000_000_000]
ANNUAL_PRICE = {
    "USD": ["63.36", "168.96", "528", "1056"],
    "CNY": ["411.84", "1045.44", "3474.24", "6959.04"],
}
PRESS_TASKS = [120, 400, 1_400, 3_200]
JULY_TASKS = [200, 1_600, 5_600, 12_800]


@each_card
def test_tiers_have_their_credits_and_list_prices(card_id: str) -> None:
    tiers = CARDS[card_id].tiers
    assert list(tiers) == TIERS
    assert [tier.credits for tier in tiers.values()] == (APRIL_CREDITS if card_id in APRIL else MAY_CREDITS)
    for currency, prices in LIST_PRICE.items():
        assert [tier.price[currency] for tier in tiers.values()] == prices
    assert {frozenset(tier.price) for tier in tiers.values()} == {frozenset(LIST_PRICE)}


@each_card
def test_annual_plans_are_sold_from_may_on_as_one_pool(card_id: str) -> None:
    annual = [tier.annual for tier in CARDS[card_id].tiers.values()]
    if card_id in APRIL:
        assert annual == [None] * 4
        return
    assert [plan.credits for plan in annual if plan] == ANNUAL_CREDITS
    for currency, prices in ANNUAL_PRICE.items():
        assert [plan.price[currency] for plan in annual if plan] == [Decimal(price) for price in prices]


@pytest.mark.parametrize("card_id", SINCE_MAY)
def test_a_year_is_twelve_allowances_at_88_percent_of_twelve_prices(card_id: str) -> None:
    for tier in CARDS[card_id].tiers.values():
        assert tier.annual is not None
        assert tier.annual.credits == 12 * tier.credits
        assert tier.annual.price == {currency: 12 * Decimal("0.88") * price for currency, price in tier.price.items()}


@each_card
def test_tiers_grow_in_credits_and_fall_in_price_per_credit(card_id: str) -> None:
    """A digit too many or too few in an allowance or a price breaks one of the two."""
    plans = [list(CARDS[card_id].tiers.values())]
    if card_id in SINCE_MAY:
        plans.append([tier.annual for tier in CARDS[card_id].tiers.values()])
    for ladder in plans:
        allowances = [plan.credits for plan in ladder]
        assert allowances == sorted(set(allowances))
        for currency in ("USD", "CNY"):
            each = [Fraction(plan.price[currency]) / Fraction(plan.credits) for plan in ladder]
            assert each == sorted(set(each), reverse=True)


def test_the_first_month_costs_88_percent_on_every_card_but_the_press_one() -> None:
    expected = [Decimal(price) for price in ("34.32", "87.12", "289.52", "579.92")]
    for card_id in ALL[1:]:
        pays = CARDS[card_id].policy.first_purchase_pays
        assert pays is not None
        assert [tier.price["CNY"] * pays for tier in CARDS[card_id].tiers.values()] == expected


def test_the_press_reported_a_first_month_at_12_percent() -> None:
    pays = CARDS[PRESS].policy.first_purchase_pays
    tiers = CARDS[PRESS].tiers
    assert pays is not None
    assert tiers["lite"].price["USD"] * pays == Decimal("0.72")
    assert tiers["standard"].price["USD"] * pays == Decimal("1.92")


@each_card
def test_claims_of_tasks_stand_only_where_somebody_made_them(card_id: str) -> None:
    """The press of April counts 500,000 credits a task; the page of July counts on mimo-v2.5, while that is sold."""
    tasks = [tier.tasks for tier in CARDS[card_id].tiers.values()]
    if card_id in APRIL:
        assert [claim.count for claim in tasks if claim] == PRESS_TASKS
        assert [count * 500_000 for count in PRESS_TASKS] == APRIL_CREDITS
        assert {claim.source for claim in tasks if claim} == {"H press-2026-04-guide, press-2026-04-gogoai"}
        assert {claim.kind for claim in tasks if claim} == {"complex tasks"}
    elif card_id in (V2_OFFLINE, V26_JOINS):
        assert [claim.count for claim in tasks if claim] == JULY_TASKS
        assert {claim.source for claim in tasks if claim} == {"H official-subscription"}
        assert {claim.kind for claim in tasks if claim} == {"medium to complex tasks on mimo-v2.5"}
        assert CARDS[card_id].sources["official-subscription"].date == "captured 2026-07"
    else:
        assert tasks == [None] * 4


# --- terms ---------------------------------------------------------------------------------------------------


@each_card
def test_a_cycle_is_thirty_days_until_may_and_then_a_month(card_id: str) -> None:
    cycle = CARDS[card_id].cycle
    assert (cycle.days, cycle.months) == ((30, None) if card_id in APRIL else (None, 1))
    assert (cycle.boundary, cycle.timezone) == ("day-end", "UTC")


@each_card
def test_the_terms_of_the_plan(card_id: str) -> None:
    policy = CARDS[card_id].policy
    assert policy.upgrade == ("price-difference" if card_id in APRIL else "trade-in")
    assert policy.downgrade == "at-renewal"
    assert policy.exhausted == "stop"
    assert policy.rollover == "none"
    assert policy.money_rounding == "half-up"
    assert policy.credit_rounding == "half-up"


def test_running_cycles_migrate_on_27_may_and_never_else() -> None:
    assert [card_id for card_id in ALL if CARDS[card_id].migration is not None] == [MAY]


# --- sources -------------------------------------------------------------------------------------------------


def path_of(card_id: str, path: str) -> str:
    value = RAW[card_id]
    for step in path.split("/"):
        value = value[step]
    assert isinstance(value, str)
    return value


@pytest.mark.parametrize(
    ("sure", "card_id", "path"),
    [
        ("H", LAUNCH, "tiers/max/source"),
        ("H", LAUNCH, "models/mimo-v2-pro/source/credits"),
        ("H", LAUNCH, "policy/source/first_purchase_pays"),
        ("H", LAUNCH, "cycle/source"),
        ("H", V25_JOINS, "models/mimo-v2.5/source/credits"),
        ("M-H", V25_JOINS, "off_peak/source"),
        ("H", MAY, "off_peak/source"),
        ("H", MAY, "tiers/lite/source"),
        ("H", MAY, "models/mimo-v2.5-pro/source/credits"),
        ("M", MAY, "models/mimo-v2-pro/source/credits"),
        ("M", MAY, "models/mimo-v2-omni/source/credits"),
        ("M", MAY, "cycle/source"),
        ("H", MAY, "migration/source"),
        ("H", MAY, "policy/source/upgrade"),
        ("H", MAY, "policy/source/exhausted"),
        ("assumed", MAY, "policy/source/money_rounding"),
        ("M-H", FORWARDED, "models/mimo-v2.5-pro/source/aliases"),
        ("M-H", FORWARDED, "models/mimo-v2.5/source/aliases"),
        ("H", FORWARDED, "models/mimo-v2.5-asr/source/credits"),
        ("assumed", FORWARDED, "models/mimo-v2.5-asr/source/token"),
        ("assumed", FORWARDED, "policy/source/credit_rounding"),
        ("M", ULTRASPEED, "models/mimo-v2.5-pro-ultraspeed/source/USD"),
        ("M", FLASH_FORWARDED, "models/mimo-v2-flash/source"),
        ("H", V2_OFFLINE, "models/mimo-v2.5-tts/source"),
        ("H", V26_JOINS, "models/mimo-v2.6-pro/source/credits"),
        ("H", V26_JOINS, "models/mimo-v2.6-flash/source/credits"),
    ],
)
def test_a_fact_says_how_sure_it_is(sure: str, card_id: str, path: str) -> None:
    assert path_of(card_id, path).split()[0] == sure


@each_card
def test_every_term_of_the_policy_says_who_says_so(card_id: str) -> None:
    policy = RAW[card_id]["policy"]
    assert set(policy["source"]) == set(policy) - {"source"}


@each_card
def test_a_listed_source_is_cited(card_id: str) -> None:
    """Otherwise a fact lost its source, or a source its fact, when the card was copied from the one before."""

    def cited(value: object) -> set[str]:
        if isinstance(value, dict):
            citing = {key: inner for key, inner in value.items() if key != "sources"}
            return set().union(*(cited(inner) for inner in citing.values()))
        if isinstance(value, list):
            return set().union(*(cited(inner) for inner in value))
        if isinstance(value, str) and value.split(" ")[0] in ("H", "M-H", "M", "L", "assumed"):
            return set(value.partition(" ")[2].split(", "))
        return set()

    assumptions = {assumption.id for assumption in CARDS[card_id].assumptions}
    assert cited(RAW[card_id]) - assumptions == set(RAW[card_id]["sources"])


ASSUMED = {
    "as-reported": [PRESS],
    "corrections": [LAUNCH],
    "sessions-above-256k": [PRESS],
    "hour": [PRESS, LAUNCH, FORWARDED, ULTRASPEED, V2_OFFLINE, V26_JOINS],
    "day-and-hour": [V25_JOINS],
    "april-reset": [V25_JOINS],
    "annual-plans": [V25_JOINS],
    "off-peak-since": [V25_JOINS],
    "off-peak-instant": ALL[2:],
    "tts-day": [V25_JOINS],
    "band-limit": [*APRIL, MAY],
    "cached-tokens": APRIL,
    "reset-time": [MAY],
    "yuan-not-dollars": [MAY],
    "cycle-length": SINCE_MAY,
    "upgrade-terms": ALL,
    "windows": ALL,
    "aliases": ALL,
    "fractions": ALL,
    "money-rounding": ALL,
    "asr-day": [FORWARDED],
    "asr-tokens": ALL[ALL.index(FORWARDED) :],
    "v2-flash-stays-a-model": [FLASH_FORWARDED],
    "v2-offline": [V2_OFFLINE],
    "ultraspeed-end": [V2_OFFLINE, V26_JOINS],
    "batch": [V26_JOINS, V25_RETIRES],
    "retirement": [V25_RETIRES],
}


@pytest.mark.parametrize("assumption", ASSUMED)
def test_what_nobody_says_is_marked_as_assumed_where_it_matters(assumption: str) -> None:
    having = [card_id for card_id in ALL if assumption in {each.id for each in CARDS[card_id].assumptions}]
    assert having == ASSUMED[assumption]
