"""Rating many requests on the engine that holds them: Polars, DuckDB, PySpark, PyArrow or pandas (extra `frames`)."""

from mimo_credits.frames.checks import Fault
from mimo_credits.frames.columns import Columns
from mimo_credits.frames.rating import rate

__all__ = ["Columns", "Fault", "rate"]
