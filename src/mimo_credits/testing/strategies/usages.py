"""Usages that a rate card can price, whichever model, band and meter they fall in."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import NamedTuple

from hypothesis import strategies as st

from mimo_credits.card import RateCard
from mimo_credits.card.rate_card import check_card
from mimo_credits.catalog import load_book
from mimo_credits.errors import NoPlan, UnknownModel, several, wrong_type
from mimo_credits.exact import round_ratio, to_millicredits
from mimo_credits.table import SECONDS_PER_HOUR, Prices, Rates
from mimo_credits.testing.strategies.drawing import between, one_of, part_of
from mimo_credits.usage import MAX_COUNT, Usage

_MOST_TOKENS = 1_000_000
_MOST_SECONDS = 2 * SECONDS_PER_HOUR
_SEARCHES = (0, 0, 0, 0, 1, 3)


def usages(card: RateCard | None = None, *, models: Collection[str] | None = None) -> st.SearchStrategy[Usage]:
    """What one request may have consumed: the card has a price for it, so `quote(card, usage)` never fails.

    Drawn are the `models` of these names, or all that the plan covers, by id and alias; input up to the context window;
    and only meters with a rate in every band (where an exhausted plan goes on by pay-as-you-go, with a price, too). If
    the card sets no limit, no meter costs more than a month of its largest tier. Without a card, the newest published
    one. Raises `UnknownModel` for a name that the plan does not price, `NoPlan` for a card that sells none, and
    `InputError` for no names and for what is no card.

        @given(usages(load_card("2026-05-27")))
        def test_a_charge_is_what_is_quoted(usage): ...
    """
    if card is not None:
        check_card(card)
    priced = _of_card(card) if card is not None else _newest()
    if card is not None and not priced:
        raise NoPlan(card.provider, card.id)
    if models is not None:
        if not several(models, "models", "names of models"):
            raise wrong_type("models", "at least one name of a model", models)
        known = {request.model: request for request in priced}
        for name in models:
            if name not in known:
                raise UnknownModel(name, (card or newest_card()).id, known)
        priced = tuple(known[name] for name in models)
    return _usages(priced)


class Request(NamedTuple):
    """The most that one request of a model can be, 0 for a meter without a rate; `bulk` is the input of many in one.

    Without a rate for misses all input is cached, without one for hits none of it is.
    """

    model: str
    hits: bool
    misses: bool
    input_tokens: int
    bulk: int
    output_tokens: int
    audio_seconds: int
    searches: tuple[int, ...]


@st.composite
def _usages(draw: st.DrawFn, requests: tuple[Request, ...]) -> Usage:
    return _usage(draw, requests)


def usage_of(draw: st.DrawFn, card: RateCard, *, bulk: bool = False) -> Usage:
    """What `usages(card)` draws; in `bulk`, many requests in one where the card allows it, enough to exhaust a plan."""
    return _usage(draw, _of_card(card), bulk)


def _usage(draw: st.DrawFn, requests: tuple[Request, ...], bulk: bool = False) -> Usage:
    request = one_of(draw, requests)
    total = part_of(draw, request.bulk) if bulk else between(draw, 0, request.input_tokens)
    return Usage(
        request.model,
        input_tokens=total,
        cached_tokens=between(draw, 0 if request.misses else total, total if request.hits else 0),
        output_tokens=between(draw, 0, request.output_tokens),
        audio_seconds=between(draw, 0, request.audio_seconds),
        web_searches=one_of(draw, request.searches),
    )


def newest_card() -> RateCard:
    """The latest of the published cards."""
    return list(load_book())[-1]


@lru_cache(maxsize=1)
def _newest() -> tuple[Request, ...]:
    return _of_card(newest_card())


@lru_cache(maxsize=64)
def _of_card(card: RateCard) -> tuple[Request, ...]:
    """Every name that the plan prices; free models last, since a failing example shrinks to the first one."""
    names = card.table.peak.bands
    free = {name for name, bands in names.items() if not any(rate for row in bands for rate in row[3:])}
    return tuple(_request(card, name) for name in sorted(names, key=free.__contains__))


def _request(card: RateCard, name: str) -> Request:
    bands = card.table.peak.bands[name]
    model = card.models[bands[0].model]
    rates: list[tuple[Rates | Prices, ...]] = [bands, *_prices(card, name)]
    hits, misses, output, audio = (
        all(getattr(row, meter) is not None for rows in rates for row in rows)
        for meter in ("cache_hit", "cache_miss", "output", "audio_hour")
    )
    banded = min(rows[-1].limit for rows in rates)
    context = min(banded, model.context or _affordable(card, bands, "cache_miss", _MOST_TOKENS))
    return Request(
        name,
        hits,
        misses,
        context if hits or misses else 0,
        min(banded, _affordable(card, bands, "cache_miss", MAX_COUNT)) if hits or misses else 0,
        (model.max_output or _affordable(card, bands, "output", _MOST_TOKENS)) if output else 0,
        _affordable(card, bands, "audio_hour", _MOST_SECONDS) if audio else 0,
        _SEARCHES if card.web_search and set(card.web_search.price) >= _tier_currencies(card) else (0,),
    )


def _prices(card: RateCard, name: str) -> Iterator[tuple[Prices, ...]]:
    """The prices by which the usage of an exhausted plan is billed, in each currency in which the plan is sold."""
    if card.policy is not None and card.policy.exhausted == "pay-as-you-go":
        for currency in sorted(_tier_currencies(card)):
            yield card.table.prices[currency][name]


def _tier_currencies(card: RateCard) -> set[str]:
    return {currency for tier in card.tiers.values() for currency in tier.price}


def _affordable(card: RateCard, bands: tuple[Rates, ...], meter: str, ceiling: int) -> int:
    """How much of a meter the largest tier pays for in a month: at least 1, and no more than the ceiling."""
    dearest = max(getattr(row, meter) or 0 for row in bands)
    if not dearest or not card.tiers:
        return min(ceiling, _MOST_TOKENS)
    allowance = max(to_millicredits(tier.credits) for tier in card.tiers.values())
    unit = SECONDS_PER_HOUR if meter == "audio_hour" else 1
    return min(ceiling, max(1, round_ratio(allowance * unit, dearest, "down")))
