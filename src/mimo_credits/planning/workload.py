"""`Workload`: named steps of usage that together are one task, priced as one.

An agent that reads a video, writes a summary and makes pictures is one workload of three steps, and draws on one pool.
The rules kept here:

- A step is `count` requests of the same usage. Each request is priced by itself (its band depends on it), then summed.
- `off_peak_share` is the share of a step's requests that start in the card's off-peak hours; that share of its credits
  is charged at the off-peak rate. The total is exact until the end, and rounded up once, to the millicredit: what is
  said to fit, fits. Money knows no off-peak hours.
- A step may name models to take `instead`, in order, where a card does not list its own: what did that work before.
- A step may say which separately priced `calls` would do the same elsewhere: usages, each on a vendor's own card, such
  as an image, five minutes of audio, or so many tokens. On a card of that vendor the calls are what does the step.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from mimo_credits.card import RateCard
from mimo_credits.card.rate_card import check_card
from mimo_credits.errors import InputError, NoRate, shown, visible, wrong_type
from mimo_credits.exact import in_currency, plain, plus, ratio_price, to_credits, whole
from mimo_credits.frozen import FrozenMap
from mimo_credits.planning.words import counted
from mimo_credits.pricing import CardRef, charge, metered_charge, prices, rates_for, web_search_price
from mimo_credits.seen import Seen
from mimo_credits.usage import MAX_COUNT, Usage

Share = Fraction | Decimal | int
"""A part of a whole, exact, from 0 to 1."""


class Call(NamedTuple):
    """A request to what another vendor sells: its `usage`, priced by that vendor's `card`."""

    card: RateCard
    usage: Usage


@dataclass(frozen=True, slots=True)
class Step:
    """`count` requests of the same usage, `off_peak_share` of them off-peak. Raises `InputError`.

    `instead`: models to take, in order, on a card that does not list the usage's own. `calls`: what would do one of the
    requests elsewhere.
    """

    name: str
    usage: Usage
    count: int = 1
    off_peak_share: Share = 0
    instead: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()

    def __post_init__(self) -> None:
        _check_name(self.name)
        if not isinstance(self.usage, Usage):
            raise InputError("usage", f"needs a Usage, not {shown(self.usage)}")
        check_count(self.count, "count")
        object.__setattr__(self, "off_peak_share", exact_share(self.off_peak_share, "off_peak_share"))

    @property
    def tokens(self) -> int:
        """Input and output tokens of all its requests."""
        return (self.usage.input_tokens + self.usage.output_tokens) * self.count

    def usage_on(self, card: RateCard) -> Usage:
        """The usage of one request on a card: by its own model, or the first that the card lists `instead`."""
        known = card.table.known_models()
        for model in (self.usage.model, *self.instead):
            if model in known:
                return replace(self.usage, model=model)
        return self.usage

    def requests_on(self, card: RateCard) -> tuple[Usage, ...]:
        """What one of its requests is on a card: `usage_on`, or the calls where the card is of the vendor they are to.

        By the step's own model where the card lists that, else by the calls if all are to that vendor.
        """
        elsewhere = tuple(call.usage for call in self.calls if call.card.provider == card.provider)
        if elsewhere and len(elsewhere) == len(self.calls) and self.usage.model not in card.table.known_models():
            return elsewhere
        return (self.usage_on(card),)

    def millicredits(self, card: RateCard) -> Fraction:
        """What all its requests draw from the plan, exact. Raises as `charge` does."""
        usage = self.usage_on(card)
        peak = charge(card, usage)
        off_peak = metered_charge(card.table, usage, rates_for(card.table, usage, off_peak=True))
        return (peak - (peak - off_peak) * Fraction(self.off_peak_share)) * self.count


