"""Our prices beside those of others: what agrees, what differs on which day and on which cards, and what is explained."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from mimo_credits import RateBook, RateCard, load_book
from mimo_credits.errors import InputError
from tests.made_cards import TEXT, card_of
from tools import compare_prices
from tools.compare_prices import Disagreement, Ours, compared, our_name, read_explained, report
from tools.price_data import Listed, Package, pinned

BOOK = load_book()
RELEASED = date(2026, 11, 12)
LATE = Package("litellm", "1.2.3", RELEASED)


def listed(price: str, *, model="xiaomi/mimo-v2.6-pro", meter="miss", since=None, above=0) -> Listed:
    return Listed("litellm", model, since, above, meter, Decimal(price))


def found(*rows: Listed, released: date = RELEASED) -> list[Disagreement | None]:
    return [disagreement for _, disagreement in compared(rows, released, BOOK)]


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("xiaomi/mimo-v2.5-pro", "mimo-v2.5-pro"),
        ("deepinfra/XiaomiMiMo/MiMo-V2.5-Pro", "mimo-v2.5-pro"),
        ("aihubmix/coding-xiaomi-mimo-v2.5", "mimo-v2.5"),
        ("mimo-v2.5", "mimo-v2.5"),
        ("xiaomimimo/other", "other"),
    ],
)
def test_a_model_is_found_under_any_prefix(model, name):
    assert our_name(model) == name


def test_what_agrees_is_no_disagreement():
    assert found(listed("0.435"), listed("0.0036", meter="hit"), listed("0.870", meter="output")) == [None] * 3


def test_a_price_that_differs_is_shown_with_ours_on_that_day():
    row = listed("0.43")
    assert found(row) == [Disagreement(row, RELEASED, Ours(Decimal("0.435"), None), "", "none")]


def test_a_price_of_ours_on_earlier_cards_is_told():
    row = listed("0.08", model="openrouter/xiaomi/mimo-v2-omni", meter="hit")
    (difference,) = found(row, released=date(2026, 6, 10))
    earlier = "2026-04-03.2 to 2026-05-27.1"
    assert difference == Disagreement(row, date(2026, 6, 10), Ours(Decimal("0.0028"), None), "", earlier)
    assert found(row, released=date(2026, 5, 20)) == [None]


def test_a_model_that_we_dropped_is_compared_with_its_last_price():
    assert found(listed("0.14", model="xiaomi/mimo-v2.5")) == [None]
    (difference,) = found(listed("0.15", model="xiaomi/mimo-v2.5"))
    assert difference.ours == Ours(Decimal("0.14"), date(2026, 10, 21))
    (difference,) = found(listed("0.15", model="xiaomi/mimo-v2-flash"))
    assert difference.ours == Ours(Decimal("0.14"), date(2026, 6, 30))


def test_a_name_that_is_billed_as_another_model_has_that_ones_price():
    row = listed("0.435", model="xiaomi/mimo-v2-pro")
    assert found(row, released=date(2026, 6, 10)) == [None]
    (difference,) = found(row, released=date(2026, 5, 30))[:1]
    assert difference.ours == Ours(Decimal(1), None)


def test_a_model_that_we_do_not_have_yet_or_never_had_differs():
    (early,) = found(listed("0.435"), released=date(2026, 9, 1))
    (never,) = found(listed("1", model="novita/XiaomiMiMo/MiMo-V9"))
    assert early.ours is None
    assert never.ours is None
    assert early.cards == "2026-09-22.1 to 2026-10-21.1"


def test_a_meter_without_a_price_of_ours_differs():
    row = listed("1", model="acme/mimo-deaf", meter="miss")
    text = TEXT.replace("deaf      = {", '"mimo-deaf" = {')
    (_, difference), *_ = compared([row], RELEASED, RateBook([RateCard.from_toml(text)]))
    assert difference.ours == Ours(None, None)


def test_a_card_counts_from_the_day_on_which_it_takes_effect():
    book = RateBook([card_of("2026-01-01")])
    assert compare_prices.our_price(book, "flat", "hit", 0, date(2026, 1, 1)) == Ours(Decimal("0.7"), None)
    assert compare_prices.our_price(book, "flat", "hit", 0, date(2025, 12, 31)) is None


def test_a_price_by_date_is_compared_on_the_last_day_on_which_it_held():
    before = listed("0.08", model="openrouter/xiaomi/mimo-v2-omni", meter="hit")
    after = listed("0.0028", model="openrouter/xiaomi/mimo-v2-omni", meter="hit", since=date(2026, 6, 3))
    late, agreed = found(before, after)
    assert (late.on, late.ours) == (date(2026, 6, 2), Ours(Decimal("0.0028"), None))
    assert agreed is None
    assert found(before, after._replace(since=date(2026, 6, 1))) == [None, None]
    to_come = after._replace(since=date(2026, 12, 1), price=Decimal(9))
    assert [each and each.on for each in found(to_come)] == [date(2026, 12, 1)]
    other_meter = listed("0.14", model="openrouter/xiaomi/mimo-v2-omni", since=date(2026, 6, 1))
    assert found(before, other_meter) == [None, None]


def test_a_price_without_bands_is_compared_with_each_of_ours():
    row = listed("1", model="xiaomi/mimo-v2-pro")
    first, second = found(row, released=date(2026, 5, 1))
    assert first is None
    assert second == Disagreement(row, date(2026, 5, 1), Ours(Decimal(2), None), "above 256,000", "none")


def test_their_bands_are_compared_with_ours():
    short = listed("1", model="xiaomi/mimo-v2-pro")
    same = listed("2", model="xiaomi/mimo-v2-pro", above=256_000)
    assert found(short, same, released=date(2026, 5, 1)) == [None, None]
    binary = same._replace(above=262_144)
    differences = found(short, binary, released=date(2026, 5, 1))
    assert [each and each.band for each in differences] == [None, "above 256,000", None]
    flat = found(short, same)
    assert [each.ours.price for each in flat] == [Decimal("0.435"), Decimal("0.435")]


EXPLAINED = """
[[explained]]
package = "litellm"
model   = "xiaomi/mimo-v2.6-pro"
as_of   = "1.2.3"
theirs  = { miss = 0.43 }
why     = "They sell it themselves."
"""


def told(tmp_path, text: str, *rows: Listed) -> tuple[str, int]:
    path = tmp_path / "explained.toml"
    path.write_text(text)
    lines, wrong = report({LATE: list(compared(rows, RELEASED, BOOK))}, read_explained(path))
    return "\n".join(lines), wrong


def test_what_differs_and_is_not_explained_is_wrong(tmp_path):
    text, wrong = told(tmp_path, "", listed("0.43"), listed("0.87", meter="output"))
    assert wrong == 1
    assert "litellm 1.2.3, released 2026-11-12: 1 MiMo models, 2 prices, 1 of them ours" in text
    assert "not explained" in text
    assert "xiaomi/mimo-v2.6-pro  2026-11-12         miss     0.43  0.435  none" in text


def test_what_is_explained_is_shown_under_its_reason(tmp_path):
    text, wrong = told(tmp_path, EXPLAINED, listed("0.43"))
    assert wrong == 0
    assert "  They sell it themselves.\n  model" in text
    assert "not explained" not in text


@pytest.mark.parametrize(
    "row", [listed("0.44"), listed("0.435"), listed("0.43", meter="output"), listed("0.43", model="x/mimo-v2.6-pro")]
)
def test_an_explanation_of_what_is_no_longer_so_is_stale(tmp_path, row):
    text, wrong = told(tmp_path, EXPLAINED, row)
    assert "explains what does not differ: litellm, xiaomi/mimo-v2.6-pro, miss 0.43" in text
    assert wrong == (1 if row.price == Decimal("0.435") else 2)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("theirs  = { miss = 0.43 }", "theirs = {}"),
        ("theirs  = { miss = 0.43 }", ""),
        ('why     = "They sell it themselves."', 'why = "so"'),
        ('why     = "They sell it themselves."', ""),
        ("[[explained]]", "[[explain]]"),
        ('as_of   = "1.2.3"', ""),
        ('as_of   = "1.2.3"', 'as_of = "1.2.3"\nsince = "today"'),
        ("[[explained]]", EXPLAINED + "[[explained]]"),
    ],
)
def test_an_explanation_that_is_not_written_as_it_should_be_is_refused(tmp_path, old, new):
    with pytest.raises(InputError, match=r"explained\.toml"):
        told(tmp_path, EXPLAINED.replace(old, new))


def test_what_is_explained_is_of_the_packages_and_versions_that_are_compared():
    versions = {each.name: each.version for each in pinned()}
    assert {(each.package, each.as_of) for each in read_explained()} <= set(versions.items())


def test_the_command_ends_with_0_only_where_all_is_explained(tmp_path, capsys):
    path = tmp_path / "explained.toml"
    path.write_text(EXPLAINED)

    def reader(package: Package, folder: object) -> list[Listed]:
        return [listed("0.43")] if package.name == "litellm" else []

    assert compare_prices.main(["--explained", str(path)], reader=reader) == 0
    assert "every disagreement is explained" in capsys.readouterr().out
    path.write_text("")
    assert compare_prices.main(["--explained", str(path)], reader=reader) == 1
    assert "1 to be put right" in capsys.readouterr().out


def test_without_the_wheels_the_command_says_so(tmp_path, capsys):
    assert compare_prices.main(["--wheels", str(tmp_path)]) == 1
    assert "run `make compare-prices`" in capsys.readouterr().err
