"""Every card with its TOML parsed, and any request of it: what the tests of prices draw from."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st

from mimo_credits import RateCard, Usage, list_cards, list_providers
from mimo_credits.catalog import rates_folder
from tests import plain_pricing
from tests.made_cards import CARD, TEXT

DAY = datetime(2026, 5, 3, 4, tzinfo=UTC)
NIGHT = datetime(2026, 5, 3, 20, tzinfo=UTC)


def published(name: str) -> tuple[RateCard, dict]:
    path = f"{name}.toml" if "/" in name else f"mimo/{name}.toml"
    text = (rates_folder() / path).read_text(encoding="utf-8")
    return RateCard.from_toml(text), plain_pricing.parsed(text)


MADE = "made for tests"
NAMES = [name for provider in list_providers() for name in list_cards(provider)]
CARDS = {MADE: (CARD, plain_pricing.parsed(TEXT)), **{name: published(name) for name in NAMES}}
HAS_AUDIO = {"speech", "sound", "mimo-v2.5-asr", "xiaomi/mimo-v2.5-asr", "whisper-1"}
HAS_IMAGES = {"dall-e-3"}

tokens = st.one_of(st.integers(0, 400), st.integers(0, 300_000), st.integers(0, 1_048_576))
instants = st.none() | st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))


@st.composite
def requests(draw, labels=tuple(CARDS), known=lambda card: card.table.known_models()) -> tuple[str, Usage]:
    """A card's label, and any request of one of its models, by id or alias."""
    label = draw(st.sampled_from(labels))
    name = draw(st.sampled_from(sorted(known(CARDS[label][0]))))
    total = draw(st.just(0) | tokens if name in HAS_IMAGES else tokens)
    usage = Usage(
        name,
        input_tokens=total,
        cached_tokens=draw(st.integers(0, total)),
        output_tokens=draw(tokens),
        audio_seconds=draw(st.integers(0, 100_000) if name in HAS_AUDIO else st.sampled_from([0] * 9 + [5])),
        web_searches=draw(st.integers(0, 50)),
        images=draw(st.integers(0, 100) if name in HAS_IMAGES else st.sampled_from([0] * 9 + [2])),
    )
    return label, usage
