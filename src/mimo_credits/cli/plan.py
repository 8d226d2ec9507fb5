"""`mimo-credits plan`: which tier to take, why, and what it will cost, from a named workload or from logs."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from mimo_credits.book import RateBook
from mimo_credits.card import RateCard
from mimo_credits.catalog import load_book
from mimo_credits.cli.arguments import (
    EXAMPLE,
    Commands,
    UsageError,
    add_card_choice,
    add_json,
    chosen_card,
    count,
    named_workload,
)
from mimo_credits.cli.arguments import instant as typed_instant
from mimo_credits.cli.gathering import Wanted, gather
from mimo_credits.cli.left_out import log_document, tell_left_out
from mimo_credits.cli.output import amount, amounts, card_ref, in_credits, iso, show, show_json, tell
from mimo_credits.display import Sheet, as_text, forecast_sheet, plan_sheet, window_sheet
from mimo_credits.display.sheet import Listing
from mimo_credits.exact import percent
from mimo_credits.ledger import Record, Rejection
from mimo_credits.logs.models import names_on
from mimo_credits.planning import (
    Burn,
    Forecast,
    TierComparison,
    TierFit,
    WindowReport,
    burns_of_records,
    compare_tiers,
    compare_use,
    forecast,
    month_of_records,
    rolling_window,
)

_MONTH = timedelta(days=30)
_TICK = timedelta(microseconds=1)


def add_to(commands: Commands) -> None:
    """Adds the command to the program's."""
    parser = commands.add_parser(
        "plan",
        help="which tier to take, why, and what it will cost",
        description="Holds a month of work against every tier of a card, and pay-as-you-go beside them. The work is a "
        "named workload, done --times a month, or what logs of API responses show, stretched to 30 days; their slowest "
        "and fastest days beside it.",
        allow_abbrev=False,
    )
    _add_work(parser)
    parser.add_argument(
        "--model",
        type=_renaming,
        action="append",
        default=[],
        metavar="M",
        help="do all of the work by that model, or with OLD=NEW what OLD would do by NEW; may be given several times",
    )
    parser.add_argument("--currency", type=str.upper, default="USD", metavar="C", help="USD (the default) or CNY")
    add_card_choice(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def _add_work(parser: ArgumentParser) -> None:
    work = parser.add_mutually_exclusive_group(required=True)
    work.add_argument("--workload", metavar="NAME", help="a named workload, such as coding-session")
    work.add_argument(
        "--usage",
        nargs="+",
        metavar="LOG",
        help="a file or folder of requests, in any form that statement reads; - is standard input",
    )
    parser.add_argument("--times", type=count, metavar="N", help="how many times a month the workload is done (1)")
    parser.add_argument(
        "--off-peak-share", type=_decimal, metavar="S", help="which share of it is off-peak, such as 0.25"
    )
    parser.add_argument("--since", type=typed_instant, metavar="INSTANT", help=f"logs from then on, such as {EXAMPLE}")
    parser.add_argument(
        "--until", type=typed_instant, metavar="INSTANT", help="logs up to then (without it), instead of to their end"
    )
    parser.add_argument(
        "--window-limit",
        type=_credits,
        metavar="CREDITS",
        help="also show who would have waited if a plan capped five hours at so many credits, as this one does not",
    )


def run(options: Namespace) -> int:
    """Prints the tier to take and why."""
    card, chosen = chosen_card(options)
    _check(options)
    if options.workload is not None:
        return _plan_workload(options, card, chosen)
    return _plan_usage(options, card, chosen)


def _check(options: Namespace) -> None:
    """Refuses options that speak of the other kind of work. Raises `UsageError`."""
    of_logs = options.workload is None
    others = ("times", "off_peak_share") if of_logs else ("since", "until", "window_limit")
    for name in others:
        if getattr(options, name) is not None:
            kind = "--workload" if of_logs else "--usage"
            raise UsageError(f"--{name.replace('_', '-')} goes with {kind} only")


# --- a named workload ------------------------------------------------------------------------------------------------


def _plan_workload(options: Namespace, card: RateCard, chosen: str) -> int:
    workload = named_workload(options.workload)
    for models in options.model:
        workload = workload.on(models)
    if options.off_peak_share is not None:
        workload = workload.off_peak(options.off_peak_share)
    times = 1 if options.times is None else options.times
    comparison = compare_tiers(card, workload, times=times, currency=options.currency)
    if options.json:
        about = {"name": workload.name, "estimate": workload.estimate, "assumes": workload.assumes}
        show_json({"workload": about, **_document(comparison)})
    else:
        show(as_text(plan_sheet(comparison, chosen)))
        tell(f"{workload.name} is an estimate: {workload.estimate}. {workload.assumes}")
    return 0


# --- logs ------------------------------------------------------------------------------------------------------------


class _Seen(NamedTuple):
    """What the records of logs show."""

    comparison: TierComparison
    ahead: Forecast
    window: WindowReport | None


def _plan_usage(options: Namespace, card: RateCard, chosen: str) -> int:
    options.model = [_with_aliases(chosen, card) for chosen in options.model]
    wanted = Wanted(options.since, options.until, _models_asked_for(options, card), span=True)
    gathered = gather(options.usage, wanted, strict=False)
    records = [_renamed(record, options.model) for record in gathered.records]
    burns, unpriced = burns_of_records(records, RateBook.fixed(card))
    gathered.reject_all(unpriced)
    left = _left_out(unpriced, len(records), card)
    tell_left_out(gathered, "plan")
    if not burns:
        why = f". {_instead(unpriced)}" if unpriced else ""
        raise UsageError(f"--usage: the logs hold no response that card {card.id} can price{why}")
    _check_a_day(options, burns)
    seen = _look_ahead(options, card, records, burns)
    if options.json:
        window = None if seen.window is None else _window_document(seen.window)
        ahead = {"forecast": _forecast_document(seen.ahead), "window": window}
        show_json({**_document(seen.comparison), **ahead, "log": log_document(gathered)})
    else:
        sheets = [*left, plan_sheet(seen.comparison, chosen), _ahead_sheet(seen.ahead)]
        sheets += [] if seen.window is None else [window_sheet(seen.window)]
        show("\n".join(map(as_text, sheets)))
    return 0


def _models_asked_for(options: Namespace, card: RateCard) -> frozenset[str] | None:
    """The names on this and every published card, and those that are to be priced by another model: maybe all."""
    if any(isinstance(chosen, str) for chosen in options.model):
        return None
    return names_on([card, *load_book()]).union(*options.model)


def _left_out(unpriced: Sequence[Rejection], all_of_them: int, card: RateCard) -> list[Sheet]:
    """What the answer does not stand for: it comes before the answer, since it may change it."""
    if not unpriced:
        return []
    models = Counter(rejection.command.usage.model for rejection in unpriced if isinstance(rejection.command, Record))
    named = ", ".join(f"{model} ({number:,})" for model, number in models.most_common())
    says = (
        f"Left out: {len(unpriced):,} of {all_of_them:,} requests, which card {card.id} does not price in the plan: "
        f"{named}. {_instead(unpriced)}"
    )
    return [Sheet("", (Listing("", (says,)),))]


def _instead(unpriced: Sequence[Rejection]) -> str:
    """How requests without a price can get one, and which published card listed each model last."""
    hint = "--model OLD=NEW prices them by another model, --card by another card"
    models = dict.fromkeys(each.command.usage.model for each in unpriced if isinstance(each.command, Record))
    listed = {model: [card.id for card in load_book() if model in card.table.peak.bands] for model in models}
    last = ", ".join(f"{model} by {cards[-1]}" for model, cards in listed.items() if cards)
    return f"{hint}{f'; last priced: {last}' if last else ''}."


def _check_a_day(options: Namespace, burns: tuple[Burn, ...]) -> None:
    """Less than a day shows no pace of days."""
    since, at = _span(options, burns)
    if at - since < timedelta(days=1):
        raise UsageError(
            f"--usage: {iso(since)} to {iso(at)} is less than a whole day: give more logs, or a named workload"
            f"{'' if options.since is None and options.until is None else ', or another --since and --until'}"
        )


def _span(options: Namespace, burns: tuple[Burn, ...]) -> tuple[datetime, datetime]:
    """What is observed, half-open: as asked for, or from the first request to the last."""
    return options.since or burns[0].at, options.until or burns[-1].at + _TICK


def _look_ahead(options: Namespace, card: RateCard, records: list[Record], burns: tuple[Burn, ...]) -> _Seen:
    """The 30 days after the logs, as the time that they tell of goes on."""
    since, at = _span(options, burns)
    ahead = forecast(burns, card, at, start=at, end=at + _MONTH, observed_since=since)
    use, _ = month_of_records(records, card, since=since, until=at, length=_MONTH)
    window = None if options.window_limit is None else rolling_window(burns, options.window_limit)
    return _Seen(compare_use(card, use, currency=options.currency), ahead, window)


def _ahead_sheet(ahead: Forecast) -> Sheet:
    """The forecast, led by what lies before its first whole day."""
    sheet = forecast_sheet(ahead)
    early = ahead.before_in_words
    return sheet._replace(lead=(*sheet.lead, f"{early[0].upper()}{early[1:]}")) if early else sheet


def _with_aliases(chosen: str | Mapping[str, str], card: RateCard) -> str | Mapping[str, str]:
    """A renaming that holds for the aliases too which the card, else the last one that lists the model, gives it."""
    if isinstance(chosen, str):
        return chosen
    lists = [each for each in (*load_book(), card) if chosen.keys() <= each.models.keys()]
    aliases = {alias: new for old, new in chosen.items() for alias in lists[-1].models[old].aliases} if lists else {}
    return {**aliases, **chosen}


def _renamed(record: Record, models: list[str | Mapping[str, str]]) -> Record:
    model = record.usage.model
    for chosen in models:
        model = chosen if isinstance(chosen, str) else chosen.get(model, model)
    return record if model == record.usage.model else replace(record, usage=replace(record.usage, model=model))


# --- as typed, and as JSON -------------------------------------------------------------------------------------------


def _renaming(text: str) -> str | Mapping[str, str]:
    """A model for all of the work, or `OLD=NEW`."""
    old, found, new = text.partition("=")
    if not old or (found and not new):
        raise ArgumentTypeError(f"{text!r} is neither a model nor OLD=NEW, such as mimo-v2-pro=mimo-v2.6-pro")
    return {old: new} if found else old


def _decimal(text: str) -> Decimal:
    """A number as it is written, exact."""
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ArgumentTypeError(f"{text!r} is not a number, such as 0.25") from None


def _credits(text: str) -> Decimal:
    """Credits as they are written, with or without separators, exact."""
    try:
        return Decimal(text.replace(",", ""))
    except InvalidOperation:
        raise ArgumentTypeError(f"{text!r} is no number of credits, such as 5000000 or 5,000,000") from None


def _document(comparison: TierComparison) -> dict[str, object]:
    use = comparison.use
    return {
        "card": card_ref(comparison.card),
        "choice": comparison.choice,
        "why": comparison.why,
        "currency": comparison.currency,
        "credits": in_credits(use.millicredits),
        "tokens": str(use.tokens),
        "pay_as_you_go": amounts(use.money),
        "unpriced": dict(use.unpriced),
        "separately": amounts(use.separately),
        "tiers": {fit.tier: _fit_document(fit) for fit in comparison.tiers},
    }


def _fit_document(fit: TierFit) -> dict[str, object]:
    prices = ("cost", "first_purchase", "annual", "per_million", "per_task")
    return {
        "fits": fit.fits,
        "why": fit.why,
        "allowance": in_credits(fit.allowance),
        "headroom": in_credits(fit.headroom),
        "percent": amount(percent(fit.share)),
        **{name: amounts(getattr(fit, name)) for name in prices},
    }


def _forecast_document(ahead: Forecast) -> dict[str, object]:
    return {
        "at": iso(ahead.at),
        "end": iso(ahead.end),
        "before_the_first_day": {"requests": ahead.before[0], "credits": in_credits(ahead.before[1])},
        "days": [in_credits(day) for day in ahead.days],
        "paces": {pace.name: {"credits": in_credits(pace.by_end), "tier": pace.tier} for pace in ahead.paces},
    }


def _window_document(report: WindowReport) -> dict[str, object]:
    return {
        "limit": in_credits(report.limit),
        "window": str(report.window),
        "requests": report.requests,
        "waited": [
            {"id": wait.burn.id, "sent": iso(wait.burn.at), "started": iso(wait.started)} for wait in report.waited
        ],
        "never": [burn.id for burn in report.never],
    }
