"""`Usage` and the readers of the providers' own usage JSON: every convention becomes one, and nothing is invented."""

from __future__ import annotations

import pickle
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimo_credits import InputError, Usage
from mimo_credits.usage import MAX_COUNT

COUNTS = ("input_tokens", "cached_tokens", "output_tokens", "audio_seconds", "web_searches", "images")
MODEL = "mimo-v2.5-pro"

CHAT = {
    "prompt_tokens": 2106,
    "completion_tokens": 204,
    "total_tokens": 2310,
    "prompt_tokens_details": {"cached_tokens": 192},
    "completion_tokens_details": {"reasoning_tokens": 0},
    "web_search_usage": {"tool_usage": 3, "page_usage": 3},
}
RESPONSES = {
    "input_tokens": 700,
    "input_tokens_details": {"cached_tokens": 300},
    "output_tokens": 90,
    "output_tokens_details": {"reasoning_tokens": 80},
    "total_tokens": 790,
}
MESSAGES = {
    "input_tokens": 100,
    "output_tokens": 50,
    "cache_read_input_tokens": 2_000,
    "cache_creation_input_tokens": 300,
    "server_tool_use": {"web_search_requests": 2},
}
EMPTY_CHAT = {"prompt_tokens": 0, "completion_tokens": 0}


def refused(function, *arguments, **named) -> InputError:
    with pytest.raises(InputError) as caught:
        function(*arguments, **named)
    assert str(caught.value) == f"{caught.value.field}: {caught.value.why}"
    return caught.value


# --- the value --------------------------------------------------------------------------------------------------------


def test_a_usage_is_a_frozen_value_that_starts_at_zero():
    usage = Usage(MODEL)
    assert [getattr(usage, name) for name in COUNTS] == [0] * 6
    assert usage == Usage(MODEL, input_tokens=0)
    assert hash(usage) == hash(Usage(MODEL))
    assert usage != Usage(MODEL, web_searches=1)
    assert pickle.loads(pickle.dumps(usage)) == usage
    with pytest.raises(AttributeError):
        usage.output_tokens = 5


def test_counts_are_given_by_name():
    with pytest.raises(TypeError):
        Usage(MODEL, 100)


@given(st.integers(0, MAX_COUNT), st.data())
def test_misses_are_the_input_that_was_not_cached(total, data):
    cached = data.draw(st.integers(0, total))
    usage = Usage(MODEL, input_tokens=total, cached_tokens=cached)
    assert usage.cached_tokens + usage.missed_tokens == total


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("count", [True, False, 1.0, 2.5, "7", None, float("nan")])
def test_a_count_is_a_whole_number_and_nothing_like_it(name, count):
    error = refused(Usage, MODEL, **{name: count})
    assert (error.field, error.why) == (name, f"needs a whole number, not {count!r}")


@pytest.mark.parametrize("name", COUNTS)
def test_a_count_is_not_negative(name):
    error = refused(Usage, MODEL, **{name: -1})
    assert (error.field, error.why[:11]) == (name, "is negative")


@pytest.mark.parametrize("name", [name for name in COUNTS if name != "cached_tokens"])
def test_a_count_has_a_bound(name):
    assert getattr(Usage(MODEL, **{name: MAX_COUNT}), name) == MAX_COUNT
    error = refused(Usage, MODEL, **{name: MAX_COUNT + 1})
    assert (error.field, error.why) == (name, "is beyond 1,000,000,000,000,000, more than one usage can hold")


def test_cached_tokens_have_the_same_bound():
    error = refused(Usage, MODEL, input_tokens=MAX_COUNT, cached_tokens=MAX_COUNT + 1)
    assert (error.field, error.why[:9]) == ("cached_tokens", "is beyond")


@pytest.mark.parametrize("count", [10**5_000, -(10**5_000)], ids=["enormous", "enormously negative"])
def test_an_integer_too_long_to_print_is_still_an_input_error(count):
    assert refused(Usage, MODEL, input_tokens=count).field == "input_tokens"


