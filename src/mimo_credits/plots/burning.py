"""`burn_down`: the pool of one billing cycle burning down, and what happened to it on the way.

The rules: usage stands where it was used, also when it arrived late. What no pot covered is drawn below zero, since it
is no part of the pool. A credit is worth something else after a migration than before, so what lies before the last
migration of the cycle has a scale of its own, on the left, and what follows has one on the right; they meet at zero.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from mimo_credits.exact import MILLI, share
from mimo_credits.ledger import Entry
from mimo_credits.ledger.entries import EXPIRED, ISSUED, OVERAGE, SPENT, Posting, TierChanged, each_entry
from mimo_credits.plots.canvas import (
    BLUE,
    FAINT,
    GREEN,
    GROUND,
    INK,
    ORANGE,
    PURPLE,
    RED,
    SKY,
    YELLOW,
    axis_or_new,
    check_zone,
    credit_scale,
    drawn,
    drawn_at,
    drawn_credits,
    figure_of,
    instant_line,
    legend,
    listed,
    minute,
    nothing,
    short,
    stroke,
    swatch,
    time_axis,
    title,
    twin,
)
from mimo_credits.statements import (
    CycleStatement,
    Segment,
    SegmentStatement,
    Statement,
    into_buckets,
    segments_of,
    statement,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

_MARKS = {
    "opened": ("o", GREEN, "credits issued"),
    "carried": ("s", SKY, "carried over"),
    "migrated": ("D", PURPLE, "migrated"),
    "tier": ("^", YELLOW, "tier changed"),
    "grant": ("P", ORANGE, "credits granted"),
    "expired": ("v", FAINT, "expired unused"),
}
"""Each kind of mark: its shape, its colour, and what many of the kind are called."""

_OPENINGS = {
    "subscribe": ("opened", "subscribed"),
    "renewal": ("opened", "renewed"),
    "trade-in": ("opened", "traded in"),
    "migration": ("migrated", "migrated"),
}
"""How a segment began: the kind of its mark, and the word."""

_MOST_LISTED = 3
"""Marks of one kind that are listed one by one; more are counted."""

_ROOM = 1.06
"""How much higher than its largest number a scale is."""


class Point(NamedTuple):
    """At an instant: what can be spent, and what the segment has drawn beyond its pots; both in millicredits."""

    at: datetime
    left: int
    beyond: int


class Mark(NamedTuple):
    """Something that happened to the pool, other than usage: its kind, and the millicredits that it brought or took."""

    kind: str
    at: datetime
    millicredits: int
    text: str


class Stretch(NamedTuple):
    """A segment of the cycle as it is drawn."""

    points: tuple[Point, ...]
    marks: tuple[Mark, ...]


def burn_down(
    entries: Iterable[Entry], *, at: datetime | None = None, zone: tzinfo = UTC, axis: Axes | None = None
) -> Figure:
    """The cycle that the instant `at` lies in, or the last one: what could be spent, from its beginning to its end.

    `entries` are all of one account's, in their order. A cycle that is not over is drawn up to the last entry. Marked
    are openings, migrations, tier changes, grants, what was carried over, and what expired. What was drawn beyond the
    pool lies below zero. A cycle with a migration has a second axis, on the right. Raises `InputError`, also for
    a naive `at`.
    """
    check_zone(zone)
    axis = axis_or_new(axis, height=5.4)
    known = list(each_entry(entries))
    made = statement(known)
    cycle = made.at(at) if at is not None else next(reversed(made.cycles), None)
    if cycle is None:
        return nothing(axis, "No billing cycle to draw: no plan was running.")
    stretches = _stretches(known, made, cycle)
    parted = max(place for place, one in enumerate(cycle.segments) if one.reason == "migration" or not place)
    scales = [(axis, stretches[:parted]), (twin(axis), stretches[parted:])] if parted else [(axis, stretches)]
    depth = max(_depth(part) for _, part in scales)
    for (scale, part), when in zip(scales, (" before the migration", " since the migration"), strict=False):
        _draw(scale, part, depth)
        credit_scale(scale, _highest(part), what=f"credits{when if parted else ''}")
    time_axis(axis, zone, cycle.start, cycle.end)
    legend(axis, _legend(stretches, zone))
    period = f"{cycle.start.astimezone(zone):%Y-%m-%d} to {cycle.end.astimezone(zone):%Y-%m-%d}"
    cards = dict.fromkeys(card.id for segment in cycle.segments for card in segment.cards)
    title(axis, f"Credits left in the cycle {period}, {cycle.tier}", listed(list(cards)))
    return figure_of(axis)


# --- what happened, exact -------------------------------------------------------------------------------------------


def _stretches(entries: Sequence[Entry], made: Statement, cycle: CycleStatement) -> list[Stretch]:
    """The curve and the marks of each segment of a cycle."""
    stated = [one for each in made.cycles for one in each.segments]
    pairs = [pair for pair in zip(segments_of(entries)[0], stated, strict=True) if pair[1] in cycle.segments]
    now = max(entry.at for entry in entries)
    found = []
    for segment, of_it in pairs:
        ends = min(of_it.end, now) if of_it is stated[-1] and not cycle.complete else of_it.end
        found.append(Stretch(_curve(segment, of_it, ends), tuple(_marks(segment, of_it, ends, entries))))
    return found


def _curve(segment: Segment, stated: SegmentStatement, ends: datetime) -> tuple[Point, ...]:
    """The pool at every instant at which it changed, from the segment's opening to where it ends."""
    changes: dict[datetime, tuple[int, int]] = {stated.start: (0, 0), ends: (0, 0)}
    for at, gained, overrun in _changes(segment.postings, ends):
        before = changes.get(at, (0, 0))
        changes[at] = before[0] + gained, before[1] + overrun
    points, left, beyond = list[Point](), stated.opening, 0
    for at, (gained, overrun) in sorted(changes.items()):
        left, beyond = left + gained, beyond + overrun
        points.append(Point(at, left, beyond))
    return tuple(points)


