"""The published cards: found by version, read once, pinned by digest, verified byte for byte."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

import mimo_credits
from mimo_credits import (
    CardMismatch,
    InputError,
    NoSuchCard,
    RateCardError,
    Withdrawal,
    WithdrawnCard,
    catalog,
    list_cards,
    list_providers,
    load_book,
    load_card,
    withdrawal,
)
from mimo_credits.catalog import rates_folder, verify_cards
from tests.made_cards import text_of

CACHES = (catalog.list_providers, catalog._listed, catalog._withdrawn, catalog._read)


def forget() -> None:
    for cached in CACHES:
        cached.cache_clear()


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def rates(tmp_path, monkeypatch) -> Path:
    """A folder of rates of our own: three versions, one of them twice, and files that are no cards."""
    folder = tmp_path / "rates"
    cards = {f"{day}.{revision}": text_of(day, revision=revision) for day, revision in CARDS}
    (folder / "mimo").mkdir(parents=True)
    for card_id, text in cards.items():
        (folder / "mimo" / f"{card_id}.toml").write_bytes(text.encode())
    for name in ("README.md", "2026-09-09.toml", "2026-09-09.x.toml", "2026-09-09.1.toml.orig", "x2026-09-09.1.toml"):
        (folder / "mimo" / name).write_text("not a card")
    (folder / "STATUS.toml").write_text("")
    sums = "".join(f"{sha256(text)}  mimo/{card_id}.toml\n" for card_id, text in cards.items())
    (folder / "SHA256SUMS").write_text(sums)
    monkeypatch.setattr(catalog, "rates_folder", lambda: folder)
    forget()
    yield folder
    forget()


WITHDRAWN = '[withdrawn."2026-02-01.1"]\nwhy = "Wrong."\nsuccessor = "2026-02-01.2"\ndate = "2026-02-02"\n'
CARDS = [("2026-01-01", 1), ("2026-02-01", 1), ("2026-02-01", 2), ("2026-02-01", 10), ("2026-03-01", 1)]


# --- finding and loading ----------------------------------------------------------------------------------------------


def test_cards_are_listed_by_version_and_revision_as_numbers(rates):
    assert list_cards() == ("2026-01-01.1", "2026-02-01.1", "2026-02-01.2", "2026-02-01.10", "2026-03-01.1")


def test_a_version_is_its_highest_revision(rates):
    assert load_card("2026-02-01").id == "2026-02-01.10"
    assert load_card("2026-01-01").id == "2026-01-01.1"


@pytest.mark.parametrize("card_id", ["2026-02-01.1", "2026-02-01.2", "2026-02-01.10"])
def test_an_id_is_exactly_that_revision(rates, card_id):
    card = load_card(card_id)
    assert (card.id, card.published) == (card_id, True)
    assert card.sha256 == hashlib.sha256((rates / "mimo" / f"{card_id}.toml").read_bytes()).hexdigest()


def test_a_card_is_read_once(rates):
    first = load_card("2026-01-01")
    (rates / "mimo" / "2026-01-01.1.toml").unlink()
    assert load_card("2026-01-01.1") is first


@pytest.mark.parametrize("version", ["2026-02-02", "2026-02-01.3", "2026-02", "2026-2-1", "", "latest", "2026-02-01."])
def test_a_card_that_is_not_there_is_named_with_those_like_it(rates, version):
    with pytest.raises(NoSuchCard) as caught:
        load_card(version)
    error = caught.value
    known = {*list_cards(), "2026-01-01", "2026-02-01", "2026-03-01"}
    assert error.version == version
    assert set(error.nearest) <= known
    assert bool(error.nearest) is (version not in {"", "latest"})
    assert str(error).startswith(f"there is no rate card {version!r}.")


def test_the_nearest_card_comes_first(rates):
    with pytest.raises(NoSuchCard, match=r"there is no rate card '2026-03-02'\. Nearest known: 2026-03-01, ") as caught:
        load_card("2026-03-02")
    assert caught.value.nearest[0] == "2026-03-01"


def test_a_card_pinned_by_its_digest_is_just_those_bytes(rates):
    digest = sha256(text_of("2026-01-01"))
    assert load_card("2026-01-01.1", sha256=digest).id == "2026-01-01.1"
    assert load_card("2026-01-01", sha256=digest.upper()).sha256 == digest


@pytest.mark.parametrize("wrong", ["0" * 64, sha256(text_of("2026-02-01"))])
def test_a_card_pinned_to_other_bytes_is_refused_with_both_digests(rates, wrong):
    with pytest.raises(CardMismatch) as caught:
        load_card("2026-01-01", sha256=wrong)
    error, digest = caught.value, sha256(text_of("2026-01-01"))
    assert (error.card_id, error.expected, error.found) == ("2026-01-01.1", wrong, digest)
    assert str(error) == f"rate card 2026-01-01.1 is pinned to sha256 {wrong}, but its content has {digest}."


@pytest.mark.parametrize("written", ["", "947d", "sha256:{}", "{}0", " {}", "{:.12}", "x" * 64])
def test_what_is_no_digest_is_an_input_error_and_no_mismatch(rates, own, written):
    digest = written.format(sha256(text_of("2026-01-01")))
    why = "needs 64 hexadecimal digits and nothing else"
    for load in (
        lambda: load_card("2026-01-01", sha256=digest),
        lambda: load_card(path=own / "a.toml", sha256=digest),
        lambda: load_book(pins={"2026-01-01": f"2026-01-01.1@sha256:{digest}"}),
    ):
        with pytest.raises(InputError) as caught:
            load()
        assert caught.value.field == "sha256"
        assert why in caught.value.why or caught.value.why == "the digest after @sha256: is empty"


def test_a_pin_in_the_place_of_a_version_is_told_where_its_digest_goes(rates):
    with pytest.raises(InputError, match=r"has a digest: pass '2026-01-01\.1' and, for the digest, sha256=$") as caught:
        load_card(f"2026-01-01.1@sha256:{'0' * 64}")
    assert caught.value.field == "version"


@pytest.mark.parametrize("path", ["docs/mycard.toml", "mycard.toml", "./2026-01-01.1", "rates\\mimo\\2026-01-01.1"])
def test_a_path_in_the_place_of_a_version_is_told_where_it_goes(rates, path):
    for ask in (load_card, withdrawal):
        with pytest.raises(InputError, match=r"looks like a file: load it with path=$") as caught:
            ask(path)
        assert caught.value.field == "version"


def test_line_endings_are_content(rates):
    """A clone that rewrites line endings has other bytes, and is seen."""
    file = rates / "mimo" / "2026-01-01.1.toml"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    with pytest.raises(CardMismatch):
        load_card("2026-01-01.1", sha256=sha256(text_of("2026-01-01")))


def test_a_broken_card_names_its_file(rates):
    (rates / "mimo" / "2026-01-01.1.toml").write_text("provider = ")
    with pytest.raises(RateCardError) as caught:
        load_card("2026-01-01")
    assert caught.value.file == "mimo/2026-01-01.1.toml"


def test_a_withdrawn_card_loads_with_a_warning_that_names_its_successor(rates):
    status = '[withdrawn."2026-02-01.1"]\nwhy = "A digit was wrong."\nsuccessor = "2026-02-01.2"\ndate = "2026-02-02"\n'
    (rates / "STATUS.toml").write_text(status)
    message = r"^rate card 2026-02-01\.1 was withdrawn: A digit was wrong\. Its successor is 2026-02-01\.2\.$"
    with pytest.warns(WithdrawnCard, match=message) as caught:
        assert load_card("2026-02-01.1").id == "2026-02-01.1"
    assert [warning.filename for warning in caught] == [__file__]
    assert load_card("2026-02-01").id == "2026-02-01.10"


def test_whether_a_card_was_withdrawn_can_be_asked_without_loading_it(rates):
    (rates / "STATUS.toml").write_text(WITHDRAWN)
    assert withdrawal("2026-02-01.1") == Withdrawal("2026-02-01.1", "2026-02-01.2", "2026-02-02", "Wrong.")
    assert str(withdrawal("2026-02-01.1")).startswith("rate card 2026-02-01.1 was withdrawn: Wrong. ")
    assert withdrawal("2026-02-01.2") is None
    assert withdrawal("2026-02-01") is None  # its highest revision is good
    with pytest.raises(NoSuchCard):
        withdrawal("2026-02-02")


NO_TEXTS = [5, 5.0, b"2026-01-01", ["2026-01-01"], {}, True]


@pytest.mark.parametrize("value", NO_TEXTS, ids=repr)
@pytest.mark.parametrize(
    ("field", "load"),
    [
        ("version", load_card),
        ("version", withdrawal),
        ("sha256", lambda value: load_card("2026-01-01", sha256=value)),
        ("path", lambda value: load_card(path=value)),
        ("pins", lambda value: load_book(pins={"2026-01-01": value})),
        ("pins", lambda value: load_book(pins=[value])),
        ("directory", lambda value: load_book(directory=value)),
    ],
)
def test_what_is_no_text_is_an_input_error(rates, field, load, value):
    with pytest.raises(InputError, match="needs ") as caught:
        load(value)
    assert caught.value.field == field
    assert repr(value) in caught.value.why


def test_a_pinned_version_that_is_no_text_is_an_input_error(rates):
    with pytest.raises(InputError, match=r"^pins: needs each version as a text, not 5$"):
        load_book(pins={5: "2026-01-01.1"})


# --- books ------------------------------------------------------------------------------------------------------------


def test_a_book_has_each_version_once_in_its_highest_revision(rates):
    assert [card.id for card in load_book()] == ["2026-01-01.1", "2026-02-01.10", "2026-03-01.1"]
    assert [card.id for card in load_book(pins={})] == ["2026-01-01.1", "2026-02-01.10", "2026-03-01.1"]


def test_a_pin_chooses_another_revision(rates):
    book = load_book(pins={"2026-02-01": "2026-02-01.2", "2026-01-01": "2026-01-01.1"})
    assert [card.id for card in book] == ["2026-01-01.1", "2026-02-01.2", "2026-03-01.1"]


def test_a_pin_may_carry_the_digest(rates):
    digest = sha256(text_of("2026-02-01", revision=2))
    book = load_book(pins={"2026-02-01": f"2026-02-01.2@sha256:{digest}"})
    assert [card.id for card in book] == ["2026-01-01.1", "2026-02-01.2", "2026-03-01.1"]
    with pytest.raises(CardMismatch) as caught:
        load_book(pins={"2026-02-01": f"2026-02-01.1@sha256:{digest}"})
    assert (caught.value.card_id, caught.value.expected) == ("2026-02-01.1", digest)


def test_a_pin_whose_key_has_a_revision_is_told_what_a_key_is(rates):
    with pytest.raises(InputError, match=r"a key is a version without revision, '2026-02-01'$") as caught:
        load_book(pins={"2026-02-01.2": "2026-02-01.2"})
    assert caught.value.field == "pins"


def test_a_pin_of_an_unknown_version_is_refused(rates):
    with pytest.raises(NoSuchCard) as caught:
        load_book(pins={"2026-02-02": "2026-02-02.1"})
    assert (caught.value.version, caught.value.nearest[0]) == ("2026-02-02", "2026-02-01")


def test_a_pin_to_a_revision_that_is_not_there_is_refused(rates):
    with pytest.raises(NoSuchCard) as caught:
        load_book(pins={"2026-02-01": "2026-02-01.3"})
    assert caught.value.version == "2026-02-01.3"


@pytest.mark.parametrize("card_id", ["2026-01-01.1", "2026-02-01", "2026-02-011", ""])
def test_a_pin_to_another_version_is_refused(rates, card_id):
    with pytest.raises(InputError) as caught:
        load_book(pins={"2026-02-01": card_id})
    assert (caught.value.field, caught.value.why) == ("pins", f"{card_id!r} is no revision of '2026-02-01'")


def test_a_pin_to_a_withdrawn_card_warns(rates):
    (rates / "STATUS.toml").write_text(WITHDRAWN)
    with pytest.warns(WithdrawnCard, match="was withdrawn") as caught:
        load_book(pins={"2026-02-01": "2026-02-01.1"})
    assert [warning.filename for warning in caught] == [__file__]  # whoever wrote the pin
    load_book()


def test_a_pin_to_a_card_of_ones_own_has_nothing_to_do_with_the_published_of_that_name(rates, tmp_path):
    (rates / "STATUS.toml").write_text(WITHDRAWN)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.toml").write_text(text_of("2026-02-01"))
    book = load_book(directory=tmp_path / "mine", pins={"2026-02-01": "2026-02-01.1"})  # a warning would be an error
    assert [card.id for card in book] == ["2026-02-01.1"]


# --- cards of one's own -----------------------------------------------------------------------------------------------


@pytest.fixture
def own(tmp_path) -> Path:
    """A folder of somebody's own cards: two revisions of one version, a later one, and a file that is no card."""
    folder = tmp_path / "own"
    folder.mkdir()
    for name, (day, revision) in {"a": ("2026-05-01", 10), "b": ("2026-05-01", 9), "c": ("2026-04-01", 1)}.items():
        (folder / f"{name}.toml").write_text(text_of(day, revision=revision))
    (folder / "notes.txt").write_text("not a card")
    return folder


