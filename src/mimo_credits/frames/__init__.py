"""Rating many requests on the engine that holds them: Polars, DuckDB, PySpark, PyArrow or pandas (extra `frames`)."""

from mimo_credits.frames.checks import Fault
from mimo_credits.frames.columns import Columns
from mimo_credits.frames.rating import rate
from mimo_credits.frames.sql_text import rate_sql
from mimo_credits.frames.totals import total

__all__ = ["Columns", "Fault", "rate", "rate_sql", "total"]
