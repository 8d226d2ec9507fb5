"""Commands are checked where they are made: each wrong field is an `InputError` that names it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

import pytest

from mimo_credits import (
    Account,
    Advance,
    BeyondContext,
    Cancel,
    ChangeTier,
    Command,
    Conflict,
    Grant,
    Hold,
    InputError,
    RateCard,
    RateCardError,
    Record,
    Refused,
    Rejection,
    Release,
    Settle,
    Subscribe,
    Usage,
    apply,
    fold,
    load_book,
    load_card,
    reconcile,
    rerate,
    timeline,
)
from mimo_credits.ledger import difference, replay
from mimo_credits.ledger.audit import audit
from tests.small_card import FILE, edited

AT = datetime(2026, 6, 1, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
BOOK = load_book()
USAGE = Usage("mimo-v2.5", input_tokens=1)
MOST = Decimal("9223372036854775.807")


ONE_TO_256 = "needs a text of 1 to 256 characters, not an empty one"
CREDITS = "needs more than 0 and at most 9,223,372,036,854,775,807 millicredits, not "
PRIORITY = "needs a whole number, -1,000,000 to 1,000,000, not "
NAIVE = datetime(2026, 6, 1)


class Period(StrEnum):
    """A backend's own enum: equal to the text, but not read back from a snapshot as what it was."""

    MONTHLY = "monthly"


@pytest.mark.parametrize(
    ("make", "field", "why"),
    [
        (lambda: Cancel("", AT), "id", ONE_TO_256),
        (lambda: Cancel(7, AT), "id", "needs a text of at most 256 characters, not 7"),
        (lambda: Cancel("x" * 257, AT), "id", f"needs a text of at most 256 characters, not '{'x' * 78}…"),
        (lambda: Cancel("\ud800", AT), "id", r"'\ud800' has half of a surrogate pair, which no store can hold"),
        (lambda: Cancel("c", NAIVE), "at", "2026-06-01T00:00:00 is naive: say its time zone"),
        (lambda: Advance(NAIVE), "at", "2026-06-01T00:00:00 is naive: say its time zone"),
        (lambda: Subscribe("s", AT, ""), "tier", ONE_TO_256),
        (lambda: Subscribe("s", AT, "lite", currency=""), "currency", ONE_TO_256),
        (
            lambda: Subscribe("s", AT, "lite", interval="weekly"),
            "interval",
            "needs one of 'monthly', 'annual', not 'weekly'",
        ),
        (
            lambda: Subscribe("s", AT, "lite", first_purchase=2),
            "first_purchase",
            "needs one of None, True, False, not 2",
        ),
        (
            lambda: Subscribe("s", AT, "lite", first_purchase=0),
            "first_purchase",
            "needs one of None, True, False, not 0",
        ),
        (
            lambda: Subscribe("s", AT, "lite", interval=Period.MONTHLY),
            "interval",
            "needs one of 'monthly', 'annual', not <Period.MONTHLY: 'monthly'>",
        ),
        (lambda: Subscribe("s", AT, "lite", card=""), "card", ONE_TO_256),
        (lambda: Record("r", AT, {"model": "mimo-v2.5"}), "usage", "needs a Usage, not {'model': 'mimo-v2.5'}"),
        (lambda: ChangeTier("c", AT, ""), "tier", ONE_TO_256),
        (lambda: ChangeTier("c", AT, "pro", when="later"), "when", "needs one of 'now', 'renewal', not 'later'"),
        (lambda: Grant("g", AT, 0.5), "credits", "credits are an int or a Decimal, not 0.5"),
        (lambda: Grant("g", AT, 0), "credits", CREDITS + "0"),
        (lambda: Grant("g", AT, MOST + Decimal("0.001")), "credits", CREDITS + "Decimal('9223372036854775.808')"),
        (lambda: Grant("g", AT, 10**5000), "credits", "credits have at most 30 digits before or after the point"),
        (lambda: Grant("g", AT, 1, priority=1.0), "priority", PRIORITY + "1.0"),
        (lambda: Grant("g", AT, 1, priority=-(10**6) - 1), "priority", PRIORITY + "-1000001"),
        (lambda: Grant("g", AT, 1, label=None), "label", "needs a text of at most 256 characters, not None"),
        (
            lambda: Grant("g", AT, 1, expires_at=AT),
            "expires_at",
            "2026-06-01T00:00:00+00:00 is not later than at, 2026-06-01T00:00:00+00:00",
        ),
        (
            lambda: Grant("g", AT, 1, expires_at=NAIVE),
            "expires_at",
            "2026-06-01T00:00:00 is naive: say its time zone",
        ),
        (lambda: Hold("h", AT, expires_at=LATER), "usage", "a hold needs either usage or credits"),
        (lambda: Hold("h", AT, USAGE, 1, expires_at=LATER), "usage", "a hold needs either usage or credits"),
        (lambda: Hold("h", AT, credits=0, expires_at=LATER), "credits", CREDITS + "0"),
        (lambda: Hold("h", AT, USAGE), "expires_at", "is missing: say until when"),
        (lambda: Settle("e", AT, "", USAGE), "hold_id", ONE_TO_256),
        (lambda: Release("x", AT, ""), "hold_id", ONE_TO_256),
    ],
)
def test_a_wrong_field_is_named_with_what_would_be_right(make: Callable[[], Command], field: str, why: str) -> None:
    with pytest.raises(InputError) as caught:
        make()
    assert (caught.value.field, caught.value.why) == (field, why)


