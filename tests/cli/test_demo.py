"""The demo: its log is what its script makes, and its statement is what plain arithmetic on the log gives.

The arithmetic here shares nothing with the library: the rates, the boundaries and the prices are typed from the sources,
and the log is read as JSON.
"""

from __future__ import annotations

import json
import runpy
from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from tests.cli.test_quote import undigested

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
LOG = EXAMPLES / "april-to-june.jsonl"
COMMAND = ("statement", LOG, "--tier", "standard", "--since", "2026-04-10T09:00:00+08:00")
RESPONSES = [json.loads(line) for line in LOG.read_text("utf-8").splitlines()]


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


# Credits per token from each instant on: one number for every token, or hit / miss / output.
EVERY, NOTHING = (lambda rate: (Decimal(rate),) * 3), (Decimal(0),) * 3
V25, V25_PRO = (Decimal(2), Decimal(100), Decimal(200)), (Decimal("2.5"), Decimal(300), Decimal(600))
RATES = [
    (instant("2026-04-03T00:00+08:00"), {"mimo-v2-omni": EVERY(1), "mimo-v2-pro": EVERY(2), "mimo-v2-tts": NOTHING}),
    (instant("2026-04-22T00:00+08:00"), {"mimo-v2.5": EVERY(1), "mimo-v2.5-pro": EVERY(2), "mimo-v2.5-tts": NOTHING}),
    (
        instant("2026-05-27T00:00+08:00"),
        {"mimo-v2.5": V25, "mimo-v2.5-pro": V25_PRO, "mimo-v2-omni": None, "mimo-v2-pro": None},
    ),
    (instant("2026-06-01T00:00+08:00"), {"mimo-v2-omni": V25, "mimo-v2-pro": V25_PRO, "mimo-v2.5-asr": NOTHING}),
]
OFF_PEAK_SINCE = instant("2026-04-22T00:00+08:00")

# Thirty days to the end of the day in UTC, twice, cut by the migration; then a calendar month.
SEGMENTS = [
    (instant("2026-04-10T01:00Z"), instant("2026-05-11T00:00Z"), 200_000_000),
    (instant("2026-05-11T00:00Z"), instant("2026-05-26T16:00Z"), 200_000_000),
    (instant("2026-05-26T16:00Z"), instant("2026-06-10T00:00Z"), 11_000_000_000),
    (instant("2026-06-10T00:00Z"), instant("2026-07-10T00:00Z"), 11_000_000_000),
]


def began(body) -> datetime:
    if "timestamp" in body:
        return instant(body["timestamp"])
    return instant("1970-01-01T00:00Z") + timedelta(seconds=body["created"])


def counted(body) -> tuple[int, int, int, int]:
    """Hit, miss and output tokens, and seconds of audio."""
    usage = body["usage"]
    if "prompt_tokens" in usage:
        hit = usage["prompt_tokens_details"]["cached_tokens"]
        return hit, usage["prompt_tokens"] - hit, usage["completion_tokens"], usage.get("seconds", 0)
    miss = usage["input_tokens"] + usage["cache_creation_input_tokens"]
    return usage["cache_read_input_tokens"], miss, usage["output_tokens"], 0


def rates_of(body) -> tuple[Decimal, ...]:
    known = {}
    for since, rates in RATES:
        if since <= began(body):
            known |= rates
    hit, miss, _, _ = counted(body)
    surcharged = (
        body["model"] == "mimo-v2-pro" and hit + miss > 256_000 and began(body) < instant("2026-05-27T00:00+08:00")
    )
    return tuple(rate * 2 if surcharged else rate for rate in known[body["model"]])


