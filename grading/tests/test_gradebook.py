import csv
import io
from decimal import Decimal

import openpyxl
import pytest
from django.core.management import CommandError, call_command

from books.models import Question
from conftest import (
    enroll,
    make_answer,
    make_course,
    make_override,
    make_page,
    make_question,
    make_user,
)
from grading import gradebook, gradebook_files


@pytest.fixture
def filled(course, book, page, adding, sam, ines):
    """Two pages in the gradebook and one that is not; three students, one of another course."""
    second = make_page(book, "cities", index=2, position=1)
    make_page(book, "front", index=None, position=2)
    make_question(Question.objects.get().page, "why", index=1, points_possible=Decimal("0.5"))
    capital = make_question(second, "capital", points_possible=Decimal(1))
    hidden = make_question(book.pages.get(url="front"), "hidden")
    amy = enroll(make_user("amy", last_name="Adams", first_name="Amy"), course)
    make_answer(amy, adding, points=Decimal("1.50"))
    make_answer(amy, capital, points=Decimal(0))
    make_answer(amy, hidden)
    sams = sam.enrollments.get()
    make_answer(sams, adding, points=None, string="essay")
    make_override(make_answer(sams, capital, points=Decimal(0)), 1)
    enroll(make_user("zoe", last_name="Zorn"), course, status="ended")
    enroll(ines, course, origin="test")
    make_answer(enroll(make_user("tom"), make_course(book, "Spring")), adding)
    return course


EXPECTED = [
    ["", "", "Page URL", "numbers", "", "cities"],
    ["e-mail", "Last name", "First name", "adding", "why", "capital"],
    ["", "", "Points possible", 2, 0.5, 1],
    ["amy@example.org", "Adams", "Amy", 1.5, "", 0],
    ["sam@example.org", "Tester", "Sam", "", "", 1],
]


def test_rows_are_headings_and_then_active_students(filled):
    assert list(gradebook.rows(filled)) == EXPECTED


def test_a_course_of_very_many_students_has_the_same_rows(filled, monkeypatch):
    monkeypatch.setattr(gradebook, "MOST_LISTED", 1)
    assert list(gradebook.rows(filled)) == EXPECTED


def test_students_stand_by_last_name_first_name_and_email(filled):
    for first, email in (("Amy", "bea"), ("Abe", "cid")):
        enroll(make_user(email, last_name="Adams", first_name=first), filled)
    emails = [row[0] for row in list(gradebook.rows(filled))[3:]]
    assert emails == [f"{name}@example.org" for name in ("cid", "amy", "bea", "sam")]


def test_the_csv_is_utf8_with_a_byte_order_mark(filled, sam):
    sam.last_name = "Žižek"
    sam.save()
    data = gradebook_files.export(filled, "csv")
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert rows[2] == ["", "", "Points possible", "2", "0.5", "1"]
    assert rows[3] == ["amy@example.org", "Adams", "Amy", "1.5", "", "0"]
    assert rows[4][1] == "Žižek"


def test_the_xlsx_has_numbers_and_empty_cells(filled):
    book = openpyxl.load_workbook(io.BytesIO(gradebook_files.export(filled, "xlsx")))
    rows = list(book.active.iter_rows(values_only=True))
    assert rows[2][3:] == (2, 0.5, 1)
    assert rows[3] == ("amy@example.org", "Adams", "Amy", 1.5, None, 0)


def test_a_name_with_a_control_character_breaks_no_file(filled, sam):
    sam.first_name = "A\x01B"
    sam.save()
    book = openpyxl.load_workbook(io.BytesIO(gradebook_files.export(filled, "xlsx")))
    assert list(book.active.rows)[-1][2].value == "AB"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_what_a_spreadsheet_takes_for_a_formula_is_made_harmless(filled, sam, start):
    sam.first_name = f"{start}HYPERLINK(1)"
    sam.save()
    assert list(gradebook.rows(filled))[-1][2] == f"'{start}HYPERLINK(1)"
    book = openpyxl.load_workbook(io.BytesIO(gradebook_files.export(filled, "xlsx")))
    cell = list(book.active.rows)[-1][2]
    assert cell.data_type != "f"


def test_a_course_without_students_or_questions_has_its_headings(book):
    rows = list(gradebook.rows(make_course(book, "Empty")))
    assert [row[2] for row in rows] == ["Page URL", "First name", "Points possible"]


def test_queries_do_not_grow_with_students_and_questions(filled, django_assert_num_queries):
    with django_assert_num_queries(6):  # a savepoint, four, and its release
        gradebook.rows(filled)


def test_the_command_writes_the_same_file(filled, tmp_path):
    path = tmp_path / "out.csv"
    call_command("export_gradebook", str(filled.pk), f"--output={path}")
    assert path.read_bytes() == gradebook_files.export(filled, "csv")


def test_the_command_says_when_there_is_no_such_course(db):
    with pytest.raises(CommandError, match="There is no course 7"):
        call_command("export_gradebook", "7")
