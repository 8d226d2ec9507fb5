"""The service as it is run: many clients from another process, killed in the middle, described and tried by strangers."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time

import pytest
import uvicorn
from billing_backend import command, keys
from billing_backend.engines import masked, open_engine, reading
from load_run import Client
from serving import EXAMPLE, Served, environment
from sqlalchemy import func, select

from mimo_credits.sql import metadata

pytestmark = pytest.mark.beyond_core

NOT_ASKED = ["positive_data_acceptance", "missing_required_header"]
"""Of Schemathesis: a request may be good and yet be refused by the ledger; and the API key is sent with every request."""


@pytest.fixture
def api_key(database_url: str) -> str:
    engine = open_engine(database_url)
    with engine.begin() as connection:
        key, _ = keys.create_key(connection, "load")
    engine.dispose()
    return key


def program(url: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *arguments],
        env=environment(url),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=EXAMPLE,
    )


def load(served: Served, api_key: str, turns: int) -> subprocess.Popen[str]:
    arguments = (served.address, api_key, "--clients", "8", "--turns", str(turns))
    return program(served.url, "load_run.py", *arguments)


def assert_done(run: subprocess.Popen[str]) -> None:
    printed, _ = run.communicate(timeout=300)
    assert run.returncode == 0, printed[-3_000:]
    assert "nothing lost, nothing twice, nothing overspent" in printed
    assert int(printed.split(" refused")[0].split()[-1]) > 0, "no hold was refused: the account was never full"


def assert_verified(url: str) -> None:
    run = program(url, "-m", "billing_backend", "verify")
    printed, _ = run.communicate(timeout=120)
    assert (run.returncode, printed) == (0, f"{masked(url)}: 22 accounts, 0 problems\n")


def test_many_clients_at_once(database_url, api_key):
    with Served(database_url, workers=1 if database_url.startswith("sqlite") else 2) as served:
        assert_done(load(served, api_key, turns=24))
    assert_verified(database_url)


def test_a_load_on_nothing_says_so_in_a_line():
    with socket.create_server(("127.0.0.1", 0)) as bound:
        port = bound.getsockname()[1]
    run = program("sqlite://", "load_run.py", f"http://127.0.0.1:{port}", "mck_x")
    printed, _ = run.communicate(timeout=60)
    said = f"load_run.py: http://127.0.0.1:{port}: no answer after 5 tries: is the service running?\n"
    assert (run.returncode, printed) == (2, said)


def test_killed_in_the_middle_and_started_again(database_url, api_key):
    with Served(database_url) as served:
        run = load(served, api_key, turns=48)
        for stored in (80, 200, 320, 440):
            wait_until_stored(database_url, stored, run)
            served.kill()
            served.start()
        assert_done(run)
    assert_verified(database_url)


def wait_until_stored(url: str, commands: int, run: subprocess.Popen[str]) -> None:
    """Returns while the load is at work: so many commands are stored, and many are to come."""
    engine = open_engine(url)
    count = select(func.count()).select_from(metadata.tables["mimo_commands"])
    stored = 0
    while stored < commands:
        assert run.poll() is None, "the load has ended before it could be disturbed"
        with reading(engine) as connection:
            stored = connection.scalar(count)
        time.sleep(0.01)
    engine.dispose()


def test_it_stops_cleanly_and_its_log_is_json(database_url):
    with Served(database_url) as served:
        code, log = served.stop()
    assert code in {0, 130, -2}
    lines = [json.loads(line) for line in log.splitlines()]
    assert lines[-1]["event"].startswith("Finished server process")


def test_what_several_workers_accept_is_sent_without_delay():
    """Or each answer takes 40 ms more: asyncio does not see that a socket shared by workers is TCP."""
    with command._bind_without_delay(uvicorn.Config("unused", port=0)) as listening:
        listening.listen()
        with socket.create_connection(listening.getsockname()[:2], timeout=5), listening.accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_strangers_who_know_only_its_description_find_no_hole(database_url, api_key, monkeypatch):
    """Schemathesis: requests good and bad, made from /openapi.json, and whether each answer is as described there."""
    if not database_url.startswith("sqlite"):
        return  # what is asked here is above the database
    with Served(database_url) as served:
        client = Client(served.address, api_key, patience=10)  # the account and the hold of the description's examples
        for path, body in (("", {"id": "ada", "name": "Ada"}), ("/ada/subscribe", {"tier": "lite"})):
            assert client.ask("POST", f"/accounts{path}", body, f"first{path}")[0] == 201
        assert client.ask("POST", "/accounts/ada/holds", {"id": "call-1", "credits": "5"}, "hold")[0] == 201
        client.close()
        asked = ("run", f"{served.address}/openapi.json", "--max-examples", "20")
        options = ("--header", f"Authorization: Bearer {api_key}", "--exclude-checks", ",".join(NOT_ASKED))
        monkeypatch.setenv("SCHEMATHESIS_HOOKS", "tests.fresh_keys")
        run = program(database_url, "-m", "schemathesis.cli", *asked, *options, "--generation-deterministic")
        printed, _ = run.communicate(timeout=300)
        assert run.returncode == 0, printed[-9_000:]
        _, log = served.stop()
    assert "unforeseen" not in log
    assert_verified_all(database_url)


def assert_verified_all(url: str) -> None:
    run = program(url, "-m", "billing_backend", "verify")
    printed, _ = run.communicate(timeout=120)
    assert run.returncode == 0, printed
