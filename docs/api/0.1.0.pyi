# The public names of mimo_credits 0.1.0, as `make api` wrote them. Once released, this file does not change.

# module mimo_credits

class Account(NamedTuple):
    def __init__(now: datetime | None = None, since: datetime | None = None, plan: Plan | None = None, closed: ClosedSegment | None = None, buckets: tuple[Bucket, ...] = (), pots: Pots = _NO_POTS, holds: FrozenMap[OpenHold] = _NO_HOLDS, ended_holds: tuple[EndedHold, ...] = (), accrued: FrozenMap[Fraction] = _NOTHING_OWED) -> None: ...
    accrued: FrozenMap[Fraction]
    def as_of(instant: datetime, book: RateBook) -> Account: ...
    def bucket(pot: str) -> Bucket | None: ...
    buckets: tuple[Bucket, ...]
    closed: ClosedSegment | None
    cycle: Cycle | None
    ended_holds: tuple[EndedHold, ...]
    holds: FrozenMap[OpenHold]
    now: datetime | None
    plan: Plan | None
    pots: Pots
    remaining: Decimal
    remaining_millicredits: int
    since: datetime | None
    tier: str | None
    def to_markdown() -> str: ...

class Accrued(NamedTuple):
    def __init__(at: datetime, amount: Fraction, currency: str, reason: Literal['web-search', 'pay-as-you-go', 'correction'], ref: str, card: str | None, digest: str | None) -> None: ...
    amount: Fraction
    at: datetime
    card: str | None
    currency: str
    digest: str | None
    reason: Literal['web-search', 'pay-as-you-go', 'correction']
    ref: str

class Advance:
    def __init__(at: datetime) -> None: ...
    at: datetime

class BeyondContext(PricingError):
    def __init__(model: str, card_id: str, input_tokens: int, limit: int) -> None: ...
    card_id: Any
    input_tokens: Any
    limit: Any
    model: Any

class Billed(NamedTuple):
    def __init__(at: datetime, amount: Decimal, currency: str, reason: BillReason, ref: str, card: str | None, digest: str | None) -> None: ...
    amount: Decimal
    at: datetime
    card: str | None
    currency: str
    digest: str | None
    reason: BillReason
    ref: str

class Break(NamedTuple):
    def __init__(position: int, kind: Literal['changed', 'dropped', 'repeated', 'reordered', 'inserted'], detail: str) -> None: ...
    detail: str
    kind: Literal['changed', 'dropped', 'repeated', 'reordered', 'inserted']
    position: int

class BreakEven(Seen):
    def __init__(card: CardRef, tier: str, workload: str, currency: str, price: Decimal, each: Decimal, meets_at: Fraction | None, holds: int | None, times: int | None, tokens: int | None, why: str) -> None: ...
    card: CardRef
    currency: str
    each: Decimal
    holds: int | None
    meets_at: Fraction | None
    price: Decimal
    tier: str
    times: int | None
    def to_markdown() -> str: ...
    tokens: int | None
    why: str
    workload: str

class BucketClosed(NamedTuple):
    def __init__(at: datetime, pot: str) -> None: ...
    at: datetime
    pot: str

class BucketOpened(NamedTuple):
    def __init__(at: datetime, pot: str, expires_at: datetime | None, priority: int, label: str) -> None: ...
    at: datetime
    expires_at: datetime | None
    label: str
    pot: str
    priority: int

class Burn(NamedTuple):
    def __init__(at: datetime, id: str, millicredits: int) -> None: ...
    at: datetime
    id: str
    millicredits: int

class Call(NamedTuple):
    def __init__(card: RateCard, usage: Usage) -> None: ...
    card: RateCard
    usage: Usage

class Cancel:
    def __init__(id: str, at: datetime) -> None: ...
    at: datetime
    id: str

class CardDifference(Tabular):
    def __init__(before: CardRef, after: CardRef, changes: tuple[Change, ...]) -> None: ...
    after: CardRef
    before: CardRef
    changes: tuple[Change, ...]
    def to_csv(*, of: str = 'lines') -> str: ...
    def to_frame(backend: str | None = None, *, of: str = 'lines') -> Any: ...
    def to_markdown() -> str: ...

class CardMismatch(MimoCreditsError):
    def __init__(card_id: str, *, expected: str, found: str) -> None: ...
    card_id: Any
    expected: Any
    found: Any

class CardRef(NamedTuple):
    def __init__(id: str, sha256: str) -> None: ...
    id: str
    sha256: str

class Change(NamedTuple):
    def __init__(section: Section, subject: str, what: str, before: Value | None, after: Value | None) -> None: ...
    after: Value | None
    before: Value | None
    growth: Fraction | None
    section: Section
    subject: str
    what: str

class ChangeTier:
    def __init__(id: str, at: datetime, tier: str, when: Literal['now', 'renewal'] = 'now') -> None: ...
    at: datetime
    id: str
    tier: str
    when: Literal['now', 'renewal']

Command: TypeAlias
class Comparison(NamedTuple):
    def __init__(total: Costs, models: FrozenMap[Costs], left_out: tuple[LeftOut, ...]) -> None: ...
    left_out: tuple[LeftOut, ...]
    models: FrozenMap[Costs]
    total: Costs

class Conflict(MimoCreditsError):
    def __init__(id: str, detail: str = 'it was used before with other content') -> None: ...
    id: Any

class Costs(NamedTuple):
    def __init__(requests: int, before: Decimal, after: Decimal) -> None: ...
    after: Decimal
    before: Decimal
    change: Decimal
    growth: Fraction | None
    requests: int

class Cycle(NamedTuple):
    def __init__(start: datetime, end: datetime, anchor: datetime, number: int, rule: CycleRule) -> None: ...
    anchor: datetime
    end: datetime
    number: int
    rule: CycleRule
    start: datetime

class CycleOpened(NamedTuple):
    def __init__(at: datetime, reason: CycleReason, tier: str, interval: Interval, currency: str, cycle: Cycle, card: str, digest: str, list_price: Decimal, pinned: bool) -> None: ...
    at: datetime
    card: str
    currency: str
    cycle: Cycle
    digest: str
    interval: Interval
    list_price: Decimal
    pinned: bool
    reason: CycleReason
    tier: str

class CycleRule(NamedTuple):
    def __init__(days: int, months: int, boundary: Boundary, timezone: str) -> None: ...
    boundary: Boundary
    days: int
    def end_of(anchor: datetime, number: int) -> datetime: ...
    months: int
    timezone: str

class CycleStatement:
    def __init__(start: datetime, end: datetime, tier: str, interval: Interval, currency: str, complete: bool, segments: tuple[SegmentStatement, ...]) -> None: ...
    bills: tuple[Billed, ...]
    complete: bool
    currency: str
    end: datetime
    expired: int
    interval: Interval
    overage: int
    remaining: int
    segments: tuple[SegmentStatement, ...]
    start: datetime
    tier: str
    used: int

Entry: TypeAlias
class Explanation(Seen):
    def __init__(entry: Entry, card: CardRef | None, rule: str, usage: Usage | None, lines: tuple[StatementLine, ...], band: str, off_peak: bool, citation: str, sources: tuple[tuple[str, Source], ...]) -> None: ...
    band: str
    card: CardRef | None
    citation: str
    entry: Entry
    lines: tuple[StatementLine, ...]
    off_peak: bool
    rule: str
    sources: tuple[tuple[str, Source], ...]
    def to_markdown() -> str: ...
    usage: Usage | None

class FaultyRow(NamedTuple):
    def __init__(row: int | None, values: Mapping[str, object], file: str | None = None) -> None: ...
    file: str | None
    row: int | None
    values: Mapping[str, object]

class FaultyRows(NamedTuple):
    def __init__(fault: str, rows: int, examples: tuple[FaultyRow, ...]) -> None: ...
    examples: tuple[FaultyRow, ...]
    fault: str
    rows: int

class Forecast(Seen):
    def __init__(card: CardRef, start: datetime, at: datetime, end: datetime, used: int, remaining: int | None, days: tuple[int, ...], paces: tuple[Pace, ...], before: tuple[int, int] = (0, 0)) -> None: ...
    at: datetime
    before: tuple[int, int]
    before_in_words: str
    card: CardRef
    days: tuple[int, ...]
    end: datetime
    fastest: Pace
    mean: Pace
    median: Pace
    observed_from: datetime
    paces: tuple[Pace, ...]
    remaining: int | None
    slowest: Pace
    start: datetime
    def to_markdown() -> str: ...
    used: int

class Grant:
    def __init__(id: str, at: datetime, credits: Decimal | int, expires_at: datetime | None = None, priority: int = 0, label: str = '') -> None: ...
    at: datetime
    credits: Decimal | int
    expires_at: datetime | None
    id: str
    label: str
    millicredits: int
    priority: int

class Hold:
    def __init__(id: str, at: datetime, usage: Usage | None = None, credits: Decimal | int | None = None, *, expires_at: datetime = None) -> None: ...
    at: datetime
    credits: Decimal | int | None
    expires_at: datetime
    id: str
    usage: Usage | None

class HoldClosed(NamedTuple):
    def __init__(at: datetime, id: str, how: Literal['settled', 'released', 'lapsed']) -> None: ...
    at: datetime
    how: Literal['settled', 'released', 'lapsed']
    id: str

class HoldOpened(NamedTuple):
    def __init__(at: datetime, id: str, expires_at: datetime, card: str | None) -> None: ...
    at: datetime
    card: str | None
    expires_at: datetime
    id: str

