"""Subscribing, changing tiers and cancelling: what a plan costs, and which changes its card's policy allows."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from mimo_credits.card import AnnualPlan, Interval, RateCard, Tier
from mimo_credits.cycle import first_cycle
from mimo_credits.errors import Reason, Refused
from mimo_credits.exact import billed, share, to_millicredits
from mimo_credits.ledger.account import ALLOWANCE, Plan
from mimo_credits.ledger.commands import Cancel, ChangeTier, Command, Subscribe
from mimo_credits.ledger.draft import Draft, running_allowance, subscribed
from mimo_credits.ledger.due import open_segment
from mimo_credits.ledger.entries import ISSUED, Billed, BillReason, Scheduled, TierChanged


def decide_subscribe(draft: Draft, command: Subscribe) -> None:
    """Opens the first cycle, anchored at the purchase, and bills the list or the first-purchase price.

    The first-purchase price is for monthly plans, and is used up for ever by the account's first Subscribe.
    """
    account, at = draft.account, command.at
    if account.plan is not None:
        raise Refused(Reason.ALREADY_SUBSCRIBED, command, f"the account has {account.plan.tier!r} already")
    card = draft.card_at(at, command.card)
    list_price = _sold(card, command, command.tier, command.interval, command.currency).price[command.currency]
    pays = card.plan_policy.first_purchase_pays
    applies = pays is not None and command.interval == "monthly" and account.since is None
    if command.first_purchase and not applies:
        raise Refused(
            Reason.NO_FIRST_PURCHASE,
            command,
            "the first-purchase price is for an account's first plan, monthly, on a card that has one",
        )
    plan = Plan(
        tier=command.tier,
        interval=command.interval,
        currency=command.currency,
        cycle=first_cycle(card.plan_cycle.rule(command.interval), at),
        segment_start=at,
        card=card.id,
        pinned=command.card,
        list_price=list_price,
    )
    open_segment(draft, at, "subscribe", plan, plan.cycle, card, "lapse", ref=command.id)
    if applies and command.first_purchase is not False and pays is not None:
        _bill(draft, command, Fraction(list_price) * Fraction(pays), card, command.currency, "first-purchase")
    else:
        _bill(draft, command, Fraction(list_price), card, command.currency, "subscribe")


def decide_change(draft: Draft, command: ChangeTier) -> None:
    """Changes the tier: at the renewal to any, now only upward and by the upgrade policy of the card in force."""
    plan = subscribed(draft, command)
    card = draft.card_at(command.at, plan.pinned)
    sold = _sold(card, command, command.tier, plan.interval, plan.currency)
    if command.when == "renewal":
        pending = None if command.tier == plan.tier else command.tier
        draft.add(Scheduled(command.at, pending, False, command.id))
        return
    if command.tier == plan.tier:
        raise Refused(Reason.SAME_TIER, command, f"the account is on {command.tier!r} already")
    if to_millicredits(sold.credits) <= _height(draft, plan, card):
        raise Refused(
            Reason.DOWNGRADE_INSIDE_CYCLE,
            command,
            f"{command.tier!r} is no higher than {plan.tier!r}: a running cycle only moves upward, "
            'a lower tier begins with the next one (when="renewal")',
        )
    if card.plan_policy.upgrade == "trade-in":
        _trade_in(draft, command, plan, card, sold.price[plan.currency])
    else:
        _pay_difference(draft, command, plan, card, sold)


def decide_cancel(draft: Draft, command: Cancel) -> None:
    """The plan lapses at the end of its cycle. The later of this and a change at renewal wins."""
    subscribed(draft, command)
    draft.add(Scheduled(command.at, None, True, command.id))


def _pay_difference(draft: Draft, command: ChangeTier, plan: Plan, card: RateCard, sold: Tier | AnnualPlan) -> None:
    """Pays new list price minus old; the allowance grows to the new one, what is spent stays spent, the cycle stays."""
    new_price = sold.price[plan.currency]
    draft.add(TierChanged(command.at, command.tier, card.id, card.sha256, new_price, command.id))
    growth = max(0, to_millicredits(sold.credits) - running_allowance(draft).issued)
    draft.post(command.at, ISSUED, ALLOWANCE, growth, "upgrade", command.id)
    due = max(Fraction(0), Fraction(new_price) - Fraction(plan.list_price))
    _bill(draft, command, due, card, plan.currency, "upgrade")


def _height(draft: Draft, plan: Plan, card: RateCard) -> int:
    """How high the running tier is: its allowance on the card, or what was issued where the card no longer sells it."""
    current = card.tiers.get(plan.tier)
    running = current.plan(plan.interval) if current else None
    return to_millicredits(running.credits) if running else running_allowance(draft).issued


def _trade_in(draft: Draft, command: ChangeTier, plan: Plan, card: RateCard, new_price: Decimal) -> None:
    """Pays the new list price less the unused share of the old one; a new cycle begins with the whole new allowance.

    The share is the unheld rest of the allowance over all that was issued into it; grants do not count, and what holds
    of an earlier allowance gave back to it cannot make it more than the whole.
    """
    allowance = running_allowance(draft)
    unused = min(Fraction(1), share(allowance.millicredits, allowance.issued))
    due = Fraction(new_price) - unused * Fraction(plan.list_price)
    changed = plan._replace(tier=command.tier, list_price=new_price)
    cycle = first_cycle(card.plan_cycle.rule(plan.interval), command.at)
    open_segment(draft, command.at, "trade-in", changed, cycle, card, "trade-in", ref=command.id)
    _bill(draft, command, max(Fraction(0), due), card, plan.currency, "trade-in")


def _sold(card: RateCard, command: Command, tier: str, interval: Interval, currency: str) -> Tier | AnnualPlan:
    """What the card sells under that name, for that interval and in that currency. Refused where it does not."""
    named = card.tiers.get(tier)
    if named is None:
        raise Refused(Reason.UNKNOWN_TIER, command, f"card {card.id} has no tier {tier!r}, but {', '.join(card.tiers)}")
    sold = named.plan(interval)
    if sold is None:
        raise Refused(Reason.INTERVAL_NOT_SOLD, command, f"card {card.id} has no {interval} plan of {tier!r}")
    if currency not in sold.price:
        raise Refused(
            Reason.CURRENCY_NOT_SOLD,
            command,
            f"card {card.id} sells {tier!r} in {' and '.join(sold.price)}, not in {currency}",
        )
    return sold


def _bill(
    draft: Draft, command: Subscribe | ChangeTier, amount: Fraction, card: RateCard, currency: str, why: BillReason
) -> None:
    due = billed(amount, currency, card.plan_policy.money_rounding)
    draft.add(Billed(command.at, due, currency, why, command.id, card.id, card.sha256))
