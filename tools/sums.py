"""`rates/SHA256SUMS`: the digest of every published rate card.

The rule: a published card never changes. Its line is added once (`--append`) and stays, so a card that was
edited, removed or never listed fails the check, and so does a list that lost or changed a line that any
earlier commit had.
The file can be read by `sha256sum --check` from within `rates/`.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

from tools.git import NoHistory, base_of, lines_ever_added

ROOT = Path(__file__).resolve().parent.parent
SUMS = "rates/SHA256SUMS"


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def cards(root: Path) -> list[str]:
    """The cards' paths below `rates/`, in order."""
    rates = root / "rates"
    return sorted(path.relative_to(rates).as_posix() for path in rates.glob("*/*.toml"))


def read_lines(root: Path) -> list[str]:
    path = root / SUMS
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def file_problems(root: Path) -> list[str]:
    """Where the list and the cards that lie in the folder differ."""
    problems = []
    listed: set[str] = set()
    for line in read_lines(root):
        expected, separator, name = line.partition("  ")
        path = root / "rates" / name
        if not separator or len(expected) != hashlib.sha256().digest_size * 2:
            problems.append(f"not a line of the form 'digest  path': {line!r}")
        elif name in listed:
            problems.append(f"{name} is listed twice")
        elif not path.is_file():
            problems.append(f"{name} is listed but missing: a published card stays")
        elif digest(path) != expected:
            problems.append(f"{name} has changed: a published card never does; publish a new revision")
        listed.add(name)
    problems += [f"{name} is not listed: run `make sums`" for name in cards(root) if name not in listed]
    return problems


def append(root: Path) -> list[str]:
    """Adds a line for each card that has none and returns the added lines; the others stay as they are."""
    lines = read_lines(root)
    listed = {line.partition("  ")[2] for line in lines}
    added = [f"{digest(root / 'rates' / name)}  {name}" for name in cards(root) if name not in listed]
    if added:
        text = "".join(f"{line}\n" for line in lines + added)
        (root / SUMS).write_text(text, encoding="utf-8", newline="\n")
    return added


def history_problems(root: Path, asked: str | None) -> list[str]:
    """Which lines that the list ever had, up to a base, are gone or changed.

    The whole way to the base counts (of a merge the branch that was merged into), not just the commit itself: a change
    that is made in one commit and left alone in the next is seen all the same.
    """
    try:
        base = base_of(root, asked)
    except NoHistory as error:
        return [str(error)]
    before = [] if base is None else lines_ever_added(root, base, SUMS)
    now = set(read_lines(root))
    return [f"the history of {base} has a line that is gone or changed: {line}" for line in before if line not in now]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.sums", description="Checks rates/SHA256SUMS.")
    parser.add_argument("base", nargs="?", help="a commit: no line of its history may be lost (default: HEAD)")
    parser.add_argument("--append", action="store_true", help="first add the cards that are not listed yet")
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout (default: this one)")
    options = parser.parse_args(arguments)
    if options.append:
        for line in append(options.root):
            print(f"added {line}")
    problems = file_problems(options.root) + history_problems(options.root, options.base)
    for problem in problems:
        print(f"{SUMS}: {problem}", file=sys.stderr)
    if not problems:
        print(f"{SUMS}: {len(read_lines(options.root))} cards, none changed, no line lost")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
