"""The public strategies: what they draw is right, reaches what it should, and shrinks to little."""

from __future__ import annotations

import importlib
import os
import random
import subprocess
import sys
import textwrap
from datetime import timedelta
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis import strategies as st

from mimo_credits import (
    Account,
    Advance,
    Cancel,
    ChangeTier,
    Command,
    Grant,
    Hold,
    InputError,
    NoPlan,
    RateBook,
    RateCard,
    Record,
    Settle,
    Subscribe,
    UnknownModel,
    Usage,
    charge,
    fold,
    list_cards,
    load_book,
    load_card,
    price,
    quote,
    timeline,
)
from mimo_credits.testing.strategies import books, cards, commands, hostile_timelines, timelines, usages
from tests.made_cards import CARD

PUBLISHED = load_book()
START = next(iter(PUBLISHED)).effective_from


def smallest(strategy, condition=lambda value: True, seed=0):
    return find(
        strategy,
        condition,
        settings=settings(max_examples=500, database=None, suppress_health_check=list(HealthCheck)),
        random=random.Random(seed),
    )


# --- usages ----------------------------------------------------------------------------------------------


@given(st.one_of(st.sampled_from([CARD, *PUBLISHED]), cards()), st.data())
def test_a_usage_of_a_card_has_a_price_wherever_the_ledger_asks_for_one(card, data):
    usage = data.draw(usages(card))
    quoted = quote(card, usage)
    assert quoted.millicredits == charge(card, usage)
    model = card.models[card.table.peak.bands[usage.model][0].model]
    assert usage.input_tokens <= (model.context or usage.input_tokens)
    assert usage.output_tokens <= (model.max_output or usage.output_tokens)
    if card.policy.exhausted == "pay-as-you-go":
        assert {"USD", "CNY"} <= set(quoted.money)


@given(usages())
def test_without_a_card_a_usage_is_of_the_newest_published_one(usage):
    assert quote(load_card(list_cards()[-1]), usage).unpriced == {}


METERS = {
    "cached_tokens": "cache_hit",
    "missed_tokens": "cache_miss",
    "output_tokens": "output",
    "audio_seconds": "audio_hour",
}


@given(usages(CARD))
def test_a_meter_without_a_rate_is_not_drawn(usage):
    rates = CARD.table.peak.bands[usage.model][0]
    assert all(getattr(usage, field) == 0 for field, meter in METERS.items() if getattr(rates, meter) is None)


@pytest.mark.parametrize("field", METERS)
def test_a_meter_with_a_rate_is_drawn_and_shrinks_to_1(field):
    assert getattr(smallest(usages(CARD, models=["speech"]), lambda usage: getattr(usage, field)), field) == 1


@pytest.mark.parametrize(("band", "least"), [(0, 0), (1, 101), (2, 201)])
def test_every_band_is_reached(band, least):
    def in_band(usage: Usage) -> bool:
        return next(row.band for row in CARD.table.peak.bands["banded"] if usage.input_tokens <= row.limit) == band

    assert smallest(usages(CARD, models=["banded"]), in_band).input_tokens == least


def test_only_hits_or_only_misses_have_a_rate():
    one_meter = CARD.derive({"models": {"deaf": {"credits": {"miss": None}}}})
    assert smallest(usages(one_meter, models=["deaf"]), lambda usage: usage.input_tokens) == Usage(
        "deaf", input_tokens=1, cached_tokens=1
    )


def test_a_card_without_tiers_is_drawn_from_too():
    bare = CARD.derive({"tiers": None})
    assert smallest(usages(bare, models=["flat"]), lambda usage: usage.output_tokens > 5).output_tokens == 6


def test_a_card_without_terms_is_drawn_from_and_one_without_a_plan_is_not():
    bare = CARD.derive({"tiers": None, "cycle": None, "policy": None})
    assert smallest(usages(bare, models=["flat"]), lambda usage: usage.output_tokens > 5).output_tokens == 6
    with pytest.raises(NoPlan):
        usages(load_card("deepseek/2026-05-22"))


@given(usages(CARD.derive({"web_search": None})))
def test_without_a_price_for_searches_there_are_none(usage):
    assert usage.web_searches == 0


