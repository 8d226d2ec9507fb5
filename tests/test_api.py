"""A change that breaks a caller is seen, unless the version rises; and what a release promised is not rewritten.

Each break is made in a copy of the source, so that the check is known to be able to fail.
"""

from __future__ import annotations

import importlib
import re
import shutil
from pathlib import Path

import griffe
import pytest

from tests.repositories import commit_all
from tools import api

LAST = "0.1.0"


@pytest.fixture(scope="module")
def now() -> api.Api:
    """The API as it is."""
    return api.api_of(api.ROOT / "src")


@pytest.fixture
def checkout(tmp_path: Path, now: api.Api) -> Path:
    """The source as it is, at a version whose API is written down and not released."""
    shutil.copytree(api.ROOT / "src" / "mimo_credits", tmp_path / "src" / "mimo_credits")
    set_version(tmp_path, LAST)
    (tmp_path / "CHANGELOG.md").write_text("## [Unreleased]\n")
    file = tmp_path / "docs" / "api" / f"{LAST}.pyi"
    file.parent.mkdir(parents=True)
    file.write_text(api.written(now, LAST))
    return tmp_path


def set_version(root: Path, version: str) -> None:
    (root / "pyproject.toml").write_text(f'[project]\nversion = "{version}"\n')


def release(root: Path, version: str) -> None:
    (root / "CHANGELOG.md").write_text(f"## [Unreleased]\n\n## [{version}] - 2026-12-01\n")


def edit(root: Path, module: str, old: str, new: str) -> None:
    path = root / "src" / "mimo_credits" / module
    text = path.read_text()
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {module}"
    path.write_text(text.replace(old, new))


def check(root: Path, *arguments: str) -> int:
    return api.main([*arguments, "--root", str(root)])


BREAKS = [
    ("pricing.py", "def price(card: RateCard, usage: Usage, currency", "def price(card: RateCard, request: Usage, currency",
     ["price: Parameter was removed (usage)", "price: Parameter was added as required (request)"]),
    ("__init__.py", '    "replay",\n', "", ["replay: Public object was removed"]),
    ("ledger/__init__.py", '    "rerate",\n', "", ["rerate: Public object was removed"]),
    ("memory.py", "    def verify(self", "    def check(self", ["Ledger.verify: Public object was removed"]),
    ("memory.py", "account_id: str, command: Command) -> Receipt", "account_id: str, command: Command, at: int) -> Receipt",
     ["Ledger.apply: Parameter was added as required (at)"]),
    ("memory.py", "    repeat: bool = False", "    again: bool = False",
     ["Receipt.repeat: Public object was removed", "Receipt.__init__: Parameter was removed (repeat)"]),
    ("usage.py", "web_searches: int = field(default=0, kw_only=True)", "web_searches: int = field(kw_only=True)",
     ["Usage.__init__: Parameter is now required (web_searches)"]),
    ("usage.py", "    def missed_tokens(self)", "    def misses(self)", ["Usage.missed_tokens: Public object was removed"]),
    ("ledger/commands.py", "    tier: str\n    when: L", "    to: str\n    tier: str\n    when: L",
     ["ChangeTier.__init__: Positional parameter was moved (tier)",
      "ChangeTier.__init__: Positional parameter was moved (when)",
      "ChangeTier.__init__: Parameter was added as required (to)"]),
    ("pricing.py", "    id: str\n    sha256: str", "    sha256: str\n    id: str",
     ["CardRef.__init__: Positional parameter was moved (id)", "CardRef.__init__: Positional parameter was moved (sha256)"]),
    ("card/parts.py", "    max_output: Tokens | None = None\n", "", ["ModelRates.max_output: Public object was removed"]),
    ("errors.py", '    HOLD_ENDED = "hold-ended"\n', "", ["Reason.HOLD_ENDED: Public object was removed"]),
    ("catalog.py", "sha256: str | None = None) -> RateCard", 'sha256: str | None = "") -> RateCard',
     ["load_card: Parameter default was changed (sha256)"]),
    ("explain.py", "def explain(entry: Entry, entries", "def explain(entry: Entry, among",
     ["explain: Parameter was removed (entries)", "explain: Parameter was added as required (among)"]),
    ("errors.py", "class NotInPlan(PricingError)", "class NotInPlan(MimoCreditsError)",
     ["NotInPlan: Base class was removed (PricingError)"]),
    ("errors.py", 'SAME_TIER = "same-tier"', 'SAME_TIER = "same"', ["Reason.SAME_TIER: Value was changed ('same-tier' to 'same')"]),
    ("catalog.py", "def verify_cards() -> Mapping[str, str]", "def verify_cards() -> bool",
     ["verify_cards: Return type was changed (Mapping[str, str] to bool)"]),
    ("pricing.py", "    def credits(self) -> Decimal:\n        \"\"\"The total", "    def credits(self) -> float:\n        \"\"\"The total", ["Quote.credits: Type was changed (Decimal to float)"]),
]  # fmt: skip


