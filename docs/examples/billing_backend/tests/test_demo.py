"""The sample data of a first look: on any day, whatever cards are in force, and as often as it is started."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from billing_backend import clock
from billing_backend.demo import demonstrate

from mimo_credits import load_book
from mimo_credits.sql import open_ledger

pytestmark = pytest.mark.beyond_core

DAYS = [None, datetime(2026, 6, 2, tzinfo=UTC), datetime(2026, 10, 22, tzinfo=UTC)]
"""Today, and days soon after a card that sells other models than the one before."""


@pytest.mark.parametrize("day", DAYS, ids=["today", "june", "october"])
def test_what_it_prints_can_be_tried(database_url, new_service, new_client, monkeypatch, capsys, day):
    if day is not None:
        monkeypatch.setattr(clock, "now", lambda: day)
    service = new_service(database_url, load_book())
    service.now = clock.now()
    older = None
    for _ in range(2):
        demonstrate(service.engine, "127.0.0.1", 8000)
        printed = capsys.readouterr().out
        client = new_client(service.http, re.search(r"mck_[\w-]+", printed)[0])
        account = client.get("/accounts/ada").json()
        assert older is None or older.get("/accounts").status_code == 401
        older = client
        assert (account["plan"]["tier"], int(account["pool"]["used"]) > 0) == ("lite", True)
        assert client.http.get("/accounts/ada/statement.html", auth=("x", client.key)).status_code == 200
    model = re.search(r'"model": "([^"]+)"', printed)[1]
    assert model in load_book().at(clock.now()).models
    with service.engine.connect() as connection:
        assert open_ledger(connection, load_book()).verify("demo/ada") == ()
    service.engine.dispose()
