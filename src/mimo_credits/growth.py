"""How many tokens a tier's monthly allowance buys, and how many times as many it buys on another card.

What a token costs depends on what it is, so the answer is for a mix: of all tokens `output_share` are output, and of
the input `hit_rate` is found in the cache. A token of the mix then costs

    (1 - output_share) x (hit_rate x hit + (1 - hit_rate) x miss) + output_share x output

credits, and the allowance divided by that is the number of tokens it buys. The cost is linear in the hit rate, so the
growth from card to card is one linear function of it over another: it only rises, or only falls, and the hit rate at
which it reaches a factor is found exactly. All rates are those of the peak; `input_tokens`, the length of a request's
input, chooses the band.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple, TypeAlias

from mimo_credits.card import RateCard
from mimo_credits.errors import InputError, NoRate, nearest, shown
from mimo_credits.exact import ratio, to_millicredits
from mimo_credits.pricing import rates_for
from mimo_credits.table import CACHE_HIT, CACHE_MISS, OUTPUT
from mimo_credits.usage import Usage

Exact: TypeAlias = Fraction | Decimal | int


class _Cost(NamedTuple):
    """Millicredits for a token of a mix, where nothing and where all of the input is found in the cache."""

    at_none: Fraction
    at_all: Fraction

    def at(self, hit_rate: Fraction) -> Fraction:
        return self.at_none + (self.at_all - self.at_none) * hit_rate

    def times(self, factor: Fraction | int) -> _Cost:
        return _Cost(self.at_none * factor, self.at_all * factor)


def tokens_of_allowance(
    card: RateCard, tier: str, model: str, *, hit_rate: Exact, output_share: Exact = 0, input_tokens: int = 0
) -> Fraction:
    """How many tokens of a model a month of a tier buys, exact and not rounded to whole ones.

    `hit_rate` and `output_share` are exact numbers from 0 to 1. Raises `InputError` for others, for a tier that the
    card does not sell or that holds nothing, and where such tokens cost nothing; `UnknownModel`, `NotInPlan`, `NoRate`
    and `BeyondContext` as `charge` does.
    """
    cost = _cost(card, model, output_share, input_tokens).at(_share(hit_rate, "hit_rate"))
    allowance = _allowance(card, tier)
    if not cost:
        raise InputError(
            "model", f"{shown(model)} costs nothing on card {card.id}: an allowance buys any number of tokens"
        )
    return ratio(allowance, cost)


def growth_in_tokens(
    before: RateCard,
    after: RateCard,
    tier: str,
    model: str,
    *,
    hit_rate: Exact,
    output_share: Exact = 0,
    input_tokens: int = 0,
) -> Fraction:
    """How many times as many tokens a month of a tier buys on the card `after` as on the card `before`, exact.

    Raises as `tokens_of_allowance` does.
    """
    bought = [
        tokens_of_allowance(card, tier, model, hit_rate=hit_rate, output_share=output_share, input_tokens=input_tokens)
        for card in (before, after)
    ]
    return ratio(bought[1], bought[0])


def hit_rate_for_growth(
    before: RateCard,
    after: RateCard,
    tier: str,
    model: str,
    factor: Exact,
    *,
    output_share: Exact = 0,
    input_tokens: int = 0,
) -> Fraction | None:
    """The hit rate at which `growth_in_tokens` is just `factor`: exact, and None where no hit rate gives it.

    Where every hit rate gives it, that is 0. Raises as `tokens_of_allowance` does, but not for tokens without a price.
    """
    old = _cost(before, model, output_share, input_tokens).times(_allowance(after, tier))
    new = _cost(after, model, output_share, input_tokens).times(_allowance(before, tier) * _number(factor, "factor"))
    # The growth is the factor where these two lines meet.
    apart_at_none, apart_at_all = old.at_none - new.at_none, old.at_all - new.at_all
    parallel = apart_at_none == apart_at_all
    found = Fraction(0) if parallel else ratio(apart_at_none, apart_at_none - apart_at_all)
    meets = 0 <= found <= 1 and old.at(found) == new.at(found) != 0
    return found if meets else None


def _cost(card: RateCard, model: str, output_share: Exact, input_tokens: int) -> _Cost:
    share = _share(output_share, "output_share")
    rates = rates_for(card.table, Usage(model, input_tokens=input_tokens), off_peak=False)

    def known(rate: int | None, meter: str) -> int:
        if rate is None:
            raise NoRate(model, card.id, meter, "credits")
        return rate

    output = share * known(rates.output, OUTPUT) if share else Fraction(0)
    hit, miss = known(rates.cache_hit, CACHE_HIT), known(rates.cache_miss, CACHE_MISS)
    return _Cost((1 - share) * miss + output, (1 - share) * hit + output)


def _allowance(card: RateCard, tier: object) -> int:
    if not isinstance(tier, str) or tier not in card.tiers:
        alike = nearest(tier, card.tiers) if isinstance(tier, str) else ()
        hint = f"; nearest known: {', '.join(alike)}" if alike else ""
        raise InputError("tier", f"card {card.id} sells no tier {shown(tier)}{hint}")
    allowance = to_millicredits(card.tiers[tier].credits)
    if not allowance:
        raise InputError("tier", f"{tier} holds no credits on card {card.id}")
    return allowance


def _number(value: object, name: str) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, (Fraction, Decimal, int)):
        raise InputError(name, f"needs an exact number (Fraction, Decimal or int), not {shown(value)}")
    if isinstance(value, Decimal) and not value.is_finite():
        raise InputError(name, f"needs a finite number, not {value}")
    return Fraction(value)


def _share(value: object, name: str) -> Fraction:
    share = _number(value, name)
    if not 0 <= share <= 1:
        raise InputError(name, f"is a share from 0 to 1, not {shown(value)}")
    return share
