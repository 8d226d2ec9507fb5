"""A file of named workloads: TOML that names its sources, checked whole, and read into `Workload`s.

Its sections, each with pydantic parts like a rate card's:

    [sources]                who estimates
    [workloads.<name>]       estimate (how sure, then who), tokens as estimated, assumes; and steps
    [[workloads.<name>.steps]]  name, model, instead, counts of tokens, count, calls
    [[workloads.<name>.steps.calls]]  what would do the step elsewhere: a vendor's card, a model of it, counts

The rules between them: whatever is cited is listed; what is called has a price on its card; and a workload's steps add
up to the very number of tokens that its source estimates. A file with problems is refused with all of them
(`WorkloadsError`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any

from pydantic import Field, ValidationError

from mimo_credits.card import RateCard
from mimo_credits.card.checks import key
from mimo_credits.card.parts import Citation, Many, Name, Part, Source, SourceId, Table, cited_ids
from mimo_credits.card.reading import parse, schema_problems
from mimo_credits.errors import InputError, NoSuchCard, Problem, WorkloadsError
from mimo_credits.frozen import FrozenMap
from mimo_credits.planning.workload import Call, Step, Workload
from mimo_credits.pricing import prices
from mimo_credits.usage import MAX_COUNT, Usage

Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]
Positive = Annotated[int, Field(gt=0, le=MAX_COUNT)]
Cards = Callable[[str], RateCard]
"""Finds the card of that name; raises `NoSuchCard`."""


class UsagePart(Part):
    """What one request uses: tokens, seconds, searches, images."""

    model: Name
    input_tokens: Count = 0
    cached_tokens: Count = 0
    output_tokens: Count = 0
    audio_seconds: Count = 0
    web_searches: Count = 0
    images: Count = 0

    def usage(self) -> Usage:
        """The same as a `Usage`. Raises `InputError` where more is cached than there is input."""
        return Usage(self.model, **{name: getattr(self, name) for name in UsagePart.model_fields if name != "model"})


class CallPart(UsagePart):
    """A request to what another vendor sells: `card` names the vendor's card."""

    card: Name


class StepPart(UsagePart):
    """Requests of one step: what each uses, how many there are, and what would do one of them elsewhere."""

    name: Name
    instead: Many[Name] = ()
    count: Positive = 1
    calls: Many[CallPart] = ()


class WorkloadPart(Part):
    """A named workload: who estimates it, at how many tokens, and what we assume beside that."""

    estimate: Citation
    tokens: Count
    assumes: str
    steps: Many[StepPart] = Field(min_length=1)


class WorkloadFile(Part):
    """The whole file."""

    sources: Table[SourceId, Source]
    workloads: Table[SourceId, WorkloadPart]


def read_workloads(raw: bytes, file: str, cards: Cards) -> FrozenMap[Workload]:
    """The file's workloads by name, in its order; `cards` finds the cards of what they call elsewhere.

    Raises `WorkloadsError` with all problems; `file` names it there.
    """
    document = parse(raw)
    if isinstance(document, Problem):
        raise WorkloadsError(file, [document])
    read = _validated(document, file)
    problems = [*_citations(read), *_tokens(read), *_cached(read), *_calls(read, cards)]
    if problems:
        raise WorkloadsError(file, problems)
    return FrozenMap((name, _workload(name, part, read, cards)) for name, part in read.workloads.items())


def _validated(document: dict[str, Any], file: str) -> WorkloadFile:
    try:
        return WorkloadFile.model_validate(document)
    except ValidationError as error:
        raise WorkloadsError(file, list(schema_problems(error, WorkloadFile, "files of workloads"))) from None


def _citations(read: WorkloadFile) -> Iterator[Problem]:
    """Whatever is cited is listed under [sources]."""
    for name, part in read.workloads.items():
        for source in cited_ids(part.estimate):
            if source not in read.sources:
                yield Problem(key("workloads", name, "estimate"), f"{source!r} is not in [sources]")


def _calls(read: WorkloadFile, cards: Cards) -> Iterator[Problem]:
    """Whatever is called has a price on its card, in some currency."""
    for where, step in _steps(read):
        for number, call in enumerate(step.calls):
            at = f"{where}.{key('calls', number)}"
            try:
                money, unpriced = prices(cards(call.card), call.usage())
            except NoSuchCard as error:
                yield Problem(f"{at}.card", str(error))
            except InputError as error:
                yield Problem(f"{at}.{error.field}", error.why)
            else:
                if not money:
                    yield Problem(at, " ".join(dict.fromkeys(unpriced.values())))


def _tokens(read: WorkloadFile) -> Iterator[Problem]:
    """The steps add up to what the source estimates."""
    for name, part in read.workloads.items():
        found = sum((step.input_tokens + step.output_tokens) * step.count for step in part.steps)
        if found != part.tokens:
            yield Problem(key("workloads", name, "tokens"), f"are {part.tokens:,}, but its steps have {found:,}")


def _cached(read: WorkloadFile) -> Iterator[Problem]:
    """Cached tokens are part of the input."""
    for where, step in _steps(read):
        if step.cached_tokens > step.input_tokens:
            yield Problem(f"{where}.cached_tokens", f"exceed the {step.input_tokens:,} input tokens they are part of")


def _steps(read: WorkloadFile) -> Iterator[tuple[str, StepPart]]:
    for name, part in read.workloads.items():
        for number, step in enumerate(part.steps):
            yield key("workloads", name, "steps", number), step


def _workload(name: str, part: WorkloadPart, read: WorkloadFile, cards: Cards) -> Workload:
    return Workload(
        name=name,
        steps=tuple(_step(step, cards) for step in part.steps),
        estimate=_in_words(part.estimate, read),
        assumes=part.assumes,
    )


def _step(part: StepPart, cards: Cards) -> Step:
    calls = tuple(Call(cards(call.card), call.usage()) for call in part.calls)
    return Step(part.name, part.usage(), part.count, instead=part.instead, calls=calls)


def _in_words(citation: str, read: WorkloadFile) -> str:
    """What a citation names, with how sure it is behind: `A paper (2026) [L]`."""
    sources = (read.sources[name] for name in cited_ids(citation))
    titles = "; ".join(f"{source.title} ({source.date})" for source in sources)
    return f"{titles} [{citation.partition(' ')[0]}]"
