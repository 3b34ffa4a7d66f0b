"""Enrolling people in courses, and ending their enrollments."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from grading.errors import GradingError
from grading.models import Course, Enrollment, new_join_code

TEST = Enrollment.Origin.TEST


class EnrollError(GradingError):
    """The person cannot be enrolled. The text tells the person why."""


def reason_against(course: Course) -> str | None:
    """Return why nobody can join the course now, or None. Seats are checked on joining only."""
    if course.book.release_id is None:
        return _("This book has been withdrawn.")
    if not course.is_open:
        return _("This course is not open now.")
    return None


def lock(course_id: int) -> Course:
    """Return the course with its row locked until the end of the transaction.

    Because of the lock, people who compete for the last seats are enrolled one after the other.
    """
    courses = Course.objects.select_for_update(of=("self",)).select_related("book")
    return courses.get(pk=course_id)


def seats_left(course: Course) -> int | None:
    """Return how many more students the course can take, or None if it has no limit.

    An enrollment whose payment is in progress takes a seat, and so does a pending invitation.
    """
    if course.seat_limit is None:
        return None
    kept = course.invitations.pending().filter(role="student").count()
    return course.seat_limit - course.enrollments.seated().count() - kept


def check_seats(course: Course, wanted: int = 1) -> None:
    """Raise EnrollError if the course, which must be locked, has fewer than `wanted` free seats."""
    left = seats_left(course)
    if left is None or left >= wanted:
        return
    if wanted == 1 or left <= 0:
        raise EnrollError(_("All seats of this course are taken."))
    raise EnrollError(_("This course has %(n)d seats left.") % {"n": left})


@transaction.atomic
def join(user: User, course: Course) -> Enrollment:
    """Enroll `user` in a free course. Raises EnrollError if they cannot join it."""
    course = lock(course.pk)
    enrollment = Enrollment.objects.filter(course=course, user=user).first()
    if enrollment is not None and enrollment.status != Enrollment.Status.RESERVED:
        return _come_back(enrollment)
    reason = reason_against(course)
    if reason is None and not course.is_free:
        reason = _("This course has to be paid for: use the button on the page of the book.")
    if reason:
        raise EnrollError(reason)
    return _give(user, course, enrollment, Enrollment.Origin.FREE)


def _come_back(enrollment: Enrollment) -> Enrollment:
    if enrollment.is_test:
        raise EnrollError(_("You are a test student of this course."))
    if enrollment.status == Enrollment.Status.ENDED:
        raise EnrollError(_("Your enrollment in this course has ended. Ask your instructor."))
    return enrollment


def _give(user: User, course: Course, enrollment: Enrollment | None, origin: str) -> Enrollment:
    """Create an enrollment, or activate an existing one without checking the seats again.

    Raises EnrollError if all seats are taken.
    """
    if enrollment is None:
        check_seats(course)
        return Enrollment.objects.create(course=course, user=user, origin=origin)
    enrollment.status, enrollment.origin, enrollment.ended_at = (
        Enrollment.Status.ACTIVE,
        origin,
        None,
    )
    enrollment.save(update_fields=["status", "origin", "ended_at"])
    return enrollment


@transaction.atomic
def reserve(user: User, course: Course, until: datetime | None) -> Enrollment:
    """Reserve a seat for `user` while they pay, until a time or, with None, until it is settled.

    Raises EnrollError if that is not possible.
    """
    course = lock(course.pk)
    reason = reason_against(course)
    if reason:
        raise EnrollError(reason)
    enrollment = Enrollment.objects.filter(course=course, user=user).first()
    if enrollment is None:
        check_seats(course)
        return Enrollment.objects.create(
            course=course,
            user=user,
            origin=Enrollment.Origin.PAID,
            status="reserved",
            reserved_until=until,
        )
    if enrollment.status == Enrollment.Status.ACTIVE and not enrollment.is_test:
        raise EnrollError(_("You are enrolled in this course."))
    if enrollment.origin != Enrollment.Origin.PAID:
        _come_back(enrollment)  # raises
    # They paid before and the payment was refunded, or they have begun to pay: they may pay again.
    if not course.enrollments.seated().filter(pk=enrollment.pk).exists():
        check_seats(course)
    enrollment.status, enrollment.reserved_until = Enrollment.Status.RESERVED, until
    enrollment.save(update_fields=["status", "reserved_until"])
    return enrollment


def keep_reserved(user: User, course: Course) -> None:
    """Keep a reserved seat until the payment is settled: a bank debit takes days."""
    reserved = Enrollment.objects.filter(course=course, user=user, status="reserved")
    reserved.update(reserved_until=None)


@transaction.atomic
def activate(user: User, course: Course) -> Enrollment:
    """Enroll a person who has paid, whatever has happened to the reserved seat."""
    course = lock(course.pk)
    enrollment, _made = Enrollment.objects.get_or_create(
        course=course, user=user, defaults={"origin": Enrollment.Origin.PAID}
    )
    if enrollment.status == Enrollment.Status.ACTIVE and not enrollment.is_test:
        return enrollment  # it does not depend on the payment
    return _give(user, course, enrollment, Enrollment.Origin.PAID)


@transaction.atomic
def release(user: User, course: Course) -> None:
    """Release a seat that was reserved for a payment. An earlier enrollment remains ended."""
    enrollments = Enrollment.objects.filter(course=course, user=user, status="reserved")
    enrollments.filter(ended_at__isnull=True).delete()
    enrollments.update(status=Enrollment.Status.ENDED)


@transaction.atomic
def admit(user: User, course: Course, origin: str) -> Enrollment:
    """Enroll a person who was invited. An enrollment that has ended stays ended.

    Raises EnrollError if all seats are taken.
    """
    course = lock(course.pk)
    enrollment = Enrollment.objects.filter(course=course, user=user).first()
    if enrollment is None or enrollment.status == Enrollment.Status.RESERVED:
        return _give(user, course, enrollment, origin)
    return enrollment


def enrollments_of(
    user: User, enrollments: QuerySet[Enrollment] | None = None
) -> QuerySet[Enrollment]:
    """Return the active enrollments of `user`, with their courses.

    A test student's enrollment counts only while they may run the course. `enrollments` are the
    rows that are searched, by default all.
    """
    enrollments = Enrollment.objects.all() if enrollments is None else enrollments
    held = enrollments.filter(user=user, status=Enrollment.Status.ACTIVE).select_related("course")
    return held.filter(~Q(origin=TEST) | Q(course__in=Course.objects.visible_to(user)))


def enrollments_in(
    user: User, book_id: int, enrollments: QuerySet[Enrollment] | None = None
) -> QuerySet[Enrollment]:
    """Return the active enrollments of `user` in courses on a book, the last used one first."""
    return (
        enrollments_of(user, enrollments).filter(course__book=book_id).order_by("-used_at", "-pk")
    )


def enrollment_for(
    user: User,
    book_id: int,
    course_id: int | None = None,
    enrollments: QuerySet[Enrollment] | None = None,
) -> Any:
    """Return the enrollment of `user` in `course_id`, or the last used one on the book, or None.

    People who run a course on the book are enrolled in it as test students if necessary.
    `enrollments` can add locks or annotations to the rows that are searched.
    """
    enrollment = find_enrollment(user, book_id, course_id, enrollments)
    return enrollment or enrollment_as_test_student(user, book_id, course_id, enrollments)


def find_enrollment(
    user: User,
    book_id: int,
    course_id: int | None = None,
    enrollments: QuerySet[Enrollment] | None = None,
) -> Any:
    """Like `enrollment_for`, but never creates an enrollment."""
    own = enrollments_in(user, book_id, enrollments)
    if course_id is not None:
        own = own.filter(course=course_id)
    return own.first()


def enrollment_as_test_student(
    user: User,
    book_id: int,
    course_id: int | None = None,
    enrollments: QuerySet[Enrollment] | None = None,
) -> Any:
    """Like `enrollment_for`, for a person who is known to have no enrollment there."""
    if not _make_test_enrollment(user, book_id, course_id):
        return None
    return find_enrollment(user, book_id, course_id, enrollments)


def _make_test_enrollment(user: User, book_id: int, course_id: int | None) -> bool:
    courses: QuerySet[Course] = Course.objects.visible_to(user).filter(book=book_id)
    if course_id is not None:
        courses = courses.filter(pk=course_id)
    course = courses.order_by("pk").first()
    if course is None:
        return False
    _enrollment, made = Enrollment.objects.get_or_create(
        course=course, user=user, defaults={"origin": TEST}
    )
    return made


def end(enrollments: QuerySet[Enrollment], at: datetime | None = None) -> int:
    """End enrollments, and return how many of them were active. Answers are kept."""
    return enrollments.filter(status=Enrollment.Status.ACTIVE).update(
        status=Enrollment.Status.ENDED, ended_at=at or timezone.now()
    )


@transaction.atomic
def restore(enrollments: QuerySet[Enrollment]) -> int:
    """Make ended enrollments active again, and return how many there were.

    Raises EnrollError, and restores none of them, if a course does not have enough seats.
    """
    ended = enrollments.filter(status=Enrollment.Status.ENDED)
    for course_id in sorted(set(ended.order_by().values_list("course", flat=True))):
        course = lock(course_id)
        check_seats(course, ended.filter(course=course).exclude(origin=TEST).count())
    return ended.update(status=Enrollment.Status.ACTIVE, ended_at=None)


def draw_join_codes(courses: QuerySet[Course]) -> int:
    """Give courses new join codes and return how many; the old codes stop working."""
    chosen = list(courses)
    for course in chosen:
        course.join_code = new_join_code()
        course.save(update_fields=["join_code"])
    return len(chosen)
