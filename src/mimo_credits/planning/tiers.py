"""`compare_tiers`: which tier holds a month of work, what each would cost, and why it is or is not the one to take.

A tier fits if its monthly allowance is at least what the month draws. The cheapest of those that fit is the `choice`,
by its list price; pay-as-you-go stands beside it, since it may be cheaper still. Money for web searches is owed under
the plan as well, so it is part of every cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from mimo_credits.card import RateCard, Tier
from mimo_credits.card.rate_card import check_card
from mimo_credits.errors import InputError, shown, visible, wrong_type
from mimo_credits.exact import (
    PER_MILLION,
    billed,
    in_currency,
    percent,
    plus,
    ratio,
    ratio_price,
    share,
    times,
    to_credits,
    to_millicredits,
)
from mimo_credits.frozen import FrozenMap
from mimo_credits.planning.words import counted
from mimo_credits.planning.workload import Workload, check_workload
from mimo_credits.pricing import CardRef
from mimo_credits.seen import Tabular

_NO_MONEY: FrozenMap[Decimal] = FrozenMap()


class MonthOfUse(NamedTuple):
    """A month of work on one card: what it is, its millicredits and tokens, its tasks (None: not counted), its money.

    `money` is the pay-as-you-go price; `unpriced` says why there is none in a currency; `web_searches` is what of it is
    owed under the plan as well, `separately` what separately priced calls elsewhere would cost.
    """

    what: str
    millicredits: int
    tokens: int
    tasks: int | None
    money: FrozenMap[Decimal]
    unpriced: FrozenMap[str]
    web_searches: FrozenMap[Decimal] = _NO_MONEY
    separately: FrozenMap[Decimal] = _NO_MONEY

    def __str__(self) -> str:
        return f"{visible(self.what)}: {to_credits(self.millicredits):,f} credits, {counted(self.tokens, 'token')}"


class TierFit(NamedTuple):
    """One tier against a month of work. Allowance and use are in millicredits, money is by currency.

    `cost` is the month's list price and the web searches; `first_purchase` the same with the discount of an account's
    first plan; `annual` the price of a year and its web searches, where the year's pool holds twelve such months.
    `per_million` tokens and `per_task` are shares of `cost`. An empty mapping: there is no such price.
    """

    tier: str
    allowance: int
    used: int
    cost: FrozenMap[Decimal]
    first_purchase: FrozenMap[Decimal]
    annual: FrozenMap[Decimal]
    per_million: FrozenMap[Decimal]
    per_task: FrozenMap[Decimal]
    why: str

    def __str__(self) -> str:
        return f"{self.tier}: {self.why}"

    @property
    def fits(self) -> bool:
        """Whether the allowance suffices."""
        return self.used <= self.allowance

    @property
    def share(self) -> Fraction:
        """What is used of the allowance; above 1 where it does not suffice."""
        return share(self.used, self.allowance)

    @property
    def headroom(self) -> int:
        """Millicredits that are left; negative where they do not suffice."""
        return self.allowance - self.used

    def tier_cost(self, currency: str) -> str:
        """The month's cost in words."""
        return f"{currency} {in_currency(self.cost[currency], currency):,f}"


@dataclass(frozen=True, slots=True)
class TierComparison(Tabular):
    """Every tier of a card against a month of work, in the card's order; `choice` is None where none fits."""

    card: CardRef
    use: MonthOfUse
    currency: str
    tiers: tuple[TierFit, ...]
    choice: str | None

    def __getitem__(self, tier: str) -> TierFit:
        """The tier of that name. Raises `KeyError`."""
        for fit in self.tiers:
            if fit.tier == tier:
                return fit
        raise KeyError(tier)

    def __str__(self) -> str:
        return "\n".join([self.why, *(f"  {fit}" for fit in self.tiers)])

    @property
    def why(self) -> str:
        """The answer in a sentence: which tier; where pay-as-you-go is cheaper than any that fits, that it is."""
        money = self.use.money.get(self.currency)
        if self.choice is None:
            return f"No tier holds {self.use}; {self._pay_as_you_go(money)}."
        fit = self[self.choice]
        cost, price = fit.cost[self.currency], f"{fit.tier_cost(self.currency)}{self._searches()}"
        if money is not None and money < cost:
            return (
                f"No tier pays off: pay-as-you-go costs {self._in_words(money)}; the cheapest tier that holds it is "
                f"{self.choice}, for {price}. It is {self.use}."
            )
        more = "" if money is None else f", which is {'the same' if money == cost else 'more'}"
        return f"{self.choice}, for {price}, holds {self.use}; {self._pay_as_you_go(money)}{more}."

    def _pay_as_you_go(self, money: Decimal | None) -> str:
        if money is None:
            return f"pay-as-you-go has no price ({self.use.unpriced.get(self.currency, 'none was said')})"
        return f"pay-as-you-go would cost {self._in_words(money)}"

    def _searches(self) -> str:
        """What of a tier's cost is money for web searches, where there are any."""
        owed = self.use.web_searches.get(self.currency)
        return f" (of which web searches {self._in_words(owed)})" if owed else ""

    def _in_words(self, money: Decimal) -> str:
        return f"{self.currency} {in_currency(money, self.currency):,f}"


