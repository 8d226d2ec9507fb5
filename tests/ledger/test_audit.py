"""`audit` finds each way in which an account's books can be wrong. Each test breaks right books in one way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from mimo_credits import (
    Account,
    Advance,
    Cancel,
    Hold,
    Posting,
    RateBook,
    Rated,
    Record,
    Settle,
    Subscribe,
    Usage,
    difference,
    fold,
    load_book,
    load_card,
    replay,
    rerate,
)
from mimo_credits.errors import NoSuchCard
from mimo_credits.frozen import FrozenMap
from mimo_credits.ledger import (
    BucketClosed,
    BucketOpened,
    CycleOpened,
    Entry,
    HoldClosed,
    HoldOpened,
    Lapsed,
    Scheduled,
    TierChanged,
)
from mimo_credits.ledger.audit import audit
from mimo_credits.pricing import metered_charge, rates_for

BOOK = load_book()
USAGE = Usage("mimo-v2.5-pro", input_tokens=1_000, output_tokens=10)


MOMENT = timedelta(microseconds=1)


def june(day: int) -> datetime:
    return datetime(2026, 6, day, tzinfo=UTC)


ACCOUNT, ENTRIES = fold(
    Account(),
    [
        Subscribe("s", june(1), "lite"),
        Record("r", june(2), USAGE),
        Hold("h", june(3), credits=500, expires_at=june(9)),
    ],
    BOOK,
)


def found(account: Account, entries: list, book: RateBook | None = BOOK) -> dict[str, str]:
    return {problem.where: problem.what for problem in audit(account, entries, book)}


def changed(kind: type, **fields: object) -> list:
    """The entries with the last of a kind changed."""
    at = max(number for number, entry in enumerate(ENTRIES) if type(entry) is kind)
    return [*ENTRIES[:at], ENTRIES[at]._replace(**fields), *ENTRIES[at + 1 :]]


def test_right_books_have_no_problems() -> None:
    assert found(ACCOUNT, ENTRIES) == {}
    assert found(ACCOUNT, ENTRIES, None) == {}
    assert found(Account(), []) == {}


def test_a_state_that_its_entries_do_not_give() -> None:
    wrong = found(ACCOUNT._replace(since=june(9)), ENTRIES)
    assert wrong == {"account": "is not what its entries add up to"}


def test_a_state_whose_balances_are_not_those_of_its_entries() -> None:
    (bucket,) = ACCOUNT.buckets
    for wrong in (
        ACCOUNT._replace(pots=ACCOUNT.pots._replace(expired=1)),
        ACCOUNT._replace(buckets=(bucket._replace(millicredits=-1),)),
        ACCOUNT._replace(holds=FrozenMap()),
    ):
        assert found(wrong, ENTRIES) == {"account": "is not what its entries add up to"}


def wrong_after(*more: Entry) -> dict[str, str]:
    """What is found where entries were added to right books, and the state is what they add up to."""
    entries = [*ENTRIES, *more]
    return {
        where.replace(f"[{len(ENTRIES)}]", "[+0]").replace(f"[{len(ENTRIES) + 1}]", "[+1]"): what
        for where, what in found(replay(entries), entries).items()
    }


def posting(source: str, target: str, millicredits: int = 1, reason: str = "correction", ref: str = "") -> Posting:
    return Posting(june(4), source, target, millicredits, reason, ref)


def test_credits_that_were_drawn_before_they_were_there_also_where_the_end_looks_right() -> None:
    left = ACCOUNT.remaining_millicredits
    draws = posting("allowance", "expired", left + 10)
    assert wrong_after(draws, posting("issued", "allowance", 10)) == {
        "entries[+0]": "after it allowance is negative: -10"
    }


@pytest.mark.parametrize(
    ("moved", "what"),
    [
        (posting("expired", "allowance"), "expired is negative: -1"),
        (posting("spent", "allowance", 306_000_001), "spent is negative: -1"),
        (posting("held", "allowance", 500_001), "held is negative: -1"),
        (posting("allowance", "overage"), "overage is positive: 1"),
        (posting("overage", "issued", 10**15), f"issued is positive: {10**15 - 4_100_000_000_000}"),
    ],
)
def test_a_pot_of_the_wrong_sign(moved: Posting, what: str) -> None:
    assert wrong_after(moved) == {"entries[+0]": f"after it {what}"}


def test_a_pot_that_is_closed_with_credits_in_it() -> None:
    grant = [BucketOpened(june(4), "grant:g", None, 0, ""), posting("issued", "grant:g", 10)]
    closed = [*ENTRIES, *grant, BucketClosed(june(4), "grant:g")]
    assert found(replay(closed), closed) == {
        f"entries[{len(closed) - 1}]": "after it pots add up to -10 millicredits, not to 0"
    }


@pytest.mark.parametrize(
    ("entry", "what"),
    [
        (posting("allowance", "nopot"), "moves credits from or to 'nopot', which is no open pot"),
        (posting("nopot", "expired"), "moves credits from or to 'nopot', which is no open pot"),
        (posting("allowance", "held", 1, "hold", "x"), "reserves credits for hold 'x', which is not open"),
        (BucketOpened(june(4), "allowance", None, 0, ""), "opens pot 'allowance', which is open already"),
        (BucketClosed(june(4), "nopot"), "closes pot 'nopot', which is not open"),
        (HoldClosed(june(4), "x", "released"), "closes hold 'x', which is not open"),
    ],
)
def test_an_entry_that_speaks_of_what_is_not_there(entry: Entry, what: str) -> None:
    entries = [*ENTRIES, entry]
    assert audit(ACCOUNT, entries)[0] == (f"entries[{len(ENTRIES)}]", what)


@pytest.mark.parametrize(
    "entry",
    [
        TierChanged(june(1), "max", "2026-06-01.1", "", Decimal(1), ""),
        Scheduled(june(1), None, True, ""),
        Lapsed(june(1), "cancelled"),
    ],
)
def test_a_change_of_a_plan_where_there_is_none(entry: Entry) -> None:
    assert audit(Account(), [entry]) == (("entries[0]", "changes a plan, where there is none"),)


def test_held_credits_without_a_hold() -> None:
    assert wrong_after(posting("allowance", "held")) == {
        "held": "is 500001 millicredits, but the open holds have 500000"
    }


def test_a_hold_whose_opening_is_missing() -> None:
    entries = [entry for entry in ENTRIES if not isinstance(entry, HoldOpened)]
    at = len(entries) - 1
    assert found(ACCOUNT, entries) == {f"entries[{at}]": "reserves credits for hold 'h', which is not open"}


def test_a_charge_that_was_posted_short() -> None:
    entries = [e for e in ENTRIES if not (isinstance(e, Posting) and e.ref == "r")]
    assert found(replay(entries), entries)["r"] == "was rated 306000000 millicredits beyond what was spent for it"


def test_a_charge_that_was_posted_without_being_rated() -> None:
    entries = [e for e in ENTRIES if not isinstance(e, Rated)]
    assert found(replay(entries), entries) == {"r": "was rated -306000000 millicredits beyond what was spent for it"}


def test_a_usage_that_was_rated_twice() -> None:
    rated = next(entry for entry in ENTRIES if isinstance(entry, Rated))
    posted = next(entry for entry in ENTRIES if isinstance(entry, Posting) and entry.ref == "r")
    once = replay([*ENTRIES, rated]), [*ENTRIES, rated]
    assert audit(*once, BOOK) == (
        ("r", "was rated more than once"),
        ("r", "was rated 306000000 millicredits beyond what was spent for it"),
    )
    before_it_was_charged = [*ENTRIES[: ENTRIES.index(rated)], rated, *ENTRIES[ENTRIES.index(rated) :]]
    assert audit(replay(before_it_was_charged), before_it_was_charged, BOOK) == audit(*once, BOOK)
    charged = [*ENTRIES, rated, posted]
    assert audit(replay(charged), charged, BOOK) == (("r", "was rated more than once"),)


def test_books_that_were_corrected_are_right_and_what_was_wrong_beside_the_correction_is_still_found() -> None:
    dearer = rerate(
        [Subscribe("s", june(1), "lite"), Record("r", june(2), Usage("mimo-v2.5-pro", input_tokens=9_000))], BOOK
    )
    there = difference(ENTRIES, dearer.entries)
    back = difference(dearer.entries, ENTRIES)
    for corrected in ([*ENTRIES, *there], [*ENTRIES, *there, *back]):
        assert found(replay(corrected), corrected) == {}
        short = [e for e in corrected if not (isinstance(e, Posting) and e.ref == "r")]
        assert set(found(replay(short), short)) >= {"r"}


def rated_otherwise(**fields: object) -> str | None:
    """What is found where the usage was rated otherwise, and the charge was posted as it was rated."""
    entries = changed(Rated, **fields)
    rated = next(entry for entry in entries if isinstance(entry, Rated))
    paid = max(number for number, entry in enumerate(entries) if isinstance(entry, Posting) and entry.ref == rated.id)
    entries[paid] = entries[paid]._replace(millicredits=rated.millicredits)
    wrong = found(replay(entries), entries)
    assert set(wrong) <= {"r"}
    return wrong.get("r")


def test_a_charge_that_is_not_what_the_card_says() -> None:
    assert rated_otherwise(millicredits=1) == "was rated 1 millicredits, card 2026-06-01.1 says 306000000"


def test_a_card_that_is_not_the_one_that_charged() -> None:
    assert "with sha256 beef" in str(rated_otherwise(digest="beef"))


def test_a_usage_that_was_charged_by_a_card_that_was_not_in_force() -> None:
    """All that the entry says of itself fits together, and yet it is wrong."""
    april = load_card("2026-04-22").table
    rates = rates_for(april, USAGE, off_peak=False)
    wrong = rated_otherwise(
        card=april.card_id, digest=april.digest, rates=rates, millicredits=metered_charge(april, USAGE, rates)
    )
    assert wrong == "was rated by card 2026-04-22.1, where 2026-06-01.1 holds"


def test_a_usage_that_was_charged_at_the_rates_of_another_time_of_day() -> None:
    card = BOOK.card("2026-06-01").table
    rates = rates_for(card, USAGE, off_peak=True)
    wrong = rated_otherwise(off_peak=True, rates=rates, millicredits=metered_charge(card, USAGE, rates))
    assert wrong == "was rated off-peak, but 2026-06-02T00:00:00+00:00 lies at peak"
    by_night = rated_otherwise(at=datetime(2026, 6, 2, 17, tzinfo=UTC))
    assert by_night == "was rated at peak, but 2026-06-02T17:00:00+00:00 lies off-peak"


def test_a_usage_that_names_other_rates_than_those_that_charged_it() -> None:
    rates = next(entry for entry in ENTRIES if isinstance(entry, Rated)).rates
    wrong = rated_otherwise(rates=rates._replace(cache_hit=1))
    assert str(wrong).startswith("was rated at Rates(")


def test_a_usage_of_a_time_without_a_plan() -> None:
    assert ACCOUNT.plan is not None
    bought, ends = june(1), ACCOUNT.plan.cycle.end
    for at in (bought, ends - MOMENT):
        assert "when the account had no plan" not in str(rated_otherwise(at=at))
    for at in (bought - MOMENT, ends, ends + timedelta(days=400)):
        assert rated_otherwise(at=at) == f"is of {at.isoformat()}, when the account had no plan that could be charged"


def test_usage_of_an_account_that_stays_on_a_card_is_held_against_that_card() -> None:
    account, entries = fold(
        Account(), [Subscribe("s", june(1), "lite", card="2026-04-22"), Record("r", june(2), USAGE)], BOOK
    )
    assert found(account, entries) == {}
    opened = next(number for number, entry in enumerate(entries) if isinstance(entry, CycleOpened))
    entries[opened] = entries[opened]._replace(pinned=False)
    assert found(replay(entries), entries) == {"r": "was rated by card 2026-04-22.1, where 2026-06-01.1 holds"}


def test_a_settlement_is_held_against_the_instant_of_its_hold() -> None:
    """The hold is of the card before and of the night, the settlement of June's card and its day."""
    night, morning = datetime(2026, 5, 28, 17, tzinfo=UTC), june(2)
    commands = [
        Subscribe("s", datetime(2026, 5, 20, tzinfo=UTC), "lite"),
        Hold("h", night, credits=500, expires_at=june(9)),
        Settle("r", morning, "h", USAGE),
    ]
    account, entries = fold(Account(), commands, BOOK)
    rated = next(entry for entry in entries if isinstance(entry, Rated))
    assert (rated.card, rated.off_peak) == ("2026-05-27.1", True)
    assert found(account, entries) == {}
    unsettled = [entry._replace(how="released") if isinstance(entry, HoldClosed) else entry for entry in entries]
    assert found(replay(unsettled), unsettled) == {"r": "was rated by card 2026-05-27.1, where 2026-06-01.1 holds"}


