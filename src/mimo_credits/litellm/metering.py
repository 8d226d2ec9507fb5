"""`Meter`: holds for a call, charges what it used, or gives the hold back. Synchronous; knows nothing of callbacks.

The rules:

- **One reservation for each attempt upstream**, held before it starts: concurrent calls cannot pass the limit together.
- **A reservation ends once**, charged or given back. LiteLLM tells of the same answer up to three times.
- **Usage is a fact.** What outran its hold, or whose hold has lapsed, is charged all the same.
- **No usage is lost in silence.** What cannot be written is tried again, and then put down whole, as a line of JSON
  that `mimo-credits statement` and `Record.from_response` read.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Literal, TypeAlias
from uuid import uuid4

from mimo_credits.errors import (
    Conflict,
    InputError,
    MimoCreditsError,
    PricingError,
    Reason,
    Refused,
    TooLarge,
)
from mimo_credits.ledger import Hold, Record, Release, Settle
from mimo_credits.litellm.answers import usage_part, used
from mimo_credits.litellm.books import Books, CommandAt
from mimo_credits.litellm.requests import Request, model_of
from mimo_credits.logs.models import is_mimos, names_on
from mimo_credits.usage import Usage

RETRIES_AFTER = (0.1, 0.4, 1.5)
"""Seconds between tries to reach the ledger's store."""

Choice: TypeAlias = Literal["refuse", "pass"]

_log = logging.getLogger("mimo_credits.litellm")
_file_turn = Lock()


class CreditsRefused(MimoCreditsError):
    """A call that was not sent: the ledger did not cover it, cannot price it, or could not be asked.

    `reason` is for programs: a `Reason` of the ledger, `not-priced`, `unknown-account` or `ledger-unavailable`.
    `http_status` is what a proxy's client gets: 402, 422 or 503.
    """

    status_code = 422  # what LiteLLM's router sees: it neither tries again nor takes the deployment for broken
    llm_provider = "mimo_credits"

    def __init__(self, reason: str, message: str, http_status: int) -> None:
        self.reason = reason
        self.message = message
        self.http_status = http_status
        super().__init__(message)


@dataclass(slots=True, eq=False)
class Reservation:
    """What is held for one attempt, until it `ended`: charged or given back."""

    account_id: str
    model: str
    at: datetime
    call_type: object = None
    ended: bool = False
    id: str = field(default_factory=lambda: f"litellm-{uuid4()}")

    @property
    def usage_id(self) -> str:
        """The id under which its usage is charged."""
        return f"{self.id}/used"