class InputError(MimoCreditsError):
    def __init__(field: str, why: str) -> None: ...
    field: Any
    why: Any

class Lapsed(NamedTuple):
    def __init__(at: datetime, reason: Literal['cancelled', 'not-sold']) -> None: ...
    at: datetime
    reason: Literal['cancelled', 'not-sold']

class Ledger:
    def __init__(book: RateBook) -> None: ...
    def __iter__() -> Iterator[str]: ...
    def account(account_id: str) -> Account: ...
    def apply(account_id: str, command: Command) -> Receipt: ...
    book: Any
    def entries(account_id: str) -> tuple[Entry, ...]: ...
    @classmethod
    def restore(snapshot: Snapshot, book: RateBook) -> Ledger: ...
    def snapshot() -> Snapshot: ...
    def statement(account_id: str) -> Statement: ...
    def verify(account_id: str) -> tuple[Problem, ...]: ...

class LeftOut(NamedTuple):
    def __init__(model: str, card: CardRef, requests: int, why: str) -> None: ...
    card: CardRef
    model: str
    requests: int
    why: str

class Lever(Seen):
    def __init__(card: CardRef, tier: str, workload: str, name: str, now: Fraction, least: Fraction | None, without: Fraction, fully: Fraction) -> None: ...
    card: CardRef
    fully: Fraction
    least: Fraction | None
    name: str
    now: Fraction
    saves: Fraction
    tier: str
    def to_markdown() -> str: ...
    why: str
    without: Fraction
    workload: str

class Link(NamedTuple):
    def __init__(previous: str, entry: Entry, hash: str) -> None: ...
    entry: Entry
    hash: str
    previous: str

class MimoCreditsError(Exception):
    ...

class ModelRates(Part):
    aliases: Many[Name]
    bands: Many[Band]
    context: Tokens | None
    credits: Annotated[Annotated[Literal['not in plan'], Tag('<text>')] | Annotated[AnyRates, Tag('<rates>')], _by_type('a number, a table of rates, or "not in plan"', text=str, rates=(int, Decimal, float, Mapping, RateSet))] | None
    currencies: frozenset[str]
    in_plan: bool
    def limit(band: int) -> int | None: ...
    max_output: Tokens | None
    price: PriceRates
    source: Sourcing

class MonthOfUse(NamedTuple):
    def __init__(what: str, millicredits: int, tokens: int, tasks: int | None, money: FrozenMap[Decimal], unpriced: FrozenMap[str], web_searches: FrozenMap[Decimal] = _NO_MONEY, separately: FrozenMap[Decimal] = _NO_MONEY) -> None: ...
    millicredits: int
    money: FrozenMap[Decimal]
    separately: FrozenMap[Decimal]
    tasks: int | None
    tokens: int
    unpriced: FrozenMap[str]
    web_searches: FrozenMap[Decimal]
    what: str

class NoCardInEffect(PricingError):
    def __init__(instant: str, first: str | None) -> None: ...
    first: Any
    instant: Any

class NoPlan(MimoCreditsError):
    def __init__(provider: str, card_id: str) -> None: ...
    card_id: Any
    provider: Any

class NoRate(PricingError):
    def __init__(model: str, card_id: str, meter: str, unit: str) -> None: ...
    card_id: Any
    meter: Any
    model: Any
    unit: Any

class NoSuchCard(MimoCreditsError):
    def __init__(version: str, known: Iterable[str]) -> None: ...
    nearest: Any
    version: Any

class NotInPlan(PricingError):
    def __init__(model: str, card_id: str) -> None: ...
    card_id: Any
    model: Any

class Offer(Seen):
    def __init__(card: CardRef, provider: str, models: tuple[str, ...], millicredits: int | None, money: FrozenMap[Decimal], unpriced: FrozenMap[str], why_no_plan: str, cites: tuple[str, ...], sources: tuple[tuple[str, str], ...], effective_from: datetime, age: int) -> None: ...
    age: int
    card: CardRef
    cites: tuple[str, ...]
    effective_from: datetime
    millicredits: int | None
    models: tuple[str, ...]
    money: FrozenMap[Decimal]
    provider: str
    sources: tuple[tuple[str, str], ...]
    def to_markdown() -> str: ...
    unpriced: FrozenMap[str]
    why_no_plan: str

class Offers(Tabular, tuple[Offer, ...]):
    def to_csv(*, of: str = 'lines') -> str: ...
    def to_frame(backend: str | None = None, *, of: str = 'lines') -> Any: ...
    def to_markdown() -> str: ...

class Pace(NamedTuple):
    def __init__(name: str, per_day: Fraction, by_end: int, lasts: bool | None, runs_out_at: datetime | None, tier: str | None) -> None: ...
    by_end: int
    lasts: bool | None
    name: str
    per_day: Fraction
    runs_out_at: datetime | None
    tier: str | None

class Policy(Part):
    credit_rounding: Rounding
    downgrade: Literal['at-renewal']
    exhausted: Literal['stop', 'pay-as-you-go']
    first_purchase_pays: Annotated[Number, AfterValidator(_at_most_one)] | None
    money_rounding: Rounding
    rollover: Annotated[Annotated[Literal['none'], Tag('<text>')] | Annotated[Rollover, Tag('<table>')], _by_type(ROLLOVER, text=str, table=(Mapping, Rollover))]
    source: Sourcing
    upgrade: Literal['price-difference', 'trade-in']

class Posting(NamedTuple):
    def __init__(at: datetime, source: str, target: str, millicredits: int, reason: PostingReason, ref: str) -> None: ...
    at: datetime
    millicredits: int
    reason: PostingReason
    ref: str
    source: str
    target: str

class PricingError(MimoCreditsError):
    ...

class Problem(NamedTuple):
    def __init__(where: str, what: str) -> None: ...
    what: str
    where: str

class Quote(Tabular):
    def __init__(card: CardRef, off_peak: bool, millicredits: int, lines: tuple[QuoteLine, ...], money: FrozenMap[Decimal], unpriced: FrozenMap[str], remarks: tuple[str, ...] = ()) -> None: ...
    card: CardRef
    credits: Decimal
    lines: tuple[QuoteLine, ...]
    millicredits: int
    money: FrozenMap[Decimal]
    off_peak: bool
    remarks: tuple[str, ...]
    def to_csv(*, of: str = 'lines') -> str: ...
    def to_frame(backend: str | None = None, *, of: str = 'lines') -> Any: ...
    def to_markdown() -> str: ...
    unpriced: FrozenMap[str]

class QuoteLine(NamedTuple):
    def __init__(model: str, billed: str, band: int, inputs: str, meter: str, quantity: int, rate: Decimal | None, unit: str, millicredits: int) -> None: ...
    band: int
    billed: str
    credits: Decimal
    inputs: str
    meter: str
    millicredits: int
    model: str
    quantity: int
    rate: Decimal | None
    unit: str

class RateBook(Seen):
    def __init__(cards: Iterable[RateCard], *, migrates: bool = True) -> None: ...
    def __iter__() -> Iterator[RateCard]: ...
    def __len__() -> int: ...
    def at(instant: datetime) -> RateCard: ...
    def card(card_id: str) -> RateCard: ...
    @classmethod
    def fixed(card: RateCard) -> RateBook: ...
    migrates: bool
    def next_migration(after: datetime) -> tuple[datetime, RateCard] | None: ...
    def quote(usage: Usages, at: datetime) -> Quote: ...
    def regime(at: datetime, pinned: RateCard | None = None) -> Regime: ...
    def reigns() -> Iterator[tuple[datetime, RateCard]]: ...
    def to_markdown() -> str: ...

class RateCard(Seen, Part):
    assumptions: Many[Assumption]
    def citations() -> tuple[tuple[str, str], ...]: ...
    def cited_sources(citation: str) -> tuple[tuple[str, Source], ...]: ...
    currencies: tuple[str, ...]
    cycle: CycleTerms | None
    def derive(changes: Mapping[str, object]) -> RateCard: ...
    effective_from: datetime
    @classmethod
    def from_toml(text: str | bytes, *, file: str = '<text>') -> RateCard: ...
    id: str
    migration: Migration | None
    def model_copy(*, update: Mapping[str, Any] | None = None, deep: bool = False) -> RateCard: ...
    models: Table[Name, ModelRates]
    off_peak: OffPeak | None
    plan_cycle: CycleTerms
    plan_policy: Policy
    policy: Policy | None
    provider: Name
    published: bool
    revision: Annotated[int, Field(gt=0, lt=1000000)]
    def sells_in(currency: str) -> bool: ...
    sha256: str
    def source_of(model: str, what: str) -> str: ...
    sources: Table[SourceId, Source]
    supersedes: CardId | None
    table: RateTable
    tiers: Table[TierId, Tier]
    def to_markdown() -> str: ...
    version: Version
    web_search: WebSearch | None

class RateCardError(MimoCreditsError):
    def __init__(file: str, problems: Sequence[Problem]) -> None: ...
    file: Any
    problems: Any

class Rated(NamedTuple):
    def __init__(at: datetime, id: str, usage: Usage, rates: Rates, card: str, digest: str, off_peak: bool, millicredits: int) -> None: ...
    at: datetime
    card: str
    digest: str
    id: str
    millicredits: int
    off_peak: bool
    rates: Rates
    usage: Usage

