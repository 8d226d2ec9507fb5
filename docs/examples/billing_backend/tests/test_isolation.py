"""A tenant reaches its own accounts only, and cannot learn whether another has one: asked of every route there is."""

from __future__ import annotations

import re

import pytest
from billing_backend.names import ACCOUNT, TENANT, ledger_id
from hypothesis import given
from hypothesis import strategies as st

pytestmark = pytest.mark.beyond_core

BODIES = {
    "/accounts": {"id": "new", "name": "new"},
    "/accounts/{account_id}/subscribe": {"tier": "lite"},
    "/accounts/{account_id}/tier": {"tier": "pro"},
    "/accounts/{account_id}/cancel": None,
    "/accounts/{account_id}/grants": {"credits": "1"},
    "/accounts/{account_id}/usage": {
        "id": "u",
        "model": "mimo-v2.5",
        "usage": {"prompt_tokens": 1, "completion_tokens": 1},
    },
    "/accounts/{account_id}/quote": {"model": "mimo-v2.5", "input_tokens": 1},
    "/accounts/{account_id}/holds": {"id": "mine", "credits": "1"},
    "/accounts/{account_id}/holds/{hold_id}/settle": {
        "model": "mimo-v2.5",
        "usage": {"prompt_tokens": 1, "completion_tokens": 1},
    },
    "/accounts/{account_id}/holds/{hold_id}/release": None,
}
"""A body for each route that takes one, good enough to be accepted."""


def routes(service) -> list[tuple[str, str]]:
    return [(method, path) for path, operations in service.app.openapi()["paths"].items() for method in operations]


def send(client, method: str, path: str, account: str, key: str, auth: dict[str, str]):
    place = path.format(account_id=account, hold_id="mine")
    if path.endswith(".html") and auth:
        return client.http.get(place, auth=("anybody", client.key))
    headers = {**auth, "Idempotency-Key": key}
    if method == "get":
        return client.http.get(place, headers=headers)
    return client.http.request(method, place, json=BODIES[path], headers=headers)


def test_every_route_of_an_account_hides_it_from_other_tenants(service, acme):
    path = acme.subscribed("ada")
    acme.post(f"{path}/holds", {"id": "mine", "credits": "1"})
    stranger = service.tenant("stranger")
    stranger.subscribed("own")
    before = acme.get(path).content, acme.get(f"{path}/entries").content
    asked = [(method, each) for method, each in routes(service) if "{account_id}" in each]
    assert len(asked) == 13
    for number, (method, each) in enumerate(asked):
        other = send(stranger, method, each, "ada", f"theirs-{number}", stranger.headers())
        nobody = send(stranger, method, each, "nobody", f"nobody-{number}", stranger.headers())
        assert other.status_code == nobody.status_code == 404, each
        assert other.json()["code"] == "no-such-account"
        assert other.text.replace("'ada'", "'nobody'") == nobody.text
        own = send(stranger, method, each, "own", f"own-{number}", stranger.headers())
        assert own.json()["code"] != "no-such-account" if own.status_code >= 400 else True, each
    assert (acme.get(path).content, acme.get(f"{path}/entries").content) == before
    assert stranger.get("/accounts").json()["items"] == ["own"]


def test_the_same_id_is_two_accounts_for_two_tenants(service, acme, response):
    other = service.tenant("other")
    mine, theirs = acme.subscribed("ada"), other.subscribed("ada", "pro")
    acme.post(f"{mine}/usage", response())
    assert (acme.get(mine).json()["plan"]["tier"], other.get(theirs).json()["plan"]["tier"]) == ("lite", "pro")
    assert other.get(theirs).json()["pool"]["used"] == "0"


@pytest.mark.parametrize("authorization", [{}, {"Authorization": "Bearer mck_wrong"}, {"Authorization": "Basic eDp5"}])
def test_every_route_but_the_health_check_needs_a_key(service, acme, authorization, new_client):
    acme.subscribed("ada")
    open_to_all = []
    for number, (method, path) in enumerate(routes(service)):
        client = new_client(service.http, "mck_wrong")
        answer = send(client, method, path, "ada", f"k-{number}", authorization)
        if answer.status_code != 401:
            open_to_all.append(path)
        else:
            assert answer.json()["code"] == "unauthorized"
            assert answer.headers["www-authenticate"].partition(" ")[0] in {"Bearer", "Basic"}
    assert open_to_all == ["/health"]


def test_only_the_page_takes_the_key_as_a_password(service, acme):
    acme.subscribed("ada")
    asked = [path for method, path in routes(service) if method == "get"]
    taken = [
        path
        for path in asked
        if service.http.get(path.format(account_id="ada"), auth=("x", acme.key)).status_code == 200
    ]
    assert taken == ["/accounts/{account_id}/statement.html", "/health"]


names = st.from_regex(TENANT, fullmatch=True), st.from_regex(ACCOUNT, fullmatch=True)


@given(*names, *names)
def test_no_two_tenants_accounts_have_one_name_in_the_ledger(tenant, account, other_tenant, other_account):
    one, two = ledger_id(tenant, account), ledger_id(other_tenant, other_account)
    assert (one == two) == ((tenant, account) == (other_tenant, other_account))
    assert len(one) <= 256


@pytest.mark.parametrize("name", ["a/b", "..%2Fother%2Fada", "other/ada", "", "-x", "x" * 101, "a b", "é", "a\x00"])
def test_a_name_that_could_be_taken_for_a_path_is_no_account(acme, name):
    assert not re.fullmatch(ACCOUNT, name)
    assert acme.post("/accounts", {"id": name, "name": "x"}).status_code == 400
