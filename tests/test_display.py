"""Texts for people, where the published cards and the demo do not reach: other policies, grants, holds, many bands."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from mimo_credits import (
    Account,
    Advance,
    ChangeTier,
    Grant,
    Hold,
    RateBook,
    RateCard,
    Record,
    Subscribe,
    Usage,
    fold,
    quote,
    statement,
)
from mimo_credits.comparison import Costs, compare_usage
from mimo_credits.display import (
    as_text,
    card_sheet,
    cards_sheet,
    difference_sheet,
    quote_sheet,
    shares_of_allowance,
    statement_sheet,
    tier_shares,
    tiers_sheet,
    token_growth,
)
from tests.ledger import worlds
from tests.made_cards import CARD, TEXT

START = datetime(2026, 1, 1, tzinfo=UTC)


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def stated(book: RateBook, *commands) -> str:
    return as_text(statement_sheet(statement(fold(Account(), commands, book)[1], book=book), book))


def columns(text: str, heading: str) -> list[list[str]]:
    """The cells under each line that starts with the heading, columns being two spaces apart."""
    lines = text.splitlines()
    return [re.split(r" {2,}", below.strip()) for line, below in pairwise(lines) if heading in line]


def test_what_grants_holds_and_renewals_add_has_columns_of_its_own():
    commands = [
        Subscribe("buy", START, "standard"),
        Grant("gift", at(1), 5, expires_at=at(30)),
        Hold("hold", at(2), credits=4, expires_at=at(3)),
        Record("one", at(4), worlds.SMALL),
        Hold("open", at(41), credits=6, expires_at=at(90)),
    ]
    text = stated(worlds.trading(), *commands)
    first, second = columns(text, "allowance")
    assert "  allowance  granted  used   share  overage  expired  remaining  requests" in text
    assert first == ["30", "5", "5.5", "15.7 %", "0", "26.5", "3", "1"]
    assert "  brought along  allowance  used  share  overage  expired  held  remaining  requests" in text
    assert second == ["3", "30", "0", "0.0 %", "0", "0", "6", "27", "0"]


def test_a_trade_in_and_a_lapse_are_told():
    commands = [
        Subscribe("buy", START + timedelta(seconds=7), "lite"),
        ChangeTier("up", at(1), "standard"),
        Record("one", at(2), worlds.tokens(1, model="also-weighted", searches=2)),
    ]
    text = stated(worlds.trading(), *commands)
    assert "2026-01-01 00:00:07  subscribed" in text
    assert "2026-01-01 01:00  upgraded, the old plan traded in" in text
    assert "  also-weighted" in text
    assert "    billed as weighted\n    web searches: 2, which cost money" in text
    assert re.search(r"money due  2026-01-01 01:00  USD  10\.00  upgrade, the old plan traded in", text)
    assert re.search(r"not billed yet  USD  0\.01$", text, re.MULTILINE)


def test_an_empty_cycle_has_no_table_of_usage():
    text = stated(worlds.plain(), Subscribe("buy", START, "lite"), Advance(at(1)))
    assert "credits each" not in text
    assert columns(text, "allowance") == [["10", "0", "0.0 %", "0", "0", "10", "0"]]


def test_rates_are_written_as_short_as_they_can_be():
    mixed = CARD.derive({"models": {"speech": {"credits": {"token": None, "miss": 2, "audio_hour": 3600}}}})
    usages = [
        Usage("flat", input_tokens=1),
        Usage("triple", input_tokens=1),
        Usage("deaf", input_tokens=1),
        Usage("sound", audio_seconds=1),
        Usage("speech", input_tokens=1, audio_seconds=1),
    ]
    records = [Record(usage.model, at(9 + hour / 10), usage) for hour, usage in enumerate(usages)]
    text = stated(RateBook([mixed]), Subscribe("buy", START, "small"), *records)
    assert re.findall(r"^  (flat|triple|deaf|sound|speech) +(\S+(?: \+ \S+)?) ", text, re.MULTILINE) == [
        ("deaf", "1/2/-"),
        ("flat", "3"),
        ("sound", "3,600/h"),
        ("speech", "-/2/- + 3,600/h"),
        ("triple", "0.25/7/11.5"),
    ]
    assert "and for audio 2" in text


def test_every_band_of_a_model_says_which_inputs_it_is_for():
    usages = [Usage("banded", input_tokens=size) for size in (100, 101, 300)]
    text = as_text(quote_sheet(quote(CARD, usages), CARD))
    assert re.findall(r"^  banded, (.*) input tokens$", text, re.MULTILINE) == [
        "up to 100",
        "above 100 up to 200",
        "above 200",
    ]
    assert re.search(r"total +7,510", text)


def test_a_currency_without_a_price_says_why():
    text = as_text(quote_sheet(quote(CARD, Usage("flat", input_tokens=1_000_000)), CARD))
    assert "  pay-as-you-go  USD  0.7" in text
    assert re.search(r"  pay-as-you-go  CNY  rate card .* has no rate for .* 'flat' in CNY", text)


def test_a_share_that_rounds_to_nothing_is_not_shown_as_nothing():
    one, free = (
        quote(CARD, Usage("triple", input_tokens=1, cached_tokens=1)),
        quote(CARD, Usage("free", input_tokens=1)),
    )
    assert "  small              1,000  < 0.1 %  4,000 times" in as_text(quote_sheet(one, CARD))
    assert "  small              1,000  0.0 %  no limit" in as_text(quote_sheet(free, CARD))
    (share,) = tier_shares(CARD, 300_001)
    assert (share.tier, str(share.percent), share.fits) == ("small", "30.0", 3)


def test_terms_are_told_in_words():
    trading = worlds.card(worlds.TRADING)
    text = as_text(tiers_sheet(trading))
    for line in (
        "upgrade         new list price minus the unused share of the old one; a new cycle begins",
        "exhausted       further usage is billed in money",
        "unused credits  up to 3 are kept for 1 more cycles",
        "cycle           1 days from the purchase, to the end of the last day (Asia/Shanghai)",
        "off-peak        credits x 0.5, 06:00 to 12:00 UTC, every day",
    ):
        assert f"  {line}\n" in text
    plain = as_text(tiers_sheet(worlds.card(worlds.PLAIN)))
    assert "  cycle           1 days from the purchase, to the time of day of the purchase (UTC)\n" in plain
    yearly = as_text(tiers_sheet(RateCard.from_toml(TEXT.replace("months   = 1", "months   = 12"))))
    assert "  cycle           12 calendar months from the purchase" in yearly


def test_what_a_tier_is_said_to_suffice_for_is_said_of_a_month():
    tasks = {"count": 1_200, "kind": "tasks", "source": "H price-list"}
    lines = as_text(tiers_sheet(worlds.card(worlds.PLAIN).derive({"tiers": {"lite": {"tasks": tasks}}}))).splitlines()
    month, year = (line for line in lines if line.startswith("  lite "))
    assert month.endswith("6.00  1,200 tasks")
    assert year.endswith("63.36")


def test_a_card_and_a_list_show_what_is_known_from_elsewhere():
    assert "\nIt was withdrawn.\n" in as_text(card_sheet(CARD, "It was withdrawn."))
    assert as_text(cards_sheet([CARD], {})).count("\n") == 2
    assert as_text(cards_sheet([CARD], {CARD.id: "It was withdrawn."})).endswith("\n\n  It was withdrawn.\n")


def test_prices_by_band_and_prices_of_the_whole_model_are_told_apart():
    text = as_text(card_sheet(CARD.derive({"models": {"banded": {"price": {"CNY": Decimal(9)}}}})))
    in_yuan, _, prices = text.partition("pay-as-you-go in USD")
    assert re.search(r"^  banded +9 +9 +9 +-  H 1$", in_yuan, re.MULTILINE)
    assert re.search(r"^  banded +above 100 up to 200 +0\.2 +2 +4 ", prices, re.MULTILINE)
    assert re.search(r"^  flat +0\.7 +0\.7 +0\.7 +-  H 1$", prices, re.MULTILINE)
    assert re.search(r"^  cash +not in the plan +H 1$", text, re.MULTILINE)


# --- differences ------------------------------------------------------------------------------------------------------

TIER = {"credits": 10, "price": {"USD": 1, "CNY": 7}, "source": "H list"}
TIERED = CARD.derive({"tiers": dict.fromkeys(("mid", "large", "gone"), TIER)})
TWICE, HALF_MORE = {"credits": 20}, {"credits": 1_500}
GROWN = TIERED.derive({"tiers": {"gone": None, "mid": TWICE, "large": TWICE, "small": HALF_MORE, "new": TIER}})


def test_growth_is_of_tiers_that_both_cards_sell_and_those_that_grow_alike_stand_together():
    growth = [one for one in token_growth(TIERED, GROWN) if one.model == "flat"]
    assert [(one.tiers, one.inputs, set(one.growth)) for one in growth] == [
        (("small",), "", {Fraction(3, 2)}),
        (("mid", "large"), "", {Fraction(2)}),
    ]
    assert {one.model for one in token_growth(TIERED, GROWN)} == {"flat", "triple", "banded", "deaf"}
    lines = as_text(difference_sheet(TIERED, GROWN)).splitlines()
    assert [line.split("  x ")[0].split() for line in lines if line.startswith("  flat") and " x " in line] == [
        ["flat", "small"],
        ["flat", "mid,", "large"],
    ]


def test_a_tier_without_credits_does_not_grow():
    empty = GROWN.derive({"tiers": {"mid": {"credits": 0}}})
    for before, after in ((TIERED, empty), (empty, TIERED)):
        assert {tier for one in token_growth(before, after) for tier in one.tiers} == {"small", "large"}


def test_only_a_tier_with_an_allowance_has_a_share_of_it():
    empty = GROWN.derive({"tiers": {"mid": {"credits": 0}}})
    costs = Costs(1, Decimal(5), Decimal(30))
    for before, after in ((TIERED, empty), (empty, TIERED)):
        assert set(shares_of_allowance(before, after, costs)) == {"small", "large"}
    assert shares_of_allowance(TIERED, GROWN, costs)["large"] == (Fraction(1, 2), Fraction(3, 2))
    others = GROWN.derive({"tiers": dict.fromkeys(("small", "mid", "large"))})
    for after, shown in ((GROWN, True), (others, False)):
        used = compare_usage(TIERED, after, [Usage("flat", input_tokens=10)])
        assert ("share of a month" in as_text(difference_sheet(TIERED, after, used))) is shown
