"""Holds our pay-as-you-go prices against independent price data: `make compare-prices`.

Every price that the packages of `price_packages.txt` have for a MiMo model, under whichever provider, is compared with
ours in USD: by meter, by length of input, and on the last day of which they say it (their release, or the day before
their next price; the first day of a price that is yet to come). A model that our cards list no more is compared with
its last price there. What differs must be explained in `price_disagreements.toml`, value by value, and what is
explained there must still differ: so neither a mistake of ours nor a change of theirs goes by unseen. A meter that they
leave out is not compared.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import tomli
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from mimo_credits import RateBook, RateCard, load_book
from mimo_credits.display.sheet import Listing, Table, table
from mimo_credits.display.text import lines_of
from mimo_credits.display.writing import number
from mimo_credits.errors import InputError
from mimo_credits.table import Prices
from tools.price_data import Listed, Package, pinned, read
from tools.published import spans

EXPLAINED = Path(__file__).with_name("price_disagreements.toml")
WHEELS = Path(__file__).resolve().parent.parent / ".price-data"

_FIELDS = {"hit": "cache_hit", "miss": "cache_miss", "output": "output"}


class Explained(BaseModel):
    """Why a package's prices for a model differ from ours; `as_of` is the version in which that was looked at.

    `theirs` are the very prices that are explained, by meter, in USD for 1,000,000 tokens: another price is not.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    package: str
    model: str
    as_of: str
    since: date | None = None
    above: int = 0
    theirs: Mapping[str, Decimal | int] = Field(min_length=1)
    why: str

    @property
    def prices(self) -> tuple[Listed, ...]:
        """What is explained, price by price."""
        return tuple(
            Listed(self.package, self.model, self.since, self.above, meter, Decimal(price))
            for meter, price in self.theirs.items()
        )


class Ours(NamedTuple):
    """Our price of a meter on a day: `until` is the day from which the model is listed no more, None while it is."""

    price: Decimal | None
    until: date | None


class Disagreement(NamedTuple):
    """A price of theirs that is not ours.

    `on` is the day of the comparison, `ours` our price then (None: our cards never had the model), `band` the inputs
    that it is about, and `cards` are our cards that have their price.
    """

    theirs: Listed
    on: date
    ours: Ours | None
    band: str
    cards: str


def our_name(model: str) -> str:
    """What we call a model of theirs: without provider, in small letters, from `mimo-` on."""
    name = model.rpartition("/")[2].lower()
    return name[name.index("mimo-") :] if "mimo-" in name else name


def compared(listed: Iterable[Listed], released: date, book: RateBook) -> Iterator[tuple[Listed, Disagreement | None]]:
    """Each price of theirs, with what of it is not ours; once for each range of input that has its own price."""
    rows = list(listed)
    for row in rows:
        later = {each.since for each in rows if each.model == row.model and each.since is not None}
        ends = (since - timedelta(days=1) for since in later if row.since is None or since > row.since)
        on = max(min([released, *ends]), row.since or date.min)
        name = our_name(row.model)
        ceiling = min((each.above for each in rows if _beside(each, row) and each.above > row.above), default=None)
        for above in _edges(row.above, ceiling, book, on, name):
            ours = our_price(book, name, row.meter, above, on)
            if ours is not None and ours.price == row.price:
                yield row, None
            else:
                band = f"above {above:,}" if above else ""
                yield row, Disagreement(row, on, ours, band, cards_with(book, name, row, above))


def _beside(one: Listed, other: Listed) -> bool:
    return (one.model, one.meter, one.since) == (other.model, other.meter, other.since)


def _edges(above: int, ceiling: int | None, book: RateBook, on: date, name: str) -> list[int]:
    """Where inputs that have one price with them begin to have another one with us."""
    card, _ = _listing(book, name, on)
    limits = [row.limit for row in _rows(card, name)[:-1]] if card else []
    return [above, *(limit for limit in limits if above < limit and (ceiling is None or limit < ceiling))]


def our_price(book: RateBook, name: str, meter: str, above: int, on: date) -> Ours | None:
    """Our price for inputs just longer than `above`; None where no card up to that day has the model."""
    card, until = _listing(book, name, on)
    return Ours(_price(card, name, meter, above), until) if card else None


def cards_with(book: RateBook, name: str, theirs: Listed, above: int) -> str:
    """The cards that have their price, as spans."""
    having = [card.id for card in book if _price(card, name, theirs.meter, above) == theirs.price]
    return spans(having, [card.id for card in book]) or "none"


