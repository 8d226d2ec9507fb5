"""Makes `april-to-june.jsonl`: the responses that one invented account got from 10 April to the end of June 2026.

    python docs/examples/make_april_to_june.py

Two coding agents and a few smaller jobs, as a Standard plan would see them: each agent's session sends a context that
grows and is mostly found in the cache, by the OpenAI-compatible or the Anthropic-compatible API, by day or at night.
Every number is made up. The seed is fixed and only `random()` is drawn from, so that every Python writes the same
bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

FILE = Path(__file__).with_name("april-to-june.jsonl")
BEIJING = timezone(timedelta(hours=8))
FIRST_DAY, LAST_DAY = date(2026, 4, 10), date(2026, 6, 30)

CACHE_BLOCK = 64
"""The cache holds whole blocks of so many tokens."""

TEXT = "(the answer itself is left out)"


class Answer(NamedTuple):
    """One response: when its request began, when it was complete, and its body."""

    began: datetime
    complete: datetime
    body: dict[str, Any]


class Season(NamedTuple):
    """Which models are used from a day on: by the two agents, for images, for reading aloud and for listening.

    An agent's first request has `first` tokens at the most, and no request has more than `most`.
    """

    since: date
    agents: tuple[str, str]
    first: int
    most: int
    images: str
    aloud: str
    listening: str | None
    night_rates: bool


V2_PRO, V25_PRO, V25 = "mimo-v2-pro", "mimo-v2.5-pro", "mimo-v2.5"
TTS, ASR = "mimo-v2.5-tts", "mimo-v2.5-asr"

SEASONS = (
    Season(date(2026, 4, 10), (V2_PRO, V2_PRO), 110_000, 250_000, "mimo-v2-omni", "mimo-v2-tts", None, False),
    Season(date(2026, 4, 22), (V25_PRO, V25), 240_000, 700_000, V25, TTS, None, True),
    # In June one tool still asks for a V2 model, which is served and billed as its successor.
    Season(date(2026, 6, 2), (V25_PRO, V2_PRO), 240_000, 700_000, V25, TTS, ASR, True),
    Season(date(2026, 6, 12), (V25_PRO, V25), 240_000, 700_000, V25, TTS, ASR, True),
)


class Maker:
    """Draws the account's days one after another."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def whole(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + int(self._random.random() * (high - low + 1))

    def chance(self, percent: int) -> bool:
        return self.whole(1, 100) <= percent

    def id(self, prefix: str) -> str:
        return prefix + "".join(f"{self.whole(0, 0xFFFF):04x}" for _ in range(6))

    def days(self) -> Iterator[Answer]:
        day = FIRST_DAY
        while day <= LAST_DAY:
            season = max(season for season in SEASONS if season.since <= day)
            if day.isoweekday() < 6 or self.chance(30):
                yield from self.day(day, season)
            day += timedelta(days=1)

    def day(self, day: date, season: Season) -> Iterator[Answer]:
        yield from self.agent(self.clock(day, 9, 18), season, 0, long=day == date(2026, 4, 16))
        if season.night_rates and self.chance(35):
            yield from self.agent(self.clock(day, 1, 6), season, 0)
        if self.chance(35):
            yield from self.agent(self.clock(day, 10, 20), season, 1)
        if self.chance(25):
            yield self.chat(self.clock(day, 9, 20), season.images, self.whole(900, 9_000), 0, self.whole(200, 900))
        if self.chance(15):
            yield self.chat(self.clock(day, 9, 20), season.aloud, self.whole(80, 600), 0, self.whole(400, 3_000))
        if season.listening and self.chance(30):
            yield self.heard(self.clock(day, 9, 20), season.listening, self.whole(20, 1_200))

    def clock(self, day: date, first_hour: int, last_hour: int) -> datetime:
        minutes = self.whole(first_hour * 60, last_hour * 60)
        start = datetime(day.year, day.month, day.day, tzinfo=BEIJING)
        return start + timedelta(minutes=minutes, seconds=self.whole(0, 59))

    def agent(self, at: datetime, season: Season, which: int, *, long: bool = False) -> Iterator[Answer]:
        """A session: every request sends all that came before, and the cache knows most of it."""
        model, anthropic = season.agents[which], self.chance(40)
        context, cached = self.whole(season.first // 2, season.first), 0
        for turn in range(self.whole(3, 8)):
            output = self.whole(800, 9_000)
            if long and turn == 2:
                context = 301_337  # one request with a whole repository in it: above 256K
            if anthropic:
                answer = self.message(at, model, context, cached, output)
            else:
                searches = self.whole(1, 3) if self.chance(5) else 0
                answer = self.chat(at, model, context, cached, output, searches)
            yield answer
            cached = context // CACHE_BLOCK * CACHE_BLOCK
            grown = context + output + self.whole(season.first // 12, season.first // 3)
            context = min(grown, 340_000 if long else season.most)
            cached = min(cached, context // CACHE_BLOCK * CACHE_BLOCK)
            at = answer.complete + timedelta(seconds=self.whole(5, 240))

    def chat(self, at: datetime, model: str, prompt: int, cached: int, output: int, searches: int = 0) -> Answer:
        """The OpenAI-compatible shape: cached tokens are inside the prompt, reasoning inside the completion."""
        reasoning = output * self.whole(0, 60) // 100 if output > 1_000 else 0
        usage: dict[str, Any] = {
            "prompt_tokens": prompt,
            "completion_tokens": output,
            "total_tokens": prompt + output,
            "prompt_tokens_details": {"cached_tokens": cached},
            "completion_tokens_details": {"reasoning_tokens": reasoning},
        }
        if searches:
            usage["web_search_usage"] = {"tool_usage": searches, "page_usage": searches * 5}
        return self.openai(at, model, usage, seconds=2 + output // 60)

    def heard(self, at: datetime, model: str, seconds: int) -> Answer:
        """Speech recognition: the seconds of audio are billed."""
        audio, words = seconds * 25 // 4, seconds * 3
        usage = {
            "prompt_tokens": audio + 21,
            "completion_tokens": words,
            "total_tokens": audio + 21 + words,
            "seconds": seconds,
            "prompt_tokens_details": {"audio_tokens": audio, "cached_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0},
        }
        return self.openai(at, model, usage, seconds=1 + seconds // 20)

    def openai(self, at: datetime, model: str, usage: dict[str, Any], seconds: int) -> Answer:
        body = {
            "id": self.id(""),
            "object": "chat.completion",
            "created": int(at.timestamp()),
            "model": model,
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": TEXT}}],
            "usage": usage,
        }
        return Answer(at, at + timedelta(seconds=seconds), body)

    def message(self, at: datetime, model: str, context: int, cached: int, output: int) -> Answer:
        """The Anthropic-compatible shape: input_tokens leaves out what the cache read and wrote.

        Such a body has no instant of its own: whoever keeps the log adds one.
        """
        new = context - cached
        written = new * self.whole(40, 90) // 100
        body = {
            "id": self.id("msg_"),
            "type": "message",
            "role": "assistant",
            "model": model,
            "content": [{"type": "text", "text": TEXT}],
            "stop_reason": "end_turn",
            "usage": {
                "input_tokens": new - written,
                "cache_creation_input_tokens": written,
                "cache_read_input_tokens": cached,
                "output_tokens": output,
            },
            "timestamp": at.isoformat(),
        }
        return Answer(at, at + timedelta(seconds=3 + output // 60), body)


def lines() -> Iterator[str]:
    """The log: one line for each response, in the order in which they were complete."""
    answers = sorted(Maker(seed=20260410).days(), key=lambda answer: (answer.complete, answer.began))
    for answer in answers:
        assert answer.began.astimezone(UTC) >= datetime(2026, 4, 10, 1, tzinfo=UTC), "the plan is bought at 09:00"
        yield json.dumps(answer.body, separators=(",", ":")) + "\n"


if __name__ == "__main__":
    FILE.write_text("".join(lines()), encoding="utf-8", newline="\n")
    print(f"{FILE}: {sum(1 for _ in lines())} responses")
