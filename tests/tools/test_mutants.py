"""What a run of mutation testing found is held against the written reasons, and told on a page."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import mutants
from tools.mutants import Mutant

MONEY = "mimo_credits.ledger.corrections.x__money__mutmut_7"
END = "mimo_credits.cycle.xǁCycleRuleǁend_of__mutmut_1"
ROUND = "mimo_credits.exact.x_percent__mutmut_3"

SHOWN = """# {name}: survived
--- src/mimo_credits/exact.py
+++ src/mimo_credits/exact.py
@@ -1,2 +1,2 @@
 def percent():
-    return scaled(EXACT)
+    return scaled(None)
"""

REASONS = """
[[equivalent]]
why = "It cannot be seen."
changes = [{ in = "exact.percent", was = "return scaled(EXACT)", became = "return scaled(None)" }]
"""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout in which mutmut found a survivor, which has its reason."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "tests").mkdir()
    (tmp_path / mutants.REASONS).write_text(REASONS)
    found = {MONEY: "killed", END: "timeout", ROUND: "survived"}

    def mutmut(root: Path, *arguments: str) -> str:
        if arguments[0] == "show":
            return SHOWN.format(name=arguments[1])
        return "".join(f"    {name}: {how}\n" for name, how in found.items())

    monkeypatch.setattr(mutants, "_mutmut", mutmut)
    monkeypatch.setattr(mutants, "found", found, raising=False)
    return tmp_path


def check(root: Path) -> int:
    return mutants.main(["--root", str(root)])


def test_a_survivor_with_its_reason_is_told_with_the_score(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(checkout) == 0
    assert "3 changes, 1 of them without a difference" in capsys.readouterr().out
    page = (checkout / mutants.PAGE).read_text()
    assert "**2 of 3 changes are noticed: 66.6 %.**" in page
    assert "With 1 of them a test fails; with 1 the tests did not end in ten times their time." in page
    assert "The other 1 make no difference" in page
    assert "| `ledger.corrections` | 1 | 1 |" in page
    assert "| `exact` | 1 | 0 |" in page
    assert "It cannot be seen.\n\n```diff\n# exact.percent\n- return scaled(EXACT)\n+ return scaled(None)\n```" in page


def test_a_survivor_without_a_reason_is_refused(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout / mutants.REASONS).write_text("")
    assert check(checkout) == 1
    assert "no test notices, in exact.percent:\n  - return scaled(EXACT)" in capsys.readouterr().err
    assert not (checkout / mutants.PAGE).exists()


@pytest.mark.parametrize("how", ["no tests", "suspicious", "skipped"])
def test_only_a_failing_or_endless_test_has_noticed_anything(checkout: Path, how: str) -> None:
    mutants.found[MONEY] = how
    assert check(checkout) == 1


def test_a_reason_for_what_is_noticed_is_refused(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mutants.found[ROUND] = "killed"
    assert check(checkout) == 1
    assert "is noticed, or not made, in exact.percent" in capsys.readouterr().err


def test_a_run_that_was_cut_off_tells_no_score(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mutants.found[MONEY] = "not checked"
    assert check(checkout) == 1
    assert "1 of 3 mutants are not checked" in capsys.readouterr().err
    mutants.found.clear()
    assert check(checkout) == 1


def test_places_are_named_as_the_code_names_them() -> None:
    assert mutants.place(MONEY) == "ledger.corrections._money"
    assert mutants.place(END) == "cycle.CycleRule.end_of"
    assert mutants.place(ROUND) == "exact.percent"


def test_the_written_reasons_can_be_read() -> None:
    reasons = mutants.read_reasons(mutants.ROOT / mutants.REASONS)
    assert all(isinstance(each, Mutant) and why.endswith(".") for each, why in reasons.items())
