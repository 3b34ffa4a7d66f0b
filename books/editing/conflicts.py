"""Conflicts between edits made in the admin and later changes of the source.

What the source last said is stored beside each edit, so that a sync can detect a conflict.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from books.models import Book, Feedback, Page, Question

Editable = Book | Page | Feedback
# The name of a field in plans -> the columns that are shown. For each of them, the column with the
# prefix `source_` contains what the source last said.
FIELDS = {
    "title": ("title",),
    "index": ("index",),
    "answer": ("answer",),
    "points": ("points",),
    "reply": ("text", "markup", "feedback"),
}
LABELS = {
    "title": gettext_lazy("title"),
    "index": gettext_lazy("index"),
    "answer": gettext_lazy("answer"),
    "points": gettext_lazy("points"),
    "reply": gettext_lazy("reply"),
}


@dataclass(frozen=True)
class Conflict:
    """A field that an admin and then the source have changed, until somebody resolves it.

    `ours` is the admin's text, and `theirs` is the source's.
    """

    obj: Editable
    field: str
    ours: str
    theirs: str

    @property
    def label(self) -> Any:
        return LABELS[self.field]

    @property
    def is_html(self) -> bool:
        return self.field == "reply"


def conflicts_of(obj: Editable) -> list[Conflict]:
    """Return the open conflicts of a row, with both texts; those of a reply are HTML."""
    found = []
    for field in obj.conflicts.split(",") if obj.conflicts else ():
        shown = FIELDS[field][-1]
        ours, theirs = getattr(obj, shown), getattr(obj, f"source_{shown}")
        found.append(Conflict(obj, field, _told(ours), _told(theirs)))
    return found


def _told(value: Any) -> str:
    return "" if value is None else str(value)


def resolve(obj: Editable, field: str, take: Literal["source", "admin"]) -> None:
    """Resolve a conflict by taking the text of one side, and save the row.

    Raises ValidationError if it has already been resolved.
    """
    with transaction.atomic():
        fresh: Any = type(obj)._default_manager.select_for_update().get(pk=obj.pk)
        if field not in fresh.conflicts.split(","):
            raise ValidationError(_("This conflict has already been resolved."))
        if take == "source":
            for name in FIELDS[field]:
                setattr(fresh, name, getattr(fresh, f"source_{name}"))
        decide(fresh, [field])
        fresh.save()


def decide(obj: Editable, fields: Iterable[str]) -> None:
    """Remove fields that a person has decided on from the conflicts of a row, without saving it."""
    names = {"reply" if name == "text" else name for name in fields}
    left = [field for field in obj.conflicts.split(",") if field and field not in names]
    obj.conflicts = ",".join(left)


def with_conflicts(rows: Any) -> Any:
    """Return the books, pages or questions with conflicts between an edit and the source."""
    if rows.model is Question:
        open_ones = Feedback.objects.filter(question=OuterRef("pk")).exclude(conflicts="")
        return rows.filter(Exists(open_ones))
    return rows.exclude(conflicts="")
