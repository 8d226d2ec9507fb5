"""From logs to a timeline for the ledger, with everything that could not be used on the way.

Logs hold the requests of other vendors' models too. A model that is MiMo's (see `logs.models`) and that no card can
price is a problem of its line. Other names are counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from mimo_credits.cli.output import with_progress
from mimo_credits.errors import MimoCreditsError, Refused
from mimo_credits.ledger import Record, Rejection
from mimo_credits.logs import Contradicting, Logged, Malformed, Place, Repeated, Skipped, each_once, read_log
from mimo_credits.logs.models import is_mimos

_LONGEST_REASON = 300
"""Characters of a reason that are told: it may quote a line of any length."""


class Wanted(NamedTuple):
    """Which requests are asked for: instants from `since` to `until`, both inclusive; and the `known` names of models.

    Without `known` names the requests of every model are. `aliases` maps names that logs use to such names. A request
    before `since` is a problem where an account began then; of a `span` of a log, it is counted, and `until` is not in
    the span.
    """

    since: datetime | None = None
    until: datetime | None = None
    known: frozenset[str] | None = None
    aliases: Mapping[str, str] = {}
    span: bool = False

    def is_too_late(self, at: datetime) -> bool:
        """Whether an instant lies beyond the end."""
        return self.until is not None and (at >= self.until if self.span else at > self.until)

    def is_asked_for(self, model: str) -> bool:
        """Whether a model is one of MiMo's, or claims to be."""
        return self.known is None or is_mimos(model, self.known)


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

    `lines` counts the lines that are not blank, `repeated` the responses that stood there before, `earlier` and `later`
    those outside of the span that was asked for, `skipped` the lines that are no requests by the reason, `other_models`
    the requests of models that are not MiMo's. With `strict` the first problem raises `StoppedAtProblem`.
    """

    strict: bool
    records: list[Record] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    lines: int = 0
    repeated: int = 0
    earlier: int = 0
    later: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    other_models: Counter[str] = field(default_factory=Counter)

    @property
    def is_useless(self) -> bool:
        """Whether there are lines that could not be used, and no other."""
        return bool(self.problems) and self.lines == len(self.problems) + self.repeated

    def take(self, line: Logged, wanted: Wanted) -> None:
        """Keeps a record that is asked for."""
        record = line.record
        if (alias := wanted.aliases.get(record.usage.model)) is not None:
            record = replace(record, usage=replace(record.usage, model=alias))
        if not wanted.is_asked_for(record.usage.model):
            self.other_models[record.usage.model] += 1
        elif wanted.since is not None and record.at < wanted.since and wanted.span:
            self.earlier += 1
        elif wanted.since is not None and record.at < wanted.since:
            why = f"{record.at.isoformat()} lies before --since, {wanted.since.isoformat()}"
            self.reject(Problem(line.place, "before-since", why))
        elif wanted.is_too_late(record.at):
            self.later += 1
        else:
            self.records.append(record)
            self.places[record.id] = line.place

    def reject(self, problem: Problem) -> None:
        """Notes a line that cannot be used."""
        if self.strict:
            raise StoppedAtProblem(problem)
        self.problems.append(problem)

    def reject_all(self, rejections: Iterable[Rejection]) -> None:
        """Notes the records that the ledger did not accept, in the order of their lines."""
        for rejection in sorted(rejections, key=lambda rejection: self.places[_id(rejection)]):
            self.reject(Problem(self.places[_id(rejection)], _kind(rejection), _why(rejection)))


def gather(files: Iterable[str], wanted: Wanted, *, strict: bool) -> Gathered:
    """Reads the logs one after another. Raises `UnreadableLog`, and `StoppedAtProblem` where `strict`."""
    gathered = Gathered(strict)
    read = with_progress((line for file in files for line in read_log(file)), "lines read")
    for line in each_once(read):
        gathered.lines += 1
        match line:
            case Logged():
                gathered.take(line, wanted)
            case Skipped():
                gathered.skipped[line.why] += 1
            case Repeated():
                gathered.repeated += 1
            case Malformed():
                gathered.reject(Problem(line.place, "malformed", line.why))
            case Contradicting():
                gathered.reject(Problem(line.place, "conflict", line.why))
    return gathered


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
