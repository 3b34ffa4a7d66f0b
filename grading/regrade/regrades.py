"""Regrading a course and undoing it, as its instructor does."""

from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import access
from accounts.models import User
from grading import scores
from grading.errors import GradingError
from grading.models import Course, Regrade, RegradedAttempt
from grading.regrade import regrade


class RegradeError(GradingError):
    """A regrade cannot be written or undone. The text tells why."""


def run(plan: regrade.Regrading, course: Course, reason: str, by: User) -> Regrade | None:
    """Write a computed regrade of a course; return it, or None if nothing differs any more.

    Raises RegradeError if `by` may not regrade the course, or another regrade of it is under way.
    """
    if not access.may(by, "grading.add_regrade", course):
        raise RegradeError(_("You do not teach this course."))
    with transaction.atomic():
        _lock(course)
        layers = regrade.write(plan, reason, by=by)
    return layers[0] if layers else None


def undo(layer: Regrade, by: User) -> int:
    """Take a regrade's points away; return how many scores have changed.

    Raises RegradeError if `by` may not undo it, it has been undone, or another regrade of the
    course is under way.
    """
    with transaction.atomic():
        _lock(layer.course)
        rows = Regrade.objects.filter(access.rows(by, "grading.change_regrade"), pk=layer.pk)
        own = rows.select_for_update(of=("self",)).first()
        if own is None:
            raise RegradeError(_("You do not teach this course."))
        if own.undone_at is not None:
            raise RegradeError(_("This regrade has been undone already."))
        own.undone_at, own.undone_by = timezone.now(), by
        own.save(update_fields=["undone_at", "undone_by"])
        attempts = RegradedAttempt.objects.filter(regrade=own).order_by()
        enrollments = set(attempts.values_list("attempt__enrollment", flat=True).distinct())
        questions = set(attempts.values_list("attempt__question", flat=True).distinct())
        return scores.refresh(enrollments, questions)


def _lock(course: Course) -> None:
    """Lock a course and its enrollments.

    Raises RegradeError if another regrade holds the lock.
    """
    try:
        with transaction.atomic():
            scores.lock_courses(Course.objects.filter(pk=course.pk), nowait=True)
    except DatabaseError as error:
        text = _(
            "Another regrade of this course, or a new edition, is under way. Try again when it is "
            "done."
        )
        raise RegradeError(text) from error
