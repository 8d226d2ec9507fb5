"""The fast path for arrays: rates are looked up by number, a block of rows at a time that fits into the caches.

A block whose every row is plainly in order (its least and greatest counts say so) is looked up, multiplied and added
without a further look. Any other block is searched for its faults first, and faulty rows count as zeros, so that
nothing wraps.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mimo_credits.book import RateBook
from mimo_credits.errors import InputError
from mimo_credits.frames.checks import Fault
from mimo_credits.frames.clocks import DAY
from mimo_credits.frames.relation import AUDIO, INT64, NO_RATE, Relation, relation_of
from mimo_credits.table import SECONDS_PER_HOUR
from mimo_credits.usage import MAX_COUNT

BLOCK = 16_384
"""Rows of a block: some ten columns of them fit into a core's own cache."""

NO_INSTANT = np.iinfo(np.int64).min
"""What NumPy takes for no instant."""

_UNITS = {"s": 1_000_000, "ms": 1_000, "us": 1, "ns": -1_000}
_FAULTS = {fault: number for number, fault in enumerate(Fault, 1)}

Ints: TypeAlias = NDArray[np.int64]
Bools: TypeAlias = NDArray[np.bool_]


class Requests(NamedTuple):
    """Columns of requests of one length. `at` is a `datetime64` in UTC; `model` numbers the `names`, -1 for none.

    Counts are integers of any width. `missing` marks rows of which something is not there.
    """

    at: NDArray[np.datetime64]
    model: NDArray[np.integer]
    names: Sequence[str]
    input_tokens: NDArray[np.integer]
    cached_tokens: NDArray[np.integer]
    output_tokens: NDArray[np.integer]
    audio_seconds: NDArray[np.integer] | None = None
    web_searches: NDArray[np.integer] | None = None
    images: NDArray[np.integer] | None = None
    missing: Bools | None = None


class RatedArrays(NamedTuple):
    """What each request costs. `card` numbers the `cards` (ids), -1 for none; `band` is -1 for none.

    `fault` is 0 for a rated row, else the place of its fault in `Fault`, counted from 1.
    """

    millicredits: Ints
    card: NDArray[np.int16]
    band: NDArray[np.int16]
    off_peak: Bools
    fault: NDArray[np.uint8]
    cards: tuple[str, ...]


def rate_arrays(book: RateBook, requests: Requests) -> RatedArrays:
    """What each request costs, by NumPy arrays; faults are told, not raised.

    Raises `InputError` for arrays of the wrong kind or of different lengths.
    """
    _check(requests)
    rated = empty(book, len(requests.at))
    lookup_of(book).fill(rated, 0, requests)
    return rated


def empty(book: RateBook, length: int) -> RatedArrays:
    """Room for so many rows."""
    return RatedArrays(
        np.empty(length, np.int64),
        np.empty(length, np.int16),
        np.empty(length, np.int16),
        np.empty(length, np.bool_),
        np.empty(length, np.uint8),
        tuple(card.id for card in book),
    )


