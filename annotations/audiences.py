"""The audiences of notes: which of them a person may choose, and who sees the writer's name."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from annotations.access import enrollments_of
from annotations.drafts import Audience, Draft
from annotations.errors import Invalid, Refused
from annotations.models import Annotation
from grading.access import teaches
from grading.models import Course, Enrollment, Instructor

# The relative sizes of the audiences, from the writer alone to the whole course.
WIDTHS = {Audience.PRIVATE: 0, Audience.INSTRUCTORS: 1, Audience.AUTHORS: 1, Audience.COURSE: 2}


def shared_audiences(
    course: Course, *, is_taught: bool, is_test: bool = False
) -> tuple[Audience, ...]:
    """Return the audiences in a course that one of its members may write to.

    Instructors may always write to the whole course. Others who run the course read it as test
    students, who share nothing.
    """
    if is_taught:
        return Audience.INSTRUCTORS, Audience.COURSE
    if is_test:
        return ()
    if course.course_notes == Course.Notes.OFF:
        return (Audience.INSTRUCTORS,)
    return Audience.INSTRUCTORS, Audience.COURSE


def is_anonymous_in(course: Course) -> bool:
    """Whether notes to the whole course may hide the writer's name from classmates."""
    return course.course_notes == Course.Notes.ANONYMOUS


def with_rights(enrollments: QuerySet[Enrollment]) -> QuerySet[Enrollment]:
    """Annotate enrollments with `is_taught`, so that `rights` makes no query for it."""
    teachers = Instructor.objects.filter(course=OuterRef("course"), user=OuterRef("user"))
    return enrollments.annotate(is_taught=Exists(teachers))


@dataclass(frozen=True)
class Rights:
    """Whom a person may write to, and whether anonymously; `widths` compares audiences."""

    audiences: tuple[str, ...] = (Audience.PRIVATE, Audience.AUTHORS)
    anonymous: bool = False

    @property
    def widths(self) -> dict[str, int]:
        return {audience.value: width for audience, width in WIDTHS.items()}


def rights(enrollment: Any) -> Rights:
    """Return whom a person may write to; `enrollment` comes from `with_rights`, or is None."""
    if enrollment is None:
        return Rights()
    course = enrollment.course
    shared = shared_audiences(course, is_taught=enrollment.is_taught, is_test=enrollment.is_test)
    return Rights((Audience.PRIVATE, *shared, Audience.AUTHORS), is_anonymous_in(course))


def of_shared_courses(user: User) -> QuerySet[Course]:
    """Return the courses in which the user may share notes: those they are enrolled in or teach."""
    mine = Q(pk__in=enrollments_of(user).values("course")) | teaches("pk")(user)
    return Course.objects.filter(mine)


def choices(
    courses: Collection[Course], taught: Collection[int]
) -> Iterator[tuple[Audience, Course | None]]:
    """Yield the audiences that a person may choose, each with its course or None.

    `courses` are the person's courses, and `taught` the keys of those that they teach.
    """
    yield Audience.PRIVATE, None
    for course in courses:
        for audience in shared_audiences(course, is_taught=course.pk in taught):
            yield audience, course
    yield Audience.AUTHORS, None


def may_write_in(user: User, course_id: int | None) -> bool:
    """Whether the user may reply to a note of a course.

    Everyone who can read a note without a course (None) may reply to it.
    """
    if course_id is None or user.is_superuser:
        return True
    return of_shared_courses(user).filter(pk=course_id).exists()


def course_of(user: User, book_id: int, draft: Draft) -> Course | None:
    """Return the course that a note will belong to, or None if its audience is not a course's.

    Raises Invalid if a shared note names no course, and Refused if the user may not share it there
    in this way.
    """
    if draft.audience in (Audience.PRIVATE, Audience.AUTHORS):
        return None
    if draft.course_id is None:
        raise Invalid(_("Name the course that the note is shared in."))
    courses = of_shared_courses(user).filter(book=book_id, pk=draft.course_id)
    course = courses.first()
    if course is None:
        raise Refused(_("You are not enrolled in this course."))
    if draft.audience == Audience.COURSE:
        is_taught = course.instructors.filter(user=user).exists()
        if Audience.COURSE not in shared_audiences(course, is_taught=is_taught):
            raise Refused(
                _("Notes to the whole course are switched off here. Choose another audience.")
            )
        if draft.anonymous and not is_anonymous_in(course):
            raise Refused(_("Notes to this course carry your name."))
    return course


def may_reply_anonymously(root: Annotation) -> bool:
    """Whether replies to the note may hide the writer's name from classmates."""
    course = root.course if root.audience == Audience.COURSE else None
    return course is not None and is_anonymous_in(course)


def check_anonymous(anonymous: bool, root: Annotation) -> None:
    """Raise Refused if an anonymous reply is not allowed to the note."""
    if anonymous and not may_reply_anonymously(root):
        raise Refused(_("Replies to this note carry your name."))


def check_widening(note: Annotation, draft: Draft, course: Course | None) -> None:
    """Raise Refused if replies of others would reach people for whom they were not written."""
    is_wider = WIDTHS[Audience(draft.audience)] > WIDTHS[Audience(note.audience)]
    is_elsewhere = draft.audience not in (note.audience, Audience.PRIVATE) and not (
        note.audience == Audience.COURSE and draft.audience == Audience.INSTRUCTORS
    )
    moves = course is not None and note.course_id not in (None, course.pk)
    others = note.replies.exclude(user=note.user_id).filter(deleted_at=None)
    if (is_wider or is_elsewhere or moves) and others.exists():
        raise Refused(
            _("Others have replied for the present readers only. To reach more, write a new note.")
        )


def name_of(row: Any, reader: Any) -> str:
    """Return the writer's name, or "" if it is hidden from the reader or the note is deleted.

    An anonymous writer is known to themselves, to the course's instructors and to admins.
    """
    is_known = not row.anonymous or row.user_id == reader.pk or row.is_taught or reader.is_superuser
    return row.user.get_full_name() if is_known and not row.deleted_at else ""
