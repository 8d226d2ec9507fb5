"""Commands are checked where they are made: each wrong field is an `InputError` that names it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import pytest

from mimo_credits import (
    Account,
    BeyondContext,
    Cancel,
    ChangeTier,
    Command,
    Grant,
    Hold,
    InputError,
    RateCard,
    RateCardError,
    Record,
    Refused,
    Rejection,
    Settle,
    Subscribe,
    Usage,
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


class Period(StrEnum):
    """A backend's own enum: equal to the text, but not read back from a snapshot as what it was."""

    MONTHLY = "monthly"


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: Cancel("", AT), "id"),
        (lambda: Cancel(7, AT), "id"),
        (lambda: Cancel("x" * 257, AT), "id"),
        (lambda: Cancel("\ud800", AT), "id"),
        (lambda: Cancel("c", datetime(2026, 6, 1)), "at"),
        (lambda: Subscribe("s", AT, "lite", interval="weekly"), "interval"),
        (lambda: Subscribe("s", AT, "lite", first_purchase=2), "first_purchase"),
        (lambda: Subscribe("s", AT, "lite", card=""), "card"),
        (lambda: Record("r", AT, {"model": "mimo-v2.5"}), "usage"),
        (lambda: ChangeTier("c", AT, "pro", when="later"), "when"),
        (lambda: Grant("g", AT, 0.5), "credits"),
        (lambda: Grant("g", AT, 0), "credits"),
        (lambda: Grant("g", AT, 10**5000), "credits"),
        (lambda: Grant("g", AT, 1, priority=1.0), "priority"),
        (lambda: Grant("g", AT, 1, priority=10**7), "priority"),
        (lambda: Grant("g", AT, 1, label=None), "label"),
        (lambda: Grant("g", AT, 1, expires_at=AT), "expires_at"),
        (lambda: Subscribe("s", AT, "lite", first_purchase=0), "first_purchase"),
        (lambda: Subscribe("s", AT, "lite", interval=Period.MONTHLY), "interval"),
        (lambda: Hold("h", AT, expires_at=LATER), "usage"),
        (lambda: Hold("h", AT, USAGE, 1, expires_at=LATER), "usage"),
        (lambda: Hold("h", AT, USAGE), "expires_at"),
        (lambda: Settle("e", AT, "", USAGE), "hold_id"),
        (lambda: Record.from_response({"model": "m", "usage": {"prompt_tokens": 1, "completion_tokens": 1}}), "id"),
    ],
)
def test_a_wrong_field_is_named(make: Callable[[], Command], field: str) -> None:
    with pytest.raises(InputError) as caught:
        make()
    assert caught.value.field == field


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
            [("price       = { USD = 2, CNY = 14 }", "price = { USD = 2, CNY = { hit = 1, miss = 14 } }")],
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
        ({"id": None, "created": 1}, "id", "is missing: the payload names none, so pass id="),
        ({"id": 7, "created": 1}, "id", "is missing: the payload names none, so pass id="),
        ({}, "created", "is missing: a response needs created (seconds since 1970) or timestamp (ISO 8601)"),
        ({"created": 10**20}, "created", "is not an instant"),
        ({"created_at": 10**20}, "created_at", "is not an instant"),
        ({"timestamp": "yesterday"}, "timestamp", "'yesterday' is not an ISO 8601 instant"),
        ({"created_at": "yesterday"}, "created_at", "'yesterday' is not an ISO 8601 instant"),
        ({"timestamp": "2026-06-01T12:00:00"}, "timestamp", "is naive"),
    ],
)
def test_a_response_that_cannot_be_recorded_says_which_field_is_missing(
    changes: dict[str, object], field: str, why: str
) -> None:
    with pytest.raises(InputError) as caught:
        Record.from_response({**RESPONSE, **changes})
    assert caught.value.field == field
    assert why in caught.value.why
