"""The guard of the rate cards' files can fail: each kind of damage is done to a copy, and has to be seen."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.repositories import commit_all, shallow_clone
from tools import sums

FIRST = "mimo/2026-04-22.1.toml"
SECOND = "mimo/2026-05-27.1.toml"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Two cards, both listed."""
    (tmp_path / "rates/mimo").mkdir(parents=True)
    for name in (FIRST, SECOND):
        (tmp_path / "rates" / name).write_bytes(f"file = '{name}'\n".encode())
    sums.append(tmp_path)
    return tmp_path


@pytest.fixture
def repository(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, with everything in one commit."""
    commit_all(checkout, monkeypatch)
    return checkout


def sums_file(root: Path) -> Path:
    return root / "rates/SHA256SUMS"


def check(root: Path, *arguments: str) -> int:
    return sums.main([*arguments, "--root", str(root)])


def test_a_listed_card_has_its_digest_and_path_in_the_form_of_sha256sum(checkout):
    digest = hashlib.sha256((checkout / "rates" / FIRST).read_bytes()).hexdigest()
    assert sums_file(checkout).read_text().splitlines()[0] == f"{digest}  {FIRST}"
    assert check(checkout) == 0


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda rates: (rates / FIRST).write_bytes(b"file = 'x'\n"), f"{FIRST} has changed"),
        (
            lambda rates: (rates / FIRST).write_bytes((rates / FIRST).read_bytes() + b"\n"),
            f"{FIRST} has changed",
        ),
        (lambda rates: (rates / FIRST).unlink(), f"{FIRST} is listed but missing"),
        (lambda rates: (rates / "mimo/2026-06-01.1.toml").touch(), "mimo/2026-06-01.1.toml is not listed"),
        (lambda rates: (rates / "SHA256SUMS").unlink(), f"{FIRST} is not listed"),
        (lambda rates: double(rates / "SHA256SUMS"), f"{FIRST} is listed twice"),
        (lambda rates: (rates / "SHA256SUMS").write_text(f"0123  {FIRST}\n"), "not a line of the form"),
    ],
    ids=["edited", "one byte more", "removed", "new", "list removed", "listed twice", "not a digest"],
)
def test_damage_to_the_cards_is_seen(checkout, capsys, damage, said):
    damage(checkout / "rates")
    assert check(checkout) == 1
    assert said in capsys.readouterr().err


def double(path: Path) -> None:
    path.write_text(path.read_text() * 2)


def test_append_adds_new_cards_at_the_end_and_keeps_what_is_there(checkout):
    before = sums_file(checkout).read_bytes()
    (checkout / "rates/mimo/2026-01-01.1.toml").write_bytes(b"file = 'an older card, found later'\n")
    assert check(checkout, "--append") == 0
    after = sums_file(checkout).read_bytes()
    assert after.startswith(before)
    assert after[len(before) :].endswith(b"  mimo/2026-01-01.1.toml\n")


def test_append_does_not_bless_a_card_that_changed(checkout):
    (checkout / "rates" / FIRST).write_bytes(b"file = 'x'\n")
    assert check(checkout, "--append") == 1


def test_a_card_changed_together_with_its_line_is_seen_against_the_commit(repository, capsys):
    assert check(repository) == 0
    (repository / "rates" / FIRST).write_bytes(b"file = 'x'\n")
    sums_file(repository).unlink()
    sums.append(repository)
    assert sums.file_problems(repository) == []
    assert check(repository) == 1
    assert "HEAD has a line that is gone or changed" in capsys.readouterr().err


def test_a_card_removed_together_with_its_line_is_seen_against_the_commit(repository):
    (repository / "rates" / FIRST).unlink()
    sums_file(repository).unlink()
    sums.append(repository)
    assert check(repository) == 1


def test_a_commit_to_compare_with_must_be_there(repository, capsys):
    assert check(repository, "no-such-branch") == 1
    assert "no commit no-such-branch" in capsys.readouterr().err


def test_a_change_is_seen_from_the_commits_after_it(repository, monkeypatch, capsys):
    before = sums_file(repository).read_text()
    (repository / "rates" / FIRST).write_bytes(b"file = 'x'\n")
    sums_file(repository).unlink()
    sums.append(repository)
    commit_all(repository, monkeypatch)
    (repository / "unrelated").touch()
    commit_all(repository, monkeypatch)
    assert check(repository, "HEAD^1") == 1
    lost = next(line for line in before.splitlines() if line.endswith(FIRST))
    assert f"the history of HEAD^1 has a line that is gone or changed: {lost}" in capsys.readouterr().err


def test_a_card_added_by_a_later_commit_is_no_change(repository, monkeypatch):
    (repository / "rates/mimo/2026-06-01.1.toml").write_bytes(b"file = 'new'\n")
    sums.append(repository)
    assert check(repository) == 0
    commit_all(repository, monkeypatch)
    assert check(repository, "HEAD") == check(repository, "HEAD^1") == 0


@pytest.fixture
def shallow(repository, tmp_path_factory, monkeypatch) -> Path:
    """A shallow clone of a repository whose last commit changed a published card, and its line, too."""
    (repository / "rates" / FIRST).write_bytes(b"file = 'x'\n")
    sums_file(repository).unlink()
    sums.append(repository)
    commit_all(repository, monkeypatch)
    (repository / "unrelated").touch()
    commit_all(repository, monkeypatch)
    return shallow_clone(repository, tmp_path_factory.mktemp("clones") / "shallow")


def test_a_shallow_clone_says_what_it_cannot_see(shallow, capsys):
    assert check(shallow) == 0
    assert "this clone is shallow" in capsys.readouterr().err
    (shallow / "rates" / FIRST).write_bytes(b"file = 'y'\n")
    sums_file(shallow).unlink()
    sums.append(shallow)
    assert check(shallow) == 1  # what is left of the history is walked


def test_a_shallow_clone_cannot_be_compared_with_a_commit_that_is_asked_for(shallow, capsys):
    assert check(shallow, "HEAD") == 1
    assert "a comparison with HEAD needs the whole history: git fetch --unshallow" in capsys.readouterr().err


def test_without_git_the_list_alone_is_checked(checkout, monkeypatch, capsys):
    monkeypatch.setenv("PATH", "")
    assert check(checkout) == 0
    assert capsys.readouterr().err == ""
