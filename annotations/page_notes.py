"""A page's notes as one person may see them: one query, however many there are."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import User
from annotations import jsonld
from annotations.models import Annotation
from books.models import Page
from grading.models import Course, Enrollment, Instructor

Audience = Annotation.Audience


def of(page: Page, user: User, course_id: int | None, site: str) -> list[dict[str, Any]]:
    """Return the page's notes and replies as W3C annotations, in reading order."""
    notes = Annotation.objects.filter(page=page).visible_to(user).read_in(course_id)
    rows = notes.with_people().with_rights_of(user).in_reading_order()
    found = []
    for row in rows:
        row.page = page  # which needs no join, then
        found.append(jsonld.note(row, user, site))
    return found


def with_rights(places: QuerySet[Enrollment]) -> QuerySet[Enrollment]:
    """Add to places what `rights` tells, at no query more."""
    teachers = Instructor.objects.filter(course=OuterRef("course"), user=OuterRef("user"))
    return places.annotate(is_taught=Exists(teachers))


def rights(place: Any) -> dict[str, Any]:
    """Return whom a person may write to from their place, and whether without their name.

    `place` is one of `with_rights`, or None.
    """
    if place is None:
        return {"audiences": [Audience.PRIVATE, Audience.AUTHORS], "anonymous": False}
    notes = place.course.course_notes
    # Who runs a course reads it as a test student; who teaches it may always write to it.
    shared = [] if place.is_test and not place.is_taught else [Audience.INSTRUCTORS]
    if place.is_taught or (shared and notes != Course.Notes.OFF):
        shared.append(Audience.COURSE)
    audiences = [Audience.PRIVATE, *shared, Audience.AUTHORS]
    return {"audiences": audiences, "anonymous": notes == Course.Notes.ANONYMOUS}


def find(user: User, uuid: Any) -> Any:
    """Return a note that `user` may read, with what `jsonld.note` needs; None where none is."""
    rows = Annotation.objects.visible_to(user).with_people().with_places().with_rights_of(user)
    return rows.filter(uuid=uuid).first()
