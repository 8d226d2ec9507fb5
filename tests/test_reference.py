"""The reference is whole: every public name and every option of the command stands in it, and nothing that is not there."""

from __future__ import annotations

import re
from argparse import ArgumentParser, _SubParsersAction
from collections.abc import Iterator
from pathlib import Path
from pkgutil import resolve_name

import mimo_credits
from mimo_credits.cli import _parser

REFERENCE = Path(__file__).parents[1] / "docs" / "reference"


def described() -> list[str]:
    """What the pages have mkdocstrings describe, by dotted name."""
    pages = (page.read_text("utf-8") for page in sorted(REFERENCE.glob("*.md")))
    return [name for page in pages for name in re.findall(r"^::: ([\w.]+)$", page, re.MULTILINE)]


def options(parser: ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        if isinstance(action, _SubParsersAction):
            for command in action.choices.values():
                yield from options(command)
        else:
            yield from (option for option in action.option_strings if option.startswith("--") and option != "--help")


def test_every_public_name_is_described_once() -> None:
    errors = {name for name, kind in vars(mimo_credits.errors).items() if isinstance(kind, type)}
    wanted = {f"mimo_credits.{name}" for name in mimo_credits.__all__ if name not in errors}
    found = [name for name in described() if name.count(".") == 1 and name != "mimo_credits.errors"]
    assert sorted(found) == sorted(wanted)


def test_whatever_is_described_is_there() -> None:
    for name in described():
        assert resolve_name(name) is not None


def test_every_option_of_the_command_is_on_its_page() -> None:
    page = (REFERENCE / "command.md").read_text("utf-8")
    assert {option for option in options(_parser()) if f"`{option}" not in page} == set()
