"""Numbers as people write them, and ranges such as `3.14 +- 0.01`: parsed, never evaluated.

Values are exact fractions, so that 0.1 + 0.2 equals 0.3. Length and exponent are limited before
anything is computed: `1e999999999` would otherwise use up the server's memory.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any

from bookbinder.sphinx.kinds.base import Kind, one_line

MAX_LENGTH = 100  # characters
MAX_EXPONENT = 400
DECIMAL_COMMA = "decimal_comma"  # the option of questions in books whose language has one

_NUMBER = re.compile(
    r"(?P<sign>[+-]?)(?P<whole>\d*)(?:\.(?P<part>\d*))?(?:[eE](?P<exponent>[+-]?\d{1,3}))?"
)
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?")
_POINTS = re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+(?:,\d*)?")
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


class AmbiguousError(NumberError):
    """The text can be read as either of two numbers, which are written in `readings`."""

    def __init__(self, readings: tuple[str, str]) -> None:
        super().__init__(f"it can be read as {readings[0]} or {readings[1]}")
        self.readings = readings


def has_decimal_comma(options: Mapping[str, Any]) -> bool:
    """Return whether a question is in a book whose language has a decimal comma."""
    return options.get(DECIMAL_COMMA) is True


def options_of(language: str) -> dict[str, Any]:
    """Return how the numbers of a language are read, according to the CLDR."""
    # Imported here, since only builds need it.
    from babel import Locale, UnknownLocaleError

    try:
        symbols = Locale.parse(language.replace("-", "_")).number_symbols
    except (UnknownLocaleError, ValueError):
        return {}
    return {DECIMAL_COMMA: True} if symbols["latn"]["decimal"] == "," else {}


def parse(text: str, *, decimal_comma: bool = False) -> Fraction:
    """Return the number in `text`, such as `2`, `-0.5`, `1e-3`, `2/3`, `1,000` or `0,5`.

    A comma separates thousands if groups of three digits follow; otherwise it is a decimal mark.
    With `decimal_comma`, it always is one, and points separate thousands: `1.234,5`. A point before
    the last three digits, as in `1.234`, is then ambiguous, while `0.5` is not.

    Raise AmbiguousError for what is ambiguous, and NumberError for anything else.
    """
    text = text.strip().replace("\N{MINUS SIGN}", "-")
    if len(text) > MAX_LENGTH:
        raise NumberError("too long for a number")
    fraction = _FRACTION.fullmatch(text)
    read = _with_comma if decimal_comma else _with_point
    if fraction is None:
        return read(text)
    bottom = read(fraction["bottom"].strip())
    if not bottom:
        raise NumberError("division by zero")
    return read(fraction["top"].strip()) / bottom


def parse_range(text: str, *, decimal_comma: bool = False) -> Range:
    """Return the range of `VALUE`, `VALUE +- TOLERANCE` or `VALUE +- PERCENT%`.

    Raise NumberError for anything else.
    """
    read = partial(parse, decimal_comma=decimal_comma)
    match = _TOLERANCE.fullmatch(text.strip())
    if match is None:
        value = read(text)
        return Range(value, value)
    value, tolerance = read(match["value"]), read(match["tolerance"])
    if match["percent"]:
        tolerance = abs(value) * tolerance / 100
    if tolerance < 0:
        raise NumberError("a tolerance cannot be negative")
    return Range(value - tolerance, value + tolerance)


def _with_point(text: str) -> Fraction:
    if _THOUSANDS.fullmatch(text):
        text = text.replace(",", "")
    elif text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    return _decimal(text)


def _with_comma(text: str) -> Fraction:
    if _POINTS.fullmatch(text):
        whole, comma, _part = text.partition(",")
        if not comma and whole.count(".") == 1 and not whole.lstrip("+-").startswith("0"):
            raise AmbiguousError((whole.replace(".", ""), whole.replace(".", ",")))
        if not whole.lstrip("+-").startswith("0"):
            text = text.replace(".", "")
    if text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    return _decimal(text)


def _decimal(text: str) -> Fraction:
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


def fault_of(answer: str, options: Mapping[str, Any]) -> str | None:
    """Return what is wrong with an expected number or range, or None."""
    try:
        parse_range(answer, decimal_comma=has_decimal_comma(options))
    except AmbiguousError as error:
        return f"not one number ({error})"
    except NumberError as error:
        return f"not a number ({error})"
    return None


KIND = Kind("number", fault_of=fault_of, options_of=options_of, field=partial(one_line, size=12))
