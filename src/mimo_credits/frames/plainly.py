"""Whether every row of a frame is plainly in order: the least and greatest values of each model say so.

The answer is yes only where no row can have a `Fault`; where it is no, the rows have to be looked at one by one. A
model's rows may meet every card from their least to their greatest instant, by day and by night, and on each of these
every band from their least to their greatest input: all of them must have the rates that some row may need.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from mimo_credits.frames.columns import Columns
from mimo_credits.frames.extremes import Extremes
from mimo_credits.frames.relation import NO_RATE, RateRow, Relation, most_of


def all_in_order(models: Iterable[Extremes], relation: Relation, columns: Columns) -> bool:
    """Whether no row of these models can have a fault."""
    most = most_of(columns, relation)
    return all(_is_usage(model, most) and _is_rated(model, relation, columns) for model in models)


def _is_usage(model: Extremes, most: Mapping[str, int]) -> bool:
    """Whether no row has a fault that shows without a card."""
    return (
        not model.gaps
        and not model.cached_beyond_input
        and all(span.least >= 0 and span.greatest <= most[name] for name, span in model.counts.items())
    )


def _is_rated(model: Extremes, relation: Relation, columns: Columns) -> bool:
    """Whether every card that is in force for some row has what the row may need."""
    first, last = (bisect_right(relation.starts, at) for at in model.at)
    if first == 0 or model.at.greatest >= relation.end:
        return False
    bands = _bands(relation)
    return all(
        _has_rates(bands.get((number, off_peak, model.model), ()), model, columns)
        for number in range(first, last + 1)
        for off_peak in ((False, True) if relation.cards[number - 1].table.hours else (False,))
    )


def _has_rates(bands: Iterable[RateRow], model: Extremes, columns: Columns) -> bool:
    """Whether the bands that some input may fall into have the rates; an unlisted model has no bands."""
    inputs = model.counts[columns.input_tokens]
    met = [band for band in bands if band.input_from <= inputs.greatest and inputs.least <= band.input_to]
    return bool(met) and all(
        band.fault is None and all(most == 0 or rate != NO_RATE for most, rate in _meters(model, band, columns))
        for band in met
    )


def _meters(model: Extremes, band: RateRow, columns: Columns) -> Iterator[tuple[int, int]]:
    """How much of each meter a row has at most, and its rate. All input may be missed; no plan has images."""
    greatest = {name: span.greatest for name, span in model.counts.items()}
    yield greatest[columns.cached_tokens], band.hit
    yield greatest[columns.input_tokens], band.miss
    yield greatest[columns.output_tokens], band.output
    if columns.audio_seconds:
        yield greatest[columns.audio_seconds], band.audio_hour
    if columns.images:
        yield greatest[columns.images], NO_RATE


@lru_cache(maxsize=16)
def _bands(relation: Relation) -> Mapping[tuple[int, bool, str], Sequence[RateRow]]:
    """By card, off-peak and model."""
    bands: dict[tuple[int, bool, str], list[RateRow]] = {}
    for row in relation.rows:
        bands.setdefault((row.card, row.off_peak, row.model), []).append(row)
    return bands
