"""Hypothesis strategies for tests of a billing backend: usages, rate cards, books of them, commands and timelines.

What they draw is right by construction, so that no test has to filter: a usage has a price on its card, a timeline is
never refused. `hostile_timelines` are the exception, and say so. Each shrinks to the few commands and small numbers
that matter. Hypothesis' entry point tells it which strategy draws which type; where it loads no plugins, this does.
"""

try:
    import hypothesis as _hypothesis  # noqa: F401
except ImportError as error:
    raise ImportError(
        "mimo_credits.testing.strategies needs Hypothesis: pip install 'mimo_credits[testing]'", name="hypothesis"
    ) from error

from _mimo_credits_hypothesis import register
from mimo_credits.testing.strategies.cards import books, cards
from mimo_credits.testing.strategies.commands import commands
from mimo_credits.testing.strategies.hostile import hostile_timelines
from mimo_credits.testing.strategies.timelines import timelines
from mimo_credits.testing.strategies.usages import usages

__all__ = ["books", "cards", "commands", "hostile_timelines", "timelines", "usages"]

register()
