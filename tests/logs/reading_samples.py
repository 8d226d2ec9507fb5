"""The samples, and what is read from logs, in the words that tests compare."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from mimo_credits import Record, Usage
from mimo_credits.logs import Line, Logged, Malformed, Skipped, each_once, read_log

SAMPLES = Path(__file__).parent / "samples"


def records(lines: Iterable[object]) -> list[Record]:
    return [line.record for line in lines if isinstance(line, Logged)]


def skipped(lines: Iterable[object]) -> list[str]:
    return [line.why for line in lines if isinstance(line, Skipped)]


def malformed(lines: Iterable[object]) -> list[tuple[int, str]]:
    return [(line.place.line, line.why) for line in lines if isinstance(line, Malformed)]


def lines_of(*files: object) -> Iterator[Line]:
    return (line for file in files for line in read_log(str(file)))


def requests_of(*files: object) -> set[Record]:
    """What counts of some logs."""
    return set(records(each_once(lines_of(*files))))


def record(id: str, at: str, model: str, input_tokens: int, cached: int, output: int) -> Record:
    usage = Usage(model, input_tokens=input_tokens, cached_tokens=cached, output_tokens=output)
    return Record(id, datetime.fromisoformat(at).replace(tzinfo=UTC), usage)
