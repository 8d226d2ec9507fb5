"""`docs/scenarios.md`: the golden scenarios of `tests/scenarios/`, as tables for people to read.

The rule: the page is generated from the very files that the tests run, and never edited by hand; `--check` fails where
the two differ.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

from mimo_credits import Tier
from tests.scenarios.reading import CARDS, read_all, small_card
from tests.scenarios.vocabulary import (
    NONE,
    PUBLISHED,
    THE_ACCOUNT,
    ActionRow,
    CancelRow,
    ChangeRow,
    ConsumingRow,
    CycleExpected,
    GrantRow,
    HoldRow,
    ReleaseRow,
    Scenario,
    SettleRow,
    SubscribeRow,
    ThenRow,
    Topic,
    UseRow,
    WaitRow,
    words_of,
)

PATH = Path(__file__).resolve().parent.parent / "docs" / "scenarios.md"
FROM_HERE = "../tests/scenarios"

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

OPENING = """\
# The ledger, case by case

What the [ledger](ledger.md) must do, case by case. Every number here was worked out by hand, from the rate cards and
the rules; the text above each table shows how. A test runs each scenario and checks the ledger's own books after every
row. This page is generated from [the files that the test reads]({here}) by `make scenarios`.

## How to read them

A row says what happens at an instant, and what is to be seen then; where the right-hand column is empty, the row just
has to succeed. Amounts are credits unless they name a currency.

| word | means |
|---|---|
| remaining | what can still be spent or held: the unheld rest of the allowance, of grants, of what was carried over |
| allowance, grant, carried | what is left in that pot alone |
| held | what is reserved by open holds |
| used, overage, expired | since the account began: all usage; the part of it that no pot covered; what ended unused |
| costs | what the row's usage is charged |
| paid by | the pots it is drawn from; *held*: the hold that is settled, *expired*: what a closed segment let expire |
| billed | money that falls due with the row, rounded to the cent or fen, and why |
| owes | money that one usage owes beside credits, exact; the cycle's bill sums it up and rounds it once |
| expires | what ends unused with the row, and why |
| opens | segments of the plan that begin with the row, and why |
| at the renewal | what the next renewal will do |
| refused | the row is refused for this reason, and nothing has changed |
| a repeat | nothing has changed, and the first receipt comes back |

*published* stands for the rate cards of Xiaomi's Token Plan in [`rates/`](../rates/README.md). The other cards are
small ones, made up so that their numbers fit in the head:

{cards}

## Topics

{topics}
"""


def rendered(topics: Iterable[tuple[str, Topic]]) -> str:
    """The whole page."""
    listed = list(topics)
    links = [f"- [{topic.topic}](#{_anchor(topic.topic)}): {len(topic.scenario)}" for _, topic in listed]
    opening = OPENING.format(here=FROM_HERE, cards="\n".join(_small_cards()), topics="\n".join(links))
    return "\n".join([opening, *(line for stem, topic in listed for line in _topic(stem, topic))])


def _small_cards() -> Iterator[str]:
    """Each card's own opening comment, beside its name, and the tiers that it sells."""
    for path in sorted(CARDS.glob("*.toml")):
        lines = path.read_text(encoding="utf-8").splitlines()
        comment = [line.removeprefix("#").strip() for line in lines if line.startswith("#")]
        tiers = "; ".join(_tier(name, tier) for name, tier in small_card(path.stem).tiers.items())
        yield f"- {_card_link(path.stem)}: {' '.join(comment)} Tiers: {tiers}."


def _tier(name: str, tier: Tier) -> str:
    prices = ", ".join(f"{currency} {price}" for currency, price in tier.price.items())
    return f"{name}, {tier.credits:,} credits for {prices}"


def _card_link(name: str) -> str:
    return f"[{name}]({FROM_HERE}/cards/{name}.toml)"


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _topic(stem: str, topic: Topic) -> Iterator[str]:
    yield from (f"## {topic.topic}", "", topic.about, "", f"Written in [{stem}.toml]({FROM_HERE}/{stem}.toml).", "")
    for scenario in topic.scenario:
        yield from _scenario(scenario)


