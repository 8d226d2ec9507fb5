"""`mimo-credits statement`: from logs of API responses to what an account's cycles amount to."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Collection, Container

from mimo_credits.book import RateBook
from mimo_credits.catalog import load_book
from mimo_credits.cli.arguments import EXAMPLE, Commands, UsageError, add_json, change, instant
from mimo_credits.cli.gathering import Gathered, gather, left_out, log_document
from mimo_credits.cli.output import amount, amounts, card_ref, in_credits, iso, show, show_json, tell, warn
from mimo_credits.display import as_text, statement_sheet
from mimo_credits.errors import nearest
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
from mimo_credits.statements import CycleStatement, SegmentStatement, Statement, StatementLine, statement


def add_to(commands: Commands) -> None:
    """Adds the command to the program's."""
    parser = commands.add_parser(
        "statement",
        help="from logs of API responses to each cycle's credits and money",
        description="Accounts for the responses in logs (JSON Lines, plain or gzip; - is standard input) and prints "
        "each billing cycle. The plan is bought at --since, as the account's first purchase. Lines that cannot be used "
        "are named on standard error with their number and are not in the statement; the exit code is then still 0, "
        "unless none can be used, or --strict asks to stop at the first of them.",
        allow_abbrev=False,
    )
    parser.add_argument("logs", nargs="+", metavar="LOG", help="JSON Lines of the API's own response bodies")
    parser.add_argument(
        "--tier", required=True, metavar="T", help="the tier that is bought: lite, standard, pro or max"
    )
    parser.add_argument("--since", required=True, type=instant, metavar="INSTANT", help=f"when, such as {EXAMPLE}")
    parser.add_argument("--currency", type=str.upper, default="USD", metavar="C", help="USD (the default) or CNY")
    parser.add_argument("--interval", choices=("monthly", "annual"), default="monthly", help="monthly is the default")
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
        "--strict", action="store_true", help="stop at the first line that cannot be used (exit code 1)"
    )
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Prints the statement, and on standard error what it lacks; if that is every line, the exit code is 1."""
    book = load_book()
    _check(options, book)
    gathered = gather(options.logs, options.since, options.until, strict=options.strict)
    made = statement(_entries(options, gathered, book), book=book)
    for problem in gathered.problems:
        tell(str(problem))
    for message in left_out(gathered, "statement"):
        warn(message)
    if options.json:
        show_json({**_document(made), "log": log_document(gathered)})
    else:
        show(as_text(statement_sheet(made, book)))
    return int(gathered.is_useless)


def _check(options: Namespace, book: RateBook) -> None:
    """Refuses what the logs need not be read for. Raises `UsageError`, `NoCardInEffect`."""
    if options.logs.count(STANDARD_INPUT) > 1:
        raise UsageError("standard input (-) can be read only once")
    if options.until is not None and options.until < options.since:
        raise UsageError(f"--until {iso(options.until)} lies before --since {iso(options.since)}")
    _check_tier("--tier", options.tier, book.at(options.since).tiers)
    for each in options.change:
        _check_tier(f"--change {each.typed}", each.tier, book.at(each.at).tiers)
        if options.until is not None and each.at > options.until:
            raise UsageError(f"--change {each.typed} lies after --until {iso(options.until)}")


def _check_tier(option: str, tier: str, known: Collection[str]) -> None:
    if tier not in known:
        alike = nearest(tier, known)
        hint = f" Nearest known: {', '.join(alike)}." if alike else f" Known: {', '.join(known)}."
        raise UsageError(f"{option}: there is no tier {tier!r}.{hint}")


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
            raise UsageError(f"{option}: {error}")
    gathered.reject_all(rejected)
    return entries


def _plan(options: Namespace, taken: Container[str]) -> dict[str, tuple[Command, str]]:
    """The purchase and the changes by id, each with the option that asked for it; no id is one of the log's."""
    bought = f"--tier {options.tier} --since {iso(options.since)}"
    first = _free_id("--since", taken)
    purchase = Subscribe(first, options.since, options.tier, options.currency, options.interval)
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
    balance = ("opening", "issued", "granted", "used", "overage", "expired", "held", "closing")
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
