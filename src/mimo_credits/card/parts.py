"""The parts of a rate card, each as its TOML section says it. What must hold between parts is in `checks`.

Credits are credits (`Decimal`, no finer than 0.001); prices are per 1,000,000 tokens, hour of audio, image or 1,000
web searches, or per tier and period, in the currency that keys them (`USD`, `CNY`: ISO 4217).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from decimal import Decimal
from typing import Annotated, Literal, TypeAlias, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    SerializerFunctionWrapHandler,
    Tag,
    WithJsonSchema,
    WrapSerializer,
    model_validator,
)

from mimo_credits.cycle import Boundary, CycleRule
from mimo_credits.errors import shown
from mimo_credits.exact import Rounding, to_millicredits
from mimo_credits.frozen import FrozenMap
from mimo_credits.table import OffPeakHours
from mimo_credits.usage import MAX_COUNT

K = TypeVar("K")
T = TypeVar("T")
Interval = Literal["monthly", "annual"]

NOT_IN_PLAN = "not in plan"

_TOO_LARGE = 10**19
_MOST_DECIMALS = 12


def _number(value: object) -> Decimal:
    if isinstance(value, float):
        raise ValueError(f"needs an int or a Decimal, not the float {value}")
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise ValueError(f"needs a number, not {shown(value)}")
    if isinstance(value, Decimal) and not value.is_finite():
        raise ValueError(f"needs a finite number, not {value}")
    # The size comes first: to turn an integer of a million digits into a Decimal, or to print it, takes minutes.
    if not -_TOO_LARGE < value < _TOO_LARGE or _decimals(value) > _MOST_DECIMALS:
        raise ValueError("needs a number below 1e19 with at most 12 decimals")
    number = Decimal(value)
    if number.is_signed():
        raise ValueError(f"must not be negative: {number}")
    return number


def _decimals(value: Decimal | int) -> int:
    exponent = value.as_tuple().exponent if isinstance(value, Decimal) else 0
    return -exponent if isinstance(exponent, int) else 0


def _credits(value: Decimal) -> Decimal:
    to_millicredits(value)
    return value


def _positive(value: Decimal) -> Decimal:
    if not value:
        raise ValueError("must be more than 0")
    return value


def _at_most_one(value: Decimal) -> Decimal:
    if value > 1:
        raise ValueError(f"is the share of the list price that is paid, so at most 1, not {value}")
    return value


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # OSError: the name of one of the database's folders, such as "Asia", or one too long for any file.
        raise ValueError(f"{name!r} is no time zone of the IANA database, such as UTC or Asia/Shanghai") from None
    return name


def _by_type(needed: str, **kinds: type | tuple[type, ...]) -> Discriminator:
    """Tells a union's members apart by the type of the value, so that an error speaks of the one that was meant.

    `needed` says what may stand there, for a value that is none of them.
    """

    def kind_of(value: object) -> str | None:
        return next((f"<{tag}>" for tag, kind in kinds.items() if isinstance(value, kind)), None)

    return Discriminator(kind_of, custom_error_type="neither", custom_error_message=f"needs {needed}")


def _items(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _as_dict(table: Mapping[str, object], dump: SerializerFunctionWrapHandler) -> object:
    return dump(dict(table))


Number = Annotated[Decimal, BeforeValidator(_number), WithJsonSchema({"type": "number", "minimum": 0})]
Credits = Annotated[Number, AfterValidator(_credits)]
_SHAPES = {
    "currency": (r"^[A-Z]{3}$", "a currency in three capital letters (ISO 4217), such as USD"),
    "name": (r"^\S+$", "a name without spaces"),
    "tier": (r"^[a-z0-9][a-z0-9_-]*$", "an id of small letters, digits, - and _, such as lite"),
    "source": (r"^[a-z0-9][a-z0-9-]*$", "an id of small letters, digits and -, such as official-faq"),
    "card": (r"^\d{4}-\d{2}-\d{2}\.\d+$", "a card's id, such as 2026-05-27.1"),
    "version": (r"^\d{4}-\d{2}-\d{2}$", "a day, such as 2026-05-27"),
    "citation": (
        r"^(H|M-H|M|L|assumed) [a-z0-9][a-z0-9-]*(, [a-z0-9][a-z0-9-]*)*$",
        "how sure it is (H, M-H, M, L or assumed), then ids of sources or assumptions, such as H official-faq, press",
    ),
}
PATTERN_WORDS = dict(_SHAPES.values())
"""What a text of each pattern is, in words."""

Currency = Annotated[str, Field(pattern=_SHAPES["currency"][0])]
Name = Annotated[str, Field(pattern=_SHAPES["name"][0])]
TierId = Annotated[str, Field(pattern=_SHAPES["tier"][0])]
SourceId = Annotated[str, Field(pattern=_SHAPES["source"][0])]
CardId = Annotated[str, Field(pattern=_SHAPES["card"][0])]
Version = Annotated[str, Field(pattern=_SHAPES["version"][0])]
Zone = Annotated[str, AfterValidator(_zone)]
Citation = Annotated[str, Field(pattern=_SHAPES["citation"][0])]
Tokens = Annotated[int, Field(gt=0, le=MAX_COUNT)]
ClockTime = Annotated[time, WithJsonSchema({"type": "string", "pattern": r"^\d\d:\d\d:\d\d$"})]
Many = Annotated[tuple[T, ...], BeforeValidator(_items)]
"""A TOML array."""
Table = Annotated[Mapping[K, T], AfterValidator(FrozenMap), WrapSerializer(_as_dict)]
"""A TOML table whose keys are names; a dump of it is a plain dict."""


class Part(BaseModel):
    """A section of a card: frozen, strict, and without keys that the schema does not know.

    Validators are built when the first card is read, not on import.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid", defer_build=True)


