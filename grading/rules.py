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
from grading.models import Course, Interactive, RuleChange

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
    enrollments = scores.lock_courses(Course.objects.filter(pk=course.pk))
    stored = Course.objects.get(pk=course.pk)
    changes = _changes(course, None, stored, values, by, reason)
    if not changes:
        return
    RuleChange.objects.bulk_create(changes)
    changed = {change.name: change.after for change in changes}
    Course.objects.filter(pk=course.pk).update(**changed)
    for name, value in changed.items():
        setattr(course, name, value)
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
    enrollments = scores.lock_courses(Course.objects.filter(pk=course.pk))
    questions = list(questions)
    rows = Interactive.objects.filter(course=course, question__in=questions)
    stored = {row.question_id: row for row in rows}
    changes: list[RuleChange] = []
    for question in questions:
        row = stored.setdefault(question.pk, Interactive(course=course, question=question))
        changes += _changes(course, question, row, values, by, reason)
    for change in changes:
        setattr(stored[change.question_id or 0], change.name, change.after)
    RuleChange.objects.bulk_create(changes)
    Interactive.objects.bulk_create(
        stored.values(),
        update_conflicts=True,
        unique_fields=["course", "question"],
        update_fields=OF_QUESTION,
    )
    derived = {change.question_id or 0 for change in changes if change.name in OF_SCORES}
    if derived:
        scores.refresh(enrollments, derived)


def _changes(
    course: Course,
    question: Question | None,
    stored: Course | Interactive,
    values: dict[str, Any],
    by: User | None,
    reason: str,
) -> list[RuleChange]:
    """Return the history of what differs, not saved yet."""
    return [
        RuleChange(
            course=course,
            question=question,
            name=name,
            before=getattr(stored, name),
            after=value,
            reason=reason,
            created_by=by,
        )
        for name, value in values.items()
        if getattr(stored, name) != value
    ]


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
    scores.lock_courses(Course.objects.filter(pk=change.course_id))
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
