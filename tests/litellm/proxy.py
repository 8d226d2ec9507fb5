"""A LiteLLM proxy on loopback, run as `docs/examples/litellm_proxy/` says, in an environment of its own.

The proxy asks for exact versions of some libraries that our own tools need newer. So it is installed once, into
`.venv-litellm-proxy` (git ignores it), by the Python that runs the tests.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import venv
from pathlib import Path

import httpx
from filelock import FileLock

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "docs" / "examples" / "litellm_proxy"
FOLDER = ROOT / ".venv-litellm-proxy"
PROGRAMS = FOLDER / ("Scripts" if os.name == "nt" else "bin")
STAMP = FOLDER / "installed.txt"
NEEDED = ("litellm[proxy]>=1.106", "-e", f"{ROOT}[litellm,postgres]")
STARTS_WITHIN = 120.0
"""Seconds. It imports some hundred megabytes."""


def install() -> None:
    """Makes the environment, if it is not there already for this Python and these requirements."""
    wanted = "\n".join([sys.version, *NEEDED, (ROOT / "pyproject.toml").read_text("utf-8")])
    with FileLock(f"{FOLDER}.lock"):
        if STAMP.is_file() and STAMP.read_text("utf-8") == wanted:
            return
        venv.create(FOLDER, clear=True, with_pip=True, symlinks=os.name != "nt")
        pip = [PROGRAMS / "python", "-m", "pip", "--disable-pip-version-check", "install", "--quiet", *NEEDED]
        subprocess.run(pip, check=True, env=_environment())
        STAMP.write_text(wanted, "utf-8")


class Proxy:
    """The sample, copied into a folder, with two teams and a provider of ours."""

    def __init__(self, folder: Path, provider: str) -> None:
        self.folder = folder / "proxy"
        shutil.copytree(SAMPLE, self.folder, ignore=shutil.ignore_patterns("__pycache__"))
        self._environment = _environment() | {
            "MIMO_API_BASE": provider,
            "LITELLM_MASTER_KEY": f"sk-{secrets.token_hex(32)}",
            "MIMO_API_KEY": "none",
            "TEAM_KEYS": "reds=sk-red blues=sk-blue",
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "NO_PROXY": "127.0.0.1",
        }
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = self.folder / "proxy.log"

    def plans(self, *arguments: str) -> str:
        """Runs the sample's `plans.py`."""
        done = subprocess.run(
            [PROGRAMS / "python", "plans.py", *arguments],
            cwd=self.folder,
            env=self._environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    def __enter__(self) -> Proxy:
        program = [PROGRAMS / "litellm", "--config", "config.yaml", "--host", "127.0.0.1", "--port", str(self.port)]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                program, cwd=self.folder, env=self._environment, stdout=log, stderr=subprocess.STDOUT
            )
        until = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < until and self._process.poll() is None:
            try:
                if httpx.get(f"{self.url}/health/liveliness").status_code == 200:
                    return self
            except httpx.TransportError:
                time.sleep(0.5)
        self.__exit__()
        raise RuntimeError(f"the proxy did not start:\n{self.log.read_text('utf-8')[-5_000:]}")

    def __exit__(self, *error: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def kill(self) -> None:
        """Ends it as a power cut would."""
        self._process.kill()
        self._process.wait()


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST_", "COV_"))}
    return kept | {"LITELLM_TELEMETRY": "False"}
