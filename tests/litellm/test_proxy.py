"""A real LiteLLM proxy with two teams, asked over HTTP by many clients at once: the sample of the documentation."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import httpx
import pytest

from mimo_credits import RateBook, Rated, Record, Usage, charge, load_card
from mimo_credits.litellm import at_most
from mimo_credits.sql import open_ledger, sqlite_engine
from tests.litellm.proxy import Proxy, install
from tests.litellm.upstream import Upstream

pytestmark = [pytest.mark.beyond_core, pytest.mark.filterwarnings("default")]

CARD = "2026-10-21.1"
BOOK = RateBook.fixed(load_card(CARD))
MODEL = "mimo-v2.6-pro"
WITH_CACHED = Usage(MODEL, input_tokens=1_000, cached_tokens=800, output_tokens=50)


@pytest.fixture(scope="module")
def provider() -> Iterator[Upstream]:
    with Upstream() as server:
        yield server


@pytest.fixture(scope="module")
def proxy(provider, tmp_path_factory) -> Iterator[Proxy]:
    install()
    proxy = Proxy(tmp_path_factory.mktemp("litellm"), f"{provider.url}/v1")
    pin(proxy)
    for team in ("reds", "blues"):
        proxy.plans("buy", team, "lite")
    with proxy:
        yield proxy


def pin(proxy: Proxy) -> None:
    """The sample runs on today's card; its test does not."""
    file = proxy.folder / "shared_plan.py"
    text = file.read_text("utf-8")
    pinned = text.replace("book = load_book()", f'book = RateBook.fixed(load_card("{CARD}"))')
    assert pinned != text
    pinned = pinned.replace("import load_book", "import RateBook, load_card")
    file.write_text(pinned, "utf-8")


class Books:
    """The proxy's ledger, looked at from outside."""

    def __init__(self, proxy: Proxy) -> None:
        self.engine = sqlite_engine(proxy.folder / "ledger.db")

    def ask(self, question):
        with self.engine.begin() as connection:
            return question(open_ledger(connection, BOOK))

    def account(self, team):
        return self.ask(lambda ledger: ledger.account(team))

    def charged(self, team):
        entries = self.ask(lambda ledger: ledger.entries(team))
        return [entry.usage for entry in entries if isinstance(entry, Rated) and entry.id.startswith("litellm")]

    def quiet(self, team, calls):
        """Waits until so many calls in all are charged, and no hold is open."""
        for _ in range(500):
            if len(self.charged(team)) >= calls and not self.account(team).holds:
                break
            time.sleep(0.05)
        time.sleep(0.3)  # for a charge too many, if there were one
        assert not self.account(team).holds
        assert self.ask(lambda ledger: ledger.verify(team)) == ()
        return self.charged(team)


@pytest.fixture
def books(proxy) -> Iterator[Books]:
    books = Books(proxy)
    yield books
    books.engine.dispose()


def body(content="hi", **options):
    messages = [{"role": "user", "content": content}]
    return {"model": MODEL, "messages": messages, "max_tokens": 1_000} | options


def ask(proxy, key, content="hi", **options):
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.post(f"{proxy.url}/v1/chat/completions", json=body(content, **options), headers=headers, timeout=180)


def test_a_call_is_charged_to_the_team_of_its_key_with_cached_tokens_once(proxy, books):
    before = books.account("blues")
    answer = ask(proxy, "sk-red")
    assert answer.status_code == 200, answer.text
    assert books.quiet("reds", 1) == [WITH_CACHED]
    assert books.account("blues") == before
    assert "problems: []" in proxy.plans("show", "reds")


def test_an_unknown_key_is_not_served(proxy, provider):
    asked = len(provider.asked)
    assert ask(proxy, "sk-green").status_code == 401
    assert len(provider.asked) == asked


def test_what_a_client_says_of_itself_is_not_believed(proxy, books):
    """Neither whose call it is, nor that it is not to be logged, nor its id."""
    before, reds = len(books.charged("blues")), books.account("reds")
    claims = {"user_api_key_auth": {"team_id": "reds"}, "user_api_key_team_id": "reds"}
    for _ in range(2):
        answer = ask(
            proxy,
            "sk-blue",
            metadata=claims,
            litellm_metadata=claims,
            user="reds",
            litellm_call_id="mine",
            stream=True,
            **{"no-log": True, "mock_response": "free", "mimo_credits_reservation": {"ended": True}},
        )
        assert answer.status_code == 200, answer.text
    assert len(books.quiet("blues", before + 2)) == before + 2
    assert books.account("reds") == reds


