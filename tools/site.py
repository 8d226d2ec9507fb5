"""The documentation site: the repository's own pages, gathered under one folder and built by Zensical.

A page reads well where it lies, in the repository, and its links point from file to file there. So the site is
assembled: each page goes to its place in the site, a link to another page is rewritten to that place, and a file that
is linked but is no page (a rate card, a scenario) is copied along. Notebooks are run and become pages, too. The rule: a
link that leads nowhere stops the build.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parent.parent
BUILT = "build/site"

PLACES = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "docs/examples/billing_backend/README.md": "billing-backend.md",
    "docs/examples/downstream/README.md": "downstream.md",
    "docs/examples/spark/README.md": "spark.md",
    "benchmarks/results.md": "benchmarks.md",
    "benchmarks/sql-results.md": "benchmarks-sql.md",
    "benchmarks/large-results.md": "benchmarks-large.md",
    "benchmarks/spark-results.md": "benchmarks-spark.md",
    "rates/README.md": "rate-cards.md",
}
"""Pages that lie elsewhere than in `docs/`, and where they stand in the site."""

STYLE = "docs/site.css"
"""What the site adds to its theme."""

FILES = "files"
"""Where files that are no pages are copied to."""

_LINK = re.compile(r"(?<=\])\(([^()\s]+)\)")
_FENCE = re.compile(r"^(```|~~~).*?^\1[ \t]*$", re.MULTILINE | re.DOTALL)


class BrokenLink(Exception):
    """A link of a page that leads to nothing."""


def places(root: Path) -> dict[str, str]:
    """Every page of the repository, and its place in the site; both below their folder, with `/`."""
    docs = root / "docs"
    within = {
        f"docs/{page.relative_to(docs).as_posix()}": page.relative_to(docs).with_suffix(".md").as_posix()
        for page in _pages(docs)
    }
    return {**within, **{page: place for page, place in PLACES.items() if (root / page).is_file()}}


def _pages(docs: Path) -> list[Path]:
    found = [*docs.rglob("*.md"), *(docs / "notebooks").glob("*.ipynb")]
    return sorted(page for page in found if "examples" not in page.relative_to(docs).parts)


def assemble(root: Path, folder: Path) -> list[str]:
    """Writes all pages below `folder`, with the files they link to. Raises `BrokenLink` with every broken one."""
    known, broken, copied = places(root), list[str](), set[str]()
    for page, place in known.items():
        move = partial(_moved, page=page, place=place, root=root, known=known, copied=copied, broken=broken)
        if page.endswith(".ipynb"):
            _write_notebook(root / page, folder / place, move)
        else:
            _write(folder / place, move((root / page).read_text(encoding="utf-8")))
    if broken:
        raise BrokenLink("\n".join(broken))
    for name in sorted(copied):
        target = folder / FILES / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / name, target)
    return sorted(known.values())


def _moved(
    text: str, page: str, place: str, root: Path, known: dict[str, str], copied: set[str], broken: list[str]
) -> str:
    """A page's text with its links as the site needs them; notes the other files that it links to, and broken links."""

    def moved(link: re.Match[str]) -> str:
        target, mark, anchor = link[1].partition("#")
        if not target or "://" in target or target.startswith("mailto:"):
            return link[0]
        found = _target(target, page, root, known)
        if found is None:
            broken.append(f"{page}: {link[1]} leads to nothing")
            return link[0]
        if found in known:
            return f"({_relative(known[found], place)}{mark}{anchor})"
        copied.add(found)
        return f"({_relative(f'{FILES}/{found}', place)}{mark}{anchor})"

    return _outside_fences(text, moved)


def _outside_fences(text: str, moved: Callable[[re.Match[str]], str]) -> str:
    """The text with its links moved; code blocks stay as they are."""
    parts, last = list[str](), 0
    for fence in _FENCE.finditer(text):
        parts += [_LINK.sub(moved, text[last : fence.start()]), fence[0]]
        last = fence.end()
    return "".join([*parts, _LINK.sub(moved, text[last:])])


def _target(target: str, page: str, root: Path, known: dict[str, str]) -> str | None:
    """The file that a link means, from the root: a folder means the page that explains it."""
    path = os.path.normpath(PurePosixPath(page).parent / target)
    name = PurePosixPath(path).as_posix()
    if (root / name).is_file():
        return name
    explained = f"{name}/README.md" if name != "." else "README.md"
    if explained in known:
        return explained
    return "docs/scenarios.md" if name == "tests/scenarios" else None


def _relative(target: str, place: str) -> str:
    return PurePosixPath(os.path.relpath(target, PurePosixPath(place).parent)).as_posix()


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _write_notebook(notebook: Path, page: Path, move: Callable[[str], str]) -> None:
    from tools.notebooks import converted  # brings Jupyter, which pages alone do not need

    text, pictures = converted(notebook, move)
    _write(page, text)
    for name, data in pictures.items():
        picture = page.parent / name
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.write_bytes(data)


def build(root: Path, built: Path) -> Path:
    """Assembles the pages below `built` and has Zensical build them there, warnings being errors."""
    shutil.rmtree(built, ignore_errors=True)
    assemble(root, built / "docs")
    shutil.copyfile(root / "mkdocs.yml", built / "mkdocs.yml")
    shutil.copyfile(root / STYLE, built / STYLE)
    zensical = Path(sys.executable).with_name("zensical")
    command = [str(zensical), "build", "--strict", "--config-file", "mkdocs.yml"]
    paths = [str(root), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]  # where `mkdocs.yml` finds its extension
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    subprocess.run(command, cwd=built, env=environment, check=True)
    return built / "site"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.site", description="Builds the documentation site.")
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout (default: this one)")
    options = parser.parse_args(arguments)
    try:
        built = build(options.root, options.root / BUILT)
    except BrokenLink as broken:
        print(broken, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        return error.returncode
    print(f"built in {built.relative_to(options.root)}: serve it with `python -m http.server -d {BUILT}/site`")
    return 0


if __name__ == "__main__":
    sys.exit(main())
