"""The changelog keeps what computes and what it computes with apart, and names every card."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from mimo_credits import list_cards, list_providers
from tools.api import current_version, version_of

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
CARDS = frozenset(name for provider in list_providers() for name in list_cards(provider))
PARTS = ["Code", "Rate cards"]


def problems(text: str) -> Iterator[str]:
    """What is wrong with a changelog."""
    _, *releases = re.split(r"^## ", text, flags=re.MULTILINE)
    named: set[str] = set()
    headings = [release.partition("\n")[0] for release in releases]
    if headings[:1] != ["[Unreleased]"]:
        yield "does not begin with what is unreleased"
    for heading, release in zip(headings, releases, strict=True):
        if heading != "[Unreleased]" and not re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}", heading):
            yield f"{heading}: not a version with its date"
        _, *parts = re.split(r"^### ", release, flags=re.MULTILINE)
        if [part.partition("\n")[0] for part in parts] != PARTS:
            yield f"{heading}: needs the parts {PARTS}, in this order"
            continue
        code, cards = parts
        named |= set(re.findall(r"`((?:[a-z]+/)?\d{4}-\d{2}-\d{2}\.\d+)`", cards))
        if re.search(r"^- `(?:[a-z]+/)?\d{4}-\d{2}-\d{2}\.\d+`", code, re.MULTILINE):
            yield f"{heading}: a card stands under Code"
    yield from (f"{card} is not named under Rate cards" for card in sorted(CARDS - named))
    yield from (f"{card} is named, but there is no such card" for card in sorted(named - CARDS))
    versions = [version_of(heading[1:]) for heading in headings if re.match(r"\[\d", heading)]
    if versions != sorted(set(versions), reverse=True):
        yield "the releases are not in order, the newest first"


def test_the_changelog_is_as_it_says_it_is():
    assert not list(problems(TEXT))


def test_no_release_is_newer_than_the_code():
    released = [version_of(version) for version in re.findall(r"^## \[(\d.*?)\]", TEXT, re.MULTILINE)]
    assert max(released, default=(0, 0, 0)) <= version_of(current_version(ROOT))


RELEASE = "\n## [0.1.0] - 2026-12-01\n\n### Code\n\n### Rate cards\n"


@pytest.mark.parametrize(
    ("damaged", "said"),
    [
        (TEXT.replace("`2026-06-08.1`", "the card of June"), "2026-06-08.1 is not named under Rate cards"),
        (TEXT.replace("`2026-06-08.1`", "`2026-06-09.1`"), "2026-06-09.1 is named, but there is no such card"),
        (TEXT.replace("`openai/", "`openay/"), "openai/2023-11-06.1 is not named under Rate cards"),
        (TEXT.replace("### Rate cards", "### Prices"), "[Unreleased]: needs the parts"),
        (TEXT.replace("### Code\n", ""), "[Unreleased]: needs the parts"),
        (
            TEXT.replace("### Code\n", "### Code\n\n- `2026-06-08.1`: dearer.\n"),
            "[Unreleased]: a card stands under Code",
        ),
        (TEXT.replace("## [Unreleased]", "## [0.1.0] - 2026-12-01"), "does not begin with what is unreleased"),
        (f"{TEXT}{RELEASE.replace(' - 2026-12-01', '')}", "[0.1.0]: not a version with its date"),
        (f"{TEXT}{RELEASE}{RELEASE.replace('0.1.0', '0.2.0')}", "the releases are not in order"),
        (f"{TEXT}{RELEASE}{RELEASE}", "the releases are not in order"),
    ],
)
def test_damage_is_seen(damaged, said):
    assert damaged != TEXT
    assert any(problem.startswith(said) for problem in problems(damaged))
    assert not list(problems(TEXT + RELEASE))