def _listing(book: RateBook, name: str, on: date) -> tuple[RateCard | None, date | None]:
    """The last card up to a day that prices a model, and the day on which the next card dropped it."""
    found, until = None, None
    for card in book:
        start = card.effective_from.astimezone(UTC)
        if start > datetime.combine(on, time(), UTC):
            break
        if _rows(card, name):
            found, until = card, None
        elif found is not None and until is None:
            until = card.effective_from.date()
    return found, until


def _rows(card: RateCard, name: str) -> Sequence[Prices]:
    return card.table.prices.get("USD", {}).get(name, ())


def _price(card: RateCard, name: str, meter: str, above: int) -> Decimal | None:
    row = next((row for row in _rows(card, name) if above < row.limit), None)
    price: Decimal | None = getattr(row, _FIELDS[meter]) if row else None
    return price


def read_explained(path: Path = EXPLAINED) -> list[Explained]:
    """The disagreements that are explained. Raises `InputError` where one is not written as it should be."""
    document: dict[str, Any] = tomli.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    try:
        listed = TypeAdapter(dict[str, list[Explained]]).validate_python(document)
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(path.name, f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    explained = listed.pop("explained", [])
    said = [price for each in explained for price in each.prices]
    if listed or len(set(said)) < len(said) or not all(each.why.endswith(".") for each in explained):
        raise InputError(path.name, "holds [[explained]] alone, no price twice, and each why is a sentence")
    return explained


def report(
    compared_with: Mapping[Package, Sequence[tuple[Listed, Disagreement | None]]], explained: Sequence[Explained]
) -> tuple[list[str], int]:
    """The lines to print, and how many disagreements are not explained or explanations are stale."""
    why = {price: each.why for each in explained for price in each.prices}
    lines, wrong = [], 0
    for package, rows in compared_with.items():
        differing = [found for _, found in rows if found is not None]
        models = len({row.model for row, _ in rows})
        agreeing = len(rows) - len(differing)
        lines.append(
            f"{package.name} {package.version}, released {package.released}: "
            f"{models} MiMo models, {len(rows)} prices, {agreeing} of them ours"
        )
        unexplained = [found for found in differing if found.theirs not in why]
        wrong += len(unexplained)
        for heading, found in (("not explained", unexplained), *_by_reason(differing, why)):
            if found:
                lines += ["", *lines_of(Listing("", (heading,))), *lines_of(_table(found))]
        lines.append("")
    differing_now = {found.theirs for rows in compared_with.values() for _, found in rows if found is not None}
    stale = [price for price in why if price not in differing_now]
    lines += [f"explains what does not differ: {_told(price)}" for price in stale]
    return lines, wrong + len(stale)


def _by_reason(
    differing: Iterable[Disagreement], why: Mapping[Listed, str]
) -> Iterator[tuple[str, list[Disagreement]]]:
    told = [found for found in differing if found.theirs in why]
    told.sort(key=lambda found: list(why).index(found.theirs))
    for reason, group in groupby(told, key=lambda found: why[found.theirs]):
        yield reason, list(group)


def _table(found: Iterable[Disagreement]) -> Table:
    heads = ("model", "on", "input", "meter", "theirs", "ours", "theirs is on our cards")
    rows = [
        (
            each.theirs.model,
            each.on.isoformat(),
            each.band,
            each.theirs.meter,
            number(each.theirs.price),
            our_text(each.ours),
            each.cards,
        )
        for each in found
    ]
    return table(heads, "llllrll", rows)


def our_text(ours: Ours | None) -> str:
    """Our price in words: with the day from which the model is listed no more."""
    if ours is None:
        return "no such model"
    price = "no price" if ours.price is None else number(ours.price)
    return price if ours.until is None else f"{price} until {ours.until}"


def _told(price: Listed) -> str:
    since = f" since {price.since}" if price.since else ""
    return f"{price.package}, {price.model}{since}, {price.meter} {number(price.price)}"


def main(arguments: list[str] | None = None, *, reader: Callable[[Package, Path], list[Listed]] = read) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.compare_prices", description="Compares prices.")
    parser.add_argument("--wheels", type=Path, default=WHEELS, help="where the wheels are (default: .price-data)")
    parser.add_argument("--explained", type=Path, default=EXPLAINED, help="the explanations")
    options = parser.parse_args(arguments)
    book = load_book()
    try:
        found = {each: list(compared(reader(each, options.wheels), each.released, book)) for each in pinned()}
        lines, wrong = report(found, read_explained(options.explained))
    except InputError as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(lines).rstrip())
    print(f"\n{wrong} to be put right" if wrong else "\nevery disagreement is explained")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
