"""The callback inside LiteLLM itself: each call charged once for what it used, none beyond the limit, no hold left.

LiteLLM answers with its own mock responses, or asks a provider on loopback where the shape of the answer matters.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import nullcontext
from datetime import timedelta
from functools import partial

import litellm
import pytest
from litellm import ModelResponse
from litellm import Usage as LitellmUsage

from mimo_credits import Hold, HoldClosed, HoldOpened, InputError, Usage, charge
from mimo_credits.litellm import CreditsRefused, MimoCreditsLogger, at_most, caller
from tests.litellm.conftest import CARD, START, TEAM

pytestmark = [
    pytest.mark.beyond_core,
    pytest.mark.filterwarnings("default"),  # LiteLLM warns of itself, and differently in each version
]

MODEL = "openai/mimo-v2.5-pro"
MESSAGES = [{"role": "user", "content": "hi"}]
ESTIMATE = Usage("mimo-v2.5-pro", input_tokens=1_000, output_tokens=50)
WITH_CACHED = Usage("mimo-v2.5-pro", input_tokens=1_000, cached_tokens=800, output_tokens=50)
CALLBACKS = (
    *("callbacks", "input_callback", "success_callback", "failure_callback"),
    *("_async_success_callback", "_async_failure_callback", "_async_input_callback"),
)


@pytest.fixture
def listen_to():
    """Makes a logger for a world's ledger, and LiteLLM call it."""

    def install(world, **options):
        defaults = {"account": TEAM, "estimate": lambda _: ESTIMATE, "clock": world.clock}
        logger = MimoCreditsLogger(world.books, **defaults | options)
        litellm.callbacks = [logger]
        return logger

    before = {name: list(getattr(litellm, name)) for name in CALLBACKS}
    yield install
    for name, value in before.items():
        setattr(litellm, name, value)
    litellm.cache = None


@pytest.fixture
def listen(team, listen_to):
    return partial(listen_to, team)


@pytest.fixture
def logger(listen):
    return listen()


def mock(prompt=1_000, answer=50, **details):
    """An answer with its usage, as LiteLLM hands one through."""
    response = ModelResponse(choices=[{"message": {"role": "assistant", "content": "Hello."}}])
    response.usage = LitellmUsage(
        prompt_tokens=prompt, completion_tokens=answer, total_tokens=prompt + answer, **details
    )
    return response


def ask(content="hi", **options):
    messages = [{"role": "user", "content": content}]
    return litellm.acompletion(**{"model": MODEL, "messages": messages, "api_key": "none"} | options)


async def read(stream):
    return [chunk async for chunk in await stream]


async def quiet(world, calls=None):
    """Waits until no hold is open and, where said, so many calls are charged; LiteLLM tells of them a little later."""
    for _ in range(500):
        if not world.account().holds and (calls is None or len(world.charged()) >= calls):
            break
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.1)  # for an event too many, if there were one
    assert not world.account().holds
    assert world.problems() == ()


def holds_of(world):
    return [entry for entry in world.entries() if isinstance(entry, HoldOpened)]


def credits_of(*usages):
    return sum(charge(CARD, usage, at=START) for usage in usages)


def test_a_call_is_charged_for_what_it_used_and_no_more(team, logger):
    async def main():
        await ask(mock_response=mock(900, 40))
        assert team.charged() == [Usage("mimo-v2.5-pro", input_tokens=900, output_tokens=40)], "before the answer"
        await quiet(team)

    left = team.account().remaining_millicredits
    asyncio.run(main())
    assert len(team.charged()) == 1
    assert left - team.account().remaining_millicredits == credits_of(*team.charged())


def test_arguments_without_a_name_are_held_for_as_well(team, listen):
    requests = []
    listen(estimate=lambda request: requests.append(request) or at_most(request))

    async def main():
        await litellm.acompletion(MODEL, MESSAGES, max_tokens=10, api_key="none", mock_response=mock())
        await quiet(team, 1)

    asyncio.run(main())
    assert [(request["model"], request["messages"]) for request in requests] == [(MODEL, MESSAGES)]


def test_a_stream_is_charged_when_it_has_ended(team, logger):
    async def main():
        assert len(await read(ask(mock_response="one two three", stream=True))) > 1
        await quiet(team, 1)

    asyncio.run(main())
    (usage,) = team.charged()
    assert usage.output_tokens == 3