def test_no_more_is_cached_than_was_read():
    assert Usage(MODEL, input_tokens=1_000, cached_tokens=1_000).missed_tokens == 0
    error = refused(Usage, MODEL, input_tokens=1_000, cached_tokens=1_001)
    assert error.field == "cached_tokens"
    assert error.why == "1,001 exceeds input_tokens 1,000, which include the cached ones"


@pytest.mark.parametrize("model", ["", None, 5, b"mimo-v2.5", "\ud800", "mimo-\udfff"])
def test_a_usage_names_its_model(model):
    error = refused(Usage, model)
    assert (error.field, error.why) == ("model", f"needs a model id, not {model!r}")


# --- OpenAI-style -----------------------------------------------------------------------------------------------------


def test_a_chat_completion_is_read_whole():
    response = {"id": "a", "object": "chat.completion", "created": 1, "model": MODEL, "choices": [], "usage": CHAT}
    expected = Usage(MODEL, input_tokens=2106, cached_tokens=192, output_tokens=204, web_searches=3)
    assert Usage.from_openai(response) == expected
    assert Usage.from_openai(MappingProxyType(response)) == expected
    assert Usage.from_openai(CHAT, model=MODEL) == expected
    assert Usage.from_response(response) == expected


def test_details_overlap_and_are_never_added_up():
    usage = {
        "prompt_tokens": 46,
        "completion_tokens": 20,
        "total_tokens": 66,
        "seconds": 4,
        "prompt_tokens_details": {"audio_tokens": 25, "cached_tokens": 45, "image_tokens": 9},
        "completion_tokens_details": {"reasoning_tokens": 20, "audio_tokens": 20},
    }
    expected = Usage("m", input_tokens=46, cached_tokens=45, output_tokens=20, audio_seconds=4)
    assert Usage.from_openai(usage, model="m") == expected


def test_the_responses_api_is_read():
    response = {"id": "r", "created_at": 1, "model": MODEL, "usage": RESPONSES}
    expected = Usage(MODEL, input_tokens=700, cached_tokens=300, output_tokens=90)
    assert Usage.from_openai(response) == expected
    assert Usage.from_openai(RESPONSES, model=MODEL) == expected
    assert Usage.from_response(response) == expected


def test_what_the_api_leaves_out_or_sets_to_null_is_zero():
    plain = Usage(MODEL, input_tokens=5, output_tokens=7)
    nulls = {
        "prompt_tokens_details": None,
        "completion_tokens_details": None,
        "web_search_usage": None,
        "seconds": None,
    }
    for more in ({}, nulls, {"prompt_tokens_details": {}}, {"prompt_tokens_details": {"cached_tokens": None}}):
        assert Usage.from_openai({"prompt_tokens": 5, "completion_tokens": 7, **more}, model=MODEL) == plain


