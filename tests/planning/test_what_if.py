"""The same history on every card and tier, in one table."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from mimo_credits import (
    Account,
    ChangeTier,
    NotInPlan,
    RateBook,
    Record,
    Refused,
    Settle,
    Subscribe,
    UnknownModel,
    Usage,
    fold,
    load_book,
    load_card,
    statement,
    what_if,
)
from tests.made_cards import CARD

APRIL, MAY = load_card("2026-04-22"), load_card("2026-05-27")


def at(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 5, day, hour, tzinfo=UTC)


HISTORY = [
    Subscribe("s", at(1), "standard"),
    Record("a", at(2), Usage("mimo-v2.5-pro", input_tokens=90_000, cached_tokens=80_000, output_tokens=3_000)),
    Record("night", at(3, 20), Usage("mimo-v2.5", input_tokens=100_000)),
    ChangeTier("up", at(20), "pro"),
    Record("b", at(28), Usage("mimo-v2.5-pro", input_tokens=40_000, output_tokens=1_000, web_searches=100)),
]


def test_the_same_log_on_every_card_and_every_tier():
    rows = what_if(HISTORY, [APRIL, MAY], ["lite", "max"])
    assert [(row.card, row.tier) for row in rows] == [
        ("2026-04-22.1", "lite"),
        ("2026-04-22.1", "max"),
        ("2026-05-27.1", "lite"),
        ("2026-05-27.1", "max"),
    ]
    april = 2 * 93_000 + Decimal("0.8") * 100_000 + 2 * 41_000
    may = Decimal("2.5") * 80_000 + 300 * 10_000 + 600 * 3_000 + 80 * 100_000 + 300 * 40_000 + 600 * 1_000
    assert [row.used for row in rows] == [april * 1_000, april * 1_000, may * 1_000, may * 1_000]
    assert rows[0].money == {"USD": Decimal("5.28") + Decimal("0.5")}
    assert rows[1].money == {"USD": 88 + Decimal("0.5")}
    assert not any(row.unpriced or row.refused for row in rows)


def test_the_book_that_was_in_force_is_what_happened():
    (row,) = what_if(HISTORY, [load_book()], ["standard"])
    kept = [command for command in HISTORY if not isinstance(command, ChangeTier)]
    happened = statement(fold(Account(), kept, load_book())[1])
    assert row.card == "the cards in force"
    assert row.used == sum(cycle.used for cycle in happened.cycles)
    assert row.cycles == len(happened.cycles)
    assert sum(row.money.values()) == sum(happened.money_due.values()) + sum(happened.unbilled.values())


def test_what_exceeds_the_allowance_is_told():
    huge = [Subscribe("s", at(1), "lite"), Record("a", at(2), Usage("mimo-v2.5", input_tokens=70_000_000))]
    (row,) = what_if(huge, [APRIL], ["lite"])
    assert (row.used, row.overage) == (70_000_000_000, 10_000_000_000)
    assert str(row) == "lite on 2026-04-22.1: 70,000,000 credits, 10,000,000 of them beyond the allowance; USD 5.28"


def test_usage_without_a_price_is_listed_and_in_no_sum():
    strange = [
        *HISTORY,
        Record("new", at(29), Usage("mimo-v2.6-pro", input_tokens=1)),
        Record("cash", at(29), Usage("mimo-v2-flash", input_tokens=1)),
        Settle("lost", at(30), "no such hold", Usage("mimo-v2.5", input_tokens=1)),
    ]
    (row,), (plain,) = what_if(strange, [MAY], ["max"]), what_if(HISTORY, [MAY], ["max"])
    assert (row.used, row.money) == (plain.used, plain.money)
    assert {(each.command.id, type(each.error)) for each in row.unpriced} == {
        ("new", UnknownModel),
        ("cash", NotInPlan),
    }
    assert [(each.command.id, type(each.error)) for each in row.refused] == [("lost", Refused)]
    assert str(row).endswith("2 without a price, 1 refused")


def test_a_tier_that_a_card_does_not_sell_is_refused_and_costs_nothing():
    row, _ = what_if(HISTORY, [CARD, APRIL], ["pro"])
    assert (row.used, row.cycles, row.money) == (0, 0, {})
    assert row.refused[0].command.id == "s"
    assert str(row).startswith("pro on 2026-01-01.1: 0 credits; no money, ")


def test_only_usage_is_without_a_price():
    early = [Subscribe("s", datetime(2026, 1, 1, tzinfo=UTC), "lite"), *HISTORY[1:2]]
    (row,) = what_if(early, [load_book()], ["lite"])
    assert row.unpriced == ()
    assert [each.command.id for each in row.refused] == ["s", "a"]


@pytest.mark.parametrize("tier", ["lite", "standard", "pro", "max"])
def test_a_card_is_the_same_as_its_fixed_book(tier):
    (card,), (book,) = what_if(HISTORY, [MAY], [tier]), what_if(HISTORY, [RateBook.fixed(MAY)], [tier])
    assert replace(card, card="") == replace(book, card="")


def test_what_two_currencies_owe_is_kept_apart():
    twice = [
        Subscribe("s", at(1), "lite"),
        Record("a", at(2), Usage("mimo-v2.5", input_tokens=1, web_searches=1)),
        Subscribe("t", datetime(2026, 9, 1, tzinfo=UTC), "lite", currency="CNY"),
    ]
    (row,) = what_if(twice[:2], [APRIL], ["lite"])
    assert row.money == {"USD": Decimal("5.285")}
    yuan = [Subscribe("s", at(1), "lite", currency="CNY"), twice[1]]
    assert what_if(yuan, [APRIL], ["lite"])[0].money == {"CNY": Decimal("34.336")}
