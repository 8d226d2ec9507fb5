"""`mimo-credits settle`: the ledger of many accounts, from files of usage and a file of lifecycles, larger than memory.

DuckDB sorts the usage by account, instant and id, on disk where it must; the ledger's own fold takes it account by
account (`frames.settle_arrow`). So memory is needed for a batch and for one account, however many there are.
"""

from __future__ import annotations

import csv
import json
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from mimo_credits.catalog import load_book
from mimo_credits.cli.arguments import Commands, UsageError
from mimo_credits.cli.output import show, with_time_left
from mimo_credits.errors import InputError, MimoCreditsError
from mimo_credits.instants import parse_instant
from mimo_credits.ledger import Account, Command, Subscribe
from mimo_credits.wire import from_data, to_data

if TYPE_CHECKING:
    import pyarrow as pa

    from mimo_credits.cli.request_files import Part, Sink
    from mimo_credits.frames.arrow_stream import Settled
    from mimo_credits.frames.lifecycle import Lifecycles

_BATCH = 65_536
"""Rows that are settled at a time."""


def add_to(commands: Commands) -> None:
    """Adds the command to the program's."""
    parser = commands.add_parser(
        "settle",
        help="the ledger of many accounts, from files of usage",
        description="Settles usage (Parquet, CSV or JSON Lines, globs too) against the lifecycles of its accounts, by "
        "the published cards: who paid for each request, what each cycle amounts to, and how each account stands. "
        "Columns: account, at, id, model, input_tokens, cached_tokens, output_tokens. Larger than memory; rows may "
        "come in any order. Needs duckdb and pyarrow.",
        allow_abbrev=False,
    )
    parser.add_argument("usage", nargs="+", metavar="USAGE", help="a file or a glob, such as 'usage/*.parquet'")
    parser.add_argument(
        "--lifecycle",
        type=Path,
        metavar="FILE",
        help="what happens to accounts besides: JSON Lines of commands, each with its account, or CSV with the columns "
        "account, at, tier (plans bought)",
    )
    parser.add_argument(
        "--accounts", type=Path, metavar="FILE", help="how accounts stood before: what --accounts-out wrote"
    )
    parser.add_argument(
        "--output", "-o", type=Path, metavar="FILE", help="the rows, each with what it cost and who paid"
    )
    parser.add_argument(
        "--statements", type=Path, metavar="FILE", help="one row for each segment of each account's cycles"
    )
    parser.add_argument("--bills", type=Path, metavar="FILE", help="one row for each bill")
    parser.add_argument(
        "--accounts-out", type=Path, metavar="FILE", help="how each account stands afterwards (JSON Lines)"
    )
    parser.add_argument(
        "--keep-going",
        action="store_true",
        help="leave out what is refused or has no price, its fault in the column reason, instead of stopping",
    )
    parser.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Settles, writes the files that were asked for, and prints the totals."""
    try:
        import duckdb  # noqa: F401 - whether it is there is the question

        from mimo_credits.cli.request_files import found, kind_of
        from mimo_credits.frames.arrow_stream import settle_arrow
        from mimo_credits.frames.lifecycle import Lifecycles
    except ImportError:
        raise UsageError(
            "settle needs duckdb, pyarrow and narwhals: pip install 'mimo_credits[arrow,duckdb]'"
        ) from None
    for path in (options.output, options.statements, options.bills):
        if path is not None:
            kind_of(path)
    usage = found(options.usage)
    book = load_book()
    known = Lifecycles(list(_lifecycle(options.lifecycle)), dict(_accounts(options.accounts)))
    with ExitStack() as files:
        out = _Out(options, files, known)
        rows = files.enter_context(_sorted(usage))
        for part in settle_arrow(rows, known, book, errors="column" if options.keep_going else "raise"):
            out.take(part)
    show(out.totals())
    return 0


@contextmanager
def _sorted(usage: Sequence[Path]) -> Iterator[Iterator[pa.RecordBatch]]:
    """All rows by account, instant and id; what memory does not hold is sorted in a folder that is gone afterwards."""
    import duckdb
    import pyarrow as pa

    reading = _Reading(usage)
    schema = reading.schema()
    with TemporaryDirectory(prefix="mimo-credits-") as folder, duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET preserve_insertion_order = false")
        connection.execute(f"SET temp_directory = '{folder}'")
        rows = pa.RecordBatchReader.from_batches(schema, reading.batches(schema))
        try:
            ordered = connection.from_arrow(rows).order('"account", "at", "id"').to_arrow_reader(_BATCH)
            yield with_time_left(_shares(ordered, reading), "rows settled")
        except duckdb.Error as error:
            raise reading.failure or UsageError(str(error).splitlines()[0]) from None


class _Reading:
    """Files while they are read: how many rows there were, and why it stopped, which DuckDB tells in other words."""

    def __init__(self, usage: Sequence[Path]) -> None:
        self._usage = usage
        self.rows = 0
        self.failure: MimoCreditsError | None = None

    def schema(self) -> pa.Schema:
        """The first rows' columns. Raises `UsageError` where there are none, or one that orders them is missing."""
        first = next((part for part, _, _ in self._parts()), None)
        if first is None:
            raise UsageError("the files have no rows")
        for name in ("account", "at", "id"):
            if name not in first.rows.schema.names:
                raise UsageError(f"{first.file}: has no column {name!r}")
        return first.rows.schema

    def batches(self, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """All rows, with these columns."""
        try:
            for part in with_time_left(self._parts(), "rows read"):
                self.rows += len(part.rows)
                yield from _alike(part, schema).to_batches()
        except MimoCreditsError as error:
            self.failure = error
            raise

    def _parts(self) -> Iterator[tuple[Part, int, float]]:
        from mimo_credits.cli.request_files import read
        from mimo_credits.frames import Columns

        for number, file in enumerate(self._usage):
            for part in read(file, Columns()):
                yield part, len(part.rows), (number + part.share) / len(self._usage)


def _shares(batches: Iterator[pa.RecordBatch], reading: _Reading) -> Iterator[tuple[pa.RecordBatch, int, float]]:
    """The batches with how many rows each has and how much of all there is up to it."""
    done = 0
    for batch in batches:
        done += batch.num_rows
        yield batch, batch.num_rows, done / reading.rows


def _alike(part: Part, schema: pa.Schema) -> pa.Table:
    """The part with the columns of the first file. Raises `UsageError` where it has others."""
    import pyarrow as pa

    try:
        return part.rows.select(schema.names).cast(schema)
    except (KeyError, pa.ArrowInvalid) as error:
        raise UsageError(f"{part.file}: its columns are not those of the first file: {error}") from None


class _Out:
    """Where what is settled goes, and its totals."""

    def __init__(self, options: Namespace, files: ExitStack, known: Lifecycles) -> None:
        self._known = known
        self._rows, self._statements, self._bills = (
            None if path is None else files.enter_context(_sink(path))
            for path in (options.output, options.statements, options.bills)
        )
        self._accounts = files.enter_context(_lines(options.accounts_out))
        self._counts = dict.fromkeys(("accounts", "rows", "refused", "spent", "overage"), 0)

    def take(self, part: Settled) -> None:
        """Writes some accounts."""
        import pyarrow as pa

        if part.rows is not None:
            self._counts["rows"] += part.rows.num_rows
            self._counts["refused"] += part.rows.num_rows - part.rows.column("reason").null_count
            _write(self._rows, pa.Table.from_batches([part.rows]))
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


def _sink(path: Path) -> Sink:
    from mimo_credits.cli.request_files import Sink

    return Sink(path)


def _write(sink: Sink | None, rows: pa.Table) -> None:
    if sink is not None:
        sink.write(rows)


@contextmanager
def _lines(path: Path | None) -> Iterator[Callable[[dict[str, Any]], object]]:
    """Writes JSON objects, one a line, to a file that has its name only when it is whole; nowhere without a path."""
    if path is None:
        yield lambda _: None
        return
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        with unfinished.open("w", encoding="utf-8") as file:
            yield lambda document: file.write(json.dumps(document) + "\n")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


# --- lifecycles and accounts ----------------------------------------------------------------------------------------


def _lifecycle(path: Path | None) -> Iterator[tuple[str, Command]]:
    """The commands of a file, each with its account. Raises `InputError`, naming the line."""
    if path is not None:
        yield from _purchases(path) if path.suffix == ".csv" else _with_accounts(path)


def _accounts(path: Path | None) -> Iterator[tuple[str, Account]]:
    if path is not None:
        yield from _with_accounts(path)


def _with_accounts(path: Path) -> Iterator[tuple[str, Any]]:
    """What each line of JSON says of an account."""
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                yield _of_account(json.loads(line))
            except (ValueError, MimoCreditsError) as error:
                what = "is no JSON" if isinstance(error, ValueError) else str(error)
                raise InputError(f"{path}, line {number}", what) from None


def _of_account(document: object) -> tuple[str, Any]:
    if not isinstance(document, dict) or not isinstance(document.get("account"), str):
        raise InputError("account", "is missing: each line needs a JSON object with an account")
    return document.pop("account"), from_data(document)


def _purchases(path: Path) -> Iterator[tuple[str, Command]]:
    """Plans that were bought, one a line; a currency, an interval and an id may stand there, too."""
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        for row in reader:
            try:
                yield _purchase(row)
            except InputError as error:
                raise InputError(f"{path}, line {reader.line_num}", str(error)) from None


def _purchase(row: dict[str, str | None]) -> tuple[str, Command]:
    account, at, tier = (row.get(name) or "" for name in ("account", "at", "tier"))
    if not account:
        raise InputError("account", "is missing")
    more: dict[str, Any] = {name: row[name] for name in ("currency", "interval") if row.get(name)}
    return account, Subscribe(row.get("id") or f"subscribe {at}", parse_instant(at), tier, **more)