def test_a_settlement_that_moves_no_credits_is_held_against_the_instant_of_its_hold_too() -> None:
    """What costs nothing is rated and settled with no posting between; May's card is the hold's, June's is not."""
    free = Usage("mimo-v2.5-tts", input_tokens=100)
    commands = [
        Subscribe("s", datetime(2026, 5, 20, tzinfo=UTC), "lite"),
        Hold("h", datetime(2026, 5, 28, tzinfo=UTC), free, expires_at=june(9)),
        Settle("r", june(2), "h", free),
    ]
    account, entries = fold(Account(), commands, BOOK)
    assert [type(entry) for entry in entries[-2:]] == [Rated, HoldClosed]
    assert entries[-2].card == "2026-05-27.1"
    assert found(account, entries) == {}


def test_a_settlement_of_a_hold_that_is_not_open_is_a_problem_and_no_crash() -> None:
    """Its usage is priced by its own instant; then the books stop making sense, and nothing later is priced."""
    rated = next(entry for entry in ENTRIES if isinstance(entry, Rated))
    closed = HoldClosed(june(3), "x", "settled")
    entries = [*ENTRIES[: ENTRIES.index(rated)], rated, closed, rated._replace(id="later", digest="beef")]
    assert found(ACCOUNT, entries) == {
        f"entries[{len(entries) - 2}]": "closes hold 'x', which is not open",
        "r": "was rated 306000000 millicredits beyond what was spent for it",
        "later": "was rated 306000000 millicredits beyond what was spent for it",
    }


