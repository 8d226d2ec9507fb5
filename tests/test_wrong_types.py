"""What is of another type than an argument needs is refused by name, and never left out in silence."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mimo_credits import (
    Account,
    InputError,
    Ledger,
    RateBook,
    RateCard,
    Record,
    Subscribe,
    Usage,
    apply,
    chain,
    charge,
    compare_usage,
    decide,
    diff_cards,
    difference,
    dumps,
    evolve,
    explain,
    fold,
    load_book,
    load_card,
    price,
    quote,
    replay,
    rerate,
    statement,
    timeline,
    verify_chain,
)
from mimo_credits.ledger.audit import audit
from mimo_credits.testing import strategies

AT = datetime(2026, 6, 1, tzinfo=UTC)
BOOK = load_book()
CARD = load_card("2026-05-27")
USAGE = Usage("mimo-v2.5", input_tokens=1)
RECORD = Record("r", AT, USAGE)
COMMANDS = [Subscribe("s", AT, "lite"), RECORD]
LEDGER = Ledger(BOOK)
RECEIPT = LEDGER.apply("ada", COMMANDS[0])
ACCOUNT, ENTRIES = fold(Account(), COMMANDS, BOOK)

NO_ENTRIES = {
    "commands": COMMANDS,
    "texts": [dumps(entry) for entry in ENTRIES],
    "a text": dumps(ENTRIES),
    "receipts": [RECEIPT],
    "a receipt": RECEIPT,
    "numbers": [1, 2],
    "an account": ACCOUNT,
    "one entry": ENTRIES[0],
    "a number": 7,
    "nothing": None,
    "an entry and a command": [ENTRIES[0], RECORD],
}
"""What people pass where entries belong."""


@pytest.mark.parametrize("given", NO_ENTRIES.values(), ids=NO_ENTRIES)
@pytest.mark.parametrize(
    ("field", "read"),
    [
        pytest.param("entries", statement, id="statement"),
        pytest.param("entries", replay, id="replay"),
        pytest.param("entries", lambda given: explain(ENTRIES[0], given, BOOK), id="explain"),
        pytest.param("entries", chain, id="chain"),
        pytest.param("before", lambda given: difference(given, ENTRIES), id="difference before"),
        pytest.param("after", lambda given: difference(ENTRIES, given), id="difference after"),
        pytest.param("entries", lambda given: audit(ACCOUNT, given, BOOK), id="audit"),
        pytest.param("links", verify_chain, id="verify_chain"),
    ],
)
def test_what_are_no_entries_is_no_empty_bill(field, read, given):
    with pytest.raises(InputError) as caught:
        read(given)
    assert caught.value.field in (field, f"{field}[0]", f"{field}[1]")
    assert caught.value.why.startswith("needs ")


def test_entries_read_once_are_audited_compared_and_explained_whole():
    assert audit(ACCOUNT, iter(ENTRIES), BOOK) == ()
    assert difference(iter(ENTRIES), iter(ENTRIES)) == ()
    assert explain(ENTRIES[-1], iter(ENTRIES), BOOK) == explain(ENTRIES[-1], ENTRIES, BOOK)


WRONG = {
    "charge, text for card": ("card", lambda: charge("2026-05-27", USAGE)),
    "charge, book for card": ("card", lambda: charge(BOOK, USAGE, at=AT)),
    "charge, other order": ("card", lambda: charge(USAGE, CARD)),
    "charge, text for usage": ("usage", lambda: charge(CARD, "mimo-v2.5")),
    "quote, text for card": ("card", lambda: quote("2026-05-27", USAGE)),
    "quote, book for card": ("card", lambda: quote(BOOK, USAGE)),
    "quote, other order": ("card", lambda: quote(USAGE, CARD)),
    "price, text for card": ("card", lambda: price("2026-05-27", USAGE, "USD")),
    "price, text for usage": ("usage", lambda: price(CARD, "mimo-v2.5", "USD")),
    "Ledger, text": ("book", lambda: Ledger("2026-05-27")),
    "Ledger, card": ("book", lambda: Ledger(CARD)),
    "Ledger.restore, text": ("snapshot", lambda: Ledger.restore(dumps(LEDGER.snapshot()), BOOK)),
    "RateBook, texts": ("cards", lambda: RateBook(["2026-05-27"])),
    "RateBook, card": ("cards", lambda: RateBook(CARD.id)),
    "RateBook.fixed, text": ("cards", lambda: RateBook.fixed("2026-05-27")),
    "apply, card for book": ("book", lambda: apply(Account(), RECORD, CARD)),
    "apply, text for account": ("account", lambda: apply("ada", RECORD, BOOK)),
    "apply, usage for command": ("command", lambda: apply(Account(), USAGE, BOOK)),
    "decide, text for command": ("command", lambda: decide(Account(), "r", BOOK)),
    "fold, one command": ("commands", lambda: fold(Account(), RECORD, BOOK)),
    "fold, text": ("commands", lambda: fold(Account(), "r", BOOK)),
    "fold, entries": ("command", lambda: fold(ACCOUNT, ENTRIES, BOOK)),
    "fold, text for account": ("account", lambda: fold("ada", [], BOOK)),
    "fold, card for book": ("book", lambda: fold(Account(), [], CARD)),
    "evolve, command": ("entry", lambda: evolve(ACCOUNT, RECORD)),
    "evolve, text for account": ("account", lambda: evolve("ada", ENTRIES[0])),
    "replay, text for account": ("account", lambda: replay([], "ada")),
    "timeline, entries": ("commands", lambda: timeline(ENTRIES)),
    "timeline, one command": ("commands", lambda: timeline(RECORD)),
    "rerate, entries": ("commands", lambda: rerate(ENTRIES, BOOK)),
    "rerate, card for book": ("book", lambda: rerate(COMMANDS, CARD)),
    "audit, text for account": ("account", lambda: audit("ada", ENTRIES)),
    "audit, card for book": ("book", lambda: audit(ACCOUNT, ENTRIES, CARD)),
    "statement, card for book": ("book", lambda: statement(ENTRIES, book=CARD)),
    "explain, card for book": ("book", lambda: explain(ENTRIES[0], ENTRIES, CARD)),
    "verify_chain, hashes": ("links", lambda: verify_chain([link.hash for link in chain(ENTRIES)])),
    "diff_cards, texts": ("before", lambda: diff_cards("2026-04-22", "2026-05-27")),
    "diff_cards, text": ("after", lambda: diff_cards(CARD, "2026-05-27")),
    "compare_usage, text before": ("before", lambda: compare_usage("2026-04-22", CARD, [USAGE])),
    "compare_usage, text after": ("after", lambda: compare_usage(CARD, "2026-05-27", [USAGE])),
    "compare_usage, one usage": ("usages", lambda: compare_usage(CARD, CARD, USAGE)),
    "derive, text": ("changes", lambda: CARD.derive("x")),
    "usages, text": ("card", lambda: strategies.usages("2026-05-27")),
    "usages, no models": ("models", lambda: strategies.usages(CARD, models=[])),
    "usages, text for models": ("models", lambda: strategies.usages(CARD, models="mimo-v2.5")),
    "usages, number for models": ("models", lambda: strategies.usages(CARD, models=1)),
    "timelines, card": ("book", lambda: strategies.timelines(CARD)),
    "hostile_timelines, card": ("book", lambda: strategies.hostile_timelines(CARD)),
    "commands, text": ("kinds", lambda: strategies.commands("Record")),
    "commands, list": ("kinds", lambda: strategies.commands([Record])),
}


@pytest.mark.parametrize(("field", "call"), WRONG.values(), ids=WRONG)
def test_a_value_of_another_type_is_named(field, call):
    with pytest.raises(InputError) as caught:
        call()
    assert caught.value.field in (field, f"{field}[0]")
    assert "needs " in caught.value.why
    assert ", not " in caught.value.why


SAID = [
    (lambda: apply("ada", RECORD, BOOK), "account: needs an Account, not 'ada'"),
    (lambda: decide(Account(), 7, BOOK), "command: needs a command of the ledger, not 7"),
    (lambda: fold(Account(), 7, BOOK), "commands: needs several commands of the ledger, such as a list, not 7"),
    (lambda: timeline(7), "commands: needs several commands of the ledger, such as a list, not 7"),
    (lambda: timeline([7]), "commands: needs commands of the ledger, not 7"),
    (lambda: evolve(ACCOUNT, 7), "entry: needs an entry of the ledger, not 7"),
    (lambda: replay(7), "entries: needs several entries of the ledger, such as a list, not 7"),
    (lambda: replay([7]), "entries: needs entries of the ledger, not 7"),
    (lambda: audit(ACCOUNT, 7), "entries: needs several entries of the ledger, such as a list, not 7"),
    (lambda: audit(ACCOUNT, [7]), "entries: needs entries of the ledger, not 7"),
    (lambda: difference([7], ()), "before: needs entries of the ledger, not 7"),
    (lambda: difference((), [7]), "after: needs entries of the ledger, not 7"),
]


@pytest.mark.parametrize(("call", "said"), SAID, ids=[said for _, said in SAID])
def test_the_ledger_says_what_it_needs_in_these_words(call, said):
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == said


def test_where_a_book_belongs_a_card_learns_how_to_become_one():
    with pytest.raises(InputError, match=r"book: needs a RateBook, not <RateCard .*>; RateBook\.fixed\(card\) makes"):
        Ledger(CARD)


def test_an_error_of_the_library_itself_is_not_blamed_on_the_arguments(monkeypatch):
    def broken(card):
        raise AttributeError("a mistake of ours")

    monkeypatch.setattr(RateCard, "table", property(broken))
    with pytest.raises(AttributeError, match="a mistake of ours"):
        charge(CARD, USAGE)
