"""Markdown for the results: tables, durations and the aims. It words what was measured and adds nothing to it."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from benchmarks.timing import Spread

_UNITS = ((1e9, "s"), (1e6, "ms"), (1e3, "µs"))


class Aim(NamedTuple):
    """What was aimed at, what was measured, and whether that reaches it; None where it was not measured."""

    aim: str
    measured: str
    reached: bool | None


class Section(NamedTuple):
    """One subject: its table, the paragraphs under it, and the aims it speaks to."""

    title: str
    how: str
    table: str
    notes: Sequence[str]
    aims: Sequence[Aim]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A markdown table; all columns but the first are numbers."""
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines)


def duration(nanoseconds: float) -> str:
    """Three digits and a unit."""
    for size, unit in _UNITS:
        if nanoseconds >= size:
            return f"{_three(nanoseconds / size)} {unit}"
    return f"{_three(nanoseconds)} ns"


def per_second(nanoseconds: float) -> str:
    """How many a second, to three digits."""
    rate = 1e9 / nanoseconds
    step = 10 ** max(0, len(str(int(rate))) - 3)
    return f"{round(rate / step) * step:,}"


def times(spread: Spread) -> str:
    """The median of a ratio."""
    return f"{_three(spread.median)} ×"


def middle(spread: Spread, shown: str = "") -> str:
    """The middle half of a sample: of durations, or of ratios where `shown` is their sign."""
    if shown:
        return f"{_three(spread.low)} … {_three(spread.high)} {shown}"
    return f"{duration(spread.low)} … {duration(spread.high)}"


def share(part: float, whole: float) -> str:
    """A part in percent of a whole."""
    return f"{100 * part / whole:.0f} %"


def _three(number: float) -> str:
    if number >= 100:
        return f"{number:,.0f}"
    return f"{number:.1f}" if number >= 10 else f"{number:.2f}"


def environment(load: float | None) -> str:
    """Python, the kind of machine and how busy it was. No names of hosts, people or folders."""
    busy = "" if load is None else f", load {load:.1f} when the run began"
    return (
        f"{platform.python_implementation()} {platform.python_version()}, {platform.system()} {platform.machine()}, "
        f"{os.cpu_count()} CPUs{_processor()}{busy}; pydantic {version('pydantic')}, mimo_credits {version_here()}"
    )


def version_here() -> str:
    """The version of the package that is measured."""
    return version("mimo_credits")


def _processor() -> str:
    """What the processor calls itself, where Linux says so."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return ""
    names = {line.partition(":")[2].strip() for line in lines if line.startswith("model name")}
    return f" ({', '.join(sorted(names))})" if names else ""


def results(
    sections: Sequence[Section],
    environment_line: str,
    policy: str,
    *,
    title: str = "Benchmarks",
    made_by: str = "make bench",
) -> str:
    """The whole of `results.md`, or of another file of results."""
    reached = {True: "reached", False: "**not reached**", None: "not measured"}
    aims = [(aim.aim, aim.measured, reached[aim.reached]) for section in sections for aim in section.aims]
    parts = [
        f"# {title}",
        f"Written by `{made_by}`; do not edit. `benchmarks/README.md` says what is measured and how.",
        f"{environment_line}.",
        policy,
    ]
    if aims:
        parts += ["## Aims", table(("aim", "in this run", ""), aims)]
    for section in sections:
        parts += [f"## {section.title}", section.how, section.table, *section.notes]
    return "\n\n".join(parts) + "\n"


def warn(message: str) -> None:
    """Says something on standard error."""
    print(message, file=sys.stderr)
