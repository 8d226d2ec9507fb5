"""Corrections: deciding history anew, and what turns the books that were kept into those that should have been."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from mimo_credits import (
    Account,
    Accrued,
    Advance,
    Billed,
    BucketOpened,
    ChangeTier,
    Command,
    Grant,
    NoRate,
    Posting,
    RateBook,
    Record,
    Refused,
    Restated,
    Subscribe,
    UnknownModel,
    Usage,
    difference,
    evolve,
    fold,
    load_book,
    load_card,
    replay,
    rerate,
)
from mimo_credits.ledger.audit import audit
from mimo_credits.testing.strategies import books, hostile_timelines
from tests.ledger.strategies import Life, valid_lives

BOOK = load_book()


def may(day: int, hour: int = 12) -> datetime:
    return datetime(2026, 5, day, hour, tzinfo=UTC)


MAY: list[Command] = [
    Subscribe("s", may(1), "standard"),
    Record("old", may(2), Usage("mimo-v2.5-pro", input_tokens=100_000)),
    Record("new", may(28), Usage("mimo-v2.5-pro", input_tokens=100_000, cached_tokens=90_000)),
]


def test_what_may_would_have_cost_on_the_april_card() -> None:
    """Before the switch 2 credits for every token, so 2 x 100,000 for each request, cached or not."""
    april = rerate(MAY, RateBook.fixed(load_card("2026-04-22")))
    assert april.rejected == ()
    assert april.account.pots.spent == 2 * 200_000 * 1000
    really = rerate(MAY, BOOK)
    assert really.account.pots.spent == (200_000 + 90_000 * 2.5 + 10_000 * 300) * 1000


def test_usage_without_a_price_there_is_listed_and_not_raised() -> None:
    launch = rerate(MAY, RateBook.fixed(load_card("2026-04-03")))
    assert [rejection.command.id for rejection in launch.rejected] == ["old", "new"]
    assert all(isinstance(rejection.error, UnknownModel) for rejection in launch.rejected)
    assert launch.account.tier == "standard"
    assert launch.account.pots.spent == 0


def test_refusals_are_listed_too() -> None:
    found = rerate([*MAY, ChangeTier("down", may(29), "lite")], BOOK)
    (rejection,) = found.rejected
    assert isinstance(rejection.error, Refused)
    assert not isinstance(rejection.error, NoRate)


def test_another_tier_is_bought_and_kept() -> None:
    commands = [*MAY, ChangeTier("up", may(3), "pro")]
    assert rerate(commands, BOOK).account.tier == "pro"
    lite = rerate(commands, BOOK, tier="lite")
    assert lite.account.tier == "lite"
    assert lite.rejected == ()
    assert [entry.amount for entry in lite.entries if isinstance(entry, Billed)] == [Decimal("5.28")]


def test_the_order_of_arrival_does_not_matter() -> None:
    assert rerate(reversed([*MAY, MAY[1]]), BOOK) == rerate(MAY, BOOK)


def test_a_corrected_rate_shows_as_postings_and_nothing_else_that_moves_credits() -> None:
    wrong = fold(Account(), MAY, BOOK)[1]
    dearer = load_card("2026-05-27").derive(
        {"models": {"mimo-v2.5-pro": {"credits": {"hit": Decimal("2.5"), "miss": 301, "output": 600}}}}
    )
    right = rerate(MAY, RateBook([*(card for card in BOOK if card.version != "2026-05-27"), dearer]))
    found = difference(wrong, right.entries)
    postings = [entry for entry in found if isinstance(entry, Posting)]
    assert [(each.source, each.target, each.millicredits) for each in postings] == [
        ("allowance", "spent", 10_000 * 1000)
    ]
    assert not [entry for entry in found if isinstance(entry, Billed)]
    assert replay(found, replay(wrong)) == right.account


def test_money_comes_back_as_a_credit_note() -> None:
    paid_list_price = rerate([Subscribe("s", may(1), "lite", first_purchase=False)], BOOK)
    should_have_been = rerate([Subscribe("s", may(1), "lite")], BOOK)
    found = difference(paid_list_price.entries, should_have_been.entries)
    assert [(each.amount, each.currency, each.reason) for each in found if isinstance(each, Billed)] == [
        (Decimal("-0.72"), "USD", "correction")
    ]


def test_what_usage_owes_and_no_bill_has_summed_up_is_corrected_to_the_exact_ratio() -> None:
    searched = Record("w", may(3), Usage("mimo-v2.5-pro", web_searches=3))
    for currency, price in (("USD", 5), ("CNY", 16)):
        plan = Subscribe("s", may(1), "lite", currency=currency)
        without, with_search = rerate([plan], BOOK), rerate([plan, searched], BOOK)
        owed = Fraction(3 * price, 1000)
        assert difference(without.entries, with_search.entries) == (
            Accrued(may(3), owed, currency, "correction", "", None, None),
        )
        assert difference(with_search.entries, without.entries)[0] == Accrued(
            may(3), -owed, currency, "correction", "", None, None
        )
        assert Accrued(may(3), -owed, currency, "correction", "", None, None) in difference(with_search.entries, ())


def test_an_account_that_stays_on_another_card_follows_the_one_that_is_asked_about() -> None:
    subscribe = Subscribe("s", may(1), "lite", card="2026-04-22")
    used = Record("r", may(3), Usage("mimo-v2.5-pro", input_tokens=1000))
    other, own = RateBook.fixed(load_card("2026-05-27")), RateBook.fixed(load_card("2026-04-22"))
    followed = rerate([subscribe, used], other)
    assert followed == rerate([replace(subscribe, card=None), used], other)
    assert not followed.rejected
    for name in ("2026-04-22", load_card("2026-04-22").id):
        plan = rerate([replace(subscribe, card=name), used], own).account.plan
        assert plan is not None
        assert plan.pinned == load_card("2026-04-22").id


def test_money_is_corrected_in_each_currency_apart() -> None:
    """Two histories that paid in different currencies: the one is paid back, the other is due."""
    dollars = rerate([Subscribe("s", may(1), "lite", currency="USD")], BOOK)
    yuan = rerate([Subscribe("s", may(1), "lite", currency="CNY")], BOOK)
    bills = [entry for entry in difference(dollars.entries, yuan.entries) if isinstance(entry, Billed)]
    assert bills == [
        Billed(may(1), Decimal("34.32"), "CNY", "correction", "", None, None),
        Billed(may(1), Decimal("-5.28"), "USD", "correction", "", None, None),
    ]
    twice = rerate([Subscribe("s", may(1), "lite"), ChangeTier("u", may(2), "standard")], BOOK)
    (more,) = [entry for entry in difference(dollars.entries, twice.entries) if isinstance(entry, Billed)]
    assert (more.amount, more.at) == (Decimal("10.00"), may(2))


def test_between_equal_histories_there_is_no_difference() -> None:
    entries = rerate(MAY, BOOK).entries
    assert difference(entries, entries) == ()
    assert difference((), ()) == ()


def test_a_history_can_be_taken_back_altogether() -> None:
    entries = rerate(MAY, BOOK).entries
    assert replay(difference(entries, ()), replay(entries)) == Account()


def test_a_grant_that_was_forgotten_is_opened_as_it_should_have_been() -> None:
    grant = Grant("g", may(3), 5, expires_at=may(20), priority=2, label="an apology")
    wrong, right = rerate(MAY[:2], BOOK), rerate([*MAY[:2], grant], BOOK)
    opened, issued, restated = difference(wrong.entries, right.entries)
    assert opened == BucketOpened(may(3), "grant:g", may(20), 2, "")
    assert issued == Posting(may(3), "issued", "grant:g", 5_000, "correction", "")
    assert isinstance(restated, Restated)
    assert restated.at == may(3)


def test_nothing_is_restated_where_the_balances_are_all_that_was_wrong() -> None:
    entries = fold(Account(), MAY, BOOK)[1]
    moved = [*entries, Posting(may(29), "allowance", "spent", 7, "correction", "")]
    advanced = [*entries, Posting(may(29), "allowance", "spent", 8, "correction", "")]
    assert difference(moved, advanced) == (Posting(may(29), "allowance", "spent", 1, "correction", ""),)


def test_a_correction_moves_balances_and_changes_nothing_that_they_belong_to() -> None:
    """What a segment has let expire, or has drawn beyond its pots, is the restatement's to say."""
    account = rerate([MAY[0], Advance(may(1).replace(month=6, day=9))], BOOK).account
    assert account.plan is not None
    assert account.closed is not None
    at = account.plan.segment_start
    for source, target in (("allowance", "expired"), ("expired", "spent"), ("overage", "spent")):
        corrected = evolve(account, Posting(at, source, target, 7, "correction", ""))
        assert corrected.remaining_millicredits + sum(corrected.pots) == 0
        assert (corrected.plan, corrected.closed) == (account.plan, account.closed)
        remembered = evolve(account, Posting(at, source, target, 7, "usage", ""))
        assert (remembered.plan, remembered.closed) != (account.plan, account.closed)


