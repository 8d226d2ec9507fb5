"""teamchat: a chat gateway that buys each team of a company its own plan, and says what each has used.

What it leaves to `mimo_credits`: reading the provider's answer, what a request costs, and the books of each team. What
it adds: the provider to call, the clock, and a look before the leap: a request that a team's credits may not cover
is not sent.

The rate book is passed in. The service runs on `load_book()`, all published cards, each from its own day on; the tests
run on the one card that they pin.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from mimo_credits import Hold, Ledger, RateBook, Reason, Refused, Release, Settle, Subscribe, Usage

PATIENCE = timedelta(minutes=10)
"""How long the provider may take; a hold that was forgotten is given back after that."""


@dataclass(frozen=True)
class Request:
    """A chat request. `input_tokens` is what our tokenizer counts, `max_tokens` the longest answer asked for."""

    id: str
    model: str
    messages: tuple[str, ...]
    input_tokens: int
    max_tokens: int

    @property
    def at_most(self) -> Usage:
        """What the request can come to: nothing of it cached, and the longest answer."""
        return Usage(self.model, input_tokens=self.input_tokens, output_tokens=self.max_tokens)


class OutOfCredits(Exception):
    """The request was not sent: the team lacks `missing_millicredits` for the longest answer."""

    def __init__(self, team: str, missing_millicredits: int) -> None:
        self.missing_millicredits = missing_millicredits
        super().__init__(f"{team} lacks {missing_millicredits:,} thousandths of a credit for this request")


class AlreadySent(Exception):
    """A request of this id was sent before: it is neither sent nor billed again."""


class Gateway:
    """Chats on behalf of teams, each of which has an account of its own in the ledger."""

    def __init__(
        self,
        provider: Callable[[Request], Mapping[str, object]],
        book: RateBook,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._provider = provider
        self._clock = clock
        self.ledger = Ledger(book)

    def join(self, team: str, tier: str) -> None:
        """Buys a team its plan."""
        self.ledger.apply(team, Subscribe(f"join/{team}", self._clock(), tier, currency="USD"))

    def quote(self, request: Request) -> Decimal:
        """The most that a request can cost now, in credits."""
        return self.ledger.book.quote(request.at_most, self._clock()).credits

    def chat(self, team: str, request: Request) -> Mapping[str, object]:
        """The provider's answer, billed to the team. Raises `OutOfCredits`, `AlreadySent` or what the provider does."""
        self._reserve(team, request)
        try:
            response = self._provider(request)
        except Exception:
            self.ledger.apply(team, Release(f"{request.id}/release", self._clock(), request.id))
            raise
        used = Usage.from_response(response)  # OpenAI's shape or Anthropic's: what is counted where, it knows
        self.ledger.apply(team, Settle(f"{request.id}/settle", self._clock(), request.id, used))
        return response

    def _reserve(self, team: str, request: Request) -> None:
        now = self._clock()
        try:
            receipt = self.ledger.apply(team, Hold(request.id, now, usage=request.at_most, expires_at=now + PATIENCE))
        except Refused as refusal:
            if refusal.reason is Reason.INSUFFICIENT_CREDITS:
                raise OutOfCredits(team, refusal.missing_millicredits or 0) from None
            raise
        if receipt.repeat:
            raise AlreadySent(request.id)

    def used(self, team: str) -> dict[str, Decimal]:
        """The credits that a team has used since it joined, by the model that it asked for."""
        used: dict[str, Decimal] = {}
        for cycle in self.ledger.statement(team).cycles:
            for segment in cycle.segments:
                for line in segment.lines:
                    used[line.model] = used.get(line.model, Decimal(0)) + line.credits
        return used

    def due(self, team: str) -> Decimal:
        """The money that a team owes, in US dollars: what was billed since it joined."""
        return self.ledger.statement(team).money_due.get("USD", Decimal(0))
