"""Frames in memory: their columns as arrays for the look-up, and what comes back as columns again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from mimo_credits.book import RateBook
from mimo_credits.errors import FaultyRow, FaultyRows, RowsRefused
from mimo_credits.frames.checks import EXAMPLES, Fault, readable
from mimo_credits.frames.columns import REASON, Columns
from mimo_credits.frames.lookup import RatedArrays, Requests, lookup_of
from mimo_credits.frames.relation import INT64

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

_NAMES = [fault.value for fault in Fault]


def rate_eager(frame: nw.DataFrame[Any], book: RateBook, columns: Columns, errors: str) -> Any:
    """A frame of Polars, pandas or PyArrow, rated."""
    native = frame.to_native()
    requests_of, with_rated = _KINDS[frame.implementation]
    lookup = lookup_of(book)
    rated = lookup.empty(len(frame))
    start = 0
    for requests in requests_of(native, columns, lookup.names):
        lookup.fill(rated, start, requests)
        start += len(requests.at)
    if errors == "raise" and rated.fault.any():
        raise RowsRefused(list(_refused(frame, rated, columns)))
    return with_rated(native, rated, errors)


def _refused(frame: nw.DataFrame[Any], rated: RatedArrays, columns: Columns) -> Iterator[FaultyRows]:
    for number, fault in enumerate(Fault, 1):
        places = np.flatnonzero(rated.fault == number)
        if len(places):
            few = [int(place) for place in places[:EXAMPLES]]
            rows = readable(frame.select(*columns.shown)[few], columns)
            yield FaultyRows(fault.value, len(places), tuple(map(FaultyRow, few, rows)))


# --- PyArrow --------------------------------------------------------------------------------------------------------


def _of_arrow(table: pa.Table, columns: Columns, names: Sequence[str]) -> Iterator[Requests]:
    """The requests of each batch, without a copy of their columns where these have no gaps."""
    import pyarrow as pa

    known = pa.array(names, pa.string())
    asked = table.select(list(dict.fromkeys(columns.rated_by)))
    place = asked.schema.get_field_index(columns.model)
    asked = asked.set_column(place, columns.model, _without_hidden_gaps(asked[columns.model]))
    for batch in asked.to_batches():
        missing = np.zeros(len(batch), np.bool_) if any(column.null_count for column in batch.columns) else None
        if missing is not None:
            for column in batch.columns:
                missing |= column.is_null().to_numpy(zero_copy_only=False)
        counts = [_numbers(batch.column(name)) if name else None for name in columns.all_counts]
        at = batch.column(columns.at)
        instants = _numbers(at.cast(pa.int64())).view(f"datetime64[{at.type.unit}]")
        yield Requests._make((instants, _codes(batch.column(columns.model), known), names, *counts, missing))


def _without_hidden_gaps(models: pa.ChunkedArray) -> pa.ChunkedArray:
    """The models, spelled out where a dictionary says null: to Arrow such a row has no gap."""
    import pyarrow as pa

    if pa.types.is_dictionary(models.type) and any(chunk.dictionary.null_count for chunk in models.chunks):
        return models.cast(models.type.value_type)
    return models


def _numbers(column: pa.Array) -> Any:
    return (column.fill_null(0) if column.null_count else column).to_numpy(zero_copy_only=False)


def _codes(models: pa.Array, known: pa.Array) -> Any:
    """The place of each model's name among the known ones, -1 for others."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_dictionary(models.type):
        places = np.append(_codes(models.dictionary, known), -1)
        return places[models.indices.cast(pa.int64()).fill_null(len(places) - 1).to_numpy(zero_copy_only=False)]
    same = models if models.type == known.type else models.cast(known.type)
    return pc.index_in(same, value_set=known).fill_null(-1).to_numpy(zero_copy_only=False)


def _to_arrow(table: pa.Table, rated: RatedArrays, errors: str) -> pa.Table:
    import pyarrow as pa

    def named(codes: NDArray[np.int16], names: list[str]) -> pa.Array:
        none = codes < 0
        return pa.DictionaryArray.from_arrays(pa.array(codes, mask=none if none.any() else None), names)

    added = {
        "millicredits": pa.array(rated.millicredits),
        "card": named(rated.card, list(rated.rules.cards)),
        "band": pa.array(rated.band),
        "off_peak": pa.array(rated.off_peak),
        "rated": pa.array(rated.fault == 0),
    }
    if errors == "column":
        added[REASON] = named(rated.fault.astype(np.int16) - 1, _NAMES)
    for name, column in added.items():
        table = table.append_column(name, column)
    return table


