"""Runs of plain usage, fast: the same entries as deciding each record by itself, an order of magnitude sooner.

Most of what a ledger sees is records one after another, while nothing falls due, the card and the time of day's rates
stay, and one pot pays. For as long as that holds, this loop needs only a comparison of instants, a look-up,
multiply-adds and two tuples for each record. At the first command that is anything else it stops and hands that command
back; the engine's plain way, `apply`, is the reference that it must equal (a law of the tests).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from mimo_credits.book import RateBook
from mimo_credits.ledger.account import Account
from mimo_credits.ledger.commands import Command, Record
from mimo_credits.ledger.draft import Draft
from mimo_credits.ledger.due import next_due
from mimo_credits.ledger.entries import OVERAGE, SPENT, Entry, Posting, PostingReason, Rated
from mimo_credits.ledger.evolution import evolve
from mimo_credits.table import RateTable, TokenRow

_UNLIMITED = 2**200
"""More than any run of usage can cost: overage has no end."""


class _Window(NamedTuple):
    """Over `[since, until)` these rows price every record, and `pot` pays up to `left` millicredits."""

    since: datetime
    until: datetime
    table: RateTable
    off_peak: bool
    rows: dict[str, tuple[TokenRow, ...]]
    pot: str
    left: int
    reason: PostingReason


def plain_usage(
    account: Account, commands: Iterator[Command], book: RateBook, entries: list[Entry]
) -> tuple[Account, Command | None]:
    """Takes plain usage from `commands` and appends its entries; gives the account and the first other command.

    There is one command at least.
    """
    window = _window(account, book)
    if window is None:
        return account, next(commands)
    since, until, table, off_peak, rows, pot, left, reason = window
    card, digest = table.card_id, table.digest
    append, new = entries.append, tuple.__new__
    now, available, command = since, left, None
    for command in commands:
        if type(command) is not Record or not since <= command.at < until:
            break
        usage = command.usage
        bands = rows.get(usage.model)
        if bands is None or usage.audio_seconds or usage.web_searches or usage.images:
            break
        input_tokens = usage.input_tokens
        for band in bands:
            if input_tokens <= band[0]:
                break
        else:
            break
        _, hit, miss, output, rates = band
        cached = usage.cached_tokens
        cost = hit * cached + miss * (input_tokens - cached) + output * usage.output_tokens
        if cost > left:
            break
        at, ref = command.at, command.id
        # NamedTuples made without their keyword-checking constructor, which would cost as much as all the rest.
        append(new(Rated, (at, ref, usage, rates, card, digest, off_peak, cost)))
        if cost:
            append(new(Posting, (at, pot, SPENT, cost, reason, ref)))
            left -= cost
        now = max(now, at)
    else:
        command = None
    return _spent(account, now, pot, available - left, reason), command


def _window(account: Account, book: RateBook) -> _Window | None:
    plan = account.plan
    if plan is None or account.now is None:
        return None
    due = next_due(Draft(account, book))
    assert due is not None, "a running plan has its cycle's end before it"
    regime = book.regime(account.now, book.card(plan.pinned) if plan.pinned is not None else None)
    rates = (account.now, min(regime.until, due.at), regime.card.table, regime.off_peak, regime.rows.tokens)
    for bucket in account.buckets:
        if bucket.millicredits:
            return _Window(*rates, bucket.pot, bucket.millicredits, "usage")
    if regime.card.plan_policy.exhausted == "stop":
        return _Window(*rates, OVERAGE, _UNLIMITED, "overage")
    return None


def _spent(account: Account, now: datetime, pot: str, millicredits: int, reason: PostingReason) -> Account:
    """The account after all of the run: as if one posting had spent what the many did."""
    if millicredits:
        return evolve(account, Posting(now, pot, SPENT, millicredits, reason, ""))
    return account._replace(now=now)
