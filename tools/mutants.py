"""What mutation testing found: how many changes to the code the tests notice, and why they do not notice the others.

`mutmut` changes the arithmetic and the ledger in one place at a time and runs the tests. The rule: a change that no
test notices is either a missing test, or it stands in `tests/mutants.toml` with the reason why it makes no difference;
a reason for a change that is noticed, or that mutmut no longer makes, is refused too. `docs/mutants.md` is written from
both.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import tomli

ROOT = Path(__file__).resolve().parent.parent
REASONS = "tests/mutants.toml"
PAGE = "docs/mutants.md"

NOTICED = ("killed", "timeout")
"""A test failed, or would have run for ever."""

_NAME = re.compile(r"(?P<module>[\w.]+)\.x(?:_|ǁ(?P<owner>\w+)ǁ)(?P<function>\w+)__mutmut_\d+")


class Mutant(NamedTuple):
    """A change to one line of a function: what stood there and what mutmut put in its place."""

    place: str
    was: str
    became: str


def statuses(root: Path) -> dict[str, str]:
    """Every mutant of the last run and what came of it, by mutmut's own name."""
    lines = _mutmut(root, "results", "--all", "true").splitlines()
    found = (line.strip().rpartition(": ") for line in lines)
    return {name: status for name, _, status in found if "__mutmut_" in name}


def mutant(root: Path, name: str) -> Mutant:
    """A mutant by mutmut's name."""
    shown = _mutmut(root, "show", name).splitlines()
    was = [line[1:].strip() for line in shown if line.startswith("-") and not line.startswith("---")]
    became = [line[1:].strip() for line in shown if line.startswith("+") and not line.startswith("+++")]
    return Mutant(place(name), " ".join(was), " ".join(became))


def place(name: str) -> str:
    """The function that a mutant is in: `ledger.corrections._money`, `cycle.CycleRule.end_of`."""
    found = _NAME.fullmatch(name)
    assert found is not None, f"{name} is no name of mutmut's"
    module = found["module"].removeprefix("mimo_credits.")
    return ".".join(part for part in (module, found["owner"], found["function"]) if part)


def read_reasons(path: Path) -> dict[Mutant, str]:
    """Why each listed change makes no difference."""
    reasons = {}
    for group in tomli.loads(path.read_text(encoding="utf-8")).get("equivalent", []):
        for change in group["changes"]:
            reasons[Mutant(change["in"], change["was"], change["became"])] = group["why"]
    return reasons


def problems(survivors: Iterable[Mutant], reasons: Mapping[Mutant, str]) -> list[str]:
    """Survivors without a reason, and reasons without a survivor."""
    found = set(survivors)
    unexplained = [
        f"no test notices, in {each.place}:\n  - {each.was}\n  + {each.became}"
        for each in sorted(found - reasons.keys())
    ]
    stale = [
        f"is noticed, or not made, in {each.place}:\n  - {each.was}\n  + {each.became}"
        for each in reasons.keys() - found
    ]
    return unexplained + sorted(stale)


def page(found: Mapping[str, str], reasons: Mapping[Mutant, str]) -> str:
    """The page that tells the score."""
    made = Counter(map(_module, found))
    noticed = Counter(_module(name) for name, how in found.items() if how in NOTICED)
    rows = [f"| `{module}` | {made[module]:,} | {noticed[module]:,} |" for module in sorted(made)]
    rows.append(f"| **all** | **{made.total():,}** | **{noticed.total():,}** |")
    tenths = noticed.total() * 1000 // made.total()
    killed, timed_out = (list(found.values()).count(how) for how in NOTICED)
    others = made.total() - noticed.total()
    lines = [
        "# What the tests notice",
        "",
        "`make mutants` changes the arithmetic and the ledger in one place at a time and runs the tests on each:",
        "another comparison, another constant, an argument left out. A change that no test notices is a test that is",
        "missing, or a change that makes no difference. This page is written by that run, and only where each change",
        "that is not noticed has its reason in `tests/mutants.toml`.",
        "",
        f"**{noticed.total():,} of {made.total():,} changes are noticed: {tenths // 10}.{tenths % 10} %.**",
        f"With {killed:,} of them a test fails; with {timed_out:,} the tests did not end in ten times their time.",
        f"The other {others:,} make no difference that anybody could see, for the reasons that are given.",
        "",
        "| module | changes | noticed |",
        "|---|---:|---:|",
        *rows,
        "",
        "## What is not noticed, and why",
    ]
    by_reason: dict[str, list[Mutant]] = {}
    for each, why in reasons.items():
        by_reason.setdefault(why, []).append(each)
    for why, changes in by_reason.items():
        lines += ["", why, "", "```diff"]
        for each in changes:
            lines += [f"# {each.place}", f"- {each.was}", f"+ {each.became}"]
        lines.append("```")
    return "\n".join(lines) + "\n"


def _module(name: str) -> str:
    return name.partition(".x_")[0].partition(".xǁ")[0].removeprefix("mimo_credits.")


def _mutmut(root: Path, *arguments: str) -> str:
    program = Path(sys.executable).with_name("mutmut")
    return subprocess.run([program, *arguments], cwd=root, check=True, capture_output=True, text=True).stdout


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.mutants", description="Tells what the last run found.")
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout (default: this one)")
    root = parser.parse_args(arguments).root
    found = statuses(root)
    unchecked = [name for name, how in found.items() if how == "not checked"]
    if unchecked or not found:
        print(f"{len(unchecked)} of {len(found)} mutants are not checked: run mutmut first", file=sys.stderr)
        return 1
    reasons = read_reasons(root / REASONS)
    wrong = problems((mutant(root, name) for name, how in found.items() if how not in NOTICED), reasons)
    for problem in wrong:
        print(problem, file=sys.stderr)
    if not wrong:
        (root / PAGE).write_text(page(found, reasons), encoding="utf-8")
        print(f"{len(found):,} changes, {len(reasons)} of them without a difference; written to {PAGE}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
