"""The types that have a JSON of their own, each with its tag. A new one is one line here.

A tag that was written once is never given to another type: old JSON names it for ever.
"""

from __future__ import annotations

from mimo_credits.ledger import (
    Account,
    Accrued,
    Advance,
    Billed,
    BucketClosed,
    BucketOpened,
    Cancel,
    ChangeTier,
    CycleOpened,
    Grant,
    Hold,
    HoldClosed,
    HoldOpened,
    Lapsed,
    Posting,
    Rated,
    Record,
    Release,
    Restated,
    Scheduled,
    Settle,
    Subscribe,
    TierChanged,
)
from mimo_credits.memory import Snapshot
from mimo_credits.pricing import Quote
from mimo_credits.statements import Statement
from mimo_credits.usage import Usage

KINDS: dict[str, type] = {
    "usage": Usage,
    "subscribe": Subscribe,
    "record": Record,
    "change-tier": ChangeTier,
    "cancel": Cancel,
    "grant": Grant,
    "hold": Hold,
    "settle": Settle,
    "release": Release,
    "advance": Advance,
    "rated": Rated,
    "posting": Posting,
    "cycle-opened": CycleOpened,
    "tier-changed": TierChanged,
    "scheduled": Scheduled,
    "lapsed": Lapsed,
    "bucket-opened": BucketOpened,
    "bucket-closed": BucketClosed,
    "hold-opened": HoldOpened,
    "hold-closed": HoldClosed,
    "accrued": Accrued,
    "billed": Billed,
    "restated": Restated,
    "account": Account,
    "quote": Quote,
    "statement": Statement,
    "snapshot": Snapshot,
}
"""Type by tag. Types that only occur inside these, in a field that can hold nothing else, need no tag."""

TAGS: dict[type, str] = {kind: tag for tag, kind in KINDS.items()}
