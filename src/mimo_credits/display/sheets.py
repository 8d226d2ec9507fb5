"""Which sheet a value has when nothing else is known but the value itself: in a notebook, or printed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mimo_credits.book import RateBook
from mimo_credits.card import RateCard
from mimo_credits.comparison import UsageComparison
from mimo_credits.console import Reconciliation
from mimo_credits.differences import CardDifference
from mimo_credits.display.accounts import account_sheet
from mimo_credits.display.cards import card_sheet, cards_sheet
from mimo_credits.display.differences import changes_sheet, comparison_sheet
from mimo_credits.display.entries import explanation_sheet, receipt_sheet, reconciliation_sheet
from mimo_credits.display.planning import (
    break_even_sheet,
    forecast_sheet,
    lever_sheet,
    offers_sheet,
    plan_sheet,
    what_if_sheet,
    window_sheet,
    workload_quote_sheet,
    workload_sheet,
)
from mimo_credits.display.quotes import quote_sheet
from mimo_credits.display.sheet import Sheet
from mimo_credits.display.statements import statement_sheet
from mimo_credits.errors import InputError, shown
from mimo_credits.explain import Explanation
from mimo_credits.ledger import Account
from mimo_credits.memory import Receipt
from mimo_credits.planning import (
    BreakEven,
    Forecast,
    Lever,
    Offer,
    Offers,
    TierComparison,
    WhatIf,
    WhatIfs,
    WindowReport,
    Workload,
    WorkloadQuote,
)
from mimo_credits.pricing import Quote
from mimo_credits.statements import Statement

_SHEETS: dict[type, Callable[[Any], Sheet]] = {
    Account: account_sheet,
    BreakEven: break_even_sheet,
    CardDifference: changes_sheet,
    Explanation: explanation_sheet,
    Forecast: forecast_sheet,
    Lever: lever_sheet,
    Offer: lambda offer: offers_sheet([offer]),
    Offers: offers_sheet,
    Quote: quote_sheet,
    RateBook: lambda book: cards_sheet(list(book), {}),
    RateCard: card_sheet,
    Receipt: receipt_sheet,
    Reconciliation: reconciliation_sheet,
    Statement: statement_sheet,
    TierComparison: plan_sheet,
    UsageComparison: comparison_sheet,
    WhatIf: lambda row: what_if_sheet([row]),
    WhatIfs: what_if_sheet,
    WindowReport: window_sheet,
    Workload: workload_sheet,
    WorkloadQuote: workload_quote_sheet,
}


def sheet_of(value: object) -> Sheet:
    """The sheet of a value that people meet. Raises `InputError` for any other."""
    made = _SHEETS.get(type(value))
    if made is None:
        raise InputError(
            "value", f"{shown(value)} has no sheet: {', '.join(sorted(kind.__name__ for kind in _SHEETS))} have"
        )
    return made(value)
