"""Edits made in the admin. What the source last said stays beside them, so that a sync can tell."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookbinder.sphinx import markdown
from bookbinder.sphinx.expected_answers import fault_of
from books import markdown_of
from books.models import Book, Feedback, Page, Question
from books.sources.directive import tidy

WITHOUT_FEEDBACK = ("manual",)
WITH_CHOICES = ("choice",)

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


def settle(obj: Editable, field: str, take: Literal["source", "admin"]) -> None:
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


def check_answer(question: Question, answer: str) -> None:
    """Raises ValidationError where the question's grader cannot read the answer."""
    fault = fault_of(question.grader, answer)
    if fault:
        raise ValidationError(_("This answer is %(fault)s.") % {"fault": fault})


def text_to_edit(feedback: Feedback) -> str:
    """Return a reply as Markdown: one that its source wrote otherwise is turned into it."""
    if feedback.markup == Feedback.Markup.MARKDOWN:
        return feedback.text
    return markdown_of.from_html(feedback.feedback)


def set_reply(feedback: Feedback, text: str) -> None:
    """Give a feedback a reply written in Markdown, without saving it."""
    text = tidy(text)  # as a source can hold it: a browser sends other ends of lines
    feedback.text = text
    feedback.markup = Feedback.Markup.MARKDOWN
    feedback.feedback = markdown.render(text)


def mark_of(feedback: Feedback) -> str:
    """Return what tells whether a feedback has been changed since somebody looked at it."""
    said = (feedback.answer, feedback.points, feedback.text, feedback.source_text)
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]


def put_last(feedback: Feedback) -> None:
    """Give a new feedback the place after all others: the first that matches wins."""
    last = Feedback.objects.filter(question=feedback.question_id).aggregate(last=Max("index"))
    feedback.index = 0 if last["last"] is None else last["last"] + 1


def takes_new_feedback(question: Question) -> bool:
    """Whether feedback can be added in the admin: not to choices, which stand in the page."""
    return question.grader not in WITHOUT_FEEDBACK + WITH_CHOICES
