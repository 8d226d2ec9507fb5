"""`mimo-credits cards diff`: what changed between two rate cards, and what that means for usage."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from decimal import Decimal
from fractions import Fraction

from mimo_credits.card import RateCard
from mimo_credits.cli.arguments import CARD, Commands, UsageError, named_card
from mimo_credits.cli.gathering import Wanted, gather
from mimo_credits.cli.left_out import log_document, tell_left_out
from mimo_credits.cli.output import amount, card_ref, show, show_json
from mimo_credits.comparison import Comparison, Costs, UsageComparison, compare_usage
from mimo_credits.differences import Change, Value, diff_cards
from mimo_credits.display import (
    HIT_RATES,
    TokenGrowth,
    as_markdown,
    as_text,
    difference_sheet,
    shares_of_allowance,
    token_growth,
)
from mimo_credits.logs import STANDARD_INPUT


def add_to(actions: Commands) -> ArgumentParser:
    """Adds the command to those of `cards`."""
    action = actions.add_parser(
        "diff",
        help="what changed between two cards, and what that means for a log of usage",
        description="Says what changed from card A to card B: tiers, models, rates, prices and terms, and how many "
        "times as many tokens a month's allowance buys. With a log it also prices each response on both cards.",
        allow_abbrev=False,
    )
    action.add_argument("before", metavar="A", help=CARD)
    action.add_argument("after", metavar="B", help="the card to compare with it, given likewise")
    action.add_argument("--markdown", action="store_true", help="print tables for a pull request")
    action.add_argument(
        "--usage",
        action="append",
        default=[],
        metavar="LOG",
        help="JSON Lines of the API's own response bodies (plain or gzip; - is standard input), to price on both "
        "cards; may be given several times",
    )
    action.set_defaults(run=run)
    return action


def run(options: Namespace) -> int:
    """Prints the difference, and on standard error which lines of the logs it does not contain."""
    if options.json and options.markdown:
        raise UsageError("--json and --markdown exclude each other")
    if options.usage.count(STANDARD_INPUT) > 1:
        raise UsageError("standard input (-) can be read only once")
    before, after = named_card("A", options.before), named_card("B", options.after)
    gathered = gather(options.usage, Wanted(), strict=False) if options.usage else None
    usage = compare_usage(before, after, gathered.records) if gathered else None
    if gathered:
        tell_left_out(gathered, "comparison")
    if options.json:
        priced = {**_usage(before, after, usage), "log": log_document(gathered)} if usage and gathered else None
        show_json({**_document(before, after), "usage": priced})
    else:
        sheet = difference_sheet(before, after, usage)
        show(as_markdown(sheet) if options.markdown else as_text(sheet))
    return int(gathered is not None and gathered.is_useless)


def _document(before: RateCard, after: RateCard) -> dict[str, object]:
    difference = diff_cards(before, after)
    return {
        "before": card_ref(difference.before),
        "after": card_ref(difference.after),
        "changes": [_change(change) for change in difference.changes],
        "allowance_in_input_tokens": [_growth(growth) for growth in token_growth(before, after)],
    }


def _change(change: Change) -> dict[str, object]:
    return {
        "section": change.section,
        "subject": change.subject,
        "what": change.what,
        "before": _value(change.before),
        "after": _value(change.after),
        "growth": _ratio(change.growth),
    }


def _value(value: Value | None) -> str | None:
    return amount(value) if isinstance(value, Decimal) else value


def _ratio(ratio: Fraction | None) -> str | None:
    """An exact ratio, such as `-111/112`."""
    return None if ratio is None else str(ratio)


def _growth(growth: TokenGrowth) -> dict[str, object]:
    return {
        "tiers": list(growth.tiers),
        "model": growth.model,
        "inputs": growth.inputs.strip(),
        "times": {str(hit_rate): str(times) for hit_rate, times in zip(HIT_RATES, growth.growth, strict=True)},
    }


def _usage(before: RateCard, after: RateCard, usage: UsageComparison) -> dict[str, object]:
    shares = shares_of_allowance(before, after, usage.credits.total)
    return {
        "credits": _comparison(usage.credits),
        "share_of_allowance": {tier: {"before": str(old), "after": str(new)} for tier, (old, new) in shares.items()},
        "money": {currency: _comparison(comparison) for currency, comparison in usage.money.items()},
    }


def _comparison(comparison: Comparison) -> dict[str, object]:
    return {
        "total": _costs(comparison.total),
        "models": {name: _costs(costs) for name, costs in comparison.models.items()},
        "left_out": [
            {"model": left.model, "card": card_ref(left.card), "requests": left.requests, "why": left.why}
            for left in comparison.left_out
        ],
    }


def _costs(costs: Costs) -> dict[str, object]:
    return {
        "requests": costs.requests,
        "before": amount(costs.before),
        "after": amount(costs.after),
        "difference": amount(costs.change),
        "growth": _ratio(costs.growth),
    }
