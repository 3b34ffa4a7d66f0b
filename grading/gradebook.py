"""The rows of a course's gradebook. One query reads all points, whatever the course's size.

The database joins the points of each student into one text, which is faster to send and to split
than a row for each answer. While the database works on the next student, the row of the previous
one is built here.
"""

from collections.abc import Callable, Iterator
from typing import Any

from django.db import transaction
from django.db.models import Aggregate, QuerySet, TextField
from django.db.models.functions import Cast

from books.models import Question
from grading.models import Answer, Course, Enrollment
from grading.scores.totals import default_points
from grading.spreadsheet import formula_safe

Cell = str | int | float
Row = list[Cell]

MOST_LISTED = 30_000  # the most students whose keys are listed in a query
CHUNK = 20  # students that the database sends at a time


def number(text: str) -> Cell:
    """Return the number that the database wrote as `text`; an int if it is a whole number."""
    value = float(text)
    return int(value) if value.is_integer() else value


def number_text(text: str) -> Cell:
    """Return the number that the database wrote, as text without needless decimals."""
    return str(number(text))


@transaction.atomic
def rows(course: Course, cell: Callable[[str], Cell] = number) -> list[Row]:
    """Return three rows of headings, then one for each active student.

    `cell` makes a cell from points as the database writes them. A cell is empty if the question was
    not answered, or if the answer has not been graded yet, unless everybody gets full points.
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
        [
            "e-mail",
            "Last name",
            "First name",
            *(formula_safe(label) for *_ids, label, _points in questions),
        ],
        ["", "", "Points possible", *(cell(str(points)) for *_ids, points in questions)],
        *_student_rows(
            course, [str(pk) for pk, *_rest in questions], _defaults(course, questions, cell), cell
        ),
    ]


def _student_rows(
    course: Course, questions: list[str], nothing: Row, cell: Callable[[str], Cell]
) -> Iterator[Row]:
    enrollments = Enrollment.objects.filter(course=course).in_gradebook()
    students = list(
        enrollments.values_list("pk", "user__email", "user__last_name", "user__first_name")
    )
    answers = _answers_of(course, [pk for pk, *_identity in students])
    points = dict(_points(answers, questions, nothing, _Cells(cell)))
    for pk, *identity in students:
        yield [*map(formula_safe, identity), *points.get(pk, nothing)]


def _defaults(course: Course, questions: list[Any], cell: Callable[[str], Cell]) -> Row:
    """Return the cells of a student who has answered nothing."""
    full = set(course.interactives.filter(full_points=True).values_list("question", flat=True))
    given = (
        default_points(points, full_points=pk in full)
        for pk, _page, _url, _label, points in questions
    )
    return ["" if points is None else cell(str(points)) for points in given]


def _answers_of(course: Course, students: list[int]) -> QuerySet[Answer]:
    """Return the answers of the given students, or of the whole course if there are very many.

    PostgreSQL is faster with a list of keys than with a join, but SQLite limits the list's length.
    """
    if len(students) <= MOST_LISTED:
        return Answer.objects.filter(enrollment__in=students)
    return Answer.objects.filter(enrollment__course=course)


class _Cells(dict[str, Cell]):
    """Maps the database's texts to cells. Few texts differ, and sharing cells saves memory."""

    def __init__(self, cell: Callable[[str], Cell]) -> None:
        super().__init__()
        self.cell = cell

    def __missing__(self, text: str) -> Cell:
        self[text] = self.cell(text)
        return self[text]


class _Joined(Aggregate):
    """Joins a group's texts with commas; all joins of a query have the same order."""

    function = "STRING_AGG"
    template = "%(function)s(%(expressions)s, ',')"
    output_field = TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, function="GROUP_CONCAT", **context)


def _points(
    answers: QuerySet[Answer], questions: list[str], nothing: Row, cells: _Cells
) -> Iterator[tuple[int, Row]]:
    """Yield the key of each enrollment with its cells, which are in the order of `questions`.

    `nothing` has the cells of questions without an answer.
    """
    asked, positions = "", []
    by_default = [(position, given) for position, given in enumerate(nothing) if given != ""]
    for pk, answered, texts in _joined(answers).iterator(chunk_size=CHUNK):
        if answered != asked:
            # Usually, a student has answered the same questions as the previous one.
            asked = answered
            known = {question: position for position, question in enumerate(answered.split(","))}
            positions = [known.get(question, -1) for question in questions]
        row: Row = [*map(cells.__getitem__, texts.split(",")), ""]
        found = [row[position] for position in positions]
        for position, given in by_default:
            found[position] = given if found[position] == "" else found[position]
        yield pk, found


def _joined(answers: QuerySet[Answer]) -> QuerySet[Answer, tuple[int, str, str]]:
    points = Cast("points", TextField())
    return (
        answers.exclude(points=None)
        .values("enrollment_id")
        .annotate(answered=_Joined(Cast("question_id", TextField())), texts=_Joined(points))
        .order_by()
        .values_list("enrollment_id", "answered", "texts")
    )
