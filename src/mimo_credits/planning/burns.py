"""What a log's requests drew: the form in which forecasts and moving windows read history.

Whether history comes from a ledger's entries or from usage that a book of cards prices, it is the same list of burns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from mimo_credits.book import RateBook, check_book
from mimo_credits.errors import PricingError, several, wrong_type
from mimo_credits.instants import to_utc
from mimo_credits.ledger import Entry, Rated, Record, Rejection
from mimo_credits.planning.checks import check_millicredits
from mimo_credits.pricing import charge


class Burn(NamedTuple):
    """One request that drew `millicredits` from the pool at an instant, in UTC; `id` is its own."""

    at: datetime
    id: str
    millicredits: int


def burns_of_entries(entries: Iterable[Entry]) -> tuple[Burn, ...]:
    """What an account's accepted usage drew, in order of time."""
    rated = (entry for entry in entries if isinstance(entry, Rated))
    return tuple(sorted(Burn(entry.at, entry.id, entry.millicredits) for entry in rated))


def burns_of_records(records: Iterable[Record], book: RateBook) -> tuple[tuple[Burn, ...], tuple[Rejection, ...]]:
    """What records draw by the card in force at each, in order of time; and those that have no price, with the reason.

    `RateBook.fixed(card)` prices all of them by one card. Raises `InputError` for what is no record or book.
    """
    burns: list[Burn] = []
    unpriced: list[Rejection] = []
    check_book(book)
    for record in each_record(records):
        try:
            burns.append(Burn(record.at, record.id, charge(book.at(record.at), record.usage, at=record.at)))
        except PricingError as error:
            unpriced.append(Rejection(record, error))
    return tuple(sorted(burns)), tuple(unpriced)


def each_record(records: Iterable[Record]) -> Iterator[Record]:
    """The records, if they are several. Raises `InputError`."""
    for record in several(records, "records", "Record values"):
        given: object = record
        if not isinstance(given, Record):
            raise wrong_type("records", "Record values", given)
        yield record


def in_order(burns: Iterable[Burn]) -> list[Burn]:
    """Burns by time, their instants in UTC. Raises `InputError` for a naive instant, and for what is no burn."""
    ordered: list[Burn] = []
    for burn in several(burns, "burns", "Burn values"):
        given: object = burn
        if not isinstance(given, Burn):
            raise wrong_type("burns", "Burn values, such as burns_of_records gives", given)
        check_millicredits(burn.millicredits, "burns")
        ordered.append(burn._replace(at=to_utc(burn.at)))
    return sorted(ordered)