class Lookup:
    """A book's rates as arrays: by cell and model's number, which row of the relation holds, and its rates.

    The rows are sorted, those with rates first, so that one comparison tells whether all rows of a block have one.
    """

    def __init__(self, relation: Relation) -> None:
        self.relation = relation
        self.names = relation.names
        self.starts = np.array(relation.starts, np.int64)
        self.changes = np.array([at for at, _ in relation.shifts], np.int64)
        self.ahead = np.cumsum([0, *(more for _, more in relation.shifts)], dtype=np.int64)
        rows = sorted(relation.rows, key=lambda row: row.fault is not None)
        self.priced = sum(row.fault is None for row in rows)
        number_of = {row: number for number, row in enumerate(rows)}
        code_of = {name: code for code, name in enumerate(self.names)}
        self.width = len(self.names) + 1
        self.row = np.full(relation.cell_count * self.width, len(rows), np.int32)
        for cell, row in relation.cells():
            self.row[cell * self.width + code_of[row.model]] = number_of[row]
        nothing = (0, 0, 0, 0)
        rates = [(row.hit, row.miss, row.output, row.audio_hour) for row in rows] + [nothing]
        self.hit, self.miss, self.output, audio_hour = (
            np.array(column, np.int64)[self.row] for column in zip(*rates, strict=True)
        )
        self.audio_second, self.audio_rest = np.divmod(audio_hour, SECONDS_PER_HOUR)
        rounding = [*map(relation.rounding, rows), AUDIO["down"]]
        self.grows_at, self.to_even = (np.array(column)[self.row] for column in zip(*rounding, strict=True))
        self.card = np.array([row.card - 1 for row in rows] + [-1], np.int16)
        self.band = np.array([row.band for row in rows] + [-1], np.int16)
        self.off_peak = np.array([row.off_peak for row in rows] + [False])
        self.fault = np.array(
            [_FAULTS[row.fault] if row.fault else 0 for row in rows] + [_FAULTS[Fault.UNKNOWN_MODEL]], np.uint8
        )

    def codes(self, names: Sequence[str]) -> NDArray[np.int64]:
        """The numbers of models by name, and at the end (where -1 leads) that of unknown ones."""
        known = {name: code for code, name in enumerate(self.names)}
        unknown = len(self.names)
        return np.array([*(known.get(name, unknown) for name in names), unknown], np.int64)

    def fill(self, rated: RatedArrays, start: int, requests: Requests) -> None:
        """Rates the requests into the rows from `start` on."""
        codes = self.codes(requests.names)
        for low in range(0, len(requests.at), BLOCK):
            part = slice(low, low + BLOCK)
            block = Requests(
                *(value if value is None or value is requests.names else value[part] for value in requests)
            )
            stop = start + low + len(block.at)
            self._fill(RatedArrays(*(column[start + low : stop] for column in rated[:5]), rated.cards), block, codes)

    def _fill(self, out: RatedArrays, block: Requests, codes: Ints) -> None:
        relation = self.relation
        micros, far = _micros(block.at, relation.end)
        tokens = [_int64(counts) for counts in (block.input_tokens, block.cached_tokens, block.output_tokens)]
        faults = None if self._is_sound(block, micros, far, tokens) else self._faults(block, micros, far, tokens)
        if faults is not None:
            good = faults == 0
            micros = np.where(good, micros, relation.starts[0] if relation.starts else 0)
            tokens = [np.where(good, counts, 0) for counts in tokens]
        inputs, cached, output = tokens
        place = self._cell(micros, inputs) * self.width + codes[block.model]
        row = self.row[place]
        total = self.miss[place] * (inputs - cached)
        total += self.hit[place] * cached
        total += self.output[place] * output
        if block.audio_seconds is not None:
            seconds = _int64(block.audio_seconds)
            total += self._audio(place, seconds if faults is None else np.where(faults == 0, seconds, 0))
        out.millicredits[:] = total
        self.card.take(row, out=out.card, mode="clip")
        self.band.take(row, out=out.band, mode="clip")
        self.off_peak.take(row, out=out.off_peak, mode="clip")
        out.fault[:] = 0
        late = self._late_faults(block, tokens, place, row)
        if faults is not None or late is not None:
            out.fault[:] = late if late is not None else 0
            if faults is not None:
                out.fault[faults > 0] = faults[faults > 0]
            bad = out.fault > 0
            for column, value in ((out.millicredits, 0), (out.card, -1), (out.band, -1), (out.off_peak, False)):
                column[bad] = value

    def _cell(self, micros: Ints, inputs: Ints) -> Ints:
        relation = self.relation
        low, high = micros.min(), micros.max()
        cell: Ints = np.empty(len(micros), np.int64)
        cell[:] = _counted(self.starts, micros, low, high)
        cell *= len(relation.edges) + 1
        if relation.edges:
            clock = micros + self.ahead[_counted(self.changes, micros, low, high)]
            clock -= clock // DAY * DAY
            for edge in relation.edges:
                cell += clock >= edge
        cell *= len(relation.limits) + 1
        for limit in relation.limits:
            cell += inputs > limit
        return cell

    def _audio(self, place: Ints, seconds: Ints) -> Ints:
        """`round_ratio(rate x seconds, 3600)`, by the rounding of the row's card."""
        size, left = np.divmod(self.audio_rest[place] * seconds, SECONDS_PER_HOUR)
        size += self.audio_second[place] * seconds
        grows: Ints = size + (left + self.to_even[place] * (size % 2) >= self.grows_at[place])
        return grows

    def _is_sound(self, block: Requests, micros: Ints, far: Bools | None, tokens: Sequence[Ints]) -> bool:
        """Whether no row of the block has a fault that shows without its rates."""
        most, (inputs, cached, output) = self.relation.most, tokens
        first = self.starts[0] if len(self.starts) else INT64
        return bool(
            block.missing is None
            and far is None
            and micros.min() >= first
            and micros.max() < self.relation.end
            and cached.min() >= 0
            and output.min() >= 0
            and output.max() <= most.output
            and inputs.max() <= most.input
            and (cached <= inputs).all()
            and all(_within(counts, limit) for counts, limit in self._others(block))
        )

    def _others(self, block: Requests) -> list[tuple[NDArray[np.integer], int]]:
        others = (
            (block.audio_seconds, self.relation.most.audio), (block.web_searches, MAX_COUNT), (block.images, MAX_COUNT)
        )
        return [(counts, most) for counts, most in others if counts is not None]

    def _faults(self, block: Requests, micros: Ints, far: Bools | None, tokens: Sequence[Ints]) -> NDArray[np.uint8]:
        """Each row's first fault of those that show without its rates."""
        most, (inputs, cached, output) = self.relation.most, tokens
        first = self.starts[0] if len(self.starts) else INT64
        counts = [(inputs, most.input), (cached, most.input), (output, most.output)]
        counts += [(_int64(column), limit) for column, limit in self._others(block)]
        found = np.zeros(len(micros), np.uint8)
        outside = (micros < 0) | (micros >= self.relation.end)
        missing = np.isnat(block.at) if block.missing is None else block.missing | np.isnat(block.at)
        for fault, rows in (  # the first fault is written last
            (Fault.NO_CARD_IN_EFFECT, micros < first),
            (Fault.OUTSIDE_CALENDAR, outside if far is None else outside | far),
            (Fault.CACHED_BEYOND_INPUT, cached > inputs),
            (Fault.TOO_LARGE, np.logical_or.reduce([column > limit for column, limit in counts])),
            (Fault.NEGATIVE, np.logical_or.reduce([column < 0 for column, _ in counts])),
            (Fault.MISSING, missing),
        ):
            found[rows] = _FAULTS[fault]
        return found

    def _late_faults(
        self, block: Requests, tokens: Sequence[Ints], place: Ints, row: NDArray[np.int32]
    ) -> NDArray[np.uint8] | None:
        """The faults that the relation knows, and rates that a row needs and its card does not have; None for none."""
        used = [] if block.images is None else [block.images > 0]
        if self.relation.lacks_rates:
            inputs, cached, output = tokens
            used += [
                (cached > 0) & (self.hit[place] == NO_RATE),
                (inputs > cached) & (self.miss[place] == NO_RATE),
                (output > 0) & (self.output[place] == NO_RATE),
            ]
        if block.audio_seconds is not None:
            used.append((block.audio_seconds > 0) & (self.audio_second[place] < 0))
        unrated = np.logical_or.reduce(used) if used else None
        if row.max() < self.priced and (unrated is None or not unrated.any()):
            return None
        found = self.fault[row]
        if unrated is not None:
            found[unrated & (found == 0)] = _FAULTS[Fault.NO_RATE]
        return found