@given(usages(CARD, models=["acme/flat", "free"]))
def test_only_the_models_asked_for_are_drawn(usage):
    assert usage.model in {"acme/flat", "free"}


@pytest.mark.parametrize("name", ["cash", "flatt"])
def test_a_model_that_the_plan_does_not_price_cannot_be_asked_for(name):
    with pytest.raises(UnknownModel):
        usages(CARD, models=[name])


# --- cards and books -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "happens",
    [
        lambda card: card.off_peak is not None,
        lambda card: card.migration is not None,
        lambda card: card.policy.exhausted == "pay-as-you-go",
        lambda card: price(card, Usage("weighted", input_tokens=1), "USD") > 0,
    ],
)
def test_whatever_a_card_can_say_is_drawn_and_alone(happens):
    """The smallest card that says it says nothing else: the others' terms are the plainest."""
    card = smallest(cards(), happens)
    others = (card.off_peak, card.migration, card.policy.first_purchase_pays, card.policy.rollover)
    assert len([said for said in others if said not in (None, "none")]) <= 1
    assert [tier.credits for tier in card.tiers.values()] == [1, 2, 3]


def test_a_failing_example_shows_the_cards_text():
    """In a process of its own: what Hypothesis prints of a value depends on what it has drawn before."""
    program = """
        from hypothesis import given, settings
        from mimo_credits.testing.strategies import cards

        @settings(database=None, derandomize=True)
        @given(cards())
        def fails(card):
            raise ZeroDivisionError

        fails()
    """
    ran = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False)
    assert "ZeroDivisionError" in ran.stderr
    assert "from_toml(" in ran.stderr
    assert 'provider = "tiny"' in ran.stderr


@given(books())
def test_a_book_has_up_to_three_cards_one_after_another(book):
    assert 1 <= len(book) <= 3
    assert [card.version for card in book] == sorted({card.version for card in book})


# --- timelines -------------------------------------------------------------------------------------------


@given(st.one_of(st.just(PUBLISHED), st.just(RateBook.fixed(CARD)), books()), st.data())
def test_a_timeline_is_never_refused_and_in_order(book, data):
    drawn = data.draw(timelines(book))
    fold(Account(), drawn, book)
    assert timeline(drawn) == drawn


@given(timelines())
def test_without_a_book_a_timeline_is_of_the_published_cards(drawn):
    fold(Account(), drawn, PUBLISHED)


@given(timelines(cancels=False))
def test_without_cancels_the_plan_goes_on(drawn):
    assert fold(Account(), drawn, PUBLISHED)[0].plan is not None


@given(hostile_timelines())
def test_a_hostile_timeline_has_ids_of_its_own(drawn):
    ids = [command.id for command in drawn if not isinstance(command, Advance)]
    assert len(set(ids)) == len(ids)


class Reached(NamedTuple):
    """Something that must be able to happen, and how many commands it takes."""

    happens: object
    commands: int


def said(kind: type, times: int = 1) -> object:
    return lambda drawn: sum(isinstance(command, kind) for command in drawn) >= times


def led_to(**fields: object) -> object:
    def happens(drawn: list[Command]) -> bool:
        return any(
            all(getattr(entry, name, None) == value for name, value in fields.items())
            for entry in fold(Account(), drawn, PUBLISHED)[1]
        )

    return happens


@pytest.mark.parametrize(
    "reached",
    [
        Reached(said(Record), 2),
        Reached(said(Settle), 3),
        Reached(said(Subscribe, 2), 3),
        Reached(led_to(reason="overage"), 2),
        Reached(lambda drawn: drawn[0].interval == "annual", 1),
    ],
)
def test_whatever_happens_in_a_plans_life_is_drawn_and_shrinks_to_few_commands(reached):
    drawn = smallest(timelines(), reached.happens)
    assert len(drawn) == reached.commands, drawn


def test_a_failing_property_shrinks_to_the_smallest_numbers():
    def used_up(drawn: list[Command]) -> bool:
        return any(isinstance(command, Record) and command.usage.output_tokens > 1_000 for command in drawn)

    first, second = smallest(timelines(), used_up)
    assert first == Subscribe("c00", START, "lite")
    assert second == Record("c01", START, Usage(second.usage.model, output_tokens=1_001))


