"""How a value shows itself: printed, in a notebook's cell, in a `rich` console, and as a table for other tools.

This is the one door from the core to `display`, which lies above it. It opens only when somebody looks: importing the
core imports nothing that draws.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Group


class Seen:
    """A value that people meet: `print(value)` gives aligned text, a notebook HTML, a `rich` console colours."""

    __slots__ = ()

    def __str__(self) -> str:
        return as_text(self)

    def _repr_html_(self) -> str:
        return as_html(self)

    def __rich__(self) -> Group:
        return as_rich(self)

    def to_markdown(self) -> str:
        """The value as Markdown, with pipe tables."""
        return as_markdown(self)


class Tabular(Seen):
    """A value that has lines: they can be had as a dataframe or as CSV, one row each, exact.

    Two kinds have further rows beside their `lines`: a statement has `of="bills"`, what is due, in money, a comparison
    of usage `of="left_out"`, what has no price. What costs money has a line in each currency. A band is named by the
    inputs that it is for (`above 256,000`).
    """

    __slots__ = ()

    def to_frame(self, backend: str | None = None, *, of: str = "lines") -> Any:
        """The lines, or the other rows that `of` names, as a dataframe.

        It is of `backend` (`"polars"`, `"pandas"`, `"pyarrow"`), else of the first one installed. Credits and money are
        exact decimals. Needs the extra `frames`. Raises `InputError` for a backend that is not known or not installed,
        and for rows that the value does not have.
        """
        from mimo_credits.display import to_frame

        return to_frame(self, backend, of)

    def to_csv(self, *, of: str = "lines") -> str:
        """The lines, or the other rows that `of` names, as CSV (RFC 4180) with a header.

        Texts stand as they are, also those that a spreadsheet would take for a formula. Raises `InputError`.
        """
        from mimo_credits.display import to_csv

        return to_csv(self, of)


def as_text(value: object) -> str:
    """The value as aligned plain text."""
    from mimo_credits.display import as_text, sheet_of

    return as_text(sheet_of(value)).removesuffix("\n")


def as_html(value: object) -> str:
    """The value as HTML, for notebooks: every text escaped, colours those of the host."""
    from mimo_credits.display import as_html, sheet_of

    return as_html(sheet_of(value))


def as_markdown(value: object) -> str:
    """The value as Markdown, with pipe tables."""
    from mimo_credits.display import as_markdown, sheet_of

    return as_markdown(sheet_of(value))


def as_rich(value: object) -> Group:
    """The value for a `rich` console, which asks for it."""
    from mimo_credits.display import as_rich, sheet_of

    return as_rich(sheet_of(value))
