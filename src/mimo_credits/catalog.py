"""The published rate cards and workloads: finding, reading and verifying them. This is the core's only I/O.

Cards are found as package data (a wheel) or in the checkout's `rates/` folder (an editable install, a clone), through
`importlib.resources`. A card is read once per process and never changes.
"""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import tomli

from mimo_credits.book import RateBook
from mimo_credits.card import RateCard
from mimo_credits.errors import CardMismatch, InputError, NoSuchCard, Problem, RateCardError
from mimo_credits.frozen import FrozenMap
from mimo_credits.planning.workload import Workload
from mimo_credits.planning.workload_file import read_workloads

_CARD_FILE = re.compile(r"(\d{4}-\d{2}-\d{2})\.(\d+)\.toml")
_PROVIDER = "mimo"
_WORKLOADS = "workloads.toml"


def rates_folder() -> Traversable:
    """The folder of published rates: inside the installed package, or beside `src/` in a checkout."""
    packaged = files("mimo_credits") / "rates"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "rates"


@cache
def list_cards() -> tuple[str, ...]:
    """The ids of all published cards, in the order of their version and revision."""
    found = (_CARD_FILE.fullmatch(entry.name) for entry in (rates_folder() / _PROVIDER).iterdir())
    return tuple(f"{version}.{revision}" for version, revision in sorted(_numbered(match) for match in found if match))


def _numbered(match: re.Match[str]) -> tuple[str, int]:
    return match[1], int(match[2])


@cache
def _withdrawn() -> Mapping[str, Mapping[str, str]]:
    status = rates_folder() / "STATUS.toml"
    table: Mapping[str, Mapping[str, str]] = tomli.loads(status.read_text("utf-8")).get("withdrawn", {})
    return table


@cache
def _read(card_id: str) -> RateCard:
    file = rates_folder() / _PROVIDER / f"{card_id}.toml"
    return RateCard.from_toml(file.read_bytes(), file=f"{_PROVIDER}/{card_id}.toml")


def load_card(version: str | None = None, *, path: str | Path | None = None, sha256: str | None = None) -> RateCard:
    """The published card of a version: `"2026-05-27"` for its highest revision, `"2026-05-27.1"` for exactly that one.

    With `sha256` its bytes must have that digest. A withdrawn card loads with a warning that names its successor.
    `path` loads a card of your own from a file, with the same checks. Raises `NoSuchCard`, `CardMismatch`,
    `RateCardError`, and `InputError` for a file that cannot be read.
    """
    if path is not None:
        if version is not None:
            raise InputError("path", "a card is loaded by its version or from a path, not both")
        return _pinned(_read_file(Path(path)), sha256)
    if version is None:
        raise InputError("version", "is missing: name a card, or pass path=")
    card = _pinned(_read(_resolve(version)), sha256)
    withdrawn = _withdrawn().get(card.id)
    if withdrawn is not None:
        message = f"rate card {card.id} was withdrawn: {withdrawn['why']} Its successor is {withdrawn['successor']}."
        warnings.warn(message, UserWarning, stacklevel=2)
    return card


def _pinned(card: RateCard, sha256: str | None) -> RateCard:
    if sha256 is not None and sha256.lower() != card.sha256:
        raise CardMismatch(card.id, expected=sha256, found=card.sha256)
    return card


def _read_file(path: Path) -> RateCard:
    return RateCard.from_toml(_bytes_of(path), file=str(path))


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise InputError("path", f"{path} cannot be read: {getattr(error, 'strerror', error)}") from None


def load_book(*, pins: Mapping[str, str] | None = None, directory: str | Path | None = None) -> RateBook:
    """All published cards in order of effect, each version in its highest revision.

    `pins` chooses another revision of a version: `{"2026-04-03": "2026-04-03.1"}`. `directory` takes the cards of a
    folder of your own (`*.toml`) instead, with the same checks. Raises `NoSuchCard`, `InputError`,
    `RateCardError` (also for two cards that take effect at one instant).
    """
    cards = {card_id: _read(card_id) for card_id in list_cards()} if directory is None else _folder(Path(directory))
    chosen: dict[str, RateCard] = {}
    for card in sorted(cards.values(), key=lambda card: (card.version, card.revision)):
        chosen[card.version] = card
    for version, card_id in (pins or {}).items():
        if version not in chosen:
            raise NoSuchCard(version, chosen)
        if not card_id.startswith(f"{version}."):
            raise InputError("pins", f"{card_id!r} is no revision of {version!r}")
        if card_id not in cards:
            raise NoSuchCard(card_id, cards)
        chosen[version] = cards[card_id] if directory is not None else load_card(card_id)
    return RateBook(chosen.values())


@cache
def _published_workloads() -> FrozenMap[Workload]:
    return read_workloads((rates_folder() / _WORKLOADS).read_bytes(), _WORKLOADS)


def load_workloads(*, path: str | Path | None = None) -> FrozenMap[Workload]:
    """The named workloads that `rates/workloads.toml` publishes, by name; `path` reads a file of your own instead.

    Each says who estimates it. Raises `WorkloadsError`, and `InputError` for a file that cannot be read.
    """
    if path is None:
        return _published_workloads()
    return read_workloads(_bytes_of(Path(path)), str(path))


def _folder(directory: Path) -> dict[str, RateCard]:
    """The cards of a folder by id. Two files that claim one id are refused."""
    cards: dict[str, RateCard] = {}
    files_found = sorted(directory.glob("*.toml")) if directory.is_dir() else []
    if not files_found:
        raise InputError("directory", f"{directory} holds no rate card (*.toml)")
    for file in files_found:
        card = _read_file(file)
        if card.id in cards:
            raise RateCardError(str(file), [Problem("revision", f"another file of this folder is card {card.id}, too")])
        cards[card.id] = card
    return cards


def _resolve(version: str) -> str:
    known = list_cards()
    matching = [card_id for card_id in known if version in (card_id, card_id.rpartition(".")[0])]
    if not matching:
        raise NoSuchCard(version, {*known, *(card_id.rpartition(".")[0] for card_id in known)})
    return matching[-1]


def verify_cards() -> Mapping[str, str]:
    """Reads every published card and compares its bytes with `SHA256SUMS`: card id -> `ok`, or what is wrong."""
    listed = {}
    for line in (rates_folder() / "SHA256SUMS").read_text("utf-8").splitlines():
        digest, _, name = line.partition("  ")
        listed[name] = digest
    return {card_id: _verdict(card_id, listed.get(f"{_PROVIDER}/{card_id}.toml")) for card_id in list_cards()}


def _verdict(card_id: str, listed: str | None) -> str:
    found = hashlib.sha256((rates_folder() / _PROVIDER / f"{card_id}.toml").read_bytes()).hexdigest()
    if listed is None:
        return "is not listed in SHA256SUMS"
    return "ok" if found == listed else f"has sha256 {found}, SHA256SUMS says {listed}"
