"""The service's clock. The ledger has none: every instant comes in with a command, and here is where it comes from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

from mimo_credits import Account

Clock: TypeAlias = Callable[[], datetime]


def now() -> datetime:
    """This machine's clock, in UTC."""
    return datetime.now(UTC)


def written(instant: datetime) -> str:
    """An instant as these tables and answers write it."""
    return instant.isoformat().replace("+00:00", "Z")


def stamp(account: Account, instant: datetime) -> datetime:
    """The instant of a command that names none: the clock's, but never before the account's last entry.

    Clocks of several machines differ a little, and a client's may be ahead. The very first command is dated to the
    second that it lies in, since providers write `created` so: usage in a plan's first second is in the plan.
    """
    return max(instant, account.now) if account.now is not None else instant.replace(microsecond=0)


def not_before(account: Account, instant: datetime) -> datetime:
    """The instant, or the account's last entry where that is later: from when the account can be looked at."""
    return instant if account.now is None else max(instant, account.now)
