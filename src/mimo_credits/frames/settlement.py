"""`Settlement`: what came of settling: every row, every account, and what each cycle amounts to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Generic

from mimo_credits.frames.beside import table_beside
from mimo_credits.frames.engines import FrameT
from mimo_credits.frames.routing import Folded
from mimo_credits.frames.segments import Books
from mimo_credits.frames.slots import Slots
from mimo_credits.frames.statement_rows import tables_of
from mimo_credits.ledger import Account, Rejection

if TYPE_CHECKING:
    import pyarrow as pa

    from mimo_credits.frames.engines import Frame


class Accounts(Mapping[str, Account]):
    """Accounts by id, each the ledger's own after all its commands and usage; made when it is asked for."""

    __slots__ = ("_folded", "_slots")

    def __init__(self, slots: Slots, folded: Mapping[str, Books]) -> None:
        self._slots, self._folded = slots, folded

    def __getitem__(self, name: str) -> Account:
        if name not in self._slots.known and name not in self._slots:
            raise KeyError(name)
        return self.books(name).account

    def __iter__(self) -> Iterator[str]:
        yield from self._slots.known
        yield from (name for name in self._slots if name not in self._slots.known)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def books(self, name: str) -> Books:
        """The account's books: usage stands in them in sums."""
        return self._folded[name] if name in self._folded else self._slots.books(name)


class Settlement(Generic[FrameT]):
    """Usage, settled. Amounts are millicredits.

    `rows` is the frame that was given, of its own kind, with what `rate` adds and with `drawn` (what pots paid),
    `overage` (what none covered; together they are `millicredits`) and `segment_start` (where the row's statement
    begins). `statements` and `bills` are frames of that kind, too. `accounts` has every account by its id, as it stands
    after all commands and usage: a mapping, which makes each when it is asked for, and with which the next month goes
    on (`settle(…, accounts=…)`). `folded` says which accounts were folded row by row, and why; `rejected` has the
    commands that were refused, where errors are kept; `repeats` is how many rows were there once more and were dropped.
    """

    def __init__(
        self,
        rows: FrameT,
        frame: Frame,
        slots: Slots,
        folded: Mapping[str, Books],
        rejected: Mapping[str, list[Rejection]],
        repeats: int,
    ) -> None:
        self.rows: FrameT = rows
        self.folded: Mapping[str, Folded] = dict(slots.folded)
        self.accounts: Accounts = Accounts(slots, folded)
        self.rejected: Mapping[str, list[Rejection]] = rejected
        self.repeats: int = repeats
        self._slots, self._frame = slots, frame

    def __repr__(self) -> str:
        return f"<Settlement of {len(self.accounts):,} accounts, {len(self.folded):,} of them folded row by row>"

    @cached_property
    def _tables(self) -> tuple[pa.Table, pa.Table]:
        known, accounts = self._slots.known, self.accounts
        return tables_of((name, known.account(name), accounts.books(name)) for name in accounts)

    @cached_property
    def statements(self) -> FrameT:
        """A frame with one row for each segment of each account's cycles; see `StatementRow`."""
        return self._native(0)

    @cached_property
    def bills(self) -> FrameT:
        """A frame with one row for each bill; see `BillRow`."""
        return self._native(1)

    def _native(self, number: int) -> FrameT:
        frame: FrameT = table_beside(self._frame, self._tables[number]).to_native()
        return frame
