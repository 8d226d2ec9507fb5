"""`break_even`: the monthly volume from which a tier costs no more than pay-as-you-go, for a mix of work.

Both sides are linear in the volume. A tier costs its list price, whatever is used of it; pay-as-you-go costs so much
each time. So they meet at `price / cost of one time`, exactly, and it only remains to ask whether the tier's allowance
reaches that far: if it does not, there is no break-even. Money that is owed on both sides (web searches) cancels out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from mimo_credits.card import RateCard, Tier
from mimo_credits.card.rate_card import check_card
from mimo_credits.errors import InputError, shown, visible
from mimo_credits.exact import in_currency, ratio, ratio_price, to_millicredits, whole
from mimo_credits.planning.words import counted
from mimo_credits.planning.workload import Workload, check_workload
from mimo_credits.pricing import CardRef
from mimo_credits.seen import Seen


@dataclass(frozen=True, slots=True)
class BreakEven(Seen):
    """Where a tier of price `price` meets pay-as-you-go for a workload, in `currency`.

    `meets_at` is how many times a month, exact, None where pay-as-you-go costs nothing; `times` the first whole number
    from there on, and `tokens` those of so many times: both None where there is no break-even. `holds` is how many
    times the tier holds, None where the work costs no credits. `why` says it in words.
    """

    card: CardRef
    tier: str
    workload: str
    currency: str
    price: Decimal
    each: Decimal
    meets_at: Fraction | None
    holds: int | None
    times: int | None
    tokens: int | None
    why: str

    def __str__(self) -> str:
        return f"{self.tier}, {visible(self.workload)}: {self.why}"


def break_even(card: RateCard, tier: str, workload: Workload, *, currency: str = "USD") -> BreakEven:
    """From how many times a month on the tier costs no more than pay-as-you-go, and whether it holds that many.

    Raises as `charge` does, and `InputError` for a tier or a currency that the card does not sell.
    """
    check_workload(workload)
    sold = tier_of(card, tier)
    price = sold.price.get(currency)
    if price is None:
        raise InputError(
            "currency", f"card {card.id} does not sell {tier!r} in {shown(currency)}; it sells {', '.join(sold.price)}"
        )
    quote = workload.quote(card)
    if currency in quote.unpriced:
        raise InputError("currency", f"pay-as-you-go has no price in {currency!r}: {quote.unpriced[currency]}")
    searches = quote.web_searches.get(currency, Decimal(0))
    each = Fraction(quote.money[currency]) - Fraction(searches)
    drawn = workload.millicredits(card)
    holds = whole(ratio(to_millicredits(sold.credits), drawn), "down") if drawn else None
    meets_at = ratio(price, each) if each else None
    times = None if meets_at is None else whole(meets_at, "up")
    reached = times is not None and (holds is None or times <= holds)
    made = BreakEven(
        card=CardRef(card.id, card.sha256),
        tier=tier,
        workload=workload.name,
        currency=currency,
        price=price,
        each=ratio_price(each),
        meets_at=meets_at,
        holds=holds,
        times=times if reached else None,
        tokens=workload.tokens * times if reached and times is not None else None,
        why="",
    )
    return replace(made, why=_why(made, times, searches))


def tier_of(card: RateCard, tier: str) -> Tier:
    """The card's tier of that name. Raises `InputError`."""
    check_card(card)
    if tier not in card.tiers:
        raise InputError(
            "tier", f"card {card.id} sells no tier {shown(tier)}; it sells {', '.join(card.tiers) or 'none'}"
        )
    return card.tiers[tier]


def _why(made: BreakEven, times: int | None, searches: Decimal) -> str:
    if times is None:
        beside = " beside its web searches, which a tier owes as well" if searches else ""
        return f"pay-as-you-go asks nothing for this work{beside}, so no tier is ever cheaper"
    if made.times is None:
        price = f"{made.currency} {in_currency(made.price, made.currency):,f}"
        return (
            f"never: it would take {counted(times, 'time')} a month to pay as much as {price}, "
            f"and its allowance holds {made.holds:,}"
        )
    tokens = f" ({counted(made.tokens, 'token')})" if made.tokens else ""
    return f"from {counted(made.times, 'time')} a month on{tokens} it costs no more than pay-as-you-go"
