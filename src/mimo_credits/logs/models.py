"""Whose model a name is: MiMo's if a card lists it, or if it begins with `mimo` or `xiaomi/`.

The second half matters where the first fails: a name that claims to be MiMo's and is on no card has no price, and that
is an error, where another vendor's model is simply not ours.
"""

from __future__ import annotations

from collections.abc import Iterable

from mimo_credits.card import RateCard

_MIMO = ("mimo", "xiaomi/")


def names_on(cards: Iterable[RateCard]) -> frozenset[str]:
    """Every name that a card of these lists."""
    return frozenset(name for card in cards for name in card.table.known_models())


def is_mimos(model: str, known: frozenset[str]) -> bool:
    """Whether a model is one of the `known` names, or claims to be MiMo's."""
    return model in known or model.lower().startswith(_MIMO)
