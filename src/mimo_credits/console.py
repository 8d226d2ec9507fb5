"""`reconcile`: how far the ledger is from what the provider's console says.

The console's usage call answers `{"data": {"usage": {"items": […]}, "monthUsage": {"items": […]}}}`; each item has a
`name`, what is `used`, and its `limit`, in whole credits. `plan_total_token` is the running segment's allowance,
`compensation_total_token` what grants gave, and `month_total_token` the two together. (Shape as read by several public
quota readers, captured in September 2026; an account without a plan has `null` items.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from mimo_credits.errors import InputError, shown
from mimo_credits.exact import MILLI
from mimo_credits.ledger.account import ALLOWANCE, Account
from mimo_credits.seen import Seen

PLAN = "plan_total_token"
COMPENSATION = "compensation_total_token"
MONTH = "month_total_token"


class ReconciledItem(NamedTuple):
    """One item of the console beside the ledger's own figures, in millicredits; the console counts whole credits."""

    name: str
    console_used: int
    console_limit: int
    ledger_used: int
    ledger_limit: int

    @property
    def used_difference(self) -> int:
        """Console less ledger: positive where the provider has counted more."""
        return self.console_used - self.ledger_used

    @property
    def limit_difference(self) -> int:
        """Console less ledger, of the limit."""
        return self.console_limit - self.ledger_limit

    @property
    def agrees(self) -> bool:
        """Whether both figures are the same, but for the part of a credit that the console does not show."""
        return not self.limit_difference and abs(self.used_difference) < MILLI


@dataclass(frozen=True, slots=True)
class Reconciliation(Seen):
    """The console's items, each beside the ledger's figures.

    `missing` names the items that the console sends of an account with a plan and did not send; of an account without
    one it need not send any.
    """

    items: tuple[ReconciledItem, ...]
    missing: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether no item is missing, and every one that the console sent agrees with the ledger."""
        return not self.missing and all(item.agrees for item in self.items)


def reconcile(account: Account, console_payload: Mapping[str, object]) -> Reconciliation:
    """Holds the console's usage answer (as parsed JSON) against an account of the same instant (`Account.as_of`).

    Raises `InputError` for a payload of another shape.
    """
    figures = dict(_figures(account))
    items = []
    for where, fields in _items(console_payload):
        name = fields.get("name")
        if isinstance(name, str) and name in figures:
            used, limit = _whole(fields, "used", where), _whole(fields, "limit", where)
            items.append(ReconciledItem(name, used * MILLI, limit * MILLI, *figures[name]))
    expected = figures if account.plan is not None else ()
    sent = {item.name for item in items}
    return Reconciliation(tuple(items), tuple(name for name in expected if name not in sent))


def _figures(account: Account) -> Iterator[tuple[str, tuple[int, int]]]:
    """What the ledger says of each item: used (overage included) and limit, in millicredits.

    What holds of the allowance before a trade-in keep or give back can leave a pot with more than was issued into it.
    Then what is there is the limit, and nothing of it is used.
    """
    held: dict[str, int] = {}
    for hold in account.holds.values():
        for pot, part in hold.parts:
            held[pot] = held.get(pot, 0) + part
    plan_used = plan_limit = grants_used = grants_limit = 0
    for bucket in account.buckets:
        left = bucket.millicredits + held.get(bucket.pot, 0)
        limit = max(bucket.issued, left)
        used = limit - left
        if bucket.pot != ALLOWANCE:
            grants_used, grants_limit = grants_used + used, grants_limit + limit
        elif account.plan is not None:
            plan_used, plan_limit = used + account.plan.overage, limit
    yield PLAN, (plan_used, plan_limit)
    yield COMPENSATION, (grants_used, grants_limit)
    yield MONTH, (plan_used + grants_used, plan_limit + grants_limit)


def _items(payload: object) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Each item that the console sent, and where it stands."""
    data = _object(_object(payload, "payload").get("data"), "data")
    for section in ("usage", "monthUsage"):
        group = data.get(section)
        listed = _object(group, f"data.{section}").get("items") if group is not None else None
        if not isinstance(listed, list | None):
            raise InputError(f"data.{section}.items", f"needs a list, not {shown(listed)}")
        for number, item in enumerate(listed or ()):
            where = f"data.{section}.items[{number}]"
            yield where, _object(item, where)


def _object(value: object, where: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise InputError(where, f"needs a JSON object, not {shown(value)}")
    return value


def _whole(fields: Mapping[str, object], name: str, where: str) -> int:
    value = fields.get(name)
    if type(value) is not int or value < 0:
        raise InputError(f"{where}.{name}", f"needs whole credits, not {shown(value)}")
    return value
