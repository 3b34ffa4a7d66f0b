"""A page's notes as one person may see them: one query, however many there are."""

from typing import Any

from accounts.models import User
from annotations import jsonld
from annotations.models import Annotation
from books.models import Page

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


def find(user: User, uuid: Any) -> Any:
    """Return a note that `user` may read, with what `jsonld.note` needs; None where none is."""
    rows = Annotation.objects.visible_to(user).with_people().with_places().with_rights_of(user)
    return rows.filter(uuid=uuid).first()
