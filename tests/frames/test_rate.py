"""What `rate` promises beside the numbers: kinds, order, laziness, refusals, and that nothing wraps."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import narwhals.stable.v2 as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from mimo_credits import InputError, RateBook, RowsRefused
from mimo_credits.exact import round_ratio
from mimo_credits.frames import Columns, Fault, rate, rate_sql, total
from mimo_credits.frames.columns import ADDED
from mimo_credits.frames.lookup import Requests, rate_arrays
from mimo_credits.frames.relation import relation_of
from tests.frames.books import BOOKS, made, rounding
from tests.frames.rows import BEYOND_TEST, ENGINES, NOON, Row, by_core, digest, priced, table_of

PUBLISHED = BOOKS["published"]
GOOD = [Row(NOON + timedelta(hours=hour), "mimo-v2.5-pro", 1_000 + hour, hour, 7) for hour in range(30)]
each_engine = pytest.mark.parametrize(
    "engine", [pytest.param(name, marks=pytest.mark.beyond_core if name in BEYOND_TEST else ()) for name in ENGINES]
)


def many(book: RateBook, size: int) -> list[Row]:
    """Good rows of every model on every card, in no order, from a fixed seed."""
    chance = Random(20260701)
    relation = relation_of(book)
    rows: list[Row] = []
    while len(rows) < size:
        at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(microseconds=chance.randrange(2 * 365 * 86_400_000_000))
        name, cached = chance.choice(relation.names), chance.choice((0, chance.randrange(120)))
        row = Row(at, name, cached + chance.randrange(120), cached, chance.randrange(500), chance.choice((0, 0, 1_801)))
        if by_core(book, row).rated:
            rows.append(row)
    return rows


@pytest.mark.beyond_core
@pytest.mark.parametrize("label", ["published", "one made card", "made cards"])
def test_rows_and_totals_have_one_digest_on_every_engine(label):
    book = BOOKS[label]
    rows = many(book, 2_000)
    table = table_of(rows)
    digests = {"core": digest([by_core(book, row) for row in rows])}
    for name, engine in ENGINES.items():
        digests[name] = digest(priced(engine(table, lambda frame: rate(frame, book))))
    import duckdb

    with duckdb.connect() as connection:
        connection.register("requests", table)
        found = connection.sql(rate_sql(book, "requests", "duckdb")).to_arrow_table().to_pylist()
    digests["rate_sql"] = digest(priced(found))
    assert len(set(digests.values())) == 1, digests


@each_engine
def test_a_frame_keeps_its_columns_and_gets_five_more(engine):
    kinds = []

    def work(frame):
        rated = rate(frame, PUBLISHED)
        kinds.append((type(frame), type(rated)))
        return rated

    rows = ENGINES[engine](table_of(GOOD), work)
    assert kinds[0][0] is kinds[0][1]
    assert list(rows[0]) == [*table_of(GOOD).column_names, *ADDED]
    assert len(rows) == len(GOOD)


@pytest.mark.parametrize("engine", ["polars", "pyarrow", "pandas", "pandas of pyarrow"])
def test_a_frame_in_memory_keeps_its_order(engine):
    table = table_of(GOOD).take(pa.array(Random(1).sample(range(len(GOOD)), len(GOOD))))
    found = ENGINES[engine](table, lambda frame: rate(frame, PUBLISHED))
    assert [row["n"] for row in found] == table["n"].to_pylist()


@each_engine
def test_every_fault_is_counted_and_shown(engine):
    bad = [
        *(GOOD[0]._replace(model=name) for name in ("mimo-v9", "mimo-v8", "mimo-v7", "mimo-v6")),
        GOOD[0]._replace(output_tokens=-1),
        GOOD[0]._replace(at=datetime(2020, 1, 1, tzinfo=UTC)),
    ]
    table = table_of([*GOOD, *bad])
    with pytest.raises(RowsRefused, match="6 rows cannot be rated") as caught:
        ENGINES[engine](table, lambda frame: rate(frame, PUBLISHED, columns=Columns(id="n")))
    counted = {each.fault: each.rows for each in caught.value.faults}
    assert counted == {"negative": 1, "no-card-in-effect": 1, "unknown-model": 4}
    unknown = caught.value.faults[-1].examples
    assert len(unknown) == 3
    assert all(example.values["model"].startswith("mimo-v") for example in unknown)
    assert all(example.row in (None, example.values["n"]) for example in unknown)
    assert (unknown[0].row is None) == ("lazy" in engine or "streaming" in engine or engine == "duckdb")


def test_keeping_faulty_rows_runs_nothing():
    def explode(frame: pl.DataFrame) -> pl.DataFrame:
        raise AssertionError("was run")

    lazy = pl.from_arrow(table_of(GOOD)).lazy().map_batches(explode, schema=pl.from_arrow(table_of(GOOD)).schema)
    assert isinstance(rate(lazy, PUBLISHED, errors="column"), pl.LazyFrame)
    with pytest.raises(Exception, match="was run"):
        rate(lazy, PUBLISHED)


@each_engine
@pytest.mark.parametrize(
    ("name", "column", "said"),
    [
        ("at", pa.array([datetime(2026, 5, 28)], pa.timestamp("us")), "columns: 'at' holds naive timestamps"),
        ("at", pa.array(["2026-05-28T00:00:00Z"]), "columns: 'at' needs instants"),
        ("input_tokens", pa.array([1.0]), "columns: 'input_tokens' needs whole numbers"),
        ("model", pa.array([5]), "columns: 'model' needs models as text"),
        ("band", pa.array([5]), "columns: the frame has a column 'band' already"),
        ("__mimo_us", pa.array([5]), "columns: the frame has a column '__mimo_us' already"),
    ],
)
def test_a_column_of_the_wrong_kind_is_refused_at_once(engine, name, column, said):
    table = table_of(GOOD[:1])
    place = table.column_names.index(name) if name in table.column_names else None
    wrong = table.append_column(name, column) if place is None else table.set_column(place, name, column)
    with pytest.raises(InputError, match=said):
        ENGINES[engine](wrong, lambda frame: rate(frame, PUBLISHED, errors="column"))


def test_a_missing_column_is_named_with_the_nearest():
    with pytest.raises(InputError, match=r"no column 'input_tokens' .*; nearest: input_token"):
        rate(table_of(GOOD).rename_columns({"input_tokens": "input_token"}), PUBLISHED)


@each_engine
@pytest.mark.parametrize("field", ["account", "audio_seconds", "web_searches", "images", "id"])
def test_a_column_that_was_named_must_be_there(engine, field):
    """Priced as if it were absent, a misspelt column of audio would cost nothing."""
    table = table_of(GOOD).rename_columns({"audio_seconds": "audio_secs"})
    wrong = Columns(**{field: "audio_secz"})
    with pytest.raises(
        InputError, match=r"no column 'audio_secz' .*Columns\(" + field + r"=…\).*; nearest: audio_secs"
    ):
        ENGINES[engine](table, lambda frame: rate(frame, PUBLISHED, columns=wrong, errors="column"))


@pytest.mark.parametrize("name", [None, 5])
def test_what_is_needed_has_a_name(name):
    with pytest.raises(InputError, match=f"no column {name}"):
        rate(table_of(GOOD), PUBLISHED, columns=Columns(at=name))


@each_engine
def test_rows_are_shown_with_their_account_where_they_have_one(engine):
    table = table_of([GOOD[0]._replace(model="mimo-v9")])
    for given, name in ((table, "account 0"), (table.drop_columns("account"), None)):
        with pytest.raises(RowsRefused) as caught:
            ENGINES[engine](given, lambda frame: rate(frame, PUBLISHED))
        assert caught.value.faults[0].examples[0].values.get("account") == name


def test_counts_that_pandas_made_floats_are_refused_with_what_keeps_them_whole():
    gap = table_of([GOOD[0], GOOD[1]._replace(output_tokens=None)]).to_pandas()
    with pytest.raises(InputError, match=r"'output_tokens' needs whole numbers .* not Float64.*astype\('Int64'\)"):
        rate(gap, PUBLISHED)
    kept = rate(gap.astype({"output_tokens": "Int64"}), PUBLISHED, errors="column")
    assert kept["rated"].tolist() == [True, False]
    assert kept["reason"].tolist()[1] == "missing"


@pytest.mark.parametrize("frame", [5, [1], np.zeros(3), None])
def test_what_is_no_frame_is_refused(frame):
    with pytest.raises(InputError, match="frame: needs a frame of Polars, DuckDB, PyArrow, pandas or PySpark"):
        rate(frame, PUBLISHED)


def test_what_is_no_book_or_way_is_refused():
    with pytest.raises(InputError, match="book: needs a RateBook"):
        rate(table_of(GOOD), "2026-05-27")
    with pytest.raises(InputError, match='errors: needs "raise" or "column"'):
        rate(table_of(GOOD), PUBLISHED, errors="ignore")


WIDTHS = {
    "narrow": (pa.uint8(), pa.int16(), pa.uint32()),
    "unsigned": (pa.uint64(), pa.uint64(), pa.uint64()),
}
INSTANTS = [pa.timestamp(unit, zone) for unit in ("s", "ms", "us", "ns") for zone in ("UTC", "America/New_York")]
MODELS = [pa.string(), pa.large_string(), pa.dictionary(pa.int8(), pa.string())]


@each_engine
@pytest.mark.parametrize(
    ("at", "widths", "model"),
    [(at, list(WIDTHS)[place % 2], MODELS[place % 3]) for place, at in enumerate(INSTANTS)],
    ids=str,
)
def test_any_width_unit_zone_and_kind_of_text_will_do(engine, widths, model, at):
    if engine == "duckdb" and at.unit == "ns":
        at = pa.timestamp("us", at.tz)  # its instants in nanoseconds are a kind of their own, which is refused
    rows = [row._replace(input_tokens=200, cached_tokens=55) for row in GOOD]
    table = table_of(rows)
    kinds = dict(zip(("input_tokens", "cached_tokens", "output_tokens"), WIDTHS[widths], strict=True))
    kinds |= {"at": at, "model": model}
    schema = pa.schema([field.with_type(kinds.get(field.name, field.type)) for field in table.schema])
    found = priced(ENGINES[engine](table.cast(schema), lambda frame: rate(frame, PUBLISHED)))
    assert found == [by_core(PUBLISHED, row) for row in rows]


@pytest.mark.parametrize(
    ("engine", "unit"), [("polars", "ms"), ("polars lazy", "ms"), ("pyarrow", "ms"), ("pyarrow", "s")]
)
def test_an_instant_beyond_all_microseconds_does_not_come_round(engine, unit):
    factor = {"s": 10**6, "ms": 10**3}[unit]
    comes_round = (2**64 + int(NOON.timestamp() * 10**6)) // factor
    table = table_of(GOOD[:1])
    at = pa.array([comes_round]).cast(pa.timestamp(unit, "UTC"))
    found = ENGINES[engine](
        table.set_column(2, "at", at).drop_columns(["n"]).append_column("n", pa.array([0])),
        lambda frame: pl_or_arrow(rate(frame, PUBLISHED, errors="column")),
    )
    assert found[0]["reason"] == Fault.OUTSIDE_CALENDAR


def pl_or_arrow(rated):
    """Without the instant, which no Python value can hold."""
    return nw.from_native(rated).drop("at").to_native()


@each_engine
def test_counts_beyond_an_int64_are_too_large(engine):
    table = table_of(GOOD[:2])
    counts = pa.array([2**64 - 1, 5], pa.uint64())
    wrong = table.set_column(table.column_names.index("output_tokens"), "output_tokens", counts)
    found = priced(ENGINES[engine](wrong, lambda frame: rate(frame, PUBLISHED, errors="column")))
    assert [row.reason for row in found] == ["too-large", None]


@pytest.mark.parametrize("label", BOOKS)
def test_what_is_not_too_large_cannot_leave_the_int64(label):
    """By Python's own integers: the highest rates times the largest counts, audio rounded up."""
    relation = relation_of(BOOKS[label])
    most = relation.most
    for row in relation.rows:
        audio = -(-row.audio_hour * most.audio // 3600)
        assert max(row.hit, row.miss) * most.input + row.output * most.output + audio < 2**63
        assert (row.audio_hour % 3600) * most.audio < 2**53  # what is divided, if by doubles


@each_engine
@pytest.mark.parametrize("named", ["half-up", "half-even", "up", "down"])
def test_audio_is_rounded_once_as_the_card_says(engine, named):
    book = RateBook.fixed(made("2026-01-01", rounding(named)))
    noon = datetime(2026, 1, 2, 4, tzinfo=UTC)
    seconds = [*range(0, 3_700, 9), 10**7 + 257]
    rows = [Row(noon, "speech", audio_seconds=each) for each in seconds]
    found = priced(ENGINES[engine](table_of(rows), lambda frame: rate(frame, book)))
    assert [row.millicredits for row in found] == [round_ratio(7_000 * each, 3_600, named) for each in seconds]


@pytest.mark.beyond_core
@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "America/New_York"])
def test_the_sessions_time_zone_has_no_say(zone):
    import duckdb

    rows = [Row(NOON + timedelta(minutes=15 * step), "mimo-v2.5-pro", 5) for step in range(96)]
    with duckdb.connect() as connection:
        connection.execute(f"SET timezone = '{zone}'")
        rated = rate(connection.from_arrow(table_of(rows)), PUBLISHED)
        assert priced(rated.to_arrow_table().to_pylist()) == [by_core(PUBLISHED, row) for row in rows]


