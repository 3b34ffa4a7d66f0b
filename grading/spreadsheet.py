"""Tables for spreadsheets: CSV files, and texts that no spreadsheet takes for a formula."""

import csv
import io
import re
from collections.abc import Iterable

BYTE_ORDER_MARK = "\ufeff"  # by which Excel knows UTF-8
# What a spreadsheet takes for the beginning of a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# What no spreadsheet file may hold.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def formula_safe(text: str) -> str:
    """Return `text` so that every spreadsheet takes it and none runs it."""
    text = _CONTROL.sub("", text)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def as_csv(rows: Iterable[Iterable[object]]) -> bytes:
    """Return rows, whose texts are `formula_safe`, as the bytes of a file for any spreadsheet."""
    stream = io.StringIO(BYTE_ORDER_MARK)
    stream.seek(0, io.SEEK_END)
    csv.writer(stream).writerows(rows)
    return stream.getvalue().encode()
