"""API keys: shown once, hashed at rest, revoked at once."""

from __future__ import annotations

import re

import pytest
from billing_backend import command, keys
from billing_backend.tables import metadata
from sqlalchemy import select

pytestmark = pytest.mark.beyond_core


def run(monkeypatch, capsys, url: str, *arguments: str) -> tuple[int, str, str]:
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(SystemExit) as ended:
        command.main(list(arguments))
    printed = capsys.readouterr()
    return ended.value.code, printed.out, printed.err


def test_a_key_is_made_used_listed_without_being_shown_and_revoked(service, monkeypatch, capsys):
    code, out, err = run(monkeypatch, capsys, service.url, "create-key", "acme")
    key, name = out.strip(), re.search(r"key (\w+) of tenant acme", err)[1]
    assert (code, len(key)) == (0, len("mck_") + 43)
    headers = {"Authorization": f"Bearer {key}"}
    assert service.http.get("/accounts", headers=headers).status_code == 200
    _, listed, _ = run(monkeypatch, capsys, service.url, "keys")
    assert listed.startswith(f"{name} acme created ")
    assert key not in listed
    refused = run(monkeypatch, capsys, service.url, "revoke-key", key)
    assert (refused[0], "give its name, from `keys`" in refused[2], key in refused[2]) == (2, True, False)
    assert run(monkeypatch, capsys, service.url, "revoke-key", name)[0] == 0
    assert service.http.get("/accounts", headers=headers).status_code == 401
    assert run(monkeypatch, capsys, service.url, "revoke-key", name)[0] == 1


def test_two_keys_of_a_tenant_open_the_same_and_end_apart(service, acme, new_client):
    acme.subscribed("ada")
    with service.engine.begin() as connection:
        key, name = keys.create_key(connection, "acme")
    newer = new_client(service.http, key)
    assert newer.get("/accounts").json()["items"] == ["ada"]
    with service.engine.begin() as connection:
        assert keys.revoke_key(connection, name)
    assert newer.get("/accounts").status_code == 401
    assert acme.get("/accounts").status_code == 200


def test_no_key_stands_in_the_database(service, acme):
    acme.subscribed("ada")
    with service.engine.connect() as connection:
        kept = [str(row) for table in metadata.sorted_tables for row in connection.execute(select(table))]
    assert len(kept) > 3
    assert not [row for row in kept if acme.key in row or acme.key.removeprefix("mck_") in row]


@pytest.mark.parametrize("tenant", ["", "a/b", "Acme", "-a", "a" * 41, "a\n"])
def test_a_tenant_whose_id_could_be_taken_for_a_path_is_refused(service, monkeypatch, capsys, tenant):
    assert run(monkeypatch, capsys, service.url, "create-key", "--", tenant)[0] == 2
    with service.engine.connect() as connection:
        assert keys.list_keys(connection) == []
