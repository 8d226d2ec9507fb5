"""Plain plans, told in arrays, are what the ledger's engine decides of each account by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimo_credits import Account, Advance, Cancel, ChangeTier, Grant, Hold, RateBook, Subscribe, fold, load_book
from mimo_credits.cycle import CycleRule
from mimo_credits.frames.clocks import micros, moment
from mimo_credits.frames.plain_plans import ends_of, is_plain, plain_stretches
from mimo_credits.frames.segments import course_of
from mimo_credits.ledger import Command
from mimo_credits.testing import strategies
from mimo_credits.testing.terms import Terms, card

MAY = datetime(2026, 5, 20, 1, tzinfo=UTC)
PUBLISHED = load_book()
Told = tuple[Account, list[Command]]


def told(
    accounts: list[Told], until: datetime, book: RateBook
) -> tuple[dict[int, list[tuple[int, int, int]]], set[int]]:
    found, left = plain_stretches(accounts, np.full(len(accounts), micros(until)), book)
    stretches: dict[int, list[tuple[int, int, int]]] = {number: [] for number in range(len(accounts))}
    for whose, start, pool, segment in zip(*(column.tolist() for column in found), strict=True):
        stretches[whose].append((start, pool, segment))
    return stretches, set(left.tolist())


def decided(account: Account, commands: list[Command], until: datetime, book: RateBook) -> list[tuple[int, int, int]]:
    """By the engine, an account alone."""
    course = course_of(account, commands, book, until)
    assert course.simple
    assert all(stretch.renewed for stretch in course.stretches)
    assert not course.rejected
    return [(micros(each.start), each.pool, micros(each.segment or each.start)) for each in course.stretches]


@st.composite
def plain_accounts(draw: st.DrawFn, book: RateBook) -> Told:
    """A plan that is bought, or one that was bought and runs; under a book that may not sell it."""
    instants = st.datetimes(datetime(2026, 3, 1), datetime(2026, 12, 1), timezones=st.just(UTC))
    tiers = sorted({name for card in book for name in card.tiers})
    command = Subscribe(
        "buy",
        draw(instants),
        draw(st.sampled_from([*tiers, "none"])),
        draw(st.sampled_from(["USD", "CNY"])),
        draw(st.sampled_from(["monthly", "monthly", "annual"])),
    )
    if draw(st.booleans()):
        return Account(), [command]
    later = command.at + timedelta(days=draw(st.integers(0, 90)), seconds=draw(st.integers(0, 1)))
    account, _ = fold(Account(), [command, Advance(later)], book, rejected=[])
    return account, []


def check(accounts: list[Told], until: datetime, book: RateBook) -> int:
    """How many of the accounts were told in arrays; those are right."""
    plain = [each for each in accounts if is_plain(*each)]
    stretches, left = told(plain, until, book)
    for number, (account, commands) in enumerate(plain):
        if number in left:
            assert stretches[number] == []
        else:
            assert stretches[number] == decided(account, commands, until, book)
    return len(plain) - len(left)


@given(st.data())
def test_they_are_what_the_engine_decides(data: st.DataObject) -> None:
    book = data.draw(st.one_of(st.just(PUBLISHED), strategies.books()))
    accounts = data.draw(st.lists(plain_accounts(book), max_size=5))
    until = MAY + timedelta(days=data.draw(st.integers(-90, 400)))
    check(accounts, until, book)


def test_the_published_cards_leave_none_out() -> None:
    """Bought at any hour of half a year: 30 days first, months later, the migration of May between."""
    bought = [MAY - timedelta(days=45) + timedelta(hours=5 * number) for number in range(1000)]
    tiers = ("lite", "standard", "pro", "max")
    accounts: list[Told] = [(Account(), [Subscribe("buy", at, tiers[at.hour % 4])]) for at in bought]
    running = [(fold(Account(), commands, PUBLISHED)[0], []) for _, commands in accounts]
    until = datetime(2027, 3, 5, tzinfo=UTC)
    assert check([*accounts, *running], until, PUBLISHED) == 2000


def test_what_is_not_plain_is_left_to_the_engine() -> None:
    buy = Subscribe("buy", MAY, "lite")
    running, _ = fold(Account(), [buy], PUBLISHED)
    granted, _ = fold(running, [Grant("gift", MAY, 5)], PUBLISHED)
    held, _ = fold(running, [Hold("hold", MAY, credits=5, expires_at=MAY + timedelta(days=1))], PUBLISHED)
    lower, _ = fold(running, [ChangeTier("next", MAY, "pro", when="renewal")], PUBLISHED)
    cancelled, _ = fold(running, [Cancel("end", MAY)], PUBLISHED)
    pinned, _ = fold(Account(), [Subscribe("buy", MAY, "lite", card="2026-04-22.1")], PUBLISHED)
    assert is_plain(running, [])
    assert is_plain(Account(), [buy])
    odd: list[Any] = [
        *((account, []) for account in (Account(), granted, held, lower, cancelled, pinned)),
        (running, [buy]),
        (Account(), [buy, Cancel("end", MAY)]),
        (Account(), [Grant("gift", MAY, 5)]),
        (Account(), [Subscribe("buy", MAY, "lite", card="2026-04-22.1")]),
        (Account(), [Subscribe("buy", MAY, "lite", first_purchase=True)]),
    ]
    assert [each for each in odd if is_plain(*each)] == []


def test_what_no_card_sells_then_is_left_to_the_engine() -> None:
    """Bought before the first card, of no tier, or further than its cycle by another book."""
    early = Subscribe("buy", datetime(2026, 1, 1, tzinfo=UTC), "lite")
    running, _ = fold(Account(), [Subscribe("buy", MAY, "lite")], RateBook.fixed(PUBLISHED.at(MAY)))
    overdue = running._replace(now=MAY + timedelta(days=20))
    ended = running._replace(now=MAY + timedelta(days=40))
    assert told([(ended, [])], MAY + timedelta(days=90), RateBook.fixed(PUBLISHED.at(MAY)))[1] == {0}
    accounts: list[Told] = [
        (Account(), [early]),
        (Account(), [Subscribe("buy", MAY, "platinum")]),
        (overdue, []),
        (Account(), [Subscribe("buy", MAY, "lite")]),
    ]
    stretches, left = told(accounts, MAY, PUBLISHED)
    assert left == {0, 1, 2}
    assert [len(stretches[number]) for number in range(4)] == [0, 0, 0, 1]


def test_a_book_that_migrates_nothing_has_renewals_only() -> None:
    book = RateBook(PUBLISHED, migrates=False)
    assert check([(Account(), [Subscribe("buy", MAY, "lite")])], MAY + timedelta(days=90), book) == 1


def test_a_card_migrates_only_what_it_sells() -> None:
    """Here in dollars alone: a plan paid in yuan runs on, and is nobody's plain plan once it should be renewed."""
    sold = "{ credits = 100, price = { USD = 1, CNY = 7 } }"
    models = {"m": "{ credits = 1 }"}
    first = card(Terms({"lite": sold}, models))
    dollars = sold.replace(", CNY = 7", "")
    second = card(Terms({"lite": dollars}, models, day="2026-01-02", start="12:00:00Z", migrates=True))
    book = RateBook([first, second])
    bought = datetime(2026, 1, 2, tzinfo=UTC)
    accounts: list[Told] = [(Account(), [Subscribe("buy", bought, "lite", each)]) for each in ("USD", "CNY")]
    assert check(accounts, bought + timedelta(hours=20), book) == 2
    stretches, left = told(accounts, bought + timedelta(hours=30), book)
    assert [len(stretches[number]) for number in range(2)] == [3, 0]
    assert left == {1}


