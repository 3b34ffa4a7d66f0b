"""Who may do what in courses, and what people may read because of an enrollment."""

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
    Grade,
    Instructor,
    Interactive,
    Invitation,
    Override,
    Regrade,
    RegradedAttempt,
    RuleChange,
)


def teaches(path: str) -> access.Rule:
    """Return a rule for the rows whose course, reached by `path`, the user teaches."""
    return lambda user: Q(**{f"{path}__in": Instructor.objects.filter(user=user).values("course")})


def is_enrolled(user: User) -> Q:
    """Return a `Q` for the pages that the user may read as a student.

    Test students do not count: they have access by another rule, or no longer.
    """
    return _pages_of(Enrollment.objects.active().exclude(origin="test").filter(user=user))


def teaches_from(user: User) -> Q:
    """Return a `Q` for the pages that the user may read as an instructor."""
    return _pages_of(Instructor.objects.filter(user=user))


def _pages_of(rows: QuerySet[Any]) -> Q:
    """Return a `Q` for the pages of the courses' books, and of their projects outside all books."""
    beside = Q(book__url="", book__project__in=rows.values("course__book__project"))
    return Q(book__in=rows.values("course__book")) | beside


def teaches_the_question(user: User) -> Q:
    """Return a `Q` for the questions of books on which the user teaches a course."""
    taught = Instructor.objects.filter(user=user)
    return Q(page__book__in=taught.values("course__book"))


def teachers_themselves(user: User) -> Q:
    """Return a `Q` for the user's own account, if they teach any course."""
    return Q(pk=user.pk, pk__in=Instructor.objects.filter(user=user).values("user"))


def writes_and_nobody_teaches(user: User) -> Q:
    """Return a `Q` for courses on the user's books that have no instructor, not even a pending one.

    An author may appoint only the first instructor, because authors must not see any students.
    """
    taught = Instructor.objects.filter(course=OuterRef("pk"))
    invited = Invitation.objects.pending().filter(course=OuterRef("pk"), role="instructor")
    return is_author("book")(user) & Q(~Exists(taught), ~Exists(invited))


def appointed_by_authors(user: User) -> Q:
    """Return a `Q` for pending invitations of instructors to courses on the user's books."""
    return is_author("course__book")(user) & Q(role="instructor", accepted_at__isnull=True)


def teaches_and_pending(user: User) -> Q:
    """Return a `Q` for the pending invitations to courses that the user teaches."""
    return teaches("course")(user) & Q(accepted_at__isnull=True)


def was_shown_feedback(user: User) -> Q:
    """Return a `Q` for the feedback that the user has received on attempts and answers.

    Feedback that the course hides is not included.
    """
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
    # The position of the key in the text, since LIKE ignores case in SQLite.
    taken = StrIndex("question__attempts__string", Concat(Value('"'), F("key"), Value('"')))
    choices = Feedback.objects.choices().filter(question__attempts__in=several)
    chosen = choices.annotate(taken=taken).filter(taken__gt=0)
    # After a regrade, the answer has different feedback from its attempt.
    replied = Answer.objects.filter(~Exists(hidden), mine)
    regraded = RegradedAttempt.objects.filter(attempt__in=shown, regrade__undone_at=None)
    return (
        Q(pk__in=shown.values("feedback"))
        | Q(pk__in=regraded.values("feedback"))
        | Q(pk__in=replied.values("feedback"))
        | Q(pk__in=chosen.values("pk"))
    )


def fill() -> None:
    """Add this app's rules to the table in `accounts.access`."""
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
    access.allow("grading.view_attempt", Attempt, teaches("enrollment__course"))
    access.allow(
        "grading.view_regradedattempt", RegradedAttempt, teaches("attempt__enrollment__course")
    )
    access.allow("grading.add_grade", Attempt, teaches("enrollment__course"))
    access.allow("grading.add_override", Enrollment, teaches("course"))
    access.allow("grading.add_regrade", Course, teaches("pk"))
    for act in ("view", "change"):
        access.allow(f"grading.{act}_grade", Grade, teaches("attempt__enrollment__course"))
        access.allow(f"grading.{act}_override", Override, teaches("enrollment__course"))
        access.allow(f"grading.{act}_regrade", Regrade, teaches("course"))
        access.allow(f"grading.{act}_rulechange", RuleChange, teaches("course"))
