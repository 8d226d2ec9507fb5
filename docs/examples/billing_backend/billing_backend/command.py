"""The command `billing-backend`: prepare the database, serve, keep keys, verify the ledger, forget old answers."""

from __future__ import annotations

import argparse
import re
import socket
import sys
from datetime import timedelta
from pathlib import Path

import uvicorn
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from billing_backend import clock, keys
from billing_backend.accounts import lost_accounts
from billing_backend.demo import demonstrate
from billing_backend.engines import masked, open_engine, reading, unusable
from billing_backend.handlers import said_by
from billing_backend.idempotency import forget
from billing_backend.log import start_log
from billing_backend.names import TENANT
from billing_backend.settings import SettingError, from_environment
from billing_backend.tables import missing, prepare
from mimo_credits import load_book
from mimo_credits.errors import SchemaMismatch
from mimo_credits.sql import open_ledger


def main(arguments: list[str] | None = None) -> None:
    """Runs one command on the database of `DATABASE_URL` (`sqlite:///billing.db` where it is not set)."""
    asked = _parser().parse_args(arguments)
    try:
        url = from_environment().database_url
        engine = open_engine(url)
    except SettingError as error:
        sys.exit(_unable(error))
    try:
        sys.exit(asked.run(engine, asked) if asked.run in {_prepare, _demo} else _on_prepared(engine, asked))
    except DBAPIError as error:
        sys.exit(_unable(f"{unusable(url)} ({said_by(error)})"))
    except SchemaMismatch as error:
        sys.exit(_unable(error))
    finally:
        engine.dispose()


def _on_prepared(engine: Engine, asked: argparse.Namespace) -> int:
    """Runs a command on a database that is ready for it; does not make a file where SQLite has none."""
    file = engine.url.database or ""
    if engine.dialect.name == "sqlite" and not file.startswith("file:") and not Path(file).exists():
        lacking = ["there is no such file"]
    else:
        with reading(engine) as connection:
            lacking = missing(connection)
    if lacking:
        return _unable(f"{_shown(engine)} is not prepared: run `billing-backend prepare` ({lacking[0]})")
    run: int = asked.run(engine, asked)
    return run


def _unable(why: object) -> int:
    print(f"billing-backend: {why}", file=sys.stderr)
    return 2


def _shown(engine: Engine) -> str:
    return masked(engine.url.render_as_string(hide_password=False))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="billing-backend", description=main.__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser("prepare", help="make the tables that are missing").set_defaults(run=_prepare)
    serve = commands.add_parser("serve", help="serve, until Ctrl-C")
    demo = commands.add_parser("demo", help="prepare, add sample data, and serve")
    for each, run in ((serve, _serve), (demo, _demo)):
        each.add_argument("--host", default="127.0.0.1", help="default: this machine only")
        each.add_argument("--port", type=_port, default=8000)
        each.set_defaults(run=run)
    serve.add_argument("--workers", type=int, default=1, help="processes")
    create = commands.add_parser("create-key", help="make an API key, and show it this once")
    create.add_argument("tenant", help="letters, digits and hyphens; made if it is new")
    create.set_defaults(run=_create_key)
    commands.add_parser("keys", help="list the keys: names, never the keys").set_defaults(run=_keys)
    revoke = commands.add_parser("revoke-key", help="from now on the key opens nothing")
    revoke.add_argument("name")
    revoke.set_defaults(run=_revoke_key)
    commands.add_parser("verify", help="verify every account; 1 if anything is wrong, or there is none").set_defaults(
        run=_verify
    )
    old = commands.add_parser("forget", help="delete answers kept for retries")
    old.add_argument("--days", type=_days, default=30, help="older than this (30), at least 1")
    old.set_defaults(run=_forget)
    return parser


def _port(text: str) -> int:
    port = int(text)
    if not 0 < port < 2**16:
        raise argparse.ArgumentTypeError("needs a number from 1 to 65535")
    return port


def _days(text: str) -> int:
    days = int(text)
    if not 1 <= days <= 36_500:
        raise argparse.ArgumentTypeError("needs a whole number of days, from 1 to 36500")
    return days