class Meter:
    """Holds, charges and gives back, on books that threads share."""

    def __init__(
        self,
        books: Books,
        *,
        account_of: Callable[[Request], str],
        estimate: Callable[[Request], Usage],
        hold_for: timedelta,
        other_models: Choice,
        without_ledger: Choice,
        unwritten_to: Path | None,
        clock: Callable[[], datetime],
    ) -> None:
        self._books = books
        self._account_of = account_of
        self._estimate = estimate
        self._hold_for = hold_for
        self._other_models = other_models
        self._without_ledger = without_ledger
        self._unwritten_to = unwritten_to
        self._clock = clock
        self._names = names_on(books.book)
        self._turn = Lock()

    def reserve(self, request: Request, call_type: object = None) -> Reservation | None:
        """Holds what the request can come to; None where another's model may pass. Raises `CreditsRefused`."""
        try:
            most = self._estimate(request)
            if self._other_models == "pass" and not is_mimos(most.model, self._names):
                return None
            reservation = Reservation(self._account_of(request), most.model, self._clock(), call_type=call_type)
        except InputError as error:
            reason = "unknown-account" if error.field == "account" else "not-priced"
            raise CreditsRefused(reason, str(error), 422) from error
        try:
            self._apply(
                reservation.account_id,
                reservation.at,
                lambda at: Hold(reservation.id, at, usage=most, expires_at=at + self._hold_for),
            )
        except (Refused, PricingError, InputError, TooLarge) as error:
            raise _refusal(error) from error
        except Exception as error:
            _log.exception("the ledger cannot be asked")
            if self._without_ledger == "refuse":
                raise CreditsRefused("ledger-unavailable", "the ledger of credits cannot be asked", 503) from error
        return reservation

    def charge(self, reservation: Reservation, answer: object) -> None:
        """Charges what the answer used, once; the hold's rest goes back."""
        if not self._ends(reservation):
            return
        account_id, name = reservation.account_id, reservation.usage_id
        try:
            usage = used(reservation.model, answer)
        except InputError as error:
            self._put_down(account_id, name, reservation.at, reservation.model, usage_part(answer), error)
            return
        self._write(account_id, Record(name, reservation.at, usage), lambda at: Settle(name, at, reservation.id, usage))

    def give_back(self, reservation: Reservation) -> None:
        """Gives the hold back, once. Where that fails, it lapses by itself."""
        if not self._ends(reservation):
            return
        try:
            self._apply(
                reservation.account_id,
                self._clock(),
                lambda at: Release(f"{reservation.id}/released", at, reservation.id),
            )
        except Exception as error:
            _log.warning("hold %s was not given back, and lapses: %s", reservation.id, error)

    def record(self, request: Request, answer: object, id: str, at: datetime) -> None:
        """Charges a call for which nothing was held, once by its id; models that are not MiMo's are left out."""
        model = model_of(request)
        if not is_mimos(model, self._names):
            return
        account_id = ""
        try:
            account_id = self._account_of(request)
            record = Record(id, at, used(model, answer))
        except InputError as error:
            self._put_down(account_id, id, at, model, usage_part(answer), error)
            return
        self._write(account_id, record)

    def _ends(self, reservation: Reservation) -> bool:
        """Whether this is the first to end it."""
        with self._turn:
            first, reservation.ended = not reservation.ended, True
        return first

    def _write(self, account_id: str, record: Record, settle: CommandAt | None = None) -> None:
        """Charges a usage by the settlement, or where there is no hold, by the record; else puts it down."""
        try:
            try:
                self._apply(account_id, self._clock(), settle or (lambda _: record))
            except Refused as refusal:
                if refusal.reason is not Reason.UNKNOWN_HOLD:
                    raise
                self._apply(account_id, record.at, lambda _: record)
        except Exception as error:
            usage = record.usage
            self._put_down(account_id, record.id, record.at, usage.model, _openai_usage(usage), error)

    def _apply(self, account_id: str, at: datetime, command: CommandAt) -> None:
        """Applies a command, again where the store failed: it has one id, and counts once however often it arrives."""
        for seconds in (*RETRIES_AFTER, None):
            try:
                self._books.apply(account_id, at, command)
            except Conflict:
                return  # ids here are made up for one purpose: this one was written before, at another instant
            except MimoCreditsError:
                raise
            except Exception:
                if seconds is None:
                    raise
                time.sleep(seconds)
            else:
                return

    def _put_down(self, account_id: str, id: str, at: datetime, model: str, usage: object, error: Exception) -> None:
        """Logs a usage that the ledger did not take, whole, and appends it to the file for such."""
        why = f"{type(error).__name__}: {error}"
        document = {"id": id, "timestamp": at.isoformat(), "model": model, "usage": usage}
        line = json.dumps(document | {"account": account_id, "why": why}, default=str)
        _log.error("usage that is not in the ledger: %s", line)
        if self._unwritten_to is not None:
            try:
                with _file_turn, self._unwritten_to.open("a", encoding="utf-8") as file:
                    file.write(line + "\n")
            except OSError:
                _log.exception("nor could it be appended to %s", self._unwritten_to)


def _refusal(error: MimoCreditsError) -> CreditsRefused:
    if isinstance(error, Refused):
        return CreditsRefused(error.reason.value, error.detail, 402)
    return CreditsRefused("not-priced", str(error), 422)


def _openai_usage(usage: Usage) -> dict[str, object]:
    """A usage as the OpenAI-style API writes it."""
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
        "seconds": usage.audio_seconds,
        "web_search_usage": {"tool_usage": usage.web_searches},
    }