class Source(Part):
    """Where facts come from: a page, an article, a repository; `date` says when it was written or captured."""

    title: str
    date: str


class Assumption(Part):
    """What no source says, or where sources differ, and what this card takes to be so.

    Also what is reported, but lies outside what a card prices. `source` names who reports it, where somebody does.
    """

    id: SourceId
    says: str
    source: Citation | None = None


Sourcing: TypeAlias = Annotated[
    Annotated[Citation, Tag("<text>")] | Annotated[Table[Name, Citation], Tag("<table>")],
    _by_type('a text such as "H official-faq", or a table of such texts', text=str, table=Mapping),
]
"""How sure a fact is, then who says so: for the whole section, or by key."""


def cited(source: str | Mapping[str, str], what: str = "") -> str:
    """What a section cites: for one of its keys, or, where it cites the section as a whole, for all of it."""
    if isinstance(source, str):
        return source
    return source.get(what) or next(iter(source.values()), "")


def cited_ids(citation: str) -> tuple[str, ...]:
    """The ids that a citation names after how sure it is: of sources, or of what is assumed."""
    return tuple(citation.partition(" ")[2].split(", "))


class AnnualPlan(Part):
    """The same tier bought for a year: one pool of credits, one price."""

    credits: Credits
    price: Table[Currency, Number]


class Tasks(Part):
    """What a publisher says a tier is good for; a claim to show, never a limit."""

    count: Annotated[int, Field(gt=0)]
    kind: str
    source: Citation


class Tier(Part):
    """A tier of the plan: the `credits` of a month's allowance and its list `price` by currency."""

    credits: Credits
    price: Table[Currency, Number]
    annual: AnnualPlan | None = None
    tasks: Tasks | None = None
    source: Sourcing

    def plan(self, interval: Interval) -> Tier | AnnualPlan | None:
        """What is sold for the interval: `.credits` and `.price`; None where the tier is not sold for it."""
        return self if interval == "monthly" else self.annual


class RateSet(Part):
    """Rates by meter: `hit`, `miss`, `output` per token, or `token` where every token costs the same; `audio_hour`."""

    hit: Number | None = None
    miss: Number | None = None
    output: Number | None = None
    token: Number | None = None
    audio_hour: Number | None = None

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> RateSet:
        apart = (self.hit, self.miss, self.output)
        if self.token is not None and apart != (None, None, None):
            raise ValueError("`token` prices every token, so it cannot stand beside hit, miss or output")
        if all(rate is None for _, rate in self):
            others = [meter for meter in type(self).model_fields if meter not in ("hit", "miss", "output")]
            raise ValueError(f"has no rate: write hit, miss and output, or {', or '.join(others)}")
        return self

    def by_meter(self) -> tuple[Decimal | None, Decimal | None, Decimal | None, Decimal | None]:
        """Cache hit, cache miss, output and audio hour; None where the card has no rate."""
        if self.token is not None:
            return self.token, self.token, self.token, self.audio_hour
        return self.hit, self.miss, self.output, self.audio_hour

    def lacks(self, other: RateSet) -> frozenset[str]:
        """The meters that another rate set has a rate for, and this one has not."""
        meters = zip(("hit", "miss", "output", "audio_hour"), self.by_meter(), other.by_meter(), strict=True)
        return frozenset(meter for meter, mine, theirs in meters if mine is None and theirs is not None)


class PriceSet(RateSet):
    """Prices by meter: those for which a plan may have credits, and `image`, of one picture, which is money only."""

    image: Number | None = None


def _every_token(value: object) -> object:
    return {"token": value} if isinstance(value, (int, Decimal, float)) else value


AnyRates: TypeAlias = Annotated[RateSet, BeforeValidator(_every_token, json_schema_input_type=Number | RateSet)]
"""Rates by meter, or one number where every token costs the same."""

AnyPrices: TypeAlias = Annotated[PriceSet, BeforeValidator(_every_token, json_schema_input_type=Number | PriceSet)]
"""Prices, written like rates."""

