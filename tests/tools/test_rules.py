"""`make check` holds the cards against every rule, and against exceptions that have to excuse something."""

from __future__ import annotations

import shutil

import pytest

from tests.published_cards import RATES
from tests.small_card import edited
from tests.tools.rates_folder import changed, copied
from tools import rules

WHY = 'why  = "It is the launch as the press reported it, with its misreading of 88折; withdrawn for 2026-04-03.2."'


def check(rates) -> int:
    return rules.main(["--rates", str(rates)])


def test_the_published_cards_keep_the_rules(capsys):
    assert rules.main([]) == 0
    assert "keep the rules" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (
            "mimo/2026-10-21.1.toml",
            "multiply_by = 0.8",
            "multiply_by = 1.2",
            "mimo/2026-10-21.1: off_peak.multiply_by: 1.2 does not make it cheaper [off-peak-is-cheaper]",
        ),
        (
            "mimo/2026-10-21.1.toml",
            'exhausted           = "H official-subscription, official-errors"\n',
            "",
            "mimo/2026-10-21.1: policy.source: says nothing of exhausted [every-fact-has-a-source]",
        ),
        (
            "mimo/2026-10-21.1.toml",
            '"2026-09-22.1"',
            '"2026-06-30.1"',
            "mimo/2026-10-21.1: supersedes: is 2026-06-30.1, not 2026-09-22.1 [each-card-supersedes-the-one-before]",
        ),
        (
            "mimo/2026-10-21.1.toml",
            "credits        = { hit = 2,      miss = 100,  output = 200  }",
            "credits        = { hit = 2,      miss = 100,  output = 2000 }",
            '2,000 credits are not CNY 2 x 100 [credits-are-the-price-in-yuan]',
        ),
        (
            "mimo/2026-10-21.1.toml",
            'source = "H official-websearch"',
            'source = "H official-websaerch"',
            "'official-websaerch' is not in [sources]",
        ),
        (
            "STATUS.toml",
            'successor = "2026-04-03.2"',
            'successor = "2026-04-22.1"',
            "mimo/2026-04-03.1: STATUS.toml: successor '2026-04-22.1' is no later revision of it",
        ),
        ("EXCEPTIONS.toml", WHY, 'why = ""', "why is no sentence"),
        ("EXCEPTIONS.toml", WHY, 'why = "somehow"', "why is no sentence"),
        ("EXCEPTIONS.toml", WHY, "why = 1", "exceptions.0.why"),
        ("EXCEPTIONS.toml", WHY, "", "exceptions.0.why"),
        ("EXCEPTIONS.toml", WHY, WHY + "\nwho = 'me'", "exceptions.0.who"),
        ("EXCEPTIONS.toml", WHY, "why = ", "line 8"),
        (
            "EXCEPTIONS.toml",
            'at   = "models.mimo-v2-pro.bands[1].hit"',
            'at   = "models.mimo-v2-pro.bands[0].hit"',
            "models.mimo-v2-pro.bands[0].hit: excuses nothing",
        ),
        (
            "EXCEPTIONS.toml",
            'at   = "models.mimo-v2-pro.bands[1].hit"',
            'at   = "models.mimo-v2-pro.bands[1].miss"',
            "models.mimo-v2-pro.bands[1].miss: is written more than once",
        ),
        ("EXCEPTIONS.toml", 'card = "mimo/2026-04-03.1"', 'card = "2026-04-03.1"', "excuses nothing"),
        (
            "EXCEPTIONS.toml",
            'rule = "a-first-purchase-pays-at-least-half"',
            'rule = "off-peak-is-cheaper"',
            "0.12 of the list price: is it what is paid, or what is off? [a-first-purchase-pays-at-least-half]",
        ),
    ],
)  # fmt: skip
def test_damage_is_seen(tmp_path, capsys, file, old, new, said):
    rates = copied(tmp_path)
    changed(rates / file, old, new)
    assert check(rates) == 1
    assert said in capsys.readouterr().err


def test_an_exception_of_another_kind_is_refused(tmp_path, capsys):
    rates = copied(tmp_path)
    path = rates / "EXCEPTIONS.toml"
    path.write_text(path.read_text("utf-8").replace("[[exceptions]]", "[[exception]]", 1), "utf-8")
    assert check(rates) == 1
    assert "write [[exceptions]]" in capsys.readouterr().err


def test_without_exceptions_every_finding_stands(tmp_path, capsys):
    rates = copied(tmp_path)
    (rates / "EXCEPTIONS.toml").unlink()
    assert check(rates) == 1
    assert len(capsys.readouterr().err.splitlines()) == 4


@pytest.mark.parametrize(
    "name",
    ["mimo/sub/2026-10-21.1.toml", "2026-10-21.1.toml", "mimo/notes.toml", "acme/deep/er/x.toml", "STATUS/x.toml"],
)
def test_a_card_that_no_rule_would_see_is_refused(tmp_path, capsys, name):
    rates = copied(tmp_path)
    (rates / name).parent.mkdir(parents=True, exist_ok=True)
    (rates / name).write_bytes((rates / "mimo/2026-10-21.1.toml").read_bytes())
    assert check(rates) == 1
    assert f"{name} has 1 problem" in capsys.readouterr().err


def test_a_folder_of_ones_own_needs_no_status(tmp_path, capsys):
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme/2026-01-02.1.toml").write_text(edited(("revision       = 3", "revision       = 1")), "utf-8")
    assert check(tmp_path) == 0


def test_on_the_card_of_the_guide_the_rules_find_the_surcharge_alone(tmp_path, capsys):
    shutil.copytree(RATES.parent / "docs/examples/own-card", tmp_path / "acme")
    assert check(tmp_path) == 1
    found = capsys.readouterr().err.splitlines()
    assert found
    assert all('"acme-large/cache-write"' in line and "[output-is-no-cheaper-than-input]" in line for line in found)


def test_a_folder_without_cards_is_no_success(tmp_path, capsys):
    (tmp_path / "STATUS.toml").touch()
    assert check(tmp_path) == 1
    assert "no rate card to check" in capsys.readouterr().err


def test_xiaomis_own_rules_are_not_asked_of_others(tmp_path):
    rates = copied(tmp_path)
    (rates / "acme").mkdir()
    text = (rates / "mimo/2026-10-21.1.toml").read_text("utf-8")
    text = text.replace('provider       = "xiaomi"', 'provider = "acme"').replace('supersedes     = "2026-09-22.1"', "")
    text = text.replace('aliases        = ["xiaomi/mimo-v2.6-pro"]\n', "").replace("output = 600", "output = 601")
    (rates / "acme/2026-10-21.1.toml").write_text(text, "utf-8")
    assert check(rates) == 0
