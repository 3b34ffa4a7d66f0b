"""The rows of a course's gradebook: all points by one query, whatever the size of the course."""

from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.db.models import F

from books.models import Question
from grading.models import Answer, Course, Enrollment

Cell = str | int | float
Row = list[Cell]

# What a spreadsheet takes for the beginning of a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
IDENTITY_COLUMNS = 3


def harmless(text: str) -> str:
    """Return `text` so that no spreadsheet runs it."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def rows(course: Course) -> Iterator[Row]:
    """Yield three rows of headings, then one for each active student.

    Points are numbers; a question that was not answered, or not graded yet, is an empty cell.
    """
    questions = list(
        Question.objects.in_gradebook_order()
        .filter(page__book=course.book_id)
        .values_list("pk", "page", "page__url", "label", "points_possible")
    )
    urls: Row = []
    last_page = None
    for _pk, page, url, _label, _points in questions:
        urls.append(harmless(url) if page != last_page else "")
        last_page = page
    yield ["", "", "Page URL", *urls]
    yield ["e-mail", "Last name", "First name", *(harmless(row[3]) for row in questions)]
    yield ["", "", "Points possible", *(_number(str(row[4])) for row in questions)]
    yield from _student_rows(course, [row[0] for row in questions])


def _student_rows(course: Course, questions: list[int]) -> Iterator[Row]:
    places = Enrollment.objects.filter(course=course).in_gradebook()
    students = list(places.values_list("pk", "user__email", "user__last_name", "user__first_name"))
    points = _points(course)
    for pk, *names in students:
        earned = points.pop(pk, {})
        cells = map(earned.get, questions, [""] * len(questions))
        yield [*map(harmless, names), *cells]


def _number(text: str) -> int | float:
    value = float(text)
    return int(value) if value.is_integer() else value


def _points(course: Course) -> dict[int, dict[int, Any]]:
    """Return points by enrollment and question."""
    numbers = _Numbers()
    answers = Answer.objects.filter(enrollment__course=course).order_by()
    counted = answers.exclude(points=None, override_points=None)
    if connection.vendor == "postgresql":
        return dict(_aggregated(counted, numbers))
    points: dict[int, dict[int, Any]] = {}
    values = counted.values_list("enrollment_id", "question_id", "points", "override_points")
    for enrollment, question, given, override in values.iterator(chunk_size=5_000):
        number = numbers[str(given if override is None else override)]
        points.setdefault(enrollment, {})[question] = number
    return points


class _Numbers(dict[str, int | float]):
    """Numbers by their text: there are few of them, and one object each saves memory."""

    def __missing__(self, text: str) -> int | float:
        self[text] = _number(text)
        return self[text]


def _aggregated(counted: Any, numbers: _Numbers) -> Iterator[tuple[int, dict[int, Any]]]:
    """Yield each student's points from one row, which PostgreSQL sends far faster than many."""
    from django.contrib.postgres.aggregates import ArrayAgg
    from django.db.models import CharField
    from django.db.models.functions import Cast, Coalesce

    text = Cast(Coalesce("override_points", "points"), CharField())
    by_student = counted.values("enrollment_id").annotate(
        questions=ArrayAgg(F("question_id")), points_texts=ArrayAgg(text)
    )
    for pk, questions, texts in by_student.values_list(
        "enrollment_id", "questions", "points_texts"
    ).iterator(chunk_size=50):
        yield pk, dict(zip(questions, map(numbers.__getitem__, texts), strict=True))
