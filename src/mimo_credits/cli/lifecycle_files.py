"""Files of lifecycles and of accounts: what `settle` is told besides usage. Plain or gzip.

A lifecycle is JSON Lines, each line what `to_data` writes of a command with its account beside it, or CSV of plans
bought. Accounts are JSON Lines, as `--accounts-out` writes them. What is wrong is told with the file and the line.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any, NamedTuple, get_args

from mimo_credits.cli.arguments import UsageError
from mimo_credits.errors import Conflict, InputError, MimoCreditsError, nearest, shown
from mimo_credits.frames.lifecycle import Lifecycles
from mimo_credits.instants import parse_instant
from mimo_credits.ledger import Account, Command, Subscribe
from mimo_credits.logs.opening import DAMAGED, opened
from mimo_credits.wire import from_data

_NEEDED = ("account", "at", "tier")
_HEADINGS = (*_NEEDED, "currency", "interval", "id")


class Said(NamedTuple):
    """A command of an account, and the line where it stands."""

    line: int
    account: str
    command: Command


def lifecycles_from(lifecycle: Path | None, accounts: Path | None, until: datetime | None) -> Lifecycles:
    """What the files say of all accounts. Raises `InputError`, naming the file and the line, and `OSError`."""
    said = () if lifecycle is None else _commands(lifecycle)
    before = {} if accounts is None else _accounts(accounts)
    try:
        return Lifecycles([(account, command) for _, account, command in said], before, until)
    except Conflict as conflict:
        if lifecycle is None:
            raise
        raise _told(conflict, lifecycle) from None


def lines_of(lifecycle: Path, wanted: Iterable[tuple[str, Command]]) -> dict[tuple[str, Command], int]:
    """The first line of each command of an account; one that does not stand in the file has none."""
    left, lines = set(wanted), dict[tuple[str, Command], int]()
    for line, account, command in _commands(lifecycle):
        if (account, command) in left:
            lines.setdefault((account, command), line)
    return lines


def _told(conflict: Conflict, lifecycle: Path) -> MimoCreditsError:
    """The error with whose id it is, and where it stands."""
    first: dict[str, Said] = {}
    for said in _commands(lifecycle):
        if getattr(said.command, "id", None) == conflict.id:
            before = first.setdefault(said.account, said)
            if before.command != said.command:
                whose = f"account {shown(said.account)} used the id {shown(conflict.id)} before, in line {before.line}"
                return InputError(f"{lifecycle}, line {said.line}", f"{whose}, with other content")
    return conflict


def _commands(file: Path) -> Iterator[Said]:
    name = file.name.lower().removesuffix(".gz")
    if name.endswith(".parquet"):
        raise UsageError(f"{file}: a lifecycle is JSON Lines, or CSV of plans bought, and not Parquet")
    if name.endswith(".csv"):
        yield from _purchases(file)
        return
    for line, account, value in _documents(file):
        if not isinstance(value, get_args(Command)):
            raise InputError(f"{file}, line {line}", f"needs a command of the ledger, not {_kind(value)}")
        yield Said(line, account, value)


def _accounts(file: Path) -> dict[str, Account]:
    accounts: dict[str, Account] = {}
    for line, name, value in _documents(file):
        if not isinstance(value, Account):
            raise InputError(f"{file}, line {line}", f"needs how an account stood, not {_kind(value)}")
        if name in accounts:
            raise InputError(f"{file}, line {line}", f"account {shown(name)} stands in an earlier line, too")
        accounts[name] = value
    return accounts


def _kind(value: object) -> str:
    return f"what --accounts takes, a whole {type(value).__name__}" if isinstance(value, Account) else shown(value)


def _documents(file: Path) -> Iterator[tuple[int, str, Any]]:
    """What each line of JSON says of an account."""
    with _opened(file) as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                yield number, *_of_account(line)
            except MimoCreditsError as error:
                raise InputError(f"{file}, line {number}", str(error)) from None


def _of_account(line: bytes) -> tuple[str, Any]:
    try:
        document = json.loads(line)
    except (ValueError, RecursionError):
        raise UsageError("is no JSON") from None
    if not isinstance(document, dict) or not isinstance(document.get("account"), str):
        raise InputError("account", "is missing: each line needs a JSON object with an account")
    return document.pop("account"), from_data(document)


def _purchases(file: Path) -> Iterator[Said]:
    """Plans that were bought, one a line."""
    with _opened(file) as lines:
        reader = csv.DictReader(io.TextIOWrapper(lines, "utf-8-sig", newline=""))
        try:
            _check_headings(reader.fieldnames or ())
            for row in reader:
                yield Said(reader.line_num, *_purchase(row))
        except InputError as error:
            raise InputError(f"{file}, line {max(1, reader.line_num)}", str(error)) from None
        except (csv.Error, UnicodeDecodeError) as error:
            raise InputError(f"{file}, line {reader.line_num + 1}", f"is no CSV in UTF-8 ({error})") from None


def _check_headings(names: Iterable[str]) -> None:
    names = list(names)
    for name in _NEEDED:
        if name not in names:
            raise InputError("headings", f"there is no column {name!r}: a plan bought needs {', '.join(_NEEDED)}")
    for name in names:
        if name not in _HEADINGS:
            alike = nearest(name, _HEADINGS)
            hint = f"nearest: {', '.join(alike)}" if alike else f"its columns are {', '.join(_HEADINGS)}"
            raise InputError("headings", f"a plan bought has no column {shown(name)}; {hint}")
        if names.count(name) > 1:
            raise InputError("headings", f"{name!r} stands there twice")


def _purchase(row: dict[str, str | None]) -> tuple[str, Command]:
    if None in row or None in row.values():
        raise InputError("row", "has more or fewer values than there are headings")
    account, at, tier = (row[name] or "" for name in _NEEDED)
    if not account:
        raise InputError("account", "is missing")
    more: dict[str, Any] = {name: row[name] for name in ("currency", "interval") if row.get(name)}
    return account, Subscribe(row.get("id") or f"subscribe {at}", parse_instant(at), tier, **more)


@contextmanager
def _opened(file: Path) -> Iterator[IO[bytes]]:
    """The file's bytes, unpacked. Raises `InputError` where they cannot be."""
    try:
        with opened(str(file)) as stream:
            yield stream
    except DAMAGED:
        raise InputError(str(file), "is damaged or cut off: it cannot be unpacked") from None
