"""`rate_sql`: the rating of a table as SQL text that a warehouse user can read, keep and paste.

The rates stand in it as a list of rows, one for each card, model, band and time of day; the query places each request
on that list and multiplies. Instants are compared as whole microseconds since 1970, so that no session's time zone and
no literal of a timestamp has a say. Every name and every text is quoted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias

from mimo_credits.book import RateBook
from mimo_credits.errors import InputError, shown
from mimo_credits.frames.checks import Fault
from mimo_credits.frames.clocks import DAY, of_day
from mimo_credits.frames.columns import ADDED, OWN, REASON, Columns
from mimo_credits.frames.relation import RateRow, Relation, most_of, relation_of
from mimo_credits.table import SECONDS_PER_HOUR, UNLIMITED

Dialect: TypeAlias = Literal["duckdb", "spark"]

BYTEWISE = 'COLLATE "C"'
"""Behind a text of DuckDB: it is compared byte by byte, whatever collation its column or the connection has."""


class _Words(NamedTuple):
    """What the dialects say differently."""

    micros: str
    quote: str
    quotient: str
    without: str
    bytewise: str
    escapes: dict[str, str]


_WORDS: dict[Dialect, _Words] = {
    "duckdb": _Words(
        "CASE typeof({0}) WHEN 'TIMESTAMP WITH TIME ZONE' THEN epoch_us({0}) "
        "ELSE error('the instants need a time zone') END",
        '"',
        "//",
        "EXCLUDE",
        f"CAST({{0}} AS VARCHAR) {BYTEWISE}",
        {"'": "''"},
    ),
    # Spark's quotes are escaped by a backslash in every version.
    "spark": _Words(
        "CASE typeof({0}) WHEN 'timestamp' THEN unix_micros({0}) ELSE raise_error('the instants need a time zone') END",
        "`",
        "DIV",
        "EXCEPT",
        "{0}",
        {"\\": "\\\\", "'": "\\'"},
    ),
}

_RATES = (
    "card_no",
    "night",
    "name",
    "input_from",
    "input_to",
    "hit",
    "miss",
    "output",
    "audio_second",
    "audio_rest",
    "grows_at",
    "to_even",
    "card_id",
    "band_no",
    "fault",
)


def rate_sql(book: RateBook, source: str, dialect: Dialect, *, columns: Columns = Columns()) -> str:
    """A SELECT that gives each row of the table `source` with what it costs, as `rate` does with `errors="column"`.

    `source` is a table's or view's name, its parts joined by points. The columns that `columns` names must all be
    there: pass None for audio, searches or images that the table does not have. The instants' column is a timestamp
    with a time zone (Spark: `TIMESTAMP`, not `TIMESTAMP_NTZ`); the counts are BIGINT, or narrower and signed.

    Raises `InputError` for another dialect, for what is no book, and for a source that is empty or a call: make a view
    of it.
    """
    if dialect not in _WORDS:
        raise InputError("dialect", f"needs one of {', '.join(_WORDS)}, not {shown(dialect)}")
    given: object = source
    if not isinstance(given, str) or "(" in given or not all(given.split(".")):
        raise InputError("source", f"needs the name of a table or view, such as lake.requests, not {shown(source)}")
    query = _Query(relation_of(book), source, _WORDS[dialect], columns)
    return "\n".join([*query.remarks(), *query.lines(query.listed())])


@lru_cache(maxsize=16)
def duckdb_query(relation: Relation, source: str, columns: Columns) -> str:
    """The same for DuckDB to read fast: long lists of rows take it seconds, texts to be split no time."""
    query = _Query(relation, source, _WORDS["duckdb"], columns)
    return "\n".join(query.lines(query.split()))


def quoted(name: str, quote: str = '"') -> str:
    """A name of a column or table as SQL takes it, whatever is in it."""
    return quote + name.replace(quote, quote * 2) + quote


class _Query:
    def __init__(self, relation: Relation, source: str, words: _Words, columns: Columns) -> None:
        self.relation = relation
        self.words = words
        self.columns = columns
        self.source = ".".join(map(self.name, source.split(".")))

    def name(self, name: str) -> str:
        """A name, quoted."""
        return quoted(name, self.words.quote)

    def text(self, text: str) -> str:
        """A text, quoted."""
        return "'" + "".join(self.words.escapes.get(character, character) for character in text) + "'"

    def whole(self, name: str) -> str:
        """A count, wide enough to be multiplied."""
        return f"CAST({self.name(name)} AS BIGINT)"

    def own(self, name: str) -> str:
        """The name of a column that exists only inside the query."""
        return self.name(OWN + name)

    def of(self, name: str) -> str:
        """A column of the request."""
        return f"u.{self.name(name)}"

    def _text(self, table: str, column: str) -> str:
        """A column of text, compared byte by byte."""
        return self.words.bytewise.format(f"{table}.{column}")

    def remarks(self) -> Iterator[str]:
        """What stands above the query."""
        yield "-- What each request costs in thousandths of a credit. The rates are those of these cards:"
        for card in self.relation.cards:
            yield f"--   {card.id}, in force from {card.effective_from.isoformat()}, sha256 {card.sha256}"

    def lines(self, rates: Iterator[str]) -> Iterator[str]:
        """The query over the list of rates."""
        yield f"WITH rates ({', '.join(map(self.own, _RATES))}) AS ("
        yield from rates
        yield "),"
        yield "-- us: microseconds since 1970; number: of the card in force; clock: time of the day of off-peak hours"
        yield f"timed AS (SELECT *, {self._micros()} AS {self.own('us')} FROM {self.source}),"  # noqa: S608 - quoted
        yield f"placed AS (SELECT *, {self._card()} AS {self.own('number')}, {self._clock()} AS {self.own('clock')}"
        yield "  FROM timed),"
        yield "priced AS ("
        yield "  SELECT u.*, r.*, CASE"
        yield from (f"    WHEN {condition} THEN {self.text(fault.value)}" for fault, condition in self._faults())
        yield f"    WHEN r.{self.own('fault')} <> '' THEN r.{self.own('fault')}"
        yield f"    WHEN {self._no_rate()} THEN {self.text(Fault.NO_RATE.value)}"
        yield f"  END AS {self.own('reason')}"
        yield "  FROM placed AS u LEFT JOIN rates AS r"
        yield f"    ON {self._text('r', self.own('name'))} = {self._text('u', self.name(self.columns.model))}"
        yield f"    AND r.{self.own('card_no')} = u.{self.own('number')} AND r.{self.own('night')} = {self._night()}"
        inputs = self.of(self.columns.input_tokens)
        yield f"    AND {inputs} BETWEEN r.{self.own('input_from')} AND r.{self.own('input_to')}"
        yield ")"
        yield from self._select()

    def listed(self) -> Iterator[str]:
        """The rates as rows to read."""
        rows = list(self._rates())
        for number, row in enumerate(rows):
            said = ", ".join(self.text(value) if isinstance(value, str) else str(value) for value in row)
            yield f"  {'       ' if number else 'VALUES '}({said}){',' if number < len(rows) - 1 else ''}"

    def split(self) -> Iterator[str]:
        """The rates as columns, each a text of values with spaces between them: no name and no number has one."""
        columns = list(zip(*self._rates(), strict=True))
        kinds = ("VARCHAR" if isinstance(column[0], str) else "BIGINT" for column in columns)
        texts = (self.text(" ".join(map(str, column))) for column in columns)
        yield "  SELECT " + ",\n  ".join(
            f"CAST(unnest(string_split({text}, ' ')) AS {kind})" for text, kind in zip(texts, kinds, strict=True)
        )

    def _rates(self) -> Iterator[tuple[int | str, ...]]:
        for row in self.relation.rows or (RateRow(0, False, "", 0, 0, -1),):
            yield (
                *(row.card, int(row.off_peak), row.model, row.input_from, min(row.input_to, UNLIMITED - 1)),
                *(row.hit, row.miss, row.output, *divmod(row.audio_hour, SECONDS_PER_HOUR)),
                *(*self.relation.rounding(row), self.relation.card_id(row), row.band),
                row.fault.value if row.fault else "",
            )

    def _micros(self) -> str:
        return self.words.micros.format(self.name(self.columns.at))

    def _card(self) -> str:
        return _sum(f"CASE WHEN {self.own('us')} >= {start} THEN 1 ELSE 0 END" for start in self.relation.starts)

    def _clock(self) -> str:
        shifts = (f"CASE WHEN {self.own('us')} >= {at} THEN {more} ELSE 0 END" for at, more in self.relation.shifts)
        return f"({_sum(iter([self.own('us'), *shifts]))}) % {DAY}"

    def _night(self) -> str:
        """1 in the off-peak hours of the card in force, else 0."""
        numbers: dict[tuple[int, int], list[int]] = {}
        for number, card in enumerate(self.relation.cards, 1):
            hours = card.table.hours
            if hours is not None:
                numbers.setdefault((of_day(hours.start), of_day(hours.end)), []).append(number)
        if not numbers:
            return "0"
        clock = f"u.{self.own('clock')}"
        cases = (
            f"WHEN u.{self.own('number')} IN ({', '.join(map(str, cards))}) AND ({clock} >= {start} "
            f"{'AND' if start < end else 'OR'} {clock} < {end}) THEN 1"
            for (start, end), cards in numbers.items()
        )
        return f"CASE {' '.join(cases)} ELSE 0 END"

    def _faults(self) -> Iterator[tuple[Fault, str]]:
        """What can be wrong before the rates are looked at, in order of precedence."""
        columns, us = self.columns, f"u.{self.own('us')}"
        counts = [self.of(name) for name in columns.counts]
        most = most_of(columns, self.relation)
        yield Fault.MISSING, _or(f"{self.of(name)} IS NULL" for name in columns.rated_by)
        yield Fault.NEGATIVE, _or(f"{count} < 0" for count in counts)
        yield Fault.TOO_LARGE, _or(f"{self.of(name)} > {limit}" for name, limit in most.items())
        yield Fault.CACHED_BEYOND_INPUT, f"{self.of(columns.cached_tokens)} > {self.of(columns.input_tokens)}"
        yield Fault.OUTSIDE_CALENDAR, f"{us} < 0 OR {us} >= {self.relation.end}"
        yield Fault.NO_CARD_IN_EFFECT, f"u.{self.own('number')} = 0"
        yield Fault.UNKNOWN_MODEL, f"r.{self.own('name')} IS NULL"

    def _no_rate(self) -> str:
        columns = self.columns
        cached = self.of(columns.cached_tokens)
        used = [
            f"{cached} > 0 AND r.{self.own('hit')} < 0",
            f"{self.of(columns.input_tokens)} > {cached} AND r.{self.own('miss')} < 0",
            f"{self.of(columns.output_tokens)} > 0 AND r.{self.own('output')} < 0",
        ]
        if columns.audio_seconds:
            used.append(f"{self.of(columns.audio_seconds)} > 0 AND r.{self.own('audio_second')} < 0")
        if columns.images:
            used.append(f"{self.of(columns.images)} > 0")
        return _or(f"({each})" for each in used)

    def _select(self) -> Iterator[str]:
        columns = self.columns
        good = f"{self.own('reason')} IS NULL"
        cached, inputs = self.whole(columns.cached_tokens), self.whole(columns.input_tokens)
        parts = [
            f"{self.own('hit')} * {cached}",
            f"{self.own('miss')} * ({inputs} - {cached})",
            f"{self.own('output')} * {self.whole(columns.output_tokens)}",
        ]
        if columns.audio_seconds:
            parts += self._audio(self.whole(columns.audio_seconds))
        yield "SELECT"
        inside = [*(_RATES), "us", "number", "clock", "reason"]
        yield f"  * {self.words.without} ({', '.join(map(self.own, inside))}),"
        whole = " + ".join(parts)
        added = {
            "millicredits": f"CASE WHEN {good} THEN {whole} ELSE 0 END",
            "card": f"CASE WHEN {good} THEN {self.own('card_id')} END",
            "band": f"CAST(CASE WHEN {good} THEN {self.own('band_no')} ELSE -1 END AS BIGINT)",
            "off_peak": f"CASE WHEN {good} THEN {self.own('night')} = 1 ELSE FALSE END",
            "rated": good,
            REASON: self.own("reason"),
        }
        assert tuple(added) == (*ADDED, REASON)
        yield ",\n".join(f"  {value} AS {self.name(name)}" for name, value in added.items())
        yield "FROM priced"

    def _audio(self, seconds: str) -> Sequence[str]:
        """The cost of audio, rounded once as its card says: what is whole, and one more where the rest is enough."""
        product = f"{self.own('audio_rest')} * {seconds}"
        size = f"{self.own('audio_second')} * {seconds} + {product} {self.words.quotient} {SECONDS_PER_HOUR}"
        left = f"({product}) % {SECONDS_PER_HOUR} + {self.own('to_even')} * (({size}) % 2)"
        return size, f"CASE WHEN {left} >= {self.own('grows_at')} THEN 1 ELSE 0 END"


def _sum(terms: Iterator[str]) -> str:
    return "\n    + ".join(terms) or "0"


def _or(conditions: Iterator[str]) -> str:
    return " OR ".join(conditions)
