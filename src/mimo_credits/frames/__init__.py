"""Rating many requests, and settling many accounts, on the engine that holds them (extra `frames`).

Polars, DuckDB, PySpark, PyArrow and pandas. Settling needs PyArrow besides.
"""

from mimo_credits.frames.arrow_stream import Settled, settle_arrow
from mimo_credits.frames.checks import Fault
from mimo_credits.frames.columns import Columns
from mimo_credits.frames.lifecycle import Lifecycle, Lifecycles
from mimo_credits.frames.rating import rate
from mimo_credits.frames.routing import Folded
from mimo_credits.frames.settlement import Settlement
from mimo_credits.frames.settling import settle
from mimo_credits.frames.sql_text import rate_sql
from mimo_credits.frames.statement_rows import BillRow, StatementRow
from mimo_credits.frames.totals import total

__all__ = [
    "BillRow",
    "Columns",
    "Fault",
    "Folded",
    "Lifecycle",
    "Lifecycles",
    "Settled",
    "Settlement",
    "StatementRow",
    "rate",
    "rate_sql",
    "settle",
    "settle_arrow",
    "total",
]
