"""The least share of cache hits, or of off-peak work, at which a tier holds a workload; held against trying each."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimo_credits import InputError, Step, Usage, Workload, cache_lever, load_card, load_workloads, off_peak_lever
from tests.made_cards import CARD

MAY = load_card("2026-05-27")
ALLOWANCE = 1_000_000


def cached(work: Workload, tenths: int) -> Workload:
    """So many tenths of every step's input from the cache."""
    return replace(
        work,
        steps=tuple(
            replace(step, usage=replace(step.usage, cached_tokens=step.usage.input_tokens * tenths // 10))
            for step in work.steps
        ),
    )


works = st.lists(
    st.builds(
        lambda model, tens, output, count: Step("s", Usage(model, input_tokens=tens * 10, output_tokens=output), count),
        st.sampled_from(["triple", "banded", "flat"]),
        st.integers(0, 10),
        st.integers(0, 30),
        st.integers(1, 3),
    ),
    min_size=1,
    max_size=3,
).map(lambda steps: Workload("w", tuple(steps)))


@given(works, st.integers(1, 4))
def test_trying_every_tenth_finds_the_same_cache_hits(work, times):
    lever = cache_lever(CARD, "small", work, times=times)
    fitting = [
        tenths for tenths in range(11) if cached(work, tenths).quote(CARD, times=times).millicredits <= ALLOWANCE
    ]
    if lever.least is None:
        assert fitting == []
    else:
        assert fitting == [tenths for tenths in range(11) if Fraction(tenths, 10) >= lever.least]


@given(works, st.integers(1, 4))
def test_trying_every_hundredth_finds_the_same_off_peak_work(work, times):
    lever = off_peak_lever(CARD, "small", work, times=times)
    shares = [Fraction(number, 100) for number in range(101)]
    fitting = [share for share in shares if work.off_peak(share).quote(CARD, times=times).millicredits <= ALLOWANCE]
    if lever.least is None:
        assert fitting == []
    else:
        assert fitting == [share for share in shares if share >= lever.least]


def test_the_least_share_fits_to_the_millicredit():
    """100 x (7 - 6.75 h) credits <= 500: h is exactly 8/27."""
    work = Workload("w", (Step("s", Usage("triple", input_tokens=100), 2),))
    lever = cache_lever(CARD, "small", work)
    assert lever.least == Fraction(8, 27)
    assert (lever.without, lever.fully, lever.saves, lever.now) == (1_400_000, 50_000, 1_350_000, 0)


def test_the_official_night_is_worth_a_fifth():
    """11,506,097,124 credits by day are 9,204,877,699.2 at night; Standard holds them from 22 % at night on."""
    usage = Usage(
        "mimo-v2.5", input_tokens=870_505_662 + 87_558_858, cached_tokens=870_505_662, output_tokens=5_046_000
    )
    lever = off_peak_lever(MAY, "standard", Workload("w", (Step("s", usage),)))
    assert (lever.without, lever.fully) == (11_506_097_124_000, 9_204_877_699_200)
    assert lever.least == Fraction(506_097_124_000, 2_301_219_424_800)
    assert str(lever) == (
        "standard, w: it fits from 22.0 % off-peak work on, now 0.0 % (all of it saves 2,301,219,424.8 credits)"
    )


def test_where_the_levers_stand_now():
    session = load_workloads()["coding-session"]
    assert cache_lever(MAY, "lite", session).now == Fraction(9, 10)
    mixed = Workload(
        "w", (Step("a", Usage("flat", input_tokens=10)), Step("b", Usage("flat", input_tokens=30), off_peak_share=1))
    )
    assert off_peak_lever(CARD, "small", mixed).now == Fraction(3, 4)
    free = Workload("w", (Step("a", Usage("free", output_tokens=10), off_peak_share=1),))
    assert off_peak_lever(CARD, "small", free).now == 0
    assert cache_lever(CARD, "small", free).now == 0


def test_a_lever_that_moves_nothing_says_so():
    april = load_card("2026-04-03")
    work = Workload("w", (Step("s", Usage("mimo-v2-omni", input_tokens=70_000_000)),))
    assert cache_lever(april, "lite", work).why == "no share of cache hits makes it fit (all of it saves 0 credits)"
    assert off_peak_lever(april, "pro", work).why == "it fits without any off-peak work (all of it saves 0 credits)"


def test_a_tier_may_hold_exactly_all_or_exactly_nothing_of_it():
    even = CARD.derive({"models": {"flat": {"credits": 1}}})
    full = Workload("w", (Step("s", Usage("flat", input_tokens=1_000)),))
    assert cache_lever(even, "small", full).least == 0  # and caching saves nothing
    fully_cached = Workload("w", (Step("s", Usage("triple", input_tokens=4_000)),))
    assert cache_lever(CARD, "small", fully_cached).least == 1


def test_wrong_questions_are_refused():
    work = Workload("w", (Step("s", Usage("flat", input_tokens=1)),))
    with pytest.raises(InputError, match="sells no tier 'gold'"):
        cache_lever(CARD, "gold", work)
    with pytest.raises(InputError, match="times"):
        off_peak_lever(CARD, "small", work, times=-1)
