"""`forecast`: how fast the pool burns, when it runs out, and which tier the cycle will need, as a range.

The method, exact and without a model of the future: whole days of 24 hours are counted back from `at` as far as the
observation reaches. Each day's burn is the sum of its requests; a day without requests burns 0 and counts. Three paces
are read off the days, by order statistics: the slowest day, the median (the upper of the two middle days, where there
are two), and the fastest day. The fourth is the exact mean of all that was observed: also of what is left over at the
beginning, which is no whole day. At each pace the rest of the cycle goes on as that day did:

    by the end = used in the cycle so far + pace x days left         rounded up, once
    runs out   = at + remaining / pace                               rounded down to the microsecond

What remains of an account lies in several pots. They are spent in burn order, and what is left in a pot when it expires
is gone.

So the truth lies between the slowest and the fastest as long as no day is slower or faster than those that were seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from statistics import median_high
from typing import NamedTuple

from mimo_credits.card import Interval, RateCard
from mimo_credits.card.rate_card import check_card
from mimo_credits.errors import InputError
from mimo_credits.exact import ratio, ticks, to_credits, to_millicredits, whole
from mimo_credits.instants import to_utc
from mimo_credits.ledger import Account, Entry, Posting, Restated
from mimo_credits.ledger.account import check_account
from mimo_credits.ledger.entries import each_entry
from mimo_credits.planning.burns import Burn, burns_of_entries, in_order
from mimo_credits.planning.checks import check_interval, check_millicredits
from mimo_credits.planning.words import counted
from mimo_credits.pricing import CardRef
from mimo_credits.seen import Seen

_DAY = timedelta(days=1)

_Pots = Sequence[tuple[datetime | None, int]]
"""Millicredits in burn order, each with when they expire (None: never)."""


class Pace(NamedTuple):
    """One way in which the rest of the cycle may go: millicredits a day, exact, and what comes of it.

    `by_end` is the whole cycle's use in millicredits. `lasts` says whether what remains lasts until the cycle's end,
    None where it was not said what remains; if not, it `runs_out_at` that instant. `tier` is the smallest that holds
    the cycle; None where none does.
    """

    name: str
    per_day: Fraction
    by_end: int
    lasts: bool | None
    runs_out_at: datetime | None
    tier: str | None

    def __str__(self) -> str:
        tier = f"needs {self.tier}" if self.tier else "no tier holds it"
        pool = ", the pool lasts" if self.lasts else ""
        ends = f", the pool runs out {self.runs_out_at:%Y-%m-%d %H:%M} UTC" if self.runs_out_at else ""
        return f"{self.name}: {to_credits(self.by_end):,f} credits in the cycle, {tier}{pool}{ends}"


@dataclass(frozen=True, slots=True)
class Forecast(Seen):
    """The cycle `[start, end)` seen from `at`. `days` are the whole days' burns in millicredits, the oldest first.

    `before` is what was observed before the first of them: so many requests, and their millicredits, which only the
    mean counts. `used` is what the cycle drew before `at`; `remaining` is what can still be spent, None where it was
    not said.
    """

    card: CardRef
    start: datetime
    at: datetime
    end: datetime
    used: int
    remaining: int | None
    days: tuple[int, ...]
    paces: tuple[Pace, ...]
    before: tuple[int, int] = (0, 0)

    @property
    def slowest(self) -> Pace:
        """The rest of the cycle as on the slowest day."""
        return self.paces[0]

    @property
    def median(self) -> Pace:
        """The rest of the cycle as on the median day."""
        return self.paces[1]

    @property
    def mean(self) -> Pace:
        """The rest of the cycle as on average."""
        return self.paces[2]

    @property
    def fastest(self) -> Pace:
        """The rest of the cycle as on the fastest day."""
        return self.paces[3]

    @property
    def observed_from(self) -> datetime:
        """The instant at which the first of the whole days begins."""
        return self.at - len(self.days) * _DAY

    def __str__(self) -> str:
        days = counted(len(self.days), "whole day")
        head = f"From {days}, on card {self.card.id}, until {self.end:%Y-%m-%d %H:%M} UTC:"
        early = [f"  {self.before_in_words}"] if self.before_in_words else []
        return "\n".join([head, *early, *(f"  {pace}" for pace in self.paces)])

    @property
    def before_in_words(self) -> str:
        """What lies before the first whole day, in a sentence; nothing where nothing does."""
        requests, millicredits = self.before
        if not requests:
            return ""
        drew = f"{counted(requests, 'request')}, {to_credits(millicredits):,f} credits"
        return f"before the first whole day: {drew}, which only the mean counts"


def forecast(
    burns: Iterable[Burn],
    card: RateCard,
    at: datetime,
    *,
    start: datetime,
    end: datetime,
    observed_since: datetime | None = None,
    remaining: int | None = None,
    interval: Interval = "monthly",
) -> Forecast:
    """What the cycle `[start, end)` will draw, from burns before `at`, and the tier of the card that holds it.

    Observed is from `observed_since` on, by default from `start`. `remaining` is in millicredits. Raises
    `InputError` where instants are out of order or naive, and where not one whole day was observed.
    """
    if remaining is not None:
        check_millicredits(remaining, "remaining")
    pots = None if remaining is None else ((None, remaining),)
    return _forecast(burns, card, (start, at, end), observed_since, pots, interval)


def _forecast(
    burns: Iterable[Burn],
    card: RateCard,
    cycle: tuple[datetime, datetime, datetime],
    observed_since: datetime | None,
    pots: _Pots | None,
    interval: Interval,
) -> Forecast:
    check_card(card)
    check_interval(interval)
    start, at, end = (to_utc(instant, field) for instant, field in zip(cycle, ("start", "at", "end"), strict=True))
    since = start if observed_since is None else to_utc(observed_since, "observed_since")
    if not start <= at < end:
        raise InputError("at", f"{at.isoformat()} lies outside the cycle from {start.isoformat()} to {end.isoformat()}")
    ordered = in_order(burns)
    days = _whole_days(ordered, since, at)
    if not days:
        raise InputError("at", f"{at.isoformat()} is less than a whole day after {since.isoformat()}: no pace to see")
    used = sum(burn.millicredits for burn in ordered if start <= burn.at < at)
    early = [burn.millicredits for burn in ordered if since <= burn.at < at - len(days) * _DAY]
    observed = sum(days) + sum(early)
    rates: dict[str, Fraction] = {
        "slowest day": Fraction(min(days)),
        "median day": Fraction(median_high(days)),
        "mean": ratio(observed * ticks(_DAY), ticks(at - since)),
        "fastest day": Fraction(max(days)),
    }
    paces = (_pace(name, per_day, card, at, end, used, pots, interval) for name, per_day in rates.items())
    return Forecast(
        card=CardRef(card.id, card.sha256),
        start=start,
        at=at,
        end=end,
        used=used,
        remaining=None if pots is None else sum(millicredits for _, millicredits in pots),
        days=tuple(days),
        paces=tuple(paces),
        before=(len(early), sum(early)),
    )


def forecast_account(account: Account, entries: Iterable[Entry], card: RateCard, at: datetime) -> Forecast:
    """The same for an account's running cycle, from its entries; `card` is the one whose tiers are compared.

    Observed is the running segment (the time since the last rollover, migration or trade-in), because its usage was
    charged by the rates that hold now. Where something falls due before `at` (a rollover, a migration), the account is
    first brought up to it by `account.as_of`, and its entries with it. A grant counts until it expires. Raises
    `InputError`, also for an account without a plan or one that is ahead of `at`, and where the running segment was
    corrected: a correction says of no request what it should have drawn, `rerate` does.
    """
    check_account(account)
    plan = account.plan
    if plan is None or account.now is None:
        raise InputError("account", "has no plan, and so no cycle to look ahead in")
    if to_utc(at) < account.now:
        raise InputError("at", f"{at.isoformat()} lies before the account's last entry, {account.now.isoformat()}")
    history = tuple(each_entry(entries))
    if any(_is_correction(entry) and entry.at >= plan.segment_start for entry in history):
        raise InputError("entries", "correct the running segment; pass the account and the entries that rerate gives")
    pots = [(bucket.expires_at, bucket.millicredits) for bucket in account.buckets]
    cycle = (plan.segment_start, at, plan.cycle.end)
    return _forecast(burns_of_entries(history), card, cycle, None, pots, plan.interval)


def _is_correction(entry: Entry) -> bool:
    return isinstance(entry, Restated) or (isinstance(entry, Posting) and entry.reason == "correction")


def _whole_days(ordered: Sequence[Burn], since: datetime, at: datetime) -> list[int]:
    """The burn of each whole day before `at`, the oldest first."""
    count = max((at - since).days, 0)
    days = [0] * count
    first = at - count * _DAY
    for burn in ordered:
        if first <= burn.at < at:
            days[(burn.at - first).days] += burn.millicredits
    return days


def _pace(
    name: str,
    per_day: Fraction,
    card: RateCard,
    at: datetime,
    end: datetime,
    used: int,
    pots: _Pots | None,
    interval: Interval,
) -> Pace:
    by_end = used + whole(per_day * ratio(ticks(end - at), ticks(_DAY)), "up")
    tier = _tier(card, by_end, interval)
    if pots is None:
        return Pace(name, per_day, by_end, None, None, tier)
    runs_out_at = _runs_out(at, end, per_day, pots)
    return Pace(name, per_day, by_end, runs_out_at is None, runs_out_at, tier)


def _runs_out(at: datetime, end: datetime, per_day: Fraction, pots: _Pots) -> datetime | None:
    """When what remains is spent at that pace; None where that is not before the cycle ends."""
    if not per_day:
        return None
    pace, clock = ratio(per_day, ticks(_DAY)), 0
    left = [(ticks(min(expires or end, end) - at), Fraction(millicredits)) for expires, millicredits in pots]
    for then in sorted({ticks(end - at), *(expires for expires, _ in left)}):
        asked = pace * (then - clock)
        kept: list[tuple[int, Fraction]] = []
        for expires, millicredits in left:
            part = min(millicredits, asked)
            asked -= part
            kept.append((expires, millicredits - part))
        if asked:
            return at + timedelta(microseconds=whole(then - ratio(asked, pace), "down"))
        clock, left = then, [pot for pot in kept if pot[0] > then]
    return None


def _tier(card: RateCard, millicredits: int, interval: Interval) -> str | None:
    """The smallest tier, sold for the interval, whose allowance suffices."""
    sold = ((tier.plan(interval), name) for name, tier in card.tiers.items())
    holding = [
        (plan.credits, name)
        for plan, name in sold
        if plan is not None and to_millicredits(plan.credits) >= millicredits
    ]
    return min(holding)[1] if holding else None
