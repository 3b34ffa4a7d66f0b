"""Whom a note is written to: who may choose which readers, and who sees the writer's name."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from annotations.access import enrollments_of
from annotations.drafts import (
    Audience,
    Draft,
    Invalid,
    Refused,
)
from annotations.models import Annotation
from grading.access import teaches
from grading.models import Course, Enrollment, Instructor

# How far a note is read, from its writer alone to the whole course.
WIDTHS = {Audience.PRIVATE: 0, Audience.INSTRUCTORS: 1, Audience.AUTHORS: 1, Audience.COURSE: 2}


def name_of(row: Any, reader: Any) -> str:
    """Return the writer's name; nothing of an anonymous one, but to themselves and who teaches."""
    is_known = not row.anonymous or row.user_id == reader.pk or row.is_taught or reader.is_superuser
    return row.user.get_full_name() if is_known and not row.deleted_at else ""


def with_rights(enrollments: QuerySet[Enrollment]) -> QuerySet[Enrollment]:
    """Annotate enrollments with what `rights` reads: no extra query."""
    teachers = Instructor.objects.filter(course=OuterRef("course"), user=OuterRef("user"))
    return enrollments.annotate(is_taught=Exists(teachers))


def rights(enrollment: Any) -> dict[str, Any]:
    """Return whom an enrolled person may write to, and whether anonymously.

    `enrollment` was read `with_rights`, or is None.
    """
    if enrollment is None:
        return {"audiences": [Audience.PRIVATE, Audience.AUTHORS], "anonymous": False}
    notes = enrollment.course.course_notes
    # Who runs a course reads it as a test student; who teaches it may always write to it.
    shared = [] if enrollment.is_test and not enrollment.is_taught else [Audience.INSTRUCTORS]
    if enrollment.is_taught or (shared and notes != Course.Notes.OFF):
        shared.append(Audience.COURSE)
    audiences = [Audience.PRIVATE, *shared, Audience.AUTHORS]
    return {"audiences": audiences, "anonymous": notes == Course.Notes.ANONYMOUS}


def of_shared_courses(user: User) -> QuerySet[Course]:
    """Courses whose members the user may write to: theirs, and those they teach."""
    mine = Q(pk__in=enrollments_of(user).values("course")) | teaches("pk")(user)
    return Course.objects.filter(mine)


def may_write_in(user: User, course_id: int | None) -> bool:
    """Whether the user may answer in a course, as they may wherever they read outside of one."""
    if course_id is None or user.is_superuser:
        return True
    return of_shared_courses(user).filter(pk=course_id).exists()


def course_of(user: User, book_id: int, draft: Draft) -> Course | None:
    """Return the course that a shared note belongs to. Raises Refused or Invalid."""
    if draft.audience in (Audience.PRIVATE, Audience.AUTHORS):
        return None
    if draft.course_id is None:
        raise Invalid(_("Name the course that the note is shared in."))
    courses = of_shared_courses(user).filter(book=book_id, pk=draft.course_id)
    course = courses.first()
    if course is None:
        raise Refused(_("You are not enrolled in this course."))
    if draft.audience == Audience.COURSE:
        _check_course_wide(user, course, draft)
    return course


def _check_course_wide(user: User, course: Course, draft: Draft) -> None:
    is_teacher = course.instructors.filter(user=user).exists()
    if course.course_notes == Course.Notes.OFF and not is_teacher:
        raise Refused(_("This course has no notes to the whole course. Choose another audience."))
    if draft.anonymous and course.course_notes != Course.Notes.ANONYMOUS:
        raise Refused(_("Notes to this course carry your name."))


def check_anonymous(anonymous: bool, root: Annotation) -> None:
    course = root.course if root.audience == Audience.COURSE else None
    if anonymous and (course is None or course.course_notes != Course.Notes.ANONYMOUS):
        raise Refused(_("Replies to this note carry your name."))


def check_widening(note: Annotation, draft: Draft, course: Course | None) -> None:
    """Raise Refused where others' replies would come before people they were not written for."""
    is_wider = WIDTHS[Audience(draft.audience)] > WIDTHS[Audience(note.audience)]
    is_elsewhere = draft.audience not in (note.audience, Audience.PRIVATE) and not (
        note.audience == Audience.COURSE and draft.audience == Audience.INSTRUCTORS
    )
    moves = course is not None and note.course_id not in (None, course.pk)
    others = note.replies.exclude(user=note.user_id).filter(deleted_at=None)
    if (is_wider or is_elsewhere or moves) and others.exists():
        raise Refused(
            _("Others have replied to these readers alone. Write a new note for wider ones.")
        )