def _scenario(scenario: Scenario) -> Iterator[str]:
    yield from (f"### {scenario.name}", "", " ".join(scenario.why.split()), "")
    cards = PUBLISHED if scenario.cards == PUBLISHED else ", then ".join(map(_card_link, scenario.cards))
    yield f"Rate cards: {cards}."
    if scenario.batch:
        yield "The rows arrive as one batch, in this order; the last one says what is to be seen after all of them."
    yield from ("", "| at | what happens | then |", "|---|---|---|")
    pending: ActionRow | None = None
    for row in scenario.steps:
        if isinstance(row, ThenRow):
            assert pending is not None, "a scenario begins with a row that does something"
            yield _table_row(pending, _then(words_of(row.then)))
            pending = None
            continue
        if pending is not None:
            yield _table_row(pending, "")
        pending = row
    yield ""
    if scenario.cycles:
        yield from _cycles(scenario.cycles)


def _table_row(row: ActionRow, then: str) -> str:
    return f"| {_instant(row.at)} | {_doing(row)} | {then} |"


def _doing(row: ActionRow) -> str:
    done = _SAID[type(row)](row)
    if row.account != THE_ACCOUNT:
        done = f"account {row.account} {done}"
    return done + (f" (id {row.id})" if row.id is not None and not isinstance(row, HoldRow | GrantRow) else "")


def _subscribes(row: SubscribeRow) -> str:
    said = [f"subscribes to {row.tier}", "for a year"] if row.interval == "annual" else [f"subscribes to {row.tier}"]
    if row.currency != "USD":
        said.append(f"in {row.currency}")
    if row.first_purchase is not None:
        said.append("as a first purchase" if row.first_purchase else "not as a first purchase")
    if row.card is not None:
        said.append(f"to stay on card {row.card}")
    return ", ".join(said)


def _usage(row: ConsumingRow, model: str) -> str:
    counts = []
    if row.input:
        counts.append(f"{row.input:,} input" + (f" ({row.cached:,} from the cache)" if row.cached else ""))
    if row.output:
        counts.append(f"{row.output:,} output")
    if row.seconds:
        counts.append(_counted(row.seconds, "second") + " of audio")
    if row.searches:
        counts.append(_counted(row.searches, "web search", "es"))
    return f"{model}: {', '.join(counts) or 'nothing'}"


def _counted(count: int, what: str, plural: str = "s") -> str:
    return f"{count:,} {what}{plural if count != 1 else ''}"


def _uses(row: UseRow) -> str:
    return f"uses {_usage(row, row.model)}"


def _changes(row: ChangeRow) -> str:
    return f"changes to {row.tier}, " + ("now" if row.when == "now" else "at the renewal")


def _cancels(_: CancelRow) -> str:
    return "cancels"


def _is_granted(row: GrantRow) -> str:
    named = f" {row.id}" if row.id is not None else ""
    until = f" until {_instant(row.until)}" if row.until is not None else ""
    return f"grant{named} of {row.credits:,}{until}" + (f", priority {row.priority}" if row.priority else "")


def _holds(row: HoldRow) -> str:
    what = f"of {row.credits:,}" if row.model is None else f"for {_usage(row, row.model)};"
    return f"hold {row.id or ''} {what} until {_instant(row.until)}".replace("hold  ", "hold ")


def _settles(row: SettleRow) -> str:
    return f"settles hold {row.hold} with {_usage(row, row.model)}"


def _releases(row: ReleaseRow) -> str:
    return f"releases hold {row.hold}"


def _waits(_: WaitRow) -> str:
    return "time passes"


_SAID: dict[type, Callable[[Any], str]] = {
    SubscribeRow: _subscribes,
    UseRow: _uses,
    ChangeRow: _changes,
    CancelRow: _cancels,
    GrantRow: _is_granted,
    HoldRow: _holds,
    SettleRow: _settles,
    ReleaseRow: _releases,
    WaitRow: _waits,
}


def _then(words: Mapping[str, Any]) -> str:
    return "; ".join(_PHRASES[word](value) for word, value in words.items())


def _credits_of(word: str) -> Callable[[Decimal], str]:
    return lambda value: f"{word} {value:,}"