def cost(body) -> Counter[str]:
    """Credits by meter; audio rounded half up to a thousandth."""
    hit, miss, output, seconds = counted(body)
    off_peak = (
        began(body) >= OFF_PEAK_SINCE and began(body).astimezone(instant("2026-01-01T00:00+08:00").tzinfo).hour < 8
    )
    factor = Decimal("0.8") if off_peak else Decimal(1)
    by_token = [tokens * rate * factor for tokens, rate in zip((hit, miss, output), rates_of(body), strict=True)]
    assert not (off_peak and seconds), "no audio at night here"
    audio = Decimal((30_000_000_000 * seconds * 2 + 3600) // 7200) / 1000
    return Counter(dict(zip(("cache_hit", "cache_miss", "output", "audio_second"), [*by_token, audio], strict=True)))


def segment_of(at: datetime) -> int:
    return next(number for number, (start, end, _) in enumerate(SEGMENTS) if start <= at < end)


@pytest.fixture
def document(run):
    code, _, err = ran = run(*COMMAND, "--json")
    assert (code, err) == (0, "")
    return ran.json


def test_the_script_makes_the_log_byte_for_byte():
    made = runpy.run_path(str(EXAMPLES / "make_april_to_june.py"))
    assert "".join(made["lines"]()).encode() == LOG.read_bytes()


def test_the_log_holds_what_the_three_months_could_send():
    assert 400 < len(RESPONSES) < 1_000
    assert len({body["id"] for body in RESPONSES}) == len(RESPONSES)
    assert any("timestamp" in body for body in RESPONSES)
    assert any("created" in body for body in RESPONSES)
    starts = [began(body) for body in RESPONSES]
    assert starts != sorted(starts), "a log is written in the order of completion"
    asked = Counter((segment_of(began(body)), body["model"]) for body in RESPONSES)
    assert {model for segment, model in asked if segment == 0} == {
        *("mimo-v2-pro", "mimo-v2-omni", "mimo-v2-tts"),
        *("mimo-v2.5-pro", "mimo-v2.5", "mimo-v2.5-tts"),
    }
    assert {model for segment, model in asked if segment == 2} >= {"mimo-v2-pro", "mimo-v2.5-asr"}
    long = [body for body in RESPONSES if body["model"] == "mimo-v2-pro" and sum(counted(body)[:2]) > 256_000]
    assert any(began(body) < OFF_PEAK_SINCE for body in long)


def test_the_segments_hold_what_arithmetic_gives(document):
    used, requests = [Counter() for _ in SEGMENTS], [0] * len(SEGMENTS)
    for body in RESPONSES:
        number = segment_of(began(body))
        used[number].update(cost(body))
        requests[number] += 1
    segments = [segment for cycle in document["cycles"] for segment in cycle["segments"]]
    assert [instant(segment["start"]) for segment in segments] == [start for start, _, _ in SEGMENTS]
    assert [Decimal(segment["issued"]) for segment in segments] == [allowance for *_, allowance in SEGMENTS]
    assert [segment["requests"] for segment in segments] == requests
    assert [Decimal(segment["used"]) for segment in segments] == [sum(one.values()) for one in used]
    for segment, by_meter, (_, _, allowance) in zip(segments, used, SEGMENTS, strict=True):
        stated = Counter()
        for line in segment["lines"]:
            stated[line["meter"]] += Decimal(line["credits"])
        assert +stated == +by_meter
        left = allowance - sum(by_meter.values())
        ended = segment is not segments[-1]
        assert Decimal(segment["expired" if ended else "closing"]) == left
        assert Decimal(segment["overage"]) == 0
        assert Decimal("0.2") < sum(by_meter.values()) / allowance < Decimal("0.9"), "a plan that is sensibly used"


def test_the_money_is_what_arithmetic_gives(document):
    searches = [0, 0, 0]
    for body in RESPONSES:
        cycle = {0: 0, 1: 1, 2: 1, 3: 2}[segment_of(began(body))]
        searches[cycle] += body["usage"].get("web_search_usage", {}).get("tool_usage", 0)
    owed = [Decimal(number) * Decimal("0.005") for number in searches]
    billed = [(amount + Decimal("0.0000001")).quantize(Decimal("0.01")) for amount in owed]  # half up
    assert all(searches)
    assert document["money_due"] == {"USD": str(Decimal("14.08") + billed[0] + 16 + billed[1] + 16)}
    assert Decimal(document["unbilled"]["USD"]) == owed[2]


def test_the_may_switch_is_in_it(document):
    april, may, june = document["cycles"]
    assert (april["complete"], may["complete"], june["complete"]) == (True, True, False)
    assert [segment["reason"] for segment in may["segments"]] == ["renewal", "migration"]
    assert [card["id"] for card in document["cards"]] == [
        *(
            "2026-04-03.2",
            "2026-04-22.1",
            "2026-05-27.1",
            "2026-06-01.1",
            "2026-06-08.1",
            "2026-06-18.1",
            "2026-06-30.1",
        )
    ]


def test_its_text_is_as_shown(run):
    code, out, err = run(*COMMAND)
    assert (code, err) == (0, "")
    assert undigested(out) == (Path(__file__).parent / "april-to-june.txt").read_text("utf-8")
    assert max(map(len, out.splitlines())) <= 100
