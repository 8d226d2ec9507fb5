"""The hash chain: each entry's hash covers the hash before it, so that nothing in between changes unseen.

    links = chain(entries)                      # an account's entries in order
    links += chain(more, links[-1].hash)        # later ones, without reading the earlier again
    verify_chain(links, head=kept_elsewhere)    # None, or the first Break

Store a link as its two hashes beside `dumps(link.entry)`. The hash is SHA-256, in hex, of the hash before it, a line
feed and `dumps(entry)` in UTF-8. It has no key: whoever can write the store can compute a whole chain anew. So keep the
`head` (and the `length`) where that person cannot write, or publish it: they alone show that the chain's end is missing
or that all of it was rewritten. The ledger itself knows nothing of this.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Literal, NamedTuple

from mimo_credits.errors import InputError, several, shown
from mimo_credits.ledger import Entry
from mimo_credits.ledger.entries import each_entry
from mimo_credits.wire.codec import dumps

GENESIS = "0" * 64
"""What the first entry is chained to."""


class Link(NamedTuple):
    """An entry in its place: chained to the hash `previous`, and the `hash` that covers both."""

    previous: str
    entry: Entry
    hash: str


class Break(NamedTuple):
    """Where a chain is broken first (`position`, counted from 0), and how; `detail` says it for people.

    `changed`: the entry or one of its hashes is not what was chained. `dropped`: what belongs before this place is
    missing, or was replaced together with its hash, which looks the same. `repeated`: this link stands elsewhere too.
    `reordered`: the link that belongs before this one stands later. `inserted`: this was never chained here.
    """

    position: int
    kind: Literal["changed", "dropped", "repeated", "reordered", "inserted"]
    detail: str


def chain(entries: Iterable[Entry], previous: str = GENESIS) -> list[Link]:
    """The entries as links, after the hash `previous`. Raises `InputError` for what is no entry."""
    links = []
    for entry in each_entry(entries):
        link = Link(previous, entry, link_hash(previous, dumps(entry)))
        links.append(link)
        previous = link.hash
    return links


def verify_chain(
    links: Iterable[Link], *, previous: str = GENESIS, head: str | None = None, length: int | None = None
) -> Break | None:
    """The first break of the chain, or None if there is none.

    `previous` is the hash before the first link, for a part of a chain. `head` and `length` are what the last link's
    hash and the number of links should be; without them a chain that ends too early looks whole. Raises `InputError`
    for what is no `Link`.
    """
    known = list(several(links, "links", "links of a chain"))
    for index, link in enumerate(known):
        if not isinstance(link, Link):
            raise InputError(f"links[{index}]", f"needs a Link, as chain(entries) makes them, not {shown(link)}")
    expected = previous
    for index, link in enumerate(known):
        if not _is_intact(link):
            return Break(index, "changed", "its hash does not belong to its entry and the hash before")
        if link.previous != expected:
            return _misplaced(known, index, expected, start=previous, head=head)
        expected = link.hash
    return _wrong_end(known, previous, head, length)


def link_hash(previous: str, text: str) -> str:
    """The hash of a link, after the hash `previous`, of the entry that `dumps` wrote as `text`."""
    return sha256(f"{previous}\n{text}".encode()).hexdigest()


def _is_intact(link: Link) -> bool:
    try:
        return link.hash == link_hash(link.previous, dumps(link.entry))
    except (InputError, UnicodeEncodeError):  # nothing that could have been chained
        return False


def _misplaced(links: Sequence[Link], index: int, expected: str, *, start: str, head: str | None) -> Break:
    """How a link came to stand at `index` that is intact, but is not chained to `expected`, the hash before it."""
    link = links[index]
    places: dict[str, int] = {}
    for other, found in enumerate(links):
        if other != index and found.hash == link.hash:
            return Break(index, "repeated", f"the same link stands at {other}")
        places[found.hash] = other
    places[start] = -1
    place = places.get(link.previous)
    if place is not None and place > index:
        return Break(index, "reordered", f"what it is chained to stands later, at {place}")
    if expected == head or any(later.previous == expected for later in links[index + 1 :]):
        return Break(index, "inserted", "it is not chained to what stands before it, and a later link or the head is")
    if place is None:
        return Break(index, "dropped", "what it is chained to is missing, or was replaced together with its hash")
    return Break(place + 1, "inserted", f"the link at {index} is chained to what stands before this")


def _wrong_end(links: Sequence[Link], start: str, head: str | None, length: int | None) -> Break | None:
    """Whether links that are chained to one another end where they should."""
    count = len(links)
    if length is not None and count < length:
        return Break(count, "dropped", f"it ends after {count} links of {length}")
    if length is not None and count > length:
        return Break(length, "inserted", f"it goes on after {length} links")
    hashes = [start, *(link.hash for link in links)]
    if head is None or head == hashes[-1]:
        return None
    if head in hashes:
        return Break(hashes.index(head), "inserted", "it goes on after the expected head")
    if length is not None:
        return Break(max(count - 1, 0), "changed", "it has the expected length, but another head")
    return Break(count, "dropped", "it ends before the expected head, or was rewritten")
