"""Rate cards: price lists as checked, frozen data."""

from mimo_credits.card.parts import (
    AnnualPlan,
    Assumption,
    Band,
    CycleTerms,
    Interval,
    Migration,
    ModelRates,
    OffPeak,
    Policy,
    RateSet,
    Rollover,
    Source,
    Tasks,
    Tier,
    WebSearch,
    cited,
    cited_ids,
)
from mimo_credits.card.rate_card import RateCard, schema

__all__ = [
    "AnnualPlan",
    "Assumption",
    "Band",
    "CycleTerms",
    "Interval",
    "Migration",
    "ModelRates",
    "OffPeak",
    "Policy",
    "RateCard",
    "RateSet",
    "Rollover",
    "Source",
    "Tasks",
    "Tier",
    "WebSearch",
    "cited",
    "cited_ids",
    "schema",
]
