"""An oracle for the ledger: it re-reads the whole history of commands, in plain words, on every question.

It keeps nothing from one question to the next, and what it notes while it reads are only `facts`. It is written from the
rules of the ledger, and knows nothing of the engine, of drawing, due dates, holds, plans, entries or evolution: of the
library it reads commands and parsed cards alone.

Where the rules are silent it keeps to these: credits that a renewal carried over are a lot of their own, as old as the
renewal; a lot that is used up is forgotten when a segment opens, unless a hold still has credits from it; an ended hold
is remembered until the segment after the one in which it ended has closed; what a segment let expire is the rest of
its allowance, not of grants; a late usage of the running segment is drawn from the lots that were there at its instant;
a tier that the card no longer sells is as high as what was issued for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from fractions import Fraction

from mimo_credits import (
    Advance,
    Cancel,
    ChangeTier,
    Command,
    Grant,
    Hold,
    RateBook,
    RateCard,
    Record,
    Release,
    Settle,
    Subscribe,
)
from mimo_credits.card import AnnualPlan, Tier
from tests.ledger.facts import Bill, Facts, Lot, Move, Reserve, Segment, Wish
from tests.ledger.reckoning import (
    TICK,
    No,
    Unpriced,
    cost_of,
    cycle_end,
    exactly,
    for_sale,
    milli,
    money,
    period,
    search_money,
    sold_by,
    to_the_cent,
)


class Reading(Facts):
    """What a history of accepted commands amounts to, up to and including the last. Raises `No` at the first refusal."""

    def __init__(self, history: Iterable[Command], book: RateBook) -> None:
        super().__init__()
        self.book = book
        self.history = tuple(history)
        for command in self.history:
            try:
                self._hear(command)
            except Unpriced as error:
                raise No(error.kind) from None

    def due(self) -> list[tuple[datetime, int, str]]:
        """What will happen by itself, in order: a lot expires, a hold lapses, a cycle ends, a card migrates."""
        found = [(lot.until, 0, lot.pot) for lot in self.lots if not lot.gone and lot.until is not None]
        found += [(reserve.until, 1, reserve.id) for reserve in self.open_reserves()]
        running = self.segment()
        if running is not None:
            found.append((running.cycle_end, 2, ""))
            found += [(at, 3, card.id) for at, card in self._migrations(running)]
        return sorted(found)

    def _migrations(self, running: Segment) -> list[tuple[datetime, RateCard]]:
        if running.pinned is not None or not self.book.migrates:
            return []
        clock = self.clock()
        return [
            (card.effective_from.astimezone(UTC), card)
            for card in self.book
            if card.migration is not None
            and card.effective_from > running.start
            and (clock is None or card.effective_from >= clock)
            and sold_by(card, running.tier, running.interval, running.currency)
        ]

    def _time_passes(self, until: datetime) -> None:
        while (coming := self.due()) and coming[0][0] <= until:
            at, kind, name = coming[0]
            if kind == 0:
                self._lot_expires(at, next(lot for lot in self.lots if lot.pot == name and not lot.gone))
            elif kind == 1:
                self._give_back(next(each for each in self.open_reserves() if each.id == name), "lapsed")
            elif kind == 2:
                self._cycle_ends(self.segments[-1])
            else:
                self._migrates(self.segments[-1], at, self.book.card(name))
            self.happened.append(at)

    def _lot_expires(self, at: datetime, lot: Lot) -> None:
        self._move(lot.pot, "expired", self.balance(lot.pot))
        lot.gone = True

    def _cycle_ends(self, old: Segment) -> None:
        at, card = old.cycle_end, self._card(old.cycle_end, old.pinned)
        tier, cancelled = self.pending()
        tier = tier or old.tier
        sold = sold_by(card, tier, old.interval, old.currency)
        if cancelled or sold is None:
            self._close(at, "lapse")
            self._bill_usage(at, card)
            return
        rule = period(card, old.interval)
        anchor, number = old.anchor, old.number + 1
        if rule != old.rule:
            anchor, number = (at - TICK if rule[2] == "day-end" else at), 1
        new = Segment(
            start=at,
            tier=tier,
            interval=old.interval,
            currency=old.currency,
            price=exactly(sold.price[old.currency]),
            pinned=old.pinned,
            anchor=anchor,
            number=number,
            rule=rule,
            cycle_start=at,
            cycle_end=cycle_end(rule, anchor, number),
        )
        rollover = card.policy.rollover
        left = self.balance(self.allowance())
        self._forget_empty_lots()
        if not isinstance(rollover, str) and left:
            last = cycle_end(rule, anchor, number + rollover.cycles - 1)
            carried = Lot(f"carried:{at.isoformat()}", at, last, 0)
            self.lots.append(carried)
            self._move(self.allowance(), carried.pot, min(left, milli(rollover.up_to)))
        self._close(at, "renewal")
        self._bill_usage(at, card)
        self._open(new, sold, "settled")
        self._bill(at, new.price, old.currency, "renewal", card)

    def _migrates(self, old: Segment, at: datetime, card: RateCard) -> None:
        sold = for_sale(card, old.tier, old.interval, old.currency)
        self._forget_empty_lots()
        self._close(at, "migration")
        self._open(_again(old, start=at, price=exactly(sold.price[old.currency])), sold, "")

    def _close(self, at: datetime, why: str) -> None:
        """The running segment ends, and what is left of its allowance expires."""
        self._move(self.allowance(), "expired", self.balance(self.allowance()))
        self.segments[-1].end, self.segments[-1].ended_by = at, why

    def _open(self, segment: Segment, sold: Tier | AnnualPlan, kind: str) -> None:
        self.segments.append(segment)
        self._move("issued", self.allowance(), milli(sold.credits))
        if kind:
            self.wishes.append(Wish(None, False, kind))

    def _forget_empty_lots(self) -> None:
        held_from = {pot for reserve in self.open_reserves() for pot, _ in reserve.parts}
        for lot in self.lots:
            lot.gone = lot.gone or (not self.balance(lot.pot) and lot.pot not in held_from)

    # --- commands ------------------------------------------------------------------------------------

    def _hear(self, command: Command) -> None:
        clock = self.clock()
        if clock is not None and command.at < clock and not isinstance(command, Record):
            raise No("out-of-order")
        self._time_passes(command.at)
        if isinstance(command, Advance):
            return
        {
            Subscribe: self._subscribe,
            Record: self._record,
            ChangeTier: self._change,
            Cancel: self._cancel,
            Grant: self._grant,
            Hold: self._hold,
            Settle: self._settle,
            Release: self._release,
        }[type(command)](command)  # type: ignore[operator]
        self.happened.append(command.at)

    def _subscribe(self, command: Subscribe) -> None:
        at = command.at
        if self.segment() is not None:
            raise No("already-subscribed")
        card = self._card(at, command.card)
        sold = for_sale(card, command.tier, command.interval, command.currency)
        may = not self.segments and command.interval == "monthly" and card.policy.first_purchase_pays is not None
        if command.first_purchase is True and not may:
            raise No("no-first-purchase")
        rule, price = period(card, command.interval), exactly(sold.price[command.currency])
        segment = Segment(
            start=at,
            tier=command.tier,
            interval=command.interval,
            currency=command.currency,
            price=price,
            pinned=command.card,
            anchor=at,
            number=1,
            rule=rule,
            cycle_start=at,
            cycle_end=cycle_end(rule, at, 1),
        )
        self._forget_empty_lots()
        self._open(segment, sold, "settled")
        self.owed.clear()
        if may and command.first_purchase is not False:
            self._bill(at, price * exactly(card.policy.first_purchase_pays), command.currency, "first-purchase", card)
        else:
            self._bill(at, price, command.currency, "subscribe", card)

    def _grant(self, command: Grant) -> None:
        pot = f"grant:{command.id}"
        if any(lot.pot == pot and not lot.gone for lot in self.lots):
            raise No("duplicate-grant")
        self.lots.append(Lot(pot, command.at, command.expires_at, command.priority))
        self._move("issued", pot, milli(command.credits))

    def _cancel(self, command: Cancel) -> None:
        if self.segment() is None:
            raise No("not-subscribed")
        self.wishes.append(Wish(None, True, "wish"))

    def _change(self, command: ChangeTier) -> None:
        running, at = self.segment(), command.at
        if running is None:
            raise No("not-subscribed")
        card = self._card(at, running.pinned)
        sold = for_sale(card, command.tier, running.interval, running.currency)
        if command.when == "renewal":
            self.wishes.append(Wish(None if command.tier == running.tier else command.tier, False, "wish"))
            return
        if command.tier == running.tier:
            raise No("same-tier")
        price, pot = exactly(sold.price[running.currency]), self.allowance()
        issued = sum(move.amount for move in self.moves if (move.source, move.target) == ("issued", pot))
        current = sold_by(card, running.tier, running.interval, running.currency)
        if milli(sold.credits) <= (milli(current.credits) if current else issued):
            raise No("downgrade-inside-cycle")
        self.wishes.append(Wish(None, False, "changed now"))
        if card.policy.upgrade == "price-difference":
            self._move("issued", pot, max(0, milli(sold.credits) - issued))
            self._bill(at, max(Fraction(0), price - running.price), running.currency, "upgrade", card)
            running.tier, running.price = command.tier, price
            return
        due = price - (Fraction(self.balance(pot), issued) if issued else 0) * running.price
        rule, new = period(card, running.interval), _again(running, start=at, price=price)
        new.tier, new.anchor, new.number, new.rule = command.tier, at, 1, rule
        new.cycle_start, new.cycle_end = at, cycle_end(rule, at, 1)
        self._forget_empty_lots()
        self._close(at, "trade-in")
        self._bill_usage(at, card)
        self._open(new, sold, "")
        self._bill(at, max(Fraction(0), due), running.currency, "trade-in", card)

    def _record(self, command: Record | Settle) -> None:
        running, at = self.segment(), command.at
        if running is not None and at >= running.start:
            card = self._card(at, running.pinned)
            cost = cost_of(card, command.usage, at)
            self._overrun(command, cost, self._spend(cost, at), card, running.currency)
            return
        closed = self.closed()
        if closed is None or at < self.segments[0].start:
            raise No("not-subscribed")
        number, segment = closed
        if at < segment.start:
            raise No("closed-cycle")
        if segment.end is None or at >= segment.end:
            raise No("not-subscribed")
        card = self._card(at, segment.pinned)
        cost = cost_of(card, command.usage, at)
        covered = min(cost, self.let_expire(number))
        self.moves.append(Move("expired", "spent", covered, late_for=number))
        self._overrun(command, cost, cost - covered, card, segment.currency)

    def _hold(self, command: Hold) -> None:
        running, at = self.segment(), command.at
        if running is None:
            raise No("not-subscribed")
        if any(reserve.id == command.id for reserve in self.open_reserves()):
            raise No("duplicate-hold")
        if command.usage is not None:
            asked = cost_of(self._card(at, running.pinned), command.usage, at)
        else:
            asked = milli(command.credits)
        free = sum(self.balance(pot) for pot, _ in self.in_burn_order())
        if asked > free:
            raise No("insufficient-credits", missing=asked - free)
        reserve = Reserve(command.id, at, command.expires_at, running.pinned)
        for pot, _ in self.in_burn_order():
            part = min(asked, self.balance(pot))
            if part:
                reserve.parts.append((pot, part))
                self._move(pot, "held", part)
                asked -= part
        self.reserves.append(reserve)

    def _settle(self, command: Settle) -> None:
        reserve = next((each for each in self.open_reserves() if each.id == command.hold_id), None)
        if reserve is None:
            self._must_be_remembered(command.hold_id)
            self._record(command)
            return
        card = self._card(reserve.at, reserve.pinned)
        cost = cost_of(card, command.usage, reserve.at)
        uncovered, rest = cost, []
        for pot, part in reserve.parts:
            used = min(part, uncovered)
            uncovered -= used
            self._move("held", "spent", used)
            rest.append((pot, part - used))
        reserve.parts = rest
        self._give_back(reserve, "settled")
        if self.segment() is not None:
            uncovered = self._spend(uncovered, command.at)
        self._overrun(command, cost, uncovered, card, self.segments[-1].currency)

    def _release(self, command: Release) -> None:
        reserve = next((each for each in self.open_reserves() if each.id == command.hold_id), None)
        if reserve is None:
            self._must_be_remembered(command.hold_id)
            raise No("hold-ended")
        self._give_back(reserve, "released")

    # --- moving and billing --------------------------------------------------------------------------

    def _move(self, source: str, target: str, amount: int) -> None:
        if amount:
            self.moves.append(Move(source, target, amount))

    def _spend(self, cost: int, at: datetime) -> int:
        """Draws from the pots that were open at the instant, in burn order; gives what they do not cover."""
        for pot, since in self.in_burn_order():
            if since <= at:
                part = min(cost, self.balance(pot))
                self._move(pot, "spent", part)
                cost -= part
        return cost

    def _give_back(self, reserve: Reserve, how: str) -> None:
        for pot, part in reserve.parts:
            self._move("held", self.home(pot), part)
        reserve.ended, reserve.closings = how, self._closings()

    def _closings(self) -> int:
        return sum(segment.end is not None for segment in self.segments)

    def _must_be_remembered(self, hold_id: str) -> None:
        for reserve in self.reserves:
            recent = self._closings() - reserve.closings < 2
            if reserve.id == hold_id and reserve.ended in ("lapsed", "released") and recent:
                return
        raise No("unknown-hold")

    def _overrun(self, command: Record | Settle, cost: int, uncovered: int, card: RateCard, currency: str) -> None:
        """What no pot covers comes from overage; what is owed in money waits for the bill, if there is a plan."""
        self._move("overage", "spent", uncovered)
        owed = Fraction(0)
        sold = any(currency in tier.price for tier in card.tiers.values())
        if uncovered and sold and card.policy.exhausted == "pay-as-you-go":
            owed += money(card, command.usage, currency) * Fraction(uncovered, cost)
        if command.usage.web_searches:
            owed += search_money(card, command.usage, currency)
        self.owed.append((currency, owed))
        if owed and self.segment() is None:
            self._bill_more(command.at, currency, card)

    def _bill_usage(self, at: datetime, card: RateCard) -> None:
        """The cycle's bill settles all that is owed; the bill of a plan's last cycle starts a running total."""
        for currency, owed in sorted(self.money_owed().items()):
            self._bill(at, owed, currency, "usage", card)
        over = self.segments[-1].ended_by == "lapse"
        paid = [(bill.currency, -bill.amount) for bill in self.bills if bill.at == at and bill.reason == "usage"]
        self.owed = [*self.owed, *paid] if over else []

    def _bill_more(self, at: datetime, currency: str, card: RateCard) -> None:
        """After the plan: what the running total, rounded once, is above what its bills came to."""
        owed = max(Fraction(0), self.money_owed().get(currency, Fraction(0)))
        self._bill(at, owed, currency, "usage", card)
        self.owed.append((currency, -self.bills[-1].amount))

    def _bill(self, at: datetime, amount: Fraction, currency: str, why: str, card: RateCard) -> None:
        self.bills.append(Bill(at, to_the_cent(amount, card.policy.money_rounding), currency, why))

    def _card(self, at: datetime, pinned: str | None) -> RateCard:
        """The card in force, or the one the account is pinned to."""
        if pinned is not None:
            named = [card for card in self.book if pinned in (card.id, card.version)]
            if not named:
                raise No("NoSuchCard")
            return named[0]
        in_force = [card for card in self.book if card.effective_from <= at or not self.book.migrates]
        if not in_force:
            raise No("NoCardInEffect")
        return max(in_force, key=lambda card: card.effective_from)


def _again(segment: Segment, start: datetime, price: Fraction) -> Segment:
    """The same plan, in a new segment."""
    new = Segment(**vars(segment))
    new.start, new.price, new.end, new.ended_by = start, price, None, ""
    return new