def _changes(postings: Iterable[Posting], ends: datetime) -> Iterator[tuple[datetime, int, int]]:
    """What each posting does to what can be spent, and to what was drawn beyond it."""
    for one in postings:
        yield one.at, into_buckets(one), one.millicredits if one.source == OVERAGE else 0
        if one.source == EXPIRED and one.target == SPENT:
            # Late usage is paid by what its segment let expire: so much less was left from then on, and less expired.
            yield one.at, -one.millicredits, 0
            yield ends, one.millicredits, 0


def _marks(segment: Segment, stated: SegmentStatement, ends: datetime, entries: Iterable[Entry]) -> Iterator[Mark]:
    def issued(reason: str) -> list[Posting]:
        return [one for one in segment.postings if one.source == ISSUED and one.reason == reason]

    kind, words = _OPENINGS[stated.reason]
    allowance = sum(one.millicredits for one in issued("allowance"))
    yield Mark(kind, stated.start, allowance, f"{words}, card {segment.opened.card}")
    for one in entries:
        if isinstance(one, Posting) and one.reason == "carried" and one.at == stated.start:
            yield Mark("carried", one.at, one.millicredits, "carried over")
        elif isinstance(one, TierChanged) and stated.start <= one.at < stated.end:
            grown = sum(posting.millicredits for posting in issued("upgrade") if posting.ref == one.ref)
            yield Mark("tier", one.at, grown, f"changed to {one.tier}")
    for granted in issued("grant"):
        yield Mark("grant", granted.at, granted.millicredits, "granted")
    if stated.expired:
        yield Mark("expired", ends, stated.expired, "expired unused")


# --- how it looks ---------------------------------------------------------------------------------------------------


def _highest(stretches: Iterable[Stretch]) -> int:
    """The most millicredits on a scale."""
    return max(point.left for stretch in stretches for point in stretch.points)


def _depth(stretches: Sequence[Stretch]) -> Fraction:
    """How far below zero a scale goes, as a share of how far it goes above."""
    return share(max(point.beyond for stretch in stretches for point in stretch.points), _highest(stretches) or 1)


def _draw(scale: Axes, stretches: Sequence[Stretch], depth: Fraction) -> None:
    top = drawn_credits(_highest(stretches) or MILLI)
    scale.set_ylim(-top * drawn(depth) * _ROOM, top * _ROOM)
    points = [point for stretch in stretches for point in stretch.points]
    times = [drawn_at(point.at) for point in points]
    left = [drawn_credits(point.left) for point in points]
    scale.plot(times, left, drawstyle="steps-post", color=BLUE, linewidth=2, gid="left")
    scale.fill_between(times, left, step="post", color=BLUE, alpha=0.12, linewidth=0)
    if any(point.beyond for point in points):
        below = [-drawn_credits(point.beyond) for point in points]
        scale.plot(times, below, drawstyle="steps-post", color=RED, linewidth=2, gid="beyond")
        scale.fill_between(times, below, step="post", facecolor=GROUND, edgecolor=RED, hatch="////", linewidth=0)
        scale.axhline(0, color=INK, linewidth=1)
    for mark in (mark for stretch in stretches for mark in stretch.marks):
        _draw_mark(scale, mark, points)


def _draw_mark(scale: Axes, mark: Mark, points: Sequence[Point]) -> None:
    """A mark on the curve, and for what happens inside a cycle a line through it."""
    shape, colour, _ = _MARKS[mark.kind]
    height = [point.left for point in points if point.at <= mark.at][-1]
    if mark.kind in ("migrated", "tier", "grant"):
        instant_line(scale, mark.at)
    scale.plot(
        [drawn_at(mark.at)],
        [drawn_credits(height)],
        marker=shape,
        color=colour,
        markersize=9,
        markeredgecolor=INK,
        clip_on=False,
        zorder=5,
        gid=mark.kind,
    )


def _legend(stretches: Sequence[Stretch], zone: tzinfo) -> Iterator[Line2D | Patch]:
    """What the marks mean: each with its instant and its credits, many of one kind together with their sum."""
    beyond = sum(stretch.points[-1].beyond for stretch in stretches)
    if beyond:
        yield swatch(f"{short(beyond)} beyond the pool", GROUND, "////", RED)
    marks = sorted((mark for stretch in stretches for mark in stretch.marks), key=lambda mark: mark.at)
    counts = Counter(mark.kind for mark in marks)
    for mark in marks:
        shape, colour, _ = _MARKS[mark.kind]
        if counts[mark.kind] <= _MOST_LISTED:
            yield stroke(f"{minute(mark.at, zone)}  {mark.text}: {short(mark.millicredits)}", colour, shape)
    for kind, count in counts.items():
        shape, colour, many = _MARKS[kind]
        if count > _MOST_LISTED:
            total = short(sum(mark.millicredits for mark in marks if mark.kind == kind))
            yield stroke(f"{count} times {many}: {total} in all", colour, shape)
