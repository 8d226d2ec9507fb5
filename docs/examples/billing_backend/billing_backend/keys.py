"""API keys: random, shown once, kept as a SHA-256, looked up by it.

A key holds 256 random bits, so nobody can guess one, whatever the speed of the hash: a slow hash (bcrypt, Argon2) is
for passwords, which people choose. And since the database looks for the hash of what was presented, how long it takes
says nothing about any key: nobody can steer what a hash begins with.
"""

from __future__ import annotations

import secrets
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import Connection, insert, select, update

from billing_backend.accounts import insert_missing
from billing_backend.clock import now, written
from billing_backend.tables import api_keys, tenants

PREFIX = "mck_"
"""So that people, and those who scan for leaked secrets, see what it is."""


class KeyRow(NamedTuple):
    """What is kept of a key that can be shown: never the key itself."""

    name: str
    tenant_id: str
    created_at: str
    revoked_at: str | None


def create_key(connection: Connection, tenant_id: str) -> tuple[str, str]:
    """A new key of the tenant, who is made if need be, and the name by which it is revoked."""
    key, name = PREFIX + secrets.token_urlsafe(32), secrets.token_hex(4)
    insert_missing(connection, tenants, {"id": tenant_id})
    row = {"sha256": _hash(key), "name": name, "tenant_id": tenant_id, "created_at": written(now())}
    connection.execute(insert(api_keys).values(row))
    return key, name


def tenant_of(connection: Connection, key: str) -> str | None:
    """Whose key it is; None for one that was never made, or is revoked."""
    table = api_keys.c
    query = select(table.tenant_id).where(table.sha256 == _hash(key), table.revoked_at.is_(None))
    found: str | None = connection.scalar(query)
    return found


def revoke_key(connection: Connection, name: str) -> bool:
    """From now on the key opens nothing; False where there is none of that name in use."""
    table = api_keys.c
    change = update(api_keys).where(table.name == name, table.revoked_at.is_(None)).values(revoked_at=written(now()))
    return connection.execute(change).rowcount == 1


def list_keys(connection: Connection) -> list[KeyRow]:
    """All keys, by tenant and age."""
    table = api_keys.c
    query = select(table.name, table.tenant_id, table.created_at, table.revoked_at)
    return [KeyRow(*row) for row in connection.execute(query.order_by(table.tenant_id, table.created_at))]


def _hash(key: str) -> str:
    return sha256(key.encode()).hexdigest()
