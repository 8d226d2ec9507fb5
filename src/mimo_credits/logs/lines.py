"""What a line of a log can be, from what a format's reader finds in it; and the errors of a log as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeAlias

from mimo_credits.errors import InputError, MimoCreditsError, visible
from mimo_credits.ledger import Record

KNOWN = (
    "JSON Lines of API responses, Claude Code's session files, opencode's messages (msg_….json, opencode.db), "
    "LiteLLM's spend logs (JSON, JSON Lines, CSV)"
)
"""The shapes that can be read, as messages name them."""


class UnreadableLog(MimoCreditsError):
    """A log that cannot be opened, or not be read to its end; names the `file` and says `why`."""

    def __init__(self, file: str, why: str) -> None:
        self.file = file
        self.why = why
        super().__init__(f"{visible(file)}: {why}")


class UnknownLog(UnreadableLog):
    """A file of a shape that is not known here; `why` says what was seen and what is known."""

    def __init__(self, file: str, seen: str) -> None:
        super().__init__(file, f"is no log of a known shape: {seen}. Known are {KNOWN}")


class NotJson(Exception):
    """A text that is no JSON, or JSON that cannot be read; says why."""


class Place(NamedTuple):
    """A line of a log or a row of its database, counted from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{visible(self.file)}:{self.line}"


class Whole(NamedTuple):
    """A request that is told once and for all: another one of its id is a repeat or a contradiction."""

    record: Record


class Growing(NamedTuple):
    """A request as one of several lines tells it, written while its answer came: the fullest of them counts."""

    record: Record


class NoRequest(NamedTuple):
    """Something else than a request that a provider answered: `why`, in words that many lines can share."""

    why: str


Found: TypeAlias = Whole | Growing | NoRequest
"""What the reader of a format makes of a line; where it cannot be right, the reader raises `InputError`."""

NO_RESPONSE = NoRequest("no answer of a model, such as prompts and tool results")
NO_TOKENS = NoRequest("an answer without tokens, such as requests that failed or were stopped")


class Logged(NamedTuple):
    """A line that is a request: the usage it reports, ready for the ledger. `growing` as `Growing` says."""

    place: Place
    record: Record
    growing: bool = False


class Skipped(NamedTuple):
    """A line that is no request that a provider answered, and why."""

    place: Place
    why: str


class Malformed(NamedTuple):
    """A line that cannot be read, or that does not say its usage."""

    place: Place
    why: str


class Repeated(NamedTuple):
    """A request that the log held before: it counts once."""

    place: Place
    first: Place


class Contradicting(NamedTuple):
    """A request whose id the log gave to another one before."""

    place: Place
    first: Place
    why: str


Line: TypeAlias = Logged | Skipped | Malformed


Finder: TypeAlias = Callable[[], Iterable[Found]]
"""Finds what a place tells. Raises `InputError`, `NotJson` where it is malformed."""


def told(place: Place, find: Finder) -> Iterator[Line]:
    """What is found at a place: all of it or, where anything is wrong, that it is malformed."""
    try:
        found = list(find())
    except (InputError, NotJson) as error:
        yield Malformed(place, str(error))
        return
    for one in found:
        if isinstance(one, NoRequest):
            yield Skipped(place, one.why)
        else:
            yield Logged(place, one.record, growing=isinstance(one, Growing))
