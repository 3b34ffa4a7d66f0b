"""How people come into courses."""

from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from grading.models import Course, Enrollment

TEST = Enrollment.Origin.TEST


class EnrollError(Exception):
    """The person cannot join; the text says why to them."""


def reason_against(course: Course) -> str | None:
    """Return why nobody can join the course now, or None. Seats are counted on joining."""
    if course.book.release_id is None:
        return _("This book has been withdrawn.")
    if not course.is_open:
        return _("This course is not open now.")
    if not course.is_free:
        return _("This course is paid, and payment is not set up on this site.")
    return None


@transaction.atomic
def join(user: User, course: Course) -> Enrollment:
    """Give `user` a place in a free course. Raises EnrollError."""
    # The row of the course is what a rush for the last seats queues at.
    course = Course.objects.select_for_update(of=("self",)).select_related("book").get(pk=course.pk)
    place = Enrollment.objects.filter(course=course, user=user).first()
    if place is not None:
        return _come_back(place)
    reason = reason_against(course)
    if reason:
        raise EnrollError(reason)
    taken = Enrollment.objects.active().filter(course=course).exclude(origin="test").count()
    if course.seat_limit is not None and taken >= course.seat_limit:
        raise EnrollError(_("All seats of this course are taken."))
    return Enrollment.objects.create(course=course, user=user, origin=Enrollment.Origin.FREE)


def _come_back(place: Enrollment) -> Enrollment:
    if place.is_test:
        raise EnrollError(_("You are a test student of this course."))
    if place.status == Enrollment.Status.ENDED:
        raise EnrollError(_("Your place in this course has ended. Ask your instructor."))
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
    own = places_on(user, book_id, places)
    if course_id is not None:
        own = own.filter(course=course_id)
    place = own.first()
    if place is None and _make_test_place(user, book_id, course_id):
        place = own.first()
    return place


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


def use(place: Enrollment) -> None:
    """Remember that this place is the one used last on its book."""
    later = Enrollment.objects.filter(
        user=place.user_id, course__book=place.course.book_id, used_at__gt=place.used_at
    )
    if later.exists():
        Enrollment.objects.filter(pk=place.pk).update(used_at=timezone.now())


def end(places: QuerySet[Enrollment]) -> int:
    """End places; their answers stay. Return how many were active."""
    return places.filter(status=Enrollment.Status.ACTIVE).update(
        status=Enrollment.Status.ENDED, ended_at=timezone.now()
    )


def restore(places: QuerySet[Enrollment]) -> int:
    """Make ended places active again. Return how many were ended."""
    return places.filter(status=Enrollment.Status.ENDED).update(
        status=Enrollment.Status.ACTIVE, ended_at=None
    )