@lru_cache(maxsize=16)
def lookup_of(book: RateBook) -> Lookup:
    """The book's rates as arrays."""
    return Lookup(relation_of(book))


def _counted(starts: Ints, micros: Ints, low: np.int64, high: np.int64) -> Ints | np.int64:
    """How many of the starts lie at or below each instant; one number where it is the same for all of them."""
    least, most = np.searchsorted(starts, (low, high), "right")
    return least if least == most else np.searchsorted(starts, micros, "right")


def _micros(at: NDArray[np.datetime64], end: int) -> tuple[Ints, Bools | None]:
    """Whole microseconds since 1970, and which instants are too far away to be counted in them (None for none)."""
    unit, step = np.datetime_data(at.dtype)
    counted = at.view(np.int64)
    if unit not in _UNITS or step != 1:
        raise InputError("at", f"needs a datetime64 in s, ms, us or ns, not {at.dtype}")
    scale = _UNITS[unit]
    if scale < 0:
        return counted // -scale, None
    if scale == 1:
        return counted, None
    last = end // scale
    if counted.min() >= 0 and counted.max() <= last:
        return counted * scale, None
    far = (counted < 0) | (counted > last)
    return np.where(far, 0, counted) * scale, far


def _int64(counts: NDArray[np.integer]) -> Ints:
    """Counts as int64; one beyond it becomes the largest, which is too large in any case."""
    if counts.dtype == np.int64:
        return counts.astype(np.int64, copy=False)
    return (np.minimum(counts, INT64) if counts.dtype == np.uint64 else counts).astype(np.int64)


def _within(counts: NDArray[np.integer], most: int) -> bool:
    return bool(counts.min() >= 0 and counts.max() <= most)


def _check(requests: Requests) -> None:
    for name, column in requests._asdict().items():
        if name == "names" or column is None:
            continue
        if not isinstance(column, np.ndarray) or column.ndim != 1 or len(column) != len(requests.at):
            raise InputError(name, f"needs an array of one dimension, as long as at ({len(requests.at):,})")
        kinds = {"at": "M", "missing": "b"}.get(name, "iu")
        if column.dtype.kind not in kinds:
            raise InputError(name, f"needs {'datetime64 in UTC' if name == 'at' else 'integers'}, not {column.dtype}")
    codes = requests.model
    if len(codes) and not (codes.min() >= -1 and codes.max() < len(requests.names)):
        raise InputError("model", f"numbers the {len(requests.names):,} names from 0 on, or -1 for none")