def test_a_smallest_usage_is_nothing_of_the_first_model():
    assert smallest(usages(CARD, models=["flat", "triple"])) == Usage("flat")


@pytest.mark.parametrize("cards", [[], ["tiers"]])
def test_a_book_whose_cards_have_no_tier_in_common_has_no_timelines(cards):
    other = CARD.derive(
        {"version": "2026-01-02", "effective_from": CARD.effective_from + timedelta(days=1), "tiers": None}
    )
    book = RateBook([CARD, other] if cards else [])
    with pytest.raises(InputError, match="book"):
        smallest(timelines(book))


SMALLER = {"credits": 900, "price": {"USD": 5, "CNY": 40}, "source": "H list"}
THREE_TIERS = RateBook.fixed(CARD.derive({"tiers": {"tiny": SMALLER, "same": {**SMALLER, "credits": 1_000}}}))


@given(timelines(THREE_TIERS))
def test_of_tiers_with_as_many_credits_one_is_bought(drawn):
    tiers = {command.tier for command in drawn if isinstance(command, Subscribe | ChangeTier)}
    assert tiers <= {"tiny", "small"}


# --- single commands and types ---------------------------------------------------------------------------


@given(commands())
def test_commands_are_of_any_kind_and_of_sold_tiers(command):
    if isinstance(command, Subscribe | ChangeTier):
        assert command.tier in load_card(list_cards()[-1]).tiers


@given(commands(Grant, Hold))
def test_commands_are_of_the_kinds_given(command):
    assert isinstance(command, Grant | Hold)


class Invoice(NamedTuple):
    usage: Usage
    card: RateCard
    command: Record | Cancel


@given(st.builds(Invoice), st.from_type(RateBook), st.from_type(Command), st.from_type(Hold))
def test_the_types_are_known_to_hypothesis(invoice, book, command, hold):
    assert quote(load_card(list_cards()[-1]), invoice.usage).unpriced == {}
    assert isinstance(invoice.command, Record | Cancel)
    assert invoice.card.provider == next(iter(book)).provider == "tiny"
    assert isinstance(command, Command)
    assert isinstance(hold, Hold)


def test_without_hypothesis_the_error_says_what_to_install(monkeypatch):
    for name in [name for name in sys.modules if name.startswith("mimo_credits.testing.strategies")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    with pytest.raises(ImportError, match=r"pip install 'mimo_credits\[testing\]'"):
        importlib.import_module("mimo_credits.testing.strategies")


# --- the entry point, in a fresh interpreter -------------------------------------------------------------


@pytest.mark.parametrize(
    "imports",
    [
        "from hypothesis import strategies as st\nfrom mimo_credits import Usage, load_book",
        "from mimo_credits import Usage, load_book\nfrom hypothesis import strategies as st",
        "from mimo_credits.testing import strategies\nfrom mimo_credits import Usage, load_book\nfrom hypothesis import strategies as st",
    ],
)
def test_the_types_are_known_whatever_is_imported_first(imports):
    check = "found = st.from_type(Usage).example(); load_book().quote(found, list(load_book())[-1].effective_from)"
    run(f"{imports}\nimport warnings\nwarnings.simplefilter('ignore')\n{check}")


def test_hypothesis_alone_does_not_load_the_strategies():
    run(
        "import hypothesis, sys\n"
        "assert '_mimo_credits_hypothesis' in sys.modules\n"
        "assert 'mimo_credits.testing' not in sys.modules"
    )


def test_without_hypothesis_plugins_the_types_are_known_from_the_strategies_on():
    run(
        "import sys, warnings\n"
        "from hypothesis import strategies as st\n"
        "assert 'mimo_credits' not in sys.modules\n"
        "from mimo_credits import Command, Record, Usage\n"
        "from mimo_credits.testing.strategies import usages\n"
        "warnings.simplefilter('ignore')\n"
        "for kind in (Record, Command):\n"
        "    assert isinstance(st.from_type(kind).example(), kind)\n"
        "assert repr(st.from_type(Usage)) == repr(usages())",
        HYPOTHESIS_NO_PLUGINS="1",
    )


def run(source: str, **variables: str) -> None:
    environment = {**os.environ, **variables}
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
