"""A month like that of a log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from mimo_credits import (
    InputError,
    NoPlan,
    RateBook,
    Record,
    Usage,
    burns_of_records,
    compare_use,
    forecast,
    load_card,
    month_of_records,
)
from tests.made_cards import CARD

START = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
MAY = load_card("2026-05-27")


def record(name: str, after: timedelta, model: str = "flat", **counts: int) -> Record:
    return Record(name, START + after, Usage(model, **counts))


RECORDS = [
    record("a", timedelta(0), input_tokens=100),
    record("b", DAY, input_tokens=50, output_tokens=50),
    record("night", DAY + timedelta(hours=17), input_tokens=100),
    record("later", 3 * DAY, input_tokens=10**6),
    record("cash", DAY, "cash", input_tokens=5),
]


def test_a_month_is_the_days_that_were_seen_in_proportion():
    use, unpriced = month_of_records(RECORDS, CARD, since=START, until=START + 3 * DAY)
    assert use.millicredits == 10 * (300 + 300 + 240) * 1_000
    assert (use.tokens, use.tasks) == (3_000, None)
    assert use.money == {"USD": Decimal("0.00")}  # 3,000 tokens at 0.7 dollars a million
    assert [each.command.id for each in unpriced] == ["cash"]
    assert str(use) == "30 days like the 3 days that were observed: 8,400 credits, 3,000 tokens"


def test_what_has_no_finite_proportion_is_rounded_up_once():
    use, _ = month_of_records(RECORDS[:1], CARD, since=START, until=START + 7 * DAY, length=DAY)
    assert use.millicredits == 42_858  # 300,000 / 7
    assert use.tokens == 14
    assert use.what == "1 day like the 7 days that were observed"
    for span, words in ((DAY, "1 day that was"), (DAY / 24, "1 hour that was"), (DAY / 96, "0:15:00 that were")):
        seen, _ = month_of_records(RECORDS[:1], CARD, since=START, until=START + span)
        assert seen.what == f"30 days like the {words} observed"
    odd, _ = month_of_records(RECORDS[4:], CARD, since=START, until=START + timedelta(hours=36))
    assert odd.what == "30 days like the 1 day and 12 hours that were observed"
    assert odd.millicredits == 0


def test_web_searches_are_stretched_too_and_billed_to_the_cent():
    searching = [record("a", timedelta(0), input_tokens=1, web_searches=1)]
    use, _ = month_of_records(searching, CARD, since=START, until=START + 7 * DAY)
    assert use.web_searches == {"USD": Decimal("0.02")}  # 0.005 x 30 / 7 = 0.0214
    assert compare_use(CARD, use)["small"].cost == {"USD": Decimal("5.02")}


def test_the_month_is_the_mean_pace_of_the_forecast():
    usages = [
        Record(f"{n}", START + n * timedelta(hours=7), Usage("mimo-v2.5-pro", output_tokens=n * 991)) for n in range(60)
    ]
    at = START + 13 * DAY + timedelta(hours=5)
    burns, _ = burns_of_records(usages, RateBook.fixed(MAY))
    seen = forecast(burns, MAY, at, start=at, end=at + 30 * DAY, observed_since=START)
    use, _ = month_of_records(usages, MAY, since=START, until=at)
    assert use.millicredits == seen.mean.by_end
    assert compare_use(MAY, use).choice == seen.mean.tier


def test_a_card_that_sells_no_plan_bills_no_month():
    with pytest.raises(NoPlan):
        month_of_records([], load_card("deepseek/2026-05-22"), since=START, until=START + DAY)


def test_a_span_without_records_has_no_pace():
    with pytest.raises(InputError, match=r"records: none lies from 2026-06-11T.* up to 2026-06-12T"):
        month_of_records(RECORDS, CARD, since=START + 10 * DAY, until=START + 11 * DAY)


def test_an_empty_span_has_no_pace():
    with pytest.raises(InputError, match="does not lie after since"):
        month_of_records([], CARD, since=START, until=START)
