"""Each reason for which the ledger refuses a command, and which is given where several hold.

Every refusal is one line of a table: what was before, what is asked, and why not. The order of `Reason` is the order of
precedence, so a command that could be refused for two reasons is refused for the one that stands first.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest

from mimo_credits import (
    Account,
    Advance,
    Cancel,
    ChangeTier,
    Command,
    Grant,
    Hold,
    NoSuchCard,
    RateBook,
    Reason,
    Record,
    Refused,
    Release,
    Settle,
    Subscribe,
    UnknownModel,
    apply,
    fold,
)
from tests.ledger import worlds
from tests.ledger.worlds import LARGE, SMALL, tokens

BOOK = worlds.plain()
NO_STANDARD = worlds.repriced()
PRO_NO_LARGER = RateBook([worlds.card(worlds.PLAIN).derive({"tiers": {"pro": {"credits": 30}}})])
START = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

LITE: Command = Subscribe("s", START, "lite")
STANDARD: Command = Subscribe("s", START, "standard")
ANNUAL: Command = Subscribe("s", START, "standard", interval="annual")
HELD: Command = Hold("h", START, credits=4, expires_at=START + HOUR)
RELEASED: Command = Release("r", START, "h")
LAPSED: list[Command] = [LITE, HELD, Cancel("c", START), Advance(START + DAY)]
"""A day's plan that ended; its hold had lapsed before."""


class No(NamedTuple):
    """After these commands this one is refused, for this reason; `over` also holds, but comes later in the order."""

    reason: Reason
    before: Sequence[Command]
    command: Command
    over: tuple[Reason, ...] = ()
    book: RateBook = BOOK


