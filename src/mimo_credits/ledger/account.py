"""`Account`: what a ledger's entries add up to. A frozen value that knows no rules, no card, no clock but its own."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from mimo_credits.card import Interval
from mimo_credits.cycle import Cycle
from mimo_credits.errors import wrong_type
from mimo_credits.exact import to_credits
from mimo_credits.frozen import FrozenMap
from mimo_credits.instants import LAST_INSTANT
from mimo_credits.seen import as_html, as_markdown, as_rich, as_text

if TYPE_CHECKING:
    from rich.console import Group

    from mimo_credits.book import RateBook

ALLOWANCE = "allowance"
"""The bucket that a plan issues; each grant has one of its own, and so has what a renewal carried over."""


class Bucket(NamedTuple):
    """Credits that can be spent: the allowance, a grant, or what a renewal carried over.

    `issued` is what was put in over its life; `millicredits` is what is in it now, unheld.
    """

    pot: str
    millicredits: int
    issued: int
    priority: int
    opened_at: datetime
    expires_at: datetime | None

    def burn_key(self) -> tuple[object, ...]:
        """Burn order: priority (lower first), then earliest expiry (none last), then age, then id. Total.

        Of one age the allowance burns last: what a renewal carried over, and a grant, are not carried over once more.
        """
        never = self.expires_at is None
        return self.priority, never, self.expires_at or LAST_INSTANT, self.opened_at, self.pot == ALLOWANCE, self.pot


class Plan(NamedTuple):
    """The running subscription. A segment is the time since the last rollover, migration or trade-in.

    `overage` is what its usage drew, in millicredits, that no pot covered.
    """

    tier: str
    interval: Interval
    currency: str
    cycle: Cycle
    segment_start: datetime
    card: str
    pinned: str | None
    list_price: Decimal
    pending_tier: str | None = None
    pending_cancel: bool = False
    overage: int = 0


class OpenHold(NamedTuple):
    """A reservation: what it took from which pot, in burn order. A part whose segment has closed names `expired`."""

    id: str
    at: datetime
    expires_at: datetime
    card: str | None
    parts: tuple[tuple[str, int], ...]

    @property
    def millicredits(self) -> int:
        """All that is held."""
        return sum(amount for _, amount in self.parts)


class EndedHold(NamedTuple):
    """A hold that lapsed or was released: remembered until the segment after the one in which it ended has closed."""

    id: str
    how: str
    segments: int


class ClosedSegment(NamedTuple):
    """The segment before the running one; late usage of it is drawn from what it let expire, `millicredits`."""

    start: datetime
    end: datetime
    card: str | None
    currency: str
    millicredits: int


class Pots(NamedTuple):
    """Where credits come from and go to, in millicredits. `issued` and `overage` are sources, so never positive."""

    issued: int = 0
    held: int = 0
    spent: int = 0
    expired: int = 0
    overage: int = 0


_NO_POTS = Pots()
_NO_HOLDS: FrozenMap[OpenHold] = FrozenMap()
_NOTHING_OWED: FrozenMap[Fraction] = FrozenMap()


class Account(NamedTuple):
    """One account's state. `Account()` is an account that nobody has subscribed yet.

    `accrued` is what usage owes in money that no bill has asked for yet, exact, by currency. Once the plan is over, it
    is what rounding has left of the bills (below 0 where they were rounded up), for the bill of later usage to take up.
    """

    now: datetime | None = None
    since: datetime | None = None
    plan: Plan | None = None
    closed: ClosedSegment | None = None
    buckets: tuple[Bucket, ...] = ()
    pots: Pots = _NO_POTS
    holds: FrozenMap[OpenHold] = _NO_HOLDS
    ended_holds: tuple[EndedHold, ...] = ()
    accrued: FrozenMap[Fraction] = _NOTHING_OWED

    def __repr__(self) -> str:
        when = f" at {self.now.isoformat()}" if self.now else ""
        return f"<Account {self.tier or 'without a plan'}, {self.remaining:,f} credits left{when}>"

    def __str__(self) -> str:
        return as_text(self)

    def _repr_html_(self) -> str:
        return as_html(self)

    def __rich__(self) -> Group:
        return as_rich(self)

    def to_markdown(self) -> str:
        """The account as Markdown, with pipe tables."""
        return as_markdown(self)

    @property
    def tier(self) -> str | None:
        """The tier subscribed to; None without a plan."""
        return self.plan.tier if self.plan else None

    @property
    def cycle(self) -> Cycle | None:
        """The running cycle, half-open from `.start` to `.end`; None without a plan."""
        return self.plan.cycle if self.plan else None

    @property
    def remaining_millicredits(self) -> int:
        """What can still be spent or held: the unheld rest of the allowance and of all grants."""
        return sum(bucket.millicredits for bucket in self.buckets)

    @property
    def remaining(self) -> Decimal:
        """`remaining_millicredits` in credits, exact."""
        return to_credits(self.remaining_millicredits)

    def bucket(self, pot: str) -> Bucket | None:
        """The bucket of that name."""
        for bucket in self.buckets:
            if bucket.pot == pot:
                return bucket
        return None

    def as_of(self, instant: datetime, book: RateBook) -> Account:
        """This account after all that is due by `instant`. Raises `Refused` for an instant before the account's own."""
        # The engine knows accounts, not the other way round; this one question is asked of it only when called.
        from mimo_credits.ledger.commands import Advance
        from mimo_credits.ledger.engine import apply

        return apply(self, Advance(instant), book)[0]


def check_account(value: object) -> None:
    """Raises `InputError` for anything but an `Account`."""
    if not isinstance(value, Account):
        raise wrong_type("account", "an Account", value)
