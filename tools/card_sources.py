"""Rules on what a card cites: every fact has a source, and every source is there for a fact.

Which id is cited where is checked when a card is read: whatever is cited must be listed under `[sources]` or
`[[assumptions]]`, and a model cites a source for its credits and for its price in each currency. These rules ask the
rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mimo_credits.card import CycleTerms, Migration, ModelRates, OffPeak, Policy, PriceSet, RateCard, Tier, WebSearch
from mimo_credits.card.checks import key
from mimo_credits.errors import Problem

Section = Tier | ModelRates | WebSearch | CycleTerms | Policy | OffPeak | Migration

_WITHOUT_SOURCE = {"source", "tasks"}
"""What is no fact to be sourced: the source itself, and what brings its own."""

_MODEL_FACTS = {"credits", "aliases", "context", "max_output", *PriceSet.model_fields}


def every_fact_has_a_source(card: RateCard) -> Iterator[Problem]:
    """Where a section says source by source what it cites, it leaves out none of its facts."""
    for where, section in _sections(card):
        cited = _cited_keys(section)
        if cited is not None and not isinstance(section, ModelRates):
            for fact in sorted(_facts(section) - cited):
                yield Problem(f"{where}.source", f"says nothing of {fact}")


def every_source_is_of_a_fact(card: RateCard) -> Iterator[Problem]:
    """A section gives sources for nothing but facts that it has: a misspelt key would cite nothing."""
    for where, section in _sections(card):
        known = _MODEL_FACTS | section.currencies if isinstance(section, ModelRates) else _facts(section)
        for fact in sorted((_cited_keys(section) or set()) - known):
            yield Problem(f"{where}.source.{fact}", "is the source of nothing that stands here")


def every_source_is_cited(card: RateCard) -> Iterator[Problem]:
    """A source is listed because something on the card rests on it."""
    cited = {each for _, citation in card.citations() for each in sources_of(citation)}
    for source in card.sources:
        if source not in cited:
            yield Problem(key("sources", source), "is cited by nothing on this card")


def assumptions_rest_on_sources(card: RateCard) -> Iterator[Problem]:
    """An assumption may say who reports what it speaks of, but not that another assumption does."""
    for number, assumption in enumerate(card.assumptions):
        if assumption.source is not None and assumption.source.startswith("assumed "):
            yield Problem(key("assumptions", number, "source"), "is another assumption")


def sources_of(citation: str) -> tuple[str, ...]:
    """The ids under `[sources]` that a citation names; none for what is assumed."""
    sure, _, ids = citation.partition(" ")
    return () if sure == "assumed" else tuple(ids.split(", "))


def _sections(card: RateCard) -> Iterator[tuple[str, Section]]:
    yield from ((key("tiers", name), tier) for name, tier in card.tiers.items())
    yield from ((key("models", name), model) for name, model in card.models.items())
    single = {
        "web_search": card.web_search,
        "cycle": card.cycle,
        "policy": card.policy,
        "off_peak": card.off_peak,
        "migration": card.migration,
    }
    yield from ((name, section) for name, section in single.items() if section is not None)


def _cited_keys(section: Section) -> set[str] | None:
    """The keys for which a section gives sources one by one; None where one source is given for all of it."""
    return set(section.source) if isinstance(section.source, Mapping) else None


def _facts(section: Section) -> set[str]:
    """What a section says, as its file does: a default that nobody wrote is no fact of the card."""
    return section.model_fields_set - _WITHOUT_SOURCE


RULES = (every_fact_has_a_source, every_source_is_of_a_fact, every_source_is_cited, assumptions_rest_on_sources)
