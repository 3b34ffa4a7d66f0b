"""A student's progress in a book: what is done, where they stopped, and the next question."""

import functools
from dataclasses import dataclass
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
    When,
)
from django.db.models.functions import JSONObject
from django.utils import timezone

from books.contents import Done
from books.models import Book, Page, Question
from grading import scores
from grading.models import Answer, Enrollment, Interactive
from grading.scores import totals


def with_progress(
    enrollments: QuerySet[Enrollment], after: Page | None = None
) -> QuerySet[Enrollment]:
    """Annotate enrollments with what `scores.totals_of` and `next_question` read.

    `next_question` needs `after`, the page after which it searches.
    """
    enrollments = scores.with_totals(enrollments)
    return enrollments if after is None else enrollments.annotate(next_question=_next(after))


@functools.cache
def _unanswered() -> QuerySet[Question]:
    done = Answer.objects.filter(
        enrollment=OuterRef(OuterRef("pk")), question=OuterRef("pk"), attempt__isnull=False
    )
    return totals.asked_in_course().filter(~Exists(done))


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


def by_page(enrollment: Enrollment) -> dict[int, Done]:
    """Return what is done on each page with questions, by the page's primary key.

    Questions that the course has switched off or dropped do not count.
    """
    off = Interactive.objects.filter(totals.NOT_COUNTED, course=enrollment.course_id)
    questions = Question.objects.filter(page__book=enrollment.course.book_id)
    mine = FilteredRelation("answers", condition=Q(answers__enrollment=enrollment.pk))
    counted = (
        questions.exclude(pk__in=off.values("question"))
        .order_by()
        .values_list("page")
        .annotate(mine=mine)
        .annotate(asked=Count("pk"), answered=Count("mine__attempt"))
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
