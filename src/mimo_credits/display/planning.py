"""Plans as text: which tier, how long the pool lasts, a log under a moving window, what-ifs, and cards side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from mimo_credits.display.writing import card_name, credit, in_percent, instant, joined, number, table, wrapped
from mimo_credits.exact import PER_MILLION, percent, quotient, rounded, whole
from mimo_credits.planning import Forecast, Offer, TierComparison, TierFit, WhatIf, WindowReport

_MOST_LISTED = 20
"""Requests of a log that are listed one by one; the others are counted."""


def comparison_text(comparison: TierComparison, chosen: str = "") -> str:
    """The tier to take and why; then every tier, pay-as-you-go and separately priced calls beside one another.

    `chosen` says how it came to be that card. The effective prices are in the currency that decided.
    """
    use, currency = comparison.use, comparison.currency
    currencies = sorted({name for fit in comparison.tiers for name in fit.cost} | {currency})
    lines = [f"Card {card_name(comparison.card)}{f', {chosen}' if chosen else ''}", "", *wrapped(comparison.why), ""]
    effective = [f"{currency} per 1M", *([f"{currency} per task"] if use.tasks else [])]
    rows = [["for a month", "allowance", "share", "to spare", *currencies, *effective]]
    rows += [_tier_row(fit, currencies, comparison) for fit in comparison.tiers]
    for name, money in (("pay-as-you-go", use.money), ("calls elsewhere", use.separately)):
        if money:
            amounts = [_money(money, each) for each in currencies]
            rows.append([name, "", "", "", *amounts, *_effective(comparison, money)])
    lines += [*table(rows, "l" + "r" * (len(rows[0]) - 1)), ""]
    lines += [*table([[fit.tier, fit.why] for fit in comparison.tiers], "ll"), ""]
    lines += table(list(_other_prices(comparison)), "lll")
    return joined(lines).rstrip() + "\n"


def _tier_row(fit: TierFit, currencies: Sequence[str], comparison: TierComparison) -> list[str]:
    share = in_percent(percent(fit.share), fit.used)
    spare = credit(fit.headroom) if fit.fits else "does not fit"
    each = _effective(comparison, fit.cost if fit.fits else {})
    return [fit.tier, credit(fit.allowance), share, spare, *(_money(fit.cost, name) for name in currencies), *each]


def _effective(comparison: TierComparison, money: Mapping[str, Decimal]) -> Iterator[str]:
    """What a million tokens, and a task where tasks are counted, cost of a month's money; rounded to be read."""
    amount, use = money.get(comparison.currency), comparison.use
    counts = [quotient(use.tokens, PER_MILLION), *([Fraction(use.tasks)] if use.tasks else [])]
    for count in counts:
        yield "" if amount is None or not count else number(rounded(quotient(amount, count), 4))


def _other_prices(comparison: TierComparison) -> Iterator[list[str]]:
    """What the chosen tier costs at an account's first purchase, and for a year."""
    if comparison.choice is not None:
        fit = comparison[comparison.choice]
        for what, prices in (("first purchase", fit.first_purchase), ("for a year", fit.annual)):
            if prices:
                yield [fit.tier, what, ", ".join(f"{currency} {number(price)}" for currency, price in prices.items())]


def forecast_text(forecast: Forecast) -> str:
    """How the cycle may go on, from the slowest to the fastest day that was seen."""
    count = len(forecast.days)
    days = "1 whole day" if count == 1 else f"{count:,} whole days"
    span = f"{instant(forecast.start)} to {instant(forecast.end)}"
    lines = [
        f"Seen from {instant(forecast.at)}, after {days} from {instant(forecast.observed_from)} on",
        f"Cycle from {span}, {credit(forecast.used)} used so far",
        "",
    ]
    runs_out = [] if forecast.remaining is None else ["pool runs out"]
    rows = [["if it goes on as on", "credits a day", "in the cycle", "tier", *runs_out]]
    for pace in forecast.paces:
        ends = "not before the end" if pace.runs_out_at is None else instant(pace.runs_out_at)
        cells = [credit(whole(pace.per_day)), credit(pace.by_end), pace.tier or "none holds it"]
        rows.append([f"the {pace.name}", *cells, *([ends] if runs_out else [])])
    return joined([*lines, *table(rows, "lrrll")])


def window_text(report: WindowReport) -> str:
    """A log under a moving window: who would have waited, the longest first."""
    lines = wrapped(str(report))
    ranked = sorted(report.waited, key=lambda wait: (-wait.waited, wait.burn))
    if ranked:
        rows = [["request", "sent (UTC)", "starts", "waits", "credits"]]
        for wait in ranked[:_MOST_LISTED]:
            times = [instant(wait.burn.at), instant(wait.started), str(wait.waited)]
            rows.append([wait.burn.id, *times, credit(wait.burn.millicredits)])
        lines += ["", *table(rows, "lllrr"), *_and_more(len(ranked))]
    if report.never:
        listed = report.never[:_MOST_LISTED]
        rows = [["larger than the limit", "sent (UTC)", "credits"]]
        rows += [[burn.id, instant(burn.at), credit(burn.millicredits)] for burn in listed]
        lines += ["", *table(rows, "llr"), *_and_more(len(report.never))]
    return joined(lines)


def _and_more(count: int) -> list[str]:
    return [f"  and {count - _MOST_LISTED:,} more"] if count > _MOST_LISTED else []


def what_if_text(rows: Iterable[WhatIf]) -> str:
    """The same history on every card and tier, and below it, once each, why usage has no price or is refused."""
    listed = list(rows)
    currencies = sorted({currency for row in listed for currency in row.money})
    cells = [["card", "tier", "used", "beyond", "cycles", *currencies, "no price", "refused"]]
    for row in listed:
        money = [_money(row.money, currency) for currency in currencies]
        left_out = [f"{len(row.unpriced):,}", f"{len(row.refused):,}"]
        cells.append([row.card, row.tier, credit(row.used), credit(row.overage), f"{row.cycles}", *money, *left_out])
    lines = table(cells, "ll" + "r" * (len(cells[0]) - 2))
    for reason in dict.fromkeys(str(each.error) for row in listed for each in (*row.unpriced, *row.refused)):
        lines += ["", *wrapped(reason)]
    return joined(lines)


def offers_text(offers: Iterable[Offer]) -> str:
    """One workload on several cards; then who says so, and what has no price."""
    listed = list(offers)
    currencies = sorted({currency for offer in listed for currency in offer.money})
    rows = [["provider", "card", "age", "model", "credits", *currencies]]
    for offer in listed:
        drawn = "no plan" if offer.millicredits is None else credit(offer.millicredits)
        money = [_money(offer.money, currency) for currency in currencies]
        age = f"{offer.age:,} d"
        rows.append([offer.provider, offer.card.id, age, ", ".join(offer.models), drawn, *money])
    lines = table(rows, "llrlr" + "r" * len(currencies))
    for offer in listed:
        lines += ["", f"{offer.provider} {offer.card.id}, in effect from {instant(offer.effective_from)} UTC"]
        for title, date in offer.sources:
            lines += wrapped(f"{title} ({date})")
        for reason in dict.fromkeys((*offer.unpriced.values(), offer.why_no_plan)):
            lines += wrapped(reason)
    return joined(lines)


def _money(money: Mapping[str, Decimal], currency: str) -> str:
    return number(money[currency]) if currency in money else "-"
