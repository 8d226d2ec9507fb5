"""Begins a rate card from the one before: `make new-card VERSION=2026-12-01`.

A new version starts from the last card, at 00:00 on its day, in the offset of that card; `[migration]` stays behind,
because it belongs to the day of the card that has it. A correction, `REVISION=2` of a version, starts from the revision
that it corrects and holds from the same instant. The text is edited, not written anew: comments, columns and order stay
for the next reader. The rule: as data, the new card differs from the old one in its identity alone, or nothing is
written.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import tomli

from mimo_credits.card import RateCard
from mimo_credits.errors import RateCardError
from tools.published import RATES, TO_SAY, XIAOMI, files, read_card


class Refused(Exception):
    """Why no card is begun."""


class Identity(NamedTuple):
    """What tells a card from the one before."""

    version: str
    revision: int
    effective_from: datetime
    supersedes: str

    @property
    def corrects(self) -> bool:
        """Whether it is a correction of the card that it supersedes, not a new version."""
        return self.revision > 1


def identity(cards: Sequence[RateCard], version: str, revision: int) -> Identity:
    """Who the new card is, after the `cards` that there are, in order. Raises `Refused`."""
    day = _day(version)
    last = cards[-1]
    same = [card for card in cards if card.version == version]
    if same:
        free = same[-1].revision + 1
        if revision != free:
            raise Refused(f"there is a card {same[-1].id}: to correct what is published, add REVISION={free}")
        return Identity(version, revision, same[-1].effective_from, same[-1].id)
    if revision != 1:
        raise Refused(f"there is no card {version} to correct: leave out REVISION")
    if version < last.version:
        raise Refused(f"{version} is before the last card, {last.version}: only a correction reaches back")
    start = datetime.combine(day, time(), last.effective_from.tzinfo)
    return Identity(version, 1, start, last.id)


def begun(text: str, new: Identity) -> str:
    """The text of a card as that of the new one, still with the old one's prices. Raises `Refused`."""
    edited = _identified(_headed(text, new), new)
    expected = _data(text) | new._asdict()
    if not new.corrects:
        edited = _without_migration(edited)
        expected.pop("migration", None)
    if not _says(edited, expected):
        raise Refused("the last card is not laid out as the others: copy it, and change it by hand")
    return edited


def _day(version: str) -> date:
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", version):
            return date.fromisoformat(version)
    except ValueError:
        pass
    raise Refused(f"VERSION is the day on which the card takes effect, such as 2026-12-01, not {version!r}")


def _data(text: str) -> dict[str, Any]:
    return tomli.loads(text, parse_float=Decimal)


def _says(text: str, expected: Mapping[str, Any]) -> bool:
    try:
        return _data(text) == expected
    except tomli.TOMLDecodeError:
        return False


def _headed(text: str, new: Identity) -> str:
    """The comment at the head, up to its first empty line, anew: whose card it is, from when, and what is new."""
    head, empty_line, rest = text.partition("\n#\n")
    directive, *comment = head.split("\n")
    if not empty_line or not comment:
        raise Refused("the last card has no comment at its head: copy it, and change it by hand")
    whose = re.split(r" (?:from|at) ", comment[0], maxsplit=1)[0].rstrip(".")
    day = new.effective_from
    since = f"{whose} from {day.day} {day:%B %Y}."
    news = f"# New: corrects {new.supersedes}: {TO_SAY}." if new.corrects else f"# New: {TO_SAY}."
    return "\n".join([directive, since, news]) + empty_line + rest


def _identified(text: str, new: Identity) -> str:
    """The keys of the identity with their new values, each in its column; `supersedes` is added where there is none."""
    values = {
        "version": f'"{new.version}"',
        "revision": str(new.revision),
        "effective_from": new.effective_from.isoformat(),
        "supersedes": f'"{new.supersedes}"',
    }
    if not re.search(r"^supersedes\s*=", text, re.MULTILINE):
        text = re.sub(r"^(effective_from\s*= .*)$", r'\1\nsupersedes     = ""', text, count=1, flags=re.MULTILINE)
    for name, value in values.items():
        text = re.sub(rf"^({name}\s*= )\S+", rf"\g<1>{value}", text, count=1, flags=re.MULTILINE)
    return text


def _without_migration(text: str) -> str:
    return "\n\n".join(paragraph for paragraph in text.split("\n\n") if not paragraph.startswith("[migration"))


NEW_VERSION = """\
1. Change what changes, source by source, and say at the head what is new. Is the hour known? Then set effective_from.
   Which [[assumptions]] still hold? Look for days in them and in the comments: what "from this day on" was true of
   the last card is old news on this one. If running cycles change with the card, write [migration].
"""

CORRECTION = """\
1. Correct what is wrong, and say at the head and in an assumption what that was. In rates/STATUS.toml, withdraw:

   [withdrawn."{withdrawn}"]
   successor = "{version}.{revision}"
   date      = "<the day you do it>"
   why       = "<What was wrong, in a sentence.>"

   What rates/EXCEPTIONS.toml excuses on the wrong card it does not excuse on this one: add what still holds.
"""

THEN = """\
2. Have it read by somebody who checks each number against its source.
3. Type the new numbers into tests/test_cards_published.py and tests/test_cards_published_models.py, from the sources.
4. make sums: from then on the file never changes. Then make sources, make check, and a line in CHANGELOG.md.
"""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.new_card", description="Begins a rate card.")
    parser.add_argument("version", help="the day on which it takes effect, such as 2026-12-01")
    parser.add_argument("--revision", type=int, default=1, help="of a published version: the correction's number")
    parser.add_argument("--folder", default=XIAOMI, help="the seller's folder in rates/ (default: mimo)")
    parser.add_argument("--rates", type=Path, default=RATES, help="the folder of the cards (default: rates/)")
    options = parser.parse_args(arguments)
    try:
        print(write(options.rates / options.folder, options.version, options.revision), end="")
    except (Refused, RateCardError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def write(folder: Path, version: str, revision: int) -> str:
    """Writes the new card's file and returns what is to be done next. Raises `Refused`, `RateCardError`, `OSError`."""
    if not folder.is_dir():
        raise Refused(f"{folder} is no folder: FOLDER is a seller's folder in rates/, and holds the card to start from")
    cards = [read_card(file) for file in files(folder)]
    if not cards:
        raise Refused(f"{folder} has no card to start from")
    new = identity(cards, version, revision)
    path = folder / f"{version}.{revision}.toml"
    text = begun((folder / f"{new.supersedes}.toml").read_text(encoding="utf-8"), new)
    RateCard.from_toml(text, file=path.name)
    with path.open("x", encoding="utf-8", newline="\n") as file:
        file.write(text)
    withdrawn = new.supersedes if folder.name == XIAOMI else f"{folder.name}/{new.supersedes}"
    first = CORRECTION if new.corrects else NEW_VERSION
    first = first.format(withdrawn=withdrawn, version=version, revision=revision)
    return f"{path.name} is begun, with the prices of {new.supersedes}. Next:\n\n{first}{THEN}"


if __name__ == "__main__":
    sys.exit(main())
