"""A sheet for a terminal in colours: what `rich` (extra `rich`) prints when it is given one of the library's values.

Cells are handed over as `Text`, never as markup, so that `[bold]` in a model's name stays what it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mimo_credits.display.sheet import Block, Listing, Paragraph, Section, Sheet, Table, inset, legible

if TYPE_CHECKING:
    from rich.console import Group, RenderableType
    from rich.table import Table as RichTable

_STYLES = {"row": "", "group": "bold", "note": "dim italic", "total": "bold"}


def as_rich(sheet: Sheet) -> Group:
    """The sheet as something that a rich console prints."""
    from rich.console import Group
    from rich.text import Text

    sheet = legible(sheet)
    parts: list[RenderableType] = [Text(sheet.title, style="bold")] if sheet.title else []
    parts += [Text(line, style="dim") for line in sheet.lead]
    for block in sheet.blocks:
        parts += [Text(""), *_block(block)]
    return Group(*parts)


def _block(block: Block) -> Iterator[RenderableType]:
    from rich.text import Text

    match block:
        case Section():
            yield Text(block.title, style="bold underline")
        case Paragraph():
            yield from (Text(line) for line in block.lines)
        case Listing(lone=True):
            yield Text(block.items[0])
        case Listing():
            if block.caption:
                yield Text(block.caption, style="bold")
            yield from (Text(f"• {item}") for item in block.items)
        case Table():
            if block.caption:
                yield Text(block.caption, style="bold")
            yield _table(block)


def _table(table: Table) -> RichTable:
    from rich.table import Table as RichTable
    from rich.text import Text

    drawn = RichTable(box=None, show_header=any(table.titles), header_style="underline", padding=(0, 2, 0, 0))
    for title, side in zip(table.titles, table.align, strict=True):
        # A number is never broken: where room is short, words are.
        right = side == "r"
        drawn.add_column(Text(title), justify="right" if right else "left", no_wrap=right, overflow="fold")
    for row, cells in zip(table.rows, inset(table.rows), strict=True):
        drawn.add_row(*map(Text, cells), style=_STYLES[row.kind])
    return drawn
