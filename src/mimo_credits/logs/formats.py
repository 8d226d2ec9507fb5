"""Which format a JSON object is of, and what it tells.

One rule: each object is told apart by its own keys, so that files of several formats may be joined.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

from mimo_credits.errors import InputError
from mimo_credits.ledger import Record
from mimo_credits.logs import claude_code, litellm, opencode
from mimo_credits.logs.documents import NotJson
from mimo_credits.logs.lines import Found, Line, Malformed, Place, Whole, placed

Finder: TypeAlias = Callable[[], Iterable[Found]]
"""Finds what a place tells. Raises `InputError`, `NotJson` where it is malformed."""

_OF_A_RESPONSE = ("usage", "choices", "model")


def is_known(document: object) -> bool:
    """Whether a JSON value looks like any of the formats, well formed or not."""
    return isinstance(document, dict) and (
        opencode.is_message(document)
        or litellm.is_row(document)
        or claude_code.is_line(document)
        or any(key in document for key in _OF_A_RESPONSE)
    )


def found_in(document: object) -> Iterable[Found]:
    """What a JSON value tells: a response, unless its keys say otherwise. Raises `InputError`."""
    if isinstance(document, dict):
        if opencode.is_message(document):
            return opencode.read(document)
        if litellm.is_row(document):
            return [litellm.read(document)]
        if claude_code.is_line(document):
            return [claude_code.read(document)]
    return [Whole(Record.from_response(_object(document)))]


def told(place: Place, find: Finder) -> Iterator[Line]:
    """What is found at a place: all of it or, where anything is wrong, that it is malformed."""
    try:
        found = list(find())
    except (InputError, NotJson) as error:
        yield Malformed(place, str(error))
    else:
        yield from (placed(place, one) for one in found)


def _object(document: object) -> Mapping[str, object]:
    if not isinstance(document, dict):
        raise InputError("payload", f"needs a JSON object, not {type(document).__name__}")
    return document
