"""What every picture shares: the figure, its colours, and how credits and instants are written on it.

Values come in exact and are added up exact; `drawn` makes a float of a number, as the last step before it is drawn and
nowhere else. Only this module imports matplotlib, and says which extra brings it. A picture brings its own white
ground, so that it reads the same on a light and on a dark page. Its colours (those of Okabe and Ito) stay apart for
people who see fewer of them; where colour tells two things apart, so does a shape, a hatch or a word.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

from mimo_credits.errors import wrong_type
from mimo_credits.exact import MILLI, plain, ratio, rounded

try:
    from matplotlib.axes import Axes
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch
    from matplotlib.ticker import FuncFormatter
    from matplotlib.transforms import ScaledTranslation
except ModuleNotFoundError as error:
    raise ImportError("pictures need matplotlib: pip install 'mimo_credits[plot]'") from error

INK, GROUND, FAINT = "#1a1a1a", "#ffffff", "#b4b4b4"
PALE = "#b3dcf2"
BLUE, ORANGE, GREEN, RED = "#0072b2", "#e69f00", "#009e73", "#d55e00"
PURPLE, SKY, YELLOW = "#cc79a7", "#56b4e9", "#f0e442"
COLOURS = (BLUE, ORANGE, GREEN, PURPLE, SKY, RED, YELLOW)

_TEXT = 11
_DPI = 110
_BELOW = 46
"""Points from the axis down to its legend, past the ticks and the label."""

_UNITS = ((10**9, "billion"), (10**6, "million"), (10**3, "thousand"), (1, ""))


class Picture(Figure):
    """A figure that a notebook shows by itself."""

    def _repr_png_(self) -> bytes:
        written = io.BytesIO()
        self.savefig(written, format="png")
        return written.getvalue()


def drawn(number: int | Decimal | Fraction) -> float:
    """The float that an exact number is drawn as."""
    return float(number)


def drawn_credits(millicredits: int | Fraction) -> float:
    """Millicredits as the float of credits that they are drawn as."""
    return drawn(ratio(millicredits, MILLI))


def drawn_at(at: datetime) -> float:
    """The float that an instant is drawn at: matplotlib counts days."""
    return float(date2num(at))  # type: ignore[no-untyped-call] # matplotlib's dates have no types


def check_zone(zone: object) -> None:
    """Refuses what is no time zone, such as the name of one. Raises `InputError`."""
    if not isinstance(zone, tzinfo):
        raise wrong_type("zone", "a time zone, such as zoneinfo.ZoneInfo('Asia/Shanghai')", zone)


def as_written(text: str) -> str:
    """A text as matplotlib shows it unchanged: what stands between two dollar signs is mathematics to it."""
    return text.replace("$", r"\$")


def axis_or_new(axis: Axes | None, *, height: float = 4.8) -> Axes:
    """The axis that was given, or that of a new figure of so many inches; its ground and texts as all have them."""
    if axis is not None and not isinstance(axis, Axes):
        raise wrong_type("axis", "an axis of matplotlib", axis)
    if axis is None:
        axis = Picture(figsize=(8.6, height), dpi=_DPI, layout="constrained", facecolor=GROUND).add_subplot()
    axis.set_facecolor(GROUND)
    axis.tick_params(colors=INK, labelsize=_TEXT)
    axis.spines[["top", "right"]].set_visible(False)
    return axis


def twin(axis: Axes) -> Axes:
    """A second scale of credits over the same time, on the right."""
    second = axis_or_new(axis.twinx())
    second.spines["right"].set_visible(True)
    return second


def instant_line(axis: Axes, at: datetime) -> None:
    """A dotted line through the picture where something happened."""
    axis.axvline(drawn_at(at), color=FAINT, linestyle=":", linewidth=1.5, zorder=0)


def figure_of(axis: Axes) -> Figure:
    """The whole figure that an axis is part of."""
    figure = axis.figure
    return figure if isinstance(figure, Figure) else figure.figure


def title(axis: Axes, first: str, second: str) -> None:
    """Two lines above the picture: what it shows, and by which rate cards."""
    axis.set_title(as_written(f"{first}\n{second}"), loc="left", fontsize=_TEXT + 1, color=INK)


def nothing(axis: Axes, why: str) -> Figure:
    """The figure with a sentence in place of a picture."""
    axis.set_axis_off()
    axis.text(
        0.5, 0.5, as_written(why), ha="center", va="center", transform=axis.transAxes, fontsize=_TEXT + 1, color=INK
    )
    return figure_of(axis)


def labels(axis: Axes, x: str = "", y: str = "") -> None:
    """What the axes are, with their units."""
    axis.set_xlabel(as_written(x), fontsize=_TEXT, color=INK)
    axis.set_ylabel(as_written(y), fontsize=_TEXT, color=INK)


def legend(axis: Axes, handles: Iterable[Any], columns: int = 1) -> None:
    """A legend below the axis, where it hides nothing."""
    figure = axis.figure
    below = axis.transAxes + ScaledTranslation(0, -_BELOW / 72, figure.dpi_scale_trans)
    axis.legend(
        handles=list(handles),
        loc="upper left",
        bbox_to_anchor=(0, 0),
        bbox_transform=below,
        borderaxespad=0,
        ncols=columns,
        frameon=False,
        fontsize=_TEXT - 0.5,
        labelcolor=INK,
    )


def swatch(text: str, colour: str, hatch: str = "", edge: str = INK) -> Patch:
    """A legend's entry for an area."""
    return Patch(
        facecolor=colour, edgecolor=edge if hatch else colour, hatch=hatch, label=as_written(text), linewidth=0.5
    )


