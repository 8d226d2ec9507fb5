"""Made-up work for the ledger, always the same: one account on the Max tier, its requests spread over July 2026.

One card is in force all month (so that the yardsticks need no more than one), with off-peak rates every night in
Beijing. Most requests find most of their input in the cache, as an agent's do. All of a month's requests fit into the
allowance, so that no overage makes anything cheaper or dearer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

from mimo_credits import Command, Grant, Hold, Record, Settle, Subscribe, Usage

START = datetime(2026, 7, 1, tzinfo=UTC)
LENGTH = timedelta(days=30)
ASR = "mimo-v2.5-asr"
SUBSCRIBE = Subscribe("subscription", START, "max")

_MODELS = ("mimo-v2.5-pro", "mimo-v2.5", "xiaomi/mimo-v2.5", "mimo-v2.5-tts")
_WEIGHTS = (55, 35, 5, 5)
_HELD_FOR = timedelta(minutes=10)
_TAKES = timedelta(seconds=20)
_GRANTS = ((4, 6), (11, 9), (19, 4), (26, 7), (None, 2), (None, 3))
"""On what day a grant expires, and how many hundred million credits it has."""


class Work(NamedTuple):
    """Commands, and what they are."""

    said: str
    commands: Sequence[Command]


def plain(size: int) -> Work:
    """Requests alone, of tokens alone."""
    return Work("plain usage", [SUBSCRIBE, *_records(size)])


def with_grants_and_holds(size: int) -> Work:
    """The same requests on an account whose six grants burn and expire, and whose 24 holds lapse, in that time."""
    grants = [
        Grant(
            f"grant-{n}",
            START,
            hundreds * 100_000_000,
            START + timedelta(days=day) if day else None,
            -1 if n % 2 else 1,
        )
        for n, (day, hundreds) in enumerate(_GRANTS)
    ]
    holds = [
        Hold(f"hold-{n}", START, credits=50_000_000, expires_at=START + timedelta(hours=29 * (n + 1)))
        for n in range(24)
    ]
    said = f"the same with {len(grants)} grants and {len(holds)} holds on the account"
    return Work(said, [SUBSCRIBE, *grants, *holds, *_records(size)])


def mixed(size: int) -> Work:
    """One request in fifty is held before and settled after, one in a hundred is audio, one in a hundred searches."""
    commands: list[Command] = [SUBSCRIBE]
    for n, record in enumerate(_records(size)):
        if n % 100 == 99:
            commands.append(Record(record.id, record.at, Usage(ASR, audio_seconds=1 + n % 300)))
        elif n % 100 == 49:
            commands.append(Record(record.id, record.at, _searching(record.usage)))
        elif n % 50 == 24:
            commands += _held_and_settled(record)
        else:
            commands.append(record)
    commands.sort(key=lambda command: command.at)
    return Work("mixed: 2 % of the requests held and settled, 1 % audio, 1 % with web searches", commands)


def held(size: int) -> Work:
    """Every request is held before and settled after."""
    commands = [command for record in _records(size // 2) for command in _held_and_settled(record)]
    commands.sort(key=lambda command: command.at)
    return Work("every request held, then settled", [SUBSCRIBE, *commands])


def _records(size: int) -> Iterator[Record]:
    random = Random(20260701)
    instants = sorted(random.random() for _ in range(size))
    for n, instant in enumerate(instants):
        missed, output = int(random.lognormvariate(6, 1)), int(random.lognormvariate(5, 1))
        cached = int(random.lognormvariate(9, 1)) if random.random() < 0.9 else 0
        usage = Usage(
            random.choices(_MODELS, _WEIGHTS)[0],
            input_tokens=cached + missed,
            cached_tokens=cached,
            output_tokens=output,
        )
        yield Record(f"request-{n}", START + instant * LENGTH, usage)


def _held_and_settled(record: Record) -> tuple[Hold, Settle]:
    hold = Hold(f"hold-{record.id}", record.at, usage=record.usage, expires_at=record.at + _HELD_FOR)
    return hold, Settle(record.id, record.at + _TAKES, hold.id, record.usage)


def _searching(usage: Usage) -> Usage:
    return Usage(
        usage.model,
        input_tokens=usage.input_tokens,
        cached_tokens=usage.cached_tokens,
        output_tokens=usage.output_tokens,
        web_searches=2,
    )
