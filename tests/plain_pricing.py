"""The price list read the long way: one request priced from a card's parsed TOML with `fractions`, sharing no code.

It is the judge of the compiled table: slow, literal, and written from the card's own words.
"""

from __future__ import annotations

import tomllib
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor

from mimo_credits import Usage


class NoPrice(Exception):
    """The list says nothing of it."""


def parsed(text: str) -> dict:
    return tomllib.loads(text, parse_float=Decimal)


def credits_of(card: dict, usage: Usage, at: datetime | None = None) -> Fraction:
    """Plan credits, a request's audio rounded once, half up, to a thousandth. Raises `NoPrice`."""
    model = model_of(card, usage.model)
    rates = by_meter(rate_set(model, usage.input_tokens, lambda section: section.get("credits")))
    factor = Fraction(card["off_peak"]["multiply_by"]) if at is not None and is_night(card, at) else Fraction(1)
    audio = spent(rates, "audio_hour", Fraction(usage.audio_seconds, 3600)) * factor
    if usage.images:
        raise NoPrice
    return tokens(rates, usage) * factor + Fraction(floor(audio * 1000 + Fraction(1, 2)), 1000)


def money_of(card: dict, usage: Usage, currency: str) -> Fraction:
    """Pay-as-you-go, exact; audio is not rounded here. Raises `NoPrice`."""
    model = model_of(card, usage.model)
    rates = by_meter(rate_set(model, usage.input_tokens, lambda section: section.get("price", {}).get(currency)))
    money = tokens(rates, usage) / 1_000_000 + spent(rates, "audio_hour", Fraction(usage.audio_seconds, 3600))
    money += spent(rates, "image", Fraction(usage.images))
    if usage.web_searches:
        if currency not in card.get("web_search", {}).get("price", {}):
            raise NoPrice
        money += Fraction(card["web_search"]["price"][currency]) * usage.web_searches / 1000
    return money


def model_of(card: dict, name: str) -> dict:
    for model_id, model in card["models"].items():
        if name == model_id or name in model.get("aliases", ()):
            return model
    raise NoPrice


def rate_set(model: dict, input_tokens: int, pick) -> object:
    """The model's own rates, or those of the first band that is long enough."""
    if pick(model) is not None:
        return pick(model)
    for band in model.get("bands", ()):
        if input_tokens <= band.get("input_up_to", model["context"]):
            return pick(band)
    raise NoPrice


def by_meter(rates: object) -> dict:
    if rates is None or rates == "not in plan":
        raise NoPrice
    if not isinstance(rates, dict):
        rates = {"token": rates}
    if "token" in rates:
        rates = {"hit": rates["token"], "miss": rates["token"], "output": rates["token"], **rates}
    return rates


def tokens(rates: dict, usage: Usage) -> Fraction:
    missed = usage.input_tokens - usage.cached_tokens
    return (
        spent(rates, "hit", Fraction(usage.cached_tokens))
        + spent(rates, "miss", Fraction(missed))
        + spent(rates, "output", Fraction(usage.output_tokens))
    )


def spent(rates: dict, meter: str, quantity: Fraction) -> Fraction:
    if quantity and meter not in rates:
        raise NoPrice
    return Fraction(rates[meter]) * quantity if quantity else Fraction(0)


def is_night(card: dict, at: datetime) -> bool:
    """Only for windows in Beijing that do not run over midnight: its clock is always eight hours ahead."""
    if "off_peak" not in card:
        return False
    window = card["off_peak"]
    assert window["timezone"] == "Asia/Shanghai"
    assert window["start"] < window["end"]
    return window["start"] <= (at + timedelta(hours=8)).time() < window["end"]