# --- pandas ---------------------------------------------------------------------------------------------------------


def _of_pandas(frame: pd.DataFrame, columns: Columns, _names: Sequence[str]) -> Iterator[Requests]:
    import pandas as pd

    gaps = [frame[name].isna().to_numpy() for name in columns.rated_by if frame[name].hasnans]
    missing = np.logical_or.reduce(gaps) if gaps else None
    counts = [_plain(frame[name]) if name else None for name in columns.all_counts]
    at = frame[columns.at].dt.tz_convert("UTC").dt.tz_localize(None)
    codes, names = pd.factorize(frame[columns.model])
    instants = at.to_numpy(f"datetime64[{at.dt.unit}]")
    yield Requests._make((instants, codes, [str(name) for name in names], *counts, missing))


def _plain(column: pd.Series[Any]) -> Any:
    """A column of whole numbers, NumPy's own or not, as a NumPy array; 0 for gaps."""
    filled = column.fillna(0) if column.hasnans else column
    kind = str(filled.dtype).removesuffix("[pyarrow]").lower()
    return filled.to_numpy(kind)


def _to_pandas(frame: pd.DataFrame, rated: RatedArrays, errors: str) -> pd.DataFrame:
    import pandas as pd

    added = {
        "millicredits": rated.millicredits,
        "card": pd.Categorical.from_codes(rated.card, list(rated.rules.cards)),
        "band": rated.band,
        "off_peak": rated.off_peak,
        "rated": rated.fault == 0,
    }
    if errors == "column":
        added[REASON] = pd.Categorical.from_codes(rated.fault.astype(np.int16) - 1, _NAMES)
    return frame.assign(**added)


# --- Polars ---------------------------------------------------------------------------------------------------------


def _of_polars(frame: pl.DataFrame, columns: Columns, names: Sequence[str]) -> Iterator[Requests]:
    import polars as pl

    gaps = [frame[name].is_null().to_numpy() for name in columns.rated_by if frame[name].null_count()]
    missing = np.logical_or.reduce(gaps) if gaps else None
    counts = [_counts_of_polars(frame[name]) if name else None for name in columns.all_counts]
    at = frame[columns.at]
    unit = at.dtype.time_unit if isinstance(at.dtype, pl.Datetime) else "us"
    instants = at.to_physical().fill_null(0).to_numpy().view(f"datetime64[{unit}]")
    models = frame[columns.model].cast(pl.String).cast(pl.Enum(names), strict=False)
    codes = models.to_physical().cast(pl.Int32).fill_null(-1).to_numpy()
    yield Requests._make((instants, codes, names, *counts, missing))


def _counts_of_polars(column: pl.Series) -> Any:
    """A column of whole numbers, 0 for gaps. NumPy has none of 128 bits: what leaves 64 is negative, or too large."""
    import polars as pl

    filled = column.fill_null(0)
    if filled.dtype in (pl.Int128, pl.UInt128):
        filled = filled.clip(-1 if filled.dtype == pl.Int128 else 0, INT64).cast(pl.Int64)
    return filled.to_numpy()


def _to_polars(frame: pl.DataFrame, rated: RatedArrays, errors: str) -> pl.DataFrame:
    import polars as pl

    def named(codes: NDArray[np.int16], names: Sequence[str]) -> pl.Series:
        places = np.where(codes < 0, len(names), codes)
        return pl.Series([*names, None], dtype=pl.String).gather(places)

    added = {
        "millicredits": pl.Series(rated.millicredits),
        "card": named(rated.card, rated.rules.cards),
        "band": pl.Series(rated.band),
        "off_peak": pl.Series(rated.off_peak),
        "rated": pl.Series(rated.fault == 0),
    }
    if errors == "column":
        added[REASON] = named(rated.fault.astype(np.int16) - 1, _NAMES)
    return frame.with_columns(**added)


_KINDS: dict[nw.Implementation, tuple[Callable[..., Iterator[Requests]], Callable[..., Any]]] = {
    nw.Implementation.PYARROW: (_of_arrow, _to_arrow),
    nw.Implementation.PANDAS: (_of_pandas, _to_pandas),
    nw.Implementation.POLARS: (_of_polars, _to_polars),
}