class Reason(StrEnum):
    ALREADY_SUBSCRIBED = 'already-subscribed'
    CLOSED_CYCLE = 'closed-cycle'
    CURRENCY_NOT_SOLD = 'currency-not-sold'
    DOWNGRADE_INSIDE_CYCLE = 'downgrade-inside-cycle'
    DUPLICATE_GRANT = 'duplicate-grant'
    DUPLICATE_HOLD = 'duplicate-hold'
    HOLD_ENDED = 'hold-ended'
    INSUFFICIENT_CREDITS = 'insufficient-credits'
    INTERVAL_NOT_SOLD = 'interval-not-sold'
    NOT_SUBSCRIBED = 'not-subscribed'
    NO_FIRST_PURCHASE = 'no-first-purchase'
    OUT_OF_ORDER = 'out-of-order'
    SAME_TIER = 'same-tier'
    UNKNOWN_HOLD = 'unknown-hold'
    UNKNOWN_TIER = 'unknown-tier'

class Receipt(Seen):
    def __init__(entries: tuple[Entry, ...], repeat: bool = False) -> None: ...
    entries: tuple[Entry, ...]
    repeat: bool
    def to_markdown() -> str: ...

class Reconciliation(Seen):
    def __init__(items: tuple[ReconciledItem, ...], missing: tuple[str, ...]) -> None: ...
    agrees: bool
    items: tuple[ReconciledItem, ...]
    missing: tuple[str, ...]
    def to_markdown() -> str: ...

class Record:
    def __init__(id: str, at: datetime, usage: Usage) -> None: ...
    at: datetime
    @classmethod
    def from_response(payload: Mapping[str, object], id: str | None = None) -> Record: ...
    id: str
    usage: Usage

class Refused(MimoCreditsError):
    def __init__(reason: Reason, command: object, detail: str, *, missing_millicredits: int | None = None) -> None: ...
    command: Any
    detail: Any
    missing_millicredits: Any
    reason: Any

class Rejection(NamedTuple):
    def __init__(command: Command, error: Refused | PricingError | NoSuchCard) -> None: ...
    command: Command
    error: Refused | PricingError | NoSuchCard

class Release:
    def __init__(id: str, at: datetime, hold_id: str) -> None: ...
    at: datetime
    hold_id: str
    id: str

class Rerating(NamedTuple):
    def __init__(account: Account, entries: tuple[Entry, ...], rejected: tuple[Rejection, ...]) -> None: ...
    account: Account
    entries: tuple[Entry, ...]
    rejected: tuple[Rejection, ...]

class Restated(NamedTuple):
    def __init__(at: datetime, now: datetime | None, since: datetime | None, plan: Plan | None, closed: ClosedSegment | None, buckets: tuple[Bucket, ...], holds: FrozenMap[OpenHold], ended_holds: tuple[EndedHold, ...]) -> None: ...
    at: datetime
    buckets: tuple[Bucket, ...]
    closed: ClosedSegment | None
    ended_holds: tuple[EndedHold, ...]
    holds: FrozenMap[OpenHold]
    now: datetime | None
    plan: Plan | None
    since: datetime | None

class RowsRefused(MimoCreditsError):
    def __init__(faults: Iterable[FaultyRows]) -> None: ...
    faults: Any

class Scheduled(NamedTuple):
    def __init__(at: datetime, tier: str | None, cancel: bool, ref: str) -> None: ...
    at: datetime
    cancel: bool
    ref: str
    tier: str | None

class SchemaMismatch(MimoCreditsError):
    def __init__(detail: str) -> None: ...
    detail: Any

class SegmentStatement:
    def __init__(start: datetime, end: datetime, reason: CycleReason, tier: str, interval: Interval, currency: str, cycle_start: datetime, cards: tuple[CardRef, ...], opening: int, issued: int, granted: int, corrected: int, used: int, overage: int, expired: int, held: int, closing: int, usages: int, lines: tuple[StatementLine, ...], bills: tuple[Billed, ...]) -> None: ...
    bills: tuple[Billed, ...]
    cards: tuple[CardRef, ...]
    closing: int
    corrected: int
    currency: str
    cycle_start: datetime
    end: datetime
    expired: int
    granted: int
    held: int
    interval: Interval
    issued: int
    lines: tuple[StatementLine, ...]
    opening: int
    overage: int
    reason: CycleReason
    start: datetime
    tier: str
    usages: int
    used: int

class Settle:
    def __init__(id: str, at: datetime, hold_id: str, usage: Usage) -> None: ...
    at: datetime
    hold_id: str
    id: str
    usage: Usage

class Snapshot(NamedTuple):
    def __init__(accounts: tuple[AccountSnapshot, ...]) -> None: ...
    accounts: tuple[AccountSnapshot, ...]

class Statement(Tabular):
    def __init__(cycles: tuple[CycleStatement, ...], money_due: FrozenMap[Decimal], unbilled: FrozenMap[Decimal]) -> None: ...
    def at(instant: datetime) -> CycleStatement | None: ...
    cards: tuple[CardRef, ...]
    cycles: tuple[CycleStatement, ...]
    money_due: FrozenMap[Decimal]
    def to_csv(*, of: str = 'lines') -> str: ...
    def to_frame(backend: str | None = None, *, of: str = 'lines') -> Any: ...
    def to_markdown() -> str: ...
    unbilled: FrozenMap[Decimal]

class StatementLine(NamedTuple):
    def __init__(model: str, billed: str, card: str, band: int, inputs: str, off_peak: bool, meter: str, quantity: int, rate: Decimal | None, unit: str, millicredits: int, source: str, rates: Rates) -> None: ...
    band: int
    billed: str
    card: str
    credits: Decimal
    inputs: str
    meter: str
    millicredits: int
    model: str
    off_peak: bool
    quantity: int
    rate: Decimal | None
    rates: Rates
    source: str
    unit: str

class Step:
    def __init__(name: str, usage: Usage, count: int = 1, off_peak_share: Share = 0, instead: tuple[str, ...] = (), calls: tuple[Call, ...] = ()) -> None: ...
    calls: tuple[Call, ...]
    count: int
    instead: tuple[str, ...]
    def millicredits(card: RateCard) -> Fraction: ...
    name: str
    off_peak_share: Share
    def requests_on(card: RateCard) -> tuple[Usage, ...]: ...
    tokens: int
    usage: Usage
    def usage_on(card: RateCard) -> Usage: ...

class StepQuote(NamedTuple):
    def __init__(name: str, model: str, tokens: int, millicredits: Fraction) -> None: ...
    credits: Decimal
    millicredits: Fraction
    model: str
    name: str
    tokens: int

class Subscribe:
    def __init__(id: str, at: datetime, tier: str, currency: str = 'USD', interval: Interval = 'monthly', first_purchase: bool | None = None, card: str | None = None) -> None: ...
    at: datetime
    card: str | None
    currency: str
    first_purchase: bool | None
    id: str
    interval: Interval
    tier: str

class Tier(Part):
    annual: AnnualPlan | None
    credits: Credits
    def plan(interval: Interval) -> Tier | AnnualPlan | None: ...
    price: Table[Currency, Number]
    source: Sourcing
    tasks: Tasks | None

class TierChanged(NamedTuple):
    def __init__(at: datetime, tier: str, card: str, digest: str, list_price: Decimal, ref: str) -> None: ...
    at: datetime
    card: str
    digest: str
    list_price: Decimal
    ref: str
    tier: str

class TierComparison(Tabular):
    def __getitem__(tier: str) -> TierFit: ...
    def __init__(card: CardRef, use: MonthOfUse, currency: str, tiers: tuple[TierFit, ...], choice: str | None) -> None: ...
    card: CardRef
    choice: str | None
    currency: str
    tiers: tuple[TierFit, ...]
    def to_csv(*, of: str = 'lines') -> str: ...
    def to_frame(backend: str | None = None, *, of: str = 'lines') -> Any: ...
    def to_markdown() -> str: ...
    use: MonthOfUse
    why: str

class TierFit(NamedTuple):
    def __init__(tier: str, allowance: int, used: int, cost: FrozenMap[Decimal], first_purchase: FrozenMap[Decimal], annual: FrozenMap[Decimal], per_million: FrozenMap[Decimal], per_task: FrozenMap[Decimal], why: str) -> None: ...
    allowance: int
    annual: FrozenMap[Decimal]
    cost: FrozenMap[Decimal]
    first_purchase: FrozenMap[Decimal]
    fits: bool
    headroom: int
    per_million: FrozenMap[Decimal]
    per_task: FrozenMap[Decimal]
    share: Fraction
    tier: str
    def tier_cost(currency: str) -> str: ...
    used: int
    why: str

class TooLarge(MimoCreditsError):
    def __init__(where: str, millicredits: int) -> None: ...
    millicredits: Any
    where: Any

class UnknownModel(PricingError):
    def __init__(model: str, card_id: str, known: Iterable[str]) -> None: ...
    card_id: Any
    model: Any
    nearest: Any

class Usage:
    def __init__(model: str, *, input_tokens: int = 0, cached_tokens: int = 0, output_tokens: int = 0, audio_seconds: int = 0, web_searches: int = 0, images: int = 0) -> None: ...
    audio_seconds: int
    cached_tokens: int
    @classmethod
    def from_anthropic(payload: Mapping[str, object], *, model: str | None = None) -> Usage: ...
    @classmethod
    def from_openai(payload: Mapping[str, object], *, model: str | None = None) -> Usage: ...
    @classmethod
    def from_response(payload: Mapping[str, object], *, model: str | None = None) -> Usage: ...
    images: int
    input_tokens: int
    missed_tokens: int
    model: str
    output_tokens: int
    web_searches: int

