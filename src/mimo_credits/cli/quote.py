"""`mimo-credits quote`: what one request costs, in plan credits and by pay-as-you-go."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator

from mimo_credits.card import RateCard
from mimo_credits.catalog import load_book
from mimo_credits.cli.arguments import Commands, UsageError, add_card_choice, add_json, chosen_card, count
from mimo_credits.cli.output import amount, amounts, card_ref, in_credits, iso, show, show_json
from mimo_credits.display import as_text, money, quote_sheet, tier_shares
from mimo_credits.errors import NotInPlan, PricingError, UnknownModel
from mimo_credits.pricing import Quote, price, quote
from mimo_credits.usage import Usage

_METERS = {
    "input": "all input tokens, the cached ones included",
    "cached": "input tokens found in the cache",
    "output": "output tokens, reasoning included",
    "audio-seconds": "seconds of audio",
    "web-searches": "calls of the web-search plugin",
}


def add_to(commands: Commands) -> None:
    """Adds the command to the program's."""
    parser = commands.add_parser(
        "quote",
        help="what a request costs, in plan credits and by pay-as-you-go",
        description="Prices one request, line by line. Without --at the peak rates hold; with it the card in force at "
        "that instant, and its off-peak rates if the instant lies in those hours.",
        allow_abbrev=False,
    )
    parser.add_argument("model", metavar="MODEL", help="a model's id or another name of it, such as mimo-v2.5-pro")
    for name, what in _METERS.items():
        parser.add_argument(f"--{name}", type=count, default=0, metavar="N", help=what)
    add_card_choice(parser)
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Prints the quote. A model that only pay-as-you-go sells has no quote, so its price is told as a note."""
    usage = Usage(
        options.model,
        input_tokens=options.input,
        cached_tokens=options.cached,
        output_tokens=options.output,
        audio_seconds=options.audio_seconds,
        web_searches=options.web_searches,
    )
    if usage == Usage(options.model):
        raise UsageError(f"say what was used: {', '.join(f'--{name}' for name in _METERS)}")
    card, chosen = chosen_card(options)
    try:
        quoted = quote(card, usage, at=options.at)
    except NotInPlan as error:
        error.add_note(f"by pay-as-you-go this costs {', '.join(_prices(card, usage))}")
        raise
    except UnknownModel as error:
        if options.card is None:
            _note_elsewhere(error)
        raise
    if options.json:
        at = None if options.at is None else iso(options.at)
        show_json({"at": at, **_document(quoted, card)})
    else:
        show(as_text(quote_sheet(quoted, card, chosen)))
    return 0


def _prices(card: RateCard, usage: Usage) -> Iterator[str]:
    for currency in card.currencies:
        try:
            yield f"{currency} {money(price(card, usage, currency), currency)}"
        except PricingError as error:
            yield f"{currency} unknown ({error})"


def _note_elsewhere(error: UnknownModel) -> None:
    """Notes which is the last card to list a model that the chosen one does not."""
    listing = [card.id for card in load_book() if error.model in card.table.known_models()]
    if listing:
        error.add_note(f"the last card that lists {error.model} is {listing[-1]}: ask with --card {listing[-1]}")


def _document(quoted: Quote, card: RateCard) -> dict[str, object]:
    return {
        "card": card_ref(quoted.card),
        "off_peak": quoted.off_peak,
        "credits": amount(quoted.credits),
        "lines": [
            {
                "model": line.model,
                "billed": line.billed,
                "band": line.band,
                "inputs": line.inputs,
                "meter": line.meter,
                "quantity": str(line.quantity),
                "rate": None if line.rate is None else amount(line.rate),
                "unit": line.unit,
                "credits": in_credits(line.millicredits),
            }
            for line in quoted.lines
        ],
        "tiers": [
            {
                "tier": one.tier,
                "allowance": amount(one.allowance),
                "percent": amount(one.percent),
                "fits": None if one.fits is None else str(one.fits),
            }
            for one in tier_shares(card, quoted.millicredits)
        ],
        "pay_as_you_go": amounts(quoted.money),
        "unpriced": dict(quoted.unpriced),
        "remarks": list(quoted.remarks),
    }
