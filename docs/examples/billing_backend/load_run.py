"""A load run against a running service, and a check of what it stored: `python load_run.py http://127.0.0.1:8000 KEY`.

Clients at once record usage on one hot account and on many, hold on another hot account more than it has, settle and
release; some requests are sent twice with one key, some usage under two. Whatever breaks off or is told to come again
is sent again with the same key, until it is answered: a server may be killed in the middle. Afterwards the ledger must
hold each usage once, no hold may have been overspent, and the rates and waiting times are printed.

Needs an API key of a tenant of its own, and nothing beside `mimo_credits`.
"""

from __future__ import annotations

import argparse
import http.client
import json
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from mimo_credits import Account, Rated, charge, evolve, from_data, load_book
from mimo_credits.errors import PricingError
from mimo_credits.usage import Usage

HOT, HELD, OTHERS = "hot", "held", 20
ROOM = 15
"""So many holds fit into the hot account at a time, and the rest are refused."""


class Job(NamedTuple):
    """A request, and how often it is sent with its key."""

    path: str
    body: dict[str, Any] | None
    key: str
    times: int = 1


class Told(NamedTuple):
    """What a client was told: the status of each request by key, and how long each answer took, in seconds."""

    statuses: dict[str, int]
    seconds: list[float]
    wrong: list[str]


def some_model() -> str:
    """A model that the plan sells today."""
    card = load_book().at(datetime.now(UTC))
    for model in card.models:
        try:
            if charge(card, Usage(model, input_tokens=1, output_tokens=1)):
                return model
        except PricingError:
            continue
    raise LookupError(card.id)


def opening() -> list[Job]:
    """The accounts, each with a plan."""
    jobs = []
    for name in (HOT, HELD, *(f"other-{number}" for number in range(OTHERS))):
        jobs.append(Job("/accounts", {"id": name, "name": name}, f"open/{name}"))
        jobs.append(Job(f"/accounts/{name}/subscribe", {"tier": "lite"}, f"buy/{name}"))
    return jobs


def life(client: int, turns: int, model: str, hold: str) -> Iterator[Job]:
    """What one client sends."""
    for turn in range(turns):
        name = f"{client}.{turn}"
        account = HOT if turn % 2 else f"other-{(client * 7 + turn) % OTHERS}"
        usage = {"id": f"r-{name}", "model": model, "usage": {"prompt_tokens": 1_000, "completion_tokens": 10}}
        yield Job(f"/accounts/{account}/usage", usage, f"use/{name}", times=2 if turn % 5 == 0 else 1)
        if turn % 7 == 0:
            yield Job(f"/accounts/{account}/usage", usage, f"use-again/{name}")
        if turn % 3 == 0:
            yield Job(
                f"/accounts/{HELD}/holds", {"id": f"h-{name}", "credits": hold, "expires_in": 3_600}, f"hold/{name}"
            )
        if turn % 6 == 3:
            yield Job(f"/accounts/{HELD}/holds/h-{client}.{turn - 3}/settle", usage, f"settle/{name}")


