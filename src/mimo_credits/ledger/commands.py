"""Commands: what a backend asks the ledger to do. Frozen, checked on construction, and in UTC from then on.

Each carries the instant `at` that it speaks of, and each but `Advance` an `id` that is unique in its account over all
kinds of command: a later command with the same id and content is a repeat, with other content a conflict.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias

from mimo_credits.card import Interval
from mimo_credits.errors import Conflict, InputError, is_unicode, several, shown, wrong_type
from mimo_credits.exact import to_millicredits
from mimo_credits.instants import from_unix, parse_instant, to_utc
from mimo_credits.usage import Usage, check_usage

MAX_ID = 256
MAX_PRIORITY = 10**6
MAX_MILLICREDITS = 2**63 - 1


def check_id(value: object, name: str = "id") -> None:
    """An id is a text of 1 to `MAX_ID` characters that any store can hold. Raises `InputError`."""
    _check_text(value, name)
    if not value:
        raise InputError(name, f"needs a text of 1 to {MAX_ID} characters, not an empty one")


def _check_text(value: object, name: str) -> None:
    if type(value) is not str or len(value) > MAX_ID:
        raise InputError(name, f"needs a text of at most {MAX_ID} characters, not {shown(value)}")
    if not is_unicode(value):
        raise InputError(name, f"{shown(value)} has half of a surrogate pair, which no store can hold")


def _check_credits(value: Decimal | int, name: str) -> None:
    try:
        millicredits = to_millicredits(value)
    except ValueError as error:
        raise InputError(name, str(error)) from None
    if not 0 < millicredits <= MAX_MILLICREDITS:
        raise InputError(name, f"needs more than 0 and at most {MAX_MILLICREDITS:,} millicredits, not {shown(value)}")


def _check_choice(value: object, name: str, choices: tuple[object, ...]) -> None:
    # By type, too: 0 equals False, and a member of an enum equals its text, but neither is written and read as it.
    if not any(type(value) is type(choice) and value == choice for choice in choices):
        raise InputError(name, f"needs one of {', '.join(map(shown, choices))}, not {shown(value)}")


@dataclass(frozen=True, slots=True)
class _At:
    """The instant of a command; made UTC here, once."""

    id: str
    at: datetime

    def __post_init__(self) -> None:
        check_id(self.id)
        object.__setattr__(self, "at", to_utc(self.at))


@dataclass(frozen=True, slots=True)
class Subscribe(_At):
    """Buys a tier: opens the first cycle, issues its allowance and bills its price.

    `first_purchase`: None takes the first-purchase price where the card has one and the account never bought before;
    False pays the list price (an imported account); True insists. `card` is the id of a card to stay on for ever.
    """

    tier: str
    currency: str = "USD"
    interval: Interval = "monthly"
    first_purchase: bool | None = None
    card: str | None = None

    def __post_init__(self) -> None:
        _At.__post_init__(self)
        check_id(self.tier, "tier")
        check_id(self.currency, "currency")
        _check_choice(self.interval, "interval", ("monthly", "annual"))
        _check_choice(self.first_purchase, "first_purchase", (None, True, False))
        if self.card is not None:
            check_id(self.card, "card")


@dataclass(frozen=True, slots=True)
class Record(_At):
    """Usage that happened at `at`. It is a fact: never refused because credits ran out."""

    usage: Usage

    def __post_init__(self) -> None:
        _At.__post_init__(self)
        check_usage(self.usage)

    @classmethod
    def from_response(cls, payload: Mapping[str, object], id: str | None = None) -> Record:
        """Reads the API's own answer (OpenAI or Anthropic shape): its id, its instant, its model and usage.

        The instant is `created` or `created_at` (seconds since 1970) or `timestamp` (ISO 8601 with an offset).
        `id` replaces the payload's own. Raises `InputError`.
        """
        usage = Usage.from_response(payload)
        named = id if id is not None else payload.get("id")
        if not isinstance(named, str):
            raise InputError("id", "is missing: the payload names none, and none was given")
        return cls(named, _instant_of(payload), usage)


@dataclass(frozen=True, slots=True)
class ChangeTier(_At):
    """Changes to another tier: `now` (upward only, by the card's upgrade policy) or at the next `renewal`."""

    tier: str
    when: Literal["now", "renewal"] = "now"

    def __post_init__(self) -> None:
        _At.__post_init__(self)
        check_id(self.tier, "tier")
        _check_choice(self.when, "when", ("now", "renewal"))


@dataclass(frozen=True, slots=True)
class Cancel(_At):
    """Ends the plan with the running cycle: it lapses there and is not renewed."""


@dataclass(frozen=True, slots=True)
class Grant(_At):
    """Gives credits beside the allowance: a top-up, a compensation, a referral.

    Lower `priority` burns first; the allowance has 0. With `expires_at` the rest expires at that instant.
    """

    credits: Decimal | int
    expires_at: datetime | None = None
    priority: int = 0
    label: str = ""

    def __post_init__(self) -> None:
        _At.__post_init__(self)
        _check_credits(self.credits, "credits")
        object.__setattr__(self, "credits", Decimal(self.credits))
        if type(self.priority) is not int or abs(self.priority) > MAX_PRIORITY:
            bounds = f"-{MAX_PRIORITY:,} to {MAX_PRIORITY:,}"
            raise InputError("priority", f"needs a whole number, {bounds}, not {shown(self.priority)}")
        _check_text(self.label, "label")
        if self.expires_at is not None:
            object.__setattr__(self, "expires_at", _later(self.expires_at, self.at))

    @property
    def millicredits(self) -> int:
        """The granted credits in millicredits."""
        return to_millicredits(self.credits)


@dataclass(frozen=True, slots=True)
class Hold(_At):
    """Reserves credits before the work: what `usage` would cost at `at`, or a number of `credits`; refused if too many.

    What is neither settled nor released by `expires_at` lapses then.
    """

    usage: Usage | None = None
    credits: Decimal | int | None = None
    expires_at: datetime = field(default=None, kw_only=True)  # type: ignore[assignment]

    def __post_init__(self) -> None:
        _At.__post_init__(self)
        if (self.usage is None) == (self.credits is None):
            raise InputError("usage", "a hold needs either usage or credits")
        if self.usage is not None:
            check_usage(self.usage)
        if self.credits is not None:
            _check_credits(self.credits, "credits")
            object.__setattr__(self, "credits", Decimal(self.credits))
        object.__setattr__(self, "expires_at", _later(self.expires_at, self.at))


@dataclass(frozen=True, slots=True)
class Settle(_At):
    """Charges what was really used against a hold, at the rates of the hold's instant, and gives the rest back."""

    hold_id: str
    usage: Usage

    def __post_init__(self) -> None:
        _At.__post_init__(self)
        check_id(self.hold_id, "hold_id")
        check_usage(self.usage)


@dataclass(frozen=True, slots=True)
class Release(_At):
    """Gives a hold back unused."""

    hold_id: str

    def __post_init__(self) -> None:
        _At.__post_init__(self)
        check_id(self.hold_id, "hold_id")


@dataclass(frozen=True, slots=True)
class Advance:
    """Lets time pass: whatever is due by `at` happens, each at its own instant."""

    at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", to_utc(self.at))


Identified: TypeAlias = Subscribe | Record | ChangeTier | Cancel | Grant | Hold | Settle | Release
"""The commands that carry an id."""

Command: TypeAlias = Identified | Advance

_RANK: dict[type, int] = {
    kind: rank
    for rank, kinds in enumerate(
        ((Subscribe,), (Grant,), (Cancel, ChangeTier), (Hold,), (Settle, Release), (Record,), (Advance,))
    )
    for kind in kinds
}
"""The order of commands at one instant; ties by id. What is due by then comes before all of them."""


def timeline(commands: Iterable[Command]) -> list[Command]:
    """A batch in the order in which it is to be applied, each command once, whatever order it arrived in.

    By instant, then Subscribe, grants, Cancel and ChangeTier, holds, Settle and Release, usage; ties by id. A repeat
    (same id, same content) is dropped; the same id with other content raises `Conflict`, and anything but a command
    `InputError`.
    """
    seen: dict[str, Command] = {}
    kept: list[Command] = []
    for command in several(commands, "commands", "commands of the ledger"):
        if type(command) not in _RANK:
            raise wrong_type("commands", "commands of the ledger", command)
        if not isinstance(command, Advance):
            if command.id in seen:
                if seen[command.id] != command:
                    raise Conflict(command.id)
                continue
            seen[command.id] = command
        kept.append(command)
    if len(kept) < 2:
        return kept
    return sorted(kept, key=lambda command: (command.at, _RANK[type(command)], getattr(command, "id", "")))


def _later(expires_at: object, at: datetime) -> datetime:
    if expires_at is None:
        raise InputError("expires_at", "is missing: say until when")
    instant = to_utc(expires_at, "expires_at")
    if instant <= at:
        raise InputError("expires_at", f"{instant.isoformat()} is not later than at, {at.isoformat()}")
    return instant


def _instant_of(payload: Mapping[str, object]) -> datetime:
    for name in ("created", "created_at"):
        seconds = payload.get(name)
        if type(seconds) is int:
            return from_unix(seconds, name)
    for name in ("timestamp", "created_at", "created"):
        text = payload.get(name)
        if isinstance(text, str):
            return parse_instant(text, name)
    raise InputError("created", "is missing: a response needs created (seconds since 1970) or timestamp (ISO 8601)")