@pytest.mark.parametrize(
    ("usage", "field", "why"),
    [
        ({"prompt_tokens": 5}, "usage.completion_tokens", "is missing"),
        ({"completion_tokens": 5}, "usage.prompt_tokens", "is missing"),
        ({"prompt_tokens": None, "completion_tokens": 5}, "usage.prompt_tokens", "is missing"),
        ({"input_tokens": 5}, "usage.output_tokens", "is missing"),
        ({}, "usage.prompt_tokens", "is missing"),
        (EMPTY_CHAT | {"prompt_tokens": "5"}, "usage.prompt_tokens", "needs a whole number, not '5'"),
        (EMPTY_CHAT | {"prompt_tokens": 5.0}, "usage.prompt_tokens", "needs a whole number, not 5.0"),
        (EMPTY_CHAT | {"prompt_tokens": True}, "usage.prompt_tokens", "needs a whole number, not True"),
        (EMPTY_CHAT | {"completion_tokens": -1}, "usage.completion_tokens", "is negative"),
        (EMPTY_CHAT | {"seconds": 3.5}, "usage.seconds", "needs a whole number, not 3.5"),
        (EMPTY_CHAT | {"prompt_tokens_details": 5}, "usage.prompt_tokens_details", "needs a JSON object, not 5"),
        (EMPTY_CHAT | {"web_search_usage": []}, "usage.web_search_usage", "needs a JSON object, not []"),
        (
            EMPTY_CHAT | {"web_search_usage": {"tool_usage": "3"}},
            "usage.web_search_usage.tool_usage",
            "needs a whole number, not '3'",
        ),
        (
            EMPTY_CHAT | {"prompt_tokens_details": {"cached_tokens": -3}},
            "usage.prompt_tokens_details.cached_tokens",
            "is negative",
        ),
        (
            {"input_tokens": 5, "output_tokens": 5, "input_tokens_details": {"cached_tokens": []}},
            "usage.input_tokens_details.cached_tokens",
            "needs a whole number, not []",
        ),
        (
            EMPTY_CHAT | {"prompt_tokens_details": {"cached_tokens": 1}},
            "cached_tokens",
            "1 exceeds input_tokens 0, which include the cached ones",
        ),
    ],
)
def test_what_is_wrong_in_an_openai_usage_is_named(usage, field, why):
    error = refused(Usage.from_openai, usage, model=MODEL)
    assert (error.field, error.why[: len(why)]) == (field, why)


# --- Anthropic-style --------------------------------------------------------------------------------------------------


def test_anthropic_input_leaves_out_the_cache_so_both_are_added():
    """2,000 read from the cache are hits; 300 written to it are misses, without a surcharge."""
    response = {"id": "msg", "type": "message", "model": MODEL, "usage": MESSAGES}
    expected = Usage(MODEL, input_tokens=2_400, cached_tokens=2_000, output_tokens=50, web_searches=2)
    assert expected.missed_tokens == 400
    assert Usage.from_anthropic(response) == expected
    assert Usage.from_anthropic(MESSAGES, model=MODEL) == expected
    assert Usage.from_response(response) == expected


def test_anthropic_nulls_are_zero():
    plain = {"input_tokens": 9, "output_tokens": 4}
    nulls = {"cache_read_input_tokens": None, "cache_creation_input_tokens": None, "server_tool_use": None}
    expected = Usage(MODEL, input_tokens=9, output_tokens=4)
    assert Usage.from_anthropic(plain, model=MODEL) == expected
    assert Usage.from_anthropic(plain | nulls, model=MODEL) == expected
    assert Usage.from_response(plain, model=MODEL) == expected


@pytest.mark.parametrize(
    ("usage", "field", "why"),
    [
        ({"input_tokens": 5}, "usage.output_tokens", "is missing"),
        ({"output_tokens": 5}, "usage.input_tokens", "is missing"),
        (MESSAGES | {"cache_read_input_tokens": -2}, "usage.cache_read_input_tokens", "is negative"),
        (
            MESSAGES | {"cache_creation_input_tokens": "2"},
            "usage.cache_creation_input_tokens",
            "needs a whole number, not '2'",
        ),
        (MESSAGES | {"server_tool_use": "2"}, "usage.server_tool_use", "needs a JSON object, not '2'"),
        (
            MESSAGES | {"server_tool_use": {"web_search_requests": 1.0}},
            "usage.server_tool_use.web_search_requests",
            "needs a whole number, not 1.0",
        ),
        (
            MESSAGES | {"input_tokens": MAX_COUNT},
            "input_tokens",
            "is beyond 1,000,000,000,000,000, more than one usage can hold",
        ),
    ],
)
def test_what_is_wrong_in_an_anthropic_usage_is_named(usage, field, why):
    error = refused(Usage.from_anthropic, usage, model=MODEL)
    assert (error.field, error.why[: len(why)]) == (field, why)


