"""How values show themselves: printed, in a notebook and in a terminal, the same cells, exact and harmless."""

from __future__ import annotations

import csv
import io
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser

import pandas
import polars
import pyarrow
import pytest
from rich.console import Console

from mimo_credits import (
    Account,
    Burn,
    Cancel,
    ChangeTier,
    Grant,
    Hold,
    InputError,
    Ledger,
    RateBook,
    RateCard,
    Receipt,
    Reconciliation,
    Record,
    Step,
    Subscribe,
    Usage,
    Workload,
    break_even,
    cache_lever,
    compare,
    compare_tiers,
    compare_usage,
    diff_cards,
    explain,
    fold,
    forecast,
    load_book,
    load_card,
    load_workloads,
    quote,
    reconcile,
    rolling_window,
    statement,
    what_if,
)
from mimo_credits.display import (
    as_html,
    as_markdown,
    as_text,
    card_sheet,
    cards_sheet,
    quote_sheet,
    sheet_of,
    statement_sheet,
    tiers_sheet,
)
from mimo_credits.display.records import records_of
from mimo_credits.display.sheet import Listing, Paragraph, Section, Sheet, Table
from mimo_credits.errors import visible
from tests.made_cards import TEXT

START = datetime(2026, 6, 1, tzinfo=UTC)
PLANTED = "<img/src=x/onerror=alert(1)>*b*[bold]r[/bold]|`&lt;$x$"
MAY = load_card("2026-05-27")
REQUEST = Usage("mimo-v2.5-pro", input_tokens=86_790, cached_tokens=86_000, output_tokens=305)


def planted_book() -> RateBook:
    """A card that knows a model by a name which is markup in HTML, in Markdown and in rich."""
    alias = f"'{PLANTED}'"
    text = TEXT.replace("[models.banded]", f"[models.banded]\naliases = [{alias}]", 1)
    assert text != TEXT
    return RateBook.fixed(RateCard.from_toml(text))


def planted_values() -> Iterator[object]:
    book = planted_book()
    (card,) = book
    usage = Usage(PLANTED, input_tokens=10)
    commands = [
        Subscribe("s", START, next(iter(card.tiers))),
        Record(PLANTED, START, usage),
        Hold(PLANTED, START, credits=1, expires_at=START + timedelta(hours=1)),
        Grant(PLANTED, START, 1),
    ]
    account, entries = fold(Account(), commands, book)
    return iter([card, quote(card, usage), account, statement(entries), statement(entries, book=book)])


def lived() -> tuple[Account, list]:
    commands = [
        Subscribe("s", START, "lite"),
        Grant("g", START, 5),
        Record("r", START, REQUEST),
        Hold("h", START, credits=500, expires_at=START + timedelta(days=2)),
    ]
    return fold(Account(), commands, load_book())


