"""What names may look like, and how a tenant's account is called in the ledger.

A tenant's id has no slash, so `tenant/account` says of whom it is at its first slash, whatever the account is called:
no two tenants can name the same account of the ledger.
"""

from __future__ import annotations

MAX_TENANT = 40
MAX_ACCOUNT = 100
MAX_KEY = 200
MAX_NAME = 200

TENANT = r"^[a-z0-9][a-z0-9-]{0,39}$"
ACCOUNT = r"^[A-Za-z0-9][A-Za-z0-9._~@:-]{0,99}$"
"""Ids of accounts and of holds: they stand in paths, and need no escape there. They have no slash: see `writing`."""
KEY = r"^[\x21-\x7e]{1,200}$"
NAME = r"^[^\u0000-\u001f\u007f]{1,200}$"


def ledger_id(tenant_id: str, account_id: str) -> str:
    """What the account is called in the ledger."""
    return f"{tenant_id}/{account_id}"
