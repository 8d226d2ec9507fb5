"""The import: a fresh interpreter that imports `mimo_credits`, beside one that imports pydantic and defines a model.

Whole processes, from start to end. Both find compiled bytecode, kept in a folder of the benchmark's own, as an
installed package would; the environment is the benchmark's, without the variables that change how Python starts.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from tempfile import TemporaryDirectory
from time import perf_counter_ns

from benchmarks.report import Aim, Section, duration, middle, table, times
from benchmarks.timing import Contender, Samples, interleave, ratio, spread

OURS = "`import mimo_credits`"
REFERENCE = "`import pydantic` and define one model"
BARE = "nothing at all"
MOST = 1.5

PROGRAMS = {
    OURS: "import mimo_credits",
    REFERENCE: "from pydantic import BaseModel\nclass Request(BaseModel):\n    model: str\n    tokens: int",
    BARE: "pass",
}
_THEIRS = {"pydantic", "pydantic_core", "annotated_types", "typing_extensions", "typing_inspection"}
_OTHERS = {"dateutil": "dateutil", "tomli": "tomli", "six": "dateutil"}
_LIBRARY = "Python's own library"
_SHOWN = 6


def measure(rounds: int) -> Section:
    """All of it, in `rounds` interleaved rounds."""
    with TemporaryDirectory() as bytecode:
        environment = {key: value for key, value in os.environ.items() if key in ("PATH", "PYTHONPATH", "SYSTEMROOT")}
        environment["PYTHONPYCACHEPREFIX"] = bytecode
        contenders = [Contender(name, _process(program, environment)) for name, program in PROGRAMS.items()]
        samples = interleave(contenders, rounds, "import")
        inside = {name: _import_times(PROGRAMS[name], environment) for name in (REFERENCE, OURS)}
    to_reference = ratio(samples, OURS, REFERENCE)
    return Section(
        title="The import",
        how=f"Whole processes of a fresh interpreter, bytecode compiled beforehand. {rounds} rounds.",
        table=_table(samples),
        notes=list(_dominates(inside)),
        aims=[
            Aim(
                f"`import mimo_credits` takes at most {MOST} × that program",
                times(to_reference),
                to_reference.median <= MOST,
            )
        ],
    )


def _process(program: str, environment: Mapping[str, str]) -> Callable[[], float]:
    def once() -> float:
        start = perf_counter_ns()
        subprocess.run([sys.executable, "-c", program], env=environment, check=True)
        return perf_counter_ns() - start

    return once


def _import_times(program: str, environment: Mapping[str, str]) -> Counter[str]:
    """Module -> nanoseconds of its own that its import takes, the least of five runs (`-X importtime`)."""
    runs = [
        subprocess.run(
            [sys.executable, "-X", "importtime", "-c", program],
            env=environment,
            check=True,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        ).stderr
        for _ in range(5)
    ]
    least: Counter[str] = Counter()
    for text in runs:
        for module, taken in _parsed(text).items():
            least[module] = min(taken, least.get(module, taken))
    return least


def _parsed(text: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for line in text.splitlines():
        own, _, rest = line.removeprefix("import time:").partition("|")
        if own.strip().isdecimal():
            found[rest.partition("|")[2].strip()] += int(own) * 1000
    return found


def _package(module: str) -> str:
    top = module.partition(".")[0]
    if top == "mimo_credits":
        return top
    return "pydantic and what it needs" if top in _THEIRS else _OTHERS.get(top, _LIBRARY)


def _table(samples: Samples) -> str:
    rows = []
    for name, sample in samples.items():
        took, to_reference = spread(sample), ratio(samples, name, REFERENCE)
        rows.append(
            (
                f"**{name}**" if name == OURS else name,
                duration(took.median),
                middle(took),
                duration(took.least),
                times(to_reference),
                middle(to_reference, "×"),
            )
        )
    return table(("", "median", "middle half", "least", "times the reference", "middle half"), rows)


def _dominates(inside: Mapping[str, Counter[str]]) -> Iterator[str]:
    packages = {name: _by_package(modules) for name, modules in inside.items()}
    rows = [
        (package, duration(packages[REFERENCE][package]), duration(taken))
        for package, taken in packages[OURS].most_common()
    ]
    yield "What dominates, by `-X importtime` (modules' own time, the least of five runs; tracing itself adds to it):"
    yield table(("package", REFERENCE, OURS), rows)
    own = Counter({module: taken for module, taken in inside[OURS].items() if _package(module) == "mimo_credits"})
    said = ", ".join(f"`{module}` {duration(taken)}" for module, taken in own.most_common(_SHOWN))
    yield f"Of `mimo_credits`' own: {said}."


def _by_package(modules: Counter[str]) -> Counter[str]:
    packages: Counter[str] = Counter()
    for module, taken in modules.items():
        packages[_package(module)] += taken
    return packages
