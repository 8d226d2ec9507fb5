"""The published rate cards and workloads: finding, reading and verifying them. This is the core's only I/O.

Each provider has a folder of cards. MiMo's are meant where no provider is named: `2026-05-27.1` is one of them, that of
another provider is `deepseek/2026-05-22.1`.

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
from typing import NamedTuple

import tomli

from mimo_credits.book import RateBook
from mimo_credits.card import RateCard
from mimo_credits.errors import (
    CardMismatch,
    InputError,
    NoSuchCard,
    Problem,
    RateCardError,
    WithdrawnCard,
    nearest,
    shown,
)
from mimo_credits.frozen import FrozenMap
from mimo_credits.planning.workload import Workload
from mimo_credits.planning.workload_file import read_workloads

_CARD_FILE = re.compile(r"(\d{4}-\d{2}-\d{2})\.(\d+)\.toml")
_PUBLISHED = re.compile(r"[\w-]+/\d{4}-\d{2}-\d{2}(\.\d+)?")
_DIGEST = re.compile(r"[0-9a-fA-F]{64}")
_PINNED = "@sha256:"
MIMO = "mimo"
"""The provider whose cards need no name before their ids."""
_WORKLOADS = "workloads.toml"


class Withdrawal(NamedTuple):
    """That a published card must no longer be used: since which `date`, `why`, and its `successor`'s id.

    `card_id` is the card's name as `list_cards` has it.
    """

    card_id: str
    successor: str
    date: str
    why: str

    def __str__(self) -> str:
        return f"rate card {self.card_id} was withdrawn: {self.why} Its successor is {self.successor}."


def rates_folder() -> Traversable:
    """The folder of published rates: inside the installed package, or beside `src/` in a checkout."""
    packaged = files("mimo_credits") / "rates"
    return packaged if packaged.is_dir() else Path(__file__).parents[2] / "rates"


@cache
def list_providers() -> tuple[str, ...]:
    """Whose cards are published: MiMo's (`mimo`) first, then those of the vendors that the press compares it with."""
    folders = sorted(entry.name for entry in rates_folder().iterdir() if entry.is_dir())
    return (MIMO, *(name for name in folders if name != MIMO))


def list_cards(provider: str = MIMO) -> tuple[str, ...]:
    """The published cards of MiMo or another provider, in the order of version and revision, as `load_card` takes them.

    MiMo's go by their ids alone, `2026-05-27.1`; others have the provider before it, `deepseek/2026-05-22.1`. Raises
    `InputError` for a provider that `list_providers` does not name.
    """
    _check_provider(provider)
    return _listed(provider)


@cache
def _listed(provider: str) -> tuple[str, ...]:
    found = (_CARD_FILE.fullmatch(entry.name) for entry in (rates_folder() / provider).iterdir())
    ids = (f"{version}.{revision}" for version, revision in sorted(_numbered(match) for match in found if match))
    return tuple(_name(provider, card_id) for card_id in ids)


def _check_provider(provider: object) -> None:
    _check_text(provider, "provider", "the name of a provider")
    known = list_providers()
    if provider not in known:
        alike = nearest(str(provider), known)
        hint = f"nearest: {', '.join(alike)}" if alike else f"known are {', '.join(known)}"
        raise InputError("provider", f"there are no cards of {shown(provider)}; {hint}")


def _name(provider: str, card_id: str) -> str:
    """A card of a provider as `load_card`, `STATUS.toml` and our messages call it."""
    return card_id if provider == MIMO else f"{provider}/{card_id}"


def _file(name: str) -> tuple[str, Traversable]:
    """Where a card lies: the path below the folder of rates, and the file."""
    provider, _, card_id = name.rpartition("/")
    path = f"{provider or MIMO}/{card_id}.toml"
    return path, rates_folder() / path


def _numbered(match: re.Match[str]) -> tuple[str, int]:
    return match[1], int(match[2])


@cache
def _withdrawn() -> Mapping[str, Withdrawal]:
    status = tomli.loads((rates_folder() / "STATUS.toml").read_text("utf-8"))
    return {card_id: Withdrawal(card_id, **said) for card_id, said in status.get("withdrawn", {}).items()}


def withdrawal(version: str) -> Withdrawal | None:
    """Whether the card that `load_card(version)` gives was withdrawn, and why; None for one that is good.

    Raises `NoSuchCard`, and `InputError` for what is no text.
    """
    return _withdrawn().get(_resolve(version))


@cache
def _read(name: str) -> RateCard:
    path, file = _file(name)
    return RateCard.from_toml(file.read_bytes(), file=path)


