"""The rows of a course's gradebook: all points by one query, whatever the size of the course.

The database joins each student's points into one text: that is sent and taken apart faster than
a row for every answer. While it works on the next student, this one is pivoted here.
"""

from collections.abc import Callable, Iterator
from typing import Any

from django.db import transaction
from django.db.models import Aggregate, QuerySet, TextField
from django.db.models.functions import Cast, Coalesce

from books.models import Question
from grading.models import Answer, Course, Enrollment
from grading.spreadsheet import formula_safe

Cell = str | int | float
Row = list[Cell]

MOST_LISTED = 30_000
CHUNK = 20  # students that the database sends at a time


def number(text: str) -> Cell:
    """Return the number that the database writes as `text`."""
    value = float(text)
    return int(value) if value.is_integer() else value


def number_text(text: str) -> Cell:
    return str(number(text))


@transaction.atomic
def rows(course: Course, cell: Callable[[str], Cell] = number) -> list[Row]:
    """Return three rows of headings, then one for each active student.

    `cell` makes a cell of points as the database writes them. A question that was not answered,
    or is not graded yet, is an empty cell.
    """
    questions = list(
        Question.objects.in_gradebook_order()
        .filter(page__book=course.book_id)
        .values_list("pk", "page", "page__url", "label", "points_possible")
    )
    urls: Row = []
    last_page = None
    for _pk, page, url, _label, _points in questions:
        urls.append(formula_safe(url) if page != last_page else "")
        last_page = page
    return [
        ["", "", "Page URL", *urls],
        ["e-mail", "Last name", "First name", *(formula_safe(row[3]) for row in questions)],
        ["", "", "Points possible", *(cell(str(row[4])) for row in questions)],
        *_student_rows(course, [str(row[0]) for row in questions], cell),
    ]


def _student_rows(
    course: Course, questions: list[str], cell: Callable[[str], Cell]
) -> Iterator[Row]:
    nothing: Row = [""] * len(questions)
    enrollments = Enrollment.objects.filter(course=course).in_gradebook()
    students = list(
        enrollments.values_list("pk", "user__email", "user__last_name", "user__first_name")
    )
    answers = _answers_of(course, [pk for pk, *_identity in students])
    points = dict(_points(answers, questions, _Cells(cell)))
    for pk, *identity in students:
        yield [*map(formula_safe, identity), *points.get(pk, nothing)]


def _answers_of(course: Course, students: list[int]) -> QuerySet[Answer]:
    """Return the answers of some students of a course, or of all where there are very many.

    PostgreSQL looks a number up in a list faster than it joins a table; SQLite's lists are short.
    """
    if len(students) <= MOST_LISTED:
        return Answer.objects.filter(enrollment__in=students)
    return Answer.objects.filter(enrollment__course=course)


class _Cells(dict[str, Cell]):
    """Cells by the database's text: there are few of them, and one object each saves memory."""

    def __init__(self, cell: Callable[[str], Cell]) -> None:
        super().__init__()
        self.cell = cell

    def __missing__(self, text: str) -> Cell:
        self[text] = self.cell(text)
        return self[text]


class _Joined(Aggregate):
    """The texts of a group with commas between them: all of one query in the same order."""

    function = "STRING_AGG"
    template = "%(function)s(%(expressions)s, ',')"
    output_field = TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, function="GROUP_CONCAT", **context)


def _points(
    answers: QuerySet[Answer], questions: list[str], cells: _Cells
) -> Iterator[tuple[int, Row]]:
    """Yield each student's cells in the order of `questions`."""
    asked, positions = "", []
    for pk, answered, texts in _joined(answers).iterator(chunk_size=CHUNK):
        if answered != asked:
            # Mostly the same as the last student's.
            asked = answered
            known = {question: position for position, question in enumerate(answered.split(","))}
            positions = [known.get(question, -1) for question in questions]
        row: Row = [*map(cells.__getitem__, texts.split(",")), ""]
        yield pk, [row[position] for position in positions]


def _joined(answers: QuerySet[Answer]) -> QuerySet[Answer, tuple[int, str, str]]:
    counted = answers.exclude(points=None, override_points=None)
    points = Cast(Coalesce("override_points", "points"), TextField())
    return (
        counted.values("enrollment_id")
        .annotate(answered=_Joined(Cast("question_id", TextField())), texts=_Joined(points))
        .order_by()
        .values_list("enrollment_id", "answered", "texts")
    )