def test_each_break_is_seen_and_nothing_else(checkout, capsys):
    for module, old, new, _ in BREAKS:
        edit(checkout, module, old, new)
    assert check(checkout) == 1
    *seen, _ = capsys.readouterr().err.splitlines()
    below = {
        said.replace("mimo_credits.card.", "mimo_credits.").replace("mimo_credits.ledger.", "mimo_credits.")
        for said in seen
    }
    assert below == {f"API: mimo_credits.{said}" for *_, breaks in BREAKS for said in breaks}


def test_a_module_that_lists_nothing_any_more_is_a_break(checkout, capsys):
    edit(checkout, "wire/__init__.py", "__all__ = ", "names = ")
    assert check(checkout) == 1
    assert "mimo_credits.wire: removed" in capsys.readouterr().err


HARMLESS = [
    ("pricing.py", "def charge(card: RateCard, usage: Usage, *, at", "def charge(card: RateCard, usage: Usage, *, by: str = '', at"),
    ("memory.py", "    def verify(self", "    def more(self) -> None: ...\n\n    def verify(self"),
    ("__init__.py", '    "replay",\n', '    "replay",\n    "MAX_COUNT",\n'),
    ("__init__.py", "from mimo_credits.usage import Usage", "from mimo_credits.usage import MAX_COUNT, Usage"),
    ("pricing.py", "def _counted(", "def _others("),
    ("usage.py", '"""What one request consumed: whole', '"""Other words: whole'),
]  # fmt: skip


def test_what_breaks_nobody_passes(checkout, now):
    for module, old, new in HARMLESS:
        edit(checkout, module, old, new)
    assert api.api_of(checkout / "src") != now
    assert check(checkout) == 0


@pytest.mark.parametrize(
    ("last", "now", "may"),
    [
        ("0.1.0", "0.1.0", False),
        ("0.1.0", "0.1.1", False),
        ("0.1.0", "0.2.0", True),
        ("0.1.0", "0.2.0.dev1", True),
        ("0.9.3", "0.10.0", True),
        ("0.9.3", "1.0.0", True),
        ("1.2.3", "1.3.0", False),
        ("1.2.3", "2.0.0", True),
        ("1.2.3", "0.4.0", False),
    ],
)
def test_only_a_version_that_rises_far_enough_may_break(last, now, may):
    assert api.may_break(api.version_of(last), api.version_of(now)) is may


def test_a_break_is_deliberate_when_the_version_says_so(checkout, capsys):
    release(checkout, LAST)
    edit(checkout, "memory.py", "    def verify(self", "    def check(self")
    assert check(checkout) == 1
    assert "0.1.0 promised this: raise the version to 0.2.0" in capsys.readouterr().err
    set_version(checkout, "0.2.0")
    assert check(checkout) == 0
    assert check(checkout, "--write") == 0
    assert [*api.files(checkout)] == [LAST, "0.2.0"]
    edit(checkout, "memory.py", "    def snapshot(self", "    def freeze(self")
    assert check(checkout) == 1


