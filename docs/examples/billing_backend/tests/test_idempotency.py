"""A retry gets the first answer and does nothing; and the same usage counts once, whatever the key."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from billing_backend import idempotency
from sqlalchemy import text

pytestmark = pytest.mark.beyond_core


def rated(client, path: str) -> int:
    return sum(item["entry"]["type"] == "rated" for item in client.get(f"{path}/entries", limit=1_000).json()["items"])


def test_a_key_is_needed_where_something_changes(service, acme):
    paths = service.app.openapi()["paths"]
    asked = [path for path, operations in paths.items() if "post" in operations and not path.endswith("/quote")]
    assert len(asked) == 9
    for path in asked:
        place = path.format(account_id="ada", hold_id="h")
        answer = service.http.post(place, json={}, headers=acme.headers())
        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-missing"), path


@pytest.mark.parametrize("key", ["", "a key", "k" * 201, "schlüssel".encode()])
def test_a_key_is_a_short_printable_text(service, acme, key):
    body = {"id": "ada", "name": "Ada"}
    answer = service.http.post("/accounts", json=body, headers={**acme.headers(), "Idempotency-Key": key})
    assert answer.status_code == 400
    assert acme.get("/accounts").json()["items"] == []


def test_a_retry_gets_the_first_answer_to_the_byte(service, acme, response):
    path = acme.subscribed("ada")
    first = acme.post(f"{path}/usage", response(), key="k")
    service.passes(hours=1)
    acme.post(f"{path}/usage", response("another"))
    again = acme.post(f"{path}/usage", response(), key="k")
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert rated(acme, path) == 2


def test_the_order_and_spaces_of_the_json_are_no_other_content(service, acme):
    path = acme.subscribed("ada")
    headers = {**acme.headers(), "Idempotency-Key": "k", "Content-Type": "application/json"}
    spellings = ['{"id":"h","credits":"1"}', '{ "credits": "1",\n "id": "h" }']
    answers = [service.http.post(f"{path}/holds", content=each, headers=headers) for each in spellings]
    assert answers[0].content == answers[1].content
    assert answers[1].headers["idempotent-replayed"] == "true"


def test_the_same_key_with_other_content_is_refused(acme, response):
    path, other = acme.subscribed("ada"), acme.subscribed("bob")
    assert acme.post(f"{path}/usage", response(), key="k").status_code == 201
    changed = [(f"{path}/usage", response(tokens=2)), (f"{other}/usage", response()), (f"{path}/cancel", None)]
    for place, body in changed:
        answer = acme.post(place, body, key="k")
        assert (answer.status_code, answer.json()["code"]) == (422, "key-reused"), place
    assert (rated(acme, path), rated(acme, other)) == (1, 0)


def test_tenants_choose_their_keys_without_asking_one_another(service, acme, response):
    other = service.tenant("other")
    mine, theirs = acme.subscribed("ada"), other.subscribed("ada")
    assert acme.post(f"{mine}/usage", response(), key="k").json()["repeat"] is False
    assert other.post(f"{theirs}/usage", response(), key="k").json()["repeat"] is False
    assert (rated(acme, mine), rated(other, theirs)) == (1, 1)


def test_a_refusal_is_kept_and_a_new_key_tries_again(acme):
    path = acme.subscribed("ada")
    body = {"id": "h", "credits": "5000000000"}
    refused = acme.post(f"{path}/holds", body, key="k")
    assert refused.status_code == 402
    acme.post(f"{path}/grants", {"credits": "1000000000"})
    again = acme.post(f"{path}/holds", body, key="k")
    assert (again.status_code, again.content) == (402, refused.content)
    assert again.headers["content-type"] == "application/problem+json"
    assert acme.post(f"{path}/holds", body, key="new").status_code == 201


def test_what_never_came_to_the_ledger_is_not_kept(acme, response):
    assert acme.post("/accounts/ada/usage", response(), key="k").status_code == 404
    path = acme.subscribed("ada")
    assert acme.post(f"{path}/usage", {"model": "x"}, key="k").status_code == 400
    assert acme.post(f"{path}/usage", response(), key="k").status_code == 201


def test_the_same_response_counts_once_under_any_key_though_it_has_no_instant(service, acme, response):
    path = acme.subscribed("ada")
    first = acme.post(f"{path}/usage", response(), key="one").json()
    service.passes(minutes=5)
    again = acme.post(f"{path}/usage", response(), key="two").json()
    assert (first["repeat"], again["repeat"]) == (False, True)
    assert again["entries"] == first["entries"]
    assert rated(acme, path) == 1
    other = acme.post(f"{path}/usage", response(tokens=7), key="three")
    assert (other.status_code, other.json()["code"]) == (409, "conflict")


def test_a_hold_and_its_settlement_count_once_under_any_key(service, acme, response):
    path = acme.subscribed("ada")
    for key in ("one", "two"):
        held = acme.post(f"{path}/holds", {"id": "h", "credits": "1000000"}, key=key)
        assert (held.status_code, held.json()["account"]["holds"]) == (201, {"h": "1000000"})
        service.passes(seconds=1)
    settled = [acme.post(f"{path}/holds/h/settle", response(), key=key).json()["repeat"] for key in ("three", "four")]
    assert settled == [False, True]
    assert rated(acme, path) == 1
    assert acme.get(path).json()["holds"] == {}


@pytest.mark.parametrize(
    "ways", [("holds/h/settle", "usage"), ("usage", "holds/h/settle"), ("holds/h/settle", "holds/i/settle")]
)
def test_a_response_is_charged_once_whether_recorded_or_settled(service, acme, response, ways):
    path = acme.subscribed("ada")
    for hold in ("h", "i"):
        acme.post(f"{path}/holds", {"id": hold, "credits": "1000000"})
    first, second = ways
    assert acme.post(f"{path}/{first}", response()).status_code == 201
    service.passes(seconds=1)
    again = acme.post(f"{path}/{second}", response())
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert rated(acme, path) == 1


def test_a_settlement_without_a_response_id_is_known_by_its_hold(service, acme, response):
    path = acme.subscribed("ada")
    acme.post(f"{path}/holds", {"id": "h", "credits": "1000000"})
    told = []
    for _ in range(2):
        told.append(acme.post(f"{path}/holds/h/settle", response(None)).json())
        service.passes(seconds=1)
    assert [(each["command"], each["repeat"]) for each in told] == [("settle/h", False), ("settle/h", True)]
    assert rated(acme, path) == 1


def test_what_is_sent_again_after_its_answer_was_forgotten_still_counts_once(service, acme, response):
    path = acme.subscribed("ada")
    requests = [("grants", {"credits": "5"}), ("usage", response(None)), ("cancel", None)]
    for name, body in requests:
        acme.post(f"{path}/{name}", body, key=name)
    before = acme.get(path).json()
    with service.engine.begin() as connection:
        assert idempotency.forget(connection, "2026-06-02T11") == 0
        assert idempotency.forget(connection, "2026-06-03") == 5
    service.passes(minutes=1)
    for name, body in requests:
        again = acme.post(f"{path}/{name}", body, key=name)
        assert (again.status_code, again.json()["repeat"]) == (201, True)
    assert {**acme.get(path).json(), "as_of": ""} == {**before, "as_of": ""}


def test_a_key_whose_first_request_is_at_work_is_a_conflict(service, acme, response):
    path = acme.subscribed("ada")
    with service.app.state.backend.in_progress.claim("acme", "k"):
        answer = acme.post(f"{path}/usage", response(), key="k")
        assert (answer.status_code, answer.json()["code"]) == (409, "in-progress")
        assert acme.post(f"{path}/usage", response(), key="other").status_code == 201
    assert acme.post(f"{path}/usage", response("x"), key="k").status_code == 201


def test_a_key_at_work_in_another_process_is_a_conflict_too(service, acme, response):
    """In PostgreSQL; in SQLite the second process waits for the first one's place."""
    if service.engine.dialect.name == "sqlite":
        return
    path = acme.subscribed("ada")
    with service.engine.begin() as elsewhere:
        assert idempotency.first_answer(elsewhere, "acme", "k", "content") is None
        answer = acme.post(f"{path}/usage", response(), key="k")
        assert (answer.status_code, answer.json()["code"]) == (409, "in-progress")
    assert acme.post(f"{path}/usage", response(), key="k").status_code == 201


