"""Thresholds: an event when so much of a plan's pool is used, once for each in a cycle.

The pool is the allowance that the plan issued; credits of grants stand beside it, and what is held counts as used once
it is settled. A migration or an upgrade by trade-in issues the allowance anew: then the events begin again, too. The
crossing is a row of the request's transaction, so that neither a retry nor a race makes two of it.
"""

from __future__ import annotations

import logging
from typing import NamedTuple

from sqlalchemy import Connection, select

from billing_backend.accounts import insert_missing
from billing_backend.clock import written
from billing_backend.tables import crossings
from mimo_credits import Account

PERCENT = (50, 80, 100)
_log = logging.getLogger(__name__)


class Pool(NamedTuple):
    """The allowance of the running segment of a cycle, in millicredits; `segment` is when it began."""

    segment: str
    issued: int
    held: int
    left: int

    @property
    def used(self) -> int:
        """What was spent of it."""
        return max(self.issued - self.held - self.left, 0)

    def reaches(self, percent: int) -> bool:
        """Whether at least so much of it is used."""
        return self.issued > 0 and self.used * 100 >= self.issued * percent


class Crossing(NamedTuple):
    """One threshold, crossed."""

    percent: int
    pool: Pool


def pool_of(account: Account) -> Pool | None:
    """The pool; None without a plan."""
    bucket = account.bucket("allowance")
    if account.plan is None or bucket is None:
        return None
    held = sum(part for hold in account.holds.values() for pot, part in hold.parts if pot == bucket.pot)
    return Pool(written(account.plan.segment_start), bucket.issued, held, bucket.millicredits)


def cross(
    connection: Connection, tenant_id: str, account_id: str, before: Pool | None, pool: Pool | None
) -> list[Crossing]:
    """What the change of a pool has crossed for the first time in this cycle; the account's row must be locked."""
    if pool is None:
        return []
    known = before if before is not None and before.segment == pool.segment else None
    risen = [each for each in PERCENT if pool.reaches(each) and not (known and known.reaches(each))]
    place = {"tenant_id": tenant_id, "account_id": account_id, "segment": pool.segment}
    return [
        Crossing(percent, pool)
        for percent in risen
        if insert_missing(connection, crossings, {**place, "percent": percent})
    ]


def crossed(connection: Connection, tenant_id: str, account_id: str, pool: Pool) -> list[int]:
    """Which thresholds the pool has crossed so far."""
    table = crossings.c
    mine = (table.tenant_id == tenant_id, table.account_id == account_id, table.segment == pool.segment)
    return list(connection.scalars(select(table.percent).where(*mine).order_by(table.percent)))


def log_crossings(tenant_id: str, account_id: str, found: list[Crossing]) -> None:
    """A line for each, once its transaction is committed."""
    for percent, pool in found:
        said = {"segment": pool.segment, "issued": str(pool.issued), "used": str(pool.used)}
        fields = {"tenant": tenant_id, "account": account_id, "percent": percent, **said}
        _log.warning("threshold", extra={"fields": fields})
