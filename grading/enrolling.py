"""How people come into courses."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from grading.models import Course, Enrollment, new_join_code

TEST = Enrollment.Origin.TEST


class EnrollError(Exception):
    """The person cannot join; the text says why to them."""


def reason_against(course: Course) -> str | None:
    """Return why nobody can come into the course now, or None. Seats are counted on joining."""
    if course.book.release_id is None:
        return _("This book has been withdrawn.")
    if not course.is_open:
        return _("This course is not open now.")
    return None


def lock(course_id: int) -> Course:
    """Return the course, whose row a rush for the last seats queues at, in a transaction."""
    courses = Course.objects.select_for_update(of=("self",)).select_related("book")
    return courses.get(pk=course_id)


def seats_left(course: Course) -> int | None:
    """Return how many more students the course takes; None where it has no limit.

    A place whose payment is under way takes a seat, and so does an invitation.
    """
    if course.seat_limit is None:
        return None
    kept = course.invitations.pending().filter(role="student").count()
    return course.seat_limit - course.enrollments.seated().count() - kept


def check_seats(course: Course, wanted: int = 1) -> None:
    """Raises EnrollError where a locked course has fewer than `wanted` seats."""
    left = seats_left(course)
    if left is None or left >= wanted:
        return
    if wanted == 1 or left <= 0:
        raise EnrollError(_("All seats of this course are taken."))
    raise EnrollError(_("This course has %(n)d seats left.") % {"n": left})


@transaction.atomic
def join(user: User, course: Course) -> Enrollment:
    """Give `user` a place in a free course. Raises EnrollError."""
    course = lock(course.pk)
    place = Enrollment.objects.filter(course=course, user=user).first()
    if place is not None and place.status != Enrollment.Status.RESERVED:
        return _come_back(place)
    reason = reason_against(course)
    if reason is None and not course.is_free:
        reason = _("This course is paid: buy a place.")
    if reason:
        raise EnrollError(reason)
    return _give(user, course, place, Enrollment.Origin.FREE)


def _come_back(place: Enrollment) -> Enrollment:
    if place.is_test:
        raise EnrollError(_("You are a test student of this course."))
    if place.status == Enrollment.Status.ENDED:
        raise EnrollError(_("Your place in this course has ended. Ask your instructor."))
    return place


def _give(user: User, course: Course, place: Enrollment | None, origin: str) -> Enrollment:
    """Make a place, or make a reserved one active, which has its seat already."""
    if place is None:
        check_seats(course)
        return Enrollment.objects.create(course=course, user=user, origin=origin)
    place.status, place.origin, place.ended_at = Enrollment.Status.ACTIVE, origin, None
    place.save(update_fields=["status", "origin", "ended_at"])
    return place


@transaction.atomic
def reserve(user: User, course: Course) -> Enrollment:
    """Keep a seat for `user` while they pay. Raises EnrollError."""
    course = lock(course.pk)
    reason = reason_against(course)
    if reason:
        raise EnrollError(reason)
    place = Enrollment.objects.filter(course=course, user=user).first()
    if place is None:
        check_seats(course)
        return Enrollment.objects.create(
            course=course, user=user, origin=Enrollment.Origin.PAID, status="reserved"
        )
    if place.status == Enrollment.Status.RESERVED:
        return place
    if place.status == Enrollment.Status.ACTIVE and not place.is_test:
        raise EnrollError(_("You have a place in this course."))
    if place.origin != Enrollment.Origin.PAID:
        _come_back(place)  # raises
    # Paid once, and given the money back: they may buy again.
    check_seats(course)
    place.status = Enrollment.Status.RESERVED
    place.save(update_fields=["status"])
    return place


@transaction.atomic
def activate(user: User, course: Course) -> Enrollment:
    """Give who has paid their place, whatever has become of the seat that was kept."""
    course = lock(course.pk)
    place, _made = Enrollment.objects.get_or_create(
        course=course, user=user, defaults={"origin": Enrollment.Origin.PAID}
    )
    if place.status == Enrollment.Status.ACTIVE and not place.is_test:
        return place  # theirs without the payment, whatever becomes of that
    return _give(user, course, place, Enrollment.Origin.PAID)


@transaction.atomic
def release(user: User, course: Course) -> None:
    """Give up a seat that was kept for a payment. A place that was held before stays, ended."""
    places = Enrollment.objects.filter(course=course, user=user, status="reserved")
    places.filter(ended_at__isnull=True).delete()
    places.update(status=Enrollment.Status.ENDED)


@transaction.atomic
def admit(user: User, course: Course, origin: str) -> Enrollment:
    """Let in who was invited or granted a place. An ended place stays ended.

    Raises EnrollError where the seats are taken.
    """
    course = lock(course.pk)
    place = Enrollment.objects.filter(course=course, user=user).first()
    if place is None or place.status == Enrollment.Status.RESERVED:
        return _give(user, course, place, origin)
    return place


def places_of(user: User, places: QuerySet[Enrollment] | None = None) -> QuerySet[Enrollment]:
    """Return the places that `user` holds now, with their courses.

    A test student's place lasts as long as the right to run the course.
    """
    places = Enrollment.objects.all() if places is None else places
    held = places.filter(user=user, status=Enrollment.Status.ACTIVE).select_related("course")
    return held.filter(~Q(origin=TEST) | Q(course__in=Course.objects.visible_to(user)))


def places_on(
    user: User, book_id: int, places: QuerySet[Enrollment] | None = None
) -> QuerySet[Enrollment]:
    """Return the places that `user` holds in courses of a book, the one used last first."""
    return places_of(user, places).filter(course__book=book_id).order_by("-used_at", "-pk")


def place_for(
    user: User,
    book_id: int,
    course_id: int | None = None,
    places: QuerySet[Enrollment] | None = None,
) -> Any:
    """Return the place that `user` reads and answers from: in the course named, or used last.

    Who runs a course of the book gets a test student's place there when they have none.
    `places` may add locks or annotations to what is looked through.
    """
    place = held_place(user, book_id, course_id, places)
    return place or place_as_test_student(user, book_id, course_id, places)


def held_place(
    user: User,
    book_id: int,
    course_id: int | None = None,
    places: QuerySet[Enrollment] | None = None,
) -> Any:
    """As `place_for`, and makes none."""
    own = places_on(user, book_id, places)
    if course_id is not None:
        own = own.filter(course=course_id)
    return own.first()


def place_as_test_student(
    user: User,
    book_id: int,
    course_id: int | None = None,
    places: QuerySet[Enrollment] | None = None,
) -> Any:
    """As `place_for`, for who is known to have no place there."""
    if not _make_test_place(user, book_id, course_id):
        return None
    return held_place(user, book_id, course_id, places)


def _make_test_place(user: User, book_id: int, course_id: int | None) -> bool:
    courses: QuerySet[Course] = Course.objects.visible_to(user).filter(book=book_id)
    if course_id is not None:
        courses = courses.filter(pk=course_id)
    course = courses.order_by("pk").first()
    if course is None:
        return False
    _place, made = Enrollment.objects.get_or_create(
        course=course, user=user, defaults={"origin": TEST}
    )
    return made


def end(places: QuerySet[Enrollment], at: datetime | None = None) -> int:
    """End places; their answers stay. Return how many were active."""
    return places.filter(status=Enrollment.Status.ACTIVE).update(
        status=Enrollment.Status.ENDED, ended_at=at or timezone.now()
    )


@transaction.atomic
def restore(places: QuerySet[Enrollment]) -> int:
    """Make ended places active again. Return how many were ended.

    Raises EnrollError, and restores none, where a course has too few seats for them.
    """
    ended = places.filter(status=Enrollment.Status.ENDED)
    for course_id in sorted(set(ended.order_by().values_list("course", flat=True))):
        course = lock(course_id)
        check_seats(course, ended.filter(course=course).exclude(origin=TEST).count())
    return ended.update(status=Enrollment.Status.ACTIVE, ended_at=None)


def draw_join_codes(courses: QuerySet[Course]) -> int:
    """Give courses new join codes, so that the old ones let nobody in. Return how many."""
    chosen = list(courses)
    for course in chosen:
        course.join_code = new_join_code()
        course.save(update_fields=["join_code"])
    return len(chosen)
