"""`RateCard`: one price list as its TOML file says it, checked, frozen all the way down and compiled on load.

A card is a whole snapshot: identity and validity, sources, tiers, models, policy, cycle, off-peak hours, migration and
assumptions. Its file is written to be read by someone in billing (see `rates/README.md`), and each fact stands in it
once. The rules kept here:

- Numbers are exact: TOML decimals stay `Decimal`; booleans, `inf`, `nan`, negatives and credits finer than 0.001, also
  after the off-peak factor, are refused.
- A card with several problems is refused with all of them, each named by its key path (`RateCardError`).
- A card never changes: `model_copy(update=…)` is refused, `derive` makes a new, checked, unpublished one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from copy import deepcopy
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, NamedTuple, NoReturn, TypeVar

from pydantic import Field, PrivateAttr, TypeAdapter, ValidationError

from mimo_credits.card.checks import Parts, citations, problems
from mimo_credits.card.compiling import compile_table
from mimo_credits.card.parts import (
    Assumption,
    CardId,
    CycleTerms,
    Many,
    Migration,
    ModelRates,
    Name,
    OffPeak,
    Part,
    Policy,
    Source,
    SourceId,
    Table,
    Tier,
    TierId,
    Version,
    WebSearch,
    cited,
    cited_ids,
)
from mimo_credits.card.reading import parse, schema_problems
from mimo_credits.errors import NoPlan, Problem, RateCardError, wrong_type
from mimo_credits.frozen import FrozenMap
from mimo_credits.seen import Seen
from mimo_credits.table import RateTable

K = TypeVar("K")
P = TypeVar("P", bound=Part)


class Origin(NamedTuple):
    """What a card was read from: its TOML as data, the digest of its bytes, and what `derive` adds to its id."""

    document: dict[str, Any]
    sha256: str
    suffix: str


class RateCard(Seen, Part):
    """One published price list: read it with `load_card`, or from your own TOML text with `RateCard.from_toml`.

    `id` is `version.revision`, `sha256` the digest of the very bytes that were read, `effective_from` the aware instant
    from which it holds, `tiers` and `models` mappings in the card's order. A card without tiers sells no plan: it may
    leave out `cycle` and `policy`. Equal cards hash alike.
    """

    provider: Name
    version: Version
    revision: Annotated[int, Field(gt=0, lt=1_000_000)]
    effective_from: datetime
    supersedes: CardId | None = None
    sources: Table[SourceId, Source]
    tiers: Table[TierId, Tier] = Field(default_factory=FrozenMap)
    models: Table[Name, ModelRates]
    web_search: WebSearch | None = None
    cycle: CycleTerms | None = None
    policy: Policy | None = None
    off_peak: OffPeak | None = None
    migration: Migration | None = None
    assumptions: Many[Assumption] = ()

    _origin: Origin = PrivateAttr()

    def model_post_init(self, context: Any, /) -> None:
        """Keeps where the card comes from. A card that was not read, and so not checked whole, is refused."""
        if not isinstance(context, Origin):
            raise TypeError("a rate card is read: use load_card, RateCard.from_toml or card.derive")
        self._origin = context

    @property
    def id(self) -> str:
        """`version.revision`; a derived card adds `+derived.` and the start of its digest."""
        return f"{self.version}.{self.revision}{self._origin.suffix}"

    @property
    def sha256(self) -> str:
        """SHA-256 of the card's bytes, in hexadecimal."""
        return self._origin.sha256

    @property
    def published(self) -> bool:
        """False for a card made by `derive`."""
        return not self._origin.suffix

    @property
    def plan_cycle(self) -> CycleTerms:
        """How the cycles of its plan are counted. Raises `NoPlan` where the card says nothing of one."""
        if self.cycle is None:
            raise NoPlan(self.provider, self.id)
        return self.cycle

    @property
    def plan_policy(self) -> Policy:
        """The terms of its plan. Raises `NoPlan` where the card says nothing of one."""
        if self.policy is None:
            raise NoPlan(self.provider, self.id)
        return self.policy

    def source_of(self, model: str, what: str) -> str:
        """What the card cites for a model's `credits`, or for its price in a currency: how sure, then who says so."""
        return cited(self.models[model].source, what)

    def cited_sources(self, citation: str) -> tuple[tuple[str, Source], ...]:
        """The sources that a citation names, by id; none for what is assumed."""
        return tuple((name, self.sources[name]) for name in cited_ids(citation) if name in self.sources)

    def citations(self) -> tuple[tuple[str, str], ...]:
        """Every place of the card that cites: its key path, and how sure it is and who says so (`"H models-dev"`)."""
        return tuple(citations(_parts(self)))

    @cached_property
    def currencies(self) -> tuple[str, ...]:
        """Every currency in which the card has a price, in alphabetical order."""
        named = {currency for tier in self.tiers.values() for currency in tier.price}
        return tuple(sorted(named.union(self.table.prices)))

    def sells_in(self, currency: str) -> bool:
        """Whether the card's tiers have a price in the currency; if one has, all have."""
        return any(currency in tier.price for tier in self.tiers.values())

    @cached_property
    def table(self) -> RateTable:
        """The compiled rates that everything which charges reads."""
        rounding = self.policy.credit_rounding if self.policy else "half-up"
        return compile_table(self.id, self.sha256, self.models, self.off_peak, rounding)

    @classmethod
    def from_toml(cls, text: str | bytes, *, file: str = "<text>") -> RateCard:
        """Reads and checks a card; `file` is the name that an error gives. Raises `RateCardError` with all problems.

        A file is read by `load_card(path=…)`; what is no text at all is an `InputError`.
        """
        if not isinstance(text, (str, bytes)):
            raise wrong_type("text", "the TOML of a card (load_card(path=…) reads a file)", text)
        raw = text.encode(errors="surrogatepass") if isinstance(text, str) else text
        document = parse(raw)
        if isinstance(document, Problem):
            is_path = raw.endswith(b".toml") and b"\n" not in raw
            hint = [Problem("text", "looks like the path of a file: load_card(path=…) reads one")] if is_path else []
            raise RateCardError(file, [document, *hint])
        return _read(Origin(document, hashlib.sha256(raw).hexdigest(), ""), file)

    def derive(self, changes: Mapping[str, object]) -> RateCard:
        """A new, checked, unpublished card: this one with the `changes` merged in, table by table; None removes a key.

        `card.derive({"models": {"mimo-v2.5": {"credits": 3}}})`. Raises `RateCardError`, and `InputError` for
        what is no mapping.
        """
        if not isinstance(changes, Mapping):
            raise wrong_type("changes", 'a mapping such as {"models": {"mimo-v2.5": {"credits": 3}}}', changes)
        document = _merged(self._origin.document, changes)
        try:
            written = json.dumps(document, sort_keys=True, default=str)
        except (TypeError, ValueError, RecursionError) as error:
            raise RateCardError(self.id, [Problem("changes", f"are nothing that TOML could say: {error}")]) from None
        digest = hashlib.sha256(written.encode()).hexdigest()
        suffix = f"+derived.{digest[:12]}"
        return _read(Origin(document, digest, suffix), f"{self.id}{suffix}")

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> RateCard:  # noqa: ARG002
        """The card itself, since it never changes; with `update` it is refused. Raises `TypeError`."""
        if update:
            raise TypeError("a rate card cannot be altered by model_copy(update=…): use card.derive(…)")
        return self

    def __replace__(self, **changes: Any) -> NoReturn:
        raise TypeError("a rate card cannot be altered by copy.replace: use card.derive(…)")

    def __copy__(self) -> RateCard:
        return self

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> RateCard:
        return self

    def __hash__(self) -> int:
        return hash((self.id, self.sha256))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, RateCard) and (self.id, self.sha256) == (other.id, other.sha256)

    def __reduce__(self) -> tuple[object, ...]:
        return _read, (self._origin, self.id)

    def __repr__(self) -> str:
        return f"<RateCard {self.id} of {self.provider}, sha256 {self.sha256[:12]}…>"


