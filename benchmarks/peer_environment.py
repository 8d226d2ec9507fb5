"""The other libraries' environment and the workers inside it.

They are installed once, into `benchmarks/.venv-peers` (git ignores it), by the Python that runs the benchmark; a worker
(`peers.py`) is a process inside it that measures on request. A library that cannot be installed or started is named in
the results as not measured, with the reason, and never left out silently.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FOLDER = HERE / ".venv-peers"
REQUIREMENTS = HERE / "peers.txt"
PYTHON = FOLDER / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = FOLDER / "installed.txt"


class PeerError(Exception):
    """A library could not be installed, started or asked."""


def install() -> None:
    """Makes the environment, if it is not there already for this Python and these requirements. Raises `PeerError`."""
    wanted = f"{sys.version}\n{REQUIREMENTS.read_text('utf-8')}"
    if STAMP.is_file() and STAMP.read_text("utf-8") == wanted:
        return
    print("Installing genai-prices, litellm and tokencost in an environment of their own …", file=sys.stderr)
    venv.create(FOLDER, clear=True, with_pip=True, symlinks=os.name != "nt")
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "-r", str(REQUIREMENTS)]
    if subprocess.run(pip, check=False, stdout=sys.stderr).returncode:
        raise PeerError("pip could not install it")
    STAMP.write_text(wanted, "utf-8")


class Peer:
    """A running worker: what it prices and what that gives (`gives`), and its batches."""

    def __init__(self, name: str) -> None:
        # LiteLLM asks the network for its prices unless told to use those that it ships.
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        environment["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
        self._process = subprocess.Popen(
            [PYTHON, "-P", HERE / "peers.py", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            encoding="utf-8",
        )
        hello = self._answer()
        if "error" in hello:
            self.close()
            raise PeerError(hello["error"])
        self.version: str = hello["version"]
        self.gives: Mapping[str, str] = hello["gives"]

    def batch(self, priced: str, calls: int) -> float:
        """The nanoseconds that so many calls took, as the worker measured them."""
        assert self._process.stdin is not None, "the worker was started with a pipe"
        self._process.stdin.write(json.dumps({"priced": priced, "calls": calls}) + "\n")
        self._process.stdin.flush()
        taken: float = self._answer()["ns"]
        return taken

    def close(self) -> None:
        """Ends the worker."""
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None, "the worker was started with pipes"
            pipe.close()
        self._process.wait()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None, "the worker was started with a pipe"
        line = self._process.stdout.readline()
        if not line:
            raise PeerError(f"its process ended with code {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer
