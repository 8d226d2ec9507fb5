"""The command says in one line what is wrong with its database, and verifies the one that is meant."""

from __future__ import annotations

import json
import logging
import socket

import pytest
from billing_backend import command
from billing_backend.engines import masked
from billing_backend.log import start_log
from sqlalchemy import delete, text

from mimo_credits.sql import metadata

pytestmark = pytest.mark.beyond_core


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs a command on a database: its exit code, what it printed, and what it complained of."""

    def running(url: str, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setenv("DATABASE_URL", url)
        with pytest.raises(SystemExit) as ended:
            command.main(list(arguments))
        return (ended.value.code, *capsys.readouterr())

    return running


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "DATABASE_URL=nonsense cannot be used"),
        ("postgres://ada:secret@localhost/x", "DATABASE_URL=postgres://ada:***@localhost/x cannot be used"),
        ("postgresql+psycopg://ada:secret@localhost:port/x", "ada:***@localhost:port/x cannot be used"),
        ("postgresql+nodriver://localhost/x?password=secret", "x?password=*** cannot be used"),
        ("postgresql+psycopg://ada:sec/ret@127.0.0.1:1/x", "ada:***@"),
        ("postgresql+psycopg://ada:secret@127.0.0.1:1/x", "ada:***@127.0.0.1:1/x cannot be used"),
        ("mysql://localhost/x", "mysql://localhost/x cannot be used"),
        ("sqlite://", "in memory, nothing would be kept"),
        ("sqlite:///:memory:", "in memory, nothing would be kept"),
        ("sqlite:////no/such/folder/x.db", "unable to open database file"),
    ],
)
def test_a_wrong_url_is_one_line_with_what_is_right_and_no_password(run, url, said):
    code, _, complained = run(url, "prepare")
    assert (code, complained.count("\n")) == (2, 1), complained
    assert said in complained
    assert "postgresql+psycopg://user:password@host/database" in complained
    assert "sec" not in complained.replace("***", "")


@pytest.mark.parametrize("arguments", [("serve",), ("verify",), ("create-key", "acme"), ("keys",), ("forget",)])
def test_an_unprepared_database_is_refused_and_no_file_is_made(run, tmp_path, arguments):
    file = tmp_path / "mistyped.db"
    code, _, complained = run(f"sqlite:///{file}", *arguments)
    assert (code, file.exists()) == (2, False)
    assert "is not prepared: run `billing-backend prepare`" in complained


def test_a_table_that_is_missing_is_named_and_health_says_it_too(service, run):
    with service.engine.begin() as connection:
        connection.execute(text("DROP TABLE crossings"))
    code, _, complained = run(service.url, "keys")
    assert (code, "crossings: is missing" in complained) == (2, True)
    unwell = service.http.get("/health")
    assert (unwell.status_code, unwell.json()["code"]) == (503, "not-prepared")
    assert run(service.url, "prepare")[0] == 0
    assert service.http.get("/health").status_code == 200


def test_verify_names_its_database_and_a_database_without_accounts_is_a_warning(service, acme, run):
    code, printed, complained = run(service.url, "verify")
    assert (code, printed) == (1, f"{masked(service.url)}: 0 accounts, 0 problems\n")
    assert "is DATABASE_URL the service's?" in complained
    acme.subscribed("ada")
    assert run(service.url, "verify") == (0, f"{masked(service.url)}: 1 accounts, 0 problems\n", "")


def test_an_account_that_the_ledger_has_lost_is_reported_and_not_begun_anew(service, acme, response, run):
    path = acme.subscribed("ada")
    acme.subscribed("bob")
    acme.post("/accounts", {"id": "idle", "name": "nothing was done to it"})
    with service.engine.begin() as connection:
        lose(connection, "acme/ada")
    code, printed, complained = run(service.url, "verify")
    assert (code, complained) == (1, "acme/ada: the ledger had this account, and has lost it\n")
    assert printed.endswith(": 1 accounts, 1 problems\n")
    assert acme.post(f"{path}/subscribe", {"tier": "lite"}).status_code == 500


def lose(connection, name: str) -> None:
    """All that the ledger has of an account, gone, as by a restore that was not whole."""
    if connection.dialect.name == "sqlite":
        kept = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")).all()
        drops, triggers = [f"DROP TRIGGER {each.name}" for each in kept], [each.sql for each in kept]
    else:
        tables = ("mimo_commands", "mimo_entries", "mimo_bills")
        drops, triggers = (
            [f"ALTER TABLE {table} {turn} TRIGGER USER" for table in tables] for turn in ("DISABLE", "ENABLE")
        )
    for drop in drops:
        connection.execute(text(drop))
    for table in reversed(metadata.sorted_tables):
        key = table.c.id if table.name == "mimo_accounts" else table.c.account_id
        connection.execute(delete(table).where(key == name))
    for again in triggers:
        connection.execute(text(again))


@pytest.mark.parametrize("days", ["0", "-3", "x", "1000000000"])
def test_answers_of_today_are_not_forgotten_by_a_slip(service, acme, run, days):
    acme.subscribed("ada")
    assert run(service.url, "forget", f"--days={days}")[0] == 2
    assert run(service.url, "forget", "--days", "1")[:2] == (0, "2 answers forgotten\n")  # the test's clock is of June


@pytest.mark.parametrize("name", ["serve", "demo"])
def test_a_port_in_use_is_said_before_anything_is_promised(service, run, name):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, printed, complained = run(service.url, name, "--port", str(port))
    assert (code, printed) == (2, "")
    assert f"cannot listen on 127.0.0.1:{port}" in complained


def test_a_workers_death_is_a_warning(capsys):
    start_log()
    for message in ("Child process [7] died", "Waiting for child process [7]"):
        logging.getLogger("uvicorn.error").info(message)
    assert [json.loads(line)["level"] for line in capsys.readouterr().err.splitlines()] == ["warning", "info"]
