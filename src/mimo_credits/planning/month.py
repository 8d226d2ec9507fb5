"""`month_of_records`: a month of work like that of a log, ready to be held against tiers.

What the records of `[since, until)` drew and cost on one card is stretched to a month in proportion, exactly; then
credits are rounded up once, and money once to the coin, as the card rounds bills. Records that the card cannot price
under the plan are left out of both, and listed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from mimo_credits.book import RateBook
from mimo_credits.card import RateCard
from mimo_credits.card.rate_card import check_card
from mimo_credits.errors import InputError
from mimo_credits.exact import billed, ratio, ticks, whole
from mimo_credits.frozen import FrozenMap
from mimo_credits.instants import to_utc
from mimo_credits.ledger import Record, Rejection
from mimo_credits.planning.burns import burns_of_records, each_record
from mimo_credits.planning.checks import check_span
from mimo_credits.planning.tiers import MonthOfUse
from mimo_credits.planning.words import days
from mimo_credits.planning.workload import searches_owed
from mimo_credits.pricing import prices

THIRTY_DAYS = timedelta(days=30)
_ONE = ("1 day", "1 hour")


def month_of_records(
    records: Iterable[Record], card: RateCard, *, since: datetime, until: datetime, length: timedelta = THIRTY_DAYS
) -> tuple[MonthOfUse, tuple[Rejection, ...]]:
    """The use of a month of that `length` at the pace of `[since, until)`, and the records that have no price.

    Credits follow the instant of each record (off-peak hours count). Raises `InputError` for an empty span,
    also one without records, and `NoPlan` for a card that sells none.
    """
    since, until = to_utc(since, "since"), to_utc(until, "until")
    if since >= until:
        raise InputError("until", f"{until.isoformat()} does not lie after since, {since.isoformat()}")
    check_card(card)
    check_span(length, "length", "timedelta(days=30)")
    rounding = card.plan_policy.money_rounding
    observed = [record for record in each_record(records) if since <= record.at < until]
    if not observed:
        raise InputError("records", f"none lies from {since.isoformat()} up to {until.isoformat()}: no pace to see")
    burns, unpriced = burns_of_records(observed, RateBook.fixed(card))
    left_out = {rejection.command for rejection in unpriced}
    usages = Counter(record.usage for record in observed if record not in left_out)
    money, no_price = prices(card, usages)
    stretch = ratio(ticks(length), ticks(until - since))
    observed_span = f"{days(until - since)} that {'was' if days(until - since) in _ONE else 'were'} observed"

    def month_money(seen: Mapping[str, Decimal]) -> FrozenMap[Decimal]:
        return FrozenMap((name, billed(Fraction(amount) * stretch, name, rounding)) for name, amount in seen.items())

    tokens = sum((usage.input_tokens + usage.output_tokens) * count for usage, count in usages.items())
    use = MonthOfUse(
        what=f"{days(length)} like the {observed_span}",
        millicredits=whole(sum(burn.millicredits for burn in burns) * stretch, "up"),
        tokens=whole(tokens * stretch),
        tasks=None,
        money=month_money(money),
        unpriced=no_price,
        web_searches=month_money(searches_owed(card, usages)),
    )
    return use, unpriced