@dataclass(frozen=True, slots=True)
class Workload(Seen):
    """A task of one or more steps. Raises `InputError`.

    `estimate` says who estimates it and, in brackets, how sure that is (H, M-H, M or L); `assumes` what we add to it.
    """

    name: str
    steps: tuple[Step, ...]
    estimate: str = ""
    assumes: str = ""

    def __post_init__(self) -> None:
        _check_name(self.name)
        object.__setattr__(self, "steps", _steps(self.steps))

    def __str__(self) -> str:
        return f"{visible(self.name)}: {counted(len(self.steps), 'step')}, {counted(self.tokens, 'token')}" + (
            f" (estimate: {self.estimate})" if self.estimate else ""
        )

    @property
    def tokens(self) -> int:
        """Input and output tokens of all steps, done once."""
        return sum(step.tokens for step in self.steps)

    def on(self, models: str | Mapping[str, str]) -> Workload:
        """The same work by other models: one for all steps, or by the name of the model that it replaces.

        Raises `InputError`.
        """
        if not isinstance(models, (str, Mapping)):
            raise wrong_type("models", "a model, or a mapping such as {'mimo-v2-pro': 'mimo-v2.5-pro'}", models)
        return replace(self, steps=tuple(_renamed(step, models) for step in self.steps))

    def off_peak(self, share: Share) -> Workload:
        """The same work with that share of every step in the off-peak hours. Raises `InputError`."""
        return replace(self, steps=tuple(replace(step, off_peak_share=share) for step in self.steps))

    def usages_on(self, card: RateCard, times: int = 1) -> dict[Usage, int]:
        """Its requests on a card, and how many of each, when it is done so many `times`. Raises `InputError`."""
        check_card(card)
        check_count(times, "times")
        counted: dict[Usage, int] = {}
        for step in self.steps:
            for usage in step.requests_on(card):
                counted[usage] = counted.get(usage, 0) + step.count * times
        return counted

    def millicredits(self, card: RateCard, times: int = 1) -> Fraction:
        """What it draws from the plan, exact and not rounded. Raises as `charge` does, and `InputError`."""
        check_card(card)
        check_count(times, "times")
        return sum((step.millicredits(card) for step in self.steps), Fraction(0)) * times

    def quote(self, card: RateCard, *, times: int = 1) -> WorkloadQuote:
        """What it costs on a card when done so many `times`, step by step.

        Raises as `charge` does, and `InputError`. A pay-as-you-go price that does not exist is a reason in `.unpriced`.
        """
        counted = self.usages_on(card, times)
        money, unpriced = prices(card, counted)
        return WorkloadQuote(
            card=CardRef(card.id, card.sha256),
            workload=self.name,
            times=times,
            steps=tuple(
                StepQuote(step.name, step.usage_on(card).model, step.tokens * times, step.millicredits(card) * times)
                for step in self.steps
            ),
            millicredits=whole(self.millicredits(card, times), "up"),
            money=money,
            unpriced=unpriced,
            web_searches=searches_owed(card, counted),
            separately=_separately(self.steps, times),
        )


class StepQuote(NamedTuple):
    """What one step costs, in millicredits, exact: the model that does it, its tokens."""

    name: str
    model: str
    tokens: int
    millicredits: Fraction

    @property
    def credits(self) -> Decimal:
        """The step's credits, rounded up to the millicredit."""
        return to_credits(whole(self.millicredits, "up"))

    def __str__(self) -> str:
        return (
            f"{visible(self.name)}: {visible(self.model)}, {counted(self.tokens, 'token')}, {self.credits:,f} credits"
        )


