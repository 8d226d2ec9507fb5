"""LiteLLM's spend log: rows of the table `LiteLLM_SpendLogs`, as JSON, JSON Lines or CSV.

Learned from LiteLLM's own sources (github.com/BerriAI/litellm: `proxy/schema.prisma`, and `get_logging_payload` in
`proxy/spend_tracking/spend_tracking_utils.py`). The rules:

- **Input**: `prompt_tokens` is all input, also for Anthropic-style providers, whose two kinds of cached tokens LiteLLM
  adds (`calculate_usage`). The cached part stands in the metadata, under `additional_usage_values` or `usage_object`,
  as `prompt_tokens_details.cached_tokens` or `cache_read_input_tokens`: one number under two names, of which one may be
  left at 0, so the greater counts. A row without either object does not say how much was cached, and is no usage.
- **LiteLLM's own cache**: where `cache_hit` is true the answer came from LiteLLM, and no provider was asked.
- **Instants** are in UTC, whether the export says so or not; a request happens at `startTime`.
- **Whose model**: `openai/`, `anthropic/` and `custom_openai/` name only a protocol, which Xiaomi speaks too, and
  `xiaomi_mimo/` is Xiaomi: without these prefixes it is the model's own name. Any other provider, as a prefix or in
  `custom_llm_provider`, serves and bills by itself: there the name is `provider/model`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from mimo_credits.errors import InputError, shown
from mimo_credits.instants import to_utc
from mimo_credits.ledger import Record
from mimo_credits.logs.fields import table, text, whole
from mimo_credits.logs.lines import NO_TOKENS, Found, NoRequest, Whole
from mimo_credits.usage import Usage

COLUMNS = ("request_id", "startTime")
"""What tells a row from other objects, and the head of a CSV from other lines."""

CACHE_HIT = NoRequest("an answer from LiteLLM's own cache, for which no provider was asked")

_XIAOMI = ("", "openai", "anthropic", "custom_openai", "xiaomi_mimo")
_VALUES = ("usage_object", "additional_usage_values")
_MOST_DIGITS = 18


def is_row(document: Mapping[str, object]) -> bool:
    """Whether an object is a row of the spend log."""
    return all(column in document for column in COLUMNS)


def read(row: Mapping[str, object]) -> Found:
    """The request of a row. Raises `InputError`."""
    if str(row.get("cache_hit")).lower() == "true":
        return CACHE_HIT
    prompt, completion = _count(row, "prompt_tokens"), _count(row, "completion_tokens")
    if not prompt and not completion:
        return NO_TOKENS
    model = model_name(text(row, "model"), row.get("custom_llm_provider"))
    usage = usage_of(model, prompt, completion, _usage_values(row))
    return Whole(Record(text(row, "request_id"), _instant(row, "startTime"), usage))


def usage_of(model: str, prompt_tokens: int, completion_tokens: int, values: Mapping[str, object]) -> Usage:
    """The usage that LiteLLM tells by its two counts of tokens and the other `values` of its usage object.

    Raises `InputError`.
    """
    cached = whole(table(values, "prompt_tokens_details"), "cached_tokens", 0)
    searched = whole(table(values, "web_search_usage"), "tool_usage", 0)
    return Usage(
        model,
        input_tokens=prompt_tokens,
        cached_tokens=max(cached, whole(values, "cache_read_input_tokens", 0)),
        output_tokens=completion_tokens,
        audio_seconds=whole(values, "seconds", 0),
        web_searches=max(searched, whole(table(values, "server_tool_use"), "web_search_requests", 0)),
    )


def model_name(model: str, provider: object) -> str:
    """A model's own name where Xiaomi serves it, else `provider/model`."""
    prefix, slash, rest = model.partition("/")
    if slash and prefix in _XIAOMI:
        return rest
    return model if (provider or "") in (*_XIAOMI, prefix) else f"{provider}/{model}"


def _count(row: Mapping[str, object], name: str) -> int:
    """A whole number, which a CSV holds as text."""
    value = row.get(name)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS:
        return int(value)
    return whole(row, name)


def _usage_values(row: Mapping[str, object]) -> Mapping[str, object]:
    """What the provider said of its usage, from both objects; the metadata are JSON, in most exports as a text."""
    metadata = _json_object(row, "metadata")
    if all(metadata.get(name) is None for name in _VALUES):
        raise InputError("metadata", "has no usage values, so nobody knows how much of the input was cached")
    both = (table(metadata, name) for name in _VALUES)
    return {name: value for values in both for name, value in values.items() if value is not None}


def _json_object(row: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = row.get(name)
    if isinstance(value, str):
        try:
            value = json.loads(value or "{}")
        except (ValueError, RecursionError):
            raise InputError(name, f"needs a JSON object, not {shown(value)}") from None
    return table({name: value}, name)


def _instant(row: Mapping[str, object], name: str) -> datetime:
    written = text(row, name)
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        raise InputError(name, f"{shown(written)} is not an ISO 8601 instant") from None
    return to_utc(at.replace(tzinfo=UTC) if at.tzinfo is None else at, name)