def load_card(version: str | None = None, *, path: str | Path | None = None, sha256: str | None = None) -> RateCard:
    """The published card of a version: `"2026-05-27"` for its highest revision, `"2026-05-27.1"` for exactly that one.

    Another provider's card has its name before it: `"deepseek/2026-05-22"`; `list_cards` has them all. With `sha256`
    its bytes must have that digest. A withdrawn card loads with a `WithdrawnCard` warning that names its successor.
    `path` loads a card of your own from a file, whose shape and citations are checked alike. Raises `NoSuchCard`,
    `CardMismatch`, `RateCardError`, and `InputError` for a file that cannot be read or an argument that cannot be
    right.
    """
    if sha256 is not None:
        _check_digest(sha256)
    if path is not None:
        if version is not None:
            raise InputError("path", "a card is loaded by its version or from a path, not both")
        return _pinned(_read_file(_path(path, "path"), "path"), sha256)
    if version is None:
        raise InputError("version", "is missing: name a card, or pass path=")
    name = _resolve(version)
    card = _pinned(_read(name), sha256)
    _warn_if_withdrawn(name)
    return card


def split_pin(pin: str) -> tuple[str, str | None]:
    """A pin as version and digest, for `load_card`: `2026-05-27.1@sha256:…`; without a digest None stands for it."""
    version, pinned, digest = pin.partition(_PINNED)
    if pinned and not digest:
        raise InputError("sha256", f"the digest after {_PINNED} is empty")
    return version, digest if pinned else None


def names_a_file(text: str) -> bool:
    """Whether a text that stands for a card is a file's path, `./mine.toml`, and no card's name, `deepseek/2026-05-22`.

    A path ends in `.toml` or has a separator; in a name one may stand between the provider and a version or id.
    """
    if text.endswith(".toml"):
        return True
    return ("/" in text or "\\" in text) and not _PUBLISHED.fullmatch(text)


def _check_digest(value: object) -> None:
    _check_text(value, "sha256", "the digest in hexadecimal")
    if not _DIGEST.fullmatch(str(value)):
        raise InputError("sha256", f"needs 64 hexadecimal digits and nothing else, not {shown(value)}")


def _check_text(value: object, name: str, what: str) -> None:
    if not isinstance(value, str):
        raise InputError(name, f"needs {what} as a text, not {shown(value)}")


def _path(value: object, name: str) -> Path:
    if not isinstance(value, (str, Path)):
        raise InputError(name, f"needs a text or a Path, not {shown(value)}")
    return Path(value)


def _warn_if_withdrawn(name: str) -> None:
    """Warns in the name of whoever called the public function that calls this one."""
    withdrawn = _withdrawn().get(name)
    if withdrawn is not None:
        warnings.warn(str(withdrawn), WithdrawnCard, stacklevel=3)


def _pinned(card: RateCard, sha256: str | None) -> RateCard:
    if sha256 is not None and sha256.lower() != card.sha256:
        raise CardMismatch(card.id, expected=sha256, found=card.sha256)
    return card


def _read_file(path: Path, argument: str) -> RateCard:
    return RateCard.from_toml(_bytes_of(path, argument), file=str(path))


def _bytes_of(path: Path, argument: str) -> bytes:
    try:
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise InputError(argument, f"{path} cannot be read: {getattr(error, 'strerror', error)}") from None


def load_book(
    *, pins: Mapping[str, str] | None = None, directory: str | Path | None = None, provider: str | None = None
) -> RateBook:
    """All published cards in order of effect, each version in its highest revision: MiMo's, or another provider's.

    `pins` chooses the revision of a version, `{"2026-04-03": "2026-04-03.1"}`, and its bytes where a digest follows:
    `"2026-04-03.1@sha256:…"`. `directory` takes the cards of a folder of your own (`*.toml`) instead, checked as by
    `load_card`. A pin to a withdrawn card warns as `load_card` does. Raises `NoSuchCard`, `CardMismatch`, `InputError`,
    `RateCardError` (also for two cards that take effect at one instant).
    """
    pinned = _checked_pins({} if pins is None else pins)
    if directory is None:
        named = {name: _read(name) for name in list_cards(MIMO if provider is None else provider)}
        cards = {card.id: card for card in named.values()}
    elif provider is None:
        cards = _folder(_path(directory, "directory"))
    else:
        raise InputError("provider", "cards come from a folder of your own or from a provider, not both")
    chosen: dict[str, RateCard] = {}
    for card in sorted(cards.values(), key=lambda card: (card.version, card.revision)):
        chosen[card.version] = card
    for version, (card_id, sha256) in pinned.items():
        if version in cards:
            right = version.rpartition(".")[0]
            raise InputError(
                "pins", f"the key {version!r} is a card's id: a key is a version without revision, {right!r}"
            )
        if version not in chosen:
            raise NoSuchCard(version, chosen)
        if not card_id.startswith(f"{version}."):
            raise InputError("pins", f"{card_id!r} is no revision of {version!r}")
        if card_id not in cards:
            raise NoSuchCard(card_id, cards)
        chosen[version] = _pinned(cards[card_id], sha256)
        if directory is None:
            _warn_if_withdrawn(_name(provider or MIMO, card_id))
    return RateBook(chosen.values())


