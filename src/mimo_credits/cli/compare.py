"""`mimo-credits compare`: one workload on MiMo's card and on those of the vendors that it is compared with."""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from mimo_credits.card import RateCard
from mimo_credits.catalog import list_providers, load_book
from mimo_credits.cli.arguments import CARD, EXAMPLE, Commands, add_json, count, instant, named_card, named_workload
from mimo_credits.cli.output import amounts, card_ref, in_credits, iso, show, show_json, tell, warn
from mimo_credits.display import as_text, offers_sheet
from mimo_credits.errors import NoCardInEffect
from mimo_credits.planning import Offer, compare


def add_to(commands: Commands) -> None:
    """Adds the command to the program's."""
    parser = commands.add_parser(
        "compare",
        help="what the same work costs on MiMo's card and on other vendors'",
        description="Prices a named workload on the cards of MiMo and of every other provider that are in force now, "
        "or --at an instant, or on the cards that --card names; and says who says so, and how old that is.",
        allow_abbrev=False,
    )
    parser.add_argument("--workload", required=True, metavar="NAME", help="a named workload, such as video-post")
    parser.add_argument("--times", type=count, default=1, metavar="N", help="how many times it is done (1)")
    parser.add_argument("--card", action="append", default=[], metavar="V", help=f"{CARD}; may be given several times")
    parser.add_argument("--at", type=instant, metavar="T", help=f"as of that instant, such as {EXAMPLE} (now)")
    parser.add_argument(
        "--model",
        type=_choice,
        action="append",
        default=[],
        metavar="P=M",
        help="by model M on the cards of provider P, such as deepseek=deepseek-v4-flash; may be given several times",
    )
    add_json(parser)
    parser.set_defaults(run=run)


def run(options: Namespace) -> int:
    """Prints the workload's price on each card, and as a message whose estimate it is."""
    workload = named_workload(options.workload)
    at: datetime = options.at or datetime.now(UTC)
    cards = [named_card("--card", name) for name in options.card] or list(_in_force(at))
    offers = compare(cards, workload, at=at, times=options.times, models=dict(options.model))
    if options.json:
        about = {"name": workload.name, "estimate": workload.estimate, "assumes": workload.assumes}
        show_json({"workload": about, "times": options.times, "at": iso(at), "offers": _documents(offers)})
    else:
        show(as_text(offers_sheet(offers)))
        tell(f"{workload.name} is an estimate: {workload.estimate}. {workload.assumes}")
    return 0


def _in_force(at: datetime) -> Iterator[RateCard]:
    """Each provider's card at an instant. Raises `NoCardInEffect` where MiMo has none; of others it is a warning."""
    mimo, *others = list_providers()
    yield load_book(provider=mimo).at(at)
    for provider in others:
        try:
            yield load_book(provider=provider).at(at)
        except NoCardInEffect as error:
            warn(f"{provider} is left out: {error}")


def _choice(text: str) -> tuple[str, str]:
    """A provider and the model that does the work there."""
    provider, _, model = text.partition("=")
    if not provider or not model:
        raise ArgumentTypeError(f"{text!r} is not PROVIDER=MODEL, such as deepseek=deepseek-v4-flash")
    return provider, model


def _documents(offers: Iterable[Offer]) -> list[dict[str, object]]:
    return [
        {
            "provider": offer.provider,
            "card": card_ref(offer.card),
            "effective_from": iso(offer.effective_from),
            "age_in_days": offer.age,
            "models": list(offer.models),
            "credits": None if offer.millicredits is None else in_credits(offer.millicredits),
            "why_no_plan": offer.why_no_plan,
            "money": amounts(offer.money),
            "unpriced": dict(offer.unpriced),
            "cites": list(offer.cites),
            "sources": [{"title": title, "date": date} for title, date in offer.sources],
        }
        for offer in offers
    ]
