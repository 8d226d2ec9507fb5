"""`Ledger` in memory: each id once, refusals without a trace, snapshots that are what their entries say."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from mimo_credits import (
    Account,
    Advance,
    Cancel,
    ChangeTier,
    Conflict,
    CycleOpened,
    Grant,
    Hold,
    HoldOpened,
    InputError,
    Ledger,
    Receipt,
    Record,
    Refused,
    Snapshot,
    Subscribe,
    UnknownModel,
    Usage,
    dumps,
    load_book,
    loads,
)

BOOK = load_book()


def june(day, hour=12):
    return datetime(2026, 6, day, hour, tzinfo=UTC)


USED = Record("r", june(2), Usage("mimo-v2.5", input_tokens=1_000))


@pytest.fixture
def ledger():
    ledger = Ledger(BOOK)
    ledger.apply("ada", Subscribe("s", june(1), "lite"))
    return ledger


def test_a_repeat_gives_the_first_receipt_and_changes_nothing(ledger):
    first = ledger.apply("ada", USED)
    after, entries = ledger.account("ada"), ledger.entries("ada")
    again = ledger.apply("ada", USED)
    assert not first.repeat
    assert again.repeat
    assert again.entries == first.entries
    assert len(first.entries) == 2
    assert (ledger.account("ada"), ledger.entries("ada")) == (after, entries)


def test_an_id_is_unique_over_all_kinds_of_command(ledger):
    with pytest.raises(Conflict) as caught:
        ledger.apply("ada", Cancel("s", june(3)))
    assert caught.value.id == "s"
    assert ledger.account("ada").plan.pending_cancel is False


def test_the_same_id_in_another_account_is_another_command(ledger):
    assert not ledger.apply("ben", Subscribe("s", june(1), "max")).repeat
    assert ledger.account("ada").tier == "lite"
    assert list(ledger) == ["ada", "ben"]


def test_a_refused_command_leaves_no_trace_and_its_id_is_free(ledger):
    before = ledger.snapshot()
    with pytest.raises(Refused):
        ledger.apply("ada", Subscribe("x", june(2), "max"))
    with pytest.raises(UnknownModel):
        ledger.apply("ada", Record("x", june(2), Usage("no-such-model")))
    assert ledger.snapshot() == before
    assert not ledger.apply("ada", Record("x", june(2), Usage("mimo-v2.5", input_tokens=1))).repeat


def test_a_refusal_does_not_bring_an_account_into_being():
    ledger = Ledger(BOOK)
    with pytest.raises(Refused):
        ledger.apply("ada", USED)
    assert list(ledger) == []
    assert ledger.account("ada") == Account()
    assert ledger.entries("ada") == ()


def test_time_may_pass_more_than_once(ledger):
    assert ledger.apply("ada", Advance(june(30))).entries == ()
    assert len(ledger.apply("ada", Advance(datetime(2026, 7, 2, tzinfo=UTC))).entries) == 4
    assert ledger.apply("ada", Advance(datetime(2026, 7, 2, tzinfo=UTC))).entries == ()


def test_a_snapshot_goes_over_the_wire_and_restores_the_whole_ledger(ledger):
    ledger.apply("ada", USED)
    ledger.apply("ben", Grant("g", june(1), Decimal("0.5")))
    restored = Ledger.restore(loads(dumps(ledger.snapshot())), BOOK)
    assert restored.snapshot() == ledger.snapshot()
    assert restored.apply("ada", USED).repeat
    assert restored.verify("ada") == ()
    with pytest.raises(Conflict):
        restored.apply("ben", Grant("g", june(1), 1))


def test_a_snapshot_that_is_not_what_its_entries_say_is_refused(ledger):
    (kept,) = ledger.snapshot().accounts
    with pytest.raises(InputError, match="is not what its entries add up to"):
        Ledger.restore(Snapshot((kept._replace(account=Account()),)), BOOK)
    with pytest.raises(InputError, match="stands in it twice"):
        Ledger.restore(Snapshot((kept, kept)), BOOK)


@pytest.fixture
def busy(ledger):
    """A snapshot of one account with usage, a grant, a hold, a change of tier, a cancellation and time that passed."""
    for command in (
        USED,
        Grant("g", june(2), 5),
        Hold("h", june(3), credits=1, expires_at=june(9)),
        Advance(june(10)),
        ChangeTier("up", june(11), "pro"),
        Cancel("c", june(12)),
        Advance(datetime(2026, 8, 1, tzinfo=UTC)),
        Record("late", june(29), Usage("mimo-v2.5", web_searches=1)),
    ):
        ledger.apply("ada", command)
    (kept,) = ledger.snapshot().accounts
    Ledger.restore(Snapshot((kept,)), BOOK)
    return kept


def refusal_of(kept):
    with pytest.raises(InputError) as caught:
        Ledger.restore(Snapshot((kept,)), BOOK)
    assert caught.value.field == "snapshot"
    return caught.value.why


def test_a_snapshot_whose_entries_do_not_replay_is_refused(busy):
    """Without what opened the hold, and without what opened the plan."""
    for kind in (HoldOpened, CycleOpened):
        entries = tuple(entry for entry in busy.entries if not isinstance(entry, kind))
        assert "account 'ada': entries[" in refusal_of(busy._replace(entries=entries))


@pytest.mark.parametrize("missing", ["s", "r", "g", "h", "up", "c", "late"])
def test_a_snapshot_that_lacks_a_command_is_refused(busy, missing):
    """Restored, it would take the command for a new one and apply it twice."""
    commands = tuple(one for one in busy.commands if one.command.id != missing)
    assert refusal_of(busy._replace(commands=commands)).endswith(
        f"is of the command {missing!r}, which did not make it"
    )


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"first": 99}, "claims 2 entries from 99 on, where 3 is the first that is free"),
        ({"first": -1}, "claims 2 entries from -1 on, where 3 is the first that is free"),
        ({"first": 2}, "claims 2 entries from 2 on, where 3 is the first that is free"),
        ({"made": -1}, "claims -1 entries from 3 on, where 3 is the first that is free"),
        ({"made": 0}, "entries[3]: is of the command 'r', which did not make it"),
    ],
)
def test_a_command_that_claims_entries_it_did_not_make_is_refused(busy, fields, why):
    bought, used, *rest = busy.commands
    assert used[1:] == (3, 2)
    assert refusal_of(busy._replace(commands=(bought, used._replace(**fields), *rest))).endswith(why)


def test_the_last_command_claims_no_entry_beyond_the_last(busy):
    *rest, last = busy.commands
    assert "claims" in refusal_of(busy._replace(commands=(*rest, last._replace(made=last.made + 1))))


def test_a_snapshot_with_a_command_twice_is_refused(busy):
    again = busy.commands[0]._replace(first=len(busy.entries), made=0)
    assert "has the id 's' again" in refusal_of(busy._replace(commands=(*busy.commands, again)))


@pytest.mark.parametrize("account_id", ["", None, 7, "\ud800", "a" * 257])
def test_an_account_id_is_a_text_that_any_store_can_hold(ledger, account_id):
    assert ledger.apply("a" * 256, Advance(USED.at)) == Receipt(())
    with pytest.raises(InputError) as caught:
        ledger.apply(account_id, USED)
    assert caught.value.field == "account_id"


def test_what_is_no_command_is_an_input_error(ledger):
    with pytest.raises(InputError) as caught:
        ledger.apply("ada", "charge it")
    assert caught.value.field == "command"


def test_its_statement_names_the_sources(ledger):
    ledger.apply("ada", USED)
    (line,) = ledger.statement("ada").cycles[0].segments[0].lines
    assert line.source == "H official-subscription"
    assert "1 accounts" in repr(ledger)
