"""Plain plans: accounts to which nothing happens but that a plan is bought, renewed and migrated, told all at once.

Most accounts of a month are like that, and the ledger decides the same of each: a renewal when the cycle ends, a
migration when a card brings one, and in either case the whole allowance of the card then in force. So their stretches
are counted in arrays, one round for each thing that happens. The rules are those of `ledger.due`; `course_of` is the
reference, and decides whatever is not plain: holds, grants, changes, cancelled plans, a tier that is no longer sold,
credits that are carried over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

import numpy as np

from mimo_credits.book import RateBook
from mimo_credits.card import Interval, RateCard
from mimo_credits.card.parts import Rollover
from mimo_credits.cycle import CycleRule
from mimo_credits.exact import to_millicredits
from mimo_credits.frames.clocks import DAY, micros, moment, steady
from mimo_credits.frames.lookup import Bools, Ints
from mimo_credits.frames.relation import INT64
from mimo_credits.instants import LAST_INSTANT
from mimo_credits.ledger import Account, Command, Subscribe
from mimo_credits.ledger.account import ALLOWANCE, Plan

Terms: TypeAlias = tuple[str, Interval, str]
"""Tier, interval and currency of a plan."""

_NOT_PLAIN = -1
_NEVER = 2**62
_NEW = Account()


class Stretches(NamedTuple):
    """Stretches of many accounts, in order: whose each is, when it and its segment begin, and what the pots then hold.

    Instants are microseconds since 1970; pots hold millicredits, as if nothing had been used in the meantime.
    """

    whose: Ints
    start: Ints
    pool: Ints
    segment: Ints


class _Plans(NamedTuple):
    """One running plan of each account, at the beginning of a stretch; `rule` and `terms` are places in `_Offers`."""

    whose: Ints
    start: Ints
    pool: Ints
    segment: Ints
    anchor: Ints
    number: Ints
    end: Ints
    rule: Ints
    terms: Ints

    def where(self, mask: Bools) -> _Plans:
        return _Plans._make(column[mask] for column in self)


def is_plain(account: Account, commands: Sequence[Command]) -> bool:
    """Whether an account and its commands may be told as a plain plan: one bought, or one that runs undisturbed."""
    if not commands:
        return account.plan is not None and _runs_undisturbed(account, account.plan)
    command = commands[0]
    return (
        len(commands) == 1
        and type(command) is Subscribe
        and command.card is None
        and not command.first_purchase
        and account == _NEW
    )


def _runs_undisturbed(account: Account, plan: Plan) -> bool:
    return (
        plan.pinned is None
        and plan.pending_tier is None
        and not plan.pending_cancel
        and not account.holds
        and [bucket.pot for bucket in account.buckets] == [ALLOWANCE]
    )


def plain_stretches(
    accounts: Iterable[tuple[Account, Sequence[Command]]], until: Ints, book: RateBook
) -> tuple[Stretches, Ints]:
    """The stretches of accounts that are plain, each up to its own `until`; and which are not plain after all.

    The same as `course_of` gives for each.
    """
    offers = _Offers(book)
    plans, odd = offers.sold(offers.begun(accounts))
    told, left = [plans], [odd]
    while len(plans.whose):
        plans, odd = offers.sold(offers.next(plans, until))
        told.append(plans)
        left.append(odd)
    joined = _Plans._make(np.concatenate(column) for column in zip(*told, strict=True))
    not_plain = np.concatenate(left)
    joined = joined.where(~np.isin(joined.whose, not_plain))
    order = np.argsort(joined.whose, kind="stable")
    return Stretches._make(column[order] for column in joined[:4]), not_plain


class _Offers:
    """What each card of a book sells, as arrays by terms and card; terms and cycle rules are numbered as they come."""

    def __init__(self, book: RateBook) -> None:
        self._book = book
        reigns = list(book.reigns())
        self._cards = [card for _, card in reigns]
        self._starts = np.array([micros(start) for start, _ in reigns], np.int64)
        self._terms: dict[Terms, int] = {}
        self._rules: dict[CycleRule, int] = {}
        self._pools: list[list[int]] = []
        self._rule_of: list[list[int]] = []
        self._migrations: list[Ints] = []

    def begun(self, accounts: Iterable[tuple[Account, Sequence[Command]]]) -> _Plans:
        """The accounts' first stretches; those for which there is no offer have no pool."""
        bought: list[tuple[int, int, int]] = []
        running: list[tuple[int, ...]] = []
        for number, (account, commands) in enumerate(accounts):
            if commands:
                bought.append((number, *self._bought(commands[0])))
            else:
                running.append((number, *self._running(account)))
        columns = np.array(running, np.int64).reshape(-1, len(_Plans._fields)).T
        pairs = zip(self._begun_now(*np.array(bought, np.int64).reshape(-1, 3).T), columns, strict=True)
        return _Plans._make(np.concatenate(pair) for pair in pairs)

    def _bought(self, command: Command) -> tuple[int, int]:
        """When a plan is bought, and its terms."""
        assert isinstance(command, Subscribe), "the account is plain"
        return micros(command.at), self._place((command.tier, command.interval, command.currency))

    def _begun_now(self, whose: Ints, at: Ints, terms: Ints) -> _Plans:
        """Plans in their first cycle."""
        pool, rule = self._offer(terms, at)
        plans = _Plans(whose, at, pool, at, at, np.ones_like(at), np.zeros_like(at), rule, terms)
        known = pool != _NOT_PLAIN
        plans.end[known] = self._ends(plans.where(known))
        return plans

    def _running(self, account: Account) -> tuple[int, ...]:
        """The plan of an account as it stands, in the order of `_Plans` from `start` on."""
        plan, now = account.plan, account.now
        assert plan is not None, "the account is plain"
        assert now is not None, "an account with a plan has a clock"
        terms = self._place((plan.tier, plan.interval, plan.currency))
        cycle, start, segment = plan.cycle, micros(now), micros(plan.segment_start)
        overdue = cycle.end <= now or any(segment < at <= start for at in self._migrations[terms].tolist())
        pool = _NOT_PLAIN if overdue else min(account.remaining_millicredits, INT64)
        counted = (micros(cycle.anchor), cycle.number, micros(cycle.end), self._rule(cycle.rule))
        return start, pool, segment, *counted, terms

    def sold(self, plans: _Plans) -> tuple[_Plans, Ints]:
        """The plans that go on, and whose do not."""
        goes_on = plans.pool != _NOT_PLAIN
        return plans.where(goes_on), plans.whose[~goes_on]

    def next(self, plans: _Plans, until: Ints) -> _Plans:
        """What happens next to each plan, where that is no later than `until`: a renewal, or a migration before it."""
        at = np.minimum(plans.end, self._next_migration(plans))
        is_due = at <= until[plans.whose]
        plans, at = plans.where(is_due), at[is_due]
        pool, sold_by = self._offer(plans.terms, at)
        renewed = at == plans.end
        anew = renewed & (sold_by != plans.rule)
        rule = np.where(renewed, sold_by, plans.rule)
        gone_on = plans._replace(
            start=at,
            pool=pool,
            segment=at,
            anchor=np.where(anew, at - self._back(rule), plans.anchor),
            number=np.where(anew, 1, plans.number + renewed),
            rule=rule,
        )
        known = pool != _NOT_PLAIN
        gone_on.end[known] = self._ends(gone_on.where(known))
        return gone_on

    def _next_migration(self, plans: _Plans) -> Ints:
        found = np.full(len(plans.whose), _NEVER, np.int64)
        for terms in np.unique(plans.terms).tolist():
            own = plans.terms == terms
            migrations = self._migrations[terms]
            found[own] = migrations[np.searchsorted(migrations, plans.segment[own], "right")]
        return found

    def _offer(self, terms: Ints, at: Ints) -> tuple[Ints, Ints]:
        """What each plan holds, and the rule of its cycles, by the card in force at an instant."""
        if not self._cards:
            return np.full(len(at), _NOT_PLAIN, np.int64), np.zeros(len(at), np.int64)
        card = np.searchsorted(self._starts, at, "right") - 1
        pools, rules = (
            np.array(table, np.int64).reshape(-1, len(self._cards)) for table in (self._pools, self._rule_of)
        )
        return np.where(card < 0, _NOT_PLAIN, pools[terms, card]), rules[terms, card]

    def _place(self, terms: Terms) -> int:
        """The number of these terms."""
        if terms not in self._terms:
            self._terms[terms] = len(self._terms)
            offers = [_offer(card, terms) for card in self._cards]
            self._pools.append([_NOT_PLAIN if offer is None else offer[0] for offer in offers])
            self._rule_of.append([0 if offer is None else self._rule(offer[1]) for offer in offers])
            self._migrations.append(np.array([*map(micros, self._migrating(terms)), _NEVER], np.int64))
        return self._terms[terms]

    def _migrating(self, terms: Terms) -> Iterable[datetime]:
        """The instants at which a card migrates plans of these terms: only what it sells."""
        tier, interval, currency = terms
        for start, card in self._book.reigns():
            named = card.tiers.get(tier)
            sold = named.plan(interval) if named else None
            if self._book.migrates and card.migration is not None and sold is not None and currency in sold.price:
                yield start

    def _rule(self, rule: CycleRule) -> int:
        return self._rules.setdefault(rule, len(self._rules))

    def _back(self, rules: Ints) -> Ints:
        """How far before the boundary a new count of cycles is anchored (`next_cycle`)."""
        back = [int(rule.boundary == "day-end") for rule in self._rules]
        return np.array(back, np.int64)[rules]

    def _ends(self, plans: _Plans) -> Ints:
        ends = np.empty(len(plans.whose), np.int64)
        for place, rule in enumerate(self._rules):
            own = plans.rule == place
            if own.any():
                ends[own] = ends_of(rule, plans.anchor[own], plans.number[own])
        return ends