class Parsed(HTMLParser):
    """The tags of a document, and the text of each table cell by row."""

    def __init__(self, document: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.rows: list[list[str]] = []
        self.bold: list[str] = []
        self.inside = False
        self.feed(document)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self.inside = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.rows[-1][-1] += data
        if self.tags and self.tags[-1] == "strong":
            self.bold.append(data)


def sheets() -> Iterator[Sheet]:
    account, entries = lived()
    yield sheet_of(account)
    yield sheet_of(Account())
    yield quote_sheet(quote(MAY, REQUEST), MAY)
    yield statement_sheet(statement(entries), load_book())
    yield card_sheet(MAY, "It was withdrawn.")
    yield cards_sheet(list(load_book()), {"x": "A note."})
    yield tiers_sheet(MAY)
    yield from map(sheet_of, planted_values())


def cells_of(sheet: Sheet) -> list[list[str]]:
    rows = []
    for block in sheet.blocks:
        if isinstance(block, Table):
            rows += [list(block.titles)] if any(block.titles) else []
            rows += [list(row.cells) for row in block.rows]
    return rows


@pytest.mark.parametrize("sheet", list(sheets()), ids=lambda sheet: sheet.title[:30])
def test_html_holds_every_cell_as_it_is_and_no_tag_of_its_values(sheet: Sheet) -> None:
    parsed = Parsed(as_html(sheet))
    assert parsed.rows == cells_of(sheet)
    assert set(parsed.tags) <= {"div", "style", "p", "strong", "br", "h3", "ul", "li"} | {
        "table", "caption", "thead", "tbody", "tr", "th", "td",
    }  # fmt: skip


@pytest.mark.parametrize("sheet", list(sheets()), ids=lambda sheet: sheet.title[:30])
def test_every_form_holds_every_text(sheet: Sheet) -> None:
    texts = [sheet.title, *sheet.lead, *(cell for row in cells_of(sheet) for cell in row)]
    for block in sheet.blocks:
        match block:
            case Section():
                texts.append(block.title)
            case Paragraph():
                texts += [line.strip() for line in block.lines]
            case Listing():
                texts += [block.caption, *block.items]
            case Table():
                texts.append(block.caption)
    plain, markdown = squeezed(as_text(sheet)), as_markdown(sheet)
    for text in texts:
        assert squeezed(text) in plain
        assert markdown_escaped(text) in markdown


def squeezed(text: str) -> str:
    return " ".join(text.split())


def markdown_escaped(text: str) -> str:
    return "".join(f"\\{sign}" if sign in "\\`*_[]<>|#~&$" else sign for sign in text)


@pytest.mark.parametrize("value", list(planted_values()), ids=lambda value: type(value).__name__)
def test_a_planted_name_stays_a_name_in_a_notebook_and_in_a_terminal(value: object) -> None:
    html = value._repr_html_()
    assert "<img" not in html
    assert "&lt;img/src=x/onerror=alert(1)&gt;" in html
    assert "&amp;lt;$x$" in html
    console = Console(file=io.StringIO(), width=300)
    console.print(value)
    assert PLANTED in console.file.getvalue()


def test_markdown_tables_have_as_many_cells_in_each_line_even_where_a_name_has_a_bar() -> None:
    for sheet in sheets():
        for block in as_markdown(sheet).split("\n\n"):
            bars = {len(line.replace("\\|", "").split("|")) for line in block.splitlines() if line.startswith("|")}
            assert len(bars) <= 1


def test_the_total_is_bold_and_names_its_card() -> None:
    html = quote(MAY, REQUEST)._repr_html_()
    assert "635,000" in Parsed(html).bold
    assert "Card 2026-05-27.1 (sha256 947d3916b02c)" in html


def test_numbers_stand_on_the_right_also_where_styles_are_stripped() -> None:
    html = quote(MAY, REQUEST)._repr_html_()
    assert '<td align="right">86,000</td>' in html
    assert '<td align="right"><strong>635,000</strong></td>' in html


def test_print_gives_the_text_and_repr_stays_one_line() -> None:
    account, entries = lived()
    for value in (account, quote(MAY, REQUEST), statement(entries), MAY):
        assert str(value) + "\n" == as_text(sheet_of(value))
        assert "\n" not in repr(value)
    assert repr(statement(entries)).startswith("<Statement of 1 cycle, 2026-06-01T00:00:00+00:00 to 2026-07-02")
    assert repr(statement([])) == "<Statement of no cycles>"


def test_an_account_says_what_is_pending_and_where_it_is_pinned() -> None:
    def shown(*commands) -> str:
        return str(fold(Account(), [Subscribe("s", START, "pro", card="2026-05-27"), *commands], load_book())[0])

    assert "card   2026-05-27.1, pinned" in shown()
    assert "at its end  lapses: it was cancelled" in shown(Cancel("c", START))
    assert "at its end  changes to lite" in shown(ChangeTier("c", START, "lite", "renewal"))
    assert "An account that has no entries yet" in str(Account())


def test_bands_are_told_by_their_limits_and_without_a_book_as_far_as_entries_know_them() -> None:
    card = load_card("2026-04-03")
    long = Usage("mimo-v2-pro", input_tokens=300_000)
    april = datetime(2026, 4, 5, tzinfo=UTC)
    book = RateBook.fixed(card)
    entries = fold(Account(), [Subscribe("s", april, "lite"), Record("r", april, long)], book)[1]
    assert "mimo-v2-pro above 256,000             4 " in str(statement(entries, book=book))
    assert "mimo-v2-pro band 2, up to 1,048,576             4 " in str(statement(entries))
    assert "mimo-v2-pro, above 256,000 input tokens" in str(quote(card, long))
    short = fold(Account(), [Subscribe("s", april, "lite"), Record("r", april, replace(long, input_tokens=1))], book)
    assert "mimo-v2-pro up to 256,000  " in str(statement(short[1]))


def test_what_has_no_sheet_says_so() -> None:
    with pytest.raises(InputError, match=r"Account, BreakEven, CardDifference, .* Workload, WorkloadQuote have"):
        sheet_of(7)


def test_the_core_draws_nothing_until_somebody_looks() -> None:
    code = "import mimo_credits, sys; sys.exit('mimo_credits.display' in sys.modules or 'rich' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


# --- for other tools -------------------------------------------------------------------------------------


def rows_of(frame) -> list[dict[str, object]]:
    if isinstance(frame, polars.DataFrame):
        return frame.to_dicts()
    return frame.to_pylist() if isinstance(frame, pyarrow.Table) else frame.to_dict("records")


@pytest.mark.parametrize(
    ("backend", "kind"), [("polars", polars.DataFrame), ("pandas", pandas.DataFrame), ("pyarrow", pyarrow.Table)]
)
def test_a_frame_has_a_row_for_each_line_to_the_last_digit(backend: str, kind: type) -> None:
    quoted = quote(MAY, REQUEST)
    frame = quoted.to_frame(backend)
    assert isinstance(frame, kind)
    rows = rows_of(frame)
    assert [(row["meter"], row["quantity"], row["rate"], row["credits"]) for row in rows] == [
        ("cache_hit", 86_000, Decimal("2.5"), 215_000),
        ("cache_miss", 790, 300, 237_000),
        ("output", 305, 600, 183_000),
    ]
    assert {(row["card"], row["sha256"], row["off_peak"]) for row in rows} == {(MAY.id, MAY.sha256, False)}


def test_a_statements_frame_adds_up_to_what_was_used() -> None:
    made = statement(lived()[1])
    frame = made.to_frame("polars")
    assert frame["millicredits"].sum() == made.cycles[0].used
    assert frame["cycle_start"].unique().to_list() == [START]


def test_without_a_wish_a_frame_is_of_a_library_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    quoted = quote(MAY, REQUEST)
    assert isinstance(quoted.to_frame(), polars.DataFrame)
    monkeypatch.delitem(sys.modules, "polars")
    assert isinstance(quoted.to_frame(), pandas.DataFrame)


def test_a_backend_that_is_not_known_or_not_there_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    quoted = quote(MAY, REQUEST)
    with pytest.raises(InputError, match="needs one of polars, pandas, pyarrow, not 'excel'"):
        quoted.to_frame("excel")
    for name in ("polars", "pandas", "pyarrow"):
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr("mimo_credits.display.records.find_spec", lambda name: name == "narwhals" or None)
    with pytest.raises(InputError, match="none of polars, pandas, pyarrow is installed"):
        quoted.to_frame()
    with pytest.raises(InputError, match="pyarrow is not installed: pip install pyarrow"):
        quoted.to_frame("pyarrow")
    monkeypatch.setattr("mimo_credits.display.records.find_spec", lambda name: None)
    with pytest.raises(InputError, match="pip install 'mimo_credits"):
        quoted.to_frame()


def test_csv_is_read_back_as_it_was() -> None:
    card = load_card("2026-06-01")
    quoted = quote(card, [REQUEST, Usage("mimo-v2.5-asr", audio_seconds=1), Usage("mimo-v2.5", web_searches=2)])
    rows = list(csv.DictReader(io.StringIO(quoted.to_csv(), newline="")))
    assert [Decimal(row["credits"]) for row in rows] == [line.credits for line in quoted.lines]
    assert [row["rate"] for row in rows] == ["2.5", "300", "600", "30000000", ""]
    assert quoted.to_csv().endswith("\r\n")
    stated = list(csv.DictReader(io.StringIO(statement(lived()[1]).to_csv(), newline="")))
    assert {row["cycle_start"] for row in stated} == {"2026-06-01T00:00:00+00:00"}


def test_markdown_is_a_method_too_and_what_has_no_lines_has_no_records() -> None:
    assert MAY.to_markdown() == as_markdown(sheet_of(MAY))
    with pytest.raises(InputError, match="has no lines"):
        records_of(MAY)


def test_a_statements_bills_are_a_table_of_their_own_that_adds_up_to_what_is_due() -> None:
    made = statement(lived()[1])
    for rows in (rows_of(made.to_frame("polars", of="bills")), rows_of(made.to_frame("pandas", of="bills"))):
        assert [(row["currency"], row["amount"], row["reason"]) for row in rows] == [
            ("USD", made.money_due["USD"], "first-purchase")
        ]
    (bill,) = csv.DictReader(io.StringIO(made.to_csv(of="bills"), newline=""))
    assert (bill["tier"], bill["at"], bill["amount"]) == ("lite", START.isoformat(), "5.28")
    with pytest.raises(InputError, match=r"of: <Quote .* has lines, not 'bills'"):
        quote(MAY, REQUEST).to_csv(of="bills")


def test_a_frame_names_bands_by_their_inputs() -> None:
    long = quote(load_card("2026-04-03"), Usage("mimo-v2-pro", input_tokens=300_000))
    (row,) = csv.DictReader(io.StringIO(long.to_csv(), newline=""))
    assert row["inputs"] == "above 256,000"
    assert "band" not in row


def test_no_number_is_broken_where_room_is_short_and_what_stands_under_a_group_is_set_in() -> None:
    console = Console(file=io.StringIO(), width=60)
    console.print(MAY)
    console.print(quote(MAY, REQUEST))
    drawn = console.file.getvalue()
    for number in ("984,000,000,000", "4,100,000,000", "0.0036"):
        assert number in drawn
    assert re.search(r"^mimo-v2\.5-pro *\n  cache hit +86,000  tokens ", drawn, re.MULTILINE)


def test_control_characters_in_a_name_break_no_line_and_steer_no_screen() -> None:
    account, _ = fold(
        Account(),
        [Subscribe("s", START, "lite"), Hold("a\nb\x1b[31m\u202e", START, credits=1, expires_at=START + timedelta(1))],
        load_book(),
    )
    for text in (str(account), account._repr_html_(), as_markdown(sheet_of(account))):
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert "a\\nb\\x1b[31m\\u202e  " in str(account)
    assert visible("模型 🙂\u3000x") == "模型 🙂\u3000x"
    assert visible("\ud800") == "\\ud800"


def test_a_statement_of_nothing_says_so() -> None:
    assert "no entries" in str(Ledger(load_book()).statement("misspelt"))


def test_a_statement_without_a_book_has_no_empty_column() -> None:
    table = sheet_of(statement(lived()[1])).blocks[-1]
    assert [row.cells for row in table.rows] == [("2026-06-01.1", "sha256 4bbbdb2ee489")]


def test_a_web_search_is_cited_from_its_own_section() -> None:
    june = load_card("2026-06-08")
    at = datetime(2026, 6, 9, tzinfo=UTC)
    used = Usage("mimo-v2.5-pro", input_tokens=1, web_searches=1)
    book = RateBook.fixed(june)
    entries = fold(Account(), [Subscribe("s", at, "lite"), Record("r", at, used)], book)[1]
    (segment,) = statement(entries, book=book).cycles[0].segments
    cites = {line.meter: line.source for line in segment.lines}
    assert cites == {"cache_miss": june.source_of("mimo-v2.5-pro", "credits"), "web_search": june.web_search.source}
    assert cites["web_search"] == "H official-websearch"


def test_a_remark_says_what_may_surprise_wherever_somebody_looks() -> None:
    june = load_card("2026-06-08")
    deaf, heard = Usage("mimo-v2.5-asr", input_tokens=500), Usage("mimo-v2.5-asr", audio_seconds=9)
    remark = "mimo-v2.5-asr is priced by the hour of audio; this usage has no audio seconds"
    assert quote(june, [deaf, REQUEST]).remarks == (remark,)
    for text in (str(quote(june, deaf)), quote(june, deaf)._repr_html_(), quote(june, deaf).to_markdown()):
        assert "no audio seconds" in text
    assert quote(june, [deaf, heard]).remarks == quote(june, REQUEST).remarks == ()
    for usage, said in ((deaf, True), (heard, False)):
        at = datetime(2026, 6, 9, tzinfo=UTC)
        _, entries = fold(Account(), [Subscribe("s", at, "lite"), Record("r", at, usage)], RateBook.fixed(june))
        assert ("no audio seconds" in str(statement(entries))) is said


def test_what_people_meet_shows_itself() -> None:
    book, ledger = load_book(), Ledger(load_book())
    receipt = ledger.apply("ada", Subscribe("s", START, "lite"))
    ledger.apply("ada", Record("r", START, Usage("mimo-v2.5-pro", input_tokens=10, web_searches=1)))
    ledger.apply("ada", Hold("h", START, credits=5, expires_at=START + timedelta(days=1)))
    entries = ledger.entries("ada")
    rated = next(entry for entry in entries if type(entry).__name__ == "Rated")
    console = {"data": {"usage": {"items": [{"name": "plan_total_token", "used": 3_005, "limit": 4_100_000_000}]}}}
    shown = {
        "USD 5.28: first-purchase": receipt,
        "applied before, nothing was done now; 3 entries": ledger.apply("ada", Subscribe("s", START, "lite")),
        "3,000 credits from allowance to spent: usage": Receipt(entries),
        "for the next bill: web-search": Receipt(entries),
        "hold opened   h": Receipt(entries),
        "mimo-v2.5-pro costs what card 2026-06-01.1 lists for it": explain(rated, entries, book),
        "first monthly purchase pays a part": explain(receipt.entries[-1], entries, book),
        "compensation_total_token": reconcile(ledger.account("ada"), console),
        "The console and the ledger agree": reconcile(Account(), {"data": {}}),
        "2026-09-22.1": book,
        "mimo-v2.5-pro, credits, cache miss": diff_cards(load_card("2026-04-22"), MAY),
        "Credits for this usage": compare_usage(load_card("2026-04-22"), MAY, [REQUEST]),
    }
    for words, value in shown.items():
        assert words in str(value)
        drawn = Console(file=io.StringIO(), width=200)
        drawn.print(value)
        assert "sha256" in value._repr_html_() or type(value) in (Receipt, Reconciliation)
        assert len(drawn.file.getvalue()) > 30
        assert value.to_markdown() == as_markdown(sheet_of(value))
    assert "Account at 2026" in ledger.account("ada").to_markdown()


# --- the answers of planning -----------------------------------------------------------------------------


def answers() -> dict[str, object]:
    """Every kind of answer that planning gives, by words that it must say wherever it is seen."""
    june = load_card("2026-06-08")
    work = load_workloads()["video-post"]
    burns = [Burn(START + timedelta(hours=hour), f"b-{hour}", 10_000_000) for hour in range(48)]
    at = START + timedelta(days=2)
    offers = compare([june, MAY], work, at=at)
    rows = what_if([Subscribe("s", START, "lite"), Record("r", START, REQUEST)], [june], ["lite", "max"])
    return {
        "mimo-v2.6-pro": work,
        "calls elsewhere": work.quote(june),
        "the fastest day": forecast(burns, load_card("2026-04-22"), at, start=START, end=START + timedelta(days=40)),
        "larger than the limit": rolling_window([*burns, Burn(at, "b", 10**12)], 10**6),
        "its allowance holds 3,280": break_even(june, "lite", work),
        "with nothing but cache hits": cache_lever(june, "lite", work),
        "1,250,000": offers,
        "xiaomi": offers[0],
        "635,000": rows,
        "5.28": rows[0],
        "pay-as-you-go": compare_tiers(june, work, times=300),
    }


@pytest.mark.parametrize("words", list(answers()))
def test_an_answer_of_planning_shows_itself_in_every_form(words: str) -> None:
    value = answers()[words]
    drawn = Console(file=io.StringIO(), width=200)
    drawn.print(value)
    assert words in value._repr_html_()
    assert words in drawn.file.getvalue()
    assert words in value.to_markdown()


def test_what_compare_and_what_if_give_is_a_tuple_that_prints_as_its_table() -> None:
    for rows in (answers()["1,250,000"], answers()["635,000"]):
        assert isinstance(rows, tuple)
        assert rows == (rows[0], rows[1])
        assert str(rows) == as_text(sheet_of(rows)).removesuffix("\n")


def test_a_workloads_sheet_hides_nothing_that_its_requests_use() -> None:
    used = Usage("mimo-v2.5", audio_seconds=300, web_searches=2, images=4)
    text = as_text(sheet_of(Workload("w", (Step("s", used),))))
    for words in ("audio: 300 seconds", "web searches: 2", "images: 4"):
        assert words in text


def test_one_answer_is_a_paragraph_and_no_list_of_one() -> None:
    answer = answers()["pay-as-you-go"]
    assert f"<p>{answer.why}</p>" in answer._repr_html_()
    assert "<li>" not in answer._repr_html_()
    assert f"\n{answer.why}\n" in answer.to_markdown()


# --- and as rows -----------------------------------------------------------------------------------------


def rows_in(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_every_kind_with_lines_has_them_as_a_frame_of_each_library_and_as_csv() -> None:
    april, known = load_card("2026-04-22"), answers()
    compared = compare_usage(april, MAY, [REQUEST, Usage("nope", output_tokens=1)])
    for value in (known["pay-as-you-go"], known["1,250,000"], known["635,000"], compared, diff_cards(april, MAY)):
        rows = rows_in(value.to_csv())
        assert rows
        for backend in ("polars", "pandas", "pyarrow"):
            assert len(rows_of(value.to_frame(backend))) == len(rows)


def test_tiers_as_rows_say_in_each_currency_what_the_comparison_says() -> None:
    answer = answers()["pay-as-you-go"]
    rows = {(row["tier"], row["currency"]): row for row in rows_in(answer.to_csv())}
    assert set(rows) == {(fit.tier, currency) for fit in answer.tiers for currency in ("USD", "CNY")}
    for (tier, currency), row in rows.items():
        assert Decimal(row["cost"]) == answer[tier].cost[currency]
        assert Decimal(row["headroom"]) * 1000 == answer[tier].headroom
        assert Decimal(row["allowance"]) - Decimal(row["used"]) == Decimal(row["headroom"])


def test_compared_usage_as_rows_adds_up_to_its_totals_and_tells_what_was_left_out() -> None:
    usage = compare_usage(load_card("2026-04-22"), MAY, [REQUEST, REQUEST, Usage("nope", output_tokens=1)])
    rows = rows_in(usage.to_csv())
    for unit, compared in {"credits": usage.credits, **usage.money}.items():
        of_unit = [row for row in rows if row["unit"] == unit]
        assert sum(Decimal(row["after"]) for row in of_unit) == compared.total.after
        assert sum(Decimal(row["change"]) for row in of_unit) == compared.total.change
    left_out = {(row["unit"], row["model"], row["requests"]) for row in rows_in(usage.to_csv(of="left_out"))}
    assert left_out == {(unit, "nope", "1") for unit in ("credits", "CNY", "USD")}


def test_changes_as_rows_are_in_their_order_and_what_a_card_does_not_have_is_missing() -> None:
    difference = diff_cards(load_card("2026-04-22"), MAY)
    rows = difference.to_frame("polars").to_dicts()
    assert [(row["subject"], row["what"]) for row in rows] == [(one.subject, one.what) for one in difference.changes]
    assert [row["before"] is None for row in rows] == [one.before is None for one in difference.changes]


def test_an_offer_without_a_price_is_a_row_without_an_amount() -> None:
    (offer,) = offers = compare([MAY], Workload("w", (Step("s", Usage("nope", output_tokens=1)),)), at=START)
    (row,) = rows_in(offers.to_csv())
    assert not offer.money
    assert (row["card"], row["credits"], row["currency"], row["amount"]) == (MAY.id, "", "", "")
