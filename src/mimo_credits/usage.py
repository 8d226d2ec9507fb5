"""`Usage`: what one request consumed, and the readers of the providers' own usage JSON.

One rule: `input_tokens` is all input, the cached part included, as the OpenAI-style API says it, and cached tokens are
never more than the input. The readers turn other conventions into this one and invent nothing: a count that is missing
where the API always sends it, or that is no whole number, is an `InputError`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mimo_credits.errors import InputError, is_unicode, shown, wrong_type

MAX_COUNT = 10**15
"""No count of one usage may exceed this: a bound on bad input, far above a year of the largest plan."""

_COUNTS = ("input_tokens", "cached_tokens", "output_tokens", "audio_seconds", "web_searches", "images")


@dataclass(frozen=True, slots=True)
class Usage:
    """What one request consumed: whole tokens, whole seconds of audio, calls of the web-search plugin, images made.

    `input_tokens` includes `cached_tokens`; `output_tokens` includes reasoning. `images` are those that are
    sold by the piece; no response names them. Raises `InputError`.
    """

    model: str
    input_tokens: int = field(default=0, kw_only=True)
    cached_tokens: int = field(default=0, kw_only=True)
    output_tokens: int = field(default=0, kw_only=True)
    audio_seconds: int = field(default=0, kw_only=True)
    web_searches: int = field(default=0, kw_only=True)
    images: int = field(default=0, kw_only=True)

    def __post_init__(self) -> None:
        if type(self.model) is not str or not self.model or not is_unicode(self.model):
            raise InputError("model", f"needs a model id, not {shown(self.model)}")
        for name in _COUNTS:
            _check_count(getattr(self, name), name)
        if self.cached_tokens > self.input_tokens:
            raise InputError(
                "cached_tokens",
                f"{self.cached_tokens:,} exceeds input_tokens {self.input_tokens:,}, which include the cached ones",
            )

    @property
    def missed_tokens(self) -> int:
        """Input tokens that were not found in the cache."""
        return self.input_tokens - self.cached_tokens

    @classmethod
    def from_openai(cls, payload: Mapping[str, object], *, model: str | None = None) -> Usage:
        """Reads an OpenAI-style response (chat completions or responses API) or its usage object.

        Cached tokens are inside the input and reasoning tokens inside the output there; detail fields overlap one
        another and are never added up. `model` names the model where the payload does not. Raises `InputError`.
        """
        usage = _usage_object(payload)
        newer = "prompt_tokens" not in usage and "input_tokens" in usage
        names = ("input_tokens", "output_tokens") if newer else ("prompt_tokens", "completion_tokens")
        return cls(
            _model(payload, model),
            input_tokens=_count(usage, names[0]),
            cached_tokens=_detail(usage, f"{names[0]}_details", "cached_tokens"),
            output_tokens=_count(usage, names[1]),
            audio_seconds=_count(usage, "seconds", default=0),
            web_searches=_detail(usage, "web_search_usage", "tool_usage"),
        )

    @classmethod
    def from_anthropic(cls, payload: Mapping[str, object], *, model: str | None = None) -> Usage:
        """Reads an Anthropic-style response or its usage object.

        There `input_tokens` leaves out what was read from and written to the cache, so both are added; tokens written
        to the cache are billed as misses (a cache write has no surcharge). Raises `InputError`.
        """
        usage = _usage_object(payload)
        cached = _count(usage, "cache_read_input_tokens", default=0)
        written = _count(usage, "cache_creation_input_tokens", default=0)
        return cls(
            _model(payload, model),
            input_tokens=_count(usage, "input_tokens") + cached + written,
            cached_tokens=cached,
            output_tokens=_count(usage, "output_tokens"),
            web_searches=_detail(usage, "server_tool_use", "web_search_requests"),
        )

    @classmethod
    def from_response(cls, payload: Mapping[str, object], *, model: str | None = None) -> Usage:
        """Reads either shape, told apart by its fields. Raises `InputError`."""
        usage = _usage_object(payload)
        if "prompt_tokens" in usage or "input_tokens_details" in usage:
            return cls.from_openai(payload, model=model)
        if "input_tokens" in usage:
            return cls.from_anthropic(payload, model=model)
        raise InputError("usage", "has neither prompt_tokens (OpenAI) nor input_tokens (Anthropic)")


def check_usage(value: object) -> None:
    """Raises `InputError` for anything but a `Usage`."""
    if not isinstance(value, Usage):
        raise wrong_type("usage", "a Usage", value)


def _check_count(value: object, name: str) -> None:
    if type(value) is not int:
        raise InputError(name, f"needs a whole number, not {shown(value)}")
    if value < 0:
        raise InputError(name, f"is negative: {shown(value)}")
    if value > MAX_COUNT:
        raise InputError(name, f"is beyond {MAX_COUNT:,}, more than one usage can hold")


def _usage_object(payload: object) -> Mapping[str, object]:
    if not isinstance(payload, Mapping):
        hint = "; json.loads it first" if isinstance(payload, (str, bytes, bytearray)) else ""
        raise InputError("payload", f"needs a JSON object, not {type(payload).__name__}{hint}")
    usage = payload.get("usage", payload)
    if not isinstance(usage, Mapping):
        raise InputError("usage", f"needs a JSON object, not {shown(usage)}")
    return usage


def _detail(usage: Mapping[str, object], parent: str, name: str) -> int:
    """A count inside one of the usage's own objects; 0 where either is absent."""
    details = usage.get(parent)
    if details is None:
        return 0
    if not isinstance(details, Mapping):
        raise InputError(f"usage.{parent}", f"needs a JSON object, not {shown(details)}")
    return _count(details, name, default=0, inside=f"usage.{parent}")


def _count(fields: Mapping[str, object], name: str, *, default: int | None = None, inside: str = "usage") -> int:
    value = fields.get(name)
    if value is None:
        if default is None:
            raise InputError(f"{inside}.{name}", "is missing")
        return default
    _check_count(value, f"{inside}.{name}")
    assert isinstance(value, int)
    return value


def _model(payload: Mapping[str, object], given: str | None) -> str:
    named = given if given is not None else payload.get("model")
    if not isinstance(named, str) or not named:
        raise InputError("model", "is missing: the payload names none, and none was given")
    return named
