"""Runs a scenario against a ledger and says everything that is not as the scenario expects.

The rules kept here, beside the scenario's own expectations:

- After every row the ledger's own `verify` finds nothing wrong.
- A refused command changes nothing and a repeat changes nothing; any other adds just the entries of its receipt.
- A row that is refused must be expected to be refused.

It asks for the methods of the in-memory `Ledger` and no more, so that a ledger kept elsewhere can take its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple, Protocol

from mimo_credits import (
    Account,
    Accrued,
    Billed,
    Command,
    Conflict,
    CycleOpened,
    CycleStatement,
    Entry,
    Lapsed,
    MimoCreditsError,
    Posting,
    PricingError,
    Problem,
    RateBook,
    Rated,
    Receipt,
    Refused,
    Statement,
    timeline,
)
from tests.scenarios.reading import book_of
from tests.scenarios.vocabulary import NONE, THE_ACCOUNT, Expected, Scenario, ThenRow, instant, words_of


class Books(Protocol):
    """What the runner asks of a ledger."""

    def apply(self, account_id: str, command: Command) -> Receipt: ...
    def account(self, account_id: str) -> Account: ...
    def entries(self, account_id: str) -> Sequence[Entry]: ...
    def statement(self, account_id: str) -> Statement: ...
    def verify(self, account_id: str) -> Sequence[Problem]: ...


class Seen(NamedTuple):
    """What is to be seen after a row: the row's own entries, or its error, and the account as it then is."""

    entries: tuple[Entry, ...]
    repeat: bool
    error: MimoCreditsError | None
    account: Account

    def rated(self) -> list[Rated]:
        """The usages that the row had rated."""
        return [entry for entry in self.entries if isinstance(entry, Rated)]

    def the_rated(self) -> Rated | None:
        """The one usage that the row had rated; None where it is not one."""
        rated = self.rated()
        return rated[0] if len(rated) == 1 else None


def run(scenario: Scenario, open_books: Callable[[RateBook], Books]) -> list[str]:
    """What is not as the scenario expects, in plain words; empty where all of it is."""
    book = book_of(scenario.cards)
    if scenario.batch:
        return _run_batch(scenario, open_books(book), open_books(book))
    books = open_books(book)
    found: list[str] = []
    seen: Seen | None = None
    where, account_id = "", THE_ACCOUNT
    for number, row in enumerate(scenario.steps, start=1):
        if isinstance(row, ThenRow):
            assert seen is not None, "a scenario begins with a row that does something"
            found += [f"{where}: {difference}" for difference in _differences(row.then, seen)]
            seen = None
            continue
        found += _unexpected_refusal(where, seen)
        account_id = row.account
        where = f"row {number} ({row.do}, {instant(row.at)})"
        seen, broken = _apply(books, account_id, row.command(number))
        found += [f"{where}: {problem}" for problem in broken]
    return found + _wrong_cycles(scenario, books, account_id)


def _run_batch(scenario: Scenario, books: Books, again: Books) -> list[str]:
    """The batch in the ledger's own order; and once more, with everything twice and the other way round."""
    rows = [row for row in scenario.steps if not isinstance(row, ThenRow)]
    then = scenario.steps[-1]
    assert isinstance(then, ThenRow), "a scenario ends with a `then`"
    commands = [row.command(number) for number, row in enumerate(rows, start=1)]
    found: list[str] = []
    entries: list[Entry] = []
    for command in timeline(commands):
        seen, broken = _apply(books, THE_ACCOUNT, command)
        found += [f"{command}: {problem}" for problem in broken]
        found += _unexpected_refusal(str(command), seen)
        entries += seen.entries
    for command in timeline([*reversed(commands), *commands]):
        _apply(again, THE_ACCOUNT, command)
    if again.account(THE_ACCOUNT) != books.account(THE_ACCOUNT):
        found.append("the batch, doubled and the other way round, gives another account")
    seen = Seen(tuple(entries), False, None, books.account(THE_ACCOUNT))
    found += [f"the batch: {difference}" for difference in _differences(then.then, seen)]
    return found + _wrong_cycles(scenario, books, THE_ACCOUNT)


