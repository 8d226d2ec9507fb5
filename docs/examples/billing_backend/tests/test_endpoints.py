"""What each endpoint does, with exact numbers: 2.5, 300 and 600 credits for a hit, a miss and an output token."""

from __future__ import annotations

import pytest

from mimo_credits import from_data, replay

pytestmark = pytest.mark.beyond_core

LITE = 4_100_000_000


def test_from_an_empty_account_to_a_statement(acme, response):
    opened = acme.post("/accounts", {"id": "ada", "name": "Ada's team"})
    assert opened.status_code == 201
    assert opened.json()["plan"] is None
    assert acme.post("/accounts/ada/subscribe", {"tier": "lite"}).json()["account"]["available"] == str(LITE)
    used = acme.post("/accounts/ada/usage", response(tokens=1_000)).json()
    assert [entry["type"] for entry in used["entries"]] == ["rated", "posting"]
    assert used["account"]["available"] == str(LITE - 300_000)
    assert acme.get("/accounts/ada").json() == used["account"]
    line = acme.get("/accounts/ada/statement").json()["cycles"][0]["segments"][0]["lines"][0]
    assert (line["model"], line["quantity"], line["millicredits"]) == ("mimo-v2.5-pro", "1000", "300000000")


def test_both_providers_shapes_cost_the_same(acme):
    path = acme.subscribed("ada")
    shapes = [
        {
            "id": "chatcmpl-1",
            "usage": {
                "prompt_tokens": 86_790,
                "completion_tokens": 305,
                "prompt_tokens_details": {"cached_tokens": 86_000},
            },
        },
        {"id": "msg_1", "usage": {"input_tokens": 790, "cache_read_input_tokens": 86_000, "output_tokens": 305}},
    ]
    for number, shape in enumerate(shapes, 1):
        answer = acme.post(f"{path}/usage", {"model": "mimo-v2.5-pro", "choices": ["..."], **shape})
        assert answer.status_code == 201
        assert answer.json()["account"]["available"] == str(LITE - number * 635_000)


def test_a_hold_is_settled_with_what_was_used_or_released(acme, response):
    path = acme.subscribed("ada")
    asked = {"model": "mimo-v2.5-pro", "output_tokens": 4_000}
    held = acme.post(f"{path}/holds", {"id": "call-1", "usage": asked}).json()["account"]
    assert (held["available"], held["holds"]) == (str(LITE - 2_400_000), {"call-1": "2400000"})
    settled = acme.post(f"{path}/holds/call-1/settle", response()).json()["account"]
    assert (settled["available"], settled["holds"]) == (str(LITE - 300_000), {})
    acme.post(f"{path}/holds", {"id": "call-2", "credits": "0.5"})
    assert acme.get(path).json()["holds"] == {"call-2": "0.5"}
    assert acme.post(f"{path}/holds/call-2/release").json()["account"]["available"] == str(LITE - 300_000)
    refused = acme.post(f"{path}/holds", {"id": "call-3", "credits": str(LITE)})
    assert (refused.status_code, refused.json()["missing_millicredits"]) == (402, "300000000")


def test_a_hold_lapses_by_the_clock(service, acme):
    path = acme.subscribed("ada")
    acme.post(f"{path}/holds", {"id": "call-1", "credits": "100", "expires_in": 60})
    service.passes(seconds=59)
    assert acme.get(path).json()["holds"] == {"call-1": "100"}
    service.passes(seconds=1)
    assert acme.get(path).json()["available"] == str(LITE)


def test_a_hold_asks_for_usage_or_for_credits(acme):
    path = acme.subscribed("ada")
    for body in ({"id": "h"}, {"id": "h", "credits": "1", "usage": {"model": "mimo-v2.5"}}):
        assert acme.post(f"{path}/holds", body).status_code == 400


def test_a_quote_says_the_price_and_whether_it_is_covered(acme):
    path = acme.subscribed("ada")
    asked = {"model": "mimo-v2.5-pro", "input_tokens": 86_790, "cached_tokens": 86_000, "output_tokens": 305}
    quoted = acme.http.post(f"{path}/quote", json=asked, headers=acme.headers()).json()
    assert (quoted["credits"], quoted["money"]["CNY"], quoted["covered"]) == ("635000", "0.00635", True)
    acme.post(f"{path}/holds", {"id": "all", "credits": str(LITE)})
    assert acme.http.post(f"{path}/quote", json=asked, headers=acme.headers()).json()["covered"] is False


def test_a_tier_changes_and_a_plan_ends(service, acme):
    path = acme.subscribed("ada")
    changed = acme.post(f"{path}/tier", {"tier": "standard"}).json()
    assert changed["account"]["plan"]["tier"] == "standard"
    assert (
        acme.post(f"{path}/tier", {"tier": "lite", "when": "renewal"}).json()["account"]["plan"]["at_its_end"] == "lite"
    )
    assert acme.post(f"{path}/cancel").json()["account"]["plan"]["at_its_end"] == "lapses"
    service.passes(days=40)
    assert acme.get(path).json()["plan"] is None


