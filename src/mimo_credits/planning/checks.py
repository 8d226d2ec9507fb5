"""What planning refuses by name, before it counts with it. Each check raises `InputError`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import get_args

from mimo_credits.card import Interval, RateCard
from mimo_credits.card.rate_card import check_card
from mimo_credits.errors import nearest, several, wrong_type


def each_card(values: Iterable[RateCard], field: str = "cards") -> tuple[RateCard, ...]:
    """The cards, if they are several."""
    given: object = values
    if isinstance(given, RateCard):  # it can be iterated, as every pydantic model
        raise wrong_type(field, "several RateCard values, such as a list", given)
    cards = tuple(several(values, field, "RateCard values"))
    for number, card in enumerate(cards):
        check_card(card, f"{field}[{number}]")
    return cards


def check_span(value: object, field: str, example: str) -> None:
    """Refuses what is no span of time, and a span that is not above nothing."""
    if not isinstance(value, timedelta) or value <= timedelta(0):
        raise wrong_type(field, f"a span of time, such as {example}", value)


def check_interval(value: object) -> None:
    """Refuses what is no interval that plans are sold for."""
    if value not in get_args(Interval):
        raise wrong_type("interval", " or ".join(map(repr, get_args(Interval))), value)


def check_millicredits(value: object, field: str) -> None:
    """Refuses what is no whole number from 0 on."""
    if type(value) is not int or value < 0:
        raise wrong_type(field, "whole millicredits, from 0 on", value)


def hint_at(name: object, known: Iterable[str]) -> str:
    """Which of the known names are meant, or all of them."""
    names = list(dict.fromkeys(known))
    alike = nearest(name, names) if isinstance(name, str) else ()
    return f"Nearest known: {', '.join(alike)}" if alike else f"Known: {', '.join(names) or 'none'}"
