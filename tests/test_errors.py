"""The words of the errors, their fields, and that they cross process boundaries whole."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime

import pytest

import mimo_credits
from mimo_credits import (
    Advance,
    BeyondContext,
    CardMismatch,
    Conflict,
    FaultyRow,
    FaultyRows,
    InputError,
    MimoCreditsError,
    NoCardInEffect,
    NoPlan,
    NoRate,
    NoSuchCard,
    NotInPlan,
    PricingError,
    RateCardError,
    Reason,
    Refused,
    RowsRefused,
    SchemaMismatch,
    TooLarge,
    UnknownModel,
    WorkloadsError,
)
from mimo_credits.errors import Problem, is_unicode, nearest, shown

AT = datetime(2026, 5, 27, tzinfo=UTC)

ERRORS = [
    (
        RateCardError("mimo/x.toml", [Problem("tiers.lite", "is missing"), Problem("line 3", "is odd")]),
        {"file": "mimo/x.toml", "problems": (Problem("tiers.lite", "is missing"), Problem("line 3", "is odd"))},
        "rate card mimo/x.toml has 2 problems:\n  tiers.lite: is missing\n  line 3: is odd",
    ),
    (
        RateCardError("x", [Problem("version", "is wrong")]),
        {"file": "x", "problems": (Problem("version", "is wrong"),)},
        "rate card x has 1 problem:\n  version: is wrong",
    ),
    (
        WorkloadsError("w.toml", [Problem("calls.image", "is missing")]),
        {"file": "w.toml", "problems": (Problem("calls.image", "is missing"),)},
        "workloads w.toml have 1 problem:\n  calls.image: is missing",
    ),
    (
        NoPlan("deepseek", "2026-05-22.1"),
        {"provider": "deepseek", "card_id": "2026-05-22.1"},
        "rate card 2026-05-22.1 of deepseek sells no plan.",
    ),
    (
        NoSuchCard("2026-05-28", ["2026-04-03", "2026-05-27"]),
        {"version": "2026-05-28", "nearest": ("2026-05-27", "2026-04-03")},
        "there is no rate card '2026-05-28'. Nearest known: 2026-05-27, 2026-04-03.",
    ),
    (
        CardMismatch("2026-05-27.1", expected="aa", found="bb"),
        {"card_id": "2026-05-27.1", "expected": "aa", "found": "bb"},
        "rate card 2026-05-27.1 is pinned to sha256 aa, but its content has bb.",
    ),
    (
        UnknownModel("mimo-v3", "c.1", ["mimo-v2", "other"]),
        {"model": "mimo-v3", "card_id": "c.1", "nearest": ("mimo-v2",)},
        "rate card c.1 knows no model 'mimo-v3'. Nearest known: mimo-v2.",
    ),
    (
        NotInPlan("m", "c.1"),
        {"model": "m", "card_id": "c.1"},
        "rate card c.1 sells 'm' by pay-as-you-go only: the plan does not cover it.",
    ),
    (
        NoRate("m", "c.1", "output", "USD"),
        {"model": "m", "card_id": "c.1", "meter": "output", "unit": "USD"},
        "rate card c.1 has no rate for output of 'm' in USD.",
    ),
    (
        BeyondContext("m", "c.1", 1_048_577, 1_048_576),
        {"model": "m", "card_id": "c.1", "input_tokens": 1_048_577, "limit": 1_048_576},
        (
            "rate card c.1 prices 'm' up to 1,048,576 input tokens, this request has 1,048,577. "
            "A usage of a model with bands is one request: price several as an iterable or a mapping of usages."
        ),
    ),
    (
        NoCardInEffect("2026-01-01", "2026-04-03"),
        {"instant": "2026-01-01", "first": "2026-04-03"},
        "no rate card is in effect at 2026-01-01: the first takes effect 2026-04-03.",
    ),
    (
        NoCardInEffect("2026-01-01", None),
        {"instant": "2026-01-01", "first": None},
        "no rate card is in effect at 2026-01-01: the book is empty.",
    ),
    (InputError("at", "is naive"), {"field": "at", "why": "is naive"}, "at: is naive"),
    (
        Refused(Reason.INSUFFICIENT_CREDITS, Advance(AT), "5 credits are missing", missing_millicredits=5_000),
        {
            "reason": Reason.INSUFFICIENT_CREDITS,
            "command": Advance(AT),
            "detail": "5 credits are missing",
            "missing_millicredits": 5_000,
        },
        "insufficient-credits: 5 credits are missing",
    ),
    (
        Refused(Reason.OUT_OF_ORDER, Advance(AT), "too late"),
        {"reason": Reason.OUT_OF_ORDER, "command": Advance(AT), "detail": "too late", "missing_millicredits": None},
        "out-of-order: too late",
    ),
    (Conflict("r-1"), {"id": "r-1"}, "id 'r-1': it was used before with other content."),
    (Conflict("r-1", "it is a hold"), {"id": "r-1"}, "id 'r-1': it is a hold."),
    (
        TooLarge("what is spent", 2**63),
        {"where": "what is spent", "millicredits": 2**63},
        "what is spent would be 9223372036854775808 millicredits, beyond the 9,223,372,036,854,775,807 that fit.",
    ),
    (
        RowsRefused([FaultyRows("negative", 2, (FaultyRow(7, {"at": AT}), FaultyRow(None, {"model": "m"})))]),
        {"faults": (FaultyRows("negative", 2, (FaultyRow(7, {"at": AT}), FaultyRow(None, {"model": "m"}))),)},
        "2 rows cannot be rated:\n  negative: 2, such as\n    row 7: at 2026-05-27T00:00:00+00:00\n    model 'm'",
    ),
    (
        SchemaMismatch("no such table: mimo_accounts"),
        {"detail": "no such table: mimo_accounts"},
        (
            "the database is not migrated to this version: no such table: mimo_accounts. "
            "`mimo_credits.sql.migrate` does it."
        ),
    ),
]


@pytest.mark.parametrize("error", [UnknownModel("x" * 10_000, "c.1", ["m"]), NoSuchCard("x" * 10_000, ["c"])])
def test_a_name_of_any_length_makes_a_short_message(error):
    assert len(str(error)) < 150
    assert "xxx…" in str(error)
    assert 10_000 in map(len, vars(error).values())  # programs still get all of it


@pytest.mark.parametrize(("error", "fields", "message"), ERRORS, ids=lambda value: type(value).__name__)
def test_an_error_says_what_where_and_what_would_be_right(error, fields, message):
    assert vars(error) == fields
    assert str(error) == message
    assert isinstance(error, MimoCreditsError)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(("error", "fields", "message"), ERRORS, ids=lambda value: type(value).__name__)
def test_errors_survive_pickling_whole(error, fields, message, protocol):
    again = pickle.loads(pickle.dumps(error, protocol))
    assert type(again) is type(error)
    assert vars(again) == fields
    assert str(again) == message
    assert again.args == error.args


def test_errors_survive_copying_with_their_notes():
    error = InputError("at", "is naive")
    error.add_note("line 7 of the log")
    for again in (copy.copy(error), copy.deepcopy(error)):
        assert (again.field, str(again), again.__notes__) == ("at", "at: is naive", ["line 7 of the log"])


def test_every_public_error_is_one_of_ours_and_is_tested_here():
    raised = (
        thing for thing in vars(mimo_credits).values() if isinstance(thing, type) and issubclass(thing, Exception)
    )
    public = {kind for kind in raised if not issubclass(kind, Warning)}
    assert all(issubclass(kind, MimoCreditsError) for kind in public)
    assert public == {type(error) for error, _, _ in ERRORS} | {MimoCreditsError, PricingError}


def test_a_backend_can_catch_all_pricing_errors_at_once():
    kinds = {type(error) for error, _, _ in ERRORS if isinstance(error, PricingError)}
    assert kinds == {UnknownModel, NotInPlan, NoRate, BeyondContext, NoCardInEffect}


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("mimo-v2.5-por", ["mimo-v2-flash", "mimo-v2.5-pro", "zebra"], ("mimo-v2.5-pro", "mimo-v2-flash")),
        ("a1", ["a2", "a3", "a4", "a5"], 3),
        ("zebra", ["mimo"], ()),
        ("zebra", [], ()),
    ],
)
def test_at_most_three_names_alike_the_most_alike_first(name, known, expected):
    found = nearest(name, iter(known))
    assert (len(found) if isinstance(expected, int) else found) == expected
    assert nearest(name, known[::-1]) == found


class Unspeakable:
    def __repr__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("5", "'5'"),
        (None, "None"),
        ("x" * 78, f"'{'x' * 78}'"),
        ("x" * 79, f"'{'x' * 78}…"),
        (10**5_000, "a int that cannot be shown"),
        (Unspeakable(), "a Unspeakable that cannot be shown"),
    ],
    ids=["text", "none", "eighty", "longer", "too long to print", "unspeakable"],
)
def test_a_value_is_shown_cut_short_and_never_an_error_itself(value, text):
    assert shown(value) == text


@pytest.mark.parametrize(
    ("text", "can_be_written"),
    [
        *(("", True), ("mimo", True), ("模型", True), ("\ud7ff\ue000", True), ("🙂", True)),
        *(("\ud800", False), ("\udfff", False), ("a\ud83d", False)),
    ],
    ids=ascii,
)
def test_a_lone_surrogate_is_no_text(text, can_be_written):
    assert is_unicode(text) is can_be_written
    assert can_be_written is (text.encode("utf-8", "replace").decode() == text)


def test_reasons_are_in_their_documented_order_of_precedence():
    assert [reason.value for reason in Reason] == [
        *("out-of-order", "closed-cycle", "not-subscribed", "already-subscribed", "unknown-tier"),
        *("interval-not-sold", "currency-not-sold", "no-first-purchase", "same-tier", "downgrade-inside-cycle"),
        *("duplicate-grant", "duplicate-hold", "unknown-hold", "hold-ended", "insufficient-credits"),
    ]
