"""Rows that lie where rules begin and end, and rows that are wrong in every way that a frame can hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from mimo_credits import RateBook
from mimo_credits.frames.relation import relation_of
from tests.frames.rows import Row

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
HOSTILE = [-1, -(2**63), 10**15, 10**15 + 1, 2**53, 2**62, 2**63 - 1]


def instants(book: RateBook) -> st.SearchStrategy[datetime]:
    """Any instant of the cards' years, those at which something changes, and the ends of the calendar."""
    relation = relation_of(book)
    edges = [EPOCH + timedelta(microseconds=at) for at in (*relation.starts, *(at for at, _ in relation.shifts))]
    starts = [start for start in edges if start.year < 2029]
    days = st.datetimes(datetime(2025, 12, 20), datetime(2028, 1, 1), timezones=st.just(UTC))
    whole = days.map(lambda at: at.replace(minute=at.minute // 15 * 15, second=0, microsecond=0))
    ends = [EPOCH, EPOCH - TICK, datetime(9000, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC) - TICK]
    near = st.sampled_from(starts or [EPOCH])
    ticks = st.sampled_from([-TICK, timedelta(0), TICK])
    around = st.builds(lambda at, by: max(at + by, EPOCH - TICK), near | whole, ticks)
    return days | around | around | st.sampled_from(ends[:2])


def rows(book: RateBook) -> st.SearchStrategy[Row]:
    """Good rows and bad ones."""
    relation = relation_of(book)
    places = [limit + by for limit in (0, *relation.limits) for by in (-1, 0, 1)]
    names = [*relation.names, "no such model", "", "it's"]
    count = st.one_of(st.integers(0, 400), st.sampled_from(places), st.integers(0, 1_100_000))
    hostile = st.one_of(*[count] * 6, st.none(), st.sampled_from(HOSTILE))
    few = st.sampled_from([0] * 12 + [1, 1_000, None, -1, 10**15 + 1])
    good = st.builds(
        lambda at, model, cached, missed, output, audio, searches: Row(
            at, model, abs(cached) + abs(missed), abs(cached), abs(output), audio, searches
        ),
        instants(book),
        st.sampled_from(names),
        count,
        count,
        count,
        st.sampled_from([0, 0, 0, 1, 257, 1_800, 3_599, 86_400]) | st.integers(0, 10**6),
        st.sampled_from([0, 0, 3]),
    )
    bad = st.builds(
        Row, instants(book) | st.none(), st.sampled_from([*names, None]), hostile, hostile, hostile, few, few, few
    )
    return st.one_of(good, good, bad)
