"""The rules by which points count, of a course and of its questions: changed here, with history."""

from collections.abc import Collection, Iterable
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import access
from accounts.models import User
from books.models import Question
from grading import scores
from grading.errors import GradingError
from grading.models import Course, Enrollment, Interactive, RuleChange

OF_COURSE = ("attempts_policy", "attempt_limit")
OF_QUESTION = ("enabled", "provide_feedback", "dropped", "full_points")
DEFAULTS = {name: getattr(Interactive(), name) for name in OF_QUESTION}
# The others say what is added up or taken, which no stored score depends on.
OF_SCORES = frozenset({"attempts_policy", "full_points"})


class RuleError(GradingError):
    """A rule cannot be changed. The text tells why."""


@transaction.atomic
def change_course(course: Course, by: User | None, reason: str = "", **values: Any) -> None:
    """Set rules of a course (`OF_COURSE`), and derive what depends on them."""
    enrollments = scores.lock(Enrollment.objects.filter(course=course))
    stored = Course.objects.get(pk=course.pk)
    changed = _record(course, None, stored, values, by, reason)
    if not changed:
        return
    Course.objects.filter(pk=course.pk).update(**{name: values[name] for name in changed})
    for name in changed:
        setattr(course, name, values[name])
    if OF_SCORES.intersection(changed):
        scores.refresh(enrollments, scores.questions_with_rows(course))


@transaction.atomic
def change_questions(
    course: Course,
    questions: Iterable[Question],
    by: User | None,
    reason: str = "",
    **values: bool,
) -> None:
    """Set rules of a course for some questions (`OF_QUESTION`), and derive what depends on them."""
    enrollments = scores.lock(Enrollment.objects.filter(course=course))
    to_derive = []
    for question in questions:
        switches = Interactive.objects.filter(course=course, question=question).first()
        switches = switches or Interactive(course=course, question=question)
        changed = _record(course, question, switches, values, by, reason)
        for name in changed:
            setattr(switches, name, values[name])
        if changed or switches.pk is None:
            switches.save()
        if OF_SCORES.intersection(changed):
            to_derive.append(question.pk)
    if to_derive:
        scores.refresh(enrollments, to_derive)


def _record(
    course: Course,
    question: Question | None,
    stored: Course | Interactive,
    values: dict[str, Any],
    by: User | None,
    reason: str,
) -> list[str]:
    """Write the history of what differs; return the names of these rules."""
    changed = [name for name, value in values.items() if getattr(stored, name) != value]
    RuleChange.objects.bulk_create(
        RuleChange(
            course=course,
            question=question,
            name=name,
            before=getattr(stored, name),
            after=values[name],
            reason=reason,
            created_by=by,
        )
        for name in changed
    )
    return changed


def label(name: str) -> str:
    """Return what people call a rule."""
    model = Course if name in OF_COURSE else Interactive
    field: Any = model._meta.get_field(name)
    return str(field.verbose_name)


@transaction.atomic
def undo(change: RuleChange, by: User) -> None:
    """Set a rule to what it was before a change.

    Raises RuleError if `by` may not change it, or somebody has changed it since.
    """
    mine = Course.objects.filter(access.rows(by, "grading.add_interactive"), pk=change.course_id)
    if not mine.exists():
        raise RuleError(_("You do not teach this course."))
    scores.lock(Enrollment.objects.filter(course=change.course_id))
    later = RuleChange.objects.filter(
        course=change.course_id, question=change.question_id, name=change.name, pk__gt=change.pk
    )
    if later.exists():
        raise RuleError(_("This rule has been changed again since. Undo that change instead."))
    reason = _("Undone: %(reason)s") % {"reason": change.reason} if change.reason else _("Undone")
    values: Any = {change.name: change.before}
    if change.question is None:
        change_course(change.course, by, reason, **values)
    else:
        change_questions(change.course, [change.question], by, reason, **values)


def forget_questions(switches: Collection[Interactive], by: User | None) -> None:
    """Delete the switches of questions, whose rules become the default ones."""
    for switch in switches:
        change_questions(switch.course, [switch.question], by, **DEFAULTS)
        switch.delete()
