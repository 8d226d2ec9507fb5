"""`mimo-credits rate`: files of requests, larger than memory, with what every request costs in further columns."""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mimo_credits.book import RateBook
from mimo_credits.catalog import load_book
from mimo_credits.cli.arguments import CARD, Commands, UsageError, add_json, named_card
from mimo_credits.cli.output import in_credits, show, show_json, with_time_left
from mimo_credits.errors import FaultyRow, FaultyRows, RowsRefused, nearest
from mimo_credits.exact import to_credits

if TYPE_CHECKING:
    from mimo_credits.cli.request_files import Part
    from mimo_credits.frames import Columns

_EXAMPLES = 3
_FIELDS = (
    *("at", "model", "input_tokens", "cached_tokens", "output_tokens"),
    *("audio_seconds", "web_searches", "images", "id"),
)


class Named(NamedTuple):
    """A field of a request and the column that holds it, as typed: `at=created_at`."""

    field: str
    column: str


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
    parser.add_argument(
        "--errors",
        choices=("raise", "column"),
        default="raise",
        help="refuse faulty rows (raise) or keep them (column)",
    )
    parser.add_argument(
        "--column",
        action="append",
        type=named,
        default=[],
        metavar="FIELD=NAME",
        help=f"the column that holds a field, such as at=created_at (fields: {', '.join(_FIELDS)})",
    )
    add_json(parser)
    parser.set_defaults(run=run)


def named(text: str) -> Named:
    """A field and a column, joined by `=`."""
    name, found, column = text.partition("=")
    if not found or not column:
        raise ArgumentTypeError(f"{text!r} is not FIELD=NAME, such as at=created_at")
    if name not in _FIELDS:
        alike = ", ".join(nearest(name, _FIELDS) or _FIELDS)
        raise ArgumentTypeError(f"there is no field {name!r}; nearest: {alike}")
    return Named(name, column)


def run(options: Namespace) -> int:
    """Rates the files and says how many rows there were and what they cost."""
    try:
        import numpy  # noqa: F401 - whether it is there is the question
        import pyarrow  # noqa: F401

        from mimo_credits.cli.request_files import Sink, found, read
        from mimo_credits.frames import Columns
    except ImportError:
        raise UsageError("rate needs pyarrow, numpy and narwhals: pip install 'mimo_credits[arrow]'") from None
    columns = Columns(**dict(options.column))
    files = found(options.files)
    if options.output.resolve() in (file.resolve() for file in files):
        raise UsageError(f"{options.output}: is read and cannot be written")
    book = load_book() if options.card is None else RateBook.fixed(named_card("--card", options.card))
    counted = Counted()
    with Sink(options.output) as sink:
        parts = (_of_all(part, number, len(files)) for number, file in enumerate(files) for part in read(file, columns))
        for rated in counted.rated(with_time_left(parts, "rows"), book, columns, keep=options.errors == "column"):
            sink.write(rated)
        counted.refuse()
    if options.json:
        show_json(counted.document())
    else:
        show(counted.text())
    return 0


def _of_all(part: Part, number: int, files: int) -> tuple[Part, int, float]:
    """The part with how many rows it has and how much of all files has been read."""
    return part, len(part.rows), (number + part.share) / files


@dataclass(slots=True)
class Counted:
    """How many rows there were, what they cost, and which could not be rated."""

    rows: int = 0
    millicredits: int = 0
    kept: bool = False
    faults: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[FaultyRow]] = field(default_factory=dict)

    def rated(self, parts: Iterable[Part], book: RateBook, columns: Columns, *, keep: bool) -> Iterator[object]:
        """Each part, rated; after the first faulty row only where such rows are kept."""
        from mimo_credits.frames import rate, total

        self.kept = keep
        for part in parts:
            rated = rate(part.rows, book, columns=columns, errors="column")
            self.rows += len(rated)
            self.millicredits += total(rated)
            self._note(part, rated)
            if keep:
                yield rated
            elif not self.faults:
                yield rated.drop_columns(["reason"])

    def _note(self, part: Part, rated: object) -> None:
        import pyarrow.compute as pc

        reasons = rated["reason"]  # type: ignore[index]
        if reasons.null_count == len(reasons):
            return
        for found in pc.value_counts(reasons.drop_null()).to_pylist():
            fault, count = found["values"], found["counts"]
            self.faults[fault] += count
            examples = self.examples.setdefault(fault, [])
            places = pc.indices_nonzero(pc.equal(reasons.cast("string"), fault))[: _EXAMPLES - len(examples)]
            for place in places.to_pylist():
                (row,) = part.rows.slice(place, 1).to_pylist()
                examples.append(FaultyRow(part.start + place, {"file": str(part.file), **row}))

    def refuse(self) -> None:
        """Raises `RowsRefused` where there are faulty rows that are not kept."""
        if self.faults and not self.kept:
            from mimo_credits.frames import Fault

            raise RowsRefused(
                [
                    FaultyRows(fault.value, self.faults[fault], tuple(self.examples[fault]))
                    for fault in Fault
                    if fault in self.faults
                ]
            )

    def text(self) -> str:
        """What was done, for people."""
        faulty = sum(self.faults.values())
        cost = to_credits(self.millicredits)
        lines = [f"{self.rows:,} rows, {self.rows - faulty:,} of them rated: {cost:,f} credits"]
        lines += [f"  {fault}: {count:,}" for fault, count in sorted(self.faults.items())]
        return "\n".join(lines) + "\n"

    def document(self) -> dict[str, object]:
        """The same for programs."""
        return {
            "rows": str(self.rows),
            "rated": str(self.rows - sum(self.faults.values())),
            "credits": in_credits(self.millicredits),
            "faults": {fault: str(count) for fault, count in sorted(self.faults.items())},
        }