def test_an_empty_frame_stays_empty():
    for engine in ENGINES.keys() - BEYOND_TEST:
        assert ENGINES[engine](table_of([]), lambda frame: rate(frame, PUBLISHED)) == []


def test_columns_go_by_the_names_that_are_given():
    table = table_of(GOOD).rename_columns({"at": "created_at", "model": "engine", "images": "pictures"})
    rated = rate(table, PUBLISHED, columns=Columns(at="created_at", model="engine"))
    assert rated["millicredits"].to_pylist() == [by_core(PUBLISHED, row).millicredits for row in GOOD]


def test_after_the_last_change_of_a_clock_that_is_followed_rows_are_refused():
    book = BOOKS["made cards"]
    rows = [
        Row(datetime(year, 1, 1, tzinfo=UTC) - timedelta(hours=back), "flat", 5)
        for year, back in ((2051, 1), (2051, 0))
    ]
    found = priced(rate(table_of(rows), book, errors="column").to_pylist())
    assert found[0] == by_core(book, rows[0])
    assert found[1].reason == Fault.OUTSIDE_CALENDAR


# --- totals ---------------------------------------------------------------------------------------------------------


@each_engine
def test_a_total_is_exact_beyond_an_int64(engine):
    table = pa.table({"n": [0, 1, 2, 3], "millicredits": [2**63 - 1, 2**63 - 1, 10**9, 1]})
    found = []
    ENGINES[engine](table, lambda frame: found.append(total(frame)) or frame)
    assert found == [2 * (2**63 - 1) + 10**9 + 1]


