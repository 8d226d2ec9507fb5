"""`cost_by_hit_rate`: what a month of work costs by how much of its input is found in the cache.

A tier costs the same at every hit rate at which it holds the work; where it does not, it has no line. Pay-as-you-go is
linear in the hit rate, as credits are, so its line is exact between its two ends.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from mimo_credits.card import RateCard
from mimo_credits.card.rate_card import check_card
from mimo_credits.exact import percent, ratio, to_millicredits
from mimo_credits.planning import Workload, cache_lever, compare_tiers
from mimo_credits.planning.levers import with_hits
from mimo_credits.planning.workload import check_workload
from mimo_credits.plots.canvas import (
    COLOURS,
    FAINT,
    INK,
    axis_or_new,
    drawn,
    figure_of,
    labels,
    legend,
    listed,
    nothing,
    stroke,
    title,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

_SHAPES = "osD^Pv"


def cost_by_hit_rate(
    card: RateCard,
    model: str,
    workload: Workload,
    *,
    times: int = 1,
    currency: str = "USD",
    axis: Axes | None = None,
) -> Figure:
    """What a workload costs a month, done so many `times` by a model, at every cache-hit rate: each tier where it holds
    the work, and pay-as-you-go beside them. The dotted line is the workload's own hit rate.

    Hits are shared out over all steps alike. Raises as `charge` does, and `InputError`.
    """
    check_card(card)
    check_workload(workload)
    axis = axis_or_new(axis, height=5.4)
    work = workload.on(model)
    if not sum(step.usage.input_tokens * step.count for step in work.steps) * times:
        return nothing(axis, f"Nothing to draw: {work.name}, {times:,} times, has no input.")
    comparison = compare_tiers(card, work, times=times, currency=currency)
    handles = [
        _tier(axis, place, fit.tier, fit.cost.get(currency), currency, _holding(card, fit.tier, work, times))
        for place, fit in enumerate(comparison.tiers)
    ]
    handles.append(_pay_as_you_go(axis, card, work, times, currency))
    now = cache_lever(card, comparison.tiers[0].tier, work, times=times).now
    axis.axvline(_in_percent(now), color=FAINT, linestyle=":", linewidth=1.5, zorder=0, gid="now")
    handles.append(stroke(f"this workload's hit rate, {percent(now)} %", FAINT, line=":"))
    axis.set_xlim(0, 100)
    axis.set_ylim(bottom=0)
    labels(axis, "input found in the cache, in percent", f"cost a month, in {currency}")
    legend(axis, handles, columns=2)
    title(axis, f"{work.name}, {times:,} times a month on {model}", listed([card.id]))
    return figure_of(axis)


def _holding(card: RateCard, tier: str, work: Workload, times: int) -> tuple[Fraction, Fraction] | None:
    """The lowest and the highest hit rate at which a tier holds the work, exact; None where it never does."""
    lever = cache_lever(card, tier, work, times=times)
    if lever.least is None:
        return None
    allowance = to_millicredits(card.tiers[tier].credits)
    holds_all = lever.fully <= allowance
    return lever.least, Fraction(1) if holds_all else ratio(allowance - lever.without, -lever.saves)


def _tier(
    axis: Axes, place: int, tier: str, cost: Decimal | None, currency: str, holding: tuple[Fraction, Fraction] | None
) -> Line2D:
    colour, shape = COLOURS[place % len(COLOURS)], _SHAPES[place % len(_SHAPES)]
    if cost is None or holding is None:
        why = f"no {currency} price" if cost is None else "too small at every hit rate"
        return stroke(f"{tier}: {why}", FAINT, shape)
    low, high = holding
    axis.plot(
        [_in_percent(low), _in_percent(high)],
        [drawn(cost)] * 2,
        color=colour,
        linewidth=2.5,
        marker=shape,
        markersize=8,
        markeredgecolor=INK,
        clip_on=False,
        gid=tier,
    )
    from_on = f"from {percent(low)} %" if low else "at any hit rate"
    fits = from_on if high == 1 else f"up to {percent(high)} %"
    return stroke(f"{tier}, {currency} {cost:,f}: fits {fits}", colour, shape, "-")


def _pay_as_you_go(axis: Axes, card: RateCard, work: Workload, times: int, currency: str) -> Line2D:
    ends = [with_hits(work, everything=every).quote(card, times=times).money.get(currency) for every in (False, True)]
    if ends[0] is None or ends[1] is None:
        return stroke(f"pay-as-you-go: no {currency} price", FAINT, line="--")
    axis.plot(
        [0, 100],
        [drawn(end) for end in ends if end is not None],
        color=INK,
        linestyle="--",
        linewidth=2,
        gid="pay-as-you-go",
    )
    return stroke("pay-as-you-go", INK, line="--")


def _in_percent(share: Fraction) -> float:
    return drawn(share * 100)
