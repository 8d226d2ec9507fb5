"""`tier_comparison`: every tier of a card against a month of work, with what it costs beside its name.

A bar is the tier's allowance: what the work uses of it, and what is left. Where the work needs more than the allowance,
the bar goes on beyond it, hatched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mimo_credits.errors import wrong_type
from mimo_credits.exact import percent
from mimo_credits.planning import TierComparison, TierFit
from mimo_credits.plots.canvas import (
    BLUE,
    GROUND,
    INK,
    PALE,
    RED,
    as_written,
    axis_or_new,
    credit_scale,
    drawn_credits,
    figure_of,
    legend,
    listed,
    nothing,
    short,
    swatch,
    title,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BAR = 0.55
_SIZE = 10.5


def tier_comparison(comparison: TierComparison, *, axis: Axes | None = None) -> Figure:
    """Use, share and headroom by tier, in the card's order from the top, and pay-as-you-go below them.

    Raises `InputError`.
    """
    if not isinstance(comparison, TierComparison):
        raise wrong_type("comparison", "a TierComparison, as compare_tiers gives it", comparison)
    axis = axis_or_new(axis, height=4.4)
    if not comparison.use.millicredits:
        return nothing(axis, f"Nothing to compare: {comparison.use.what} draws no credits.")
    longest = max(max(fit.used, fit.allowance) for fit in comparison.tiers)
    for place, fit in enumerate(comparison.tiers):
        _bar(axis, place, fit)
        _words(axis, place, fit, longest, chosen=fit.tier == comparison.choice)
    rows = [_named(comparison, fit) for fit in comparison.tiers] + [_pay_as_you_go(comparison)]
    axis.set_yticks(range(len(rows)), list(map(as_written, rows)))
    axis.set_ylim(len(rows) - 0.5, -0.5)
    axis.set_xlim(0, drawn_credits(longest) * 1.04)
    credit_scale(axis, longest, along="x", what="credits a month")
    outcomes = {
        fit.fits: swatch("left", PALE) if fit.fits else swatch("missing", GROUND, "////", RED)
        for fit in comparison.tiers
    }
    legend(axis, [swatch("used", BLUE), *outcomes.values()], columns=3)
    title(axis, f"{comparison.use.what}: {short(comparison.use.millicredits)} credits", listed([comparison.card.id]))
    return figure_of(axis)


def _bar(axis: Axes, place: int, fit: TierFit) -> None:
    within = min(fit.used, fit.allowance)
    axis.barh(place, drawn_credits(within), _BAR, color=BLUE, gid=f"used {fit.tier}")
    start = drawn_credits(within)
    if fit.fits:
        axis.barh(place, drawn_credits(fit.headroom), _BAR, left=start, color=PALE, gid=f"left {fit.tier}")
    else:
        missing = drawn_credits(-fit.headroom)
        axis.barh(
            place, missing, _BAR, left=start, color=GROUND, edgecolor=RED, hatch="////", gid=f"missing {fit.tier}"
        )


def _words(axis: Axes, place: int, fit: TierFit, longest: int, *, chosen: bool) -> None:
    """The share and the headroom, beside the bar, or inside it where there is no room beside it."""
    spare = f"{short(fit.headroom)} to spare" if fit.fits else f"{short(-fit.headroom)} short"
    text = f"{percent(fit.share)} % used, {spare}{', the cheapest that fits' if chosen else ''}"
    ends = max(fit.used, fit.allowance)
    inside = 2 * ends > longest
    axis.text(
        drawn_credits(ends),
        place,
        f"{text}  " if inside else f"  {text}",
        ha="right" if inside else "left",
        va="center",
        fontsize=_SIZE,
        color=INK,
        fontweight="bold" if chosen else "normal",
        bbox={"facecolor": GROUND, "linewidth": 0, "pad": 1.5} if inside else None,
    )


def _named(comparison: TierComparison, fit: TierFit) -> str:
    cost = fit.tier_cost(comparison.currency) if comparison.currency in fit.cost else f"no {comparison.currency} price"
    return f"{fit.tier}\n{cost}"


def _pay_as_you_go(comparison: TierComparison) -> str:
    money = comparison.use.money.get(comparison.currency)
    return "pay-as-you-go\n" + ("no price" if money is None else f"{comparison.currency} {money:,f}")
