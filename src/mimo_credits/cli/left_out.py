"""What logs hold and a result does not contain: said on standard error, and part of the JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from mimo_credits.cli.gathering import Gathered, Problem
from mimo_credits.cli.output import tell, warn
from mimo_credits.errors import shown

_MOST_MODELS = 20
_MOST_TOLD = 20


def tell_left_out(gathered: Gathered, result: str) -> None:
    """Names the problems, then counts everything else that the `result` (a statement, a plan) leaves out, and why.

    What many lines share is told once, with their number, and so are at most so many of a kind told.
    """
    for line in _told(gathered.problems):
        tell(line)
    for message in _messages(gathered, result):
        warn(message)


def _told(problems: Iterable[Problem]) -> Iterator[str]:
    alike: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        alike.setdefault((problem.kind, problem.why), []).append(problem)
    told: Counter[str] = Counter()
    more: Counter[str] = Counter()
    for (kind, _), same in alike.items():
        if told[kind] == _MOST_TOLD:
            more[kind] += len(same)
            continue
        told[kind] += 1
        yield f"{same[0]}{f' ({len(same):,} lines, the last is {same[-1].place})' if len(same) > 1 else ''}"
    for kind, count in more.items():
        yield f"and {count:,} more lines: {kind} (--json names them all)"


def log_document(gathered: Gathered) -> dict[str, object]:
    """The same for programs."""
    return {
        "lines": gathered.lines,
        "repeated": gathered.repeated,
        "earlier_than_since": gathered.earlier,
        "later_than_until": gathered.later,
        "skipped": dict(gathered.skipped),
        "other_models": dict(gathered.other_models),
        "problems": [
            {"file": place.file, "line": place.line, "kind": kind, "why": why} for place, kind, why in gathered.problems
        ],
    }


def _messages(gathered: Gathered, result: str) -> Iterator[str]:
    lines = f"{gathered.lines:,} lines"
    if gathered.problems:
        kinds = Counter(problem.kind for problem in gathered.problems)
        counts = ", ".join(f"{count:,} {kind}" for kind, count in kinds.items())
        yield f"{len(gathered.problems):,} of {lines} are not in this {result}: {counts}"
    if gathered.repeated:
        yield f"{gathered.repeated:,} of {lines} repeat a response; each response counts once"
    if gathered.earlier:
        yield f"{gathered.earlier:,} of {lines} are earlier than --since"
    if gathered.later:
        yield f"{gathered.later:,} of {lines} lie beyond --until"
    for why, count in gathered.skipped.items():
        yield f"skipped {count:,} of {lines}: {why}"
    yield from _other_models(gathered.other_models)
    if not gathered.lines:
        yield "the log holds no responses"


def _other_models(counts: Counter[str]) -> Iterator[str]:
    for model, count in counts.most_common(_MOST_MODELS):
        requests = "1 request" if count == 1 else f"{count:,} requests"
        yield f"skipped {requests} of {shown(model)}: not on any rate card"
    if len(counts) > _MOST_MODELS:
        rest = counts.total() - sum(count for _, count in counts.most_common(_MOST_MODELS))
        yield f"skipped {rest:,} requests of {len(counts) - _MOST_MODELS:,} more models: not on any rate card"
