"""`explain`: why an entry says what it says: from the entry back to the usage, the rate, the card and its source.

Nothing is decided here. The card is taken from the book by the id that the entry carries, and must still have the
digest that the entry carries. What a command or a correction decided, and no card, cites none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mimo_credits.book import RateBook, check_book
from mimo_credits.card import RateCard, Source, cited
from mimo_credits.errors import CardMismatch, InputError, shown
from mimo_credits.ledger.entries import (
    Accrued,
    Billed,
    BucketClosed,
    BucketOpened,
    CycleOpened,
    Entry,
    HoldClosed,
    HoldOpened,
    Posting,
    Rated,
    Restated,
    Scheduled,
    TierChanged,
    each_entry,
)
from mimo_credits.pricing import CardRef
from mimo_credits.seen import Seen
from mimo_credits.statements import StatementLine, rated_lines
from mimo_credits.table import UNLIMITED
from mimo_credits.usage import Usage


@dataclass(frozen=True, slots=True)
class Explanation(Seen):
    """One entry, explained.

    `usage`, `lines`, `band` and `off_peak` are set where a usage is behind it; `rule` says in words what decided;
    `citation` is what the card says of its source (how sure, then who), `sources` what those sources are. Where no card
    decided, `card` is None, and `rule` names the command.
    """

    entry: Entry
    card: CardRef | None
    rule: str
    usage: Usage | None
    lines: tuple[StatementLine, ...]
    band: str
    off_peak: bool
    citation: str
    sources: tuple[tuple[str, Source], ...]


def explain(entry: Entry, entries: Sequence[Entry], book: RateBook) -> Explanation:
    """Explains one of an account's `entries`: a rated usage, a posting, a bill, an opening.

    Raises `InputError` for an entry that is not among them and for what are no entries or no book, `NoSuchCard`, and
    `CardMismatch` where the book's card is not the one that decided.
    """
    check_book(book)
    entries = tuple(each_entry(entries))
    if entry not in entries:
        raise InputError("entry", "is not one of the account's entries")
    rated = _rated_behind(entry, entries)
    if rated is not None:
        return _usage(entry, rated, book)
    asked = _asked(entry)
    if asked is not None:
        return Explanation(entry, None, asked, None, (), "", False, "", ())
    return _terms(entry, entries, book)


def _rated_behind(entry: Entry, entries: Iterable[Entry]) -> Rated | None:
    if isinstance(entry, Rated):
        return entry
    ref = getattr(entry, "ref", "")
    return next((other for other in entries if isinstance(other, Rated) and other.id == ref), None) if ref else None


def _usage(entry: Entry, rated: Rated, book: RateBook) -> Explanation:
    card = _card(rated.card, rated.digest, book)
    model = card.models[rated.rates.model]
    citation = card.source_of(rated.rates.model, "credits")
    asked = rated.usage.model
    name = asked if asked == rated.rates.model else f"{asked}, billed as {rated.rates.model},"
    return Explanation(
        entry=entry,
        card=CardRef(rated.card, rated.digest),
        rule=f"{name} costs what card {rated.card} lists for it{_posted(entry)}",
        usage=rated.usage,
        lines=rated_lines([rated], book),
        band=_band(rated, len(model.bands)),
        off_peak=rated.off_peak,
        citation=citation,
        sources=card.cited_sources(citation),
    )


def _posted(entry: Entry) -> str:
    if not isinstance(entry, Posting):
        return ""
    words = {
        "overage": ", and no pot covered this part of it",
        "pay-as-you-go": ", and no pot covered this part of it, so it is billed in money",
        "late-usage": ", and it arrived late, so what its segment let expire paid for it",
    }
    return words.get(entry.reason, f", and {entry.source} paid for it")


def _band(rated: Rated, bands: int) -> str:
    if not bands or rated.rates.limit == UNLIMITED:
        return "every request"
    return f"requests up to {rated.rates.limit:,} input tokens (band {rated.rates.band + 1} of {bands})"


_GRANT = "grant:"


def _asked(entry: Entry) -> str | None:
    """What decided an entry that no card decides, in words; None where a card does."""
    match entry:
        case (
            BucketOpened(pot=pot)
            | BucketClosed(pot=pot)
            | Posting(reason="grant", target=pot)
            | Posting(reason="expiry", source=pot)
        ) if pot.startswith(_GRANT):
            return f"the command Grant {shown(pot.removeprefix(_GRANT))} gave these credits, and says when they expire"
        case HoldOpened(id=ref) | HoldClosed(id=ref) | Posting(reason="hold" | "hold-returned", ref=ref):
            return f"the command Hold {shown(ref)} reserved credits until it is settled, released or lapses"
        case Scheduled():
            return f"the command {shown(entry.ref)} said what the renewal will do"
        case Restated() | Posting(reason="correction") | Accrued(reason="correction") | Billed(reason="correction"):
            return "a correction turns this history into another, which says why"
    return None


_POLICY = {"first-purchase": "first_purchase_pays", "upgrade": "upgrade", "trade-in": "upgrade", "carried": "rollover"}
_RULES = {
    "allowance": "the tier's allowance is issued when a segment opens",
    "subscribe": "the tier's list price is due at the purchase",
    "first-purchase": "an account's first monthly purchase pays a part of the list price",
    "renewal": "a cycle's unused allowance expires, and the renewal pays the list price of the card in force",
    "migration": "this card resets running cycles to its new allowance",
    "upgrade": "an upgrade inside a cycle pays the price difference, and the allowance grows by the difference",
    "trade-in": "an upgrade trades in the unused share of the old package, and a new cycle begins",
    "carried": "what is left at a renewal is kept, up to the policy's cap",
    "lapse": "a plan that ends lets its unused allowance expire",
    "usage": "what usage owes in money is summed exactly and rounded once, in the cycle's bill",
}


def _terms(entry: Entry, entries: Sequence[Entry], book: RateBook) -> Explanation:
    """What is not usage follows from the tier, the policy or the migration of the card that opened the segment."""
    opened = _opening_of(entry, entries)
    if opened is None:
        raise InputError("entry", "no rate card decided it: it comes before any plan")
    card = _card(opened.card, opened.digest, book)
    reason = str(getattr(entry, "reason", ""))
    if reason == "migration" and card.migration is not None:
        citation = cited(card.migration.source)
    elif reason in _POLICY:
        citation = cited(card.plan_policy.source, _POLICY[reason])
    else:
        citation = cited(card.tiers[opened.tier].source)
    rule = _RULES.get(reason, f"the terms of tier {opened.tier} on card {opened.card}")
    return Explanation(
        entry, CardRef(card.id, card.sha256), rule, None, (), "", False, citation, card.cited_sources(citation)
    )


def _opening_of(entry: Entry, entries: Sequence[Entry]) -> CycleOpened | TierChanged | None:
    found: CycleOpened | TierChanged | None = None
    for other in entries[: entries.index(entry) + 1]:
        if isinstance(other, (CycleOpened, TierChanged)):
            found = other
    return found


def _card(card_id: str, digest: str, book: RateBook) -> RateCard:
    card = book.card(card_id)
    if card.sha256 != digest:
        raise CardMismatch(card_id, expected=digest, found=card.sha256)
    return card
