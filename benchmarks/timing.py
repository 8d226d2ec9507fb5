"""Interleaved timing: each round measures every contender once, so that a machine which slows down slows them all.

A ratio is taken within each round and then summed up; it is never the ratio of two medians. Each round has an order of
its own, drawn from a fixed seed, so that nobody always follows the same neighbour (who may have left the processor
idle, or its caches full). The garbage collector stays on, with its thresholds as they are: `timeit` would turn it off,
so each timer turns it on again.
"""

from __future__ import annotations

import gc
import statistics
import sys
import timeit
from collections.abc import Callable, Mapping, Sequence
from random import Random
from time import perf_counter_ns
from typing import NamedTuple

BATCHES = 3
GC_ON = "import gc; gc.enable()"


class Contender(NamedTuple):
    """What is measured: `measure` gives the nanoseconds of one unit (a call, an event, a process) in this round."""

    name: str
    measure: Callable[[], float]


class Spread(NamedTuple):
    """The median of a sample, its lower and upper quartile, and its least."""

    median: float
    low: float
    high: float
    least: float


Samples = Mapping[str, Sequence[float]]


def interleave(contenders: Sequence[Contender], rounds: int, title: str) -> Samples:
    """Measures all contenders, round by round; a first round warms up and is dropped."""
    samples: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    gc.collect()
    for contender in contenders:
        contender.measure()
    for number in range(rounds):
        print(f"\r{title}: round {number + 1} of {rounds} ", end="", file=sys.stderr, flush=True)
        for contender in Random(number).sample(contenders, len(contenders)):
            samples[contender.name].append(contender.measure())
    print(file=sys.stderr)
    return samples


def spread(sample: Sequence[float]) -> Spread:
    """Median, quartiles and least of at least two numbers."""
    low, median, high = statistics.quantiles(sample, n=4, method="inclusive")
    return Spread(median, low, high, min(sample))


def ratio(samples: Samples, name: str, to: str) -> Spread:
    """How many times as long `name` took as `to`, round by round."""
    return spread([mine / other for mine, other in zip(samples[name], samples[to], strict=True)])


def statement(code: str, names: Mapping[str, object], batch_ns: int) -> Contender:
    """A contender that runs a statement, as often in a round as fits `batch_ns`. Each has a loop of its own."""
    timer = timeit.Timer(code, GC_ON, perf_counter_ns, globals=dict(names))
    return Contender(code, repeated(timer.timeit, batch_ns))


def repeated(batch: Callable[[int], float], batch_ns: int) -> Callable[[], float]:
    """Measures batches that take about `batch_ns` each: nanoseconds of one call in the least of them.

    The least, because other programs interrupt one batch or another. `batch` gives the nanoseconds of so many calls.
    """
    calls = 1
    while (taken := batch(calls)) < batch_ns / 4 and calls < 10**7:
        calls *= 4
    calls = max(1, round(calls * batch_ns / taken))
    return lambda: min(batch(calls) for _ in range(BATCHES)) / calls
