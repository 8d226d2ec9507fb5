"""For Schemathesis: where a request would have an Idempotency-Key, it has a new one, or most would be refused as reused."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import schemathesis
from billing_backend.names import KEY


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """A key that is missing or wrong on purpose stays so."""
    for name, value in list((case.headers or {}).items()):
        if name.lower() == "idempotency-key" and re.fullmatch(KEY, str(value)):
            case.headers[name] = str(uuid4())
