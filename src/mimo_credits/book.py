"""`RateBook`: rate cards in order of effect, and which of them is in force at an instant.

A card holds from its `effective_from` until the next card's, half-open. Before the first card no card is in force, and
that is an error. Two cards cannot take effect at the same instant.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from mimo_credits.card import RateCard
from mimo_credits.card.rate_card import check_card
from mimo_credits.errors import InputError, NoCardInEffect, NoSuchCard, Problem, RateCardError, several, shown
from mimo_credits.instants import FIRST_INSTANT, LAST_INSTANT, to_utc
from mimo_credits.pricing import Quote, Usages, quote
from mimo_credits.seen import Seen
from mimo_credits.table import RateRows


class Regime(NamedTuple):
    """What rates hold over `[since, until)`: the card, whether it is off-peak, and the rows to charge by."""

    since: datetime
    until: datetime
    card: RateCard
    off_peak: bool
    rows: RateRows


class RateBook(Seen):
    """Rate cards in order of effect; iterable in that order. Immutable.

    Raises `RateCardError` where two cards take effect at the same instant, and where one sells a plan and another says
    nothing of its terms: a plan that runs when that one takes effect could not go on. `InputError` for anything but
    cards.
    """

    __slots__ = ("_cards", "_migrates", "_starts")

    def __init__(self, cards: Iterable[RateCard], *, migrates: bool = True) -> None:
        given: list[RateCard] = []
        for card in several(cards, "cards", "rate cards"):
            check_card(card, "cards")
            given.append(card)
        self._cards = tuple(sorted(given, key=lambda card: to_utc(card.effective_from)))
        self._starts = [to_utc(card.effective_from) for card in self._cards]
        self._migrates = migrates
        if any(card.tiers for card in self._cards):
            for card in self._cards:
                _check_terms(card)
        for earlier, later in zip(self._cards, self._cards[1:], strict=False):
            if earlier.effective_from == later.effective_from:
                problem = Problem("effective_from", f"{earlier.id} takes effect at the same instant")
                raise RateCardError(later.id, [problem])

    @classmethod
    def fixed(cls, card: RateCard) -> RateBook:
        """A book in which one card rules at every instant and nothing migrates, for tests and what-ifs."""
        book = cls([card], migrates=False)
        book._starts = [FIRST_INSTANT]
        return book

    @property
    def migrates(self) -> bool:
        """Whether cards with a migration change running cycles when they take effect."""
        return self._migrates

    def __iter__(self) -> Iterator[RateCard]:
        return iter(self._cards)

    def __len__(self) -> int:
        return len(self._cards)

    def __repr__(self) -> str:
        return f"<RateBook of {', '.join(card.id for card in self._cards) or 'no cards'}>"

    def reigns(self) -> Iterator[tuple[datetime, RateCard]]:
        """Each card with the instant, in UTC, from which it is in force; it is until the next one's."""
        return zip(self._starts, self._cards, strict=True)

    def at(self, instant: datetime) -> RateCard:
        """The card in force at an aware instant. Raises `NoCardInEffect`, `InputError`."""
        return self._cards[self._index(to_utc(instant))]

    def card(self, card_id: str) -> RateCard:
        """The card of that id or version in this book. Raises `NoSuchCard`."""
        for card in self._cards:
            if card_id in (card.id, card.version):
                return card
        raise NoSuchCard(card_id, (card.id for card in self._cards))

    def quote(self, usage: Usages, at: datetime) -> Quote:
        """What usage costs at an instant, by the card in force then. Raises as `pricing.quote` and `at` do."""
        return quote(self.at(at), usage, at=at)

    def next_migration(self, after: datetime) -> tuple[datetime, RateCard] | None:
        """The first card with a migration to take effect later than `after`, and when; None without one."""
        if self._migrates:
            for start, card in zip(self._starts, self._cards, strict=True):
                if start > after and card.migration is not None:
                    return start, card
        return None

    def regime(self, at: datetime, pinned: RateCard | None = None) -> Regime:
        """The rates that hold at an instant in UTC and for a while after it, by the card in force or a `pinned` one.

        Raises `NoCardInEffect`.
        """
        if pinned is not None:
            card, until = pinned, LAST_INSTANT
        else:
            index = self._index(at)
            card = self._cards[index]
            until = self._starts[index + 1] if index + 1 < len(self._starts) else LAST_INSTANT
        table = card.table
        off_peak = table.is_off_peak(at)
        if table.hours is not None:
            until = min(until, table.hours.steady_until(at))
        return Regime(at, until, card, off_peak, table.rows(off_peak))

    def _index(self, at: datetime) -> int:
        index = bisect_right(self._starts, at) - 1
        if index < 0:
            first = self._starts[0].isoformat() if self._starts else None
            raise NoCardInEffect(at.isoformat(), first)
        return index


def _check_terms(card: RateCard) -> None:
    missing = [name for name in ("cycle", "policy") if getattr(card, name) is None]
    if missing:
        what = "is missing, though a card of this book sells a plan"
        raise RateCardError(card.id, [Problem(name, what) for name in missing])


def check_book(value: object, field: str = "book") -> None:
    """Raises `InputError` for anything but a `RateBook`."""
    if not isinstance(value, RateBook):
        fixed = "; RateBook.fixed(card) makes one of a card" if isinstance(value, RateCard) else ""
        raise InputError(field, f"needs a RateBook, not {shown(value)}{fixed}")
