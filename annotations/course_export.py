"""The notes of courses with their replies, as a file for the instructors."""

from itertools import chain
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from annotations.models import Annotation
from annotations.presenting import readable
from grading import spreadsheet
from grading.spreadsheet import formula_safe

HEADINGS = (
    "note", "in reply to", "last name", "first name", "e-mail", "course", "page", "passage", "text",
    "tags", "audience", "anonymous to classmates", "state", "resolved", "hidden", "written",
)  # fmt: skip


def as_csv(notes: QuerySet[Any]) -> bytes:
    """Return a CSV file of these notes and all replies to them, each reply after its note."""
    roots = notes.order_by().values("pk")
    rows = Annotation.objects.filter(Q(pk__in=roots) | Q(root__in=roots), deleted_at=None)
    rows = rows.select_related("user", "course", "page", "root")
    rows = rows.order_by("course__name", "page__position", Coalesce("root", "pk"), "pk")
    cells = (
        [formula_safe(str(cell)) for cell in _cells(row)] for row in rows.iterator(chunk_size=2000)
    )
    return spreadsheet.as_csv(chain([HEADINGS], cells))


def _cells(row: Annotation) -> tuple[Any, ...]:
    course, page = row.course, row.page
    return (
        row.uuid, row.root.uuid if row.root else "", row.user.last_name, row.user.first_name,
        row.user.email, course.name if course else "", page.title if page else "",
        readable(row.quote), row.body, ", ".join(row.tags), row.audience, _yes(row.anonymous),
        row.state, _yes(row.resolved_at), _yes(row.hidden_at), row.created_at.isoformat(),
    )  # fmt: skip


def _yes(value: object) -> str:
    return "yes" if value else ""
