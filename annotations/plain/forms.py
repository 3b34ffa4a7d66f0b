"""The forms of a note. They turn what was sent into a Draft; the rules are in `writing`."""

import hashlib
import uuid
from typing import Any

from django import forms
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from annotations import audiences, page_texts
from annotations.drafts import QUOTE_LENGTH, Audience, Draft, Motivation, Problem, Selector
from annotations.models import Annotation
from annotations.presenting import readable
from books.models import Book, Page
from grading.models import Course

CHANGED = gettext_lazy("The page has changed. Choose the passage again; your text is kept.")
PROBLEMS = [
    (Problem.ERROR, gettext_lazy("Something is wrong")),
    (Problem.UNCLEAR, gettext_lazy("It is unclear")),
    (Problem.TYPO, gettext_lazy("A typing error")),
    (Problem.BROKEN, gettext_lazy("Something does not work")),
]
SHORT = 90  # characters of a passage in the list


class ReplyForm(forms.Form):
    """The text and tags of a reply. `seen` is the `version` of the note that is edited.

    `may_hide` says whether the writer's name may be hidden from classmates.
    """

    uuid = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    body = forms.CharField(
        label=gettext_lazy("Your note"),
        required=False,
        widget=forms.Textarea({"rows": 6}),
        help_text=gettext_lazy("You can use Markdown: *emphasis*, **strong**, `code`, lists."),
    )
    anonymous = forms.BooleanField(
        label=gettext_lazy("Hide my name from classmates"),
        required=False,
        help_text=gettext_lazy("Your instructors still see your name."),
    )
    tags = forms.CharField(label=gettext_lazy("Tags, with commas between them"), required=False)

    def __init__(self, *args: Any, may_hide: bool = False, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        if not may_hide:
            del self.fields["anonymous"]

    def tags_given(self) -> tuple[str, ...]:
        """Return the tags that were entered."""
        given = self.cleaned_data["tags"].split(",")
        return tuple(tag.strip() for tag in given if tag.strip())

    def draft(self) -> Draft:
        data = self.cleaned_data
        return Draft(
            Motivation.REPLYING,
            data["body"],
            anonymous=data.get("anonymous", False),
            tags=self.tags_given(),
            uuid=data["uuid"],
        )


class NoteForm(ReplyForm):
    """The text and the readers of a note; the course is part of the choice of readers."""

    field_order: tuple[str, ...] = ("body", "readers", "problem", "anonymous", "tags")
    readers = forms.ChoiceField(label=gettext_lazy("Who can read it"))
    problem = forms.ChoiceField(
        label=gettext_lazy("What is the problem?"),
        required=False,
        choices=[("", gettext_lazy("no problem")), *PROBLEMS],
        help_text=gettext_lazy("Only for a note to the book's authors."),
    )

    def __init__(self, *args: Any, user: User, book: Book, note: Any = None, **kwargs: Any):
        courses = list(audiences.of_shared_courses(user).filter(book=book).order_by("name"))
        super().__init__(*args, may_hide=any(map(audiences.is_anonymous_in, courses)), **kwargs)
        self.note = note
        taught = set(user.instructorships.values_list("course", flat=True))
        choices = {
            _value(audience, course.pk if course else None): _label(audience, course, courses)
            for audience, course in audiences.choices(courses, taught)
        }
        if note:
            # A note may keep an audience that new notes can no longer have.
            choices.setdefault(_value(note.audience, note.course_id), note.get_audience_display())
        self.fields["readers"].choices = list(choices.items())  # type: ignore[attr-defined]

    def selector(self) -> Selector | None:
        """Return the passage of the note, or None if it has none."""
        note = self.note
        if not note or not note.quote:
            return None
        return Selector(note.quote, note.start or 0, note.end or 0)

    def draft(self) -> Draft:
        data = self.cleaned_data
        audience, _sep, course = data["readers"].partition(":")
        return Draft(
            self._motivation(audience),
            data["body"],
            audience,
            int(course) if course else None,
            anonymous=data.get("anonymous", False) and audience == Audience.COURSE,
            problem=data["problem"],
            tags=self.tags_given(),
            selector=self.selector(),
            uuid=data["uuid"],
        )

    def _motivation(self, audience: str) -> str:
        if audience == Audience.INSTRUCTORS:
            return Motivation.QUESTIONING
        is_highlight = self.note and self.note.motivation == Motivation.HIGHLIGHTING
        return Motivation.HIGHLIGHTING if is_highlight else Motivation.COMMENTING


class NewNoteForm(NoteForm):
    """A new note, with the choice of its passage."""

    passage = forms.ChoiceField(
        label=gettext_lazy("Passage"), required=False, error_messages={"invalid_choice": CHANGED}
    )
    field_order = ("passage", *NoteForm.field_order)

    def __init__(self, *args: Any, page: Page, **kwargs: Any):
        super().__init__(*args, book=page.book, **kwargs)
        text = page_texts.of(page)
        self.blocks: dict[str, tuple[int, str]] = {}
        choices = [("", _("The whole page"))]
        for start, end in text.blocks:
            words = text.text[start:end][:QUOTE_LENGTH]
            # The words are part of the key, so that a block that has changed is not chosen.
            key = f"{start}-{hashlib.sha256(words.encode()).hexdigest()[:10]}"
            self.blocks[key] = (start, words)
            choices.append((key, Truncator(readable(words)).chars(SHORT)))
        self.fields["passage"].choices = choices  # type: ignore[attr-defined]

    def selector(self) -> Selector | None:
        if not self.cleaned_data["passage"]:
            return None
        start, words = self.blocks[self.cleaned_data["passage"]]
        return Selector(words, start, start + len(words))


def _value(audience: str, course_id: int | None) -> str:
    """Return the value of the choice of an audience."""
    return f"{audience}:{course_id}" if course_id else audience


def _label(audience: Audience, course: Course | None, courses: list[Course]) -> str:
    """Return the label of the choice of an audience, with the course if there are several."""
    label = {
        Audience.PRIVATE: _("Only me"),
        Audience.INSTRUCTORS: _("My course's instructors"),
        Audience.COURSE: _("My whole course"),
        Audience.AUTHORS: _("The book's authors (report a problem)"),
    }[audience]
    return f"{label}: {course.name}" if course and len(courses) > 1 else label


def initial_of(note: Annotation, seen: str) -> dict[str, Any]:
    """Return the initial values of the form of an existing note."""
    return {
        "uuid": note.uuid,
        "seen": seen,
        "body": note.body,
        "tags": ", ".join(note.tags),
        "readers": _value(note.audience, note.course_id),
        "anonymous": note.anonymous,
        "problem": note.problem,
    }
