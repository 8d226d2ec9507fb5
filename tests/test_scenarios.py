"""The golden scenarios: what a ledger must do, worked out by hand, in words that someone in billing can check.

They stand in `tests/scenarios/*.toml`. The tests after the first show that a scenario can fail: a mistyped word, an
expectation that is not there, each kind of expectation gone wrong, and a ledger whose books are not in order.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from mimo_credits import Conflict, Ledger, Problem, Receipt, Record, Refused
from mimo_credits.errors import Reason
from mimo_credits.ledger.entries import BillReason, CycleReason
from tests.scenarios.reading import ScenarioError, read_all, read_topic
from tests.scenarios.runner import run
from tests.scenarios.vocabulary import (
    CycleExpected,
    Expected,
    Scenario,
    ThenRow,
    words_of,
)
from tools import scenarios as page

SCENARIOS = {scenario.name: scenario for _, topic in read_all() for scenario in topic.scenario}


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name):
    assert run(SCENARIOS[name], Ledger) == []


# --- all of the vocabulary is spoken ---------------------------------------------------------------------------------


def thens() -> Iterator[tuple[Scenario, int, Expected]]:
    for scenario in SCENARIOS.values():
        for index, row in enumerate(scenario.steps):
            if isinstance(row, ThenRow):
                yield scenario, index, row.then


def said(word: str) -> set[str]:
    """Everything that some scenario expects under a word."""
    values = (getattr(then, word) for _, _, then in thens())
    return {each for value in values if value for each in (value if isinstance(value, tuple) else [value])}


def test_every_refusal_has_a_scenario():
    # With ids that a ledger keeps, a grant's or hold's id given twice is a repeat or a conflict before it is anything else.
    below_the_ledger = {Reason.DUPLICATE_GRANT, Reason.DUPLICATE_HOLD}
    assert {str(reason) for reason in set(Reason) - below_the_ledger} <= said("refused")


def test_every_way_in_which_a_segment_opens_has_a_scenario():
    assert said("opened") == set(typing.get_args(CycleReason))


def test_every_kind_of_bill_has_a_scenario():
    assert {bill.split()[-1] for bill in said("billed")} == set(typing.get_args(BillReason)) - {"correction"}


# --- a scenario can fail ---------------------------------------------------------------------------------------------


def wrong(value: object) -> object:
    """Another value of the same kind."""
    match value:
        case bool():
            return not value
        case int() | Decimal():
            return value + 1
        case datetime():
            return value + timedelta(microseconds=1)
        case tuple():
            return (*value, "one too many")
        case Mapping():
            return {**value, "another": Decimal(1)}
        case _:
            return f"not {value}"


@pytest.mark.parametrize("word", Expected.model_fields)
def test_each_wrong_expectation_is_seen(word):
    scenario, index, then = next(each for each in thens() if word in each[2].model_fields_set)
    changed = ThenRow(then=then.model_copy(update={word: wrong(getattr(then, word))}))
    steps = (*scenario.steps[:index], changed, *scenario.steps[index + 1 :])
    (difference,) = run(scenario.model_copy(update={"steps": steps}), Ledger)
    assert f" {word}: expected " in difference


@pytest.mark.parametrize("word", CycleExpected.model_fields)
def test_each_wrong_number_of_a_statement_is_seen(word):
    speaking = (each for each in SCENARIOS.values() if each.cycles and word in words_of(each.cycles[0]))
    scenario = next(speaking)
    first = scenario.cycles[0]
    changed = first.model_copy(update={word: wrong(getattr(first, word))})
    (difference,) = run(scenario.model_copy(update={"cycles": (changed, *scenario.cycles[1:])}), Ledger)
    assert difference.startswith(f"cycle 1 of the statement: {word}: expected ")


def test_a_statement_with_a_cycle_too_many_is_seen():
    scenario = next(each for each in SCENARIOS.values() if each.cycles)
    assert run(scenario.model_copy(update={"cycles": scenario.cycles[:1] * 9}), Ledger) == [
        f"the statement: expected 9 cycles, found {len(scenario.cycles)}"
    ]


HEAD = 'topic = "T"\nabout = "A"\n[[scenario]]\nname = "N"\nwhy = "W"\ncards = ["small"]\n'
BOUGHT = '{ at = 2026-01-10 00:00:00Z, do = "subscribe", tier = "small" }'
USED = '{ at = 2026-01-11 00:00:00Z, do = "use", id = "u", model = "chat", input = 1 }'


def scenario_of(*rows: str, more: str = "") -> Scenario:
    return read_topic(f"{HEAD}{more}\nsteps = [{', '.join(rows)}]\n", "test.toml").scenario[0]


def test_the_smallest_scenario():
    assert run(scenario_of(BOUGHT, "{ then = { remaining = 1_000 } }"), Ledger) == []


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        ([BOUGHT, "{ then = { remainder = 1_000 } }"], "remainder"),
        ([BOUGHT.replace("tier", "teir"), "{ then = { remaining = 1_000 } }"], "teir"),
        ([BOUGHT.replace("subscribe", "suscribe"), "{ then = { remaining = 1_000 } }"], "suscribe"),
        ([BOUGHT.replace("00Z", "00"), "{ then = { remaining = 1_000 } }"], "timezone"),
        ([BOUGHT, "{ then = { remaining = 1_000 }, at = 2026-01-10 00:00:00Z }"], "at"),
        ([BOUGHT, "{ remaining = 1_000 }"], "without `do` or `then`"),
        ([BOUGHT, "{ then = { } }"], "expects nothing"),
        ([BOUGHT], "ends with a `then`"),
        ([], "begins with a row that does something"),
        (["{ then = { remaining = 0 } }"], "begins with a row that does something"),
        ([BOUGHT, "{ then = { held = 0 } }", "{ then = { used = 0 } }"], "two `then` in a row"),
        ([BOUGHT, '{ then = { remaining = "1,000" } }'], "number of credits"),
        ([BOUGHT, "{ then = { remaining = true } }"], "number of credits"),
        ([BOUGHT, '{ then = { billed = "10.00 USD" } }'], "pattern"),
        ([BOUGHT, '{ then = { owes = "USD 0.5 web-search" } }'], "pattern"),
        ([USED.replace(', model = "chat"', ""), "{ then = { used = 1 } }"], "model"),
        ([USED.replace("use", "hold"), "{ then = { used = 1 } }"], "until"),
        (
            ['{ at = 2026-01-11 00:00:00Z, do = "hold", until = 2026-01-12 00:00:00Z }', "{ then = { held = 0 } }"],
            "either",
        ),
        (
            [
                '{ at = 2026-01-11 00:00:00Z, do = "hold", credits = 1, input = 1, until = 2026-01-12 00:00:00Z }',
                "{ then = { held = 1 } }",
            ],
            "of no model",
        ),
    ],
)
def test_what_is_no_scenario_is_an_error(rows, what):
    with pytest.raises(ScenarioError, match=r"^test\.toml:") as raised:
        scenario_of(*rows)
    assert what in str(raised.value)


def test_a_mistyped_key_outside_the_rows_is_an_error():
    rows = (BOUGHT, "{ then = { remaining = 1_000 } }")
    for more, what in (
        ("whi = 'x'", "whi"),
        ("cycles = [{ star = 1 }]", "star"),
        ("[extra]", "extra"),
        ("=", "line 7"),
    ):
        with pytest.raises(ScenarioError, match=what):
            scenario_of(*rows, more=more)


def test_a_file_without_scenarios_and_a_card_that_is_not_there_are_errors():
    with pytest.raises(ScenarioError, match="no scenario"):
        read_topic('topic = "T"\nabout = "A"\nscenario = []\n', "test.toml")
    unknown = scenario_of(BOUGHT, "{ then = { remaining = 1_000 } }").model_copy(update={"cards": ("smal",)})
    with pytest.raises(ScenarioError, match="smal"):
        run(unknown, Ledger)


def test_a_name_stands_once_in_all_files(tmp_path):
    text = f"{HEAD}steps = [{BOUGHT}, {{ then = {{ remaining = 1_000 }} }}]\n"
    (tmp_path / "a.toml").write_text(text)
    assert len(read_all(tmp_path)) == 1
    (tmp_path / "sub").mkdir()
    for name in "ab":
        (tmp_path / "sub" / f"{name}.toml").write_text(text)
    with pytest.raises(ScenarioError, match="'N' stands in a already"):
        read_all(tmp_path / "sub")


def test_a_batch_expects_something_once_at_its_end():
    with pytest.raises(ScenarioError, match="a batch has one `then`"):
        scenario_of(BOUGHT, "{ then = { held = 0 } }", USED, "{ then = { used = 1 } }", more="batch = true")


@pytest.mark.parametrize("rows", [[USED, BOUGHT], [USED], [BOUGHT, USED, USED.replace("1 }", "2 }")]])
@pytest.mark.parametrize("then", ["{ then = { overage = 0 } }", f"{BOUGHT}, {{ then = {{ overage = 0 }} }}"])
def test_a_refusal_that_nobody_expects_is_seen(rows, then):
    found = run(scenario_of(*rows, then.replace("subscribe", "cancel").replace(', tier = "small"', "")), Ledger)
    assert any("was refused, and no `then` says so" in each for each in found)


def test_a_repeat_that_nobody_expects_is_seen():
    for then in ("{ then = { used = 1 } }", '{ at = 2026-01-12 00:00:00Z, do = "wait" }, { then = { used = 1 } }'):
        (found,) = run(scenario_of(BOUGHT, USED, USED, then), Ledger)
        assert "is a repeat, and no `then` says so" in found


def test_a_refusal_in_a_batch_is_seen():
    cancelled = '{ at = 2026-01-09 00:00:00Z, do = "cancel" }'
    (found,) = run(scenario_of(BOUGHT, cancelled, "{ then = { used = 0 } }", more="batch = true"), Ledger)
    assert "was refused" in found


# --- the ledger's own books ------------------------------------------------------------------------------------------


class Complaining(Ledger):
    """Its books are never in order."""

    def verify(self, account_id):
        return (Problem("pots", "add up to 1"),)


class Forgetful(Ledger):
    """Its receipts hold less than what it wrote down."""

    def apply(self, account_id, command):
        return Receipt(super().apply(account_id, command).entries[1:])


class Leaking(Ledger):
    """Even what it refuses lets time pass."""

    def apply(self, account_id, command):
        try:
            return super().apply(account_id, command)
        except (Refused, Conflict):
            super().apply(account_id, Record("trace", command.at, command.usage))
            raise


class Absentminded(Ledger):
    """Does not know a repeat when it sees one."""

    def apply(self, account_id, command):
        record = self._records.get(account_id)
        if record is not None:
            record.commands.clear()
        return super().apply(account_id, command)


TWICE = (BOUGHT, USED, USED.replace("1 }", "2 }"), '{ then = { refused = "conflict" } }')


@pytest.mark.parametrize(
    ("ledger", "what"),
    [
        (Complaining, "verify: pots: add up to 1"),
        (Forgetful, "not those from before with those of the receipt"),
        (Leaking, "not those from before with those of the receipt"),
        (Leaking, "nothing was decided, and yet the account changed"),
        (Absentminded, "refused: expected conflict, found None"),
    ],
)
def test_a_ledger_whose_books_are_not_in_order_is_seen(ledger, what):
    scenario = scenario_of(*TWICE)
    assert run(scenario, Ledger) == []
    assert any(what in each for each in run(scenario, ledger))


def test_a_batch_that_depends_on_its_order_is_seen(monkeypatch):
    monkeypatch.setattr("tests.scenarios.runner.timeline", list)
    granted = '{ at = 2026-01-12 00:00:00Z, do = "grant", credits = 5 }'
    scenario = scenario_of(BOUGHT, USED, granted, "{ then = { used = 1, remaining = 1_004 } }", more="batch = true")
    assert run(scenario, Ledger) == ["the batch, doubled and the other way round, gives another account"]


# --- the page --------------------------------------------------------------------------------------------------------


def test_the_page_is_what_the_scenarios_say(tmp_path, capsys):
    assert page.main(["--check"]) == 0
    other = tmp_path / "scenarios.md"
    assert page.main(["--check", "--path", str(other)]) == 1
    assert "make scenarios" in capsys.readouterr().err
    assert page.main(["--path", str(other)]) == 0
    assert other.read_bytes() == page.PATH.read_bytes()
    other.write_text(other.read_text().replace("remaining 1,300", "remaining 1,301", 1))
    assert page.main(["--check", "--path", str(other)]) == 1


def test_the_page_has_every_scenario_and_every_row():
    text = page.PATH.read_text(encoding="utf-8")
    assert all(f"\n### {name}\n" in text for name in SCENARIOS)
    rows = sum(not isinstance(row, ThenRow) for scenario in SCENARIOS.values() for row in scenario.steps)
    assert text.count("\n| at | what happens | then |\n") == len(SCENARIOS)
    assert len(re.findall(r"^\| \d+ \w{3} \d{4} [^|]+\|[^|]+\|[^|]+\|$", text, re.MULTILINE)) == rows