def test_credits_that_came_from_nowhere_are_left_for_the_audit_to_say() -> None:
    lost = (Posting(may(1), "nopot", "spent", 5, "usage", "r"),)
    for before, after in ((lost, ()), ((), lost)):
        found = difference(before, after)
        assert [type(entry) for entry in found] == [Restated]
        books = [*before, *found]
        assert bool(audit(replay(books), books)) is (before == lost)


def test_a_restated_pot_that_no_posting_filled_is_empty() -> None:
    account = rerate([MAY[0], Grant("g", may(3), 5)], BOOK).account
    (restated,) = [
        e
        for e in difference(
            rerate(MAY, BOOK, tier="max").entries, rerate([MAY[0], Grant("g", may(3), 5)], BOOK).entries
        )
        if isinstance(e, Restated)
    ]
    alone = evolve(Account(), restated)
    assert [(bucket.pot, bucket.millicredits) for bucket in alone.buckets] == [
        (bucket.pot, 0) for bucket in account.buckets
    ]


def test_a_restatement_moves_no_credits() -> None:
    before, after = rerate(MAY, BOOK).account, rerate(MAY, BOOK, tier="max").account
    (restated,) = [
        e
        for e in difference(rerate(MAY, BOOK).entries, rerate(MAY, BOOK, tier="max").entries)
        if isinstance(e, Restated)
    ]
    alone = evolve(before, restated)
    assert alone.pots == before.pots
    assert alone.remaining_millicredits == before.remaining_millicredits
    assert alone.tier == after.tier == "max"


