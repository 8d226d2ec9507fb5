"""The golden JSON of a release stays as it is: each kind of damage is done to a copy, and has to be seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.repositories import commit_all, shallow_clone
from tools import golden


@pytest.fixture
def released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository that released one golden file, and has another since."""
    root = tmp_path / "repository"
    (root / golden.FOLDER).mkdir(parents=True)
    (root / golden.FOLDER / "posting.json").write_text('{"v":1}\n')
    (root / "CHANGELOG.md").write_text("## [Unreleased]\n\n## [0.1.0] - 2026-12-01\n")
    commit_all(root, monkeypatch)
    (root / golden.FOLDER / "later.json").write_text('{"v":1,"later":true}\n')
    (root / "CHANGELOG.md").write_text("## [Unreleased]\n\n- later\n\n## [0.1.0] - 2026-12-01\n")
    commit_all(root, monkeypatch)
    return root


def check(root: Path, *arguments: str) -> int:
    return golden.main([*arguments, "--root", str(root)])


def test_files_are_added_and_those_not_released_yet_may_change(released):
    assert check(released) == check(released, "HEAD^1") == 0
    (released / golden.FOLDER / "later.json").write_text("{}")
    (released / golden.FOLDER / "latest.json").write_text("{}")
    assert check(released) == 0


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_text('{"v": 1}\n')], ids=["gone", "edited"])
@pytest.mark.parametrize("commits", [0, 1, 2])
def test_damage_to_a_released_file_is_seen_however_long_ago(released, monkeypatch, capsys, damage, commits):
    damage(released / golden.FOLDER / "posting.json")
    for number in range(commits):
        (released / "CHANGELOG.md").write_text(f"## [Unreleased]\n\n- {number}\n")  # nor does it help to unsay it
        commit_all(released, monkeypatch)
    assert check(released) == 1
    assert "tests/golden/wire/posting.json is not as 0.1.0 was released with it" in capsys.readouterr().err


def test_a_commit_that_is_asked_for_must_be_there(released, tmp_path, capsys):
    assert check(released, "no-such-branch") == 1
    assert check(shallow_clone(released, tmp_path / "shallow"), "HEAD") == 1
    assert "git fetch --unshallow" in capsys.readouterr().err


def test_the_golden_files_are_as_they_were_released():
    assert golden.main([]) == 0
