"""Exact numbers: integer millicredits, exact ratios and exact money.

This is the only module that divides or rounds, and each rounding has a name:

- `round_ratio` rounds a ratio of integers once, as a named rounding says (half up unless a card says otherwise):
  audio by the hour to the millicredit, money due to the cent or fen.
- `whole` does the same with an exact `Fraction`.
- `ratio_price` gives a price that has no finite decimal once, half up, to 1e-12.

Everything else is exact or refused: no float is accepted, and decimal arithmetic traps a result that would lose digits.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Clamped, Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow, Underflow
from fractions import Fraction
from typing import Literal, get_args

MILLI = 1000
"""Millicredits in a credit."""

PER_MILLION = 1_000_000
"""Prices of tokens are written per so many tokens."""

Rounding = Literal["half-up", "half-even", "up", "down"]
ROUNDINGS: tuple[Rounding, ...] = get_args(Rounding)

EXACT = Context(
    prec=200, Emax=400, Emin=-400, traps=[Clamped, DivisionByZero, Inexact, InvalidOperation, Overflow, Underflow]
)
"""Decimal arithmetic that raises rather than lose a digit."""

_PRICE_DIGITS = 12
_MOST_DIGITS = 30
_TICK = timedelta(microseconds=1)

# ISO 4217 currencies whose smallest unit is not a hundredth.
_MINOR_DIGITS = dict.fromkeys(
    ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"), 0
) | dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3)


def round_ratio(numerator: int, denominator: int, rounding: Rounding = "half-up") -> int:
    """The integer nearest to a ratio of integers (`denominator` > 0); `up` and `down`: away from and towards zero."""
    size, rest = divmod(abs(numerator), denominator)
    twice = 2 * rest
    if rounding == "half-up":
        grows = twice >= denominator
    elif rounding == "half-even":
        grows = twice > denominator or (twice == denominator and size % 2 == 1)
    else:
        grows = rounding == "up" and rest > 0
    size += grows
    return size if numerator >= 0 else -size


def whole(ratio: Fraction, rounding: Rounding = "half-up") -> int:
    """The integer nearest to an exact ratio, as `round_ratio` rounds."""
    return round_ratio(ratio.numerator, ratio.denominator, rounding)


def to_millicredits(credits: Decimal | int) -> int:
    """Credits as integer millicredits. Raises `ValueError` where they are finer than 0.001, or not an exact number."""
    if isinstance(credits, bool) or not isinstance(credits, (Decimal, int)):
        raise ValueError(f"credits are an int or a Decimal, not {credits!r}")
    if not Decimal(credits).is_finite():
        raise ValueError(f"credits are finite, not {credits}")
    if abs(Decimal(credits).adjusted()) > _MOST_DIGITS:
        raise ValueError(f"credits have at most {_MOST_DIGITS} digits before or after the point")
    numerator, denominator = credits.as_integer_ratio()
    millicredits, rest = divmod(numerator * MILLI, denominator)
    if rest:
        raise ValueError(f"{credits} is finer than 0.001 credit")
    return millicredits


def to_credits(millicredits: int) -> Decimal:
    """Millicredits as an exact `Decimal` of credits, without trailing zeros after the point."""
    return plain(Decimal(millicredits).scaleb(-3, EXACT))


def plain(amount: Decimal) -> Decimal:
    """The same number without trailing zeros after the point, and without an exponent: 635, 0.00635, 10."""
    whole = amount.to_integral_value()
    return whole.quantize(Decimal(1), context=EXACT) if whole == amount else amount.normalize(EXACT)


def times(amount: Decimal, count: int) -> Decimal:
    """`amount x count`, exact."""
    return EXACT.multiply(amount, Decimal(count))


def plus(left: Decimal, right: Decimal) -> Decimal:
    """`left + right`, exact."""
    return EXACT.add(left, right)


def minus(left: Decimal, right: Decimal) -> Decimal:
    """`left - right`, exact."""
    return EXACT.subtract(left, right)


def per(amount: Decimal, power_of_ten: int) -> Decimal:
    """`amount / 10 ** power_of_ten`, exact."""
    return amount.scaleb(-power_of_ten, EXACT)


def ratio_price(price: Fraction) -> Decimal:
    """A price as a `Decimal`: exact where it has a finite decimal, otherwise rounded once, half up, to 1e-12."""
    denominator, powers = price.denominator, 0
    while denominator % 10 == 0:
        denominator, powers = denominator // 10, powers + 1
    for prime in (2, 5):
        while denominator % prime == 0:
            denominator, powers = denominator // prime, powers + 1
    if denominator == 1:
        return Decimal(price.numerator * 10**powers // price.denominator).scaleb(-powers, EXACT)
    return Decimal(round_ratio(price.numerator * 10**_PRICE_DIGITS, price.denominator)).scaleb(-_PRICE_DIGITS, EXACT)


def rounded(amount: Decimal | Fraction, digits: int = 1, rounding: Rounding = "half-up") -> Decimal:
    """An exact number rounded once to so many `digits` after the point, and written with all of them."""
    exact = Fraction(amount)
    return Decimal(round_ratio(exact.numerator * 10**digits, exact.denominator, rounding)).scaleb(-digits, EXACT)


def billed(amount: Decimal | Fraction, currency: str, rounding: Rounding) -> Decimal:
    """Money due, rounded once to the currency's smallest unit (cent, fen) and written with that many digits."""
    return rounded(amount, _minor_digits(currency), rounding)


def in_currency(amount: Decimal, currency: str) -> Decimal:
    """The same amount, written with at least as many digits after the point as the currency's smallest unit has."""
    return rounded(amount, _minor_digits(currency)) if fits_currency(amount, currency) else amount


def fits_currency(amount: Decimal, currency: str) -> bool:
    """Whether an amount can be paid: no finer than the currency's smallest unit."""
    smallest: Fraction = Fraction(amount) * 10 ** _minor_digits(currency)
    return smallest.denominator == 1


def _minor_digits(currency: str) -> int:
    return _MINOR_DIGITS.get(currency, 2)


def share(part: int, whole: int) -> Fraction:
    """`part / whole` as an exact ratio; 0 of nothing is 0."""
    return Fraction(part, whole) if whole else Fraction(0)


def ticks(span: timedelta) -> int:
    """A span of time in microseconds, the finest that it knows."""
    return span // _TICK


def ratio(part: Decimal | Fraction | int, whole: Decimal | Fraction | int) -> Fraction:
    """`part / whole`, exact; `whole` is not 0."""
    return Fraction(part) / Fraction(whole)


def percent(ratio: Fraction, digits: int = 1) -> Decimal:
    """A ratio in percent for people to read, rounded half up to `digits` after the point."""
    return rounded(ratio * 100, digits)
