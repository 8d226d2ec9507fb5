"""opencode's messages: `storage/message/<session>/msg_….json`, and in newer versions rows of its database.

Learned from opencode's own sources (github.com/sst/opencode, `packages/opencode/src/session`: `session.ts`,
`processor.ts`, `session.sql.ts`). The rules:

- **Input**: `tokens.input` leaves out `cache.read` and `cache.write`, so both are added; what was written to the cache
  is billed as a miss.
- **Output**: early versions counted reasoning inside `tokens.output`, today's keep it apart. `tokens.total`, which has
  been there since before that change, tells which: it is the sum of everything. Without it reasoning is inside.
- **Steps**: today one message is one request. In early versions it could take several, its steps; its tokens are then
  those of the last one, and the earlier ones stand only in its parts of the type `step-finish`.
- **Forks**: a forked session holds copies of its messages under new ids. What stays the same is the model and when the
  message began and ended, to the millisecond; so these, and the step, are the request's id.
- **Whose model**: the providers named `xiaomi…` (so models.dev names Xiaomi and its Token Plan) or `mimo…` are Xiaomi.
  A model of any other provider is called `provider/model`: somebody else serves and bills it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from mimo_credits.errors import InputError
from mimo_credits.instants import from_unix_ms
from mimo_credits.ledger import Record
from mimo_credits.logs.fields import table, text, whole
from mimo_credits.logs.lines import NO_RESPONSE, NO_TOKENS, Found, Whole
from mimo_credits.usage import Usage

STEP = "step-finish"
_XIAOMI = ("xiaomi", "mimo")

Object = Mapping[str, object]


def is_message(document: Object) -> bool:
    """Whether an object is a message of opencode's."""
    return "sessionID" in document and "role" in document


def read(message: Object, steps: Sequence[Object] = ()) -> Iterator[Found]:
    """The requests of a message; `steps` are its parts of that type, in their order. Raises `InputError`."""
    if message.get("role") != "assistant":
        yield NO_RESPONSE
        return
    model = _model(text(message, "providerID"), text(message, "modelID"))
    for number, step in enumerate(steps[:-1], 1):
        yield _request(message, model, table(step, "tokens"), f" step {number}")
    yield _request(message, model, table(message, "tokens"))


def read_newer(message: Object) -> Found:
    """The request of a row of `session_message`: one step, reasoning apart, and no total. Raises `InputError`."""
    named = table(message, "model")
    model = _model(text(named, "providerID"), text(named, "id"))
    return _request(message, model, table(message, "tokens"), reasoning_apart=True)


def _request(message: Object, model: str, tokens: Object, step: str = "", *, reasoning_apart: bool = False) -> Found:
    usage = _usage(tokens, model, reasoning_apart)
    if usage == Usage(model):
        return NO_TOKENS
    time = table(message, "time")
    began, ended = whole(time, "created"), time.get("completed")
    return Whole(Record(f"{model} {began}-{ended}{step}", from_unix_ms(began), usage))


def _usage(tokens: Object, model: str, reasoning_apart: bool) -> Usage:
    cache = table(tokens, "cache")
    read, written = whole(cache, "read", 0), whole(cache, "write", 0)
    every_input = whole(tokens, "input", 0) + read + written
    output, reasoning = whole(tokens, "output", 0), whole(tokens, "reasoning", 0)
    if reasoning_apart or (reasoning and _is_apart(every_input + output, reasoning, tokens)):
        output += reasoning
    return Usage(model, input_tokens=every_input, cached_tokens=read, output_tokens=output)


def _is_apart(without: int, reasoning: int, tokens: Object) -> bool:
    total = whole(tokens, "total", without)
    if total not in (without, without + reasoning):
        raise InputError("tokens.total", f"{total:,} is neither the sum with the reasoning apart nor the one without")
    return total != without


def _model(provider: str, model: str) -> str:
    return model if provider.lower().startswith(_XIAOMI) else f"{provider}/{model}"
