"""`mimo-credits tiers`: what the plan's tiers hold and cost."""

from __future__ import annotations

from argparse import Namespace

from mimo_credits.card import Interval, RateCard
from mimo_credits.cli.arguments import Commands, add_card_choice, add_json, chosen_card
from mimo_credits.cli.output import amount, amounts, card_ref, show, show_json
from mimo_credits.display import as_text, tiers_sheet
from mimo_credits.errors import NoPlan
from mimo_credits.pricing import CardRef

_INTERVALS: tuple[Interval, ...] = ("monthly", "annual")


def add_to(commands: Commands) -> None:
    """Adds the command to the program's."""
    parser = commands.add_parser(
        "tiers",
        help="what the plan's tiers hold and cost",
        description="Lists the tiers of a rate card: allowance and price by month and year, and how they are bought.",
        allow_abbrev=False,
    )
    add_card_choice(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Prints the tiers. Raises `NoPlan` where the card has none."""
    card, chosen = chosen_card(options)
    if not card.tiers:
        raise NoPlan(card.provider, card.id)
    if options.json:
        show_json({"card": card_ref(CardRef(card.id, card.sha256)), "tiers": tier_documents(card)})
    else:
        show(as_text(tiers_sheet(card, chosen)))
    return 0


def tier_documents(card: RateCard) -> dict[str, object]:
    """Allowance and list price of each tier by interval, for JSON."""
    return {
        name: {
            interval: {"credits": amount(plan.credits), "price": amounts(plan.price)}
            for interval in _INTERVALS
            if (plan := tier.plan(interval)) is not None
        }
        for name, tier in card.tiers.items()
    }
