"""The ledger's speed: `fold` and `apply`, every entry kept, in events a second.

Two yardsticks do part of the same work by hand. The naive ledger is what one writes in an afternoon: a dictionary of
`Decimal` rates, a balance, and a dictionary for each request. The bare loop is what no ledger in Python can do without:
a look-up, an integer multiply-add and two tuples that are kept.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from time import perf_counter_ns
from typing import NamedTuple
from zoneinfo import ZoneInfo

from benchmarks import workloads
from benchmarks.report import Aim, Section, duration, middle, per_second, share, table, times
from benchmarks.timing import Contender, Samples, interleave, ratio, spread
from benchmarks.workloads import LENGTH, START, SUBSCRIBE, Work
from mimo_credits import Account, Command, Entry, RateBook, Record, apply, fold, load_book

SIZE = 100_000
LEAST = 200_000

NAIVE = "naive ledger of `Decimal` and dictionaries"
BARE = "bare loop that keeps two tuples"
GC_OFF = "`fold`, plain usage, with the garbage collector off"

Rates = dict[str, tuple[Decimal, Decimal, Decimal]]


class _Done(NamedTuple):
    """What a run leaves, so that what it kept is still there when the clock stops."""

    remaining: object
    kept: Sequence[object]


def measure(rounds: int, size: int = SIZE) -> Section:
    """All of it, in `rounds` interleaved rounds of `size` events."""
    book = load_book()
    plain = workloads.plain(size)
    works = [plain, workloads.with_grants_and_holds(size), workloads.mixed(size), workloads.held(size // 10)]
    _check(plain, book)
    contenders = [
        *(Contender(_folded(work), _timed(_fold, work, book)) for work in works),
        Contender(_applied(plain), _timed(_apply, plain, book)),
        Contender(NAIVE, _timed(_naive, plain, book)),
        Contender(BARE, _timed(_bare, plain, book)),
        Contender(GC_OFF, _timed(_fold, plain, book, collecting=False)),
    ]
    samples = interleave(contenders, rounds, "ledger")
    return Section(
        title="The ledger",
        how=(
            "Commands made beforehand, folded into a new account, every entry kept. An event is a command; there are "
            f"{size:,} of them ({size // 10:,} where every request is held), one account's in {LENGTH.days} days. "
            f"{rounds} rounds; before each measurement the last one's entries are freed and the collector runs once."
        ),
        table=_table(samples, _folded(plain)),
        notes=list(_dominates(samples, _folded(plain), _applied(plain))),
        aims=[_aim(samples, _folded(works[0])), _aim(samples, _folded(works[1]))],
    )


def _folded(work: Work) -> str:
    return f"`fold`, {work.said}"


def _applied(work: Work) -> str:
    return f"`apply` one by one, {work.said}"


def _timed(
    run: Callable[[Sequence[Command], RateBook], _Done], work: Work, book: RateBook, *, collecting: bool = True
) -> Callable[[], float]:
    def once() -> float:
        gc.collect()
        if not collecting:
            gc.disable()
        try:
            start = perf_counter_ns()
            done = run(work.commands, book)
            taken = perf_counter_ns() - start
        finally:
            gc.enable()
        assert done.kept, "a run keeps what happened"
        return taken / len(work.commands)

    return once


def _fold(commands: Sequence[Command], book: RateBook) -> _Done:
    account, entries = fold(Account(), commands, book)
    return _Done(account.remaining, entries)


def _apply(commands: Sequence[Command], book: RateBook) -> _Done:
    account = Account()
    entries: list[Entry] = []
    for command in commands:
        account, decided = apply(account, command, book)
        entries.extend(decided)
    return _Done(account.remaining, entries)


def _naive(commands: Sequence[Command], book: RateBook) -> _Done:
    card = book.at(START)
    thousand = Decimal(1000)
    rates: Rates = {
        name: (hit / thousand, miss / thousand, output / thousand)
        for name, bands in card.table.peak.tokens.items()
        for _, hit, miss, output, _ in bands
    }
    beijing, night = ZoneInfo("Asia/Shanghai"), Decimal("0.8")
    remaining, overage = card.tiers[SUBSCRIBE.tier].credits, Decimal(0)
    kept = []
    for command in commands:
        if not isinstance(command, Record):
            continue
        usage = command.usage
        hit, miss, output = rates[usage.model]
        cost = (
            hit * usage.cached_tokens + miss * (usage.input_tokens - usage.cached_tokens) + output * usage.output_tokens
        )
        if command.at.astimezone(beijing).hour < 8:
            cost *= night
        covered = min(cost, remaining)
        remaining -= covered
        overage += cost - covered
        kept.append({"id": command.id, "at": command.at, "model": usage.model, "credits": cost, "remaining": remaining})
    return _Done(remaining, kept)


def _bare(commands: Sequence[Command], book: RateBook) -> _Done:
    rows = book.at(START).table.peak.tokens
    spent = 0
    kept: list[tuple[object, ...]] = []
    for command in commands:
        if not isinstance(command, Record):
            continue
        usage = command.usage
        tokens, cached = usage.input_tokens, usage.cached_tokens
        for band in rows[usage.model]:
            if tokens <= band[0]:
                break
        _, hit, miss, output, rates = band
        cost = hit * cached + miss * (tokens - cached) + output * usage.output_tokens
        spent += cost
        kept.append((command.at, command.id, usage, rates, cost))
        kept.append((command.at, "allowance", "spent", cost, "usage", command.id))
    return _Done(spent, kept)


def _check(plain: Work, book: RateBook) -> None:
    """What is compared must agree: folded, applied one by one and by the naive ledger, the same is left."""
    folded, naive = _fold(plain.commands, book), _naive(plain.commands, book)
    assert folded.remaining == naive.remaining, "the naive ledger must come to the same balance"
    assert folded == _apply(plain.commands, book), "apply one by one must give the entries of fold"


def _table(samples: Samples, plain: str) -> str:
    head = ("", "events a second", "an event", "middle half", "least", "times `fold` of plain usage")
    rows = []
    for name, sample in samples.items():
        took = spread(sample)
        rows.append(
            (
                f"**{name}**" if name == plain else name,
                per_second(took.median),
                duration(took.median),
                middle(took),
                duration(took.least),
                times(ratio(samples, name, plain)),
            )
        )
    return table(head, rows)


def _dominates(samples: Samples, plain: str, applied: str) -> Iterator[str]:
    whole, without, bare = (spread(samples[name]).median for name in (plain, GC_OFF, BARE))
    yield (
        f"What dominates `fold` ({duration(whole)} an event): the garbage collector, which walks again and again over "
        f"entries that are kept, is {duration(whole - without)} of it ({share(whole - without, whole)}); with the "
        f"collector off the same fold takes {duration(without)}. The bare loop, which knows no clock, no balance and "
        f"no off-peak hours, takes {duration(bare)} with the collector on."
    )
    yield (
        f"A command that is not plain usage is decided by the rules one at a time, like `apply` "
        f"({duration(spread(samples[applied]).median)} an event), which makes a new account for every entry."
    )


def _aim(samples: Samples, name: str) -> Aim:
    took = spread(samples[name])
    return Aim(
        f"{name}: at least {LEAST:,} events a second",
        f"{per_second(took.median)} (middle half {per_second(took.high)} … {per_second(took.low)})",
        took.median <= 1e9 / LEAST,
    )