@pytest.mark.parametrize("stream", [False, True])
def test_a_synchronous_call_is_held_and_charged_once(team, logger, stream):
    answer = logger.completion(model=MODEL, messages=MESSAGES, api_key="none", mock_response="one two", stream=stream)
    assert len(list(answer)) > 1 if stream else answer.choices
    asyncio.run(quiet(team, 1))
    assert len(team.charged()) == 1
    assert len(holds_of(team)) == 1


def test_a_synchronous_call_takes_model_and_messages_in_litellms_order(team, listen):
    requests = []
    logger = listen(estimate=lambda request: requests.append(request) or at_most(request))
    logger.completion(MODEL, MESSAGES, max_tokens=10, api_key="none", mock_response=mock())
    asyncio.run(quiet(team, 1))
    assert [(request["model"], request["messages"]) for request in requests] == [(MODEL, MESSAGES)]


@pytest.mark.parametrize("stream", [False, True])
def test_a_synchronous_call_of_litellms_own_is_charged_once_without_a_hold(team, logger, stream):
    answer = litellm.completion(model=MODEL, messages=MESSAGES, api_key="none", mock_response="one two", stream=stream)
    assert len(list(answer)) > 1 if stream else answer.choices
    asyncio.run(quiet(team, 1))
    assert len(team.charged()) == 1


