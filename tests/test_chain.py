"""The hash chain: whatever is done to one of its links, or to its order, is found, and where it was done is said."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mimo_credits.errors import InputError
from mimo_credits.ledger import Lapsed
from mimo_credits.wire import GENESIS, Break, Link, chain, dumps, verify_chain
from tests.wire_values import AT, ENTRY_KINDS, LATER, SAMPLES

ENTRIES = [sample for sample in SAMPLES.values() if type(sample) in ENTRY_KINDS]
LINKS = chain(ENTRIES)
HEAD = LINKS[-1].hash
HEX = st.text("0123456789abcdef", min_size=64, max_size=64)

entries = st.sampled_from(ENTRIES) | st.integers(1, 2**63).map(
    lambda amount: SAMPLES["posting"]._replace(millicredits=amount)
)
chains = st.lists(entries, min_size=1, max_size=6).map(chain)


@st.composite
def chains_and_place(draw: st.DrawFn) -> tuple[list[Link], int]:
    links = draw(chains)
    return links, draw(st.integers(0, len(links) - 1))


@st.composite
def chains_and_two_places(draw: st.DrawFn) -> tuple[list[Link], int, int]:
    links = draw(st.lists(entries, min_size=2, max_size=6).map(chain))
    first, second = sorted(draw(st.lists(st.integers(0, len(links) - 1), min_size=2, max_size=2, unique=True)))
    return links, first, second


def found(links: list[Link], **expected: object) -> tuple[int, str] | None:
    broken = verify_chain(links, **expected)
    assert broken is None or broken.detail
    return broken and broken[:2]


# --- what a chain is -------------------------------------------------------------------------------------


def test_each_hash_covers_the_entry_and_the_hash_before():
    previous = "0" * 64
    for link, entry in zip(LINKS, ENTRIES, strict=True):
        expected = sha256((previous + "\n" + dumps(entry)).encode("utf-8")).hexdigest()
        assert link == (previous, entry, expected)
        previous = expected


def test_the_head_of_the_sample_entries_is_what_it_always_was():
    """Were this to change, no chain that anybody has stored could be verified any more."""
    assert HEAD == "a4afc913a0892f00b12649b92129bb8ab26bcab94f2f436b5532673eb4d916cd"


@given(chains)
def test_a_whole_chain_has_no_break(links):
    assert verify_chain(links) is None
    assert verify_chain(iter(links), head=links[-1].hash, length=len(links)) is None


@given(st.lists(entries, max_size=6), st.integers(0, 6))
def test_a_chain_can_be_made_and_verified_in_parts(several, split):
    first = chain(several[:split])
    head = first[-1].hash if first else GENESIS
    rest = chain(several[split:], head)
    assert first + rest == chain(several)
    assert verify_chain(rest, previous=head) is None
    if rest and first:
        assert found(rest) == (0, "dropped")


def test_nothing_is_a_chain():
    assert chain([]) == []
    assert verify_chain([]) is None
    assert verify_chain([], head=GENESIS, length=0) is None


def test_what_is_no_entry_cannot_be_chained():
    with pytest.raises(InputError):
        chain([5])


# --- every single tampering is found, where it was done ---------------------------------------------------


@given(chains_and_place(), entries)
def test_a_changed_entry_is_found(chosen, other):
    links, place = chosen
    if dumps(other) != dumps(links[place].entry):
        links[place] = links[place]._replace(entry=other)
        assert found(links) == (place, "changed")


@pytest.mark.parametrize("field", ["previous", "hash"])
@given(chosen=chains_and_place(), other=HEX | st.just(""))
def test_a_changed_hash_is_found(field, chosen, other):
    links, place = chosen
    if other != getattr(links[place], field):
        links[place] = links[place]._replace(**{field: other})
        assert found(links) == (place, "changed")


@given(chains_and_place())
def test_a_dropped_link_is_found(chosen):
    links, place = chosen
    head = links[-1].hash
    was_last = place == len(links) - 1
    del links[place]
    assert found(links, head=head) == (place, "dropped")
    assert found(links, length=len(links) + 1) == (place, "dropped")
    assert found(links) == (None if was_last else (place, "dropped"))


@given(chains_and_two_places())
def test_several_dropped_links_are_found(chosen):
    links, first, second = chosen
    head = links[-1].hash
    del links[first : second + 1]
    assert found(links, head=head) == (first, "dropped")


@given(chains_and_place(), st.integers(0, 6))
def test_a_repeated_link_is_found(chosen, later):
    links, place = chosen
    again = min(place + 1 + later, len(links))
    links.insert(again, links[place])
    assert found(links) == (again, "repeated")


@given(chains_and_place(), st.integers(0, 6))
def test_a_link_repeated_before_its_place_is_found(chosen, earlier):
    links, place = chosen
    before = max(place - 1 - earlier, 0)
    links.insert(before, links[place])
    assert found(links) == ((before, "repeated") if before < place else (1, "repeated"))


@given(chains_and_two_places())
def test_two_links_that_changed_places_are_found(chosen):
    links, first, second = chosen
    links[first], links[second] = links[second], links[first]
    assert found(links) == (first, "reordered")


@given(chains_and_two_places())
def test_a_link_that_moved_is_found(chosen):
    links, first, second = chosen
    forwards = links.copy()
    forwards.insert(second, forwards.pop(first))
    assert found(forwards) == (first, "reordered")
    backwards = links.copy()
    backwards.insert(first, backwards.pop(second))
    assert found(backwards) == (first, "reordered")


@given(chains_and_place(), entries)
def test_a_link_forged_in_between_is_found(chosen, other):
    links, place = chosen
    if dumps(other) != dumps(links[place].entry):
        links[place:place] = chain([other], links[place].previous)
        assert found(links) == (place, "inserted")


@given(chains_and_place(), st.data(), st.lists(entries, min_size=1, max_size=3))
def test_links_of_another_chain_are_found_where_they_were_put(chosen, data, others):
    """Whatever they are chained to: a stranger, the beginning, or any link that stands here before or later."""
    links, place = chosen
    before = data.draw(HEX | st.sampled_from([GENESIS, *(link.hash for link in links)]))
    foreign = chain(others, before)
    assume(not {link.hash for link in foreign} & {link.hash for link in links})
    behind = before in {link.hash for link in links[place:]}
    links[place:place] = foreign
    assert found(links) == (place, "reordered" if behind else "inserted")


@given(chains, st.data(), st.lists(entries, min_size=1, max_size=3))
def test_links_of_another_chain_at_the_end_are_found_by_the_head(links, data, others):
    head = links[-1].hash
    foreign = chain(others, data.draw(HEX | st.sampled_from([GENESIS, *(link.hash for link in links)])))
    assume(not {link.hash for link in foreign} & {link.hash for link in links})
    assert found([*links, *foreign], head=head) == (len(links), "inserted")


@pytest.mark.parametrize(("place", "before"), [(5, GENESIS), (5, LINKS[1].hash)])
def test_a_link_chained_to_an_earlier_place_is_found_where_it_stands(place, before):
    strange = chain([Lapsed(LATER, "not-sold")], before)
    assert found([*LINKS[:place], *strange, *LINKS[place:]]) == (place, "inserted")
    assert found([*LINKS, *strange], head=HEAD) == (len(LINKS), "inserted")


@given(chains_and_place(), entries)
def test_an_entry_replaced_together_with_its_hash_is_found_behind_it(chosen, other):
    links, place = chosen
    head = links[-1].hash
    if dumps(other) != dumps(links[place].entry):
        links[place : place + 1] = chain([other], links[place].previous)
        assert found(links, head=head) == (place + 1, "dropped")
        if place == len(links) - 1:
            assert found(links, head=head, length=len(links)) == (place, "changed")


# --- the end, which only the head and the length can tell ------------------------------------------------


@pytest.mark.parametrize(
    ("links", "expected", "result"),
    [
        (LINKS[:-1], {}, None),
        (LINKS[:-1], {"head": HEAD}, (len(LINKS) - 1, "dropped")),
        (LINKS[:-1], {"length": len(LINKS)}, (len(LINKS) - 1, "dropped")),
        (LINKS[:-3], {"head": HEAD, "length": len(LINKS)}, (len(LINKS) - 3, "dropped")),
        ([], {"head": HEAD}, (0, "dropped")),
        ([], {"length": 1}, (0, "dropped")),
        ([], {"head": HEAD, "length": 0}, (0, "changed")),
        (LINKS, {"head": LINKS[4].hash}, (5, "inserted")),
        (LINKS, {"head": GENESIS}, (0, "inserted")),
        (LINKS, {"length": 5}, (5, "inserted")),
        (LINKS, {"head": LINKS[4].hash, "length": 5}, (5, "inserted")),
        (chain([*ENTRIES[:-1], Lapsed(LATER, "not-sold")]), {"head": HEAD}, (len(LINKS), "dropped")),
        (
            chain([*ENTRIES[:-1], Lapsed(LATER, "not-sold")]),
            {"head": HEAD, "length": len(LINKS)},
            (len(LINKS) - 1, "changed"),
        ),
        (chain([Lapsed(AT, "not-sold"), *ENTRIES[1:]]), {}, None),
    ],
)
def test_the_end_is_held_by_head_and_length(links, expected, result):
    assert found(links, **expected) == result


def test_what_never_could_have_been_an_entry_is_a_change():
    links = LINKS.copy()
    links[3] = links[3]._replace(entry=5)
    assert found(links) == (3, "changed")


def test_a_hash_that_no_text_can_have_is_a_change():
    for field in ("previous", "hash"):
        assert found([LINKS[0]._replace(**{field: "\ud800"})]) == (0, "changed")


def test_entries_are_no_links():
    with pytest.raises(InputError, match=r"links\[1\]: needs a Link, as chain\(entries\) makes them"):
        verify_chain([LINKS[0], ENTRIES[1]])


def test_a_break_says_where_and_how():
    assert verify_chain(LINKS[1:]) == Break(
        0, "dropped", "what it is chained to is missing, or was replaced together with its hash"
    )
