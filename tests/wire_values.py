"""Values to write as JSON: one of each type, written out by hand, and random ones of every type.

The random ones follow a type's hints, so that a new type or field is tried without a line here; `MADE_BY_HAND` has those
whose own checks a random value would hardly pass.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from mimo_credits.cycle import Cycle, CycleRule
from mimo_credits.frozen import FrozenMap
from mimo_credits.instants import FIRST_INSTANT, LAST_INSTANT
from mimo_credits.ledger import (
    Account,
    Accrued,
    Advance,
    Billed,
    BucketClosed,
    BucketOpened,
    Cancel,
    ChangeTier,
    CycleOpened,
    Entry,
    Grant,
    Hold,
    HoldClosed,
    HoldOpened,
    Lapsed,
    Posting,
    Rated,
    Record,
    Release,
    Restated,
    Scheduled,
    Settle,
    Subscribe,
    TierChanged,
)
from mimo_credits.ledger.account import Bucket, ClosedSegment, EndedHold, OpenHold, Plan, Pots
from mimo_credits.memory import AccountSnapshot, AppliedCommand, Snapshot
from mimo_credits.pricing import CardRef, Quote, QuoteLine
from mimo_credits.statements import CycleStatement, SegmentStatement, Statement, StatementLine
from mimo_credits.table import Rates
from mimo_credits.usage import MAX_COUNT, Usage
from mimo_credits.wire import dumps
from mimo_credits.wire.kinds import KINDS

BEIJING = timezone(timedelta(hours=8))
AT = datetime(2026, 5, 26, 16, tzinfo=UTC)
LATER = datetime(2026, 6, 25, 16, 0, 0, 1, tzinfo=UTC)
CARD, DIGEST = "2026-05-27.1", "5d" * 32
USAGE = Usage("mimo-v2.5-pro", input_tokens=1200, cached_tokens=1000, output_tokens=34, audio_seconds=5, web_searches=2)
RATES = Rates("mimo-v2.5-pro", 1, 2**63, 2500, 300_000, None, 30_000_000_000)
CYCLE = Cycle(AT, LATER, AT, 1, CycleRule(30, 0, "day-end", "Asia/Shanghai"))
BILLED = Billed(AT, Decimal("46.00"), "USD", "trade-in", "change-1", "2026-05-27.1", DIGEST)

PLAN = Plan("pro", "monthly", "USD", CYCLE, AT, CARD, None, Decimal("50"), "max", True, 1_000_000_000)
CLOSED = ClosedSegment(AT, LATER, CARD, "USD", 5_000)
BUCKETS = (
    Bucket("grant:grant-1", 1_500_125, 1_500_125, -1, AT, None),
    Bucket("allowance", 0, 700_000_000_000, 0, AT, LATER),
)
HOLDS = FrozenMap({"hold-1": OpenHold("hold-1", AT, LATER, None, (("grant:grant-1", 5), ("expired", 7)))})
ENDED_HOLDS = (EndedHold("hold-0", "lapsed", 1),)

SAMPLES: dict[str, Any] = {
    "usage": USAGE,
    "subscribe": Subscribe("sub-1", AT, "pro", "CNY", "annual", False, CARD),
    "record": Record("chatcmpl-1", AT, USAGE),
    "change-tier": ChangeTier("change-1", AT, "max", "renewal"),
    "cancel": Cancel("cancel-1", AT),
    "grant": Grant("grant-1", AT, Decimal("1500.125"), LATER, -1, "Entschädigung · 补偿 \"'\n"),
    "hold": Hold("hold-1", AT, USAGE, expires_at=LATER),
    "settle": Settle("settle-1", AT, "hold-1", USAGE),
    "release": Release("release-1", AT, "hold-1"),
    "advance": Advance(LATER),
    "rated": Rated(AT, "chatcmpl-1", USAGE, RATES, CARD, DIGEST, True, 2**70),
    "posting": Posting(AT, "allowance", "spent", 62_500_000, "usage", "chatcmpl-1"),
    "cycle-opened": CycleOpened(
        AT, "migration", "pro", "monthly", "USD", CYCLE, CARD, DIGEST, Decimal("50"), pinned=False
    ),
    "tier-changed": TierChanged(AT, "pro", CARD, DIGEST, Decimal("50"), "change-1"),
    "scheduled": Scheduled(AT, None, True, "cancel-1"),
    "lapsed": Lapsed(LATER, "cancelled"),
    "bucket-opened": BucketOpened(AT, "grant:grant-1", LATER, -1, "补偿"),
    "bucket-closed": BucketClosed(LATER, "grant:grant-1"),
    "hold-opened": HoldOpened(AT, "hold-1", LATER, None),
    "hold-closed": HoldClosed(AT, "hold-1", "settled"),
    "accrued": Accrued(AT, Fraction(7, 3), "CNY", "pay-as-you-go", "chatcmpl-1", "2026-05-27.1", DIGEST),
    "billed": BILLED,
    "restated": Restated(LATER, LATER, AT, PLAN, CLOSED, BUCKETS, HOLDS, ENDED_HOLDS),
    "account": Account(
        now=LATER,
        since=AT,
        plan=PLAN,
        closed=CLOSED,
        buckets=BUCKETS,
        pots=Pots(issued=-700_001_500_125, held=12, spent=34, expired=56, overage=-78),
        holds=HOLDS,
        ended_holds=ENDED_HOLDS,
        accrued=FrozenMap({"USD": Fraction(1, 7), "CNY": Fraction(-1, 300)}),
    ),
    "quote": Quote(
        card=CardRef(CARD, DIGEST),
        off_peak=False,
        millicredits=62_500,
        lines=(
            QuoteLine(
                "mimo-v2-pro", "mimo-v2.5-pro", 0, "up to 256,000", "cache_hit", 25, Decimal("2.5"), "token", 62_500
            ),
            QuoteLine("mimo-v2-pro", "mimo-v2.5-pro", 0, "up to 256,000", "web_search", 2**60, None, "call", 0),
        ),
        money=FrozenMap({"USD": Decimal("0.00012"), "CNY": Decimal("0.00087")}),
        unpriced=FrozenMap({"EUR": "rate card 2026-05-27.1 has no rate for any meter of 'mimo-v2-pro' in EUR."}),
        remarks=("mimo-v2-pro is priced by the hour of audio; this usage has no audio seconds",),
    ),
    "statement": Statement(
        cycles=(
            CycleStatement(
                start=AT,
                end=LATER,
                tier="pro",
                interval="monthly",
                currency="USD",
                complete=True,
                segments=(
                    SegmentStatement(
                        start=AT,
                        end=LATER,
                        reason="trade-in",
                        tier="pro",
                        interval="monthly",
                        currency="USD",
                        cycle_start=AT,
                        cards=(CardRef(CARD, DIGEST),),
                        opening=0,
                        issued=700_000_000_000,
                        granted=1_500_125,
                        corrected=-5,
                        used=62_500,
                        overage=0,
                        expired=1,
                        held=-2,
                        closing=3,
                        usages=4,
                        lines=(
                            StatementLine(
                                "mimo-v2-pro",
                                "mimo-v2.5-pro",
                                CARD,
                                0,
                                "up to 256,000",
                                False,
                                "cache_hit",
                                25,
                                Decimal("2.5"),
                                "token",
                                62_500,
                                "official-plan-page",
                                RATES,
                            ),
                        ),
                        bills=(BILLED,),
                    ),
                ),
            ),
        ),
        money_due=FrozenMap({"USD": Decimal("46.00")}),
        unbilled=FrozenMap({"USD": Decimal("0.005")}),
    ),
    "snapshot": Snapshot(
        (
            AccountSnapshot("acme", Account(), (), ()),
            AccountSnapshot(
                "user/1",
                Account(now=AT, ended_holds=ENDED_HOLDS),
                (HoldOpened(AT, "hold-1", LATER, None), BILLED),
                (AppliedCommand(Cancel("cancel-1", AT), 0, 2),),
            ),
        )
    ),
}

ENTRY_KINDS: tuple[type, ...] = get_args(Entry)

texts = st.text(max_size=5)
names = st.text(min_size=1, max_size=5)
ZONES = (UTC, BEIJING, timezone(-timedelta(hours=3)))
instants = st.builds(
    lambda microseconds, zone: (FIRST_INSTANT + timedelta(microseconds=microseconds)).astimezone(zone),
    st.integers(0, 4 * 10**15) | st.integers(0, (LAST_INSTANT - FIRST_INSTANT) // timedelta(microseconds=1) - 1),
    st.sampled_from(ZONES),
)
counts = st.integers(0, 2**53 - 1)
decimals = st.decimals(allow_nan=False, allow_infinity=False) | st.decimals(-1, 1, places=7)
credits = st.integers(1, 2**63 - 1).map(lambda millicredits: Decimal(millicredits) / 1000)


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    numbers = st.integers(0, MAX_COUNT)
    total = draw(numbers)
    return Usage(
        draw(names),
        input_tokens=total,
        cached_tokens=draw(st.integers(0, total)),
        output_tokens=draw(numbers),
        audio_seconds=draw(numbers),
        web_searches=draw(numbers),
        images=draw(st.just(0) | numbers),
    )


@st.composite
def grants(draw: st.DrawFn) -> Grant:
    at, later = sorted(draw(st.tuples(instants, instants).filter(lambda pair: pair[0] != pair[1])))
    priority = draw(st.integers(-(10**6), 10**6))
    return Grant(draw(names), at, draw(credits), draw(st.sampled_from([None, later])), priority, draw(texts))


@st.composite
def holds(draw: st.DrawFn) -> Hold:
    at, later = sorted(draw(st.tuples(instants, instants).filter(lambda pair: pair[0] != pair[1])))
    if draw(st.booleans()):
        return Hold(draw(names), at, draw(usages()), expires_at=later)
    return Hold(draw(names), at, credits=draw(credits), expires_at=later)


@st.composite
def cycles(draw: st.DrawFn) -> Cycle:
    start, end = sorted(draw(st.tuples(instants, instants).filter(lambda pair: pair[0] != pair[1])))
    return Cycle(start, end, draw(instants), draw(st.integers(1, 2**53 - 1)), draw(rules()))


@st.composite
def rules(draw: st.DrawFn) -> CycleRule:
    days, months = draw(st.tuples(st.integers(1, 36_500), st.just(0)) | st.tuples(st.just(0), st.integers(1, 1_200)))
    return CycleRule(
        days, months, draw(st.sampled_from(["instant", "day-end"])), draw(st.sampled_from(["UTC", "Asia/Shanghai"]))
    )


MADE_BY_HAND: dict[type, st.SearchStrategy[Any]] = {
    Usage: usages(),
    Grant: grants(),
    Hold: holds(),
    Cycle: cycles(),
    CycleRule: rules(),
    Posting: st.builds(
        Posting, instants, texts, texts, st.integers(1, 2**80), st.sampled_from(["usage", "trade-in"]), texts
    ),
}


@cache
def values(kind: type) -> st.SearchStrategy[Any]:
    """Random values of a NamedTuple or dataclass."""
    if kind in MADE_BY_HAND:
        return MADE_BY_HAND[kind]
    fields = kind._fields if issubclass(kind, tuple) else [field.name for field in dataclasses.fields(kind)]
    hints = get_type_hints(kind)
    commanded = kind.__module__.endswith(".commands")
    return st.builds(kind, **{name: _value(hints[name], kind is Scheduled or not commanded) for name in fields})


def _value(hint: Any, may_be_empty: bool) -> st.SearchStrategy[Any]:
    plain: dict[Any, st.SearchStrategy[Any]] = {
        str: texts if may_be_empty else names,
        bool: st.booleans(),
        datetime: instants,
        Decimal: decimals,
        Fraction: st.fractions(),
    }
    if hint in plain:
        return plain[hint]
    if hint is int:
        return counts | st.integers(-9, 9)
    args = get_args(hint)
    match get_origin(hint):
        case kind if kind is Literal:
            return st.sampled_from(args)
        case kind if kind in (Union, types.UnionType):
            return st.one_of(
                *(st.none() if arg is type(None) else _value(arg, may_be_empty) for arg in args),
            )
        case kind if kind is tuple and args[-1] is Ellipsis:
            return st.lists(_value(args[0], may_be_empty), max_size=2).map(tuple)
        case kind if kind is tuple:
            return st.tuples(*(_value(arg, may_be_empty) for arg in args))
        case kind if kind is FrozenMap:
            return st.dictionaries(texts, _value(args[0], may_be_empty), max_size=2).map(FrozenMap)
    return values(hint)


anything = st.one_of(*map(values, KINDS.values()))


def assert_same(found: Any, value: Any) -> None:
    assert found == value
    assert type(found) is type(value)
    assert dumps(found) == dumps(value)  # equal is not the same: 1 == True, and 46.00 == 46


def leaves(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[list[Any], Any]]:
    """The path and the value of everything in the data that is neither object nor array."""
    if not isinstance(data, dict | list):
        yield list(path), data
        return
    for key, value in data.items() if isinstance(data, dict) else enumerate(data):
        yield from leaves(value, (*path, key))