@each_engine
def test_the_total_of_nothing_is_zero(engine):
    table = pa.table({"n": pa.array([], pa.int64()), "millicredits": pa.array([], pa.int64())})
    ENGINES[engine](table, lambda frame: frame if total(frame) == 0 else pytest.fail("not zero"))


@each_engine
@pytest.mark.parametrize("kind", [pa.int8(), pa.uint32(), pa.uint64()])
def test_a_total_takes_integers_of_any_width(engine, kind):
    table = pa.table({"n": [0, 1], "millicredits": pa.array([100, 27], kind)})
    found = []
    ENGINES[engine](table, lambda frame: found.append(total(frame)) or frame)
    assert found == [127]


@each_engine
@pytest.mark.parametrize(
    ("column", "said"),
    [
        (pa.array([2.0**55, 1.0]), "column: 'millicredits' needs whole numbers of at most 64 bits, not Float64"),
        (pa.array(["1", "2"]), "column: 'millicredits' needs whole numbers of at most 64 bits, not String"),
        (pa.array([None, 1], pa.int64()), "column: 'millicredits' is null in 1 row"),
    ],
)
def test_a_total_is_of_whole_numbers_only(engine, column, said):
    table = pa.table({"n": [0, 1], "millicredits": column})
    with pytest.raises(InputError, match=said):
        ENGINES[engine](table, total)


