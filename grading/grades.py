"""A person's grades of attempts: of essays, and of whatever a grader has got wrong."""

from collections.abc import Sequence
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import access
from accounts.models import User
from grading import scores
from grading.errors import GradingError
from grading.models import Attempt, Enrollment, Grade
from grading.points import plain


class GradeError(GradingError):
    """An attempt cannot be graded. The text tells why."""


class GradedMeanwhile(GradeError):
    """Somebody else has graded the attempt, by `grade`, since this person looked at it."""

    def __init__(self, grade: Grade | None) -> None:
        self.grade = grade
        if grade is None:
            super().__init__(_("The grade of this attempt has been ended meanwhile."))
            return
        text = _(
            "%(who)s has given %(points)s points for this attempt meanwhile. Save again to replace "
            "them."
        )
        who = grade.created_by or _("Somebody")
        super().__init__(text % {"who": who, "points": plain(grade.points)})


def current(attempt: Attempt) -> Grade | None:
    """Return the grade of an attempt that counts, or None."""
    return Grade.objects.active().filter(attempt=attempt).select_related("created_by").first()


def check(attempt: Attempt, points: Decimal, by: User) -> None:
    """Raise GradeError if `by` may not give these points for the attempt."""
    mine = Attempt.objects.filter(access.rows(by, "grading.add_grade"), pk=attempt.pk)
    if not mine.exists():
        raise GradeError(_("This attempt is not in a course that you teach."))
    if attempt.enrollment.status != Enrollment.Status.ACTIVE:
        raise GradeError(_("This student has left the course."))
    possible = attempt.question.points_possible
    if not points.is_finite() or not 0 <= points <= possible:
        text = _("Points are a number from 0 to %(possible)s.")
        raise GradeError(text % {"possible": plain(possible)})


@transaction.atomic
def give(
    attempt: Attempt,
    points: Decimal,
    by: User,
    comment: str = "",
    items: Sequence[tuple[str, str]] = (),
    *,
    seen: int | None = None,
) -> Grade:
    """Grade an attempt; an earlier grade ends.

    `items` are ticked ones, each a text and its points. `seen` is the key of the grade that the
    person has been shown. Raises GradedMeanwhile if that is not the current one, and GradeError.
    """
    check(attempt, points, by)
    scores.lock(Enrollment.objects.filter(pk=attempt.enrollment_id))
    earlier = current(attempt)
    if (earlier.pk if earlier else None) != seen:
        raise GradedMeanwhile(earlier)
    now = timezone.now()
    Grade.objects.filter(attempt=attempt).end(by, now)
    grade = Grade.objects.create(
        attempt=attempt,
        points=points,
        items=[list(item) for item in items],
        comment=comment,
        created_by=by,
        created_at=now,
    )
    scores.refresh([attempt.enrollment_id], [attempt.question_id])
    return grade


@transaction.atomic
def end(grade: Grade, by: User) -> None:
    """Let the attempt have the points that it would have without the grade. Raises GradeError."""
    attempt = grade.attempt
    scores.lock(Enrollment.objects.filter(pk=attempt.enrollment_id))
    rows = Grade.objects.filter(access.rows(by, "grading.change_grade"), pk=grade.pk)
    if not rows.exists():
        raise GradeError(_("This attempt is not in a course that you teach."))
    if not rows.end(by, timezone.now()):
        raise GradeError(_("This grade has ended already."))
    scores.refresh([attempt.enrollment_id], [attempt.question_id])


def history(attempt: Attempt) -> QuerySet[Grade]:
    """Return all grades of an attempt, newest first."""
    rows = Grade.objects.filter(attempt=attempt)
    return rows.select_related("created_by", "ended_by").order_by("-pk")
