"""Draws that cost little however often they are made.

To make a Hypothesis strategy takes many times as long as to draw from it, and what may be drawn next in a timeline is
different each time. So everything is drawn as a number from 0 up, by strategies that are made once and kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TypeVar

from hypothesis import strategies as st

from mimo_credits.exact import round_ratio

T = TypeVar("T")


def between(draw: st.DrawFn, least: int, most: int) -> int:
    """A whole number, both ends included; shrinks to `least`."""
    return least + draw(_up_to(most - least)) if most > least else least


def part_of(draw: st.DrawFn, whole: int) -> int:
    """From 0 to the whole in steps of about a thousandth: `between` draws the large numbers of a wide range rarely."""
    return min(whole, between(draw, 0, 1000) * max(1, round_ratio(whole, 1000)))


def one_of(draw: st.DrawFn, choices: Sequence[T]) -> T:
    """One of the choices; shrinks to the first."""
    return choices[between(draw, 0, len(choices) - 1)]


@lru_cache(maxsize=2048)
def _up_to(most: int) -> st.SearchStrategy[int]:
    return st.integers(0, most)
