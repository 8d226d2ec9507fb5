"""Usage by month and model as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from mimo_credits.display.writing import AUDIO_WORDS, METER_WORDS, SEARCH_WORDS, credit, joined, table
from mimo_credits.monthly import MonthlyUsage
from mimo_credits.table import CACHE_HIT, CACHE_MISS, OUTPUT

_HEAD = ["model", "requests", *(METER_WORDS[meter] for meter in (CACHE_HIT, CACHE_MISS, OUTPUT)), "credits"]


def months_text(months: Sequence[MonthlyUsage]) -> str:
    """A table for each month with a row for each model, and the sum of all credits."""
    lines = ["Credits by month, each request at the rates in force. Months and instants are in UTC."]
    for month, rows in groupby(months, key=lambda row: row.month):
        lines += ["", month, "-" * len(month), *table(_rows(list(rows)), "lrrrrr")]
    total = sum(row.millicredits for row in months)
    lines += ["", f"Credits in all  {credit(total)}"]
    lines += ["No plan is accounted for: with --tier and --since, a statement has cycles, allowances and money due."]
    return joined(lines)


def _rows(models: Sequence[MonthlyUsage]) -> Iterator[list[str]]:
    yield _HEAD
    for one in models:
        tokens = (one.cached_tokens, one.missed_tokens, one.output_tokens)
        yield [
            one.model,
            f"{one.requests:,}",
            *(f"{count:,}" if count else "" for count in tokens),
            credit(one.millicredits),
        ]
        if one.audio_seconds:
            yield [f"  {AUDIO_WORDS.format(one.audio_seconds)}"]
        if one.web_searches:
            yield [f"  {SEARCH_WORDS.format(one.web_searches)}"]
    if len(models) > 1:
        requests = sum(one.requests for one in models)
        yield ["all", f"{requests:,}", "", "", "", credit(sum(one.millicredits for one in models))]
