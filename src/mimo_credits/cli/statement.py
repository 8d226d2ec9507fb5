"""`mimo-credits statement`: from logs to what an account's cycles amount to or, without a plan, to credits by month."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Collection, Container

from mimo_credits.book import RateBook
from mimo_credits.card import Interval
from mimo_credits.catalog import load_book
from mimo_credits.cli.arguments import EXAMPLE, Commands, UsageError, add_json, alias, change, instant
from mimo_credits.cli.gathering import Gathered, Wanted, gather
from mimo_credits.cli.left_out import log_document, tell_left_out
from mimo_credits.cli.output import amount, amounts, card_ref, in_credits, iso, show, show_json
from mimo_credits.display import Sheet, as_text, months_sheet, statement_sheet
from mimo_credits.errors import MimoCreditsError, Reason, Refused, nearest
from mimo_credits.ledger import (
    Account,
    Advance,
    Billed,
    ChangeTier,
    Command,
    Entry,
    Record,
    Rejection,
    Subscribe,
    fold,
    timeline,
)
from mimo_credits.logs import STANDARD_INPUT
from mimo_credits.logs.models import names_on
from mimo_credits.monthly import MonthlyUsage, by_month
from mimo_credits.statements import CycleStatement, SegmentStatement, Statement, StatementLine, statement


def add_to(commands: Commands) -> None:
    """Adds the command to the program's."""
    parser = commands.add_parser(
        "statement",
        help="from logs of requests to each cycle's credits and money, or to credits by month",
        description="Accounts for the requests in logs: API responses (JSON Lines), Claude Code's and opencode's "
        "session files, LiteLLM's spend log; plain or gzip, files or whole folders; - is standard input. With --tier "
        "and --since, a plan that is bought then as the account's first purchase, it prints each billing cycle; "
        "without them, the credits of each month. What cannot be used is named on standard error and is not in the "
        "statement; the exit code is then still 0, unless nothing can be used, or --strict asks to stop at the first "
        "such line.",
        allow_abbrev=False,
    )
    parser.add_argument("logs", nargs="+", metavar="LOG", help="a file, a folder, or - for standard input")
    parser.add_argument("--tier", metavar="T", help="the tier that is bought: lite, standard, pro or max")
    parser.add_argument("--since", type=instant, metavar="INSTANT", help=f"when, such as {EXAMPLE}")
    parser.add_argument("--currency", type=str.upper, metavar="C", help="USD (the default) or CNY")
    parser.add_argument("--interval", choices=("monthly", "annual"), help="monthly is the default")
    parser.add_argument(
        "--change",
        type=change,
        action="append",
        default=[],
        metavar="INSTANT=TIER",
        help="a change to a higher tier at that instant; may be given several times",
    )
    parser.add_argument(
        "--until", type=instant, metavar="INSTANT", help="state at that instant, instead of the last response"
    )
    parser.add_argument(
        "--alias",
        type=alias,
        action="append",
        default=[],
        metavar="NAME=MODEL",
        help="a model's name in the logs, and the model that it stands for; may be given several times",
    )
    parser.add_argument(
        "--strict", action="store_true", help="stop at the first line that cannot be used (exit code 1)"
    )
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Prints the statement, and on standard error what it lacks.

    If that is every line, the exit code is 1; so it is without lines, unless there is a plan to state.
    """
    book = load_book()
    _check(options, book)
    known = names_on(book)
    wanted = Wanted(options.since, options.until, known, _aliases(options, known))
    gathered = gather(options.logs, wanted, strict=options.strict)
    if options.tier is None:
        document, sheet = _without_plan(gathered, book)
    else:
        made = statement(_entries(options, gathered, book), book=book)
        document, sheet = _document(made), statement_sheet(made, book)
    tell_left_out(gathered, "statement")
    if options.json:
        show_json({**document, "log": log_document(gathered)})
    else:
        show(as_text(sheet))
    nothing = options.tier is None and not gathered.lines
    return int(gathered.is_useless or nothing)


def _without_plan(gathered: Gathered, book: RateBook) -> tuple[dict[str, object], Sheet]:
    """Usage by month, as a document and as a sheet; records without a price become problems of their lines."""
    rejected: list[Rejection] = []
    months = by_month(gathered.records, book, rejected=rejected)
    gathered.reject_all(rejected)
    credits_in_all = in_credits(sum(month.millicredits for month in months))
    return {"months": [_month(month) for month in months], "credits": credits_in_all}, months_sheet(months)


def _check(options: Namespace, book: RateBook) -> None:
    """Refuses what the logs need not be read for. Raises `UsageError`, `NoCardInEffect`."""
    if options.logs.count(STANDARD_INPUT) > 1:
        raise UsageError("standard input (-) can be read only once")
    if options.tier is None or options.since is None:
        _check_no_plan(options)
        return
    if options.until is not None and options.until < options.since:
        raise UsageError(f"--until {iso(options.until)} lies before --since {iso(options.since)}")
    _check_tier("--tier", options.tier, book.at(options.since).tiers)
    for each in options.change:
        _check_tier(f"--change {each.typed}", each.tier, book.at(each.at).tiers)
        if options.until is not None and each.at > options.until:
            raise UsageError(f"--change {each.typed} lies after --until {iso(options.until)}")


def _check_no_plan(options: Namespace) -> None:
    """Without a plan there is nothing that its other options could be about."""
    of_a_plan = ("tier", "since", "currency", "interval", "change")
    given = [f"--{name}" for name in of_a_plan if getattr(options, name)]
    if given:
        missing = " and ".join(f"--{name}" for name in ("tier", "since") if getattr(options, name) is None)
        raise UsageError(f"{given[0]} is about a plan: add {missing}, to say which tier was bought, and when")


def _aliases(options: Namespace, known: Collection[str]) -> dict[str, str]:
    for each in options.alias:
        if each.model not in known:
            raise UsageError(
                f"--alias {each.typed}: no rate card knows {each.model!r}.{_hint(each.model, sorted(known))}"
            )
    return {each.name: each.model for each in options.alias}


def _check_tier(option: str, tier: str, known: Collection[str]) -> None:
    if tier not in known:
        raise UsageError(f"{option}: there is no tier {tier!r}.{_hint(tier, known)}")


def _hint(name: str, known: Collection[str]) -> str:
    alike = nearest(name, known)
    return f" Nearest known: {', '.join(alike)}." if alike else f" Known: {', '.join(known)}."


def _entries(options: Namespace, gathered: Gathered, book: RateBook) -> list[Entry]:
    """The ledger's entries of the account; records that it does not accept become problems of their lines.

    Raises `UsageError` where the plan or a change, as typed, is refused.
    """
    typed = _plan(options, gathered.places)
    commands = timeline([*(command for command, _ in typed.values()), *gathered.records])
    if options.until is not None:
        commands.append(Advance(options.until))
    rejected: list[Rejection] = []
    _, entries = fold(Account(), commands, book, rejected=rejected)
    for command, error in rejected:
        if not isinstance(command, Record):
            _, option = typed[getattr(command, "id", "")]
            raise UsageError(f"{option}: {_in_options(error)}")
    gathered.reject_all(rejected)
    return entries


def _in_options(error: MimoCreditsError) -> str:
    """Why the ledger refuses what was typed, without advice that only a program can take."""
    if isinstance(error, Refused) and error.reason is Reason.DOWNGRADE_INSIDE_CYCLE:
        return f"{error.reason}: a statement can change only to a higher tier"
    return str(error)


def _plan(options: Namespace, taken: Container[str]) -> dict[str, tuple[Command, str]]:
    """The purchase and the changes by id, each with the option that asked for it; no id is one of the log's."""
    bought = f"--tier {options.tier} --since {iso(options.since)}"
    first = _free_id("--since", taken)
    interval: Interval = options.interval or "monthly"
    purchase = Subscribe(first, options.since, options.tier, options.currency or "USD", interval)
    plan: dict[str, tuple[Command, str]] = {first: (purchase, bought)}
    for number, each in enumerate(options.change, 1):
        name = _free_id(f"--change {number}", taken)
        plan[name] = (ChangeTier(name, each.at, each.tier), f"--change {each.typed}")
    return plan