def test_the_longest_text_the_fewest_and_most_credits_and_the_last_priorities_are_taken() -> None:
    assert Cancel("x" * 256, AT).id == "x" * 256
    assert Grant("g", AT, MOST, label="x" * 256).millicredits == 2**63 - 1
    assert Grant("g", AT, Decimal("0.001")).millicredits == 1
    assert [Grant("g", AT, 1, priority=end).priority for end in (-(10**6), 10**6)] == [-(10**6), 10**6]


def test_one_id_for_two_things_is_a_conflict_that_names_it() -> None:
    with pytest.raises(Conflict, match=r"^id 'c': it was used before with other content\.$") as caught:
        timeline([Cancel("c", AT), Cancel("c", LATER)])
    assert caught.value.id == "c"


def test_what_is_no_command_is_named() -> None:
    with pytest.raises(InputError, match=r"^command: needs a command of the ledger, not 'renew'$"):
        apply(Account(), "renew", BOOK)


@pytest.mark.parametrize("sort", [timeline, lambda commands: rerate(commands, BOOK)])
def test_what_is_no_command_has_no_place_in_a_timeline(sort: Callable[[list[Command]], object]) -> None:
    for stranger in (None, "charge it", object()):
        with pytest.raises(InputError) as caught:
            sort([Subscribe("s", AT, "lite"), stranger])  # type: ignore[list-item]
        assert caught.value.field == "commands"


def test_a_fold_raises_what_apply_raises() -> None:
    with pytest.raises(Refused):
        fold(Account(), [Subscribe("s", AT, "lite"), Subscribe("t", LATER, "lite")], BOOK)


def test_a_fold_may_begin_before_any_plan() -> None:
    account, _ = fold(Account(), [Grant("g", AT, 5), Subscribe("s", AT, "lite")], BOOK)
    assert account.remaining == 4_100_000_005


def test_a_card_is_not_built_around_its_checks() -> None:
    with pytest.raises(TypeError, match="a rate card is read"):
        RateCard.model_validate({name: getattr(load_card("2026-05-27"), name) for name in RateCard.model_fields})


def test_a_pay_as_you_go_plan_needs_the_prices_it_goes_on_with() -> None:
    card = load_card("2026-06-01")
    go_on: dict[str, object] = {"policy": {"exhausted": "pay-as-you-go"}}
    assert card.derive(go_on).policy.exhausted == "pay-as-you-go"
    with pytest.raises(RateCardError, match="has no CNY price, though exhausted plans go on"):
        card.derive({**go_on, "models": {"mimo-v2.5": {"price": {"CNY": None}, "source": "H official-subscription"}}})


PAYING = ('exhausted           = "stop"', 'exhausted           = "pay-as-you-go"')


@pytest.mark.parametrize(
    ("where", "what", "changes"),
    [
        (
            'models."fast-1.5"',
            "CNY price of audio_hour",
            [("{ hit = 0.005, miss = 1, output = 2.5 }", "{ hit = 0.005, miss = 1, output = 2.5, audio_hour = 9 }")],
        ),
        (
            "models.long",
            "CNY price of output",
            [
                (f"{{ USD = {usd}, CNY = {usd * 7} }}", f"{{ USD = {usd}, CNY = {{ hit = 1, miss = {usd * 7} }} }}")
                for usd in (1, 2, 4)
            ],
        ),
        (
            "models.long",
            "CNY price beyond its bands",
            [
                ("context = 4_000", "context = 4_000\ncredits = 3"),
                *((f"credits     = {credits}\n", "") for credits in (1, 2, 4)),
            ],
        ),
    ],
)
def test_pay_as_you_go_goes_on_with_each_meter_and_as_long_an_input(
    where: str, what: str, changes: list[tuple[str, str]]
) -> None:
    assert RateCard.from_toml(edited(PAYING), file=FILE).policy.exhausted == "pay-as-you-go"
    assert RateCard.from_toml(edited(*changes), file=FILE)
    with pytest.raises(RateCardError) as caught:
        RateCard.from_toml(edited(PAYING, *changes), file=FILE)
    found = caught.value.problems[0]
    assert found.where == where
    assert found.what.startswith(f"has no {what}")


