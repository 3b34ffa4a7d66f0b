"""Who may read a note, and what they may do with it.

Only these rules define who belongs to the audience of a note; the queryset's `visible_to`, the
API, the admin and the exports all use them. A reply has the audience and the course of its root,
so the same rules apply to it.
"""

import functools

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts import access
from accounts.models import User
from annotations.models import Annotation, ProblemReport, SharedNote
from books.access import is_author
from books.models import Author
from grading.access import teaches
from grading.models import Course, Enrollment, Instructor

Audience = Annotation.Audience
SHARED = Q(audience__in=(Audience.INSTRUCTORS, Audience.COURSE))
REPORT = Q(audience=Audience.AUTHORS)


def own(user: User) -> Q:
    """Notes and replies that the user wrote."""
    return Q(user=user)


def replies_to_own(user: User) -> Q:
    """Replies in threads that the user started, unless they are hidden."""
    return Q(root__user=user, hidden_at=None)


def taught(user: User) -> Q:
    """Shared notes of the courses that the user teaches."""
    return SHARED & teaches("course")(user)


def of_classmates(user: User) -> Q:
    """Course-wide notes of a course that the user is enrolled in, unless they are hidden.

    Students' notes must also be allowed by the course, and not be withheld (see `_earned`).
    """
    enrollments = enrollments_of(user)
    shown = Q(hidden_at=None) & (Q(root=None) | Q(root__hidden_at=None))
    open_to_me = _by_instructors() | (~Q(course__course_notes=Course.Notes.OFF) & _earned(user))
    return Q(audience=Audience.COURSE, course__in=enrollments.values("course")) & shown & open_to_me


def enrollments_of(user: User) -> QuerySet[Enrollment]:
    """Return the active enrollments that let the user read and share notes.

    Test students are excluded: an author who tries out the book must not see any students.
    """
    return Enrollment.objects.active().exclude(origin="test").filter(user=user)


@functools.cache  # built once, since it is the same for all users
def _by_instructors() -> Q:
    """Notes by instructors of their course, and their replies to notes by such instructors."""
    teachers = Instructor.objects.filter(course=OuterRef("course"))
    of_root = Exists(teachers.filter(user=OuterRef("root__user")))
    return Q(Exists(teachers.filter(user=OuterRef("user")))) & (Q(root=None) | Q(of_root))


def _earned(user: User) -> Q:
    """Notes that the course does not withhold from the user, or no longer does.

    A course may withhold classmates' notes on a page until the user has shared `notes_after` notes
    on the same page, or until the time `notes_from`.
    """
    mine = Annotation.objects.filter(
        user=user, deleted_at=None, root=None, course=OuterRef("course"), page=OuterRef("page")
    )
    counted = mine.order_by().values("course").annotate(n=Count("pk"))
    enough = counted.filter(n__gte=F("course__notes_after"))
    waits = Q(course__notes_after__gt=0)
    is_time = Q(course__notes_from__lte=timezone.now())
    return ~waits | is_time | Q(Exists(enough))


def to_staff(user: User) -> Q:
    """Problem reports on the user's own books.

    Users of type author also receive the reports on books that have no author.
    """
    mine = is_author("book")(user)
    if user.type == User.Type.AUTHOR:
        mine |= ~Q(book__in=Author.objects.values("book"))
    return REPORT & mine


def of_admins(user: User) -> Q:
    """All notes except the private notes of others, which not even an admin may read."""
    return ~Q(audience=Audience.PRIVATE) | own(user)


def fill() -> None:
    """Add the rules for notes to the table in `accounts.access`."""
    view = "annotations.view_annotation"
    access.allow(view, Annotation, own, replies_to_own, taught, of_classmates, to_staff)
    access.limit_admins(view, of_admins)
    for act in ("change", "delete"):
        access.allow(f"annotations.{act}_annotation", Annotation, own)
        access.limit_admins(f"annotations.{act}_annotation", own)
    # Instructors moderate the notes of a course; authors decide on problem reports.
    access.allow("annotations.moderate_annotation", Annotation, taught)
    access.limit_admins("annotations.moderate_annotation", lambda user: SHARED)
    access.allow("annotations.resolve_annotation", Annotation, own, taught)
    access.limit_admins("annotations.resolve_annotation", of_admins)
    access.allow("annotations.flag_annotation", Annotation, of_classmates)
    access.limit_admins("annotations.flag_annotation", lambda user: SHARED)
    for act in ("view", "change"):
        access.allow(f"annotations.{act}_sharednote", SharedNote, taught)
        access.allow(f"annotations.{act}_problemreport", ProblemReport, to_staff)
