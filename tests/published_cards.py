"""The published rate cards as the tests of them see them: each card's file, what it says, and what it becomes.

The ids, the instants and the lists of models are typed from the sources, like the numbers in the tests themselves.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
import tomli

from mimo_credits.card import RateCard

RATES = Path(__file__).resolve().parents[1] / "rates"
FILES = {path.name.removesuffix(".toml"): path for path in sorted((RATES / "mimo").glob("*.toml"))}
CARDS = {card_id: RateCard.from_toml(path.read_bytes(), file=path.name) for card_id, path in FILES.items()}
RAW = {card_id: tomli.loads(path.read_text("utf-8"), parse_float=Decimal) for card_id, path in FILES.items()}

PRESS = "2026-04-03.1"
LAUNCH = "2026-04-03.2"
V25_JOINS = "2026-04-22.1"
MAY = "2026-05-27.1"
FORWARDED = "2026-06-01.1"
ULTRASPEED = "2026-06-08.1"
FLASH_FORWARDED = "2026-06-18.1"
V2_OFFLINE = "2026-06-30.1"
V26_JOINS = "2026-09-22.1"
V25_RETIRES = "2026-10-21.1"

# Each card, the first instant at which it holds (in UTC: eight hours before Beijing), and the card before it.
EFFECT = {
    PRESS: ("2026-04-02T16:00", None),
    LAUNCH: ("2026-04-02T16:00", PRESS),
    V25_JOINS: ("2026-04-21T16:00", LAUNCH),
    MAY: ("2026-05-26T16:00", V25_JOINS),
    FORWARDED: ("2026-05-31T16:00", MAY),
    ULTRASPEED: ("2026-06-07T16:00", FORWARDED),
    FLASH_FORWARDED: ("2026-06-17T16:00", ULTRASPEED),
    V2_OFFLINE: ("2026-06-29T16:00", FLASH_FORWARDED),
    V26_JOINS: ("2026-09-21T16:00", V2_OFFLINE),
    V25_RETIRES: ("2026-10-21T02:00", V26_JOINS),
}
ALL = list(EFFECT)
APRIL = ALL[: ALL.index(MAY)]
SINCE_MAY = ALL[ALL.index(MAY) :]

each_card = pytest.mark.parametrize("card_id", ALL)

# Each model: the first card that lists it, and the first one that no longer does.
LISTED: dict[str, tuple[str, str | None]] = {
    "mimo-v2-omni": (PRESS, FORWARDED),
    "mimo-v2-pro": (PRESS, FORWARDED),
    "mimo-v2-tts": (PRESS, V2_OFFLINE),
    "mimo-v2-flash": (PRESS, V2_OFFLINE),
    "mimo-v2.5": (V25_JOINS, V25_RETIRES),
    "mimo-v2.5-pro": (V25_JOINS, V25_RETIRES),
    "mimo-v2.5-tts": (V25_JOINS, None),
    "mimo-v2.5-tts-voiceclone": (V25_JOINS, None),
    "mimo-v2.5-tts-voicedesign": (V25_JOINS, None),
    "mimo-v2.5-asr": (FORWARDED, None),
    "mimo-v2.5-pro-ultraspeed": (ULTRASPEED, V26_JOINS),
    "mimo-v2.6-pro": (V26_JOINS, None),
    "mimo-v2.6-flash": (V26_JOINS, None),
    "mimo-v2.6-pro-ultraspeed": (V26_JOINS, None),
}
NOT_IN_PLAN = {"mimo-v2-flash", "mimo-v2.5-pro-ultraspeed", "mimo-v2.6-pro-ultraspeed"}


def listed(card_id: str) -> set[str]:
    return {model for model, (since, until) in LISTED.items() if since <= card_id and (not until or card_id < until)}