def test_a_band_without_rates_is_said_once_also_where_pay_as_you_go_needs_its_price() -> None:
    with pytest.raises(RateCardError) as caught:
        RateCard.from_toml(edited(PAYING, ("credits     = 2\n", "")), file=FILE)
    assert [problem.what for problem in caught.value.problems] == ["credits stands in a band, but not in each of them"]


def test_after_a_lapse_the_console_has_no_plan_figures() -> None:
    account = fold(Account(), [Subscribe("s", AT, "lite"), Cancel("c", LATER)], BOOK)[0]
    lapsed = account.as_of(AT + timedelta(days=60), BOOK)
    items = [{"name": "plan_total_token", "used": 0, "limit": 0}]
    assert reconcile(lapsed, {"data": {"usage": {"items": items}}}).agrees


def test_corrected_books_are_right_books() -> None:
    commands: list[Command] = [Subscribe("s", AT, "lite"), Record("r", LATER, USAGE)]
    before, after = rerate(commands, BOOK), rerate(commands[:1], BOOK)
    entries = [*before.entries, *difference(before.entries, after.entries)]
    assert audit(replay(entries), entries, BOOK) == ()


def test_a_request_beyond_the_context_inside_a_run_of_plain_usage_is_refused_alone() -> None:
    april = datetime(2026, 4, 10, tzinfo=UTC)
    lengths = [1, 2, 1_048_577, 3]
    records = [
        Record(f"r{number}", april + timedelta(minutes=number), Usage("mimo-v2-pro", input_tokens=length))
        for number, length in enumerate(lengths, 1)
    ]
    rejected: list[Rejection] = []
    account, _ = fold(Account(), [Subscribe("s", april, "lite"), *records], BOOK, rejected=rejected)
    assert [type(rejection.error) for rejection in rejected] == [BeyondContext]
    assert account.pots.spent == 2 * (1 + 2 + 3) * 1000


RESPONSE = {"id": "resp-1", "model": "mimo-v2.5", "usage": {"prompt_tokens": 7, "completion_tokens": 3}}
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
NO_INSTANT = "'yesterday' is not an ISO 8601 instant such as 2026-05-27T00:00:00+08:00"


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"created": 1_780_315_200}, NOON),
        ({"created_at": 1_780_315_200}, NOON),
        ({"timestamp": "2026-06-01T20:00:00+08:00"}, NOON),
        ({"created_at": "2026-06-01T12:00:00Z"}, NOON),
        ({"created": "2026-06-01T12:00:00Z"}, NOON),
        ({"created": 1_780_315_200, "created_at": 1_780_272_000, "timestamp": "2026-06-01T00:00:00Z"}, NOON),
        ({"created": "2026-06-01T00:00:00Z", "created_at": 1_780_315_200}, NOON),
        ({"timestamp": "2026-06-01T12:00:00Z", "created_at": "2026-06-01T00:00:00Z", "created": "2026-06-01T00:00:00Z"}, NOON),
        ({"created_at": "2026-06-01T12:00:00Z", "created": "2026-06-01T00:00:00Z"}, NOON),
        ({"created": 1.5, "timestamp": "2026-06-01T12:00:00Z"}, NOON),
        ({"created": True, "timestamp": "2026-06-01T12:00:00Z"}, NOON),
    ],
)  # fmt: skip
def test_a_response_is_recorded_with_its_own_id_instant_and_usage(fields: dict[str, object], at: datetime) -> None:
    usage = Usage("mimo-v2.5", input_tokens=7, output_tokens=3)
    assert Record.from_response({**RESPONSE, **fields}) == Record("resp-1", at, usage)
    assert Record.from_response({**RESPONSE, **fields}, "mine") == Record("mine", at, usage)
    assert Record.from_response({**RESPONSE, **fields, "id": 7}, id="mine").id == "mine"


@pytest.mark.parametrize(
    ("changes", "field", "why"),
    [
        ({"id": None, "created": 1}, "id", "is missing: the payload names none, and none was given"),
        ({"id": 7, "created": 1}, "id", "is missing: the payload names none, and none was given"),
        ({}, "created", "is missing: a response needs created (seconds since 1970) or timestamp (ISO 8601)"),
        ({"created": 10**20}, "created", "100000000000000000000 is not an instant in seconds since 1970"),
        ({"created_at": 10**20}, "created_at", "100000000000000000000 is not an instant in seconds since 1970"),
        ({"timestamp": "yesterday"}, "timestamp", NO_INSTANT),
        ({"created_at": "yesterday"}, "created_at", NO_INSTANT),
        (
            {"timestamp": "2026-06-01T12:00:00"},
            "timestamp",
            "2026-06-01T12:00:00 is naive, it has no time zone: write 2026-06-01T12:00:00+08:00, or what its zone is",
        ),
    ],
)
def test_a_response_that_cannot_be_recorded_says_which_field_is_missing(
    changes: dict[str, object], field: str, why: str
) -> None:
    with pytest.raises(InputError) as caught:
        Record.from_response({**RESPONSE, **changes})
    assert (caught.value.field, caught.value.why) == (field, why)
