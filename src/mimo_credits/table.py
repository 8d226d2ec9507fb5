"""The compiled rate table: what a card becomes, once, on load, and the one thing that everything that charges reads.

`RateTable` holds, for each name a model goes by, its bands as flat tuples of integer millicredits, once at the peak
rate and once at the off-peak rate. The rules it keeps:

- **Bands are cliffs.** A request's whole input chooses the band (inclusive upper limits, so the band's number is the
  count of limits below the input), and that band prices the whole request. Beyond the last band is an error.
- **Off-peak** is decided by an instant; without one the peak rate holds.
- **Zero is a price**; a rate that is absent stays `None` and is an error when it is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from mimo_credits.exact import Rounding

UNLIMITED = 2**63
"""The limit of a rate set without bands: above any input that a usage can hold."""

CACHE_HIT = "cache_hit"
CACHE_MISS = "cache_miss"
OUTPUT = "output"
AUDIO_SECOND = "audio_second"
WEB_SEARCH = "web_search"
IMAGE = "image"
METERS = (CACHE_HIT, CACHE_MISS, OUTPUT, AUDIO_SECOND, WEB_SEARCH, IMAGE)
"""What is counted and billed, in the order in which lines show it. No plan has credits for images: no line has one."""

SECONDS_PER_HOUR = 3600


class Rates(NamedTuple):
    """The credit rates of one band of one model: millicredits per token, and millicredits per hour of audio.

    `model` is the id that is billed, `band` counts from 0, `limit` is its inclusive upper limit in input tokens.
    `None` is a rate that the card does not have.
    """

    model: str
    band: int
    limit: int
    cache_hit: int | None
    cache_miss: int | None
    output: int | None
    audio_hour: int | None

    def of(self, meter: str) -> tuple[int, str]:
        """The millicredits of a meter that has a rate, and the unit they are for: `token` or `hour`."""
        rate = self.audio_hour if meter == AUDIO_SECOND else getattr(self, meter)
        assert rate is not None, f"{self.model} has no rate for {meter}"
        return rate, "hour" if meter == AUDIO_SECOND else "token"


class Prices(NamedTuple):
    """The pay-as-you-go prices of one band of one model in one currency.

    They are for 1,000,000 tokens, for an hour of audio, and for one image.
    """

    model: str
    band: int
    limit: int
    cache_hit: Decimal | None
    cache_miss: Decimal | None
    output: Decimal | None
    audio_hour: Decimal | None
    image: Decimal | None


TokenRow: TypeAlias = tuple[int, int, int, int, Rates]
"""Limit, hit, miss, output, and the `Rates` they come from: a band all of whose token rates are known."""


class RateRows:
    """One card's rates at one time of day: `bands` for every name, `tokens` where charging needs no second look."""

    __slots__ = ("bands", "tokens")

    def __init__(self, bands: Mapping[str, tuple[Rates, ...]]) -> None:
        self.bands = dict(bands)
        self.tokens: dict[str, tuple[TokenRow, ...]] = {}
        for name, rates in self.bands.items():
            rows = tuple(
                (row.limit, row.cache_hit, row.cache_miss, row.output, row)
                for row in rates
                if row.cache_hit is not None and row.cache_miss is not None and row.output is not None
            )
            if len(rows) == len(rates):
                self.tokens[name] = rows


class OffPeakHours(NamedTuple):
    """A daily window on a zone's clock, `start` inclusive and `end` exclusive; it may run over midnight."""

    start: time
    end: time
    zone: ZoneInfo

    def covers(self, instant: datetime) -> bool:
        """Whether a request that starts at `instant` is off-peak."""
        clock = instant.astimezone(self.zone).time()
        if self.start < self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end

    def steady_until(self, instant: datetime) -> datetime:
        """An instant after this one, up to which `covers` does not change (not always the latest such)."""
        local = instant.astimezone(self.zone)
        edges = [
            datetime.combine(local.date() + timedelta(days=days), edge, self.zone)
            for days in (0, 1)
            for edge in (self.start, self.end)
        ]
        edge = min(edge for edge in edges if edge.replace(tzinfo=None) > local.replace(tzinfo=None))
        until = edge.astimezone(UTC)
        jumped_over = until.astimezone(self.zone).time() != edge.time()
        if jumped_over or edge.utcoffset() != local.utcoffset():
            # The clock is put forward or back by then: promise no more than this very instant.
            return instant + timedelta(microseconds=1)
        return until


class RateTable:
    """One card, compiled: credit rates at peak and off-peak, prices by currency, and who the card is."""

    __slots__ = ("card_id", "digest", "hours", "not_in_plan", "off_peak", "peak", "prices", "rounding")

    def __init__(
        self,
        card_id: str,
        digest: str,
        peak: RateRows,
        off_peak: RateRows,
        hours: OffPeakHours | None,
        prices: Mapping[str, Mapping[str, tuple[Prices, ...]]],
        not_in_plan: frozenset[str],
        rounding: Rounding,
    ) -> None:
        self.card_id = card_id
        self.digest = digest
        self.peak = peak
        self.off_peak = off_peak
        self.hours = hours
        self.prices = prices
        self.not_in_plan = not_in_plan
        self.rounding = rounding

    def is_off_peak(self, at: datetime | None) -> bool:
        """Whether the off-peak rates hold at an instant (in UTC); never without one."""
        return at is not None and self.hours is not None and self.hours.covers(at)

    def known_models(self) -> frozenset[str]:
        """Every id and alias that the card lists, in the plan or not."""
        return self.not_in_plan.union(self.peak.bands)

    def rows(self, off_peak: bool) -> RateRows:
        """The credit rates at that time of day."""
        return self.off_peak if off_peak else self.peak
