"""What would make a workload fit a tier: more input found in the cache, or more of the work in the off-peak hours.

Credits are linear in both. The rate of a request depends on how long its input is, not on how much of it was cached,
so between "nothing cached" and "everything cached" each further share saves the same; and so does each further share of
off-peak work. A lever's least share is therefore exact: `(use without it - allowance) / (what all of it saves)`. Where
even all of it does not suffice, or it saves nothing, there is none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from mimo_credits.card import RateCard
from mimo_credits.errors import visible
from mimo_credits.exact import percent, ratio, share, to_credits, to_millicredits, whole
from mimo_credits.planning.break_even import tier_of
from mimo_credits.planning.workload import Workload, check_count, check_workload
from mimo_credits.pricing import CardRef
from mimo_credits.seen import Seen


@dataclass(frozen=True, slots=True)
class Lever(Seen):
    """A share of a workload that can be moved, and what that does, in exact millicredits.

    `now` is where the share stands; `least` the least at which the tier holds the work, None where there is none.
    `without` and `fully` are the use at a share of 0 and of 1.
    """

    card: CardRef
    tier: str
    workload: str
    name: str
    now: Fraction
    least: Fraction | None
    without: Fraction
    fully: Fraction

    def __str__(self) -> str:
        return f"{self.tier}, {visible(self.workload)}: {self.why}"

    @property
    def saves(self) -> Fraction:
        """What the whole lever saves, in millicredits; what it saves at a share is that share of it."""
        return self.without - self.fully

    @property
    def why(self) -> str:
        """The answer in one sentence."""
        saves = f"all of it saves {to_credits(whole(self.saves)):,f} credits"
        if self.least is None:
            return f"no share of {self.name} makes it fit ({saves})"
        if not self.least:
            return f"it fits without any {self.name} ({saves})"
        return f"it fits from {percent(self.least)} % {self.name} on, now {percent(self.now)} % ({saves})"


def cache_lever(card: RateCard, tier: str, workload: Workload, *, times: int = 1) -> Lever:
    """The least share of input found in the cache, in every step alike, at which a tier holds the workload.

    Raises as `charge` does, and `InputError`.
    """
    check_workload(workload)
    cached = sum(step.usage.cached_tokens * step.count for step in workload.steps)
    given = sum(step.usage.input_tokens * step.count for step in workload.steps)
    ends = (with_hits(workload, everything=False), with_hits(workload, everything=True))
    return _lever(card, tier, workload, "cache hits", share(cached, given), ends, times)


def off_peak_lever(card: RateCard, tier: str, workload: Workload, *, times: int = 1) -> Lever:
    """The least share of the work in the off-peak hours, in every step alike, at which a tier holds the workload.

    `now` is the share of its credits (at the peak rate) that are off-peak. Raises as `charge` does, and `InputError`.
    """
    check_workload(workload)
    ends = (workload.off_peak(0), workload.off_peak(1))
    peak = ends[0].millicredits(card)
    placed = sum(
        (replace(step, off_peak_share=0).millicredits(card) * Fraction(step.off_peak_share) for step in workload.steps),
        Fraction(0),
    )
    now = ratio(placed, peak) if peak else Fraction(0)
    return _lever(card, tier, workload, "off-peak work", now, ends, times)


def _lever(
    card: RateCard, tier: str, workload: Workload, name: str, now: Fraction, ends: tuple[Workload, Workload], times: int
) -> Lever:
    check_count(times, "times")
    allowance = to_millicredits(tier_of(card, tier).credits)
    without, fully = (end.millicredits(card, times) for end in ends)
    ref = CardRef(card.id, card.sha256)
    return Lever(ref, tier, workload.name, name, now, _least(without, fully, allowance), without, fully)


def _least(without: Fraction, fully: Fraction, allowance: int) -> Fraction | None:
    if without <= allowance:
        return Fraction(0)
    if fully > allowance:
        return None
    return ratio(without - allowance, without - fully)


def with_hits(workload: Workload, *, everything: bool) -> Workload:
    """The same work with all of its input found in the cache, or none."""
    steps = (
        replace(step, usage=replace(step.usage, cached_tokens=step.usage.input_tokens if everything else 0))
        for step in workload.steps
    )
    return replace(workload, steps=tuple(steps))