class UsageComparison(Tabular):
    def __init__(before: CardRef, after: CardRef, credits: Comparison, money: FrozenMap[Comparison]) -> None: ...
    after: CardRef
    before: CardRef
    credits: Comparison
    money: FrozenMap[Comparison]
    def to_csv(*, of: str = 'lines') -> str: ...
    def to_frame(backend: str | None = None, *, of: str = 'lines') -> Any: ...
    def to_markdown() -> str: ...

class Wait(NamedTuple):
    def __init__(burn: Burn, started: datetime) -> None: ...
    burn: Burn
    started: datetime
    waited: timedelta

class WhatIf(Seen):
    def __init__(card: str, tier: str, used: int, overage: int, cycles: int, money: FrozenMap[Decimal], unpriced: tuple[Rejection, ...], refused: tuple[Rejection, ...]) -> None: ...
    card: str
    cycles: int
    money: FrozenMap[Decimal]
    overage: int
    refused: tuple[Rejection, ...]
    tier: str
    def to_markdown() -> str: ...
    unpriced: tuple[Rejection, ...]
    used: int

class WhatIfs(Tabular, tuple[WhatIf, ...]):
    def to_csv(*, of: str = 'lines') -> str: ...
    def to_frame(backend: str | None = None, *, of: str = 'lines') -> Any: ...
    def to_markdown() -> str: ...

class WindowReport(Seen):
    def __init__(limit: int, window: timedelta, requests: int, waited: tuple[Wait, ...], never: tuple[Burn, ...]) -> None: ...
    limit: int
    longest: Wait | None
    never: tuple[Burn, ...]
    requests: int
    def to_markdown() -> str: ...
    total_wait: int
    waited: tuple[Wait, ...]
    window: timedelta

class Withdrawal(NamedTuple):
    def __init__(card_id: str, successor: str, date: str, why: str) -> None: ...
    card_id: str
    date: str
    successor: str
    why: str

class WithdrawnCard(UserWarning):
    ...

class Workload(Seen):
    def __init__(name: str, steps: tuple[Step, ...], estimate: str = '', assumes: str = '') -> None: ...
    assumes: str
    estimate: str
    def millicredits(card: RateCard, times: int = 1) -> Fraction: ...
    name: str
    def off_peak(share: Share) -> Workload: ...
    def on(models: str | Mapping[str, str]) -> Workload: ...
    def quote(card: RateCard, *, times: int = 1) -> WorkloadQuote: ...
    steps: tuple[Step, ...]
    def to_markdown() -> str: ...
    tokens: int
    def usages_on(card: RateCard, times: int = 1) -> dict[Usage, int]: ...

class WorkloadQuote(Seen):
    def __init__(card: CardRef, workload: str, times: int, steps: tuple[StepQuote, ...], millicredits: int, money: FrozenMap[Decimal], unpriced: FrozenMap[str], web_searches: FrozenMap[Decimal], separately: FrozenMap[Decimal]) -> None: ...
    card: CardRef
    credits: Decimal
    millicredits: int
    money: FrozenMap[Decimal]
    separately: FrozenMap[Decimal]
    steps: tuple[StepQuote, ...]
    times: int
    def to_markdown() -> str: ...
    tokens: int
    unpriced: FrozenMap[str]
    web_searches: FrozenMap[Decimal]
    workload: str

class WorkloadsError(MimoCreditsError):
    def __init__(file: str, problems: Sequence[Problem]) -> None: ...
    file: Any
    problems: Any

def apply(account: Account, command: Command, book: RateBook) -> tuple[Account, tuple[Entry, ...]]: ...
def break_even(card: RateCard, tier: str, workload: Workload, *, currency: str = 'USD') -> BreakEven: ...
def burns_of_entries(entries: Iterable[Entry]) -> tuple[Burn, ...]: ...
def burns_of_records(records: Iterable[Record], book: RateBook) -> tuple[tuple[Burn, ...], tuple[Rejection, ...]]: ...
def cache_lever(card: RateCard, tier: str, workload: Workload, *, times: int = 1) -> Lever: ...
def chain(entries: Iterable[Entry], previous: str = GENESIS) -> list[Link]: ...
def charge(card: RateCard, usage: Usage, *, at: datetime | None = None) -> int: ...
def compare(cards: Iterable[RateCard], workload: Workload, *, at: datetime, times: int = 1, models: Models | None = None) -> Offers: ...
def compare_tiers(card: RateCard, workload: Workload, *, times: int = 1, currency: str = 'USD') -> TierComparison: ...
def compare_usage(before: RateCard, after: RateCard, usages: Iterable[Usage | Record]) -> UsageComparison: ...
def compare_use(card: RateCard, use: MonthOfUse, *, currency: str = 'USD') -> TierComparison: ...
def decide(account: Account, command: Command, book: RateBook) -> tuple[Entry, ...]: ...
def diff_cards(before: RateCard, after: RateCard) -> CardDifference: ...
def difference(before: Sequence[Entry], after: Sequence[Entry]) -> tuple[Entry, ...]: ...
def dumps(value: object) -> str: ...
def evolve(account: Account, entry: Entry) -> Account: ...
def explain(entry: Entry, entries: Sequence[Entry], book: RateBook) -> Explanation: ...
def fold(account: Account, commands: Iterable[Command], book: RateBook, *, rejected: list[Rejection] | None = None, made: list[int | None] | None = None) -> tuple[Account, list[Entry]]: ...
def forecast(burns: Iterable[Burn], card: RateCard, at: datetime, *, start: datetime, end: datetime, observed_since: datetime | None = None, remaining: int | None = None, interval: Interval = 'monthly') -> Forecast: ...
def forecast_account(account: Account, entries: Iterable[Entry], card: RateCard, at: datetime) -> Forecast: ...
def from_data(data: object) -> Any: ...
def growth_in_tokens(before: RateCard, after: RateCard, tier: str, model: str, *, hit_rate: Exact, output_share: Exact = 0, input_tokens: int = 0) -> Fraction: ...
def hit_rate_for_growth(before: RateCard, after: RateCard, tier: str, model: str, factor: Exact, *, output_share: Exact = 0, input_tokens: int = 0) -> Fraction | None: ...
def list_cards(provider: str = MIMO) -> tuple[str, ...]: ...
def list_providers() -> tuple[str, ...]: ...
def load_book(*, pins: Mapping[str, str] | None = None, directory: str | Path | None = None, provider: str | None = None) -> RateBook: ...
def load_card(version: str | None = None, *, path: str | Path | None = None, sha256: str | None = None) -> RateCard: ...
def load_workloads(*, path: str | Path | None = None) -> FrozenMap[Workload]: ...
def loads(text: str | bytes) -> Any: ...
def month_of_records(records: Iterable[Record], card: RateCard, *, since: datetime, until: datetime, length: timedelta = THIRTY_DAYS) -> tuple[MonthOfUse, tuple[Rejection, ...]]: ...
def off_peak_lever(card: RateCard, tier: str, workload: Workload, *, times: int = 1) -> Lever: ...
def price(card: RateCard, usage: Usage, currency: str) -> Decimal: ...
def quote(card: RateCard, usage: Usages, *, at: datetime | None = None) -> Quote: ...
def reconcile(account: Account, console_payload: Mapping[str, object]) -> Reconciliation: ...
def replay(entries: Iterable[Entry], account: Account | None = None) -> Account: ...
def rerate(commands: Iterable[Command], book: RateBook, *, tier: str | None = None) -> Rerating: ...
def rolling_window(burns: Iterable[Burn], limit: Decimal | int, *, window: timedelta = FIVE_HOURS) -> WindowReport: ...
def statement(entries: Iterable[Entry], *, book: RateBook | None = None) -> Statement: ...
def timeline(commands: Iterable[Command]) -> list[Command]: ...
def to_data(value: object) -> dict[str, Any]: ...
def tokens_of_allowance(card: RateCard, tier: str, model: str, *, hit_rate: Exact, output_share: Exact = 0, input_tokens: int = 0) -> Fraction: ...
def verify_cards() -> Mapping[str, str]: ...
def verify_chain(links: Iterable[Link], *, previous: str = GENESIS, head: str | None = None, length: int | None = None) -> Break | None: ...
def what_if(commands: Iterable[Command], on: Iterable[RateCard | RateBook], tiers: Iterable[str]) -> WhatIfs: ...
def withdrawal(version: str) -> Withdrawal | None: ...

# module mimo_credits.card

class AnnualPlan(Part):
    credits: Credits
    price: Table[Currency, Number]

class Assumption(Part):
    id: SourceId
    says: str
    source: Citation | None

class Band(Part):
    credits: AnyRates | None
    input_up_to: Tokens | None
    price: PriceRates

class CycleTerms(Part):
    boundary: Boundary
    days: Annotated[int, Field(gt=0, le=36500)] | None
    months: Annotated[int, Field(gt=0, le=1200)] | None
    def rule(interval: Interval) -> CycleRule: ...
    source: Sourcing
    timezone: Zone

Interval = Literal['monthly', 'annual']
class Migration(Part):
    running_cycles: Literal['reset to the new allowance']
    source: Sourcing

class ModelRates(Part):
    aliases: Many[Name]
    bands: Many[Band]
    context: Tokens | None
    credits: Annotated[Annotated[Literal['not in plan'], Tag('<text>')] | Annotated[AnyRates, Tag('<rates>')], _by_type('a number, a table of rates, or "not in plan"', text=str, rates=(int, Decimal, float, Mapping, RateSet))] | None
    currencies: frozenset[str]
    in_plan: bool
    def limit(band: int) -> int | None: ...
    max_output: Tokens | None
    price: PriceRates
    source: Sourcing

