"""Whatever goes wrong is a problem of RFC 9457, and says nothing of the program."""

from __future__ import annotations

import asyncio
import json

import pytest
from billing_backend.limits import BodyLimit
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

pytestmark = pytest.mark.beyond_core


def assert_problem(answer, status: int, code: str) -> dict[str, object]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body.keys() >= {"type", "title", "status", "detail", "code"}
    assert (body["status"], body["code"]) == (status, code)
    assert body["type"].endswith(f"/{code}")
    for leak in ("Traceback", "File ", "sqlite3", "psycopg", "SELECT", ".py"):
        assert leak not in answer.text
    return body


def send(acme, content: bytes | str, path: str = "/accounts", **headers: str):
    given = {**acme.headers(), "Idempotency-Key": "k", "Content-Type": "application/json", **headers}
    return acme.http.post(path, content=content, headers=given)


def test_what_is_not_there_and_what_is_not_allowed(acme):
    assert_problem(acme.get("/nothing"), 404, "not-found")
    answer = acme.http.delete("/accounts", headers=acme.headers())
    assert_problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "GET, POST"


def test_every_mistake_of_a_body_is_named_with_its_place(acme):
    found = assert_problem(acme.post("/accounts", {"id": "a b", "nmae": "x"}), 400, "invalid-request")
    assert [error["where"] for error in found["errors"]] == ["body.id", "body.name", "body.nmae"]
    acme.subscribed("ada")
    found = assert_problem(
        acme.post(
            "/accounts/ada/usage", {"model": "mimo-v2.5", "usage": {"prompt_tokens": 1.5, "completion_tokens": 0}}
        ),
        400,
        "invalid-request",
    )
    assert found["errors"] == [{"where": "usage.prompt_tokens", "what": "needs a whole number, not 1.5"}]


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ({"credits": 5}, "body.credits: needs a decimal number as a text"),
        ({"credits": "1e9"}, "body.credits: needs a decimal number as a text"),
        ({"credits": "٣"}, "body.credits: needs a decimal number as a text"),
        ({"credits": "5", "expires_at": "2027-01-01T00:00:00"}, "body.expires_at: needs an instant with its time zone"),
        ({"credits": "5", "expires_at": 5}, "body.expires_at: needs an instant of ISO 8601"),
        ({"credits": "5", "priority": 1.5}, "body.priority: needs a whole number"),
        ({"credits": "5", "lable": "x"}, "body.lable: is no field of this"),
        ({}, "body.credits: is missing"),
        ([], "body: needs a JSON object"),
    ],
)
def test_a_mistake_is_said_in_words_that_help(acme, body, what):
    path = acme.subscribed("ada")
    found = assert_problem(acme.post(f"{path}/grants", body), 400, "invalid-request")
    assert what in found["detail"]


def test_a_form_where_json_is_needed_is_told_so(acme):
    found = assert_problem(
        send(acme, "{}", "/accounts", **{"Content-Type": "application/x-www-form-urlencoded"}), 400, "invalid-request"
    )
    assert "Content-Type: application/json" in found["detail"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b'{"id": "a", "name": "\\ud800"}',
        b'{"id": "a", "name": "\\u0000"}',
        b'{"id": "a", "name": "\x00"}',
        b'{"id": NaN, "name": "a"}',
        b'{"id": "\\ud800", "\\ud800": "a"}',
        b'{"id": "a", "name": ' + b"9" * 5_000 + b"}",
        b"[" * 9_000,
        b'{"id":' * 3_000,
    ],
    ids=range(14),
)
def test_what_is_no_body_for_this_is_refused(acme, content):
    assert_problem(send(acme, content), 400, "invalid-request")
    acme_usage = send(acme, content, "/accounts/ada/usage")
    assert acme_usage.status_code in {400, 404}
    for answer in (send(acme, content), acme_usage):
        assert answer.headers["content-type"] == "application/problem+json"
    assert acme.get("/accounts").json()["items"] == []


def test_odd_usage_is_refused_and_never_an_error_of_ours(acme, response):
    path = acme.subscribed("ada")
    deep: object = 1
    for _ in range(900):
        deep = {"a": deep}
    odd = [
        {**response(), "id": "x" * 300},
        {**response(), "id": "\x00"},
        {**response(), "model": "\ud800"},
        {**response(), "model": "m" * 5_000},
        {**response(), "created": -1},
        {**response(), "created": 10**17},
        {**response(), "created": "yesterday"},
        {**response(), "usage": deep},
        {**response(), "usage": {"prompt_tokens": True, "completion_tokens": 1}},
        {**response(), "usage": {"prompt_tokens": -1, "completion_tokens": 1}},
        {**response(), "usage": {"prompt_tokens": 10**16, "completion_tokens": 1}},
    ]
    for number, body in enumerate(odd):
        answer = send(acme, json.dumps(body), f"{path}/usage", **{"Idempotency-Key": f"odd-{number}"})
        assert answer.json()["code"] != "key-reused"
        assert answer.status_code in {400, 422}, (answer.status_code, answer.text[:200])
        assert_problem(answer, answer.status_code, answer.json()["code"])
    assert acme.get(path).json()["pool"]["used"] == "0"
    assert send(acme, json.dumps({**response(), "choices": deep}), f"{path}/usage").status_code == 201
    deeper = json.dumps({**response(), "choices": 0}).replace('"choices": 0', f'"choices": {"[" * 9_000 + "]" * 9_000}')
    answer = send(acme, deeper, f"{path}/usage", **{"Idempotency-Key": "deeper"})
    assert answer.status_code in {201, 400}, answer.text