def _money(items: tuple[str, ...]) -> str:
    """`USD 10.00 renewal` five times over is `5 x USD 10.00 (renewal)`."""
    said = []
    for item, group in groupby(items):
        currency, amount, reason = item.split()
        times = len(list(group))
        said.append((f"{times} x " if times > 1 else "") + f"{currency} {amount} ({reason})")
    return ", ".join(said)


def _opened(reasons: tuple[str, ...]) -> str:
    if not reasons:
        return "opens nothing"
    runs = [(reason, len(list(group))) for reason, group in groupby(reasons)]
    return "opens " + ", ".join((f"{count} x " if count > 1 else "") + reason for reason, count in runs)


def _paid_by(paid: Mapping[str, Decimal]) -> str:
    return "paid by " + (", ".join(f"{pot.replace(':', ' ')} {part:,}" for pot, part in paid.items()) or "nothing")


def _expires(parts: Mapping[str, Decimal]) -> str:
    return "expires " + (", ".join(f"{part:,} ({why})" for why, part in parts.items()) or "nothing")


def _grants(grants: Mapping[str, Decimal]) -> str:
    return ", ".join(f"grant {name} {left:,}" for name, left in grants.items()) or "no grant left"


_PHRASES: dict[str, Callable[[Any], str]] = {
    "refused": lambda reason: f"**refused**: {reason}",
    "missing": _credits_of("missing"),
    "repeat": lambda repeat: "a **repeat**" if repeat else "no repeat",
    "cost": _credits_of("costs"),
    "billed_as": lambda model: f"as {model}",
    "card": lambda card: f"by card {card}",
    "off_peak": lambda off_peak: "off-peak" if off_peak else "not off-peak",
    "paid_by": _paid_by,
    "billed": lambda bills: f"billed {_money(bills)}" if bills else "nothing billed",
    "owes": lambda owed: f"owes {_money(owed)}" if owed else "owes nothing",
    "opened": _opened,
    "lapsed": lambda why: f"lapses: {why}",
    "expires": _expires,
    "tier": lambda tier: "no plan" if tier == NONE else f"tier {tier}",
    "renewal": lambda what: f"at the renewal: {what}",
    "cycle_start": lambda at: f"cycle from {_instant(at)}",
    "cycle_end": lambda at: f"cycle to {_instant(at)}",
    "remaining": _credits_of("remaining"),
    "allowance": _credits_of("allowance"),
    "grants": _grants,
    "carried": _credits_of("carried"),
    "held": _credits_of("held"),
    "used": _credits_of("used"),
    "expired": _credits_of("expired"),
    "overage": _credits_of("overage"),
}


def _cycles(cycles: tuple[CycleExpected, ...]) -> Iterator[str]:
    """The statement at the end, with the columns that the scenario speaks of."""
    said = [words_of(cycle) for cycle in cycles]
    columns = [word for word in CycleExpected.model_fields if any(word in words for words in said)]
    yield from ("The statement:", "", "| " + " | ".join(word.replace("_", " ") for word in columns) + " |")
    yield "|---" * len(columns) + "|"
    for words in said:
        yield "| " + " | ".join(_cell(words.get(word)) for word in columns) + " |"
    yield ""


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return _instant(value)
        case tuple():
            return _money(value)
        case Mapping():
            return ", ".join(f"{name} {amount:,}" for name, amount in value.items())
        case int() | Decimal():
            return f"{value:,}"
        case _:
            return str(value)


def _instant(at: datetime) -> str:
    """`10 Apr 2026 10:00 +08:00`; seconds only where there are any."""
    clock = at.time().isoformat(timespec="auto" if at.second or at.microsecond else "minutes")
    zone = "UTC" if at.utcoffset() == timedelta(0) else at.isoformat()[-6:]
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year} {clock} {zone}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.scenarios", description="Writes docs/scenarios.md.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the file would change")
    parser.add_argument("--path", type=Path, default=PATH, help="the file (default: docs/scenarios.md)")
    options = parser.parse_args(arguments)
    path: Path = options.path
    text = rendered(read_all())
    if not options.check:
        path.write_text(text, encoding="utf-8", newline="\n")
    elif not path.exists() or path.read_text(encoding="utf-8") != text:
        print(f"{path.name} is not what the scenarios say: run `make scenarios`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