def test_a_card_of_ones_own_is_loaded_from_its_file_whatever_its_name(own):
    card = load_card(path=own / "a.toml")
    assert (card.id, card.published) == ("2026-05-01.10", True)
    assert card == load_card(path=str(own / "a.toml"), sha256=sha256(text_of("2026-05-01", revision=10)))


def test_a_card_of_ones_own_is_read_anew_each_time(own):
    assert load_card(path=own / "a.toml").id == "2026-05-01.10"
    shutil.copy(own / "c.toml", own / "a.toml")
    assert load_card(path=own / "a.toml").id == "2026-04-01.1"


def test_a_card_of_ones_own_can_be_pinned_too(own):
    with pytest.raises(CardMismatch) as caught:
        load_card(path=own / "a.toml", sha256="0" * 64)
    assert caught.value.card_id == "2026-05-01.10"


def test_a_broken_card_of_ones_own_names_its_file(own):
    (own / "a.toml").write_text("provider = ")
    for load in (lambda: load_card(path=own / "a.toml"), lambda: load_book(directory=own)):
        with pytest.raises(RateCardError) as caught:
            load()
        assert caught.value.file == str(own / "a.toml")


@pytest.mark.parametrize(
    ("name", "why"),
    [("missing.toml", "No such file or directory"), (".", "Is a directory"), ("a.toml/x", "Not a directory")],
)
def test_a_file_that_cannot_be_read_is_an_input_error(own, name, why):
    with pytest.raises(InputError) as caught:
        load_card(path=own / name)
    assert caught.value.field == "path"
    assert "cannot be read" in caught.value.why
    assert why in caught.value.why
    assert str(own / name) in caught.value.why


