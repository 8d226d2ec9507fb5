"""Timelines of anything that can be said to an account, most of it refused."""

from __future__ import annotations

from datetime import datetime
from itertools import product
from typing import Literal

from hypothesis import strategies as st

from mimo_credits.book import RateBook, check_book
from mimo_credits.card import Interval
from mimo_credits.catalog import load_book
from mimo_credits.exact import to_millicredits
from mimo_credits.ledger import (
    Advance,
    Cancel,
    ChangeTier,
    Command,
    Record,
    Release,
    Settle,
    Subscribe,
)
from mimo_credits.testing.strategies.commands import GAPS, LIFETIMES, SOON, grant, hold
from mimo_credits.testing.strategies.drawing import between, one_of
from mimo_credits.testing.strategies.timelines import MOST_COMMANDS
from mimo_credits.testing.strategies.usages import usage_of
from mimo_credits.usage import Usage


def hostile_timelines(book: RateBook | None = None) -> st.SearchStrategy[list[Command]]:
    """Anything that may be said to one account, most often after a Subscribe: much of it must be refused.

    Commands come late or too early, name holds that never were, tiers and models that nobody sells, meters without a
    rate, other cards and currencies. Only this much is kept: each is a value that its own checks let pass, and each but
    `Advance` has an id of its own. Without a book, the published cards. Raises `InputError` for
    what is no book.

        @given(hostile_timelines())
        def test_our_store_refuses_what_the_ledger_refuses(commands): ...
    """
    if book is not None:
        check_book(book)
    return _hostile(book)


@st.composite
def _hostile(draw: st.DrawFn, book: RateBook | None) -> list[Command]:
    said = _Said(load_book() if book is None else book)
    said.begin(draw)
    going_on = _going_on(said)
    for _ in range(between(draw, 0, MOST_COMMANDS)):
        draw(going_on)
    return said.commands


@st.composite
def _going_on(draw: st.DrawFn, said: _Said) -> None:
    kind = one_of(draw, _KINDS)
    if kind != "nothing":
        said.go_on(draw, *kind.split())


_KINDS = (
    *(
        "nothing",
        "record",
        "record",
        "record late",
        "record late",
        "record odd",
        "grant",
        "hold",
        "hold",
        "hold odd",
        "hold late",
    ),
    *("settle", "settle", "settle odd", "release", "change", "change", "change late"),
    *("cancel", "advance", "subscribe", "record late"),
)
"""What may be said: `late`, of an instant before the latest, or `odd`, with usage that hardly has a price."""

_WHEN = tuple(product((*GAPS, *SOON), "abc"))
"""How long after the command before, and what the id begins with: ids are in no order."""

_COUNTS = st.integers(0, 20) | st.integers(0, 10**6)
_INTERVALS: tuple[Interval, ...] = ("monthly", "annual")
_WHENS: tuple[Literal["now", "renewal"], ...] = ("now", "renewal")


class _Said:
    """What has been said to an account so far."""

    def __init__(self, book: RateBook) -> None:
        cards = list(book)
        self.book = book
        self.commands: list[Command] = []
        self.holds = ["nobody"]
        self.starts = [card.effective_from for card in cards]
        self.cards = [None, None, *(card.id for card in cards), "1999-01-01"]
        tiers = {name: tier for card in cards for name, tier in card.tiers.items()}
        self.tiers = [*tiers, "nobody-sells-this"]
        self.currencies = [*dict.fromkeys(currency for tier in tiers.values() for currency in tier.price), "XAU"]
        self.most = max((to_millicredits(tier.credits) for tier in tiers.values()), default=1) or 1
        self.models = ["nobody-sells-this", *dict.fromkeys(name for card in cards for name in sorted(card.models))]

    def begin(self, draw: st.DrawFn) -> None:
        self.at = one_of(draw, self.starts[:-1] or self.starts) + one_of(draw, SOON)
        if between(draw, 0, 9) < 9:
            tier, currency = one_of(draw, self.tiers[:2]), one_of(draw, self.currencies[:2])
            self.commands.append(Subscribe("first", self.at, tier, currency))

    def go_on(self, draw: st.DrawFn, kind: str, manner: str = "") -> None:
        """Says one more thing, whatever was said before."""
        gap, letter = one_of(draw, _WHEN)
        if manner == "late":
            said_of = self.at - one_of(draw, LIFETIMES)
        else:
            self.at += gap
            said_of = self.at
        self.commands.append(self.command(draw, kind, f"{letter}{len(self.commands)}", said_of, manner == "odd"))

    def command(self, draw: st.DrawFn, kind: str, id: str, at: datetime, odd: bool) -> Command:
        match kind:
            case "record":
                return Record(id, at, self.usage(draw, at, odd))
            case "grant":
                return grant(draw, id, at, self.most, "gift")
            case "hold":
                self.holds.append(id)
                return hold(draw, id, at, self.most, lambda: self.usage(draw, at, odd))
            case "settle":
                return Settle(id, at, self.hold_id(draw), self.usage(draw, at, odd))
            case "release":
                return Release(id, at, self.hold_id(draw))
            case "change":
                return ChangeTier(id, at, one_of(draw, self.tiers), one_of(draw, _WHENS))
            case "cancel":
                return Cancel(id, at)
            case "subscribe":
                return self.subscribe(draw, id, at)
        return Advance(at)

    def subscribe(self, draw: st.DrawFn, id: str, at: datetime) -> Subscribe:
        return Subscribe(
            id,
            at,
            one_of(draw, self.tiers),
            one_of(draw, self.currencies),
            interval=one_of(draw, _INTERVALS),
            first_purchase=one_of(draw, (None, False, True)),
            card=one_of(draw, self.cards),
        )

    def usage(self, draw: st.DrawFn, at: datetime, odd: bool) -> Usage:
        """Of the card in force; or odd, of any model that a card of the book lists, or none does."""
        if not odd:
            return usage_of(draw, self.book.at(max(at, self.starts[0])))
        total = draw(_COUNTS)
        return Usage(
            one_of(draw, self.models),
            input_tokens=total,
            cached_tokens=between(draw, 0, total),
            output_tokens=draw(_COUNTS),
            audio_seconds=between(draw, 0, 5),
            images=one_of(draw, (0, 0, 0, 1)),
        )

    def hold_id(self, draw: st.DrawFn) -> str:
        """Of one of the latest two holds, or of none that ever was."""
        return one_of(draw, [*reversed(self.holds[-2:]), "nobody"])
