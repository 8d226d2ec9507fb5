"""What becomes of usage where the ledger's store fails, and what a request is taken to come to."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import timedelta

import litellm
import pytest

from mimo_credits import InputError, Ledger, RateBook, Record, Subscribe, Usage
from mimo_credits.cli import main
from mimo_credits.litellm import CreditsRefused, InMemory, at_most, caller, metering
from mimo_credits.litellm.answers import used
from mimo_credits.litellm.metering import Meter
from tests.litellm.conftest import BOOK, START

pytestmark = [pytest.mark.beyond_core, pytest.mark.filterwarnings("default")]  # LiteLLM warns of itself

REQUEST = {"model": "openai/mimo-v2.5-pro", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 10}
ANSWER = {"usage": {"prompt_tokens": 1_000, "completion_tokens": 50, "prompt_tokens_details": {"cached_tokens": 800}}}
WITH_CACHED = Usage("mimo-v2.5-pro", input_tokens=1_000, cached_tokens=800, output_tokens=50)


class Flaky:
    """Books of one team whose store fails when it is told to: before it writes, or after."""

    def __init__(self, book: RateBook = BOOK) -> None:
        self.ledger = Ledger(book)
        self.ledger.apply("reds", Subscribe("buy", START - timedelta(days=1), "lite"))
        self.book = book
        self.fails: list[str] = []
        self.tries = 0
        self._books = InMemory(self.ledger)

    def apply(self, account_id, at, command):
        self.tries += 1
        how = self.fails.pop(0) if self.fails else ""
        if how == "before":
            raise OSError("the disk is full")
        receipt = self._books.apply(account_id, at, command)
        if how == "after":
            raise OSError("the connection is lost")
        return receipt

    @property
    def charged(self):
        return [entry.usage for entry in self.ledger.entries("reds") if hasattr(entry, "usage")]


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(metering, "RETRIES_AFTER", (0, 0))


@pytest.fixture
def books():
    return Flaky()


@pytest.fixture
def meter_of(books, tmp_path):
    def make(**options):
        defaults = {"account_of": lambda _: "reds", "estimate": at_most, "hold_for": timedelta(minutes=5)}
        defaults |= {"other_models": "refuse", "without_ledger": "refuse", "clock": lambda: START}
        return Meter(books, **defaults | {"unwritten_to": tmp_path / "unwritten.jsonl"} | options)

    return make


@pytest.mark.parametrize("how", ["before", "after"])
def test_a_store_that_fails_twice_is_asked_again_and_counts_once(books, meter_of, how):
    meter = meter_of()
    books.fails = [how, how]
    reservation = meter.reserve(REQUEST)
    assert len(books.ledger.account("reds").holds) == 1
    books.fails = [how, how]
    meter.charge(reservation, ANSWER)
    assert books.charged == [WITH_CACHED]
    assert not books.ledger.account("reds").holds
    assert books.ledger.verify("reds") == ()


def test_a_retry_finds_what_was_written_at_the_accounts_instant(books, meter_of, tmp_path):
    """The account's clock is ahead, so the first try was stored at another instant than it asked for."""
    meter_of().reserve(REQUEST)
    slow = meter_of(clock=lambda: START - timedelta(hours=1))
    books.fails = ["after"]
    reservation = slow.reserve(REQUEST)
    books.fails = ["after"]
    slow.charge(reservation, ANSWER)
    assert books.charged == [WITH_CACHED]
    assert len(books.ledger.account("reds").holds) == 1
    assert not (tmp_path / "unwritten.jsonl").exists()


def test_without_a_ledger_nothing_is_sent(books, meter_of):
    books.fails = ["before"] * 3
    with pytest.raises(CreditsRefused) as refusal:
        meter_of().reserve(REQUEST)
    assert (refusal.value.reason, refusal.value.http_status) == ("ledger-unavailable", 503)


def test_without_a_ledger_calls_pass_where_that_was_chosen_and_are_charged_after(books, meter_of):
    meter = meter_of(without_ledger="pass")
    books.fails = ["before"] * 3
    reservation = meter.reserve(REQUEST)
    meter.charge(reservation, ANSWER)
    assert books.charged == [WITH_CACHED]
    books.fails = ["before"] * 3
    failed = meter.reserve(REQUEST)
    meter.give_back(failed)
    assert not books.ledger.account("reds").holds


def test_usage_that_cannot_be_written_is_put_down_whole(books, meter_of, tmp_path, caplog, capsys):
    meter = meter_of()
    reservation = meter.reserve(REQUEST)
    books.fails = ["before"] * 3
    with caplog.at_level(logging.ERROR):
        meter.charge(reservation, ANSWER)
    assert books.charged == []
    (line,) = (tmp_path / "unwritten.jsonl").read_text("utf-8").splitlines()
    assert line in caplog.text
    assert json.loads(line)["account"] == "reds"
    record = Record.from_response(json.loads(line))
    assert (record.usage, record.at) == (WITH_CACHED, START)

    books.ledger.apply("reds", record)
    meter.charge(reservation, ANSWER)
    assert books.charged == [WITH_CACHED]
    main(["statement", str(tmp_path / "unwritten.jsonl"), "--json"])
    assert json.loads(capsys.readouterr().out)["log"]["problems"] == []


