"""How a value shows itself: `print(value)`, a notebook's cell, and a `rich` console. Three functions, which each value
that people meet has as methods:

    __str__, _repr_html_, __rich__ = as_text, as_html, as_rich

This is the one door from the core to `display`, which lies above it. It opens only when somebody looks: importing the
core imports nothing that draws.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Group


def as_text(value: object) -> str:
    """The value as aligned plain text."""
    from mimo_credits.display import as_text, sheet_of

    return as_text(sheet_of(value)).removesuffix("\n")


def as_html(value: object) -> str:
    """The value as HTML, for notebooks: every text escaped, colours those of the host."""
    from mimo_credits.display import as_html, sheet_of

    return as_html(sheet_of(value))


def as_rich(value: object) -> Group:
    """The value for a `rich` console, which asks for it."""
    from mimo_credits.display import as_rich, sheet_of

    return as_rich(sheet_of(value))
