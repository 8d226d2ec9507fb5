"""`audit` finds each way in which an account's books can be wrong. Each test breaks right books in one way."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mimo_credits import (
    Account,
    Hold,
    Posting,
    RateBook,
    Rated,
    Record,
    Subscribe,
    Usage,
    difference,
    fold,
    load_book,
    load_card,
    replay,
    rerate,
)
from mimo_credits.frozen import FrozenMap
from mimo_credits.ledger.audit import audit

BOOK = load_book()


def june(day: int) -> datetime:
    return datetime(2026, 6, day, tzinfo=UTC)


ACCOUNT, ENTRIES = fold(
    Account(),
    [
        Subscribe("s", june(1), "lite"),
        Record("r", june(2), Usage("mimo-v2.5-pro", input_tokens=1_000, output_tokens=10)),
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


def test_pots_that_do_not_add_up() -> None:
    wrong = found(ACCOUNT._replace(pots=ACCOUNT.pots._replace(expired=1)), ENTRIES)
    assert wrong["pots"] == "add up to 1 millicredits, not to 0"


def test_a_negative_bucket() -> None:
    (bucket,) = ACCOUNT.buckets
    assert (
        found(ACCOUNT._replace(buckets=(bucket._replace(millicredits=-1),)), ENTRIES)["allowance"] == "is negative: -1"
    )


def test_held_credits_without_a_hold() -> None:
    wrong = found(ACCOUNT._replace(holds=FrozenMap()), ENTRIES)
    assert wrong["held"] == "is 500000 millicredits, but the open holds have 0"


def test_a_charge_that_was_posted_short() -> None:
    entries = [e for e in ENTRIES if not (isinstance(e, Posting) and e.ref == "r")]
    assert found(replay(entries), entries)["r"] == "was rated 306000000 millicredits beyond what was spent for it"


def test_a_charge_that_was_posted_without_being_rated() -> None:
    entries = [e for e in ENTRIES if not isinstance(e, Rated)]
    assert found(replay(entries), entries) == {"r": "was rated -306000000 millicredits beyond what was spent for it"}


def test_a_charge_that_was_rated_twice_but_posted_once() -> None:
    rated = next(entry for entry in ENTRIES if isinstance(entry, Rated))
    entries = [*ENTRIES, rated]
    assert found(replay(entries), entries) == {"r": "was rated 306000000 millicredits beyond what was spent for it"}


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


def test_usage_that_was_rated_twice_and_paid_once() -> None:
    record = Record("r", june(4), Usage("mimo-v2.5-pro", output_tokens=10))
    entries = [*ENTRIES, *fold(ACCOUNT, [record], BOOK)[1]]
    assert found(replay(entries), entries) == {}
    short = [
        entry for entry in entries if not (isinstance(entry, Posting) and entry.ref == "r" and entry.at == june(2))
    ]
    assert found(replay(short), short) == {"r": "was rated 306000000 millicredits beyond what was spent for it"}


def test_a_charge_that_is_not_what_the_card_says() -> None:
    entries = changed(Rated, millicredits=1)
    assert ("r", "was rated 1 millicredits, card 2026-06-01.1 says 306000000") in audit(ACCOUNT, entries, BOOK)


def test_a_card_that_is_not_the_one_that_charged() -> None:
    assert "with sha256 beef" in found(ACCOUNT, changed(Rated, digest="beef"))["r"]


@pytest.mark.parametrize(
    ("book", "why"),
    [
        (RateBook.fixed(load_card("2026-05-27")), "there is no rate card '2026-06-01.1'"),
        (None, None),
    ],
)
def test_a_card_that_the_book_does_not_have(book: RateBook | None, why: str | None) -> None:
    what = found(ACCOUNT, ENTRIES, book).get("r")
    assert what is None if why is None else why in str(what)


def test_every_rated_usage_is_looked_at_also_after_one_that_its_card_cannot_price() -> None:
    rated = next(entry for entry in ENTRIES if isinstance(entry, Rated))
    unknown = rated._replace(id="u", usage=Usage("mimo-v9", input_tokens=1))
    wrong = audit(
        ACCOUNT, [unknown, rated._replace(id="d", digest="beef"), rated._replace(id="e", millicredits=2)], BOOK
    )
    assert [problem.where for problem in wrong if "was rated by" in problem.what or "card" in problem.what] == [
        "u",
        "d",
        "e",
    ]
    assert "knows no model 'mimo-v9'" in next(
        problem.what for problem in wrong if problem.where == "u" and "card" in problem.what
    )
