"""An account's own clock, and how it shows itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from rich.console import Console

from mimo_credits import (
    Account,
    Advance,
    Billed,
    Cancel,
    ChangeTier,
    Command,
    Grant,
    Hold,
    RateBook,
    Record,
    Release,
    Restated,
    Settle,
    Subscribe,
    evolve,
    fold,
)
from mimo_credits.display import as_html, as_rich, as_text, sheet_of
from mimo_credits.frozen import FrozenMap
from mimo_credits.ledger.evolution import _EVOLVE
from tests.ledger import worlds
from tests.ledger.worlds import PLAIN, SMALL, card, tokens

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
FREE = tokens(1, model="free")


def hours(number: int) -> datetime:
    return START + timedelta(hours=number)


LIFE: list[Command] = [
    Grant("g", START, 1, expires_at=hours(9)),
    Subscribe("s", hours(1), "lite"),
    Hold("h", hours(2), FREE, expires_at=hours(9)),
    Hold("i", hours(3), SMALL, expires_at=hours(9)),
    Record("r", hours(4), tokens(2, searches=1)),
    ChangeTier("up", hours(5), "standard"),
    Settle("e", hours(6), "i", FREE),
    Release("x", hours(7), "h"),
    Cancel("c", hours(8)),
    Advance(hours(30)),
    Record("late", hours(12), tokens(2, searches=1)),
]
"""A life that has every kind of entry but a correction's, and holds of nothing, whose end moves no credits."""


def test_an_accounts_clock_is_the_latest_instant_of_its_entries_after_each_of_them() -> None:
    _, entries = fold(Account(), LIFE, worlds.plain())
    assert {type(entry) for entry in entries} == set(_EVOLVE) - {Restated}
    account, latest = Account(), START
    for entry in entries:
        account, latest = evolve(account, entry), max(latest, entry.at)
        assert account.now == latest, entry


def test_a_bill_by_itself_turns_the_clock() -> None:
    note = Billed(hours(50), Decimal("-0.72"), "USD", "correction", "", None, None)
    assert evolve(Account(now=START), note) == Account(now=hours(50))


def test_a_bill_of_usage_settles_all_that_its_currency_owes_and_no_other() -> None:
    subscribed, _ = fold(Account(), LIFE[:2], worlds.plain())
    owing = subscribed._replace(accrued=FrozenMap({"USD": Fraction(1, 3), "CNY": Fraction(2)}))
    bill = Billed(hours(2), Decimal("0.33"), "USD", "usage", "", None, None)
    assert evolve(owing, bill).accrued == {"CNY": 2}
    assert evolve(subscribed, bill).accrued == {}


def test_an_account_in_one_line() -> None:
    subscribed, _ = fold(Account(), LIFE[:2], worlds.plain())
    assert repr(Account()) == "<Account without a plan, 0 credits left>"
    assert repr(subscribed) == "<Account lite, 11 credits left at 2026-01-01T13:00:00+00:00>"
    rich = card(replace(PLAIN, tiers={"lite": "{ credits = 1234.5, price = { USD = 6 } }"}))
    large, _ = fold(Account(), [Subscribe("s", START, "lite")], RateBook([rich]))
    assert repr(large) == "<Account lite, 1,234.5 credits left at 2026-01-01T12:00:00+00:00>"


def test_an_account_shows_its_own_sheet_in_every_form() -> None:
    account, _ = fold(Account(), LIFE[:5], worlds.plain())
    sheet = sheet_of(account)
    assert str(account) + "\n" == as_text(sheet)
    assert account._repr_html_() == as_html(sheet)
    assert _plainly(account.__rich__()) == _plainly(as_rich(sheet))


def _plainly(drawn: object) -> str:
    console = Console(width=100)
    with console.capture() as captured:
        console.print(drawn)
    return captured.get()
