"""`explain`: from an entry back to the usage, the rate, the card, its digest, the band, and the source."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from mimo_credits import (
    Account,
    Advance,
    Billed,
    BucketClosed,
    BucketOpened,
    Cancel,
    CardMismatch,
    ChangeTier,
    CycleOpened,
    Grant,
    Hold,
    InputError,
    Lapsed,
    NoSuchCard,
    Posting,
    RateBook,
    Rated,
    Record,
    Restated,
    Subscribe,
    Usage,
    difference,
    explain,
    fold,
    load_book,
    load_card,
)
from tests.ledger import worlds

BOOK = load_book()


def at(month, day, hour=12):
    return datetime(2026, month, day, hour, tzinfo=UTC)


GRANT = Grant("g", at(4, 1), 5)
ENTRIES = fold(
    Account(),
    [
        GRANT,
        Subscribe("s", at(4, 10), "lite"),
        Record("long", at(4, 11), Usage("xiaomi/mimo-v2-pro", input_tokens=300_000)),
        ChangeTier("up", at(4, 12), "standard"),
        Record("night", at(5, 2, 17), Usage("mimo-v2.5", input_tokens=10)),
        Record("much", at(5, 28), Usage("mimo-v2.5-pro", output_tokens=20_000_000)),
        ChangeTier("trade", at(5, 29), "max"),
        Record("late", at(5, 28, 13), Usage("mimo-v2.5-pro", output_tokens=1)),
    ],
    BOOK,
)[1]


def the(kind, **fields):
    return next(e for e in ENTRIES if isinstance(e, kind) and all(getattr(e, k) == v for k, v in fields.items()))


def test_a_rated_usage():
    found = explain(the(Rated, id="long"), ENTRIES, BOOK)
    assert found.usage == Usage("xiaomi/mimo-v2-pro", input_tokens=300_000)
    assert found.card.id == "2026-04-03.2"
    assert found.card.sha256 == load_card("2026-04-03.2").sha256
    assert found.band == "requests up to 1,048,576 input tokens (band 2 of 2)"
    assert found.rule == "xiaomi/mimo-v2-pro, billed as mimo-v2-pro, costs what card 2026-04-03.2 lists for it"
    assert not found.off_peak
    (line,) = found.lines
    assert (line.meter, line.quantity, line.rate, line.credits) == ("cache_miss", 300_000, 4, 1_200_000)
    assert found.citation.startswith("H ")
    assert [name for name, _ in found.sources] == found.citation[2:].split(", ")


def test_a_posting_is_explained_by_its_usage_and_by_who_paid():
    night = explain(the(Posting, ref="night"), ENTRIES, BOOK)
    assert night.off_peak
    assert night.lines[0].rate == Decimal("0.8")
    assert night.band == "every request"
    assert night.rule.endswith("and allowance paid for it")
    assert "no pot covered this part" in explain(the(Posting, reason="overage", ref="much"), ENTRIES, BOOK).rule


@pytest.mark.parametrize(
    ("entry", "card", "rule", "cites"),
    [
        (the(CycleOpened, reason="subscribe"), "2026-04-03.2", "list price is due at the purchase", "tier"),
        (the(Posting, reason="allowance", ref="s"), "2026-04-03.2", "issued when a segment opens", "tier"),
        (the(Billed, reason="first-purchase"), "2026-04-03.2", "first monthly purchase", "first_purchase_pays"),
        (the(Billed, reason="upgrade"), "2026-04-03.2", "pays the price difference", "upgrade"),
        (the(Posting, reason="migration"), "2026-05-27.1", "resets running cycles", "migration"),
        (the(Billed, reason="trade-in"), "2026-05-27.1", "trades in the unused share", "upgrade"),
    ],
)
def test_what_is_not_usage_is_explained_by_the_terms(entry, card, rule, cites):
    found = explain(entry, ENTRIES, BOOK)
    assert found.card.id == card
    assert rule in found.rule
    terms = BOOK.card(card)
    expected = {
        "tier": terms.tiers["lite"].source,
        "migration": terms.migration.source if terms.migration else "",
    }.get(cites) or terms.policy.source[cites]
    assert found.citation == expected
    assert found.usage is None


def test_what_a_command_decided_cites_no_card():
    """Grants, also before any plan, their expiry, holds, and what the renewal will do: no card says a word of them."""
    _, entries = fold(
        Account(),
        [
            Grant("g", at(4, 1), 5, expires_at=at(4, 20)),
            Subscribe("s", at(4, 10), "lite"),
            Hold("h", at(4, 11), credits=9, expires_at=at(4, 12)),
            Cancel("c", at(4, 12)),
            Advance(at(4, 21)),
        ],
        BOOK,
    )
    said = [explain(entry, entries, BOOK) for entry in entries]
    assert all((found.card is None) == (found.citation == "") == (found.sources == ()) for found in said)
    assert [(type(found.entry).__name__, found.rule.split()[2:4]) for found in said if found.card is None] == [
        ("BucketOpened", ["Grant", "'g'"]),
        ("Posting", ["Grant", "'g'"]),
        ("HoldOpened", ["Hold", "'h'"]),
        *[("Posting", ["Hold", "'h'"])] * 4,
        ("HoldClosed", ["Hold", "'h'"]),
        ("Scheduled", ["'c'", "said"]),
        ("Posting", ["Grant", "'g'"]),
        ("BucketClosed", ["Grant", "'g'"]),
    ]


def test_what_was_carried_over_is_of_a_card():
    day = datetime(2026, 1, 1, tzinfo=UTC)
    _, entries = fold(Account(), [Subscribe("s", day, "lite"), Advance(day + timedelta(days=5))], worlds.trading())
    carried = [entry for entry in entries if isinstance(entry, BucketOpened | BucketClosed)]
    assert carried
    assert all(explain(entry, entries, worlds.trading()).card is not None for entry in carried)


def test_a_correction_cites_no_card():
    later = fold(Account(), [Subscribe("s", at(4, 12), "max", currency="CNY")], BOOK)[1]
    corrections = difference(ENTRIES, later)
    assert {type(entry) for entry in corrections} >= {Posting, Billed, Restated}
    for entry in corrections:
        found = explain(entry, [*ENTRIES, *corrections], BOOK)
        assert (found.card, found.citation, found.rule.split()[:2]) == (None, "", ["a", "correction"])


def test_what_a_plan_brings_before_any_plan_is_refused():
    lapsed = Lapsed(at(4, 1), "cancelled")
    with pytest.raises(InputError, match="before any plan"):
        explain(lapsed, [lapsed], BOOK)


def test_an_entry_of_another_account_is_refused():
    with pytest.raises(InputError, match="is not one of the account's entries"):
        explain(ENTRIES[-1]._replace(ref="else"), ENTRIES, BOOK)


def test_the_card_must_be_there_and_be_the_same():
    entry = the(Rated, id="long")
    with pytest.raises(NoSuchCard):
        explain(entry, ENTRIES, RateBook.fixed(load_card("2026-05-27")))
    forged = [each._replace(digest="beef") if each is entry else each for each in ENTRIES]
    with pytest.raises(CardMismatch):
        explain(forged[ENTRIES.index(entry)], forged, BOOK)
