"""Rows that were refused, while parts of files go by: how many have each fault, and a few of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mimo_credits.errors import FaultyRow, FaultyRows

if TYPE_CHECKING:
    import pyarrow as pa

_EXAMPLES = 3


@dataclass(slots=True)
class Faults:
    """How many rows have each fault, and examples."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[FaultyRow]] = field(default_factory=dict)

    def note(self, rows: pa.Table, reasons: pa.ChunkedArray, start: int = 0, file: str | None = None) -> None:
        """Counts rows by their reason, null for one without a fault; `start` rows of the `file` went by before."""
        import pyarrow.compute as pc

        if reasons.null_count == len(reasons):
            return
        for found in pc.value_counts(reasons.drop_null()).to_pylist():
            fault, count = found["values"], found["counts"]
            self.counts[fault] += count
            examples = self.examples.setdefault(fault, [])
            places = pc.indices_nonzero(pc.equal(reasons.cast("string"), fault))[: _EXAMPLES - len(examples)]
            for place in places.to_pylist():
                (row,) = rows.slice(place, 1).to_pylist()
                examples.append(FaultyRow(start + place, row, file))

    def told(self) -> list[FaultyRows]:
        """Each fault with its examples: those of rating in order of precedence, then the ledger's."""
        from mimo_credits.frames import Fault

        of_rating = [fault.value for fault in Fault if fault in self.counts]
        faults = [*of_rating, *sorted(self.counts.keys() - set(of_rating))]
        return [FaultyRows(fault, self.counts[fault], tuple(self.examples[fault])) for fault in faults]

    def lines(self) -> list[str]:
        """How many rows have each fault, for people."""
        return [f"  {fault}: {count:,}" for fault, count in sorted(self.counts.items())]

    def document(self) -> dict[str, str]:
        """The same for programs."""
        return {fault: str(count) for fault, count in sorted(self.counts.items())}
