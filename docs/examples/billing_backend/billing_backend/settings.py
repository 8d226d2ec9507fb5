"""What can be set from outside: the environment, read once when the program starts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple


class SettingError(ValueError):
    """A variable that cannot be used: which one, what it is, and what would be right."""


class Settings(NamedTuple):
    """`max_body` is in bytes; `ahead` is how far a client's clock may be before ours."""

    database_url: str = "sqlite:///billing.db"
    max_body: int = 1024 * 1024
    ahead: timedelta = timedelta(minutes=1)


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """`DATABASE_URL` and `MAX_BODY_BYTES`; what is not set has its default. Raises `SettingError`."""
    default = Settings()
    most = environment.get("MAX_BODY_BYTES") or str(default.max_body)
    if not (most.isascii() and most.isdigit() and int(most) > 0):
        raise SettingError(f"MAX_BODY_BYTES={most}: needs a whole number of bytes, such as {default.max_body}")
    return Settings(environment.get("DATABASE_URL") or default.database_url, int(most))
