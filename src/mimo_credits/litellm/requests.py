"""What a call of LiteLLM asks for: on whose account, and how much it can come to.

A request is the mapping of arguments that LiteLLM's functions take; behind a proxy, LiteLLM has put into its metadata
who is calling.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, TypeAlias

import litellm

from mimo_credits.errors import InputError
from mimo_credits.logs.litellm import model_name
from mimo_credits.usage import Usage

Request: TypeAlias = Mapping[str, Any]

LONGEST_ANSWER = 32_768
"""Output tokens that an answer is taken for where neither the request nor LiteLLM's model list names a limit."""

_LIMITS = ("max_completion_tokens", "max_tokens", "max_output_tokens")
_TEXTS = ("system", "instructions", "prompt", "input")  # input outside of messages


def caller(request: Request) -> str:
    """The account of a request behind a proxy: the key's team, else its user, else the key's SHA-256.

    Only what the proxy itself found out counts; a client's own metadata do not. Raises `InputError` where no proxy said
    who is calling.
    """
    for name in ("metadata", "litellm_metadata"):
        found = request.get(name)
        # The proxy's own object: what a client can write as JSON has no such attributes.
        key = found.get("user_api_key_auth") if isinstance(found, Mapping) else None
        if owner := getattr(key, "team_id", None) or getattr(key, "user_id", None):
            return str(owner)
        if secret := getattr(key, "api_key", None):
            return sha256(str(secret).encode()).hexdigest()
    raise InputError("account", "nobody is named: outside a proxy, say account='…' or a function of your own")


def at_most(request: Request, *, longest_answer: int = LONGEST_ANSWER) -> Usage:
    """The most that a request is taken to come to: none of its input cached, and the longest answer that it allows.

    The input is what LiteLLM's tokenizer counts, which is not MiMo's own: a good guess, and no bound. The output is the
    request's own limit, else the model's in LiteLLM's list, else `longest_answer`; times `n`. Raises `InputError`.
    """
    limits = [request[name] for name in _LIMITS if _is_count(request.get(name))]
    answer = max(limits) if limits else _known_limit(request) or longest_answer
    choices = request["n"] if _is_count(request.get("n")) else 1
    return Usage(model_of(request), input_tokens=_input_tokens(request), output_tokens=answer * choices)


def model_of(request: Request) -> str:
    """The model that is asked for, by its own name where Xiaomi serves it, else as `provider/model`."""
    model = request.get("model")
    if not isinstance(model, str):
        raise InputError("model", "is missing")
    return model_name(model, request.get("custom_llm_provider"))


def _is_count(value: object) -> bool:
    return type(value) is int and value > 0


def _known_limit(request: Request) -> int | None:
    try:
        limit = litellm.get_model_info(request["model"], request.get("custom_llm_provider")).get("max_output_tokens")
    except Exception:  # it raises a bare one for a model that it does not know
        return None
    return limit if isinstance(limit, int) and limit > 0 else None


def _input_tokens(request: Request) -> int:
    model = model_of(request)
    texts = [_as_text(request[name]) for name in _TEXTS if request.get(name)]
    messages = _message_tokens(model, request.get("messages"), request.get("tools"))
    return messages + sum(_tokens(model, text=text) for text in texts)


def _message_tokens(model: str, messages: object, tools: object) -> int:
    """A picture counts by LiteLLM's fixed guess: none is fetched."""
    if not messages:
        return _tokens(model, text=_as_text(tools)) if tools else 0
    try:
        return _tokens(model, messages=messages, tools=tools or None, use_default_image_token_count=True)
    except Exception:  # a kind of message that the counter does not know: its JSON is no shorter
        return _tokens(model, text=_as_text([messages, tools]))


def _tokens(model: str, **counted: Any) -> int:
    return int(litellm.token_counter(model=model, **counted))


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
