"""Points that a person sets for a student and a question, answered or not.

They are final: whatever is answered, graded or regraded later, they stay until somebody ends them.
"""

from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import access
from accounts.models import User
from books.models import Question
from grading import scores
from grading.errors import GradingError
from grading.models import Enrollment, Override
from grading.points import plain

MOST = 2  # times what is possible


class OverrideError(GradingError):
    """An override cannot be given or ended. The text tells why."""


def check(enrollment: Enrollment, question: Question, points: Decimal, by: User) -> None:
    """Raise OverrideError if `by` may not give these points to the student."""
    mine = Enrollment.objects.filter(access.rows(by, "grading.add_override"), pk=enrollment.pk)
    if not mine.exists():
        raise OverrideError(_("This student is not in a course that you teach."))
    if enrollment.status != Enrollment.Status.ACTIVE:
        raise OverrideError(_("This student has left the course."))
    if question.page.book_id != enrollment.course.book_id:
        raise OverrideError(_("This question is not in the book of the student's course."))
    most = MOST * question.points_possible
    if not points.is_finite() or not 0 <= points <= most:
        text = _("Points are a number from 0 to %(most)s, which is twice what is possible.")
        raise OverrideError(text % {"most": plain(most)})


@transaction.atomic
def give(
    enrollment: Enrollment,
    question: Question,
    points: Decimal,
    by: User,
    reason: str = "",
    *,
    is_private: bool = False,
) -> Override:
    """Set points; an earlier override ends. Raises OverrideError."""
    check(enrollment, question, points, by)
    scores.lock(Enrollment.objects.filter(pk=enrollment.pk))
    now = timezone.now()
    Override.objects.filter(enrollment=enrollment, question=question).end(by, now)
    override = Override.objects.create(
        enrollment=enrollment,
        question=question,
        points=points,
        reason=reason,
        is_private=is_private,
        created_by=by,
        created_at=now,
    )
    scores.refresh([enrollment.pk], [question.pk])
    return override


@transaction.atomic
def end(override: Override, by: User) -> None:
    """Let the score be what it would be without the override. Raises OverrideError."""
    scores.lock(Enrollment.objects.filter(pk=override.enrollment_id))
    rows = Override.objects.filter(access.rows(by, "grading.change_override"), pk=override.pk)
    if not rows.exists():
        raise OverrideError(_("This student is not in a course that you teach."))
    if not rows.end(by, timezone.now()):
        raise OverrideError(_("This override has ended already."))
    scores.refresh([override.enrollment_id], [override.question_id])


def history(enrollment: Enrollment, question: Question) -> QuerySet[Override]:
    """Return all overrides for a student and question, newest first."""
    rows = Override.objects.filter(enrollment=enrollment, question=question)
    return rows.select_related("created_by", "ended_by").order_by("-pk")
