"""What other libraries' price data says of MiMo's models, read from the files inside their wheels.

Nothing of a package is installed or run: LiteLLM and tokencost ship JSON, and the Python source in which genai-prices
keeps its data is parsed, not executed. The rule: whatever a package charges for a MiMo model is read or refused; a
field that this module does not know is an error, not a price overlooked.
"""

from __future__ import annotations

import ast
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Context, Decimal
from pathlib import Path
from typing import Any, NamedTuple

from mimo_credits.errors import InputError
from mimo_credits.exact import plain

PACKAGES = Path(__file__).with_name("price_packages.txt")

_PINNED = re.compile(r"(\S+)==(\S+)  # released (\d{4}-\d{2}-\d{2})")

_NO_NOISE = Context(prec=12)
"""LiteLLM computes its prices as binary floats: what they carry beyond twelve digits is no part of a price."""


class Package(NamedTuple):
    """A package of price data in one version, and the day on which that was released."""

    name: str
    version: str
    released: date


class Listed(NamedTuple):
    """One price of theirs: USD for 1,000,000 tokens of a meter (`hit`, `miss`, `output`).

    `model` is the package's own name for it, its provider first. The price holds from `since` (None: ever before) until
    the next one, for inputs of more than `above` tokens.
    """

    package: str
    model: str
    since: date | None
    above: int
    meter: str
    price: Decimal


def pinned(path: Path = PACKAGES) -> list[Package]:
    """The packages to compare with. Raises `InputError` for a line without a version or a day."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
    found = [(line, _PINNED.fullmatch(line)) for line in lines]
    for line, match in found:
        if match is None:
            raise InputError(path.name, f"a line is like 'litellm==1.2.3  # released 2026-11-12', not {line!r}")
    return [Package(match[1], match[2], date.fromisoformat(match[3])) for _, match in found if match is not None]


def read(package: Package, folder: Path) -> list[Listed]:
    """Every price that a package, whose wheel lies in the folder, has for a MiMo model. Raises `InputError`."""
    wheels = list(folder.glob(f"{package.name.replace('-', '_')}-{package.version}-*.whl"))
    if not wheels:
        raise InputError(package.name, f"the wheel of {package.version} is not in {folder}: run `make compare-prices`")
    file, reader = _READERS[package.name]
    with zipfile.ZipFile(wheels[0]) as wheel:
        text = wheel.read(file).decode("utf-8")
    return [Listed(package.name, *row) for row in reader(text)]


Row = tuple[str, date | None, int, str, Decimal]


def _is_mimo(name: str) -> bool:
    return "mimo" in name.lower()


_LITELLM_FIELD = re.compile(
    r"(cache_read_input_token_cost|input_cost_per_token|output_cost_per_token)(_above_(\d+)k_tokens)?"
)
_LITELLM_METERS = {
    "cache_read_input_token_cost": "hit",
    "input_cost_per_token": "miss",
    "output_cost_per_token": "output",
}
_LITELLM_REPEATED = {"input_cost_per_token_cache_hit": "cache_read_input_token_cost"}


def _litellm(text: str) -> Iterator[Row]:
    """LiteLLM's JSON, and tokencost's, which has its form: a model's prices for one token, as floats."""
    models: Mapping[str, Mapping[str, Any]] = json.loads(text, parse_float=Decimal)
    for name, fields in models.items():
        if not _is_mimo(name):
            continue
        for field, value in fields.items():
            match = _LITELLM_FIELD.fullmatch(field)
            if match is not None:
                price = plain(_NO_NOISE.scaleb(_NO_NOISE.plus(Decimal(value)), 6))
                yield name, None, int(match[3] or 0) * 1000, _LITELLM_METERS[match[1]], price
            elif "cost" in field and value != fields.get(_LITELLM_REPEATED.get(field, "")):
                raise InputError(name, f"has a price that is not known here: {field}")


class Made(NamedTuple):
    """A call in a parsed source, `Tier(start=1, price=2)`: what is called, and with which values by name."""

    what: str
    values: Mapping[str, Any]


_GENAI_METERS = {"cache_read_mtok": "hit", "input_mtok": "miss", "output_mtok": "output"}


def _genai_prices(text: str) -> Iterator[Row]:
    """genai-prices' `data.py`: providers with their models, whose prices may change by date and by length of input."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Provider":
            provider = _made(node)
            for model in provider.values["models"]:
                if _is_mimo(model.values["id"]):
                    name = f"{provider.values['id']}/{model.values['id']}"
                    yield from _genai_model(name, model.values["prices"])


def _genai_model(name: str, prices: Made | list[Made]) -> Iterator[Row]:
    for period in prices if isinstance(prices, list) else [Made("ConditionalPrice", {"prices": prices})]:
        since = None
        if "constraint" in period.values:
            since = _known(name, "constraint", period.values["constraint"], "StartDateConstraint")["start_date"]
        for field, price in _known(name, "prices", period.values.get("prices"), "ModelPrice").items():
            if field not in _GENAI_METERS:
                raise InputError(name, f"has a price that is not known here: {field}")
            for above, each in _genai_bands(name, field, price).items():
                yield name, since, above, _GENAI_METERS[field], each


def _genai_bands(name: str, field: str, price: Decimal | Made) -> dict[int, Decimal]:
    """A price by the length of input above which it holds."""
    if isinstance(price, Decimal):
        return {0: price}
    bands = _known(name, field, price, "TieredPrices")
    return {0: bands["base"]} | {tier.values["start"]: tier.values["price"] for tier in bands["tiers"]}


def _known(name: str, field: str, found: object, what: str) -> Mapping[str, Any]:
    """The values of a call, if it is the one that is known here. Raises `InputError`."""
    if not isinstance(found, Made) or found.what != what:
        raise InputError(
            name, f"has a {field} that is not known here: {found.what if isinstance(found, Made) else found}"
        )
    return found.values


def _made(node: ast.expr) -> Any:
    """What an expression of plain data stands for; for anything else a call of what is not known."""
    match node:
        case ast.Constant(value=value):
            return value
        case ast.List(elts=items):
            return [_made(item) for item in items]
        case ast.Call(func=ast.Name(id="Decimal"), args=[ast.Constant(value=str(digits))]):
            return Decimal(digits)
        case ast.Call(func=ast.Attribute(attr="date"), args=parts):
            return date(*map(_made, parts))
        case ast.Call(func=ast.Name(id=what), keywords=values):
            return Made(what, {each.arg: _made(each.value) for each in values if each.arg is not None})
        case _:
            return Made(ast.unparse(node), {})


_READERS: Mapping[str, tuple[str, Callable[[str], Iterator[Row]]]] = {
    "genai-prices": ("genai_prices/data.py", _genai_prices),
    "litellm": ("litellm/model_prices_and_context_window_backup.json", _litellm),
    "tokencost": ("tokencost/model_prices.json", _litellm),
}
