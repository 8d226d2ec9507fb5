"""A sheet as plain text: aligned columns, only ASCII added, made for 100 columns, so that any terminal can show it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import TextWrapper

from mimo_credits.display.sheet import Block, Listing, Paragraph, Section, Sheet, Table, inset, legible

WIDTH = 100
"""Columns that texts are made for."""


def as_text(sheet: Sheet) -> str:
    """The sheet as lines, blocks apart by a blank line, and a heading right above what it heads."""
    sheet = legible(sheet)
    lines = [sheet.title] if sheet.title else []
    lines += [line for item in sheet.lead for line in _wrapped(item, "")]
    above: Block | None = None
    for block in sheet.blocks:
        if lines and not isinstance(above, Section):
            lines.append("")
        lines.extend(lines_of(block))
        above = block
    return "\n".join(lines) + "\n"


def lines_of(block: Block) -> Iterator[str]:
    """One block as lines."""
    match block:
        case Section():
            yield block.title
            yield "-" * len(block.title)
        case Paragraph():
            yield from block.lines
        case Listing():
            yield from _captioned(block.caption)
            for item in block.items:
                yield from _wrapped(item, "  ")
        case Table():
            yield from _captioned(block.caption)
            yield from _table(block)


def _captioned(caption: str) -> list[str]:
    return [caption] if caption else []


def _wrapped(prose: str, indent: str) -> list[str]:
    wrapper = TextWrapper(WIDTH, indent, f"{indent}  ", break_long_words=False, break_on_hyphens=False)
    return wrapper.wrap(prose)


def _table(table: Table) -> list[str]:
    """Columns padded to their widest cell. A row of one cell is as wide as it is."""
    rows = [table.titles] if any(table.titles) else []
    rows += inset(table.rows)
    columns = zip(*(cells for cells in rows if len(cells) > 1), strict=True)
    widths = [max(map(len, column)) for column in columns]
    return [("  " + "  ".join(_padded(cells, widths, table.align))).rstrip() for cells in rows]


def _padded(cells: Sequence[str], widths: Sequence[int], align: str) -> Sequence[str]:
    if len(cells) == 1:
        return cells
    sides = zip(cells, widths, align, strict=True)
    return [cell.rjust(width) if side == "r" else cell.ljust(width) for cell, width, side in sides]
