"""From logs to records of usage, with everything that could not be used on the way, and how that is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from mimo_credits.cli.output import with_progress
from mimo_credits.errors import MimoCreditsError, Refused
from mimo_credits.ledger import Record, Rejection
from mimo_credits.logs import Contradicting, Logged, Malformed, Place, Repeated, first_of_each, read_log

_LONGEST_REASON = 300
"""Characters of a reason that are told: it may quote a line of any length."""


class Problem(NamedTuple):
    """A line of a log that could not be used: where, what kind of problem in one word, and why."""

    place: Place
    kind: str
    why: str

    def __str__(self) -> str:
        return f"{self.place}: {self.kind}: {self.why:.{_LONGEST_REASON}}"


class StoppedAtProblem(MimoCreditsError):
    """The first problem, where none is allowed."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(f"{problem}; stopped there, as --strict asks")


@dataclass(slots=True)
class Gathered:
    """What logs hold: the `records` to account for with the places of their ids, the `problems`, and what was left out.

    `lines` counts the lines that are not blank, `repeated` the responses that stood there before, `later` those after
    the end that was asked for. With `strict` the first problem raises `StoppedAtProblem`.
    """

    strict: bool
    records: list[Record] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    lines: int = 0
    repeated: int = 0
    later: int = 0

    @property
    def is_useless(self) -> bool:
        """Whether there are lines that could not be used, and no other."""
        return bool(self.problems) and self.lines == len(self.problems) + self.repeated

    def take(self, line: Logged, since: datetime, until: datetime | None) -> None:
        """Keeps a record of the time that is asked for."""
        at = line.record.at
        if at < since:
            why = f"{at.isoformat()} lies before --since, {since.isoformat()}"
            self.reject(Problem(line.place, "before-since", why))
        elif until is not None and at > until:
            self.later += 1
        else:
            self.records.append(line.record)
            self.places[line.record.id] = line.place

    def reject(self, problem: Problem) -> None:
        """Notes a line that cannot be used."""
        if self.strict:
            raise StoppedAtProblem(problem)
        self.problems.append(problem)

    def reject_all(self, rejections: Iterable[Rejection]) -> None:
        """Notes the records that the ledger did not accept, in the order of their lines."""
        for rejection in sorted(rejections, key=lambda rejection: self.places[_id(rejection)]):
            self.reject(Problem(self.places[_id(rejection)], _kind(rejection), _why(rejection)))


def gather(files: Iterable[str], since: datetime, until: datetime | None, *, strict: bool) -> Gathered:
    """Reads the logs one after another. Raises `UnreadableLog`, and `StoppedAtProblem` where `strict`."""
    gathered = Gathered(strict)
    read = with_progress((line for file in files for line in read_log(file)), "lines read")
    for line in first_of_each(read):
        gathered.lines += 1
        match line:
            case Logged():
                gathered.take(line, since, until)
            case Repeated():
                gathered.repeated += 1
            case Malformed():
                gathered.reject(Problem(line.place, "malformed", line.why))
            case Contradicting():
                gathered.reject(Problem(line.place, "conflict", line.why))
    return gathered


def left_out(gathered: Gathered, result: str) -> Iterator[str]:
    """What the `result` (a statement, a comparison) does not contain, counted."""
    if gathered.problems:
        kinds = Counter(problem.kind for problem in gathered.problems)
        counts = ", ".join(f"{count:,} {kind}" for kind, count in kinds.items())
        total = len(gathered.problems)
        yield f"{total:,} of {gathered.lines:,} lines are not in this {result}: {counts}"
    if gathered.repeated:
        yield f"{gathered.repeated:,} of {gathered.lines:,} lines repeat a response; each response counts once"
    if gathered.later:
        yield f"{gathered.later:,} of {gathered.lines:,} lines are later than --until"
    if not gathered.lines:
        yield "the log holds no responses"


def log_document(gathered: Gathered) -> dict[str, object]:
    """The same for JSON, with every line that could not be used."""
    return {
        "lines": gathered.lines,
        "repeated": gathered.repeated,
        "later_than_until": gathered.later,
        "problems": [
            {"file": place.file, "line": place.line, "kind": kind, "why": why} for place, kind, why in gathered.problems
        ],
    }


def _id(rejection: Rejection) -> str:
    command = rejection.command
    assert isinstance(command, Record), "only records come from a log"
    return command.id


def _kind(rejection: Rejection) -> str:
    """The ledger's reason, or the name of the pricing error: `UnknownModel` is `unknown-model`."""
    error = rejection.error
    if isinstance(error, Refused):
        return error.reason.value
    name = type(error).__name__
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("-")


def _why(rejection: Rejection) -> str:
    error = rejection.error
    return error.detail if isinstance(error, Refused) else str(error)
