"""CSV files for spreadsheets, and texts that no spreadsheet interprets as a formula."""

import csv
import io
import re
from collections.abc import Iterable

BYTE_ORDER_MARK = "\ufeff"  # by which Excel recognizes UTF-8
# The characters with which a formula can begin in a spreadsheet.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
# Characters that spreadsheet files must not contain.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def formula_safe(text: str) -> str:
    """Return `text`, changed so that every spreadsheet accepts it and none runs it as a formula."""
    text = _CONTROL.sub("", text)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def as_csv(rows: Iterable[Iterable[object]]) -> bytes:
    """Return rows, whose texts are `formula_safe`, as the bytes of a CSV file for spreadsheets."""
    stream = io.StringIO(BYTE_ORDER_MARK)
    stream.seek(0, io.SEEK_END)
    csv.writer(stream).writerows(rows)
    return stream.getvalue().encode()