def stroke(text: str, colour: str, shape: str = "", line: Literal["none", "-", "--", ":"] = "none") -> Line2D:
    """A legend's entry for a line or, with a `shape`, for a mark."""
    return Line2D(
        [],
        [],
        color=colour,
        marker=shape,
        linestyle=line,
        linewidth=2,
        markersize=8,
        markeredgecolor=INK,
        label=as_written(text),
    )


def credit_scale(axis: Axes, largest: int, along: str = "y", what: str = "credits") -> None:
    """Writes an axis of credits in thousands, millions or billions, whichever its largest number of millicredits needs.

    The numbers on the axis stay credits; only the ticks are written in the unit.
    """
    size, name = _unit(largest)
    ruler = axis.yaxis if along == "y" else axis.xaxis
    ruler.set_major_formatter(FuncFormatter(lambda tick, _: f"{tick / size:,.10g}"))
    ruler.set_label_text(f"{what}, in {name}s" if name else what, fontsize=_TEXT, color=INK)


def short(millicredits: int) -> str:
    """Credits for people to read, rounded to three digits after the point: `2.756 billion`."""
    size, name = _unit(abs(millicredits))
    return f"{plain(rounded(ratio(millicredits, size * MILLI), 3)):,f} {name}".rstrip()


def _unit(millicredits: int) -> tuple[int, str]:
    return next(((size, name) for size, name in _UNITS if millicredits >= size * MILLI), _UNITS[-1])


def time_axis(axis: Axes, zone: tzinfo, first: datetime, last: datetime) -> None:
    """An axis of instants from the first to the last, in a zone that it names."""
    locator = AutoDateLocator(tz=zone, minticks=4, maxticks=9)  # type: ignore[no-untyped-call]
    axis.xaxis.set_major_locator(locator)
    axis.xaxis.set_major_formatter(ConciseDateFormatter(locator, tz=zone, show_offset=False))  # type: ignore[no-untyped-call]
    axis.set_xlim(drawn_at(first), drawn_at(last))
    axis.set_xlabel(as_written(f"time ({zone})"), fontsize=_TEXT, color=INK)


def minute(at: datetime, zone: tzinfo) -> str:
    """An instant to the minute, in a zone."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M}"


def listed(cards: Sequence[str]) -> str:
    """The rate cards' ids, in words; of many the first and the last."""
    if len(cards) == 1:
        return f"rate card {cards[0]}"
    if len(cards) <= 3:
        return f"rate cards {', '.join(cards[:-1])} and {cards[-1]}"
    return f"{len(cards)} rate cards, {cards[0]} to {cards[-1]}"
