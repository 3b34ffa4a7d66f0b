"""CSV files for spreadsheets, and texts that no spreadsheet interprets as a formula."""

import csv
import io
import re
from collections.abc import Iterable

BYTE_ORDER_MARK = "\ufeff"  # by which Excel recognizes UTF-8
# Characters that spreadsheet files must not contain.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_SIGNS = (
    "=+\\-@\uff1d\uff0b\uff0d\uff20"  # with which a formula can begin, the last four full-width
)
_AT_START = re.compile(rf"\s*[{_SIGNS}]|[\t\r\n]")
# Spreadsheets of other locales divide a CSV file at semicolons or tabs, and end rows at line breaks
# that they do not take for quoted: what follows begins a cell.
_INSIDE = re.compile(rf"([;\t\r\n]\s*)(?=[{_SIGNS}])")


def formula_safe(text: str) -> str:
    """Return `text`, changed so that every spreadsheet accepts it and none runs it as a formula.

    An apostrophe stands before each sign with which a formula could begin, wherever a spreadsheet
    may divide the text (https://owasp.org/www-community/attacks/CSV_Injection).
    """
    text = _INSIDE.sub(r"\1'", _CONTROL.sub("", text))
    return f"'{text}" if _AT_START.match(text) else text


def as_csv(rows: Iterable[Iterable[object]]) -> bytes:
    """Return rows, whose texts are `formula_safe`, as the bytes of a CSV file for spreadsheets."""
    stream = io.StringIO(BYTE_ORDER_MARK)
    stream.seek(0, io.SEEK_END)
    csv.writer(stream).writerows(rows)
    return stream.getvalue().encode()
