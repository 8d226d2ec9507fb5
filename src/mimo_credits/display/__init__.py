"""How values look to people: one `Sheet` for each kind of value, and four ways to render a sheet.

    as_text(quote_sheet(quote, card))        as_html(…)        as_markdown(…)        as_rich(…)

Pure functions from values to text; nothing is printed and nothing is decided here. One rule: credits and money are
shown exactly, to their last digit; only percentages and what one task or token of many costs are rounded. All instants
are shown in UTC.
"""

from mimo_credits.display.accounts import account_sheet
from mimo_credits.display.cards import card_sheet, cards_sheet, tiers_sheet
from mimo_credits.display.differences import (
    HIT_RATES,
    TokenGrowth,
    difference_sheet,
    shares_of_allowance,
    token_growth,
)
from mimo_credits.display.html import as_html
from mimo_credits.display.markdown import as_markdown
from mimo_credits.display.months import months_sheet
from mimo_credits.display.planning import forecast_sheet, offers_sheet, plan_sheet, what_if_sheet, window_sheet
from mimo_credits.display.quotes import TierShare, quote_sheet, tier_shares
from mimo_credits.display.records import to_csv, to_frame
from mimo_credits.display.sheet import Sheet
from mimo_credits.display.sheets import sheet_of
from mimo_credits.display.statements import statement_sheet
from mimo_credits.display.terminal import as_rich
from mimo_credits.display.text import as_text
from mimo_credits.display.writing import money, number

__all__ = [
    "HIT_RATES",
    "Sheet",
    "TierShare",
    "TokenGrowth",
    "account_sheet",
    "as_html",
    "as_markdown",
    "as_rich",
    "as_text",
    "card_sheet",
    "cards_sheet",
    "difference_sheet",
    "forecast_sheet",
    "money",
    "months_sheet",
    "number",
    "offers_sheet",
    "plan_sheet",
    "quote_sheet",
    "shares_of_allowance",
    "sheet_of",
    "statement_sheet",
    "tier_shares",
    "tiers_sheet",
    "to_csv",
    "to_frame",
    "token_growth",
    "what_if_sheet",
    "window_sheet",
]
