"""Pricing one prebuilt request: `charge` beside a floor written by hand and other price libraries.

The floor is what nobody can do without: a dictionary from model to bands, a comparison for each band, an integer
multiply-add, all over the same `Usage`. It checks nothing, and knows neither off-peak hours nor meters beyond tokens.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial

from benchmarks.peer_environment import Peer, PeerError, install
from benchmarks.peers import CACHED, INPUT, OUTPUT, PEERS
from benchmarks.report import Aim, Section, duration, middle, share, table, times, warn
from benchmarks.timing import BATCHES, Contender, Samples, interleave, ratio, repeated, spread, statement
from mimo_credits import RateCard, Usage, charge, load_card, price, quote

CARD = "2026-05-27"
MODEL = "mimo-v2.5-pro"
BATCH_NS = 1_000_000

FLOOR = "by_hand(rows, usage)"
CHARGE = "charge(card, usage)"
CALL = "only_called(card, usage)"
TABLE = "card.table"

_SAID = {
    FLOOR: "the floor: dictionary, bands, integer multiply-add",
    CHARGE: "**`charge(card, usage)`**",
    "charge(card, usage, at=noon)": "`charge(card, usage, at=noon)`: off-peak hours looked up too",
    'price(card, usage, "USD")': '`price(card, usage, "USD")`: exact pay-as-you-go',
    "quote(card, usage)": "`quote(card, usage)`: credits by line, and money in two currencies",
    "Usage(model, input_tokens=n, cached_tokens=c, output_tokens=o)": "`Usage(…)`: building and checking the request",
}

Rows = Mapping[str, tuple[tuple[int, int, int, int], ...]]


def by_hand(rows: Rows, usage: Usage) -> int:
    """The floor."""
    tokens = usage.input_tokens
    for limit, hit, miss, output in rows[usage.model]:
        if tokens <= limit:
            cached = usage.cached_tokens
            return hit * cached + miss * (tokens - cached) + output * usage.output_tokens
    raise ValueError("beyond the context")


def only_called(_card: RateCard, _usage: Usage, *, _at: datetime | None = None) -> int:
    """What calling a function like `charge` costs by itself."""
    return 0


def measure(rounds: int) -> Section:
    """All of it, in `rounds` interleaved rounds."""
    card = load_card(CARD)
    usage = Usage(MODEL, input_tokens=INPUT, cached_tokens=CACHED, output_tokens=OUTPUT)
    rows = {name: tuple(row[:4] for row in bands) for name, bands in card.table.peak.tokens.items()}
    assert by_hand(rows, usage) == charge(card, usage), "the floor must price as the library does"
    names = {
        "by_hand": by_hand,
        "only_called": only_called,
        "charge": charge,
        "price": price,
        "quote": quote,
        "Usage": Usage,
        "rows": rows,
        "card": card,
        "usage": usage,
        "noon": datetime(2026, 5, 28, 4, tzinfo=UTC),
        "model": MODEL,
        "n": INPUT,
        "c": CACHED,
        "o": OUTPUT,
    }
    ours = [statement(code, names, BATCH_NS) for code in (*_SAID, CALL, TABLE)]
    with ExitStack() as stack:
        peers, missing = _peers(stack)
        theirs = [contender for name, peer in peers.items() for contender in _contenders(name, peer)]
        samples = interleave([*ours, *theirs], rounds, "pricing")
    gives = {
        FLOOR: f"{by_hand(rows, usage) // 1000:,} credits",
        CHARGE: f"{charge(card, usage) // 1000:,} credits",
        'price(card, usage, "USD")': f"${price(card, usage, 'USD').normalize()}",
    }
    for name, peer in peers.items():
        gives |= {_named(name, peer, priced): f"${_short(given)}" for priced, given in peer.gives.items()}
    return Section(
        title="Pricing one request",
        how=(
            f"One prebuilt `Usage`: {MODEL}, {CACHED:,} cached and {INPUT - CACHED:,} other input tokens, {OUTPUT} "
            f"output tokens, on card {card.id}. {rounds} rounds, in each of them the least of {BATCHES} batches of "
            f"{duration(BATCH_NS)}. "
            "The other libraries give money, so `price` is the like of them, and `charge` what a plan's backend calls."
        ),
        table=_table(samples, gives),
        notes=[*_dominates(samples), *(f"{name} was not measured: {why}." for name, why in missing.items())],
        aims=list(_aims(samples, missing)),
    )


def _peers(stack: ExitStack) -> tuple[dict[str, Peer], dict[str, str]]:
    """The workers that run, and why the others do not."""
    running: dict[str, Peer] = {}
    missing: dict[str, str] = {}
    try:
        install()
    except PeerError as error:
        return running, dict.fromkeys(PEERS, str(error))
    for name in PEERS:
        try:
            peer = Peer(name)
        except PeerError as error:
            warn(f"{name}: {error}")
            missing[name] = "its worker could not be started"
            continue
        stack.callback(peer.close)
        running[name] = peer
    return running, missing


def _contenders(name: str, peer: Peer) -> Iterator[Contender]:
    for priced in peer.gives:
        yield Contender(_named(name, peer, priced), repeated(partial(peer.batch, priced), BATCH_NS))


def _named(name: str, peer: Peer, priced: str) -> str:
    return f"{name} {peer.version}, {priced}"


def _short(given: str) -> str:
    """A peer's answer: exact, or a float that need not show its noise."""
    return f"{float(given):.7g}"


def _table(samples: Samples, gives: Mapping[str, str]) -> str:
    head = ("", "median", "middle half", "least", "times the floor", "middle half", "times `charge`", "gives")
    rows = []
    for name, sample in samples.items():
        if name in (CALL, TABLE):
            continue
        took, to_floor = spread(sample), ratio(samples, name, FLOOR)
        rows.append(
            (
                _SAID.get(name, name),
                duration(took.median),
                middle(took),
                duration(took.least),
                times(to_floor),
                middle(to_floor, "×"),
                times(ratio(samples, name, CHARGE)),
                gives.get(name, ""),
            )
        )
    return table(head, rows)


def _dominates(samples: Samples) -> Iterator[str]:
    took = {name: spread(samples[name]).median for name in (FLOOR, CHARGE, CALL, TABLE, "charge(card, usage, at=noon)")}
    whole = took[CHARGE]
    yield (
        f"What dominates `charge` ({duration(whole)}): a function of its signature is called in {duration(took[CALL])} "
        f"({share(took[CALL], whole)}), reading `card.table` off the frozen model {duration(took[TABLE])} "
        f"({share(took[TABLE], whole)}); the rest is the look-up and the multiply-add, as in the floor "
        f"({duration(took[FLOOR])}, its own call included). An instant adds "
        f"{duration(took['charge(card, usage, at=noon)'] - whole)}: it becomes UTC and is put on the off-peak clock."
    )


def _aims(samples: Samples, missing: Mapping[str, str]) -> Iterator[Aim]:
    to_floor = ratio(samples, CHARGE, FLOOR)
    yield Aim("`charge` takes at most 2 × the floor", times(to_floor), to_floor.median <= 2)
    for peer in ("genai-prices", "litellm"):
        text = f"`charge` is at least 100 × faster than {peer}"
        if peer in missing:
            yield Aim(text, "", None)
            continue
        ratios = {
            name.partition(", ")[2]: ratio(samples, name, CHARGE) for name in samples if name.startswith(f"{peer} ")
        }
        said = "; ".join(f"{priced}: {times(found)}" for priced, found in ratios.items())
        yield Aim(text, said, all(found.median >= 100 for found in ratios.values()))
