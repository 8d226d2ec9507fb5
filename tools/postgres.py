"""A PostgreSQL of one's own for tests and benchmarks: in a temporary folder, on loopback, gone when it is closed.

Its programs are looked for on the path and where Debian puts them. It refuses to run as root, so root runs it as the
user `postgres`, or `nobody` where there is none.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

OLDEST = 15
_DEBIAN = Path("/usr/lib/postgresql")
_SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 60
shared_buffers = 64MB
"""


class NoPostgres(Exception):
    """PostgreSQL is not installed, or did not start."""


class Postgres:
    """A running server; `url(database)` is where SQLAlchemy finds it. Use it in a `with`, or call `close`.

    Where it need not survive a power cut, `fsync=False` spares the disk.
    """

    def __init__(self, *, fsync: bool = True) -> None:
        self._programs = _programs()
        self._folder = Path(tempfile.mkdtemp(prefix="postgres-"))
        self._as_user = _as_ordinary_user(self._folder)
        self._data = self._folder / "data"
        self._port = _free_port()
        self._run("initdb", "--auth=trust", "--username=tester", "--encoding=UTF8", "--no-locale", "--no-sync")
        with (self._data / "postgresql.conf").open("a") as settings:
            settings.write(f"{_SETTINGS}port = {self._port}\nfsync = {'on' if fsync else 'off'}\n")
        self._control("start")

    def url(self, database: str = "postgres") -> str:
        """The address of a database, for SQLAlchemy and psycopg 3."""
        return f"postgresql+psycopg://tester@127.0.0.1:{self._port}/{database}"

    def crash(self) -> None:
        """Stops at once, as a power cut would, and starts again: what was committed is recovered from the log."""
        self._control("stop", "--mode=immediate")
        self._control("start")

    def close(self) -> None:
        """Stops the server and deletes its folder."""
        try:
            self._control("stop", "--mode=immediate")
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def __enter__(self) -> Postgres:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _control(self, action: str, *options: str) -> None:
        log = () if action == "stop" else (f"--log={self._folder / 'log'}",)
        self._run("pg_ctl", action, "--wait", "--silent", *log, *options)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [*self._as_user, str(self._programs / program), f"--pgdata={self._data}", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # a pipe would be inherited, and held open, by the server
            stderr=subprocess.DEVNULL,
            cwd=self._folder,
            check=False,
        )
        if done.returncode:
            log = self._folder / "log"
            raise NoPostgres(f"{program} failed: {log.read_text() if log.exists() else 'no log'}")


def _programs() -> Path:
    """The folder with the newest `initdb` and `pg_ctl`. Raises `NoPostgres`."""
    debian = sorted(
        (path for path in _DEBIAN.glob("*/bin") if path.parent.name.isdecimal() and (path / "initdb").exists()),
        key=lambda path: int(path.parent.name),
    )
    if debian and int(debian[-1].parent.name) >= OLDEST:
        return debian[-1]
    found = shutil.which("initdb")
    if found is None:
        raise NoPostgres(f"no PostgreSQL {OLDEST} or newer here: on Debian, `apt-get install postgresql`")
    return Path(found).resolve().parent


def _as_ordinary_user(folder: Path) -> Sequence[str]:
    """The words that run a program as somebody who is not root; the folder then belongs to that user."""
    if os.geteuid() != 0:
        return ()
    names = {user.pw_name for user in pwd.getpwall()}
    user = "postgres" if "postgres" in names else "nobody"
    shutil.chown(folder, user)
    return ("runuser", "-u", user, "--")


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