class Client:
    """One connection, opened anew whenever it is lost."""

    def __init__(self, address: str, api_key: str, patience: float) -> None:
        self._host = urlsplit(address).netloc
        self._headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"}
        self._patience = patience
        self._connection: http.client.HTTPConnection | None = None

    def ask(self, method: str, path: str, body: object = None, key: str = "") -> tuple[int, bytes, float]:
        """The answer of the first attempt that is answered for good, and how long that attempt took."""
        until = time.monotonic() + self._patience
        while True:
            start = time.perf_counter()
            status, content = self._attempt(method, path, body, key)
            again = status in {0, 503} or (status == 409 and b'"in-progress"' in content)
            if not again or time.monotonic() > until:
                return status, content, time.perf_counter() - start
            time.sleep(0.02)

    def _attempt(self, method: str, path: str, body: object, key: str) -> tuple[int, bytes]:
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection(self._host, timeout=60)
            headers = {**self._headers, **({"Idempotency-Key": key} if key else {})}
            self._connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = self._connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            return 0, b""

    def close(self) -> None:
        """Ends the connection; the next request opens another."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def work(client: Client, jobs: Iterator[Job]) -> Told:
    """Sends the jobs one after another."""
    told = Told({}, [], [])
    for job in jobs:
        answers = [client.ask("POST", job.path, job.body, job.key) for _ in range(job.times)]
        status, content, _ = answers[0]
        told.statuses[job.key] = status
        told.seconds.extend(seconds for *_, seconds in answers)
        if any(each[:2] != (status, content) for each in answers):
            told.wrong.append(f"{job.key}: a retry was answered differently")
        if status not in {201, 402, 404}:
            told.wrong.append(f"{job.key}: {status} {content[:200]!r}")
    return told


def entries(client: Client, account: str) -> list[Any]:
    """All entries of an account."""
    found, after = [], -1
    while after is not None:
        status, content, _ = client.ask("GET", f"/accounts/{account}/entries?after={after}&limit=1000")
        assert status == 200, content
        page = json.loads(content)
        found += [from_data(item["entry"]) for item in page["items"]]
        after = page["next"]
    return found


def problems(client: Client, statuses: dict[str, int], clients: int, turns: int) -> Iterator[str]:
    """What was lost, doubled or overspent; nothing where all is right."""
    sent = [job for number in range(clients) for job in life(number, turns, "", "")]
    for account in (HOT, HELD, *(f"other-{number}" for number in range(OTHERS))):
        expected = set()
        for job in sent:
            stored = job.path.split("/")[2] == account and statuses.get(job.key) == 201
            if stored and job.body and job.key.startswith(("use", "settle")):
                expected.add(f"usage/{job.body['id']}")
        state, rated = Account(), []
        for entry in entries(client, account):
            state = evolve(state, entry)
            rated += [entry.id] if isinstance(entry, Rated) else []
            if state.remaining_millicredits < 0 or state.pots.overage:
                yield f"{account}: overspent at {entry}"
        if len(rated) != len(set(rated)):
            yield f"{account}: {len(rated) - len(set(rated))} were counted twice"
        if set(rated) != expected:
            yield f"{account}: lost {sorted(expected - set(rated))}, not asked for {sorted(set(rated) - expected)}"


def run(
    address: str, api_key: str, clients: int, turns: int, patience: float = 60
) -> tuple[list[str], list[float], float]:
    """What is wrong, all waiting times sorted, and how long the run took, in seconds."""
    model, first = some_model(), Client(address, api_key, patience)
    wrong = work(first, iter(opening())).wrong
    status, content, _ = first.ask("GET", f"/accounts/{HELD}")
    assert status == 200, content
    hold = str(int(json.loads(content)["pool"]["issued"]) // ROOM)
    told: list[Told] = []

    def one(number: int) -> None:
        with closing(Client(address, api_key, patience)) as client:
            told.append(work(client, life(number, turns, model, hold)))

    threads = [threading.Thread(target=one, args=(number,)) for number in range(clients)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - start
    statuses = {key: status for each in told for key, status in each.statuses.items()}
    wrong += [line for each in told for line in each.wrong]
    wrong += problems(first, statuses, clients, turns)
    first.close()
    held = sum(status == 201 for key, status in statuses.items() if key.startswith("hold/"))
    print(f"{len(statuses)} requests, {held} holds, {sum(status == 402 for status in statuses.values())} refused")
    return wrong, sorted(wait for each in told for wait in each.seconds), seconds


def why_not(address: str, api_key: str, tries: int = 5) -> str:
    """Why no load can be run there, in a line; empty where it can."""
    client = Client(address, api_key, patience=0)
    for _ in range(tries):
        status, _, _ = client.ask("GET", "/accounts?limit=1")
        if status not in {0, 503}:
            break
        time.sleep(0.5)
    client.close()
    if status == 0:
        return f"{address}: no answer after {tries} tries: is the service running?"
    return "" if status == 200 else f"{address}: answers {status}: is it the service, and is the key in use?"


def main() -> None:
    """Prints requests a second and the waiting times; exits with 1 if anything was lost, doubled or overspent."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("address")
    parser.add_argument("key")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--turns", type=int, default=50, help="of each client; a turn is one to four requests")
    asked = parser.parse_args()
    if reason := why_not(asked.address, asked.key):
        print(f"load_run.py: {reason}", file=sys.stderr)
        sys.exit(2)
    wrong, waits, seconds = run(asked.address, asked.key, asked.clients, asked.turns)
    p50, p99 = waits[len(waits) // 2], waits[len(waits) * 99 // 100]
    print(f"{len(waits) / seconds:.0f} requests a second, p50 {p50 * 1000:.1f} ms, p99 {p99 * 1000:.1f} ms")
    print("\n".join(wrong) or "nothing lost, nothing twice, nothing overspent")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
