"""The site's pages are the repository's: links between them are rewritten, and one that leads nowhere is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tools import site

PAGES = {
    "README.md": "[cards](rates/) [ledger](docs/ledger.md#rules) [a card](rates/mimo/a.toml) [out](https://example.org/x)\n",
    "docs/ledger.md": "[home](../README.md) [here](#rules) [made](../tests/scenarios)\n```md\n[not a link](nowhere.md)\n```\n",
    "docs/deep/page.md": "[ledger](../ledger.md)\n",
    "docs/scenarios.md": "# Scenarios\n",
    "docs/examples/own.md": "[no page](nothing.md)\n",
    "rates/README.md": "# Cards\n",
    "rates/mimo/a.toml": "a = 1\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in PAGES.items():
        (tmp_path / "root" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "root" / name).write_text(text)
    return tmp_path / "root"


def test_links_lead_to_the_same_pages_in_the_site(root: Path, tmp_path: Path) -> None:
    built = tmp_path / "built"
    assert site.assemble(root, built) == ["deep/page.md", "index.md", "ledger.md", "rate-cards.md", "scenarios.md"]
    assert (built / "index.md").read_text() == (
        "[cards](rate-cards.md) [ledger](ledger.md#rules) [a card](files/rates/mimo/a.toml) [out](https://example.org/x)\n"
    )
    assert (built / "files/rates/mimo/a.toml").read_text() == "a = 1\n"
    assert (built / "ledger.md").read_text().startswith("[home](index.md) [here](#rules) [made](scenarios.md)\n")
    assert "[not a link](nowhere.md)" in (built / "ledger.md").read_text()
    assert (built / "deep/page.md").read_text() == "[ledger](../ledger.md)\n"


def test_every_link_that_leads_nowhere_is_named(root: Path, tmp_path: Path) -> None:
    (root / "docs/deep/page.md").write_text("[a](gone.md) [b](../../tools)\n")
    with pytest.raises(site.BrokenLink) as caught:
        site.assemble(root, tmp_path / "built")
    assert str(caught.value).splitlines() == [
        "docs/deep/page.md: gone.md leads to nothing",
        "docs/deep/page.md: ../../tools leads to nothing",
    ]


def test_the_links_of_this_repository_lead_somewhere(tmp_path: Path) -> None:
    assert "index.md" in site.assemble(site.ROOT, tmp_path)


def test_every_page_is_in_the_sites_navigation() -> None:
    named = re.findall(r"[\w/.-]+\.md\b", (site.ROOT / "mkdocs.yml").read_text("utf-8"))
    assert sorted(named) == sorted(site.places(site.ROOT).values())


def heading_of(page: Path) -> str:
    """A page's title, as text; a notebook's stands in its first cell."""
    text = page.read_text("utf-8")
    if page.suffix == ".ipynb":
        text = "".join(json.loads(text)["cells"][0]["source"])
    return next(line for line in text.splitlines() if line.startswith("# ")).removeprefix("# ").replace("`", "")


def test_the_navigation_calls_a_page_what_it_calls_itself() -> None:
    nav = (site.ROOT / "mkdocs.yml").read_text("utf-8").partition("\nnav:\n")[2]
    named = {place: label.strip('"') for label, place in re.findall(r"- (.+): ([\w/.-]+\.md)$", nav, re.MULTILINE)}
    assert named.pop("index.md") == "Home"
    pages = {place: page for page, place in site.places(site.ROOT).items()}
    assert {place: heading_of(site.ROOT / pages[place]) for place in named} == named
