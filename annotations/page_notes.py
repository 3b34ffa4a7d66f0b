"""The notes on a page that one person may see, read in a single query."""

from typing import Any

from accounts.models import User
from annotations import jsonld
from annotations.models import Annotation
from books.models import Page

Audience = Annotation.Audience


def of(page: Page, user: User, course_id: int | None, site: str) -> list[dict[str, Any]]:
    """Return the notes and replies on a page as W3C annotations, in reading order.

    These are the ones that `user` may read, without those of courses other than `course_id`.
    `site` is the site's address without a final slash.
    """
    notes = Annotation.objects.filter(page=page).visible_to(user).read_in(course_id)
    rows = notes.with_people().with_rights_of(user).in_reading_order()
    found = []
    for row in rows:
        row.page = page  # instead of a join or a query for each row
        found.append(jsonld.note(row, user, site))
    return found


def find(user: User, uuid: Any) -> Any:
    """Return the note with what `jsonld.note` needs, or None if `user` may not read it."""
    rows = Annotation.objects.visible_to(user).with_people().with_places().with_rights_of(user)
    return rows.filter(uuid=uuid).first()
