"""The schema of a card, and what a validator that knows nothing of the models holds against one."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from tools import check_cards, schema


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


def test_a_card_whose_head_was_never_written_is_seen(tmp_path, shape):
    card = tmp_path / "card.toml"
    card.write_text(f"{check_cards.DIRECTIVE}\n# New: say here what is new.\nrate = 1\n")
    assert list(check_cards.problems(card, shape)) == ["still has 'say here what is new' at its head"]


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
