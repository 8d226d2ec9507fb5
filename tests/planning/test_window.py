"""A log under a moving window, held against stepping through time minute by minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimo_credits import Burn, InputError, Wait, WindowReport, rolling_window

START = datetime(2026, 6, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def burn(minute: int, credits: int, name: str = "") -> Burn:
    return Burn(START + minute * MINUTE, name or f"{minute:03}", credits * 1_000)


def stepped(burns: list[Burn], limit: int, window: int) -> dict[str, int]:
    """In which minute each request starts: at every minute, those at the head of the queue that fit are let in."""
    queue = [each for each in sorted(burns) if each.millicredits <= limit * 1_000]
    started: list[tuple[int, Burn]] = []
    minute = 0
    while queue:
        while queue:
            head = queue[0]
            inside = sum(each.millicredits for when, each in started if minute < when + window)
            if head.at > START + minute * MINUTE or inside + head.millicredits > limit * 1_000:
                break
            started.append((minute, queue.pop(0)))
        minute += 1
    return {each.id: when for when, each in started}


logs = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 12)), max_size=14).map(
    lambda pairs: [burn(minute, credits, f"{number}") for number, (minute, credits) in enumerate(pairs)]
)


@given(logs, st.integers(0, 12), st.integers(1, 15))
def test_stepping_through_time_finds_the_same_waits(burns, limit, window):
    report = rolling_window(burns, limit, window=window * MINUTE)
    starts = stepped(burns, limit, window)
    waits = {each.id: START + starts[each.id] * MINUTE for each in burns if each.id in starts}
    assert {wait.burn.id: wait.started for wait in report.waited} == {
        name: start for name, start in waits.items() if start > next(each.at for each in burns if each.id == name)
    }
    assert {each.id for each in report.never} == {each.id for each in burns} - starts.keys()
    assert report.requests == len(burns)
    assert report.total_wait * timedelta(microseconds=1) == sum((wait.waited for wait in report.waited), timedelta(0))


def test_a_window_is_left_at_its_very_end():
    report = rolling_window([burn(0, 10), burn(60, 10), burn(300, 10), burn(599, 10)], 10)
    assert [(wait.burn.id, wait.started) for wait in report.waited] == [
        ("060", START + 300 * MINUTE),
        ("300", START + 600 * MINUTE),
        ("599", START + 900 * MINUTE),
    ]
    assert report.longest.burn.id == "599"
    assert report.longest.waited == 301 * MINUTE


def test_a_request_larger_than_the_limit_is_listed_and_holds_nobody_up():
    report = rolling_window([burn(0, 11), burn(1, 10)], 10)
    assert [each.id for each in report.never] == ["000"]
    assert (report.waited, report.longest, report.total_wait) == ((), None, 0)


def test_no_request_overtakes_another():
    report = rolling_window([burn(0, 10), burn(1, 9), burn(2, 1)], 10)
    assert [wait.started for wait in report.waited] == [START + 300 * MINUTE] * 2


def test_a_report_reads_like_this_and_says_what_the_plan_does():
    report = rolling_window([burn(0, 10), burn(60, 10), burn(61, 11)], Decimal("10.5"))
    assert str(report) == (
        "With at most 10.5 credits in any 5:00:00, 1 of 3 requests would have waited, 4:00:00 in all, 4:00:00 at the "
        "longest; 1 never fit. The Token Plan has no such window: none of them waited."
    )
    assert str(report.waited[0]) == "060: sent 2026-06-01 01:00:00 UTC, waits 4:00:00"
    assert "0 of 0 requests would have waited, 0:00:00 in all. The" in str(rolling_window([], 1))


def test_a_hundred_thousand_requests_enter_and_leave_once():
    report = rolling_window([burn(number, 1) for number in range(100_000)], 299)
    assert len(report.waited) == 100_000 - 299
    assert report.waited[-1].started == START + (99_999 + 99_999 // 299) * MINUTE


@pytest.mark.parametrize(
    ("limit", "window", "field"),
    [
        (-1, MINUTE, "limit"),
        (1.5, MINUTE, "limit"),
        (Decimal("0.0001"), MINUTE, "limit"),
        (1, timedelta(0), "window"),
        (1, 5, "window"),
    ],
)
def test_what_is_no_limit_or_no_window_is_refused(limit, window, field):
    with pytest.raises(InputError) as caught:
        rolling_window([], limit, window=window)
    assert caught.value.field == field


def test_all_waits_together_may_be_longer_than_a_span_of_time_can_be():
    report = rolling_window([burn(0, 1, f"{number}") for number in range(5)], 1, window=timedelta(days=500_000))
    assert report.total_wait == (1 + 2 + 3 + 4) * 500_000 * 86_400_000_000
    assert "5,000,000 days, 0:00:00 in all" in str(report)
    many = WindowReport(1, MINUTE, 3, (Wait(burn(0, 1), datetime.max.replace(tzinfo=UTC)),) * 500, ())
    assert many.total_wait > timedelta.max // timedelta(microseconds=1)
    assert " days, 23:59:59.999500 in all" in str(many)


@pytest.mark.parametrize("window", [timedelta(days=3_000_000), timedelta.max, timedelta(days=1_000_000)])
def test_a_wait_beyond_the_calendar_is_refused(window):
    with pytest.raises(InputError, match=r"window: .* is beyond the year 8999"):
        rolling_window([burn(minute, 10) for minute in range(5)], 10, window=window)


def test_a_naive_instant_is_refused():
    with pytest.raises(InputError, match="naive"):
        rolling_window([Burn(datetime(2026, 6, 1), "a", 1)], 1)
