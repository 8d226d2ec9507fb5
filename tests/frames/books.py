"""Books to rate by: the published cards, and made ones with every rule that a card can have."""

from __future__ import annotations

from mimo_credits import RateBook, RateCard, load_book
from tests.made_cards import CARD, TEXT


def made(day: str, *changes: tuple[str, str]) -> RateCard:
    """The list of `made_cards`, in force from a day in UTC on, with texts replaced."""
    text = TEXT.replace("2026-01-01", day)
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the card"
        text = text.replace(old, new)
    return RateCard.from_toml(text)


def window(start: str, end: str, zone: str) -> tuple[tuple[str, str], ...]:
    return (
        ("start       = 00:00:00", f"start       = {start}"),
        ("end         = 08:00:00", f"end         = {end}"),
        ('timezone    = "Asia/Shanghai"', f'timezone    = "{zone}"'),
    )


OVER_MIDNIGHT = window("22:30:00", "06:15:00", "Asia/Kolkata")
CLOCK_CHANGES = window("01:30:00", "05:00:00", "America/New_York")
HALF_HOUR_CHANGES = window("23:00:00", "02:10:00", "Australia/Lord_Howe")
NO_OFF_PEAK = ((TEXT[TEXT.index("[off_peak]") : TEXT.index("[cycle]")], ""),)


def rounding(named: str) -> tuple[str, str]:
    return ('money_rounding = "half-up"', f'money_rounding = "half-up"\ncredit_rounding = "{named}"')


BOOKS = {
    "published": load_book(),
    "one made card": RateBook.fixed(CARD),
    "made cards": RateBook(
        [
            made("2026-01-01", *OVER_MIDNIGHT, rounding("half-even")),
            made("2026-02-01", *NO_OFF_PEAK, rounding("up")),
            made("2026-03-01", *CLOCK_CHANGES, rounding("down")),
            made("2027-01-01", *HALF_HOUR_CHANGES, ('"acme/flat"', '"acme/flat", "f2", "f3", "f4", "it\'s"')),
        ]
    ),
    "no cards": RateBook([]),
}
