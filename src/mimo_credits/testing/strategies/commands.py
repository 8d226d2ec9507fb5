"""Commands, each by itself, and the instants, lifetimes and amounts that timelines are made of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar, get_args

from hypothesis import strategies as st

from mimo_credits.errors import wrong_type
from mimo_credits.exact import to_credits, to_millicredits
from mimo_credits.ledger import (
    Advance,
    Cancel,
    ChangeTier,
    Command,
    Grant,
    Hold,
    Record,
    Release,
    Settle,
    Subscribe,
)
from mimo_credits.testing.strategies.drawing import between, one_of, part_of
from mimo_credits.testing.strategies.usages import newest_card, usage_of, usages
from mimo_credits.usage import Usage

C = TypeVar("C", bound=Command)

SOON = (timedelta(), timedelta(microseconds=1), timedelta(minutes=59), timedelta(hours=7), timedelta(days=1))
GAPS = (*SOON, timedelta(days=2, hours=11), timedelta(days=31))
LIFETIMES = (SOON[3], SOON[4], GAPS[5], GAPS[6], SOON[2], SOON[1])


def commands(*kinds: type[C]) -> st.SearchStrategy[C]:
    """One command of any kind, or of the kinds given, as somebody may say it under the newest published card.

    Each is right in itself: its id is any text, its usage has a price, its tier is sold. Whether an account accepts it
    is the account's business; `timelines` are accepted. The instant lies in the year after the card took effect.
    Raises `InputError` for what is no kind of command.

        @given(commands(Record, Grant))
        def test_our_wire_format_keeps_a_command(command): ...
    """
    for kind in kinds:
        if kind not in get_args(Command):
            raise wrong_type("kinds", "kinds of command, such as Record", kind)
    return st.one_of(*(_BY_KIND[kind]() for kind in kinds or get_args(Command)))


def amount(draw: st.DrawFn, most: int) -> int:
    """Millicredits from 1 to `most`: up to a credit, or any part of the most."""
    if one_of(draw, (False, True)):
        return max(1, part_of(draw, most))
    return between(draw, 1, min(most, 1000))


def grant(draw: st.DrawFn, id: str, at: datetime, most: int, label: str) -> Grant:
    """A grant of up to `most` millicredits, for ever or for a while."""
    lifetime = one_of(draw, (None, *LIFETIMES))
    return Grant(
        id,
        at,
        to_credits(amount(draw, most)),
        expires_at=None if lifetime is None else at + lifetime,
        priority=one_of(draw, (0, -1, 1)),
        label=label,
    )


def hold(draw: st.DrawFn, id: str, at: datetime, most: int, usage: Callable[[], Usage]) -> Hold:
    """A hold of up to `most` millicredits, or of what a usage costs."""
    expires_at = at + one_of(draw, LIFETIMES)
    if one_of(draw, (False, True)):
        return Hold(id, at, usage(), expires_at=expires_at)
    return Hold(id, at, credits=to_credits(amount(draw, most)), expires_at=expires_at)


_IDS = st.text(min_size=1, max_size=20)


@st.composite
def _instants(draw: st.DrawFn) -> datetime:
    return newest_card().effective_from + timedelta(seconds=between(draw, 0, 365 * 24 * 60 * 60))


@st.composite
def _tiers(draw: st.DrawFn) -> str:
    return one_of(draw, list(newest_card().tiers))


@st.composite
def _grants(draw: st.DrawFn) -> Grant:
    return grant(draw, draw(_IDS), draw(_instants()), _allowance(), draw(st.text(max_size=20)))


@st.composite
def _holds(draw: st.DrawFn) -> Hold:
    return hold(draw, draw(_IDS), draw(_instants()), _allowance(), lambda: usage_of(draw, newest_card()))


def _allowance() -> int:
    return max(to_millicredits(tier.credits) for tier in newest_card().tiers.values())


_BY_KIND: dict[type, Callable[[], st.SearchStrategy[Command]]] = {
    Subscribe: lambda: st.builds(
        Subscribe,
        _IDS,
        _instants(),
        _tiers(),
        st.sampled_from(["USD", "CNY"]),
        interval=st.sampled_from(["monthly", "annual"]),
        first_purchase=st.sampled_from([None, False]),
        card=st.none(),
    ),
    Record: lambda: st.builds(Record, _IDS, _instants(), usages()),
    ChangeTier: lambda: st.builds(ChangeTier, _IDS, _instants(), _tiers(), st.sampled_from(["now", "renewal"])),
    Cancel: lambda: st.builds(Cancel, _IDS, _instants()),
    Grant: _grants,
    Hold: _holds,
    Settle: lambda: st.builds(Settle, _IDS, _instants(), _IDS, usages()),
    Release: lambda: st.builds(Release, _IDS, _instants(), _IDS),
    Advance: lambda: st.builds(Advance, _instants()),
}
