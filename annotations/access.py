"""Who may read a note, and what they may do with it.

The audience is a column, and this table is its only reader: the queryset's `visible_to`, the API,
the admin and the exports ask it. A reply has its root's audience and course, so the same rules
hold for it.
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
    return Q(user=user)


def replies_to_own(user: User) -> Q:
    return Q(root__user=user, hidden_at=None)


def taught(user: User) -> Q:
    return SHARED & teaches("course")(user)


def of_classmates(user: User) -> Q:
    """Course-wide notes of a course that the user is enrolled in, unless they are hidden."""
    enrollments = enrollments_of(user)
    shown = Q(hidden_at=None) & (Q(root=None) | Q(root__hidden_at=None))
    open_to_me = _by_instructors() | (~Q(course__course_notes=Course.Notes.OFF) & _earned(user))
    return Q(audience=Audience.COURSE, course__in=enrollments.values("course")) & shown & open_to_me


def enrollments_of(user: User) -> QuerySet[Enrollment]:
    """A test student reads no notes: an author who tries the book must see no student."""
    return Enrollment.objects.active().exclude(origin="test").filter(user=user)


@functools.cache  # built once, as it is the same for everybody
def _by_instructors() -> Q:
    """Notes of who teaches the course; a reply of theirs only where its note is theirs too."""
    teachers = Instructor.objects.filter(course=OuterRef("course"))
    of_root = Exists(teachers.filter(user=OuterRef("root__user")))
    return Q(Exists(teachers.filter(user=OuterRef("user")))) & (Q(root=None) | Q(of_root))


def _earned(user: User) -> Q:
    """Where classmates' notes wait: on pages where the user has shared enough, or from a date."""
    mine = Annotation.objects.filter(
        user=user, deleted_at=None, root=None, course=OuterRef("course"), page=OuterRef("page")
    )
    counted = mine.order_by().values("course").annotate(n=Count("pk"))
    enough = counted.filter(n__gte=F("course__notes_after"))
    waits = Q(course__notes_after__gt=0)
    is_time = Q(course__notes_from__lte=timezone.now())
    return ~waits | is_time | Q(Exists(enough))


def to_staff(user: User) -> Q:
    """Reports on the books that the user writes, and for any author on books without one."""
    mine = is_author("book")(user)
    if user.type == User.Type.AUTHOR:
        mine |= ~Q(book__in=Author.objects.values("book"))
    return REPORT & mine


def of_admins(user: User) -> Q:
    """A private note is its writer's alone: not even an admin reads it."""
    return ~Q(audience=Audience.PRIVATE) | own(user)


def fill() -> None:
    view = "annotations.view_annotation"
    access.allow(view, Annotation, own, replies_to_own, taught, of_classmates, to_staff)
    access.limit_admins(view, of_admins)
    for act in ("change", "delete"):
        access.allow(f"annotations.{act}_annotation", Annotation, own)
        access.limit_admins(f"annotations.{act}_annotation", own)
    # An instructor keeps order in a course; a report is its authors' to judge.
    access.allow("annotations.moderate_annotation", Annotation, taught)
    access.limit_admins("annotations.moderate_annotation", lambda user: SHARED)
    access.allow("annotations.resolve_annotation", Annotation, own, taught)
    access.limit_admins("annotations.resolve_annotation", of_admins)
    access.allow("annotations.flag_annotation", Annotation, of_classmates)
    access.limit_admins("annotations.flag_annotation", lambda user: SHARED)
    for act in ("view", "change"):
        access.allow(f"annotations.{act}_sharednote", SharedNote, taught)
        access.allow(f"annotations.{act}_problemreport", ProblemReport, to_staff)