PriceRates: TypeAlias = Table[Currency, AnyPrices]


class Band(Part):
    """Rates of the requests whose whole input is at most `input_up_to` tokens (and above the band before).

    The last band names no limit of its own: it ends at the model's context window.
    """

    input_up_to: Tokens | None = None
    credits: AnyRates | None = None
    price: PriceRates = Field(default_factory=FrozenMap)


class ModelRates(Part):
    """What one model costs. A rate set (the plan's credits, or the prices) stands either here, or in every band.

    `credits = "not in plan"` says that the model is sold by pay-as-you-go only; on a card without tiers, where every
    model is, nobody has to say it. `aliases` are other names that are
    billed as this model: a forwarding from one model to another is such an alias.
    """

    aliases: Many[Name] = ()
    context: Tokens | None = None
    max_output: Tokens | None = None
    credits: (
        Annotated[
            Annotated[Literal["not in plan"], Tag("<text>")] | Annotated[AnyRates, Tag("<rates>")],
            _by_type(
                'a number, a table of rates, or "not in plan"',
                text=str,
                rates=(int, Decimal, float, Mapping, RateSet),
            ),
        ]
        | None
    ) = None
    price: PriceRates = Field(default_factory=FrozenMap)
    bands: Many[Band] = ()
    source: Sourcing

    @property
    def in_plan(self) -> bool:
        """Whether plan credits pay for this model."""
        return isinstance(self.credits, RateSet) or any(band.credits is not None for band in self.bands)

    @property
    def currencies(self) -> frozenset[str]:
        """The currencies in which the model has a price."""
        return frozenset(self.price).union(*(band.price for band in self.bands))

    def limit(self, band: int) -> int | None:
        """The inclusive upper limit of a band in input tokens: its own, or for the last one the context window."""
        return self.bands[band].input_up_to or self.context


class WebSearch(Part):
    """The web-search plugin: money only, per 1,000 calls, for every model."""

    price: Table[Currency, Number]
    source: Sourcing


class CycleTerms(Part):
    """How a monthly cycle is counted: whole `days` or calendar `months` from the purchase, in `timezone`.

    A period is at most a hundred years, so that the cycle in which the last known instant lies still has an end.
    """

    days: Annotated[int, Field(gt=0, le=36_500)] | None = None
    months: Annotated[int, Field(gt=0, le=1_200)] | None = None
    boundary: Boundary
    timezone: Zone
    source: Sourcing

    @model_validator(mode="after")
    def _one_period(self) -> CycleTerms:
        if (self.days is None) == (self.months is None):
            raise ValueError("needs either days or months")
        return self

    def rule(self, interval: Interval) -> CycleRule:
        """How cycles of the interval are counted; an annual one is twelve calendar months."""
        if interval == "annual":
            return CycleRule(0, 12, self.boundary, self.timezone)
        return CycleRule(self.days or 0, self.months or 0, self.boundary, self.timezone)


ROLLOVER = '"none", or a table such as { up_to = 1_000, cycles = 1 }'
"""What may stand for a policy's rollover."""


class Rollover(Part):
    """What is left at a renewal is kept, up to `up_to` credits, for as many further `cycles`; the rest expires."""

    up_to: Annotated[Credits, AfterValidator(_positive)]
    cycles: Annotated[int, Field(gt=0, le=100)]


class Policy(Part):
    """The plan's terms, as data: the ledger follows what the card in force says."""

    first_purchase_pays: Annotated[Number, AfterValidator(_at_most_one)] | None = None
    upgrade: Literal["price-difference", "trade-in"]
    downgrade: Literal["at-renewal"]
    exhausted: Literal["stop", "pay-as-you-go"]
    rollover: Annotated[
        Annotated[Literal["none"], Tag("<text>")] | Annotated[Rollover, Tag("<table>")],
        _by_type(ROLLOVER, text=str, table=(Mapping, Rollover)),
    ]
    money_rounding: Rounding
    credit_rounding: Rounding = "half-up"
    source: Sourcing


class OffPeak(Part):
    """Plan credits are multiplied by `multiply_by` every day between `start` and `end` on the clock of `timezone`."""

    multiply_by: Annotated[Number, AfterValidator(_positive)]
    start: ClockTime
    end: ClockTime
    timezone: Zone
    source: Sourcing

    @model_validator(mode="after")
    def _some_hours(self) -> OffPeak:
        if self.start == self.end:
            raise ValueError("start and end are the same instant of the day")
        return self

    def hours(self) -> OffPeakHours:
        """The daily window, ready to ask."""
        return OffPeakHours(self.start, self.end, ZoneInfo(self.timezone))


class Migration(Part):
    """What happens to a running cycle when this card takes effect: consumed credits return to zero, with the new
    allowance, and the cycle's end stays."""

    running_cycles: Literal["reset to the new allowance"]
    source: Sourcing