class OffPeak(Part):
    end: ClockTime
    def hours() -> OffPeakHours: ...
    multiply_by: Annotated[Number, AfterValidator(_positive)]
    source: Sourcing
    start: ClockTime
    timezone: Zone

class Policy(Part):
    credit_rounding: Rounding
    downgrade: Literal['at-renewal']
    exhausted: Literal['stop', 'pay-as-you-go']
    first_purchase_pays: Annotated[Number, AfterValidator(_at_most_one)] | None
    money_rounding: Rounding
    rollover: Annotated[Annotated[Literal['none'], Tag('<text>')] | Annotated[Rollover, Tag('<table>')], _by_type(ROLLOVER, text=str, table=(Mapping, Rollover))]
    source: Sourcing
    upgrade: Literal['price-difference', 'trade-in']

class PriceSet(RateSet):
    audio_hour: Number | None
    def by_meter() -> tuple[Decimal | None, Decimal | None, Decimal | None, Decimal | None]: ...
    hit: Number | None
    image: Number | None
    def lacks(other: RateSet) -> frozenset[str]: ...
    miss: Number | None
    output: Number | None
    token: Number | None

class RateCard(Seen, Part):
    assumptions: Many[Assumption]
    def citations() -> tuple[tuple[str, str], ...]: ...
    def cited_sources(citation: str) -> tuple[tuple[str, Source], ...]: ...
    currencies: tuple[str, ...]
    cycle: CycleTerms | None
    def derive(changes: Mapping[str, object]) -> RateCard: ...
    effective_from: datetime
    @classmethod
    def from_toml(text: str | bytes, *, file: str = '<text>') -> RateCard: ...
    id: str
    migration: Migration | None
    def model_copy(*, update: Mapping[str, Any] | None = None, deep: bool = False) -> RateCard: ...
    models: Table[Name, ModelRates]
    off_peak: OffPeak | None
    plan_cycle: CycleTerms
    plan_policy: Policy
    policy: Policy | None
    provider: Name
    published: bool
    revision: Annotated[int, Field(gt=0, lt=1000000)]
    def sells_in(currency: str) -> bool: ...
    sha256: str
    def source_of(model: str, what: str) -> str: ...
    sources: Table[SourceId, Source]
    supersedes: CardId | None
    table: RateTable
    tiers: Table[TierId, Tier]
    def to_markdown() -> str: ...
    version: Version
    web_search: WebSearch | None

class RateSet(Part):
    audio_hour: Number | None
    def by_meter() -> tuple[Decimal | None, Decimal | None, Decimal | None, Decimal | None]: ...
    hit: Number | None
    def lacks(other: RateSet) -> frozenset[str]: ...
    miss: Number | None
    output: Number | None
    token: Number | None

class Rollover(Part):
    cycles: Annotated[int, Field(gt=0, le=100)]
    up_to: Annotated[Credits, AfterValidator(_positive)]

class Source(Part):
    date: str
    title: str

class Tasks(Part):
    count: Annotated[int, Field(gt=0)]
    kind: str
    source: Citation

class Tier(Part):
    annual: AnnualPlan | None
    credits: Credits
    def plan(interval: Interval) -> Tier | AnnualPlan | None: ...
    price: Table[Currency, Number]
    source: Sourcing
    tasks: Tasks | None

class WebSearch(Part):
    price: Table[Currency, Number]
    source: Sourcing

def cited(source: str | Mapping[str, str], what: str = '') -> str: ...
def cited_ids(citation: str) -> tuple[str, ...]: ...
def schema() -> dict[str, Any]: ...

# module mimo_credits.display

HIT_RATES = tuple(Fraction(rate, 100) for rate in (0, 50, 90, 95, 100))
class Sheet(NamedTuple):
    def __init__(title: str, blocks: tuple[Block, ...], lead: tuple[str, ...] = ()) -> None: ...
    blocks: tuple[Block, ...]
    lead: tuple[str, ...]
    title: str

class TierShare(NamedTuple):
    def __init__(tier: str, allowance: Decimal, percent: Decimal, fits: int | None) -> None: ...
    allowance: Decimal
    fits: int | None
    percent: Decimal
    tier: str

class TokenGrowth(NamedTuple):
    def __init__(tiers: tuple[str, ...], model: str, inputs: str, growth: tuple[Fraction, ...]) -> None: ...
    growth: tuple[Fraction, ...]
    inputs: str
    model: str
    tiers: tuple[str, ...]

def account_sheet(account: Account) -> Sheet: ...
def as_html(sheet: Sheet) -> str: ...
def as_markdown(sheet: Sheet) -> str: ...
def as_rich(sheet: Sheet) -> Group: ...
def as_text(sheet: Sheet) -> str: ...
def card_sheet(card: RateCard, note: str = '') -> Sheet: ...
def cards_sheet(cards: Sequence[RateCard], notes: Mapping[str, str]) -> Sheet: ...
def difference_sheet(before: RateCard, after: RateCard, usage: UsageComparison | None = None) -> Sheet: ...
def forecast_sheet(forecast: Forecast) -> Sheet: ...
def money(amount: Decimal, currency: str) -> str: ...
def months_sheet(months: Sequence[MonthlyUsage]) -> Sheet: ...
def number(amount: Decimal) -> str: ...
def offers_sheet(offers: Iterable[Offer]) -> Sheet: ...
def plan_sheet(comparison: TierComparison, chosen: str = '') -> Sheet: ...
def quote_sheet(quote: Quote, card: RateCard | None = None, chosen: str = '') -> Sheet: ...
def shares_of_allowance(before: RateCard, after: RateCard, costs: Costs) -> dict[str, tuple[Fraction, Fraction]]: ...
def sheet_of(value: object) -> Sheet: ...
def statement_sheet(statement: Statement, book: RateBook | None = None) -> Sheet: ...
def tier_shares(card: RateCard, millicredits: int) -> tuple[TierShare, ...]: ...
def tiers_sheet(card: RateCard, chosen: str = '') -> Sheet: ...
def to_csv(value: object, of: str = 'lines') -> str: ...
def to_frame(value: object, backend: str | None = None, of: str = 'lines') -> Any: ...
def token_growth(before: RateCard, after: RateCard) -> tuple[TokenGrowth, ...]: ...
def what_if_sheet(rows: Iterable[WhatIf]) -> Sheet: ...
def window_sheet(report: WindowReport) -> Sheet: ...

# module mimo_credits.frames

class BillRow(NamedTuple):
    def __init__(account: str, segment_start: datetime, at: datetime, amount: Decimal, currency: str, reason: str, card: str | None) -> None: ...
    account: str
    amount: Decimal
    at: datetime
    card: str | None
    currency: str
    reason: str
    segment_start: datetime

class Columns(NamedTuple):
    def __init__(account: str = 'account', at: str = 'at', model: str = 'model', input_tokens: str = 'input_tokens', cached_tokens: str = 'cached_tokens', output_tokens: str = 'output_tokens', audio_seconds: str | None = 'audio_seconds', web_searches: str | None = 'web_searches', images: str | None = 'images', id: str | None = 'id') -> None: ...
    account: str
    all_counts: tuple[str | None, ...]
    at: str
    audio_seconds: str | None
    cached_tokens: str
    counts: tuple[str, ...]
    id: str | None
    images: str | None
    input_tokens: str
    model: str
    output_tokens: str
    rated_by: tuple[str, ...]
    shown: tuple[str, ...]
    web_searches: str | None

class Fault(StrEnum):
    BEYOND_CONTEXT = 'beyond-context'
    CACHED_BEYOND_INPUT = 'cached-beyond-input'
    MISSING = 'missing'
    NEGATIVE = 'negative'
    NOT_IN_PLAN = 'not-in-plan'
    NO_CARD_IN_EFFECT = 'no-card-in-effect'
    NO_RATE = 'no-rate'
    OUTSIDE_CALENDAR = 'outside-calendar'
    TOO_LARGE = 'too-large'
    UNKNOWN_MODEL = 'unknown-model'

class Folded(StrEnum):
    HOLDS_AND_CARRIED_CREDITS = 'holds and carried credits'
    LARGE_SUMS = 'large sums'
    LATE_USAGE = 'late usage'
    MANY_STRETCHES = 'many stretches'
    MONEY_FOR_USAGE = 'money for usage'
    OWN_CARD = 'own card'
    USAGE_IN_THE_LIFECYCLE = 'usage in the lifecycle'

Lifecycle: TypeAlias
class Lifecycles:
    def __init__(lifecycle: Lifecycle, accounts: Mapping[str, Account] | None = None, until: datetime | None = None) -> None: ...
    def __iter__() -> Iterator[str]: ...
    def __len__() -> int: ...
    def account(name: str) -> Account: ...
    def commands(name: str) -> Sequence[Command]: ...
    until: Any

class Settled(NamedTuple):
    def __init__(rows: pa.RecordBatch | None, books: Mapping[str, Books]) -> None: ...
    accounts: dict[str, Account]
    books: Mapping[str, Books]
    rows: pa.RecordBatch | None
    def statements(known: Lifecycles) -> tuple[pa.Table, pa.Table]: ...

class Settlement(Generic[FrameT]):
    def __init__(rows: FrameT, frame: Frame, slots: Slots, folded: Mapping[str, Books], rejected: Mapping[str, list[Rejection]], repeats: int) -> None: ...
    accounts: Accounts
    bills: FrameT
    folded: Mapping[str, Folded]
    rejected: Mapping[str, list[Rejection]]
    repeats: int
    rows: FrameT
    statements: FrameT

