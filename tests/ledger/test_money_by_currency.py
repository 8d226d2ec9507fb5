"""Money that usage owes: in the currency of the plan it belongs to, never added up across currencies, rounded once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest

from mimo_credits import (
    Account,
    Accrued,
    Advance,
    Billed,
    Cancel,
    Command,
    Entry,
    Hold,
    Posting,
    RateBook,
    Record,
    Settle,
    Subscribe,
    apply,
    difference,
    fold,
    rerate,
)
from mimo_credits.testing.terms import card
from tests.ledger.worlds import PLAIN, tokens

START = datetime(2026, 1, 2, tzinfo=UTC)
PAYING = replace(PLAIN, exhausted="pay-as-you-go")
BOOK = RateBook([card(PAYING)])


def at(hours: int) -> datetime:
    return START + timedelta(hours=hours)


def searched(number: int, hours: int) -> Record:
    """A web search: half a US cent, or 1.6 fen."""
    return Record(f"search-{number}", at(hours), tokens(searches=1))


def bills(entries: Iterable[Entry]) -> list[tuple[str, Decimal]]:
    return [
        (entry.currency, entry.amount) for entry in entries if isinstance(entry, Billed) and entry.reason == "usage"
    ]


def dollars_then_yuan() -> list[Command]:
    """A plan in US dollars that lapses after a day; a plan in yuan begins an hour later."""
    return [
        Subscribe("usd", START, "lite"),
        Cancel("cancel", at(1)),
        Subscribe("cny", at(25), "lite", currency="CNY"),
    ]


def test_late_usage_owes_in_the_currency_of_its_own_segment():
    """Two searches of the plan in dollars, said late; one of the plan in yuan: each currency has its bill."""
    late = [searched(1, 2), searched(2, 3)]
    account, _ = fold(Account(), [*dollars_then_yuan(), *late, searched(3, 26)], BOOK)
    assert account.accrued == {"USD": Fraction(1, 100), "CNY": Fraction(16, 1000)}
    account, entries = apply(account, Record("next day", at(50), tokens()), BOOK)
    assert bills(entries) == [("CNY", Decimal("0.02")), ("USD", Decimal("0.01"))]
    assert account.accrued == {}


def test_a_hold_settled_under_the_next_plan_owes_in_its_currency():
    commands = dollars_then_yuan()
    commands.insert(2, Hold("hold", at(2), credits=1, expires_at=at(40)))
    account, _ = fold(Account(), [*commands, Settle("settle", at(26), "hold", tokens(searches=1))], BOOK)
    assert account.accrued == {"CNY": Fraction(16, 1000)}


def test_a_difference_corrects_what_is_owed_in_each_currency_apart():
    owing = [Subscribe("plan", START, "lite"), searched(1, 2)]
    before = rerate(owing, BOOK)
    after = rerate([replace(owing[0], currency="CNY"), owing[1]], BOOK)
    accrued = [entry[1:3] for entry in difference(before.entries, after.entries) if isinstance(entry, Accrued)]
    assert accrued == [(Fraction(16, 1000), "CNY"), (Fraction(-5, 1000), "USD")]


@pytest.mark.parametrize(("rounding", "of_half_a_cent"), [("half-up", 1), ("up", 1), ("down", 0)])
def test_after_the_plan_the_bills_of_late_usage_are_together_rounded_once(rounding, of_half_a_cent):
    """Half a cent before the plan lapses, ten times half a cent after: all bills are at any time what one would be."""
    book = RateBook([card(replace(PAYING, money_rounding=rounding))])
    commands = [Subscribe("usd", START, "lite"), searched(0, 1), Cancel("cancel", at(2)), Advance(at(24))]
    account, entries = fold(Account(), commands, book)
    for number in range(1, 11):
        account, late = apply(account, searched(number, 3), book)
        entries += late
        cents, half = divmod(number + 1, 2)
        amounts = [amount for _, amount in bills(entries)]
        assert sum(amounts) == Decimal(cents + half * of_half_a_cent) / 100
        assert min(amounts) >= 0


def test_no_bill_is_negative_where_the_one_before_was_rounded_up_by_more_than_is_owed_since():
    """A token of USD 0.0007 before the plan lapses, and one after: the cent of the first bill pays for both."""
    book = RateBook([card(replace(PAYING, money_rounding="up"))])
    used_up, beyond = Record("10 credits", at(1), tokens(20)), Record("beyond", at(2), tokens(1))
    commands = [Subscribe("usd", START, "lite"), used_up, beyond, Cancel("cancel", at(2)), Advance(at(24))]
    account, entries = fold(Account(), commands, book)
    assert bills(entries) == [("USD", Decimal("0.01"))]
    account, late = apply(account, Record("late", at(3), tokens(1)), book)
    assert bills(late) == [("USD", Decimal("0.00"))]
    assert account.accrued == {"USD": Fraction(14 - 100, 10_000)}


def test_what_rounding_left_of_an_old_plan_is_no_new_plans_to_pay():
    commands = dollars_then_yuan()
    commands.insert(1, searched(1, 1))
    account, _ = fold(Account(), commands, BOOK)
    assert account.accrued == {}
    account, entries = apply(account, Record("next day", at(50), tokens()), BOOK)
    assert bills(entries) == []


def test_late_usage_that_owes_nothing_makes_no_bill():
    """Even where rounding has left something of the last bill."""
    commands = [Subscribe("usd", START, "lite"), searched(1, 1), Cancel("cancel", at(2)), Advance(at(24))]
    account, _ = fold(Account(), commands, BOOK)
    assert account.accrued == {"USD": Fraction(-5, 1000)}
    account, entries = apply(account, Record("free", at(3), tokens(1, 0, 0, model="free")), BOOK)
    assert bills(entries) == []


def test_overage_owes_nothing_where_the_card_in_force_sells_nothing_in_the_currency():
    """A plan in yuan meets a card in dollars alone: usage is not refused, and the plan lapses with its cycle."""
    dollars = card(
        replace(
            PAYING,
            day="2026-01-02",
            start="12:00:00Z",
            tiers={"lite": "{ credits = 10, price.USD = 6 }"},
            models={"weighted": "{ credits = 2, price.USD = 7000 }"},
        )
    )
    book = RateBook([*BOOK, dollars])
    account, entries = fold(
        Account(), [Subscribe("cny", START, "lite", currency="CNY"), Record("much", at(13), tokens(miss=8))], book
    )
    assert account.pots.overage == -6_000
    assert [entry.reason for entry in entries if isinstance(entry, Posting) and entry.source == "overage"] == [
        "overage"
    ]
    assert not account.accrued
