"""What is answered. Credits and money are texts of digits, exact whatever reads them; instants are UTC."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, Field
from sqlalchemy import Connection, Row

from billing_backend.clock import not_before
from billing_backend.thresholds import Crossing, Pool, crossed, pool_of
from mimo_credits import Account, Quote, RateBook, Receipt, to_data


def _text(number: Decimal) -> str:
    return f"{number:f}"


def _credits(millicredits: int) -> str:
    return _text(Decimal(millicredits) / 1000)


class PlanAnswer(BaseModel):
    """The running plan."""

    tier: str
    interval: str
    currency: str
    cycle_start: datetime
    cycle_end: datetime
    at_its_end: str = Field(description="`renews`, `lapses`, or the tier that it changes to", examples=["renews"])


class PoolAnswer(BaseModel):
    """The plan's allowance, in credits, and which thresholds it has crossed."""

    issued: str = Field(examples=["4100000000"])
    used: str
    held: str
    left: str
    crossed: list[int] = Field(description="in percent", examples=[[50, 80]])


class AccountAnswer(BaseModel):
    """An account now: `available` is what can be spent or held, grants included; `overage` what no credits covered."""

    id: str
    name: str
    as_of: datetime
    available: str = Field(description="credits", examples=["4099476000"])
    overage: str = Field(description="credits")
    plan: PlanAnswer | None
    pool: PoolAnswer | None
    holds: dict[str, str] = Field(description="credits held, by the hold's id")


class AccountsAnswer(BaseModel):
    """A page of accounts; `next` is the `after` of the page that follows."""

    items: list[str]
    next: str | None


class ThresholdEvent(BaseModel):
    """So much of the pool is used, for the first time in this cycle."""

    percent: int
    used: str
    issued: str


class ReceiptAnswer(BaseModel):
    """What a request did. `repeat`: the ledger knew the command, from a request of another key."""

    command: str
    repeat: bool
    entries: list[dict[str, Any]] = Field(description="in the library's JSON")
    thresholds: list[ThresholdEvent]
    account: AccountAnswer


class EntryAnswer(BaseModel):
    """One entry of the ledger, with its link in the chain of hashes."""

    number: int
    hash: str
    entry: dict[str, Any]


class EntriesAnswer(BaseModel):
    """A page of entries; `next` is the `after` of the page that follows."""

    items: list[EntryAnswer]
    next: int | None


class QuoteAnswer(BaseModel):
    """What usage would cost now, by which rate card, and whether the account has the credits."""

    credits: str
    money: dict[str, str] = Field(description="the same by pay-as-you-go, by currency")
    card: str
    off_peak: bool
    available: str
    covered: bool


class Health(BaseModel):
    """That the database answers, and which rate card is in force."""

    status: str
    card: str


def account_answer(
    connection: Connection, book: RateBook, clock: datetime, row: Row[Any], account: Account
) -> AccountAnswer:
    """The account as it is at this instant, what is due by now included."""
    as_of = not_before(account, clock)
    now = account.as_of(as_of, book)
    pool = pool_of(now)
    return AccountAnswer(
        id=row.id,
        name=row.name,
        as_of=as_of,
        available=_text(now.remaining),
        overage=_credits(-now.pots.overage),
        plan=_plan(now),
        pool=None if pool is None else _pool(pool, crossed(connection, row.tenant_id, row.id, pool)),
        holds={hold.id: _credits(hold.millicredits) for hold in now.holds.values()},
    )


def _plan(account: Account) -> PlanAnswer | None:
    plan = account.plan
    if plan is None:
        return None
    return PlanAnswer(
        tier=plan.tier,
        interval=plan.interval,
        currency=plan.currency,
        cycle_start=plan.cycle.start,
        cycle_end=plan.cycle.end,
        at_its_end="lapses" if plan.pending_cancel else plan.pending_tier or "renews",
    )


def _pool(pool: Pool, percent: list[int]) -> PoolAnswer:
    issued, used, held, left = map(_credits, (pool.issued, pool.used, pool.held, pool.left))
    return PoolAnswer(issued=issued, used=used, held=held, left=left, crossed=percent)


def receipt_answer(
    connection: Connection,
    book: RateBook,
    clock: datetime,
    row: Row[Any],
    command_id: str,
    receipt: Receipt,
    account: Account,
    found: list[Crossing],
) -> ReceiptAnswer:
    """What a command did, and the account after it."""
    events = [
        ThresholdEvent(percent=each, used=_credits(pool.used), issued=_credits(pool.issued)) for each, pool in found
    ]
    return ReceiptAnswer(
        command=command_id,
        repeat=receipt.repeat,
        entries=to_data(list(receipt.entries))["items"],
        thresholds=events,
        account=account_answer(connection, book, clock, row, account),
    )


def quote_answer(quote: Quote, account: Account) -> QuoteAnswer:
    """A quote beside what the account has."""
    return QuoteAnswer(
        credits=_text(quote.credits),
        money={currency: _text(amount) for currency, amount in quote.money.items()},
        card=quote.card.id,
        off_peak=quote.off_peak,
        available=_text(account.remaining),
        covered=account.plan is not None and quote.millicredits <= account.remaining_millicredits,
    )
