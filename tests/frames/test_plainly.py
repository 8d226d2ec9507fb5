"""A frame that is taken to be in order by its least and greatest values has no faulty row; a good one is so taken."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import duckdb
import narwhals.stable.v2 as nw
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mimo_credits import RateBook, RowsRefused
from mimo_credits.frames import Columns, Fault, rate, rating
from mimo_credits.frames.extremes import Extremes, Span, extremes_of
from mimo_credits.frames.plainly import all_in_order
from mimo_credits.frames.relation import NO_RATE, RateRow, Relation, relation_of
from tests.frames.books import BOOKS, made
from tests.frames.rows import COUNTS, SCHEMA, Row, table_of
from tests.frames.strategies import rows
from tests.frames.test_same_everywhere import each_book, expected

MADE = RateBook([made("2026-01-01")])
MOST = relation_of(MADE).most
NOON = datetime(2026, 2, 1, 4, tzinfo=UTC)
TICK = timedelta(microseconds=1)
LAZY = {
    "polars lazy": lambda table: pl.DataFrame(table).lazy(),
    "duckdb": lambda table: duckdb.connect().from_arrow(table),
}
each_lazy = pytest.mark.parametrize("engine", LAZY)


def is_in_order(frame, book) -> bool:
    return all_in_order(extremes_of(nw.from_native(frame), Columns()), relation_of(book), Columns())


# --- all rows -------------------------------------------------------------------------------------------------------


@each_lazy
@each_book
@settings(max_examples=60)
@given(data=st.data())
def test_where_rows_are_in_order_none_has_a_fault(engine, label, data):
    """Whole frames of hostile rows are hardly ever in order: so mostly good ones are drawn, with at most one that is not."""
    drawn = data.draw(st.lists(rows(BOOKS[label]), max_size=25))
    answers = list(expected(label, drawn))
    good = [row for row, answer in zip(drawn, answers, strict=True) if answer.rated]
    bad = [row for row, answer in zip(drawn, answers, strict=True) if not answer.rated][:1]
    assert not (bad and is_in_order(LAZY[engine](table_of([*good, *bad])), BOOKS[label]))


GOOD = [
    Row(NOON, "flat", 10, 10, 5),
    Row(NOON + timedelta(hours=14), "triple", MOST.input, 0, MOST.output),
    Row(datetime(2026, 1, 1, tzinfo=UTC), "banded", 300, 100, 5),
    Row(NOON, "banded", 0),
    Row(datetime(9000, 1, 1, tzinfo=UTC) - TICK, "speech", 5, 5, 5, MOST.audio, 10**15),
    Row(NOON, "sound", audio_seconds=9),
    Row(NOON, "deaf", 9, 4),
    Row(NOON, "free", 9, 4, 3),
]


@pytest.fixture
def no_search(monkeypatch):
    """Looking at rows one by one fails."""

    def search(*_args):
        raise AssertionError("rows were looked at one by one")

    monkeypatch.setattr(rating, "refuse", search)


@each_lazy
@pytest.mark.usefixtures("no_search")
def test_good_rows_are_not_looked_at_one_by_one(engine):
    """On the edge of each rule, too."""
    rate(LAZY[engine](table_of(GOOD)), MADE)
    rate(LAZY[engine](table_of([])), MADE)
    rate(LAZY[engine](table_of([])), BOOKS["no cards"])


@each_lazy
@pytest.mark.usefixtures("no_search")
def test_columns_that_are_not_there_or_stand_for_two_do_no_harm(engine):
    few = table_of(GOOD[:1]).select(["at", "model", "input_tokens", "output_tokens"])
    rate(LAZY[engine](few), MADE, columns=Columns(cached_tokens="input_tokens"))


BAD = {
    "no instant": (Fault.MISSING, {"at": None}),
    "no model": (Fault.MISSING, {"model": None}),
    **{f"no {name}": (Fault.MISSING, {name: None}) for name in COUNTS},
    **{f"{name} below 0": (Fault.NEGATIVE, {name: -1}) for name in COUNTS},
    "much input": (Fault.TOO_LARGE, {"input_tokens": MOST.input + 1}),
    "much cached": (Fault.TOO_LARGE, {"input_tokens": MOST.input + 1, "cached_tokens": MOST.input + 1}),
    "much output": (Fault.TOO_LARGE, {"output_tokens": MOST.output + 1}),
    "much audio": (Fault.TOO_LARGE, {"model": "sound", "input_tokens": 0, "audio_seconds": MOST.audio + 1}),
    "many searches": (Fault.TOO_LARGE, {"web_searches": 10**15 + 1}),
    "more cached than input": (Fault.CACHED_BEYOND_INPUT, {"cached_tokens": 11}),
    "after the calendar": (Fault.OUTSIDE_CALENDAR, {"at": datetime(9000, 1, 1, tzinfo=UTC)}),
    "before 1970": (Fault.OUTSIDE_CALENDAR, {"at": datetime(1970, 1, 1, tzinfo=UTC) - TICK}),
    "before the first card": (Fault.NO_CARD_IN_EFFECT, {"at": datetime(2026, 1, 1, tzinfo=UTC) - TICK}),
    "unlisted": (Fault.UNKNOWN_MODEL, {"model": "Flat"}),
    "not in the plan": (Fault.NOT_IN_PLAN, {"model": "cash"}),
    "beyond the context": (Fault.BEYOND_CONTEXT, {"model": "banded", "input_tokens": 301}),
    "no rate for hits": (Fault.NO_RATE, {"model": "sound", "input_tokens": 1, "cached_tokens": 1}),
    "no rate for misses": (Fault.NO_RATE, {"model": "sound", "input_tokens": 1}),
    "no rate for output": (Fault.NO_RATE, {"model": "deaf", "output_tokens": 1}),
    "no rate for audio": (Fault.NO_RATE, {"audio_seconds": 1}),
    "images": (Fault.NO_RATE, {"images": 1}),
}


@each_lazy
@pytest.mark.parametrize("case", BAD)
def test_one_row_that_is_not_in_order_is_found_among_good_ones(engine, case):
    fault, change = BAD[case]
    wrong = Row(NOON, "flat", 10)._replace(**change)
    table = table_of([*GOOD, wrong])
    with pytest.raises(RowsRefused) as caught:
        rate(LAZY[engine](table), MADE)
    assert [(each.fault, each.rows) for each in caught.value.faults] == [(fault, 1)]


# --- kinds of columns -----------------------------------------------------------------------------------------------


def test_an_instant_beyond_all_microseconds_does_not_come_round():
    comes_round = (2**64 + int(NOON.timestamp() * 10**6)) // 1_000
    at = pa.array([comes_round]).cast(pa.timestamp("ms", "UTC"))
    frame = pl.DataFrame(table_of(GOOD[:1]).set_column(2, "at", at)).lazy()
    (flat,) = extremes_of(nw.from_native(frame), Columns())
    assert flat.at == Span(comes_round * 1_000, comes_round * 1_000)
    assert not is_in_order(frame, MADE)


@pytest.mark.parametrize("infinite", ["infinity", "-infinity"])
def test_infinity_is_no_instant(infinite):
    """Whether it is the least or the greatest of its model's; this book's card is in force from 1970 on."""
    with duckdb.connect() as connection:
        connection.register("good", table_of([Row(NOON, "flat", 5), Row(NOON, "flat", 6)]))
        connection.execute("CREATE TABLE requests AS SELECT * FROM good")
        assert is_in_order(connection.table("requests"), BOOKS["one made card"])
        connection.execute(f"UPDATE requests SET \"at\" = '{infinite}' WHERE n = 0")
        assert not is_in_order(connection.table("requests"), BOOKS["one made card"])


@each_lazy
def test_rows_without_a_model_have_gaps(engine):
    (nameless,) = extremes_of(nw.from_native(LAZY[engine](table_of([Row(NOON, None, 5)]))), Columns())
    assert (nameless.model, nameless.gaps) == ("", True)


@pytest.mark.parametrize("kind", ["UTINYINT", "UBIGINT", "HUGEINT", "UHUGEINT"])
@pytest.mark.usefixtures("no_search")
def test_counts_of_duckdb_may_have_any_width(kind):
    with duckdb.connect() as connection:
        connection.register("good", table_of([Row(NOON, "flat", 200, 55, 7), Row(NOON, "flat", 5, 5, 0)]))
        tokens = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name in COUNTS)
        rate(connection.sql(f"SELECT * REPLACE ({tokens}) FROM good"), MADE)


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
@pytest.mark.usefixtures("no_search")
def test_instants_may_have_any_unit(unit):
    at = pa.timestamp(unit, "America/New_York")
    table = table_of([row for row in GOOD if row.at and row.at.year < 2200])
    frame = pl.DataFrame(table.cast(SCHEMA.set(2, pa.field("at", at)))).lazy()
    rate(frame, MADE)


# --- what only a card between others has ----------------------------------------------------------------------------

THREE = relation_of(RateBook([made("2026-01-01"), made("2026-02-01"), made("2026-03-01")]))


def flat(first: int, last: int) -> list[Extremes]:
    """Rows of one model from a day of the card `first` to one of the card `last`, the cards counted from 1."""
    day = 86_400_000_000
    at = Span(THREE.starts[first - 1] + day, THREE.starts[last - 1] + day)
    counts = dict.fromkeys(COUNTS, Span(0, 0)) | dict.fromkeys(COUNTS[:3], Span(10, 90))
    return [Extremes("flat", False, False, at, counts)]


def changed(card: int, off_peak: bool, **change: object) -> Relation:
    """The relation, with the one rate row of the model `flat` on a card changed."""

    def row(each: RateRow) -> RateRow:
        here = (each.card, each.off_peak, each.model) == (card, off_peak, "flat")
        return each._replace(**change) if here else each

    return replace(THREE, rows=tuple(map(row, THREE.rows)))


@pytest.mark.parametrize("off_peak", [False, True])
@pytest.mark.parametrize("card", [1, 2, 3])
@pytest.mark.parametrize(
    "change",
    [{"model": "another"}, {"hit": NO_RATE}, {"fault": Fault.NOT_IN_PLAN}],
    ids=lambda change: next(iter(change)),
)
def test_every_card_in_force_counts_by_day_and_by_night(change, card, off_peak):
    relation = changed(card, off_peak, **change)
    for first, last in ((1, 3), (1, 2), (2, 3), (card, card)):
        assert all_in_order(flat(first, last), THREE, Columns())
        assert all_in_order(flat(first, last), relation, Columns()) == (not first <= card <= last)


def test_only_bands_that_some_input_may_fall_into_count():
    for limits, in_order in (((91, 10**9), True), ((0, 9), True), ((90, 10**9), False), ((0, 10), False)):
        odd = RateRow(2, False, "flat", *limits, 0, fault=Fault.BEYOND_CONTEXT)
        relation = replace(THREE, rows=(*THREE.rows, odd))
        assert all_in_order(flat(1, 3), relation, Columns()) == in_order
