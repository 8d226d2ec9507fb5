"""`mimo-credits cards`: the published rate cards, listed, shown, compared and held against their digests."""

from __future__ import annotations

import warnings
from argparse import SUPPRESS, ArgumentParser, Namespace
from collections.abc import Callable
from decimal import Decimal

from mimo_credits.card import ModelRates, RateCard
from mimo_credits.catalog import MIMO, list_cards, names_a_file, verify_cards, withdrawal
from mimo_credits.cli import card_diff
from mimo_credits.cli.arguments import CARD, Commands, add_json, named_card
from mimo_credits.cli.output import amount, amounts, in_credits, iso, show, show_json
from mimo_credits.cli.tiers import tier_documents
from mimo_credits.display import as_text, card_sheet, cards_sheet
from mimo_credits.errors import WithdrawnCard
from mimo_credits.table import UNLIMITED, Prices, Rates


def add_to(commands: Commands) -> None:
    """Adds the command, with its own commands, to the program's."""
    parser = commands.add_parser(
        "cards",
        help="rate cards: list, show, diff, verify",
        description="The published rate cards. Without a command it lists them.",
        allow_abbrev=False,
    )
    add_json(parser)
    _add_provider(parser, MIMO)
    parser.set_defaults(run=list_all)
    actions = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name, run, what in (
        ("list", list_all, "list the cards in order of effect"),
        ("show", show_one, "print all that a card says"),
        ("verify", verify, "compare each card's bytes with the published digests; exit code 1 if any differs"),
    ):
        action = actions.add_parser(name, help=what, description=f"{what[0].upper()}{what[1:]}.", allow_abbrev=False)
        _add_json_here_too(action)
        if name == "show":
            action.add_argument("card", metavar="V", help=CARD)
        if name == "list":
            _add_provider(action, SUPPRESS)
        action.set_defaults(run=run)
    _add_json_here_too(card_diff.add_to(actions))


def _add_provider(parser: ArgumentParser, default: str) -> None:
    parser.add_argument(
        "--provider", default=default, metavar="P", help="list the cards of that provider, such as deepseek (mimo)"
    )


def _add_json_here_too(action: ArgumentParser) -> None:
    # The default must stay away, or it would undo a --json that stands before the action.
    action.add_argument(
        "--json", action="store_true", default=SUPPRESS, help="print one JSON object (amounts as strings)"
    )


def list_all(options: Namespace) -> int:
    """Prints one line for each card of a provider."""
    loaded = [_load(card_id) for card_id in list_cards(options.provider)]
    if options.json:
        show_json({"cards": [{**_identity(card), "note": note} for card, note in loaded]})
    else:
        show(as_text(cards_sheet([card for card, _ in loaded], {card.id: note for card, note in loaded if note})))
    return 0


def show_one(options: Namespace) -> int:
    """Prints one card."""
    card, note = _load(options.card)
    if options.json:
        show_json({**_identity(card), "note": note, **_content(card)})
    else:
        show(as_text(card_sheet(card, note)))
    return 0


def verify(options: Namespace) -> int:
    """Prints a verdict for each card."""
    verdicts = verify_cards()
    if options.json:
        show_json({"ok": set(verdicts.values()) == {"ok"}, "cards": dict(verdicts)})
    else:
        show("".join(f"{card_id}  {verdict}\n" for card_id, verdict in verdicts.items()))
    return 0 if set(verdicts.values()) == {"ok"} else 1


def _load(name: str) -> tuple[RateCard, str]:
    """A card, and that it was withdrawn, which here stands in the result and needs no warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", WithdrawnCard)
        card = named_card("V", name)
    return card, "" if names_a_file(name) else str(withdrawal(name) or "")


def _identity(card: RateCard) -> dict[str, object]:
    return {
        "id": card.id,
        "sha256": card.sha256,
        "provider": card.provider,
        "effective_from": iso(card.effective_from),
        "supersedes": card.supersedes,
    }


def _content(card: RateCard) -> dict[str, object]:
    terms = {"cycle": card.cycle, "policy": card.policy, "off_peak": card.off_peak, "migration": card.migration}
    return {
        "tiers": tier_documents(card),
        "models": {name: _model(card, name, model) for name, model in card.models.items()},
        "web_search": amounts(card.web_search.price) if card.web_search else None,
        **{
            name: None if part is None else part.model_dump(mode="json", exclude={"source"}, exclude_none=True)
            for name, part in terms.items()
        },
        "assumptions": {one.id: one.says for one in card.assumptions},
        "sources": {name: {"title": source.title, "date": source.date} for name, source in card.sources.items()},
    }


def _model(card: RateCard, name: str, model: ModelRates) -> dict[str, object]:
    """A model's rates by band: plan credits (peak), and prices by currency."""
    priced = {currency: by_name[name] for currency, by_name in card.table.prices.items() if name in by_name}
    return {
        "aliases": list(model.aliases),
        "in_plan": model.in_plan,
        "credits": [_rates(row, lambda rate: in_credits(int(rate))) for row in card.table.peak.bands.get(name, ())],
        "pay_as_you_go": {
            currency: [_rates(row, lambda rate: amount(Decimal(rate))) for row in rows]
            for currency, rows in priced.items()
        },
        "source": {what: card.source_of(name, what) for what in ("credits", *priced)},
    }


def _rates(row: Rates | Prices, written: Callable[[int | Decimal], str]) -> dict[str, object]:
    by_meter = {
        "cache_hit": row.cache_hit,
        "cache_miss": row.cache_miss,
        "output": row.output,
        "audio_hour": row.audio_hour,
        **({"image": row.image} if isinstance(row, Prices) else {}),
    }
    return {
        "input_up_to": None if row.limit == UNLIMITED else row.limit,
        **{meter: None if rate is None else written(rate) for meter, rate in by_meter.items()},
    }
