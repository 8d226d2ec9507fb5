"""A sheet as Markdown, to paste into a pull request, an issue or a page: pipe tables, with every sign escaped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from mimo_credits.display.sheet import Block, Listing, Paragraph, Row, Section, Sheet, Table, legible

_SIGNS = re.compile(r"([\\`*_\[\]<>|#~&$])")


def as_markdown(sheet: Sheet) -> str:
    """The sheet with its title in bold; tables have a header, as Markdown wants, though it may be empty."""
    sheet = legible(sheet)
    title = [f"**{_escaped(sheet.title)}**"] if sheet.title else []
    parts = [
        "  \n".join([*title, *map(_escaped, sheet.lead)]),
        *("\n".join(_block(block)).rstrip() for block in sheet.blocks),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _block(block: Block) -> Iterator[str]:
    match block:
        case Section():
            yield f"#### {_escaped(block.title)}"
        case Paragraph():
            yield "  \n".join(_escaped(line.strip()) for line in block.lines)
        case Listing(lone=True):
            yield _escaped(block.items[0])
        case Listing():
            yield from _captioned(block.caption)
            yield from (f"- {_escaped(item)}" for item in block.items)
        case Table():
            yield from _captioned(block.caption)
            yield _line([_escaped(title) for title in block.titles])
            yield "|".join(["", *("---:" if side == "r" else "---" for side in block.align), ""])
            yield from (_line(_row(row, len(block.align))) for row in block.rows)


def _captioned(caption: str) -> list[str]:
    return [f"**{_escaped(caption)}**", ""] if caption else []


def _row(row: Row, width: int) -> list[str]:
    cells = [_escaped(cell) for cell in row.cells]
    if row.kind in ("group", "total"):
        cells = [f"**{cell}**" if cell else "" for cell in cells]
    if row.kind == "note":
        cells = [f"*{cells[0]}*"]
    return cells + [""] * (width - len(cells))


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    return _SIGNS.sub(r"\\\1", text)
