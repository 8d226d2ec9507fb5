"""Usage by month and model: each request priced by itself, nothing lost, nothing counted twice."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimo_credits import Record, Rejection, UnknownModel, Usage, load_book
from mimo_credits.monthly import MonthlyUsage, by_month

BOOK = load_book()
START = datetime(2026, 4, 3, tzinfo=UTC)

usages = st.builds(
    lambda model, new, cached, output, searches: Usage(
        model, input_tokens=new + cached, cached_tokens=cached, output_tokens=output, web_searches=searches
    ),
    st.sampled_from(["mimo-v2-pro", "xiaomi/mimo-v2-pro"]),
    st.integers(0, 400_000),
    st.integers(0, 400_000),
    st.integers(0, 1_000),
    st.integers(0, 2),
)
records = st.lists(
    st.builds(lambda hours, usage: (START + timedelta(hours=hours), usage), st.integers(0, 80 * 24), usages)
).map(lambda drawn: [Record(f"r-{n}", at, usage) for n, (at, usage) in enumerate(drawn)])


@given(records)
def test_it_is_the_sum_of_the_quotes(records):
    quoted = defaultdict(Decimal)
    for record in records:
        quoted[record.at.strftime("%Y-%m"), record.usage.model] += BOOK.quote(record.usage, record.at).credits
    months = by_month(records, BOOK)
    assert {(one.month, one.model): one.credits for one in months} == quoted
    assert [(one.month, one.model) for one in months] == sorted(quoted)
    assert sum(one.requests for one in months) == len(records)


def test_a_row_holds_each_count_by_its_name():
    usage = Usage("mimo-v2.5", input_tokens=10, cached_tokens=4, output_tokens=3, web_searches=2)
    first = Record("r-1", datetime(2026, 5, 31, 23, 59, 59, tzinfo=UTC), usage)
    later = [Record(f"r-{n}", datetime(2026, 6, 1, 4, n, tzinfo=UTC), usage) for n in (2, 3)]
    credits = 4 * 2 + 6 * 100 + 3 * 200
    assert by_month([*later, first], BOOK)[1:] == (
        MonthlyUsage("2026-06", "mimo-v2.5", 2, 8, 12, 6, 0, 4, 2 * credits * 1000),
    )


def test_what_has_no_price_is_an_error_or_is_listed():
    good = Record("r-1", datetime(2026, 6, 1, tzinfo=UTC), Usage("mimo-v2.5", input_tokens=1))
    bad = Record("r-2", good.at, Usage("mimo-v9", input_tokens=1))
    with pytest.raises(UnknownModel):
        by_month([good, bad], BOOK)
    rejected: list[Rejection] = []
    assert by_month([good, bad], BOOK, rejected=rejected) == by_month([good], BOOK)
    assert [(command, type(error)) for command, error in rejected] == [(bad, UnknownModel)]
