"""Rules between the cards of one seller, and on what `STATUS.toml` says of them: at each instant one card is in force.

A correction is a revision: it holds from the same instant as the card that it corrects, which is withdrawn in its
favour. So of a version's revisions the highest is in force, and no two versions take effect at one instant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from itertools import groupby, pairwise

from mimo_credits.card import RateCard
from mimo_credits.errors import Problem
from tools.published import Folder

OrderRule = Callable[[Folder], Iterator[tuple[str, Problem]]]

_STATUS_KEYS = ("successor", "date", "why")


def one_folder_is_one_sellers(folder: Folder) -> Iterator[tuple[str, Problem]]:
    """All cards of a folder name the same provider."""
    for (_, before), (name, card) in pairwise(folder.cards.items()):
        if card.provider != before.provider:
            yield name, Problem("provider", f"{card.provider!r}, though the card before is of {before.provider!r}")


def each_card_supersedes_the_one_before(folder: Folder) -> Iterator[tuple[str, Problem]]:
    """A first revision supersedes a revision of the version before it, and the very first card none.

    A later revision supersedes the one that it corrects: its own version's, one lower.
    """
    before: list[str] = []
    for revisions in _versions(folder):
        expected = before
        for name, card in revisions:
            if (card.supersedes or "none") not in (expected or ["none"]):
                yield name, Problem("supersedes", f"is {card.supersedes or 'none'}, not {_either(expected)}")
            expected = [card.id]
        if revisions[0][1].revision != 1:
            yield revisions[0][0], Problem("revision", f"there is no revision 1 of {revisions[0][1].version}")
        before = [card.id for _, card in revisions]


def later_versions_take_effect_later(folder: Folder) -> Iterator[tuple[str, Problem]]:
    """No two versions are in force at once: each takes effect later than the version before."""
    for earlier, later in pairwise(_versions(folder)):
        (_, before), (name, card) = earlier[0], later[0]
        if card.effective_from <= before.effective_from:
            yield name, Problem("effective_from", f"is not later than that of {before.id}")


def revisions_take_effect_together(folder: Folder) -> Iterator[tuple[str, Problem]]:
    """A correction holds from the instant of the card that it corrects."""
    for revisions in _versions(folder):
        for (_, before), (name, card) in pairwise(revisions):
            if card.effective_from != before.effective_from:
                yield name, Problem("effective_from", f"is not that of {before.id}, which it corrects")


def a_corrected_card_is_withdrawn(folder: Folder) -> Iterator[tuple[str, Problem]]:
    """No two revisions are in force at once: `STATUS.toml` withdraws all but the highest, and not that one."""
    for revisions in _versions(folder):
        *corrected, (highest, last) = revisions
        for name, _ in corrected:
            if name not in folder.withdrawn:
                yield name, Problem("STATUS.toml", f"does not withdraw it, though {last.id} corrects it")
        if highest in folder.withdrawn:
            yield highest, Problem("STATUS.toml", "withdraws it, and no later revision is in force: publish one")


def a_successor_is_a_later_revision(folder: Folder) -> Iterator[tuple[str, Problem]]:
    """Whatever `STATUS.toml` withdraws is a card, and its successor a later revision of the same version."""
    for name, entry in folder.withdrawn.items():
        if name not in folder.cards:
            yield name, Problem("STATUS.toml", "withdraws it, but there is no such card")
            continue
        card, folder_name = folder.cards[name], name.partition("/")[0]
        later = folder.cards.get(f"{folder_name}/{entry.get('successor')}")
        if later is None or later.version != card.version or later.revision <= card.revision:
            yield name, Problem("STATUS.toml", f"successor {entry.get('successor')!r} is no later revision of it")


def a_withdrawal_says_when_and_why(folder: Folder) -> Iterator[tuple[str, Problem]]:
    """An entry of `STATUS.toml` has a successor, a date and a sentence that says why, and nothing else.

    Nobody asks a clock whether the date has come: it lies at most a year after the last card takes effect.
    """
    for name, entry in folder.withdrawn.items():
        for what in sorted(set(entry) ^ set(_STATUS_KEYS)):
            yield name, Problem("STATUS.toml", f"{what} {'is not known there' if what in entry else 'is missing'}")
        if "date" in entry and not _is_day(entry["date"]):
            yield name, Problem("STATUS.toml", f'{entry["date"]!r} is no day such as "2026-11-21"')
        elif "date" in entry and entry["date"] > _a_year_after(folder):
            yield name, Problem("STATUS.toml", f"{entry['date']} is more than a year after the last card: misprinted?")
        if "why" in entry and not (isinstance(entry["why"], str) and entry["why"].endswith(".")):
            yield name, Problem("STATUS.toml", "why is no sentence")


RULES: tuple[OrderRule, ...] = (
    one_folder_is_one_sellers,
    each_card_supersedes_the_one_before,
    later_versions_take_effect_later,
    revisions_take_effect_together,
    a_corrected_card_is_withdrawn,
    a_successor_is_a_later_revision,
    a_withdrawal_says_when_and_why,
)


def _versions(folder: Folder) -> list[list[tuple[str, RateCard]]]:
    """The cards by version, each with its revisions in order."""
    return [list(revisions) for _, revisions in groupby(folder.cards.items(), key=lambda item: item[1].version)]


def _either(ids: list[str]) -> str:
    return " or ".join(ids) or "none"


def _a_year_after(folder: Folder) -> str:
    """The day a year after that of the last card, as text: days so written sort as days."""
    last = max(card.version for card in folder.cards.values())
    return f"{int(last[:4]) + 1}{last[4:]}"


def _is_day(value: object) -> bool:
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        return False
    try:
        return bool(date.fromisoformat(value))
    except ValueError:
        return False
