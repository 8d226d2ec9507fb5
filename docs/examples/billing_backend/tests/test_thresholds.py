"""An event at 50, 80 and 100 % of the pool: in the answer of what crossed it, and once in the log."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from billing_backend.log import JsonLines
from billing_backend.thresholds import Pool, cross

from mimo_credits import load_book

pytestmark = pytest.mark.beyond_core

PER_TOKEN = 300
LITE = 4_100_000_000


def tokens(percent: int) -> int:
    """Input tokens that cost so much of the pool, rounded up to one token."""
    return -(-LITE * percent // (100 * PER_TOKEN))


@pytest.fixture
def logged(caplog):
    def events() -> list[tuple[str, str, int]]:
        found = [record.fields for record in caplog.records if record.getMessage() == "threshold"]
        return [(fields["tenant"], fields["account"], fields["percent"]) for fields in found]

    return events


def percents(answer) -> list[int]:
    assert answer.status_code == 201
    return [event["percent"] for event in answer.json()["thresholds"]]


def test_each_is_said_by_the_request_that_crosses_it_and_by_no_other(acme, response, logged):
    path = acme.subscribed("ada")
    steps = [(49, []), (1, [50]), (29, []), (1, [80]), (20, [100]), (5, [])]
    for number, (percent, expected) in enumerate(steps):
        answer = acme.post(f"{path}/usage", response(f"r-{number}", tokens(percent)))
        assert percents(answer) == expected, number
    assert logged() == [("acme", "ada", percent) for percent in (50, 80, 100)]
    assert acme.get(path).json()["pool"]["crossed"] == [50, 80, 100]


def test_one_request_may_cross_several(acme, response, logged):
    path = acme.subscribed("ada")
    answer = acme.post(f"{path}/usage", response(tokens=tokens(101)))
    assert percents(answer) == [50, 80, 100]
    assert answer.json()["thresholds"][2] == {"percent": 100, "used": str(LITE), "issued": str(LITE)}
    assert len(logged()) == 3


def test_one_token_less_than_half_is_not_half(acme, response):
    path = acme.subscribed("ada")
    assert percents(acme.post(f"{path}/usage", response(tokens=LITE // 2 // PER_TOKEN))) == []
    assert percents(acme.post(f"{path}/usage", response("one more", 1))) == [50]


def test_what_is_sent_again_is_answered_again_and_not_logged_again(acme, response, logged):
    path = acme.subscribed("ada")
    body = response(tokens=tokens(60))
    for _ in range(3):
        assert percents(acme.post(f"{path}/usage", body, key="k")) == [50]
    assert percents(acme.post(f"{path}/usage", body, key="another")) == []
    assert logged() == [("acme", "ada", 50)]


def test_what_is_held_counts_once_it_is_settled(acme, response, logged):
    path = acme.subscribed("ada")
    assert percents(acme.post(f"{path}/holds", {"id": "h", "credits": str(LITE)})) == []
    assert percents(acme.post(f"{path}/holds/h/settle", response(tokens=tokens(50)))) == [50]
    assert logged() == [("acme", "ada", 50)]


def test_a_new_cycle_begins_anew(service, acme, response, logged):
    path = acme.subscribed("ada")
    for month in range(3):
        assert percents(acme.post(f"{path}/usage", response(f"r-{month}", tokens(50)))) == [50]
        service.passes(days=31)
    assert len(logged()) == 3


def test_an_upgrade_by_trade_in_begins_anew(service, acme, response, logged):
    path = acme.subscribed("ada")
    acme.post(f"{path}/usage", response("a", tokens(60)))
    service.passes(hours=1)
    assert acme.post(f"{path}/tier", {"tier": "standard"}).json()["account"]["pool"]["used"] == "0"
    assert percents(acme.post(f"{path}/usage", response("b", tokens(140)))) == [50]
    assert len(logged()) == 2


def test_a_pool_that_grew_does_not_say_the_same_twice_in_its_cycle(service, acme):
    """As an upgrade that pays the price difference lets it grow: the share falls below, and rises once more."""
    acme.subscribed("ada")
    steps = [(100, 40, [50]), (300, 240, []), (300, 140, []), (300, 50, [80])]
    before, found = None, []
    with service.engine.begin() as connection:
        for issued, left, _ in steps:
            pool = Pool("2026-06-02", issued, 0, left)
            found.append([each for each, _ in cross(connection, "acme", "ada", before, pool)])
            before = pool
    assert found == [expected for *_, expected in steps]


def test_many_at_once_cross_once(acme, response, logged):
    path = acme.subscribed("ada")
    with ThreadPoolExecutor(10) as pool:
        sent = pool.map(lambda n: percents(acme.post(f"{path}/usage", response(f"r-{n}", tokens(6)))), range(20))
        found = sorted(percent for each in sent for percent in each)
    assert found == [50, 80, 100]
    assert len(logged()) == 3


def test_the_log_is_a_line_of_json_whatever_is_in_it():
    import json
    import logging

    record = logging.LogRecord("x", logging.INFO, "", 0, "threshold", None, None)
    record.fields = {"account": 'a"\n\ud800', "segment": load_book}
    line = JsonLines().format(record)
    assert "\n" not in line
    assert json.loads(line)["event"] == "threshold"


def test_a_new_cycle_has_crossed_nothing(service, acme, response):
    path = acme.subscribed("ada")
    acme.post(f"{path}/usage", response("r", tokens(80)))
    assert acme.get(path).json()["pool"]["crossed"] == [50, 80]
    service.passes(days=40)
    assert acme.get(path).json()["pool"]["crossed"] == []
