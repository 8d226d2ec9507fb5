"""Rating takes frames as users have them: instants beyond Python's, wide integers, dictionaries of any width."""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw
import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from mimo_credits import RowsRefused, load_book
from mimo_credits.frames import rate, total
from mimo_credits.frames.lookup import Requests, rate_arrays
from tests.frames.engines import ENGINES, rows_of_frame

BOOK = load_book()
JUNE = 1_780_372_800_000_000
every_engine = pytest.mark.parametrize("engine", ENGINES)


def requests(at: int = JUNE, model: Any = None, **columns: Any) -> pa.Table:
    given = {"input_tokens": [1_000], "cached_tokens": [0], "output_tokens": [0], **columns}
    models = pa.array(["mimo-v2.5"]) if model is None else model
    instants = pa.array([at] * len(models), pa.timestamp("us", "UTC"))
    return pa.table({"at": instants, "model": models, **given})


@every_engine
@pytest.mark.parametrize("at", [2**58, -(2**58), 2**62])
def test_an_instant_that_python_does_not_have_is_refused_as_any_other(engine: str, at: int) -> None:
    frame = ENGINES[engine](requests(at))
    with pytest.raises(RowsRefused, match=rf"outside-calendar: 1, such as[^$]*at '{at // 1000} ms since 1970'"):
        rate(frame, BOOK)
    kept = nw.from_native(rate(frame, BOOK, errors="column")).select(nw.col("reason").cast(nw.String))
    assert [row["reason"] for row in rows_of_frame(kept.to_native())] == ["outside-calendar"]


@pytest.mark.parametrize("kind", [pl.Int128, pl.UInt128, pl.UInt64, pl.UInt8])
def test_counts_may_have_any_width(kind: Any) -> None:
    frame = pl.DataFrame(requests(input_tokens=[100])).with_columns(pl.col("input_tokens").cast(kind))
    assert total(rate(frame, BOOK)) == total(rate(frame.lazy(), BOOK)) > 0


def test_a_count_beyond_64_bits_is_too_large() -> None:
    frame = pl.DataFrame(requests()).with_columns(pl.lit(2**80, pl.Int128).alias("input_tokens"))
    for each in (frame, frame.lazy()):
        assert rate(each, BOOK, errors="column").lazy().collect()["reason"].to_list() == ["too-large"]


def test_a_gap_inside_a_dictionary_is_missing() -> None:
    """Its index is there, and says null."""
    models = pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.int8()), pa.array(["mimo-v2.5", None]))
    two = {name: [1, 1] for name in ("input_tokens", "cached_tokens", "output_tokens")}
    rated = rate(requests(model=models, **two), BOOK, errors="column")
    assert rated["reason"].to_pylist() == [None, "missing"]


@pytest.mark.parametrize(("kind", "width"), [(pa.int8(), 128), (pa.uint8(), 256)])
def test_a_dictionary_may_be_full(kind: pa.DataType, width: int) -> None:
    names = pa.array([*(f"model {number}" for number in range(width - 1)), "mimo-v2.5"])
    models = pa.DictionaryArray.from_arrays(pa.array([width - 1, None], kind), names)
    two = {name: [1, 1] for name in ("input_tokens", "cached_tokens", "output_tokens")}
    rated = rate(requests(model=models, **two), BOOK, errors="column")
    assert rated["reason"].to_pylist() == [None, "missing"]


def test_arrays_may_have_any_order_of_bytes() -> None:
    at = np.array([JUNE], "datetime64[us]")
    one, none = np.array([1_000]), np.array([0])
    expected = rate_arrays(BOOK, Requests(at, none, ["mimo-v2.5"], one, none, none)).millicredits
    swapped = Requests(at.astype(">M8[us]"), none.astype(">i8"), ["mimo-v2.5"], one.astype(">i4"), none, none)
    assert rate_arrays(BOOK, swapped).millicredits.tolist() == expected.tolist() != [0]
