"""`make bench`: measures pricing, the ledger, many rows and the import, prints the results and writes `results.md`.

`--quick` makes few rounds of less work and only prints, so that a rough run never replaces a careful one.
"""

from __future__ import annotations

import argparse
import gc
import os
from collections.abc import Sequence
from pathlib import Path

from benchmarks import frames, ledger, pricing, settling, starting
from benchmarks.report import environment, results

RESULTS = Path(__file__).with_name("results.md")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="How fast mimo_credits is.")
    parser.add_argument("--quick", action="store_true", help="few rounds of less work; prints, writes nothing")
    parser.add_argument("--output", type=Path, help="where to write the results (benchmarks/results.md)")
    options = parser.parse_args(arguments)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    if options.quick:
        sections = [
            pricing.measure(rounds=30),
            ledger.measure(rounds=3, size=10_000),
            frames.measure(rounds=3, size=100_000),
            settling.measure(rounds=2, rows=100_000, accounts=1_000),
            starting.measure(rounds=5),
        ]
    else:
        sections = [
            pricing.measure(rounds=151),
            ledger.measure(rounds=9),
            frames.measure(rounds=15),
            frames.measure(rounds=5, size=10_000_000),
            settling.measure(rounds=5),
            settling.measure_engines(rounds=3),
            starting.measure(rounds=31),
        ]
    text = results(sections, environment(load), _policy())
    print(text)
    output = options.output or (None if options.quick else RESULTS)
    if output:
        output.write_text(text, "utf-8")
    return 0


def _policy() -> str:
    return (
        "Every contender is measured once in every round; a ratio is taken within each round, and what is shown is the "
        "median and the middle half (the quartiles). The garbage collector is on, with its usual thresholds "
        f"({', '.join(map(str, gc.get_threshold()))}), except in the one row that says so."
    )


if __name__ == "__main__":
    raise SystemExit(main())