def check_card(value: object, field: str = "card") -> None:
    """Raises `InputError` for anything but a `RateCard`."""
    if not isinstance(value, RateCard):
        raise wrong_type(field, "a RateCard, such as load_card gives", value)


def _read(origin: Origin, file: str) -> RateCard:
    try:
        card = RateCard.model_validate(origin.document, context=origin)
    except ValidationError as error:
        found = [*schema_problems(error, RateCard, "rate cards"), *problems(_readable_parts(origin.document))]
        raise RateCardError(file, found) from None
    found = list(problems(_parts(card)))
    if found:
        raise RateCardError(file, found)
    return card


_SECTIONS: Mapping[str, type[Part]] = {
    "web_search": WebSearch,
    "cycle": CycleTerms,
    "policy": Policy,
    "off_peak": OffPeak,
    "migration": Migration,
}


def _parts(card: RateCard) -> Parts:
    return Parts(
        version=card.version,
        effective_from=card.effective_from,
        sources=card.sources,
        assumption_ids=[assumption.id for assumption in card.assumptions],
        assumptions=dict(enumerate(card.assumptions)),
        tiers=card.tiers,
        names={name: model.aliases for name, model in card.models.items()},
        models=card.models,
        off_peak=card.off_peak,
        sections=[name for name in _SECTIONS if getattr(card, name) is not None],
        sells_plan=bool(card.tiers),
        others={name: part for name in _SECTIONS if (part := getattr(card, name)) is not None},
    )


