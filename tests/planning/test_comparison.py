"""One workload on several cards, also of vendors without a plan."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from mimo_credits import InputError, RateCard, Step, Usage, Workload, compare, load_card, load_workloads
from tests.made_cards import TEXT

AT = datetime(2026, 6, 1, tzinfo=UTC)
APRIL, MAY = load_card("2026-04-03"), load_card("2026-05-27")

VENDOR = RateCard.from_toml(
    """
provider       = "vendor"
version        = "2026-05-22"
revision       = 1
effective_from = 2026-05-22T00:00:00+08:00

[sources]
page  = { title = "The vendor's price page", date = "2026-05" }
press = { title = "A newspaper", date = "2026-05-24" }

[models.large]
aliases        = ["vendor/large"]
credits        = "not in plan"
price.CNY      = { hit = 0.025, miss = 3, output = 6 }
price.USD      = { hit = 0.0035, miss = 0.43, output = 0.87 }
source.credits = "H page"
source.CNY     = "H page"
source.USD     = "M press, page"

[models.small]
credits   = "not in plan"
price.CNY = { hit = 0.02, miss = 1 }
source    = "assumed guess"

[cycle]
months   = 1
boundary = "day-end"
timezone = "UTC"
source   = "H page"

[policy]
upgrade        = "trade-in"
downgrade      = "at-renewal"
exhausted      = "stop"
rollover       = "none"
money_rounding = "half-up"
source         = "H page"

[[assumptions]]
id   = "guess"
says = "Nobody says what the small one costs."
"""
)
WORK = Workload(
    "work",
    (
        Step("read", Usage("mimo-v2.5-pro", input_tokens=1_000_000, cached_tokens=400_000), instead=("mimo-v2-pro",)),
        Step("write", Usage("mimo-v2.5-pro", output_tokens=100_000), 2, instead=("mimo-v2-pro",)),
    ),
)


def test_one_workload_on_cards_of_several_vendors():
    vendor, april, may = compare([VENDOR, APRIL, MAY], WORK, at=AT, models={"vendor": "vendor/large"})
    assert vendor.money == {"CNY": Decimal("3.01"), "USD": Decimal("0.4334")}
    assert may.money["CNY"] == Decimal("3.01")
    assert april.money["CNY"] == Decimal("0.4") * Decimal("2.8") + Decimal("0.6") * 14 + Decimal("0.2") * 21
    assert [offer.models for offer in (vendor, april, may)] == [("vendor/large",), ("mimo-v2-pro",), ("mimo-v2.5-pro",)]
    assert (vendor.millicredits, may.millicredits) == (None, 301_000_000_000)
    assert (
        vendor.why_no_plan
        == "rate card 2026-05-22.1 sells 'vendor/large' by pay-as-you-go only: the plan does not cover it."
    )
    assert april.why_no_plan == may.why_no_plan == ""


def test_a_row_says_who_says_so_and_how_old_it_is():
    (vendor,) = compare([VENDOR], WORK, at=AT, models={"vendor": "large"})
    assert vendor.cites == ("H page", "M press, page")
    assert vendor.sources == (("The vendor's price page", "2026-05"), ("A newspaper", "2026-05-24"))
    assert (vendor.effective_from, vendor.age) == (datetime(2026, 5, 21, 16, tzinfo=UTC), 10)
    assert compare([VENDOR], WORK, at=datetime(2026, 5, 20, tzinfo=UTC))[0].age == -2
    assert str(vendor) == "vendor 2026-05-22.1, large: CNY 3.01, USD 0.4334; no plan; 10 days old"


def test_a_model_may_be_chosen_by_card_and_by_name():
    work = Workload("w", (*WORK.steps, Step("hear", Usage("ear", input_tokens=1_000_000))))
    by_name = {"mimo-v2.5-pro": "large", "ear": "small"}
    (offer,) = compare([VENDOR], work, at=AT, models={"2026-05-22.1": by_name, "vendor": "small"})
    assert offer.models == ("large", "small")
    assert offer.money == {"CNY": Decimal("4.01")}
    assert offer.unpriced["USD"] == "rate card 2026-05-22.1 has no rate for any meter of 'small' in USD."
    assert offer.cites == ("H page", "assumed guess")
    assert offer.sources == (("The vendor's price page", "2026-05"),)


def test_what_a_card_does_not_list_is_a_reason_and_no_error():
    (offer,) = compare([VENDOR], WORK, at=AT)
    assert (offer.money, offer.millicredits) == ({}, None)
    assert "knows no model 'mimo-v2.5-pro'" in offer.unpriced["CNY"]
    assert "knows no model 'mimo-v2.5-pro'" in offer.why_no_plan
    assert (offer.cites, offer.sources) == ((), ())
    assert str(offer).endswith("mimo-v2.5-pro: no price; no plan; 10 days old")


def test_a_missing_rate_is_a_reason_in_its_currency():
    (offer,) = compare([VENDOR], WORK, at=AT, models={"vendor": "small"})
    assert set(offer.unpriced) == {"CNY", "USD"}
    assert "no rate for output of 'small' in CNY" in offer.unpriced["CNY"]


def test_times_multiply_everything():
    session = load_workloads()["coding-session"]
    (once,), (often,) = compare([MAY], session, at=AT), compare([MAY], session, at=AT, times=300)
    assert often.money == {currency: 300 * amount for currency, amount in once.money.items()}
    assert often.millicredits == 300 * once.millicredits
    assert str(often).split("; ")[1] == "8,244,000,000 credits"


@pytest.mark.parametrize(("at", "times"), [(datetime(2026, 6, 1), 1), (AT, -1)])
def test_wrong_questions_are_refused(at, times):
    with pytest.raises(InputError):
        compare([MAY], WORK, at=at, times=times)


def test_a_card_of_ones_own_is_compared_too():
    (offer,) = compare([RateCard.from_toml(TEXT)], WORK, at=AT, models={"acme": "acme/cash"})
    assert offer.money == {"USD": Decimal("15.6")}
    assert offer.cites == ("H list",)
