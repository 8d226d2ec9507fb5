"""`MimoCreditsLogger`: where LiteLLM's callbacks meet the meter.

Which callback does what, and why that one:

- `async_pre_call_deployment_hook` holds. It runs before every attempt upstream, of the proxy, the router and the SDK
  alike, after a deployment was chosen: so the model is known, and a retry or fallback has a hold of its own.
- `async_post_call_success_deployment_hook` charges an answer that is whole before the caller sees it.
- `async_log_success_event` charges a stream once it has ended, also when the client went away and LiteLLM counted what
  had come by then; and gives back where the answer came from LiteLLM's own cache.
- `async_post_call_failure_deployment_hook` and `async_log_failure_event` give back what a failed attempt held; a stream
  that broke off is charged what LiteLLM counted of it.
- `async_post_call_failure_hook` turns a refusal into the proxy's answer.

A synchronous call has no hook before it: `completion` here holds first; without it such calls are charged afterwards.
Work on the ledger runs in a few threads of its own, and the event loop never waits for a database.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import NAMESPACE_OID, uuid5

try:
    import litellm
    from litellm.integrations.custom_logger import CustomLogger
except ModuleNotFoundError as error:
    raise ImportError("the callback needs LiteLLM: pip install 'mimo_credits[litellm]'") from error

from mimo_credits.litellm.books import Books
from mimo_credits.litellm.metering import Choice, CreditsRefused, Meter, Reservation
from mimo_credits.litellm.requests import Request, at_most, caller
from mimo_credits.usage import Usage

T = TypeVar("T")

_KEY = "mimo_credits_reservation"
"""Where a call carries its reservation: an object, which no client can write as JSON."""

_METERED = {
    *("completion", "text_completion", "responses", "anthropic_messages", "embedding", "transcription", "speech"),
    *("acompletion", "atext_completion", "aresponses", "aembedding", "atranscription", "aspeech"),
}
"""The kinds of call whose answers tell of usage."""


class MimoCreditsLogger(CustomLogger):
    """Holds before each call of a MiMo model, charges what it used, and refuses what the account cannot cover.

    - `account`: whose credits a request draws on, one account for all or a function; by default `caller`'s.
    - `estimate`: the usage that is held for a request; see `at_most`.
    - `hold_for`: after how long the hold of a call lapses that was never heard of again.
    - `other_models`: `"pass"` leaves models alone that are not MiMo's. By default they are refused, since a MiMo model
      under a name of its own would pass unmetered, too.
    - `without_ledger`: `"pass"` lets calls through while the ledger's store cannot be reached, and charges them after.
      By default they are refused, since nobody would know whether the credits suffice.
    - `unwritten_to`: a file for usage that could not be written to the ledger; it is logged in any case.
    - `threads`: how many of the ledger's commands may run at once. `clock`: the time, in any aware form.
    """

    def __init__(
        self,
        books: Books,
        *,
        account: str | Callable[[Request], str] = caller,
        estimate: Callable[[Request], Usage] = at_most,
        hold_for: timedelta = timedelta(minutes=15),
        other_models: Choice = "refuse",
        without_ledger: Choice = "refuse",
        unwritten_to: str | Path | None = None,
        threads: int = 4,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__()
        self._meter = Meter(
            books,
            account_of=account if callable(account) else lambda _: account,
            estimate=estimate,
            hold_for=hold_for,
            other_models=other_models,
            without_ledger=without_ledger,
            unwritten_to=None if unwritten_to is None else Path(unwritten_to),
            clock=clock,
        )
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="mimo_credits")

    def completion(self, model: str, messages: Sequence[Any] = (), **options: Any) -> Any:
        """`litellm.completion` with a hold before it. Raises `CreditsRefused`, and what LiteLLM does."""
        request = {"model": model, "messages": list(messages), **options}
        if _is_served_by_others("completion", request):
            return litellm.completion(**request)
        reservation = self._meter.reserve(request)
        metadata = {**(request.get("metadata") or {}), _KEY: reservation}
        try:
            return litellm.completion(**request | {"metadata": metadata})
        except Exception:
            if reservation is not None:
                self._meter.give_back(reservation)
            raise

    async def async_pre_call_deployment_hook(self, kwargs: dict[str, Any], call_type: Any) -> dict[str, Any] | None:
        """Holds for one attempt; a call that LiteLLM makes to serve another one is under its hold already."""
        kind = getattr(call_type, "value", call_type)
        if kind not in _METERED:
            return None
        call = kwargs["litellm_logging_obj"]
        details = call.model_call_details
        if _is_served_by_others(kind, kwargs):
            return None
        outer = details.get(_KEY)
        if outer is not None and not outer.ended and outer.call_type != kind:
            return None
        details[_KEY] = None
        positional = {"model": call.model, "messages": call.messages}  # arguments without a name are no part of kwargs
        details[_KEY] = await self._reserve(positional | kwargs, kind)
        return None

    async def async_post_call_success_deployment_hook(self, request_data: Any, response: Any, call_type: Any) -> None:
        """Charges an answer that is whole."""
        reservation = _reservation_of(_details(request_data))
        if reservation is not None:
            await self._run(self._meter.charge, reservation, response)

    async def async_post_call_failure_deployment_hook(
        self, request_data: Any, exception: Exception, call_type: Any, fallback_depth: int | None = None
    ) -> None:
        """Gives back what a failed attempt held."""
        reservation = _reservation_of(_details(request_data))
        if reservation is not None:
            await self._run(self._meter.give_back, reservation)

    async def async_log_success_event(
        self, kwargs: dict[str, Any], response_obj: Any, start_time: Any, end_time: Any
    ) -> None:
        """Charges a stream that has ended, and whatever else was not charged yet."""
        await self._run(self._succeeded, kwargs, response_obj, start_time)

    def log_success_event(self, kwargs: dict[str, Any], response_obj: Any, start_time: Any, end_time: Any) -> None:
        """The same of a synchronous call, in a thread of LiteLLM's."""
        self._succeeded(kwargs, response_obj, start_time)

    async def async_log_failure_event(
        self, kwargs: dict[str, Any], response_obj: Any, start_time: Any, end_time: Any
    ) -> None:
        """Ends what a failed call held."""
        await self._run(self._failed, kwargs)

    def log_failure_event(self, kwargs: dict[str, Any], response_obj: Any, start_time: Any, end_time: Any) -> None:
        """The same of a synchronous stream; of other calls `completion` sees it, after the last retry."""
        if kwargs.get("stream"):
            self._failed(kwargs)

    async def async_post_call_failure_hook(
        self,
        request_data: dict[str, Any],
        original_exception: Exception,
        user_api_key_dict: Any,
        traceback_str: str | None = None,
    ) -> Any:
        """The proxy's answer to a call that was refused."""
        if not isinstance(original_exception, CreditsRefused):
            return None
        from fastapi import HTTPException  # the proxy has it, the SDK need not

        refused = original_exception
        return HTTPException(refused.http_status, {"error": refused.message, "reason": refused.reason})

    def _succeeded(self, kwargs: dict[str, Any], answer: Any, start_time: datetime) -> None:
        reservation = _reservation_of(kwargs)
        if kwargs.get("cache_hit"):
            if reservation is not None:
                self._meter.give_back(reservation)
        elif reservation is not None:
            self._meter.charge(reservation, answer)
        elif _KEY not in kwargs and kwargs.get("call_type") in _METERED:
            self._meter.record(_request_of(kwargs), answer, _id_of(kwargs, answer), start_time.astimezone(UTC))

    def _failed(self, kwargs: dict[str, Any]) -> None:
        """A stream that broke off has used what LiteLLM counted of it; any other failure has used nothing."""
        reservation = _reservation_of(kwargs)
        if reservation is None:
            return
        partial = kwargs.get("combined_usage_object") if kwargs.get("stream") else None
        if partial is None:
            self._meter.give_back(reservation)
        else:
            self._meter.charge(reservation, partial)

    async def _reserve(self, request: Request, kind: str) -> Reservation | None:
        """A reservation; where the call is given up meanwhile, it is given back."""
        work = self._threads.submit(self._meter.reserve, request, kind)
        try:
            return await asyncio.shield(asyncio.wrap_future(work))
        except asyncio.CancelledError:
            work.add_done_callback(self._give_back_abandoned)
            raise

    def _give_back_abandoned(self, work: Future[Reservation | None]) -> None:
        if work.exception() is None and (reservation := work.result()) is not None:
            self._meter.give_back(reservation)

    async def _run(self, work: Callable[..., T], *arguments: Any) -> T:
        """Runs work in a thread, to its end also where nobody waits for it any more."""
        return await asyncio.shield(asyncio.wrap_future(self._threads.submit(work, *arguments)))


