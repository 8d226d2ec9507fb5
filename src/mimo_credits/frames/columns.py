"""Which columns of a frame hold a request, and that they are of the right kind.

Instants must be aware: a naive one would move with the session's time zone. Counts must be whole numbers, of any width,
signed or not; models text, plain, categorical or from an enum.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from mimo_credits.errors import InputError, nearest, wrong_type

if TYPE_CHECKING:
    from narwhals.stable.v2.dtypes import DType

ADDED = ("millicredits", "card", "band", "off_peak", "rated")
"""What `rate` adds to a frame's columns."""

REASON = "reason"
"""What it adds besides, where faulty rows are kept."""

PAID = ("drawn", "overage", "segment_start")
"""What settling adds besides."""

OWN, SETTLING = "__mimo_", "__settle_"
"""With these begin the columns that exist only while a frame is being rated, or settled."""

_OPTIONAL = ("account", "audio_seconds", "web_searches", "images", "id")


class Columns(NamedTuple):
    """The names of a frame's columns.

    Audio, searches and images count where the frame has them; under another name than their own they must be there.
    None says that a column of that name is something else. `account` and `id` name the rows in errors; only settling
    needs them.
    """

    account: str = "account"
    at: str = "at"
    model: str = "model"
    input_tokens: str = "input_tokens"
    cached_tokens: str = "cached_tokens"
    output_tokens: str = "output_tokens"
    audio_seconds: str | None = "audio_seconds"
    web_searches: str | None = "web_searches"
    images: str | None = "images"
    id: str | None = "id"

    @property
    def counts(self) -> tuple[str, ...]:
        """The columns of whole numbers."""
        return tuple(name for name in self.all_counts if name)

    @property
    def all_counts(self) -> tuple[str | None, ...]:
        """The same in one order, with None for a column that there is not."""
        return (self.input_tokens, self.cached_tokens, self.output_tokens, *self[6:9])

    @property
    def rated_by(self) -> tuple[str, ...]:
        """All columns on which a row's charge depends."""
        return (self.at, self.model, *self.counts)

    @property
    def shown(self) -> tuple[str, ...]:
        """The columns by which an error shows a row."""
        return tuple(dict.fromkeys(name for name in (self.account, self.id, *self.rated_by) if name))


def present(columns: Columns, schema: Mapping[str, DType]) -> Columns:
    """The same, with None for optional columns that the frame does not have, the account's too: settling asks for it.

    Raises `InputError` for a column that is missing, of the wrong kind, or in the way of one that `rate` adds.
    """
    import narwhals.stable.v2 as nw

    if not isinstance(columns, Columns):
        raise wrong_type("columns", "a Columns", columns)
    absent = [name for name in _OPTIONAL if getattr(columns, name) == name and name not in schema]
    nothing: dict[str, Any] = dict.fromkeys(absent)
    there = columns._replace(**nothing)
    for field, name in there._asdict().items():
        if name not in schema and (name is not None or field not in _OPTIONAL):
            raise missing(field, name, schema)
    check_free(schema, (*ADDED, REASON), OWN, "rating")
    _check_instants(there.at, schema[there.at])
    if not isinstance(schema[there.model], (nw.String, nw.Categorical, nw.Enum)):
        raise InputError("columns", f"{there.model!r} needs models as text, not {schema[there.model]}")
    for name in there.counts:
        kind = schema[name]
        if not kind.is_integer():
            hint = _OF_PANDAS if kind.is_float() else ""
            raise InputError("columns", f"{name!r} needs whole numbers (an integer type), not {kind}{hint}")
    return there


def check_free(schema: Iterable[str], names: Sequence[str], own: str, who: str) -> None:
    """Raises `InputError` for a column in the way of one that rating or settling adds, or whose name begins as its own.

    In any capitals: to DuckDB and Spark they are the same name.
    """
    for name in schema:
        plain = str(name).casefold()
        if plain in names or plain.startswith(own):
            raise InputError("columns", f"the frame has a column {name!r} already, which {who} would add: rename it")


def missing(field: str, name: str | None, schema: Iterable[str]) -> InputError:
    """The error for a column that the frame does not have; `field` is that of `Columns` which names it."""
    return InputError(
        "columns", f"the frame has no column {name!r} (Columns({field}=…) names another){alike(name, schema)}"
    )


def alike(name: str | None, schema: Iterable[str]) -> str:
    """What a message adds about the names that are there."""
    found = nearest(str(name), map(str, schema))
    return f"; nearest: {', '.join(found)}" if found else ""


_OF_PANDAS = ": pandas makes floats where one is missing; astype('Int64') or dtype_backend='pyarrow' keeps them whole"
_ZONES = "dt.replace_time_zone in Polars, dt.tz_localize in pandas, assume_timezone in PyArrow, AT TIME ZONE in DuckDB"


def _check_instants(name: str, dtype: DType) -> None:
    import narwhals.stable.v2 as nw

    if not isinstance(dtype, nw.Datetime):
        raise InputError("columns", f"{name!r} needs instants (timestamps with a time zone), not {dtype}")
    if dtype.time_zone is None:
        raise InputError("columns", f"{name!r} holds naive timestamps: say their time zone ({_ZONES})")
