"""Usage by month and model, priced without a plan: what each request draws, by the card in force at its instant.

No allowance, no cycle and no money are accounted for: `statements` does that. A month is one of UTC.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from mimo_credits.book import RateBook
from mimo_credits.errors import PricingError
from mimo_credits.exact import to_credits
from mimo_credits.ledger import Record, Rejection
from mimo_credits.pricing import charge


class MonthlyUsage(NamedTuple):
    """The requests of one model, by the name they asked for it, in one month, such as `2026-05`.

    Tokens, whole seconds of audio, calls of the web search; `millicredits` are the sum of each request's charge.
    """

    month: str
    model: str
    requests: int
    cached_tokens: int
    missed_tokens: int
    output_tokens: int
    audio_seconds: int
    web_searches: int
    millicredits: int

    @property
    def credits(self) -> Decimal:
        """The credits, exact."""
        return to_credits(self.millicredits)


def by_month(
    records: Iterable[Record], book: RateBook, *, rejected: list[Rejection] | None = None
) -> tuple[MonthlyUsage, ...]:
    """Sums records by month and model, in this order. Each is priced by itself, since its band depends on it.

    Raises `PricingError` where a record has no price, unless a list `rejected` is given: then it is appended to that.
    """
    sums: dict[tuple[str, str], tuple[int, ...]] = {}
    for record in records:
        usage = record.usage
        try:
            millicredits = charge(book.at(record.at), usage, at=record.at)
        except PricingError as error:
            if rejected is None:
                raise
            rejected.append(Rejection(record, error))
            continue
        tokens = (usage.cached_tokens, usage.missed_tokens, usage.output_tokens)
        one = (1, *tokens, usage.audio_seconds, usage.web_searches, millicredits)
        key = (f"{record.at:%Y-%m}", usage.model)
        sums[key] = tuple(map(sum, zip(sums.get(key, (0,) * len(one)), one, strict=True)))
    return tuple(MonthlyUsage(*key, *sums[key]) for key in sorted(sums))
