"""Pictures of what was used, what is left and what a tier costs, with matplotlib (the extra `plot`).

    burn_down(entries)    use_by_model_and_day(entries)    tier_comparison(comparison)    cost_by_hit_rate(card, …)

Each draws on the `axis` it is given, or on a figure of its own, and returns the figure. Nothing of `pyplot` is used, so
there is no display to be had and no state to be shared: they work on a server and in threads.
"""

from mimo_credits.plots.burning import burn_down
from mimo_credits.plots.costs import cost_by_hit_rate
from mimo_credits.plots.days import use_by_model_and_day
from mimo_credits.plots.tiers import tier_comparison

__all__ = ["burn_down", "cost_by_hit_rate", "tier_comparison", "use_by_model_and_day"]