@settings(max_examples=30)
@given(books(), st.data())
def test_difference_applied_to_before_is_after(book: RateBook, data: st.DataObject) -> None:
    before, after = data.draw(hostile_timelines(book)), data.draw(hostile_timelines(book))
    kept, wanted = rerate_unique(before, book), rerate_unique(after, book)
    found = difference(kept.entries, wanted.entries)
    assert replay(found, kept.account) == wanted.account
    assert bills([*kept.entries, *found]) == bills(wanted.entries)


@settings(max_examples=30)
@given(books(), st.data())
def test_corrected_books_stand_an_audit(book: RateBook, data: st.DataObject) -> None:
    kept, wanted = (rerate_unique(data.draw(hostile_timelines(book)), book) for _ in range(2))
    assert audit(wanted.account, [*kept.entries, *difference(kept.entries, wanted.entries)], book) == ()


@settings(max_examples=30)
@given(valid_lives)
def test_rerating_on_the_same_book_is_the_same_history(life: Life) -> None:
    book, commands = life
    first = rerate_unique(commands, book)
    assert rerate_unique(commands, book) == first
    assert difference(first.entries, first.entries) == ()


def rerate_unique(commands, book):
    """Rerates what of a timeline has ids of its own: a hostile one may use an id for two things."""
    unique = {getattr(command, "id", number): command for number, command in enumerate(commands)}
    return rerate(unique.values(), book)


def bills(entries) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for entry in entries:
        if isinstance(entry, Billed):
            sums[entry.currency] = sums.get(entry.currency, Decimal(0)) + entry.amount
    return {currency: amount for currency, amount in sums.items() if amount}