def _readable_parts(document: Mapping[str, Any]) -> Parts:
    """The parts that are right by themselves, of a card that as a whole is not."""
    version, effective_from = document.get("version"), document.get("effective_from")
    assumptions = dict(enumerate(document["assumptions"] if isinstance(document.get("assumptions"), list) else ()))
    return Parts(
        version=version if isinstance(version, str) else None,
        effective_from=effective_from if isinstance(effective_from, datetime) else None,
        sources=_table(document.get("sources")),
        assumption_ids=[_table(each).get("id") for each in assumptions.values()],
        assumptions=_readable(Assumption, assumptions),
        tiers=_readable(Tier, _table(document.get("tiers"))),
        names={name: _readable_aliases(model) for name, model in _table(document.get("models")).items()},
        models=_readable(ModelRates, _table(document.get("models"))),
        off_peak=_readable(OffPeak, {"off_peak": document.get("off_peak")}).get("off_peak"),
        sections=[name for name in _SECTIONS if name in document],
        sells_plan=bool(_table(document.get("tiers"))),
        others={
            name: part
            for name, kind in _SECTIONS.items()
            for part in _readable(kind, {name: document.get(name)}).values()
        },
    )


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _readable(kind: type[P], table: Mapping[K, object]) -> dict[K, P]:
    parts = {}
    for name, value in table.items():
        try:
            parts[name] = kind.model_validate(value)
        except ValidationError:
            continue
    return parts


def _readable_aliases(model: object) -> tuple[str, ...]:
    aliases = _table(model).get("aliases")
    return tuple(each for each in aliases if isinstance(each, str)) if isinstance(aliases, list) else ()


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for name, change in changes.items():
        if change is None:
            merged.pop(name, None)
        elif isinstance(change, Mapping) and isinstance(merged.get(name), Mapping):
            merged[name] = _merged(merged[name], change)
        else:
            merged[name] = deepcopy(change)
    return merged


def schema() -> dict[str, Any]:
    """The JSON Schema of a card's TOML, as `rates/schema.json` publishes it."""
    generated = TypeAdapter(RateCard).json_schema(mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_closed(generated), "title": "Rate card"}


def _closed(schema: Any) -> Any:
    """The schema without its loophole: a table whose keys follow a pattern has no other keys."""
    if isinstance(schema, list):
        return [_closed(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(inner) for name, inner in schema.items()}
    return {**closed, "additionalProperties": False} if "patternProperties" in schema else closed
