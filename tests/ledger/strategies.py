"""Hypothesis strategies for the ledger: rate cards, books of them, usages, and timelines of commands.

Every card drawn sells the same three tiers, each larger than the one before, so that a timeline can be valid by
construction: `valid_timelines` are never refused, whatever the book. `hostile_timelines` are anything that can be said
to an account: late, too early, about holds that never were, for tiers and models that nobody sells.

A timeline is a list of `Act`s that a plain function turns into commands. The acts, like the numbers of a card, come from
a seed that Hypothesis draws, and how many there are is drawn beside it: so all kinds of life are drawn evenly, ten times
as fast as choice by choice, and a failing one still shrinks to its first acts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Literal, NamedTuple

from hypothesis import strategies as st

from mimo_credits import (
    Advance,
    Cancel,
    ChangeTier,
    Command,
    Grant,
    Hold,
    RateBook,
    RateCard,
    Record,
    Release,
    Settle,
    Subscribe,
    Usage,
)
from tests.ledger.worlds import Terms, card

START = datetime(2026, 1, 30, 21, 30, tzinfo=UTC)
GAPS = [
    timedelta(),
    timedelta(microseconds=1),
    timedelta(minutes=59),
    timedelta(hours=7),
    timedelta(days=1),
    timedelta(days=2, hours=11),
    timedelta(days=31),
]
TIERS = ("lite", "standard", "pro")
ZONES = ("UTC", "Asia/Shanghai", "America/New_York", "Asia/Kathmandu")


_SEEDS = st.integers(0, 2**64)


def _chance(seed: int, *beside: object) -> Random:
    """Chance from a seed and from what was drawn beside it: Hypothesis likes to try the same number again."""
    return Random(f"{seed} {beside}")


# --- cards -----------------------------------------------------------------------------------------------


def _hundredths(chance: Random, most: int) -> Decimal:
    """A rate or price with two decimals; exact also after any off-peak factor drawn here."""
    return Decimal(chance.choice([0, 1, chance.randint(0, most)])) / 100


def _tiers(chance: Random) -> Mapping[str, str]:
    credits_, tiers = Decimal(0), {}
    for name in TIERS:
        credits_ += Decimal(chance.randint(1, 20_000)) / 1000
        usd, cny = _hundredths(chance, 9_999), _hundredths(chance, 9_999)
        tiers[name] = (
            f"{{ credits = {credits_}, price = {{ USD = {usd}, CNY = {cny} }}, "
            f"annual = {{ credits = {credits_ * 10}, price = {{ USD = {usd * 11}, CNY = {cny * 11} }} }} }}"
        )
    return tiers


def _models(chance: Random) -> Mapping[str, str]:
    def by_meter(most: int) -> str:
        hit, miss, output = (_hundredths(chance, most) for _ in range(3))
        return f"{{ hit = {hit}, miss = {miss}, output = {output} }}"

    def all_rates() -> str:
        return f"credits = {by_meter(500)}, price = {{ USD = {by_meter(999_999)}, CNY = {by_meter(9_999_999)} }}"

    limits = sorted(chance.sample(range(1, 16), chance.randint(0, 2)))
    bands = [*(f"{{ input_up_to = {limit}, {all_rates()} }}" for limit in limits), f"{{ {all_rates()} }}"]
    hour, usd = _hundredths(chance, 999_999), _hundredths(chance, 99_999)
    return {
        "weighted": f'{{ aliases = ["also-weighted"], {all_rates()} }}',
        "banded": f"{{ context = 16, bands = [ {', '.join(bands)} ] }}",
        "free": "{ credits = 0, price = { USD = 0, CNY = 0 } }",
        "speech": f"{{ credits = {{ audio_hour = {hour} }}, price = {{ USD.audio_hour = {usd}, CNY.audio_hour = 7 }} }}",
        "cash": '{ credits = "not in plan", price.USD = 10000 }',
    }


def _night(factor: str, start: int, length: int, zone: str) -> str:
    end = (start + length) % 24
    return f'{{ multiply_by = {factor}, start = {start:02}:30:00, end = {end:02}:30:00, timezone = "{zone}" }}'


_ROUNDINGS = st.sampled_from(["half-up", "half-even", "up", "down"])
_NIGHTS = st.builds(
    _night,
    st.sampled_from(["0.5", "0.8", "0.1", "1.2"]),
    st.integers(0, 23),
    st.integers(1, 23),
    st.sampled_from(ZONES),
)


def _card(seed: int, terms: Terms) -> RateCard:
    chance = _chance(seed, terms)
    return card(replace(terms, tiers=_tiers(chance), models=_models(chance)))


def _cards(day: str) -> st.SearchStrategy[RateCard]:
    terms = st.builds(
        Terms,
        day=st.just(day),
        start=st.sampled_from(["00:00:00Z", "00:00:00+08:00", "13:00:00Z"]),
        period=st.sampled_from(["days = 1", "days = 2", "days = 30", "months = 1", "months = 2"]),
        boundary=st.sampled_from(["instant", "day-end"]),
        timezone=st.sampled_from(ZONES),
        upgrade=st.sampled_from(["price-difference", "trade-in"]),
        exhausted=st.sampled_from(["stop", "pay-as-you-go"]),
        rollover=st.sampled_from(['"none"', "{ up_to = 1.5, cycles = 1 }", "{ up_to = 20, cycles = 2 }"]),
        money_rounding=_ROUNDINGS,
        credit_rounding=_ROUNDINGS,
        first_purchase_pays=st.sampled_from([None, "0.88", "0.333"]),
        off_peak=st.one_of(st.none(), _NIGHTS),
        migrates=st.booleans(),
    )
    return st.builds(_card, _SEEDS, terms)


_LATER_CARDS = {day: _cards(day) for day in ("2026-02-01", "2026-02-03", "2026-03-01")}


@st.composite
def _books(draw: st.DrawFn) -> RateBook:
    days = draw(st.sampled_from([[], ["2026-02-01"], ["2026-02-03"], ["2026-02-01", "2026-03-01"]]))
    return RateBook([draw(_FIRST_CARD), *(draw(_LATER_CARDS[day]) for day in days)])


_FIRST_CARD = _cards("2026-01-30")
books = _books()
"""One to three cards; the first is in force before any timeline begins, the others while it runs."""


# --- usages ----------------------------------------------------------------------------------------------


def _usage(chance: Random) -> Usage:
    model = chance.choice(["weighted", "weighted", "also-weighted", "banded", "free", "speech"])
    searches = chance.choice([0, 0, 0, 0, 1, 3])
    if model == "speech":
        return Usage(model, audio_seconds=chance.choice([1, chance.randint(0, 5_000)]), web_searches=searches)
    cached, missed, output = (chance.randint(0, 8) for _ in range(3))
    return Usage(model, input_tokens=cached + missed, cached_tokens=cached, output_tokens=output, web_searches=searches)


usages = _SEEDS.map(lambda seed: _usage(_chance(seed)))
"""What every card drawn here can price."""

UNPRICEABLE = [
    Usage("nobody-sells-this", input_tokens=1),
    Usage("cash", input_tokens=1),
    Usage("banded", input_tokens=17),
    Usage("speech", output_tokens=1),
]
"""What no card drawn here can price."""

_SMALL_GAPS = st.sampled_from([timedelta(), timedelta(microseconds=1), timedelta(seconds=50), timedelta(hours=3)])
plain_runs = st.lists(st.tuples(_SMALL_GAPS, usages), max_size=12)
"""Records one after another, for the ledger's fast way: gaps, and what was used."""


