"""What is sent: bodies of requests, numbers and texts within limits. What has the wrong type is refused, not turned."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from fastapi import Path
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StrictStr, WithJsonSchema

from billing_backend.names import ACCOUNT, MAX_KEY, MAX_NAME, NAME
from billing_backend.problems import invalid
from mimo_credits import Usage

AccountId: TypeAlias = Annotated[str, Path(pattern=ACCOUNT, examples=["ada"])]
HoldId: TypeAlias = Annotated[str, Path(pattern=ACCOUNT, examples=["call-1"])]

_Word: TypeAlias = Annotated[StrictStr, Field(pattern=r"^[A-Za-z0-9._/:-]{1,100}$")]
_Count: TypeAlias = Annotated[int, Field(strict=True, ge=0, le=10**15)]
_DECIMAL = r"[0-9]{1,16}(\.[0-9]{1,3})?"


def _decimal(value: object) -> object:
    if not isinstance(value, str) or not re.fullmatch(_DECIMAL, value):
        raise ValueError('needs a decimal number as a text, of at most three places, such as "500" or "0.25"')
    return value


def _only_text(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("needs an instant of ISO 8601 with its time zone, as a text")
    return value


_Credits: TypeAlias = Annotated[
    str,
    BeforeValidator(_decimal),
    WithJsonSchema({"type": "string", "pattern": f"^{_DECIMAL}$", "examples": ["500000000"]}),
]


_Instant: TypeAlias = Annotated[
    AwareDatetime,
    BeforeValidator(_only_text),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2027-01-01T00:00:00Z"]}),
]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewAccount(_Body):
    """An account to be opened: `id` is yours, `name` is for people."""

    id: Annotated[StrictStr, Field(pattern=ACCOUNT, examples=["ada"])]
    name: Annotated[StrictStr, Field(pattern=NAME, max_length=MAX_NAME, examples=["Ada's team"])]


class Subscription(_Body):
    """A plan to be bought."""

    tier: Annotated[_Word, Field(examples=["lite"])]
    currency: Annotated[_Word, Field(examples=["USD"])] = "USD"
    interval: Literal["monthly", "annual"] = "monthly"


class TierChange(_Body):
    """Another tier: `now` (upward only), or with the next cycle."""

    tier: Annotated[_Word, Field(examples=["standard"])]
    when: Literal["now", "renewal"] = "now"


class NewGrant(_Body):
    """Credits beside the allowance. Those of a lower `priority` are used first; the allowance has 0."""

    credits: _Credits
    expires_at: _Instant | None = None
    priority: Annotated[int, Field(strict=True, ge=-(10**6), le=10**6)] = 0
    label: Annotated[StrictStr, Field(pattern=r"^[^\u0000-\u001f\u007f]*$", max_length=MAX_NAME)] = ""


class EstimatedUsage(_Body):
    """What a request would use at most; `input_tokens` is all input, the cached part included."""

    model: Annotated[_Word, Field(examples=["mimo-v2.6-pro"])]
    input_tokens: Annotated[_Count, Field(examples=[86_790])] = 0
    cached_tokens: _Count = 0
    output_tokens: Annotated[_Count, Field(examples=[4_096])] = 0
    audio_seconds: _Count = 0
    web_searches: _Count = 0

    def usage(self) -> Usage:
        """The library's value. Raises `InputError`."""
        return Usage(**self.model_dump())


class NewHold(_Body):
    """Credits to be held before the work: those of an estimated usage, or so many; for so many seconds at most."""

    id: Annotated[StrictStr, Field(pattern=ACCOUNT, examples=["call-1"])]
    usage: EstimatedUsage | None = None
    credits: _Credits | None = None
    expires_in: Annotated[int, Field(strict=True, ge=1, le=86_400)] = 600


ProviderResponse: TypeAlias = Annotated[
    dict[str, Any],
    Field(
        description="The provider's answer as it is, OpenAI's shape or Anthropic's. `model` and `usage` are read, `id` "
        "tells one from another, and `created` (or `timestamp`) says when; nothing else is looked at, or kept.",
        json_schema_extra={
            "required": ["model", "usage"],
            "properties": {
                "model": {"type": "string"},
                "usage": {"type": "object"},
                "id": {"type": ["string", "null"]},
            },
        },
        examples=[
            {
                "id": "chatcmpl-1",
                "model": "mimo-v2.6-pro",
                "usage": {
                    "prompt_tokens": 86_790,
                    "completion_tokens": 305,
                    "prompt_tokens_details": {"cached_tokens": 86_000},
                },
            },
            {
                "id": "msg_1",
                "model": "mimo-v2.6-flash",
                "usage": {"input_tokens": 790, "cache_read_input_tokens": 86_000, "output_tokens": 305},
            },
        ],
    ),
]


def usage_id(response: Mapping[str, Any]) -> str | None:
    """What the usage is called in the ledger, recorded or settled: after the response's own id, if it has one.

    Raises the problem `invalid-request`.
    """
    named = response.get("id")
    if named is None:
        return None
    if not isinstance(named, str) or not named.isprintable() or not 0 < len(named) <= MAX_KEY:
        raise invalid([("id", f"needs a text of 1 to {MAX_KEY} printable characters")])
    return f"usage/{named}"
