"""No cell of a download is run as a formula, in whichever locale it is opened."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import enroll, make_note, make_user
from grading import gradebook_files
from grading.spreadsheet import as_csv, formula_safe

HOSTILE = "x;=cmd|' C calc'!A0;"


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("Fox", "Fox"),
        ("a-b; c", "a-b; c"),
        ("a, -1", "a, -1"),
        ("=1", "'=1"),
        ("  =1", "'  =1"),
        ("\u00a0+1", "'\u00a0+1"),
        ("\t=1", "'\t'=1"),
        ("\rx", "'\rx"),
        ("＝1", "'＝1"),
        (HOSTILE, "x;'=cmd|' C calc'!A0;"),
        ("x\t@y", "x\t'@y"),
        ("x; \n -y", "x; \n '-y"),
        ("a\0b", "ab"),
    ],
)  # fmt: skip
def test_an_apostrophe_stands_wherever_a_formula_could_begin(text, safe):
    assert formula_safe(text) == safe


@given(st.lists(st.text(alphabet="=+-@＝;,\t\r\n\" 'a\0\u00a0", max_size=12), max_size=3))
def test_no_locale_divides_a_file_so_that_a_cell_is_a_formula(cells):
    """However a program divides the file, whether it reads quotes or not."""
    text = as_csv([map(formula_safe, ["first", *cells])]).decode("utf-8-sig")
    for delimiters in (";\t\r\n", "\t\r\n", ";"):
        for cell in re.split(f"[{delimiters}]", text):
            assert not re.match(r"\s*[=+\-@＝]", cell), (cell, text)


def test_every_download_is_safe(as_user, ines, course, page):
    sam = make_user("sam2", last_name=HOSTILE)
    enroll(sam, course)
    note = make_note(sam, page, HOSTILE, audience="course", course=course, tags=[HOSTILE])
    notes = {"action": "export", "_selected_action": [note.pk]}
    downloads = [
        as_user(ines).post("/admin/annotations/sharednote/", notes).content,
        as_user(sam).get("/notes/export.csv").content,
        gradebook_files.export(course, "csv"),
    ]
    for download in downloads:
        text = download.decode("utf-8-sig")
        assert "cmd|" in text
        assert not re.search(r"(^|[;\t\n\"])\s*=cmd", text), text