def test_a_stream_is_charged_and_one_that_its_client_leaves_pays_for_what_had_come(proxy, books):
    before = len(books.charged("reds"))
    answer = ask(proxy, "sk-red", stream=True, stream_options={"include_usage": True})
    assert answer.text.rstrip().endswith("[DONE]")
    assert books.quiet("reds", before + 1)[before:] == [WITH_CACHED]
    headers = {"Authorization": "Bearer sk-red"}
    request = body("slow", stream=True)
    with httpx.stream("POST", f"{proxy.url}/v1/chat/completions", json=request, headers=headers) as stream:
        for line in stream.iter_lines():
            if "word 1" in line:
                break
    usage = books.quiet("reds", before + 2)[-1]
    assert 0 < usage.output_tokens < 50
    assert usage.input_tokens > 0


def test_a_failed_call_costs_nothing_and_neither_do_its_retries(proxy, books, provider):
    left, before, asked = books.account("blues").remaining, len(books.charged("blues")), len(provider.asked)
    assert ask(proxy, "sk-blue", "fail", num_retries=2).status_code == 500
    assert len(provider.asked) - asked >= 3
    assert len(books.quiet("blues", before)) == before
    assert books.account("blues").remaining == left


def test_fifty_clients_at_once_cannot_pass_the_limit(proxy, books, provider):
    """Credits for ten: ten are with the provider, forty are told so; then the ten are answered, and the pool held."""
    now = datetime.now(UTC)
    card = BOOK.at(now)
    hold = charge(card, at_most(body("wait") | {"model": f"openai/{MODEL}"}), at=now)
    left = books.account("reds").remaining_millicredits
    spare = (left - 10 * hold - hold // 2) // charge(card, Usage(MODEL, input_tokens=1), at=now)
    books.ask(lambda ledger: ledger.apply("reds", Record("spare", now, Usage(MODEL, input_tokens=spare))))
    before, asked = len(books.charged("reds")), len(provider.asked)

    with ThreadPoolExecutor(50) as clients:
        calls = [clients.submit(ask, proxy, "sk-red", "wait") for _ in range(50)]
        until = time.monotonic() + 120
        while sum(call.done() for call in calls) < 40 and time.monotonic() < until:
            time.sleep(0.1)
        try:
            refused = [call.result() for call in calls if call.done()]
            assert len(books.account("reds").holds) == 10
            assert ask(proxy, "sk-blue").status_code == 200, "another team goes on"
        finally:
            provider.gate.set()
    answers = [call.result() for call in calls]
    assert sorted(answer.status_code for answer in answers) == [200] * 10 + [402] * 40
    assert len(refused) == 40
    assert provider.asked[asked:].count("wait") == 10
    for answer in refused:
        assert "insufficient-credits" in answer.text
        assert "more than are free" in answer.text
    assert books.quiet("reds", before + 10)[before:] == [WITH_CACHED] * 10
    assert books.account("reds").pots.overage == 0
    assert json.loads(refused[0].text)["error"]["code"] in ("402", 402)


def test_after_a_crash_the_books_are_right_and_the_holds_lapse(proxy, books, provider):
    """The last test here: the proxy is killed while a stream runs."""
    headers = {"Authorization": "Bearer sk-blue"}
    left = books.account("blues").remaining_millicredits
    request = body("slow", stream=True)
    with httpx.stream("POST", f"{proxy.url}/v1/chat/completions", json=request, headers=headers) as stream:
        next(stream.iter_lines())
        proxy.kill()
    account = books.account("blues")
    assert len(account.holds) == 1
    assert account.remaining_millicredits < left
    assert books.ask(lambda ledger: ledger.verify("blues")) == ()
    (hold,) = account.holds.values()
    lapsed = account.as_of(hold.expires_at, BOOK)
    assert not lapsed.holds
    assert lapsed.remaining_millicredits == left
