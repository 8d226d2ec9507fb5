"""A sheet as HTML, for notebooks and pages: semantic tables that read well in light, in dark, and without a style.

One rule: every text that comes from a value is escaped, so that a model named like markup stays a name. Numbers stand
on the right by an attribute as well, because some hosts strip styles. Colours are the host's own. What is said of cells
names the class twice, so that it outweighs Jupyter's rule by which all cells stand on the right.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from mimo_credits.display.sheet import Block, Listing, Paragraph, Row, Section, Sheet, Table, legible

_STYLE = """<style>
.mimo-credits { color: var(--jp-content-font-color1, var(--vscode-editor-foreground, inherit)); overflow-x: auto; }
.mimo-credits table { border-collapse: collapse; margin: 0.5em 0 1em; font-variant-numeric: tabular-nums; }
.mimo-credits caption { caption-side: top; text-align: left; font-weight: 600; padding: 0.3em 0; white-space: nowrap; }
.mimo-credits.mimo-credits table :is(td, th) { padding: 0.2em 0.8em 0.2em 0; text-align: left; vertical-align: baseline;
  background: transparent; white-space: nowrap; }
.mimo-credits.mimo-credits table :is(td, th)[align="right"] { text-align: right; }
.mimo-credits.mimo-credits table thead th { border-bottom: 1px solid currentColor; font-weight: 600; }
.mimo-credits.mimo-credits table tr.total > * { border-top: 1px solid currentColor; font-weight: 700; }
.mimo-credits.mimo-credits table tr.note > * { font-style: italic; padding-left: 1.2em; }
.mimo-credits.mimo-credits table tbody th[scope="rowgroup"] { padding-top: 0.6em; }
</style>"""


def as_html(sheet: Sheet) -> str:
    """The sheet as one `<div>` that brings its own style, for a notebook's cell or a place in a page."""
    return "\n".join(['<div class="mimo-credits">', _STYLE, *_parts(legible(sheet)), "</div>"])


def _parts(sheet: Sheet) -> Iterator[str]:
    if sheet.title:
        yield f"<p><strong>{escape(sheet.title)}</strong>{''.join(f'<br>{escape(line)}' for line in sheet.lead)}</p>"
    for block in sheet.blocks:
        yield from _block(block)


def _block(block: Block) -> Iterator[str]:
    match block:
        case Section():
            yield f"<h3>{escape(block.title)}</h3>"
        case Paragraph():
            yield f"<p>{'<br>'.join(escape(line.strip()) for line in block.lines)}</p>"
        case Listing(lone=True):
            yield f"<p>{escape(block.items[0])}</p>"
        case Listing():
            if block.caption:
                yield f"<p><strong>{escape(block.caption)}</strong></p>"
            yield f"<ul>{''.join(f'<li>{escape(item)}</li>' for item in block.items)}</ul>"
        case Table():
            yield from _table(block)


def _table(table: Table) -> Iterator[str]:
    yield "<table>"
    if table.caption:
        yield f"<caption>{escape(table.caption)}</caption>"
    if any(table.titles):
        yield f"<thead><tr>{''.join(_cells(table.titles, table.align, heading=True))}</tr></thead>"
    yield "<tbody>"
    for row in table.rows:
        yield _row(row, table.align)
    yield "</tbody></table>"


def _row(row: Row, align: str) -> str:
    if row.kind == "group":
        return f'<tr><th scope="rowgroup" colspan="{len(align)}">{escape(row.cells[0])}</th></tr>'
    if row.kind == "note":
        return f'<tr class="note"><td colspan="{len(align)}">{escape(row.cells[0])}</td></tr>'
    kind = ' class="total"' if row.kind == "total" else ""
    return f"<tr{kind}>{''.join(_cells(row.cells, align, bold=row.kind == 'total'))}</tr>"


def _cells(cells: Iterable[str], align: str, *, heading: bool = False, bold: bool = False) -> Iterator[str]:
    for cell, side in zip(cells, align, strict=True):
        aligned = ' align="right"' if side == "r" else ""
        text = f"<strong>{escape(cell)}</strong>" if bold and cell else escape(cell)
        yield f'<th scope="col"{aligned}>{text}</th>' if heading else f"<td{aligned}>{text}</td>"
