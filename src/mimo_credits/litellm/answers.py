"""What an answer says it used, in each shape that LiteLLM hands to a callback.

LiteLLM's own form counts all input in `prompt_tokens`, whichever provider answered, and cached tokens under up to two
names, of which the greater counts (see `logs.litellm`): a cached token is billed once. Answers that it hands through as
the provider wrote them, of the responses API and of Anthropic's messages, are read as such.
"""

from __future__ import annotations

from collections.abc import Mapping

from mimo_credits.errors import InputError
from mimo_credits.logs.fields import whole
from mimo_credits.logs.litellm import usage_of
from mimo_credits.usage import Usage


def used(model: str, answer: object) -> Usage:
    """The usage that an answer, or its usage object alone, tells of. Raises `InputError` where it tells of none."""
    part = usage_part(answer)
    values = _plain(answer if part is None else part)
    if "prompt_tokens" in values:
        return usage_of(model, whole(values, "prompt_tokens"), whole(values, "completion_tokens", 0), values)
    return Usage.from_response(values, model=model)


def usage_part(answer: object) -> object:
    """The usage object of an answer; None where it has none."""
    return answer.get("usage") if isinstance(answer, Mapping) else getattr(answer, "usage", None)


def _plain(value: object) -> Mapping[str, object]:
    """A JSON object, also of what is a pydantic model."""
    dump = getattr(value, "model_dump", None)
    plain = dump() if dump else value
    if not isinstance(plain, Mapping):
        raise InputError("usage", "is missing: the answer says nothing of what it used")
    return plain