def _apply(books: Books, account_id: str, command: Command) -> tuple[Seen, list[str]]:
    """Applies one command, and checks what holds for every command."""
    before, entries_before = books.account(account_id), tuple(books.entries(account_id))
    error: MimoCreditsError | None = None
    receipt = Receipt((), False)
    try:
        receipt = books.apply(account_id, command)
    except (Refused, Conflict, PricingError) as raised:
        error = raised
    after, entries_after = books.account(account_id), tuple(books.entries(account_id))
    added = () if error is not None or receipt.repeat else receipt.entries
    broken = [f"verify: {problem}" for problem in books.verify(account_id)]
    if entries_after != (*entries_before, *added):
        broken.append("the account's entries are not those from before with those of the receipt")
    if not added and after != before:
        broken.append("nothing was decided, and yet the account changed")
    return Seen(receipt.entries, receipt.repeat, error, after), broken


def _unexpected_refusal(where: str, seen: Seen | None) -> list[str]:
    """A row without a `then` is one that must succeed, and that is not a repeat."""
    if seen is not None and seen.error is not None:
        return [f"{where}: was refused, and no `then` says so: {seen.error}"]
    if seen is not None and seen.repeat:
        return [f"{where}: is a repeat, and no `then` says so"]
    return []


def _differences(expected: Expected, seen: Seen) -> list[str]:
    words = words_of(expected)
    found = [_difference(word, value, _WORDS[word](seen)) for word, value in words.items()]
    if seen.error is not None and "refused" not in words:
        found += _unexpected_refusal("", seen)
    if seen.repeat and "repeat" not in words:
        found += _unexpected_refusal("", seen)
    return [each for each in found if each is not None]


def _difference(word: str, expected: object, found: object) -> str | None:
    """What differs; money that falls due together has no order of its own."""
    if word in ("billed", "owes"):
        expected, found = _sorted(expected), _sorted(found)
    if expected == found:
        return None
    return f"{word}: expected {_plain(expected)}, found {_plain(found)}"


def _sorted(texts: object) -> object:
    return tuple(sorted(texts)) if isinstance(texts, tuple) else texts


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:,}"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name} = {_plain(each)}" for name, each in value.items()) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(map(_plain, value)) + "]"
    return str(value)


def _credits(millicredits: int) -> Decimal:
    return Decimal(millicredits) / 1000


def _refused(seen: Seen) -> str | None:
    """The reason of a refusal, or the name of another error as words: `not-in-plan`, `conflict`."""
    if isinstance(seen.error, Refused):
        return str(seen.error.reason)
    return _kebab(type(seen.error).__name__) if seen.error is not None else None


