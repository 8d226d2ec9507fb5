"""What holds for every account, whatever the cards say and whatever is asked: each law is the name of a test."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mimo_credits import (
    Account,
    Advance,
    Command,
    Conflict,
    Entry,
    Grant,
    Hold,
    HoldClosed,
    Posting,
    RateBook,
    Rated,
    Record,
    Release,
    Settle,
    Subscribe,
    Usage,
    apply,
    charge,
    decide,
    evolve,
    fold,
    replay,
    timeline,
)
from mimo_credits.ledger import BucketClosed, Scheduled, TierChanged
from mimo_credits.ledger.account import Pots
from mimo_credits.ledger.audit import audit
from mimo_credits.testing.strategies import hostile_timelines
from mimo_credits.testing.strategies.commands import GAPS
from tests.ledger.agreement import Refusal, ask, check
from tests.ledger.oracle import Reading
from tests.ledger.reckoning import TICK, cost_of
from tests.ledger.strategies import START, Life, hostile_lives, lasting_lives, plain_runs, usages, valid_lives
from tests.ledger.worlds import plain


class Step(NamedTuple):
    """An accepted command, the account before it, and what was decided."""

    command: Command
    before: Account
    after: Account
    entries: tuple[Entry, ...]


def play(commands: Iterable[Command], book: RateBook) -> list[Step]:
    """Applies what is accepted, one by one, and leaves out what is refused."""
    steps: list[Step] = []
    account = Account()
    for command in commands:
        said = ask(account, command, book)
        if not isinstance(said, Refusal):
            steps.append(Step(command, account, *said))
            account = said[0]
    return steps


def entries_of(steps: Iterable[Step]) -> list[Entry]:
    return [entry for step in steps for entry in step.entries]


def last(steps: Sequence[Step]) -> Account:
    return steps[-1].after if steps else Account()


def every_state(steps: Sequence[Step]) -> Iterator[Account]:
    """The account after every single entry."""
    account = Account()
    for entry in entries_of(steps):
        account = evolve(account, entry)
        yield account


def balances(account: Account) -> tuple[object, ...]:
    """All pots, and every bucket that holds anything."""
    return account.pots, [(bucket.pot, bucket.millicredits) for bucket in account.buckets if bucket.millicredits]


# --- conservation ----------------------------------------------------------------------------------------


@given(hostile_lives)
def test_the_sum_of_all_pots_is_0_after_every_entry(life: Life) -> None:
    book, commands = life
    for account in every_state(play(commands, book)):
        assert sum(account.pots) + account.remaining_millicredits == 0


@given(hostile_lives)
def test_buckets_and_held_are_never_negative(life: Life) -> None:
    book, commands = life
    for account in every_state(play(commands, book)):
        assert all(bucket.millicredits >= 0 for bucket in account.buckets)
        assert account.pots.held >= 0


@given(hostile_lives)
def test_what_is_held_is_what_the_open_holds_took(life: Life) -> None:
    book, commands = life
    for step in play(commands, book):
        assert step.after.pots.held == sum(hold.millicredits for hold in step.after.holds.values())


@given(hostile_lives)
def test_what_is_spent_or_expired_was_there_and_sources_only_give(life: Life) -> None:
    book, commands = life
    for account in every_state(play(commands, book)):
        assert min(account.pots.spent, account.pots.expired) >= 0
        assert max(account.pots.issued, account.pots.overage) <= 0


@given(hostile_lives)
def test_spent_equals_an_independent_repricing_of_the_accepted_usage(life: Life) -> None:
    book, commands = life
    steps = play(commands, book)
    assert last(steps).pots.spent == sum(repriced(steps, book))


@given(hostile_lives)
def test_the_books_that_the_engine_keeps_stand_every_audit(life: Life) -> None:
    book, commands = life
    steps = play(commands, book)
    assert audit(last(steps), entries_of(steps), book) == ()


@given(hostile_lives, st.data())
def test_a_usage_charged_twice_is_found(life: Life, data: st.DataObject) -> None:
    """Its entries stand once more, at the end, and the state is what they all add up to: no sum is wrong."""
    book, commands = life
    steps = play(commands, book)
    charged = [step for step in steps if isinstance(step.command, Record)]
    assume(charged)
    again = data.draw(st.sampled_from(charged)).entries
    entries = [*entries_of(steps), *again[[type(entry) for entry in again].index(Rated) :]]
    assert audit(replay(entries), entries, book)


def repriced(steps: Sequence[Step], book: RateBook) -> Iterator[int]:
    """What each accepted usage costs by the card's own numbers: a settlement of an open hold at the hold's instant."""
    held = {step.command.id: step.command for step in steps if isinstance(step.command, Hold)}
    for step in steps:
        command = step.command
        if isinstance(command, Record | Settle):
            closed = [entry.id for entry in step.entries if isinstance(entry, HoldClosed) and entry.how == "settled"]
            at = held[closed[0]].at if closed else command.at
            pinned = pinned_at(steps, at)
            yield cost_of(book.card(pinned) if pinned else book.at(at), command.usage, at)


def pinned_at(steps: Sequence[Step], at: datetime) -> str | None:
    """The card that the latest subscription up to the instant stays on, if any."""
    subscribed = [step.command for step in steps if isinstance(step.command, Subscribe) and step.command.at <= at]
    return subscribed[-1].card if subscribed else None


@given(lasting_lives, plain_runs)
def test_the_total_equals_a_sum_of_fractions(life: Life, run: list[tuple[timedelta, Usage]]) -> None:
    book, commands = life
    records = [command for command in [*commands, *following(commands, run)] if isinstance(command, Record)]
    account, _ = fold(Account(), [commands[0], *records], book)
    assert account.pots.spent == sum(cost_of(book.at(record.at), record.usage, record.at) for record in records)
    assert account.pots.issued + account.remaining_millicredits + account.pots.expired == (
        -account.pots.spent - account.pots.overage
    )


@given(hostile_lives)
def test_every_balance_bill_and_refusal_is_as_the_oracle_reads_the_whole_history(life: Life) -> None:
    book, commands = life
    account, reading = Account(), Reading([], book)
    for command in commands:
        agreed = check(account, reading, command, book)
        if agreed is not None:
            account, reading = agreed


@given(valid_lives)
def test_every_balance_and_bill_of_a_plans_life_is_as_the_oracle_reads_it(life: Life) -> None:
    book, commands = life
    account, reading = Account(), Reading([], book)
    for command in commands:
        agreed = check(account, reading, command, book)
        assert agreed is not None, f"{command} was refused"
        account, reading = agreed


# --- the engine and its parts ----------------------------------------------------------------------------


@given(hostile_lives, st.data())
def test_replay_at_any_split_equals_one_run(life: Life, data: st.DataObject) -> None:
    book, commands = life
    steps = play(commands, book)
    entries = entries_of(steps)
    split = data.draw(st.integers(0, len(entries)))
    assert replay(entries[split:], replay(entries[:split])) == replay(entries) == last(steps)


@given(hostile_lives, st.randoms(use_true_random=False))
def test_entries_add_up_to_something_whichever_are_missing_and_in_any_order(life: Life, chance: random.Random) -> None:
    entries = entries_of(play(life.commands, life.book))
    some = chance.sample(entries, chance.randint(0, len(entries)))
    assert isinstance(replay(some), Account)
    assert isinstance(replay([entry for entry in entries if entry in some]), Account)


def test_an_entry_that_speaks_of_what_is_not_there_only_moves_the_clock() -> None:
    at = START
    for entry in (
        Scheduled(at, "pro", True, ""),
        TierChanged(at, "pro", "card", "digest", Decimal(1), ""),
        HoldClosed(at, "h", "settled"),
        BucketClosed(at, "grant:g"),
    ):
        assert evolve(Account(), entry) == Account(now=at)
    held = evolve(Account(), Posting(at, "allowance", "held", 5, "hold", "h"))
    assert held == Account(now=at, pots=Pots(held=5))


@given(hostile_lives)
def test_decide_then_evolve_equals_apply(life: Life) -> None:
    book, commands = life
    for step in play(commands, book):
        decided = decide(step.before, step.command, book)
        account = step.before
        for entry in decided:
            account = evolve(account, entry)
        assert (account, decided) == (step.after, step.entries)


@given(hostile_lives)
def test_a_refusal_changes_nothing(life: Life) -> None:
    book, commands = life
    account = Account()
    accepted: list[Command] = []
    entries: list[Entry] = []
    for command in commands:
        said = ask(account, command, book)
        if isinstance(said, Refusal):
            assert replay(entries) == account
            assert ask(account, command, book) == said
        else:
            account = said[0]
            accepted.append(command)
            entries.extend(said[1])
    assert fold(Account(), accepted, book) == (account, entries)


def following(commands: Sequence[Command], run: list[tuple[timedelta, Usage]]) -> list[Record]:
    """Plain usage that goes on where a timeline ends."""
    at, records = max(command.at for command in commands), []
    for number, (gap, usage) in enumerate(run):
        at += gap
        records.append(Record(f"run{number}", at, usage))
    return records


@given(lasting_lives, plain_runs)
def test_fold_equals_apply_one_by_one_entries_included(life: Life, run: list[tuple[timedelta, Usage]]) -> None:
    book, commands = life
    assert_fold_is_apply([*commands, *following(commands, run)], book)


@given(hostile_lives, plain_runs)
def test_fold_equals_apply_also_after_late_usage_and_refusals(life: Life, run: list[tuple[timedelta, Usage]]) -> None:
    book, commands = life
    accepted = [step.command for step in play(commands, book)]
    assume(accepted)
    late = [replace(record, at=record.at - GAPS[2]) for record in following(accepted, run)[:1]]
    tried = [*accepted, *following(accepted, run), *late]
    assert_fold_is_apply([step.command for step in play(tried, book)], book)


def test_fold_equals_apply_where_a_run_ends_with_a_record_from_before_its_latest() -> None:
    hours = [0, 1, 3, 2]
    records = [Record(f"r{hour}", START + timedelta(hours=hour), Usage("free", input_tokens=9)) for hour in hours]
    assert_fold_is_apply([Subscribe("s", START, "lite"), *records], plain())


def assert_fold_is_apply(commands: list[Command], book: RateBook) -> None:
    account = Account()
    entries: list[Entry] = []
    for command in commands:
        account, decided = apply(account, command, book)
        entries.extend(decided)
    folded, folded_entries = fold(Account(), commands, book)
    assert folded_entries == entries
    assert folded == account
    assert [type(entry) for entry in folded_entries] == [type(entry) for entry in entries]


@given(hostile_lives, plain_runs)
def test_a_fold_says_how_many_entries_each_command_made(life: Life, run: list[tuple[timedelta, Usage]]) -> None:
    book, commands = life
    account, expected, made = Account(), [], []
    commands = [*commands, *following(commands, run)]
    for command in commands:
        said = ask(account, command, book)
        if isinstance(said, Refusal):
            expected.append(None)
        else:
            account, decided = said
            expected.append(len(decided))
    fold(Account(), commands, book, rejected=[], made=made)
    assert made == expected


@given(lasting_lives, plain_runs, st.data())
def test_a_fold_in_two_parts_equals_one(life: Life, run: list[tuple[timedelta, Usage]], data: st.DataObject) -> None:
    book, commands = life
    whole = [*commands, *following(commands, run)]
    split = data.draw(st.integers(0, len(whole)))
    account, first = fold(Account(), whole[:split], book)
    account, second = fold(account, whole[split:], book)
    assert (account, first + second) == fold(Account(), whole, book)


# --- time ------------------------------------------------------------------------------------------------


@given(valid_lives, st.lists(st.integers(0, 90 * 24), max_size=6).map(sorted))
def test_k_late_rollovers_equal_k_rollovers(life: Life, hours: list[int]) -> None:
    book, commands = life
    account, _ = fold(Account(), commands, book)
    assert account.now is not None
    instants = [account.now + timedelta(hours=number) for number in hours]
    stepwise, entries = fold(account, [Advance(at) for at in boundaries(account, instants, book)], book)
    if instants:
        assert (stepwise, tuple(entries)) == apply(account, Advance(instants[-1]), book)


def boundaries(account: Account, instants: list[datetime], book: RateBook) -> Iterator[datetime]:
    """The instants, and each cycle's end up to the last of them, just before and exactly, in order."""
    for at in instants:
        while account.cycle is not None and account.cycle.end <= at:
            end = account.cycle.end
            yield from (end - TICK, end)
            account = account.as_of(end, book)
        yield at


