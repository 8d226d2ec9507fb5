"""A rate card that was read does not change; `derive` makes another one, checked and unpublished."""

from __future__ import annotations

import copy
import hashlib
import json
import pickle
from collections.abc import Iterator
from datetime import datetime, time
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from mimo_credits.card import RateCard
from mimo_credits.catalog import load_book
from mimo_credits.errors import RateCardError
from tests.small_card import CARD, FILE


@pytest.fixture(scope="module")
def card() -> RateCard:
    return RateCard.from_toml(CARD, file=FILE)


def test_model_copy_with_an_update_is_refused(card: RateCard) -> None:
    """It would leave the compiled table behind: the copy would say one price and charge another."""
    with pytest.raises(TypeError, match=r"card\.derive"):
        card.model_copy(update={"revision": 4})
    with pytest.raises(TypeError, match=r"card\.derive"):
        card.__replace__(revision=4)


def test_copies_are_the_card_itself(card: RateCard) -> None:
    assert card.model_copy() is card
    assert card.model_copy(deep=True) is card
    assert copy.copy(card) is card
    assert copy.deepcopy(card) is card


def test_no_attribute_can_be_assigned(card: RateCard) -> None:
    long = card.models["long"]
    assert card.off_peak is not None
    for part, name in [
        (card, "revision"),
        (card, "models"),
        (card.tiers["small"], "credits"),
        (long, "aliases"),
        (long.bands[0], "credits"),
        (long.bands[0].credits, "token"),
        (card.policy, "upgrade"),
        (card.off_peak, "multiply_by"),
        (card.sources["list"], "title"),
        (card.assumptions[0], "says"),
    ]:
        with pytest.raises(ValidationError, match="frozen"):
            setattr(part, name, None)
        with pytest.raises(ValidationError, match="frozen"):
            delattr(part, name)


def test_nested_mappings_and_lists_cannot_be_changed(card: RateCard) -> None:
    mappings: list[Any] = [
        card.tiers,
        card.models,
        card.sources,
        card.tiers["small"].price,
        card.models["long"].source,
        card.models["long"].bands[0].price,
        card.models["fast-1.5"].price,
    ]
    for mapping in mappings:
        first = next(iter(mapping))
        with pytest.raises(TypeError):
            mapping[first] = None
        with pytest.raises(TypeError):
            del mapping[first]
        with pytest.raises(AttributeError):
            mapping._entries = {}
        assert not hasattr(mapping, "update")
    assert isinstance(card.models["long"].aliases, tuple)
    assert isinstance(card.models["long"].bands, tuple)
    assert isinstance(card.assumptions, tuple)


def test_cards_and_their_parts_are_hashable_and_equal_by_content(card: RateCard) -> None:
    again = RateCard.from_toml(CARD.encode(), file="another name")
    other = RateCard.from_toml(CARD + "# another text\n")
    assert again == card
    assert hash(again) == hash(card)
    assert other != card
    assert other.id == card.id
    assert card != card.id
    assert len({card, again, other}) == 2
    for part in ("tiers", "models", "sources", "policy", "cycle", "off_peak", "assumptions"):
        assert getattr(again, part) == getattr(card, part)
        assert hash(getattr(again, part)) == hash(getattr(card, part))


def test_the_digest_is_of_the_bytes_that_were_read(card: RateCard) -> None:
    assert card.sha256 == hashlib.sha256(CARD.encode()).hexdigest()
    assert card.published


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_card_survives_pickling_with_its_table(card: RateCard, protocol: int) -> None:
    derived = card.derive({"revision": 4})
    for whole in (card, derived):
        again = pickle.loads(pickle.dumps(whole, protocol))
        assert again == whole
        assert (again.id, again.sha256, again.published) == (whole.id, whole.sha256, whole.published)
        assert again.models == whole.models
        assert again.table.peak.bands == whole.table.peak.bands
        assert again.table.off_peak.bands == whole.table.off_peak.bands
        assert again.table.prices == whole.table.prices


# --- dumps -----------------------------------------------------------------------------------------------------------


def leaves(data: Any, path: tuple[object, ...] = ()) -> Iterator[tuple[tuple[object, ...], object]]:
    """Every value of a dump that holds no others, with its path. Containers have to be plain ones."""
    if type(data) in (dict, list, tuple):
        for key, inner in data.items() if type(data) is dict else enumerate(data):
            yield from leaves(inner, (*path, key))
    else:
        yield path, data


