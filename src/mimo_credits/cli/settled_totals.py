"""What a run of `settle` amounts to: its totals, and which rows and commands were refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from mimo_credits.cli.faulty_rows import Faults
from mimo_credits.cli.lifecycle_files import lines_of
from mimo_credits.cli.output import in_credits
from mimo_credits.cli.sorted_usage import places_of
from mimo_credits.errors import FaultyRow, FaultyRows, MimoCreditsError, shown
from mimo_credits.frames import Columns, Lifecycles, Settled
from mimo_credits.ledger import Rejection
from mimo_credits.wire import to_data

_MOST_TOLD = 20


class NotSettled(MimoCreditsError):
    """Rows or commands that were refused, all of them counted. Nothing has been written."""


class Totals:
    """The sums of this run alone, whatever its accounts had used before, and what was refused."""

    def __init__(self, known: Lifecycles, columns: Columns, usage: Sequence[Path], lifecycle: Path | None) -> None:
        self._known, self._columns, self._usage, self._lifecycle = known, columns, usage, lifecycle
        self.accounts = self.rows = self.millicredits = self.overage = 0
        self.faults = Faults()
        self.rejected: list[tuple[str, Rejection]] = []

    def take(self, part: Settled) -> None:
        """Counts some accounts."""
        for name, books in part.books.items():
            before, after = self._known.account(name).pots, books.account.pots
            self.accounts += 1
            self.millicredits += after.spent - before.spent
            self.overage -= after.overage - before.overage
            self.rejected += [(name, rejection) for rejection in books.rejected]
        if part.rows is not None:
            rows = pa.Table.from_batches([part.rows])
            self.rows += len(rows)
            shown_by = [name for name in (self._columns.account, *self._columns.shown) if name in rows.column_names]
            self.faults.note(rows.select(shown_by), rows["reason"])

    @property
    def refused(self) -> bool:
        """Whether anything was."""
        return bool(self.faults.counts or self.rejected)

    @property
    def strangers(self) -> bool:
        """Whether accounts had usage without a plan of which no file had said a word."""
        without = self.faults.examples.get("not-subscribed", ())
        return any(row.values[self._columns.account] not in self._known for row in without)

    def refusal(self, hint: str | None) -> NotSettled:
        """The error that names all of it, file and line or row, with a hint as its note."""
        rows = self.faults.counts.total()
        counts = [_counted(count, what) for count, what in ((len(self.rejected), "command"), (rows, "row")) if count]
        lines = [*self.told_commands(), *map(str, self._told_rows())]
        error = NotSettled("\n  ".join([f"refused: {' and '.join(counts)}; nothing is written:", *lines]))
        if hint is not None:
            error.add_note(hint)
        return error

    def told_commands(self) -> Iterator[str]:
        """Each refused command in a line; those beyond some are only counted."""
        told = self._placed(self.rejected[:_MOST_TOLD])
        for each in told:
            place = f"{each['file']}, line {each['line']}: " if each["line"] else ""
            named = f"{each['type']} {shown(each['id'])}" if each["id"] else f"{each['type']}"
            yield f"{place}account {shown(each['account'])}: {named} is refused: {each['why']}"
        if len(told) < len(self.rejected):
            yield f"and {len(self.rejected) - len(told):,} more commands are refused (--json names them all)"

    def _placed(self, rejected: Sequence[tuple[str, Rejection]]) -> list[dict[str, str | None]]:
        """Refused commands with the lines where they stand; what only `--until` asked for has none."""
        wanted = [(name, rejection.command) for name, rejection in rejected]
        lines = lines_of(self._lifecycle, wanted) if self._lifecycle is not None and wanted else {}
        return [
            {
                "file": None if self._lifecycle is None else str(self._lifecycle),
                "line": str(lines[name, command]) if (name, command) in lines else None,
                "account": name,
                "type": str(to_data(command)["type"]),
                "id": getattr(command, "id", None),
                "why": str(error),
            }
            for name, (command, error) in rejected
        ]

    def _told_rows(self) -> list[FaultyRows]:
        """The refused rows, each example with its file and row."""
        told = self.faults.told()
        places = places_of((self._key(row) for fault in told for row in fault.examples), self._usage, self._columns)

        def placed(row: FaultyRow) -> FaultyRow:
            place = places[self._key(row)]
            return FaultyRow(place.row, row.values, str(place.file))

        return [fault._replace(examples=tuple(map(placed, fault.examples))) for fault in told]

    def _key(self, row: FaultyRow) -> tuple[str, str]:
        return str(row.values[self._columns.account]), str(row.values[str(self._columns.id)])

    def text(self) -> str:
        """All accounts in a few lines."""
        settled = f"{_counted(self.accounts, 'account')}, {_counted(self.rows, 'row')}"
        lines = [
            f"{settled}, {self.faults.counts.total():,} of them refused",
            *self.faults.lines(),
            f"{self.millicredits:,} millicredits spent, {self.overage:,} of them overage",
        ]
        if self.rejected:
            lines.append(f"{_counted(len(self.rejected), 'command')} refused")
        return "\n".join(lines) + "\n"

    def document(self) -> dict[str, object]:
        """The same for programs."""
        return {
            "accounts": str(self.accounts),
            "rows": str(self.rows),
            "refused": str(self.faults.counts.total()),
            "credits": in_credits(self.millicredits),
            "overage": in_credits(self.overage),
            "faults": self.faults.document(),
            "rejected": self._placed(self.rejected),
        }


def _counted(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count:,} {what}s"
