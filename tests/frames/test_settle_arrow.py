"""The fold over sorted Arrow batches is the ledger's own fold, row by row, account by account, however it is cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mimo_credits import Account
from mimo_credits.frames.arrow_stream import settle_arrow
from mimo_credits.frames.segments import Books
from mimo_credits.frames.statement_rows import rows_of
from tests.frames.accounts import World, amounts, in_order, reference, statement_rows, table, worlds


def settled(world: World, size: int) -> tuple[dict[str, Books], list[dict[str, object]]]:
    books: dict[str, Books] = {}
    rows: list[dict[str, object]] = []
    batches = table(in_order(world.rows)).to_batches(max_chunksize=size)
    for part in settle_arrow(batches, world.lifecycle, world.book, accounts=world.before, errors="column"):
        assert not books.keys() & part.books.keys()
        books.update(part.books)
        rows += part.rows.to_pylist() if part.rows is not None else []
    return books, rows


def check(world: World, books: dict[str, Books], rows: list[dict[str, object]]) -> None:
    assert sorted(books) == world.names()
    for name in world.names():
        expected = reference(world, name)
        assert books[name].account == expected.account
        made, _ = rows_of(name, world.before.get(name, Account()), books[name])
        if name not in world.before:
            assert [amounts(row) for row in made] == statement_rows(name, expected.statement)
        own = [row for row in rows if row["account"] == name]
        paid = {
            row["id"]: (row["millicredits"], row["overage"], row["card"], row["off_peak"], row["band"])
            for row in own
            if row["reason"] is None
        }
        assert paid == expected.paid
        assert all(row["drawn"] == row["millicredits"] - row["overage"] for row in own if row["reason"] is None)
        refused = {row["id"]: row["reason"] for row in own if row["reason"] is not None}
        ids = {row.id for row in world.rows if row.account == name}
        assert refused == {id: why for id, why in expected.rejected.items() if id in ids}
    assert len(rows) == len(world.rows)


@given(worlds(), st.integers(1, 7))
def test_it_is_the_fold(world: World, size: int) -> None:
    check(world, *settled(world, size))


@given(worlds(hostile=True), st.integers(1, 7))
def test_it_is_the_fold_whatever_is_asked(world: World, size: int) -> None:
    check(world, *settled(world, size))
