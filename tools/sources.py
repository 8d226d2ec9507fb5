"""`docs/sources.md`: what each fact on the rate cards rests on, and how sure it is; run by `make sources`.

The rule: the page is generated from the cards, from their exceptions and from the explained disagreements, and never
edited by hand; `--check` fails where they differ. It goes by fact, not by file: what several cards say alike stands
there once, with the cards that say it. It holds no price of ours, except beside one that disagrees.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from mimo_credits import RateBook, RateCard, load_book
from mimo_credits.display.writing import number
from mimo_credits.errors import RateCardError
from tools.card_sources import sources_of
from tools.compare_prices import Explained, our_name, our_price, our_text, read_explained
from tools.price_data import pinned
from tools.published import RATES, Folder, read_folders, spans
from tools.rules import EXCEPTIONS, Excused, read_exceptions

PATH = RATES.parent / "docs" / "sources.md"

SECTIONS = {
    "tiers": "Tiers",
    "models": "Models",
    "web_search": "Web search",
    "cycle": "Cycle",
    "policy": "Policy",
    "off_peak": "Off-peak hours",
    "migration": "Migration of running cycles",
}

OPENING = """\
# What the prices rest on

Every fact on the [rate cards](../rates/README.md) says who says so, and how sure that is: `H` an official page, or
several independent sources; `M` one good source; `M-H` between the two; `L` a weak one; *assumed*: nobody says so, and
the assumption is given below. This page is generated from the cards by `make sources`. Cards are named by the day from
which they hold and their revision; `2026-04-03.1` is the launch as the press reported it, kept beside its correction.
"""


class Fact(NamedTuple):
    """A citation on a card: the section, what in it is meant (its `subject` and `what` of it), and what is cited."""

    section: str
    subject: str
    what: str
    citation: str


def rendered(folders: Mapping[str, Folder], exceptions: Sequence[Excused], explained: Sequence[Explained]) -> str:
    """The whole page."""
    lines = [OPENING]
    for folder in folders.values():
        cards = {card.id: card for card in folder.cards.values()}
        provider = next(iter(cards.values())).provider
        lines += [f"## What {provider}'s cards say, and who says so", "", *_facts(cards)]
        lines += [f"## The sources of {provider}'s cards", "", *_sources(cards)]
        lines += [f"## What {provider}'s cards take to be so", "", *_assumptions(cards)]
    lines += ["## Where a card breaks a rule and is right", "", *_exceptions(exceptions)]
    lines += ["## Where independent price data disagrees", "", *_disagreements(explained, load_book())]
    return "\n".join(lines).rstrip() + "\n"


def _facts(cards: Mapping[str, RateCard]) -> Iterator[str]:
    """One table for each section: facts that the same cards rest on the same sources share a row."""
    said: dict[Fact, list[str]] = {}
    for card in cards.values():
        for fact in facts(card):
            said.setdefault(fact, []).append(card.id)
    for section, title in SECTIONS.items():
        rows = _rows(section, said, list(cards))
        if not rows:
            continue
        yield from (f"### {title}", "", "| fact | on cards | how sure | who says so |", "|---|---|---|---|")
        for (citation, on, what), subjects in rows.items():
            sure, _, ids = citation.partition(" ")
            yield f"| {': '.join(filter(None, (', '.join(subjects), what)))} | {on} | {sure} | {ids} |"
        yield ""


def _rows(section: str, said: Mapping[Fact, list[str]], order: list[str]) -> dict[tuple[str, str, str], list[str]]:
    """A row for each citation, the cards that have it and what it is for; and the subjects of which that holds."""
    subjects = list(dict.fromkeys(fact.subject for fact in said if fact.section == section))
    rows: dict[tuple[str, str, str], list[str]] = {}
    for subject in subjects:
        whats: dict[tuple[str, str], list[str]] = {}
        for fact, ids in said.items():
            if (fact.section, fact.subject) == (section, subject):
                whats.setdefault((fact.citation, spans(ids, order)), []).append(fact.what)
        for (citation, on), what in whats.items():
            rows.setdefault((citation, on, ", ".join(what)), []).extend(filter(None, [subject]))
    return rows


_PLACE = re.compile(r"(?P<section>[a-z_]+)(?:\.(?P<subject>.+?))?\.source(?:\.(?P<what>.+))?")


def facts(card: RateCard) -> Iterator[Fact]:
    """What the card cites for its facts, in words; what its assumptions cite stands with them."""
    for where, citation in card.citations():
        match = _PLACE.fullmatch(where)
        if match is not None:
            subject = (match["subject"] or "").replace('"', "")
            what = _in_words(match["section"], subject, match["what"])
            yield Fact(match["section"], subject.removesuffix(".tasks"), what, citation)


_WHOLE = {"tiers": "allowance and price", "models": "credits and prices"}


def _in_words(section: str, subject: str, what: str | None) -> str:
    if section == "tiers" and subject.endswith(".tasks"):
        return "tasks that the seller counts"
    if what is None:
        return _WHOLE.get(section, "all of it")
    return f"price in {what}" if what.isupper() else what.replace("_", " ")


def _sources(cards: Mapping[str, RateCard]) -> Iterator[str]:
    """Every source, with the facts that it is cited for at each degree of certainty."""
    titles: dict[tuple[str, str, str], list[str]] = {}
    cited: dict[str, dict[str, list[str]]] = {}
    for card in cards.values():
        for name, source in card.sources.items():
            titles.setdefault((name, source.title, source.date), []).append(card.id)
        for where, citation in card.citations():
            for name in sources_of(citation):
                places = cited.setdefault(name, {}).setdefault(citation.partition(" ")[0], [])
                places.append(_theme(card, where))
    yield from ("| source | what it is | written or captured | for | on cards |", "|---|---|---|---|---|")
    for (name, title, written), ids in sorted(titles.items()):
        grounds = "; ".join(f"{sure}: {', '.join(dict.fromkeys(what))}" for sure, what in sorted(cited[name].items()))
        yield f"| {name} | {_cell(title)} | {written} | {grounds} | {spans(ids, list(cards))} |"
    yield ""


def _theme(card: RateCard, where: str) -> str:
    """What a place is about, in a word or two: a model, a section, an assumption."""
    if where.startswith("assumptions["):
        return f"*{card.assumptions[int(where.partition('[')[2].partition(']')[0])].id}*"
    match = _PLACE.fullmatch(where)
    assert match is not None, f"{where} cites, and is no place that cites"
    if match["section"] == "models":
        return (match["subject"] or "").replace('"', "")
    if match["section"] == "tiers":
        return "tasks of the tiers" if (match["subject"] or "").endswith(".tasks") else "tiers"
    what = f" ({match['what'].replace('_', ' ')})" if match["what"] else ""
    return SECTIONS[match["section"]].lower() + what


def _assumptions(cards: Mapping[str, RateCard]) -> Iterator[str]:
    """Every assumption by its name; where its words change from card to card, each with the cards that have it."""
    said: dict[str, dict[tuple[str, str], list[str]]] = {}
    for card in cards.values():
        for each in card.assumptions:
            text = " ".join(each.says.split())
            said.setdefault(each.id, {}).setdefault((text, each.source or ""), []).append(card.id)
    yield from ("| name | what is taken to be so | reported by | on cards |", "|---|---|---|---|")
    for name, versions in sorted(said.items()):
        for (text, source), ids in versions.items():
            yield f"| {name} | {_cell(text)} | {source} | {spans(ids, list(cards))} |"
    yield ""


def _exceptions(exceptions: Iterable[Excused]) -> Iterator[str]:
    yield f"`make check` holds every card against rules of plausibility. The exceptions, from `rates/{EXCEPTIONS}`:"
    yield from ("", "| card | rule | at | why |", "|---|---|---|---|")
    for each in exceptions:
        yield f"| {each.card} | {each.rule} | {each.at} | {_cell(each.why)} |"
    yield ""


def _disagreements(explained: Iterable[Explained], book: RateBook) -> Iterator[str]:
    """Their prices and ours on the day of their release, and why the two differ."""
    packages = {each.name: each for each in pinned()}
    yield from (
        "`make compare-prices` holds our pay-as-you-go prices against price data that others keep:",
        "",
        *(f"- {each.name} {each.version}, released {each.released}" for each in packages.values()),
        "",
        "Where they differ: theirs in USD for 1,000,000 tokens, with ours on the day of that release in brackets;",
        "*until* is the day on which our cards dropped the model. What is not listed is the same, or not in that data.",
    )
    yield from ("", "| data | model | cache hit | cache miss | output | why |", "|---|---|---|---|---|---|")
    for each in explained:
        prices = {price.meter: price for price in each.prices}
        cells = []
        for meter in ("hit", "miss", "output"):
            price = prices.get(meter)
            ours = our_price(book, our_name(each.model), meter, each.above, packages[each.package].released)
            cells.append(f"{number(price.price)} ({our_text(ours)})" if price else "")
        since = f", since {each.since}" if each.since else ""
        yield f"| {each.package} | {each.model}{since} | {' | '.join(cells)} | {_cell(each.why)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.sources", description="Writes docs/sources.md.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the file would change")
    parser.add_argument("--path", type=Path, default=PATH, help="the file (default: docs/sources.md)")
    parser.add_argument("--rates", type=Path, default=RATES, help="the folder of the cards (default: rates/)")
    options = parser.parse_args(arguments)
    path: Path = options.path
    try:
        text = rendered(read_folders(options.rates), read_exceptions(options.rates / EXCEPTIONS), read_explained())
    except RateCardError as error:
        print(error, file=sys.stderr)
        return 1
    if not options.check:
        path.write_text(text, encoding="utf-8", newline="\n")
    elif not path.exists() or path.read_text(encoding="utf-8") != text:
        print(f"{path.name} is not what the cards say: run `make sources`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