def test_a_path_that_no_system_can_have_is_an_input_error_too():
    with pytest.raises(InputError) as caught:
        load_card(path="a\0b.toml")
    assert caught.value.field == "path"


def test_a_card_comes_by_its_version_or_from_a_path(own):
    with pytest.raises(InputError) as caught:
        load_card()
    assert (caught.value.field, caught.value.why) == ("version", "is missing: name a card, or pass path=")
    with pytest.raises(InputError) as caught:
        load_card("2026-05-01", path=own / "a.toml")
    assert (caught.value.field, caught.value.why) == (
        "path",
        "a card is loaded by its version or from a path, not both",
    )


def test_a_book_of_ones_own_has_each_version_in_its_highest_revision(own):
    assert [card.id for card in load_book(directory=own)] == ["2026-04-01.1", "2026-05-01.10"]
    assert [card.id for card in load_book(directory=str(own))] == ["2026-04-01.1", "2026-05-01.10"]


def test_a_book_of_ones_own_is_pinned_to_its_own_cards(own):
    book = load_book(directory=own, pins={"2026-05-01": "2026-05-01.9"})
    assert [card.id for card in book] == ["2026-04-01.1", "2026-05-01.9"]
    with pytest.raises(NoSuchCard) as caught:
        load_book(directory=own, pins={"2026-05-01": "2026-05-01.1"})
    assert caught.value.version == "2026-05-01.1"
    assert "2026-05-01.10" in caught.value.nearest
    with pytest.raises(NoSuchCard):
        load_book(directory=own, pins={"2026-05-27": "2026-05-27.1"})


