"""The published rate cards as the checks and the generated pages read them: a folder for each seller.

A card is named by its path below `rates/`, without `.toml`: `mimo/2026-05-27.1`. `STATUS.toml` names the cards of
Xiaomi's folder without the folder, as the library asks for them, and those of another seller with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import tomli

from mimo_credits.card import RateCard
from mimo_credits.errors import Problem, RateCardError

RATES = Path(__file__).resolve().parent.parent / "rates"
XIAOMI = "mimo"

TO_SAY = "say here what is new"
"""What a card that was begun by `make new-card` has at its head until somebody does."""

BESIDE = frozenset({"STATUS.toml", "EXCEPTIONS.toml", "workloads.toml"})
"""What else is TOML in the folder of the rates."""

_FILE = re.compile(r"(\d{4}-\d{2}-\d{2})\.([1-9]\d*)\.toml")


class Folder(NamedTuple):
    """The cards of one seller by name, in the order of version and revision, and what `STATUS.toml` says of them."""

    cards: Mapping[str, RateCard]
    withdrawn: Mapping[str, Mapping[str, Any]]


def files(folder: Path) -> list[Path]:
    """The files of a seller's cards, in the order of version and revision; other names are left out.

    Raises `OSError` where there is no such folder.
    """
    numbered = [(match[1], int(match[2]), path) for path in folder.iterdir() if (match := _FILE.fullmatch(path.name))]
    return [path for _, _, path in sorted(numbered)]


def read_card(path: Path) -> RateCard:
    """A card from its file. Raises `RateCardError`, also where the file is not named as the card in it."""
    card = RateCard.from_toml(path.read_bytes(), file=f"{path.parent.name}/{path.name}")
    if path.name != f"{card.id}.toml":
        raise RateCardError(f"{path.parent.name}/{path.name}", [Problem("version", f"the file holds card {card.id}")])
    return card


def read_folders(rates: Path = RATES) -> dict[str, Folder]:
    """Every seller's folder by its name, Xiaomi's first.

    Raises `RateCardError` for a card or a `STATUS.toml` that cannot be read, and for a file that is neither a card at
    its place nor one of those `BESIDE` them: no rule would see it.
    """
    withdrawn = _read_status(rates / "STATUS.toml")
    paths = sorted(path for path in rates.iterdir() if path.is_dir()) if rates.is_dir() else []
    known = {rates / name for name in BESIDE}.union(*(files(path) for path in paths))
    for stray in sorted(set(rates.rglob("*.toml")) - known):
        problem = Problem("file name", "a card's file is <seller>/<version>.<revision>.toml")
        raise RateCardError(stray.relative_to(rates).as_posix(), [problem])
    folders = {}
    for path in sorted((path for path in paths if files(path)), key=lambda path: (path.name != XIAOMI, path.name)):
        cards = {f"{path.name}/{file.stem}": read_card(file) for file in files(path)}
        said = {name: entry for name, entry in withdrawn.items() if name.startswith(f"{path.name}/")}
        folders[path.name] = Folder(cards, said)
    lost = [name for name in withdrawn if name.partition("/")[0] not in folders]
    if lost:
        raise RateCardError("STATUS.toml", [Problem(name, "there is no such folder of cards") for name in lost])
    return folders


def _read_status(path: Path) -> dict[str, Mapping[str, Any]]:
    """Withdrawn cards by their full names; none where there is no such file."""
    if not path.exists():
        return {}
    try:
        status = tomli.loads(path.read_text(encoding="utf-8"))
    except tomli.TOMLDecodeError as error:
        raise RateCardError(path.name, [Problem(f"line {error.lineno}", error.msg)]) from None
    table = status.pop("withdrawn", {})
    entries = table if isinstance(table, dict) else {"withdrawn": table}
    wrong = [*status, *(name for name, entry in entries.items() if not isinstance(entry, dict))]
    if wrong:
        raise RateCardError(path.name, [Problem(name, "is no table [withdrawn.<card>]") for name in wrong])
    return {name if "/" in name else f"{XIAOMI}/{name}": entry for name, entry in entries.items()}


def spans(ids: Sequence[str], order: Sequence[str]) -> str:
    """Cards as spans of those that follow each other: `2026-05-27.1 to 2026-09-22.1, 2026-12-01.1`."""
    found: list[list[str]] = []
    for place, each in enumerate(order):
        if each in ids:
            follows = found and place and order[place - 1] == found[-1][-1]
            found[-1].append(each) if follows else found.append([each])
    return ", ".join(" to ".join(dict.fromkeys([span[0], span[-1]])) for span in found)
