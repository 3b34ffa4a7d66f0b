"""The notes on a page that one person may see, read in a single query, a part at a time."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from accounts.models import User
from annotations import jsonld
from annotations.errors import Invalid
from annotations.models import Annotation
from annotations.querysets import AnnotationQuerySet
from books.models import Page

Audience = Annotation.Audience
PART = 200  # notes and replies that are sent at once


@dataclass(frozen=True)
class Part:
    """Some of the notes on a page, in reading order.

    `last` names the last of them, for `part_of` to go on from, or is "" if no more follow.
    """

    rows: list[Any]
    last: str


def part_of(notes: AnnotationQuerySet, after: str = "") -> Part:
    """Return the first notes in reading order, or those that follow the note that `after` names.

    Raises Invalid if `after` is not the `last` of a part.
    """
    rows = notes.in_reading_order()
    if after:
        numbers = re.fullmatch(r"(-1|\d{1,10})\.(\d{1,18})\.(\d{1,18})", after, re.ASCII)
        if numbers is None:
            raise Invalid("after: must come from the address of the next notes.")
        rows = rows.after(*map(int, numbers.groups()))
    found = list(rows[: PART + 1])
    shown = found[:PART]
    last = shown[-1] if len(found) > PART else None
    return Part(shown, f"{last.position}.{last.thread}.{last.pk}" if last else "")


def of(page: Page, user: User, course_id: int | None, site: str, after: str = "") -> dict[str, Any]:
    """Return notes and replies on a page as an AnnotationPage, with the address of the `next` one.

    These are the ones that `user` may read, without those of courses other than `course_id`.
    `site` is the site's address without a final slash. Raises Invalid if `after` is not one that
    such an address has.
    """
    notes = Annotation.objects.filter(page=page).visible_to(user).read_in(course_id)
    part = part_of(notes.with_people().with_rights_of(user), after)
    for row in part.rows:
        row.page = page  # instead of a join or a query for each row
    path = site + reverse("api-1:annotations", args=(page.pk,))
    asked = {"course": course_id} if course_id else {}

    def address(after: str) -> str:
        given = asked | ({"after": after} if after else {})
        return f"{path}?{urlencode(given)}" if given else path

    return jsonld.page(
        [jsonld.note(row, user, site) for row in part.rows],
        address(after),
        collection=address(""),
        following=address(part.last) if part.last else "",
    )


def find(user: User, uuid: Any) -> Any:
    """Return the note with what `jsonld.note` needs, or None if `user` may not read it."""
    rows = Annotation.objects.visible_to(user).with_people().with_places().with_rights_of(user)
    return rows.filter(uuid=uuid).first()
