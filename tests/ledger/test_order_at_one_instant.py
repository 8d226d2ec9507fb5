"""What happens at one instant happens in one order: what falls due, then the commands, by kind and then by id."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mimo_credits import (
    Account,
    Advance,
    BucketClosed,
    Cancel,
    ChangeTier,
    Command,
    CycleOpened,
    Entry,
    Grant,
    Hold,
    HoldClosed,
    Posting,
    RateBook,
    Record,
    Release,
    Settle,
    Subscribe,
    fold,
    timeline,
)
from tests.ledger import worlds
from tests.ledger.worlds import SMALL

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def what_falls_due(book: RateBook, at: datetime) -> list[tuple[str, str]]:
    """The entries of one instant at which a grant expires, two holds lapse and a segment ends."""
    _, entries = fold(
        Account(),
        [
            Subscribe("s", START, "lite"),
            Grant("g", START, 6, expires_at=at, priority=-1),
            Hold("h2", START, credits=2, expires_at=at),
            Hold("h1", START, credits=1, expires_at=at),
            Advance(at),
        ],
        book,
    )
    return [seen(entry) for entry in entries if entry.at == at]


def seen(entry: Entry) -> tuple[str, str]:
    match entry:
        case Posting():
            return f"{entry.source} -> {entry.target}", entry.reason
        case BucketClosed():
            return entry.pot, "closed"
        case HoldClosed():
            return entry.id, entry.how
        case CycleOpened():
            return entry.tier, entry.reason
        case _:
            return type(entry).__name__, getattr(entry, "reason", "")


BEFORE_THE_CYCLE_ENDS = [
    ("grant:g -> expired", "expiry"),
    ("grant:g", "closed"),
    ("held -> expired", "hold-returned"),
    ("h1", "lapsed"),
    ("held -> expired", "hold-returned"),
    ("h2", "lapsed"),
]


def test_grants_expire_then_holds_lapse_by_id_then_the_cycle_rolls_over() -> None:
    assert what_falls_due(worlds.plain(), START + timedelta(days=1)) == [
        *BEFORE_THE_CYCLE_ENDS,
        ("lite", "renewal"),
        ("allowance -> expired", "renewal"),
        ("issued -> allowance", "allowance"),
        ("Billed", "renewal"),
    ]


def test_grants_expire_then_holds_lapse_by_id_then_the_plan_migrates() -> None:
    assert what_falls_due(worlds.migrating(), datetime(2026, 1, 2, 6, tzinfo=UTC)) == [
        *BEFORE_THE_CYCLE_ENDS,
        ("lite", "migration"),
        ("allowance -> expired", "migration"),
        ("issued -> allowance", "allowance"),
    ]


def test_grants_of_one_instant_expire_by_id_whatever_their_burn_order() -> None:
    later = START + HOUR
    grants = [Grant(id, START, 1, expires_at=later, priority=priority) for id, priority in (("b", -2), ("a", -1))]
    _, entries = fold(Account(), [*grants, Advance(later)], worlds.plain())
    assert [entry.pot for entry in entries if isinstance(entry, BucketClosed)] == ["grant:a", "grant:b"]


def test_what_falls_due_comes_before_any_command_of_the_instant() -> None:
    end = START + timedelta(days=1)
    subscribe, hold = Subscribe("s", START, "lite"), Hold("h", START, credits=4, expires_at=end)
    account, _ = fold(Account(), [subscribe, hold, Hold("i", end, credits=10, expires_at=end + HOUR)], worlds.plain())
    assert list(account.holds) == ["i"]
    assert account.pots.expired == 10_000


def test_commands_of_one_instant_go_by_kind_then_by_id() -> None:
    ordered: list[Command] = [
        Subscribe("z", START, "lite"),
        Grant("y1", START, 1),
        Grant("y2", START, 1),
        Cancel("w", START),
        ChangeTier("x", START, "standard"),
        Hold("t", START, SMALL, expires_at=START + HOUR),
        Hold("v", START, SMALL, expires_at=START + HOUR),
        Release("r", START, "v"),
        Settle("u", START, "t", SMALL),
        Record("a", START, SMALL),
        Record("b", START, SMALL),
        Advance(START),
        Subscribe("0", START + timedelta(microseconds=1), "lite"),
    ]
    assert timeline(reversed(ordered)) == ordered