def _prepare(engine: Engine, _asked: argparse.Namespace) -> int:
    with engine.begin() as connection:
        prepare(connection)
    print("prepared", _shown(engine))
    return 0


def _serve(_engine: Engine, asked: argparse.Namespace) -> int:
    if _taken(asked):
        return 2
    start_log()
    uvicorn.Config.bind_socket = _bind_without_delay  # type: ignore[assignment, method-assign]
    uvicorn.run(
        "billing_backend.app:served",
        factory=True,
        host=asked.host,
        port=asked.port,
        workers=asked.workers,
        server_header=False,
        log_config=None,
        access_log=False,
        lifespan="off",  # nothing is opened or closed with the app
        timeout_graceful_shutdown=10,
        timeout_worker_healthcheck=30,  # a busy worker is not a dead one
    )
    return 0


_bind = uvicorn.Config.bind_socket


def _bind_without_delay(config: uvicorn.Config) -> socket.socket:
    """The socket that several workers share, with TCP_NODELAY, which what is accepted on it inherits.

    asyncio sets it for one worker, but does not see that a shared socket is TCP: then the second half of each answer
    would wait some 40 ms for the client to acknowledge the first.
    """
    listening = _bind(config)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def _taken(asked: argparse.Namespace) -> bool:
    """Whether nobody could listen there, and says so: asked before anything is promised or changed."""
    family = socket.AF_INET6 if ":" in asked.host else socket.AF_INET
    try:
        socket.create_server((asked.host, asked.port), family=family).close()
    except OSError as error:
        where, other = f"{asked.host}:{asked.port}", asked.port % 65_535 + 1
        hint = f'another port: --port {other}, or make backend ARGS="--port {other}"'
        _unable(f"cannot listen on {where} ({error.strerror}); {hint}")
        return True
    return False


def _demo(engine: Engine, asked: argparse.Namespace) -> int:
    if _taken(asked):
        return 2
    _prepare(engine, asked)
    demonstrate(engine, asked.host, asked.port)
    asked.workers = 1
    return _serve(engine, asked)


def _create_key(engine: Engine, asked: argparse.Namespace) -> int:
    if not re.fullmatch(TENANT, asked.tenant):
        print("a tenant's id has lower-case letters, digits and hyphens, at most 40", file=sys.stderr)
        return 2
    with engine.begin() as connection:
        key, name = keys.create_key(connection, asked.tenant)
    print(key)
    print(f"key {name} of tenant {asked.tenant}: it is shown this once", file=sys.stderr)
    return 0


def _keys(engine: Engine, _asked: argparse.Namespace) -> int:
    with reading(engine) as connection:
        for row in keys.list_keys(connection):
            state = f"revoked {row.revoked_at}" if row.revoked_at else "in use"
            print(row.name, row.tenant_id, f"created {row.created_at}", state)
    return 0


def _revoke_key(engine: Engine, asked: argparse.Namespace) -> int:
    if asked.name.startswith(keys.PREFIX):
        return _unable("that is a key itself, and it is now in your shell's history: give its name, from `keys`")
    with engine.begin() as connection:
        if keys.revoke_key(connection, asked.name):
            print("revoked", asked.name)
            return 0
    print(f"no key {asked.name!r} is in use", file=sys.stderr)
    return 1


def _verify(engine: Engine, _asked: argparse.Namespace) -> int:
    count = wrong = 0
    with reading(engine) as connection:
        for name in lost_accounts(connection):
            wrong += 1
            print(f"{name}: the ledger had this account, and has lost it", file=sys.stderr)
        ledger = open_ledger(connection, load_book())
        for name in ledger:
            count += 1
            for problem in ledger.verify(name):
                wrong += 1
                print(f"{name}: {problem}", file=sys.stderr)
    print(f"{_shown(engine)}: {count} accounts, {wrong} problems")
    if not count:
        print("no account has an entry: is DATABASE_URL the service's?", file=sys.stderr)
    return 1 if wrong or not count else 0


def _forget(engine: Engine, asked: argparse.Namespace) -> int:
    before = clock.written(clock.now() - timedelta(days=asked.days))
    with engine.begin() as connection:
        print(forget(connection, before), "answers forgotten")
    return 0