MimoCreditsLogger.__name__ = "_PROXY_MimoCreditsLogger"
# LiteLLM tells its own accounting from other callbacks by this word in the class's name: a client that asks for
# `no-log` switches the others off.


def _is_served_by_others(kind: str, request: Request) -> bool:
    """Whether LiteLLM tries the models of `fallbacks` by asynchronous calls of its own, each of which is held for.

    The router takes that argument for itself, and other kinds of call hand it down to a completion.
    """
    return kind in ("completion", "acompletion") and bool(request.get("fallbacks"))


def _details(request: Mapping[str, Any]) -> Mapping[str, Any]:
    details: Mapping[str, Any] = request["litellm_logging_obj"].model_call_details
    return details


def _metadata(kwargs: Mapping[str, Any]) -> Mapping[str, Any]:
    return (kwargs.get("litellm_params") or {}).get("metadata") or {}


def _reservation_of(kwargs: Mapping[str, Any]) -> Reservation | None:
    """The reservation of a call: an asynchronous one carries it itself, a synchronous one in its metadata."""
    found = kwargs.get(_KEY) or _metadata(kwargs).get(_KEY)
    return found if isinstance(found, Reservation) else None


def _request_of(kwargs: Mapping[str, Any]) -> Request:
    """The request that an event tells of."""
    params = kwargs.get("litellm_params") or {}
    return {**kwargs, "metadata": params.get("metadata"), "litellm_metadata": params.get("litellm_metadata")}


def _id_of(kwargs: Mapping[str, Any], answer: object) -> str:
    """One id for all events of one answer; a client of a proxy may choose the call's id, but not the answer's."""
    answer_id = answer.get("id") if isinstance(answer, Mapping) else getattr(answer, "id", None)
    both = f"{kwargs.get('litellm_call_id')} {answer_id}"
    return f"litellm-{uuid5(NAMESPACE_OID, both)}"
