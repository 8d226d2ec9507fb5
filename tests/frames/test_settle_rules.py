"""What settling promises beside being the fold: each rule by an example that breaks where the rule is broken."""

from __future__ import annotations

import hashlib
import pickle
import random
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mimo_credits import (
    Account,
    Advance,
    Cancel,
    ChangeTier,
    Command,
    Conflict,
    CycleOpened,
    Grant,
    Hold,
    InputError,
    NoSuchCard,
    PricingError,
    RateBook,
    Record,
    Refused,
    RowsRefused,
    Subscribe,
    TooLarge,
    Usage,
    fold,
    load_book,
    timeline,
)
from mimo_credits.frames.arrow_stream import settle_arrow
from mimo_credits.frames.columns import Columns
from mimo_credits.frames.routing import Folded
from mimo_credits.frames.settling import settle
from mimo_credits.testing.terms import card
from tests.frames.accounts import Row, World, in_order, reference, table, worlds
from tests.frames.engines import ENGINES, rows_of_frame
from tests.frames.test_settle import check, check_rows, settled
from tests.ledger.worlds import TRADING, plain, trading

MAY = datetime(2026, 5, 20, 1, tzinfo=UTC)
PRO = "mimo-v2.5-pro"
DAY = datetime(2026, 1, 1, tzinfo=UTC)
MOST = 6 * 10**14
"""Tokens that one row may have, and four may not."""
every_engine = pytest.mark.parametrize("engine", ENGINES)


