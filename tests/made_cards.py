"""Small rate cards made for tests: odd numbers on purpose, so that no wrong rate gives the right sum by luck."""

from __future__ import annotations

from mimo_credits import RateCard

TEXT = """
provider       = "acme"
version        = "2026-01-01"
revision       = 1
effective_from = 2026-01-01T00:00:00Z

[sources]
list = { title = "A price list", date = "2026-01" }

[tiers.small]
credits = 1_000
price   = { USD = 5, CNY = 40 }
source  = "H list"

[models]
flat      = { aliases = ["acme/flat"], credits = 3, price = { USD = 0.7 }, source = "H list" }
triple    = { credits = { hit = 0.25, miss = 7, output = 11.5 }, source = "H list" }
free      = { credits = 0, price = { USD = 0, CNY = 0 }, source = "H list" }
cash      = { aliases = ["acme/cash"], credits = "not in plan", price = { USD = 13 }, source = "H list" }
speech    = { credits = { token = 0, audio_hour = 7 }, price = { USD = { token = 0, audio_hour = 0.5 } }, source = "H list" }
sound     = { credits = { audio_hour = 3_600 }, price = { USD = { audio_hour = 36 } }, source = "H list" }
deaf      = { credits = { hit = 1, miss = 2 }, price = { USD = { hit = 1, output = 2 } }, source = "H list" }

[models.banded]
context = 300
source  = "H list"

[[models.banded.bands]]
input_up_to = 100
credits     = { hit = 1, miss = 5, output = 13 }
price.USD   = { hit = 0.1, miss = 1, output = 3 }

[[models.banded.bands]]
input_up_to = 200
credits     = { hit = 2, miss = 10, output = 17 }
price.USD   = { hit = 0.2, miss = 2, output = 4 }

[[models.banded.bands]]
credits     = { hit = 4, miss = 20, output = 29 }
price.USD   = { hit = 0.4, miss = 4, output = 5 }

[web_search]
price  = { USD = 5 }
source = "H list"

[off_peak]
multiply_by = 0.8
start       = 00:00:00
end         = 08:00:00
timezone    = "Asia/Shanghai"
source      = "H list"

[cycle]
months   = 1
boundary = "day-end"
timezone = "UTC"
source   = "H list"

[policy]
upgrade        = "trade-in"
downgrade      = "at-renewal"
exhausted      = "stop"
rollover       = "none"
money_rounding = "half-up"
source         = "H list"
"""

MIGRATION = """
[migration]
running_cycles = "reset to the new allowance"
source         = "H list"
"""

CARD = RateCard.from_toml(TEXT)


def text_of(day: str, *, revision: int = 1, migrates: bool = False) -> str:
    """The same list, in force from the start of a day in UTC."""
    dated = TEXT.replace("2026-01-01", day).replace("revision       = 1", f"revision = {revision}")
    return dated + (MIGRATION if migrates else "")


def card_of(day: str, *, revision: int = 1, migrates: bool = False) -> RateCard:
    return RateCard.from_toml(text_of(day, revision=revision, migrates=migrates))
