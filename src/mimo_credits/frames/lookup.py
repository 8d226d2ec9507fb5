"""The fast path for arrays: rates are looked up by number, a block of rows at a time that fits into the caches.

A block whose every row is plainly in order (its least and greatest counts say so) is looked up, multiplied and added
without a further look. Any other block is searched for its faults first, and faulty rows count as zeros, so that
nothing wraps.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mimo_credits.book import RateBook
from mimo_credits.errors import InputError
from mimo_credits.frames.checks import Fault
from mimo_credits.frames.clocks import DAY
from mimo_credits.frames.relation import AUDIO, INT64, NO_RATE, Relation, relation_of
from mimo_credits.table import SECONDS_PER_HOUR
from mimo_credits.usage import MAX_COUNT

__all__ = ["RatedArrays", "Requests", "Rules", "rate_arrays"]

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
    """What each request costs: `millicredits`, by which of the `rules` (`rule` is its place, the last for none).

    `fault` is 0 for a rated row, else the place of its fault in `Fault`, counted from 1; its millicredits are 0.
    """

    millicredits: Ints
    rule: NDArray[np.int16]
    fault: NDArray[np.uint8]
    rules: Rules

    @property
    def card(self) -> NDArray[np.int16]:
        """The place of each request's card in `rules.cards`; -1 for none."""
        return self.rules.card[self.rule]

    @property
    def band(self) -> Ints:
        """Each request's band, counted from 0; -1 for none."""
        return self.rules.band[self.rule]

    @property
    def off_peak(self) -> Bools:
        """Whether each request had off-peak rates."""
        return self.rules.off_peak[self.rule]


class Rules(NamedTuple):
    """What the rows of a book's relation say, as arrays; `cards` are the ids of the cards that `card` numbers."""

    cards: tuple[str, ...]
    card: NDArray[np.int16]
    band: Ints
    off_peak: Bools
    fault: NDArray[np.uint8]


def rate_arrays(book: RateBook, requests: Requests) -> RatedArrays:
    """What each request costs, by NumPy arrays; faults are told, not raised.

    Raises `InputError` for arrays of the wrong kind or of different lengths.
    """
    _check(requests)
    lookup = lookup_of(book)
    rated = lookup.empty(len(requests.at))
    lookup.fill(rated, 0, requests)
    return rated