def _free_id(name: str, taken: Container[str]) -> str:
    while name in taken:
        name += "'"
    return name


def _document(made: Statement) -> dict[str, object]:
    return {
        "cycles": [_cycle(cycle) for cycle in made.cycles],
        "money_due": amounts(made.money_due),
        "unbilled": amounts(made.unbilled),
        "cards": [card_ref(card) for card in made.cards],
    }


def _month(month: MonthlyUsage) -> dict[str, object]:
    quantities = ("cached_tokens", "missed_tokens", "output_tokens", "audio_seconds", "web_searches")
    return {
        "month": month.month,
        "model": month.model,
        "requests": month.requests,
        **{name: str(getattr(month, name)) for name in quantities},
        "credits": in_credits(month.millicredits),
    }


def _cycle(cycle: CycleStatement) -> dict[str, object]:
    return {
        "start": iso(cycle.start),
        "end": iso(cycle.end),
        "tier": cycle.tier,
        "interval": cycle.interval,
        "currency": cycle.currency,
        "complete": cycle.complete,
        "used": in_credits(cycle.used),
        "overage": in_credits(cycle.overage),
        "expired": in_credits(cycle.expired),
        "remaining": in_credits(cycle.remaining),
        "segments": [_segment(segment) for segment in cycle.segments],
    }


def _segment(segment: SegmentStatement) -> dict[str, object]:
    balance = ("opening", "issued", "granted", "corrected", "used", "overage", "expired", "held", "closing")
    return {
        "start": iso(segment.start),
        "end": iso(segment.end),
        "reason": segment.reason,
        "tier": segment.tier,
        "cards": [card_ref(card) for card in segment.cards],
        **{name: in_credits(getattr(segment, name)) for name in balance},
        "requests": segment.usages,
        "lines": [_line(line) for line in segment.lines],
        "bills": [_bill(bill) for bill in segment.bills],
    }


def _line(line: StatementLine) -> dict[str, object]:
    return {
        "model": line.model,
        "billed": line.billed,
        "card": line.card,
        "band": line.band,
        "inputs": line.inputs,
        "off_peak": line.off_peak,
        "meter": line.meter,
        "quantity": str(line.quantity),
        "rate": None if line.rate is None else amount(line.rate),
        "unit": line.unit,
        "credits": in_credits(line.millicredits),
        "source": line.source,
    }


def _bill(bill: Billed) -> dict[str, object]:
    return {"at": iso(bill.at), "amount": amount(bill.amount), "currency": bill.currency, "reason": bill.reason}
