"""`RateBook`: which card is in force at an instant, and for how long its rates hold."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimo_credits import (
    Account,
    InputError,
    NoCardInEffect,
    NoPlan,
    NoSuchCard,
    RateBook,
    RateCardError,
    Reason,
    Subscribe,
    Usage,
    charge,
    fold,
    load_book,
    quote,
)
from mimo_credits.book import Regime
from mimo_credits.instants import FIRST_INSTANT, LAST_INSTANT
from tests.made_cards import CARD, card_of

TICK = timedelta(microseconds=1)
JANUARY = CARD
MARCH = card_of("2026-03-01", migrates=True)
MAY = card_of("2026-05-01", revision=2, migrates=True)
STEADY = card_of("2026-07-01").derive({"off_peak": None})
BOOK = RateBook([MAY, STEADY, JANUARY, MARCH])
PUBLISHED = load_book()


def utc(*numbers: int) -> datetime:
    return datetime(*numbers, tzinfo=UTC)


def test_cards_are_in_order_of_effect_whatever_order_they_came_in():
    assert list(BOOK) == [JANUARY, MARCH, MAY, STEADY]
    assert len(BOOK) == 4
    assert repr(RateBook([MAY, JANUARY])) == "<RateBook of 2026-01-01.1, 2026-05-01.2>"
    assert repr(RateBook([])) == "<RateBook of no cards>"


def test_order_is_by_instant_not_by_wall_clock():
    """Midnight of 2 January in Beijing comes eight hours before that of UTC."""
    beijing = JANUARY.derive(
        {"effective_from": datetime(2026, 1, 2, tzinfo=ZoneInfo("Asia/Shanghai")), "version": "2026-01-02"}
    )
    later = card_of("2026-01-02")
    book = RateBook([later, beijing])
    assert list(book) == [beijing, later]
    assert book.at(utc(2026, 1, 1, 16)) is beijing


def test_a_book_does_not_change():
    with pytest.raises(AttributeError):
        BOOK.migrates = False
    with pytest.raises(AttributeError):
        BOOK.cards = ()
    assert BOOK.migrates


def test_two_cards_at_one_instant_are_refused():
    with pytest.raises(RateCardError) as caught:
        RateBook([MARCH, JANUARY, card_of("2026-03-01", revision=2)])
    error = caught.value
    assert error.file == "2026-03-01.2"
    assert [str(problem) for problem in error.problems] == [
        "effective_from: 2026-03-01.1 takes effect at the same instant"
    ]


def test_one_instant_in_two_zones_is_one_instant():
    beijing = JANUARY.derive({"effective_from": datetime(2026, 1, 1, 8, tzinfo=ZoneInfo("Asia/Shanghai"))})
    with pytest.raises(RateCardError):
        RateBook([JANUARY, beijing])


# --- which card -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("instant", "card"),
    [
        (utc(2026, 1, 1), JANUARY),
        (utc(2026, 3, 1) - TICK, JANUARY),
        (utc(2026, 3, 1), MARCH),
        (utc(2026, 5, 1) - TICK, MARCH),
        (utc(2026, 5, 1), MAY),
        (datetime(2026, 5, 1, 7, 59, tzinfo=ZoneInfo("Asia/Shanghai")), MARCH),
        (LAST_INSTANT - TICK, STEADY),
    ],
)
def test_a_card_holds_from_its_instant_until_the_next_half_open(instant, card):
    assert BOOK.at(instant) is card


def test_before_the_first_card_none_is_in_force():
    instant = utc(2026, 1, 1) - TICK
    for question in (
        lambda: BOOK.at(instant),
        lambda: BOOK.quote(Usage("flat"), instant),
        lambda: BOOK.regime(instant),
    ):
        with pytest.raises(NoCardInEffect) as caught:
            question()
        assert caught.value.instant == "2025-12-31T23:59:59.999999+00:00"
        assert caught.value.first == "2026-01-01T00:00:00+00:00"
        assert str(caught.value) == (
            "no rate card is in effect at 2025-12-31T23:59:59.999999+00:00: "
            "the first takes effect 2026-01-01T00:00:00+00:00."
        )


def test_an_empty_book_has_no_card():
    with pytest.raises(NoCardInEffect) as caught:
        RateBook([]).at(utc(2026, 1, 1))
    assert caught.value.first is None
    assert str(caught.value).endswith("the book is empty.")
    assert list(RateBook([])) == []


@pytest.mark.parametrize("instant", [datetime(2026, 5, 1), "2026-05-01T00:00:00Z", None])
def test_only_an_aware_instant_chooses_a_card(instant):
    with pytest.raises(InputError) as caught:
        BOOK.at(instant)
    assert caught.value.field == "at"


def test_a_card_is_found_by_its_id_or_its_version():
    assert BOOK.card("2026-05-01.2") is MAY
    assert BOOK.card("2026-05-01") is MAY


@pytest.mark.parametrize("card_id", ["2026-05-01.1", "2026-05", "", "2026-05-02"])
def test_a_card_that_is_not_in_the_book_is_named_with_those_like_it(card_id):
    with pytest.raises(NoSuchCard) as caught:
        BOOK.card(card_id)
    assert caught.value.version == card_id
    assert set(caught.value.nearest) <= {card.id for card in BOOK}
    assert not card_id or "2026-05-01.2" in caught.value.nearest


# --- quotes -----------------------------------------------------------------------------------------------------------


def test_a_books_quote_chooses_the_card_and_the_time_of_day():
    book = RateBook([JANUARY, MARCH.derive({"models": {"flat": {"credits": 50}}})])
    usage = Usage("flat", input_tokens=10)
    assert book.quote(usage, utc(2026, 2, 28, 12)).millicredits == 30_000
    assert book.quote(usage, utc(2026, 2, 28, 20)).millicredits == 24_000
    assert book.quote(usage, utc(2026, 3, 1, 12)).millicredits == 500_000
    assert book.quote(usage, utc(2026, 3, 1, 20)).millicredits == 400_000
    assert book.quote({usage: 3}, utc(2026, 3, 1, 12)) == quote(book.at(utc(2026, 3, 1)), [usage] * 3)


# --- one card for ever ------------------------------------------------------------------------------------------------


def test_in_a_fixed_book_one_card_rules_at_every_instant_and_nothing_migrates():
    book = RateBook.fixed(MARCH)
    for instant in (FIRST_INSTANT, utc(2026, 1, 1), utc(2026, 3, 1), LAST_INSTANT - TICK):
        assert book.at(instant) is MARCH
    assert list(book) == [MARCH]
    assert book.next_migration(FIRST_INSTANT) is None
    assert book.regime(FIRST_INSTANT).card is MARCH


# --- migrations -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("after", "card"),
    [
        (FIRST_INSTANT, MARCH),
        (utc(2026, 3, 1) - TICK, MARCH),
        (utc(2026, 3, 1), MAY),
        (utc(2026, 5, 1) - TICK, MAY),
        (utc(2026, 5, 1), None),
        (utc(2030, 1, 1), None),
    ],
)
def test_the_next_migration_is_the_first_card_after_that_has_one(after, card):
    expected = None if card is None else (card.effective_from, card)
    assert BOOK.next_migration(after) == expected


def test_a_card_without_a_migration_changes_rates_alone():
    assert RateBook([JANUARY, card_of("2026-03-01")]).next_migration(utc(2026, 1, 1)) is None


def test_a_book_may_be_told_not_to_migrate():
    assert RateBook([JANUARY, MARCH], migrates=False).next_migration(utc(2026, 1, 1)) is None


# --- regimes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "until", "card", "off_peak"),
    [
        (utc(2026, 2, 10), utc(2026, 2, 10, 16), JANUARY, False),
        (utc(2026, 2, 10, 16), utc(2026, 2, 11), JANUARY, True),
        (utc(2026, 2, 28, 20), utc(2026, 3, 1), JANUARY, True),
        (utc(2026, 4, 30, 23, 59), utc(2026, 5, 1), MARCH, True),
        (utc(2026, 7, 1, 20), LAST_INSTANT, STEADY, False),
    ],
)
def test_a_regime_ends_with_the_hours_or_with_the_card(at, until, card, off_peak):
    assert BOOK.regime(at) == Regime(at, until, card, off_peak, card.table.rows(off_peak))


def test_a_regime_ends_with_its_card_though_the_hours_go_on():
    """A card that takes effect at noon."""
    noon = MARCH.derive({"effective_from": utc(2026, 3, 1, 12)})
    book = RateBook([JANUARY, noon])
    assert book.regime(utc(2026, 3, 1, 3)).until == utc(2026, 3, 1, 12)
    assert book.regime(utc(2026, 3, 1, 12)).card is noon


def test_a_pinned_card_outlives_its_successors():
    at = utc(2026, 7, 2, 3)
    assert BOOK.regime(at, JANUARY) == Regime(at, utc(2026, 7, 2, 16), JANUARY, False, JANUARY.table.peak)
    assert BOOK.regime(at, STEADY).until == LAST_INSTANT
    assert BOOK.regime(utc(2025, 1, 1, 20), JANUARY).off_peak is True


instants = st.datetimes(datetime(2026, 4, 3, 0), datetime(2026, 12, 1), timezones=st.just(UTC))


@given(instants, st.lists(st.integers(0, 1_000), max_size=8), st.none() | st.sampled_from(list(PUBLISHED)))
def test_over_a_regime_every_charge_is_by_its_rows(at, moments, pinned):
    """Wherever one looks in it, the card and the time of day are the regime's: so a run may be charged by it."""
    regime = PUBLISHED.regime(at, pinned)
    assert regime.since == at < regime.until
    for moment in (at, regime.until - TICK, *(at + (regime.until - at) // 1_000 * share for share in moments)):
        if at <= moment < regime.until:
            card = pinned or PUBLISHED.at(moment)
            assert card is regime.card
            assert card.table.is_off_peak(moment) is regime.off_peak
            assert card.table.rows(card.table.is_off_peak(moment)) is regime.rows
    if pinned is None and regime.until < LAST_INSTANT:
        after = PUBLISHED.regime(regime.until)
        assert (after.card, after.off_peak) != (regime.card, regime.off_peak)


@given(instants)
def test_a_books_quote_is_a_charge_by_its_card(at):
    usage = Usage("mimo-v2.5", input_tokens=1_000, cached_tokens=10, output_tokens=100)
    card = PUBLISHED.at(at)
    if usage.model in card.table.peak.bands:
        assert PUBLISHED.quote(usage, at).millicredits == charge(card, usage, at=at)


def test_a_book_survives_pickling():
    again = pickle.loads(pickle.dumps(BOOK))
    assert list(again) == list(BOOK)
    assert again.at(utc(2026, 4, 1)) == MARCH
    fixed = pickle.loads(pickle.dumps(RateBook.fixed(MARCH)))
    assert (fixed.at(FIRST_INSTANT), fixed.migrates) == (MARCH, False)


# --- cards without a plan ---------------------------------------------------------------------------------------------

NO_PLAN = card_of("2026-06-01").derive({"tiers": None, "cycle": None, "policy": None})


def test_a_book_of_cards_without_a_plan_says_which_holds_when():
    book = RateBook([NO_PLAN, card_of("2026-02-01").derive({"tiers": None, "policy": None})])
    assert book.at(utc(2026, 7, 1)) is NO_PLAN
    refused = []
    account, entries = fold(Account(), [Subscribe("s", utc(2026, 7, 1), "small")], book, rejected=refused)
    assert (account.plan, entries, refused[0].error.reason) == (None, [], Reason.UNKNOWN_TIER)


def test_a_card_without_terms_cannot_follow_one_that_sells_a_plan():
    with pytest.raises(RateCardError) as caught:
        RateBook([CARD, NO_PLAN])
    assert caught.value.file == NO_PLAN.id
    assert [str(problem) for problem in caught.value.problems] == [
        "cycle: is missing, though a card of this book sells a plan",
        "policy: is missing, though a card of this book sells a plan",
    ]
    unsold = card_of("2026-06-01").derive({"tiers": None})
    assert len(RateBook([CARD, unsold])) == 2


def test_the_terms_of_a_plan_that_is_not_sold_are_an_error():
    for ask in (lambda: NO_PLAN.plan_cycle, lambda: NO_PLAN.plan_policy):
        with pytest.raises(NoPlan, match=r"of acme sells no plan"):
            ask()
    assert CARD.plan_cycle is CARD.cycle
    assert CARD.plan_policy is CARD.policy


def test_each_card_reigns_from_its_start_on():
    early, late = card_of("2026-01-01"), card_of("2026-02-01")
    assert list(RateBook([late, early]).reigns()) == [(early.effective_from, early), (late.effective_from, late)]
    assert [card for _, card in RateBook.fixed(late).reigns()] == [late]