@given(valid_lives, st.data())
def test_time_may_pass_at_any_pace(life: Life, data: st.DataObject) -> None:
    """Looking at an account between two commands changes nothing of what is decided."""
    book, commands = life
    watched: list[Command] = []
    for earlier, later in pairwise(commands):
        between = data.draw(st.sampled_from([None, earlier.at, later.at, earlier.at + (later.at - earlier.at) / 2]))
        watched += [earlier, *([Advance(between)] if between else [])]
    watched.append(commands[-1])
    assert fold(Account(), watched, book) == fold(Account(), commands, book)


@given(hostile_lives, st.randoms(use_true_random=False))
def test_shuffled_and_duplicated_input_gives_the_same_account(life: Life, chance: random.Random) -> None:
    book, commands = life
    same_objects = [command for command in commands if chance.random() < 0.3]
    same_content = [replace(command) for command in commands if chance.random() < 0.3]
    arrived = [*commands, *same_objects, *same_content]
    chance.shuffle(arrived)
    ordered = [command for command in timeline(arrived) if not isinstance(command, Advance)]
    assert ordered == [command for command in timeline(commands) if not isinstance(command, Advance)]
    assert last(play(timeline(arrived), book)) == last(play(timeline(commands), book))


@given(hostile_timelines(), st.randoms(use_true_random=False))
def test_the_same_id_with_other_content_is_a_conflict_in_any_order(
    commands: list[Command], chance: random.Random
) -> None:
    named = [command for command in commands if not isinstance(command, Advance)]
    assume(named)
    other = Grant(chance.choice(named).id, START, 777)
    arrived = [*commands, other]
    chance.shuffle(arrived)
    with pytest.raises(Conflict):
        timeline(arrived)


