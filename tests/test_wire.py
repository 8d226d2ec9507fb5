"""JSON in and out: what is written is read back as the same value, and what could not be is not written.

`golden/wire/` holds one file for each type, as version 1 wrote it: those bytes have to stay readable, and, because hashes
are made of them, have to stay what is written.
"""

from __future__ import annotations

import copy
import dataclasses
import json
import subprocess
import sys
import tracemalloc
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mimo_credits.cycle import CycleRule
from mimo_credits.errors import InputError
from mimo_credits.frozen import FrozenMap
from mimo_credits.ledger import Account, Advance, Billed, Command, Entry, Lapsed
from mimo_credits.memory import AccountSnapshot, Snapshot
from mimo_credits.wire import dumps, from_data, loads, to_data
from mimo_credits.wire.kinds import KINDS
from mimo_credits.wire.shapes import COUNTS
from tests.wire_values import AT, BEIJING, SAMPLES, anything, assert_same, leaves, values

GOLDEN = Path(__file__).parent / "golden" / "wire"
TAGS = sorted(KINDS)
HEAVY = {"account", "quote", "restated", "snapshot", "statement"}
"""Large values, which take long to make up: fewer of them are tried."""

# --- old JSON stays readable -----------------------------------------------------------------------------


def test_each_type_has_a_sample_and_a_golden_file():
    assert sorted(SAMPLES) == TAGS
    assert sorted(path.stem for path in GOLDEN.iterdir()) == TAGS
    assert {tag: type(sample) for tag, sample in SAMPLES.items()} == KINDS


def test_every_command_and_entry_has_a_json():
    assert {*get_args(Command), *get_args(Entry)} <= set(KINDS.values())


@pytest.mark.parametrize("tag", TAGS)
def test_golden_json_is_read_and_written_as_ever(tag):
    golden = (GOLDEN / f"{tag}.json").read_text("utf-8").removesuffix("\n")
    assert dumps(SAMPLES[tag]) == golden
    assert_same(loads(golden), SAMPLES[tag])
    assert_same(loads(golden.encode()), SAMPLES[tag])


# --- what is written is read back ------------------------------------------------------------------------