@pytest.mark.parametrize("path", ["/accounts", "/nothing", "/health"])
def test_a_body_beyond_the_limit_is_too_long_whoever_sends_it(service, path):
    whole = service.http.post(path, content=b"x" * 20_001)
    assert_problem(whole, 413, "too-long")
    announced = service.http.post(path, content=b"x", headers={"Content-Length": "9" * 30})
    assert_problem(announced, 413, "too-long")


def test_a_body_in_chunks_is_not_read_beyond_the_limit(service):
    sent = []

    def chunks():
        for number in range(1_000):
            sent.append(number)
            yield b"x" * 1_000

    assert_problem(service.http.post("/accounts", content=chunks()), 413, "too-long")


def test_a_body_in_chunks_within_the_limit_is_read(acme):
    body = iter([b'{"id": "ada",', b' "name": "Ada"}'])
    headers = {**acme.headers(), "Idempotency-Key": "k", "Content-Type": "application/json"}
    assert acme.http.post("/accounts", content=body, headers=headers).status_code == 201


def test_an_unforeseen_error_is_a_number_here_and_a_trace_in_the_log(service, acme, monkeypatch, caplog):
    def fails(*_):
        raise RuntimeError("a secret of ours")

    monkeypatch.setattr(type(service.app.state.backend.book), "at", fails)
    answer = service.http.get("/health")
    found = assert_problem(answer, 500, "internal-error")
    assert "secret" not in answer.text
    (record,) = [record for record in caplog.records if record.name == "billing_backend.handlers"]
    assert record.fields["instance"] == found["instance"]
    assert "a secret of ours" in str(record.exc_info[1])


def test_tables_that_are_missing_are_our_mistake_and_not_the_clients(service, acme):
    acme.subscribed("ada")
    with service.engine.begin() as connection:
        connection.execute(text("ALTER TABLE mimo_accounts RENAME TO elsewhere"))
    assert_problem(acme.get("/accounts/ada"), 500, "internal-error")


def test_a_database_that_does_not_answer_asks_to_come_again(service, acme, monkeypatch):
    acme.subscribed("ada")

    def lost(*_):
        raise OperationalError("SELECT 1", {}, Exception("server closed the connection"))

    monkeypatch.setattr("billing_backend.routes.accounts.find_account", lost)
    answer = acme.get("/accounts/ada")
    assert_problem(answer, 503, "database-busy")
    assert answer.headers["retry-after"] == "1"


def test_the_description_knows_no_errors_but_problems(service):
    written = json.dumps(service.app.openapi())
    assert "HTTPValidationError" not in written
    for path, operations in service.app.openapi()["paths"].items():
        for operation in operations.values():
            assert operation["description"], path
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    assert list(answer["content"]) == ["application/problem+json"], (path, status)


def test_a_body_may_have_exactly_the_limit_and_not_a_byte_more(service):
    for size, status in ((20_000, 401), (20_001, 413)):
        assert (
            service.http.post("/accounts", content=iter([b"x" * 10_000, b"x" * (size - 10_000)])).status_code == status
        )


def test_a_body_that_breaks_off_is_handed_to_nobody():
    messages = [{"type": "http.request", "body": b'{"id": 1}', "more_body": True}, {"type": "http.disconnect"}]
    done = []

    async def receive():
        return messages.pop(0)

    async def note(*args):
        done.append(args)

    asyncio.run(BodyLimit(note, most=100)({"type": "http", "headers": []}, receive, note))
    assert (done, messages) == ([], [])


@pytest.mark.parametrize("count", ["5", True, 5.0])
@pytest.mark.parametrize("where", ["quote", "holds"])
def test_a_count_is_a_whole_number_and_nothing_that_looks_like_one(acme, count, where):
    path = acme.subscribed("ada")
    usage = {"model": "mimo-v2.5-pro", "input_tokens": count}
    answer = acme.post(f"{path}/{where}", usage if where == "quote" else {"id": "h", "usage": usage})
    assert_problem(answer, 400, "invalid-request")


def test_a_body_where_none_is_looked_at_is_refused(acme):
    path = acme.subscribed("ada")
    acme.post(f"{path}/holds", {"id": "h", "credits": "1"})
    for place in ("cancel", "holds/h/release"):
        assert_problem(acme.post(f"{path}/{place}", {"when": "now"}), 400, "invalid-request")
    assert acme.get(path).json()["holds"] == {"h": "1"}
    for place in ("cancel", "holds/h/release"):
        assert acme.post(f"{path}/{place}").status_code == 201


def test_a_browser_is_asked_again_whatever_was_wrong_with_what_it_sent(acme):
    for sent in ("Basic !", "Basic eDp5", "Basic"):
        answer = acme.http.get("/accounts/ada/statement.html", headers={"Authorization": sent})
        assert (answer.status_code, answer.headers["www-authenticate"]) == (
            401,
            'Basic realm="API key as the password"',
        )
