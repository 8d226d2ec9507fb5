"""The service as a process of its own, on loopback: killed at will, and started again on the same port."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

EXAMPLE = Path(__file__).parent


def environment(url: str) -> dict[str, str]:
    """What a program of this example needs: its database, and to be found."""
    given = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    return {**given, "DATABASE_URL": url, "PYTHONPATH": os.pathsep.join([str(EXAMPLE), *filter(None, sys.path)])}


class Served:
    """A server's process. Use it in a `with`."""

    def __init__(self, url: str, workers: int = 1) -> None:
        self.url, self.workers = url, workers
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            self.port: int = taken.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        command = [sys.executable, "-m", "billing_backend", "serve", "--port", str(self.port)]
        self.process = subprocess.Popen(
            [*command, "--workers", str(self.workers)],
            env=environment(self.url),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        until = time.monotonic() + 60
        while not self.answers():
            assert self.process.poll() is None, self.process.stderr.read().decode()
            assert time.monotonic() < until
            time.sleep(0.05)

    def answers(self) -> bool:
        try:
            with urlopen(f"{self.address}/health", timeout=5) as answer:
                return answer.status == 200
        except (URLError, OSError):
            return False

    def kill(self) -> None:
        """SIGKILL to the server and all of its workers: no handler runs, nothing is closed."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stderr.close()

    def stop(self) -> tuple[int, str]:
        """As Ctrl-C does: its exit code, and its log."""
        self.process.send_signal(signal.SIGINT)
        _, log = self.process.communicate(timeout=30)
        return self.process.returncode, log.decode()

    def __enter__(self) -> Served:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()
