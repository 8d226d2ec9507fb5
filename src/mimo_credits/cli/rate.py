"""`mimo-credits rate`: files of requests, larger than memory, with what every request costs in further columns."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mimo_credits.book import RateBook
from mimo_credits.cli.arguments import (
    CARD,
    FIELDS,
    Commands,
    UsageError,
    add_columns,
    add_errors,
    add_json,
    chosen_book,
)
from mimo_credits.cli.faulty_rows import Faults
from mimo_credits.cli.output import in_credits, show, show_json, with_time_left
from mimo_credits.errors import RowsRefused
from mimo_credits.exact import to_credits

if TYPE_CHECKING:
    import pyarrow as pa

    from mimo_credits.cli.request_files import Part
    from mimo_credits.frames import Columns


def add_to(commands: Commands) -> None:
    """Adds the command to the program's."""
    parser = commands.add_parser(
        "rate",
        help="files of requests, with what every request costs in further columns",
        description="Reads requests from files (Parquet, CSV, JSON Lines; the texts plain or gzip; globs too) and "
        "writes one file with the same rows and what each costs: millicredits, card, band, off_peak, rated. Larger "
        "than memory. Without --card each row is rated by the card in force at its instant. Rows that cannot be rated "
        "are counted and refused, and nothing is written, unless --errors column keeps them with their reason.",
        allow_abbrev=False,
    )
    parser.add_argument("files", nargs="+", metavar="IN", help="a file, or a glob in quotes")
    parser.add_argument("--output", "-o", type=Path, required=True, metavar="OUT", help="the file to write")
    parser.add_argument("--card", metavar="V", help=f"rate all rows by {CARD}")
    add_errors(parser)
    add_columns(parser, FIELDS)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Rates the files and says how many rows there were and what they cost."""
    try:
        import numpy  # noqa: F401 - whether it is there is the question
        import pyarrow  # noqa: F401

        from mimo_credits.cli.file_kinds import found
        from mimo_credits.cli.request_files import read_all, schema_of
        from mimo_credits.cli.written_files import Sink, check_written, whole
        from mimo_credits.frames import Columns
    except ImportError:
        raise UsageError("rate needs pyarrow, numpy and narwhals: pip install 'mimo_credits[arrow]'") from None
    columns = Columns(**dict(options.column))
    files = found(options.files)
    check_written([options.output], files)
    book = chosen_book(options.card)
    counted, sink = Counted(), Sink(options.output)
    with whole([sink]):
        parts = with_time_left(read_all(files, columns, schema_of(files, columns)), "rows")
        for rated in counted.rated(parts, book, columns, keep=options.errors == "column"):
            sink.write(rated)
        counted.refuse()
    if options.json:
        show_json(counted.document())
    else:
        show(counted.text())
    return 0


@dataclass(slots=True)
class Counted:
    """How many rows there were, what they cost, and which could not be rated."""

    rows: int = 0
    millicredits: int = 0
    kept: bool = False
    faults: Faults = field(default_factory=Faults)

    def rated(self, parts: Iterable[Part], book: RateBook, columns: Columns, *, keep: bool) -> Iterator[pa.Table]:
        """Each part, rated; after the first faulty row only where such rows are kept."""
        from mimo_credits.frames import rate, total

        self.kept = keep
        for part in parts:
            rated = rate(part.rows, book, columns=columns, errors="column")
            self.rows += len(rated)
            self.millicredits += total(rated)
            self.faults.note(part.rows, rated["reason"], part.start, file=str(part.file))
            if keep:
                yield rated
            elif not self.faults.counts:
                yield rated.drop_columns(["reason"])

    def refuse(self) -> None:
        """Raises `RowsRefused` where there are faulty rows that are not kept."""
        if self.faults.counts and not self.kept:
            raise RowsRefused(self.faults.told())

    def text(self) -> str:
        """What was done, for people."""
        rated, cost = self.rows - self.faults.counts.total(), to_credits(self.millicredits)
        lines = [f"{self.rows:,} rows, {rated:,} of them rated: {cost:,f} credits", *self.faults.lines()]
        return "\n".join(lines) + "\n"

    def document(self) -> dict[str, object]:
        """The same for programs."""
        return {
            "rows": str(self.rows),
            "rated": str(self.rows - self.faults.counts.total()),
            "credits": in_credits(self.millicredits),
            "faults": self.faults.document(),
        }
