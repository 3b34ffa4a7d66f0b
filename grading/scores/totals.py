"""Sums of scores, by step 7: the only place that adds points up.

Questions that the course has dropped or switched off are in no sum. *So far* counts what has a
score, and everything once the course has closed; *final* counts everything, and what is missing
is 0. The clock is handed in: no sum is stored.
"""

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Count, Exists, F, JSONField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import JSONObject

from books.models import Question
from grading.models import Answer, Course, Enrollment, Interactive

NOT_COUNTED = Q(enabled=False) | Q(dropped=True)  # of an Interactive


class Item(NamedTuple):
    """A question with its score, None without one, and whether the student has answered it."""

    points: Decimal | None
    possible: Decimal
    is_answered: bool
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Points:
    """Earned points, of those that are possible."""

    points: Decimal
    possible: Decimal


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums of a student, and how many of the questions that count they have answered."""

    answered: int
    questions: int
    so_far: Points
    final: Points


def default_points(possible: Decimal, *, full_points: bool) -> Decimal | None:
    """Return the score where there is neither an attempt nor an override."""
    return possible if full_points else None


def add_up(items: Iterable[Item], *, is_over: bool) -> Totals:
    """Return the sums of questions. `is_over`: everything was due."""
    counted = [item for item in items if item.counts]
    scored = [item for item in counted if item.points is not None]
    points = sum((item.points for item in scored if item.points is not None), Decimal(0))
    final = Points(points, sum((item.possible for item in counted), Decimal(0)))
    so_far = Points(points, sum((item.possible for item in scored), Decimal(0)))
    answered = sum(item.is_answered for item in counted)
    return Totals(answered, len(counted), final if is_over else so_far, final)


def with_totals(enrollments: QuerySet[Enrollment]) -> QuerySet[Enrollment]:
    """Annotate enrollments with what `totals_of` reads: the same sums, by the database."""
    return enrollments.annotate(**_figures())


def totals_of(enrollment: Any, now: datetime) -> Totals:
    """Return the sums of an enrollment that was read by `with_totals`, with its course."""
    questions, possible, _scored = _read(enrollment.in_book)
    answered, points, scored = _read(enrollment.done)
    _given, given, _same = _read(enrollment.given)
    final = Points(points + given, possible)
    so_far = Points(points + given, scored + given)
    return Totals(answered, questions, final if is_over(enrollment.course, now) else so_far, final)


def is_over(course: Course, now: datetime) -> bool:
    """Return whether everything in a course was due."""
    return course.closes_at is not None and course.closes_at <= now


def asked_in_course() -> QuerySet[Question]:
    """Return the questions that count in the course of an enrollment, one query further out."""
    return Question.objects.filter(~_is_left_out("pk"), page__book=OuterRef("course__book"))


def _is_left_out(question: str) -> Exists:
    """Return a condition on a question; its course is that of an enrollment two queries out."""
    course = OuterRef(OuterRef("course"))
    off = Interactive.objects.filter(NOT_COUNTED, course=course, question=OuterRef(question))
    return Exists(off)


@functools.cache
def _figures() -> dict[str, Subquery]:
    """Return the annotations that `totals_of` reads.

    They are built only once, since that takes a fifth of the time of a page view.
    """
    book = Q(question__page__book=OuterRef("course__book"))
    answers = Answer.objects.filter(~_is_left_out("question"), book, enrollment=OuterRef("pk"))
    has_row = Answer.objects.filter(
        enrollment=OuterRef(OuterRef("pk")), question=OuterRef("question")
    )
    full = Interactive.objects.filter(
        ~NOT_COUNTED, ~Exists(has_row), book, full_points=True, course=OuterRef("course")
    )
    possible = F("question__points_possible")
    return {
        "in_book": _counted(asked_in_course(), "page__book", "pk", F("points_possible"), None),
        "done": _counted(answers, "enrollment", "attempt", F("points"), possible),
        "given": _counted(full, "course", "pk", possible, None),
    }


def _counted(rows: QuerySet[Any], by: str, what: str, points: F, possible: F | None) -> Subquery:
    """Return the number of `what` in the rows, their points, and those possible of the scored."""
    sums = {"n": Count(what), "points": Sum(points)}
    if possible is not None:
        sums["possible"] = Sum(possible, filter=Q(points__isnull=False))
    counted = rows.order_by().values(by).annotate(figures=JSONObject(**sums)).values("figures")
    return Subquery(counted, output_field=JSONField())


def _read(counted: Any) -> tuple[int, Decimal, Decimal]:
    """Return a count and two sums, rounded to two decimals, since SQLite sums them as floats."""
    found = counted or {"n": 0}
    points, possible = (Decimal(f"{found.get(name) or 0:.2f}") for name in ("points", "possible"))
    return found["n"], points, possible