def test_grants_stand_beside_the_pool(acme, response):
    path = acme.subscribed("ada")
    grant = {"credits": "500000000.25", "expires_at": "2026-07-01T00:00:00+02:00", "priority": -1, "label": "sorry"}
    assert acme.post(f"{path}/grants", grant).json()["account"]["available"] == "4600000000.25"
    assert acme.post(f"{path}/usage", response()).json()["account"]["pool"]["used"] == "0"


def test_a_look_shows_what_is_due_though_nothing_was_written(service, acme, response):
    path = acme.subscribed("ada")
    acme.post(f"{path}/usage", response())
    service.passes(days=40)
    assert acme.get(path).json()["available"] == str(LITE)
    assert len(acme.get(f"{path}/statement").json()["cycles"]) == 2
    assert {item["entry"]["type"] for item in acme.get(f"{path}/entries").json()["items"]} >= {"rated"}


def test_entries_come_in_pages_and_are_the_whole_ledger(acme, response):
    path = acme.subscribed("ada")
    for number in range(4):
        acme.post(f"{path}/usage", response(f"chatcmpl-{number}"))
    found, after = [], -1
    while after is not None:
        page = acme.get(f"{path}/entries", after=after, limit=3).json()
        assert 0 < len(page["items"]) <= 3
        found += page["items"]
        after = page["next"]
    assert [item["number"] for item in found] == list(range(3 + 2 * 4))
    assert str(replay(from_data(item["entry"]) for item in found).remaining) == acme.get(path).json()["available"]


def test_accounts_are_listed_in_pages(acme):
    for name in ("c", "a", "b"):
        acme.post("/accounts", {"id": name, "name": name})
    first = acme.get("/accounts", limit=2).json()
    assert first == {"items": ["a", "b"], "next": "b"}
    assert acme.get("/accounts", after="b", limit=2).json() == {"items": ["c"], "next": None}


def test_an_account_is_opened_once(acme):
    assert acme.post("/accounts", {"id": "ada", "name": "one"}).status_code == 201
    again = acme.post("/accounts", {"id": "ada", "name": "two"})
    assert (again.status_code, again.json()["code"]) == (409, "account-exists")
    assert acme.get("/accounts/ada").json()["name"] == "one"


def test_who_only_looks_waits_for_no_writer(service, acme):
    path = acme.subscribed("ada")
    with service.engine.begin():
        for look in ("", "/entries", "/statement"):
            assert acme.get(f"{path}{look}").status_code == 200


def test_the_service_says_that_it_is_well(service):
    assert service.http.get("/health").json() == {"status": "ok", "card": "2026-05-27.1"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"tier": "huge"}, 422, "unknown-tier"),
        ({"tier": "lite", "currency": "EUR"}, 422, "currency-not-sold"),
        ({"tier": "lite"}, 409, "already-subscribed"),
    ],
)
def test_the_ledgers_refusals_keep_their_reason(acme, body, status, code):
    path = acme.subscribed("ada") if code == "already-subscribed" else "/accounts/ada"
    acme.post("/accounts", {"id": "ada", "name": "Ada"})
    refused = acme.post(f"{path}/subscribe", body)
    assert (refused.status_code, refused.json()["code"], refused.json()["status"]) == (status, code, status)
    assert refused.headers["content-type"] == "application/problem+json"


def test_what_has_no_price_is_refused_and_what_is_too_large(acme, response):
    path = acme.subscribed("ada")
    unknown = acme.post(f"{path}/usage", {**response(), "model": "mimo-v9"})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown-model")
    beyond = acme.post(f"{path}/usage", {**response("x"), "usage": {"prompt_tokens": 10**15, "completion_tokens": 0}})
    assert (beyond.status_code, beyond.json()["code"]) == (422, "too-large")
    most = {"credits": "9223372036854775"}
    assert acme.post(f"{path}/grants", most).json()["code"] == "too-large"
    assert acme.get(path).json()["available"] == str(LITE)


# --- the clock ---------------------------------------------------------------------------------------------


def test_late_usage_is_taken_and_that_of_the_future_is_not(service, acme, response):
    path = acme.subscribed("ada")
    service.passes(days=3)
    late = acme.post(f"{path}/usage", response("late", created=int(service.now.timestamp()) - 86_400))
    assert late.status_code == 201
    assert late.json()["entries"][0]["at"] == "2026-06-04T12:00:00Z"
    near = acme.post(f"{path}/usage", response("near", created=int(service.now.timestamp()) + 59))
    assert near.status_code == 201
    far = acme.post(f"{path}/usage", response("far", created=int(service.now.timestamp()) + 61))
    assert (far.status_code, far.json()["code"]) == (422, "in-the-future")
    assert acme.get(path).json()["pool"]["used"] == "600000"


def test_a_clock_that_lags_behind_the_account_refuses_nothing(service, acme):
    """Another machine's clock is ahead, or it was set back: a command without an instant is never out of order."""
    path = acme.subscribed("ada")
    service.passes(seconds=-30)
    assert acme.post(f"{path}/holds", {"id": "call-1", "credits": "1"}).status_code == 201
    assert acme.get(path).status_code == 200


def test_usage_in_the_second_of_the_subscription_is_in_the_plan(service, acme, response):
    service.now = service.now.replace(microsecond=900_000)
    path = acme.subscribed("ada")
    assert acme.post(f"{path}/usage", response(created=int(service.now.timestamp()))).status_code == 201
