"""A LiteLLM callback that holds before each call and charges what it used, so that many share one plan.

`MimoCreditsLogger(InDatabase(engine, book))` goes into a proxy's `litellm_settings.callbacks`, or into
`litellm.callbacks` of a program of yours. Needs the extra `litellm`, for a database also `sql` or `postgres`.
"""

from mimo_credits.litellm.books import Books, InDatabase, InMemory
from mimo_credits.litellm.logger import MimoCreditsLogger
from mimo_credits.litellm.metering import CreditsRefused
from mimo_credits.litellm.requests import at_most, caller

__all__ = ["Books", "CreditsRefused", "InDatabase", "InMemory", "MimoCreditsLogger", "at_most", "caller"]
