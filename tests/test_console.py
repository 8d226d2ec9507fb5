"""The console check: the provider's answer held against the ledger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from mimo_credits import (
    Account,
    Advance,
    Cancel,
    ChangeTier,
    Grant,
    Hold,
    InputError,
    Reconciliation,
    Record,
    Release,
    Subscribe,
    Usage,
    fold,
    load_book,
    reconcile,
)
from tests.ledger import worlds

BOOK = load_book()


def june(day, hour=12):
    return datetime(2026, 6, day, hour, tzinfo=UTC)


def account(*commands):
    return fold(Account(), [Subscribe("s", june(1), "lite"), *commands], BOOK)[0]


def answer(used, limit, compensation=(0, 0), month=None):
    """The console's answer in the shape that it has for a subscribed account."""
    month = month or (used + compensation[0], limit + compensation[1])
    return {
        "code": 0,
        "message": "",
        "data": {
            "monthUsage": {"percent": 0.03, "items": [item("month_total_token", *month)]},
            "usage": {
                "percent": 0.03,
                "items": [item("plan_total_token", used, limit), item("compensation_total_token", *compensation)],
            },
        },
    }


def item(name, used, limit):
    return {"name": name, "used": used, "limit": limit, "percent": used / limit if limit else 0}


USED = Record("r", june(2), Usage("mimo-v2.5-pro", input_tokens=1_000_000))


def test_a_console_that_agrees():
    found = reconcile(account(USED), answer(300_000_000, 4_100_000_000))
    assert found.agrees
    assert found.missing == ()
    assert [line.used_difference for line in found.items] == [0, 0, 0]


def test_how_far_the_ledger_is_from_it():
    found = reconcile(account(USED), answer(300_000_007, 4_100_000_000))
    assert not found.agrees
    plan = next(line for line in found.items if line.name == "plan_total_token")
    assert plan.used_difference == 7_000
    assert plan.limit_difference == 0


def test_part_of_a_credit_is_no_difference_since_the_console_shows_whole_ones():
    night = Record("n", june(2, 17), Usage("mimo-v2.5", input_tokens=3, cached_tokens=3))
    used = account(night)
    assert used.pots.spent == 4_800
    assert reconcile(used, answer(4, 4_100_000_000)).agrees
    assert reconcile(used, answer(5, 4_100_000_000)).agrees
    assert not reconcile(used, answer(6, 4_100_000_000)).agrees


def test_another_allowance_is_a_difference():
    found = reconcile(account(USED), answer(300_000_000, 11_000_000_000))
    assert not found.agrees
    plan = next(line for line in found.items if line.name == "plan_total_token")
    assert (plan.used_difference, plan.limit_difference) == (0, 6_900_000_000_000)


def test_grants_are_the_compensation_and_burn_by_their_order():
    granted = Grant("g", june(1, 13), Decimal(500), priority=-1)
    found = reconcile(account(granted, USED), answer(299_999_500, 4_100_000_000, compensation=(500, 500)))
    assert found.agrees


def test_overage_counts_as_used_as_on_the_console():
    """The console has been seen at 100.04 %: the last request may overshoot."""
    much = Record("m", june(2), Usage("mimo-v2.5-pro", input_tokens=13_700_000))
    assert reconcile(account(much), answer(4_110_000_000, 4_100_000_000)).agrees


def test_what_is_held_is_not_used():
    held = Hold("h", june(2), credits=1_000, expires_at=june(3))
    assert reconcile(account(held), answer(0, 4_100_000_000)).agrees


def test_an_account_without_a_plan_has_null_items():
    empty = {"code": 0, "data": {"monthUsage": {"percent": 0, "items": None}, "usage": None}}
    found = reconcile(Account(), empty)
    assert found.items == ()
    assert found.missing == ()
    assert found.agrees


def test_an_account_whose_plan_has_lapsed_has_no_items_either():
    lapsed = account(Cancel("c", june(2)), Advance(june(1) + timedelta(days=40)))
    assert reconcile(lapsed, {"data": {"usage": None}}) == Reconciliation((), ())
    assert reconcile(lapsed, answer(0, 0)).agrees


def test_what_the_console_does_not_send_of_a_plan_does_not_agree():
    """An empty answer on an account with a plan and usage says nothing, least of all that all is well."""
    empty = {"code": 0, "data": {"monthUsage": {"percent": 0, "items": None}, "usage": None}}
    found = reconcile(account(USED), empty)
    assert found.missing == ("plan_total_token", "compensation_total_token", "month_total_token")
    assert not found.agrees
    partly = answer(300_000_000, 4_100_000_000)
    del partly["data"]["monthUsage"]
    found = reconcile(account(USED), partly)
    assert found.missing == ("month_total_token",)
    assert all(line.agrees for line in found.items)
    assert not found.agrees


def test_what_a_hold_of_the_allowance_before_a_trade_in_keeps_or_gives_back_is_not_used():
    """6 are held, 30 are issued anew: 36 are there, whether the hold is open or has given them back."""
    day = datetime(2026, 1, 1, tzinfo=UTC)
    held = [
        Subscribe("s", day, "lite"),
        Hold("h", day, credits=6, expires_at=day + timedelta(hours=3)),
        ChangeTier("u", day + timedelta(hours=1), "standard"),
    ]
    for commands in (held, [*held, Release("x", day + timedelta(hours=2), "h")]):
        kept = fold(Account(), commands, worlds.trading())[0]
        plan = reconcile(kept, answer(0, 36)).items[0]
        assert (plan.name, plan.ledger_used, plan.ledger_limit) == ("plan_total_token", 0, 36_000)


def test_items_that_nobody_knows_are_left_alone():
    payload = answer(0, 4_100_000_000)
    unknown = [item("month_extra_token", 5, 6), {"name": "trial", "used": "none"}, {"name": None}, {"name": []}, {}]
    payload["data"]["usage"]["items"].extend(unknown)
    assert len(reconcile(account(), payload).items) == 3


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        (None, "payload"),
        ({}, "data"),
        ({"data": {"usage": []}}, "data.usage"),
        ({"data": {"usage": {"items": {}}}}, "data.usage.items"),
        ({"data": {"usage": {"items": [7]}}}, "data.usage.items[0]"),
        ({"data": {"usage": {"items": [{"name": "plan_total_token", "used": 1.5}]}}}, "data.usage.items[0].used"),
        ({"data": {"usage": {"items": [{"name": "plan_total_token", "used": -1}]}}}, "data.usage.items[0].used"),
        ({"data": {"usage": {"items": [{"name": "plan_total_token", "used": 1}]}}}, "data.usage.items[0].limit"),
        (
            {"data": {"monthUsage": {"items": [{"name": "month_total_token", "used": True, "limit": 1}]}}},
            "data.monthUsage.items[0].used",
        ),
    ],
)
def test_another_shape_is_an_input_error_at_its_place(payload, field):
    with pytest.raises(InputError) as caught:
        reconcile(account(), payload)
    assert caught.value.field == field
