"""JSON in and out: what is written is read back as the same value, and nothing else is ever read.

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
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, get_args

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
from tests.wire_values import AT, BEIJING, SAMPLES, anything, values

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


def assert_same(found: Any, value: Any) -> None:
    assert found == value
    assert type(found) is type(value)
    assert dumps(found) == dumps(value)  # equal is not the same: 1 == True, and 46.00 == 46
    assert repr(type(found)) == repr(type(value))


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
    written = [dumps(Billed(AT, Decimal(text), "USD", "usage", "")) for text in ("46", "46.00", "-0.5", "1E+3", "1E-7")]
    assert [json.loads(text)["amount"] for text in written] == ["46", "46.00", "-0.5", "1000", "0.0000001"]
    assert str(loads(written[1]).amount) == "46.00"


@pytest.mark.parametrize("text", ["2026-05-27T00:00:00+08:00", "2026-05-26T16:00:00Z", "2026-05-26T13:00:00.000-03:00"])
def test_instants_are_read_with_any_offset_and_written_in_utc(text):
    read = from_data({"v": 1, "type": "lapsed", "at": text, "reason": "cancelled"})
    assert read.at == AT
    assert dumps(read) == dumps(Lapsed(AT.astimezone(BEIJING), "cancelled"))
    assert '"2026-05-26T16:00:00Z"' in dumps(read)


# --- nothing else is read --------------------------------------------------------------------------------


MAPS = {"holds", "money", "money_due", "unbilled", "unpriced"}
"""Objects whose keys are no fields, but names."""


def leaves(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[list[Any], Any]]:
    """The path and the value of everything in the data that is neither object nor array."""
    if not isinstance(data, dict | list):
        yield list(path), data
        return
    for key, value in data.items() if isinstance(data, dict) else enumerate(data):
        yield from leaves(value, (*path, key))


def objects(data: Any, path: tuple[Any, ...] = ()) -> Iterator[list[Any]]:
    """The paths of all objects in the data that have fields."""
    if isinstance(data, dict) and not (path and path[-1] in MAPS):
        yield list(path)
    inside = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in inside:
        yield from objects(value, (*path, key))


def at(data: Any, path: list[Any]) -> Any:
    for key in path:
        data = data[key]
    return data


def written_path(path: list[Any]) -> str:
    text = ""
    for before, key in zip([None, *path], path, strict=False):
        text += f"[{key!r}]" if isinstance(key, int) or before in MAPS else f".{key}"
    return text.removeprefix(".")


def refusal(data: Any) -> InputError:
    with pytest.raises(InputError) as caught:
        from_data(data)
    with pytest.raises(InputError):
        loads(json.dumps(data))
    return caught.value


@pytest.mark.parametrize("tag", TAGS)
def test_every_field_has_to_be_there_and_no_other(tag):
    for path in objects(to_data(SAMPLES[tag])):
        for name in list(at(to_data(SAMPLES[tag]), path)):
            data = to_data(SAMPLES[tag])
            del at(data, path)[name]
            assert refusal(data).field == written_path([*path, name])
        data = to_data(SAMPLES[tag])
        at(data, path)["surplus"] = None
        assert refusal(data).field == written_path([*path, "surplus"])


@pytest.mark.parametrize("wrong", [1.5, float("nan"), True, 2**53, -(2**80), [5], {"x": 5}, "\ud800", b"5", object()])
@pytest.mark.parametrize("tag", TAGS)
def test_a_value_of_the_wrong_type_is_refused_wherever_it_stands(tag, wrong):
    for path, leaf in leaves(to_data(SAMPLES[tag])):
        if wrong is True and (type(leaf) is bool or path[-1] == "first_purchase"):
            continue
        data = to_data(SAMPLES[tag])
        at(data, path[:-1])[path[-1]] = wrong
        with pytest.raises(InputError) as caught:
            from_data(data)
        assert caught.value.field.startswith(written_path(path))


POSTING = to_data(SAMPLES["posting"])
RECORD = to_data(SAMPLES["record"])
HOLD = to_data(SAMPLES["account"])["holds"]["hold-1"]


def changed(data: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {**data, **fields}


def with_rule(**fields: Any) -> dict[str, Any]:
    data = to_data(SAMPLES["cycle-opened"])
    data["cycle"]["rule"].update(fields)
    return data


def with_cycle(**fields: Any) -> dict[str, Any]:
    data = to_data(SAMPLES["cycle-opened"])
    data["cycle"].update(fields)
    return data


def with_entry(entry: Any) -> dict[str, Any]:
    data = to_data(SAMPLES["snapshot"])
    data["accounts"][1]["entries"].append(entry)
    return data


def with_part(part: Any) -> dict[str, Any]:
    data = to_data(SAMPLES["account"])
    data["holds"]["hold-1"]["parts"].append(part)
    return data


@pytest.mark.parametrize(
    ("data", "field", "why"),
    [
        # the envelope
        (None, "json", "an object"),
        ([POSTING], "json", "an object"),
        ({}, "v", "version 1"),
        (changed(POSTING, v=2), "v", "version 1"),
        (changed(POSTING, v="1"), "v", "version 1"),
        (changed(POSTING, v=True), "v", "version 1"),
        (changed(POSTING, v=1.0), "v", "version 1"),
        (changed(POSTING, type="postings"), "type", "not 'postings'"),
        (changed(POSTING, type=["posting"]), "type", "needs one of"),
        ({"v": 1, "type": "list"}, "items", "array"),
        ({"v": 1, "type": "list", "items": {}}, "items", "array"),
        ({"v": 1, "type": "list", "items": [], "more": 1}, "items", "only field"),
        ({"v": 1, "type": "tuple", "items": [5]}, "items[0]", "an object"),
        ({"v": 1, "type": "tuple", "items": [{}]}, "items[0].type", "needs one of"),
        ({"v": 1, "type": "list", "items": [{"type": "list", "items": []}]}, "items[0].type", "not 'list'"),
        ({"v": 1, "type": "list", "items": [POSTING]}, "items[0].v", "no field"),
        # millicredits
        (changed(POSTING, millicredits=5), "millicredits", "as a text"),
        (changed(POSTING, millicredits="5.0"), "millicredits", "as a text"),
        (changed(POSTING, millicredits="05"), "millicredits", "as a text"),
        (changed(POSTING, millicredits="-0"), "millicredits", "as a text"),
        (changed(POSTING, millicredits="+5"), "millicredits", "as a text"),
        (changed(POSTING, millicredits="5_0"), "millicredits", "as a text"),
        (changed(POSTING, millicredits="5\n"), "millicredits", "as a text"),
        (changed(POSTING, millicredits="٥"), "millicredits", "as a text"),
        (changed(POSTING, millicredits=""), "millicredits", "as a text"),
        (changed(POSTING, millicredits="9" * 4001), "millicredits", "4000 digits"),
        (changed(POSTING, millicredits="0"), "millicredits", "more than 0"),
        (changed(POSTING, millicredits="-5"), "millicredits", "more than 0"),
        # instants
        (changed(POSTING, at="2026-05-27T00:00:00"), "at", "time zone"),
        (changed(POSTING, at="2026-05-27"), "at", "time zone"),
        (changed(POSTING, at="2026-05-27 00:00:00Z"), "at", "ISO 8601"),
        (changed(POSTING, at="2026-02-30T00:00:00Z"), "at", "ISO 8601"),
        (changed(POSTING, at="0001-01-01T00:00:00+08:00"), "at", "ISO 8601"),
        (changed(POSTING, at=1779811200), "at", "ISO 8601"),
        (changed(POSTING, at="2026-05-27T00:00:00Z" + " " * 40), "at", "ISO 8601"),
        # other fields
        (changed(POSTING, reason="theft"), "reason", "'usage'"),
        (changed(POSTING, ref=None), "ref", "a text"),
        (changed(to_data(SAMPLES["scheduled"]), cancel=1), "cancel", "true or false"),
        (changed(to_data(SAMPLES["accrued"]), amount="7"), "amount", "whole number"),
        (changed(to_data(SAMPLES["accrued"]), amount="7/0"), "amount", "ratio"),
        (changed(to_data(SAMPLES["accrued"]), amount="7/-3"), "amount", "ratio"),
        (changed(to_data(SAMPLES["billed"]), amount="NaN"), "amount", "decimal"),
        (changed(to_data(SAMPLES["billed"]), amount="Infinity"), "amount", "decimal"),
        (changed(to_data(SAMPLES["billed"]), amount="1E+999999999"), "amount", "decimal"),
        (changed(to_data(SAMPLES["billed"]), amount="9" * 4001), "amount", "decimal"),
        (changed(to_data(SAMPLES["account"]), buckets=[5]), "buckets[0]", "an object"),
        (changed(to_data(SAMPLES["account"]), buckets={}), "buckets", "an array"),
        (changed(to_data(SAMPLES["account"]), holds=[]), "holds", "an object"),
        (changed(to_data(SAMPLES["account"]), holds={"a b": 5}), "holds['a b']", "an object"),
        (changed(to_data(SAMPLES["account"]), holds={"\ud800": HOLD}), r"holds['\ud800']", "surrogates"),
        (changed(to_data(SAMPLES["account"]), holds={5: HOLD}), "holds[5]", "a text"),
        (with_entry(5), "accounts[1].entries[2]", "an object"),
        (with_entry({**RECORD, "v": 1}), "accounts[1].entries[2].type", "not 'record'"),
        (with_entry(changed(POSTING, at=None)), "accounts[1].entries[2].v", "no field"),
        (with_entry({"type": "lapsed", "at": "now", "reason": "cancelled"}), "accounts[1].entries[2].at", "ISO 8601"),
        (with_part(["allowance"]), "holds['hold-1'].parts[2][1]", "is missing"),
        (with_part(["allowance", "5", "6"]), "holds['hold-1'].parts[2]", "more than 2"),
        ({**POSTING, 5: 6}, "[5]", "no field"),
        # the values' own checks
        (changed(RECORD, id=""), "id", "1 to 256 characters"),
        (changed(RECORD, at="1969-12-31T23:59:59Z"), "at", "years 1970"),
        (changed(RECORD, usage=changed(RECORD["usage"], cached_tokens=1201)), "usage.cached_tokens", "exceeds"),
        (changed(RECORD, usage=changed(RECORD["usage"], output_tokens=-1)), "usage.output_tokens", "negative"),
        (changed(RECORD, usage=changed(RECORD["usage"], output_tokens=2**53)), "usage.output_tokens", "2**53"),
        (changed(RECORD, usage=changed(RECORD["usage"], output_tokens="34")), "usage.output_tokens", "whole number"),
        (changed(to_data(SAMPLES["grant"]), credits="0.0001"), "credits", "finer than 0.001"),
        (changed(to_data(SAMPLES["grant"]), credits=5), "credits", "as a text"),
        (changed(to_data(SAMPLES["grant"]), expires_at="2026-05-26T16:00:00Z"), "expires_at", "not later"),
        (changed(to_data(SAMPLES["hold"]), credits="5"), "usage", "either usage or credits"),
        # a cycle that would never end, or end in another exception
        (with_rule(days=0), "cycle.rule.days", "either days or months"),
        (with_rule(months=1), "cycle.rule.days", "either days or months"),
        (with_rule(days=-1), "cycle.rule.days", "0 to 36,500"),
        (with_rule(days=36_501), "cycle.rule.days", "0 to 36,500"),
        (with_rule(days=0, months=1_201), "cycle.rule.months", "0 to 1,200"),
        (with_rule(timezone="Europe/Atlantis"), "cycle.rule.timezone", "IANA"),
        (with_rule(timezone="Asia"), "cycle.rule.timezone", "IANA"),
        (with_rule(timezone="../../etc/passwd"), "cycle.rule.timezone", "IANA"),
        (with_rule(timezone="Asia\0"), "cycle.rule.timezone", "IANA"),
        (with_cycle(end="2026-05-26T16:00:00Z"), "cycle.end", "not later"),
        (with_cycle(number=0), "cycle.number", "from 1"),
    ],
)
def test_what_is_wrong_is_said_with_its_path(data, field, why):
    with pytest.raises(InputError) as caught:
        from_data(data)
    assert caught.value.field == field
    assert why in caught.value.why


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (5, "not 5"),
        (bytearray(b"{}"), "not bytearray"),
        ("", "is not JSON"),
        ("{", "is not JSON"),
        ("{} {}", "is not JSON"),
        ("\ufeff{}", "is not JSON"),
        (b'{"v":1,"type":"\xff"}', "not UTF-8 at byte 15"),
        ("{}".encode("utf-16"), "not UTF-8"),
        ("[" * 1_000_000, "nested too deeply"),
        ('{"a":' * 1_000_000, "nested too deeply"),
        ('{"v":NaN}', "NaN"),
        ('{"v":-Infinity}', "-Infinity"),
        ('{"v":' + "9" * 1_000_000 + "}", "beyond 2**53"),
        ('{"v":1,"type":"advance","at":"","at":""}', "the key 'at' twice"),
        ('{"v":1,"type":"advance","at":{"x":1,"y":2,"x":3}}', "the key 'x' twice"),
    ],
)
def test_what_is_no_json_of_ours_is_refused(text, why):
    with pytest.raises(InputError) as caught:
        loads(text)
    assert caught.value.field == "json"
    assert why in caught.value.why


# --- any input ends in a value or in an InputError -------------------------------------------------------

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5) | st.just("5"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def assert_value_or_input_error(text: Any, parse: Any = loads) -> None:
    try:
        value = parse(text)
    except InputError as error:
        str(error).encode()
    else:
        assert_same(loads(dumps(value)), value)


@given(st.binary() | st.text(st.characters()))
def test_any_bytes_end_in_a_value_or_an_input_error(text):
    assert_value_or_input_error(text)


@given(json_values, st.sampled_from([*TAGS, "list", "tuple"]))
def test_any_json_ends_in_a_value_or_an_input_error(data, tag):
    assert_value_or_input_error(json.dumps(data))
    assert_value_or_input_error(json.dumps({"v": 1, "type": tag, "items": data}))
    assert_value_or_input_error({"v": 1, "type": tag, "items": [data]}, from_data)


@given(anything, json_values, st.data())
def test_any_damage_ends_in_a_value_or_an_input_error(value, other, data):
    damaged = to_data(value)
    path, _ = data.draw(st.sampled_from(list(leaves(damaged))))
    path = path[: data.draw(st.integers(1, len(path)))]
    at(damaged, path[:-1])[path[-1]] = other
    assert_value_or_input_error(damaged, from_data)
    assert_value_or_input_error(json.dumps(damaged))


@given(anything, st.binary(max_size=3), st.integers(0), st.integers(0, 3))
def test_any_altered_bytes_end_in_a_value_or_an_input_error(value, other, place, removed):
    text = dumps(value).encode()
    place %= len(text)
    assert_value_or_input_error(text[:place] + other + text[place + removed :])


@pytest.mark.parametrize(
    "data",
    [
        changed(POSTING, **{f"k{number}": 0 for number in range(20_000)}),
        changed(to_data(SAMPLES["account"]), buckets=[5] * 20_000),
        changed(to_data(SAMPLES["account"]), holds={f"k{number}": 5 for number in range(20_000)}),
        {"v": 1, "type": "list", "items": [{}] * 20_000},
    ],
    ids=["unknown fields", "bad items", "bad values", "bad list"],
)
def test_bad_input_is_not_answered_with_a_mountain_of_errors(data):
    refusal(data)  # what is built once is built here
    tracemalloc.start()
    try:
        with pytest.raises(InputError):
            from_data(data)
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("tag", ["posting", "account", "x" * 100_000])
def test_an_error_is_short_however_long_the_input(tag):
    for long in ("x" * 100_000, "9" * 100_000, ["x" * 100_000]):
        data = dict.fromkeys(to_data(SAMPLES["posting"]), long) | {"v": 1, "type": tag, "y" * 100_000: 1}
        assert len(str(refusal(data))) < 500


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
