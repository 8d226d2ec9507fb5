"""The statement as a page, in a real browser: it opens without an error, the total is seen, and nothing planted runs."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

pytestmark = pytest.mark.beyond_core

PLANTED = "<img src=x onerror=\"document.title='planted'; console.error('planted')\">"
QUIET = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-first-run", "--virtual-time-budget=5000"),
    "--enable-logging=stderr",
]
_SAID = re.compile(r":(ERROR|WARNING):CONSOLE[^\"]*\"(.*)\", source:")


@pytest.fixture
def address(service) -> Iterator[str]:
    """The service on loopback, as a browser needs it."""
    server = uvicorn.Server(uvicorn.Config(service.app, port=0, lifespan="off", log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    until = time.monotonic() + 20
    while not server.started and time.monotonic() < until:
        time.sleep(0.02)
    yield f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def planted(acme, response) -> str:
    """The path of an account whose name, hold and grant are markup; its usage costs 635,000 credits."""
    acme.post("/accounts", {"id": "ada", "name": PLANTED})
    acme.post("/accounts/ada/subscribe", {"tier": "lite"})
    acme.post("/accounts/ada/grants", {"credits": "7", "label": PLANTED}, key="<img/src=x/onerror=console.error(1)>")
    usage = {"prompt_tokens": 86_790, "completion_tokens": 305, "prompt_tokens_details": {"cached_tokens": 86_000}}
    acme.post("/accounts/ada/usage", {**response("<script>console.error('planted')</script>"), "usage": usage})
    return "/accounts/ada/statement.html"


@pytest.mark.parametrize("options", [(), ("--blink-settings=preferredColorScheme=0",), ("--window-size=400,800",)])
def test_a_browser_shows_the_total_and_nothing_planted_runs(service, acme, address, planted, options, tmp_path: Path):
    if service.engine.dialect.name != "sqlite":
        return  # a page is a page
    chromium = shutil.which("chromium")
    assert chromium is not None, "this test needs chromium: apt-get install chromium"
    command = [chromium, *QUIET, f"--user-data-dir={tmp_path}", *options, "--dump-dom"]
    url = f"http://x:{acme.key}@{address}{planted}"
    seen = subprocess.run([*command, url], capture_output=True, text=True, timeout=120, check=True)
    assert "<title>&lt;img src=x onerror=" in seen.stdout
    assert "635,000" in seen.stdout
    assert "<img" not in seen.stdout
    assert "<script" not in seen.stdout
    assert _SAID.findall(seen.stderr) == []


def test_every_planted_text_is_escaped_and_scripts_are_forbidden(acme, planted):
    answer = acme.http.get(planted, auth=("x", acme.key))
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.text.count("&lt;img") >= 3
    assert acme.get(planted).content == answer.content
    assert "<img" not in answer.text
    assert "<script" not in answer.text


def test_an_account_without_a_plan_has_a_page_too(acme):
    acme.post("/accounts", {"id": "new", "name": "{new}"})
    answer = acme.http.get("/accounts/new/statement.html", auth=("x", acme.key))
    assert answer.status_code == 200
    assert "<h1>{new}</h1>" in answer.text