REFUSALS = {
    "a change before the account's clock": No(
        Reason.OUT_OF_ORDER, [LITE], ChangeTier("x", START - HOUR, "ultra"), over=(Reason.UNKNOWN_TIER,)
    ),
    "subscribing twice, and before the first": No(
        Reason.OUT_OF_ORDER, [LITE], Subscribe("x", START - HOUR, "lite"), over=(Reason.ALREADY_SUBSCRIBED,)
    ),
    "a hold before the account's clock": No(
        Reason.OUT_OF_ORDER,
        [LITE, HELD],
        Hold("h", START - HOUR, credits=99, expires_at=START),
        over=(Reason.DUPLICATE_HOLD, Reason.INSUFFICIENT_CREDITS),
    ),
    "a grant before the account's clock": No(
        Reason.OUT_OF_ORDER, [LITE, Grant("g", START, 1)], Grant("g", START - HOUR, 1), over=(Reason.DUPLICATE_GRANT,)
    ),
    "a settlement before the account's clock": No(
        Reason.OUT_OF_ORDER, [LITE], Settle("x", START - HOUR, "nobody", SMALL), over=(Reason.UNKNOWN_HOLD,)
    ),
    "a release before the account's clock": No(
        Reason.OUT_OF_ORDER, [LITE, HELD, RELEASED], Release("x", START - HOUR, "h"), over=(Reason.HOLD_ENDED,)
    ),
    "time that runs backwards": No(Reason.OUT_OF_ORDER, [LITE], Advance(START - HOUR)),
    "usage of two cycles ago": No(Reason.CLOSED_CYCLE, [LITE, Advance(START + 2 * DAY)], Record("x", START, SMALL)),
    "usage of two cycles ago, and no plan": No(
        Reason.CLOSED_CYCLE,
        [LITE, Cancel("c", START + DAY), Advance(START + 2 * DAY)],
        Record("x", START, SMALL),
        over=(Reason.NOT_SUBSCRIBED,),
    ),
    "usage without a plan": No(Reason.NOT_SUBSCRIBED, [], Record("x", START, SMALL)),
    "usage on a grant alone": No(Reason.NOT_SUBSCRIBED, [Grant("g", START, 9)], Record("x", START, SMALL)),
    "usage from before the first plan": No(Reason.NOT_SUBSCRIBED, [LITE], Record("x", START - HOUR, SMALL)),
    "usage after the plan": No(Reason.NOT_SUBSCRIBED, LAPSED, Record("x", START + DAY, SMALL)),
    "settling a lapsed hold after the plan": No(Reason.NOT_SUBSCRIBED, LAPSED, Settle("x", START + DAY, "h", SMALL)),
    "a change without a plan": No(
        Reason.NOT_SUBSCRIBED, [], ChangeTier("x", START, "ultra"), over=(Reason.UNKNOWN_TIER,)
    ),
    "cancelling without a plan": No(Reason.NOT_SUBSCRIBED, [], Cancel("x", START)),
    "a hold without a plan": No(
        Reason.NOT_SUBSCRIBED,
        [],
        Hold("x", START, credits=1, expires_at=START + HOUR),
        over=(Reason.INSUFFICIENT_CREDITS,),
    ),
    "a hold again, after the plan": No(
        Reason.NOT_SUBSCRIBED,
        [LITE, Hold("h", START, credits=4, expires_at=START + 9 * DAY), Cancel("c", START)],
        Hold("h", START + DAY, credits=1, expires_at=START + 9 * DAY),
        over=(Reason.DUPLICATE_HOLD,),
    ),
    "subscribing twice": No(
        Reason.ALREADY_SUBSCRIBED,
        [LITE],
        Subscribe("x", START, "ultra", "EUR", first_purchase=True),
        over=(Reason.UNKNOWN_TIER, Reason.CURRENCY_NOT_SOLD, Reason.NO_FIRST_PURCHASE),
    ),
    "subscribing to a cancelled plan before it has lapsed": No(
        Reason.ALREADY_SUBSCRIBED,
        [LITE, Cancel("c", START)],
        Subscribe("x", START, "pro", interval="annual"),
        over=(Reason.INTERVAL_NOT_SOLD,),
    ),
    "a tier that is not for sale": No(
        Reason.UNKNOWN_TIER,
        LAPSED,
        Subscribe("x", START + DAY, "ultra", "EUR", interval="annual", first_purchase=True),
        over=(Reason.INTERVAL_NOT_SOLD, Reason.CURRENCY_NOT_SOLD, Reason.NO_FIRST_PURCHASE),
    ),
    "a change to the current tier, which is no longer for sale": No(
        Reason.UNKNOWN_TIER,
        [STANDARD],
        ChangeTier("x", START + DAY, "standard"),
        over=(Reason.SAME_TIER,),
        book=NO_STANDARD,
    ),
    "a year of a tier that is sold by the month": No(
        Reason.INTERVAL_NOT_SOLD,
        LAPSED,
        Subscribe("x", START + DAY, "pro", "EUR", interval="annual", first_purchase=True),
        over=(Reason.CURRENCY_NOT_SOLD, Reason.NO_FIRST_PURCHASE),
    ),
    "an annual plan changed to a tier that is sold by the month": No(
        Reason.INTERVAL_NOT_SOLD, [ANNUAL], ChangeTier("x", START, "pro", when="renewal")
    ),
    "a currency that is not taken": No(
        Reason.CURRENCY_NOT_SOLD,
        LAPSED,
        Subscribe("x", START + DAY, "lite", "EUR", first_purchase=True),
        over=(Reason.NO_FIRST_PURCHASE,),
    ),
    "a second first purchase": No(
        Reason.NO_FIRST_PURCHASE, LAPSED, Subscribe("x", START + DAY, "lite", first_purchase=True)
    ),
    "a first purchase by the year": No(
        Reason.NO_FIRST_PURCHASE, [], Subscribe("x", START, "lite", interval="annual", first_purchase=True)
    ),
    "a change to the same tier": No(
        Reason.SAME_TIER, [LITE], ChangeTier("x", START, "lite"), over=(Reason.DOWNGRADE_INSIDE_CYCLE,)
    ),
    "a lower tier inside the cycle": No(Reason.DOWNGRADE_INSIDE_CYCLE, [STANDARD], ChangeTier("x", START, "lite")),
    "a lower tier than one that is no longer for sale": No(
        Reason.DOWNGRADE_INSIDE_CYCLE, [STANDARD], ChangeTier("x", START + DAY, "lite"), book=NO_STANDARD
    ),
    "another tier of the same size": No(
        Reason.DOWNGRADE_INSIDE_CYCLE, [STANDARD], ChangeTier("x", START, "pro"), book=PRO_NO_LARGER
    ),
    "a grant again": No(Reason.DUPLICATE_GRANT, [Grant("g", START, 1)], Grant("g", START, 2)),
    "an open hold again": No(
        Reason.DUPLICATE_HOLD,
        [LITE, HELD],
        Hold("h", START, credits=99, expires_at=START + HOUR),
        over=(Reason.INSUFFICIENT_CREDITS,),
    ),
    "settling what was never held": No(Reason.UNKNOWN_HOLD, [LITE], Settle("x", START, "nobody", SMALL)),
    "releasing what was never held": No(Reason.UNKNOWN_HOLD, [], Release("x", START, "nobody")),
    "settling twice": No(
        Reason.UNKNOWN_HOLD, [LITE, HELD, Settle("t", START, "h", SMALL)], Settle("x", START, "h", SMALL)
    ),
    "settling a hold that lapsed two cycles ago": No(
        Reason.UNKNOWN_HOLD, [LITE, HELD, Advance(START + 2 * DAY)], Settle("x", START + 2 * DAY, "h", SMALL)
    ),
    "releasing twice": No(Reason.HOLD_ENDED, [LITE, HELD, RELEASED], Release("x", START, "h")),
    "releasing a hold that lapsed": No(Reason.HOLD_ENDED, [LITE, HELD], Release("x", START + HOUR, "h")),
    "releasing a hold that lapsed a cycle ago": No(
        Reason.HOLD_ENDED, [LITE, HELD, Advance(START + DAY)], Release("x", START + DAY, "h")
    ),
    "a hold that does not fit": No(
        Reason.INSUFFICIENT_CREDITS, [LITE], Hold("x", START, LARGE, expires_at=START + HOUR)
    ),
    "a hold beside one that took the credits": No(
        Reason.INSUFFICIENT_CREDITS, [LITE, HELD], Hold("x", START, credits=7, expires_at=START + HOUR)
    ),
}