# --- either ------------------------------------------------------------------------------------------------------------


def test_shapes_are_told_apart_by_their_fields():
    """The same numbers mean other things: cached tokens inside the input, or beside it."""
    inside = {"input_tokens": 10, "output_tokens": 0, "input_tokens_details": {"cached_tokens": 4}}
    beside = {"input_tokens": 10, "output_tokens": 0, "cache_read_input_tokens": 4}
    assert Usage.from_response(inside, model="m") == Usage("m", input_tokens=10, cached_tokens=4)
    assert Usage.from_response(beside, model="m") == Usage("m", input_tokens=14, cached_tokens=4)


HINTS = {str: "; json.loads it first"}


@pytest.mark.parametrize("read", [Usage.from_openai, Usage.from_anthropic, Usage.from_response])
@pytest.mark.parametrize("payload", [None, [], "usage", 5])
def test_a_payload_is_a_json_object(read, payload):
    error = refused(read, payload)
    assert (error.field, error.why) == (
        "payload",
        f"needs a JSON object, not {type(payload).__name__}{HINTS.get(type(payload), '')}",
    )


@pytest.mark.parametrize("read", [Usage.from_openai, Usage.from_anthropic, Usage.from_response])
@pytest.mark.parametrize("usage", [None, [], "12"])
def test_a_response_has_a_usage_object(read, usage):
    """A streamed chunk before the last says `"usage": null`: that is no usage of zero."""
    error = refused(read, {"model": MODEL, "usage": usage})
    assert (error.field, error.why) == ("usage", f"needs a JSON object, not {usage!r}")


def test_a_usage_of_neither_shape_is_refused():
    error = refused(Usage.from_response, {"model": MODEL, "usage": {"total_tokens": 5}})
    assert error.field == "usage"
    assert error.why == "has neither prompt_tokens (OpenAI) nor input_tokens (Anthropic)"


@pytest.mark.parametrize(
    ("read", "usage"),
    [(Usage.from_openai, CHAT), (Usage.from_anthropic, MESSAGES), (Usage.from_response, MESSAGES)],
)
def test_the_model_comes_from_the_payload_or_from_the_caller(read, usage):
    assert read({"model": "theirs", "usage": usage}).model == "theirs"
    assert read({"model": "theirs", "usage": usage}, model="ours").model == "ours"
    for payload in (usage, {"usage": usage}, {"model": None, "usage": usage}, {"model": 5, "usage": usage}):
        error = refused(read, payload)
        assert (error.field, error.why) == ("model", "is missing: the payload names none, and none was given")
    assert refused(read, usage, model="").field == "model"


counts = st.integers(0, 10**9)


@given(counts, counts, counts, counts)
def test_both_conventions_of_one_request_give_one_usage(hit, miss, written, output):
    anthropic = {
        "input_tokens": miss,
        "cache_read_input_tokens": hit,
        "cache_creation_input_tokens": written,
        "output_tokens": output,
    }
    openai = {
        "prompt_tokens": hit + miss + written,
        "completion_tokens": output,
        "prompt_tokens_details": {"cached_tokens": hit},
    }
    assert Usage.from_anthropic(anthropic, model="m") == Usage.from_openai(openai, model="m")


texts = st.sampled_from(["", "5", "model", "usage", "cached_tokens"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)
FIELDS = sorted({"model", "usage", *CHAT, *RESPONSES, *MESSAGES, "seconds"})


@given(st.dictionaries(st.sampled_from(FIELDS), json_values | st.just(CHAT) | st.just(MESSAGES), max_size=6))
def test_whatever_json_arrives_it_is_read_or_an_input_error(payload):
    for read in (Usage.from_openai, Usage.from_anthropic, Usage.from_response):
        try:
            usage = read(payload, model=MODEL)
        except InputError:
            continue
        assert 0 <= usage.cached_tokens <= usage.input_tokens <= MAX_COUNT
