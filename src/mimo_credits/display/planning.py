"""Plans as sheets: which tier, how long the pool lasts, a log under a moving window, what-ifs, cards side by side.

What one token or one task of many costs is a quotient, so it is rounded, like percentages, to be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from mimo_credits.display.sheet import Block, Listing, Row, Sheet, note, table, total, untitled
from mimo_credits.display.writing import (
    AUDIO_WORDS,
    SEARCH_WORDS,
    card_name,
    credit,
    in_percent,
    instant,
    money,
    number,
)
from mimo_credits.exact import PER_MILLION, percent, ratio, rounded, whole
from mimo_credits.planning import (
    BreakEven,
    Forecast,
    Lever,
    Offer,
    Step,
    TierComparison,
    TierFit,
    WhatIf,
    WindowReport,
    Workload,
    WorkloadQuote,
)

_MOST_LISTED = 20
"""Requests of a log that are listed one by one; the others are counted."""


def plan_sheet(comparison: TierComparison, chosen: str = "") -> Sheet:
    """The tier to take and why; then every tier, pay-as-you-go and separately priced calls beside one another.

    `chosen` says how it came to be that card. The effective prices are in the currency that decided.
    """
    use, currency = comparison.use, comparison.currency
    currencies = sorted({name for fit in comparison.tiers for name in fit.cost} | {currency})
    effective = [f"{currency} per 1M", *([f"{currency} per task"] if use.tasks else [])]
    titles = ["for a month", "allowance", "share", "to spare", *currencies, *effective]
    rows = [_tier_row(fit, currencies, comparison) for fit in comparison.tiers]
    for name, costs in (("pay-as-you-go", use.money), ("calls elsewhere", use.separately)):
        if costs:
            amounts = [_money(costs, each) for each in currencies]
            rows.append([name, "", "", "", *amounts, *_effective(comparison, costs)])
    blocks: list[Block] = [
        Listing("", (comparison.why,)),
        table(titles, "l" + "r" * (len(titles) - 1), rows),
        untitled("ll", [[fit.tier, fit.why] for fit in comparison.tiers]),
    ]
    others = list(_other_prices(comparison))
    if others:
        blocks.append(untitled("lll", others))
    return Sheet(f"Card {card_name(comparison.card)}{f', {chosen}' if chosen else ''}", tuple(blocks))


def _tier_row(fit: TierFit, currencies: Sequence[str], comparison: TierComparison) -> list[str]:
    share = in_percent(percent(fit.share), fit.used)
    spare = credit(fit.headroom) if fit.fits else "does not fit"
    each = _effective(comparison, fit.cost if fit.fits else {})
    return [fit.tier, credit(fit.allowance), share, spare, *(_money(fit.cost, name) for name in currencies), *each]


def _effective(comparison: TierComparison, costs: Mapping[str, Decimal]) -> Iterator[str]:
    """What a million tokens, and a task where tasks are counted, cost of a month's money; rounded to be read."""
    amount, use = costs.get(comparison.currency), comparison.use
    counts = [ratio(use.tokens, PER_MILLION), *([Fraction(use.tasks)] if use.tasks else [])]
    for count in counts:
        yield "" if amount is None or not count else number(rounded(ratio(amount, count), 4))


def _other_prices(comparison: TierComparison) -> Iterator[list[str]]:
    """What the chosen tier costs at an account's first purchase, and for a year."""
    if comparison.choice is not None:
        fit = comparison[comparison.choice]
        for what, prices in (("first purchase", fit.first_purchase), ("for a year", fit.annual)):
            if prices:
                yield [
                    fit.tier,
                    what,
                    ", ".join(f"{currency} {money(price, currency)}" for currency, price in prices.items()),
                ]


def forecast_sheet(forecast: Forecast) -> Sheet:
    """How the cycle may go on, from the slowest to the fastest day that was seen."""
    count = len(forecast.days)
    days = "1 whole day" if count == 1 else f"{count:,} whole days"
    title = f"Seen from {instant(forecast.at)}, after {days} from {instant(forecast.observed_from)} on"
    span = f"{instant(forecast.start)} to {instant(forecast.end)}"
    runs_out = [] if forecast.remaining is None else ["pool runs out"]
    rows = []
    for pace in forecast.paces:
        ends = "not before the end" if pace.runs_out_at is None else instant(pace.runs_out_at)
        cells = [credit(whole(pace.per_day)), credit(pace.by_end), pace.tier or "none holds it"]
        rows.append([f"the {pace.name}", *cells, *([ends] if runs_out else [])])
    titles = ["if it goes on as on", "credits a day", "in the cycle", "tier", *runs_out]
    paces = table(titles, "lrrll"[: len(titles)], rows)
    return Sheet(title, (paces,), (f"Cycle from {span}, {credit(forecast.used)} used so far",))


def window_sheet(report: WindowReport) -> Sheet:
    """A log under a moving window: who would have waited, the longest first, and who never fits."""
    blocks: list[Block] = [Listing("", (str(report),))]
    waits = [
        Row((one.burn.id, instant(one.burn.at), instant(one.started), str(one.waited), credit(one.burn.millicredits)))
        for one in sorted(report.waited, key=lambda wait: (-wait.waited, wait.burn))
    ]
    if waits:
        blocks.append(table(["request", "sent (UTC)", "starts", "waits", "credits"], "lllrr", _first(waits)))
    never = [Row((burn.id, instant(burn.at), credit(burn.millicredits))) for burn in report.never]
    if never:
        blocks.append(table(["larger than the limit", "sent (UTC)", "credits"], "llr", _first(never)))
    return Sheet("", tuple(blocks))