def test_two_files_that_claim_one_card_are_refused(own):
    shutil.copy(own / "a.toml", own / "d.toml")
    with pytest.raises(RateCardError) as caught:
        load_book(directory=own)
    assert caught.value.file == str(own / "d.toml")
    assert [str(problem) for problem in caught.value.problems] == [
        "revision: another file of this folder is card 2026-05-01.10, too"
    ]


def test_a_folder_without_cards_makes_no_book(own):
    (own / "empty").mkdir()
    said = {"empty": "holds no rate card (*.toml)", "missing": "does not exist", "a.toml": "is no folder"}
    for name, why in said.items():
        with pytest.raises(InputError) as caught:
            load_book(directory=own / name)
        assert (caught.value.field, caught.value.why) == ("directory", f"{own / name} {why}")


def test_a_card_of_a_folder_that_cannot_be_read_names_the_argument(own):
    (own / "d.toml").mkdir()
    with pytest.raises(InputError, match="cannot be read") as caught:
        load_book(directory=own)
    assert caught.value.field == "directory"


# --- other providers --------------------------------------------------------------------------------------------------


@pytest.fixture
def vendors(rates) -> Path:
    """The folder of rates with the cards of two more providers."""
    for provider, day in (("tiny", "2026-02-01"), ("acme", "2026-01-15"), ("acme", "2026-02-01")):
        (rates / provider).mkdir(exist_ok=True)
        text = text_of(day)
        (rates / provider / f"{day}.1.toml").write_text(text)
        with (rates / "SHA256SUMS").open("a") as sums:
            sums.write(f"{sha256(text)}  {provider}/{day}.1.toml\n")
    return rates


