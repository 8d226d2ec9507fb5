"""The log: one JSON object a line, on standard error, so that a machine can watch for it.

{"at":"…","level":"info","event":"threshold","tenant":"acme","account":"ada","percent":80,…}
"""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime


class JsonLines(logging.Formatter):
    """The message is the event's name; `extra={"fields": {…}}` is what it has to say."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, whatever stands in the fields."""
        said = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            said["trace"] = self.formatException(record.exc_info)
        return json.dumps(said, default=str)


def _warn_of_death(record: logging.LogRecord) -> bool:
    """A filter: uvicorn says as mere information that a worker died."""
    if record.levelno == logging.INFO and re.fullmatch(r"Child process \[\d+\] died", record.getMessage()):
        record.levelno, record.levelname = logging.WARNING, "WARNING"
    return True


def start_log() -> None:
    """This service's events, and the server's own, go to standard error. Who asked for what is for a proxy to log."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    handler.addFilter(_warn_of_death)
    for name in ("billing_backend", "uvicorn"):
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.setLevel(logging.INFO)
        logger.propagate = False
