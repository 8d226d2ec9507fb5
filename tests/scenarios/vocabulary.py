"""The words in which a scenario is written.

A scenario is given (which rate cards), when (a row that does something at an instant) and then (a row that says what is
to be seen after it). The rules kept here:

- A word that is not in this vocabulary is an error, so that a mistyped expectation cannot pass unseen.
- A scenario ends with a `then` that expects something: one that expects nothing is an error.
- Credits are credits, exact; money is written as `USD 14.08`; instants say their offset.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from mimo_credits import (
    Advance,
    Cancel,
    ChangeTier,
    Command,
    Grant,
    Hold,
    Record,
    Release,
    Settle,
    Subscribe,
    Usage,
)

PUBLISHED = "published"
NONE = "none"
THE_ACCOUNT = "the account"


def _exact(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise ValueError(f"needs a number of credits, not {value!r}")
    return Decimal(value)


def _one_or_several(value: object) -> object:
    """A list, one thing alone, or one several times: `9 x renewal`."""
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, str) and (several := re.fullmatch(r"([2-9]) x (.+)", value)):
        return (several[2],) * int(several[1])
    return (value,)


Credits = Annotated[Decimal, BeforeValidator(_exact)]
Text = Annotated[str, Field(min_length=1)]
Money = Annotated[str, Field(pattern=r"^[A-Z]{3} -?\d+\.\d\d [a-z-]+$")]
"""What is billed, and why: `USD 14.08 first-purchase`."""
Share = Annotated[str, Field(pattern=r"^[A-Z]{3} \d+(/\d+)? [a-z-]+$")]
"""What a usage owes, as an exact ratio, and why: `USD 7/30 pay-as-you-go`."""


class Words(BaseModel):
    """A table of a scenario: frozen, strict, and without words that this vocabulary does not know."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Row(Words):
    """Something done at an instant. Without an `id` the row's number is its id."""

    at: AwareDatetime
    id: Text | None = None
    account: Text = THE_ACCOUNT

    def command(self, number: int) -> Command:
        """What it asks of the ledger."""
        raise NotImplementedError

    def name(self, number: int) -> str:
        """The command's id."""
        return self.id or f"row-{number}"


class SubscribeRow(Row):
    """Buys a tier."""

    do: Literal["subscribe"]
    tier: Text
    currency: Text = "USD"
    interval: Literal["monthly", "annual"] = "monthly"
    first_purchase: bool | None = None
    card: Text | None = None

    def command(self, number: int) -> Command:
        return Subscribe(
            self.name(number), self.at, self.tier, self.currency, self.interval, self.first_purchase, self.card
        )


class ConsumingRow(Row):
    """A row that says what one request consumed: `input` is all of it, the `cached` part included."""

    input: int = 0
    cached: int = 0
    output: int = 0
    seconds: int = 0
    searches: int = 0

    def usage_of(self, model: str) -> Usage:
        """What was consumed of the model."""
        return Usage(
            model,
            input_tokens=self.input,
            cached_tokens=self.cached,
            output_tokens=self.output,
            audio_seconds=self.seconds,
            web_searches=self.searches,
        )


class UseRow(ConsumingRow):
    """One request."""

    do: Literal["use"]
    model: Text

    def command(self, number: int) -> Command:
        return Record(self.name(number), self.at, self.usage_of(self.model))


class ChangeRow(Row):
    """Another tier, now or at the renewal."""

    do: Literal["change"]
    tier: Text
    when: Literal["now", "renewal"]

    def command(self, number: int) -> Command:
        return ChangeTier(self.name(number), self.at, self.tier, self.when)


class CancelRow(Row):
    """No further renewal."""

    do: Literal["cancel"]

    def command(self, number: int) -> Command:
        return Cancel(self.name(number), self.at)


class GrantRow(Row):
    """Credits beside the allowance."""

    do: Literal["grant"]
    credits: Credits
    until: AwareDatetime | None = None
    priority: int = 0

    def command(self, number: int) -> Command:
        return Grant(self.name(number), self.at, self.credits, self.until, self.priority)


class HoldRow(ConsumingRow):
    """Credits reserved before the work: so many `credits`, or what a request to `model` would cost."""

    do: Literal["hold"]
    model: Text | None = None
    credits: Credits | None = None
    until: AwareDatetime

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> HoldRow:
        if (self.model is None) == (self.credits is None):
            raise ValueError("a hold names either a model or credits")
        if self.model is None and self.model_fields_set & ConsumingRow.model_fields.keys() - Row.model_fields.keys():
            raise ValueError("says what would be consumed, but of no model")
        return self

    def command(self, number: int) -> Command:
        usage = self.usage_of(self.model) if self.model is not None else None
        return Hold(self.name(number), self.at, usage, self.credits, expires_at=self.until)


class SettleRow(ConsumingRow):
    """What was really used against a hold."""

    do: Literal["settle"]
    hold: Text
    model: Text

    def command(self, number: int) -> Command:
        return Settle(self.name(number), self.at, self.hold, self.usage_of(self.model))