class StatementRow(NamedTuple):
    def __init__(account: str, segment_start: datetime, segment_end: datetime, cycle_start: datetime, cycle_end: datetime, reason: str, tier: str, interval: Interval, currency: str, opening: int, issued: int, granted: int, used: int, overage: int, expired: int, held: int, closing: int, requests: int, due: Decimal, card: str) -> None: ...
    account: str
    card: str
    closing: int
    currency: str
    cycle_end: datetime
    cycle_start: datetime
    due: Decimal
    expired: int
    granted: int
    held: int
    interval: Interval
    issued: int
    opening: int
    overage: int
    reason: str
    requests: int
    segment_end: datetime
    segment_start: datetime
    tier: str
    used: int

def rate(frame: FrameT, book: RateBook, *, columns: Columns = Columns(), errors: Errors = 'raise') -> FrameT: ...
def rate_sql(book: RateBook, source: str, dialect: Dialect, *, columns: Columns = Columns()) -> str: ...
def settle(usage: FrameT, lifecycle: Lifecycle | Lifecycles, book: RateBook, *, columns: Columns = Columns(), accounts: Mapping[str, Account] | None = None, until: datetime | None = None, errors: Literal['raise', 'column'] = 'raise') -> Settlement[FrameT]: ...
def settle_arrow(batches: Iterable[pa.RecordBatch], lifecycle: Lifecycle | Lifecycles, book: RateBook, *, columns: Columns = Columns(), accounts: Mapping[str, Account] | None = None, until: datetime | None = None, errors: Literal['raise', 'column'] = 'raise', others: bool = True) -> Iterator[Settled]: ...
def total(frame: Any, column: str = 'millicredits') -> int: ...

# module mimo_credits.frames.lookup

class RatedArrays(NamedTuple):
    def __init__(millicredits: Ints, rule: NDArray[np.int16], fault: NDArray[np.uint8], rules: Rules) -> None: ...
    band: Ints
    card: NDArray[np.int16]
    fault: NDArray[np.uint8]
    millicredits: Ints
    off_peak: Bools
    rule: NDArray[np.int16]
    rules: Rules

class Requests(NamedTuple):
    def __init__(at: NDArray[np.datetime64], model: NDArray[np.integer], names: Sequence[str], input_tokens: NDArray[np.integer], cached_tokens: NDArray[np.integer], output_tokens: NDArray[np.integer], audio_seconds: NDArray[np.integer] | None = None, web_searches: NDArray[np.integer] | None = None, images: NDArray[np.integer] | None = None, missing: Bools | None = None) -> None: ...
    at: NDArray[np.datetime64]
    audio_seconds: NDArray[np.integer] | None
    cached_tokens: NDArray[np.integer]
    images: NDArray[np.integer] | None
    input_tokens: NDArray[np.integer]
    missing: Bools | None
    model: NDArray[np.integer]
    names: Sequence[str]
    output_tokens: NDArray[np.integer]
    web_searches: NDArray[np.integer] | None

class Rules(NamedTuple):
    def __init__(cards: tuple[str, ...], card: NDArray[np.int16], band: Ints, off_peak: Bools, fault: NDArray[np.uint8]) -> None: ...
    band: Ints
    card: NDArray[np.int16]
    cards: tuple[str, ...]
    fault: NDArray[np.uint8]
    off_peak: Bools

def rate_arrays(book: RateBook, requests: Requests) -> RatedArrays: ...

# module mimo_credits.ledger

class Account(NamedTuple):
    def __init__(now: datetime | None = None, since: datetime | None = None, plan: Plan | None = None, closed: ClosedSegment | None = None, buckets: tuple[Bucket, ...] = (), pots: Pots = _NO_POTS, holds: FrozenMap[OpenHold] = _NO_HOLDS, ended_holds: tuple[EndedHold, ...] = (), accrued: FrozenMap[Fraction] = _NOTHING_OWED) -> None: ...
    accrued: FrozenMap[Fraction]
    def as_of(instant: datetime, book: RateBook) -> Account: ...
    def bucket(pot: str) -> Bucket | None: ...
    buckets: tuple[Bucket, ...]
    closed: ClosedSegment | None
    cycle: Cycle | None
    ended_holds: tuple[EndedHold, ...]
    holds: FrozenMap[OpenHold]
    now: datetime | None
    plan: Plan | None
    pots: Pots
    remaining: Decimal
    remaining_millicredits: int
    since: datetime | None
    tier: str | None
    def to_markdown() -> str: ...

class Accrued(NamedTuple):
    def __init__(at: datetime, amount: Fraction, currency: str, reason: Literal['web-search', 'pay-as-you-go', 'correction'], ref: str, card: str | None, digest: str | None) -> None: ...
    amount: Fraction
    at: datetime
    card: str | None
    currency: str
    digest: str | None
    reason: Literal['web-search', 'pay-as-you-go', 'correction']
    ref: str

class Advance:
    def __init__(at: datetime) -> None: ...
    at: datetime

class Billed(NamedTuple):
    def __init__(at: datetime, amount: Decimal, currency: str, reason: BillReason, ref: str, card: str | None, digest: str | None) -> None: ...
    amount: Decimal
    at: datetime
    card: str | None
    currency: str
    digest: str | None
    reason: BillReason
    ref: str

class BucketClosed(NamedTuple):
    def __init__(at: datetime, pot: str) -> None: ...
    at: datetime
    pot: str

class BucketOpened(NamedTuple):
    def __init__(at: datetime, pot: str, expires_at: datetime | None, priority: int, label: str) -> None: ...
    at: datetime
    expires_at: datetime | None
    label: str
    pot: str
    priority: int

class Cancel:
    def __init__(id: str, at: datetime) -> None: ...
    at: datetime
    id: str

class ChangeTier:
    def __init__(id: str, at: datetime, tier: str, when: Literal['now', 'renewal'] = 'now') -> None: ...
    at: datetime
    id: str
    tier: str
    when: Literal['now', 'renewal']

Command: TypeAlias
class CycleOpened(NamedTuple):
    def __init__(at: datetime, reason: CycleReason, tier: str, interval: Interval, currency: str, cycle: Cycle, card: str, digest: str, list_price: Decimal, pinned: bool) -> None: ...
    at: datetime
    card: str
    currency: str
    cycle: Cycle
    digest: str
    interval: Interval
    list_price: Decimal
    pinned: bool
    reason: CycleReason
    tier: str

Entry: TypeAlias
class Grant:
    def __init__(id: str, at: datetime, credits: Decimal | int, expires_at: datetime | None = None, priority: int = 0, label: str = '') -> None: ...
    at: datetime
    credits: Decimal | int
    expires_at: datetime | None
    id: str
    label: str
    millicredits: int
    priority: int

class Hold:
    def __init__(id: str, at: datetime, usage: Usage | None = None, credits: Decimal | int | None = None, *, expires_at: datetime = None) -> None: ...
    at: datetime
    credits: Decimal | int | None
    expires_at: datetime
    id: str
    usage: Usage | None

class HoldClosed(NamedTuple):
    def __init__(at: datetime, id: str, how: Literal['settled', 'released', 'lapsed']) -> None: ...
    at: datetime
    how: Literal['settled', 'released', 'lapsed']
    id: str

class HoldOpened(NamedTuple):
    def __init__(at: datetime, id: str, expires_at: datetime, card: str | None) -> None: ...
    at: datetime
    card: str | None
    expires_at: datetime
    id: str

class Lapsed(NamedTuple):
    def __init__(at: datetime, reason: Literal['cancelled', 'not-sold']) -> None: ...
    at: datetime
    reason: Literal['cancelled', 'not-sold']

class Posting(NamedTuple):
    def __init__(at: datetime, source: str, target: str, millicredits: int, reason: PostingReason, ref: str) -> None: ...
    at: datetime
    millicredits: int
    reason: PostingReason
    ref: str
    source: str
    target: str

class Rated(NamedTuple):
    def __init__(at: datetime, id: str, usage: Usage, rates: Rates, card: str, digest: str, off_peak: bool, millicredits: int) -> None: ...
    at: datetime
    card: str
    digest: str
    id: str
    millicredits: int
    off_peak: bool
    rates: Rates
    usage: Usage

class Record:
    def __init__(id: str, at: datetime, usage: Usage) -> None: ...
    at: datetime
    @classmethod
    def from_response(payload: Mapping[str, object], id: str | None = None) -> Record: ...
    id: str
    usage: Usage

class Rejection(NamedTuple):
    def __init__(command: Command, error: Refused | PricingError | NoSuchCard) -> None: ...
    command: Command
    error: Refused | PricingError | NoSuchCard

class Release:
    def __init__(id: str, at: datetime, hold_id: str) -> None: ...
    at: datetime
    hold_id: str
    id: str

class Rerating(NamedTuple):
    def __init__(account: Account, entries: tuple[Entry, ...], rejected: tuple[Rejection, ...]) -> None: ...
    account: Account
    entries: tuple[Entry, ...]
    rejected: tuple[Rejection, ...]

class Restated(NamedTuple):
    def __init__(at: datetime, now: datetime | None, since: datetime | None, plan: Plan | None, closed: ClosedSegment | None, buckets: tuple[Bucket, ...], holds: FrozenMap[OpenHold], ended_holds: tuple[EndedHold, ...]) -> None: ...
    at: datetime
    buckets: tuple[Bucket, ...]
    closed: ClosedSegment | None
    ended_holds: tuple[EndedHold, ...]
    holds: FrozenMap[OpenHold]
    now: datetime | None
    plan: Plan | None
    since: datetime | None