def uses(
    name: str, first: datetime, every: timedelta, count: int, tokens: int = 1_000_000, model: str = PRO
) -> list[Row]:
    return [
        Row(name, first + number * every, f"{name}-{number:04}", model, tokens, tokens // 2, tokens // 100)
        for number in range(count)
    ]


def published() -> World:
    """Anchors on the 31st, the May migration, nights in Beijing, grants, an upgrade, a cancellation, lean and rich."""
    month_end = datetime(2026, 5, 31, 1, 30, tzinfo=UTC)
    lifecycle: dict[str, list[Command]] = {
        "migrates": [Subscribe("buy", MAY, "lite")],
        "granted": [
            Subscribe("buy", MAY, "lite"),
            Grant("first", MAY, 5_000_000, priority=-1),
            Grant("last", MAY + timedelta(days=3), Decimal("70000000.5")),
            Grant("expires", MAY, 9_000_000, MAY + timedelta(days=9)),
        ],
        "upgrades": [Subscribe("buy", MAY, "lite"), ChangeTier("up", MAY + timedelta(days=4), "standard")],
        "trades in": [Subscribe("buy", month_end, "lite"), ChangeTier("up", month_end + timedelta(days=9), "pro")],
        "cancels": [Subscribe("buy", MAY, "max"), Cancel("end", MAY + timedelta(days=2))],
        "the 31st": [Subscribe("buy", month_end, "lite", "CNY")],
        "by the year": [Subscribe("buy", month_end, "lite", interval="annual")],
    }
    rows = [
        *uses("migrates", MAY, timedelta(hours=7), 100, 3_000_000),
        *uses("granted", MAY, timedelta(hours=5), 100, 3_000_000),
        *uses("upgrades", MAY, timedelta(hours=3), 60, 3_000_000),
        *uses("trades in", month_end, timedelta(hours=11), 80, 2_000_000),
        *uses("cancels", MAY, timedelta(hours=6), 40, 1_000),
        *uses("the 31st", month_end, timedelta(hours=13), 220, 9_000_000),
        *uses("by the year", month_end, timedelta(days=2), 60),
    ]
    return World(load_book(), rows, lifecycle, {})


@every_engine
def test_the_published_cards(engine: str) -> None:
    world = published()
    made = settled(world, engine)
    assert dict(made.folded) == {}
    check(world, made)
    assert any(account.pots.overage for account in made.accounts.values())


@every_engine
def test_the_same_digest_everywhere(engine: str) -> None:
    """Of all accounts' pots and of every row: what the reference gives, and so every other engine."""
    world = published()
    made = settled(world, engine)
    expected = {name: reference(world, name) for name in world.names()}
    assert digest(
        ((name, *made.accounts[name].pots) for name in world.names()),
        ((row["account"], row["id"], row["millicredits"], row["overage"]) for row in rows_of_frame(made.rows)),
    ) == digest(
        ((name, *expected[name].account.pots) for name in world.names()),
        (
            (row.account, row.id, *expected[row.account].paid[row.id][:2])
            for row in world.rows
            if row.id in expected[row.account].paid
        ),
        ((row.account, row.id, 0, 0) for row in world.rows if row.id not in expected[row.account].paid),
    )


def digest(*parts: Any) -> str:
    lines = sorted(repr(tuple(line)) for part in parts for line in part)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@settings(max_examples=25)
@given(worlds(), st.randoms(use_true_random=False))
def test_any_order_of_rows_and_any_partition_by_account_gives_the_same(world: World, chance: random.Random) -> None:
    whole = settled(world, "polars")
    rows = list(world.rows)
    chance.shuffle(rows)
    shuffled = settled(world._replace(rows=rows), "polars")
    assert dict(shuffled.accounts) == dict(whole.accounts)
    for name in world.names():
        part = World(world.book, [row for row in rows if row.account == name], {name: world.lifecycle[name]}, {})
        assert settled(part, "pyarrow").accounts[name] == whole.accounts[name]
    by_id = {(row["account"], row["id"]): row["overage"] for row in rows_of_frame(whole.rows)}
    found = rows_of_frame(shuffled.rows)
    assert {(row["account"], row["id"]): row["overage"] for row in found} == by_id
    assert [(row["account"], row["id"]) for row in found] == [(row.account, row.id) for row in rows]


@settings(max_examples=25)
@given(worlds(), st.integers(0, 16))
def test_a_month_goes_on_where_the_last_one_ended(world: World, cut: int) -> None:
    """Settled in two goes, cut at any row: the accounts are those of one go, and so are the segments opened since."""
    instants = sorted(row.at for row in world.rows)
    if not instants:
        return
    moment = instants[cut % len(instants)]
    first = World(
        world.book,
        [row for row in world.rows if row.at < moment],
        {name: [each for each in commands if each.at < moment] for name, commands in world.lifecycle.items()},
        {},
    )
    before = dict(settled(first, "polars", errors="raise").accounts)
    second = World(
        world.book,
        [row for row in world.rows if row.at >= moment],
        {name: [each for each in commands if each.at >= moment] for name, commands in world.lifecycle.items()},
        before,
    )
    made, at_once = settled(second, "polars"), settled(world, "polars")
    check(second, made)
    assert dict(made.accounts) == dict(at_once.accounts)
    opened = [row for row in made.statements.rows(named=True) if row["reason"] != "continued"]
    known = {(row["account"], row["segment_start"]) for row in opened}
    whole = at_once.statements.rows(named=True)
    assert opened == [row for row in whole if (row["account"], row["segment_start"]) in known]
    begun = {(row["account"], row["segment_start"]) for row in whole if row["segment_start"] > moment}
    assert begun <= known


@every_engine
def test_of_one_instant_the_lower_id_is_paid_for_first(engine: str) -> None:
    """Lite has 10 credits; each takes 6, and they stand in the other order."""
    world = two_days(use("ada", 2, "b", 3), use("ada", 2, "a", 3), ada=LITE)
    made = settled(world, engine)
    assert {row["id"]: (row["drawn"], row["overage"]) for row in rows_of_frame(made.rows)} == {
        "a": (6_000, 0),
        "b": (4_000, 2_000),
    }
    check(world, made)


# --- what is refused ------------------------------------------------------------------------------------------------


def two_days(*rows: Row, book: RateBook | None = None, **lifecycle: list[Command]) -> World:
    return World(book or plain(), list(rows), lifecycle, {})


def use(name: str, hours: float, id: str, tokens: int = 1, model: str = "weighted") -> Row:
    return Row(name, DAY + timedelta(hours=hours), id, model, tokens, 0, 0)


LITE = [Subscribe("buy", DAY + timedelta(hours=1), "lite")]


@every_engine
def test_usage_without_a_plan_is_refused_with_counts_and_examples(engine: str) -> None:
    world = two_days(use("ada", 0.5, "early"), use("ada", 2, "right"), use("bob", 2, "nobody"), ada=LITE)
    with pytest.raises(RowsRefused) as raised:
        settled(world, engine, errors="raise")
    (fault,) = raised.value.faults
    assert (fault.fault, fault.rows) == ("not-subscribed", 2)
    assert {(row.values["account"], row.values["id"]) for row in fault.examples} == {
        ("ada", "early"),
        ("bob", "nobody"),
    }
    made = settled(world, engine)
    check(world, made)
    assert made.accounts["bob"] == Account()


@every_engine
def test_what_is_no_usage_comes_before_the_plan_and_the_plan_before_the_price(engine: str) -> None:
    world = two_days(
        use("bob", 2, "negative", -1),
        use("bob", 2, "unknown", 1, "nothing"),
        use("ada", 2, "odd", 1, "nothing"),
        ada=LITE,
    )
    rows = sorted(
        rows_of_frame(settled(world, engine).rows), key=lambda row: ["negative", "unknown", "odd"].index(row["id"])
    )
    assert [row["reason"] for row in rows] == ["negative", "not-subscribed", "unknown-model"]
    assert [(row["millicredits"], row["drawn"], row["overage"], row["rated"]) for row in rows] == [(0, 0, 0, False)] * 3


@every_engine
def test_a_command_that_is_refused_raises_with_its_account(engine: str) -> None:
    world = two_days(use("ada", 2, "one"), ada=[*LITE, ChangeTier("up", DAY + timedelta(hours=3), "nothing")])
    with pytest.raises(Refused, match=r"^account 'ada', id 'up': unknown-tier: .*nothing") as raised:
        settled(world, engine, errors="raise")
    assert raised.value.reason == "unknown-tier"
    with pytest.raises(Refused, match=r"^account 'ada', id 'up': unknown-tier: "):
        raise pickle.loads(pickle.dumps(raised.value))
    assert [each.command.id for each in settled(world, engine).rejected["ada"]] == ["up"]


@every_engine
def test_a_row_that_is_there_twice_counts_once(engine: str) -> None:
    twice = use("ada", 2, "one")
    world = two_days(twice, use("ada", 3, "two"), twice, ada=LITE)
    made = settled(world, engine)
    assert made.repeats == 1
    check(world, made)


@every_engine
def test_one_id_with_two_contents_is_refused(engine: str) -> None:
    world = two_days(use("ada", 2, "one"), use("ada", 2, "one", 2), ada=LITE)
    with pytest.raises(InputError, match="two contents, such as 'one' of 'ada'"):
        settled(world, engine)


@every_engine
def test_two_accounts_may_use_one_id(engine: str) -> None:
    world = two_days(use("ada", 2, "one"), use("bob", 2, "one", 2), ada=LITE, bob=LITE)
    made = settled(world, engine)
    assert made.repeats == 0
    check(world, made)


@every_engine
def test_usage_with_the_id_of_a_command_is_refused(engine: str) -> None:
    with pytest.raises(InputError, match="'buy' of 'ada'"):
        settled(two_days(use("ada", 2, "buy"), ada=LITE), engine)


@pytest.mark.parametrize("first", ["early", "no-such-model"])
def test_usage_that_a_stream_refuses_says_whose_it_is(first: str) -> None:
    rows = [use("ada", 0.5, "early")] if first == "early" else [use("ada", 2, "odd", 1, "no-such-model")]
    error, says = (Refused, "'early': not-sub") if first == "early" else (PricingError, "'odd': .*no-such-model")
    with pytest.raises(error, match=f"^account 'ada', id {says}"):
        list(settle_arrow(table(rows).to_batches(), {"ada": LITE}, plain()))
    with pytest.raises(RowsRefused, match="account 'ada', id 'negative'"):
        list(settle_arrow(table([use("ada", 2, "negative", -1)]).to_batches(), {"ada": LITE}, plain()))


def test_an_advance_that_cannot_be_decided_has_no_id() -> None:
    """The account stays on a card that this book does not have."""
    pinned = fold(Account(), [replace(LITE[0], card=card(TRADING).id)], trading())[0]
    with pytest.raises(NoSuchCard, match=r"^account 'ada': there is no rate card"):
        list(settle_arrow([], {"ada": [Advance(DAY + timedelta(days=40))]}, load_book(), accounts={"ada": pinned}))


@pytest.mark.parametrize("size", [1, 10])
def test_a_stream_with_the_id_of_a_command_is_refused_as_a_frame_is(size: int) -> None:
    """Of the same account only: another's command may have that id."""
    rows = [use("ada", 2, "one"), use("bob", 2, "buy-it"), use("bob", 3, "buy")]
    batches = table(rows).to_batches(max_chunksize=size)
    with pytest.raises(InputError, match="is the id of a command of the same account, such as 'buy' of 'bob'"):
        list(settle_arrow(batches, {"ada": LITE, "bob": LITE}, plain(), errors="column"))
    (*_, part) = settle_arrow(batches, {"ada": LITE, "bob": [replace(LITE[0], id="other")]}, plain())
    assert part.accounts["bob"].pots.spent == 4_000


def test_a_conflict_says_whose_it_is() -> None:
    twice = [*LITE, replace(LITE[0], tier="pro")]
    with pytest.raises(Conflict, match=r"^id 'buy': account 'bob' used it before with other content") as raised:
        settle(table([]), {"ada": LITE, "bob": twice}, plain())
    assert raised.value.id == "buy"


@pytest.mark.parametrize(
    ("accounts", "says"),
    [
        ([Account()], "accounts: needs accounts by their ids, such as the `accounts` of a Settlement"),
        ("settlement", "accounts: needs accounts by their ids, such as the `accounts` of a Settlement"),
        ({"ada": 5}, "accounts: needs an Account for 'ada', not 5"),
    ],
)
def test_accounts_of_a_wrong_type_are_refused(accounts: Any, says: str) -> None:
    if accounts == "settlement":
        accounts = settle(table([]), {"ada": LITE}, plain())
    with pytest.raises(InputError, match=says):
        settle(table([]), {}, plain(), accounts=accounts)


@pytest.mark.parametrize("engine", ["pandas", "polars"])
def test_without_pyarrow_it_is_said_what_to_install(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = ENGINES[engine](table([use("ada", 2, "one")]))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImportError, match=r"settling needs PyArrow: pip install 'mimo_credits\[arrow\]'"):
        settle(frame, {"ada": LITE}, plain())


@pytest.mark.parametrize("field", ["account", "id"])
def test_a_frame_and_a_stream_name_what_is_missing_alike(field: str) -> None:
    rows = table([use("ada", 2, "one")])
    rows = rows.rename_columns({field: f"{field}_of_it"})
    for columns, name in ((Columns(), repr(field)), (Columns(**{field: None}), "None")):
        for work in (settle, lambda rows, *rest, **more: list(settle_arrow(rows.to_batches(), *rest, **more))):
            with pytest.raises(InputError, match=rf"no column {name} \(Columns\({field}=…\) names another\)"):
                work(rows, {"ada": LITE}, plain(), columns=columns)


@pytest.mark.parametrize("name", ["drawn", "overage", "segment_start"])
def test_a_frame_and_a_stream_refuse_a_column_that_settling_adds(name: str) -> None:
    rows = table([use("ada", 2, "one")]).append_column(name, [[1]])
    for work in (settle, lambda rows, *rest: list(settle_arrow(rows.to_batches(), *rest))):
        with pytest.raises(InputError, match=f"the frame has a column '{name}' already, which settling would add"):
            work(rows, {"ada": LITE}, plain())


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York"])
@pytest.mark.parametrize("engine", ENGINES)
def test_instants_of_any_zone_will_do(engine: str, zone: str) -> None:
    world = two_days(use("ada", 2, "one"), use("ada", 30, "two", 20), ada=LITE)
    rows = table(world.rows)
    frame = ENGINES[engine](rows.set_column(1, "at", rows["at"].cast(pa.timestamp("us", zone))))
    check(world, settle(frame, world.lifecycle, world.book, errors="column"))


# --- statements -----------------------------------------------------------------------------------------------------


@every_engine
def test_a_statement_names_the_card_by_which_its_segment_began(engine: str) -> None:
    """Also where usage stands in sums, and of an account that goes on from before."""
    world = published()
    for row in rows_of_frame(settled(world, engine).statements):
        entries = fold(Account(), timeline(world.commands(row["account"])), world.book)[1]
        opened = {each.at: each.card for each in entries if isinstance(each, CycleOpened)}
        assert row["card"] == opened[row["segment_start"]]
    before = {"migrates": reference(world, "migrates").account}
    (continued,) = rows_of_frame(settled(World(world.book, [], {}, before), engine).statements)
    plan = before["migrates"].plan
    assert (continued["reason"], continued["card"]) == ("continued", plan and plan.card)


# --- what is folded -------------------------------------------------------------------------------------------------


def test_what_no_sum_can_tell_is_folded_and_the_reason_reported() -> None:
    hours = [
        use(name, 2 + number, f"{name}-{number}")
        for name in ("late", "own", "money", "record", "busy", "plain")
        for number in range(3)
    ]
    before = fold(Account(), [*LITE, Advance(DAY + timedelta(hours=1))], trading())[0]
    later = replace(TRADING, day="2026-01-02", start="06:00:00Z", migrates=True)
    book = RateBook([card(TRADING), card(later)])
    lifecycle: dict[str, list[Command]] = {
        "own": [replace(LITE[0], card=card(TRADING).id)],
        "money": LITE,
        "record": [
            *LITE,
            Record("searched", DAY + timedelta(hours=3), Usage("weighted", input_tokens=1, web_searches=1)),
        ],
        "busy": [*LITE, *(Grant(f"g{number}", DAY + timedelta(hours=2, minutes=number), 1) for number in range(60))],
        "plain": LITE,
    }
    rows = [*hours, use("money", 4.5, "too much", 9), use("late", 0.9, "too early")]
    late = before._replace(
        now=DAY + timedelta(hours=3),
        since=DAY,
        plan=before.plan and before.plan._replace(segment_start=DAY + timedelta(minutes=1)),
    )
    made = settled(World(book, rows, lifecycle, {"late": late}), "polars")
    assert dict(made.folded) == {
        "late": Folded.LATE_USAGE,
        "own": Folded.OWN_CARD,
        "money": Folded.MONEY_FOR_USAGE,
        "record": Folded.USAGE_IN_THE_LIFECYCLE,
        "busy": Folded.MANY_STRETCHES,
    }
    check(World(book, rows, lifecycle, {"late": late}), made)


@every_engine
def test_sums_beyond_64_bits_are_folded(engine: str) -> None:
    rows = [
        Row("ada", DAY + timedelta(hours=2 + number), f"r{number}", "weighted", MOST, 0, MOST) for number in range(4)
    ]
    world = two_days(*rows, ada=LITE)
    made = settled(world, engine)
    assert dict(made.folded) == {"ada": Folded.LARGE_SUMS}
    assert made.accounts["ada"] == reference(world, "ada").account
    check_rows("ada", world, rows_of_frame(made.rows))
    with pytest.raises(TooLarge, match="statement"):
        _ = made.statements


@every_engine
def test_web_searches_owe_money_by_themselves(engine: str) -> None:
    rows = table([use("ada", 2, "one"), use("ada", 3, "two"), use("bob", 3, "three")])
    rows = rows.append_column("web_searches", [[0, 2, 0]])
    made = settle(ENGINES[engine](rows), {"ada": LITE, "bob": LITE}, plain())
    records = [
        Record("one", DAY + timedelta(hours=2), Usage("weighted", input_tokens=1)),
        Record("two", DAY + timedelta(hours=3), Usage("weighted", input_tokens=1, web_searches=2)),
    ]
    assert made.accounts["ada"] == fold(Account(), timeline([*LITE, *records]), plain())[0]
    assert made.accounts["ada"].accrued
    assert dict(made.folded) == {"ada": Folded.MONEY_FOR_USAGE}


def test_what_falls_due_only_because_of_usage_is_folded() -> None:
    """Without usage a hold takes all, and nothing is carried over. One request, and the hold is refused: what is carried
    expires two days after the purchase, in the middle of a cycle that a trade-in began."""
    book = RateBook([card(replace(TRADING, boundary="instant", exhausted="stop"))])
    start = DAY + timedelta(hours=1)
    lifecycle: list[Command] = [
        *LITE,
        Hold("all", start + timedelta(hours=2), credits=10, expires_at=start + timedelta(hours=25)),
        ChangeTier("up", start + timedelta(hours=26), "standard"),
    ]
    rows = [use("ada", 2, "first"), use("ada", 48.5, "before"), use("ada", 49.5, "after", 40)]
    world = two_days(*rows, book=book, ada=lifecycle)
    made = settled(world, "polars")
    assert dict(made.folded) == {"ada": Folded.HOLDS_AND_CARRIED_CREDITS}
    check(world, made)


def test_holds_are_told_by_sums_too() -> None:
    hold = Hold("hold", DAY + timedelta(hours=2), credits=9, expires_at=DAY + timedelta(hours=5))
    rows = [use("ada", 1 + number, f"r{number}") for number in range(1, 8)]
    world = two_days(*rows, ada=[*LITE, hold])
    made = settled(world, "polars")
    assert dict(made.folded) == {}
    check(world, made)


# --- the stream -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([use("ada", 3, "b"), use("ada", 2, "a")], "out of order at 'a'"),
        ([use("ada", 2, "b"), use("ada", 2, "a")], "out of order at 'a'"),
        ([use("ada", 2, "a"), use("bob", 2, "a"), use("ada", 3, "b")], "do not stand together"),
        ([use("ada", 2, "a"), use("ada", 3, "a")], "id: stands more than once, such as 'a' of 'ada'$"),
    ],
)
@pytest.mark.parametrize("size", [1, 10])
def test_a_stream_out_of_order_is_refused(rows: list[Row], says: str, size: int) -> None:
    batches = table(rows).to_batches(max_chunksize=size)
    with pytest.raises(InputError, match=says):
        list(settle_arrow(batches, {"ada": LITE, "bob": LITE}, plain()))