def test_before_its_release_an_api_may_be_written_anew(checkout, capsys):
    edit(checkout, "memory.py", "    def verify(self", "    def check(self")
    assert check(checkout) == 1
    assert "`make api` writes the API of 0.1.0 anew" in capsys.readouterr().err
    assert check(checkout, "--write") == 0


def test_the_api_of_a_release_is_not_rewritten(checkout, capsys, monkeypatch):
    release(checkout, LAST)
    commit_all(checkout, monkeypatch)
    assert check(checkout) == 0
    edit(checkout, "memory.py", "    def verify(self", "    def check(self")
    assert check(checkout, "--write") == 1
    assert "which released 0.1.0: its API stays as it is" in capsys.readouterr().err
    (checkout / "docs/api/0.1.0.pyi").unlink()
    set_version(checkout, "0.2.0")
    assert check(checkout, "--write") == 1


def test_what_was_committed_but_not_released_may_be_rewritten(checkout, monkeypatch):
    commit_all(checkout, monkeypatch)
    edit(checkout, "memory.py", "    def verify(self", "    def check(self")
    assert check(checkout, "--write") == 0


def test_the_page_on_stability_lists_every_public_package(now):
    page = (api.ROOT / "docs/stability.md").read_text("utf-8")
    (promised,) = re.findall(r"its packages\n(.*?) do\. Also", page, re.DOTALL)
    assert sorted(re.findall("`(.*?)`", promised)) == sorted(name.removeprefix("mimo_credits.") for name in [*now][1:])


def test_every_release_has_its_api(checkout, capsys):
    release(checkout, "0.0.9")
    assert check(checkout) == 1
    assert "0.0.9 is released, but docs/api/0.0.9.pyi is missing" in capsys.readouterr().err


def test_there_is_something_to_compare_with(checkout, capsys, monkeypatch):
    commit_all(checkout, monkeypatch)
    assert check(checkout, "no-such-branch") == 1
    shutil.rmtree(checkout / "docs")
    assert check(checkout) == 1
    assert "holds no API to compare with" in capsys.readouterr().err


def test_a_version_has_three_numbers():
    with pytest.raises(ValueError, match="is no version of the form"):
        api.version_of("1.2")


@pytest.mark.parametrize("commits", [1, 2])
def test_the_api_of_a_release_is_not_rewritten_by_several_commits_either(checkout, capsys, monkeypatch, commits):
    release(checkout, LAST)
    commit_all(checkout, monkeypatch)
    (checkout / "CHANGELOG.md").write_text("## [Unreleased]\n")
    commit_all(checkout, monkeypatch)
    edit(checkout, "memory.py", "    def verify(self", "    def check(self")
    api.write(checkout)
    release(checkout, LAST)
    for number in range(commits):
        (checkout / "unrelated").write_text(str(number))
        commit_all(checkout, monkeypatch)
    assert check(checkout) == check(checkout, "HEAD^1") == 1
    assert "0.1.0: its API stays as it is" in capsys.readouterr().err


def test_every_exported_name_is_in_the_file(now):
    for module, stub in now.items():
        written = griffe.visit(module, filepath=Path(f"{module}.pyi"), code=stub).members
        assert set(written) == set(importlib.import_module(module).__all__), module


def test_a_name_that_nothing_can_be_said_of_is_not_passed_over(checkout):
    edit(checkout, "__init__.py", '    "replay",\n', '    "replay",\n    "wire",\n')
    with pytest.raises(TypeError, match="wire is a module"):
        api.api_of(checkout / "src")


def test_what_is_written_is_read_back(now):
    assert {"mimo_credits", "mimo_credits.card", "mimo_credits.ledger", "mimo_credits.wire"} <= set(now)
    assert api.read(api.written(now, LAST)) == now


def test_nothing_that_the_last_release_promised_is_gone():
    assert api.main([]) == 0
    assert LAST in api.files(api.ROOT)
