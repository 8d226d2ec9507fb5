"""Entries: what happened, in order. They are the ledger; an account is what they add up to.

Entries carry amounts, never rules, so replaying them needs no rate card and correcting a card never rewrites history.
`Posting` is the only entry that changes a balance: it moves credits from one pot to another and makes none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Literal, NamedTuple, TypeAlias, TypeGuard, get_args

from mimo_credits.card import Interval
from mimo_credits.cycle import Cycle
from mimo_credits.errors import several, wrong_type
from mimo_credits.frozen import FrozenMap
from mimo_credits.ledger.account import Bucket, ClosedSegment, EndedHold, OpenHold, Plan
from mimo_credits.table import Rates
from mimo_credits.usage import Usage

ISSUED = "issued"
HELD = "held"
SPENT = "spent"
EXPIRED = "expired"
OVERAGE = "overage"
NOT_BUCKETS = (ISSUED, HELD, SPENT, EXPIRED, OVERAGE)
"""The pots that are no buckets. Each grant has a bucket, `grant:<id>`, and so has what a renewal carried over."""

PostingReason = Literal[
    "allowance",
    "upgrade",
    "grant",
    "usage",
    "late-usage",
    "overage",
    "pay-as-you-go",
    "hold",
    "hold-returned",
    "expiry",
    "carried",
    "renewal",
    "migration",
    "trade-in",
    "lapse",
    "correction",
]
CycleReason = Literal["subscribe", "renewal", "migration", "trade-in"]
BillReason = Literal["subscribe", "first-purchase", "renewal", "upgrade", "trade-in", "usage", "correction"]


class Rated(NamedTuple):
    """One accepted usage, also at no cost: the `rates` of model and band that priced it, and by which card.

    `id` is that of the Record or Settle; `usage.model` was asked for, `rates.model` is billed.
    """

    at: datetime
    id: str
    usage: Usage
    rates: Rates
    card: str
    digest: str
    off_peak: bool
    millicredits: int


class Posting(NamedTuple):
    """Moves millicredits (more than 0) from pot `source` to pot `target`; `ref` is the id of what asked for it."""

    at: datetime
    source: str
    target: str
    millicredits: int
    reason: PostingReason
    ref: str


class CycleOpened(NamedTuple):
    """A segment of a plan begins: a cycle, or the rest of one after a migration (`reason`). It closes the one before.

    `list_price` is what the tier costs for the interval by card `card`; `pinned` says that the account stays on it.
    """

    at: datetime
    reason: CycleReason
    tier: str
    interval: Interval
    currency: str
    cycle: Cycle
    card: str
    digest: str
    list_price: Decimal
    pinned: bool


class TierChanged(NamedTuple):
    """The tier changes inside a cycle that goes on, by the price difference; `ref` is the command's id."""

    at: datetime
    tier: str
    card: str
    digest: str
    list_price: Decimal
    ref: str


class Scheduled(NamedTuple):
    """What the next renewal will do: change to `tier`, end the plan (`cancel`), or, with neither, just renew."""

    at: datetime
    tier: str | None
    cancel: bool
    ref: str


class Lapsed(NamedTuple):
    """The plan ends with its cycle: it was cancelled, or its tier is no longer sold."""

    at: datetime
    reason: Literal["cancelled", "not-sold"]


class BucketOpened(NamedTuple):
    """A pot of credits beside the allowance begins, empty; a posting fills it."""

    at: datetime
    pot: str
    expires_at: datetime | None
    priority: int
    label: str


class BucketClosed(NamedTuple):
    """A pot beside the allowance ends at its expiry, empty."""

    at: datetime
    pot: str


class HoldOpened(NamedTuple):
    """A reservation begins; postings fill it. `card` is the card the account was pinned to, if any."""

    at: datetime
    id: str
    expires_at: datetime
    card: str | None


class HoldClosed(NamedTuple):
    """A reservation ends, empty."""

    at: datetime
    id: str
    how: Literal["settled", "released", "lapsed"]


class Accrued(NamedTuple):
    """Money that one usage owes beside credits, as an exact ratio; the cycle's bill sums it up and rounds it once.

    `card` and `digest` name the card whose price it is; a correction between two histories has none.
    """

    at: datetime
    amount: Fraction
    currency: str
    reason: Literal["web-search", "pay-as-you-go", "correction"]
    ref: str
    card: str | None
    digest: str | None


class Billed(NamedTuple):
    """Money due, in whole cents or fen, and why. Only a correction may be negative: a credit note.

    `card` and `digest` name the card whose price it is, or which said how to round it; a correction has none.
    """

    at: datetime
    amount: Decimal
    currency: str
    reason: BillReason
    ref: str
    card: str | None
    digest: str | None


class Restated(NamedTuple):
    """A correction of what the balances belong to: everything in an account except its balances.

    `buckets` names pots with what was issued into them, their order and their times; its own `millicredits` are not
    read, since only postings move credits.
    """

    at: datetime
    now: datetime | None
    since: datetime | None
    plan: Plan | None
    closed: ClosedSegment | None
    buckets: tuple[Bucket, ...]
    holds: FrozenMap[OpenHold]
    ended_holds: tuple[EndedHold, ...]


Entry: TypeAlias = (
    Rated
    | Posting
    | CycleOpened
    | TierChanged
    | Scheduled
    | Lapsed
    | BucketOpened
    | BucketClosed
    | HoldOpened
    | HoldClosed
    | Accrued
    | Billed
    | Restated
)

_KINDS = frozenset(get_args(Entry))


def is_entry(value: object) -> TypeGuard[Entry]:
    """Whether a value is an entry of the ledger."""
    return type(value) in _KINDS


def each_entry(entries: Iterable[Entry], field: str = "entries") -> Iterator[Entry]:
    """The entries one by one. Raises `InputError` for anything else: what is passed over would be missing in a sum."""
    for entry in several(entries, field, "entries of the ledger"):
        if not is_entry(entry):
            raise wrong_type(field, "entries of the ledger", entry)
        yield entry