def test_accounts_without_usage_come_last_unless_they_are_left_to_others() -> None:
    batches = table([use("bob", 2, "a")]).to_batches()
    lifecycle = {"ada": LITE, "bob": LITE}
    found = [list(part.accounts) for part in settle_arrow(batches, lifecycle, plain())]
    assert found == [["bob"], ["ada"]]
    assert [list(part.accounts) for part in settle_arrow(batches, lifecycle, plain(), others=False)] == [["bob"]]


def test_the_stream_is_read_a_batch_at_a_time() -> None:
    """Memory is for one batch and one account: the first result comes before the third batch is asked for."""
    asked = []

    def batches() -> Any:
        for batch in table(in_order(use(name, 2, "a") for name in "abcdef")).to_batches(max_chunksize=1):
            asked.append(batch)
            yield batch

    parts = settle_arrow(batches(), dict.fromkeys("abcdef", LITE), plain())
    next(parts)
    assert len(asked) == 2


@every_engine
def test_until_brings_every_account_up_to_an_instant(engine: str) -> None:
    """As its last command would: renewals and their bills, also of who has no usage so late, or none at all."""
    world = published()
    end = datetime(2026, 7, 31, tzinfo=UTC)
    lifecycle = {**world.lifecycle, "quiet": [Subscribe("buy", MAY, "pro")], "folded": [Subscribe("buy", MAY, "lite")]}
    rows = [
        *world.rows,
        *uses("folded", MAY, timedelta(hours=1), 3),
        *uses("later", end + timedelta(days=1), DAY - DAY, 1),
    ]
    lifecycle["later"] = [Subscribe("buy", MAY, "max")]
    lifecycle["folded"].append(Record("own", MAY, Usage(PRO, output_tokens=1)))
    asked = settled(World(world.book, rows, lifecycle, {}), engine, until=end)
    told = {name: [*commands, Advance(end)] for name, commands in lifecycle.items()}
    check(World(world.book, rows, told, {}), asked)
    renewals = {row["account"] for row in rows_of_frame(asked.bills) if row["reason"] == "renewal"}
    assert {"quiet", "folded", "later", "migrates"} <= renewals


def test_until_is_no_command_of_an_account_that_is_further_already() -> None:
    rows = uses("ada", MAY + timedelta(days=40), timedelta(hours=1), 2)
    world = World(load_book(), rows, {"ada": [Subscribe("buy", MAY, "lite")]}, {})
    check(world, settled(world, "polars", until=MAY + timedelta(days=1)))
    batches = table(in_order(rows)).to_batches()
    (part,) = settle_arrow(batches, world.lifecycle, world.book, until=MAY + timedelta(days=1))
    assert part.accounts["ada"] == reference(world, "ada").account


def test_until_needs_an_aware_instant() -> None:
    with pytest.raises(InputError, match="until: 2026-07-01T00:00:00 is naive"):
        settle(table([]), {}, load_book(), until=datetime(2026, 7, 1))