def test_concurrent_calls_cannot_pass_the_limit_together(world, listen_to):
    """Fifty at once, credits for ten: ten are sent, forty refused, and not one credit is overspent."""
    world.subscribe(TEAM, leave=10 * int(credits_of(ESTIMATE)) // 1_000)
    listen_to(world)

    async def main():
        answers = await asyncio.gather(*(ask(mock_response=mock()) for _ in range(50)), return_exceptions=True)
        await quiet(world, 10)
        return answers

    answers = asyncio.run(main())
    refused = [answer for answer in answers if isinstance(answer, Exception)]
    assert len(refused) == 40
    assert {(type(error), error.reason, error.http_status) for error in refused} == {
        (CreditsRefused, "insufficient-credits", 402)
    }
    assert len(world.charged()) == 10
    assert world.account().remaining_millicredits == 0
    assert world.account().pots.overage == 0


def test_concurrent_streams_cannot_pass_the_limit_together(world, listen_to, upstream):
    """None of the streams has ended, so all that is known is what is held; yet no more are sent than fit."""
    world.subscribe(TEAM, leave=10 * int(credits_of(ESTIMATE)) // 1_000)
    listen_to(world)

    async def main():
        tries = (ask(f"stream {number}", api_base=upstream.url, stream=True) for number in range(50))
        streams = await asyncio.gather(*tries, return_exceptions=True)
        sent = [stream for stream in streams if not isinstance(stream, Exception)]
        assert {stream.reason for stream in streams if isinstance(stream, Exception)} == {"insufficient-credits"}
        assert len(world.account().holds) == len(sent) == 10
        for stream in sent:
            assert [chunk async for chunk in stream]
        await quiet(world, 10)

    asked = len(upstream.asked)
    asyncio.run(main())
    assert len(upstream.asked) - asked == 10
    assert world.charged() == [WITH_CACHED] * 10
    assert world.account().pots.overage == 0


@pytest.mark.parametrize(
    ("model", "stream"), [(model, stream) for model in (MODEL, "anthropic/mimo-v2.5-pro") for stream in (False, True)]
)
def test_cached_tokens_are_billed_once_and_as_cached(team, logger, upstream, model, stream):
    async def main():
        call = ask(model=model, api_base=upstream.url, stream=stream)
        await (read(call) if stream else call)
        await quiet(team, 1)

    asyncio.run(main())
    assert team.charged() == [WITH_CACHED]


@pytest.mark.parametrize(
    "details", [{"prompt_tokens_details": {"cached_tokens": 800}}, {"cache_read_input_tokens": 800}]
)
def test_cached_tokens_count_once_under_either_name(team, logger, details):
    async def main():
        await ask(mock_response=mock(**details))
        await quiet(team, 1)

    asyncio.run(main())
    assert team.charged() == [WITH_CACHED]


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_from_litellms_own_cache_costs_nothing(team, logger, stream):
    litellm.cache = litellm.Cache()

    async def main():
        for _ in range(3):
            call = ask(mock_response="one two", stream=stream, caching=True)
            await (read(call) if stream else call)
            await quiet(team, 1)

    asyncio.run(main())
    assert len(team.charged()) == 1


def test_a_failed_call_costs_nothing_and_gives_its_hold_back(team, logger, upstream):
    async def main():
        with pytest.raises(litellm.InternalServerError):
            await ask("fail", api_base=upstream.url, max_retries=0)
        await quiet(team)

    left = team.account().remaining_millicredits
    asyncio.run(main())
    assert team.account().remaining_millicredits == left
    assert team.charged() == []


def test_retries_and_fallbacks_pay_for_the_attempt_that_answered(team, logger, upstream):
    router = litellm.Router(
        [
            {
                "model_name": name,
                "litellm_params": {"model": MODEL, "api_key": "none", "api_base": url, "max_retries": 0},
            }
            for name, url in (("first", f"{upstream.url}/"), ("second", upstream.url))
        ],
        num_retries=2,
        retry_after=0,
        fallbacks=[{"first": ["second"]}],
        disable_cooldowns=True,
    )

    async def main():
        with pytest.raises(litellm.InternalServerError):
            await router.acompletion("first", [{"role": "user", "content": "fail"}])
        await quiet(team)
        assert team.charged() == []
        await router.acompletion("first", MESSAGES)
        await quiet(team, 1)

    asked = len(upstream.asked)
    asyncio.run(main())
    assert upstream.asked[asked:].count("fail") == 6, "the first try and two retries, on both"
    assert team.charged() == [WITH_CACHED]
    assert len(holds_of(team)) == 7, "one for each attempt"


@pytest.mark.parametrize("synchronous", [False, True])
@pytest.mark.parametrize(("asked", "answered"), [(["hi", "fail"], 1), (["fail", "hi"], 1), (["fail", "fail"], 0)])
def test_a_call_with_fallbacks_holds_for_each_attempt_and_not_for_itself(
    team, logger, upstream, asked, answered, synchronous
):
    """LiteLLM serves it by calls of its own, one for each model, and those are held for and charged."""
    first, second = ([{"role": "user", "content": content}] for content in asked)
    call = {"model": MODEL, "messages": first, "api_base": upstream.url, "api_key": "none", "max_retries": 0}
    call["fallbacks"] = [{"model": MODEL, "messages": second}]

    async def ask_for_it():
        await litellm.acompletion(**call)

    before = len(upstream.asked)
    with nullcontext() if answered else pytest.raises(Exception, match="All fallback attempts failed"):
        logger.completion(**call) if synchronous else asyncio.run(ask_for_it())
    asyncio.run(quiet(team, answered))
    tried = upstream.asked[before:]
    assert tried == asked[: asked.index("hi") + 1 if answered else 2]
    assert team.charged() == [WITH_CACHED] * answered
    assert len(holds_of(team)) == len(tried)


def test_a_refusal_is_not_tried_again_and_cools_no_deployment_down(team, listen, upstream):
    asked_for = []
    too_much = Usage("mimo-v2.5-pro", input_tokens=1_000_000)
    listen(estimate=lambda request: asked_for.append(request) or too_much)
    deployment = {"model": MODEL, "api_key": "none", "api_base": upstream.url}
    both = [{"model_name": "mimo", "litellm_params": deployment, "model_info": {"id": name}} for name in "ab"]
    router = litellm.Router(both, num_retries=3, retry_after=0, allowed_fails=0)

    async def main():
        for _ in range(6):
            with pytest.raises(CreditsRefused, match="more than are free"):
                await router.acompletion("mimo", MESSAGES)
        assert len(asked_for) == 6
        listen()
        await router.acompletion("mimo", MESSAGES)
        await quiet(team, 1)

    asked = len(upstream.asked)
    asyncio.run(main())
    assert len(upstream.asked) - asked == 1


def test_a_stream_that_breaks_off_pays_for_what_had_come(team, logger, upstream):
    async def main():
        with pytest.raises(litellm.ServiceUnavailableError):
            await read(ask("break", api_base=upstream.url, stream=True, max_retries=0))
        await quiet(team, 1)

    asyncio.run(main())
    (usage,) = team.charged()
    assert 0 < usage.output_tokens < 50
    assert usage.input_tokens > 0


def test_a_synchronous_stream_that_breaks_off_holds_nothing_any_more(team, logger, upstream):
    messages = [{"role": "user", "content": "break"}]
    stream = logger.completion(
        model=MODEL, messages=messages, api_key="none", api_base=upstream.url, stream=True, max_retries=0
    )
    with pytest.raises(litellm.ServiceUnavailableError):
        list(stream)
    asyncio.run(quiet(team))
    assert len(team.charged()) <= 1


def test_a_synchronous_call_that_fails_gives_its_hold_back(team, logger, upstream):
    messages = [{"role": "user", "content": "fail"}]
    with pytest.raises(litellm.InternalServerError):
        logger.completion(model=MODEL, messages=messages, api_key="none", api_base=upstream.url, max_retries=0)
    assert not team.account().holds
    assert team.charged() == []


def test_a_stream_that_is_left_lying_holds_until_the_hold_lapses(team, listen, upstream):
    listen(hold_for=timedelta(minutes=5))

    async def main():
        stream = await ask(api_base=upstream.url, stream=True)
        await anext(stream)
        await stream.aclose()
        await asyncio.sleep(0.1)

    left = team.account().remaining_millicredits
    asyncio.run(main())
    assert len(team.account().holds) == 1
    later = team.account().as_of(START + timedelta(hours=1), team.books.book)
    assert not later.holds
    assert later.remaining_millicredits == left


def test_a_call_that_is_cancelled_while_it_is_answered_holds_until_the_hold_lapses(team, listen, upstream):
    """What it used, if the provider answers after all, nobody is told."""
    listen(hold_for=timedelta(minutes=5))
    upstream.gate.clear()

    async def main():
        asked = len(upstream.asked)
        call = asyncio.create_task(ask("wait", api_base=upstream.url))
        for _ in range(500):
            if len(upstream.asked) > asked:
                break
            await asyncio.sleep(0.02)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        upstream.gate.set()
        await asyncio.sleep(0.1)

    left = team.account().remaining_millicredits
    asyncio.run(main())
    assert team.charged() == []
    assert len(team.account().holds) == 1
    later = team.account().as_of(START + timedelta(hours=1), team.books.book)
    assert later.remaining_millicredits == left


def test_a_call_that_is_given_up_while_it_is_held_for_gives_the_hold_back(team, listen):
    logger = listen()
    books, team.books = team.books, None
    started, may_go_on = asyncio.Event(), threading.Event()

    class Slow:
        book = books.book

        def apply(self, account_id, at, command):
            if isinstance(command(at), Hold):
                loop.call_soon_threadsafe(started.set)
                may_go_on.wait(10)
            return books.apply(account_id, at, command)

    logger._meter._books = Slow()
    loop = None

    async def main():
        nonlocal loop
        loop = asyncio.get_running_loop()
        call = asyncio.create_task(ask(mock_response=mock()))
        await started.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        may_go_on.set()
        for _ in range(500):
            if any(isinstance(entry, HoldClosed) for entry in team.entries()):
                break
            await asyncio.sleep(0.02)

    asyncio.run(main())
    assert not team.account().holds
    assert team.charged() == []


def test_usage_beyond_its_hold_is_charged_all_the_same(team, logger):
    async def main():
        await ask(mock_response=mock(5_000, 5_000))
        await quiet(team, 1)

    asyncio.run(main())
    assert team.charged() == [Usage("mimo-v2.5-pro", input_tokens=5_000, output_tokens=5_000)]


def test_a_client_cannot_switch_the_accounting_off(team, logger):
    async def main():
        await read(ask(mock_response="one two", stream=True, **{"no-log": True}))
        await quiet(team, 1)

    asyncio.run(main())
    assert len(team.charged()) == 1


def test_two_answers_with_the_same_ids_are_two_calls(team, logger, upstream):
    """A client of a proxy may choose the call's id, and a provider's ids need not be unique."""

    async def main():
        for _ in range(2):
            await ask(api_base=upstream.url, litellm_call_id="mine")
            await read(ask(api_base=upstream.url, litellm_call_id="mine", stream=True))
        await quiet(team, 4)

    asyncio.run(main())
    assert team.charged() == [WITH_CACHED] * 4


def test_an_event_that_comes_again_is_charged_once(team, logger):
    """Also where nothing was held, so that only the ids tell."""
    kwargs = {"model": "mimo-v2.5-pro", "call_type": "acompletion", "litellm_call_id": "a", "litellm_params": {}}
    answer = mock()

    async def main():
        for _ in range(3):
            await logger.async_log_success_event(kwargs, answer, START, START)
            logger.log_success_event(kwargs, answer, START, START)
        await quiet(team, 1)

    asyncio.run(main())
    assert len(team.charged()) == 1


@pytest.mark.parametrize("kind", ["messages", "responses"])
def test_other_kinds_of_call_are_held_once_and_charged_once(team, logger, upstream, kind):
    async def main():
        if kind == "messages":
            await litellm.anthropic.messages.acreate(
                model="anthropic/mimo-v2.5-pro", messages=MESSAGES, max_tokens=50, api_key="none", api_base=upstream.url
            )
        else:
            await litellm.aresponses(model=MODEL, input="hi", api_key="none", mock_response="hello")
        await quiet(team, 1)

    asyncio.run(main())
    assert len(team.charged()) == 1
    assert len(holds_of(team)) == 1
    if kind == "messages":
        assert team.charged() == [WITH_CACHED]


@pytest.mark.parametrize("provider", ["native", "served by a completion"])
@pytest.mark.parametrize("kind", ["messages", "responses"])
def test_streams_of_other_kinds_are_held_once_and_charged_once(team, logger, upstream, kind, provider):
    native = {"messages": "anthropic", "responses": "openai"}[kind] if provider == "native" else "hosted_vllm"
    options = {"model": f"{native}/mimo-v2.5-pro", "api_key": "none", "api_base": upstream.url, "stream": True}

    async def main():
        if kind == "messages":
            stream = await litellm.anthropic.messages.acreate(messages=MESSAGES, max_tokens=50, **options)
        else:
            stream = await litellm.aresponses(input="hi", **options)
        assert [event async for event in stream]
        await quiet(team, 1)

    asyncio.run(main())
    assert team.charged() == [WITH_CACHED]
    assert len(holds_of(team)) == 1


def test_a_call_inside_another_one_is_under_its_hold(team, logger, upstream):
    """Anthropic's messages for a provider that speaks OpenAI: LiteLLM serves them by a completion."""

    async def main():
        await litellm.anthropic.messages.acreate(
            model="hosted_vllm/mimo-v2.5-pro", messages=MESSAGES, max_tokens=50, api_key="none", api_base=upstream.url
        )
        await quiet(team, 1)

    asyncio.run(main())
    assert team.charged() == [WITH_CACHED]
    assert len(holds_of(team)) == 1


def test_models_of_others_are_refused_or_left_alone_as_chosen(team, listen):
    call = {"model": "openai/gpt-4o", "mock_response": mock()}

    async def main():
        listen(estimate=at_most)
        with pytest.raises(CreditsRefused, match="gpt-4o") as refusal:
            await ask(**call)
        assert (refusal.value.reason, refusal.value.http_status) == ("not-priced", 422)
        listen(estimate=at_most, other_models="pass")
        await ask(**call)
        await read(ask(**call | {"mock_response": "one two", "stream": True}))
        await asyncio.sleep(0.2)

    asyncio.run(main())
    assert team.charged() == []


def test_a_model_that_claims_to_be_mimos_is_refused_in_any_case(team, listen):
    listen(other_models="pass", estimate=lambda _: Usage("mimo-v9", input_tokens=10))
    with pytest.raises(CreditsRefused, match="mimo-v9"):
        asyncio.run(ask(model="openai/mimo-v9", mock_response=mock()))


def test_a_team_without_a_plan_is_refused(world, listen_to):
    listen_to(world, account="blues")
    with pytest.raises(CreditsRefused) as refusal:
        asyncio.run(ask(mock_response=mock()))
    assert (refusal.value.reason, refusal.value.http_status) == ("not-subscribed", 402)


def test_outside_a_proxy_nobody_is_named_by_default(world, listen_to):
    listen_to(world, account=caller)
    with pytest.raises(CreditsRefused, match="outside a proxy") as refusal:
        asyncio.run(ask(mock_response=mock(), metadata={"user_api_key_auth": {"team_id": TEAM}}))
    assert refusal.value.reason == "unknown-account"
    with pytest.raises(InputError):
        caller({"metadata": {"user_api_key_auth": "reds"}, "litellm_metadata": None})


def test_the_event_loop_does_not_wait_for_the_ledger(team, listen):
    """Each of the ledger's commands asks the loop for something, and gets it."""
    logger = listen()
    books, answered = team.books, []

    class Asking:
        book = books.book

        def apply(self, *arguments):
            answered.append(asyncio.run_coroutine_threadsafe(asyncio.sleep(0, True), loop).result(10))
            return books.apply(*arguments)

    logger._meter._books = Asking()
    loop = None

    async def main():
        nonlocal loop
        loop = asyncio.get_running_loop()
        await ask(mock_response=mock())
        await quiet(team, 1)

    asyncio.run(main())
    assert answered == [True, True]
