"""Every way in which this library says no, and the words it uses.

One rule: bad input ends in one of these errors, never in another exception and never in a silent zero. Each error says
what is wrong, where it is and, where that can be known, what would be right. Errors survive pickling, so that they
cross process boundaries whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, TypeVar
from unicodedata import category

T = TypeVar("T")


def _revive(kind: type[MimoCreditsError], message: str, fields: dict[str, object]) -> MimoCreditsError:
    error = kind.__new__(kind, message)
    error.__dict__.update(fields)
    return error


def nearest(name: str, known: Iterable[str]) -> tuple[str, ...]:
    """Up to three of the `known` names that resemble `name`, the most alike first."""
    from difflib import get_close_matches  # needed only once something is wrong, and slow to import

    return tuple(get_close_matches(name, sorted(known), n=3, cutoff=0.5))


def shown(value: object) -> str:
    """A value as an error message shows it: its repr, cut short; never an error itself, however odd the value."""
    try:
        text = repr(value)
    except Exception:
        return f"a {type(value).__name__} that cannot be shown"
    return text if len(text) <= 80 else f"{text[:79]}…"


def visible(text: str) -> str:
    """The text with control characters as escapes: a name may hold any, and must not steer a screen."""
    if text.isprintable():
        return text
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    harmless = character.isprintable() or category(character) == "Zs"
    return character if harmless else character.encode("unicode_escape").decode("ascii")


def wrong_type(field: str, needed: str, value: object) -> InputError:
    """The error for a value of another type than the one that is `needed`."""
    return InputError(field, f"needs {needed}, not {shown(value)}")


def several(values: Iterable[T], field: str, needed: str) -> Iterable[T]:
    """The values, if they are a list or another iterable of them. Raises `InputError` for a text, or one single value.

    Many of our single values are tuples, too, and would be taken for their own fields.
    """
    given: object = values
    if isinstance(given, (str, bytes)) or hasattr(given, "_fields") or not isinstance(given, Iterable):
        raise wrong_type(field, f"several {needed}, such as a list", given)
    return values


def is_unicode(text: str) -> bool:
    """Whether a text can be written as UTF-8: a lone surrogate, which JSON can spell, cannot."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _hint(names: Sequence[str]) -> str:
    return f" Nearest known: {', '.join(names)}." if names else ""


class MimoCreditsError(Exception):
    """The root of everything this library raises on purpose."""

    def __reduce__(self) -> tuple[object, ...]:
        return _revive, (type(self), str(self), self.__dict__)


class Problem(NamedTuple):
    """One thing that is wrong with a rate card or another file of ours: where (a key path, or a line), and what."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


class RateCardError(MimoCreditsError):
    """A rate card that cannot be used. Lists all of its `problems`; `file` names the card's file or text."""

    def __init__(self, file: str, problems: Sequence[Problem]) -> None:
        self.file = file
        self.problems = tuple(problems)
        super().__init__(f"rate card {file} has {_counted(self.problems)}")


class WorkloadsError(MimoCreditsError):
    """A file of named workloads that cannot be used. Lists all of its `problems`; `file` names the file or text."""

    def __init__(self, file: str, problems: Sequence[Problem]) -> None:
        self.file = file
        self.problems = tuple(problems)
        super().__init__(f"workloads {file} have {_counted(self.problems)}")


def _counted(problems: Sequence[Problem]) -> str:
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return "\n  ".join([f"{count}:", *map(str, problems)])


class NoSuchCard(MimoCreditsError):
    """A rate card was asked for by a version or id that is not there; `nearest` names similar ones."""

    def __init__(self, version: str, known: Iterable[str]) -> None:
        self.version = version
        self.nearest = nearest(version, known)
        super().__init__(f"there is no rate card {shown(version)}.{_hint(self.nearest)}")


class WithdrawnCard(UserWarning):
    """The category of the warning that a card was withdrawn, and which card takes its place."""


class CardMismatch(MimoCreditsError):
    """A pinned rate card whose bytes are not the pinned ones; carries both SHA-256 digests."""

    def __init__(self, card_id: str, *, expected: str, found: str) -> None:
        self.card_id = card_id
        self.expected = expected
        self.found = found
        super().__init__(f"rate card {card_id} is pinned to sha256 {expected}, but its content has {found}.")


class NoPlan(MimoCreditsError):
    """A card that sells no plan was asked for the plan's terms."""

    def __init__(self, provider: str, card_id: str) -> None:
        self.provider = provider
        self.card_id = card_id
        super().__init__(f"rate card {card_id} of {provider} sells no plan.")


class PricingError(MimoCreditsError):
    """A usage that the rate card cannot price. A missing rate is always this, never zero."""


class UnknownModel(PricingError):
    """The card lists no such model or alias; `nearest` names similar ones."""

    def __init__(self, model: str, card_id: str, known: Iterable[str]) -> None:
        self.model = model
        self.card_id = card_id
        self.nearest = nearest(model, known)
        super().__init__(f"rate card {card_id} knows no model {shown(model)}.{_hint(self.nearest)}")


class NotInPlan(PricingError):
    """The card lists the model, but only for pay-as-you-go: it cannot draw on plan credits."""

    def __init__(self, model: str, card_id: str) -> None:
        self.model = model
        self.card_id = card_id
        super().__init__(f"rate card {card_id} sells {model!r} by pay-as-you-go only: the plan does not cover it.")


