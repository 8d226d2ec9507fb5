"""Who may call, without a database of LiteLLM's own: `TEAM_KEYS="reds=sk-red blues=sk-blue"` in the environment."""

import os
import secrets

from fastapi import HTTPException, Request
from litellm.proxy._types import UserAPIKeyAuth

TEAMS = [pair.partition("=")[::2] for pair in os.environ["TEAM_KEYS"].split()]


async def team_of(request: Request, api_key: str) -> UserAPIKeyAuth:  # noqa: ARG001 - LiteLLM passes both
    """The team whose key it is."""
    for team, key in TEAMS:
        if key and secrets.compare_digest(key.encode(), api_key.encode()):
            return UserAPIKeyAuth(api_key=api_key, team_id=team)
    raise HTTPException(401, "unknown key")