# --- timelines -------------------------------------------------------------------------------------------


class Act(NamedTuple):
    """One step of a timeline before it is a command; `pick` chooses among what there is to choose from by then."""

    kind: str
    gap: timedelta
    usage: Usage
    credits: Decimal
    life: timedelta
    pick: int
    priority: int
    letter: str


def _act(chance: Random, kinds: list[str], hostile: bool) -> Act:
    unpriceable = hostile and chance.random() < 0.1
    return Act(
        chance.choice(kinds),
        chance.choice(chance.choice([GAPS[:4], GAPS[2:5], GAPS])),
        chance.choice(UNPRICEABLE) if unpriceable else _usage(chance),
        Decimal(chance.randint(1, chance.choice([3, 3_000, 3_000, 30_000]))) / 1000,
        chance.choice(chance.choice([GAPS[1:], GAPS[2:5]])),
        chance.randrange(60),
        chance.randint(-1, 1),
        chance.choice("abc"),
    )


def _acts(chance: Random, kinds: list[str], count: int, *, hostile: bool = False) -> list[Act]:
    return [_act(chance, kinds, hostile) for _ in range(count)]


def _pick(act: Act, *choices: str) -> str:
    return choices[act.pick % len(choices)]


def _grant(act: Act, id: str, at: datetime) -> Grant:
    expires_at = None if act.pick % 3 == 0 else at + act.life
    return Grant(id, at, act.credits, expires_at=expires_at, priority=act.priority, label="gift")


def _hold(act: Act, id: str, at: datetime) -> Hold:
    if act.pick % 2:
        return Hold(id, at, act.usage, expires_at=at + act.life)
    return Hold(id, at, credits=act.credits, expires_at=at + act.life)


_VALID_KINDS = ["record", "record", "grant", "change", "hold", "hold", "settle", "release", "advance"]