class NoRate(PricingError):
    """The card prices the model, but not this meter of it, or not in this currency."""

    def __init__(self, model: str, card_id: str, meter: str, unit: str) -> None:
        self.model = model
        self.card_id = card_id
        self.meter = meter
        self.unit = unit
        super().__init__(f"rate card {card_id} has no rate for {meter} of {model!r} in {unit}.")


class BeyondContext(PricingError):
    """A request whose input is longer than the last band of the model's rates."""

    def __init__(self, model: str, card_id: str, input_tokens: int, limit: int) -> None:
        self.model = model
        self.card_id = card_id
        self.input_tokens = input_tokens
        self.limit = limit
        super().__init__(
            f"rate card {card_id} prices {model!r} up to {limit:,} input tokens, this request has {input_tokens:,}. "
            "A usage of a model with bands is one request: price several as an iterable or a mapping of usages."
        )


class NoCardInEffect(PricingError):
    """No rate card of the book is in force at the instant (it lies before the first one)."""

    def __init__(self, instant: str, first: str | None) -> None:
        self.instant = instant
        self.first = first
        since = f"the first takes effect {first}" if first else "the book is empty"
        super().__init__(f"no rate card is in effect at {instant}: {since}.")


class InputError(MimoCreditsError):
    """A field of a usage, a command or a payload that cannot be right; names the `field` and says `why`."""

    def __init__(self, field: str, why: str) -> None:
        self.field = field
        self.why = why
        super().__init__(f"{field}: {why}")


class Reason(StrEnum):
    """Why the ledger refuses a command, in order of precedence: where several hold, the first is given.

    The order runs from "this cannot be decided now" over "there is no plan" and "that is not for sale" to "the credits
    do not suffice". What each means over HTTP stands in `docs/ledger.md`.
    """

    OUT_OF_ORDER = "out-of-order"
    CLOSED_CYCLE = "closed-cycle"
    NOT_SUBSCRIBED = "not-subscribed"
    ALREADY_SUBSCRIBED = "already-subscribed"
    UNKNOWN_TIER = "unknown-tier"
    INTERVAL_NOT_SOLD = "interval-not-sold"
    CURRENCY_NOT_SOLD = "currency-not-sold"
    NO_FIRST_PURCHASE = "no-first-purchase"
    SAME_TIER = "same-tier"
    DOWNGRADE_INSIDE_CYCLE = "downgrade-inside-cycle"
    DUPLICATE_GRANT = "duplicate-grant"
    DUPLICATE_HOLD = "duplicate-hold"
    UNKNOWN_HOLD = "unknown-hold"
    HOLD_ENDED = "hold-ended"
    INSUFFICIENT_CREDITS = "insufficient-credits"


class Refused(MimoCreditsError):
    """The ledger does not do what a command asks, and nothing has changed.

    `reason` is for programs, `detail` for people; `missing_millicredits` is set where a hold did not fit.
    """

    def __init__(
        self, reason: Reason, command: object, detail: str, *, missing_millicredits: int | None = None
    ) -> None:
        self.reason = reason
        self.command = command
        self.detail = detail
        self.missing_millicredits = missing_millicredits
        super().__init__(f"{reason}: {detail}")


class Conflict(MimoCreditsError):
    """An id that was used before, for something else. Nothing has changed."""

    def __init__(self, id: str, detail: str = "it was used before with other content") -> None:
        self.id = id
        super().__init__(f"id {id!r}: {detail}.")


class TooLarge(MimoCreditsError):
    """An amount or a balance beyond what a stored ledger can hold, 2**63 - 1 millicredits. Nothing has changed."""

    def __init__(self, where: str, millicredits: int) -> None:
        self.where = where
        self.millicredits = millicredits
        super().__init__(f"{where} would be {shown(millicredits)} millicredits, beyond the {2**63 - 1:,} that fit.")


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else shown(value)


class FaultyRow(NamedTuple):
    """A row that cannot be rated: its place counted from 0 (None where rows have no order), and what is in it.

    `file` is that in which the row has its place, where there are files.
    """

    row: int | None
    values: Mapping[str, object]
    file: str | None = None

    def __str__(self) -> str:
        of_file = "" if self.file is None else f" of {visible(self.file)}"
        place = "" if self.row is None else f"row {self.row:,}{of_file}: "
        return place + ", ".join(f"{name} {_plain(value)}" for name, value in self.values.items())


class FaultyRows(NamedTuple):
    """How many rows have one fault (such as `unknown-model`), and a few of them."""

    fault: str
    rows: int
    examples: tuple[FaultyRow, ...]

    def __str__(self) -> str:
        return f"{self.fault}: {self.rows:,}, such as\n    " + "\n    ".join(map(str, self.examples))


class RowsRefused(MimoCreditsError):
    """Rows of a frame that cannot be rated: each of the `faults`, in order of precedence. Nothing has been rated."""

    def __init__(self, faults: Iterable[FaultyRows]) -> None:
        self.faults = tuple(faults)
        count = sum(each.rows for each in self.faults)
        rows = "1 row" if count == 1 else f"{count:,} rows"
        super().__init__("\n  ".join([f"{rows} cannot be rated:", *map(str, self.faults)]))


class SchemaMismatch(MimoCreditsError):
    """A database whose tables are missing, or are not those that this version works with. Nothing has changed."""

    def __init__(self, detail: str) -> None:
        self.detail = detail
        super().__init__(f"the database is not migrated to this version: {detail}. `mimo_credits.sql.migrate` does it.")
