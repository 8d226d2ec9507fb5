"""The documentation site in a real browser: every page opens without an error, every link leads somewhere, and what a
notebook shows of a quote is seen.

Chromium is started with everything off that would talk to the network. Pages come from a server of the test's own.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

import pytest

from mimo_credits import Usage, load_card, quote
from tools import site

pytestmark = pytest.mark.beyond_core

MAIN_PAGES = ["", "tutorial/", "planning/", "ledger/", "reference/ledger/", "sources/", "may-2026/"]
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--virtual-time-budget=8000",
    "--enable-logging=stderr",
]
_SAID = re.compile(r":(ERROR|INFO|WARNING):CONSOLE[^\"]*\"(.*)\", source:")


class Seen(NamedTuple):
    """What a browser made of a page: its document when all was quiet, and the errors on its console."""

    document: str
    errors: list[str]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="session")
def chromium() -> str:
    found = shutil.which("chromium")
    assert found is not None, "this test needs chromium: apt-get install chromium"
    return found


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return site.build(site.ROOT, tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="session")
def address(built: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(built))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def browse(chromium: str, tmp_path: Path):
    def opened(url: str, *options: str) -> Seen:
        command = [chromium, *QUIET, f"--user-data-dir={tmp_path}", *options, "--dump-dom", url]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
        errors = [said for kind, said in _SAID.findall(ran.stderr) if kind == "ERROR" or "rror" in said]
        return Seen(ran.stdout, errors)

    return opened


class Links(HTMLParser):
    """Where a page's links lead, and the places in it that a link can lead to."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.places: set[str] = set()
        self.feed(document)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        for name in ("href", "src"):
            if (link := given.get(name)) is not None:
                self.links.append(link)
        self.places |= {place for name in ("id", "name") if (place := given.get(name))}


@pytest.mark.parametrize("options", [(), ("--blink-settings=preferredColorScheme=0",), ("--window-size=400,800",)])
@pytest.mark.parametrize("page", MAIN_PAGES)
def test_a_main_page_opens_without_an_error(browse, address: str, page: str, options: tuple[str, ...]) -> None:
    seen = browse(address + page, *options)
    assert "<h1" in seen.document
    assert seen.errors == []


def test_an_error_on_the_console_would_be_seen(browse, address: str, built: Path) -> None:
    (built / "broken.html").write_text("<h1>x</h1><script>console.error('planted error'); nothing.here</script>")
    assert len(browse(address + "broken.html").errors) == 2


def test_no_link_of_any_page_is_broken(built: Path) -> None:
    pages = {
        page: Links(page.read_text("utf-8")) for page in sorted(built.rglob("*.html")) if page.name == "index.html"
    }
    assert len(pages) > 20
    broken = [
        f"{page.relative_to(built)}: {link}"
        for page, found in pages.items()
        for link in found.links
        if not leads(link, page, built, pages)
    ]
    assert broken == []


def leads(link: str, page: Path, built: Path, pages: dict[Path, Links]) -> bool:
    """Whether a link is to something that is there; links to other hosts are not followed."""
    here = f"http://site/{page.parent.relative_to(built).as_posix()}/"
    target = urlsplit(urljoin(here, link))
    if target.netloc != "site":
        return True
    path = built / unquote(target.path).lstrip("/")
    path = path / "index.html" if path.is_dir() else path
    if not path.is_file():
        return False
    return not target.fragment or path not in pages or unquote(target.fragment) in pages[path].places


def test_nothing_is_fetched_from_elsewhere(built: Path) -> None:
    for page in built.rglob("*.html"):
        fetched = re.findall(r'<(?:script|img|link|iframe)[^>]+(?:src|href)="(https?:)?//', page.read_text("utf-8"))
        assert fetched == [], page


@pytest.mark.parametrize(
    ("page", "field"),
    [
        ("pricing", "input_tokens: int = 0"),  # of a dataclass
        ("pricing", "sha256: str"),  # of a named tuple
        ("cards", "effective_from: datetime"),  # of a part of a card
        ("planning", "observed_since: datetime | None = None"),  # of a function called as its module is
    ],
)
def test_the_reference_shows_fields_with_their_types(built: Path, page: str, field: str) -> None:
    text = re.sub(r"<[^>]+>", "", (built / "reference" / page / "index.html").read_text("utf-8"))
    assert field in text


@pytest.mark.parametrize("options", [(), ("--blink-settings=preferredColorScheme=0",)])
def test_a_quotes_html_shows_its_total(browse, address: str, built: Path, options: tuple[str, ...]) -> None:
    request = Usage("mimo-v2.5-pro", input_tokens=86_790, cached_tokens=86_000, output_tokens=305)
    shown = quote(load_card("2026-05-27"), request)._repr_html_()
    # The text that can be seen, as the browser lays it out, becomes the title.
    script = "<script>document.title = document.body.innerText.replace(/\\s+/g, ' ')</script>"
    (built / "quote.html").write_text(f"<!doctype html><meta charset=utf-8><body>{shown}{script}", "utf-8")
    seen = browse(address + "quote.html", *options)
    title = re.search(r"<title>(.*?)</title>", seen.document, re.DOTALL)
    assert title is not None
    assert "Card 2026-05-27.1 (sha256 947d3916b02c)" in title[1]
    assert "total 635,000" in title[1]
    assert seen.errors == []
