"""A sheet: what a value looks like, said once, before anyone decides on text, HTML, Markdown or a terminal's colours.

A sheet is a title and blocks: sections, paragraphs, lists and tables. Every cell is text already, exact to its last
digit, so a renderer (`text`, `html`, `markdown`, `terminal`) arranges and escapes, and can never change an amount.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias

from mimo_credits.errors import visible

Kind = Literal["row", "group", "note", "total"]


class Row(NamedTuple):
    """A row of a table. A `group` heads the rows after it and a `note` explains the row before: each is one cell."""

    cells: tuple[str, ...]
    kind: Kind = "row"


class Table(NamedTuple):
    """Rows under `titles` (all empty: no header), each column aligned to the side that `align` names: `l` or `r`."""

    titles: tuple[str, ...]
    align: str
    rows: tuple[Row, ...]
    caption: str = ""


class Section(NamedTuple):
    """A heading; it holds for the blocks after it, until the next."""

    title: str


class Paragraph(NamedTuple):
    """Lines that stay lines."""

    lines: tuple[str, ...]


class Listing(NamedTuple):
    """Items of prose under a caption, which may be empty. A `lone` one is a sentence, no list of one."""

    caption: str
    items: tuple[str, ...]

    @property
    def lone(self) -> bool:
        """Whether this is one item without a caption."""
        return len(self.items) == 1 and not self.caption


Block: TypeAlias = Table | Section | Paragraph | Listing


class Sheet(NamedTuple):
    """A title, which says what this is and by which card, lines right under it, and the blocks."""

    title: str
    blocks: tuple[Block, ...]
    lead: tuple[str, ...] = ()


def table(titles: Sequence[str], align: str, rows: Iterable[Row | Sequence[str]], caption: str = "") -> Table:
    """A table; plain sequences of cells become rows."""
    return Table(tuple(titles), align, tuple(map(_row, rows)), caption)


def untitled(align: str, rows: Iterable[Row | Sequence[str]], caption: str = "") -> Table:
    """A table without a header: names on the left, what is said of them beside."""
    return table([""] * len(align), align, rows, caption)


def total(cells: Iterable[str]) -> Row:
    """The row that sums up the ones above."""
    return Row(tuple(cells), "total")


def group(cell: str) -> Row:
    """A heading over the rows after it."""
    return Row((cell,), "group")


def note(cell: str) -> Row:
    """What is to be said of the row before."""
    return Row((cell,), "note")


def _row(row: Row | Sequence[str]) -> Row:
    return row if isinstance(row, Row) else Row(tuple(row))


def inset(rows: Sequence[Row]) -> Iterator[tuple[str, ...]]:
    """The cells of each row, with those under a group and notes set in a little."""
    grouped = any(row.kind == "group" for row in rows)
    for row in rows:
        margin = "  " if row.kind == "note" or (row.kind == "row" and grouped) else ""
        yield (f"{margin}{row.cells[0]}", *row.cells[1:])


def legible(sheet: Sheet) -> Sheet:
    """The sheet with every text of it made `visible`, as every renderer shows it."""
    return Sheet(visible(sheet.title), tuple(map(_legible, sheet.blocks)), tuple(map(visible, sheet.lead)))


def _legible(block: Block) -> Block:
    match block:
        case Section():
            return Section(visible(block.title))
        case Paragraph():
            return Paragraph(tuple(map(visible, block.lines)))
        case Listing():
            return Listing(visible(block.caption), tuple(map(visible, block.items)))
        case Table():
            rows = tuple(Row(tuple(map(visible, row.cells)), row.kind) for row in block.rows)
            return Table(tuple(map(visible, block.titles)), block.align, rows, visible(block.caption))
