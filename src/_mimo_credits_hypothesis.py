"""Hypothesis' entry point: tells it which strategies draw the library's types, so that `st.from_type(Usage)` works.

Hypothesis calls `register` while it is being imported, and registers classes, not names: so the library is imported,
too. The strategies are not, until a type is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


def register() -> None:
    """Registers `Usage`, `RateCard`, `RateBook` and each kind of `Command`."""
    from hypothesis.strategies import register_type_strategy

    from mimo_credits import Command, RateBook, RateCard, Usage

    for kind in (Usage, RateCard, RateBook, *get_args(Command)):
        register_type_strategy(kind, _strategy)


def _strategy(kind: type) -> SearchStrategy[object]:
    from mimo_credits import RateBook, RateCard, Usage
    from mimo_credits.testing.strategies import books, cards, commands, usages

    if kind is Usage:
        return usages()
    if kind is RateCard:
        return cards()
    return books() if kind is RateBook else commands(kind)