class ReleaseRow(Row):
    """A hold given back unused."""

    do: Literal["release"]
    hold: Text

    def command(self, number: int) -> Command:
        return Release(self.name(number), self.at, self.hold)


class WaitRow(Row):
    """Time passes."""

    do: Literal["wait"]

    def command(self, number: int) -> Command:
        return Advance(self.at)


class Expected(Words):
    """What is to be seen after a row. Only the words that are written are looked at."""

    # What the row did.
    refused: Text | None = None
    missing: Credits | None = None
    repeat: bool | None = None
    cost: Credits | None = None
    billed_as: Text | None = None
    card: Text | None = None
    off_peak: bool | None = None
    paid_by: Mapping[str, Credits] | None = None
    billed: Annotated[tuple[Money, ...], BeforeValidator(_one_or_several)] | None = None
    owes: Annotated[tuple[Share, ...], BeforeValidator(_one_or_several)] | None = None
    opened: Annotated[tuple[Text, ...], BeforeValidator(_one_or_several)] | None = None
    lapsed: Text | None = None
    expires: Mapping[str, Credits] | None = None
    # What the account then is.
    tier: Text | None = None
    renewal: Text | None = None
    cycle_start: AwareDatetime | None = None
    cycle_end: AwareDatetime | None = None
    remaining: Credits | None = None
    allowance: Credits | None = None
    grants: Mapping[str, Credits] | None = None
    carried: Credits | None = None
    held: Credits | None = None
    used: Credits | None = None
    expired: Credits | None = None
    overage: Credits | None = None

    @model_validator(mode="after")
    def _something(self) -> Expected:
        if not self.model_fields_set:
            raise ValueError("a `then` that expects nothing")
        return self


class ThenRow(Words):
    """What is to be seen after the row above."""

    then: Expected


class CycleExpected(Words):
    """One cycle of the statement at the end. Amounts are of the whole cycle; `remaining` is at its end, or now."""

    start: AwareDatetime
    end: AwareDatetime
    tier: Text
    segments: int | None = None
    complete: bool | None = None
    issued: Credits | None = None
    granted: Credits | None = None
    used: Credits | None = None
    overage: Credits | None = None
    expired: Credits | None = None
    held: Credits | None = None
    remaining: Credits | None = None
    by_model: Mapping[str, Credits] | None = None
    billed: Annotated[tuple[Money, ...], BeforeValidator(_one_or_several)] | None = None


ActionRow: TypeAlias = (
    SubscribeRow | UseRow | ChangeRow | CancelRow | GrantRow | HoldRow | SettleRow | ReleaseRow | WaitRow
)


def _kind_of(row: object) -> str:
    if isinstance(row, Mapping):
        return "then" if "then" in row else str(row.get("do", "a row without `do` or `then`"))
    return type(row).__name__


AnyRow = Annotated[
    Annotated[SubscribeRow, Tag("subscribe")]
    | Annotated[UseRow, Tag("use")]
    | Annotated[ChangeRow, Tag("change")]
    | Annotated[CancelRow, Tag("cancel")]
    | Annotated[GrantRow, Tag("grant")]
    | Annotated[HoldRow, Tag("hold")]
    | Annotated[SettleRow, Tag("settle")]
    | Annotated[ReleaseRow, Tag("release")]
    | Annotated[WaitRow, Tag("wait")]
    | Annotated[ThenRow, Tag("then")],
    Discriminator(_kind_of),
]


def _rows(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


class Scenario(Words):
    """One scenario. `batch`: its rows arrived in this order, as one batch, and the ledger puts them into its own."""

    name: Text
    why: Text
    cards: Annotated[Literal["published"] | tuple[Text, ...], BeforeValidator(_rows)]
    batch: bool = False
    steps: Annotated[tuple[AnyRow, ...], BeforeValidator(_rows)]
    cycles: Annotated[tuple[CycleExpected, ...], BeforeValidator(_rows)] = ()

    @model_validator(mode="after")
    def _given_when_then(self) -> Scenario:
        thens = [isinstance(row, ThenRow) for row in self.steps]
        if not thens or thens[0]:
            raise ValueError("a scenario begins with a row that does something")
        if not thens[-1]:
            raise ValueError("a scenario ends with a `then`: what is to be seen after the last row")
        if any(first and second for first, second in pairwise(thens)):
            raise ValueError("two `then` in a row: write them as one")
        if self.batch and sum(thens) > 1:
            raise ValueError("a batch has one `then`, at its end")
        return self


class Topic(Words):
    """A file: scenarios of one topic."""

    topic: Text
    about: Text
    scenario: Annotated[tuple[Scenario, ...], BeforeValidator(_rows)]


def instant(value: datetime) -> str:
    """An instant as it is written in a scenario."""
    return value.isoformat(sep=" ")


def words_of(expected: Words) -> dict[str, Any]:
    """The expectations that are written, by word."""
    return {word: getattr(expected, word) for word in type(expected).model_fields if word in expected.model_fields_set}