def refused(case: No) -> Refused:
    account, _ = fold(Account(), case.before, case.book)
    with pytest.raises(Refused) as caught:
        apply(account, case.command, case.book)
    return caught.value


@pytest.mark.parametrize("name", REFUSALS)
def test_refused_for_the_reason_that_stands_first(name: str) -> None:
    case, order = REFUSALS[name], list(Reason)
    assert refused(case).reason == case.reason
    assert all(order.index(case.reason) < order.index(other) for other in case.over)


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refusal_carries_the_command_that_was_refused(name: str) -> None:
    assert refused(REFUSALS[name]).command is REFUSALS[name].command


@pytest.mark.parametrize("name", REFUSALS)
def test_a_hold_that_does_not_fit_says_how_much_is_missing_and_no_other_refusal_does(name: str) -> None:
    missing = {"a hold that does not fit": 5_500, "a hold beside one that took the credits": 1_000}
    assert refused(REFUSALS[name]).missing_millicredits == missing.get(name)


SAYS = {
    "time that runs backwards": (
        "2026-01-01T11:00:00+00:00 lies before the account's last entry, 2026-01-01T12:00:00+00:00"
    ),
    "usage of two cycles ago": (
        "2026-01-01T12:00:00+00:00 lies before the segment just closed, which began 2026-01-02T12:00:00+00:00"
    ),
    "usage from before the first plan": "the account had no plan at 2026-01-01T11:00:00+00:00",
    "usage after the plan": "the account had no plan at 2026-01-02T12:00:00+00:00",
    "cancelling without a plan": "the account has no plan",
    "subscribing twice": "the account has 'lite' already",
    "a tier that is not for sale": "card 2026-01-01.1 has no tier 'ultra', but lite, standard, pro",
    "a year of a tier that is sold by the month": "card 2026-01-01.1 has no annual plan of 'pro'",
    "a currency that is not taken": "card 2026-01-01.1 sells 'lite' in USD and CNY, not in EUR",
    "a second first purchase": (
        "the first-purchase price is for an account's first plan, monthly, on a card that has one"
    ),
    "a change to the same tier": "the account is on 'lite' already",
    "a lower tier inside the cycle": (
        "'lite' is no higher than 'standard': a running cycle only moves upward, "
        'a lower tier begins with the next one (when="renewal")'
    ),
    "a grant again": "grant 'g' is there already",
    "an open hold again": "hold 'h' is open already",
    "settling what was never held": "there is no hold 'nobody', or it was settled",
    "releasing twice": "hold 'h' is released already",
    "releasing a hold that lapsed": "hold 'h' is lapsed already",
    "a hold beside one that took the credits": "the hold needs 7 credits, 1 more than are free",
}
"""What a person reads: one case of each place in the code that refuses."""


@pytest.mark.parametrize("name", SAYS)
def test_a_refusal_says_what_is_wrong(name: str) -> None:
    assert refused(REFUSALS[name]).detail == SAYS[name]


def test_every_reason_is_given_for_something() -> None:
    assert {case.reason for case in REFUSALS.values()} == set(Reason)


def test_a_refusal_comes_before_an_error_of_price() -> None:
    """What nobody may use needs no price: the account is told that it has no plan, not that the model is unknown."""
    unknown = tokens(1, model="nobody-sells-this")
    assert refused(No(Reason.NOT_SUBSCRIBED, [], Record("x", START, unknown))).reason == Reason.NOT_SUBSCRIBED
    account, _ = fold(Account(), [LITE], BOOK)
    with pytest.raises(UnknownModel):
        apply(account, Record("x", START, unknown), BOOK)
    with pytest.raises(UnknownModel):
        apply(account, Hold("x", START, unknown, expires_at=START + HOUR), BOOK)


def test_staying_on_a_card_that_is_not_there_is_an_error() -> None:
    with pytest.raises(NoSuchCard):
        apply(Account(), Subscribe("x", START, "lite", card="2020-01-01.1"), BOOK)
