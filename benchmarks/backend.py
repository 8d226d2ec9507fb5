"""The billing backend under load, on SQLite and on PostgreSQL: `make bench-backend`. Prints, and writes nothing.

The clients are in this process and the service in others, all on this machine: they share its processors.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from billing_backend import keys
from billing_backend.engines import open_engine
from billing_backend.tables import prepare
from load_run import run
from serving import Served

from tools.postgres import Postgres


def measure(name: str, url: str, workers: int, clients: int, turns: int) -> None:
    """One run, and a line about it."""
    engine = open_engine(url)
    with engine.begin() as connection:
        prepare(connection)
        key, _ = keys.create_key(connection, f"bench-{workers}-{clients}")
    engine.dispose()
    with Served(url, workers) as served:
        wrong, waits, seconds = run(served.address, key, clients, turns)
    p50, p99 = (1_000 * waits[len(waits) * share // 100] for share in (50, 99))
    print(f"{name}, {workers} workers, {clients} clients:", end=" ")
    print(f"{len(waits) / seconds:.0f} requests a second, p50 {p50:.1f} ms, p99 {p99:.1f} ms")
    print("  ", *(wrong or ["nothing lost, nothing twice, nothing overspent"]))


def main() -> None:
    """SQLite and PostgreSQL, with few clients and with many."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--turns", type=int, default=100, help="of each client; a turn is one to four requests")
    turns = parser.parse_args().turns
    with tempfile.TemporaryDirectory() as folder, Postgres() as server:
        for clients in (1, 8, 32):
            for name, url, workers in (
                ("SQLite", f"sqlite:///{Path(folder) / 'billing.db'}", 1),
                ("PostgreSQL", server.url(), 1),
                ("PostgreSQL", server.url(), 2),
            ):
                measure(name, url, workers, clients, turns * 8 // clients)


if __name__ == "__main__":
    main()
