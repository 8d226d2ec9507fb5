"""The notebooks in `docs/notebooks/`, run and written as pages: prose, code, what each cell printed, showed and drew.

A notebook is committed without its outputs, so what a page shows is what the code does now. It is run in its own
folder, by the interpreter that runs this tool.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import nbformat
from nbclient import NotebookClient
from nbconvert import MarkdownExporter

FOLDER = "docs/notebooks"
_KERNEL = "python3"
_SECONDS = 120
_FRAME_STYLE = re.compile(r"<style scoped>.*?</style>\n?|(?<=<table) border=\"1\" class=\"dataframe\"", re.DOTALL)
"""How pandas dresses a table for a notebook: in a page, a table looks like the page's others."""

_PICTURE = re.compile(r"^!\[png\]\((?P<path>[^)]+)\)", re.MULTILINE)
_ENLARGED = r"[![what the cell above draws](\g<path>)](\g<path>)"
"""A picture that leads to itself: on a phone a tap shows it in its full size."""


class Converted(NamedTuple):
    """A notebook as Markdown, and the pictures that it shows, by their path from the page."""

    text: str
    pictures: dict[str, bytes]


def converted(notebook: Path, moved: Callable[[str], str]) -> Converted:
    """Runs a notebook and writes it as a page; `moved` rewrites the links of its prose.

    Raises `nbclient.exceptions.CellExecutionError` where a cell fails.
    """
    read = nbformat.read(notebook, as_version=4)  # type: ignore[no-untyped-call]
    for cell in read.cells:
        if cell.cell_type == "markdown":
            cell.source = moved(cell.source)
    NotebookClient(
        read, kernel_name=_KERNEL, timeout=_SECONDS, resources={"metadata": {"path": str(notebook.parent)}}
    ).execute()
    exporter = MarkdownExporter()  # type: ignore[no-untyped-call]
    text, resources = exporter.from_notebook_node(
        read, resources={"output_files_dir": f"{notebook.stem}_files", "unique_key": notebook.stem}
    )
    pictures = {PurePosixPath(name).as_posix(): bytes(data) for name, data in resources["outputs"].items()}
    return Converted(_PICTURE.sub(_ENLARGED, _FRAME_STYLE.sub("", text)), pictures)
