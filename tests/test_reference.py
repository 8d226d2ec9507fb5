"""The reference is whole: every public name and every option of the command stands in it, and nothing that is not there."""

from __future__ import annotations

import re
from argparse import ArgumentParser, _SubParsersAction
from collections.abc import Iterator
from pathlib import Path
from pkgutil import resolve_name

import griffe

import mimo_credits
from mimo_credits import logs
from mimo_credits.cli import _parser

SOURCE = Path(__file__).parents[1] / "src"
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
    wanted = [getattr(mimo_credits, name) for name in mimo_credits.__all__]
    wanted += [getattr(logs, name) for name in logs.__all__]
    found = [resolve_name(name) for name in described()]
    assert [one for one in wanted if sum(each is one for each in found) != 1] == []


def test_whatever_is_described_is_there_and_read_as_what_it_is() -> None:
    """A function that is called as its module is (`forecast`) must be named in full, or the page shows the module."""
    package = griffe.load("mimo_credits", search_paths=[SOURCE], allow_inspection=False, resolve_aliases=True)
    for name in described():
        assert resolve_name(name) is not None
        assert not package[name.removeprefix("mimo_credits.")].is_module, name


def test_every_option_of_the_command_is_on_its_page() -> None:
    page = (REFERENCE / "command.md").read_text("utf-8")
    assert {option for option in options(_parser()) if f"`{option}" not in page} == set()


def test_what_is_described_stands_below_a_section() -> None:
    """mkdocstrings writes headings of the third level: without one of the second, a page would jump."""
    for page in REFERENCE.glob("*.md"):
        above, described, _ = page.read_text("utf-8").partition("\n::: ")
        assert not described or "\n## " in above, page.name
