"""`Draft`: a decision in the making. Entries are added one by one, and the account is evolved along with them.

The rules in `due`, `plans`, `drawing` and `holds` are functions of a draft. A refusal raises out of them and the draft
is dropped, so that nothing has changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from mimo_credits.book import RateBook
from mimo_credits.card import RateCard
from mimo_credits.errors import Reason, Refused
from mimo_credits.ledger.account import ALLOWANCE, Account, Bucket, Plan
from mimo_credits.ledger.commands import Command
from mimo_credits.ledger.entries import Entry, Posting, PostingReason
from mimo_credits.ledger.evolution import evolve


@dataclass(slots=True)
class Draft:
    """The account so far, the book of cards, and the entries decided so far."""

    account: Account
    book: RateBook
    entries: list[Entry] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        """Decides one entry."""
        self.account = evolve(self.account, entry)
        self.entries.append(entry)

    def post(self, at: datetime, source: str, target: str, millicredits: int, reason: PostingReason, ref: str) -> None:
        """Decides a posting; nothing where there is nothing to move."""
        if millicredits:
            self.add(Posting(at, source, target, millicredits, reason, ref))

    def card_at(self, at: datetime, pinned: str | None) -> RateCard:
        """The card that rules an account at an instant: the one it is pinned to, else the one in force.

        Raises `NoCardInEffect`, `NoSuchCard`.
        """
        return self.book.card(pinned) if pinned is not None else self.book.at(at)


def subscribed(draft: Draft, command: Command) -> Plan:
    """The running plan. Refused as `NOT_SUBSCRIBED` without one."""
    if draft.account.plan is None:
        raise Refused(Reason.NOT_SUBSCRIBED, command, "the account has no plan")
    return draft.account.plan


def running_allowance(draft: Draft) -> Bucket:
    """The allowance of the plan that runs, or that has just ended: every segment opens with one."""
    allowance = draft.account.bucket(ALLOWANCE)
    assert allowance is not None, "a plan has its allowance"
    return allowance
