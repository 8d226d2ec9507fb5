"""Logs of requests as they lie on disk, read one line at a time: what each line is, and each request once.

Told apart by their content: JSON Lines of API responses, Claude Code's session files, opencode's messages and database,
LiteLLM's spend logs (JSON, JSON Lines, CSV); plain or gzip, single files or whole folders. One rule: nothing is dropped
in silence. What is no request is `Skipped` with its reason, what cannot be read is `Malformed`, and a file that cannot
be read to its end, or whose shape is unknown, is an error.
"""

from mimo_credits.logs.lines import (
    Contradicting,
    Line,
    Logged,
    Malformed,
    Place,
    Repeated,
    Skipped,
    UnknownLog,
    UnreadableLog,
)
from mimo_credits.logs.once import each_once
from mimo_credits.logs.opening import STANDARD_INPUT
from mimo_credits.logs.reading import read_log

__all__ = [
    "STANDARD_INPUT",
    "Contradicting",
    "Line",
    "Logged",
    "Malformed",
    "Place",
    "Repeated",
    "Skipped",
    "UnknownLog",
    "UnreadableLog",
    "each_once",
    "read_log",
]
