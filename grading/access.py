"""Who may do what in courses, and what an enrollment opens in the book."""

from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat, StrIndex

from accounts import access
from accounts.models import User
from bookbinder.sphinx import kinds
from books.access import is_author
from books.models import Book, Feedback, Page, Question
from grading.models import (
    Answer,
    Attempt,
    Course,
    Enrollment,
    Instructor,
    Interactive,
    Invitation,
    Regrade,
)


def teaches(path: str) -> access.Rule:
    """Rows whose course, reached by `path`, the user teaches."""
    return lambda user: Q(**{f"{path}__in": Instructor.objects.filter(user=user).values("course")})


def is_enrolled(user: User) -> Q:
    """Test students do not count: they read by another rule, or no longer."""
    return _pages_of(Enrollment.objects.active().exclude(origin="test").filter(user=user))


def teaches_from(user: User) -> Q:
    return _pages_of(Instructor.objects.filter(user=user))


def _pages_of(rows: QuerySet[Any]) -> Q:
    """Pages of the books of the rows' courses, and of their projects' pages outside every book."""
    beside = Q(book__url="", book__project__in=rows.values("course__book__project"))
    return Q(book__in=rows.values("course__book")) | beside


def teaches_the_question(user: User) -> Q:
    taught = Instructor.objects.filter(user=user)
    return Q(page__book__in=taught.values("course__book"))


def teachers_themselves(user: User) -> Q:
    return Q(pk=user.pk, pk__in=Instructor.objects.filter(user=user).values("user"))


def writes_and_nobody_teaches(user: User) -> Q:
    """An author appoints the first instructor, and sees no student: so never one more."""
    taught = Instructor.objects.filter(course=OuterRef("pk"))
    invited = Invitation.objects.pending().filter(course=OuterRef("pk"), role="instructor")
    return is_author("book")(user) & Q(~Exists(taught), ~Exists(invited))


def appointed_by_authors(user: User) -> Q:
    return is_author("course__book")(user) & Q(role="instructor", accepted_at__isnull=True)


def teaches_and_pending(user: User) -> Q:
    return teaches("course")(user) & Q(accepted_at__isnull=True)


def was_shown_feedback(user: User) -> Q:
    """Feedback that replied to an attempt of the user's, where the course lets it be seen."""
    hidden = Interactive.objects.filter(
        course=OuterRef("enrollment__course"),
        question=OuterRef("question"),
        provide_feedback=False,
    )
    mine = Q(enrollment__user=user, enrollment__status="active")
    shown = Attempt.objects.filter(~Exists(hidden), mine)
    several = shown.filter(
        question__grader__in=kinds.TAKING_CHOICES, question__options__multiple=True
    )
    # Its position in the text, since SQLite's LIKE ignores case.
    taken = StrIndex("question__attempts__string", Concat(Value('"'), F("key"), Value('"')))
    choices = Feedback.objects.choices().filter(question__attempts__in=several)
    chosen = choices.annotate(taken=taken).filter(taken__gt=0)
    # An answer that was regraded is replied to by what its attempt was not.
    replied = Answer.objects.filter(~Exists(hidden), mine)
    return (
        Q(pk__in=shown.values("feedback"))
        | Q(pk__in=replied.values("feedback"))
        | Q(pk__in=chosen.values("pk"))
    )


def fill() -> None:
    access.allow("books.view_page", Page, is_enrolled, teaches_from)
    access.allow("books.view_question", Question, teaches_the_question)
    access.allow("books.see_feedback", Feedback, was_shown_feedback)
    access.allow("accounts.enter_admin", User, teachers_themselves)
    for act in ("view", "change"):
        access.allow(f"grading.{act}_course", Course, teaches("pk"), is_author("book"))
    access.allow("grading.add_course", Book, is_author("pk"))
    access.allow("grading.export_gradebook", Course, teaches("pk"))
    access.allow(
        "grading.view_instructor", Instructor, teaches("course"), is_author("course__book")
    )
    access.allow("grading.add_instructor", Course, teaches("pk"), writes_and_nobody_teaches)
    access.allow("grading.delete_instructor", Instructor, teaches("course"))
    for act in ("view", "change"):
        access.allow(f"grading.{act}_enrollment", Enrollment, teaches("course"))
    for act in ("view", "change", "delete"):
        access.allow(f"grading.{act}_interactive", Interactive, teaches("course"))
    access.allow("grading.add_interactive", Course, teaches("pk"))
    access.allow("grading.view_invitation", Invitation, teaches("course"), appointed_by_authors)
    access.allow("grading.add_invitation", Course, teaches("pk"))
    access.allow("grading.delete_invitation", Invitation, teaches_and_pending, appointed_by_authors)
    access.allow("grading.view_answer", Answer, teaches("enrollment__course"))
    access.allow("grading.view_regrade", Regrade, teaches("answer__enrollment__course"))
    access.allow("grading.view_attempt", Attempt, teaches("enrollment__course"))