class Lookup:
    """A book's rates as arrays: by model and cell, which row of the relation holds (its rule), and that row's rates.

    The rules are sorted, those with rates first, so that one comparison tells whether all rows of a block have one; the
    last says that nobody knows the model.
    """

    def __init__(self, relation: Relation) -> None:
        self.relation = relation
        self.names = relation.names
        self.cells = relation.cell_count
        self.starts = np.array(relation.starts, np.int64)
        self.changes = np.array([at for at, _ in relation.shifts], np.int64)
        self.ahead = np.cumsum([0, *(more for _, more in relation.shifts)], dtype=np.int64)
        self.edges = np.array(relation.edges, np.int64)
        self.limits = np.array(relation.limits, np.int64)
        rows = sorted(relation.rows, key=lambda row: row.fault is not None)
        self.priced = sum(row.fault is None for row in rows)
        place_of = {row: place for place, row in enumerate(rows)}
        code_of = {name: code for code, name in enumerate(self.names)}
        self.rule = np.full(self.cells * (len(self.names) + 1), len(rows), np.int16)
        for cell, row in relation.cells():
            self.rule[code_of[row.model] * self.cells + cell] = place_of[row]
        rates = [(row.hit, row.miss, row.output, row.audio_hour) for row in rows] + [(0, 0, 0, 0)]
        self.hit, self.miss, self.output, audio_hour = (
            np.array(column, np.int64)[self.rule] for column in zip(*rates, strict=True)
        )
        self.audio_second, self.audio_rest = np.divmod(audio_hour, SECONDS_PER_HOUR)
        rounding = [*map(relation.rounding, rows), AUDIO["down"]]
        self.grows_at, self.to_even = (np.array(column)[self.rule] for column in zip(*rounding, strict=True))
        faults = [_FAULTS[row.fault] if row.fault else 0 for row in rows]
        self.rules = Rules(
            cards=tuple(card.id for card in relation.cards),
            card=np.array([*(-1 if row.fault else row.card - 1 for row in rows), -1], np.int16),
            band=np.array([*(row.band for row in rows), -1], np.int64),
            off_peak=np.array([*(row.off_peak and not row.fault for row in rows), False]),
            fault=np.array([*faults, _FAULTS[Fault.UNKNOWN_MODEL]], np.uint8),
        )

    def empty(self, length: int) -> RatedArrays:
        """Room for so many rows."""
        return RatedArrays(
            np.empty(length, np.int64), np.empty(length, np.int16), np.zeros(length, np.uint8), self.rules
        )

    def places(self, names: Sequence[str]) -> Ints:
        """Where the rates of models begin, by name, and at the end (where -1 leads) those of unknown ones."""
        known = {name: code for code, name in enumerate(self.names)}
        unknown = len(self.names)
        return np.array([*(known.get(name, unknown) for name in names), unknown], np.int64) * self.cells

    def fill(self, rated: RatedArrays, start: int, requests: Requests) -> None:
        """Rates the requests into the rows from `start` on."""
        places = self.places(requests.names)
        for low in range(0, len(requests.at), BLOCK):
            part = slice(low, low + BLOCK)
            block = _part(requests, part)
            rows = slice(start + low, start + low + len(block.at))
            self._fill(rated.millicredits[rows], rated.rule[rows], rated.fault[rows], block, places)

    def _fill(
        self, total: Ints, rule: NDArray[np.int16], fault: NDArray[np.uint8], block: Requests, places: Ints
    ) -> None:
        micros, far = _micros(block.at, self.relation.end)
        tokens = [_int64(counts) for counts in (block.input_tokens, block.cached_tokens, block.output_tokens)]
        seconds = None if block.audio_seconds is None else _int64(block.audio_seconds)
        sound = self._is_sound(block, micros, far, tokens)
        if not sound:
            fault[:] = self._faults(block, micros, far, tokens)
            good = fault == 0
            micros = np.where(good, micros, self.starts[0] if len(self.starts) else 0)
            tokens = [np.where(good, counts, 0) for counts in tokens]
            seconds = None if seconds is None else np.where(good, seconds, 0)
        inputs, cached, output = tokens
        place = places.take(block.model, mode="wrap")
        self._add_cell(place, micros, inputs)
        self.rule.take(place, out=rule, mode="clip")
        rates = self.miss.take(place, mode="clip")
        np.subtract(inputs, cached, out=total)
        total *= rates
        for rate, counts in ((self.hit, cached), (self.output, output)):
            rate.take(place, out=rates, mode="clip")
            rates *= counts
            total += rates
        if seconds is not None:
            total += self._audio(place, seconds)
        late = self._late_faults(block, tokens, place, rule)
        if late is not None:
            np.copyto(fault, late, where=fault == 0)
        if late is not None or not sound:
            bad = fault > 0
            total[bad] = 0
            rule[bad] = len(self.rules.card) - 1

    def _add_cell(self, place: Ints, micros: Ints, inputs: Ints) -> None:
        """Adds each row's cell; what is the same for the whole block, as where rows are in order of time, at once."""
        per_edge = len(self.limits) + 1
        span = np.array((micros.min(), micros.max()))
        _add_count(place, self.starts, micros, span, per_edge * (len(self.edges) + 1))
        if len(self.edges):
            local = span + self.ahead[np.searchsorted(self.changes, span, "right")]
            days, times = np.divmod(local, DAY)
            steady = np.searchsorted(self.changes, span[0], "right") == np.searchsorted(self.changes, span[1], "right")
            if not (steady and days[0] == days[1]):
                times = np.array((0, DAY - 1))
            if np.searchsorted(self.edges, times[0], "right") == np.searchsorted(self.edges, times[1], "right"):
                place += np.searchsorted(self.edges, times[0], "right") * per_edge
            else:
                clock = micros + self.ahead[_counted(self.changes, micros, span)]
                clock -= clock // DAY * DAY
                _add_count(place, self.edges, clock, times, per_edge)
        if len(self.limits):
            _add_count(place, self.limits + 1, inputs, np.array((inputs.min(), inputs.max())), 1)

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
            (block.audio_seconds, self.relation.most.audio),
            (block.web_searches, MAX_COUNT),
            (block.images, MAX_COUNT),
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
        self, block: Requests, tokens: Sequence[Ints], place: Ints, rule: NDArray[np.int16]
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
        if rule.max() < self.priced and (unrated is None or not unrated.any()):
            return None
        found = self.rules.fault[rule]
        if unrated is not None:
            found[unrated & (found == 0)] = _FAULTS[Fault.NO_RATE]
        return found


@lru_cache(maxsize=16)
def lookup_of(book: RateBook) -> Lookup:
    """The book's rates as arrays."""
    return Lookup(relation_of(book))


def _part(requests: Requests, part: slice) -> Requests:
    columns: dict[str, Any] = requests._asdict()
    return Requests(
        **{name: column if column is None or name == "names" else column[part] for name, column in columns.items()}
    )


def _add_count(place: Ints, starts: Ints, values: Ints, span: Ints, times: int) -> None:
    """Adds, `times` over, how many of the starts lie at or below each value; `span` are the least and greatest."""
    low, high = np.searchsorted(starts, span, "right")
    place += low * times
    for start in starts[low:high]:
        place += (values >= start) * np.int64(times)


def _counted(starts: Ints, values: Ints, span: Ints) -> Ints | np.int64:
    """How many of the starts lie at or below each value; one number where it is the same for all of them."""
    low, high = np.searchsorted(starts, span, "right")
    return low if low == high else np.searchsorted(starts, values, "right")


def _micros(at: NDArray[np.datetime64], end: int) -> tuple[Ints, Bools | None]:
    """Whole microseconds since 1970, and which instants are too far away to be counted in them (None for none)."""
    unit, step = np.datetime_data(at.dtype)
    counted = at.astype(at.dtype.newbyteorder("="), copy=False).view(np.int64)
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
        return counts.view(np.int64)
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
