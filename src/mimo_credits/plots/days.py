"""`use_by_model_and_day`: what each model used on each day, one bar a day, stacked by model.

The rules: a model is the one that was asked for, as on the statement. A day is one of the calendar in a zone that is
said. A credit is worth something else after a migration than before, so days before the last migration have a scale of
their own, on the left; on the day of the migration itself two narrow bars stand side by side.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING, NamedTuple

from mimo_credits.instants import FIRST_INSTANT, LAST_INSTANT, to_utc
from mimo_credits.ledger import Entry
from mimo_credits.ledger.entries import CycleOpened, Rated, each_entry
from mimo_credits.plots.canvas import (
    COLOURS,
    GROUND,
    INK,
    axis_or_new,
    check_zone,
    credit_scale,
    drawn_at,
    drawn_credits,
    figure_of,
    instant_line,
    legend,
    listed,
    nothing,
    swatch,
    time_axis,
    title,
    twin,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_DAY = timedelta(days=1)
_WIDTH = 0.8
_HATCHES = ("", "///", "...", "xxx")
"""Of models that share a colour, each has another hatch."""


class Side(NamedTuple):
    """The days of one scale: `days[day][model]` are millicredits; `shared` is the day that the other has, too."""

    days: dict[date, dict[str, int]]
    shared: date | None
    right: bool

    @property
    def highest(self) -> int:
        """The millicredits of the day that used the most."""
        return max(sum(models.values()) for models in self.days.values())


def use_by_model_and_day(
    entries: Iterable[Entry],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    zone: tzinfo = UTC,
    axis: Axes | None = None,
) -> Figure:
    """The credits of each day that has usage from `since` on and before `until`, overage included, by model.

    Days before and since a migration have an axis each. Raises `InputError`, also for a naive instant.
    """
    check_zone(zone)
    axis = axis_or_new(axis, height=5.4)
    first = FIRST_INSTANT if since is None else to_utc(since, "since")
    end = LAST_INSTANT if until is None else to_utc(until, "until")
    known = [entry for entry in each_entry(entries) if first <= entry.at < end]
    rated = [entry for entry in known if isinstance(entry, Rated) and entry.millicredits]
    if not rated:
        return nothing(axis, "No day to draw: no usage drew any credits.")
    migrated = max((one.at for one in known if isinstance(one, CycleOpened) and one.reason == "migration"), default=end)
    looks = _looks(rated)
    sides = _sides(rated, migrated, zone)
    for side, scale in zip(sides, [axis, *([twin(axis)] if len(sides) > 1 else [])], strict=True):
        _draw(scale, side, looks, zone)
        when = "" if len(sides) == 1 else " since the migration" if side.right else " before the migration"
        credit_scale(scale, side.highest, what=f"credits a day{when}")
    if len(sides) > 1:
        instant_line(axis, migrated)
    days = sorted(day for side in sides for day in side.days)
    time_axis(axis, zone, _midnight(days[0], zone), _midnight(days[-1] + _DAY, zone))
    legend(axis, [swatch(model, *looks[model]) for model in looks], columns=3)
    cards = list(dict.fromkeys(one.card for one in sorted(rated, key=lambda one: one.at)))
    title(axis, f"Credits used by model and day, {days[0]} to {days[-1]}", listed(cards))
    return figure_of(axis)


def _looks(rated: Iterable[Rated]) -> dict[str, tuple[str, str]]:
    """A colour and a hatch for each model, in order of their names."""
    models = sorted({one.usage.model for one in rated})
    return {
        model: (COLOURS[place % len(COLOURS)], _HATCHES[place // len(COLOURS) % len(_HATCHES)])
        for place, model in enumerate(models)
    }


def _sides(rated: Iterable[Rated], migrated: datetime, zone: tzinfo) -> list[Side]:
    """What lies before the migration and what follows, summed exactly; one side where the other has nothing."""
    sums: tuple[dict[date, dict[str, int]], ...] = ({}, {})
    for one in rated:
        models = sums[one.at >= migrated].setdefault(one.at.astimezone(zone).date(), {})
        models[one.usage.model] = models.get(one.usage.model, 0) + one.millicredits
    shared = next(iter(sums[0].keys() & sums[1].keys()), None)
    return [Side(days, shared, bool(right)) for right, days in enumerate(sums) if days]


def _draw(scale: Axes, side: Side, looks: dict[str, tuple[str, str]], zone: tzinfo) -> None:
    for day, models in side.days.items():
        middle, width = _place(day, side)
        bottom = 0
        for model in sorted(models):
            colour, hatch = looks[model]
            scale.bar(
                drawn_at(_midnight(day, zone) + middle * _DAY),
                drawn_credits(models[model]),
                width,
                bottom=drawn_credits(bottom),
                color=colour,
                hatch=hatch,
                edgecolor=INK if hatch else GROUND,
                linewidth=0.5,
                gid=f"{day} {model}",
            )
            bottom += models[model]


def _place(day: date, side: Side) -> tuple[float, float]:
    """Where in its day a bar stands, and how wide it is, both as a share of the day."""
    if day != side.shared:
        return 0.5, _WIDTH
    return (0.7 if side.right else 0.3), _WIDTH / 2


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone)
