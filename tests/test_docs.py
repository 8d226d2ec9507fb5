"""What README and docs show is what happens: each Python block is run, each command too, and what they print compared.

A `text` block holds what the Python block before it prints. In a `console` block each `$ mimo-credits …` line is
followed by what it prints; a line `…` stands for lines left out.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser

from mimo_credits import RateBook, load_card
from mimo_credits.cli import main

ROOT = Path(__file__).parents[1]
PINNED = "2026-05-27.1"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def run_python(example: Example) -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(str(example.parsed), example.path, "exec", dont_inherit=True), example.namespace)
    example.namespace["_printed"] = printed.getvalue()


def compare_text(example: Example) -> None:
    assert_shown(example.namespace.pop("_printed"), str(example.parsed))


def run_console(example: Example) -> None:
    command, _, shown = str(example.parsed).partition("\n")
    program, *arguments = shlex.split(command.removeprefix("$ "))
    assert program == "mimo-credits", f"{command!r} is no command that the tests can run"
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        main(arguments)
    assert_shown(printed.getvalue(), shown)


def assert_shown(printed: str, shown: str) -> None:
    """What is shown was printed, line by line; a line `…` stands for any lines that are left out."""
    lines = [line.rstrip() for line in printed.rstrip().splitlines()]
    pieces = [piece.strip("\n").splitlines() for piece in f"\n{shown.rstrip()}\n".split("\n…\n")]
    start = 0
    for piece in pieces:
        expected = [line.rstrip() for line in piece]
        found = [at for at in range(start, len(lines) + 1) if lines[at : at + len(expected)] == expected]
        assert found, f"not printed after line {start}:\n{chr(10).join(expected)}\nbut:\n{printed}"
        start = found[0] + len(expected)
    if len(pieces) == 1:
        assert start == len(lines), f"more is printed:\n{printed}"


PARSERS = [
    CodeBlockParser("python", run_python),
    CodeBlockParser("text", compare_text),
    CodeBlockParser("console", run_console),
]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_does_what_it_shows(page, monkeypatch):
    monkeypatch.chdir(ROOT)
    for example in examples_of(page):
        example.evaluate()


@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "docs" / "your-own-card.md"], ids=lambda page: page.name)
def test_each_snippet_runs_when_copied_alone(page, monkeypatch):
    monkeypatch.chdir(ROOT)
    for example in Sybil(parsers=[CodeBlockParser("python", run_python)]).parse(page).examples():
        example.namespace.clear()
        example.evaluate()


def examples_of(page: Path) -> list[Example]:
    return list(Sybil(parsers=PARSERS).parse(page).examples())


def _fixtures(test: Callable[..., object]) -> dict[str, object]:
    """What a test asks for: the card that its marker pins, or that of the page's ini file."""
    pins = [mark.args[0] for mark in getattr(test, "pytestmark", ()) if mark.name == "rate_card"]
    card = load_card(*pins or [PINNED])
    made = {"rate_card": card, "rate_book": RateBook.fixed(card)}
    return {name: made[name] for name in inspect.signature(test).parameters}


@pytest.mark.parametrize("example", examples_of(ROOT / "docs/testing.md"), ids=lambda example: f"line {example.line}")
def test_each_snippet_on_testing_is_complete_by_itself(example):
    example.namespace.clear()
    example.evaluate()
    for test in [value for name, value in example.namespace.items() if name.startswith("test_")]:
        test(**_fixtures(test))


def test_the_readme_shows_what_it_promises():
    assert len(examples_of(ROOT / "README.md")) == 14
