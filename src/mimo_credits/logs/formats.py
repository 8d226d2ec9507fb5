"""Which format a JSON object is of, and what it tells.

One rule: each object is told apart by its own keys, so that files of several formats may be joined. What has the keys
of no tool's format is a response of an API, well formed or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mimo_credits.errors import InputError
from mimo_credits.ledger import Record
from mimo_credits.logs import claude_code, litellm, opencode, opencode_store
from mimo_credits.logs.lines import Found, Whole

_OF_A_RESPONSE = ("usage", "choices", "model")


def is_known(value: object) -> bool:
    """Whether a JSON value looks like any of the formats."""
    return isinstance(value, dict) and (_is_of_a_tool(value) or any(key in value for key in _OF_A_RESPONSE))


def found_in(file: str, value: object) -> Iterable[Found]:
    """What a JSON value of a file tells. Raises `InputError`, `NotJson`, `OSError`."""
    if not isinstance(value, dict):
        raise InputError("payload", f"needs a JSON object, not {type(value).__name__}")
    if opencode.is_message(value):
        return opencode_store.read_file(file, value)
    if litellm.is_row(value):
        return [litellm.read(value)]
    if claude_code.is_line(value):
        return [claude_code.read(value)]
    return [Whole(Record.from_response(value))]


def _is_of_a_tool(value: Mapping[str, object]) -> bool:
    return opencode.is_message(value) or litellm.is_row(value) or claude_code.is_line(value)