class Scheduled(NamedTuple):
    def __init__(at: datetime, tier: str | None, cancel: bool, ref: str) -> None: ...
    at: datetime
    cancel: bool
    ref: str
    tier: str | None

class Settle:
    def __init__(id: str, at: datetime, hold_id: str, usage: Usage) -> None: ...
    at: datetime
    hold_id: str
    id: str
    usage: Usage

class Subscribe:
    def __init__(id: str, at: datetime, tier: str, currency: str = 'USD', interval: Interval = 'monthly', first_purchase: bool | None = None, card: str | None = None) -> None: ...
    at: datetime
    card: str | None
    currency: str
    first_purchase: bool | None
    id: str
    interval: Interval
    tier: str

class TierChanged(NamedTuple):
    def __init__(at: datetime, tier: str, card: str, digest: str, list_price: Decimal, ref: str) -> None: ...
    at: datetime
    card: str
    digest: str
    list_price: Decimal
    ref: str
    tier: str

def apply(account: Account, command: Command, book: RateBook) -> tuple[Account, tuple[Entry, ...]]: ...
def decide(account: Account, command: Command, book: RateBook) -> tuple[Entry, ...]: ...
def difference(before: Sequence[Entry], after: Sequence[Entry]) -> tuple[Entry, ...]: ...
def evolve(account: Account, entry: Entry) -> Account: ...
def fold(account: Account, commands: Iterable[Command], book: RateBook, *, rejected: list[Rejection] | None = None, made: list[int | None] | None = None) -> tuple[Account, list[Entry]]: ...
def replay(entries: Iterable[Entry], account: Account | None = None) -> Account: ...
def rerate(commands: Iterable[Command], book: RateBook, *, tier: str | None = None) -> Rerating: ...
def timeline(commands: Iterable[Command]) -> list[Command]: ...

# module mimo_credits.litellm

class Books(Protocol):
    def apply(account_id: str, at: datetime, command: CommandAt) -> Receipt: ...
    book: RateBook

class CreditsRefused(MimoCreditsError):
    def __init__(reason: str, message: str, http_status: int) -> None: ...
    http_status: Any
    llm_provider = 'mimo_credits'
    message: Any
    reason: Any
    status_code = 422

class InDatabase:
    def __init__(engine: Engine, book: RateBook) -> None: ...
    def apply(account_id: str, at: datetime, command: CommandAt) -> Receipt: ...
    book: Any

class InMemory:
    def __init__(ledger: Ledger) -> None: ...
    def apply(account_id: str, at: datetime, command: CommandAt) -> Receipt: ...
    book: RateBook
    ledger: Any

