"""Numbers as people write them, and ranges such as `3.14 +- 0.01`: parsed, never evaluated.

Values are exact fractions, so that 0.1 + 0.2 equals 0.3. Length and exponent are limited before
anything is computed: `1e999999999` would otherwise use up the server's memory.
"""

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from bookbinder.sphinx.kinds.base import Kind, one_line

MAX_LENGTH = 100  # characters
MAX_EXPONENT = 400

_NUMBER = re.compile(
    r"(?P<sign>[+-]?)(?P<whole>\d*)(?:\.(?P<part>\d*))?(?:[eE](?P<exponent>[+-]?\d{1,3}))?"
)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?")
_FRACTION = re.compile(r"(?P<top>[^/]+)/(?P<bottom>[^/]+)")
_TOLERANCE = re.compile(
    r"(?P<value>.+?)\s*(?:\+-|\+/-|±)\s*(?P<tolerance>[^%]+?)\s*(?P<percent>%?)"
)


class NumberError(ValueError):
    """The text is not a number, or not a range of numbers."""


@dataclass(frozen=True)
class Range:
    """The numbers that an author accepts, both ends included."""

    low: Fraction
    high: Fraction

    def __contains__(self, value: Fraction) -> bool:
        return self.low <= value <= self.high


def parse(text: str) -> Fraction:
    """Return the number in `text`, such as `2`, `-0.5`, `1e-3`, `2/3`, `1,000` or `0,5`.

    A comma separates thousands if groups of three digits follow; otherwise it is a decimal mark.
    Raise NumberError for anything else.
    """
    text = text.strip().replace("\N{MINUS SIGN}", "-")
    if len(text) > MAX_LENGTH:
        raise NumberError("too long for a number")
    fraction = _FRACTION.fullmatch(text)
    if fraction is None:
        return _decimal(text)
    bottom = _decimal(fraction["bottom"].strip())
    if not bottom:
        raise NumberError("division by zero")
    return _decimal(fraction["top"].strip()) / bottom


def parse_range(text: str) -> Range:
    """Return the range of `VALUE`, `VALUE +- TOLERANCE` or `VALUE +- PERCENT%`.

    Raise NumberError for anything else.
    """
    match = _TOLERANCE.fullmatch(text.strip())
    if match is None:
        value = parse(text)
        return Range(value, value)
    value, tolerance = parse(match["value"]), parse(match["tolerance"])
    if match["percent"]:
        tolerance = abs(value) * tolerance / 100
    if tolerance < 0:
        raise NumberError("a tolerance cannot be negative")
    return Range(value - tolerance, value + tolerance)


def _decimal(text: str) -> Fraction:
    if _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    elif text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    match = _NUMBER.fullmatch(text)
    # \d also matches digits of other scripts, which int() accepts.
    if match is None or not (match["whole"] or match["part"]):
        raise NumberError(f"cannot be read: {text[:40]}")
    exponent = int(match["exponent"] or 0)
    if abs(exponent) > MAX_EXPONENT:
        raise NumberError("its exponent is too large")
    part = match["part"] or ""
    digits = int((match["whole"] or "0") + part)
    value = digits * Fraction(10) ** (exponent - len(part))
    return -value if match["sign"] == "-" else value


def fault_of(answer: str) -> str | None:
    """Return what is wrong with an expected number or range, or None."""
    try:
        parse_range(answer)
    except NumberError as error:
        return f"not a number ({error})"
    return None


KIND = Kind("number", fault_of=fault_of, field=partial(one_line, size=12))
