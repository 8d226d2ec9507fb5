"""Whatever is given from outside ends in a value or in the documented error: the promise a parser makes.

Bytes to the card loader, and JSON to the readers of usage, of responses and of the console's answer. (`test_wire` does
the same for the wire.) `make thorough` runs it long. Time is bounded by the size of what is given: no example may take
more than a few seconds, however the machine is loaded.
"""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mimo_credits import Account, InputError, RateCard, RateCardError, Record, Usage, load_card, reconcile
from mimo_credits.catalog import rates_folder

PUBLISHED = (rates_folder() / "mimo" / "2026-05-27.1.toml").read_bytes()
SECONDS = 20

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=5)
)


def with_fields(*names):
    """JSON objects that have the right keys and any values."""
    return st.dictionaries(st.sampled_from(names), json_values, max_size=len(names))


counts = with_fields(
    *("prompt_tokens", "completion_tokens", "input_tokens", "output_tokens", "seconds"),
    *("cache_read_input_tokens", "cache_creation_input_tokens", "prompt_tokens_details", "input_tokens_details"),
    *("web_search_usage", "server_tool_use"),
)
plausible_counts = st.fixed_dictionaries(
    {"prompt_tokens": st.integers(), "completion_tokens": st.integers()},
    optional={"prompt_tokens_details": st.dictionaries(st.just("cached_tokens"), st.integers() | scalars)},
)
responses = st.fixed_dictionaries(
    {},
    optional={
        "id": scalars,
        "model": scalars,
        "created": scalars,
        "timestamp": scalars | st.datetimes().map(str),
        "usage": counts | plausible_counts | json_values,
    },
)


def bounded(read, value, *errors):
    """Reads; anything but a value or one of the errors goes through, and so does taking too long."""
    started = time.perf_counter()
    try:
        return read(value)
    except errors:
        return None
    finally:
        assert time.perf_counter() - started < SECONDS, "reading took beyond all proportion"


@given(st.binary(max_size=400))
@example(b"revision = 0x" + b"f" * 100_000)
@example(b"a = " + b"[" * 20_000)
@example(b"a = 1e999999999999")
@example(b"\xff\xfe")
@example(b"version = '2026-05-27'\neffective_from = 9999-12-31T23:59:59-23:59")
def test_any_bytes_are_a_card_or_a_card_error(raw):
    assert bounded(RateCard.from_toml, raw, RateCardError) is None, "no random bytes make a card"


@given(st.data())
def test_a_damaged_card_is_a_card_or_a_card_error(data):
    """A published card with one piece cut out, or replaced by something else."""
    start = data.draw(st.integers(0, len(PUBLISHED)))
    end = data.draw(st.integers(start, min(len(PUBLISHED), start + 40)))
    piece = data.draw(st.binary(max_size=20) | st.sampled_from([b"-1", b"inf", b"nan", b"true", b"[]", b"{}", b'""']))
    card = bounded(RateCard.from_toml, PUBLISHED[:start] + piece + PUBLISHED[end:], RateCardError)
    if card is not None:
        assert card.table.peak.bands


@given(json_values | with_fields("version", "tiers", "models", "policy", "cycle", "off_peak", "sources"))
def test_any_change_derives_a_card_or_a_card_error(changes):
    card = load_card("2026-05-27.1")
    derive = card.derive if isinstance(changes, dict) else lambda changes: card.derive({"models": changes})
    derived = bounded(derive, changes, RateCardError)
    if derived is not None:
        assert not derived.published


@pytest.mark.parametrize("read", [Usage.from_openai, Usage.from_anthropic, Usage.from_response])
@given(payload=counts | responses | plausible_counts | json_values)
def test_any_json_is_a_usage_or_an_input_error(read, payload):
    usage = bounded(read, payload, InputError)
    if usage is not None:
        assert 0 <= usage.cached_tokens <= usage.input_tokens


@given(responses | json_values)
def test_any_json_is_a_record_or_an_input_error(payload):
    record = bounded(Record.from_response, payload, InputError)
    if record is not None:
        assert record.at.utcoffset() is not None


items = st.lists(with_fields("name", "used", "limit", "percent") | json_values, max_size=4)
consoles = st.fixed_dictionaries(
    {"data": st.fixed_dictionaries({}, optional={"usage": st.fixed_dictionaries({"items": items | json_values})})}
)


@given(consoles | json_values)
def test_any_json_is_a_console_answer_or_an_input_error(payload):
    found = bounded(lambda payload: reconcile(Account(), payload), payload, InputError)
    if found is not None:
        assert all(item.console_used >= 0 for item in found.items)