def test_mimo_comes_first_and_is_meant_where_no_provider_is_named(vendors):
    assert list_providers() == ("mimo", "acme", "tiny")
    assert list_cards() == list_cards("mimo") == list_cards(provider="mimo")
    assert [card.id for card in load_book()] == [card.id for card in load_book(provider="mimo")]
    assert load_card("mimo/2026-03-01") is load_card("2026-03-01")


def test_another_providers_cards_go_by_its_name(vendors):
    assert list_cards("acme") == ("acme/2026-01-15.1", "acme/2026-02-01.1")
    assert [load_card(name).id for name in list_cards("acme")] == ["2026-01-15.1", "2026-02-01.1"]
    assert load_card("acme/2026-02-01").sha256 == sha256(text_of("2026-02-01"))
    assert load_card("acme/2026-02-01") != load_card("2026-02-01")
    assert [card.id for card in load_book(provider="acme")] == ["2026-01-15.1", "2026-02-01.1"]


def test_a_card_of_another_provider_is_not_mimos(vendors):
    with pytest.raises(NoSuchCard) as caught:
        load_card("2026-01-15")
    assert "acme/2026-01-15" in caught.value.nearest


@pytest.mark.parametrize("name", ["acne/2026-01-15", "acme/2026-01-16", "acme/2026-01-15.2"])
def test_a_card_that_a_provider_does_not_have_is_named_with_those_like_it(vendors, name):
    with pytest.raises(NoSuchCard) as caught:
        load_card(name)
    assert caught.value.nearest[0].startswith("acme/2026-01-15")


@pytest.mark.parametrize(
    ("provider", "why"),
    [
        ("acne", "there are no cards of 'acne'; nearest: acme"),
        ("", "there are no cards of ''; known are mimo, acme, tiny"),
        ("../rates/mimo", "there are no cards of '../rates/mimo'; known are mimo, acme, tiny"),
        (5, "needs the name of a provider as a text, not 5"),
    ],
)
def test_a_provider_that_is_not_there_is_an_input_error(vendors, provider, why):
    for ask in (lambda: list_cards(provider), lambda: load_book(provider=provider)):
        with pytest.raises(InputError) as caught:
            ask()
        assert (caught.value.field, caught.value.why) == ("provider", why)


def test_a_book_is_of_one_providers_cards_or_of_a_folder(own):
    with pytest.raises(InputError, match="from a folder of your own or from a provider, not both"):
        load_book(directory=own, provider="deepseek")


def test_a_withdrawn_card_of_another_provider_is_named_with_it(vendors):
    said = '[withdrawn."acme/2026-02-01.1"]\nwhy = "Wrong."\nsuccessor = "2026-02-01.2"\ndate = "2026-02-02"\n'
    (vendors / "STATUS.toml").write_text(said)
    assert withdrawal("2026-02-01.1") is None
    assert withdrawal("acme/2026-02-01") == Withdrawal("acme/2026-02-01.1", "2026-02-01.2", "2026-02-02", "Wrong.")
    with pytest.warns(UserWarning, match=r"rate card acme/2026-02-01\.1 was withdrawn"):
        load_card("acme/2026-02-01")
    with pytest.warns(UserWarning, match=r"rate card acme/2026-02-01\.1 was withdrawn"):
        load_book(provider="acme", pins={"2026-02-01": "2026-02-01.1"})


def test_every_providers_cards_are_verified(vendors):
    (vendors / "tiny" / "2026-02-01.1.toml").write_text("changed")
    (vendors / "acme" / "2026-02-01.1.toml").unlink()
    verdicts = dict(verify_cards())
    assert verdicts["acme/2026-01-15.1"] == "ok"
    assert verdicts["tiny/2026-02-01.1"].startswith("has sha256 ")
    assert verdicts["acme/2026-02-01.1"] == "has no file, though SHA256SUMS lists it"
    assert list(verdicts)[: len(list_cards())] == list(list_cards())


