"""`mimo-credits settle`: the ledger of many accounts, from files of usage and a file of lifecycles, larger than memory.

DuckDB sorts the usage by account, instant and id, on disk where it must; the ledger's own fold takes it account by
account (`frames.settle_arrow`). So memory is needed for a batch and for one account, however many there are.
"""

from __future__ import annotations

import csv
import json
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mimo_credits.catalog import load_book
from mimo_credits.cli.arguments import Commands
from mimo_credits.cli.output import show
from mimo_credits.cli.row_files import BATCH, RowFile, files_of, kind_of, metered, opened_rows, written
from mimo_credits.errors import InputError, MimoCreditsError
from mimo_credits.instants import parse_instant
from mimo_credits.ledger import Account, Command, Subscribe
from mimo_credits.wire import from_data, to_data

if TYPE_CHECKING:
    from mimo_credits.frames.arrow_stream import Settled
    from mimo_credits.frames.lifecycle import Lifecycles

_COLUMNS = {
    "account": "VARCHAR",
    "at": "TIMESTAMPTZ",
    "id": "VARCHAR",
    "model": "VARCHAR",
    "input_tokens": "BIGINT",
    "cached_tokens": "BIGINT",
    "output_tokens": "BIGINT",
}


def add_to(commands: Commands) -> None:
    """Adds the command to the program's."""
    parser = commands.add_parser(
        "settle",
        help="the ledger of many accounts, from files of usage",
        description="Settles usage (Parquet, CSV or JSON Lines with the columns account, at, id, model, input_tokens, "
        "cached_tokens, output_tokens) against the lifecycles of its accounts, by the published cards: who paid for "
        "each request, what each cycle amounts to, and how each account stands. Larger than memory; rows may come in "
        "any order. Needs duckdb and pyarrow.",
        allow_abbrev=False,
    )
    parser.add_argument("usage", nargs="+", metavar="USAGE", help="a file or a glob, such as 'usage/*.parquet'")
    parser.add_argument(
        "--lifecycle",
        metavar="FILE",
        help="what happens to accounts besides: JSON Lines of commands, each with its account, or CSV with the columns "
        "account, at, tier (plans bought)",
    )
    parser.add_argument("--accounts", metavar="FILE", help="how accounts stood before: what --accounts-out wrote")
    parser.add_argument("-o", "--output", metavar="FILE", help="the rows, each with what it cost and who paid")
    parser.add_argument("--statements", metavar="FILE", help="one row for each segment of each account's cycles")
    parser.add_argument("--bills", metavar="FILE", help="one row for each bill")
    parser.add_argument("--accounts-out", metavar="FILE", help="how each account stands afterwards (JSON Lines)")
    parser.add_argument(
        "--keep-going",
        action="store_true",
        help="leave out what is refused or has no price, with its fault in the rows' column reason, instead of stopping",
    )
    parser.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Settles, writes the files that were asked for, and prints the totals."""
    for path in (options.output, options.statements, options.bills):
        if path is not None:
            kind_of(path)
    from mimo_credits.frames.arrow_stream import settle_arrow
    from mimo_credits.frames.lifecycle import Lifecycles

    book = load_book()
    known = Lifecycles(list(_lifecycle(options.lifecycle)), dict(_accounts(options.accounts)))
    with ExitStack() as files:
        usage = files.enter_context(opened_rows(options.usage, _COLUMNS))
        out = _Out(options, files, known)
        count = usage.aggregate("count(*)").fetchall()[0][0]
        rows = usage.order('"account", "at", "id"').to_arrow_reader(BATCH)
        errors = "column" if options.keep_going else "raise"
        for part in settle_arrow(metered(rows, count, "rows"), known, book, errors=errors):  # type: ignore[arg-type]
            out.take(part)
    show(out.totals())
    return 0


class _Out:
    """Where what is settled goes, and its totals."""

    def __init__(self, options: Namespace, files: ExitStack, known: Lifecycles) -> None:
        self._known = known
        self._rows, self._statements, self._bills = (
            files.enter_context(written(path)) for path in (options.output, options.statements, options.bills)
        )
        self._accounts = files.enter_context(_lines(options.accounts_out))
        self._counts = dict.fromkeys(("accounts", "rows", "refused", "spent", "overage"), 0)

    def take(self, part: Settled) -> None:
        """Writes some accounts."""
        if part.rows is not None:
            self._counts["rows"] += part.rows.num_rows
            self._counts["refused"] += part.rows.num_rows - part.rows.column("reason").null_count
            if self._rows is not None:
                self._rows.write(part.rows)
        for name, account in part.accounts.items():
            self._counts["accounts"] += 1
            self._counts["spent"] += account.pots.spent
            self._counts["overage"] -= account.pots.overage
            self._accounts({"account": name, **to_data(account)})
        self._write_statements(part)

    def _write_statements(self, part: Settled) -> None:
        if self._statements is None and self._bills is None:
            return
        statements, bills = part.statements(self._known)
        _write(self._statements, statements)
        _write(self._bills, bills)

    def totals(self) -> str:
        """All accounts in a few lines."""
        counts = self._counts
        return (
            f"{counts['accounts']:,} accounts, {counts['rows']:,} rows, {counts['refused']:,} of them refused\n"
            f"{counts['spent']:,} millicredits spent in all, {counts['overage']:,} of them overage\n"
        )


def _write(file: RowFile | None, rows: Any) -> None:
    if file is not None:
        file.write(rows)


class _lines:  # noqa: N801 - a context manager, used as a function
    """Writes JSON objects, one a line, to a file that is there only when it is complete; nowhere without a path."""

    def __init__(self, path: str | None) -> None:
        self._path = Path(path) if path is not None else None

    def __enter__(self) -> Callable[[dict[str, Any]], None]:
        if self._path is None:
            return lambda _: None
        self._unfinished = self._path.with_name(f".{self._path.name}.unfinished")
        self._file = self._unfinished.open("w", encoding="utf-8")
        return lambda document: self._file.write(json.dumps(document) + "\n") and None

    def __exit__(self, kind: object, *_: object) -> None:
        if self._path is not None:
            self._file.close()
            if kind is None:
                self._unfinished.replace(self._path)
            else:
                self._unfinished.unlink()


# --- lifecycles and accounts ----------------------------------------------------------------------------------------


def _lifecycle(path: str | None) -> Iterator[tuple[str, Command]]:
    """The commands of a file, each with its account. Raises `InputError`, naming the line."""
    if path is None:
        return
    if kind_of(path) == "csv":
        yield from _purchases(path)
        return
    for where, document in _documents(path):
        with_account = _of_account(where, document)
        yield with_account[0], with_account[1]


def _accounts(path: str | None) -> Iterator[tuple[str, Account]]:
    if path is not None:
        for where, document in _documents(path):
            yield _of_account(where, document)


def _documents(path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    (file,) = files_of([path])
    with Path(file).open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            where = f"{path}, line {number}"
            try:
                document = json.loads(line)
            except ValueError:
                raise InputError(where, "is no JSON") from None
            if not isinstance(document, dict):
                raise InputError(where, "needs a JSON object")
            yield where, document


def _of_account(where: str, document: dict[str, Any]) -> tuple[str, Any]:
    name = document.pop("account", None)
    if not isinstance(name, str):
        raise InputError(where, "needs an account, a text")
    try:
        return name, from_data(document)
    except MimoCreditsError as error:
        raise InputError(where, str(error)) from None


def _purchases(path: str) -> Iterator[tuple[str, Command]]:
    """Plans that were bought, one a line; the currency and the interval may stand there, too."""
    (file,) = files_of([path])
    with Path(file).open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        for row in reader:
            where = f"{path}, line {reader.line_num}"
            missing = [name for name in ("account", "at", "tier") if not row.get(name)]
            if missing:
                raise InputError(where, f"has no {missing[0]}")
            more = {name: row[name] for name in ("currency", "interval") if row.get(name)}
            name = row.get("id") or f"subscribe {row['at']}"
            try:
                yield row["account"], Subscribe(name, parse_instant(row["at"]), row["tier"], **more)  # type: ignore[arg-type]
            except InputError as error:
                raise InputError(where, str(error)) from None


