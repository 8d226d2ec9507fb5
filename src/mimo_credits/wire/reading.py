"""Reading: plain JSON data becomes a value again, by the type hints of its fields.

The rule: nothing is guessed. Every field is there and no other; a float is no count, `true` is no number, a naive instant
is no instant; and what a type checks when it is made is checked here too. Whatever is wrong is one `InputError` that
names the path of the field. That an account is one its ledger could have reached is not seen here: replay shows it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, Strict, TypeAdapter, ValidationError
from pydantic import FailFast as StopAtFirst
from pydantic import create_model
from pydantic_core import PydanticCustomError

from mimo_credits.cycle import Cycle, CycleRule
from mimo_credits.errors import InputError
from mimo_credits.frozen import FrozenMap
from mimo_credits.ledger.entries import Posting
from mimo_credits.wire.shapes import COUNTS, MAX_DIGITS, MAX_SAFE_INTEGER, alternative, fields_of

_WHOLE = re.compile(rf"0|-?[1-9][0-9]{{0,{MAX_DIGITS - 1}}}")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_LONGEST_INSTANT = 40
_LONGEST_PERIOD = {"days": 36_500, "months": 1_200}
