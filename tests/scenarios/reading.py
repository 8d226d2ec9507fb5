"""Reads the files of scenarios, and the rate cards that they name.

One rule: whatever is wrong with a file ends in a `ScenarioError` that names the file and lists all of it.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache
from pathlib import Path

import tomli
from pydantic import TypeAdapter, ValidationError

from mimo_credits import RateBook, RateCard, load_book
from tests.scenarios.vocabulary import PUBLISHED, Topic

FOLDER = Path(__file__).parent
CARDS = FOLDER / "cards"


class ScenarioError(Exception):
    """A file of scenarios that says something this vocabulary does not know, or expects nothing."""


_TOPIC = TypeAdapter(Topic)


def read_topic(text: str, file: str) -> Topic:
    """The topic that a file's text is. Raises `ScenarioError` with everything that is wrong."""
    try:
        topic = _TOPIC.validate_python(tomli.loads(text, parse_float=Decimal))
    except tomli.TOMLDecodeError as error:
        raise ScenarioError(f"{file}: {error}") from None
    except ValidationError as error:
        wrong = "".join(f"\n  {'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise ScenarioError(f"{file}:{wrong}") from None
    if not topic.scenario:
        raise ScenarioError(f"{file}: has no scenario")
    return topic


@cache
def read_all(folder: Path = FOLDER) -> tuple[tuple[str, Topic], ...]:
    """Each file's stem and topic, in the order of the files' names. Raises `ScenarioError`, also for a name used twice."""
    topics = tuple(
        (path.stem, read_topic(path.read_text(encoding="utf-8"), path.name)) for path in sorted(folder.glob("*.toml"))
    )
    names: dict[str, str] = {}
    for stem, topic in topics:
        for scenario in topic.scenario:
            if scenario.name in names:
                raise ScenarioError(f"{stem}: {scenario.name!r} stands in {names[scenario.name]} already")
            names[scenario.name] = stem
    return topics


@cache
def small_card(name: str) -> RateCard:
    """A card under `cards/`, read once. Raises `ScenarioError` where there is none of that name."""
    path = CARDS / f"{name}.toml"
    if not re.fullmatch(r"[a-z-]+", name) or not path.is_file():
        raise ScenarioError(f"there is no card {name!r} in {CARDS.name}/")
    return RateCard.from_toml(path.read_bytes(), file=path.name)


@cache
def book_of(cards: str | tuple[str, ...]) -> RateBook:
    """The rate book that a scenario is decided by."""
    if cards == PUBLISHED:
        return load_book()
    return RateBook(small_card(name) for name in cards)
