"""Other libraries' price data is read as they mean it, from their wheels, and what is not understood is an error."""

from __future__ import annotations

import json
import zipfile
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from mimo_credits.errors import InputError
from tools.price_data import Listed, Package, pinned, read

DAY = date(2026, 11, 12)
LITELLM = Package("litellm", "1.2.3", DAY)
TOKENCOST = Package("tokencost", "0.1", DAY)
GENAI = Package("genai-prices", "0.2.3", DAY)


def wheel(folder: Path, package: Package, path: str, text: str) -> None:
    name = f"{package.name.replace('-', '_')}-{package.version}-py3-none-any.whl"
    with zipfile.ZipFile(folder / name, "w") as archive:
        archive.writestr(path, text)


def litellm(folder: Path, models: object, package: Package = LITELLM) -> list[Listed]:
    file = "litellm/model_prices_and_context_window_backup.json"
    wheel(folder, package, file if package is LITELLM else "tokencost/model_prices.json", json.dumps(models))
    return read(package, folder)


def genai(folder: Path, prices: str, model: str = "xiaomi/mimo-v2.5") -> list[Listed]:
    """The data of one model, in the form of the package's own source."""
    source = f"""
import datetime
from decimal import Decimal
from .types import *
providers: list[Provider] = [
    Provider(
        id='openrouter',
        api_pattern='https://x',
        extractors=[UsageExtractor(root='usage', mappings=[UsageExtractorMapping(path=['a', 'b'], required=True)])],
        models=[
            ModelInfo(id='gpt', match=ClauseEquals(equals='gpt'), prices=ModelPrice(input_mtok=Decimal('9'))),
            ModelInfo(id={model!r}, match=ClauseOr(or_=[ClauseEquals(equals='x')]), deprecated=True, prices={prices}),
        ],
    ),
]
raise SystemExit('this is data, and is never run')
"""
    wheel(folder, GENAI, "genai_prices/data.py", source)
    return read(GENAI, folder)


def test_litellms_floats_become_the_prices_that_they_stand_for(tmp_path):
    models = {
        "novita/xiaomimimo/mimo-v2.5": {
            "input_cost_per_token": 1.6800000000000002e-07,
            "output_cost_per_token": 3.3600000000000004e-07,
            "cache_read_input_token_cost": 3.4e-09,
            "input_cost_per_token_cache_hit": 3.4e-09,
            "max_tokens": 131072,
            "litellm_provider": "novita",
        },
        "gpt-4o": {"input_cost_per_token": 2.5e-06},
    }
    name = "novita/xiaomimimo/mimo-v2.5"
    assert litellm(tmp_path, models) == [
        Listed("litellm", name, None, 0, "miss", Decimal("0.168")),
        Listed("litellm", name, None, 0, "output", Decimal("0.336")),
        Listed("litellm", name, None, 0, "hit", Decimal("0.0034")),
    ]


def test_tokencost_has_litellms_form(tmp_path):
    found = litellm(tmp_path, {"MiMo-V9": {"output_cost_per_token": 3e-06}}, TOKENCOST)
    assert found == [Listed("tokencost", "MiMo-V9", None, 0, "output", Decimal(3))]


def test_litellms_bands_are_read(tmp_path):
    models = {"mimo-v2-pro": {"input_cost_per_token": 1e-06, "input_cost_per_token_above_256k_tokens": 2e-06}}
    assert [(row.above, row.meter, row.price) for row in litellm(tmp_path, models)] == [
        (0, "miss", Decimal(1)),
        (256_000, "miss", Decimal(2)),
    ]


@pytest.mark.parametrize(
    "field",
    ["input_cost_per_audio_token", "output_cost_per_second", "input_cost_per_token_batches", "cache_creation_input_token_cost"],
)  # fmt: skip
def test_a_price_of_litellm_that_is_not_known_is_an_error(tmp_path, field):
    with pytest.raises(InputError, match=field):
        litellm(tmp_path, {"xiaomi/mimo-v2.5": {field: 1e-06}})


def test_a_repeated_price_of_litellm_that_differs_is_an_error(tmp_path):
    fields = {"cache_read_input_token_cost": 1e-09, "input_cost_per_token_cache_hit": 2e-09}
    with pytest.raises(InputError, match="input_cost_per_token_cache_hit"):
        litellm(tmp_path, {"xiaomi/mimo-v2.5": fields})


def test_genai_prices_are_read_without_being_run(tmp_path):
    found = genai(tmp_path, "ModelPrice(input_mtok=Decimal('0.14'), cache_read_mtok=Decimal('0.0028'))")
    name = "openrouter/xiaomi/mimo-v2.5"
    assert found == [
        Listed("genai-prices", name, None, 0, "miss", Decimal("0.14")),
        Listed("genai-prices", name, None, 0, "hit", Decimal("0.0028")),
    ]


def test_genai_prices_by_date_are_read(tmp_path):
    prices = """[
        ConditionalPrice(prices=ModelPrice(output_mtok=Decimal('2'))),
        ConditionalPrice(
            constraint=StartDateConstraint(start_date=datetime.date(2026, 11, 9)),
            prices=ModelPrice(output_mtok=Decimal('3')),
        ),
    ]"""
    assert [(row.since, row.price) for row in genai(tmp_path, prices)] == [
        (None, Decimal(2)),
        (date(2026, 11, 9), Decimal(3)),
    ]


def test_genai_prices_by_length_are_read(tmp_path):
    prices = "ModelPrice(input_mtok=TieredPrices(base=Decimal('1'), tiers=[Tier(start=256000, price=Decimal('2'))]))"
    found = genai(tmp_path, prices)
    assert [(row.above, row.price) for row in found] == [(0, Decimal(1)), (256_000, Decimal(2))]


@pytest.mark.parametrize(
    ("prices", "said"),
    [
        ("ModelPrice(input_audio_mtok=Decimal('1'))", "input_audio_mtok"),
        (
            "[ConditionalPrice(constraint=TimeOfDateConstraint(start_time=datetime.time(0, 0)), prices=ModelPrice())]",
            "TimeOfDateConstraint",
        ),
        ("ModelPrice(input_mtok=PRICE)", "input_mtok"),
        ("ModelPrice(input_mtok=Decimal('1') * 2)", "input_mtok"),
        ("PRICES", "prices"),
    ],
)
def test_what_genai_prices_says_otherwise_is_an_error(tmp_path, prices, said):
    with pytest.raises(InputError, match=said):
        genai(tmp_path, prices)


def test_another_version_is_not_read(tmp_path):
    litellm(tmp_path, {})
    with pytest.raises(InputError, match=r"1\.2\.4 is not in"):
        read(Package("litellm", "1.2.4", DAY), tmp_path)


def test_the_packages_are_pinned_with_the_day_of_their_release(tmp_path):
    assert {each.name for each in pinned()} == {"genai-prices", "litellm", "tokencost"}
    path = tmp_path / "packages.txt"
    path.write_text("# what for\n\nlitellm==1.2.3  # released 2026-11-12\n")
    assert pinned(path) == [LITELLM]
    path.write_text("litellm==1.2.3\n")
    with pytest.raises(InputError, match="a line is like"):
        pinned(path)
