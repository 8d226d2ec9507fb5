"""How counts, instants and tier changes are written on the command line, and the options that commands share."""

from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from mimo_credits.book import RateBook
from mimo_credits.card import RateCard
from mimo_credits.catalog import list_cards, load_book, load_card, load_workloads, names_a_file
from mimo_credits.errors import InputError, MimoCreditsError, nearest
from mimo_credits.instants import parse_instant
from mimo_credits.planning import Workload

if TYPE_CHECKING:
    from argparse import _SubParsersAction

Commands: TypeAlias = "_SubParsersAction[ArgumentParser]"

EXAMPLE = "2026-05-27T00:00:00+08:00"

CARD = "a card's version or id, such as 2026-05-27.1 or deepseek/2026-05-22, or the path of a card file (*.toml)"

FIELDS = (
    *("at", "model", "input_tokens", "cached_tokens", "output_tokens"),
    *("audio_seconds", "web_searches", "images", "id"),
)
"""The fields of a request, which columns of a file hold."""

_COUNT = re.compile(r"\d+|\d{1,3}(,\d{3})+|\d+(_\d+)+", re.ASCII)
_MOST_DIGITS = 30


class UsageError(MimoCreditsError):
    """A command line that cannot be right."""


class Change(NamedTuple):
    """A tier change as typed: `2026-05-03T10:00:00+08:00=pro`."""

    at: datetime
    tier: str
    typed: str


class Alias(NamedTuple):
    """Another name of a model as typed: `work/big=mimo-v2.5-pro`."""

    name: str
    model: str
    typed: str


class Named(NamedTuple):
    """A field of a request and the column that holds it, as typed: `at=created_at`."""

    field: str
    column: str


def count(text: str) -> int:
    """A whole number, as 86000, 86_000 or 86,000."""
    if not _COUNT.fullmatch(text) or len(text) > _MOST_DIGITS:
        raise ArgumentTypeError(f"{text!r} is not a whole number from 0 on, such as 86000, 86_000 or 86,000")
    return int(text.replace(",", "").replace("_", ""))


def instant(text: str) -> datetime:
    """An instant with its offset from UTC, in ISO 8601."""
    try:
        return parse_instant(text)
    except InputError as error:
        example = "" if EXAMPLE in error.why else f" (an instant looks like {EXAMPLE})"
        raise ArgumentTypeError(f"{error.why}{example}") from None


def change(text: str) -> Change:
    """An instant and a tier, joined by `=`."""
    at, found, tier = text.rpartition("=")
    if not found or not tier:
        raise ArgumentTypeError(f"{text!r} is not INSTANT=TIER, such as {EXAMPLE}=pro")
    return Change(instant(at), tier, text)


def alias(text: str) -> Alias:
    """A name and a model, joined by `=`."""
    name, _, model = text.rpartition("=")
    if not name or not model:
        raise ArgumentTypeError(f"{text!r} is not NAME=MODEL, such as work/big=mimo-v2.5-pro")
    return Alias(name, model, text)


def add_columns(parser: ArgumentParser, fields: Sequence[str]) -> None:
    """The option that says which columns hold the fields; it leaves a list of `Named`."""

    def named(text: str) -> Named:
        name, _, column = text.partition("=")
        if not column:
            raise ArgumentTypeError(f"{text!r} is not FIELD=NAME, such as at=created_at")
        if name not in fields:
            alike = nearest(name, fields)
            hint = f"nearest: {', '.join(alike)}" if alike else f"the fields are {', '.join(fields)}"
            raise ArgumentTypeError(f"there is no field {name!r}; {hint}")
        return Named(name, column)

    parser.add_argument(
        "--column",
        action="append",
        type=named,
        default=[],
        metavar="FIELD=NAME",
        help=f"the column that holds a field, such as at=created_at (fields: {', '.join(fields)})",
    )


def add_errors(parser: ArgumentParser) -> None:
    """The two spellings of one option: whether what is refused stops a command (`raise`) or is kept (`column`)."""
    parser.add_argument(
        "--errors",
        choices=("raise", "column"),
        default="raise",
        help="refuse faulty rows (raise) or keep them, their fault in the column reason (column)",
    )
    parser.add_argument(
        "--keep-going", action="store_const", const="column", dest="errors", help="the same as --errors column"
    )


def add_json(parser: ArgumentParser) -> None:
    """The option that turns the result into JSON."""
    parser.add_argument("--json", action="store_true", help="print one JSON object (amounts as strings)")


def add_card_choice(parser: ArgumentParser) -> None:
    """The options that choose a card; read them with `chosen_card`."""
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--card", metavar="V", help=CARD)
    choice.add_argument("--at", type=instant, metavar="T", help=f"the card in force at an instant, such as {EXAMPLE}")


def chosen_card(options: Namespace) -> tuple[RateCard, str]:
    """The card that `--card` or `--at` names, else the newest published one; and which of these it is, in words.

    Raises what `named_card` does, and `NoCardInEffect`.
    """
    if options.card is not None:
        return named_card("--card", options.card), ""
    if options.at is not None:
        return load_book().at(options.at), f"in force at {options.at:%Y-%m-%d %H:%M:%S} UTC"
    return load_card(list_cards()[-1]), "the newest published"


def chosen_book(card: str | None) -> RateBook:
    """The book of the one card that `--card` names, else that of the published cards. Raises what `named_card` does."""
    return load_book() if card is None else RateBook.fixed(named_card("--card", card))


def named_workload(name: str) -> Workload:
    """The published workload that `--workload` names. Raises `UsageError`."""
    known = load_workloads()
    if name not in known:
        alike = nearest(name, known)
        hint = f"Nearest known: {', '.join(alike)}" if alike else f"Known: {', '.join(known)}"
        raise UsageError(f"--workload: there is no workload {name!r}. {hint}.")
    return known[name]


def named_card(argument: str, name: str) -> RateCard:
    """The published card of a version or id, or that of a file (`names_a_file`).

    Raises `NoSuchCard`, `RateCardError`, and `UsageError` for a file that cannot be read.
    """
    if not names_a_file(name):
        return load_card(name)
    try:
        return load_card(path=name)
    except InputError as error:
        raise UsageError(f"{argument}: {error.why}") from None