def _kebab(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


def _missing(seen: Seen) -> Decimal | None:
    missing = getattr(seen.error, "missing_millicredits", None)
    return _credits(missing) if isinstance(missing, int) else None


def _cost(seen: Seen) -> Decimal | None:
    """What the row's usages were rated; None where it had none."""
    rated = seen.rated()
    return _credits(sum(one.millicredits for one in rated)) if rated else None


def _of_the_rated(ask: Callable[[Rated], object]) -> Callable[[Seen], object]:
    def asked(seen: Seen) -> object:
        rated = seen.the_rated()
        return ask(rated) if rated is not None else None

    return asked


def _moved(target: str, by: Callable[[Posting], str]) -> Callable[[Seen], Mapping[str, Decimal]]:
    """What the row moved into a pot, by where it came from or by why."""

    def moved(seen: Seen) -> Mapping[str, Decimal]:
        parts: dict[str, Decimal] = {}
        for entry in seen.entries:
            if isinstance(entry, Posting) and entry.target == target:
                parts[by(entry)] = parts.get(by(entry), Decimal(0)) + _credits(entry.millicredits)
        return parts

    return moved


def _bills(bills: Sequence[Billed]) -> tuple[str, ...]:
    return tuple(f"{bill.currency} {bill.amount} {bill.reason}" for bill in bills)


def _billed(seen: Seen) -> tuple[str, ...]:
    return _bills([entry for entry in seen.entries if isinstance(entry, Billed)])


def _owes(seen: Seen) -> tuple[str, ...]:
    return tuple(
        f"{entry.currency} {Fraction(entry.amount)} {entry.reason}"
        for entry in seen.entries
        if isinstance(entry, Accrued)
    )


def _opened(seen: Seen) -> tuple[str, ...]:
    return tuple(entry.reason for entry in seen.entries if isinstance(entry, CycleOpened))


def _lapsed(seen: Seen) -> str:
    lapsed = [entry.reason for entry in seen.entries if isinstance(entry, Lapsed)]
    return " ".join(lapsed) or NONE


def _renewal(seen: Seen) -> str:
    """What the next renewal will do: `renew`, `cancel`, or the tier it changes to."""
    plan = seen.account.plan
    if plan is None:
        return NONE
    return "cancel" if plan.pending_cancel else plan.pending_tier or "renew"


def _allowance(seen: Seen) -> Decimal:
    bucket = seen.account.bucket("allowance")
    return _credits(bucket.millicredits if bucket else 0)


def _grants(seen: Seen) -> Mapping[str, Decimal]:
    """What is left in each grant that is open, by the grant's id; one that is used up does not show."""
    return {
        bucket.pot.removeprefix("grant:"): _credits(bucket.millicredits)
        for bucket in seen.account.buckets
        if bucket.pot.startswith("grant:") and bucket.millicredits
    }


def _carried(seen: Seen) -> Decimal:
    carried = (bucket for bucket in seen.account.buckets if bucket.pot.startswith("carried:"))
    return _credits(sum(bucket.millicredits for bucket in carried))


_WORDS: dict[str, Callable[[Seen], object]] = {
    "refused": _refused,
    "missing": _missing,
    "repeat": lambda seen: seen.repeat,
    "cost": _cost,
    "billed_as": _of_the_rated(lambda rated: rated.rates.model),
    "card": _of_the_rated(lambda rated: rated.card),
    "off_peak": _of_the_rated(lambda rated: rated.off_peak),
    "paid_by": _moved("spent", lambda posting: posting.source),
    "billed": _billed,
    "owes": _owes,
    "opened": _opened,
    "lapsed": _lapsed,
    "expires": _moved("expired", lambda posting: posting.reason),
    "tier": lambda seen: seen.account.tier or NONE,
    "renewal": _renewal,
    "cycle_start": lambda seen: seen.account.cycle and seen.account.cycle.start,
    "cycle_end": lambda seen: seen.account.cycle and seen.account.cycle.end,
    "remaining": lambda seen: seen.account.remaining,
    "allowance": _allowance,
    "grants": _grants,
    "carried": _carried,
    "held": lambda seen: _credits(seen.account.pots.held),
    "used": lambda seen: _credits(seen.account.pots.spent),
    "expired": lambda seen: _credits(seen.account.pots.expired),
    "overage": lambda seen: _credits(-seen.account.pots.overage),
}
"""How each word of a `then` is looked up."""


def _wrong_cycles(scenario: Scenario, books: Books, account_id: str) -> list[str]:
    """What the statement at the end says otherwise, cycle by cycle."""
    if not scenario.cycles:
        return []
    cycles = books.statement(account_id).cycles
    if len(cycles) != len(scenario.cycles):
        return [f"the statement: expected {len(scenario.cycles)} cycles, found {len(cycles)}"]
    return [
        f"cycle {number} of the statement: {difference}"
        for number, (expected, cycle) in enumerate(zip(scenario.cycles, cycles, strict=True), start=1)
        for word, value in words_of(expected).items()
        if (difference := _difference(word, value, _CYCLE_WORDS[word](cycle))) is not None
    ]


def _summed(name: str) -> Callable[[CycleStatement], Decimal]:
    """A segment's amount, over all segments of the cycle."""
    return lambda cycle: _credits(sum(getattr(segment, name) for segment in cycle.segments))


def _by_model(cycle: CycleStatement) -> Mapping[str, Decimal]:
    """Credits by the model that was asked for."""
    used: dict[str, Decimal] = {}
    for segment in cycle.segments:
        for line in segment.lines:
            used[line.model] = used.get(line.model, Decimal(0)) + line.credits
    return used


_CYCLE_WORDS: dict[str, Callable[[CycleStatement], object]] = {
    "start": lambda cycle: cycle.start,
    "end": lambda cycle: cycle.end,
    "tier": lambda cycle: cycle.tier,
    "segments": lambda cycle: len(cycle.segments),
    "complete": lambda cycle: cycle.complete,
    "issued": _summed("issued"),
    "granted": _summed("granted"),
    "used": _summed("used"),
    "overage": _summed("overage"),
    "expired": _summed("expired"),
    "held": _summed("held"),
    "remaining": lambda cycle: _credits(cycle.remaining),
    "by_model": _by_model,
    "billed": lambda cycle: _bills(cycle.bills),
}
"""How each word of a cycle is looked up."""