@dataclass(frozen=True, slots=True)
class WorkloadQuote(Seen):
    """What a workload costs, done so many `times`: `millicredits` of the pool, rounded up once; the same by `money`.

    `web_searches` is money that is owed under the plan, too. `separately` is what the steps' separately priced calls
    would cost, in each currency in which all of them have a price; empty where a step names none, since then they are
    not the whole work.
    """

    card: CardRef
    workload: str
    times: int
    steps: tuple[StepQuote, ...]
    millicredits: int
    money: FrozenMap[Decimal]
    unpriced: FrozenMap[str]
    web_searches: FrozenMap[Decimal]
    separately: FrozenMap[Decimal]

    def __str__(self) -> str:
        money = (
            ", ".join(f"{currency} {in_currency(amount, currency):,f}" for currency, amount in self.money.items())
            or "without a price"
        )
        return (
            f"{visible(self.workload)}, {counted(self.times, 'time')} on card {self.card.id}: "
            f"{self.credits:,f} credits; pay-as-you-go {money}"
        )

    @property
    def credits(self) -> Decimal:
        """The total in credits."""
        return to_credits(self.millicredits)

    @property
    def tokens(self) -> int:
        """Input and output tokens."""
        return sum(step.tokens for step in self.steps)


def exact_share(value: object, field: str) -> Fraction:
    """A share from 0 to 1 as an exact ratio. Raises `InputError`, also for a float."""
    if isinstance(value, bool) or not isinstance(value, (int, Decimal, Fraction)):
        raise InputError(field, f"needs an exact share such as Fraction(1, 4) or Decimal('0.25'), not {shown(value)}")
    if isinstance(value, Decimal) and not value.is_finite():
        raise InputError(field, f"needs a share from 0 to 1, not {value}")
    if not 0 <= value <= 1:
        raise InputError(field, f"needs a share from 0 to 1, not {value}")
    return Fraction(value)


def check_count(value: object, field: str) -> None:
    """Refuses what is no whole number from 0 on. Raises `InputError`."""
    if type(value) is not int or not 0 <= value <= MAX_COUNT:
        raise InputError(field, f"needs a whole number, 0 to {MAX_COUNT:,}, not {shown(value)}")


def check_workload(value: object) -> None:
    """Refuses anything but a `Workload`. Raises `InputError`."""
    if not isinstance(value, Workload):
        raise wrong_type("workload", 'a Workload, such as load_workloads()["coding-session"]', value)


def _steps(value: object) -> tuple[Step, ...]:
    steps = tuple(value) if isinstance(value, Iterable) else ()
    if not steps or not all(isinstance(step, Step) for step in steps):
        raise InputError("steps", f"needs one Step or more, not {shown(value)}")
    return steps


def _check_name(value: object) -> None:
    if not isinstance(value, str) or not value:
        raise InputError("name", f"needs a text, not {shown(value)}")


def _renamed(step: Step, models: str | Mapping[str, str]) -> Step:
    """The step by the model that was chosen for it, and by no other; unchanged where none was."""
    chosen = models if isinstance(models, str) else models.get(step.usage.model)
    return step if chosen is None else replace(step, usage=replace(step.usage, model=chosen), instead=())


def searches_owed(card: RateCard, counted: Mapping[Usage, int]) -> FrozenMap[Decimal]:
    """The money for web searches in each currency that has a price for them; empty without searches."""
    searching = {usage: count for usage, count in counted.items() if usage.web_searches}
    owed: dict[str, Decimal] = {}
    for currency in card.currencies if searching else ():
        try:
            parts = [Fraction(web_search_price(card, usage, currency)) * n for usage, n in searching.items()]
        except NoRate:
            continue
        owed[currency] = ratio_price(sum(parts, Fraction(0)))
    return FrozenMap(owed)


def _separately(steps: Iterable[Step], times: int) -> FrozenMap[Decimal]:
    costs: list[Mapping[str, Decimal]] = []
    for step in steps:
        if not step.calls:
            return FrozenMap()
        costs += [prices(card, {usage: step.count * times})[0] for card, usage in step.calls]
    currencies = set.intersection(*(set(cost) for cost in costs))
    return FrozenMap((currency, _sum(cost[currency] for cost in costs)) for currency in sorted(currencies))


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    total = Decimal(0)
    for amount in amounts:
        total = plus(total, amount)
    return plain(total)
