"""The tables of `docs/may-2026.md` are what the cards say, computed anew with nothing but fractions."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from mimo_credits import diff_cards, hit_rate_for_growth, load_card
from mimo_credits.exact import percent

PAGE = (Path(__file__).parents[1] / "docs" / "may-2026.md").read_text("utf-8")
APRIL, MAY = load_card("2026-04-22"), load_card("2026-05-27")
MODELS = ("mimo-v2.5-pro", "mimo-v2.5")
OUTPUT_SHARES = (Fraction(0), Fraction(1, 100), Fraction(2, 100), Fraction(5, 100))
HIT, MISS, OUTPUT = range(3)


def rows(heading: str) -> list[list[str]]:
    """The cells of the table that begins with that heading, without heading and rule."""
    table = PAGE.partition(f"| {heading} |")[2].partition("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


def test_the_table_of_prices_is_all_that_the_difference_says_of_them():
    changed = {
        (change.subject, change.what): change for change in diff_cards(APRIL, MAY).changes if change.section == "price"
    }
    shown = rows("price per 1M tokens")
    assert len(shown) * 3 == len(changed) == 24
    for model, currency, inputs, *cells in shown:
        for meter, cell in zip(("cache hit", "cache miss", "output"), cells, strict=True):
            change = changed.pop((model, f"{currency} per 1M, {meter} {inputs} input tokens"))
            assert cell == f"{change.before} → {change.after}, {percent(change.growth)} %"
    assert not changed


def test_the_press_is_right_about_one_price_in_each_currency():
    cut = [change for change in diff_cards(APRIL, MAY).changes if change.section == "price"]
    assert [(each.subject, each.what) for each in cut if each.growth <= Fraction(-99, 100)] == [
        ("mimo-v2.5-pro", f"{currency} per 1M, cache hit above 256,000 input tokens") for currency in ("CNY", "USD")
    ]


def reached(tier: str, model: str, factor: int, output_share: Fraction) -> Fraction | None:
    """The hit rate for a factor, by hand: April's token costs 1 or 2 credits, whatever it is."""
    each = {"mimo-v2.5": 1, "mimo-v2.5-pro": 2}[model]
    may = {"mimo-v2.5": (2, 100, 200), "mimo-v2.5-pro": (Fraction(5, 2), 300, 600)}[model]
    allowances = {"lite": (60, 4_100), "standard": (200, 11_000), "pro": (700, 38_000), "max": (1_600, 82_000)}[tier]
    may_cost_so_much = Fraction(allowances[1], allowances[0]) * each / factor
    for_input = (may_cost_so_much - output_share * may[OUTPUT]) / (1 - output_share)
    hit_rate = (may[MISS] - for_input) / (may[MISS] - may[HIT])
    return hit_rate if hit_rate <= 1 else None


@pytest.mark.parametrize("tier", ["lite", "standard", "pro", "max"])
@pytest.mark.parametrize("model", MODELS)
def test_the_table_of_hit_rates(tier, model):
    (shown,) = [row[2:] for row in rows("hit rate for 5x to 8x") if row[:2] == [model, tier]]
    expected = []
    for output_share in OUTPUT_SHARES:
        five, eight = (reached(tier, model, factor, output_share) for factor in (5, 8))
        found = [hit_rate_for_growth(APRIL, MAY, tier, model, factor, output_share=output_share) for factor in (5, 8)]
        assert found == [five, eight]
        if five is None:
            expected.append("never 5x")
        elif eight is None:
            expected.append(f"from {percent(five, 2)} %, never 8x")
        else:
            expected.append(f"{percent(five, 2)} to {percent(eight, 2)} %")
    even = reached(tier, model, 1, Fraction(0))
    assert hit_rate_for_growth(APRIL, MAY, tier, model, 1) == even
    assert shown == [f"{percent(even, 2)} %", *expected]


def test_every_tier_stands_in_the_table_once():
    assert [row[:2] for row in rows("hit rate for 5x to 8x")] == [
        [model, tier] for model in MODELS for tier in APRIL.tiers
    ]
