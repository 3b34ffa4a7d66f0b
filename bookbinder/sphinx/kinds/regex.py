"""Authors' regular expressions, run by RE2: none takes long, whatever a student writes."""

import functools
import unicodedata
from collections.abc import Mapping
from typing import Any

import re2

from bookbinder.sphinx.kinds.base import Kind

MAX_MEMORY = 8 << 20  # bytes for one compiled pattern


class PatternError(ValueError):
    """RE2 does not accept the pattern."""


@functools.lru_cache(maxsize=1024)
def compile(pattern: str) -> re2._Regexp:
    """Return the compiled pattern. Raise PatternError if RE2 does not accept it."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MAX_MEMORY
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        text = error.args[0] if error.args else error
        message = text.decode(errors="replace") if isinstance(text, bytes) else str(text)
        raise PatternError(message) from None


def matches(pattern: str, text: str) -> bool:
    """Return whether `pattern` matches all of `text`, ignoring white space at its ends.

    Both are in Unicode's NFC, in which é is one code point however it was typed. Raise PatternError
    if RE2 does not accept the pattern.
    """
    composed = unicodedata.normalize("NFC", text.strip())
    return compile(unicodedata.normalize("NFC", pattern)).fullmatch(composed) is not None


def fault_of(answer: str, options: Mapping[str, Any]) -> str | None:
    """Return what is wrong with an expected pattern, or None."""
    try:
        compile(answer)
    except PatternError as error:
        return f"not a pattern that RE2 accepts ({error})"
    return None


KIND = Kind("regex", fault_of=fault_of)
