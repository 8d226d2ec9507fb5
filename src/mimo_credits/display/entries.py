"""What the ledger did and why, as sheets: receipts, explanations, and the console's figures beside the ledger's."""

from __future__ import annotations

from collections.abc import Iterator

from mimo_credits.console import Reconciliation
from mimo_credits.display.sheet import Block, Listing, Sheet, table, untitled
from mimo_credits.display.statements import usage_table
from mimo_credits.display.writing import card_name, credit, instant, money
from mimo_credits.exact import ratio_price
from mimo_credits.explain import Explanation
from mimo_credits.ledger import Accrued, Billed, CycleOpened, Entry, Posting, Rated
from mimo_credits.memory import Receipt


def receipt_sheet(receipt: Receipt) -> Sheet:
    """The entries that a command made."""
    count = len(receipt.entries)
    done = "applied before, nothing was done now" if receipt.repeat else "applied"
    rows = [[instant(entry.at), _kind(entry), _said(entry)] for entry in receipt.entries]
    listed = (table(["at (UTC)", "entry", ""], "lll", rows),) if rows else ()
    return Sheet(f"Receipt: {done}; {count} {'entry' if count == 1 else 'entries'}", listed)


def explanation_sheet(explained: Explanation) -> Sheet:
    """An entry, the rule and the card that decided it, and who says so."""
    entry = explained.entry
    rows = [["entry", f"{instant(entry.at)} UTC, {_said(entry)}"]]
    rows += [["card", card_name(explained.card)]] if explained.card is not None else []
    if explained.band:
        rows += [["rate for", explained.band], ["time of day", "off-peak" if explained.off_peak else "peak"]]
    rows += [["cited", explained.citation]] if explained.citation else []
    blocks: list[Block] = [untitled("ll", rows)]
    if explained.lines:
        blocks.append(usage_table(explained.lines))
    sources = tuple(f"{name}: {source.title} ({source.date})" for name, source in explained.sources)
    if sources:
        blocks.append(Listing("Sources", sources))
    return Sheet(explained.rule, tuple(blocks))


def reconciliation_sheet(found: Reconciliation) -> Sheet:
    """Each of the console's items beside the ledger's figures, in credits."""
    titles = ["item", "console used", "ledger used", "console limit", "ledger limit", ""]
    rows = [
        [
            item.name,
            *map(credit, (item.console_used, item.ledger_used, item.console_limit, item.ledger_limit)),
            "agrees" if item.agrees else "differs",
        ]
        for item in found.items
    ]
    blocks: list[Block] = [table(titles, "lrrrrl", rows)] if rows else []
    if found.missing:
        blocks.append(Listing("Not sent by the console", found.missing))
    agrees = "agree" if found.agrees else "do not agree"
    return Sheet(f"The console and the ledger {agrees}", tuple(blocks))


def _kind(entry: Entry) -> str:
    """The entry's kind in words: `CycleOpened` is `cycle opened`."""
    name = type(entry).__name__
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).lstrip()


def _said(entry: Entry) -> str:
    """What an entry says, in one line: amounts in full, for other kinds the words that name what they are about."""
    match entry:
        case Rated():
            return f"{entry.id}: {entry.usage.model}, {credit(entry.millicredits)} credits"
        case Posting():
            return f"{credit(entry.millicredits)} credits from {entry.source} to {entry.target}: {entry.reason}"
        case Billed():
            return f"{entry.currency} {money(entry.amount, entry.currency)}: {entry.reason}"
        case Accrued():
            return (
                f"{entry.currency} {money(ratio_price(entry.amount), entry.currency)} for the next bill: {entry.reason}"
            )
        case CycleOpened():
            return f"{entry.reason}: {entry.tier}, {entry.interval}, until {instant(entry.cycle.end)}"
    return ", ".join(_words(entry))


def _words(entry: Entry) -> Iterator[str]:
    for name in ("id", "pot", "tier", "how", "reason"):
        word = getattr(entry, name, None)
        if word:
            yield str(word)