def test_late_usage_is_held_against_the_segment_just_closed() -> None:
    july = datetime(2026, 7, 5, tzinfo=UTC)
    account, entries = fold(
        Account(),
        [
            Subscribe("s", june(1), "lite", card="2026-04-22"),
            Cancel("c", june(1)),
            Advance(july),
            Record("r", june(2), USAGE),
        ],
        BOOK,
    )
    assert found(account, entries) == {}
    assert account.closed is not None
    bought, ended = account.closed.start, account.closed.end
    late = next(number for number, entry in enumerate(entries) if isinstance(entry, Rated))
    for at, chargeable in ((bought - MOMENT, False), (bought, True), (ended - MOMENT, True), (ended, False)):
        said = [*entries[:late], entries[late]._replace(at=at), *entries[late + 1 :]]
        no_plan = f"is of {at.isoformat()}, when the account had no plan that could be charged"
        assert (found(replay(said), said).get("r") != no_plan) is chargeable


def test_cards_that_the_book_does_not_have() -> None:
    may = RateBook([load_card("2026-05-27")])
    assert found(ACCOUNT, ENTRIES, may) == {"r": "was rated by card 2026-06-01.1, where 2026-05-27.1 holds"}
    assert found(ACCOUNT, ENTRIES, RateBook([load_card("2026-06-30")]))["r"].startswith("no rate card")
    account, entries = fold(
        Account(), [Subscribe("s", june(1), "lite", card="2026-04-22"), Record("r", june(2), USAGE)], BOOK
    )
    assert found(account, entries, may) == {"r": str(NoSuchCard("2026-04-22.1", ["2026-05-27.1"]))}


def test_every_rated_usage_is_looked_at_also_after_one_that_its_card_cannot_price() -> None:
    rated = next(entry for entry in ENTRIES if isinstance(entry, Rated))
    unknown = rated._replace(id="u", usage=Usage("mimo-v9", input_tokens=1))
    entries = [*ENTRIES, unknown, rated._replace(id="d", digest="beef"), rated._replace(id="e", millicredits=2)]
    priced = [problem for problem in audit(replay(entries), entries, BOOK) if "spent" not in problem.what]
    assert [problem.where for problem in priced] == ["u", "d", "e"]
    assert "knows no model 'mimo-v9'" in priced[0].what
