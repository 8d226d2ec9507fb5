"""Fields of JSON objects, checked as they are taken out. Each raises `InputError` with the field's name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from mimo_credits.errors import InputError, shown

T = TypeVar("T")

_NO_FIELDS: Mapping[str, object] = {}


def text(parent: Mapping[str, object], name: str) -> str:
    """A text that must be there."""
    return _typed(parent, name, str, "a text")


def whole(parent: Mapping[str, object], name: str, default: int | None = None) -> int:
    """A whole number; the default, if there is one, where it is absent or null."""
    if default is not None and parent.get(name) is None:
        return default
    return _typed(parent, name, int, "a whole number")


def table(parent: Mapping[str, object], name: str) -> Mapping[str, object]:
    """An object; an empty one where it is absent or null."""
    if parent.get(name) is None:
        return _NO_FIELDS
    return _typed(parent, name, dict, "a JSON object")


def _typed(parent: Mapping[str, object], name: str, kind: type[T], words: str) -> T:
    value = parent.get(name)
    if value is None:
        raise InputError(name, "is missing")
    if type(value) is not kind:
        raise InputError(name, f"needs {words}, not {shown(value)}")
    return value
