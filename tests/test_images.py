"""Images are sold by the piece: a price in money, no credits on any card, and JSON that does not change without them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from mimo_credits import (
    Account,
    InputError,
    NoRate,
    RateCardError,
    Record,
    Subscribe,
    Usage,
    charge,
    dumps,
    fold,
    load_book,
    loads,
    price,
    quote,
)
from mimo_credits.ledger import Rated
from tests.made_cards import CARD

PICTURE = CARD.derive(
    {
        "models": {
            "picture": {
                "credits": {"token": 2},
                "price": {"USD": {"token": Decimal("0.5"), "image": Decimal("0.04")}, "CNY": {"token": 3}},
                "source": "H list",
            }
        }
    }
)
START = datetime(2026, 6, 1, tzinfo=UTC)


def test_an_image_has_a_price_beside_tokens_and_searches():
    usage = Usage("picture", output_tokens=1_000_000, web_searches=1, images=3)
    assert price(PICTURE, usage, "USD") == Decimal("0.5") + Decimal("0.005") + 3 * Decimal("0.04")
    with pytest.raises(NoRate, match=r"no rate for image of 'picture' in CNY"):
        price(PICTURE, usage, "CNY")


@pytest.mark.parametrize("pricing", [charge, quote, lambda card, usage: charge(card, usage, at=START)])
def test_the_plan_has_no_credits_for_an_image_even_of_a_model_that_it_covers(pricing):
    pricing(PICTURE, Usage("picture", output_tokens=5))
    with pytest.raises(NoRate) as caught:
        pricing(PICTURE, Usage("picture", output_tokens=5, images=1))
    assert (caught.value.meter, caught.value.unit) == ("image", "credits")


def test_a_cards_credits_cannot_name_images():
    with pytest.raises(RateCardError) as caught:
        CARD.derive({"models": {"flat": {"credits": {"token": 3, "image": 1}}}})
    assert [str(problem) for problem in caught.value.problems] == [
        "models.flat.credits.image: is not a key that rate cards know"
    ]


@pytest.mark.parametrize(
    ("rates", "where", "others"),
    [("credits", "models.flat.credits", "token, or audio_hour"), ("price", "USD", "token, or audio_hour, or image")],
)
def test_rates_without_any_name_the_meters_that_could_stand_there(rates, where, others):
    with pytest.raises(RateCardError) as caught:
        CARD.derive({"models": {"flat": {rates: {} if rates == "credits" else {"USD": {}}}}})
    (problem,) = caught.value.problems
    assert problem.where.endswith(where)
    assert problem.what == f"has no rate: write hit, miss and output, or {others}"


@pytest.mark.parametrize("images", [-1, True, 1.0, "1", 10**15 + 1])
def test_images_are_a_whole_number(images):
    with pytest.raises(InputError) as caught:
        Usage("picture", images=images)
    assert caught.value.field == "images"


# --- the ledger -------------------------------------------------------------------------------------------------------


def test_the_ledger_takes_no_image_for_free_and_goes_on():
    """Also among plain usage, where a faster loop decides."""
    plain = Usage("mimo-v2.5", input_tokens=10)
    commands = [Subscribe("s", START, "lite")]
    for n in range(1, 10):
        usage = replace(plain, images=1) if n == 5 else plain
        commands.append(Record(f"r{n}", START + timedelta(minutes=n), usage))
    rejected = []
    _, entries = fold(Account(), commands, load_book(), rejected=rejected)
    assert [(each.command.id, each.error.meter) for each in rejected] == [("r5", "image")]
    assert [entry.id for entry in entries if isinstance(entry, Rated)] == [f"r{n}" for n in range(1, 10) if n != 5]


# --- JSON -------------------------------------------------------------------------------------------------------------

BEFORE = '{"v":1,"type":"usage","model":"m","input_tokens":3,"cached_tokens":1,"output_tokens":2,"audio_seconds":0,"web_searches":0}'


def test_without_images_a_usage_is_written_as_ever_and_old_json_is_read():
    usage = Usage("m", input_tokens=3, cached_tokens=1, output_tokens=2)
    assert dumps(usage) == BEFORE
    assert loads(BEFORE) == usage
    record = Record("r", START, usage)
    assert "images" not in dumps(record)
    assert loads(dumps(record)) == record


def test_with_images_they_are_the_last_field():
    usage = Usage("m", input_tokens=3, cached_tokens=1, output_tokens=2, images=4)
    written = BEFORE.removesuffix("}") + ',"images":4}'
    assert dumps(usage) == written
    assert loads(written) == usage
    assert loads(BEFORE.removesuffix("}") + ',"images":0}') == loads(BEFORE)


@pytest.mark.parametrize("images", ["true", '"1"', "1.0", "null", "-1"])
def test_images_in_json_are_a_count(images):
    with pytest.raises(InputError) as caught:
        loads(BEFORE.removesuffix("}") + f',"images":{images}}}')
    assert caught.value.field == "images"


def test_no_other_count_may_be_left_out():
    with pytest.raises(InputError, match="web_searches: is missing"):
        loads(BEFORE.replace(',"web_searches":0', ""))
