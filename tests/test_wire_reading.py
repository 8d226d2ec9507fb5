"""JSON that is wrong: whatever it is, the answer is an `InputError` that names the field, soon, and nothing else."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimo_credits.errors import InputError
from mimo_credits.wire import dumps, from_data, loads, to_data
from mimo_credits.wire.kinds import KINDS
from tests.wire_values import SAMPLES, anything, assert_same, leaves

TAGS = sorted(KINDS)
# --- nothing else is read --------------------------------------------------------------------------------


MAPS = {"accrued", "holds", "money", "money_due", "unbilled", "unpriced"}
"""Objects whose keys are no fields, but names."""


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
        (changed(POSTING, at="2026-05-27T00:00:00.1234567Z"), "at", "ISO 8601"),
        (changed(POSTING, at="2026-05-27T00:00Z"), "at", "ISO 8601"),
        (changed(POSTING, at="2026-05-27T00:00:00+08:99"), "at", "ISO 8601"),
        (changed(POSTING, at="٢٠٢٦-05-27T00:00:00Z"), "at", "ISO 8601"),
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