@pytest.mark.parametrize("whole", [RateCard.from_toml(CARD), *load_book()], ids=lambda whole: whole.id)
def test_a_dump_is_plain_data_and_keeps_every_digit(whole: RateCard) -> None:
    """In JSON each exact number is a text, and the text is that number."""
    python, as_json = dict(leaves(whole.model_dump())), dict(leaves(whole.model_dump(mode="json")))
    assert {type(leaf) for leaf in python.values()} <= {str, int, Decimal, datetime, time, type(None)}
    assert python.keys() == as_json.keys()
    decimals = {path: leaf for path, leaf in python.items() if isinstance(leaf, Decimal)}
    assert decimals
    assert {path: as_json[path] for path in decimals} == {path: str(leaf) for path, leaf in decimals.items()}
    assert json.loads(whole.model_dump_json()) == whole.model_dump(mode="json")


# --- derive --------------------------------------------------------------------------------------------------


def test_derive_makes_another_card_that_is_not_published(card: RateCard) -> None:
    derived = card.derive({"models": {"fast-1.5": {"credits": {"miss": 3}}}})
    assert derived.models["fast-1.5"].credits.by_meter() == (Decimal("0.005"), 3, Decimal("2.5"), None)
    assert derived.table.peak.bands["quick"][0].cache_miss == 3_000
    assert derived.models["long"] == card.models["long"]
    assert not derived.published
    assert derived.id.startswith("2026-01-02.3+derived.")
    assert derived.sha256 != card.sha256
    assert derived.sha256.startswith(derived.id.rpartition(".")[2])
    assert derived != card


def test_derive_leaves_the_card_as_it_was(card: RateCard) -> None:
    before = (card.sha256, card.models, card.table.peak.bands["quick"])
    aliases = ["quick"]
    derived = card.derive({"models": {"fast-1.5": {"credits": {"miss": 3}, "aliases": aliases}}})
    aliases.append("slow")
    assert (card.sha256, card.models, card.table.peak.bands["quick"]) == before
    assert derived.derive({}).models["fast-1.5"].aliases == ("quick",)
    assert card.models["fast-1.5"].credits.by_meter()[1] == 1


def test_equal_changes_derive_equal_cards_and_others_do_not(card: RateCard) -> None:
    three = card.derive({"models": {"free": {"credits": 3}}})
    assert card.derive({"models": {"free": {"credits": 3}}}) == three
    assert card.derive({"models": {"free": {"credits": 4}}}) != three
    assert three.derive({"models": {"free": {"credits": 0}}}) != card


def test_none_removes_a_key(card: RateCard) -> None:
    derived = card.derive({"off_peak": None, "models": {"cash": None, "long": {"aliases": None}}})
    assert derived.off_peak is None
    assert "cash" not in derived.models
    assert derived.models["long"].aliases == ()
    assert derived.table.hours is None
    assert card.derive({"migration": None}).migration is None


def test_derive_adds_a_model(card: RateCard) -> None:
    derived = card.derive({"models": {"new": {"credits": Decimal("0.5"), "source": "L list"}}})
    assert derived.table.peak.bands["new"][0].output == 500


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"models": {"free": {"credits": -1}}}, "models.free.credits.token"),
        ({"models": {"free": {"credits": 0.5}}}, "models.free.credits.token"),
        ({"models": {"free": {"credits": Decimal("0.0001")}}}, "models.free.credits.token"),
        ({"models": {"free": {"aliases": ["quick"]}}}, 'models."fast-1.5".aliases[1]'),
        ({"policy": None}, "policy"),
        ({"sources": {"list": None}}, "tiers.small.source"),
        ({"colour": "red"}, "colour"),
    ],
    ids=["negative", "a float", "too fine", "an alias twice", "a section gone", "a source gone", "an unknown key"],
)
def test_derive_checks_the_new_card(card: RateCard, changes: dict[str, object], where: str) -> None:
    with pytest.raises(RateCardError) as caught:
        card.derive(changes)
    assert caught.value.problems[0].where == where
    assert "+derived." in caught.value.file


@pytest.mark.parametrize(
    "changes", [{1: 2}, {"models": {1: 3}}, {"revision": 16**5_000}], ids=["a key", "a key inside", "a huge number"]
)
def test_what_toml_could_not_say_is_refused(card: RateCard, changes: Any) -> None:
    with pytest.raises(RateCardError, match="changes: are nothing that TOML could say"):
        card.derive(changes)


def test_a_float_of_python_is_refused_as_such(card: RateCard) -> None:
    with pytest.raises(RateCardError, match=r"tiers\.small\.credits: needs an int or a Decimal, not the float 5\.5"):
        card.derive({"tiers": {"small": {"credits": 5.5}}})
