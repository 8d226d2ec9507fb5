"""The program as a process: how it is started, what its exit codes and streams are, and how it ends when cut off."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from mimo_credits.cli import main
from tests.cli.responses import openai

PROGRAM = (sys.executable, "-W", "error", "-m", "mimo_credits")
BUFFERED = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}


def process(*arguments: str, **options) -> subprocess.CompletedProcess[bytes]:
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": BUFFERED}
    return subprocess.run([*PROGRAM, *arguments], timeout=60, check=False, **{**streams, **options})


def test_it_runs_as_a_module_with_a_log_on_standard_input():
    line = json.dumps(openai("one", 1_780_000_000, "mimo-v2.5", 100))
    asked = ("statement", "-", "--tier", "lite", "--since", "2026-05-27T08:00:00+08:00", "--json")
    ran = process(*asked, input=line.encode())
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert json.loads(ran.stdout)["cycles"][0]["used"] == "8000"  # 04:26 in Beijing: at night


def test_its_exit_code_is_the_processs():
    wrong = process("quote")
    assert (wrong.returncode, wrong.stdout) == (2, b"")
    assert wrong.stderr.startswith(b"usage: mimo-credits quote")
    assert process("statement", "missing", "--tier", "lite", "--since", "2026-05-27T08:00:00Z").returncode == 1


@pytest.mark.parametrize("command", [("tiers",), ("cards", "show", "2026-05-27", "--json")], ids=["short", "long"])
def test_a_reader_that_leaves_early_gets_no_traceback(command):
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as closed:
        ran = process(*command, stdout=closed)
    assert (ran.returncode, ran.stderr) == (1, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only some systems have a full device")
def test_a_full_disk_is_one_message():
    with Path("/dev/full").open("wb") as full:
        ran = process("tiers", stdout=full)
    assert (ran.returncode, ran.stderr) == (1, b"mimo-credits: error: standard output: No space left on device\n")


def test_a_terminal_without_chinese_gets_escapes():
    ran = process("cards", "show", "2026-04-03.1", env={**BUFFERED, "PYTHONIOENCODING": "ascii", "NO_COLOR": "1"})
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert b"88\\u6298" in ran.stdout


@pytest.mark.parametrize("arguments", [(), ("quot",), ("--card", "x")])
def test_without_a_command_there_is_usage_on_standard_error(run, arguments):
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("usage: mimo-credits")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "exit codes: 0 answered, 1 a problem in the data or the cards, 2 a wrong command line"),
        (("quote",), "--cached"),
        (("statement",), "--strict"),
        (("plan",), "--workload"),
        (("tiers",), "--at"),
        (("cards",), "verify"),
    ],
)
def test_help_is_on_standard_output_with_code_0(run, arguments, said):
    code, out, err = run(*arguments, "--help")
    assert (code, err) == (0, "")
    assert said in out


def test_an_interrupt_ends_quietly(run, monkeypatch):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("mimo_credits.cli.cards.list_cards", interrupted)
    assert run("cards") == (130, "", "")


def test_the_arguments_of_the_process_are_the_default(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["mimo-credits", "cards", "--json"])
    assert main() == 0
    assert json.loads(capsys.readouterr().out)["cards"]


def test_the_version_is_that_of_the_installed_package(run):
    assert run("--version") == (0, f"mimo-credits {version('mimo_credits')}\n", "")


def test_an_invalid_instant_shows_one_example(run):
    for text in ("yesterday", "2026-05-27T00:00:00"):
        assert run("tiers", "--at", text).err.count("2026-05-27T00:00:00+08:00") == 1


@pytest.mark.parametrize(
    "command",
    [
        ("statement", "--tier", "lite", "--since", "2026-05-25T10:00:00+08:00"),
        ("cards", "diff", "2026-04-22", "2026-05-27", "--usage"),
    ],
)
def test_a_log_without_one_usable_line_is_code_1(run, log, command):
    assert run(*command, log("{}", "no JSON")).code == 1


def test_a_line_of_a_log_gets_no_advice_for_python(run, log):
    line = {"created": 1779753600, "model": "mimo-v2.5", "usage": {"prompt_tokens": 1, "completion_tokens": 1}}
    err = run("statement", log(line), "--tier", "lite", "--since", "2026-05-25T10:00:00+08:00").err
    assert "id: is missing" in err
    assert "id=" not in err
