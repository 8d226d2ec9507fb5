"""opencode's messages, in files and in its database."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from mimo_credits.logs import UnknownLog, UnreadableLog, read_log
from tests.logs.reading_samples import SAMPLES, malformed, record, records, requests_of, skipped

STORE = SAMPLES / "opencode"
MESSAGES = STORE / "storage" / "message" / "ses_6a01"
BEGAN = 1_780_372_800_000
PRO = "mimo-v2.5-pro"

REQUESTS = {
    # 1,500 new and 8,000 from the cache; the total says that 120 tokens of reasoning stand beside 200 of output
    record(f"{PRO} {BEGAN + 250}-{BEGAN + 9_000}", "2026-06-02T04:00:00.250", PRO, 9_500, 8_000, 320),
    # of an early version: the reasoning inside the output, 40 tokens written to the cache, and a step before the last
    record(f"{PRO} {BEGAN + 20_000}-{BEGAN + 29_000} step 1", "2026-06-02T04:00:20", PRO, 8_000, 6_000, 80),
    record(f"{PRO} {BEGAN + 20_000}-{BEGAN + 29_000}", "2026-06-02T04:00:20", PRO, 9_540, 9_000, 300),
    record(
        f"openrouter/xiaomi/mimo-v2-flash {BEGAN + 40_000}-{BEGAN + 49_000}",
        "2026-06-02T04:00:40",
        "openrouter/xiaomi/mimo-v2-flash",
        *(500, 0, 300),
    ),
}

TABLES = """
    CREATE TABLE session (id text PRIMARY KEY, directory text NOT NULL);
    CREATE TABLE message (id text PRIMARY KEY, session_id text NOT NULL, time_created integer NOT NULL,
        time_updated integer NOT NULL, data text NOT NULL);
    CREATE TABLE part (id text PRIMARY KEY, message_id text NOT NULL, session_id text NOT NULL,
        time_created integer NOT NULL, time_updated integer NOT NULL, data text NOT NULL);
"""
NEWER = """
    CREATE TABLE session_message (id text PRIMARY KEY, session_id text NOT NULL, type text NOT NULL,
        time_created integer NOT NULL, time_updated integer NOT NULL, data text NOT NULL);
"""


def message(**other: object) -> dict[str, object]:
    tokens = {"input": 10, "output": 5, "reasoning": 0, "cache": {"read": 0, "write": 0}}
    time = {"created": BEGAN, "completed": BEGAN + 1}
    known = {"id": "msg_1", "sessionID": "ses_1", "role": "assistant", "providerID": "xiaomi", "modelID": "mimo-v2.5"}
    return {**known, "time": time, "tokens": tokens, **other}


def tokens(*, total: int | None = None, **other: int) -> dict[str, object]:
    named = {"input": 10, "output": 50, "reasoning": 20, "cache": {"read": 100, "write": 3}, **other}
    return named if total is None else {"total": total, **named}


def less(document: dict[str, object], *names: str) -> str:
    return json.dumps({name: value for name, value in document.items() if name not in names})


def database(path: Path, script: str = TABLES) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    connection.executescript(script)
    return connection


def migrated(path: Path) -> None:
    """The sample's files as opencode's own migration writes them to the tables."""
    with closing(database(path)) as connection:
        for file in MESSAGES.glob("*.json"):
            one = json.loads(file.read_text())
            row = (one["id"], one["sessionID"], 0, 0, less(one, "id", "sessionID"))
            connection.execute("INSERT INTO message VALUES (?, ?, ?, ?, ?)", row)
        for file in STORE.glob("storage/part/*/*.json"):
            one = json.loads(file.read_text())
            row = (one["id"], one["messageID"], one["sessionID"], 0, 0, less(one, "id", "messageID", "sessionID"))
            connection.execute("INSERT INTO part VALUES (?, ?, ?, ?, ?, ?)", row)
        connection.commit()


def test_a_store_of_files_holds_these_requests():
    assert requests_of(STORE) == REQUESTS
    reasons = [why.partition(",")[0] for why in skipped(read_log(str(STORE)))]
    assert sorted(reasons) == ["an answer without tokens", "no answer of a model"]


def test_the_database_holds_the_same_and_both_together_too(tmp_path):
    path = tmp_path / "opencode.db"
    migrated(path)
    assert requests_of(path) == REQUESTS
    assert requests_of(path, STORE) == requests_of(STORE, path) == REQUESTS
    assert requests_of(tmp_path) == REQUESTS


def test_a_message_away_from_its_store_is_its_last_step(tmp_path):
    alone = tmp_path / "a" / "b" / "one.json"
    alone.parent.mkdir(parents=True)
    shutil.copy(MESSAGES / "msg_6a02.json", alone)
    assert [one.usage.output_tokens for one in requests_of(alone)] == [300]
    assert requests_of(alone, STORE) == REQUESTS


def test_a_forked_session_holds_the_same_requests_under_other_ids(log):
    fork = message(id="msg_2", sessionID="ses_2")
    later = message(id="msg_3", time={"created": BEGAN, "completed": BEGAN + 2})
    assert len(requests_of(log(message(), fork))) == 1
    assert len(requests_of(log(message(), later))) == 2


@pytest.mark.parametrize(
    ("said", "output"),
    [
        (tokens(), 50),
        (tokens(total=163), 50),
        (tokens(total=183), 70),
        (tokens(total=999, reasoning=0), 50),
    ],
    ids=["early versions: inside", "the total is without it: inside", "the total is with it: apart", "none of it"],
)
def test_reasoning_is_output_once(log, said, output):
    (one,) = requests_of(log(message(tokens=said)))
    assert (one.usage.input_tokens, one.usage.cached_tokens, one.usage.output_tokens) == (113, 100, output)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (
            message(tokens=tokens(total=170)),
            "tokens.total: 170 is neither the sum with the reasoning apart nor the one without",
        ),
        (message(modelID=None), "modelID: is missing"),
        (message(providerID=3), "providerID: needs a text, not 3"),
        (message(time={}), "created: is missing"),
        (message(time={"created": 10**18}), f"created: {10**18} is not an instant in milliseconds since 1970"),
        (
            message(time={"created": -1}),
            "created: 1969-12-31T23:59:59.999000+00:00 lies outside the years 1970 to 8999",
        ),
        (message(tokens=tokens(input=1.5)), "input: needs a whole number, not 1.5"),
        (message(tokens=tokens(output=-5)), "output_tokens: is negative: -5"),
        (message(tokens={**tokens(), "cache": 3}), "cache: needs a JSON object, not 3"),
    ],
)
def test_a_message_that_cannot_be_right_is_named(log, bad, why):
    assert malformed(read_log(str(log(message(), bad)))) == [(2, why)]


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("xiaomi", "mimo-v2.5"),
        ("xiaomi-token-plan-cn", "mimo-v2.5"),
        ("MiMo", "mimo-v2.5"),
        ("openrouter", "openrouter/mimo-v2.5"),
        ("work", "work/mimo-v2.5"),
    ],
)
def test_a_model_of_another_provider_keeps_the_providers_name(log, provider, model):
    assert [one.usage.model for one in requests_of(log(message(providerID=provider)))] == [model]


def test_a_damaged_part_is_named_by_its_message(tmp_path):
    store = tmp_path / "store"
    shutil.copytree(STORE, store)
    (store / "storage/part/msg_6a02/prt_6b02.json").write_text('{"type": "step-finish", ')
    told = list(read_log(str(store)))
    assert [why.partition(":")[0] for _, why in malformed(told)] == ["is not JSON"]
    assert len(records(told)) == len(REQUESTS) - 2


@pytest.mark.parametrize("name", ["../msg_1", "a/b", "", "nul\0", 7])
def test_an_id_that_is_no_name_of_a_folder_is_looked_up_nowhere(log, name):
    assert len(requests_of(log(message(id=name)))) == 1


def test_an_id_cannot_lead_out_of_the_store(tmp_path):
    path = tmp_path / "storage/message/ses_1/msg_1.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(message(id="../../outside")))
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "storage/part").mkdir()
    for number in (1, 2):
        (outside / f"prt_{number}.json").write_text(json.dumps({"type": "step-finish", "tokens": tokens()}))
    assert len(requests_of(path)) == 1


# --- databases --------------------------------------------------------------------------------------------------------


def test_newer_versions_keep_messages_in_another_table(tmp_path):
    """A row of the true shape; a session that the older table has too is read only there."""
    path = tmp_path / "opencode.db"
    row = {
        "agent": "build",
        "model": {"id": "mimo-v2.5-pro", "providerID": "xiaomi"},
        "content": [],
        "tokens": tokens(),
        "time": {"created": BEGAN, "completed": BEGAN + 5},
    }
    with closing(database(path, TABLES + NEWER)) as connection:
        insert = "INSERT INTO session_message VALUES (?, ?, ?, 0, 0, ?)"
        connection.execute(insert, ("evt_1", "ses_9", "assistant", json.dumps(row)))
        connection.execute(insert, ("evt_2", "ses_9", "user", json.dumps({"text": "…"})))
        both = {**row, "time": {"created": BEGAN + 1, "completed": BEGAN + 5}}
        connection.execute(insert, ("evt_3", "ses_1", "assistant", json.dumps(both)))
        older = less(message(), "id", "sessionID")
        connection.execute("INSERT INTO message VALUES ('msg_1', 'ses_1', 0, 0, ?)", (older,))
        connection.commit()
    newer = record(f"{PRO} {BEGAN}-{BEGAN + 5}", "2026-06-02T04:00:00", PRO, 113, 100, 70)
    assert requests_of(path) == {
        newer,
        record(f"mimo-v2.5 {BEGAN}-{BEGAN + 1}", "2026-06-02T04:00:00", "mimo-v2.5", 10, 0, 5),
    }
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("DROP TABLE message; DROP TABLE part")
    assert newer in requests_of(path)
    assert len(requests_of(path)) == 2


def test_rows_that_cannot_be_right_are_named_by_their_number(tmp_path):
    path = tmp_path / "opencode.db"
    with closing(database(path)) as connection:
        insert = "INSERT INTO message VALUES (?, 'ses_1', 0, 0, ?)"
        good = less(message(), "id", "sessionID")
        for number, data in enumerate([good, "{", 7, "[]", b"\xff"]):
            connection.execute(insert, (f"msg_{number}", data))
        connection.commit()
    assert malformed(read_log(str(path))) == [
        (2, "is not JSON: Expecting property name enclosed in double quotes at column 2"),
        (3, "data: needs a JSON object, not int"),
        (4, "data: needs a JSON object, not list"),
        (5, "is not UTF-8 text"),
    ]


def test_a_table_without_parts_and_a_message_without_a_name_are_read(tmp_path):
    path = tmp_path / "opencode.db"
    with closing(database(path, "CREATE TABLE message (id, session_id, data)")) as connection:
        connection.execute("INSERT INTO message VALUES (NULL, NULL, ?)", (less(message(), "id", "sessionID"),))
        connection.execute("INSERT INTO message VALUES (NULL, NULL, 7)")
        connection.commit()
    told = list(read_log(str(path)))
    assert len(records(told)) == 1
    assert malformed(told) == [(2, "holds no text where a message would be right")]


def test_another_database_is_of_an_unknown_shape(tmp_path):
    path = tmp_path / "other.db"
    database(path, "CREATE TABLE orders (id); CREATE TABLE clients (id)").close()
    with pytest.raises(UnknownLog, match="a database with the tables clients, orders"):
        list(read_log(str(path)))


def test_a_database_with_other_columns_or_damage_cannot_be_read(tmp_path):
    path = tmp_path / "opencode.db"
    database(path, "CREATE TABLE message (id, text)").close()
    with pytest.raises(UnreadableLog, match=r"the database cannot be read \(no such column: data\)"):
        list(read_log(str(path)))
    path.write_bytes(path.read_bytes()[:100] + b"damage" * 2000)
    with pytest.raises(UnreadableLog, match="the database cannot be read"):
        list(read_log(str(path)))


def test_reading_leaves_a_database_as_it_is(tmp_path):
    path = tmp_path / "opencode.db"
    migrated(path)
    before = path.read_bytes()
    list(read_log(str(path)))
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["opencode.db"]
