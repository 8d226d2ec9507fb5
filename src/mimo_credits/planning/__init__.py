"""Planning: which tier, when the pool runs out, and what the same work costs elsewhere. Pure and exact."""

from mimo_credits.planning.break_even import BreakEven, break_even
from mimo_credits.planning.burns import Burn, burns_of_entries, burns_of_records
from mimo_credits.planning.comparison import Offer, Offers, compare
from mimo_credits.planning.forecast import Forecast, Pace, forecast, forecast_account
from mimo_credits.planning.levers import Lever, cache_lever, off_peak_lever
from mimo_credits.planning.month import month_of_records
from mimo_credits.planning.tiers import MonthOfUse, TierComparison, TierFit, compare_tiers, compare_use
from mimo_credits.planning.what_if import WhatIf, WhatIfs, what_if
from mimo_credits.planning.window import Wait, WindowReport, rolling_window
from mimo_credits.planning.workload import Call, Step, StepQuote, Workload, WorkloadQuote

__all__ = [
    "BreakEven",
    "Burn",
    "Call",
    "Forecast",
    "Lever",
    "MonthOfUse",
    "Offer",
    "Offers",
    "Pace",
    "Step",
    "StepQuote",
    "TierComparison",
    "TierFit",
    "Wait",
    "WhatIf",
    "WhatIfs",
    "WindowReport",
    "Workload",
    "WorkloadQuote",
    "break_even",
    "burns_of_entries",
    "burns_of_records",
    "cache_lever",
    "compare",
    "compare_tiers",
    "compare_use",
    "forecast",
    "forecast_account",
    "month_of_records",
    "off_peak_lever",
    "rolling_window",
    "what_if",
]