ZONES = ("UTC", "Asia/Shanghai", "America/New_York", "Pacific/Apia")


@given(
    st.sampled_from(ZONES),
    st.sampled_from(["instant", "day-end"]),
    st.sampled_from([(1, 0), (30, 0), (0, 1), (0, 12)]),
    st.lists(st.tuples(st.integers(0, 80 * 365 * 86_400 * 10**6), st.integers(1, 30)), min_size=1, max_size=6),
)
def test_the_ends_of_cycles_are_those_of_their_rule(
    zone: str, boundary: Any, length: tuple[int, int], cycles: list[tuple[int, int]]
) -> None:
    rule = CycleRule(*length, boundary, zone)
    anchors, numbers = (np.array(column, np.int64) for column in zip(*cycles, strict=True))
    expected = [micros(rule.end_of(moment(anchor), number)) for anchor, number in cycles]
    assert ends_of(rule, anchors, numbers).tolist() == expected


@pytest.mark.parametrize("day", range(28, 32))
def test_a_cycle_of_months_ends_with_a_short_month(day: int) -> None:
    anchor = datetime(2026, 1, day, 23, 59, 59, 999_999, tzinfo=UTC)
    numbers = np.arange(1, 14)
    ends = ends_of(CycleRule(0, 1, "instant", "UTC"), np.full(13, micros(anchor)), numbers)
    assert [moment(end).day for end in ends.tolist()][:4] == [28, day, min(day, 30), day]
