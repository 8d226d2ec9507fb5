"""The published rate cards' models: which there are, by which names, in the plan or not, and what they cost.

The second typing, as in `test_cards_published`. Rates are read from the compiled table, which is what charges.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TypeVar

import pytest

from tests.published_cards import (
    ALL,
    APRIL,
    CARDS,
    FLASH_FORWARDED,
    FORWARDED,
    LAUNCH,
    MAY,
    NOT_IN_PLAN,
    PRESS,
    RAW,
    SINCE_MAY,
    ULTRASPEED,
    V2_OFFLINE,
    V25_JOINS,
    V26_JOINS,
    each_card,
    listed,
)

Row = TypeVar("Row")

K256 = 256_000
M1 = 1_048_576
NO_LIMIT = 2**63

WINDOWS = {  # context, output
    "mimo-v2-omni": (262_144, 131_072),
    "mimo-v2-pro": (M1, 131_072),
    "mimo-v2-tts": (8_192, None),
    "mimo-v2-flash": (262_144, 65_536),
    "mimo-v2.5": (M1, 131_072),
    "mimo-v2.5-pro": (M1, 131_072),
    "mimo-v2.5-tts": (8_192, None),
    "mimo-v2.5-tts-voiceclone": (8_192, None),
    "mimo-v2.5-tts-voicedesign": (8_192, None),
    "mimo-v2.5-asr": (8_192, 2_048),
    "mimo-v2.5-pro-ultraspeed": (None, None),
    "mimo-v2.6-pro": (M1, 131_072),
    "mimo-v2.6-flash": (M1, 131_072),
    "mimo-v2.6-pro-ultraspeed": (None, None),
}


def in_force(rows: dict[str, Row], card_id: str) -> Row:
    """The row that holds on a card: the last one whose key is not later."""
    return rows[max(since for since in rows if since <= card_id)]


@each_card
def test_a_card_lists_the_models_of_its_time(card_id: str) -> None:
    assert set(CARDS[card_id].models) == listed(card_id)


@each_card
def test_models_are_in_the_plan_or_sold_by_pay_as_you_go_only(card_id: str) -> None:
    outside = {name for name, model in CARDS[card_id].models.items() if not model.in_plan}
    assert outside == NOT_IN_PLAN & listed(card_id)
    assert {name for name in CARDS[card_id].table.not_in_plan if not name.startswith("xiaomi/")} == outside


@each_card
def test_models_have_their_windows(card_id: str) -> None:
    models = CARDS[card_id].models
    assert {name: (model.context, model.max_output) for name, model in models.items()} == {
        name: WINDOWS[name] for name in listed(card_id)
    }


@each_card
def test_names_are_the_ids_their_xiaomi_names_the_long_context_name_and_the_forwarded_ones(card_id: str) -> None:
    expected = {model: model for model in listed(card_id)}
    expected |= {f"xiaomi/{model}": model for model in listed(card_id)}
    if "mimo-v2.5-pro" in listed(card_id):
        expected["mimo-v2.5-pro[1m]"] = "mimo-v2.5-pro"
    if FORWARDED <= card_id < V2_OFFLINE:
        for old, new in (("mimo-v2-pro", "mimo-v2.5-pro"), ("mimo-v2-omni", "mimo-v2.5")):
            expected |= {old: new, f"xiaomi/{old}": new}
    models = CARDS[card_id].models
    assert {known_as: name for name, model in models.items() for known_as in (name, *model.aliases)} == expected
    billed_as = {known_as: rows[0].model for known_as, rows in CARDS[card_id].table.prices["USD"].items()}
    assert billed_as == expected


# --- credits -------------------------------------------------------------------------------------------------

# Bands of (limit, hit, miss, output), credits per token, by the card since which they hold.
CREDITS: dict[str, dict[str, list[tuple[int, Decimal | int, int, int]]]] = {
    "mimo-v2-omni": {PRESS: [(NO_LIMIT, 1, 1, 1)], MAY: [(NO_LIMIT, 56, 280, 1400)]},
    "mimo-v2-pro": {PRESS: [(K256, 2, 2, 2), (M1, 4, 4, 4)], MAY: [(NO_LIMIT, 140, 700, 2100)]},
    "mimo-v2-tts": {PRESS: [(NO_LIMIT, 0, 0, 0)]},
    "mimo-v2.5": {V25_JOINS: [(NO_LIMIT, 1, 1, 1)], MAY: [(NO_LIMIT, 2, 100, 200)]},
    "mimo-v2.5-pro": {V25_JOINS: [(NO_LIMIT, 2, 2, 2)], MAY: [(NO_LIMIT, Decimal("2.5"), 300, 600)]},
    "mimo-v2.5-tts": {V25_JOINS: [(NO_LIMIT, 0, 0, 0)]},
    "mimo-v2.5-tts-voiceclone": {V25_JOINS: [(NO_LIMIT, 0, 0, 0)]},
    "mimo-v2.5-tts-voicedesign": {V25_JOINS: [(NO_LIMIT, 0, 0, 0)]},
    "mimo-v2.5-asr": {FORWARDED: [(NO_LIMIT, 0, 0, 0)]},
    "mimo-v2.6-pro": {V26_JOINS: [(NO_LIMIT, Decimal("2.5"), 300, 600)]},
    "mimo-v2.6-flash": {V26_JOINS: [(NO_LIMIT, 2, 100, 200)]},
}
ASR_CREDITS_PER_HOUR = 30_000_000


@each_card
def test_the_plan_charges_its_rates(card_id: str) -> None:
    peak = CARDS[card_id].table.peak.bands
    found = {
        model: [(row.limit, row.cache_hit, row.cache_miss, row.output) for row in peak[model]]
        for model in listed(card_id) - NOT_IN_PLAN
    }
    assert found == {
        model: [
            (limit, hit * 1000, miss * 1000, output * 1000)
            for limit, hit, miss, output in in_force(CREDITS[model], card_id)
        ]
        for model in listed(card_id) - NOT_IN_PLAN
    }


@each_card
def test_models_outside_the_plan_have_no_credit_rates_under_any_name(card_id: str) -> None:
    names = {known_as for model in NOT_IN_PLAN for known_as in (model, f"xiaomi/{model}")}
    assert not names & set(CARDS[card_id].table.peak.bands)
    assert not names & set(CARDS[card_id].table.off_peak.bands)


@each_card
def test_audio_by_the_hour_is_charged_for_speech_recognition_alone(card_id: str) -> None:
    per_hour = {row.model: row.audio_hour for rows in CARDS[card_id].table.peak.bands.values() for row in rows}
    expected = dict.fromkeys(listed(card_id) - NOT_IN_PLAN)
    if card_id >= FORWARDED:
        expected["mimo-v2.5-asr"] = ASR_CREDITS_PER_HOUR * 1000
    assert per_hour == expected


SPEECH = ("-tts", "-asr")


@pytest.mark.parametrize("card_id", SINCE_MAY)
def test_a_language_models_credits_are_its_yuan_price_times_100(card_id: str) -> None:
    """Two columns of different sources, on the file as it is written: one credit is CNY 0.00000001."""
    derived, written = {}, {}
    for name, model in RAW[card_id]["models"].items():
        if model.get("credits") == "not in plan" or any(kind in name for kind in SPEECH):
            continue
        first_band = model["bands"][0] if "bands" in model else model
        yuan = (model if "CNY" in model.get("price", {}) else first_band)["price"]["CNY"]
        derived[name] = {meter: price * 100 for meter, price in yuan.items()}
        written[name] = model["credits"]
    assert derived == written
    assert set(written) == {name for name in listed(card_id) - NOT_IN_PLAN if not any(kind in name for kind in SPEECH)}


@each_card
def test_off_peak_takes_a_fifth_off_every_rate_and_begins_with_v25(card_id: str) -> None:
    table = CARDS[card_id].table
    off_peak = CARDS[card_id].off_peak
    if card_id < V25_JOINS:
        assert off_peak is None
        assert table.off_peak.bands == table.peak.bands
        return
    assert off_peak is not None
    assert off_peak.multiply_by == Decimal("0.8")
    assert set(table.off_peak.bands) == set(table.peak.bands)
    for name, rows in table.peak.bands.items():
        for day, night in zip(rows, table.off_peak.bands[name], strict=True):
            assert night[:3] == day[:3]
            assert [5 * rate for rate in night[3:] if rate is not None] == [
                4 * rate for rate in day[3:] if rate is not None
            ]


@pytest.mark.parametrize("card_id", ALL[ALL.index(V25_JOINS) :])
@pytest.mark.parametrize(
    ("clock", "covered"),
    [
        ("15:59:59.999999", False),
        ("16:00:00", True),
        ("20:00:00", True),
        ("23:59:59.999999", True),
        ("00:00:00", False),
        ("08:00:00", False),
    ],
)
def test_off_peak_is_from_16_to_24_utc_on_any_day(card_id: str, clock: str, covered: bool) -> None:
    hours = CARDS[card_id].table.hours
    assert hours is not None
    for day in ("2026-05-02", "2026-07-12", "2026-12-31"):
        assert hours.covers(datetime.fromisoformat(f"{day}T{clock}+00:00")) is covered


# --- pay-as-you-go -------------------------------------------------------------------------------------------

# Bands of (limit, USD hit / miss / output, CNY hit / miss / output) per million tokens, by the card since which they hold.
APRIL_PRO = [(K256, "0.20 1 3", "1.40 7 21"), (M1, "0.40 2 6", "2.80 14 42")]
APRIL_OMNI = [(NO_LIMIT, "0.08 0.40 2.00", "0.56 2.80 14")]
APRIL_V25 = [(K256, "0.08 0.40 2.00", "0.56 2.80 14"), (M1, "0.16 0.80 4.00", "1.12 5.6 28")]
PRO = [(NO_LIMIT, "0.0036 0.435 0.87", "0.025 3 6")]
FLASH = [(NO_LIMIT, "0.0028 0.14 0.28", "0.02 1 2")]
FREE = [(NO_LIMIT, "0 0 0", "0 0 0")]
PRICES: dict[str, dict[str, list[tuple[int, str, str]]]] = {
    "mimo-v2-omni": {PRESS: APRIL_OMNI},
    "mimo-v2-pro": {PRESS: APRIL_PRO},
    "mimo-v2-tts": {PRESS: FREE},
    "mimo-v2-flash": {
        PRESS: [(NO_LIMIT, "0.01 0.09 0.29", "0.07 0.7 2.1")],
        LAUNCH: [(NO_LIMIT, "0.01 0.10 0.30", "0.07 0.7 2.1")],
        FLASH_FORWARDED: FLASH,
    },
    "mimo-v2.5": {V25_JOINS: APRIL_V25, MAY: FLASH},
    "mimo-v2.5-pro": {V25_JOINS: APRIL_PRO, MAY: PRO},
    "mimo-v2.5-tts": {V25_JOINS: FREE},
    "mimo-v2.5-tts-voiceclone": {V25_JOINS: FREE},
    "mimo-v2.5-tts-voicedesign": {V25_JOINS: FREE},
    "mimo-v2.5-asr": {FORWARDED: FREE},
    "mimo-v2.5-pro-ultraspeed": {ULTRASPEED: [(NO_LIMIT, "0.0108 1.305 2.61", "0.075 9 18")]},
    "mimo-v2.6-pro": {V26_JOINS: PRO},
    "mimo-v2.6-flash": {V26_JOINS: FLASH},
    "mimo-v2.6-pro-ultraspeed": {V26_JOINS: [(NO_LIMIT, "0.036 4.35 8.70", "0.25 30 60")]},
}


@each_card
@pytest.mark.parametrize(("currency", "column"), [("USD", 1), ("CNY", 2)])
def test_pay_as_you_go_has_its_prices(card_id: str, currency: str, column: int) -> None:
    prices = CARDS[card_id].table.prices[currency]
    found = {
        model: [(row.limit, row.cache_hit, row.cache_miss, row.output) for row in prices[model]]
        for model in listed(card_id)
    }
    assert found == {
        model: [
            (band[0], *(Decimal(price) for price in band[column].split())) for band in in_force(PRICES[model], card_id)
        ]
        for model in listed(card_id)
    }


@each_card
def test_prices_stand_in_dollars_and_yuan(card_id: str) -> None:
    assert set(CARDS[card_id].table.prices) == {"USD", "CNY"}


@each_card
def test_audio_has_a_price_by_the_hour_for_speech_recognition_alone(card_id: str) -> None:
    for currency, price in (("USD", Decimal("0.074")), ("CNY", Decimal("0.5"))):
        rows = [row for rows in CARDS[card_id].table.prices[currency].values() for row in rows]
        expected = {"mimo-v2.5-asr": price} if card_id >= FORWARDED else {}
        assert {row.model: row.audio_hour for row in rows if row.audio_hour is not None} == expected


@each_card
def test_a_thousand_web_searches_cost_5_dollars_or_16_yuan(card_id: str) -> None:
    plugin = CARDS[card_id].web_search
    assert plugin is not None
    assert plugin.price == {"USD": 5, "CNY": 16}
    assert isinstance(plugin.source, str)
    assert plugin.source.startswith("assumed " if card_id in APRIL else "H ")
