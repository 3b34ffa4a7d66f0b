"""Edits made in the admin. What the source last said stays beside them, so that a sync can tell."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from books.models import Book, Feedback, Page

Editable = Book | Page | Feedback
# A field by the name that plans give it -> what is shown, in step with what the source says.
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
    """A field that an admin and then the source have changed, and nobody has decided yet."""

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
    """Return what waits for a decision, with both texts; a reply's are HTML."""
    found = []
    for field in obj.conflicts.split(",") if obj.conflicts else ():
        shown = FIELDS[field][-1]
        ours, theirs = getattr(obj, shown), getattr(obj, f"source_{shown}")
        found.append(Conflict(obj, field, _told(ours), _told(theirs)))
    return found


def _told(value: Any) -> str:
    return "" if value is None else str(value)


def resolve(obj: Editable, field: str, take: Literal["source", "admin"]) -> None:
    """Decide one conflict, and save. Raises ValidationError where there is none any more."""
    with transaction.atomic():
        fresh: Any = type(obj)._default_manager.select_for_update().get(pk=obj.pk)
        if field not in fresh.conflicts.split(","):
            raise ValidationError(_("This has been decided already."))
        if take == "source":
            for name in FIELDS[field]:
                setattr(fresh, name, getattr(fresh, f"source_{name}"))
        decide(fresh, [field])
        fresh.save()


def decide(obj: Editable, fields: Iterable[str]) -> None:
    """Take fields off the conflicts of a row that a person has edited, without saving it."""
    names = {"reply" if name == "text" else name for name in fields}
    left = [field for field in obj.conflicts.split(",") if field and field not in names]
    obj.conflicts = ",".join(left)
