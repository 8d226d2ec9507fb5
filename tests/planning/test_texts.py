"""Plans as text, where the command line does not reach."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mimo_credits import (
    Account,
    Burn,
    Record,
    Step,
    Subscribe,
    Usage,
    Workload,
    compare,
    compare_tiers,
    fold,
    forecast_account,
    load_book,
    load_card,
    load_workloads,
    rolling_window,
    what_if,
)
from mimo_credits.display import (
    as_html,
    as_text,
    forecast_sheet,
    offers_sheet,
    plan_sheet,
    sheet_of,
    what_if_sheet,
    window_sheet,
)
from tests.made_cards import CARD

GOLD = load_card("2026-05-27").derive(
    {"tiers": {"gold": {"credits": 1, "price": {"USD": 1, "CNY": 7}, "source": "assumed cycle-length"}}}
)
START = datetime(2026, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def plan_text(*of):
    return as_text(plan_sheet(*of))


def forecast_text(of):
    return as_text(forecast_sheet(of))


def window_text(of):
    return as_text(window_sheet(of))


def what_if_text(of):
    return as_text(what_if_sheet(of))


def offers_text(of):
    return as_text(offers_sheet(of))


def test_when_the_pool_runs_out():
    usage = Usage("mimo-v2.5-pro", output_tokens=1_000_000)
    commands = [Subscribe("s", START, "lite"), Record("r", START, usage)]
    account, entries = fold(Account(), commands, load_book())
    ahead = forecast_account(account, entries, load_card("2026-06-01"), START + 24 * HOUR)
    assert forecast_text(ahead).splitlines() == [
        "Seen from 2026-06-02 00:00, after 1 whole day from 2026-06-01 00:00 on",
        "Cycle from 2026-06-01 00:00 to 2026-07-02 00:00, 600,000,000 used so far",
        "",
        "  if it goes on as on  credits a day    in the cycle  tier  pool runs out",
        "  the slowest day        600,000,000  18,600,000,000  pro   2026-06-07 20:00",
        "  the median day         600,000,000  18,600,000,000  pro   2026-06-07 20:00",
        "  the mean               600,000,000  18,600,000,000  pro   2026-06-07 20:00",
        "  the fastest day        600,000,000  18,600,000,000  pro   2026-06-07 20:00",
    ]
    idle = forecast_account(account, entries, load_card("2026-04-03"), START + 48 * HOUR)
    assert forecast_text(idle).splitlines()[4].split("  ")[-1] == "not before the end"
    assert "none holds it  2026-06-14 16:00" in forecast_text(idle)


def test_a_window_names_the_longest_waits_and_counts_the_others():
    burns = [Burn(START + number * HOUR, f"r{number}", 1_000) for number in range(30)]
    burns += [Burn(START, f"big{number}", 9_000) for number in range(22)]
    lines = window_text(rolling_window(burns, 1)).splitlines()
    assert lines[4] == "  request  sent (UTC)        starts                       waits  credits"
    assert lines[5] == "  r29      2026-06-02 05:00  2026-06-07 01:00  4 days, 20:00:00        1"
    assert [line for line in lines if "more" in line] == ["    and 9 more", "    and 2 more"]
    assert lines[27] == "  larger than the limit  sent (UTC)        credits"
    assert len(lines) == 28 + 20 + 1
    assert "request  " not in window_text(rolling_window([], 1))


def test_a_table_of_what_ifs_gives_each_reason_once():
    history = [
        Subscribe("s", START, "lite"),
        Record("a", START, Usage("mimo-v2.5", input_tokens=70_000_000)),
        Record("b", START, Usage("mimo-v2.6-pro", input_tokens=1)),
        Record("c", START, Usage("mimo-v2.6-pro", input_tokens=2)),
    ]
    rows = what_if(history, [load_card("2026-04-22"), GOLD], ["lite", "gold"])
    text = what_if_text(rows)
    assert [line.split() for line in text.splitlines()[1:3]] == [
        ["2026-04-22.1", "lite", "70,000,000", "10,000,000", "1", "5.28", "2", "0"],
        ["2026-04-22.1", "gold", "0", "0", "0", "-", "0", "4"],
    ]
    assert text.count("rate card 2026-04-22.1 knows no model 'mimo-v2.6-pro'") == 1


def test_cards_side_by_side_say_who_says_so():
    work = load_workloads()["article"]
    offers = compare([load_card("2026-04-03"), CARD], work, at=datetime(2026, 4, 13, tzinfo=UTC))
    assert offers_text(offers).splitlines()[:5] == [
        "  provider  card            age  model          credits     CNY     USD",
        "  xiaomi    2026-04-03.2   10 d  mimo-v2-pro      3,000  0.0315  0.0045",
        "  acme      2026-01-01.1  102 d  mimo-v2.6-pro  no plan       -       -",
        "",
        "xiaomi 2026-04-03.2, in effect from 2026-04-02 16:00 UTC",
    ]
    assert offers_text(offers).count("knows no model 'mimo-v2.6-pro'") == 1


def test_a_price_that_is_not_there_is_a_dash_and_no_row():
    work = Workload("w", (Step("s", Usage("triple", input_tokens=1, web_searches=1)),))
    text = plan_text(compare_tiers(CARD, work, times=0), "my own card")
    assert ", my own card\n" in text
    assert "pay-as-you-go  " not in text
    audio = Workload("w", (Step("s", Usage("sound", audio_seconds=60)),))
    rows = plan_text(compare_tiers(CARD, audio)).splitlines()
    assert [row.split() for row in rows if row.startswith("  small  ") and "fits" not in row] == [
        ["small", "1,000", "6.0", "%", "940", "40.00", "5.00", "5.0000"]
    ]


def test_an_answer_has_a_sheet_that_every_renderer_shows():
    comparison = compare_tiers(load_card("2026-05-27"), load_workloads()["coding-session"], times=300)
    assert sheet_of(comparison) == plan_sheet(comparison)
    assert "the cheapest that fits: 74.9 % of its allowance" in as_html(sheet_of(comparison))
    report = rolling_window([], 1)
    assert sheet_of(report) == window_sheet(report)
