"""`tests/golden/wire/`: the JSON of each type as a release wrote it, which every later version has to read.

The rule: a file that stood there when a version was released stays as it is, byte for byte; files are only added. What
is released, and when, the history of the changelog says, as for the API.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tools.api import releases
from tools.git import NoHistory, base_of, files_at, text_at

ROOT = Path(__file__).resolve().parent.parent
FOLDER = "tests/golden/wire"


def problems(root: Path, asked: str | None) -> list[str]:
    """Which golden files are gone or not as some release up to the commit `asked` for had them."""
    try:
        base = base_of(root, asked)
    except NoHistory as error:
        return [str(error)]
    return [
        f"{name} is not as {version} was released with it: golden files are only ever added to"
        for version, commit in (releases(root, base) if base else {}).items()
        for name in files_at(root, commit, FOLDER)
        if _text(root / name) != text_at(root, commit, name)
    ]


def _text(path: Path) -> str | None:
    return path.read_bytes().decode("utf-8", "replace") if path.is_file() else None


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.golden", description="Checks the golden JSON.")
    parser.add_argument("base", nargs="?", help="a commit: what it or one before it released stays (default: HEAD)")
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout (default: this one)")
    options = parser.parse_args(arguments)
    found = problems(options.root, options.base)
    for problem in found:
        print(f"golden files: {problem}", file=sys.stderr)
    if not found:
        print("golden files: none that was released has changed")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
