"""A worker that prices one prebuilt request with another library. It runs inside that library's own environment.

Started by `peer_environment` as a program of its own, it imports nothing of this project. It reads requests from
standard input and answers on standard output, one JSON object a line, so that its rounds interleave with everybody
else's. The rules: a library's own idiomatic call, on a request built beforehand, for the model nearest to ours that it
knows, and without a network (a connection is refused, so prices come from what the package ships).
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import socket
import sys
import timeit
from collections.abc import Callable, Mapping
from time import perf_counter_ns
from typing import Any, NoReturn

INPUT, CACHED, OUTPUT = 86_790, 86_000, 305

Calls = Mapping[str, tuple[str, dict[str, Any]]]
"""What is priced -> the statement that does it, and the names that it needs."""


def genai_prices() -> Calls:
    """`calc_price`, of our model through the one provider that has it, and of a model that every price library has."""
    from genai_prices import Usage, calc_price  # type: ignore[import-not-found]

    names = {
        "calc_price": calc_price,
        "usage": Usage(input_tokens=INPUT, cache_read_tokens=CACHED, output_tokens=OUTPUT),
    }
    return {
        "MiMo-V2.5-Pro on OpenRouter": (
            'calc_price(usage, "xiaomi/mimo-v2.5-pro", provider_id="openrouter").total_price',
            names,
        ),
        "gpt-4o": ('calc_price(usage, "gpt-4o", provider_id="openai").total_price', names),
    }


def litellm() -> Calls:
    """`completion_cost` of a whole response, and `cost_per_token`, which it rests on, of the bare counts."""
    from litellm import ModelResponse, completion_cost, cost_per_token  # type: ignore[import-not-found]

    model = "xiaomi_mimo/mimo-v2.6-pro"
    usage = {
        "prompt_tokens": INPUT,
        "completion_tokens": OUTPUT,
        "total_tokens": INPUT + OUTPUT,
        "prompt_tokens_details": {"cached_tokens": CACHED},
    }
    names = {
        "completion_cost": completion_cost,
        "cost_per_token": cost_per_token,
        "model": model,
        "response": ModelResponse(id="response-1", model=model, usage=usage),
        "counts": {"prompt_tokens": INPUT, "completion_tokens": OUTPUT, "cache_read_input_tokens": CACHED},
    }
    return {
        "MiMo-V2.6-Pro, bare counts": ("sum(cost_per_token(model, **counts))", names),
        "MiMo-V2.6-Pro, a response": ("completion_cost(response, model)", names),
    }


def tokencost() -> Calls:
    """`calculate_cost_by_tokens`, once for each kind of token. It knows no MiMo model."""
    from tokencost import calculate_cost_by_tokens  # type: ignore[import-not-found]

    names = {"cost": calculate_cost_by_tokens, "missed": INPUT - CACHED, "cached": CACHED, "output": OUTPUT}
    code = 'cost(missed, "gpt-4o", "input") + cost(cached, "gpt-4o", "cached") + cost(output, "gpt-4o", "output")'
    return {"gpt-4o": (code, names)}


PEERS: Mapping[str, Callable[[], Calls]] = {"genai-prices": genai_prices, "litellm": litellm, "tokencost": tokencost}


def refuse_network() -> None:
    """Makes every connection and look-up of a host fail."""

    def refused(*_: object, **__: object) -> NoReturn:
        raise ConnectionRefusedError("the benchmark works without a network")

    socket.socket.connect = refused  # type: ignore[method-assign]
    socket.getaddrinfo = refused


def serve(peer: str) -> None:
    """Answers `{"priced": …, "calls": n}` with `{"ns": …}`, until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever a library prints must not mix with the answers
    refuse_network()
    try:
        calls = PEERS[peer]()
        timers = {
            priced: timeit.Timer(code, "import gc; gc.enable()", perf_counter_ns, globals=names)
            for priced, (code, names) in calls.items()
        }
        gives = {priced: str(eval(code, dict(names))) for priced, (code, names) in calls.items()}
    except Exception as error:
        print(json.dumps({"error": f"{type(error).__name__}: {error}"}), file=answers)
        return
    version = importlib.metadata.version(peer)
    print(json.dumps({"version": version, "gives": gives}), file=answers)
    for line in sys.stdin:
        asked = json.loads(line)
        timer = timers[asked["priced"]]
        timer.timeit(1)  # the process was asleep: what it needs comes back into the caches before the clock starts
        print(json.dumps({"ns": timer.timeit(asked["calls"])}), file=answers)


if __name__ == "__main__":
    serve(sys.argv[1])
