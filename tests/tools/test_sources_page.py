"""`docs/sources.md` is what the cards say: nothing that they cite, assume or excuse is left out, and nothing repeated."""

from __future__ import annotations

import re

import pytest

from mimo_credits.card import RateCard
from tests.published_cards import ALL, CARDS
from tests.small_card import CARD
from tests.tools.rates_folder import changed, copied
from tools import sources
from tools.compare_prices import read_explained
from tools.published import RATES, Folder, spans
from tools.rules import read_exceptions
from tools.sources import PATH, rendered

PAGE = PATH.read_text("utf-8")


def section(title: str, page: str = PAGE) -> str:
    """What stands under a heading, up to the next one of its level."""
    level = title.partition(" ")[0]
    return page.split(f"\n{title}\n", 1)[1].split(f"\n{level} ", 1)[0]


def rows(text: str) -> list[list[str]]:
    """The cells of the tables' rows, without their heads."""
    lines = [re.split(r" ?(?<!\\)\| ?", line)[1:-1] for line in text.splitlines() if line.startswith("| ")]
    return [cells for cells in lines if cells[0] not in ("fact", "source", "name", "card", "data")]


def test_the_page_is_what_the_cards_say(tmp_path, capsys):
    assert sources.main(["--check"]) == 0
    other = tmp_path / "sources.md"
    assert sources.main(["--check", "--path", str(other)]) == 1
    assert "make sources" in capsys.readouterr().err
    assert sources.main(["--path", str(other)]) == 0
    assert other.read_text("utf-8") == PAGE
    other.write_text(PAGE.replace("official-asr", "official-ars", 1), "utf-8")
    assert sources.main(["--check", "--path", str(other)]) == 1


def test_a_broken_card_is_one_clear_message(tmp_path, capsys):
    rates = copied(tmp_path)
    changed(rates / "mimo/2026-10-21.1.toml", "multiply_by = 0.8", "multiply_by = ")
    before = PATH.read_bytes()
    for check in ([], ["--check"]):
        assert sources.main(["--rates", str(rates), *check]) == 1
        assert capsys.readouterr().err.startswith("rate card mimo/2026-10-21.1.toml has 1 problem:\n  line ")
    assert PATH.read_bytes() == before


def test_every_source_and_every_assumption_stands_there_on_all_its_cards():
    cited = {row[0]: row for row in rows(section("## The sources of xiaomi's cards"))}
    assert set(cited) == {source for card in CARDS.values() for source in card.sources}
    assumed = rows(section("## What xiaomi's cards take to be so"))
    said = {(each.id, " ".join(each.says.split())) for card in CARDS.values() for each in card.assumptions}
    assert {(row[0], row[1]) for row in assumed} == said
    assert len(assumed) == len(said)


def test_every_fact_of_every_card_stands_there_with_its_source():
    facts = rows(section("## What xiaomi's cards say, and who says so"))
    for card in CARDS.values():
        for where, citation in card.citations():
            if where.startswith("assumptions["):
                continue
            sure, _, ids = citation.partition(" ")
            subject = where.replace('"', "").split(".source")[0].partition(".")[2].removesuffix(".tasks")
            matching = [row for row in facts if row[2:] == [sure, ids] and covers(row[1], card.id)]
            assert any(subject in row[0] for row in matching), f"{card.id}: {where} is not on the page"


def covers(text: str, card_id: str) -> bool:
    for span in text.split(", "):
        first, _, last = span.partition(" to ")
        if ALL.index(first) <= ALL.index(card_id) <= ALL.index(last or first):
            return True
    return False


def test_a_fact_that_many_cards_cite_alike_stands_there_once():
    tiers = rows(section("### Tiers"))
    assert tiers[3] == [
        "lite, standard, pro, max: allowance and price",
        "2026-05-27.1 to 2026-10-21.1",
        "H",
        "official-subscription",
    ]
    facts = [tuple(row) for row in rows(PAGE)]
    assert len(facts) == len(set(facts))


def test_every_exception_and_every_disagreement_stands_there():
    assert [row[3] for row in rows(section("## Where a card breaks a rule and is right"))] == [
        each.why for each in read_exceptions(RATES / "EXCEPTIONS.toml")
    ]
    disagreements = rows(section("## Where independent price data disagrees"))
    assert [row[5] for row in disagreements] == [each.why for each in read_explained()]
    assert disagreements[2][:5] == [
        "genai-prices",
        "avian/xiaomi/mimo-v2.6-flash",
        "0.05 (0.0028)",
        "0.2 (0.14)",
        "0.4 (0.28)",
    ]


def test_the_page_names_no_host():
    assert not re.search(r"https?:|www\.|\.(com|org|io)\b", PAGE)


@pytest.mark.parametrize(
    ("ids", "said"),
    [("a", "a"), ("ab", "a to b"), ("abc", "a to c"), ("acd", "a, c to d"), ("bd", "b, d"), ("abcd", "a to d")],
)
def test_cards_that_follow_each_other_are_a_span(ids, said):
    assert spans(list(ids), list("abcd")) == said


def test_a_seller_without_tiers_has_no_table_of_them():
    start, end = CARD.index("[tiers]"), CARD.index("[models]")
    text = CARD[:start] + CARD[end:]
    card = RateCard.from_toml(text.replace('title = "Price list"', 'title = "Price | list"'))
    page = rendered({"acme": Folder({"acme/2026-01-02.3": card}, {})}, [], [])
    assert "### Tiers" not in page
    assert "### Models" in page
    assert [row[0] for row in rows(section("### Models", page))][:2] == [
        "free, fast-1.5, cash: credits and prices",
        "long: credits, price in USD",
    ]
    assert "Price \\| list" in section("## The sources of acme's cards", page)
    assert "### Migration" not in page
