"""A file of named workloads: TOML that names its sources, checked whole, and read into `Workload`s.

Its sections, each with pydantic parts like a rate card's:

    [sources]                who estimates, who publishes prices
    [calls.<name>]           what another vendor sells by the piece: price, per, unit, source
    [workloads.<name>]       estimate (how sure, then who), tokens as estimated, assumes; and steps
    [[workloads.<name>.steps]]  name, model, instead, counts of tokens, count, calls

The rules between them: whatever is cited or called is listed; and a workload's steps add up to the very number of
tokens that its source estimates. A file with problems is refused with all of them (`WorkloadsError`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field, ValidationError

from mimo_credits.card.checks import key
from mimo_credits.card.parts import Citation, Currency, Many, Name, Number, Part, Source, SourceId, Table, cited_ids
from mimo_credits.card.reading import parse, schema_problems
from mimo_credits.errors import Problem, WorkloadsError
from mimo_credits.frozen import FrozenMap
from mimo_credits.planning.workload import Call, Step, Workload
from mimo_credits.usage import MAX_COUNT, Usage

Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]
Positive = Annotated[int, Field(gt=0, le=MAX_COUNT)]
Counts = Table[SourceId, Positive]


class CallPart(Part):
    """What another vendor asks for `per` units of something."""

    price: Number
    currency: Currency
    per: Positive
    unit: str
    source: Citation


class StepPart(Part):
    """Requests of one step: tokens, seconds and calls of each, how many there are, and what would do it elsewhere."""

    name: Name
    model: Name
    instead: Many[Name] = ()
    input_tokens: Count = 0
    cached_tokens: Count = 0
    output_tokens: Count = 0
    audio_seconds: Count = 0
    web_searches: Count = 0
    count: Positive = 1
    calls: Counts = Field(default_factory=FrozenMap)


class WorkloadPart(Part):
    """A named workload: who estimates it, at how many tokens, and what we assume beside that."""

    estimate: Citation
    tokens: Count
    assumes: str
    steps: Many[StepPart] = Field(min_length=1)


class WorkloadFile(Part):
    """The whole file."""

    sources: Table[SourceId, Source]
    calls: Table[SourceId, CallPart] = Field(default_factory=FrozenMap)
    workloads: Table[SourceId, WorkloadPart]


def read_workloads(raw: bytes, file: str) -> FrozenMap[Workload]:
    """The file's workloads by name, in its order. Raises `WorkloadsError` with all problems; `file` names it there."""
    document = parse(raw)
    if isinstance(document, Problem):
        raise WorkloadsError(file, [document])
    read = _validated(document, file)
    problems = [*_citations(read), *_calls(read), *_tokens(read), *_cached(read)]
    if problems:
        raise WorkloadsError(file, problems)
    return FrozenMap((name, _workload(name, part, read)) for name, part in read.workloads.items())


def _validated(document: dict[str, Any], file: str) -> WorkloadFile:
    try:
        return WorkloadFile.model_validate(document)
    except ValidationError as error:
        raise WorkloadsError(file, list(schema_problems(error, WorkloadFile, "files of workloads"))) from None


def _citations(read: WorkloadFile) -> Iterator[Problem]:
    """Whatever is cited is listed under [sources]."""
    cited = [(key("calls", name, "source"), call.source) for name, call in read.calls.items()]
    cited += [(key("workloads", name, "estimate"), part.estimate) for name, part in read.workloads.items()]
    for where, citation in cited:
        for source in cited_ids(citation):
            if source not in read.sources:
                yield Problem(where, f"{source!r} is not in [sources]")


def _calls(read: WorkloadFile) -> Iterator[Problem]:
    """Whatever is called is listed under [calls]."""
    for where, step in _steps(read):
        for call in step.calls:
            if call not in read.calls:
                yield Problem(f"{where}.{key('calls', call)}", f"{call!r} is not in [calls]")


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


def _workload(name: str, part: WorkloadPart, read: WorkloadFile) -> Workload:
    return Workload(
        name=name,
        steps=tuple(_step(step, read) for step in part.steps),
        estimate=_in_words(part.estimate, read),
        assumes=part.assumes,
    )


def _step(part: StepPart, read: WorkloadFile) -> Step:
    usage = Usage(
        part.model,
        input_tokens=part.input_tokens,
        cached_tokens=part.cached_tokens,
        output_tokens=part.output_tokens,
        audio_seconds=part.audio_seconds,
        web_searches=part.web_searches,
    )
    priced = tuple((_call(name, read), quantity) for name, quantity in part.calls.items())
    return Step(part.name, usage, part.count, instead=part.instead, calls=priced)


def _call(name: str, read: WorkloadFile) -> Call:
    part = read.calls[name]
    return Call(name, part.price, part.currency, part.per, part.unit, _in_words(part.source, read))


def _in_words(citation: str, read: WorkloadFile) -> str:
    """What a citation names, with how sure it is behind: `A paper (2026) [L]`."""
    sources = (read.sources[name] for name in cited_ids(citation))
    titles = "; ".join(f"{source.title} ({source.date})" for source in sources)
    return f"{titles} [{citation.partition(' ')[0]}]"