def _first(rows: Sequence[Row]) -> list[Row]:
    """The first rows, and how many more there are."""
    more = len(rows) - _MOST_LISTED
    return [*rows[:_MOST_LISTED], *([note(f"and {more:,} more")] if more > 0 else [])]


def break_even_sheet(found: BreakEven) -> Sheet:
    """The answer, and the numbers that it rests on."""
    currency = found.currency
    rows = [
        ["a month of the tier", f"{currency} {money(found.price, currency)}"],
        ["pay-as-you-go, each time", f"{currency} {money(found.each, currency)}"],
        ["the tier holds", "any number of times" if found.holds is None else f"{found.holds:,} times a month"],
    ]
    title = f"Card {card_name(found.card)}: {found.tier}, {found.workload}"
    return Sheet(title, (Listing("", (found.why,)), untitled("lr", rows)))


def lever_sheet(lever: Lever) -> Sheet:
    """The answer, and what the work draws from nothing of the lever to all of it."""
    rows = [
        [f"without any {lever.name}", credit(whole(lever.without, "up"))],
        [f"with nothing but {lever.name}", credit(whole(lever.fully, "up"))],
    ]
    title = f"Card {card_name(lever.card)}: {lever.tier}, {lever.workload}"
    return Sheet(title, (Listing("", (lever.why,)), table(["", "credits"], "lr", rows)))


def workload_sheet(work: Workload) -> Sheet:
    """The steps, each by what one of its requests uses; who estimates it, and what is assumed."""
    titles = ["step", "requests", "model", "input", "of it cached", "output", "off-peak"]
    rows = [row for step in work.steps for row in _step_rows(step)]
    said = (("Estimate", work.estimate), ("Assumed", work.assumes))
    steps = table(titles, "lrlrrrr", rows, "Each step, and what one of its requests uses")
    title = f"Workload {work.name}: {work.tokens:,} tokens"
    return Sheet(title, (steps, *(Listing("", (f"{name}: {text}",)) for name, text in said if text)))


def _step_rows(step: Step) -> Iterator[Row]:
    usage, share = step.usage, Fraction(step.off_peak_share)
    tokens = (f"{count:,}" for count in (usage.input_tokens, usage.cached_tokens, usage.output_tokens))
    yield Row((step.name, f"{step.count:,}", usage.model, *tokens, in_percent(percent(share), share)))
    others = ((AUDIO_WORDS, usage.audio_seconds), (SEARCH_WORDS, usage.web_searches), ("images: {:,}", usage.images))
    yield from (note(words.format(count)) for words, count in others if count)


def workload_quote_sheet(quote: WorkloadQuote) -> Sheet:
    """A workload step by step, and what it costs without a plan."""
    rows = [[step.name, step.model, f"{step.tokens:,}", number(step.credits)] for step in quote.steps]
    sums = total(["total", "", f"{quote.tokens:,}", number(quote.credits)])
    blocks: list[Block] = [table(["step", "model", "tokens", "credits"], "llrr", [*rows, sums])]
    costs = [["pay-as-you-go", currency, money(amount, currency)] for currency, amount in quote.money.items()]
    costs += [["pay-as-you-go", currency, why] for currency, why in quote.unpriced.items()]
    for name, owed in (("web searches", quote.web_searches), ("calls elsewhere", quote.separately)):
        costs += [[name, currency, money(amount, currency)] for currency, amount in owed.items()]
    if costs:
        blocks.append(untitled("lll", costs))
    return Sheet(f"Card {card_name(quote.card)}: {quote.workload}, {quote.times:,} times", tuple(blocks))


def what_if_sheet(rows: Iterable[WhatIf]) -> Sheet:
    """The same history on every card and tier, and below it, once each, why usage has no price or is refused."""
    listed = list(rows)
    currencies = sorted({currency for row in listed for currency in row.money})
    titles = ["card", "tier", "used", "beyond", "cycles", *currencies, "no price", "refused"]
    cells = []
    for row in listed:
        costs = [_money(row.money, currency) for currency in currencies]
        left_out = [f"{len(row.unpriced):,}", f"{len(row.refused):,}"]
        cells.append([row.card, row.tier, credit(row.used), credit(row.overage), f"{row.cycles}", *costs, *left_out])
    reasons = dict.fromkeys(str(each.error) for row in listed for each in (*row.unpriced, *row.refused))
    blocks: list[Block] = [table(titles, "ll" + "r" * (len(titles) - 2), cells)]
    if reasons:
        blocks.append(Listing("Why usage has no price, or is refused", tuple(reasons)))
    return Sheet("", tuple(blocks))


def offers_sheet(offers: Iterable[Offer]) -> Sheet:
    """One workload on several cards; then for each who says so, and what has no price."""
    listed = list(offers)
    currencies = sorted({currency for offer in listed for currency in offer.money})
    rows = []
    for offer in listed:
        drawn = "no plan" if offer.millicredits is None else credit(offer.millicredits)
        costs = [_money(offer.money, currency) for currency in currencies]
        age = f"{offer.age:,} d"
        rows.append([offer.provider, offer.card.id, age, ", ".join(offer.models), drawn, *costs])
    titles = ["provider", "card", "age", "model", "credits", *currencies]
    blocks: list[Block] = [table(titles, "llrlr" + "r" * len(currencies), rows)]
    for offer in listed:
        caption = f"{offer.provider} {offer.card.id}, in effect from {instant(offer.effective_from)} UTC"
        reasons = dict.fromkeys(why for why in (*offer.unpriced.values(), offer.why_no_plan) if why)
        sources = (f"{title} ({date})" for title, date in offer.sources)
        blocks.append(Listing(caption, (*sources, *reasons)))
    return Sheet("", tuple(blocks))


def _money(amounts: Mapping[str, Decimal], currency: str) -> str:
    return money(amounts[currency], currency) if currency in amounts else "-"