def _valid(chance: Random, count: int) -> list[Command]:
    """In order, with ids of its own, upgrades or changes at the renewal, and holds that fit and are still open.

    Holds fit because a large grant that burns last stands behind them (`backed`); without it there are none, and usage
    may run over.
    """
    acts = _acts(chance, _VALID_KINDS, count)
    tier, annual, currency = chance.choice([0, 0, 1, 2]), chance.random() < 0.2, chance.choice(["USD", "CNY"])
    backed, climbs = chance.random() < 0.5, chance.random() < 0.5
    at = START
    commands: list[Command] = [
        Subscribe("first", at, TIERS[tier], currency, interval="annual" if annual else "monthly")
    ]
    if backed:
        commands.append(Grant("reserve", at, 10**9, priority=9))
    holds: dict[str, datetime] = {}
    for number, act in enumerate(acts):
        at += act.gap
        name = f"{act.letter}{number}"
        still_open = [hold_id for hold_id, until in holds.items() if until > at]
        if act.kind in ("settle", "release") and still_open:
            held = _pick(act, *still_open)
            del holds[held]
            commands.append(Settle(name, at, held, act.usage) if act.kind == "settle" else Release(name, at, held))
        elif act.kind == "hold" and backed:
            commands.append(_hold(act, name, at))
            holds[name] = at + act.life
        elif act.kind == "change" and not climbs:
            commands.append(ChangeTier(name, at, _pick(act, *TIERS), when="renewal"))
        elif act.kind == "change" and tier < 2:
            tier += 1
            commands.append(ChangeTier(name, at, TIERS[tier]))
        elif act.kind == "grant":
            commands.append(_grant(act, name, at))
        elif act.kind == "advance":
            commands.append(Advance(at))
        else:
            commands.append(Record(name, at, act.usage))
    return commands


def _subscribe(act: Act, id: str, at: datetime) -> Subscribe:
    return Subscribe(
        id,
        at,
        _pick(act, *TIERS, *TIERS, "ultra"),
        _pick(act, "USD", "USD", "CNY", "CNY", "EUR"),
        interval="annual" if act.priority == 0 else "monthly",
        first_purchase=(None, None, None, False, True)[act.pick % 5],
        card=(None, "2026-01-30", None, None, None, "2026-02-01.1", None)[act.pick % 7],
    )


def _change(act: Act, id: str, at: datetime) -> ChangeTier:
    when: Literal["now", "renewal"] = "now" if act.priority else "renewal"
    return ChangeTier(id, at, _pick(act, *TIERS, *TIERS, "ultra"), when=when)


_SAID: dict[str, Callable[[Act, str, datetime, str], Command]] = {
    "record": lambda act, name, at, _: Record(name, at, act.usage),
    "grant": lambda act, name, at, _: _grant(act, name, at),
    "hold": lambda act, name, at, _: _hold(act, name, at),
    "settle": lambda act, name, at, held: Settle(name, at, held, act.usage),
    "release": lambda act, name, at, held: Release(name, at, held),
    "change": lambda act, name, at, _: _change(act, name, at),
    "cancel": lambda act, name, at, _: Cancel(name, at),
    "advance": lambda act, name, at, _: Advance(at),
    "subscribe": lambda act, name, at, _: _subscribe(act, name, at),
}


_HOSTILE_KINDS = [*_SAID, "record", "record", "hold", "change", "settle"]


def _hostile(chance: Random, count: int) -> list[Command]:
    """Most often after a Subscribe, and each with an id of its own; but for that, anything at all."""
    acts = _acts(chance, _HOSTILE_KINDS, count, hostile=True)
    subscribed = chance.random() < 0.9
    at = START
    commands: list[Command] = []
    hold_ids = ["nobody"]
    if subscribed:
        commands.append(Subscribe("first", at, chance.choice(TIERS[:2]), chance.choice(["USD", "CNY"])))
    for number, act in enumerate(acts):
        late = act.pick % 4 == 1 and (act.kind == "record" or act.pick % 3 == 0)
        at += timedelta() if late else act.gap
        said_of = at - act.life if late else at
        held = "nobody" if act.pick % 5 == 0 else hold_ids[-1 - act.pick % min(2, len(hold_ids))]
        command = _SAID[act.kind](act, f"{act.letter}{number}", said_of, held)
        if isinstance(command, Hold):
            hold_ids.append(command.id)
        commands.append(command)
    return commands


class Life(NamedTuple):
    """An account's commands, and the cards under which they are said."""

    book: RateBook
    commands: list[Command]


def _lives(timeline: Callable[[Random, int], list[Command]]) -> st.SearchStrategy[Life]:
    def life(book: RateBook, seed: int, count: int) -> Life:
        return Life(book, timeline(_chance(seed, count, *book), count))

    return st.builds(life, books, _SEEDS, st.integers(3, 16))


def _timelines(timeline: Callable[[Random, int], list[Command]]) -> st.SearchStrategy[list[Command]]:
    return st.builds(lambda seed, count: timeline(_chance(seed, count), count), _SEEDS, st.integers(3, 16))


valid_timelines = _timelines(_valid)
"""A plan's life that is never refused."""

hostile_timelines = _timelines(_hostile)
"""Anything at all that may be said to an account."""

valid_lives = _lives(_valid)
hostile_lives = _lives(_hostile)
"""The same, each with a book."""
