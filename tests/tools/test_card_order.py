"""At each instant one card is in force: what breaks the order of cards, or what STATUS.toml says of them, is seen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mimo_credits.card import RateCard
from mimo_credits.errors import RateCardError
from tests.small_card import CARD
from tests.tools.rates_folder import changed, copied
from tools.card_order import RULES
from tools.published import Folder, read_folders


def card(
    version: str, revision: int = 1, supersedes: str | None = None, *, at: str | None = None, provider: str = "acme"
) -> RateCard:
    text = CARD.replace('"2026-01-02"', f'"{version}"').replace("revision       = 3", f"revision = {revision}")
    text = text.replace('provider       = "acme"', f'provider = "{provider}"')
    text = text.replace("2026-01-02T00:00:00+08:00", at or f"{version}T00:00:00+08:00")
    line = f'supersedes = "{supersedes}"\n' if supersedes else ""
    return RateCard.from_toml(text.replace("\n[sources]", f"{line}\n[sources]", 1))


GONE = {"successor": "2026-02-01.2", "date": "2026-11-21", "why": "It was wrong."}


def good() -> Folder:
    """Three versions, the second of which was corrected after the third was published."""
    return folder(
        card("2026-01-01"),
        card("2026-02-01", 1, "2026-01-01.1"),
        card("2026-02-01", 2, "2026-02-01.1"),
        card("2026-03-01", 1, "2026-02-01.1"),
        withdrawn={"acme/2026-02-01.1": GONE},
    )


def folder(*cards: RateCard, withdrawn: Mapping[str, Mapping[str, Any]] | None = None) -> Folder:
    return Folder({f"acme/{each.id}": each for each in cards}, withdrawn or {})


def broken(cards: Folder) -> list[tuple[str, str, str]]:
    return [
        (rule.__name__, name.removeprefix("acme/"), problem.where) for rule in RULES for name, problem in rule(cards)
    ]


def with_status(**changes: Any) -> Folder:
    entry = {name: value for name, value in {**GONE, **changes}.items() if value is not None}
    return Folder(good().cards, {"acme/2026-02-01.1": entry})


def test_a_good_order_breaks_no_rule():
    assert broken(good()) == []
    assert broken(folder(card("2026-01-01"))) == []


def test_the_published_cards_are_in_order():
    assert [each for cards in read_folders().values() for each in broken(cards)] == []


def test_two_sellers_in_one_folder_are_seen():
    cards = folder(card("2026-01-01"), card("2026-02-01", 1, "2026-01-01.1", provider="other"))
    assert broken(cards) == [("one_folder_is_one_sellers", "2026-02-01.1", "provider")]


@pytest.mark.parametrize(
    ("cards", "name"),
    [
        ([card("2026-01-01", 1, "2025-01-01.1")], "2026-01-01.1"),
        ([card("2026-01-01"), card("2026-02-01")], "2026-02-01.1"),
        ([card("2026-01-01"), card("2026-02-01", 1, "2026-01-01.2")], "2026-02-01.1"),
        (
            [card("2026-01-01"), card("2026-02-01", 1, "2026-01-01.1"), card("2026-03-01", 1, "2026-01-01.1")],
            "2026-03-01.1",
        ),
    ],
    ids=["the first supersedes", "supersedes none", "supersedes what is not there", "leaves one out"],
)
def test_a_gap_in_the_chain_is_seen(cards, name):
    assert broken(folder(*cards)) == [("each_card_supersedes_the_one_before", name, "supersedes")]


def test_what_should_be_superseded_is_said():
    first, third = card("2026-01-01", 1, "2025-01-01.1"), card("2026-03-01", 1, "2026-01-01.1")
    cards = folder(first, *list(good().cards.values())[1:3], third, withdrawn=good().withdrawn)
    said = [problem.what for rule in RULES for _, problem in rule(cards)]
    assert said == ["is 2025-01-01.1, not none", "is 2026-01-01.1, not 2026-02-01.1 or 2026-02-01.2"]


def test_a_revision_supersedes_the_one_that_it_corrects():
    cards = good().cards | {"acme/2026-02-01.2": card("2026-02-01", 2, "2026-01-01.1")}
    assert broken(Folder(cards, good().withdrawn)) == [
        ("each_card_supersedes_the_one_before", "2026-02-01.2", "supersedes")
    ]


def test_a_revision_that_corrects_nothing_is_seen():
    cards = folder(card("2026-01-01"), card("2026-02-01", 2, "2026-01-01.1"))
    assert broken(cards) == [("each_card_supersedes_the_one_before", "2026-02-01.2", "revision")]


@pytest.mark.parametrize("at", ["2026-02-02T00:00:00+09:00", "2026-02-02T01:00:00+10:00"])
def test_two_versions_at_one_instant_are_seen(at):
    first = card("2026-02-01", at="2026-02-01T23:00:00+08:00")
    second = card("2026-02-02", 1, "2026-02-01.1", at=at)
    assert first.effective_from == second.effective_from
    assert broken(folder(first, second)) == [("later_versions_take_effect_later", "2026-02-02.1", "effective_from")]


def test_a_later_version_that_takes_effect_earlier_is_seen():
    first = card("2026-02-01", at="2026-02-01T23:00:00-08:00")
    second = card("2026-02-02", 1, "2026-02-01.1", at="2026-02-02T00:00:00+08:00")
    assert broken(folder(first, second)) == [("later_versions_take_effect_later", "2026-02-02.1", "effective_from")]


def test_a_correction_from_another_instant_is_seen():
    cards = dict(good().cards)
    cards["acme/2026-02-01.2"] = card("2026-02-01", 2, "2026-02-01.1", at="2026-02-01T10:00:00+08:00")
    found = broken(Folder(cards, good().withdrawn))
    assert found == [("revisions_take_effect_together", "2026-02-01.2", "effective_from")]


def test_two_revisions_in_force_at_once_are_seen():
    assert broken(Folder(good().cards, {})) == [("a_corrected_card_is_withdrawn", "2026-02-01.1", "STATUS.toml")]


def test_a_version_without_a_card_in_force_is_seen():
    withdrawn = {**good().withdrawn, "acme/2026-03-01.1": {**GONE, "successor": "2026-03-01.2"}}
    assert broken(Folder(good().cards, withdrawn)) == [
        ("a_corrected_card_is_withdrawn", "2026-03-01.1", "STATUS.toml"),
        ("a_successor_is_a_later_revision", "2026-03-01.1", "STATUS.toml"),
    ]


@pytest.mark.parametrize("successor", ["2026-02-01.1", "2026-02-01.3", "2026-03-01.1", "2026-01-01.1", "", 2])
def test_a_successor_that_is_no_later_revision_is_seen(successor):
    found = broken(with_status(successor=successor))
    assert found == [("a_successor_is_a_later_revision", "2026-02-01.1", "STATUS.toml")]


def test_a_withdrawal_of_no_card_is_seen():
    withdrawn = {**good().withdrawn, "acme/2026-02-02.1": GONE}
    assert broken(Folder(good().cards, withdrawn)) == [
        ("a_successor_is_a_later_revision", "2026-02-02.1", "STATUS.toml")
    ]


def test_a_withdrawal_may_come_up_to_a_year_after_the_last_card():
    assert max(card.version for card in good().cards.values()) == "2026-03-01"
    assert broken(with_status(date="2027-03-01")) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"why": None},
        {"why": ""},
        {"why": "wrong"},
        {"why": 7},
        {"date": None},
        {"date": "yesterday"},
        {"date": "2026-02-30"},
        {"date": "20261121"},
        {"date": date(2026, 11, 21)},
        {"date": "2027-03-02"},
        {"reason": "It was wrong."},
    ],
)
def test_a_withdrawal_that_does_not_say_when_and_why_is_seen(changes):
    assert broken(with_status(**changes)) == [("a_withdrawal_says_when_and_why", "2026-02-01.1", "STATUS.toml")]


def test_status_is_read_by_folder(tmp_path):
    rates = copied(tmp_path)
    other = rates / "acme"
    other.mkdir()
    (other / "2026-01-02.3.toml").write_text(CARD)
    status = (rates / "STATUS.toml").read_text()
    (rates / "STATUS.toml").write_text(status + '\n[withdrawn."acme/2026-01-02.3"]\nwhy = "Wrong."\n')
    folders = read_folders(rates)
    assert list(folders) == ["mimo", "acme", *sorted(name for name in folders if name not in ("mimo", "acme"))]
    assert list(folders["acme"].withdrawn) == ["acme/2026-01-02.3"]
    assert list(folders["mimo"].withdrawn) == ["mimo/2026-04-03.1"]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("[withdrawn", "line 1"),
        ("[withdraw.x]\n", "withdraw"),
        ("withdrawn = 1\n", "withdrawn"),
        ('[withdrawn]\n"2026-04-03.1" = "2026-04-03.2"\n', "2026-04-03.1"),
        ('[withdrawn."acme/2026-04-03.1"]\nwhy = "Wrong."\n', "no such folder"),
    ],
)
def test_a_status_that_cannot_be_read_is_refused(tmp_path, status, said):
    rates = copied(tmp_path)
    (rates / "STATUS.toml").write_text(status)
    with pytest.raises(RateCardError, match=r"STATUS\.toml") as refused:
        read_folders(rates)
    assert said in str(refused.value)


@pytest.mark.parametrize("name", ["2026-10-21.2.toml", "2026-10-22.1.toml", "2026-10-21.01.toml", "newest.toml"])
def test_a_file_that_is_not_named_as_its_card_is_refused(tmp_path, name):
    mimo = copied(tmp_path) / "mimo"
    (mimo / "2026-10-21.1.toml").rename(mimo / name)
    with pytest.raises(RateCardError, match=name.replace(".", r"\.")):
        read_folders(mimo.parent)


def test_cards_are_ordered_by_the_number_of_their_revision(tmp_path: Path):
    mimo = copied(tmp_path) / "mimo"
    for revision in (2, 10):
        path = mimo / f"2026-10-21.{revision}.toml"
        path.write_bytes((mimo / "2026-10-21.1.toml").read_bytes())
        changed(path, "revision       = 1", f"revision       = {revision}")
    names = list(read_folders(mimo.parent)["mimo"].cards)
    assert names[-3:] == ["mimo/2026-10-21.1", "mimo/2026-10-21.2", "mimo/2026-10-21.10"]
