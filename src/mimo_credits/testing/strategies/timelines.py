"""Timelines that an account accepts: a plan's life, valid by construction under every card of a book.

Nothing here asks the ledger. Only what every card of the book sells is bought (`Offer`), so that there is something to
renew. Usage is of the card in force at its instant. A hold is asked for only if it fits into the smallest allowance and
the grants that do not expire, less all that was used and held before. What follows a cancellation needs no plan, until
a new one is bought after any cycle must have ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from hypothesis import strategies as st

from mimo_credits.book import RateBook, check_book
from mimo_credits.card import AnnualPlan, Interval, RateCard, Tier
from mimo_credits.catalog import load_book
from mimo_credits.errors import InputError
from mimo_credits.exact import to_credits, to_millicredits
from mimo_credits.ledger import (
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
)
from mimo_credits.pricing import charge
from mimo_credits.testing.strategies.commands import GAPS, SOON, grant, hold
from mimo_credits.testing.strategies.drawing import between, one_of
from mimo_credits.testing.strategies.usages import usage_of
from mimo_credits.usage import Usage

MOST_COMMANDS = 16


def timelines(book: RateBook | None = None, *, cancels: bool = True) -> st.SearchStrategy[list[Command]]:
    """The commands of one account, each with an id of its own: `fold(Account(), commands, book)` never fails.

    They are in the order of `timeline`. The first is a Subscribe; then come usage, grants, holds and their ends, tier
    changes, time that passes, and sometimes a Cancel and another Subscribe (without `cancels` the plan goes on). Cycles
    end, cards change and plans are exhausted meanwhile. Without a book, the published cards. Raises `InputError` for
    what is no book and, when drawn from, for a book whose cards have no tier in common.

        @given(timelines())
        def test_our_store_is_the_replay(commands): ...
    """
    if book is not None:
        check_book(book)
    return _timelines(book, _KINDS if cancels else tuple(kind for kind in _KINDS if kind != "cancel"))


@st.composite
def _timelines(draw: st.DrawFn, book: RateBook | None, kinds: tuple[str, ...]) -> list[Command]:
    story = _Story(load_book() if book is None else book)
    story.begin(draw)
    going_on = _going_on(story, kinds)
    for _ in range(between(draw, 0, MOST_COMMANDS)):
        draw(going_on)
    return story.commands


@st.composite
def _going_on(draw: st.DrawFn, story: _Story, kinds: tuple[str, ...]) -> None:
    """At most one more command; a strategy of its own, which Hypothesis can replace as a whole: by nothing."""
    kind = one_of(draw, kinds)
    if kind != "nothing":
        story.go_on(draw, kind)


class Offer(NamedTuple):
    """What each of some cards sells by an interval.

    Each of the tiers has more credits than the one before, on all cards. `least` and `most` are the smallest and the
    largest of their allowances, in millicredits.
    """

    interval: Interval
    tiers: tuple[str, ...]
    currencies: tuple[str, ...]
    least: int
    most: int


def offers(cards: Sequence[RateCard]) -> list[Offer]:
    """By the month, by the year, or both. Raises `InputError` where the cards have nothing in common."""
    found = [_offer(cards, interval) for interval in _INTERVALS]
    sold = [offer for offer in found if offer.tiers and offer.currencies]
    if not sold:
        raise InputError("book", "has no tier that each of its cards sells, so no plan could go on under all of them")
    return sold


def _offer(cards: Sequence[RateCard], interval: Interval) -> Offer:
    everywhere = (
        [name for name in cards[0].tiers if all(_sold(card, name, interval) for card in cards)] if cards else []
    )
    allowances = {name: _allowances(cards, name, interval) for name in everywhere}
    tiers: list[str] = []
    for name in sorted(everywhere, key=lambda name: allowances[name][0]):
        if not tiers or all(more > less for more, less in zip(allowances[name], allowances[tiers[-1]], strict=True)):
            tiers.append(name)
    prices = [plan.price for card in cards for name in tiers if (plan := _sold(card, name, interval))]
    sizes = [size for name in tiers for size in allowances[name]]
    return Offer(
        interval,
        tuple(tiers),
        tuple(sorted(set.intersection(*map(set, prices)), reverse=True)) if prices else (),
        min(sizes, default=0),
        max(sizes, default=0),
    )


def _sold(card: RateCard, name: str, interval: Interval) -> Tier | AnnualPlan | None:
    tier = card.tiers.get(name)
    return tier.plan(interval) if tier else None


def _allowances(cards: Sequence[RateCard], name: str, interval: Interval) -> list[int]:
    return [to_millicredits(plan.credits) for card in cards if (plan := _sold(card, name, interval))]


_KINDS = (
    *("nothing", "record", "record", "grant", "change", "hold", "hold", "hold", "cancel"),
    *("settle", "settle", "settle", "advance", "bulk", "record"),
)
"""In this order: a failing example shrinks to the first; the first and the last are drawn most often."""

_ORDER = {"subscribe": 0, "grant": 1, "cancel": 2, "change": 2, "hold": 3, "end of hold": 3, "record": 4, "advance": 5}
"""Of what is said at one instant, as `timeline` has it. Its ties are by id, and ids rise."""

_INTERVALS: tuple[Interval, ...] = ("monthly", "annual")
_GAPS = (*GAPS, *SOON)
_MOMENT = timedelta(microseconds=1)
_RESERVE = 1_000


class _Story:
    """One account's life so far: what has been said, and so what may be said next.

    `free` is no more than what the account has left: the smallest allowance and the grants that do not expire, less all
    that was ever used or held.
    """

    def __init__(self, book: RateBook) -> None:
        self.book = book
        self.commands: list[Command] = []
        self.open: dict[str, Hold] = {}
        self.cancelled = False

    def begin(self, draw: st.DrawFn) -> None:
        """A Subscribe under any card but the last, so that the cards change; then perhaps a grant for lean times."""
        first = between(draw, 0, max(0, len(self.book) - 2))
        cards = list(self.book)[first:]
        self.offer = one_of(draw, offers(cards))
        self.at = cards[0].effective_from + one_of(draw, SOON)
        self.climbs, reserved = one_of(draw, (False, True)), one_of(draw, (False, True))
        self.free = self.offer.least
        self.kind = "subscribe"
        self._say(self._subscribe(draw, "c00"))
        if reserved:
            self.kind = "grant"
            self._say(Grant("c01", self.at, to_credits(self.offer.least * _RESERVE), priority=9, label="reserve"))

    def go_on(self, draw: st.DrawFn, wish: str) -> None:
        """Says one more thing: what is wished for, or what can be said instead.

        At one instant commands come in the order of `timeline`: what would have to come earlier is a moment later.
        """
        self._pass(one_of(draw, _GAPS))
        kind = self._possible(wish)
        if self.at == self.commands[-1].at and _ORDER[kind] < _ORDER[self.kind]:
            self._pass(_MOMENT)
            kind = self._possible(wish)
        self.kind = kind
        self._say(self._command(draw, kind, f"c{len(self.commands):02}", bulk=wish == "bulk"))

    def _pass(self, gap: timedelta) -> None:
        self.at += gap
        self.open = {hold_id: hold for hold_id, hold in self.open.items() if hold.expires_at > self.at}

    def _possible(self, wish: str) -> str:
        """A hold's end only while one is open, and a hold only while anything is free; without a plan, no use of it."""
        if wish == "settle" and self.open:
            return "end of hold"
        if wish in ("grant", "advance"):
            return wish
        if self.cancelled:
            return "subscribe" if wish == "change" else "advance"
        if wish == "change":
            return "change" if not self.climbs or self._higher() else "advance"
        if wish == "cancel" or (wish == "hold" and self.free):
            return wish
        return "record"

    def _command(self, draw: st.DrawFn, kind: str, id: str, bulk: bool) -> Command:
        match kind:
            case "subscribe":
                self.at += longest_cycle(self.book, self.offer.interval)
                return self._subscribe(draw, id)
            case "grant":
                return grant(draw, id, self.at, self.offer.most, "gift")
            case "change":
                return self._change(draw, id)
            case "cancel":
                return Cancel(id, self.at)
            case "hold":
                return self._hold(draw, id)
            case "end of hold":
                return self._end_of_hold(draw, id)
            case "record":
                return Record(id, self.at, usage_of(draw, self.book.at(self.at), bulk=bulk))
        return Advance(self.at)

    def _say(self, command: Command) -> None:
        """Keeps the command, and what it does to what may be said next."""
        self.commands.append(command)
        match command:
            case Subscribe() | Cancel():
                self.cancelled = isinstance(command, Cancel)
            case Grant(expires_at=None):
                self.free += command.millicredits
            case Hold():
                self.open[command.id] = command
                self._spend(self._asked(command))
            case Record():
                self._spend(self._cost(command.usage, command.at))
            case Settle():
                self._spend(self._cost(command.usage, self.open.pop(command.hold_id).at))
            case Release():
                del self.open[command.hold_id]

    def _spend(self, millicredits: int) -> None:
        self.free = max(0, self.free - millicredits)

    def _cost(self, usage: Usage, at: datetime) -> int:
        return charge(self.book.at(at), usage, at=at)

    def _asked(self, command: Hold) -> int:
        if command.usage is not None:
            return self._cost(command.usage, command.at)
        assert command.credits is not None, "a hold has usage or credits"
        return to_millicredits(command.credits)

    def _usage(self, draw: st.DrawFn, at: datetime) -> Usage:
        return usage_of(draw, self.book.at(at))

    def _subscribe(self, draw: st.DrawFn, id: str) -> Subscribe:
        tier = one_of(draw, self.offer.tiers)
        self.tier = self.offer.tiers.index(tier)
        return Subscribe(
            id,
            self.at,
            tier,
            one_of(draw, self.offer.currencies),
            self.offer.interval,
            first_purchase=one_of(draw, (None, False)),
        )

    def _higher(self) -> tuple[str, ...]:
        return self.offer.tiers[self.tier + 1 :]

    def _change(self, draw: st.DrawFn, id: str) -> ChangeTier:
        """A life either climbs at once or changes at renewals: both in one, and who knows from which tier it climbs."""
        if not self.climbs:
            return ChangeTier(id, self.at, one_of(draw, self.offer.tiers), when="renewal")
        tier = one_of(draw, self._higher())
        self.tier = self.offer.tiers.index(tier)
        return ChangeTier(id, self.at, tier)

    def _hold(self, draw: st.DrawFn, id: str) -> Hold | Record:
        """A hold that fits; where the usage it is for would not, that usage."""
        held = hold(draw, id, self.at, min(self.free, self.offer.most), lambda: self._usage(draw, self.at))
        if held.usage is not None and self._asked(held) > self.free:
            self.kind = "record"
            return Record(id, self.at, held.usage)
        return held

    def _end_of_hold(self, draw: st.DrawFn, id: str) -> Settle | Release:
        """A settlement is priced as at the hold's instant, so its usage is one of that card."""
        held = self.open[one_of(draw, list(self.open))]
        if one_of(draw, (False, False, True)):
            return Release(id, self.at, held.id)
        return Settle(id, self.at, held.id, self._usage(draw, held.at))


def longest_cycle(book: RateBook, interval: Interval) -> timedelta:
    """No cycle of that interval is longer, whichever card's rule it follows: a few days are for the day's end."""
    rules = [card.plan_cycle.rule(interval) for card in book]
    return timedelta(days=max(rule.days or 31 * rule.months for rule in rules) + 3)