def test_what_was_charged_late_after_all_is_not_charged_by_hand_as_well(books, meter_of, tmp_path):
    """The last try was written, though its acknowledgement was lost: the line put down has the id that was used."""
    meter = meter_of()
    reservation = meter.reserve(REQUEST)
    books.fails = ["before", "before", "after"]
    meter.charge(reservation, ANSWER)
    (line,) = (tmp_path / "unwritten.jsonl").read_text("utf-8").splitlines()
    with pytest.raises(Exception, match="used before"):
        books.ledger.apply("reds", Record.from_response(json.loads(line)))
    assert books.charged == [WITH_CACHED]


def test_a_file_that_cannot_be_written_leaves_the_log(books, meter_of, tmp_path, caplog):
    meter = meter_of(unwritten_to=tmp_path / "nowhere" / "unwritten.jsonl")
    reservation = meter.reserve(REQUEST)
    books.fails = ["before"] * 3
    meter.charge(reservation, ANSWER)
    assert '"prompt_tokens": 1000' in caplog.text
    assert "nor could it be appended" in caplog.text


@pytest.mark.parametrize(
    "answer", [{}, {"usage": None}, {"usage": {"prompt_tokens": "many"}}, None, "secret", {"choices": "secret"}]
)
def test_an_answer_that_says_nothing_of_its_usage_is_put_down(books, meter_of, tmp_path, answer):
    meter = meter_of()
    meter.charge(meter.reserve(REQUEST), answer)
    meter.record(REQUEST, answer, "one", START)
    assert books.charged == []
    lines = (tmp_path / "unwritten.jsonl").read_text("utf-8").splitlines()
    assert len(lines) == 2
    assert "secret" not in "".join(lines), "what was said is no usage, and is nobody's business"


def test_a_hold_that_has_lapsed_or_is_forgotten_is_charged_all_the_same(books, meter_of):
    meter = meter_of()
    lapsed, forgotten = meter.reserve(REQUEST), meter.reserve(REQUEST)
    forgotten.id = "litellm-of-a-ledger-before"
    meter_of(clock=lambda: START + timedelta(hours=1)).charge(lapsed, ANSWER)
    meter.charge(forgotten, ANSWER)
    assert books.charged == [WITH_CACHED] * 2


def test_a_reservation_ends_once(books, meter_of):
    meter = meter_of()
    charged, returned = meter.reserve(REQUEST), meter.reserve(REQUEST)
    for _ in range(2):
        meter.charge(charged, ANSWER)
        meter.give_back(charged)
        meter.give_back(returned)
        meter.charge(returned, ANSWER)
    assert books.charged == [WITH_CACHED]
    assert not books.ledger.account("reds").holds


def test_a_hold_that_cannot_be_given_back_lapses(books, meter_of):
    meter = meter_of()
    reservation = meter.reserve(REQUEST)
    books.fails = ["before"] * 3
    meter.give_back(reservation)
    assert list(books.ledger.account("reds").holds) == [reservation.id]
    assert not books.ledger.account("reds").as_of(START + timedelta(hours=1), BOOK).holds


def test_a_clock_that_lags_behind_the_accounts_is_no_mistake(books, meter_of):
    meter = meter_of()
    slow = meter_of(clock=lambda: START - timedelta(hours=1))
    held = meter.reserve(REQUEST)
    late, returned = slow.reserve(REQUEST), slow.reserve(REQUEST)
    slow.charge(late, ANSWER)
    slow.give_back(returned)
    assert list(books.ledger.account("reds").holds) == [held.id]
    assert books.charged == [WITH_CACHED]


