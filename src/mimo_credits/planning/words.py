"""How plans word counts and spans of time."""

from __future__ import annotations

from datetime import timedelta

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


def counted(number: int, noun: str) -> str:
    """A count and its noun: `1 token`, `2,000 tokens`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def days(span: timedelta) -> str:
    """A span in days and begun hours left out, such as `3 days` or `1 day and 23 hours`; below an hour as it is."""
    if span < _HOUR:
        return str(span)
    hours = span % _DAY // _HOUR
    parts = [counted(span.days, "day")] if span.days else []
    return " and ".join([*parts, *([counted(hours, "hour")] if hours else [])])
