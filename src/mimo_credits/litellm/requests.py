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

from mimo_credits.errors import InputError, shown
from mimo_credits.logs.litellm import model_name
from mimo_credits.usage import Usage

Request: TypeAlias = Mapping[str, Any]

LONGEST_ANSWER = 32_768
"""Output tokens that an answer is taken for where neither the request nor LiteLLM's model list names a limit."""

_LIMITS = ("max_completion_tokens", "max_tokens", "max_output_tokens")
_CHOICES = ("n", "best_of")
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
    request's own limit, else the model's in LiteLLM's list, else `longest_answer`; times `n` or `best_of`, for each of
    its prompts. `extra_body` is sent over the rest of the request, and counts so. Raises `InputError`, also where a
    limit or a number of answers is no whole number, or where `extra_body` asks for another model.
    """
    sent = _as_sent(request)
    answer = max(_counts(sent, _LIMITS), default=0) or _known_limit(sent) or longest_answer
    answers = max(_counts(sent, _CHOICES), default=1) * _prompts(sent.get("prompt"))
    return Usage(model_of(request), input_tokens=_input_tokens(sent), output_tokens=answer * answers)


def model_of(request: Request) -> str:
    """The model that is asked for, by its own name where Xiaomi serves it, else as `provider/model`."""
    model = request.get("model")
    if not isinstance(model, str):
        raise InputError("model", "is missing")
    return model_name(model, request.get("custom_llm_provider"))


def _as_sent(request: Request) -> Request:
    """The request with its `extra_body` over it, which must not ask for a model that is not the one charged."""
    extra = request.get("extra_body")
    if not isinstance(extra, Mapping):
        return request
    sent = {**request, **extra}
    if model_of(sent) != model_of(request):
        raise InputError("extra_body", f"asks for {shown(sent['model'])}, and the request for {model_of(request)}")
    return sent


def _counts(request: Request, names: tuple[str, ...]) -> list[int]:
    """What is said under these names; zero and less is as if nothing had been said."""
    said = ((name, request[name]) for name in names if request.get(name) is not None)
    return [count for name, value in said if (count := _count(name, value)) > 0]


def _count(name: str, value: object) -> int:
    """A whole number, also as JSON may write it: `2.0`."""
    if type(value) is int or (type(value) is float and value.is_integer()):
        return int(value)
    raise InputError(name, f"{shown(value)} is no whole number")


def _prompts(prompt: object) -> int:
    """How many prompts there are: each text of a list is one, and each list of tokens in it."""
    return max(1, sum(not isinstance(part, int) for part in prompt)) if isinstance(prompt, list | tuple) else 1


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
