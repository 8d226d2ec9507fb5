"""The command line, `mimo-credits`: quotes, statements, plans, comparisons, tables of requests, tiers and cards.

Results go to standard output (text, or one JSON object with `--json`), all messages to standard error. The exit code is
0 where the answer was given, 1 where the data or the cards do not allow one, 2 where the command line itself cannot be
right, and 130 where it was interrupted. Bad input ends in one clear line, never in a traceback.
"""

from __future__ import annotations

import os
import sys
import warnings
from argparse import Action, ArgumentParser, Namespace, RawDescriptionHelpFormatter
from collections.abc import Sequence
from typing import NoReturn

from mimo_credits.cli import cards, compare, plan, quote, rate, settle, statement, tiers
from mimo_credits.cli.arguments import UsageError
from mimo_credits.cli.output import PROGRAM, show, tell, warn
from mimo_credits.errors import InputError, MimoCreditsError, NoCardInEffect, NoSuchCard, UnknownModel

OK, PROBLEM, WRONG_USE, INTERRUPTED = 0, 1, 2, 130

_FROM_THE_COMMAND_LINE = (UsageError, InputError, NoCardInEffect, NoSuchCard, UnknownModel)
"""Errors of what was typed. The commands deal with such errors of a log's lines themselves."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and gives its exit code; `argv` are the arguments, by default those of the process."""
    try:
        options = _parser().parse_args(argv)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else WRONG_USE
    try:
        code = _run(options)
        sys.stdout.flush()
    except _FROM_THE_COMMAND_LINE as error:
        return _failed(error, WRONG_USE)
    except MimoCreditsError as error:
        return _failed(error, PROBLEM)
    except BrokenPipeError:
        _drop_unwritten_output()
        return PROBLEM
    except OSError as error:
        _drop_unwritten_output()
        return _failed(f"{error.filename or 'standard output'}: {error.strerror or error}", PROBLEM)
    except KeyboardInterrupt:
        return INTERRUPTED
    return code


class _Version(Action):
    """Prints the version; it is looked up only when asked for."""

    def __call__(self, parser: ArgumentParser, *_: object) -> NoReturn:
        from importlib.metadata import version

        show(f"{PROGRAM} {version('mimo_credits')}\n")
        parser.exit()


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog=PROGRAM,
        description="Plan credits and money for Xiaomi MiMo's models, exactly.",
        epilog="exit codes: 0 answered, 1 a problem in the data or the cards, 2 a wrong command line",
        formatter_class=RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in (quote, statement, plan, compare, rate, settle, tiers, cards):
        command.add_to(commands)
    return parser


def _run(options: Namespace) -> int:
    """Runs the chosen command; warnings (a withdrawn card) become messages."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        try:
            code: int = options.run(options)
        finally:
            for warning in caught:
                warn(warning.message)
    return code


def _failed(error: object, code: int) -> int:
    tell(f"{PROGRAM}: error: {error}")
    for note in getattr(error, "__notes__", ()):
        tell(f"{PROGRAM}: note: {note}")
    return code


def _drop_unwritten_output() -> None:
    """Lets what standard output did not take go, or it would fail once more when the interpreter ends."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
