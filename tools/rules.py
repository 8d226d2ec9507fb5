"""Holds every published card against the rules on sources, plausible numbers and order; run by `make check`.

A rule is a function that yields what breaks it; its name, with dashes, is the name of the rule. A card that breaks a
rule and is right all the same is excused in `rates/EXCEPTIONS.toml`, place by place, each with a sentence that says
why. An exception that excuses nothing is a problem, too: it would hide the next mistake.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import tomli
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from mimo_credits.errors import Problem, RateCardError
from tools import card_order, card_sources, plausibility
from tools.published import RATES, Folder, read_folders

EXCEPTIONS = "EXCEPTIONS.toml"


class Finding(NamedTuple):
    """A rule that a card breaks: the card's name, the rule's, the place on the card, and what is wrong there."""

    card: str
    rule: str
    at: str
    says: str

    def __str__(self) -> str:
        return f"{self.card}: {self.at}: {self.says} [{self.rule}]"


class Excused(BaseModel):
    """An exception: the card and the rule that it breaks `at` a place, and why it is right all the same."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    card: str
    rule: str
    at: str
    why: str

    @property
    def excuses(self) -> tuple[str, str, str]:
        """What a finding has to be of for this to excuse it."""
        return self.card, self.rule, self.at


def name_of(rule: Callable[..., object]) -> str:
    return rule.__name__.replace("_", "-")


def findings(folder: Folder) -> Iterator[Finding]:
    """Everything that the rules find in one seller's cards."""
    for name, card in folder.cards.items():
        own = plausibility.RULES_OF.get(card.provider, ())
        for rule in (*card_sources.RULES, *plausibility.RULES, *own):
            yield from (Finding(name, name_of(rule), *problem) for problem in rule(card))
    for order_rule in card_order.RULES:
        yield from (Finding(name, name_of(order_rule), *problem) for name, problem in order_rule(folder))


def read_exceptions(path: Path) -> list[Excused]:
    """The exceptions; none where there is no file. Raises `RateCardError` where it is not written as it should be."""
    try:
        document: Mapping[str, Any] = tomli.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        listed = TypeAdapter(dict[str, list[Excused]]).validate_python(document)
    except tomli.TOMLDecodeError as error:
        raise RateCardError(path.name, [Problem(f"line {error.lineno}", error.msg)]) from None
    except ValidationError as error:
        found = [Problem(".".join(map(str, each["loc"])), each["msg"]) for each in error.errors()]
        raise RateCardError(path.name, found) from None
    unknown = [Problem(name, "is not a key here: write [[exceptions]]") for name in listed if name != "exceptions"]
    if unknown:
        raise RateCardError(path.name, unknown)
    return listed.get("exceptions", [])


def unexcused(found: Iterable[Finding], exceptions: Iterable[Excused]) -> Iterator[str]:
    """What is left to be put right: findings that nothing excuses, and exceptions that excuse nothing or say no why."""
    listed = list(exceptions)
    found = list(found)
    times = Counter(exception.excuses for exception in listed)
    yield from (str(finding) for finding in found if finding[:3] not in times)
    broken = {finding[:3] for finding in found}
    for exception in listed:
        label = f"{EXCEPTIONS}: {exception.card}, {exception.rule}, {exception.at}"
        if exception.excuses not in broken:
            yield f"{label}: excuses nothing: the card does not break that rule there"
        if times[exception.excuses] > 1:
            yield f"{label}: is written more than once"
        if not exception.why.endswith("."):
            yield f"{label}: why is no sentence"


def problems(rates: Path) -> list[str]:
    """All that is wrong with the cards in a folder of rates."""
    try:
        folders = read_folders(rates)
        exceptions = read_exceptions(rates / EXCEPTIONS)
    except RateCardError as error:
        return [str(error)]
    found = [finding for folder in folders.values() for finding in findings(folder)]
    return list(unexcused(found, exceptions)) or ([] if folders else ["no rate card to check"])


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.rules", description="Holds the cards against the rules.")
    parser.add_argument("--rates", type=Path, default=RATES, help="the folder of the cards (default: rates/)")
    options = parser.parse_args(arguments)
    wrong = problems(options.rates)
    for line in wrong:
        print(line, file=sys.stderr)
    if not wrong:
        print("the cards keep the rules on sources, plausible numbers and order")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
