"""Plain text for people: quotes, statements, tiers and rate cards, as aligned tables.

Pure functions from values to text; nothing is printed and nothing is decided here. One rule: credits and money are
shown exactly, to their last digit, and only percentages are rounded. All instants are shown in UTC. Only ASCII is
added, so that any terminal can show it, and tables are made for 100 columns.
"""

from mimo_credits.display.cards import card_text, cards_text, tiers_text
from mimo_credits.display.months import months_text
from mimo_credits.display.quotes import TierShare, quote_text, tier_shares
from mimo_credits.display.statements import statement_text
from mimo_credits.display.writing import number

__all__ = [
    "TierShare",
    "card_text",
    "cards_text",
    "months_text",
    "number",
    "quote_text",
    "statement_text",
    "tier_shares",
    "tiers_text",
]
