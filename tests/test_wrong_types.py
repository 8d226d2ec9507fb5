"""What is of another type than an argument needs is refused by name, and never left out in silence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from mimo_credits import (
    Account,
    Burn,
    InputError,
    Ledger,
    RateBook,
    RateCard,
    Record,
    Subscribe,
    Usage,
    apply,
    break_even,
    burns_of_records,
    cache_lever,
    chain,
    charge,
    compare,
    compare_tiers,
    compare_usage,
    compare_use,
    decide,
    diff_cards,
    difference,
    dumps,
    evolve,
    explain,
    fold,
    forecast,
    forecast_account,
    load_book,
    load_card,
    load_workloads,
    month_of_records,
    off_peak_lever,
    price,
    quote,
    replay,
    rerate,
    rolling_window,
    statement,
    timeline,
    verify_chain,
    what_if,
)
from mimo_credits.ledger.audit import audit
from mimo_credits.logs import read_log
from mimo_credits.plots import cost_by_hit_rate
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


WORK = load_workloads()["coding-session"]


def ahead(card=CARD, **more):
    return forecast([], card, AT + timedelta(days=2), start=AT, end=AT + timedelta(days=30), **more)


def month(records=(RECORD,), card=CARD, **more):
    return month_of_records(records, card, since=AT, until=AT + timedelta(days=1), **more)


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
    "compare_tiers, text for card": ("card", lambda: compare_tiers("2026-05-27", WORK)),
    "compare_tiers, text for work": ("workload", lambda: compare_tiers(CARD, "coding-session")),
    "compare_use, workload": ("use", lambda: compare_use(CARD, WORK)),
    "break_even, text for work": ("workload", lambda: break_even(CARD, "lite", "coding-session")),
    "break_even, text for card": ("card", lambda: break_even("2026-05-27", "lite", WORK)),
    "cost_by_hit_rate, text": ("workload", lambda: cost_by_hit_rate(CARD, "mimo-v2.5", "coding-session")),
    "cache_lever, list": ("workload", lambda: cache_lever(CARD, "lite", [WORK])),
    "off_peak_lever, text": ("workload", lambda: off_peak_lever(CARD, "lite", "coding-session")),
    "compare, texts": ("cards", lambda: compare(["2026-05-27"], WORK, at=AT)),
    "compare, card": ("cards", lambda: compare(CARD, WORK, at=AT)),
    "compare, text for work": ("workload", lambda: compare([CARD], "coding-session", at=AT)),
    "compare, list of models": ("models", lambda: compare([CARD], WORK, at=AT, models=["mimo-v2.5"])),
    "rolling_window, records": ("burns", lambda: rolling_window([RECORD], 1)),
    "rolling_window, one burn": ("burns", lambda: rolling_window(Burn(AT, "a", 1), 1)),
    "rolling_window, float": ("burns", lambda: rolling_window([Burn(AT, "a", 1.5)], 1)),
    "burns_of_records, usages": ("records", lambda: burns_of_records([USAGE], BOOK)),
    "burns_of_records, card": ("book", lambda: burns_of_records([RECORD], CARD)),
    "forecast, weekly": ("interval", lambda: ahead(interval="weekly")),
    "forecast, float": ("remaining", lambda: ahead(remaining=5.5)),
    "forecast, text": ("remaining", lambda: ahead(remaining="5")),
    "forecast, text for card": ("card", lambda: ahead(card="2026-05-27")),
    "forecast_account, text": ("account", lambda: forecast_account("ada", ENTRIES, CARD, AT)),
    "Workload.on, number": ("models", lambda: WORK.on(3)),
    "Workload.quote, text": ("card", lambda: WORK.quote("2026-05-27")),
    "Workload.millicredits, float": ("times", lambda: WORK.millicredits(CARD, times=1.5)),
    "Workload.usages_on, negative": ("times", lambda: WORK.usages_on(CARD, times=-3)),
    "what_if, text": ("tiers", lambda: what_if(COMMANDS, [CARD], "lite")),
    "what_if, card": ("on", lambda: what_if(COMMANDS, CARD, ["lite"])),
    "what_if, texts": ("on", lambda: what_if(COMMANDS, ["2026-05-27"], ["lite"])),
    "month, negative": ("length", lambda: month(length=timedelta(days=-3))),
    "month, number": ("length", lambda: month(length=30)),
    "month, usages": ("records", lambda: month([USAGE])),
    "month, text for card": ("card", lambda: month(card="2026-05-27")),
    "read_log, bytes": ("file", lambda: list(read_log(b"log.jsonl"))),
    "read_log, number": ("file", lambda: list(read_log(3))),
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


def test_a_tier_that_no_card_sells_is_refused():
    with pytest.raises(InputError, match=r"tiers: none of the cards sells a tier 'litte'. Nearest known: lite"):
        what_if(COMMANDS, [CARD], ["litte"])
    with pytest.raises(InputError, match=r"sells a tier 7. Known: lite, standard, pro, max"):
        what_if(COMMANDS, [BOOK], [7])


def test_an_answer_of_the_api_learns_how_to_become_a_usage():
    with pytest.raises(InputError, match=r"needs Usage values, not 'prompt_tokens'; Usage\.from_response reads"):
        quote(CARD, {"prompt_tokens": 3})
    with pytest.raises(InputError, match=r"payload: needs a JSON object, not bytes; json\.loads it first"):
        Usage.from_openai(b"{}")
    with pytest.raises(InputError, match=r"card: needs a RateCard, such as load_card gives, not 'x'"):
        charge("x", USAGE)
