"""Usage by month and model as a sheet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from mimo_credits.display.sheet import Block, Paragraph, Row, Section, Sheet, note, table, total
from mimo_credits.display.writing import AUDIO_WORDS, METER_WORDS, SEARCH_WORDS, credit
from mimo_credits.monthly import MonthlyUsage
from mimo_credits.table import CACHE_HIT, CACHE_MISS, OUTPUT

_TITLES = ["model", "requests", *(METER_WORDS[meter] for meter in (CACHE_HIT, CACHE_MISS, OUTPUT)), "credits"]


def months_sheet(months: Sequence[MonthlyUsage]) -> Sheet:
    """A table for each month with a row for each model, and the sum of all credits."""
    blocks: list[Block] = []
    for month, models in groupby(months, key=lambda row: row.month):
        blocks += [Section(month), table(_TITLES, "lrrrrr", _rows(list(models)))]
    in_all = f"Credits in all  {credit(sum(row.millicredits for row in months))}"
    no_plan = "No plan is accounted for: with --tier and --since, a statement has cycles, allowances and money due."
    blocks.append(Paragraph((in_all, no_plan)))
    return Sheet("Credits by month, each request at the rates in force. Months and instants are in UTC.", tuple(blocks))


def _rows(models: Sequence[MonthlyUsage]) -> Iterator[Row]:
    for one in models:
        tokens = (f"{count:,}" if count else "" for count in (one.cached_tokens, one.missed_tokens, one.output_tokens))
        yield Row((one.model, f"{one.requests:,}", *tokens, credit(one.millicredits)))
        if one.audio_seconds:
            yield note(AUDIO_WORDS.format(one.audio_seconds))
        if one.web_searches:
            yield note(SEARCH_WORDS.format(one.web_searches))
    if len(models) > 1:
        requests = sum(one.requests for one in models)
        yield total(["all", f"{requests:,}", "", "", "", credit(sum(one.millicredits for one in models))])