def test_many_at_once_count_once(service, acme, response):
    """Twelve with one key, twelve with keys of their own and one response, twelve that have nothing in common."""
    path = acme.subscribed("ada")
    service.tick = timedelta(milliseconds=1)  # or two who come together would be of one instant by chance
    start = threading.Barrier(12)

    def send(number: int) -> list[int]:
        start.wait()
        sent = [
            ("one key", response("a")),
            (f"key {number}".replace(" ", "-"), response("b")),
            (f"x-{number}", response(f"c-{number}")),
        ]
        return [acme.post(f"{path}/usage", body, key=key.replace(" ", "-")).status_code for key, body in sent]

    with ThreadPoolExecutor(12) as pool:
        statuses = list(pool.map(send, range(12)))
    assert {first for first, *_ in statuses} <= {201, 409}
    assert {each for _, *rest in statuses for each in rest} == {201}
    assert rated(acme, path) == 1 + 1 + 12
    assert acme.get(path).json()["pool"]["used"] == str(14 * 300_000)


def test_answer_account_and_charge_are_stored_together_or_not_at_all(service, acme, response):
    """The last thing that is written fails: nothing that was written before it is left."""
    path = acme.subscribed("ada")
    before = acme.get(f"{path}/entries").json()
    with service.engine.begin() as connection:
        connection.execute(text("ALTER TABLE answers RENAME TO elsewhere"))
    broken = acme.post(f"{path}/usage", response(), key="k")
    assert broken.status_code in {500, 503}
    with service.engine.begin() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO answers"))
    assert acme.get(f"{path}/entries").json() == before
    assert acme.post(f"{path}/usage", response(), key="k").json()["repeat"] is False
