"""Every engine says of every row what the core says of it, to the last millicredit and to the same reason."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mimo_credits.frames import rate
from mimo_credits.frames.relation import relation_of
from tests.frames.books import BOOKS
from tests.frames.rows import BEYOND_TEST, ENGINES, Row, by_core, priced, table_of
from tests.frames.strategies import rows

each_engine = pytest.mark.parametrize(
    "engine",
    [pytest.param(name, marks=pytest.mark.beyond_core if name in BEYOND_TEST else ()) for name in ENGINES],
)
each_book = pytest.mark.parametrize("label", BOOKS)


@each_book
@settings(max_examples=100)
@given(data=st.data())
def test_a_row_costs_what_the_core_says(label, data):
    book = BOOKS[label]
    drawn = data.draw(st.lists(rows(book), min_size=1, max_size=15))
    theirs = list(expected(label, drawn))
    for engine in ENGINES.keys() - BEYOND_TEST:
        found = priced(ENGINES[engine](table_of(drawn), lambda frame: rate(frame, book, errors="column")))
        assert list(zip(drawn, found, strict=True)) == list(zip(drawn, theirs, strict=True)), engine


@pytest.mark.beyond_core
@each_book
@settings(max_examples=10)
@given(data=st.data())
def test_a_row_costs_the_same_on_duckdb(label, data):
    book = BOOKS[label]
    drawn = data.draw(st.lists(rows(book), min_size=40, max_size=120))
    found = priced(ENGINES["duckdb"](table_of(drawn), lambda frame: rate(frame, book, errors="column")))
    assert list(zip(drawn, found, strict=True)) == list(zip(drawn, expected(label, drawn), strict=True))


def expected(label: str, drawn: list[Row]):
    """The core's answers, but for counts that the core's unbounded integers hold and an int64 would not."""
    book = BOOKS[label]
    most = relation_of(book).most
    for row in drawn:
        answer = by_core(book, row)
        counts = (row.input_tokens, row.cached_tokens, row.output_tokens, row.audio_seconds)
        limits = (most.input, most.input, most.output, most.audio)
        if answer.reason not in ("missing", "negative") and any(
            count > limit for count, limit in zip(counts, limits, strict=True)
        ):
            yield answer._replace(millicredits=0, card=None, band=-1, off_peak=False, rated=False, reason="too-large")
        else:
            yield answer