@pytest.mark.parametrize("tag", TAGS)
def test_parse_of_dump_is_the_value(tag):
    @settings(max_examples=settings().max_examples // (5 if tag in HEAVY else 2))
    @given(values(KINDS[tag]))
    def law(value):
        assert_same(loads(dumps(value)), value)
        assert json.loads(dumps(value)) == to_data(value)
        assert_same(from_data(to_data(value)), value)

    law()


@given(st.lists(anything, max_size=4))
def test_a_list_and_a_tuple_are_read_as_such(several):
    assert_same(loads(dumps(several)), several)
    assert_same(loads(dumps(tuple(several))), tuple(several))
    assert_same(from_data(to_data(several)), several)


def test_the_envelope_names_version_and_type_first_and_nested_values_have_neither():
    assert dumps(Advance(AT)) == '{"v":1,"type":"advance","at":"2026-05-26T16:00:00Z"}'
    assert dumps([Advance(AT)]) == '{"v":1,"type":"list","items":[{"type":"advance","at":"2026-05-26T16:00:00Z"}]}'
    assert dumps(()) == '{"v":1,"type":"tuple","items":[]}'
    assert next(iter(to_data(SAMPLES["record"])["usage"])) == "model"


@given(anything)
def test_numbers_that_matter_are_texts(value):
    for path, leaf in leaves(to_data(value)):
        assert type(leaf) in (str, int, bool, type(None))
        if type(leaf) is int:
            assert path == ["v"] or path[-1] in COUNTS
            assert abs(leaf) < 2**53


@given(anything)
def test_equal_values_have_the_same_bytes(value):
    """The chain hashes them. (A Decimal is written with its digits: 46.00 is not 46, though equal.)"""
    assert dumps(copy.deepcopy(value)) == dumps(value)
    assert "\n" not in dumps(value)


def test_equal_maps_have_the_same_bytes():
    amounts = {"USD": Decimal(1), "CNY": Decimal(7), "€": Decimal(2)}
    forwards = dataclasses.replace(SAMPLES["quote"], money=FrozenMap(amounts))
    backwards = dataclasses.replace(SAMPLES["quote"], money=FrozenMap(reversed(amounts.items())))
    assert dumps(forwards) == dumps(backwards)
    assert list(to_data(forwards)["money"]) == ["CNY", "USD", "€"]


def test_decimals_keep_their_digits():
    written = [
        dumps(Billed(AT, Decimal(text), "USD", "usage", "", None, None))
        for text in ("46", "46.00", "-0.5", "1E+3", "1E-7")
    ]
    assert [json.loads(text)["amount"] for text in written] == ["46", "46.00", "-0.5", "1000", "0.0000001"]
    assert str(loads(written[1]).amount) == "46.00"


@pytest.mark.parametrize("text", ["2026-05-27T00:00:00+08:00", "2026-05-26T16:00:00Z", "2026-05-26T13:00:00.000-03:00"])
def test_instants_are_read_with_any_offset_and_written_in_utc(text):
    read = from_data({"v": 1, "type": "lapsed", "at": text, "reason": "cancelled"})
    assert read.at == AT
    assert dumps(read) == dumps(Lapsed(AT.astimezone(BEIJING), "cancelled"))
    assert '"2026-05-26T16:00:00Z"' in dumps(read)


# --- what cannot be read back is not written -------------------------------------------------------------


class Text(str):
    __slots__ = ()


class OddAccount(Account):
    __slots__ = ()


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (5, "type"),
        (None, "type"),
        ({"v": 1}, "type"),
        (CycleRule(30, 0, "day-end", "UTC"), "type"),
        (OddAccount(), "type"),
        ([Advance(AT), 5], "items[1].type"),
        ([[Advance(AT)]], "items[0].type"),
        ((SAMPLES["posting"]._replace(at=None),), "items[0].at"),
        (SAMPLES["posting"]._replace(at=datetime(2026, 5, 27)), "at"),
        (SAMPLES["posting"]._replace(at=datetime.min.replace(tzinfo=BEIJING)), "at"),
        (SAMPLES["posting"]._replace(at="2026-05-26T16:00:00Z"), "at"),
        (SAMPLES["posting"]._replace(millicredits=5.0), "millicredits"),
        (SAMPLES["posting"]._replace(millicredits=True), "millicredits"),
        (SAMPLES["posting"]._replace(millicredits=10**4000), "millicredits"),
        (SAMPLES["posting"]._replace(millicredits=-(10**4000)), "millicredits"),
        (SAMPLES["posting"]._replace(reason="theft"), "reason"),
        (SAMPLES["posting"]._replace(reason=["usage"]), "reason"),
        (SAMPLES["posting"]._replace(reason=Text("usage")), "reason"),
        (SAMPLES["posting"]._replace(ref=Text("x")), "ref"),
        (SAMPLES["posting"]._replace(ref="\ud800"), "ref"),
        (SAMPLES["posting"]._replace(ref=None), "ref"),
        (SAMPLES["scheduled"]._replace(cancel=1), "cancel"),
        (SAMPLES["bucket-opened"]._replace(priority=2**53), "priority"),
        (SAMPLES["bucket-opened"]._replace(priority="1"), "priority"),
        (SAMPLES["accrued"]._replace(amount=Decimal(1)), "amount"),
        (SAMPLES["accrued"]._replace(amount=Fraction(1, 10**4000)), "amount"),
        (SAMPLES["billed"]._replace(amount=46), "amount"),
        (SAMPLES["billed"]._replace(amount=Decimal("NaN")), "amount"),
        (SAMPLES["billed"]._replace(amount=Decimal("Infinity")), "amount"),
        (SAMPLES["billed"]._replace(amount=Decimal("1E+999999")), "amount"),
        (SAMPLES["billed"]._replace(amount=Decimal("1E-999999")), "amount"),
        (SAMPLES["billed"]._replace(amount=Decimal("1." + "0" * 4000)), "amount"),
        (SAMPLES["rated"]._replace(usage=SAMPLES["posting"]), "usage"),
        (SAMPLES["rated"]._replace(rates=SAMPLES["rated"].rates._replace(band=None)), "rates.band"),
        (Snapshot((AccountSnapshot("a", Account(), (5,), ()),)), "accounts[0].entries[0]"),
        (Snapshot((AccountSnapshot("a", Account(), (SAMPLES["cancel"],), ()),)), "accounts[0].entries[0]"),
        (
            Snapshot((AccountSnapshot("a", Account(), (SAMPLES["posting"]._replace(at=None),), ()),)),
            "accounts[0].entries[0].at",
        ),
        (Snapshot((AccountSnapshot("a", OddAccount(), (), ()),)), "accounts[0].account"),
        (Account(buckets=[]), "buckets"),
        (Account(buckets=(5,)), "buckets[0]"),
        (Account(holds={}), "holds"),
        (Account(holds=FrozenMap({"a": 5})), "holds['a']"),
        (Account(holds=FrozenMap({5: SAMPLES["account"].holds["hold-1"]})), "holds[5]"),
        (
            Account(holds=FrozenMap({"a": SAMPLES["account"].holds["hold-1"]._replace(parts=((1, 2),))})),
            "holds['a'].parts[0][0]",
        ),
        (
            Account(holds=FrozenMap({"a": SAMPLES["account"].holds["hold-1"]._replace(parts=(("x",),))})),
            "holds['a'].parts[0]",
        ),
    ],
)
def test_what_could_not_be_read_back_is_not_written(value, field):
    with pytest.raises(InputError) as caught:
        dumps(value)
    assert caught.value.field == field


@pytest.mark.parametrize("amount", ["1E+9999999", "1E-9999999"])
def test_a_short_number_is_not_written_out_at_length(amount):
    billed = SAMPLES["billed"]._replace(amount=Decimal(amount))
    tracemalloc.start()
    try:
        with pytest.raises(InputError):
            dumps(billed)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_numbers_of_any_length_that_is_written_are_read():
    for value in (
        SAMPLES["posting"]._replace(millicredits=10**4000 - 1),
        SAMPLES["accrued"]._replace(amount=Fraction(10**3999, 10**3999 + 1)),
        SAMPLES["billed"]._replace(amount=Decimal("-" + "9" * 3999)),
        SAMPLES["billed"]._replace(amount=Decimal("0E+3999")),
        SAMPLES["billed"]._replace(amount=Decimal("1E-3998")),
    ):
        assert_same(loads(dumps(value)), value)


def test_an_interpreter_that_converts_fewer_digits_is_no_surprise():
    posting = SAMPLES["posting"]._replace(millicredits=10**1000)
    text = dumps(posting)
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(640)
    try:
        with pytest.raises(InputError, match="millicredits"):
            dumps(posting)
        with pytest.raises(InputError, match="millicredits"):
            loads(text)
    finally:
        sys.set_int_max_str_digits(before)


# --- importing costs nothing -----------------------------------------------------------------------------


def test_nothing_is_built_on_import():
    program = (
        "from mimo_credits.wire import dumps, reading, writing, Link; from mimo_credits import Usage; "
        "built = lambda: (writing._fields_writer.cache_info().currsize, reading._adapter.cache_info().currsize); "
        "assert built() == (0, 0); dumps(Usage('m')); assert built() == (1, 0)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
