"""`mimo-credits settle`: the ledger of many accounts, from files of usage and a file of lifecycles, larger than memory.

DuckDB sorts the usage by account, instant and id, on disk where it must; the ledger's own fold takes it account by
account (`frames.settle_arrow`). So memory is needed for a batch and for one account, however many rows there are, and
for the lifecycles and the accounts that are given. Nothing gets its name unless nothing is refused, or faults are kept.
"""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mimo_credits.cli.arguments import (
    CARD,
    EXAMPLE,
    FIELDS,
    Commands,
    UsageError,
    add_columns,
    add_errors,
    add_json,
    chosen_book,
    instant,
)
from mimo_credits.cli.output import show, show_json, warn

if TYPE_CHECKING:
    import pyarrow as pa

    from mimo_credits.cli.settled_totals import Totals
    from mimo_credits.cli.written_files import Sink
    from mimo_credits.frames import Lifecycles, Settled

_LINES_OF_JSON = (".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz")


def add_to(commands: Commands) -> None:
    """Adds the command to the program's."""
    parser = commands.add_parser(
        "settle",
        help="the ledger of many accounts, from files of usage",
        description="Settles usage (Parquet, CSV or JSON Lines, globs too) against the lifecycles of its accounts: who "
        "paid for each request, what each cycle amounts to, and how each account stands. Without --card by the "
        "published cards. Columns: account, at, id, model, input_tokens, cached_tokens, output_tokens. Larger than "
        "memory; rows may come in any order. Where rows or commands are refused nothing is written, unless --errors "
        "column keeps them. Needs duckdb and pyarrow.",
        allow_abbrev=False,
    )
    parser.add_argument("usage", nargs="+", metavar="USAGE", help="a file or a glob, such as 'usage/*.parquet'")
    parser.add_argument(
        "--lifecycle",
        type=Path,
        metavar="FILE",
        help="what happens to accounts besides: JSON Lines of commands, each with its account, or CSV of plans bought "
        "with the columns account, at, tier and, where they are there, currency, interval, id; also .gz",
    )
    parser.add_argument(
        "--accounts", type=Path, metavar="FILE", help="how accounts stood before: what --accounts-out wrote"
    )
    parser.add_argument(
        "--until",
        type=instant,
        metavar="INSTANT",
        help=f"bring every account up to this instant, such as {EXAMPLE}: what is due by then happens, usage or not",
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
    parser.add_argument("--card", metavar="V", help=f"settle by {CARD} at all instants")
    add_errors(parser)
    add_columns(parser, ("account", *FIELDS))
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Settles, writes the files that were asked for, and prints the totals."""
    try:
        from mimo_credits.cli.file_kinds import found
        from mimo_credits.cli.lifecycle_files import lifecycles_from
        from mimo_credits.cli.settled_totals import Totals
        from mimo_credits.cli.sorted_usage import in_order
        from mimo_credits.cli.written_files import whole
        from mimo_credits.frames import Columns, settle_arrow
    except ImportError:
        raise UsageError(
            "settle needs duckdb, pyarrow and narwhals: pip install 'mimo_credits[arrow,duckdb]'"
        ) from None
    columns = Columns(**dict(options.column))
    usage = found(options.usage)
    out = _Out(options, usage)
    book = chosen_book(options.card)
    known = lifecycles_from(options.lifecycle, options.accounts, options.until)
    totals = Totals(known, columns, usage, options.lifecycle)
    keep = options.errors == "column"
    with whole(out.sinks):
        with in_order(usage, columns) as (schema, rows):
            out.begin(schema, with_reason=keep)
            for part in settle_arrow(rows, known, book, columns=columns, errors="column"):
                totals.take(part)
                if keep or not totals.refused:
                    out.take(part, known, with_reason=keep)
        if totals.refused and not keep:
            raise totals.refusal(hint=_hint(options, totals))
    _tell(options, totals)
    return 0


def _tell(options: Namespace, totals: Totals) -> None:
    for line in totals.told_commands():
        warn(line)
    hint = _hint(options, totals)
    if hint is not None:
        warn(hint)
    if options.json:
        show_json(totals.document())
    else:
        show(totals.text())


def _hint(options: Namespace, totals: Totals) -> str | None:
    """What was probably forgotten where accounts have usage and nothing is known of them."""
    if options.accounts is not None or not totals.strangers:
        return None
    return "accounts whose plans were bought in an earlier run need --accounts, which takes what --accounts-out wrote"


class _Out:
    """The files that what is settled goes to. Raises `UsageError` for one that cannot be written, before all else."""

    def __init__(self, options: Namespace, usage: Sequence[Path]) -> None:
        from mimo_credits.cli.written_files import Sink, check_written

        paths = (options.output, options.statements, options.bills, options.accounts_out)
        given = (path for path in (options.lifecycle, options.accounts) if path is not None)
        check_written([path for path in paths if path is not None], [*usage, *given])
        if paths[-1] is not None and not paths[-1].name.lower().endswith(_LINES_OF_JSON):
            raise UsageError(f"{paths[-1]}: accounts are JSON Lines: needs a name that ends in .jsonl or .jsonl.gz")
        files = [None if path is None else Sink(path) for path in paths]
        self._rows, self._statements, self._bills, self._accounts = files
        self.sinks = [file for file in files if file is not None]

    def begin(self, schema: pa.Schema, *, with_reason: bool) -> None:
        """Writes the columns, and no rows: in a quiet month there are none."""
        import pyarrow as pa

        from mimo_credits.frames.columns import REASON
        from mimo_credits.frames.settling import RESULTS
        from mimo_credits.frames.statement_rows import tables_of

        whole, text, truth, instant = pa.int64(), pa.string(), pa.bool_(), pa.timestamp("us", "UTC")
        kinds = (whole, text, whole, truth, truth, whole, whole, instant)
        added = [*zip(RESULTS, kinds, strict=True), *([(REASON, text)] if with_reason else [])]
        _write(self._rows, pa.schema([*schema, *(pa.field(*each) for each in added)]).empty_table())
        statements, bills = tables_of(())
        _write(self._statements, statements)
        _write(self._bills, bills)
        if self._accounts is not None:
            self._accounts.write_objects(())

    def take(self, part: Settled, known: Lifecycles, *, with_reason: bool) -> None:
        """Writes some accounts."""
        import pyarrow as pa

        from mimo_credits.wire import to_data

        if part.rows is not None:
            rows = pa.Table.from_batches([part.rows])
            _write(self._rows, rows if with_reason else rows.drop_columns(["reason"]))
        if self._accounts is not None:
            self._accounts.write_objects({"account": name, **to_data(each)} for name, each in part.accounts.items())
        if self._statements is not None or self._bills is not None:
            statements, bills = part.statements(known)
            _write(self._statements, statements)
            _write(self._bills, bills)


def _write(sink: Sink | None, rows: pa.Table) -> None:
    if sink is not None:
        sink.write(rows)