def test_the_most_a_request_can_come_to():
    def most(**options):
        return at_most({"model": "openai/mimo-v2.5-pro", "messages": REQUEST["messages"]} | options)

    counted = litellm.token_counter(model="mimo-v2.5-pro", messages=REQUEST["messages"])
    assert most() == Usage("mimo-v2.5-pro", input_tokens=counted, output_tokens=32_768)
    assert most(max_tokens=10).output_tokens == 10
    assert most(max_tokens=10, max_completion_tokens=20, n=3).output_tokens == 60
    assert most(max_tokens=0, n=0).output_tokens == 32_768
    assert most(model="openai/gpt-4o").output_tokens == 16_384, "the model's own limit, which LiteLLM knows"
    assert at_most(REQUEST | {"max_tokens": None}, longest_answer=7).output_tokens == 7
    assert most(tools=[{"type": "function", "function": {"name": "look", "parameters": {}}}]).input_tokens > counted
    assert most(system="Be brief.").input_tokens > counted
    strange = [{"role": "user", "content": [{"type": "hologram", "text": "hi"}]}]
    assert most(messages=strange).input_tokens >= 10
    picture = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://127.0.0.1:9/x.png"}}]}]
    assert most(messages=picture).input_tokens > 80, "and nothing is fetched"
    assert at_most({"model": "mimo-v2.5", "input": ["hi", "there"]}).input_tokens > 1
    assert at_most({"model": "mimo-v2.5", "tools": [{"a": "b"}]}).input_tokens > 1
    assert at_most({"model": "mimo-v2.5"}).input_tokens == 0
    with pytest.raises(InputError):
        at_most({"messages": []})


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ({"max_tokens": 10, "extra_body": {"max_tokens": 5_000}}, 5_000),
        ({"extra_body": {"max_completion_tokens": 5_000, "n": 3}}, 15_000),
        ({"extra_body": None, "max_tokens": 10}, 10),
        ({"n": 2.0, "max_tokens": 10.0}, 20),
        ({"n": 2, "best_of": 5, "max_tokens": 10}, 50),
        ({"prompt": ["hi"] * 300, "max_tokens": 10}, 3_000),
        ({"prompt": [[1, 2], [3]], "max_tokens": 10, "n": 2}, 40),
        ({"prompt": [1, 2, 3], "max_tokens": 10}, 10),
        ({"prompt": "hi", "max_tokens": 10}, 10),
        ({"prompt": [], "max_tokens": 10}, 10),
        ({"extra_body": {"prompt": ["hi"] * 3}, "max_tokens": 10}, 30),
    ],
)
def test_the_hold_covers_every_answer_that_is_asked_for(asked, answer):
    assert at_most({"model": "mimo-v2.5-pro"} | asked).output_tokens == answer


def test_input_of_the_extra_body_counts_and_another_model_is_refused(meter_of):
    long = at_most({"model": "mimo-v2.5-pro", "extra_body": {"messages": [{"role": "user", "content": "hi " * 100}]}})
    assert long.input_tokens > 100
    assert at_most(REQUEST | {"extra_body": {"model": "mimo-v2.5-pro"}}).model == "mimo-v2.5-pro"
    with pytest.raises(CreditsRefused, match=r"asks for 'mimo-v2\.5', and the request for mimo-v2\.5-pro"):
        meter_of().reserve(REQUEST | {"extra_body": {"model": "mimo-v2.5"}})
    with pytest.raises(CreditsRefused, match="asks for"):
        meter_of().reserve(REQUEST | {"model": "mimo-v2.5-pro", "extra_body": {"custom_llm_provider": "other"}})


@pytest.mark.parametrize(
    ("name", "value"), [("n", 2.5), ("n", "2"), ("best_of", True), ("max_tokens", "10"), ("max_tokens", float("nan"))]
)
def test_a_number_of_answers_that_is_no_count_is_refused(meter_of, name, value):
    with pytest.raises(CreditsRefused, match=f"{name}: .*no whole number") as refusal:
        meter_of().reserve(REQUEST | {name: value})
    assert refusal.value.reason == "not-priced"


@pytest.mark.parametrize("limit", [10**30, 10**15])
def test_a_limit_beyond_all_measure_is_refused(meter_of, limit):
    with pytest.raises(CreditsRefused):
        meter_of().reserve(REQUEST | {"max_tokens": limit})


@dataclass
class Key:
    team_id: str | None = None
    user_id: str | None = None
    api_key: str | None = None


def test_who_is_calling():
    def of(**key):
        return caller({"metadata": {"user_api_key_auth": Key(**key)}})

    assert of(team_id="reds", user_id="ada", api_key="sk-1") == "reds"
    assert of(user_id="ada", api_key="sk-1") == "ada"
    assert len(of(api_key="sk-1")) == 64
    assert caller({"metadata": None, "litellm_metadata": {"user_api_key_auth": Key("reds")}}) == "reds"
    for forged in ({"team_id": "reds"}, "reds", None):
        with pytest.raises(InputError):
            caller({"metadata": {"user_api_key_auth": forged}})
    with pytest.raises(InputError):
        of()


def test_usage_in_every_shape():
    model = "mimo-v2.5-pro"
    responses = {"input_tokens": 1_000, "input_tokens_details": {"cached_tokens": 800}, "output_tokens": 50}
    anthropic = {"input_tokens": 150, "cache_read_input_tokens": 800, "cache_creation_input_tokens": 50}
    both = ANSWER["usage"] | {"cache_read_input_tokens": 800, "cache_creation_input_tokens": 100}
    for usage in (ANSWER["usage"], responses, anthropic | {"output_tokens": 50}, both):
        assert used(model, {"usage": usage}) == used(model, usage) == WITH_CACHED
    assert used(model, {"prompt_tokens": 7}) == Usage(model, input_tokens=7)
    with pytest.raises(InputError, match="exceeds"):
        used(model, {"prompt_tokens": 7, "completion_tokens": 1, "cache_read_input_tokens": 8})


def test_a_hold_of_nothing_is_a_hold(books, meter_of):
    """A model that costs no credits is held for and charged as any other."""
    meter = meter_of(estimate=lambda _: Usage("mimo-v2.5-tts", input_tokens=10))
    meter.charge(meter.reserve(REQUEST), ANSWER)
    assert [usage.model for usage in books.charged] == ["mimo-v2.5-tts"]