def _checked_pins(pins: object) -> dict[str, tuple[str, str | None]]:
    """Each version's pin as the card's id and its digest."""
    if not isinstance(pins, Mapping):
        raise InputError("pins", f"needs a mapping from a version to a card's id, not {shown(pins)}")
    for version, pin in pins.items():
        _check_text(version, "pins", "each version")
        _check_text(pin, "pins", "each card's id")
    checked = {version: split_pin(pin) for version, pin in pins.items()}
    for _, digest in checked.values():
        if digest is not None:
            _check_digest(digest)
    return checked


@cache
def _published_workloads() -> FrozenMap[Workload]:
    return read_workloads((rates_folder() / _WORKLOADS).read_bytes(), _WORKLOADS, load_card)


def load_workloads(*, path: str | Path | None = None) -> FrozenMap[Workload]:
    """The named workloads that `rates/workloads.toml` publishes, by name; `path` reads a file of your own instead.

    Each says who estimates it. Raises `WorkloadsError`, and `InputError` for a file that cannot be read.
    """
    if path is None:
        return _published_workloads()
    return read_workloads(_bytes_of(_path(path, "path"), "path"), str(path), load_card)


def _folder(directory: Path) -> dict[str, RateCard]:
    """The cards of a folder by id. Two files that claim one id are refused."""
    cards: dict[str, RateCard] = {}
    if not directory.is_dir():
        raise InputError("directory", f"{directory} {'is no folder' if directory.exists() else 'does not exist'}")
    files_found = sorted(directory.glob("*.toml"))
    if not files_found:
        raise InputError("directory", f"{directory} holds no rate card (*.toml)")
    for file in files_found:
        card = _read_file(file, "directory")
        if card.id in cards:
            raise RateCardError(str(file), [Problem("revision", f"another file of this folder is card {card.id}, too")])
        cards[card.id] = card
    return cards


def _resolve(version: str) -> str:
    """The name of the published card that is meant. Raises `NoSuchCard`, naming those like it of every provider."""
    _check_text(version, "version", "a card's version or id")
    if _PINNED in version:
        name, _ = split_pin(version)
        raise InputError("version", f"{shown(version)} has a digest: pass {name!r} and, for the digest, sha256=")
    if names_a_file(version):
        raise InputError("version", f"{shown(version)} looks like a file: load it with path=")
    asked = version.removeprefix(f"{MIMO}/")
    provider = asked.rpartition("/")[0] or MIMO
    known = list_cards(provider) if provider in list_providers() else ()
    matching = [name for name in known if asked in (name, name.rpartition(".")[0])]
    if not matching:
        all_of_them = [name for each in list_providers() for name in list_cards(each)]
        raise NoSuchCard(version, {*all_of_them, *(name.rpartition(".")[0] for name in all_of_them)})
    return matching[-1]


def verify_cards() -> Mapping[str, str]:
    """Reads every provider's cards and compares their bytes with `SHA256SUMS`: a card's name -> `ok`, or what is wrong.

    Names are those of `list_cards`. A card that is listed in it and has no file is named, too, after those that have.
    """
    listed = {}
    for line in (rates_folder() / "SHA256SUMS").read_text("utf-8").splitlines():
        digest, _, path = line.partition("  ")
        listed[path.removeprefix(f"{MIMO}/").removesuffix(".toml")] = digest
    found = [name for provider in list_providers() for name in list_cards(provider)]
    return {name: _verdict(name, listed.get(name)) for name in dict.fromkeys([*found, *listed])}


def _verdict(name: str, listed: str | None) -> str:
    _, file = _file(name)
    if not file.is_file():
        return "has no file, though SHA256SUMS lists it" if listed is not None else "has no file any more"
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    if listed is None:
        return "is not listed in SHA256SUMS"
    return "ok" if found == listed else f"has sha256 {found}, SHA256SUMS says {listed}"