def _offer(card: RateCard, terms: Terms) -> tuple[int, CycleRule] | None:
    """What a card issues for a plan, in millicredits, and how it counts its cycles; None where that is not plain."""
    tier, interval, currency = terms
    named = card.tiers.get(tier)
    sold = named.plan(interval) if named else None
    if sold is None or currency not in sold.price or isinstance(card.plan_policy.rollover, Rollover):
        return None
    return min(to_millicredits(sold.credits), INT64), card.plan_cycle.rule(interval)


def ends_of(rule: CycleRule, anchors: Ints, numbers: Ints) -> Ints:
    """`rule.end_of` in arrays: the ends of cycles, by their anchors and numbers; in microseconds since 1970."""
    days = (rule.days + 31 * rule.months) * int(numbers.max()) + 2
    last = min(int(anchors.max()) + days * DAY, micros(LAST_INSTANT))
    offset = steady(ZoneInfo(rule.timezone), moment(int(anchors.min())), moment(last))
    if offset is None:
        pairs = zip(anchors.tolist(), numbers.tolist(), strict=True)
        return np.array([micros(rule.end_of(moment(anchor), number)) for anchor, number in pairs], np.int64)
    day, time = np.divmod(anchors + offset, DAY)
    ends = _months_later(day, rule.months * numbers) + rule.days * numbers
    if rule.boundary == "day-end":
        return (ends + 1) * DAY - offset
    return ends * DAY + time - offset


def _months_later(days: Ints, months: Ints) -> Ints:
    """Days since 1970, so many calendar months later; one that a short month does not have becomes its last."""
    month = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    first, after = _first_day(month + months), _first_day(month + months + 1)
    clamped: Ints = first + np.minimum(days - _first_day(month), after - first - 1)
    return clamped


def _first_day(months: Ints) -> Ints:
    """The first day of each month; days and months are counted since 1970."""
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
