"""`FrozenMap`: a mapping that can be shared, compared and hashed because nobody can change it."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimo_credits.frozen import FrozenMap

mappings = st.dictionaries(st.sampled_from(["", "a", "b", "USD", "CNY", "a b"]), st.integers())


@given(mappings)
def test_it_holds_what_it_was_given_in_that_order(entries):
    frozen = FrozenMap(entries)
    assert isinstance(frozen, Mapping)
    assert list(frozen.items()) == list(entries.items())
    assert list(FrozenMap(entries.items()).items()) == list(entries.items())
    assert len(frozen) == len(entries)
    assert frozen == entries
    assert repr(frozen) == repr(entries)


@given(mappings, mappings)
def test_equal_maps_hash_alike_whatever_their_order(entries, others):
    backwards = FrozenMap(list(entries.items())[::-1])
    assert FrozenMap(entries) == backwards
    assert hash(FrozenMap(entries)) == hash(backwards)
    assert (FrozenMap(entries) == FrozenMap(others)) == (entries == others)


def test_maps_that_differ_are_found_apart_in_a_set():
    assert len({FrozenMap({"a": 1}), FrozenMap({"a": 1}), FrozenMap({"a": 2}), FrozenMap({"b": 1}), FrozenMap()}) == 4


def test_it_keeps_a_copy_of_what_it_was_made_from():
    entries = {"a": 1}
    frozen = FrozenMap(entries)
    entries["a"] = 2
    assert frozen["a"] == 1


def test_it_cannot_be_changed():
    frozen = FrozenMap({"a": 1})
    with pytest.raises(TypeError):
        frozen["a"] = 2
    with pytest.raises(TypeError):
        del frozen["a"]
    for name in ("_entries", "other"):
        with pytest.raises(AttributeError, match="cannot be changed"):
            setattr(frozen, name, {})
    with pytest.raises(AttributeError):
        del frozen._entries
    assert frozen == {"a": 1}


@given(mappings, st.sampled_from(["a", "c"]))
def test_a_map_with_an_entry_more_or_less_is_another_map(entries, name):
    frozen = FrozenMap(entries)
    assert list(frozen.having(name, -1).items()) == list({**entries, name: -1}.items())
    assert list(frozen.without(name).items()) == [item for item in entries.items() if item[0] != name]
    assert list(frozen.values()) == list(entries.values())
    assert frozen == entries


def test_a_name_that_is_not_there_is_a_key_error():
    assert FrozenMap({"a": 1}).get("b") is None
    with pytest.raises(KeyError):
        FrozenMap({"a": 1})["b"]


@given(mappings)
def test_it_survives_pickling_and_copying(entries):
    frozen = FrozenMap(entries)
    for again in (pickle.loads(pickle.dumps(frozen)), copy.copy(frozen), copy.deepcopy(frozen)):
        assert type(again) is FrozenMap
        assert again == frozen
        assert hash(again) == hash(frozen)