def compare_tiers(card: RateCard, workload: Workload, *, times: int = 1, currency: str = "USD") -> TierComparison:
    """The card's tiers for a workload that is done so many `times` a month; `currency` decides which is the cheapest.

    Raises as `charge` does, and `InputError` for a card that sells no tier in the currency.
    """
    check_card(card)
    check_workload(workload)
    quote = workload.quote(card, times=times)
    use = MonthOfUse(
        what=f"{workload.name}, {counted(times, 'time')} a month",
        millicredits=quote.millicredits,
        tokens=quote.tokens,
        tasks=times,
        money=quote.money,
        unpriced=quote.unpriced,
        web_searches=quote.web_searches,
        separately=quote.separately,
    )
    return compare_use(card, use, currency=currency)


def compare_use(card: RateCard, use: MonthOfUse, *, currency: str = "USD") -> TierComparison:
    """The same for a month of use that was added up elsewhere, on the same card. Raises `InputError`."""
    check_card(card)
    if not isinstance(use, MonthOfUse):
        raise wrong_type("use", "a MonthOfUse, such as month_of_records gives", use)
    if not any(currency in tier.price for tier in card.tiers.values()):
        sold = dict.fromkeys(name for tier in card.tiers.values() for name in tier.price)
        sells = f"; it sells {', '.join(sold)}" if sold else ""
        raise InputError("currency", f"card {card.id} sells no tier in {shown(currency)}{sells}")
    fits = [_fit(card, name, tier, use) for name, tier in card.tiers.items()]
    holding = [fit for fit in fits if fit.fits]
    if any(currency not in fit.cost for fit in holding):
        raise InputError("currency", f"card {card.id} has no price for web searches in {currency!r}")
    chosen = min(holding, key=lambda fit: (fit.cost[currency], fit.allowance), default=None)
    return TierComparison(
        card=CardRef(card.id, card.sha256),
        use=use,
        currency=currency,
        tiers=tuple(fit._replace(why=_why(fit, chosen, currency)) for fit in fits),
        choice=chosen.tier if chosen else None,
    )


def _fit(card: RateCard, name: str, tier: Tier, use: MonthOfUse) -> TierFit:
    """The tier against the use; the words come when it is known which tier is the cheapest."""
    cost = _with_searches(tier.price, use)
    yearly = tier.annual
    holds_a_year = yearly is not None and 12 * use.millicredits <= to_millicredits(yearly.credits)
    return TierFit(
        tier=name,
        allowance=to_millicredits(tier.credits),
        used=use.millicredits,
        cost=cost,
        first_purchase=_with_searches(_first_purchase(card, tier), use),
        annual=_with_searches(yearly.price, use, months=12) if yearly is not None and holds_a_year else _NO_MONEY,
        per_million=_each(cost, ratio(use.tokens, PER_MILLION)),
        per_task=_each(cost, Fraction(use.tasks or 0)),
        why="",
    )


def _first_purchase(card: RateCard, tier: Tier) -> dict[str, Decimal]:
    """What an account's first plan costs, rounded once as the card bills it; empty where it costs the list price."""
    pays = card.plan_policy.first_purchase_pays
    if pays is None:
        return {}
    return {
        currency: billed(Fraction(price) * Fraction(pays), currency, card.plan_policy.money_rounding)
        for currency, price in tier.price.items()
    }


def _with_searches(prices: Mapping[str, Decimal], use: MonthOfUse, months: int = 1) -> FrozenMap[Decimal]:
    """Prices with the money for so many months' web searches; a currency in which those have no price is left out."""
    if not use.web_searches:
        return FrozenMap(prices)
    return FrozenMap(
        (currency, plus(price, times(use.web_searches[currency], months)))
        for currency, price in prices.items()
        if currency in use.web_searches
    )


def _each(cost: Mapping[str, Decimal], count: Fraction) -> FrozenMap[Decimal]:
    """The cost of one of so many; empty where there are none."""
    if not count:
        return _NO_MONEY
    return FrozenMap((currency, ratio_price(ratio(amount, count))) for currency, amount in cost.items())


def _why(fit: TierFit, chosen: TierFit | None, currency: str) -> str:
    shared = percent(fit.share)
    used = f"{'less than 0.1' if fit.used and not shared else shared} % of its allowance"
    if not fit.fits:
        return f"too small: {used}, {to_credits(-fit.headroom):,f} credits short"
    assert chosen is not None, "a tier that fits is there to choose"
    if fit.tier == chosen.tier:
        return f"the cheapest that fits: {used}, {to_credits(fit.headroom):,f} credits to spare"
    return f"fits with {used}, but {fit.tier_cost(currency)} where {chosen.tier_cost(currency)} suffices"
