"""What can be set from outside: the environment, read once when the program starts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple


class Settings(NamedTuple):
    """`max_body` is in bytes; `ahead` is how far a client's clock may be before ours."""

    database_url: str = "sqlite:///billing.db"
    max_body: int = 1024 * 1024
    ahead: timedelta = timedelta(minutes=1)


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """`DATABASE_URL` and `MAX_BODY_BYTES`; what is not set has its default."""
    default = Settings()
    return Settings(
        database_url=environment.get("DATABASE_URL") or default.database_url,
        max_body=int(environment.get("MAX_BODY_BYTES") or default.max_body),
    )
