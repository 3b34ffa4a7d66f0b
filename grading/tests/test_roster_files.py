"""Rosters that are small files and much work are refused before they are read."""

import io
import re
import zipfile

import openpyxl
import pytest
from django.core.exceptions import ValidationError

from bookbinder.tests.support.rosters import roster, upload
from grading import roster as rosters
from grading.models import Invitation

SHEET = "xl/worksheets/sheet1.xml"


def workbook(*rows) -> bytes:
    book, file = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(file)
    return file.getvalue()


def changed(data: bytes, change, name: str = SHEET) -> bytes:
    """Return a workbook with one part changed by a function."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w", 8) as new:
        for part in old.infolist():
            content = old.read(part)
            new.writestr(part.filename, change(content) if part.filename == name else content)
    return made.getvalue()


def with_cells(count: int, cell: bytes = b"<c/>"):
    """Return a function that puts cells at the end of the first row of a sheet."""
    return lambda content: content.replace(b"</row>", cell * count + b"</row>", 1)


GOOD = workbook(["name", "email"], ["A", "a@example.org"])


def test_a_workbook_is_accepted():
    rosters.check_size(io.BytesIO(GOOD))
    rosters.check_size(io.BytesIO(b"email\na@example.org\n"))


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (changed(GOOD, with_cells(300_000)), "at most 100 columns"),
        (changed(GOOD, with_cells(300_000, b"<x:c >")), "at most 100 columns"),
        (changed(GOOD, lambda content: content.replace(b"<row", b"<row/><c/><row" * 200_000, 1)), "too many cells"),
        (changed(GOOD, lambda _c: b"<a/>" * 1_100_000, "xl/styles.xml"), "too many cells"),
        (changed(GOOD, lambda _c: b" " * 21_000_000, "xl/styles.xml"), "too large when unpacked"),
        (changed(GOOD, lambda content: content.decode().encode("utf-16")), "cannot be read"),
        (changed(GOOD, lambda content: content.decode().encode("utf-16-le")), "cannot be read"),
        (changed(GOOD, lambda content: b"<?xml version='1.0' encoding='cp037'?>" + content), "cannot be read"),
        (GOOD[:-30], None),
        (b"x" * 5_000_001, "at most 5 MB"),
    ],
    ids=["a row", "prefixed", "cells", "tags", "unpacked", "UTF-16", "no mark", "EBCDIC", "cut", "bytes"],
)  # fmt: skip
def test_a_workbook_that_is_much_work_is_refused_unread(monkeypatch, data, why):
    monkeypatch.setattr(openpyxl, "load_workbook", lambda *args, **kw: pytest.fail("it was read"))
    if why is None:  # not a zip file: read as such, and refused later
        rosters.check_size(io.BytesIO(data))
        return
    with pytest.raises(ValidationError, match=re.escape(why)):
        rosters.check_size(io.BytesIO(data))


def test_a_compression_without_a_limit_is_refused():
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_LZMA) as new:
        new.writestr(SHEET, b"<row/>")
    with pytest.raises(ValidationError, match="cannot be read"):
        rosters.check_size(made)


def test_an_instructor_is_told_of_it(as_user, ines, course):
    data = changed(GOOD, with_cells(300_000))
    page = upload(as_user(ines), course, roster(data, "r.xlsx"), "1")
    assert "A roster can have at most 100 columns." in page.content.decode()
    assert not Invitation.objects.exists()