# --- holds, prices and late usage ------------------------------------------------------------------------


@given(lasting_lives, st.integers(1, 40_000), st.sampled_from(GAPS))
def test_hold_then_release_is_nothing(life: Life, millicredits: int, gap: timedelta) -> None:
    book, commands = life
    account, _ = fold(Account(), commands, book)
    at = max(command.at for command in commands)
    account = account.as_of(at, book)
    assume(millicredits <= account.remaining_millicredits)
    later = at + gap if not apply(account, Advance(at + gap), book)[1] else at
    held, _ = apply(account, Hold("h", at, credits=Decimal(millicredits) / 1000, expires_at=later + TICK), book)
    released, _ = apply(held, Release("r", later, "h"), book)
    assert account.remaining_millicredits - held.remaining_millicredits == millicredits
    assert balances(released) == balances(account)
    assert released.holds == account.holds


@given(lasting_lives, usages)
def test_quote_equals_charge_equals_what_the_ledger_posts(life: Life, usage: Usage) -> None:
    book, commands = life
    account, _ = fold(Account(), commands, book)
    at = max(command.at for command in commands)
    due = account.as_of(at, book)
    quoted = book.quote(usage, at).millicredits
    assert quoted == charge(book.at(at), usage, at=at)
    entries = decide(due, Record("u", at, usage), book)
    assert [entry.millicredits for entry in entries if isinstance(entry, Rated)] == [quoted]
    assert quoted == sum(
        entry.millicredits for entry in entries if isinstance(entry, Posting) and entry.target == "spent"
    )
    if quoted <= due.remaining_millicredits:
        held, _ = apply(due, Hold("h", at, usage, expires_at=at + TICK), book)
        assert held.holds["h"].millicredits == quoted


@given(hostile_lives)
def test_late_usage_of_a_closed_segment_never_exceeds_what_it_let_expire(life: Life) -> None:
    book, commands = life
    let_expire = drawn_late = 0
    for entry in entries_of(play(with_late_usage(commands), book)):
        if isinstance(entry, Posting) and (entry.source, entry.target) == ("allowance", "expired"):
            let_expire, drawn_late = entry.millicredits, 0
        elif isinstance(entry, Posting) and (entry.source, entry.target) == ("expired", "spent"):
            assert entry.reason == "late-usage"
            drawn_late += entry.millicredits
            assert drawn_late <= let_expire


def with_late_usage(commands: list[Command]) -> Iterator[Command]:
    """After each command, usage from before it."""
    for number, command in enumerate(commands):
        yield command
        for gap in GAPS[1:]:
            yield Record(f"late{number}-{gap}", command.at - gap, Usage("weighted", input_tokens=3, output_tokens=1))
