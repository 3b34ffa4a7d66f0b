"""A student's progress in a book: figures, where they stopped reading, and the next question."""

import functools
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from django.db import DatabaseError
from django.db.models import (
    Case,
    Count,
    Exists,
    FilteredRelation,
    JSONField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    When,
)
from django.db.models.functions import Coalesce, JSONObject
from django.utils import timezone

from books.contents import Done
from books.models import Book, Page, Question
from grading.models import Answer, Enrollment, Interactive


@dataclass(frozen=True)
class Progress:
    """Figures about the whole book, without questions that the course has switched off."""

    answered: int
    questions: int
    points: Decimal
    points_possible: Decimal


def with_progress(
    enrollments: QuerySet[Enrollment], after: Page | None = None
) -> QuerySet[Enrollment]:
    """Annotate enrollments with what `of` and `next_question` read.

    `next_question` needs `after`, the page after which it searches.
    """
    enrollments = enrollments.annotate(**_figures())
    return enrollments if after is None else enrollments.annotate(next_question=_next(after))


def _is_off(question: str) -> Exists:
    """Return a condition: the course has switched the question off.

    The course is that of an enrollment in the query two levels further out.
    """
    course = OuterRef(OuterRef("course"))
    off = Interactive.objects.filter(course=course, question=OuterRef(question), enabled=False)
    return Exists(off)


@functools.cache
def _figures() -> dict[str, Subquery]:
    """Return the annotations that `of` reads.

    They are built only once, since that takes a fifth of the time of a page view.
    """
    book = Q(question__page__book=OuterRef("course__book"))
    answered = Answer.objects.filter(~_is_off("question"), book, enrollment=OuterRef("pk"))
    return {
        "in_book": _counted(_asked(), "page__book", "points_possible"),
        "done": _counted(answered, "enrollment", Coalesce("override_points", "points")),
    }


@functools.cache
def _asked() -> QuerySet[Question]:
    return Question.objects.filter(~_is_off("pk"), page__book=OuterRef("course__book"))


@functools.cache
def _unanswered() -> QuerySet[Question]:
    done = Answer.objects.filter(enrollment=OuterRef(OuterRef("pk")), question=OuterRef("pk"))
    return _asked().filter(~Exists(done))


def _counted(rows: QuerySet[Any], by: str, points: Any) -> Subquery:
    figures = JSONObject(n=Count("pk"), points=Sum(points))
    counted = rows.order_by().values(by).annotate(figures=figures).values("figures")
    return Subquery(counted, output_field=JSONField())


def _next(page: Page) -> Subquery:
    """Return the first unanswered question on a later page or, if there is none, from the start."""
    is_later = Q(page__position__gt=page.position) | Q(
        page__position=page.position, page__gt=page.pk
    )
    found = (
        _unanswered()
        .exclude(page=page.pk)
        .order_by(Case(When(is_later, then=0), default=1), "page__position", "page", "index", "pk")
        .values(found=JSONObject(title="page__title", url="page__url", label="label"))
    )
    return Subquery(found[:1], output_field=JSONField())


def of(enrollment: Any) -> Progress:
    """Return the figures of an enrollment that was read by `with_progress`."""
    answered, points = _told(enrollment.done)
    questions, points_possible = _told(enrollment.in_book)
    return Progress(answered, questions, points, points_possible)


def _told(counted: Any) -> tuple[int, Decimal]:
    """Return a count and its points, rounded to two decimals, since SQLite sums them as floats."""
    found = counted or {"n": 0, "points": None}
    return found["n"], Decimal(f"{found['points'] or 0:.2f}")


def by_page(enrollment: Enrollment) -> dict[int, Done]:
    """Return what is done on each page with questions, by the page's primary key.

    Questions that the course has switched off do not count.
    """
    off = Interactive.objects.filter(course=enrollment.course_id, enabled=False)
    questions = Question.objects.filter(page__book=enrollment.course.book_id)
    mine = FilteredRelation("answers", condition=Q(answers__enrollment=enrollment.pk))
    counted = (
        questions.exclude(pk__in=off.values("question"))
        .order_by()
        .values_list("page")
        .annotate(mine=mine)
        .annotate(asked=Count("pk"), answered=Count("mine"))
    )
    return {page: Done(answered, asked) for page, asked, answered in counted}


@dataclass(frozen=True)
class Link:
    title: str
    url: str


def next_question(enrollment: Any, book: Book) -> Link | None:
    """Return a link to the next unanswered question, or None if all are answered."""
    found = enrollment.next_question
    if found is None:
        return None
    page = Page(book=book, url=found["url"])
    return Link(found["title"], f"{page.get_absolute_url()}#{quote(found['label'])}")


def resume(enrollment: Enrollment, here: Page | None = None) -> Link | None:
    """Return a link to where the student stopped reading, or None if that is `here` or unknown.

    Access to the page is not checked: an enrolled person may read all pages of the book.
    """
    page = enrollment.last_page
    if page is None or page == here:
        return None
    book = here.book if here else enrollment.course.book
    if page.book_id != book.pk or book.release_id is None:
        return None
    page.book = book
    return Link(page.title, page.get_absolute_url())


def visit(enrollment: Enrollment, page: Page, others: list[Enrollment]) -> None:
    """Remember the page, and that this enrollment on the book is the last used one.

    `others` are the person's enrollments on the book. Most calls change nothing and do not write.
    """
    changed: dict[str, Any] = {}
    if enrollment.last_page_id != page.pk:
        changed["last_page"] = page.pk
    if any(other.used_at > enrollment.used_at for other in others):
        changed["used_at"] = timezone.now()
    if not changed:
        return
    try:
        Enrollment.objects.filter(pk=enrollment.pk).update(**changed)
    except DatabaseError:
        # A new edition has deleted the page, or keeps the database locked. The page still opens.
        return
