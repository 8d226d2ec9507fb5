"""A card that is begun is the last one as text and as data, but for who it is; and nothing is ever overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomli

from mimo_credits.card import RateCard
from tests.published_cards import FILES, FLASH_FORWARDED, MAY, PRESS, V25_RETIRES, each_card
from tests.small_card import CARD
from tests.tools.rates_folder import changed, copied
from tools import new_card
from tools.new_card import Identity, Refused, begun


@pytest.fixture
def rates(tmp_path: Path) -> Path:
    return copied(tmp_path)


def begin(rates: Path, *arguments: str) -> int:
    return new_card.main([*arguments, "--rates", str(rates)])


def differing(before: str, after: str) -> tuple[list[str], list[str]]:
    """The lines that only one of two texts has."""
    old, new = before.splitlines(), after.splitlines()
    return [line for line in old if line not in new], [line for line in new if line not in old]


def test_a_new_card_is_the_last_one_but_for_who_it_is(rates, capsys):
    assert begin(rates, "2026-12-01") == 0
    before = FILES[V25_RETIRES].read_text("utf-8")
    after = (rates / "mimo/2026-12-01.1.toml").read_text("utf-8")
    assert differing(before, after) == (
        [
            "# Xiaomi MiMo Token Plan from 21 October 2026, 10:00 Beijing time: the V2.5 text models retire.",
            "# New: mimo-v2.5 and mimo-v2.5-pro are gone; the V2.5 speech models stay.",
            'version        = "2026-10-21"',
            "effective_from = 2026-10-21T10:00:00+08:00",
            'supersedes     = "2026-09-22.1"',
        ],
        [
            "# Xiaomi MiMo Token Plan from 1 December 2026.",
            "# New: say here what is new.",
            'version        = "2026-12-01"',
            "effective_from = 2026-12-01T00:00:00+08:00",
            'supersedes     = "2026-10-21.1"',
        ],
    )
    card = RateCard.from_toml(after)
    assert (card.id, card.effective_from.isoformat()) == ("2026-12-01.1", "2026-12-01T00:00:00+08:00")
    said = capsys.readouterr().out
    assert "with the prices of 2026-10-21.1" in said
    assert "make sums" in said
    assert "withdraw" not in said
    assert "EXCEPTIONS" not in said
    assert "Look for days in them" in said


def test_a_correction_starts_from_what_it_corrects_and_holds_from_the_same_instant(rates, capsys):
    assert begin(rates, "2026-05-27", "--revision", "2") == 0
    after = (rates / "mimo/2026-05-27.2.toml").read_text("utf-8")
    _, new = differing(FILES[MAY].read_text("utf-8"), after)
    assert new == [
        "# Xiaomi MiMo Token Plan from 27 May 2026.",
        "# New: corrects 2026-05-27.1: say here what is new.",
        "revision       = 2",
        'supersedes     = "2026-05-27.1"',
    ]
    assert RateCard.from_toml(after).migration is not None
    said = capsys.readouterr().out
    assert '[withdrawn."2026-05-27.1"]\n   successor = "2026-05-27.2"' in said
    assert "EXCEPTIONS.toml" in said


def test_a_second_correction_follows_the_first(rates):
    assert begin(rates, "2026-04-03", "--revision", "3") == 0
    card = RateCard.from_toml((rates / "mimo/2026-04-03.3.toml").read_bytes())
    assert card.supersedes == "2026-04-03.2"
    assert str(card.policy.first_purchase_pays) == "0.88"


def test_the_migration_belongs_to_the_card_that_has_it():
    text = FILES[MAY].read_text("utf-8")
    new = begun(text, Identity("2026-05-28", 1, RateCard.from_toml(text).effective_from, MAY))
    assert "[migration]" in text
    assert "migration" not in tomli.loads(new)
    assert differing(text, new)[0][-3:] == [
        "[migration]                    # the allowance starts afresh; the cycle ends when it would have ended",
        'running_cycles = "reset to the new allowance"',
        'source         = "H official-subscription, opencode-29465"',
    ]
    assert "\n\n\n" not in new


@each_card
def test_every_published_card_can_be_the_one_to_start_from(card_id):
    text = FILES[card_id].read_text("utf-8")
    card = RateCard.from_toml(text)
    new = RateCard.from_toml(begun(text, Identity(card.version, card.revision + 1, card.effective_from, card.id)))
    assert (new.revision, new.supersedes, new.models) == (card.revision + 1, card.id, card.models)


def test_a_card_that_supersedes_none_gets_its_line(rates):
    for path in (rates / "mimo").glob("*.toml"):
        if path.stem != PRESS:
            path.unlink()
    assert begin(rates, "2026-04-22") == 0
    text = (rates / "mimo/2026-04-22.1.toml").read_text("utf-8")
    assert 'effective_from = 2026-04-22T00:00:00+08:00\nsupersedes     = "2026-04-03.1"\n' in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["2026-10-21"], "add REVISION=2"),
        (["2026-04-03"], "add REVISION=3"),
        (["2026-04-03", "--revision", "2"], "add REVISION=3"),
        (["2026-10-21", "--revision", "3"], "add REVISION=2"),
        (["2026-12-01", "--revision", "2"], "no card 2026-12-01 to correct"),
        (["2026-10-20"], "2026-10-20 is before the last card, 2026-10-21"),
        (["2026-13-01"], "such as 2026-12-01, not '2026-13-01'"),
        (["2026-02-30"], "not '2026-02-30'"),
        (["20261201"], "not '20261201'"),
        (["2026-W49-2"], "not '2026-W49-2'"),
        (["december"], "not 'december'"),
        (["../2026-12-01"], "not '../2026-12-01'"),
        (["2026-12-01", "--folder", "nobody"], "nobody is no folder: FOLDER is a seller's folder"),
        (["2026-12-01", "--folder", "STATUS.toml"], "is no folder"),
    ],
)
def test_what_cannot_be_begun_is_refused_and_nothing_is_written(rates, capsys, arguments, said):
    before = {path.name: path.read_bytes() for path in (rates / "mimo").iterdir()}
    assert begin(rates, *arguments) == 1
    assert said in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in (rates / "mimo").iterdir()} == before


def test_a_file_that_is_there_is_not_overwritten(rates, monkeypatch, capsys):
    found = new_card.files(rates / "mimo")
    (rates / "mimo/2026-12-01.1.toml").write_text("mine")
    monkeypatch.setattr(new_card, "files", lambda _: found)
    assert begin(rates, "2026-12-01") == 1
    assert "2026-12-01.1.toml" in capsys.readouterr().err
    assert (rates / "mimo/2026-12-01.1.toml").read_text() == "mine"


def test_a_folder_without_cards_is_nothing_to_start_from(tmp_path, capsys):
    (tmp_path / "acme").mkdir()
    assert begin(tmp_path, "2026-12-01", "--folder", "acme") == 1
    assert "no card to start from" in capsys.readouterr().err


def test_another_sellers_correction_is_withdrawn_by_its_folder(tmp_path, capsys):
    (tmp_path / "acme").mkdir()
    head = "#:schema ../schema.json\n# Acme's price list.\n# New: everything.\n#\n"
    (tmp_path / "acme/2026-01-02.3.toml").write_text(head + CARD)
    assert begin(tmp_path, "2026-01-02", "--revision", "4", "--folder", "acme") == 0
    assert '[withdrawn."acme/2026-01-02.3"]' in capsys.readouterr().out
    text = (tmp_path / "acme/2026-01-02.4.toml").read_text()
    assert text.splitlines()[1] == "# Acme's price list from 2 January 2026."


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("#\n# credits:", "# credits:", "no comment at its head"),
        ('version        = "2026-10-21"', '"version" = "2026-10-21"', "not laid out as the others"),
        ('supersedes     = "2026-09-22.1"', "", "not laid out as the others"),
    ],
    ids=["no head", "a quoted key", "no columns"],
)
def test_a_last_card_of_another_layout_is_refused(rates, capsys, old, new, said):
    path = rates / "mimo/2026-10-21.1.toml"
    changed(path, old, new)
    if not new:
        changed(path, "effective_from = 2026-10-21T10:00:00+08:00", "effective_from=2026-10-21T10:00:00+08:00")
    assert begin(rates, "2026-12-01", "--revision", "1") == 1
    assert said in capsys.readouterr().err
    assert not (rates / "mimo/2026-12-01.1.toml").exists()


def test_a_migration_with_an_empty_line_in_it_is_refused_rather_than_cut_in_two():
    text = FILES[MAY].read_text("utf-8").replace('"reset to the new allowance"\n', '"reset to the new allowance"\n\n')
    with pytest.raises(Refused, match="not laid out as the others"):
        begun(text, Identity("2026-05-28", 1, RateCard.from_toml(text).effective_from, MAY))


def test_the_card_before_stays_as_it_is(rates):
    before = FILES[FLASH_FORWARDED].read_bytes()
    assert begin(rates, "2026-06-18", "--revision", "2") == 0
    assert (rates / f"mimo/{FLASH_FORWARDED}.toml").read_bytes() == before
