"""One small good card of a made-up seller, to be broken, copied and derived from."""

from __future__ import annotations

FILE = "acme/2026-01-02.3.toml"
CARD = """\
provider       = "acme"
version        = "2026-01-02"
revision       = 3
effective_from = 2026-01-02T00:00:00+08:00

[sources]
list = { title = "Price list", date = "2026-01" }

[tiers]
small.credits = 1_000
small.price   = { USD = 5, CNY = 35.50 }
small.source  = "H list"
large.credits = 5_000.005
large.price   = { USD = 20, CNY = 142 }
large.annual  = { credits = 60_000, price = { USD = 211.20, CNY = 1499.52 } }
large.tasks   = { count = 7, kind = "tasks", source = "L list" }
large.source  = "H list"

[models]
free = { credits = 0, price = { USD = 0, CNY = 0 }, source = "H list" }

[models."fast-1.5"]
aliases   = ["acme/fast-1.5", "quick"]
credits   = { hit = 0.005, miss = 1, output = 2.5 }
price.USD = { hit = 0.01, miss = 0.10, output = 0.30 }
price.CNY = { hit = 0.07, miss = 0.70, output = 2.10 }
source    = "H list"

[models.long]
aliases = ["acme/long"]
context = 4_000
source  = { credits = "M list", USD = "M list", CNY = "assumed yuan" }

[[models.long.bands]]
input_up_to = 1_000
credits     = 1
price       = { USD = 1, CNY = 7 }

[[models.long.bands]]
input_up_to = 2_000
credits     = 2
price       = { USD = 2, CNY = 14 }

[[models.long.bands]]
credits     = 4
price       = { USD = 4, CNY = 28 }

[models.cash]
credits = "not in plan"
price   = { USD = 9, CNY = 63 }
source  = "H list"

[cycle]
months   = 1
boundary = "day-end"
timezone = "UTC"
source   = "H list"

[policy]
first_purchase_pays = 0.88
upgrade             = "trade-in"
downgrade           = "at-renewal"
exhausted           = "stop"
rollover            = "none"
money_rounding      = "half-up"
source              = "H list"

[off_peak]
multiply_by = 0.8
start       = 00:00:00
end         = 08:00:00
timezone    = "Asia/Shanghai"
source      = "H list"

[[assumptions]]
id   = "yuan"
says = "Seven yuan to the dollar."
"""


def edited(*changes: tuple[str, str]) -> str:
    """The good card with each `old` text, which must stand in it exactly once, replaced by the `new` one."""
    text = CARD
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the card"
        text = text.replace(old, new)
    return text
