"""A broken rate card is refused with everything that is wrong with it.

Each row below breaks one small good card in one way and names every problem that must be found, and no other, so that
a rule which fires where it should not is seen too.
"""

from __future__ import annotations

import pickle
import time
from pathlib import Path

import pytest

from mimo_credits import Usage, charge
from mimo_credits.card import RateCard
from mimo_credits.errors import InputError, MimoCreditsError, NotInPlan, RateCardError
from tests.made_cards import CARD as MADE
from tests.small_card import CARD, FILE, edited


def refusal(card: str | bytes) -> RateCardError:
    with pytest.raises(RateCardError) as caught:
        RateCard.from_toml(card, file=FILE)
    return caught.value


def test_the_good_card_is_good() -> None:
    assert RateCard.from_toml(CARD, file=FILE).id == "2026-01-02.3"


NUMBER = "price.USD = { hit = 0.01, miss"
FAST = 'models."fast-1.5"'
BROKEN: dict[str, tuple[str, str, list[tuple[str, str]]]] = {
    # --- types and keys
    "a text for a number": (
        "small.credits = 1_000",
        'small.credits = "1000"',
        [("tiers.small.credits", "needs a number")],
    ),
    "a boolean for a number": (
        "small.credits = 1_000",
        "small.credits = true",
        [("tiers.small.credits", "needs a number, not True")],
    ),
    "a boolean for a rate": ("miss = 1, output = 2.5", "miss = true, output = 2.5", [(f"{FAST}.credits.miss", "needs a number")]),
    "a boolean for the price of every token": (
        "price   = { USD = 9, CNY",
        "price   = { USD = false, CNY",
        [("models.cash.price.USD.token", "needs a number, not False")],
    ),
    "a boolean for a count": ("count = 7", "count = true", [("tiers.large.tasks.count", "")]),
    "a fraction for tokens": ("input_up_to = 1_000", "input_up_to = 1_000.0", [("models.long.bands[0].input_up_to", "")]),
    "a text for a table": ("[sources]\nlist = {", '[sources]\npage = "Page"\nlist = {', [("sources.page", "")]),
    "a table for a list": ('aliases = ["acme/long"]', "aliases = {}", [("models.long.aliases", "")]),
    "a number for an alias": ('aliases = ["acme/long"]', "aliases = [1]", [("models.long.aliases[0]", "")]),
    "a list for rates": ("credits   = { hit = 0.005, miss = 1, output = 2.5 }", "credits   = [1]", [(f"{FAST}.credits", 'needs a number, a table of rates, or "not in plan", not [1]')]),
    "another word than not in plan": ('"not in plan"', '"none"', [("models.cash.credits", "not in plan")]),
    "an unknown key of the card": ("revision ", "currency = 'USD'\nrevision ", [("currency", "is not a key that rate cards know")]),
    "an unknown key of a tier": ("small.source", "small.bonus = 1\nsmall.source", [("tiers.small.bonus", "not a key")]),
    "an unknown meter": ("{ hit = 0.01, miss", "{ hits = 0.01, miss", [(f"{FAST}.price.USD.hits", "is not a key that rate cards know; nearest: hit")]),
    "a misspelt meter": ("miss = 1, output = 2.5", "mis = 1, output = 2.5", [(f"{FAST}.credits.mis", "nearest: miss")]),
    "a misspelt section": ("[cycle]", "[cycles]", [("cycles", "nearest: cycle"), ("cycle", "is missing")]),
    "a misspelt limit": ("input_up_to = 1_000", "upto = 1_000", [("models.long.bands[0].upto", "nearest: input_up_to")]),
    "a key like no other": ("[cycle]", "[cycle]\nzzz = 1", [("cycle.zzz", "is not a key that rate cards know")]),
    "an unknown key of a band": ("credits     = 4", "credits     = 4\nabove = 2_000", [("models.long.bands[2].above", "not a key")]),
    "an unknown section": ("[cycle]", "[refunds]\n[cycle]", [("refunds", "not a key")]),
    "a section is missing": ("\n[policy]", "\n[policies]", [("policies", "not a key"), ("policy", "is missing")]),
    "a key is missing": ('upgrade             = "trade-in"\n', "", [("policy.upgrade", "is missing")]),
    "no source": ('small.source  = "H list"\n', "", [("tiers.small.source", "is missing")]),
    "a tier's id in capitals": ("[tiers]", "[tiers]\nBIG = 3", [("tiers.BIG", "needs an id of small letters, digits, - and _, such as lite, not 'BIG'"), ("tiers.BIG", "needs a table")]),
    "a currency in small letters": ("CNY = 35.50", "cny = 35.50", [("tiers.small.price.cny", "needs a currency in three capital letters (ISO 4217), such as USD, not 'cny'")]),
    "a source's id in capitals": ("[sources]", '[sources]\nPage = { title = "", date = "" }', [("sources.Page", "needs an id of small letters, digits and -, such as official-faq, not 'Page'")]),
    "a key that looks like one of ours": ("revision ", '"<x>" = 1\nrevision ', [('"<x>"', "not a key")]),
    "a key with a quotation mark": ("revision ", "'say \"x\"' = 1\nrevision ", [('"say \\"x\\""', "not a key")]),
    # --- numbers
    "credits finer than 0.001": ("hit = 0.005", "hit = 0.0005", [(f"{FAST}.credits.hit", "finer than 0.001 credit")]),
    "an allowance finer than 0.001": ("5_000.005", "5_000.0005", [("tiers.large.credits", "finer than 0.001 credit")]),
    "a year's allowance finer than 0.001": ("= 60_000,", "= 60_000.0001,", [("tiers.large.annual.credits", "finer than 0.001 credit")]),
    "credits in a band finer than 0.001": ("credits     = 4", "credits     = 0.0004", [("models.long.bands[2].credits.token", "finer than 0.001 credit")]),
    "off-peak product not exact": ("hit = 0.005", "hit = 0.001", [(f"{FAST}.credits.hit", "off-peak it would be 0.0008")]),
    "off-peak product in a band not exact": ("credits     = 4", "credits     = 0.004", [("models.long.bands[2].credits.token", "off-peak it would be 0.0032")]),
    "a negative rate": ("miss = 1, output = 2.5", "miss = -1, output = 2.5", [(f"{FAST}.credits.miss", "must not be negative: -1")]),
    "a negative zero": ("miss = 1, output = 2.5", "miss = -0.0, output = 2.5", [(f"{FAST}.credits.miss", "must not be negative: -0.0")]),
    "a negative price": ("small.price   = { USD = 5,", "small.price   = { USD = -5,", [("tiers.small.price.USD", "must not be negative: -5")]),
    "an infinite allowance": ("small.credits = 1_000", "small.credits = inf", [("tiers.small.credits", "needs a finite number, not Infinity")]),
    "a negative infinite rate": ("hit = 0.005", "hit = -inf", [(f"{FAST}.credits.hit", "needs a finite number, not -Infinity")]),
    "a rate that is no number": ("hit = 0.005", "hit = nan", [(f"{FAST}.credits.hit", "needs a finite number, not NaN")]),
    "a price that is no number": (NUMBER, "price.USD = { hit = -nan, miss", [(f"{FAST}.price.USD.hit", "needs a finite number")]),
    "a price finer than a cent": ("CNY = 35.50", "CNY = 35.505", [("tiers.small.price.CNY", "35.505 cannot be paid")]),
    "a year's price finer than a cent": ("211.20", "211.201", [("tiers.large.annual.price.USD", "211.201 cannot be paid")]),
    "a price of a token with thirteen decimals": (NUMBER, "price.USD = { hit = 0.0000000000001, miss", [(f"{FAST}.price.USD.hit", "at most 12 decimals")]),
    "a first purchase above the list price": ("= 0.88", "= 1.01", [("policy.first_purchase_pays", "at most 1, not 1.01")]),
    "hours that cost nothing": ("= 0.8\n", "= 0\n", [("off_peak.multiply_by", "must be more than 0")]),
    "a context of nothing": ("context = 4_000", "context = 0", [("models.long.context", "needs more than 0, not 0")]),
    "no whole number of tasks": ("count = 7", "count = -7", [("tiers.large.tasks.count", "needs more than 0, not -7")]),
    # --- rate sets and bands
    "one rate for every token beside another": ("credits   = { hit = 0.005,", "credits   = { token = 3, hit = 0.005,", [(f"{FAST}.credits", "cannot stand beside hit, miss or output")]),
    "a rate set without a rate": ("credits   = { hit = 0.005, miss = 1, output = 2.5 }", "credits   = {}", [(f"{FAST}.credits", "has no rate")]),
    "a model without credits": ("credits   = { hit = 0.005, miss = 1, output = 2.5 }\n", "", [(FAST, "has no credits")]),
    "bands out of order": ("input_up_to = 2_000", "input_up_to = 500", [("models.long.bands[1]", "not above the band before, which ends at 1,000")]),
    "bands that overlap": ("input_up_to = 2_000", "input_up_to = 1_000", [("models.long.bands[1]", "not above the band before")]),
    "a last band below the one before": ("context = 4_000", "context = 2_000", [("models.long.bands[2]", "ends at 2,000 input tokens, not above")]),
    "a last band with a limit": ("credits     = 4", "credits     = 4\ninput_up_to = 4_000", [("models.long.bands[2]", "the last band ends at the model's context window")]),
    "a middle band without a limit": ("input_up_to = 2_000\n", "", [("models.long.bands[1]", "only the last band may leave out input_up_to")]),
    "bands without a context": ("context = 4_000\n", "", [("models.long", "needs its context window")]),
    "credits on the model and in bands": ("context = 4_000", "context = 4_000\ncredits = 3", [("models.long", "credits stands both on the model and in a band")]),
    "a price on the model and in bands": ("context = 4_000", "context = 4_000\nprice.USD = 3", [("models.long", "price.USD stands both on the model and in a band")]),
    "not in plan, with credits in bands": ("context = 4_000", 'context = 4_000\ncredits = "not in plan"', [("models.long", "credits stands both on the model and in a band")]),
    "credits in some bands only": ("credits     = 2\n", "", [("models.long", "credits stands in a band, but not in each of them")]),
    "a price in some bands only": ("{ USD = 2, CNY = 14 }", "{ USD = 2 }", [("models.long", "price.CNY stands in a band, but not in each of them")]),
    "a meter that is in some bands only": (
        "credits     = 4", "credits     = { hit = 1, output = 4 }",
        [("models.long.bands[2].credits", "has rates for hit, output, but the first band for hit, miss, output")],
    ),
    "a price of a meter that is in some bands only": (
        "{ USD = 2, CNY = 14 }", "{ USD = { miss = 2, output = 1 }, CNY = 14 }",
        [("models.long.bands[1].price.USD", "has rates for miss, output, but the first band for hit, miss, output")],
    ),
    "a band without rates": (
        "credits     = 2\nprice       = { USD = 2, CNY = 14 }\n",
        "",
        [("models.long", "credits stands in a band"), ("models.long.bands[1]", "has no rates"), ("models.long", "price.CNY"), ("models.long", "price.USD")],
    ),
    # --- names
    "an alias claimed twice": ('["acme/long"]', '["quick"]', [("models.long.aliases[0]", "'quick' is claimed by 'fast-1.5' already")]),
    "an alias claimed twice by one model": ('["acme/long"]', '["acme/long", "acme/long"]', [("models.long.aliases[1]", "'acme/long' is claimed by 'long' already")]),
    "an alias that is another model's id": ('"quick"]', '"cash"]', [(f"{FAST}.aliases[1]", "'cash' is the id of a model")]),
    "an alias that is the model's own id": ('["acme/long"]', '["long"]', [("models.long.aliases[0]", "'long' is the id of a model")]),
    "an alias with a space": ('["acme/long"]', '["acme long"]', [("models.long.aliases[0]", "needs a name without spaces, not 'acme long'")]),
    "an assumption twice": ("[[assumptions]]", '[[assumptions]]\nid = "yuan"\nsays = "Eight."\n[[assumptions]]', [("assumptions[1].id", "'yuan' is an assumption of this card already")]),
    # --- tiers
    "a tier without a price that others have": ("{ USD = 5, CNY = 35.50 }", "{ USD = 5 }", [("tiers.small.price", "has no CNY price")]),
    "a year without a price that months have": ("{ USD = 211.20, CNY = 1499.52 }", "{ CNY = 1499.52 }", [("tiers.large.annual.price", "has no USD price")]),
    "a currency that one tier alone has": (
        "large.price   = { USD = 20,",
        "large.price   = { EUR = 18, USD = 20,",
        [("tiers.small.price", "has no EUR price"), ("tiers.large.annual.price", "has no EUR price")],
    ),
    # --- validity
    "a naive instant": ("T00:00:00+08:00", "T00:00:00", [("effective_from", "is naive: say its time zone")]),
    "a day for an instant": ("T00:00:00+08:00", "", [("effective_from", "")]),
    "a text for an instant": ("2026-01-02T00:00:00+08:00", '"2026-01-02T00:00:00+08:00"', [("effective_from", "")]),
    "no instant": ("effective_from = 2026-01-02T00:00:00+08:00\n", "", [("effective_from", "is missing")]),
    "an instant before all calendars": ("2026-01-02T00:00:00+08:00", "0001-01-01T00:00:00+08:00", [("effective_from", "outside the years 1970 to 8999")]),
    "a version of another day": ('"2026-01-02"', '"2026-01-03"', [("version", "is not the day on which effective_from lies: '2026-01-02'")]),
    "a version that is no day": ('"2026-01-02"', '"May"', [("version", "needs a day, such as 2026-05-27, not 'May'"), ("version", "is not the day")]),
    "a revision of nothing": ("= 3\neffective", "= 0\neffective", [("revision", "needs more than 0, not 0")]),
    "a revision of a million": ("= 3\neffective", "= 1_000_000\neffective", [("revision", "needs less than 1,000,000, not 1000000")]),
    "a card before that is no card": ("revision ", 'supersedes = "the old one"\nrevision ', [("supersedes", "needs a card's id, such as 2026-05-27.1, not 'the old one'")]),
    # --- policy, cycle, hours
    "an unknown policy": ('"trade-in"', '"for-free"', [("policy.upgrade", "'price-difference' or 'trade-in'")]),
    "an unknown downgrade": ('"at-renewal"', '"at-once"', [("policy.downgrade", "'at-renewal'")]),
    "an unknown end of the allowance": ('"stop"', '"borrow"', [("policy.exhausted", "'stop' or 'pay-as-you-go'")]),
    "a number for a rollover": ('"none"', "5", [("policy.rollover", 'needs "none", or a table such as { up_to = 1_000, cycles = 1 }, not 5')]),
    "no rollover": ('rollover            = "none"\n', "", [("policy.rollover", 'is missing: "none", or a table such as')]),
    "an unknown rollover": ('"none"', '"all"', [("policy.rollover", "'none'")]),
    "a rollover over more cycles than a card may say": ('"none"', "{ up_to = 1, cycles = 101 }", [("policy.rollover.cycles", "needs at most 100, not 101")]),
    "a rollover of nothing": ('"none"', "{ up_to = 0, cycles = 1 }", [("policy.rollover.up_to", "must be more than 0")]),
    "an unknown rounding": ('"half-up"', '"nearest"', [("policy.money_rounding", "'half-up'")]),
    "an unknown boundary": ('"day-end"', '"night"', [("cycle.boundary", "'instant' or 'day-end'")]),
    "an unknown zone": ('"UTC"', '"Mars/Olympus"', [("cycle.timezone", "is no time zone of the IANA database")]),
    "a zone that is a folder": ('"UTC"', '"Asia"', [("cycle.timezone", "is no time zone of the IANA database")]),
    "a zone that is a path": ('"UTC"', '"../UTC"', [("cycle.timezone", "is no time zone of the IANA database")]),
    "a zone longer than a file's name": ('"UTC"', f'"{"U" * 5_000}"', [("cycle.timezone", "is no time zone of the IANA database")]),
    "a cycle of days and months": ("months   = 1", "months   = 1\ndays = 30", [("cycle", "needs either days or months")]),
    "a cycle of neither": ("months   = 1\n", "", [("cycle", "needs either days or months")]),
    "a cycle of two centuries": ("months   = 1\n", "months   = 2_400\n", [("cycle.months", "needs at most 1,200, not 2400")]),
    "a cycle of centuries of days": ("months   = 1\n", "days = 99_999\n", [("cycle.days", "needs at most 36,500, not 99999")]),
    "hours that are none": ("= 08:00:00", "= 00:00:00", [("off_peak", "start and end are the same")]),
    "an hour that is a text": ("= 08:00:00", '= "08:00:00"', [("off_peak.end", "")]),
    # --- sources
    "a source that is not listed": ('small.source  = "H list"', 'small.source  = "H lists"', [("tiers.small.source", "'lists' is not in [sources]; nearest: list")]),
    "a second source that is not listed": ('small.source  = "H list"', 'small.source  = "H list, page"', [("tiers.small.source", "'page' is not in [sources]")]),
    "a claim's source that is not listed": ('"L list"', '"L blog"', [("tiers.large.tasks.source", "'blog' is not in [sources]")]),
    "an assumption that is not listed": ('"assumed yuan"', '"assumed dollars"', [("models.long.source.CNY", "'dollars' is not in [[assumptions]]")]),
    "an assumption cited as a source": ('"assumed yuan"', '"M yuan"', [("models.long.source.CNY", "'yuan' is not in [sources]")]),
    "an assumption's source that is not listed": ('id   = "yuan"', 'id   = "yuan"\nsource = "L blog"', [("assumptions[0].source", "'blog' is not in [sources]")]),
    "a number for a source": ('small.source  = "H list"', "small.source  = 3", [("tiers.small.source", "")]),
    "no source for a currency": (', CNY = "assumed yuan"', "", [("models.long.source", "says nothing of CNY")]),
    "no source for the credits": ('credits = "M list", ', "", [("models.long.source", "says nothing of credits")]),
    "a letter that means nothing": ('small.source  = "H list"', 'small.source  = "sure list"', [("tiers.small.source", "such as H official-faq, press, not 'sure list'")]),
    "a letter without a source": ('small.source  = "H list"', 'small.source  = "H"', [("tiers.small.source", "such as H official-faq, press, not 'H'")]),
    "sources that are not listed, beside sections that cannot be read": (
        'source      = "H list"\n\n[[assumptions]]\nid   = "yuan"',
        'source      = "H page"\n\n[[assumptions]]\nid   = "yen"\nsource = "H blog"\nsays = "One."\n[[assumptions]]\nid   = 3',
        [
            ("assumptions[1].id", "needs a text"),
            ("models.long.source.CNY", "'yuan' is not in [[assumptions]]"),
            ("assumptions[0].source", "'blog' is not in [sources]"),
            ("off_peak.source", "'page' is not in [sources]"),
        ],
    ),
    "a source that cannot be read is listed all the same": (
        'list = { title = "Price list", date = "2026-01" }',
        'list = { title = "Price list" }',
        [("sources.list.date", "is missing")],
    ),
    # --- sizes
    "an integer of 401 digits": ("small.credits = 1_000", f"small.credits = {10**400}", [("tiers.small.credits", "below 1e19")]),
    "a negative integer of 401 digits": ("small.credits = 1_000", f"small.credits = -{10**400}", [("tiers.small.credits", "below 1e19")]),
    "an exponent of a million": ("small.credits = 1_000", "small.credits = 1e999999", [("tiers.small.credits", "below 1e19")]),
    "an exponent of minus a million": ("hit = 0.005", "hit = 1e-999999", [(f"{FAST}.credits.hit", "at most 12 decimals")]),
    "tokens beyond any count": ("context = 4_000", f"context = {10**400}", [("models.long.context", "needs at most 1,000,000,000,000,000, not 1000")]),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_card_is_refused_with_the_key_of_each_problem_and_no_other(what: str) -> None:
    old, new, expected = BROKEN[what]
    error = refusal(edited((old, new)))
    assert error.file == FILE
    assert [problem.where for problem in error.problems] == [where for where, _ in expected]
    for problem, (_, said) in zip(error.problems, expected, strict=True):
        assert said in problem.what
        assert f"{problem.where}: {problem.what}" in str(error)
    assert str(error).startswith(f"rate card {FILE} has {len(expected)} problem")


def test_the_version_is_the_day_in_the_offset_that_the_card_writes() -> None:
    for offset in ("+08:00", "-08:00", "Z"):
        RateCard.from_toml(edited(("00:00:00+08:00", f"00:00:00{offset}")))


@pytest.mark.parametrize(
    ("period", "most"), [("days = 365", 100), ("days = 366", 99), ("months = 12", 100), ("months = 13", 92)]
)
def test_carried_credits_live_a_hundred_years_at_most(period: str, most: int) -> None:
    def carrying(cycles: int) -> str:
        return edited(("months   = 1\n", f"{period}\n"), ('"none"', f"{{ up_to = 1, cycles = {cycles} }}"))

    RateCard.from_toml(carrying(most))
    if most < 100:
        assert [str(problem) for problem in refusal(carrying(most + 1)).problems] == [
            f"policy.rollover.cycles: {most + 1} cycles are more than a hundred years"
        ]


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


@pytest.mark.parametrize(
    ("old", "new", "broken"),
    [
        ("revision       = 3", "revision       = ", "revision"),
        ("revision       = 3", "revision       = 3\nrevision = 4", "revision = 4"),
        ("months   = 1", "months   = 1\nmonths   = 1", "months   = 1\nboundary"),
        ("[off_peak]", "[policy]\n[off_peak]", "[policy]\n[off_peak]"),
        ("CNY = 35.50 }", "CNY = 35.50, CNY = 36 }", "small.price"),
        ("= 08:00:00", "= 08:60:00", "end "),
    ],
    ids=["no value", "key twice", "key twice in a section", "section twice", "key twice in a line", "no time of day"],
)
def test_broken_toml_names_its_line(old: str, new: str, broken: str) -> None:
    text = edited((old, new))
    error = refusal(text)
    assert [problem.where for problem in error.problems] == [f"line {line_of(text, broken)}"]
    assert FILE in str(error)


def test_text_that_no_utf8_can_hold_names_its_line() -> None:
    error = refusal(CARD.replace("Seven", "S\ud800ven"))
    assert [str(problem) for problem in error.problems] == [f"line {line_of(CARD, 'Seven')}: is not UTF-8 text"]


def test_text_that_is_not_utf8_names_its_line() -> None:
    error = refusal(CARD.encode().replace(b"Seven", b"S\xe4ven"))
    assert [str(problem) for problem in error.problems] == [f"line {line_of(CARD, 'Seven')}: is not UTF-8 text"]


def test_a_byte_order_mark_is_no_part_of_the_card() -> None:
    assert RateCard.from_toml(b"\xef\xbb\xbf" + CARD.encode()).id == "2026-01-02.3"
    assert RateCard.from_toml("\ufeff" + CARD).id == "2026-01-02.3"


def test_a_path_where_the_text_of_a_card_belongs_gets_a_hint() -> None:
    assert "text: looks like the path of a file: load_card(path=…) reads one" in str(refusal("cards/x.toml"))
    assert "looks like the path" not in str(refusal("x =\n# cards/x.toml"))
    with pytest.raises(InputError, match=r"text: needs the TOML of a card \(load_card\(path=…\) reads a file\), not"):
        RateCard.from_toml(Path("cards/x.toml"))


def test_eleven_problems_are_all_listed_at_once() -> None:
    """Problems inside sections and between them, also where a section beside them could not be read."""
    error = refusal(
        edited(
            ("T00:00:00+08:00", "T00:00:00"),
            ("small.credits = 1_000", "small.credits = nan"),
            ("large.price   = { USD = 20, CNY = 142 }", "large.price   = { USD = 20.001, CNY = 142 }"),
            ("[models]\nfree = { credits = 0,", "[models]\nfree = { credits = true,"),
            ("hit = 0.005", "hit = 0.001"),
            ('"quick"]', '"cash"]'),
            ("input_up_to = 2_000", "input_up_to = 900"),
            ('"trade-in"', '"for-free"'),
            ("[cycle]", "[refunds]\n[cycle]"),
            ('"assumed yuan"', '"assumed dollars"'),
            ("{ USD = 211.20, CNY = 1499.52 }", "{ CNY = 1499.52 }"),
        )
    )
    assert sorted(problem.where for problem in error.problems) == sorted(
        [
            "effective_from",
            "tiers.small.credits",
            "tiers.large.price.USD",
            "models.free.credits.token",
            'models."fast-1.5".credits.hit',
            'models."fast-1.5".aliases[1]',
            "models.long.bands[1]",
            "policy.upgrade",
            "refunds",
            "models.long.source.CNY",
            "tiers.large.annual.price",
        ]
    )
    assert "has 11 problems:" in str(error)


HUGE = {
    "an integer of 100,000 digits": edited(("small.credits = 1_000", "small.credits = " + "9" * 100_000)),
    "a hexadecimal integer of 400,000 digits": edited(("small.credits = 1_000", "small.credits = 0x" + "f" * 400_000)),
    "an octal price of 400,000 digits": edited(("{ USD = 9,", "{ USD = 0o" + "7" * 400_000 + ",")),
    "a decimal of 400,000 digits": edited(("hit = 0.005", "hit = 0." + "1" * 400_000)),
    "an exponent beyond decimals": edited(("hit = 0.005", "hit = 1e9999999999999999999999")),
    "a small exponent beyond decimals": edited(("hit = 0.005", "hit = 1e-9999999999999999999999")),
    "lists in lists": edited(("revision ", "x = " + "[" * 50_000 + "]" * 50_000 + "\nrevision ")),
    "tables in tables": edited(("revision ", "x = " + "{a=" * 50_000 + "1" + "}" * 50_000 + "\nrevision ")),
    "lists in lists that TOML allows": edited(("revision ", "x = " + "[" * 300 + "]" * 300 + "\nrevision ")),
    "a key of many parts": edited(("revision ", "a" + ".a" * 50_000 + " = 1\nrevision ")),
    "an endless text": CARD + 'x = "' + "a" * 1_000_000,
}


@pytest.mark.parametrize("what", HUGE)
def test_a_monstrous_card_is_refused_in_bounded_time(what: str) -> None:
    """An integer of 400,000 digits takes a minute to become a decimal; deep nesting can exhaust the stack."""
    began = time.perf_counter()
    refusal(HUGE[what])
    assert time.perf_counter() - began < 10


@pytest.mark.parametrize(
    "card", ["", "\n# nothing\n", "provider = 'acme'", b"\x00", b"\xff\xfe", "[[models]]", "[sources]\n[tiers]"]
)
def test_fragments_are_refused_as_cards(card: str | bytes) -> None:
    assert refusal(card).problems


def test_a_revision_of_400000_digits_is_refused() -> None:
    """Its card's id could not even be written."""
    error = refusal(edited(("= 3\neffective", "= 0x" + "f" * 400_000 + "\neffective")))
    assert [problem.where for problem in error.problems] == ["revision"]


def test_a_refusal_is_one_of_this_librarys_errors_and_survives_pickling() -> None:
    error = refusal(edited(('"trade-in"', '"for-free"'), ("hit = 0.005", "hit = -1")))
    again = pickle.loads(pickle.dumps(error))
    assert isinstance(again, MimoCreditsError)
    assert (type(again), str(again), again.file, again.problems) == (
        RateCardError,
        str(error),
        error.file,
        error.problems,
    )


# --- a card that sells no plan ----------------------------------------------------------------------------------------


def test_a_card_with_tiers_says_how_its_cycles_are_counted_and_on_what_terms():
    with pytest.raises(RateCardError) as caught:
        MADE.derive({"cycle": None, "policy": None})
    assert [str(problem) for problem in caught.value.problems] == [
        "cycle: is missing, though the card has tiers",
        "policy: is missing, though the card has tiers",
    ]


def test_a_card_with_tiers_says_of_each_model_what_it_costs_the_plan():
    silent = {"models": {"cash": {"credits": None}}}
    with pytest.raises(RateCardError) as caught:
        MADE.derive(silent)
    (problem,) = caught.value.problems
    assert str(problem) == 'models.cash: has no credits: write its rates, or credits = "not in plan"'
    bare = MADE.derive({"tiers": None, "cycle": None, "policy": None, **silent})
    assert not bare.models["cash"].in_plan
    with pytest.raises(NotInPlan):
        charge(bare, Usage("cash", input_tokens=1))


def test_sources_by_key_need_none_of_credits_that_are_not_said():
    by_key = {"models": {"cash": {"credits": None, "source": {"USD": "H list"}}}}
    assert MADE.derive({"tiers": None, **by_key}).source_of("cash", "USD") == "H list"
    with pytest.raises(RateCardError, match=r"models\.cash\.source: says nothing of credits"):
        MADE.derive({"models": {"cash": {"source": {"USD": "H list"}}}})
