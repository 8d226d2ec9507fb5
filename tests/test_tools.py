"""The guards of the rate cards' files can fail: each kind of damage is done to a copy, and has to be seen."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from pathlib import Path

import pytest

from tests.repositories import commit_all
from tools import check_cards, schema, sums

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


def test_the_schema_file_is_what_the_models_say(tmp_path, capsys):
    assert schema.main(["--check"]) == 0
    other = tmp_path / "schema.json"
    assert schema.main(["--check", "--path", str(other)]) == 1
    assert "make schema" in capsys.readouterr().err
    assert schema.main(["--path", str(other)]) == 0
    assert other.read_bytes() == schema.PATH.read_bytes()
    other.write_text(other.read_text().replace('"type": "object"', '"type": "string"', 1))
    assert schema.main(["--check", "--path", str(other)]) == 1


SHAPE = {
    "type": "object",
    "properties": {
        "at": {"type": "string", "format": "date-time"},
        "from": {"type": "string", "format": "time"},
        "rate": {"type": "number", "multipleOf": 0.001, "minimum": 0},
    },
    "additionalProperties": False,
}


@pytest.fixture
def shape(tmp_path: Path) -> dict[str, object]:
    path = tmp_path / "schema.json"
    path.write_text(json.dumps(SHAPE))
    return check_cards.read_schema(path)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("at = 2026-05-27T00:00:00+08:00", None),
        ("at = 2026-05-27T00:00:00", "$.at"),
        ("from = 08:00:00", None),
        ("from = 'eight'", "$.from"),
        ("rate = 2.015", None),
        ("rate = 2.0155", "$.rate"),
        ("rate = -1", "$.rate"),
        ("rate = true", "$.rate"),
        ("price = 1", "'price' was unexpected"),
    ],
)
def test_a_card_that_breaks_the_schema_is_seen(tmp_path, shape, line, said):
    card = tmp_path / "card.toml"
    card.write_text(f"{check_cards.DIRECTIVE}\n{line}\n")
    found = list(check_cards.problems(card, shape))
    assert len(found) == (0 if said is None else 1)
    assert said is None or said in found[0]


def test_a_card_that_names_no_schema_is_seen(tmp_path, shape):
    card = tmp_path / "card.toml"
    card.write_text("rate = 1\n")
    assert list(check_cards.problems(card, shape)) == ["does not name its schema: #:schema ../schema.json"]


@pytest.mark.parametrize("number", ["inf", "nan"])
def test_what_json_cannot_say_is_no_number(number):
    with pytest.raises(ValueError, match="not a number in JSON"):
        check_cards.as_json({"rate": [Decimal(number)]})


def test_a_format_that_nothing_checks_is_refused(tmp_path):
    path = tmp_path / "schema.json"
    path.write_text(json.dumps({"properties": {"home": {"type": "string", "format": "uri"}}}))
    with pytest.raises(ValueError, match="uri"):
        check_cards.read_schema(path)


def test_every_published_card_agrees_with_the_schema(capsys):
    assert check_cards.main() == 0


def test_the_card_in_the_docs_agrees_with_the_schema():
    (card,) = (check_cards.RATES.parent / "docs/examples/own-card").glob("*.toml")
    directive = "#:schema ../../../rates/schema.json"
    assert (card.parent / directive.removeprefix("#:schema ")).resolve() == check_cards.RATES / "schema.json"
    assert not list(check_cards.problems(card, check_cards.read_schema(check_cards.RATES / "schema.json"), directive))
