"""What a team is billed, on the card that `pyproject.toml` pins: these numbers stay right when new cards come out.

`rate_book` is the pytest plugin's: the pinned card, in force at every instant. A test that is about another card names
it; a test that is about no card in particular asserts no price.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from teamchat import PATIENCE, AlreadySent, Gateway, OutOfCredits, Request

from mimo_credits import Reason, Refused, Usage, load_book

NOON = datetime(2026, 6, 2, 4, tzinfo=UTC)  # in Beijing, where off-peak hours are counted
ASK = Request("r-1", "mimo-v2.5-pro", ("How do I sort a dict?",), input_tokens=86_790, max_tokens=4_000)


def answer(request):
    """The provider's answer: most of the input was cached, and the reply was short."""
    return {
        "id": f"chatcmpl-{request.id}",
        "model": request.model,
        "usage": {
            "prompt_tokens": request.input_tokens,
            "completion_tokens": 305,
            "prompt_tokens_details": {"cached_tokens": 86_000},
            "completion_tokens_details": {"reasoning_tokens": 120},
        },
    }


class Clock:
    """Stands still until it is moved."""

    def __init__(self, now):
        self.now = now

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock(NOON)


@pytest.fixture
def gateway(rate_book, clock):
    gateway = Gateway(answer, rate_book, clock)
    gateway.join("blue", "lite")
    return gateway


def test_a_team_pays_for_what_the_provider_counted(gateway):
    """86,000 hits at 2.5, 790 misses at 300 and 305 tokens of output at 600 credits."""
    assert gateway.chat("blue", ASK)["id"] == "chatcmpl-r-1"
    assert gateway.used("blue") == {"mimo-v2.5-pro": 635_000}
    assert gateway.ledger.account("blue").remaining == 4_100_000_000 - 635_000


def test_a_quote_is_the_dearest_case(gateway):
    """Nothing cached, and the longest answer: 86,790 x 300 + 4,000 x 600."""
    assert gateway.quote(ASK) == 28_437_000


@pytest.mark.rate_card("2026-04-22.1")
def test_on_another_card_the_same_request_costs_something_else(gateway):
    """Two credits for every token, as it was in April."""
    gateway.chat("blue", ASK)
    assert gateway.used("blue") == {"mimo-v2.5-pro": 2 * (86_790 + 305)}


def test_at_night_it_costs_less(gateway, clock, rate_card):
    day = gateway.quote(ASK)
    clock.now = NOON + timedelta(hours=14)
    assert gateway.quote(ASK) == day * rate_card.off_peak.multiply_by


def test_a_plan_is_billed_when_it_is_bought(gateway, rate_card):
    assert gateway.due("blue") == Decimal("5.28")  # 6 dollars, 12 % off the first time
    assert rate_card.tiers["lite"].price["USD"] == 6


def test_a_team_that_never_joined_owes_nothing(gateway):
    assert gateway.due("green") == 0


def test_a_request_that_may_not_be_covered_is_not_sent(gateway):
    dear = Request("r-2", "mimo-v2.5-pro", ("…",), input_tokens=1_000_000, max_tokens=6_400_000)
    with pytest.raises(OutOfCredits, match="blue lacks 40,000,000,000 thousandths") as caught:
        gateway.chat("blue", dear)
    assert caught.value.missing_millicredits == 40_000_000_000
    assert gateway.used("blue") == {}


def test_a_request_is_sent_and_billed_once(gateway):
    gateway.chat("blue", ASK)
    with pytest.raises(AlreadySent):
        gateway.chat("blue", ASK)
    assert gateway.used("blue") == {"mimo-v2.5-pro": 635_000}


def test_a_provider_that_fails_costs_nothing(rate_book, clock):
    def broken(_):
        raise ConnectionError("no answer")

    gateway = Gateway(broken, rate_book, clock)
    gateway.join("blue", "lite")
    before = gateway.ledger.account("blue").remaining
    with pytest.raises(ConnectionError):
        gateway.chat("blue", ASK)
    assert gateway.ledger.account("blue").remaining == before


def test_a_team_without_a_plan_is_refused(gateway):
    with pytest.raises(Refused) as caught:
        gateway.chat("green", ASK)
    assert caught.value.reason is Reason.NOT_SUBSCRIBED


def test_the_books_are_right_whatever_the_card(clock):
    """On all published cards, up to the newest: no price stands here, so none can become wrong."""
    book = load_book()
    gateway = Gateway(answer, book, clock)
    gateway.join("blue", "lite")
    gateway.chat("blue", ASK)
    clock.now += PATIENCE
    assert gateway.used("blue") == {ASK.model: book.quote(Usage.from_response(answer(ASK)), NOON).credits}
    assert gateway.ledger.verify("blue") == ()


def test_the_service_tells_the_time_by_itself(rate_book):
    gateway = Gateway(answer, rate_book)
    gateway.join("blue", "lite")
    assert gateway.chat("blue", ASK)["model"] == ASK.model