class MimoCreditsLogger(CustomLogger):
    def __init__(books: Books, *, account: str | Callable[[Request], str] = caller, estimate: Callable[[Request], Usage] = at_most, hold_for: timedelta = timedelta(minutes=15), other_models: Choice = 'refuse', without_ledger: Choice = 'refuse', unwritten_to: str | Path | None = None, threads: int = 4, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None: ...
    def async_log_failure_event(kwargs: dict[str, Any], response_obj: Any, start_time: Any, end_time: Any) -> None: ...
    def async_log_success_event(kwargs: dict[str, Any], response_obj: Any, start_time: Any, end_time: Any) -> None: ...
    def async_post_call_failure_deployment_hook(request_data: Any, exception: Exception, call_type: Any, fallback_depth: int | None = None) -> None: ...
    def async_post_call_failure_hook(request_data: dict[str, Any], original_exception: Exception, user_api_key_dict: Any, traceback_str: str | None = None) -> Any: ...
    def async_post_call_success_deployment_hook(request_data: Any, response: Any, call_type: Any) -> None: ...
    def async_pre_call_deployment_hook(kwargs: dict[str, Any], call_type: Any) -> dict[str, Any] | None: ...
    def completion(model: str, messages: Sequence[Any] = (), **options: Any) -> Any: ...
    def log_failure_event(kwargs: dict[str, Any], response_obj: Any, start_time: Any, end_time: Any) -> None: ...
    def log_success_event(kwargs: dict[str, Any], response_obj: Any, start_time: Any, end_time: Any) -> None: ...

def at_most(request: Request, *, longest_answer: int = LONGEST_ANSWER) -> Usage: ...
def caller(request: Request) -> str: ...

# module mimo_credits.logs

class Contradicting(NamedTuple):
    def __init__(place: Place, first: Place, why: str) -> None: ...
    first: Place
    place: Place
    why: str

Line: TypeAlias
class Logged(NamedTuple):
    def __init__(place: Place, record: Record, growing: bool = False) -> None: ...
    growing: bool
    place: Place
    record: Record

class Malformed(NamedTuple):
    def __init__(place: Place, why: str) -> None: ...
    place: Place
    why: str

class Place(NamedTuple):
    def __init__(file: str, line: int) -> None: ...
    file: str
    line: int

class Repeated(NamedTuple):
    def __init__(place: Place, first: Place) -> None: ...
    first: Place
    place: Place

STANDARD_INPUT = '-'
class Skipped(NamedTuple):
    def __init__(place: Place, why: str) -> None: ...
    place: Place
    why: str

class UnknownLog(UnreadableLog):
    def __init__(file: str, seen: str) -> None: ...
    file: Any
    why: Any

class UnreadableLog(MimoCreditsError):
    def __init__(file: str, why: str) -> None: ...
    file: Any
    why: Any

def each_once(lines: Iterable[Line]) -> Iterator[Line | Repeated | Contradicting]: ...
def read_log(file: str | os.PathLike[str]) -> Iterator[Line]: ...

# module mimo_credits.planning

class BreakEven(Seen):
    def __init__(card: CardRef, tier: str, workload: str, currency: str, price: Decimal, each: Decimal, meets_at: Fraction | None, holds: int | None, times: int | None, tokens: int | None, why: str) -> None: ...
    card: CardRef
    currency: str
    each: Decimal
    holds: int | None
    meets_at: Fraction | None
    price: Decimal
    tier: str
    times: int | None
    def to_markdown() -> str: ...
    tokens: int | None
    why: str
    workload: str

class Burn(NamedTuple):
    def __init__(at: datetime, id: str, millicredits: int) -> None: ...
    at: datetime
    id: str
    millicredits: int

class Call(NamedTuple):
    def __init__(card: RateCard, usage: Usage) -> None: ...
    card: RateCard
    usage: Usage

class Forecast(Seen):
    def __init__(card: CardRef, start: datetime, at: datetime, end: datetime, used: int, remaining: int | None, days: tuple[int, ...], paces: tuple[Pace, ...], before: tuple[int, int] = (0, 0)) -> None: ...
    at: datetime
    before: tuple[int, int]
    before_in_words: str
    card: CardRef
    days: tuple[int, ...]
    end: datetime
    fastest: Pace
    mean: Pace
    median: Pace
    observed_from: datetime
    paces: tuple[Pace, ...]
    remaining: int | None
    slowest: Pace
    start: datetime
    def to_markdown() -> str: ...
    used: int

class Lever(Seen):
    def __init__(card: CardRef, tier: str, workload: str, name: str, now: Fraction, least: Fraction | None, without: Fraction, fully: Fraction) -> None: ...
    card: CardRef
    fully: Fraction
    least: Fraction | None
    name: str
    now: Fraction
    saves: Fraction
    tier: str
    def to_markdown() -> str: ...
    why: str
    without: Fraction
    workload: str

class MonthOfUse(NamedTuple):
    def __init__(what: str, millicredits: int, tokens: int, tasks: int | None, money: FrozenMap[Decimal], unpriced: FrozenMap[str], web_searches: FrozenMap[Decimal] = _NO_MONEY, separately: FrozenMap[Decimal] = _NO_MONEY) -> None: ...
    millicredits: int
    money: FrozenMap[Decimal]
    separately: FrozenMap[Decimal]
    tasks: int | None
    tokens: int
    unpriced: FrozenMap[str]
    web_searches: FrozenMap[Decimal]
    what: str

class Offer(Seen):
    def __init__(card: CardRef, provider: str, models: tuple[str, ...], millicredits: int | None, money: FrozenMap[Decimal], unpriced: FrozenMap[str], why_no_plan: str, cites: tuple[str, ...], sources: tuple[tuple[str, str], ...], effective_from: datetime, age: int) -> None: ...
    age: int
    card: CardRef
    cites: tuple[str, ...]
    effective_from: datetime
    millicredits: int | None
    models: tuple[str, ...]
    money: FrozenMap[Decimal]
    provider: str
    sources: tuple[tuple[str, str], ...]
    def to_markdown() -> str: ...
    unpriced: FrozenMap[str]
    why_no_plan: str

class Offers(Tabular, tuple[Offer, ...]):
    def to_csv(*, of: str = 'lines') -> str: ...
    def to_frame(backend: str | None = None, *, of: str = 'lines') -> Any: ...
    def to_markdown() -> str: ...

class Pace(NamedTuple):
    def __init__(name: str, per_day: Fraction, by_end: int, lasts: bool | None, runs_out_at: datetime | None, tier: str | None) -> None: ...
    by_end: int
    lasts: bool | None
    name: str
    per_day: Fraction
    runs_out_at: datetime | None
    tier: str | None

class Step:
    def __init__(name: str, usage: Usage, count: int = 1, off_peak_share: Share = 0, instead: tuple[str, ...] = (), calls: tuple[Call, ...] = ()) -> None: ...
    calls: tuple[Call, ...]
    count: int
    instead: tuple[str, ...]
    def millicredits(card: RateCard) -> Fraction: ...
    name: str
    off_peak_share: Share
    def requests_on(card: RateCard) -> tuple[Usage, ...]: ...
    tokens: int
    usage: Usage
    def usage_on(card: RateCard) -> Usage: ...

class StepQuote(NamedTuple):
    def __init__(name: str, model: str, tokens: int, millicredits: Fraction) -> None: ...
    credits: Decimal
    millicredits: Fraction
    model: str
    name: str
    tokens: int

class TierComparison(Tabular):
    def __getitem__(tier: str) -> TierFit: ...
    def __init__(card: CardRef, use: MonthOfUse, currency: str, tiers: tuple[TierFit, ...], choice: str | None) -> None: ...
    card: CardRef
    choice: str | None
    currency: str
    tiers: tuple[TierFit, ...]
    def to_csv(*, of: str = 'lines') -> str: ...
    def to_frame(backend: str | None = None, *, of: str = 'lines') -> Any: ...
    def to_markdown() -> str: ...
    use: MonthOfUse
    why: str

class TierFit(NamedTuple):
    def __init__(tier: str, allowance: int, used: int, cost: FrozenMap[Decimal], first_purchase: FrozenMap[Decimal], annual: FrozenMap[Decimal], per_million: FrozenMap[Decimal], per_task: FrozenMap[Decimal], why: str) -> None: ...
    allowance: int
    annual: FrozenMap[Decimal]
    cost: FrozenMap[Decimal]
    first_purchase: FrozenMap[Decimal]
    fits: bool
    headroom: int
    per_million: FrozenMap[Decimal]
    per_task: FrozenMap[Decimal]
    share: Fraction
    tier: str
    def tier_cost(currency: str) -> str: ...
    used: int
    why: str

class Wait(NamedTuple):
    def __init__(burn: Burn, started: datetime) -> None: ...
    burn: Burn
    started: datetime
    waited: timedelta

class WhatIf(Seen):
    def __init__(card: str, tier: str, used: int, overage: int, cycles: int, money: FrozenMap[Decimal], unpriced: tuple[Rejection, ...], refused: tuple[Rejection, ...]) -> None: ...
    card: str
    cycles: int
    money: FrozenMap[Decimal]
    overage: int
    refused: tuple[Rejection, ...]
    tier: str
    def to_markdown() -> str: ...
    unpriced: tuple[Rejection, ...]
    used: int

class WhatIfs(Tabular, tuple[WhatIf, ...]):
    def to_csv(*, of: str = 'lines') -> str: ...
    def to_frame(backend: str | None = None, *, of: str = 'lines') -> Any: ...
    def to_markdown() -> str: ...

class WindowReport(Seen):
    def __init__(limit: int, window: timedelta, requests: int, waited: tuple[Wait, ...], never: tuple[Burn, ...]) -> None: ...
    limit: int
    longest: Wait | None
    never: tuple[Burn, ...]
    requests: int
    def to_markdown() -> str: ...
    total_wait: int
    waited: tuple[Wait, ...]
    window: timedelta

class Workload(Seen):
    def __init__(name: str, steps: tuple[Step, ...], estimate: str = '', assumes: str = '') -> None: ...
    assumes: str
    estimate: str
    def millicredits(card: RateCard, times: int = 1) -> Fraction: ...
    name: str
    def off_peak(share: Share) -> Workload: ...
    def on(models: str | Mapping[str, str]) -> Workload: ...
    def quote(card: RateCard, *, times: int = 1) -> WorkloadQuote: ...
    steps: tuple[Step, ...]
    def to_markdown() -> str: ...
    tokens: int
    def usages_on(card: RateCard, times: int = 1) -> dict[Usage, int]: ...

class WorkloadQuote(Seen):
    def __init__(card: CardRef, workload: str, times: int, steps: tuple[StepQuote, ...], millicredits: int, money: FrozenMap[Decimal], unpriced: FrozenMap[str], web_searches: FrozenMap[Decimal], separately: FrozenMap[Decimal]) -> None: ...
    card: CardRef
    credits: Decimal
    millicredits: int
    money: FrozenMap[Decimal]
    separately: FrozenMap[Decimal]
    steps: tuple[StepQuote, ...]
    times: int
    def to_markdown() -> str: ...
    tokens: int
    unpriced: FrozenMap[str]
    web_searches: FrozenMap[Decimal]
    workload: str

def break_even(card: RateCard, tier: str, workload: Workload, *, currency: str = 'USD') -> BreakEven: ...
def burns_of_entries(entries: Iterable[Entry]) -> tuple[Burn, ...]: ...
def burns_of_records(records: Iterable[Record], book: RateBook) -> tuple[tuple[Burn, ...], tuple[Rejection, ...]]: ...
def cache_lever(card: RateCard, tier: str, workload: Workload, *, times: int = 1) -> Lever: ...
def compare(cards: Iterable[RateCard], workload: Workload, *, at: datetime, times: int = 1, models: Models | None = None) -> Offers: ...
def compare_tiers(card: RateCard, workload: Workload, *, times: int = 1, currency: str = 'USD') -> TierComparison: ...
def compare_use(card: RateCard, use: MonthOfUse, *, currency: str = 'USD') -> TierComparison: ...
def forecast(burns: Iterable[Burn], card: RateCard, at: datetime, *, start: datetime, end: datetime, observed_since: datetime | None = None, remaining: int | None = None, interval: Interval = 'monthly') -> Forecast: ...
def forecast_account(account: Account, entries: Iterable[Entry], card: RateCard, at: datetime) -> Forecast: ...
def month_of_records(records: Iterable[Record], card: RateCard, *, since: datetime, until: datetime, length: timedelta = THIRTY_DAYS) -> tuple[MonthOfUse, tuple[Rejection, ...]]: ...
def off_peak_lever(card: RateCard, tier: str, workload: Workload, *, times: int = 1) -> Lever: ...
def rolling_window(burns: Iterable[Burn], limit: Decimal | int, *, window: timedelta = FIVE_HOURS) -> WindowReport: ...
def what_if(commands: Iterable[Command], on: Iterable[RateCard | RateBook], tiers: Iterable[str]) -> WhatIfs: ...

# module mimo_credits.plots

def burn_down(entries: Iterable[Entry], *, at: datetime | None = None, zone: tzinfo = UTC, axis: Axes | None = None) -> Figure: ...
def cost_by_hit_rate(card: RateCard, model: str, workload: Workload, *, times: int = 1, currency: str = 'USD', axis: Axes | None = None) -> Figure: ...
def tier_comparison(comparison: TierComparison, *, axis: Axes | None = None) -> Figure: ...
def use_by_model_and_day(entries: Iterable[Entry], *, since: datetime | None = None, until: datetime | None = None, zone: tzinfo = UTC, axis: Axes | None = None) -> Figure: ...

# module mimo_credits.sql

class SqlLedger:
    def __init__(connection: Connection, book: RateBook) -> None: ...
    def __iter__() -> Iterator[str]: ...
    def account(account_id: str) -> Account: ...
    def apply(account_id: str, command: Command) -> Receipt: ...
    book: Any
    def commands(account_id: str) -> list[Command]: ...
    connection: Any
    def entries(account_id: str) -> tuple[Entry, ...]: ...
    def fold(account_id: str, commands: Iterable[Command], *, rejected: list[Rejection] | None = None) -> list[Entry]: ...
    def statement(account_id: str) -> Statement: ...
    def verify(account_id: str) -> tuple[Problem, ...]: ...

def check_schema(connection: Connection) -> tuple[Problem, ...]: ...
def configure_sqlite(engine: Engine) -> Engine: ...
metadata = MetaData(naming_convention={'pk': '%(table_name)s_pkey', 'fk': '%(table_name)s_%(column_0_name)s_fkey', 'ck': '%(table_name)s_%(constraint_name)s'})
def migrate(connection: Connection, revision: str = 'head') -> None: ...
def open_ledger(connection: Connection, book: RateBook) -> SqlLedger: ...
def sqlite_engine(path: str | Path, **options: Any) -> Engine: ...

# module mimo_credits.testing.strategies

def books() -> st.SearchStrategy[RateBook]: ...
def cards() -> st.SearchStrategy[RateCard]: ...
def commands(*kinds: type[C]) -> st.SearchStrategy[C]: ...
def hostile_timelines(book: RateBook | None = None) -> st.SearchStrategy[list[Command]]: ...
def timelines(book: RateBook | None = None, *, cancels: bool = True) -> st.SearchStrategy[list[Command]]: ...
def usages(card: RateCard | None = None, *, models: Collection[str] | None = None) -> st.SearchStrategy[Usage]: ...

# module mimo_credits.wire

class Break(NamedTuple):
    def __init__(position: int, kind: Literal['changed', 'dropped', 'repeated', 'reordered', 'inserted'], detail: str) -> None: ...
    detail: str
    kind: Literal['changed', 'dropped', 'repeated', 'reordered', 'inserted']
    position: int

GENESIS = '0' * 64
class Link(NamedTuple):
    def __init__(previous: str, entry: Entry, hash: str) -> None: ...
    entry: Entry
    hash: str
    previous: str

def chain(entries: Iterable[Entry], previous: str = GENESIS) -> list[Link]: ...
def dumps(value: object) -> str: ...
def from_data(data: object) -> Any: ...
def link_hash(previous: str, text: str) -> str: ...
def loads(text: str | bytes) -> Any: ...
def to_data(value: object) -> dict[str, Any]: ...
def verify_chain(links: Iterable[Link], *, previous: str = GENESIS, head: str | None = None, length: int | None = None) -> Break | None: ...
