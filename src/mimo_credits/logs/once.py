"""Each request once, however many lines, files and tools tell of it.

One rule decides by what a line is. A request told whole counts as it first stands: the same usage again less than
two seconds apart is a repeat, since one tool rounds instants and another does not; the same id with other usage, or at
another time, is a contradiction. A request told while its answer came counts as its fullest line tells it (the
most output; where that is the same, the most input), at the earliest of its instants, so that neither the order of the
lines nor that of the files matters. Where both kinds tell of one id, the whole one counts, unless the other one knows
of other usage.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta

from mimo_credits.errors import Conflict
from mimo_credits.ledger import Record
from mimo_credits.logs.lines import Contradicting, Line, Logged, Malformed, Repeated, Skipped
from mimo_credits.usage import Usage

_APART = timedelta(seconds=2)
"""What tools make of one instant differs by less."""


def each_once(lines: Iterable[Line]) -> Iterator[Line | Repeated | Contradicting]:
    """Lets each request through once; those that may grow come last, when all lines are read.

    Memory grows with the number of requests.
    """
    whole: dict[str, Logged] = {}
    growing: dict[str, Logged] = {}
    for line in lines:
        match line:
            case Skipped() | Malformed():
                yield line
            case Logged(growing=True):
                first = growing.setdefault(line.record.id, line)
                if first is not line:
                    yield _grown(growing, first, line)
            case _:
                first = whole.setdefault(line.record.id, line)
                yield line if first is line else _again(first, line, same=_is_one(first.record, line.record))
    for line in growing.values():
        told = whole.get(line.record.id)
        yield line if told is None else _again(told, line, same=told.record.usage == line.record.usage)


def _again(first: Logged, line: Logged, *, same: bool) -> Repeated | Contradicting:
    if same:
        return Repeated(line.place, first.place)
    error = Conflict(line.record.id, f"stands at {first.place} with other content")
    return Contradicting(line.place, first.place, str(error))


def _is_one(one: Record, other: Record) -> bool:
    return one.usage == other.usage and abs(one.at - other.at) < _APART


def _grown(growing: dict[str, Logged], first: Logged, line: Logged) -> Repeated | Contradicting:
    """Keeps the fuller of two lines; another model is no growth but another request."""
    one, other = first.record, line.record
    if one.usage.model != other.usage.model:
        return _again(first, line, same=False)
    fuller: Record = max(one, other, key=lambda record: _fullness(record.usage))
    growing[one.id] = first._replace(record=replace(fuller, at=min(one.at, other.at)))
    return Repeated(line.place, first.place)


def _fullness(usage: Usage) -> tuple[int, ...]:
    return usage.output_tokens, usage.input_tokens, usage.cached_tokens, usage.audio_seconds, usage.web_searches