@each_engine
def test_a_total_names_the_column_that_is_nearest(engine):
    with pytest.raises(InputError, match=r"column: the frame has no column 'millicredits'; nearest: millicredit$"):
        ENGINES[engine](pa.table({"n": [0], "millicredit": [1]}), total)


# --- arrays ---------------------------------------------------------------------------------------------------------


def arrays(**changed) -> Requests:
    given = {
        "at": np.array([np.datetime64("2026-05-28T04:00", "us")] * 2),
        "model": np.array([0, -1]),
        "names": ["mimo-v2.5-pro"],
        "input_tokens": np.array([10, 10]),
        "cached_tokens": np.array([5, 5]),
        "output_tokens": np.array([1, 1]),
    }
    return Requests(**given | changed)


def test_arrays_are_rated_and_faults_told():
    rated = rate_arrays(PUBLISHED, arrays())
    assert rated.millicredits.tolist() == [by_core(PUBLISHED, Row(NOON, "mimo-v2.5-pro", 10, 5, 1)).millicredits, 0]
    assert [None if not fault else list(Fault)[fault - 1] for fault in rated.fault] == [None, Fault.UNKNOWN_MODEL]
    assert (rated.card.tolist(), rated.band.tolist(), rated.off_peak.tolist()) == ([2, -1], [0, -1], [False, False])


def test_no_instant_is_a_missing_one():
    rated = rate_arrays(PUBLISHED, arrays(at=np.array(["2026-05-28T04:00", "NaT"], "datetime64[us]")))
    assert list(Fault)[rated.fault[1] - 1] == Fault.MISSING


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"at": np.array([1, 2])}, "at: needs datetime64 in UTC"),
        ({"at": np.array(["2026-05-28"] * 2, "datetime64[D]")}, "at: needs a datetime64 in s, ms, us or ns"),
        ({"input_tokens": np.array([1.0, 2.0])}, "input_tokens: needs integers"),
        ({"input_tokens": np.array([1])}, "input_tokens: needs an array of one dimension, as long as at"),
        ({"model": np.array([0, 1])}, "model: numbers the 1 names from 0 on"),
    ],
)
def test_arrays_of_the_wrong_kind_are_refused(changed, said):
    with pytest.raises(InputError, match=said):
        rate_arrays(PUBLISHED, arrays(**changed))


def test_a_pandas_frame_keeps_its_index():
    frame = table_of(GOOD).to_pandas().set_index("n")
    pd.testing.assert_index_equal(rate(frame, PUBLISHED).index, frame.index)