# --- verifying --------------------------------------------------------------------------------------------------------


def test_cards_that_are_as_listed_verify(rates):
    assert verify_cards() == dict.fromkeys(list_cards(), "ok")


def test_a_card_that_changed_by_one_byte_is_named_with_both_digests(rates):
    file = rates / "mimo" / "2026-02-01.2.toml"
    listed = hashlib.sha256(file.read_bytes()).hexdigest()
    file.write_bytes(file.read_bytes() + b"\n")
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    verdicts = verify_cards()
    assert verdicts["2026-02-01.2"] == f"has sha256 {found}, SHA256SUMS says {listed}"
    assert [card_id for card_id, verdict in verdicts.items() if verdict != "ok"] == ["2026-02-01.2"]


def test_a_card_whose_line_is_lost_is_named(rates):
    sums = rates / "SHA256SUMS"
    sums.write_text("".join(line for line in sums.read_text().splitlines(keepends=True) if "2026-03-01" not in line))
    assert verify_cards()["2026-03-01.1"] == "is not listed in SHA256SUMS"


@pytest.mark.parametrize("found_before", [False, True])
def test_a_card_that_is_listed_and_has_no_file_is_named(rates, found_before):
    if found_before:
        list_cards()
    (rates / "mimo" / "2026-02-01.2.toml").unlink()
    verdicts = dict(verify_cards())
    assert verdicts.pop("2026-02-01.2") == "has no file, though SHA256SUMS lists it"
    assert set(verdicts) == {"2026-01-01.1", "2026-02-01.1", "2026-02-01.10", "2026-03-01.1"}
    assert set(verdicts.values()) == {"ok"}


def test_a_card_that_lost_its_file_and_its_line_is_named(rates):
    list_cards()
    (rates / "mimo" / "2026-02-01.2.toml").unlink()
    sums = rates / "SHA256SUMS"
    sums.write_text("".join(line for line in sums.read_text().splitlines(keepends=True) if "02-01.2." not in line))
    assert verify_cards()["2026-02-01.2"] == "has no file any more"


def test_a_card_that_was_read_before_is_verified_from_its_file(rates):
    load_card("2026-01-01")
    shutil.copy(rates / "mimo" / "2026-03-01.1.toml", rates / "mimo" / "2026-01-01.1.toml")
    assert verify_cards()["2026-01-01.1"].startswith("has sha256 ")


# --- the published folder ---------------------------------------------------------------------------------------------


def test_the_published_cards_are_those_of_the_checkout():
    in_checkout = Path(__file__).parents[1] / "rates"
    folders = {path.parent.name for path in in_checkout.glob("*/*.toml")}
    assert set(list_providers()) == folders
    for provider in folders:
        names = [name.rpartition("/")[2] for name in list_cards(provider)]
        assert [f"{name}.toml" for name in names] == sorted(path.name for path in (in_checkout / provider).iterdir())
        for name in names:
            path = f"{provider}/{name}.toml"
            assert (rates_folder() / path).read_bytes() == (in_checkout / path).read_bytes()


def test_the_published_cards_verify():
    every = [name for provider in list_providers() for name in list_cards(provider)]
    assert verify_cards() == dict.fromkeys(every, "ok")
    assert {"2026-05-27.1", "deepseek/2026-05-22.1"} <= set(every)


def test_an_installed_package_carries_its_own_rates(tmp_path, monkeypatch):
    """From a wheel the folder is the package's; from a checkout it is the one beside `src`."""
    monkeypatch.setattr(catalog, "files", lambda package: {"mimo_credits": tmp_path}[package])
    assert rates_folder() == Path(mimo_credits.__file__).parents[2] / "rates"
    (tmp_path / "rates").mkdir()
    assert rates_folder() == tmp_path / "rates"


def test_loading_the_book_of_all_published_cards_needs_no_warning():
    assert [card.id for card in load_book()] == [
        *("2026-04-03.2", "2026-04-22.1", "2026-05-27.1", "2026-06-01.1", "2026-06-08.1"),
        *("2026-06-18.1", "2026-06-30.1", "2026-09-22.1", "2026-10-21.1"),
    ]


def test_the_launch_card_can_be_pinned_as_the_press_reported_it():
    with pytest.warns(UserWarning, match=r"2026-04-03\.1 was withdrawn: .* Its successor is 2026-04-03\.2\."):
        book = load_book(pins={"2026-04-03": "2026-04-03.1"})
    assert next(iter(book)).id == "2026-04-03.1"
